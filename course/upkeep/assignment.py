"""Make an assignment of a notebook's exercises: what nbgrader hands out, collects and grades."""

from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course._atomic import make_writable
from course.cell_order import read_cells
from course.upkeep import notebooks
from course.upkeep.solutions import find_asked

INTRODUCTION = """# Assignment: {title}

Replace the code of each exercise; leave the cells that begin with `confirm`, which give the points. The exercises come
from notebook {stem} of the course, where `hint` helps."""
CONFIRM = "from course.exercises import confirm"


def write_assignment(path: Path, folder: Path) -> str:
    """Write the assignment of a notebook into a folder, under its name; return a sentence on it."""
    make_writable(folder)
    notebooks.write(make_assignment(path), folder / path.name)
    return f"{folder / path.name} is an assignment: nbgrader validate finds it unsolved"


def make_assignment(path: Path | str) -> NotebookNode:
    """Make a notebook of all exercises of `path`, in its order, a point each, with the cells that they need; not run.

    Its metadata are those of nbgrader: the answers are to be written, all other code is locked.
    Raises: FileNotFoundError; ValueError if the file is no notebook, or has no exercise.
    Source: nbgrader.readthedocs.io, "Cell metadata", schema version 3.
    """
    path = Path(path)
    nb = notebooks.read(path)
    asked = find_asked(nb, path)
    title = nb.cells[0].source.splitlines()[0].lstrip("# ")
    cells = [new_markdown_cell(INTRODUCTION.format(title=title, stem=path.stem))]
    for source in (*_needed(path, [one.given for one in asked]), CONFIRM):
        cells.append(_marked(new_code_cell(source), f"needed-{len(cells)}"))
    for name, text, given, checked in asked:
        grade_id = name.replace(".", "-")
        cells.append(new_markdown_cell(f"## {name}\n\n{text}"))
        cells.append(_marked(new_code_cell(given), grade_id, solution=True))
        cells.append(_marked(new_code_cell(f'confirm("{name}", {checked})'), f"{grade_id}-test", points=1))
    for number, cell in enumerate(cells, 1):
        cell.id = f"{path.stem[:2]}-assignment-{number:02}"
    return new_notebook(cells=cells, metadata={"kernelspec": notebooks.KERNEL, "language_info": {"name": "python"}})


def _needed(path: Path, given: list[str]) -> list[str]:
    """The code cells that give what the exercises take, and those that give what these take, in their order."""
    cells = read_cells(path)
    needed = {place for place, cell in enumerate(cells) if any(cell.source.startswith(one) for one in given)}
    todo, own = sorted(needed), frozenset(needed)
    while todo:
        place = todo.pop()
        for name in cells[place].takes:
            giver = next((other for other in reversed(range(place)) if name in cells[other].gives), None)
            if giver is not None and giver not in needed:
                needed.add(giver)
                todo.append(giver)
    return [cells[place].source for place in sorted(needed - own)]


def _marked(cell: NotebookNode, grade_id: str, *, solution: bool = False, points: int = 0) -> NotebookNode:
    """Mark a code cell for nbgrader: as an answer, as a test that gives points, or as neither."""
    mark = {"schema_version": 3, "grade_id": grade_id, "solution": solution, "grade": points > 0, "task": False}
    mark["locked"] = not solution
    if points:
        mark["points"] = points
    cell.metadata["nbgrader"] = mark
    return cell
