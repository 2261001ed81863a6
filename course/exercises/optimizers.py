"""The exercises of notebook 11_optimizers."""

import math

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

HILLS = (  # a grid, and the rate at the top of the hill; no two of the rates are equally good
    ([0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2], 0.23),
    ([0.01, 0.02, 0.04], 0.37),
    ([0.25, 0.5, 1.0, 2.0], 0.027),
    ([0.1, 0.2, 0.4], 0.43),
    ([0.3, 0.6, 1.2], 0.28),
    ([0.5, 1.0], 30.0),
    ([0.1], 0.016),
    ([0.1], 0.11),
    ([0.1], 0.55),
)
MOST = 50  # trainings that one hill may take; the right answer needs ten at most


def check_grid(answer: object) -> None:
    climbs = [_climbed(answer, *hill) for hill in HILLS]
    results = [result for result, _ in climbs]
    right = [_climbed(best_rate, *hill)[0] for hill in HILLS]
    if not near(results, right):
        explain(results, HILLS, WRONG_GRIDS)
        place = first_wrong(results, right)
        (rates, _), (_, asked) = HILLS[place], climbs[place]
        if asked and near(results[place], asked[-1]):
            raise Mistake("you return the rate that was tried last: that one was worse, and so the search ended.")
        raise Mistake(f"with the rates {rates} you return {results[place]:.4g}, expected {right[place]:g}.")
    for (rates, _), best, (_, asked) in zip(HILLS, right, climbs):
        both = 2 if len(rates) == 1 else 1  # a single rate is both ends, and either may come first
        low, high = min(rates[0] / both, best / 2), max(rates[-1] * both, 2 * best)
        for rate in asked:
            if not low * 0.999 < rate < high * 1.001:
                raise Mistake(
                    f"with the rates {rates}, where {best:g} is best, you train at {rate:.4g}, too: "
                    "go on only while the best rate is at an end, and one rate at a time."
                )
            if round(math.log2(rate / rates[0]), 3) % 1 != 0:
                raise Mistake(f"you train at {rate:.4g}, expected half or twice a rate that was tried: {rates}.")
        if len(asked) > len(set(asked)):
            twice = next(rate for rate in asked if asked.count(rate) > 1)
            raise Mistake(f"you train at {twice:g} more than once, and every training is expensive: keep its score.")


def _climbed(answer: object, rates: list[float], top: float) -> tuple[float, list[float]]:
    """What an answer returns for a hill, and the rates that it asked for."""
    asked: list[float] = []

    def score(rate):
        asked.append(as_number(rate))
        if len(asked) > MOST:
            raise TimeoutError
        return _height(asked[-1], top)

    try:
        return as_number(call(answer, score, list(rates))), asked
    except Mistake:
        if len(asked) > MOST:
            raise Mistake(
                f"with the rates {rates} you train again and again, the last time at {asked[-1]:.4g}: does your loop "
                "look at the smallest and the largest rate of all that were tried?"
            ) from None
        raise


def _height(rate: float, top: float) -> float:
    return 0.1 + 0.85 / (1 + 0.1 * math.log2(rate / top) ** 2)


def best_rate(score, rates):
    scores = {rate: score(rate) for rate in rates}
    best = max(scores, key=scores.get)
    while best in (min(scores), max(scores)):
        beyond = best / 2 if best == min(scores) else 2 * best
        scores[beyond] = score(beyond)
        best = max(scores, key=scores.get)
    return best


def _searched(rates, top, turns=MOST, ends=(0, -1)):
    """The best rate if the grid grows at most so many times, and only at these ends."""
    grid = list(rates)
    for _ in range(turns):
        best = max(grid, key=lambda rate: _height(rate, top))
        if best == grid[0] and 0 in ends:
            grid.insert(0, best / 2)
        elif best == grid[-1] and -1 in ends:
            grid.append(2 * best)
    return max(grid, key=lambda rate: _height(rate, top))


WRONG_GRIDS = (
    (
        lambda rates, top: _searched(rates, top, 0),
        "where the best rate lies at an end of the grid, you return it, and nobody looks beyond.",
    ),
    (
        lambda rates, top: _searched(rates, top, 1),
        "you look one rate beyond the end, and that may be the best so far: then look on.",
    ),
    (
        lambda rates, top: _searched(rates, top, ends=(-1,)),
        "your grid grows towards larger rates only: what if the smallest is the best?",
    ),
    (
        lambda rates, top: _searched(rates, top, ends=(0,)),
        "your grid grows towards smaller rates only: what if the largest is the best?",
    ),
    (
        lambda rates, top: _height(_searched(rates, top), top),
        "you return the highest score, expected the rate that has it.",
    ),
    (
        lambda rates, top: min(rates, key=lambda rate: _height(rate, top)),
        "you return the rate with the lowest score.",
    ),
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
    "optimizers.grid": Exercise(
        check_grid,
        "So no optimizer loses because somebody else's grid ended too early.",
        (
            "Keep the score of each rate in a dictionary, from rate to score.",
            "`max(scores, key=scores.get)` is the best rate so far; `min(scores)` and `max(scores)` are the ends.",
            "A `while` loop: as long as the best is an end, add the score of half or of twice that rate.",
        ),
        best_rate,
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
