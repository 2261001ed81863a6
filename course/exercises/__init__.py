"""The exercises of the notebooks: `check` an answer, get a `hint`, see the `solution`; all on this machine."""

import difflib
import inspect
import textwrap

from course._streams import say
from course.exercises import (
    autograd,
    bayes,
    convlstm,
    convnets,
    devices,
    files,
    layers,
    lighter,
    memory,
    nine_ways,
    nn,
    numpy,
    optim,
    optimizers,
    overfitting,
    processes,
    rain,
    speedrun,
    start,
    tensor,
    text,
    trees,
    vision,
    writing,
)
from course.exercises.exercise import (
    Exercise,
    Mistake,
    NotTried,
    as_torch_starts,
    describe_error,
    keep_random_numbers,
)
from course.exercises.limit import TooLong, limited
from course.exercises.solved import note_solved, today

MODULES = (
    start,
    numpy,
    tensor,
    autograd,
    nn,
    optim,
    convlstm,
    overfitting,
    nine_ways,
    optimizers,
    devices,
    files,
    memory,
    processes,
    speedrun,
    layers,
    rain,
    convnets,
    vision,
    text,
    trees,
    bayes,
    lighter,
    writing,
)
EXERCISES: dict[str, Exercise] = {name: one for module in MODULES for name, one in module.EXERCISES.items()}
LIMIT = 10  # seconds for a check, which takes milliseconds if the answer is right
_shown: dict[str, int] = {}  # the last hint that was shown, for each exercise


def check(name: str, answer: object) -> None:
    """Print whether an answer is right, and if not, what is wrong with it; note what was right."""
    name, exercise = _find(name)
    try:
        with keep_random_numbers(), as_torch_starts():
            exercise.check(exercise.solve)  # torch loads some of its parts late: that shall not count for the limit
            with limited(LIMIT):
                exercise.check(answer)
    except NotTried:
        say(f'{name} is not tried yet. Replace the ... and run the cell again; hint("{name}") helps.')
    except Mistake as mistake:
        say(f"{name} is not right yet: {mistake}")
    except TooLong:
        say(f"{name} is not right yet: your code has not ended after {LIMIT} seconds: does a loop never end?")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever an answer returns may fail when it is looked at
        say(f"{name} is not right yet: what you return cannot be used, it raises {describe_error(error)}.")
    else:
        say(f"{name} is right! {exercise.praise}")
        note_solved(name)


def confirm(name: str, answer: object) -> None:
    """Say that an answer is right; unlike `check`, note nothing. The notebooks with solutions call it.

    Raises: Mistake if it is wrong, so that no notebook with a wrong solution is ever written; ValueError for an
    unknown name.
    """
    name, exercise = _find(name)
    exercise.check(answer)
    say(f"{name} is right! {exercise.praise}")


def hint(name: str, number: int | None = None) -> None:
    """Print an exercise's next hint, from a nudge to nearly the answer; or the one of that number, from 1."""
    name, exercise = _find(name)
    hints = exercise.hints
    if number is None:
        number = min(_shown.get(name, 0) + 1, len(hints))
    if not 1 <= number <= len(hints):
        raise ValueError(f"number is {number}, expected 1 to {len(hints)}, the hints of {name}")
    _shown[name] = number
    last = f'That was the last one: solution("{name}") shows an answer.'
    more = f'There is more: hint("{name}") again.' if number < len(hints) else last
    say(f"{name}, hint {number} of {len(hints)}: {hints[number - 1]} {more}")


def solution(name: str) -> None:
    """Print a right answer, as code."""
    say(textwrap.dedent(inspect.getsource(_find(name)[1].solve)).rstrip())


def _find(name: str) -> tuple[str, Exercise]:
    """Return an exercise and its name of today."""
    known = today(str(name))
    if known not in EXERCISES:
        near = difflib.get_close_matches(known, EXERCISES, 1, 0.3) or list(EXERCISES)[:1]
        raise ValueError(f'there is no exercise "{name}": try "{near[0]}" (python3 run.py progress lists all)')
    return known, EXERCISES[known]
