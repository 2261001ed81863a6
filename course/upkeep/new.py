"""Lay the skeleton of a new notebook, its exercises and their wrong answers, and register them."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from keyword import iskeyword
from pathlib import Path
from string import Template

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course import _places
from course._atomic import written_whole
from course._names import names
from course.upkeep import notebooks, skeleton
from course.upkeep.readme import GROUPS

NAME = re.compile(rf"[{''.join(GROUPS)}][0-9]_[a-z][a-z0-9_]*")
LISTS = re.compile(r"^(from course\.exercises import |MODULES = )(\([^)]*\)|.*)$", re.MULTILINE)
WIDTH = 120
NEXT = """\
What is yours to write says {mark}; the tests fail until it is gone:
  grep -rn "{mark}" notebooks course/exercises tests/wrong_answers
Then, with MNIST at hand (python3 run.py data download):
  COURSE_DEVICE=cpu python3 run.py run {name} --costs record
  python3 run.py claims {name}
  python3 run.py regenerate {name}
  python3 run.py test"""


def lay_skeleton(name: str) -> list[str]:
    """Make the files of a notebook such as 28_sound, all or none; return lines that say what was made and what is next.

    Raises: ValueError if this is no name of a notebook or is taken; FileExistsError if a file would be overwritten.
    """
    known, module = _places.find_notebooks(_places.NOTEBOOKS), name[3:]
    exercises, wrong_answers = _places.ROOT / "course" / "exercises", _places.ROOT / "tests" / "wrong_answers"
    packages = [exercises / "__init__.py", wrong_answers / "__init__.py"]
    _check_name(name, known, packages)
    before = max((path.stem[:2] for path in known if path.stem < name), default="")
    words = {
        "name": name,
        "module": module,
        "before": f"notebook {before}" if before else "nothing before this notebook",
    }
    made = {
        _places.NOTEBOOKS / f"{name}.ipynb": _notebook(name, Template(skeleton.NOTEBOOK).substitute(words)),
        exercises / f"{module}.py": Template(skeleton.EXERCISES).substitute(words),
        wrong_answers / f"{module}.py": Template(skeleton.WRONG_ANSWERS).substitute(words),
    }
    for file in made:
        if file.exists():
            raise FileExistsError(
                f"{_place(file)} exists already and is not overwritten: move it away, "
                f"or call python3 run.py new {name[:2]}_NAME with another NAME"
            )
    _write_all(packages[0], _registered(packages[0], name, known), made)
    lines = [*(f"made {_place(file)}" for file in made), f"registered {module} in {_place(packages[0])}"]
    return [*lines, *NEXT.format(mark=skeleton.MARK, name=name).splitlines()]


def _check_name(name: str, known: list[Path], packages: list[Path]) -> None:
    number, module = name[:2], name[3:]
    if not NAME.fullmatch(name) or iskeyword(module):
        raise ValueError(
            f"{name!r} is no name of a notebook, expected a number from 00 to {10 * len(GROUPS) - 1}, _ and a Python "
            "name in lower case: call python3 run.py new 28_sound"
        )
    numbers = {int(path.stem[:2]): path for path in known}
    if int(number) in numbers:
        free = min(set(range(10 * len(GROUPS))) - set(numbers), key=lambda other: abs(other - int(number)))
        raise ValueError(
            f"{number} is the number of {_place(numbers[int(number)])}, expected a free one: "
            f"call python3 run.py new {free:02}_{module}"
        )
    # A module called like a name that a package uses, even a builtin such as print, would hide it there.
    taken = {word: file for file in packages for word in set().union(*names(file.read_text(encoding="utf-8")))}
    taken |= {path.stem[3:]: path for path in known} | {path.stem: path for path in packages[0].parent.iterdir()}
    if module in taken:
        raise ValueError(
            f"{module} is taken by {_place(taken[module])}, expected a name that is free: "
            f"call python3 run.py new {number}_NAME with another NAME"
        )


def _notebook(name: str, text: str) -> str:
    kinds = {"text": new_markdown_cell, "code": new_code_cell}
    parts = re.split(r"^%% (text|code)\n", text, flags=re.MULTILINE)[1:]
    cells = [kinds[kind](source.rstrip()) for kind, source in zip(parts[::2], parts[1::2], strict=True)]
    for number, cell in enumerate(cells, 1):
        cell.id = f"{name[:2]}-{number:03}"
    nb = new_notebook(cells=cells)
    notebooks.clean(nb)
    return nbformat.writes(nb) + "\n"


def _registered(package: Path, name: str, known: list[Path]) -> str:
    """The source of course.exercises with one more module: imports by the alphabet, MODULES in notebook order."""
    order = {path.stem[3:]: path.stem for path in known}

    def longer(found: re.Match) -> str:
        modules = re.findall(r"\w+", found[2])
        later = [place for place, module in enumerate(modules) if order.get(module, "") > name]
        modules.insert(later[0] if later else len(modules), name[3:])
        modules = sorted(modules) if found[1].startswith("from") else modules
        line = found[1] + ", ".join(modules)
        return line if len(line) <= WIDTH else found[1] + "(\n" + "".join(f"    {one},\n" for one in modules) + ")"

    source, count = LISTS.subn(longer, package.read_text(encoding="utf-8"))
    if count != 2:
        raise ValueError(
            f"{_place(package)} lacks the line `from course.exercises import …` or `MODULES = …`, "
            f"to which {name[3:]} is added: write it as in git show HEAD:{_place(package)}"
        )
    return source


def _write_all(package: Path, source: str, made: Mapping[Path, str]) -> None:
    try:
        with ExitStack() as stack:  # it ends in reverse: the package changes last, when all that it imports is there
            for file, text in {package: source, **made}.items():
                stack.enter_context(written_whole(file)).write_text(text, encoding="utf-8", newline="\n")
    except BaseException:  # Ctrl-C too
        for file in made:
            file.unlink(missing_ok=True)
        raise


def _place(file: Path) -> str:
    return file.relative_to(_places.ROOT).as_posix()
