"""Solutions of the exercises, as notebooks: what those import. `course.upkeep.solutions` makes them."""

from course._streams import say
from course.exercises import EXERCISES


def confirm(name: str, answer: object) -> None:
    """Say that a solution is right; unlike `course.exercises.check`, note nothing.

    Raises: Mistake if it is wrong, so that no notebook with a wrong solution is ever written; ValueError for an
    unknown name.
    """
    if name not in EXERCISES:
        raise ValueError(f"exercise is {name!r}, expected one of {', '.join(EXERCISES)}")
    EXERCISES[name].check(answer)
    say(f"{name} is right! {EXERCISES[name].praise}")
