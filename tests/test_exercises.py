"""Every exercise, with a right answer, the untouched one and the wrong ones that learners give."""

import inspect
import os
import random
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

import wrong_answers
from course import _places, exercises
from course.device import seed_everything
from course.exercises import EXERCISES, check, engine, hint, solution, solved
from course.exercises.exercise import Exercise, Mistake, NotTried, call, call_pure
from course.upkeep import notebooks
from course.upkeep.skeleton import MARK
from wrong_answers import UNTOUCHED, WRONG

WRONG_ANSWERS = [pytest.param(name, *case, id=f"{name}-{i}") for name in WRONG for i, case in enumerate(WRONG[name])]


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize("name", EXERCISES)
def test_a_right_answer_is_praised(capsys, name):
    exercise = EXERCISES[name]
    assert said(capsys, name, exercise.solve) == f"{name} is right! {exercise.praise}"


def test_a_right_answer_is_right_on_a_processor_without_vector_units():
    code = "from course.exercises import EXERCISES\nfor one in EXERCISES.values():\n    one.check(one.solve)"
    environment = os.environ | {"ATEN_CPU_CAPABILITY": "default"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


SETTINGS = {
    "set_grad_enabled": (torch.set_grad_enabled, False, torch.is_grad_enabled, True),
    "set_default_dtype": (torch.set_default_dtype, torch.float64, torch.get_default_dtype, torch.float32),
    "set_default_device": (torch.set_default_device, "meta", lambda: torch.get_default_device().type, "cpu"),
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", EXERCISES)
def test_a_right_answer_is_right_whatever_the_learner_has_set_and_that_stays(capsys, name, setting):
    change, value, read, usual = SETTINGS[setting]
    change(value)
    try:
        assert said(capsys, name, EXERCISES[name].solve).startswith(f"{name} is right!")
        assert read() == value
    finally:
        change(usual)


@pytest.mark.parametrize("name", EXERCISES)
def test_a_right_answer_is_right_in_inference_mode(capsys, name):
    with torch.inference_mode():
        assert said(capsys, name, EXERCISES[name].solve).startswith(f"{name} is right!")


@pytest.mark.parametrize("setting", list(SETTINGS)[:2])
def test_what_an_answer_sets_does_not_stay(capsys, setting):
    change, value, read, usual = SETTINGS[setting]
    said(capsys, "tensor.standardise", lambda images: change(value))
    assert read() == usual


def test_the_standard_deviation_of_a_batch_may_be_that_of_all_there_is(capsys):
    def answer(images):
        deviation, mean = torch.std_mean(images, dim=(0, 2, 3), correction=0, keepdim=True)
        return (images - mean) / deviation

    assert said(capsys, "tensor.standardise", answer).startswith("tensor.standardise is right!")


def test_one_short_line_of_python_for_each_number_is_a_loop_too(capsys):
    def answer(line):
        ends = np.flatnonzero(np.frombuffer(line + b" ", np.uint8) == ord(" "))
        starts = np.append(0, ends[:-1] + 1)
        return np.array([int(line[start:end]) for start, end in zip(starts, ends)], np.uint8)

    assert said(capsys, "files.parse", answer) == (
        "files.parse is not right yet: the numbers are right, but a loop in Python makes an object for each of them: "
        "look back from the spaces, at all numbers at once."
    )


def test_the_mean_of_ten_calls_is_the_time_of_one(capsys):
    def answer(call, wait, clock):
        call()
        wait()
        start = clock()
        for _ in range(10):
            call()
        wait()
        return (clock() - start) / 10

    assert said(capsys, "devices.timer", answer).startswith("devices.timer is right!")


def test_the_engine_of_the_check_is_that_of_the_notebook():
    path = Path(__file__).parents[1] / "notebooks/03_autograd.ipynb"
    written = "\n\n\n".join(cell.source for cell in notebooks.read(path).cells)
    for part in (engine.Value, engine.as_value, engine.add, engine.multiply):
        assert inspect.getsource(part).strip() in written


def test_a_check_leaves_no_hook_in_the_learners_model():
    model, loss_fn = EXERCISES["nn.reader"].solve()
    check("nn.reader", lambda: (model, loss_fn))
    assert [layer for layer in model.modules() if layer._forward_hooks] == []


@pytest.mark.parametrize("name", EXERCISES)
def test_an_untouched_exercise_says_so(capsys, name):
    message = said(capsys, name, UNTOUCHED[name])
    assert message.startswith((f"{name} is not tried yet. ", f"{name} is not right yet: "))


@pytest.mark.filterwarnings("ignore")  # what is wrong often makes torch warn
@pytest.mark.parametrize(("name", "answer", "fragment"), WRONG_ANSWERS)
def test_a_wrong_answer_gets_the_message_for_its_mistake(capsys, name, answer, fragment):
    message = said(capsys, name, answer)
    assert message.startswith(f"{name} is not right yet: ") and fragment in message
    assert message.endswith((".", "?", "!"))


@pytest.mark.filterwarnings("ignore")
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
    for number in (0, len(hints) + 1):
        with pytest.raises(ValueError, match=f"number is {number}, expected 1 to {len(hints)}"):
            hint(name, number)
    solution(name)
    text = capsys.readouterr().out
    assert "def " in text and not text.startswith(" ")


@pytest.mark.parametrize("old, new", [("08.parse", "files.parse"), ("00.accuracy", "start.accuracy")])
def test_an_old_name_is_answered_by_the_new_one(capsys, old, new):
    assert said(capsys, old, EXERCISES[new].solve) == f"{new} is right! {EXERCISES[new].praise}"
    hint(old, 1)
    assert capsys.readouterr().out.startswith(f"{new}, hint 1 of ")


def test_a_failing_answer_names_the_learners_own_line():
    def answer(x):
        return x / 0

    with pytest.raises(Mistake, match="your function raises ZeroDivisionError in its line `return x / 0`: division"):
        call(answer, 1)


class Failing(torch.nn.Module):
    def forward(self, *arguments):
        return self.no_such_layer(*arguments)


class Callable:
    def __call__(self, *arguments):
        raise KeyError("seven")


def leaves(*arguments):
    sys.exit("done")


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize(
    "answer, words",
    [
        (partial(leaves, 1), 'SystemExit in its line `sys.exit("done")`: done'),
        (Failing(), "AttributeError in its line `return self.no_such_layer(*arguments)`: 'Failing' object has no"),
        (Callable(), "KeyError in its line `raise KeyError(\"seven\")`: 'seven'"),
        (Failing, "expected a function, got <class '"),
        (3, "expected a function, got 3 (int)"),
        (lambda *_: print("told"), "does every way through it end in a `return`?"),
        (lambda *_: Strange(), "is not right yet: "),
    ],
    ids=["partial", "module", "object", "class", "number", "print", "strange"],
)
def test_no_check_fails_whatever_comes(name, answer, words, capsys):
    if name == "nine_ways.tower" and answer is Failing:  # a class may be right there
        words = "TypeError: Failing.__init__() takes 1 positional argument"
    if name == "autograd.silu":  # wants a class
        words = "Function, got a "
    message = said(capsys, name, answer).splitlines()[-1]
    assert message.startswith(f"{name} is not right yet: ") and words in message


class Strange:
    """Fails whenever it is looked at."""

    def __getattr__(self, name):
        raise RuntimeError("not to be looked at")

    __iter__ = __len__ = __eq__ = __float__ = __bool__ = __array__ = __repr__ = lambda *_, **__: 1 / 0


@pytest.mark.parametrize("answer", [..., lambda x: ..., lambda x: (..., ...), lambda x: None])
def test_an_empty_answer_was_not_tried(answer):
    with pytest.raises(NotTried):
        call(answer, 1)


def test_a_forgotten_return_is_named():
    def answer(x):
        x + 1

    with pytest.raises(Mistake, match="your function returns nothing: does every way through it end in a `return`?"):
        call(answer, 1)


def test_a_changed_argument_is_named():
    def answer(x, weights):
        weights[1].sort()
        return x

    given = 1, (torch.zeros(2), [3, 2])
    with pytest.raises(Mistake, match="your function changes its argument weights: make a new one instead"):
        call_pure(answer, *given)
    assert given[1][1] == [3, 2]


def test_a_check_leaves_the_learners_random_numbers(capsys):
    def draws():
        return random.random(), np.random.rand(), torch.rand(()).item()

    seed_everything(0)
    expected = draws()
    seed_everything(0)
    for name in ("nn.draw", "overfitting.dropout", "autograd.silu"):
        check(name, EXERCISES[name].solve)
    assert draws() == expected


def test_hint_gives_the_next_one_each_time_and_the_last_one_again(capsys, monkeypatch):
    monkeypatch.setattr(exercises, "_shown", {})
    for _ in range(4):
        hint("files.parse")
    numbers = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert numbers == [f"files.parse, hint {number} of 3" for number in (1, 2, 3, 3)]
    hint("files.parse", 2)
    hint("files.parse")
    assert 'hint("files.parse") again' in (told := capsys.readouterr().out) and "hint 3 of 3" in told


@pytest.mark.parametrize(
    "name, nearest",
    [
        ("optim.loin", "optim.lion"),
        ("parse", "files.parse"),
        ("07.standardise", "overfitting.standardize"),
        (8, "start"),
    ],
)
def test_an_unknown_exercise_names_the_nearest(name, nearest):
    with pytest.raises(ValueError, match=f'there is no exercise "{name}": try "{nearest}'):
        check(name, ...)


def test_an_exercise_has_hints_and_praise():
    assert all(isinstance(e, Exercise) and e.praise.endswith(".") and len(e.hints) >= 2 for e in EXERCISES.values())


@pytest.mark.parametrize("package", [exercises, wrong_answers], ids=lambda package: package.__name__)
def test_no_exercise_and_no_wrong_answer_is_left_to_be_written(package):
    files = sorted(Path(package.__file__).parent.glob("*.py"))
    assert [file.name for file in files if MARK in file.read_text(encoding="utf-8")] == [], f"write what says {MARK}"


@pytest.fixture
def solved_file(monkeypatch, tmp_path):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(_places, "SOLVED", tmp_path / ".solved")
    return tmp_path / ".solved"


def test_only_a_right_answer_is_noted_and_only_once(solved_file):
    check("devices.step", EXERCISES["devices.step"].solve)
    check("devices.waits", UNTOUCHED["devices.waits"])
    check("devices.timer", WRONG["devices.timer"][0][0])
    check("devices.step", EXERCISES["devices.step"].solve)
    assert solved_file.read_text() == "devices.step\n"


def test_under_ci_nothing_is_noted(solved_file, monkeypatch):
    monkeypatch.setenv("CI", "true")
    check("devices.step", EXERCISES["devices.step"].solve)
    assert not solved_file.exists()


def test_where_nothing_can_be_written_the_answer_is_praised_all_the_same(solved_file, capsys):
    solved_file.mkdir()
    assert "is right!" in said(capsys, "devices.step", EXERCISES["devices.step"].solve)
    assert solved.read_solved() == set()
