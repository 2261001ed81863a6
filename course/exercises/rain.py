"""The exercises of notebook 20_rain."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from course.exercises.exercise import (
    Exercise,
    Mistake,
    as_number,
    call_cases,
    call_pure,
    explain,
    first_wrong,
    near,
)


def _floats(*values: object) -> tuple[Tensor, ...]:
    return tuple(torch.tensor(value, dtype=torch.float32, device="cpu") for value in values)


# All numbers here are exact in binary, so that a mean of equal numbers is that number.
PAIRS = (
    _floats([0.0, 1.0, 2.0, 5.0, 4.5], [1.0, 0.5, 2.0, 3.0, 1.5]),  # between 0 and 1
    _floats([[0.5, 0.0, 1.5], [1.0, 0.25, 0.5]], [[2.0, -1.0, 6.0], [1.5, 2.0, 0.5]]),  # above 1
    _floats([[[2.0, 1.0], [0.0, 3.0]], [[-1.0, 0.5], [2.5, 1.0]]], [[[0.0, 1.5], [4.0, -1.0]], [[3.0, 0.5], [1, 2.0]]]),
    _floats([[1.0, 1.0], [3.0, 3.0], [-2.0, -2.0]], [[2.0, 0.5], [1.0, 4.0], [3.0, -1.0]]),
    _floats([3.0, 1.0, 2.0], [0.5, 0.5, 0.5]),
)
EQUAL = (
    _floats([2.5, 2.5, 2.5, 2.5], [1.0, 4.0, 2.0, 0.0]),
    _floats([[0.0, 0.0, 0.0]], [[1.0, 3.5, 0.0]]),
    _floats([1.5], [-2.0]),
    _floats(0.5, 4.0),
)


def check_damp(answer: object) -> None:
    right = [damped(*pair) for pair in PAIRS]
    results = call_cases(answer, PAIRS, WRONG_LINES, 1e-4, right, _two_numbers)
    if not near(results, right, 1e-4):
        explain(results, PAIRS, WRONG_LINES, 1e-4)
        place = first_wrong(results, right, 1e-4)
        raise Mistake(
            f"for x = {PAIRS[place][0].tolist()} and y = {PAIRS[place][1].tolist()} you return {_text(results[place])},"
            f" expected {_text(right[place])}: a is the mean of (x - mean of x)(y - mean of y), divided by the variance"
            " of x."
        )
    for x, y in EQUAL:
        result, expected = _two_numbers(call_pure(answer, x, y)), damped(x, y)
        if not near(result, expected, 1e-4):
            raise Mistake(
                f"where x differs, you are right. Where all of x is equal, as in {x.tolist()}, you return"
                f" {_text(result)}, expected {_text(expected)}."
            )


def _two_numbers(value: object) -> tuple[float, float]:
    if isinstance(value, (Tensor, np.ndarray)) and value.shape == (2,):
        value = tuple(value)
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise Mistake(f"you return {_kind(value)}, expected the pair (a, b).")
    return as_number(value[0]), as_number(value[1])


def _kind(value: object) -> str:
    length = f" of length {len(value)}" if isinstance(value, (tuple, list)) else ""
    return f"a {type(value).__name__}{length}"


def _text(pair: tuple[float, float]) -> str:
    return f"({pair[0]:.4g}, {pair[1]:.4g})"


def damped(x, y):
    from_mean = x - x.mean()
    spread = (from_mean**2).sum().item()
    if spread == 0:
        return 0.0, y.mean().item()
    a = (from_mean * (y - y.mean())).sum().item() / spread
    return a, y.mean().item() - a * x.mean().item()


def _wrong_line(slope: Callable) -> Callable:
    """A line through both means, with another slope."""

    def line(x, y):
        a = slope(x, y).item()
        return a, (y.mean() - a * x.mean()).item()

    return line


def _product(x: Tensor, y: Tensor) -> Tensor:
    return ((x - x.mean()) * (y - y.mean())).mean()


WRONG_LINES = (
    (lambda x, y: damped(x, y)[::-1], "you return (b, a), expected (a, b)."),
    (lambda x, y: damped(y, x), "this line goes from y to x: it is x that is multiplied by a."),
    (
        lambda x, y: (((x * y).sum() / (x * x).sum()).item(), 0.0),
        "your line goes through 0: b is free, and with it the error gets smaller.",
    ),
    (
        _wrong_line(lambda x, y: (x * y).sum() / (x * x).sum()),
        "your a is that of a line through 0: take their means from x and y first.",
    ),
    (lambda x, y: (damped(x, y)[0], y.mean().item()), "a is right; b is what is left of the mean of y after a x."),
    (
        lambda x, y: (damped(x, y)[0], (y.mean() + damped(x, y)[0] * x.mean()).item()),
        "a is right; b has a wrong sign in it: at the mean of x the line is at the mean of y.",
    ),
    (
        _wrong_line(lambda x, y: _product(x, y) / x.var()),
        "you divide a mean over n by a variance over n - 1: use the same number in both.",
    ),
    (_wrong_line(lambda x, y: y.std() / x.std()), "you divide the spreads: that gives no heed to whether y follows x."),
    (
        _wrong_line(lambda x, y: _product(x, y) / (x.std(correction=0) * y.std(correction=0))),
        "your a is the correlation: divide by the variance of x, not by both standard deviations.",
    ),
    (
        _wrong_line(lambda x, y: _product(x, y) / x.std(correction=0)),
        "you divide by the standard deviation of x, expected its variance.",
    ),
)


def _level_cases() -> list[tuple[Tensor, Tensor, float, list[float]]]:
    """Forecasts and truths in steps of a quarter, so that many are equal to a level or to the threshold."""
    generator = torch.Generator("cpu").manual_seed(334)
    cases = []
    for shape, threshold, levels in (
        ((12,), 1.0, [1.25, 0.25, 2.0, 0.5, 0.75]),
        ((3, 4), 0.75, [2.0, 0.5, 1.5, 1.0]),
        ((2, 3, 4), 1.5, [0.5, 1.75, 2.25, 1.25, 0.75]),
        ((2, 8), 2.0, [0.25, 1.5, 0.75, 1.0, 2.5]),
        ((5, 1, 4), 0.5, [1.5, 0.25, 0.75, 0.0]),
        ((20,), 1.25, [2.5, 2.25, 1.0, 1.75, 1.5]),
    ):
        truth = torch.randint(12, shape, generator=generator, device="cpu") / 4
        forecast = (truth + torch.randint(-4, 4, shape, generator=generator, device="cpu") / 4).clamp(min=0)
        cases.append((forecast, truth, threshold, levels))
    few = _floats([0.5, 1.0, 0.25, 2.0], [0.0, 1.5, 0.0, 3.0])
    cases += [
        (*few, 1.0, [1.0, 3.0, 0.75, 0.25]),  # 1 and 0.75 are equally good, and as good as can be
        (*few, 1.0, [0.75, 3.0, 2.0, 1.0]),
        (*few, 1.0, [3.0, 2.0, 2.25]),  # the threshold would be better, and is not among them
        (*few, 1.0, [3.5, 2.5, 3.0]),  # misses only
        (*few, 4.0, [1.0, 5.0, 0.5, 3.0]),  # false alarms only, or nothing at all
        (*few, 4.0, [6.0, 5.0]),
        (*_floats(0.5, 2.0), 1.0, [3.0, 0.5, 0.25]),
        (*_floats([[0.5]], [[2.0]]), 1.0, [0.75, 0.5]),
        (*few, 1.0, [0.5]),
    ]
    return cases


LEVELS = _level_cases()


def check_level(answer: object) -> None:
    right = [level_for(*case) for case in LEVELS]
    results = call_cases(answer, LEVELS, WRONG_LEVELS, right=right, read=as_number)
    if near(results, right):
        return
    explain(results, LEVELS, WRONG_LEVELS)
    place = first_wrong(results, right)
    result, best = results[place], right[place]
    forecast, truth, threshold, levels = LEVELS[place]
    if result not in levels:
        raise Mistake(f"you return {result:g}, which is none of the levels {levels}.")
    given, highest = (_here(forecast, truth, threshold, level) for level in (result, best))
    if highest == 0:
        raise Mistake(
            f"where the CSI is 0 at each of the levels {levels}, you return {result:g}, expected the lowest, {best:g}."
        )
    if given == highest:
        raise Mistake(
            f"of the levels {levels}, {result:g} and {best:g} are equally good: expected the lowest, you return"
            f" {result:g}."
        )
    raise Mistake(
        f"of the levels {levels} you return {result:g}, where the CSI is {given:.3f}, expected {best:g}, where it is"
        f" {highest:.3f}."
    )


def level_for(forecast, truth, threshold, levels):
    ordered, scores = sorted(levels), []
    for level in ordered:
        said, real = forecast >= level, truth >= threshold
        hits, events = (said & real).sum().item(), (said | real).sum().item()
        scores.append(hits / events if events else 0)
    return ordered[scores.index(max(scores))]  # index gives the first, that is the lowest, of equal ones


def _csi(said: Tensor, real: Tensor) -> float:
    return ((said & real).sum() / (said | real).sum().clamp(min=1)).item()


def _best(score: Callable, order: Callable = sorted) -> Callable:
    return lambda forecast, truth, threshold, levels: max(
        order(levels), key=lambda level: score(forecast, truth, threshold, level)
    )


def _here(f: Tensor, t: Tensor, threshold: float, level: float) -> float:
    return _csi(f >= level, t >= threshold)


WRONG_LEVELS = (
    (lambda f, t, threshold, levels: threshold, "you return the threshold itself: try each of the levels."),
    (
        lambda f, t, threshold, levels: levels.index(level_for(f, t, threshold, levels)),
        "you return the place of the level, expected the level.",
    ),
    (
        lambda f, t, threshold, levels: max(_here(f, t, threshold, level) for level in levels),
        "you return the highest CSI, expected the level that has it.",
    ),
    (_best(_here, list), "of equally good levels you return the first in the list, expected the lowest."),
    (
        _best(_here, lambda levels: sorted(levels, reverse=True)),
        "of equally good levels you return the highest, expected the lowest.",
    ),
    (_best(lambda f, t, threshold, level: -_here(f, t, threshold, level)), "this is the level of the lowest CSI."),
    (
        _best(lambda f, t, threshold, level: _csi(f > level, t >= threshold)),
        "you say rain above the level, expected `forecast >= level`: at the level itself it rains, too.",
    ),
    (
        _best(lambda f, t, threshold, level: _csi(f >= level, t > threshold)),
        "an event is `truth >= threshold`: at the threshold itself it rains, too.",
    ),
    (
        _best(lambda f, t, threshold, level: _csi(f >= level, t >= level)),
        "you move the threshold of the truth as well: only the forecast is compared with the level.",
    ),
    (
        _best(lambda f, t, threshold, level: _csi(f >= threshold, t >= level)),
        "you compare the truth with the level, and the forecast with the threshold: it is the other way round.",
    ),
    (
        _best(lambda f, t, threshold, level: ((f >= level) == (t >= threshold)).float().mean().item()),
        "you count right cells, dry ones as well: the CSI is hits divided by hits, misses and false alarms.",
    ),
    (
        lambda f, t, threshold, levels: min(levels),
        "you return the lowest level whatever comes: false alarms count in the CSI, too.",
    ),
    (
        _best(lambda f, t, threshold, level: _here(f, t, threshold, level) if _events(f, t, threshold, level) else 1.0),
        "where there is no event at all, your CSI is not 0: there it is to count as 0.",
    ),
)


def _events(f: Tensor, t: Tensor, threshold: float, level: float) -> bool:
    return bool(((f >= level) | (t >= threshold)).any())


FILMS = [700, 30, 410, 655, 90, 120, 540, 300, 255, 480, 0, 820, 360, 600, 205, 760, 165, 450, 900, 60, 511, 570, 229]
SPLITS = (
    (FILMS, 15, 0.35, 25),
    (FILMS, 20, 0.3, 70),
    (FILMS, 45, 0.48, 0),
    (FILMS, 45, 0.1, 115),
    ([10, 20, 30, 40, 50, 60, 70, 80], 5, 0.3, 15),
    ([80, 70, 60, 50, 40, 30, 20], 10, 0.4, 10),
    ([3.5, -2.25, 9.75, 0.5, 6.0], 1.5, 0.37, 1.0),
    ([25, 5, 45, 15], 10, 0.7, 30),  # nothing is left to train on
    ([25, 5, 45, 15], 10, 1.0, 5),
    ([25, 5, 45, 15], 10, 0.0, 5),
    ([25, 45, 5], 10, 0.1, 5),
    ([40], 10, 0.9, 5),
    ([40], 10, 0.2, 5),
)


def check_split(answer: object) -> None:
    kind = _kind_of_times(answer)
    cases = [(kind(times), *rest) for times, *rest in SPLITS]
    if _places(call_pure(answer, *cases[0])) != _places(call_pure(answer, *cases[0])):
        raise Mistake("you split by chance: films to train on begin minutes from films to judge by. Sort by time.")
    right = [split_by_time(*case) for case in SPLITS]
    results = call_cases(answer, cases, WRONG_SPLITS, right=right, read=_places)
    if near(results, right):
        return
    explain(results, SPLITS, WRONG_SPLITS)
    place = first_wrong(results, right)
    _explain_split(results[place], right[place], *SPLITS[place])


def _kind_of_times(answer: object) -> Callable:
    """How to give the times: as a tensor to an answer that cannot do with a list."""
    try:
        call_pure(answer, *SPLITS[0])
    except Mistake as mistake:
        if str(mistake).startswith(("your function raises AttributeError", "your function raises TypeError")):
            return torch.tensor
    return list


def _places(value: object) -> tuple[list[float], list[float]]:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise Mistake(f"you return {_kind(value)}, expected two lists.")
    return _list_of_places(value[0]), _list_of_places(value[1])


def _list_of_places(part: object) -> list[float]:
    if isinstance(part, (Tensor, np.ndarray)) and part.ndim == 1:
        part = part.tolist()
    if not isinstance(part, (tuple, list, range)):
        raise Mistake(f"you return two parts, and one is {_kind(part)}, expected a list of places.")
    if any(isinstance(place, (bool, np.bool_)) for place in part):
        raise Mistake("you return True or False for each film, expected the places of the films that are meant.")
    return [as_number(place) for place in part]


def _explain_split(result: tuple, right: tuple, times: list, length: float, share: float, gap: float) -> None:
    """Say what is wrong with a split that no known mistake gives."""
    for place in (*result[0], *result[1]):
        if place not in range(len(times)):
            raise Mistake(f"for {len(times)} films you return the place {place:g}, expected 0 to {len(times) - 1}.")
    if len(result[1]) != len(right[1]):
        raise Mistake(
            f"of {len(times)} films, with share {share:g}, you judge by {len(result[1])}, expected {len(right[1])}."
        )
    early, late = set(result[1]) - set(right[1]), set(right[1]) - set(result[1])
    if late:
        raise Mistake(
            f"you do not judge by a film that begins at {max(times[place] for place in late):g} minutes, expected the"
            " films that begin last" + ("" if early else ", each of them once") + "."
        )
    if not right[1] and set(result[0]) != set(right[0]):
        raise Mistake(f"where nobody judges, all {len(times)} films are trained on: you give {len(result[0])}.")
    films = [place for place in range(len(times)) if (place in result[0]) != (place in right[0])]
    if films:
        begin, first = times[films[0]], min(times[place] for place in right[1])
        raise Mistake(
            f"a film lasts from {begin:g} to {begin + length:g} minutes, the first one to judge by begins at {first:g},"
            f" and the gap is {gap:g}: you {'train on it' if films[0] in result[0] else 'leave it out'}, expected"
            f" {'to leave it out' if films[0] in result[0] else 'to train on it'}."
        )
    if len(result[0]) != len(right[0]):
        raise Mistake("you train on the same film twice: expected each place once.")
    raise Mistake("these are the right places: each list is to be in ascending order.")


def split_by_time(times, length, share, gap):
    order = sorted(range(len(times)), key=lambda place: times[place])
    training = len(times) - round(share * len(times))  # from the front: order[-0:] would be all of them
    judging = order[training:]
    first = min((times[place] for place in judging), default=float("inf"))
    early = [place for place in order[:training] if times[place] + length + gap <= first]
    return sorted(early), sorted(judging)


def _wrong_split(
    keeps: Callable = lambda begin, length, gap, first: begin + length + gap <= first,
    by_place: bool = False,
    count: Callable = round,
) -> Callable:
    """A split with another rule for whom to train on, with places for times, or with other rounding."""

    def split(times, length, share, gap):
        order = sorted(range(len(times)), key=lambda place: place if by_place else times[place])
        cut = len(times) - count(share * len(times))
        first = min((times[place] for place in order[cut:]), default=float("inf"))
        early = [place for place in order[:cut] if keeps(times[place], length, gap, first)]
        return sorted(early), sorted(order[cut:])

    return split


def _minus_nothing(times, length, share, gap):
    right = split_by_time(times, length, share, gap)
    return right if right[1] else ([], list(range(len(times))))


def _by_the_first(times, length, share, gap):
    order = sorted(range(len(times)), key=lambda place: times[place])
    count = round(share * len(times))
    last = max((times[place] for place in order[:count]), default=-float("inf"))
    late = [place for place in order[count:] if last + length + gap <= times[place]]
    return sorted(late), sorted(order[:count])


def _in_order_of_time(times, length, share, gap):
    return tuple(sorted(part, key=lambda place: times[place]) for part in split_by_time(times, length, share, gap))


def _as_times(times, length, share, gap):
    return tuple(sorted(times[place] for place in part) for part in split_by_time(times, length, share, gap))


def _swapped(times, length, share, gap):
    return split_by_time(times, length, share, gap)[::-1]


WRONG_SPLITS = (
    (
        _wrong_split(lambda begin, length, gap, first: True),
        "the right films judge. There is no gap yet: leave out what ends less than `gap` minutes before they begin.",
    ),
    (
        _wrong_split(lambda begin, length, gap, first: begin + length <= first),
        "no two films overlap, but there is no gap between them: the sky still looks the same.",
    ),
    (
        _wrong_split(lambda begin, length, gap, first: begin + gap <= first),
        "you count the gap from where a film begins, expected from where it ends.",
    ),
    (
        _wrong_split(lambda begin, length, gap, first: begin + length + gap < first),
        "a film that ends `gap` minutes before is far enough: at least means that equal will do.",
    ),
    (
        _wrong_split(by_place=True),
        "you take the last places for the films that begin last: `times` is in any order.",
    ),
    (_wrong_split(count=int), "you round the number of films to judge by down, expected `round`."),
    (_wrong_split(count=lambda x: int(-(-x // 1))), "you round the number of films to judge by up, expected `round`."),
    (
        _wrong_split(count=lambda x: max(1, round(x))),
        "where the share is too small for one film, nobody judges: you judge by one.",
    ),
    (_minus_nothing, "where nobody judges, you judge by all and train on none: what is `order[-0:]`?"),
    (_by_the_first, "you judge by the films that begin first, expected those that begin last."),
    (_swapped, "you return the films to judge by first, expected those to train on."),
    (_in_order_of_time, "these are the right places in the order of time: each list is to be in ascending order."),
    (_as_times, "you return when the films begin, expected their places in `times`."),
)


EXERCISES: dict[str, Exercise] = {
    "rain.damp": Exercise(
        check_damp,
        "The less y follows x, the smaller is a: a forecast that nobody can trust shrinks to the mean.",
        (
            "At the mean of x, the best line is at the mean of y. So only the slope is to be found.",
            "a is the mean of (x - mean of x)(y - mean of y), divided by the mean of (x - mean of x) squared.",
            "b is `y.mean() - a * x.mean()`. Look first whether you would divide by 0; `.item()` makes plain numbers.",
        ),
        damped,
    ),
    "rain.level": Exercise(
        check_level,
        "A forecast that is too smooth says rain better at another level than at the threshold itself.",
        (
            "Work out the CSI for each level: hits divided by hits, misses and false alarms.",
            "`said & real` are the hits, `said | real` all events; if there are none, the score is 0.",
            "Go through `sorted(levels)`, and take a level only if its score is higher than all before.",
        ),
        level_for,
    ),
    "rain.split": Exercise(
        check_split,
        "What judges lies later than all that was learnt, and the sky had time to change.",
        (
            "`sorted(range(len(times)), key=lambda place: times[place])` are the places in the order of time.",
            "The last `round(share * len(times))` of them judge; mind that `order[-0:]` is everything.",
            "Of the others, keep those with `times[place] + length + gap <= first`, the first film to judge by; all of"
            " them if nobody judges.",
        ),
        split_by_time,
    ),
}
