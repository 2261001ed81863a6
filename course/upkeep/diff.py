"""Say in words what differs between two runs of a notebook: claims, words, measured numbers, figures."""

import os
import statistics
import subprocess
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode

from course._measured import VALUE, masked, number
from course.upkeep import notebooks
from course.upkeep.figures import compare_figures, drawn_in

SHOWN = 5  # cells with other words or figures that are told in full


class Moved(NamedTuple):
    """A measured value that differs. by: the difference, as a part of the larger one."""

    by: float
    old: str
    new: str
    place: str


def report(path: Path | str, new: Path | str, since: str = "HEAD") -> list[str]:
    """Compare a notebook as it was committed with a file; return lines of text, the first with its name.

    path: of the notebook in its repository. new: the file, often the same. since: a commit.
    Raises: ValueError if git knows no such version, FileNotFoundError.
    """
    old = committed(path, since)
    if old is None:
        return [f"{Path(path).stem}: is new since {since}"]
    told = list(changes(old, notebooks.read(new)))
    return [f"{Path(path).stem}: {'' if told else 'nothing has changed'}".rstrip(), *(f"  {line}" for line in told)]


def committed(path: Path | str, since: str) -> NotebookNode | None:
    """Return a notebook as it stands in a commit; None if that does not have it."""
    path = Path(path)
    command = ["git", "-C", str(path.parent), "show", f"{since}:./{path.name}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}  # as in a hook
    try:
        shown = subprocess.run(command, capture_output=True, env={**environment, "LC_ALL": "C"})
    except OSError as error:
        raise ValueError(f"git cannot be started ({error.strerror}), which knows the old outputs: install it") from None
    if shown.returncode:
        reason = shown.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        if "exists on disk, but not in" in reason:
            return None
        raise ValueError(f"{path.name} is not to be had from {since} ({reason}): name another commit by --since")
    return notebooks.parse_notebook(shown.stdout, f"{path.name} of {since}")


def changes(old: NotebookNode, new: NotebookNode) -> Iterator[str]:
    """Yield a line for each kind of difference between two runs of a notebook; none if there is no difference."""
    before, after = old.metadata.get("course", {}), new.metadata.get("course", {})
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield f"{key}: {after.get(key)}, before {before.get(key)}"
    partners = _partners(old, new)
    yield from _sources(old, new, partners)
    data = [notebooks.data_name(nb) for nb in (old, new)]  # their own word: JupyterLab leaves the metadata as it was
    yield from _claims(old, new)
    same_data = data[0] == data[1]
    pairs = [(old.cells[b], new.cells[a]) for a, b in sorted(partners.items())]
    pairs = [pair for pair in pairs if {cell.cell_type for cell in pair} == {"code"}]
    yield from _words(pairs)
    yield from _values(pairs)
    yield from _figures(pairs, same_data)


def _partners(old: NotebookNode, new: NotebookNode) -> dict[int, int]:
    """Return which cell of the old notebook each of the new one was, both by their place; none for what is new.

    That with the same id and source, else the same source, else the same id; else, where ids are missing, as in
    what Colab has saved, a similar source.
    """
    found: dict[int, int] = {}
    for key in (lambda cell: (cell.get("id"), cell.source), lambda cell: cell.source, lambda cell: cell.get("id")):
        waiting: dict[object, list[int]] = {}
        for place, cell in enumerate(old.cells):
            if place not in found.values() and key(cell) is not None:
                waiting.setdefault(key(cell), []).append(place)
        for place, cell in enumerate(new.cells):
            if place not in found and waiting.get(key(cell)):
                found[place] = waiting[key(cell)].pop(0)
    if any("id" not in cell for cell in (*old.cells, *new.cells)):
        left = {cell.source: place for place, cell in enumerate(old.cells) if place not in found.values()}
        for place, cell in enumerate(new.cells):
            if place not in found and (near := get_close_matches(cell.source, left, n=1)):
                found[place] = left.pop(near[0])
    return found


def _sources(old: NotebookNode, new: NotebookNode, partners: dict[int, int]) -> Iterator[str]:
    known = set(partners.values())
    lists = {
        "changed": [new.cells[a] for a, b in sorted(partners.items()) if new.cells[a].source != old.cells[b].source],
        "new": [cell for place, cell in enumerate(new.cells) if place not in partners],
        "gone": [cell for place, cell in enumerate(old.cells) if place not in known],
    }
    for what, cells in lists.items():
        if cells:
            yield f"cells {what}: {len(cells)}, the first is {_place(cells[0])}"


def _claims(old: NotebookNode, new: NotebookNode) -> Iterator[str]:
    before, after = ({judged.claim: judged for judged in notebooks.verdicts(nb)} for nb in (old, new))
    for claim in {**before, **after}:
        was, now = before.get(claim), after.get(claim)
        if now is None:
            yield f"{claim} is not judged any more"
        elif was is None:
            yield f"{claim} is judged for the first time: {now.judgement}"
        elif (was.judgement, was.evidence()) != (now.judgement, now.evidence()):
            moved = "" if now.judgement == was.judgement else f", before: {was.judgement}"
            yield f"{claim} {now.judgement}{moved}; {now.evidence()}; before: {was.evidence()}"
        if now is not None:
            yield from (f"OUT OF ITS BAND: {sentence}" for sentence in now.strays())


def _words(pairs: list) -> Iterator[str]:
    """Lines that nbval would find different."""
    differ = []
    for old, new in pairs:
        before, after = (_text(cell).splitlines() for cell in (old, new))
        lines = [
            [line for line in ours if masked(line) not in map(masked, theirs)]
            for ours, theirs in ((before, after), (after, before))
        ]
        if masked(_text(old)) != masked(_text(new)):
            gone, come = (repr(found[0]) if found else "nothing" for found in lines)
            differ.append(f"{_place(new)} says {come}, before {gone}")
    if differ:
        yield f"OTHER WORDS, which nbval will find, in {len(differ)} of {len(pairs)} cells:"
        yield from (f"  {line}" for line in differ[:SHOWN])


def _values(pairs: list) -> Iterator[str]:
    total, moved = 0, []
    for old, new in pairs:
        before, after = _text(old), _text(new)
        if masked(before) == masked(after):
            values = list(zip(VALUE.findall(before), VALUE.findall(after), strict=True))
            total += len(values)
            moved += [Moved(_apart(a, b), a, b, _place(new)) for a, b in values if a != b]
    if moved:
        most = max(moved)
        yield (
            f"≈: {len(moved)} of {total} values moved, half of them by {statistics.median(m.by for m in moved):.1%} "
            f"or less, one by {most.by:.0%}: from {most.old} to {most.new} in {most.place}"
        )


def _figures(pairs: list, same_data: bool) -> Iterator[str]:
    drawn = [(drawn_in(old.outputs), drawn_in(new.outputs), _place(new)) for old, new in pairs]
    drawn = [(before, after, place) for before, after, place in drawn if before or after]
    beyond = [
        f"{fault}, in {place}" for before, after, place in drawn for fault in compare_figures(before, after, same_data)
    ]
    moved = sum(before != after for before, after, _ in drawn)
    if beyond:
        yield f"FIGURES BEYOND THEIR TOLERANCE, which the tests will find: {len(beyond)}"
        yield from (f"  {fault}" for fault in beyond[:SHOWN])
    if moved:
        yield f"figures: in {moved} of {len(drawn)} cells the drawn data moved" + (
            "" if same_data else "; how far is not judged, since they are other data"
        )


def _text(cell: NotebookNode) -> str:
    """What nbval compares of a cell's outputs."""
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        shown = [str(data[kind]) for kind in data if kind not in ("image/png", notebooks.WIDGET)]
        texts += [output.get("text", ""), *shown]
    return "\n".join(filter(None, texts))


def _apart(old: str, new: str) -> float:
    a, b = number(old), number(new)
    return abs(a - b) / max(abs(a), abs(b)) if a != b else 0.0


def _place(cell: NotebookNode) -> str:
    """Where a cell is: its count, as Jupyter shows it, and how it begins."""
    count = f"[{cell.execution_count}] " if cell.get("execution_count") else ""
    return count + repr(cell.source.partition("\n")[0][:40])
