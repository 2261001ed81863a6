"""The exercises of the notebooks: `check` an answer, get a `hint`, see the `solution`; all on this machine."""

import inspect
import textwrap

from course.exercises import (
    n00_start, n01_numpy, n02_tensor, n03_autograd, n04_nn, n05_optim, n06_convlstm, n07_overfitting, n08_files,
    n09_devices,
)
from course.exercises.exercise import Exercise, Mistake, NotTried
from course.exercises.solved import note_solved

EXERCISES: dict[str, Exercise] = {
    **n00_start.EXERCISES,
    **n01_numpy.EXERCISES,
    **n02_tensor.EXERCISES,
    **n03_autograd.EXERCISES,
    **n04_nn.EXERCISES,
    **n05_optim.EXERCISES,
    **n06_convlstm.EXERCISES,
    **n07_overfitting.EXERCISES,
    **n08_files.EXERCISES,
    **n09_devices.EXERCISES,
}


def check(name: str, answer: object) -> None:
    """Print whether an answer is right; if not, what is wrong with it. `python3 run.py progress` tells which were right."""
    exercise = _find(name)
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
    hints = _find(name).hints
    if not 1 <= number <= len(hints):
        raise ValueError(f"number is {number}, expected 1 to {len(hints)}, the hints of {name}")
    more = f' There is more: hint("{name}", {number + 1}).' if number < len(hints) else ""
    print(f"{name}, hint {number} of {len(hints)}: {hints[number - 1]}{more}")


def solution(name: str) -> None:
    """Print a right answer, as code."""
    print(textwrap.dedent(inspect.getsource(_find(name).solve)).rstrip())


def _find(name: str) -> Exercise:
    if name not in EXERCISES:
        raise ValueError(f"exercise is {name!r}, expected one of {', '.join(EXERCISES)}")
    return EXERCISES[name]
