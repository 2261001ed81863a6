"""What an exercise is, and how its checks speak."""

import traceback
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from torch import Tensor


class Mistake(Exception):
    """A wrong answer, with a message for the mistake that was made."""


class NotTried(Exception):
    """The exercise cell is as it was given."""


class Exercise(NamedTuple):
    """One exercise: check(answer) returns if it is right and raises Mistake otherwise; solve is a right answer.

    praise: what the right answer shows. hints: from a nudge to nearly the answer.
    """

    check: Callable[[object], None]
    praise: str
    hints: tuple[str, ...]
    solve: object


def call(answer: object, *arguments: object) -> object:
    """Call the learner's function; an empty one was not tried, one that fails names the learner's own line."""
    if answer is ...:
        raise NotTried
    if not callable(answer):
        raise Mistake(f"expected a function, got {answer!r} ({type(answer).__name__}).")
    try:
        result = answer(*arguments)
    except Exception as error:
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.name == answer.__name__]
        place = f" in its line `{own[-1].line}`" if own and own[-1].line else ""
        text = (str(error).splitlines() or ["no message"])[0].rstrip(".")
        raise Mistake(f"your function raises {type(error).__name__}{place}: {text}.") from None
    if result is None or result is ...:
        raise NotTried
    return result


def expect_like(name: str, value: object, expected: np.ndarray | Tensor) -> None:
    """Check kind, shape and dtype of a value before its numbers."""
    if type(value) is not type(expected):
        raise Mistake(f"{name} is a {type(value).__name__}, expected a {type(expected).__name__}.")
    if tuple(value.shape) != tuple(expected.shape):
        raise Mistake(f"{name} has shape {tuple(value.shape)}, expected {tuple(expected.shape)}.")
    if value.dtype != expected.dtype:
        raise Mistake(f"{name} has dtype {value.dtype}, expected {expected.dtype}.")


def near(value: object, expected: object, tolerance: float = 1e-6) -> bool:
    """Tell whether two arrays, tensors or numbers agree to a tolerance, absolute and relative."""
    value, expected = (x.detach().cpu().numpy() if isinstance(x, Tensor) else x for x in (value, expected))
    return bool(np.allclose(value, expected, rtol=tolerance, atol=tolerance))
