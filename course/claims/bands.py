"""The bands in which the figures of a verdict must lie, and the file that keeps the runs behind them."""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from course.claims.evidence import Evidence

BANDS = Path(__file__).with_suffix(".json")  # written by `python3 run.py claims`
SLACK = 0.02  # of the median: another machine may differ by so much even where all runs agree


def out_of_band(claim: str, figures: Mapping[str, Evidence], data: str) -> Iterator[str]:
    """Yield a sentence for each measured figure that lies out of its band."""
    known = read_bands().get(claim, {}).get("measured", {}).get(data, {}).get("figures", {})
    for name, figure in figures.items():
        if name in known and figure.kind != "exact":
            runs = known[name]["runs"]
            low, high = band(runs)
            if not low <= figure.center() <= high:
                yield (
                    f"{claim} gives {figure.center():.4g} for {name}, expected {low:.4g} to {high:.4g}, since "
                    f"{len(runs)} runs gave {min(runs):.4g} to {max(runs):.4g}: "
                    "undo what you have changed above, or say why it moved"
                )


def band(runs: Sequence[float]) -> tuple[float, float]:
    """Return where the center of other runs must lie: the range of these, widened on both sides by its own width.

    At least it is widened by a small part of their median.
    """
    low, high = min(runs), max(runs)
    wide = max(high - low, SLACK * abs(statistics.median(runs)))
    return low - wide, high + wide


def read_bands() -> dict[str, dict]:
    """Return what `python3 run.py claims` has measured, by claim; nothing where there is no such file."""
    return read_record(BANDS) if BANDS else {}


def read_record(path: Path) -> dict[str, dict]:
    """Return the JSON object in a file, {} if there is none. Raises: ValueError if it holds anything else."""
    try:
        record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        reason = f"it holds a {type(record).__name__}"
    except ValueError as error:
        record, reason = None, error
    if not isinstance(record, dict):
        raise ValueError(f'{path} is no record ({reason}): move it away, then git checkout HEAD -- "{path}"')
    return record
