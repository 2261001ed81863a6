"""The exercises of notebook 11_optimizers."""

import torch
from torch import Tensor

from course.exercises.exercise import Exercise, Mistake, as_number, call, call_cases, explain, first_wrong, near

SERIES = (
    ([4.0, 4.0, 4.0], 0.9),
    ([1.0, -2.0, 8.0, 0.5, 3.0], 0.75),
    ([5.0], 0.99),
    ([0.0, 0.0, 6.0], 0.5),
    ([2.0, 7.0, 1.0, 1.0], 0.0),
    ([], 0.9),
)


def check_ema(answer: object) -> None:
    results = [_numbers(result) for result in call_cases(answer, SERIES)]
    right = [ema(*case) for case in SERIES]
    if near(results, right):
        return
    explain(results, SERIES, WRONG_EMAS)
    place = first_wrong(results, right)
    values, beta = SERIES[place]
    if len(results[place]) != len(values):
        raise Mistake(f"ema({values}, {beta}) gives {len(results[place])} averages, expected one for each value.")
    at = first_wrong(results[place], right[place])
    raise Mistake(
        f"ema({values}, {beta}) gives {results[place][at]:.4g} after value {at + 1}, expected {right[place][at]:.4g}: "
        f"the average is divided by 1 - {beta}**{at + 1}."
    )


def _numbers(result: object) -> list[float]:
    try:
        return [as_number(value) for value in result]
    except TypeError:
        raise Mistake(
            f"you return a {type(result).__name__}, expected a list with an average for each value."
        ) from None


def ema(values, beta):
    average, corrected = 0.0, []
    for count, value in enumerate(values, 1):
        average = beta * average + (1 - beta) * value
        corrected.append(average / (1 - beta**count))
    return corrected


def _uncorrected(values, beta, keep_swapped=False, power=None, start=0.0):
    average, seen = start, []
    for count, value in enumerate(values, 1):
        kept, taken = (1 - beta, beta) if keep_swapped else (beta, 1 - beta)
        average = kept * average + taken * value
        seen.append(average / (1 if power is None else 1 - beta ** power(count)))
    return seen


def _fed_back(values, beta):
    average, seen = 0.0, []
    for count, value in enumerate(values, 1):
        average = (beta * average + (1 - beta) * value) / (1 - beta**count)
        seen.append(average)
    return seen


WRONG_EMAS = (
    (
        _uncorrected,
        "nothing is corrected: of a constant series the first average is too small. What do the shares add up to?",
    ),
    (
        lambda v, b: _uncorrected(v, b, keep_swapped=True),
        "beta is the part of the old that stays; you give it to the new.",
    ),
    (
        lambda v, b: _uncorrected(v, b, power=lambda n: 1),
        "you always divide by 1 - beta; the shares of n values add up to more.",
    ),
    (
        lambda v, b: _uncorrected(v, b, start=v[0] if v else 0),
        "your average begins at the first value; it is to begin at 0.",
    ),
    (
        _fed_back,
        "you correct the average and go on from the corrected one: keep the uncorrected one for the next value.",
    ),
    (lambda v, b: ema(v, b)[-1:], "you return the last average only, expected one after each value."),
)

LISTS = (
    ([[3.0, 4.0]], 1.0),
    ([[3.0, 0.0], [[0.0], [-4.0]]], 2.5),
    ([[0.3], [0.4, 0.0]], 1.0),
    ([[6.0, -8.0], [0.0]], 10.0),
    ([[1.0, 2.0, 2.0], [4.0, 4.0, 2.0]], 0.5),
    ([[0.0, 0.0]], 1.0),
)


def check_clip(answer: object) -> None:
    cases = [([torch.tensor(one) for one in numbers], limit) for numbers, limit in LISTS]
    results = [_clipped(answer, *case) for case in cases]
    right = [clip(*case) for case in cases]
    if near(results, right, 1e-4):
        return
    explain(results, cases, WRONG_CLIPS, 1e-4)
    place = first_wrong(results, right, 1e-4)
    given, limit = LISTS[place]
    raise Mistake(f"clip({given}, {limit}) gives {_rounded(results[place])}, expected {_rounded(right[place])}.")


def _clipped(answer: object, gradients: list[Tensor], limit: float) -> list[Tensor]:
    given = [one.clone() for one in gradients]
    result = call(answer, given, limit)
    if not isinstance(result, (list, tuple)) or len(result) != len(given):
        raise Mistake(f"you return a {type(result).__name__}, expected a list with as many gradients as were given.")
    if not all(torch.equal(one, before) for one, before in zip(given, gradients)):
        raise Mistake("the gradients that were given have changed, expected new ones: which line works in place?")
    return list(result)


def _rounded(gradients: list[Tensor]) -> list:
    return [torch.as_tensor(one).detach().double().round(decimals=3).tolist() for one in gradients]


def clip(gradients, limit):
    length = sum((gradient**2).sum() for gradient in gradients) ** 0.5
    factor = min(1.0, float(limit / length))  # infinite for a length of 0
    return [factor * gradient for gradient in gradients]


def _each(gradients, limit):
    return [clip([gradient], limit)[0] for gradient in gradients]


def _always(gradients, limit):
    length = sum((gradient**2).sum() for gradient in gradients) ** 0.5
    return [gradient * limit / max(float(length), 1e-12) for gradient in gradients]


WRONG_CLIPS = (
    (
        lambda g, limit: [one.clamp(-limit, limit) for one in g],
        "each number is cut on its own, and that turns the direction: shorten all by one factor.",
    ),
    (_each, "each gradient is shortened by its own length: the length of all together counts, and one factor for all."),
    (_always, "all are brought to the limit, short ones too; only what is longer is to be shortened."),
    (lambda g, limit: [one.clone() for one in g], "nothing is shortened: the length together is more than the limit."),
    (
        lambda g, limit: [one * min(1.0, float(limit / sum((x**2).sum() for x in g))) for one in g],
        "you divide by the sum of the squares: the length is its root.",
    ),
)

EXERCISES = {
    "optimizers.ema": Exercise(
        check_ema,
        "This is the average in Adam, and that of the weights: nothing is lost at the beginning.",
        (
            "For a constant series of 1, what is the uncorrected average after one value, after two?",
            "The shares of n values add up to 1 - beta**n.",
            "Keep the uncorrected average for the next value, and append it divided by 1 - beta**n.",
        ),
        ema,
    ),
    "optimizers.clip": Exercise(
        check_clip,
        "One factor for all: the step gets shorter, and goes where it went.",
        (
            "What does clamp do to the direction of (3, 4) with a limit of 1?",
            "The length of all together is the root of the sum of all squares, over all gradients.",
            "factor = min(1, limit / length), and every gradient times this factor.",
        ),
        clip,
    ),
}
