"""What each notebook costs: processor time in units of a reference cell, and memory at the peak."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from nbformat.v4 import new_code_cell, new_notebook

from course._atomic import written_whole
from course.claims.bands import read_record
from course.upkeep import notebooks

COSTS = Path(__file__).with_suffix(".json")  # the record
LIMIT = 1.5  # times the recorded ratio
REFERENCE = """
import torch
from torch import nn

model = nn.Sequential(nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(100, 784), torch.randint(10, (100,))
for step in range(1500):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


class Cost(NamedTuple):
    """ratio: processor time over that of the reference cell. Units: seconds of processor time, GB."""

    ratio: float
    seconds: float
    gigabytes: float


def measure_cost(path: Path | str, out: Path | str, progress: bool = True) -> Cost:
    """Run a notebook on one thread into an executed copy, between two runs of the reference cell.

    Raises: as `notebooks.run_notebook`.
    """
    folder = Path(path).parent
    nb = notebooks.read(path)
    before = _reference_seconds(folder)
    used = notebooks.execute(nb, path, progress=progress, OMP_NUM_THREADS="1")
    reference = (before + _reference_seconds(folder)) / 2
    notebooks.write_executed(nb, out)
    return Cost(round(used.seconds / reference, 2), round(used.seconds, 1), round(used.peak_bytes / 1e9, 2))


def _reference_seconds(folder: Path) -> float:
    nb = new_notebook(cells=[new_code_cell(REFERENCE)])
    return notebooks.execute(nb, folder / "reference", progress=False, OMP_NUM_THREADS="1").seconds


def too_much(name: str, cost: Cost, recorded: Mapping[str, Cost]) -> str | None:
    """Return a sentence if a notebook costs more than LIMIT times what is recorded, or if nothing is."""
    if name not in recorded:
        return f"{name} has no recorded cost: call python3 run.py run {name} --costs record"
    usual = recorded[name].ratio
    if not cost.ratio <= LIMIT * usual:  # nan, too
        return (
            f"{name} costs {cost.ratio:.1f} times the reference cell, expected at most {LIMIT} times the recorded "
            f"{usual:.1f}: make it cheaper, or record it by python3 run.py run {name} --costs record"
        )
    return None


def read_costs() -> dict[str, Cost]:
    """Return the recorded costs by notebook; none where there is no such file."""
    try:
        return {name: Cost(**cost) for name, cost in read_record(COSTS).items()}
    except TypeError as error:
        mend = f'move it away, then git checkout HEAD -- "{COSTS}"'
        raise ValueError(f"{COSTS} is no record of costs ({error}): {mend}") from None


def record_costs(measured: Mapping[str, Cost]) -> None:
    """Put costs into the record; those of other notebooks stay."""
    costs = dict(sorted({**read_costs(), **measured}.items()))
    with written_whole(COSTS) as part:
        text = json.dumps({name: cost._asdict() for name, cost in costs.items()}, indent=1)
        part.write_text(text + "\n", encoding="utf-8", newline="\n")
