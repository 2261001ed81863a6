"""Assignments: the exercises of a notebook as nbgrader wants them."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course import _places
from course._names import names
from course.cli import main
from course.exercises import EXERCISES, Mistake, NotTried
from course.upkeep import notebooks
from course.upkeep.assignment import make_assignment
from course.upkeep.solutions import answer

START = 'def accuracy(logits, y):\n    ...\n\n\ncheck("start.accuracy", accuracy)'


@pytest.fixture
def path(tmp_path):
    cells = [
        new_markdown_cell("# Read a digit"),
        new_code_cell("import torch"),
        new_code_cell("unused = 1"),
        new_code_cell("def helper(x):\n    return torch.tensor(x)"),
        new_markdown_cell("## Exercises\n\n### start.accuracy\n\nWrite it."),
        new_code_cell(START.replace("...", "helper(y)")),
    ]
    notebooks.write(new_notebook(cells=cells), tmp_path / "00_start.ipynb")
    return tmp_path / "00_start.ipynb"


def sources(nb):
    return [cell.source for cell in nb.cells if cell.cell_type == "code"]


def test_it_holds_the_exercises_and_just_the_cells_that_they_need(path):
    given, test = "def accuracy(logits, y):\n    helper(y)", 'confirm("start.accuracy", accuracy)'
    needed = ["import torch", "def helper(x):\n    return torch.tensor(x)", "from course.exercises import confirm"]
    assert sources(make_assignment(path)) == [*needed, given, test]


def test_answers_are_to_be_written_and_tests_are_locked_and_give_a_point(path):
    *needed, given, test = (cell.metadata.nbgrader for cell in make_assignment(path).cells if cell.cell_type == "code")
    assert all(mark.locked and not mark.solution and not mark.grade for mark in needed)
    assert (given.grade_id, given.solution, given.grade, given.locked) == ("start-accuracy", True, False, False)
    assert (test.grade_id, test.solution, test.grade, test.locked) == ("start-accuracy-test", False, True, True)
    assert test.points == 1 and "points" not in given


def test_the_ids_that_nbgrader_grades_by_are_unique_and_of_its_letters():
    for path in _places.find_notebooks(_places.NOTEBOOKS):
        made = make_assignment(path)
        ids = [cell.metadata.nbgrader.grade_id for cell in made.cells if cell.cell_type == "code"]
        assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[a-zA-Z0-9_\-]+", one) for one in ids)


def test_every_notebook_gives_an_assignment_in_which_no_name_is_missing():
    for path in _places.find_notebooks(_places.NOTEBOOKS):
        given = set(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__)
        for source in sources(make_assignment(path)):
            gives, takes = names(source)
            assert takes - given - gives <= {"display", "get_ipython"}, (path.stem, source)
            given |= gives


def test_right_answers_get_their_points_and_unsolved_ones_do_not():
    made, space = make_assignment(_places.NOTEBOOKS / "05_optim.ipynb"), {}
    for source in sources(made):
        if found := re.match(r'confirm\("(.+)", ', source):
            with pytest.raises((Mistake, NotTried)):
                exec(source, space)
            imports, right = answer(EXERCISES[found[1]].solve)
            exec("\n".join([*imports, right]), space)
            exec(source.replace(source.split(", ")[1], f"{EXERCISES[found[1]].solve.__name__})"), space)
        else:
            exec(source, space)


def test_the_command_writes_them_where_it_is_told(path, tmp_path, capsys):
    assert main(["assignment", str(path), "--out", str(tmp_path / "out")]) == 0
    assert sources(notebooks.read(tmp_path / "out" / "00_start.ipynb")) == sources(make_assignment(path))
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'out' / '00_start.ipynb'} is an assignment")


def test_a_notebook_without_exercises_is_an_error_of_one_sentence(tmp_path, capsys):
    notebooks.write(new_notebook(cells=[new_markdown_cell("# Nothing")]), tmp_path / "00_start.ipynb")
    assert main(["assignment", str(tmp_path / "00_start.ipynb"), "--out", str(tmp_path)]) == 1
    assert "has no exercise" in capsys.readouterr().err
