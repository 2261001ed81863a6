"""A cell that is run again says the same again, and an exercise that is solved where it stands harms no other cell.

Always for a few cheap notebooks; for all of them, which takes half an hour, if COURSE_TWICE is `all`.
"""

import os
from pathlib import Path

import pytest

from course._measured import masked
from course._places import find_notebooks
from course.exercises import EXERCISES
from course.upkeep import notebooks, solutions
from gates import code, name, printed

CHEAP = ("02_tensor", "03_autograd", "10_nine_ways")
LIMIT = 600  # seconds, for each cell
NOTEBOOKS = find_notebooks(Path(__file__).resolve().parents[1] / "notebooks")
CHOSEN = [path for path in NOTEBOOKS if path.stem in CHEAP or os.environ.get("COURSE_TWICE") == "all"]


def again(cell):
    """The second run of a cell: the same, or if it ends in a check the right answer to that exercise."""
    second = cell.copy()
    if asked := solutions.CHECK.search(cell.source):
        solve = EXERCISES[asked[1]].solve
        imports, answer = solutions.answer(solve)
        second.source = "\n".join([*sorted(imports), answer, f'check("{asked[1]}", {solve.__name__})'])
    return second


@pytest.mark.parametrize("path", CHOSEN, ids=lambda path: path.stem)
def test_a_cell_says_the_same_when_it_runs_again_and_a_solved_exercise_that_it_is_right(path):
    committed = code(notebooks.read(path))
    nb = notebooks.read(path)
    nb.cells = [run for cell in code(nb) for run in (cell, again(cell))]
    notebooks.execute(nb, path, timeout=LIMIT, progress=False)
    notebooks.clean(nb)
    wrong = []
    for old, first, second in zip(committed, nb.cells[::2], nb.cells[1::2], strict=True):
        usual = masked(printed(old))
        asked = solutions.CHECK.search(old.source)
        right = f"{asked[1]} is right! {masked(EXERCISES[asked[1]].praise)}\n" if asked else usual
        for when, cell, expected in (("at first", first, usual), ("when it runs again", second, right)):
            if masked(printed(cell)) != expected:
                wrong.append(f"{name(old)} says {when}\n{masked(printed(cell))}\nexpected\n{expected}")
    assert not wrong, "\n\n".join(wrong)
