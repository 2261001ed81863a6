"""The exercises of the notebooks: `check` an answer, get a `hint`, see the `solution`; all on this machine."""

import inspect
import textwrap

from course.exercises import autograd, convlstm, devices, files, nn, numpy, optim, overfitting, start, tensor
from course.exercises.exercise import Exercise, Mistake, NotTried
from course.exercises.solved import note_solved, today

MODULES = start, numpy, tensor, autograd, nn, optim, convlstm, overfitting, devices, files
EXERCISES: dict[str, Exercise] = {name: one for module in MODULES for name, one in module.EXERCISES.items()}


def check(name: str, answer: object) -> None:
    """Print whether an answer is right, and if not, what is wrong with it; note what was right."""
    name, exercise = _find(name)
    try:
        exercise.check(answer)
    except NotTried:
        print(f'{name} is not tried yet. Replace the ... and run the cell again; hint("{name}") helps.')
    except Mistake as mistake:
        print(f"{name} is not right yet: {mistake}")
    else:
        print(f"{name} is right! {exercise.praise}")
        note_solved(name)


def hint(name: str, number: int = 1) -> None:
    """Print one of an exercise's hints; the first is the smallest."""
    name, exercise = _find(name)
    hints = exercise.hints
    if not 1 <= number <= len(hints):
        raise ValueError(f"number is {number}, expected 1 to {len(hints)}, the hints of {name}")
    more = f' There is more: hint("{name}", {number + 1}).' if number < len(hints) else ""
    print(f"{name}, hint {number} of {len(hints)}: {hints[number - 1]}{more}")


def solution(name: str) -> None:
    """Print a right answer, as code."""
    print(textwrap.dedent(inspect.getsource(_find(name)[1].solve)).rstrip())


def _find(name: str) -> tuple[str, Exercise]:
    """Return an exercise and its name of today."""
    if today(name) not in EXERCISES:
        raise ValueError(f"exercise is {name!r}, expected one of {', '.join(EXERCISES)}")
    return today(name), EXERCISES[today(name)]
