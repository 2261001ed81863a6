import torch

from course.exercises.rain import damped, level_for, split_by_time


def untouched_damp(x, y): ...


def given_level(forecast, truth, threshold, levels):
    return threshold


def given_split(times, length, share, gap):
    order = torch.randperm(len(times)).tolist()
    judging = round(share * len(times))
    return sorted(order[judging:]), sorted(order[:judging])


def through_zero(x, y):
    return ((x * y).sum() / (x * x).sum()).item(), 0.0


def unequal_numbers(x, y):
    a = (((x - x.mean()) * (y - y.mean())).mean() / x.var()).item()
    return a, (y.mean() - a * x.mean()).item()


def without_a_look(x, y):
    moved = x - x.mean()
    a = ((moved * (y - y.mean())).sum() / moved.square().sum()).item()
    return a, (y.mean() - a * x.mean()).item()


def score(forecast, truth, threshold, level):
    said, real = forecast >= level, truth >= threshold
    events = (said | real).sum().item()
    return (said & real).sum().item() / events if events else 0


def first_of_equals(forecast, truth, threshold, levels):
    return max(levels, key=lambda level: score(forecast, truth, threshold, level))


def moves_both(forecast, truth, threshold, levels):
    return max(sorted(levels), key=lambda level: score(forecast, truth, level, level))


def right_cells(forecast, truth, threshold, levels):
    return max(sorted(levels), key=lambda level: ((forecast >= level) == (truth >= threshold)).sum().item())


def none_at_zero(forecast, truth, threshold, levels):
    best, highest = None, 0
    for level in sorted(levels):
        if score(forecast, truth, threshold, level) > highest:
            best, highest = level, score(forecast, truth, threshold, level)
    return best


def no_gap(times, length, share, gap):
    return split_by_time(times, length, share, -10_000)


def from_the_beginning(times, length, share, gap):
    return split_by_time(times, 0, share, gap)


def by_place(times, length, share, gap):
    order = list(range(len(times)))
    cut = len(times) - round(share * len(times))
    first = min((times[place] for place in order[cut:]), default=float("inf"))
    return [place for place in order[:cut] if times[place] + length + gap <= first], order[cut:]


def minus_nothing(times, length, share, gap):
    order = sorted(range(len(times)), key=lambda place: times[place])
    count = round(share * len(times))
    late = order[-count:]
    first = times[late[0]]
    return sorted(place for place in order[:-count] if times[place] + length + gap <= first), sorted(late)


UNTOUCHED = {
    "rain.damp": untouched_damp,
    "rain.level": given_level,
    "rain.split": given_split,
}
WRONG = {
    "rain.damp": [
        (lambda x, y: damped(x, y)[::-1], "you return (b, a)"),
        (lambda x, y: damped(y, x), "this line goes from y to x"),
        (through_zero, "your line goes through 0"),
        (unequal_numbers, "a variance over n - 1"),
        (without_a_look, "Where all of x is equal"),
        (lambda x, y: damped(x, y)[0], "expected the pair (a, b)"),
        (lambda x, y: (damped(x, y)[0], y.mean()), "what is left of the mean of y"),
    ],
    "rain.level": [
        (given_level, "you return the threshold itself"),
        (first_of_equals, "the first in the list, expected the lowest"),
        (moves_both, "the threshold of the truth as well"),
        (right_cells, "you count right cells"),
        (none_at_zero, "your function returns nothing"),
        (lambda f, t, threshold, levels: levels.index(level_for(f, t, threshold, levels)), "the place of the level"),
        (lambda f, t, threshold, levels: min(levels), "the lowest level whatever comes"),
    ],
    "rain.split": [
        (given_split, "you split by chance"),
        (no_gap, "There is no gap yet"),
        (from_the_beginning, "expected from where it ends"),
        (by_place, "the last places for the films that begin last"),
        (minus_nothing, "what is `order[-0:]`?"),
        (lambda *given: split_by_time(*given)[::-1], "the films to judge by first"),
        (lambda *given: [part[::-1] for part in split_by_time(*given)], "in ascending order"),
    ],
}
