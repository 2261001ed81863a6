"""Answers that were written from the text of an exercise alone, without a look at its check."""

import importlib.util
from pathlib import Path

import pytest

from course import exercises
from course.exercises import EXERCISES, check

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of much that is wrong, and of some that is right
FOLDER = Path(__file__).with_name("blind_answers")


def load(name):
    """The module with the answers to an exercise: RIGHT, and WRONG with a part of the message that each should get."""
    path = FOLDER / f"{name.replace('.', '_')}.py"
    spec = importlib.util.spec_from_file_location(f"blind_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ANSWERS = {name: load(name) for name in EXERCISES}
RIGHT = [(name, *case) for name, answers in ANSWERS.items() for case in answers.RIGHT]
WRONG = [(name, *case) for name, answers in ANSWERS.items() for case in answers.WRONG]


def last_line(name, answer, capsys):
    """What check says; an answer may print something before."""
    check(name, answer)
    return capsys.readouterr().out.strip().splitlines()[-1]


@pytest.fixture(autouse=True)
def short_limit(monkeypatch):
    monkeypatch.setattr(exercises, "LIMIT", 2)


@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_has_eight_wrong_and_four_right_answers_or_more(name):
    assert len(ANSWERS[name].WRONG) >= 8 and len(ANSWERS[name].RIGHT) >= 4


@pytest.mark.parametrize("name, answer, what", RIGHT, ids=[f"{name}: {what}" for name, _, what in RIGHT])
def test_a_right_answer_is_accepted_in_any_form(name, answer, what, capsys):
    assert last_line(name, answer, capsys) == f"{name} is right! {EXERCISES[name].praise}"


@pytest.mark.parametrize("name, answer, what, words", WRONG, ids=[f"{name}: {what}" for name, _, what, _ in WRONG])
def test_a_wrong_answer_is_refused_with_a_message_that_fits(name, answer, what, words, capsys):
    message = last_line(name, answer, capsys)
    assert message.startswith((f"{name} is not right yet: ", f"{name} is not tried yet. ")) and words in message
