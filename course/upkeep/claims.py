"""Measure the claims over several seeds: run the notebooks that judge them, keep the runs and the verdict."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from nbformat import NotebookNode

from course._atomic import written_whole
from course._streams import say
from course.claims import bands
from course.claims.evidence import Evidence
from course.claims.verdicts import CLAIMS, Judged, recorded
from course.upkeep import notebooks

SEED = re.compile(r"^SEED = (\d+)$", re.MULTILINE)
RECORDED = ("MNIST", "digits", "radar", "storms", "any")  # the data of which claims are recorded
STRIDE = 100  # between the seeds of two runs: a notebook uses a few seeds after its own


def measure_claims(path: Path | str, seeds: int = 5, first: int = 0, progress: bool = True) -> dict[str, dict]:
    """Run a notebook once for each seed; return what it measured, by claim, in the form of bands.json.

    first: how many seeds are left out; with 0 the first seed is the notebook's own. A run upholds a claim if all
    that the notebook expects was so, all figures of its verdicts are finite, and the verdict was in the same words,
    figures apart, as in the first run.
    Raises: FileNotFoundError; ValueError if the file is no notebook, if there are no seeds, if the data are neither
    MNIST nor its stand-in, if a figure is finite in no run, is the same in all though it was measured, or differs
    though it is exact, or if all runs together contradict the verdict.
    """
    if seeds < 1:
        raise ValueError(f"seeds is {seeds}, expected at least 1")
    runs = []
    for turn in range(first, first + seeds):
        nb = reseeded(notebooks.read(path), STRIDE * turn)
        notebooks.execute(nb, path, progress=progress, go_on=True, COURSE_BANDS="off")
        if (data := notebooks.data_name(nb) or "any") not in RECORDED:
            mend = "set COURSE_DATA to a folder that holds MNIST"
            raise ValueError(f"data are {data}, expected MNIST or its stand-in, of which claims are recorded: {mend}")
        for failure in (failures := [*failed(nb), *not_finite(nb)]):
            say(f"{Path(path).stem}, seed + {STRIDE * turn}: {failure}")
        runs.append(({judged.claim: judged for judged in notebooks.verdicts(nb)}, not failures))
    return {claim: _record(Path(path).stem, claim, runs) for claim in runs[0][0]}


def check_claims(path: Path | str, seeds: int, progress: bool = True) -> list[str]:
    """Run a notebook with seeds that are not in the record; return a sentence for each figure out of its band.

    Also for each claim that not all of these runs uphold. Raises: as `measure_claims`.
    """
    known, faults = bands.read_bands(), []
    used = [result["seeds"] for record in known.values() for result in record["measured"].values()]
    for claim, record in measure_claims(path, seeds, max(used, default=0), progress).items():
        for data, result in record["measured"].items():
            if result["held"] < seeds or record["judgement"] != known.get(claim, {}).get("judgement"):
                faults.append(f"{claim} is judged {record['judgement']!r}, upheld by {result['held']} of {seeds} runs")
            judged = recorded(claim, record, data)
            for end in (min, max):
                ends = {name: replace(figure, runs=(end(figure.runs),)) for name, figure in judged.figures.items()}
                faults += replace(judged, figures=ends).strays()
    return faults


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
    for judged in notebooks.verdicts(nb):
        if not all(map(_finite, judged.figures.values())):
            yield f"{judged.claim} because {judged.evidence()}"


def _finite(figure: Evidence) -> bool:
    return all(map(math.isfinite, figure.runs))


def _record(notebook: str, claim: str, runs: Sequence[tuple[dict[str, Judged], bool]]) -> dict:
    first = runs[0][0][claim]
    words = {"judgement": first.judgement, "because": first.because, "currency": first.currency}
    told = [(given[claim], sound) for given, sound in runs if claim in given]
    alike = [pair for pair in told if all(getattr(pair[0], key) == word for key, word in words.items())]
    figures = {name: _joined(notebook, claim, name, [judged for judged, _ in alike]) for name in first.figures}
    for fault in replace(first, figures=figures).contradictions():
        raise ValueError(f"{notebook} over {len(runs)} seeds: {fault}")
    measured = {
        "seeds": len(runs),
        "held": sum(sound for _, sound in alike),
        "figures": {name: asdict(figure) for name, figure in figures.items()},
    }
    return {"notebook": notebook, **words, "measured": {first.data: measured}}


def _joined(notebook: str, claim: str, name: str, verdicts: Sequence[Judged]) -> Evidence:
    """Return a figure with the runs of all seeds."""
    found = [judged.figures[name] for judged in verdicts]
    finite = [figure for figure in found if _finite(figure)]
    if not finite:
        raise ValueError(f"{claim} gives {found[0].runs} for {name}, expected finite figures: mend {notebook}")
    several = {figure.runs for figure in finite}
    if finite[0].kind == "exact":
        if len(several) > 1:
            raise ValueError(f"{claim} gives {sorted(several)} for {name}, which is no exact figure: use measured")
        return finite[0]
    if len(several) == 1 and len(finite) > 1:
        raise ValueError(
            f"{claim} gives {finite[0].runs} for {name} with each of {len(finite)} seeds: let all that is random in "
            f"{notebook} begin with SEED, or use exact if nothing is"
        )
    if len({len(figure.runs) for figure in finite}) > 1:
        raise ValueError(
            f"{claim} gives {name} in more runs with one seed than with another: give as many in {notebook}"
        )
    return replace(finite[0], runs=tuple(run for figure in finite for run in figure.runs), groups=len(finite))


def write_bands(measured: dict[str, dict]) -> None:
    """Put what was measured into bands.json; what it does not speak of stays: other claims, other data."""
    known = bands.read_bands()
    for claim, record in measured.items():
        before = known.get(claim, {})
        same = all(before.get(key) == record[key] for key in ("notebook", "judgement", "because", "currency"))
        record = {**record, "measured": {**(before["measured"] if same else {}), **record["measured"]}}
        known[claim] = {**record, "measured": dict(sorted(record["measured"].items()))}
    ordered = {claim: known[claim] for claim in CLAIMS if claim in known}
    with written_whole(bands.BANDS) as part:
        part.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
