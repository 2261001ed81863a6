"""The page for teachers says what is so."""

import importlib
import re

import pytest

from course import _places
from course.exercises import EXERCISES

PAGE = (_places.ROOT / ".github" / "TEACHING.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `((\w+)\.\w+)` \| .+? \| (.+?) \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name, room, message", ROWS)
def test_a_wrong_answer_is_told_what_the_page_says(name, room, message):
    known = importlib.import_module(f"wrong_answers.{room}").WRONG[name]
    assert any(message in str(row[1]) for row in known)


def test_every_exercise_and_notebook_that_it_names_is_there():
    assert set(re.findall(r"`(\w+\.\w+)`", PAGE)) <= EXERCISES.keys()
    for link in re.findall(r"\]\((.+?)\)", PAGE):
        assert (_places.ROOT / ".github" / link).is_file()


def test_there_are_ten_evenings_and_a_dozen_wrong_answers():
    assert re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE) == [str(evening) for evening in range(1, 11)]
    assert len(ROWS) == 12
