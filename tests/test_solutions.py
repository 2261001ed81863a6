"""Solutions of tiny notebooks; then the committed solutions, which are those that would be made today."""

import re
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course import _places
from course._places import find_notebooks
from course.exercises import EXERCISES, Mistake, confirm
from course.upkeep import notebooks
from course.upkeep import solutions as upkeep
from gates import (
    every_cell_ran_in_order,
    no_cell_complains,
    nothing_from_elsewhere,
    nothing_is_left_to_be_written,
    nothing_is_skipped,
    paragraphs_are_short,
)

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = find_notebooks(FOLDER)
GATES = (
    every_cell_ran_in_order,
    no_cell_complains,
    nothing_from_elsewhere,
    nothing_is_left_to_be_written,
    nothing_is_skipped,
    paragraphs_are_short,
)
MODULE = """
import math, os
import numpy as np
from torch import Tensor, nn
from course.rain import MISSING

LIMIT = 3


def _helped(x):
    return np.minimum(x, LIMIT)


def other():
    return os.name


@np.vectorize
def area(r: Tensor):
    return math.pi * _helped(r) ** 2  # of a disk


def alone(x):
    return abs(x)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "tiny_answers.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    import tiny_answers

    yield tiny_answers
    del sys.modules["tiny_answers"]


@pytest.fixture
def tiny(tmp_path):
    """A notebook with two exercises of the course and a cell that only looks like one."""
    cells = [
        new_markdown_cell("# Read *all*\n\nMore."),
        new_code_cell('if gradcheck("start.none", f):\n    check = 1'),
        new_markdown_cell("## Exercises\n\nReplace the dots.\n\n### start.accuracy\n\nA text.\n\nIts end."),
        new_code_cell('def my_accuracy(logits, y):\n    ...\n\n\ncheck("start.accuracy", my_accuracy)'),
        new_markdown_cell("Sum *over* `x`."),
        new_code_cell('def draw():\n    pass\n\n\ncheck("nn.draw", draw)'),
        new_markdown_cell("One more, without a check."),
    ]
    path = tmp_path / "07_tiny.ipynb"
    notebooks.write(new_notebook(cells=cells), path)
    return path


def test_each_exercise_has_its_text_the_given_code_its_hints_and_a_right_answer(tiny):
    title, imports, text, code, second, second_code = upkeep.make_solutions(tiny).cells
    assert title.source.startswith("# Solutions: Read *all*\n\nRight answers to the exercises of [07_tiny](../07_tiny")
    assert imports.source == "import torch\n\nfrom course.exercises import confirm"
    assert text.source == (
        "## start.accuracy\n\nA text.\n\nIts end.\n\nThe notebook gives you this:\n\n"
        "```python\ndef my_accuracy(logits, y):\n    ...\n```\n\n<details><summary>Hints</summary>\n\n"
        + "".join(f"{n}. {hint}\n" for n, hint in enumerate(EXERCISES["start.accuracy"].hints, 1))
        + "\n</details>\n\nAnd this is a right answer:"
    )
    assert code.source == (
        "def my_accuracy(logits, y):\n    right = logits.argmax(dim=1) == y\n    return right.float().mean().item()"
        '\n\n\nconfirm("start.accuracy", my_accuracy)'
    )
    assert second.source.startswith("## nn.draw\n\nSum *over* `x`.\n\nThe notebook gives you this:")
    assert second_code.source.startswith("def draw(inputs, outputs, slope):\n    kept = ")


def test_the_same_notebook_is_made_each_time(tiny):
    first = upkeep.make_solutions(tiny)
    assert first == upkeep.make_solutions(tiny)
    assert [cell.id for cell in first.cells] == [f"07-solutions-0{number}" for number in range(1, 7)]


def test_a_notebook_without_exercises_is_named(tmp_path):
    path = tmp_path / "03_none.ipynb"
    notebooks.write(new_notebook(cells=[new_markdown_cell("# A"), new_code_cell("gradcheck(f)")]), path)
    with pytest.raises(ValueError) as error:
        upkeep.make_solutions(path)
    assert str(error.value) == f'{path} has no exercise, expected cells that call check("none.…", …)'


def test_an_exercise_that_is_unknown_is_named(tmp_path):
    path = tmp_path / "03_none.ipynb"
    notebooks.write(new_notebook(cells=[new_markdown_cell("# A"), new_code_cell('check("start.nine", f)')]), path)
    with pytest.raises(ValueError, match=r"03_none.ipynb checks 'start.nine', expected one of start.accuracy, "):
        upkeep.make_solutions(path)
    with pytest.raises(ValueError, match='^there is no exercise "start.nine": try'):
        confirm("start.nine", abs)


def test_an_answer_brings_the_constants_helpers_and_imports_that_it_needs_and_no_others(module):
    imports, source = upkeep.answer(module.area.pyfunc)
    assert imports == {"import math", "import numpy as np", "from torch import Tensor"}
    assert source == (
        "LIMIT = 3\n\n\ndef _helped(x):\n    return np.minimum(x, LIMIT)\n\n\n"
        "@np.vectorize\ndef area(r: Tensor):\n    return math.pi * _helped(r) ** 2  # of a disk"
    )
    assert upkeep.answer(module.alone) == (set(), "def alone(x):\n    return abs(x)")


def test_names_of_one_module_stand_in_one_line():
    lines = {"import torch", "from torch import nn", "from torch import Tensor"}
    assert upkeep.sort_imports(lines) == "import torch\nfrom torch import Tensor, nn"


def test_imports_stand_in_three_groups():
    lines = {
        "from course.rain import MISSING",
        "import torch",
        "from torch import nn",
        "import math",
        "import numpy as np",
        "from course import plots",
        "from functools import partial",
    }
    assert upkeep.sort_imports(lines) == (
        "import math\nfrom functools import partial\n\nimport numpy as np\nimport torch\nfrom torch import nn\n\n"
        "from course import plots\nfrom course.rain import MISSING"
    )


def test_a_solution_is_praised_and_not_noted_and_a_wrong_one_stops(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("CI")
    monkeypatch.setattr(_places, "SOLVED", tmp_path / "solved")
    exercise = EXERCISES["start.accuracy"]
    confirm("start.accuracy", exercise.solve)
    assert capsys.readouterr().out == f"start.accuracy is right! {exercise.praise}\n"
    with pytest.raises(Mistake, match="expected a function, got 3"):
        confirm("start.accuracy", 3)
    assert not (tmp_path / "solved").exists()


def test_what_is_made_is_run_into_a_folder_beside_the_notebook(tiny, monkeypatch):
    seen = []
    monkeypatch.setattr(
        notebooks, "run_notebook", lambda path, out, **options: seen.append((notebooks.read(path), out, options))
    )
    upkeep.write_solutions(tiny, progress=False)
    folder = tiny.parent / "solutions"
    assert seen == [(upkeep.make_solutions(tiny), folder / tiny.name, {"folder": folder, "progress": False})]
    assert folder.is_dir() and not list(folder.iterdir())


def test_a_wrong_solution_is_never_written(tmp_path, monkeypatch):
    """Here one whose source is not what runs: the kernel, not this process, is the judge."""
    (tmp_path / "wrong_answers_here.py").write_text("def my_accuracy(logits, y):\n    return 0.4\n")
    monkeypatch.syspath_prepend(tmp_path)
    import wrong_answers_here

    wrong = EXERCISES["start.accuracy"]._replace(solve=wrong_answers_here.my_accuracy)
    monkeypatch.setitem(EXERCISES, "start.accuracy", wrong)
    path = tmp_path / "00_start.ipynb"
    path.write_bytes((FOLDER / "00_start.ipynb").read_bytes())
    out = upkeep.find_solutions(path)
    out.parent.mkdir()
    out.write_text("an older one")
    with pytest.raises(notebooks.NotebookError, match="(?s)code cell 2 of 4.*you return 0.4 for all images"):
        upkeep.write_solutions(path, progress=False)
    assert [(file.name, file.read_text()) for file in out.parent.iterdir()] == [("00_start.ipynb", "an older one")]


# The committed solutions ----------------------------------------------------------------------------------


def committed(path):
    return notebooks.read(upkeep.find_solutions(path))


def test_every_notebook_has_its_solutions_and_there_are_no_others():
    assert sorted((FOLDER / "solutions").glob("*.ipynb")) == [upkeep.find_solutions(path) for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_committed_solutions_are_those_that_would_be_made_today(path):
    def bare(nb):
        return [(cell.id, cell.cell_type, cell.metadata, cell.source) for cell in nb.cells]

    assert bare(committed(path)) == bare(upkeep.make_solutions(path)), (
        f"python3 run.py regenerate {path.stem} renews them"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_exercise_of_a_notebook_is_solved_and_was_found_right(path):
    said = "".join(output.text for cell in committed(path).cells for output in cell.get("outputs", []))
    right = {name: exercise.praise for name, exercise in EXERCISES.items() if name.startswith(f"{path.stem[3:]}.")}
    assert sorted(said.splitlines()) == sorted(f"{name} is right! {praise}" for name, praise in right.items())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.__name__)
def test_committed_solutions_pass_the_gate(gate, path):
    faults = list(gate(committed(path)))
    assert not faults, "\n".join([f"{path.name}: {gate.__doc__}", *faults])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_solutions_fit_on_the_page_and_keep_the_name_that_the_notebook_gives(path):
    for above, cell in pairwise(committed(path).cells):
        assert all(len(line) <= 110 for line in cell.source.splitlines() if cell.cell_type == "code")
        if cell.cell_type == "code" and "confirm(" in cell.source:
            answer = re.search(r'^confirm\(".*", (\w+)\)$', cell.source, re.M)[1]
            assert len(cell.source.splitlines()) <= 24 and re.search(rf"^(?:def|class) {answer}\(", above.source, re.M)
