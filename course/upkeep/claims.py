"""Measure the claims over several seeds: run the notebooks that judge them, keep median, range and verdict."""

import json
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbformat import NotebookNode

from course import claims
from course._atomic import written_whole
from course._measured import FIGURE, number
from course._streams import say
from course.upkeep import notebooks

SEED = re.compile(r"^SEED = (\d+)$", re.MULTILINE)
RECORDED = ("MNIST", "digits", "any")  # the data of which claims are recorded
STRIDE = 100  # between the seeds of two runs: a notebook uses a few seeds after its own


def measure_claims(path: Path | str, seeds: int = 5, progress: bool = True) -> dict[str, dict]:
    """Run a notebook once for each seed; return what it measured, by claim, in the form of claims.json.

    The first seed is the notebook's own. A run upholds a claim if all assertions of the notebook held, all figures of
    its verdicts are finite, and the verdict was in the same words, figures apart, as in the first run.
    Raises: FileNotFoundError; ValueError if the file is no notebook, if there are no seeds, if the data are neither
    MNIST nor its stand-in, or if a figure is finite in no run.
    """
    if seeds < 1:
        raise ValueError(f"seeds is {seeds}, expected at least 1")
    runs = []
    for turn in range(seeds):
        nb = reseeded(notebooks.read(path), STRIDE * turn)
        notebooks.execute(nb, path, progress=progress, go_on=True, COURSE_BANDS="off")
        data = notebooks.data_name(nb) or "any"
        if data not in RECORDED:
            mend = "set COURSE_DATA to a folder that holds MNIST"
            raise ValueError(f"data are {data}, expected MNIST or its stand-in, of which claims are recorded: {mend}")
        for failure in (failures := [*failed(nb), *not_finite(nb)]):
            say(f"{Path(path).stem}, seed + {STRIDE * turn}: {failure}")
        runs.append((dict(notebooks.verdicts(nb)), not failures))
    return {claim: _record(Path(path).stem, data, claim, runs) for claim in runs[0][0]}


def reseeded(nb: NotebookNode, shift: int) -> NotebookNode:
    """Add to the seed that a notebook sets."""
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.source = SEED.sub(lambda found: f"SEED = {int(found[1]) + shift}", cell.source)
    return nb


def failed(nb: NotebookNode) -> Iterator[str]:
    """Yield cell and last line of each error in the outputs."""
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                line = (cell.source.strip().splitlines() or [""])[-1]
                yield f"{output.ename} {output.evalue} in the cell that ends in {line!r}"


def not_finite(nb: NotebookNode) -> Iterator[str]:
    """Yield claim and evidence of each verdict in the outputs with a figure that is nan or infinite."""
    for claim, (_, because) in notebooks.verdicts(nb):
        if not _finite(FIGURE.findall(because)):
            yield f"{claim} because {because}"


def _finite(texts: Iterable[str]) -> bool:
    return all(math.isfinite(number(text)) for text in texts)


def _record(notebook: str, data: str, claim: str, runs: list) -> dict:
    judgement, because = runs[0][0][claim]
    words = FIGURE.sub("≈ {}", because)
    told = [(given[claim], sound) for given, sound in runs if claim in given]
    rows = [row for (_, evidence), _ in told if _finite(row := FIGURE.findall(evidence))]
    if not rows:
        raise ValueError(f"{claim} gives {because!r}, expected finite figures in at least one run: mend {notebook}")
    figures = [_spread(column) for column in zip(*(row for row in rows if len(row) == len(rows[0])), strict=True)]
    held = sum(
        sound and told_judgement == judgement and FIGURE.sub("≈ {}", evidence) == words
        for (told_judgement, evidence), sound in told
    )
    measured = {"seeds": len(runs), "held": held, "figures": figures}
    return {"notebook": notebook, "judgement": judgement, "because": words, "measured": {data: measured}}


def _spread(texts: Iterable[str]) -> list[str]:
    """Median, lowest and highest of printed figures; of two in the middle the lower one, so that it was printed."""
    ordered = sorted(texts, key=number)
    return [ordered[(len(ordered) - 1) // 2], ordered[0], ordered[-1]]


def write_bands(measured: dict[str, dict]) -> None:
    """Put what was measured into claims.json; what it does not speak of stays: other claims, other data."""
    known = claims.read_bands()
    for claim, record in measured.items():
        before = known.get(claim, {})
        same = all(before.get(key) == record[key] for key in ("notebook", "judgement", "because"))
        record = {**record, "measured": {**(before["measured"] if same else {}), **record["measured"]}}
        known[claim] = {**record, "measured": dict(sorted(record["measured"].items()))}
    ordered = {claim: known[claim] for claim in claims.CLAIMS if claim in known}
    with written_whole(claims.BANDS) as part:
        part.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
