"""Every exercise, with a right answer, the untouched one and the wrong ones that learners give."""

import pytest

from course.exercises import EXERCISES, check, hint, solution, solved
from course.exercises.exercise import Exercise, Mistake, NotTried, call
from wrong_answers import UNTOUCHED, WRONG

WRONG_ANSWERS = [pytest.param(name, *case, id=f"{name}-{i}") for name in WRONG for i, case in enumerate(WRONG[name])]


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize("name", EXERCISES)
def test_a_right_answer_is_praised(capsys, name):
    exercise = EXERCISES[name]
    assert said(capsys, name, exercise.solve) == f"{name} is right! {exercise.praise}"


@pytest.mark.parametrize("name", EXERCISES)
def test_an_untouched_exercise_says_so(capsys, name):
    message = said(capsys, name, UNTOUCHED[name])
    assert message.startswith((f"{name} is not tried yet. ", f"{name} is not right yet: "))


@pytest.mark.parametrize(("name", "answer", "fragment"), WRONG_ANSWERS)
def test_a_wrong_answer_gets_the_message_for_its_mistake(capsys, name, answer, fragment):
    message = said(capsys, name, answer)
    assert message.startswith(f"{name} is not right yet: ") and fragment in message
    assert message.endswith((".", "?", "!"))


@pytest.mark.parametrize("name", EXERCISES)
def test_three_wrong_answers_or_more_are_told_apart(capsys, name):
    messages = [said(capsys, name, answer) for answer, _ in WRONG[name]]
    assert len(messages) >= 3 and len(set(messages)) == len(messages)


@pytest.mark.parametrize("name", EXERCISES)
def test_every_hint_and_the_solution_can_be_read(capsys, name):
    hints = EXERCISES[name].hints
    for number in range(1, len(hints) + 1):
        hint(name, number)
        assert f"{name}, hint {number} of {len(hints)}: {hints[number - 1]}" in capsys.readouterr().out
    with pytest.raises(ValueError, match=f"number is {len(hints) + 1}, expected 1 to {len(hints)}"):
        hint(name, len(hints) + 1)
    solution(name)
    text = capsys.readouterr().out
    assert "def " in text and not text.startswith(" ")


def test_an_unknown_exercise_lists_the_known_ones():
    with pytest.raises(ValueError, match="exercise is '99.x', expected one of 00."):
        check("99.x", ...)


def test_a_failing_answer_names_the_learners_own_line():
    def answer(x):
        return x / 0

    with pytest.raises(Mistake, match="your function raises ZeroDivisionError in its line `return x / 0`: division"):
        call(answer, 1)


@pytest.mark.parametrize("answer", [..., lambda x: None, lambda x: ...])
def test_an_empty_answer_was_not_tried(answer):
    with pytest.raises(NotTried):
        call(answer, 1)


def test_something_else_than_a_function_is_named():
    with pytest.raises(Mistake, match=r"expected a function, got 3 \(int\)\."):
        call(3)


def test_an_exercise_has_hints_and_praise():
    assert all(isinstance(e, Exercise) and e.praise.endswith(".") and len(e.hints) >= 2 for e in EXERCISES.values())


@pytest.fixture
def solved_file(monkeypatch, tmp_path):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(solved, "SOLVED", tmp_path / ".solved")
    return tmp_path / ".solved"


def test_only_a_right_answer_is_noted_and_only_once(solved_file):
    check("09.step", EXERCISES["09.step"].solve)
    check("09.waits", UNTOUCHED["09.waits"])
    check("09.timer", WRONG["09.timer"][0][0])
    check("09.step", EXERCISES["09.step"].solve)
    assert solved_file.read_text() == "09.step\n"


def test_under_ci_nothing_is_noted(solved_file, monkeypatch):
    monkeypatch.setenv("CI", "true")
    check("09.step", EXERCISES["09.step"].solve)
    assert not solved_file.exists()


def test_where_nothing_can_be_written_the_answer_is_praised_all_the_same(solved_file, capsys):
    solved_file.mkdir()
    assert "is right!" in said(capsys, "09.step", EXERCISES["09.step"].solve)
    assert solved.read_solved() == set()
