"""What an exercise is, and how its checks speak."""

import copy
import dis
import inspect
import random
import reprlib
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from course.exercises.limit import TooLong

# Code that no learner wrote: Python's, what pip installed, the course's.
FOREIGN = (*(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")), str(Path(__file__).parents[1]))


Mistakes = Sequence[tuple[Callable, str]]  # what a wrong answer does, and what to say to it


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


@contextmanager
def keep_random_numbers() -> Iterator[None]:
    """Leave Python's, NumPy's and torch's random numbers where they stood before the block."""
    python, numpy_ = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy_)


@contextmanager
def as_torch_starts() -> Iterator[None]:
    """Run the block as torch is when it starts: gradients on, float32, the CPU; what was set before comes back."""
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    here = nullcontext() if device.type == "cpu" else torch.device("cpu")
    with torch.inference_mode(False), torch.enable_grad(), here:
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)


def call(answer: object, *arguments: object) -> object:
    """Call the learner's function, and return what it returns.

    Raises: NotTried if it is as it was given; Mistake if it is no function, fails (with the learner's own line), or
    returns nothing.
    """
    if answer is ...:
        raise NotTried
    if inspect.isclass(answer) or not callable(answer):
        raise Mistake(f"expected a function, got {reprlib.repr(answer)} ({type(answer).__name__}).")
    try:
        result = answer(*arguments)
    except (KeyboardInterrupt, TooLong):
        raise
    except BaseException as error:  # SystemExit, too
        raise Mistake(f"your function raises {describe_error(error)}.") from None
    if result is ... or (isinstance(result, tuple) and result and all(part is ... for part in result)):
        raise NotTried
    if result is None and _is_empty(answer):
        raise NotTried
    if result is None:
        raise Mistake("your function returns nothing: does every way through it end in a `return`?")
    return result


def call_pure(answer: object, *arguments: object) -> object:
    """`call` a function that must leave its arguments as they were. Raises: Mistake that names one it changed."""
    given = copy.deepcopy(arguments)
    result = call(answer, *given)
    for place, (before, after) in enumerate(zip(arguments, given)):
        if not _is_same(before, after):
            raise Mistake(
                f"your function changes its argument {_argument_name(answer, place)}: make a new one instead."
            )
    return result


def describe_error(error: BaseException) -> str:
    """Name an error, the learner's own line that raised it, and the first line of its message."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(FOREIGN)]
    place = f" in its line `{own[-1].line}`" if own and own[-1].line else ""
    text = (str(error).splitlines() or ["no message"])[0].rstrip(".")
    return f"{type(error).__name__}{place}: {text}"


def as_number(value: object) -> float:
    """Return one number, be it Python's, NumPy's or a tensor's. Raises: Mistake if it is none, or more than one."""
    try:
        array = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)
        if array.size == 1 and array.dtype.kind in "iuf":
            return float(array.item())
    except (TypeError, ValueError):
        pass
    shape = getattr(value, "shape", None)
    of_shape = f" of shape {tuple(shape)}" if shape else ""
    raise Mistake(f"you return a {type(value).__name__}{of_shape}, expected a number.")


def as_floats(value: object, expected: str) -> np.ndarray:
    """Return numbers as an array, be they Python's, NumPy's or a tensor's. Raises: Mistake if they are none."""
    try:
        return np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value, float)  # pyright: ignore
    except (TypeError, ValueError):
        raise Mistake(f"you return a {type(value).__name__}, expected {expected}.") from None


def expect_like(name: str, value: object, expected: np.ndarray | Tensor) -> None:
    """Check kind, shape and dtype of a value before its numbers."""
    if not isinstance(value, type(expected)):
        raise Mistake(f"{name} is a {type(value).__name__}, expected a {type(expected).__name__}.")
    if tuple(value.shape) != tuple(expected.shape):
        raise Mistake(f"{name} has shape {tuple(value.shape)}, expected {tuple(expected.shape)}.")
    if value.dtype != expected.dtype:
        raise Mistake(f"{name} has dtype {value.dtype}, expected {expected.dtype}.")


def near(value: object, expected: object, tolerance: float = 1e-6) -> bool:
    """Tell whether arrays, tensors, numbers or sequences of them have one shape and agree, to a tolerance.

    The tolerance is absolute and relative; nan agrees with nan.
    """
    if isinstance(expected, (tuple, list)):
        pairs = isinstance(value, (tuple, list)) and len(value) == len(expected)
        return pairs and all(near(one, other, tolerance) for one, other in zip(value, expected))
    value, expected = (np.asarray(x.detach().cpu() if isinstance(x, Tensor) else x) for x in (value, expected))
    if value.shape != expected.shape:
        return False
    return bool(np.allclose(value, expected, rtol=tolerance, atol=tolerance, equal_nan=True))


def first_wrong(values: Sequence, right: Sequence, tolerance: float = 1e-6) -> int:
    """Return the place of the first value that is not near the right one."""
    pairs = enumerate(zip(values, right))
    return next(place for place, (value, expected) in pairs if not near(value, expected, tolerance))


def call_cases(
    answer: object,
    cases: Sequence[tuple],
    mistakes: Mistakes = (),
    tolerance: float = 1e-6,
    right: Sequence = (),
    read: Callable = lambda result: result,
) -> list:
    """`call_pure` with each case in turn, and return what `read` makes of the results.

    If the answer fails with a later case, the results so far may tell why, unless they are `right`: see `explain`.
    """
    results: list = []
    for case in cases:
        try:
            results.append(read(call_pure(answer, *case)))
        except Mistake:
            if not near(results, right[: len(results)], tolerance):
                explain(results, cases, mistakes, tolerance)
            raise
    return results


def explain(results: list, cases: Sequence[tuple], mistakes: Mistakes, tolerance: float = 1e-6) -> None:
    """Raise the Mistake, of pairs of a wrong function and a message, whose function gives these results."""
    for wrong, message in mistakes:
        try:
            expected = [wrong(*copy.deepcopy(case)) for case in cases[: len(results)]]
        except Exception:  # a wrong function need not work for all cases
            continue
        if near(results, expected, tolerance):
            raise Mistake(message)


def _is_empty(answer: object) -> bool:
    """Whether a function holds nothing but `...`, as the exercise gives it."""
    code = getattr(answer, "__code__", None)
    return code is not None and _operations(code) == _operations(_untouched.__code__)


def _untouched(): ...


def _operations(code):
    return [step.opname for step in dis.get_instructions(code)]


def _is_same(before: object, after: object) -> bool:
    if isinstance(before, (tuple, list)):
        return len(before) == len(after) and all(map(_is_same, before, after))
    if isinstance(before, (Tensor, np.ndarray)):
        return near(after, before, 0)
    plain = isinstance(before, (int, float, str, bytes, bytearray, dict, set))
    return before is after or not plain or before == after


def _argument_name(answer: object, place: int) -> str:
    try:
        return list(inspect.signature(answer).parameters)[place]
    except (TypeError, ValueError, IndexError):
        return f"number {place + 1}"
