"""Make the solutions of a notebook's exercises, a notebook too, from its texts and `course.exercises`, and run it."""

import ast
import inspect
import re
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course._names import names
from course.exercises import EXERCISES
from course.upkeep import notebooks

CHECK = re.compile(r'^check\("(.+?)", (.*)\)\s*\Z', re.MULTILINE)  # the end of an exercise's cell
INTRODUCTION = """# Solutions: {title}

Right answers to the exercises of [{stem}](../{stem}.ipynb). Try your own there first: `check` accepts every right
answer, and yours may look quite different. To run these does not count as solving: `python3 run.py progress` lists
what you have solved in the notebook itself."""

EXERCISE = """## {name}

{text}

The notebook gives you this:

```python
{given}
```

<details><summary>Hints</summary>

{hints}

</details>

And this is a right answer:"""


class Asked(NamedTuple):
    """An exercise as its notebook has it: the text above, the code that is given, and what of it is checked."""

    name: str
    text: str
    given: str
    checked: str


def find_solutions(path: Path | str) -> Path:
    """Return where the solutions of a notebook are kept."""
    path = Path(path)
    return path.parent / "solutions" / path.name


def write_solutions(path: Path | str, *, progress: bool = True) -> NotebookNode:
    """Make the solutions of a notebook, run them in a fresh kernel, and write them, whole or not at all.

    progress: a bar on stderr that counts cells.
    Raises: NotebookError if a solution is wrong; what `make_solutions` raises.
    """
    out = find_solutions(path)
    out.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / out.name
        notebooks.write(make_solutions(path), made)
        return notebooks.run_notebook(made, out, folder=out.parent, progress=progress)


def make_solutions(path: Path | str) -> NotebookNode:
    """Make a notebook of all exercises of `path` that have a check, in its order, with their answers; not run.

    Raises: FileNotFoundError; ValueError if the file is no notebook, has no such exercise, or one that is unknown.
    """
    path = Path(path)
    nb = notebooks.read(path)
    imports, cells = {"from course.exercises import confirm"}, []
    for name, text, given, _ in find_asked(nb, path):
        if name not in EXERCISES:
            raise ValueError(f"{path} checks {name!r}, expected one of {', '.join(EXERCISES)}: correct it, or add it")
        hints = "\n".join(f"{number}. {hint}" for number, hint in enumerate(EXERCISES[name].hints, 1))
        cells.append(new_markdown_cell(EXERCISE.format(name=name, text=text, given=given, hints=hints)))
        lines, source = answer(EXERCISES[name].solve)
        imports |= lines
        cells.append(new_code_cell(f'{source}\n\n\nconfirm("{name}", {EXERCISES[name].solve.__name__})'))
    title = nb.cells[0].source.splitlines()[0].lstrip("# ")
    top = [new_markdown_cell(INTRODUCTION.format(title=title, stem=path.stem)), new_code_cell(sort_imports(imports))]
    made = new_notebook(cells=top + cells)
    for number, cell in enumerate(made.cells, 1):
        cell.id = f"{path.stem[:2]}-solutions-{number:02}"
    notebooks.clean(made)
    return made


def find_asked(nb: NotebookNode, path: Path) -> list[Asked]:
    """Return the exercises of a notebook: each cell that ends in a check, with the text of the cell above.

    Raises: ValueError, which names `path`, if there is none.
    """
    asked = []
    for above, cell in pairwise(nb.cells):
        if cell.cell_type == "code" and (found := CHECK.search(cell.source)):
            text = re.split(r"^#+ .*$", above.source, flags=re.M)[-1]
            asked.append(Asked(found[1], text.strip(), cell.source[: found.start()].rstrip(), found[2]))
    if not asked:
        raise ValueError(f'{path} has no exercise, expected cells that call check("{path.stem[3:]}.…", …)')
    return asked


def answer(solve: object) -> tuple[set[str], str]:
    """Return the lines of import that a function or class needs, one a name, and its source.

    What it needs else of its module, constants and other functions, stands before it.
    """
    tree = ast.parse(inspect.getsource(inspect.getmodule(solve)))
    givers = {name: node for node in tree.body for name in names(ast.unparse(node))[0]}
    imports, needed, todo = set(), [], [givers[solve.__name__]]
    while todo:
        node = todo.pop()
        if node in needed:
            continue
        needed.append(node)
        for name in names(ast.unparse(node))[1] & givers.keys():
            giver = givers[name]
            if isinstance(giver, (ast.Import, ast.ImportFrom)):
                imports.add(_import_line(giver, name))
            else:
                todo.append(giver)
    lines = inspect.getsource(inspect.getmodule(solve)).splitlines()
    return imports, "\n\n\n".join(
        "\n".join(lines[_first_line(node) - 1 : node.end_lineno]) for node in tree.body if node in needed
    )


def _first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])


def _import_line(node: ast.Import | ast.ImportFrom, name: str) -> str:
    alias = next(alias for alias in node.names if name == (alias.asname or alias.name.split(".")[0]))
    one = ast.Import([alias]) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, [alias], 0)
    return ast.unparse(one)


def sort_imports(lines: set[str]) -> str:
    """Sort lines of import: the standard library, packages, the course, a blank line between; a line a module."""
    groups, wanted = ([], [], []), {}
    for line in lines:
        source, _, name = line.partition(" import ")
        wanted.setdefault(source, []).append(name)
    joined = [f"{source} import {', '.join(sorted(some))}" if some[0] else source for source, some in wanted.items()]
    for line in sorted(joined, key=lambda line: (line.startswith("from"), line)):
        package = re.split(r"[ .]", line)[1]
        groups[2 if package == "course" else 0 if package in sys.stdlib_module_names else 1].append(line)
    return "\n\n".join("\n".join(group) for group in groups if group)
