"""Answers to optim.edge, written from its text alone."""

import functools

import numpy as np


def half_the_edge(curvatures):
    return 1 / max(curvatures), 2 / (max(curvatures) + min(curvatures))


def edge_of_the_flattest(curvatures):
    return 2 / min(curvatures), 2 / (max(curvatures) + min(curvatures))


def best_is_one_over_the_steepest(curvatures):
    return 2 / max(curvatures), 1 / max(curvatures)


def best_is_half_the_edge_of_the_mean(curvatures):
    return 2 / max(curvatures), len(curvatures) / sum(curvatures)


def best_from_the_sum(curvatures):
    return 2 / max(curvatures), 2 / sum(curvatures)


def takes_them_as_sorted(curvatures):
    return 2 / curvatures[-1], 2 / (curvatures[0] + curvatures[-1])


def ends_of_the_list(curvatures):
    return 2 / max(curvatures), 2 / (curvatures[0] + curvatures[-1])


def best_first(curvatures):
    return 2 / (max(curvatures) + min(curvatures)), 2 / max(curvatures)


def geometric_mean(curvatures):
    return 2 / max(curvatures), 1 / (max(curvatures) * min(curvatures)) ** 0.5


def mean_of_the_single_bests(curvatures):
    return 2 / max(curvatures), (1 / max(curvatures) + 1 / min(curvatures)) / 2


def two_steepest(curvatures):
    steepest = sorted(curvatures)[-2:]
    return 2 / steepest[-1], 2 / (steepest[0] + steepest[-1])


def whole_numbers(curvatures):
    return 2 // max(curvatures), 2 // (max(curvatures) + min(curvatures))


def coarse_search(curvatures):
    edge = 2 / max(curvatures)
    tries = [edge * k / 20 for k in range(1, 20)]
    return edge, min(tries, key=lambda rate: max(abs(1 - rate * c) for c in curvatures))


def sorts_in_place(curvatures):
    curvatures.sort()
    return 2 / curvatures[-1], 2 / (curvatures[0] + curvatures[-1])


def max_and_min(curvatures):
    return 2 / max(curvatures), 2 / (max(curvatures) + min(curvatures))


def sorted_copy(curvatures: list[float]) -> list[float]:
    ordered = sorted(curvatures)
    flattest, steepest = ordered[0], ordered[-1]
    return [2 / steepest, 2 / (flattest + steepest)]


def in_numpy(curvatures):
    values = np.asarray(curvatures, dtype=np.float64)
    return np.float64(2) / values.max(), 2 / (values.min() + values.max())


def by_a_loop(curvatures):
    low = high = None
    for count, c in enumerate(curvatures):
        low = c if low is None or c < low else low
        high = c if high is None or c > high else high
    print("directions:", count + 1)
    return 2.0 / high, 1.0 / ((low + high) / 2)


class Search:
    """Looks for the rate with the smallest of the largest factors, by thirds."""

    def __call__(self, curvatures):
        values = [float(c) for c in curvatures]

        def slowest(rate):
            return max(abs(1 - rate * c) for c in values)

        edge = min(2 / c for c in values)
        low, high = 0.0, edge
        for _ in range(200):
            a, b = low + (high - low) / 3, high - (high - low) / 3
            if slowest(a) < slowest(b):
                high = b
            else:
                low = a
        return edge, (low + high) / 2


def from_top(top, curvatures):
    return top / max(curvatures), top / (max(curvatures) + min(curvatures))


WRONG = [
    (half_the_edge, "the first number is half the edge", "with that rate the steepest direction is at its"),
    (edge_of_the_flattest, "the edge of the flattest direction", "at your edge the flattest direction just survives"),
    (
        best_is_one_over_the_steepest,
        "best for the steepest direction only",
        "the edge is right. Your best rate is made for the",
    ),
    (
        best_is_half_the_edge_of_the_mean,
        "1 / mean: right for two directions only",
        "the edge is right. Your best rate fits the mean",
    ),
    (
        best_from_the_sum,
        "2 / sum: right for two directions only",
        "the edge is right. For the best rate you add all up",
    ),
    (takes_them_as_sorted, "takes the list as sorted", "you look at the last curvature of the list, wherever"),
    (
        ends_of_the_list,
        "the edge is right, the best rate takes the list as sorted",
        "the edge is right. For the best rate you take first",
    ),
    (best_first, "the two numbers swapped", "both numbers are right, in the wrong order: first the"),
    (
        geometric_mean,
        "the geometric mean: right for equal curvatures only",
        "the edge is right. You take the middle of steepest",
    ),
    (
        mean_of_the_single_bests,
        "the mean of the rates in place of the rate of the mean",
        "a step at your best rate leaves",
    ),
    (two_steepest, "the two steepest only", "a step at your best rate leaves"),
    (whole_numbers, "whole numbers", "your edge is 0, expected a rate above 0"),
    (coarse_search, "the best of 19 rates only", "a step at your best rate leaves"),
    (sorts_in_place, "sorts the caller's list", "your function changes its argument curvatures: make a"),
]
RIGHT = [
    (max_and_min, "max and min"),
    (sorted_copy, "a sorted copy, returns a list"),
    (in_numpy, "NumPy numbers"),
    (by_a_loop, "a loop and a print"),
    (Search(), "a callable object, which searches by thirds"),
    (functools.partial(from_top, 2.0), "functools.partial"),
]
