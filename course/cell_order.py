"""A cell that misses a name says which cell of the notebook has to run first.

An extension of IPython. The kernels of the environment load it when they start, as etc/ipython tells them to, so
that it is there before anything of the course is imported. In other notebooks than the course's it is silent.
"""

import builtins
import json
import os
from collections.abc import Container
from pathlib import Path
from typing import NamedTuple

from course import _places
from course._names import names
from course._streams import say

CHECKPOINTS = ".ipynb_checkpoints"  # JupyterLab's older copies
MENU = "all cells above (Run > Run All Above Selected Cell)"
WIDTH = 50  # of a line that is quoted


class Cell(NamedTuple):
    """A code cell: the names that it gives to later cells, those that it takes from earlier ones, its section."""

    id: str
    source: str
    section: str
    gives: frozenset[str]
    takes: frozenset[str]


def load_ipython_extension(ip) -> None:
    """Called by IPython: look at every cell that has run."""
    folder = Path.cwd().resolve()

    def look(result) -> None:
        try:
            error = result.error_in_exec
            if isinstance(error, NameError) and _raised_among(ip.user_ns, error):
                file = ip.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
                cells, place = locate(_files(file, folder), getattr(result.info, "cell_id", None), result.info.raw_cell)
                if sentence := advise(cells, place, error.name, {*ip.user_ns, *dir(builtins)}):
                    say(sentence)
        except Exception:
            pass  # whatever is wrong here, the learner has an error of their own to look at

    ip.events.register("post_run_cell", look)


def _raised_among(names: dict, error: NameError) -> bool:
    """Tell whether the error comes from code of the notebook, not from a module that it calls."""
    step = error.__traceback__
    while step.tb_next:
        step = step.tb_next
    return step.tb_frame.f_globals is names


def _files(file: str | None, folder: Path) -> list[Path]:
    """The notebooks that the cell may belong to.

    That of the session, if it is told, lies in the course's folder or is a copy from there; if none is told,
    those of the course, for a kernel that works in their folder or in that of the learner's copies.
    """
    known = [path for path in sorted(_places.NOTEBOOKS.rglob("[0-9][0-9]_*.ipynb")) if CHECKPOINTS not in path.parts]
    if not (file and Path(file).is_file()):
        return known if any(map(folder.is_relative_to, (_places.NOTEBOOKS, _places.MY))) else []
    own = Path(file).resolve()
    return [own] if own.is_relative_to(_places.NOTEBOOKS) or any(_is_copy(own, path) for path in known) else []


def _is_copy(own: Path, path: Path) -> bool:
    """A copy keeps the id of the first cell; one that Colab has saved has no ids, but the text."""
    copied, first = _cells(own)[0], _cells(path)[0]
    key = "id" if "id" in copied else "source"
    return "".join(copied[key]) == "".join(first.get(key, ""))


def _cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8-sig"))["cells"]


def locate(files: list[Path], cell_id: str | None, source: str) -> tuple[list[Cell], int]:
    """Return the cells of the first notebook that holds this cell, and its place among them.

    A file may lag behind the screen: the cell is known by its id, otherwise by its text. One that the only
    notebook does not hold yet is taken to stand at its end.
    """
    read = [read_cells(path) for path in files]
    for same in (lambda cell: cell_id and cell.id == cell_id, lambda cell: cell.source.strip() == source.strip()):
        for cells in read:
            for place, cell in enumerate(cells):
                if same(cell):
                    return [*cells[:place], _cell(cell.id, source, cell.section), *cells[place + 1 :]], place
    cells = read[0] if len(read) == 1 else []
    return [*cells, _cell("", source, "")], len(cells)


def read_cells(path: Path) -> list[Cell]:
    """Read the code cells of a notebook, each with the heading that it stands under."""
    cells, section = [], ""
    for cell in _cells(path):
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cells.append(_cell(cell.get("id"), source, section))
        for line in source.splitlines() if cell["cell_type"] == "markdown" else []:
            if line.startswith("##"):
                section = line.strip("# ")
    return cells


def _cell(cell_id: str | None, source: str, section: str) -> Cell:
    gives, takes = names(source)
    return Cell(cell_id, source, section, frozenset(gives), frozenset(takes))


def advise(cells: list[Cell], place: int, missing: str, here: Container[str]) -> str | None:
    """Return a sentence: where a missing name comes from, and which cell to run first. None if no cell gives it.

    place: of the cell that failed. here: the names that there are.
    """
    source = _giver(cells[:place], missing)
    if source is None:
        later = next((cell for cell in cells[place + 1 :] if missing in cell.gives), None)
        return later and f"`{missing}` comes from the cell further down {_that(later)}: run that one first."
    chain, todo = set(), [(name, place) for name in {missing, *cells[place].takes}]
    while todo:
        name, below = todo.pop()
        giver = _giver(cells[:below], name)
        if name not in here and giver is not None and giver not in chain:
            chain.add(giver)
            todo += [(name, giver) for name in cells[giver].takes]
    first = min(chain)
    if first == source:
        return f"`{missing}` comes from the cell {_that(cells[first])}: run that one first, or {MENU}."
    return f"This cell needs `{missing}` and more from above: first run the cell {_that(cells[first])}, or {MENU}."


def _giver(above: list[Cell], name: str) -> int | None:
    """The place of the last cell that binds a name."""
    return next((place for place in reversed(range(len(above))) if name in above[place].gives), None)


def _that(cell: Cell) -> str:
    line = cell.source.strip().splitlines()[0]
    quoted = line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
    where = f"under “{cell.section}”" if cell.section else "at the top"
    return f"that begins `{quoted}` {where}"
