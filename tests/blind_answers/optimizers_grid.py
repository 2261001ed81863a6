"""Answers to optimizers.grid, written from its text alone."""

import functools
import math

import numpy as np
import torch


def keeps_a_dictionary(score, rates):
    known = {}
    for rate in rates:
        known[rate] = score(rate)
    while True:
        best = max(known, key=lambda rate: known[rate])
        if best == max(known):
            known[2 * best] = score(2 * best)
        elif best == min(known):
            known[best / 2] = score(best / 2)
        else:
            return best


def keeps_two_lists(score, rates):
    grid, scores = list(rates), [score(rate) for rate in rates]
    while scores[0] == max(scores):
        grid.insert(0, grid[0] / 2)
        scores.insert(0, score(grid[0]))
    while scores[-1] == max(scores):
        grid.append(grid[-1] * 2)
        scores.append(score(grid[-1]))
    return grid[scores.index(max(scores))]


def remembers_by_cache(score, rates):
    score = functools.cache(score)
    best = rates[0]
    for rate in rates:
        if score(rate) > score(best):
            best = rate
    low, high = min(rates), max(rates)
    while best == low or best == high:
        if best == low:
            low = low / 2
        else:
            high = high * 2
        best = max([low, best, high], key=score)
    return best


def calls_itself(score, rates, seen=None):
    seen = {} if seen is None else seen
    for rate in rates:
        if rate not in seen:
            seen[rate] = score(rate)
    best = max(rates, key=seen.get)
    if best == rates[0]:
        return calls_itself(score, [best / 2, *rates], seen)
    if best == rates[-1]:
        return calls_itself(score, [*rates, 2 * best], seen)
    return best


def counts_in_numpy(score, rates):
    rates = np.array(rates)
    scores = np.array([score(float(rate)) for rate in rates])
    while scores.argmax() in (0, len(rates) - 1):
        at_the_end = scores.argmax() > 0
        rate = rates[-1] * 2 if at_the_end else rates[0] * 0.5
        place = len(rates) if at_the_end else 0
        rates, scores = np.insert(rates, place, rate), np.insert(scores, place, score(float(rate)))
    return rates[scores.argmax()]


def walks_uphill(score, rates):
    """The scores are one hill, so nothing is tried beyond the first rate that is worse."""
    best, top, grid = rates[0], score(rates[0]), list(rates[1:])
    climbed = False
    while True:
        rate = grid.pop(0) if grid else 2 * best
        value = score(rate)
        if value < top:
            break
        best, top, climbed = rate, value, True
    while not climbed:
        value = score(best / 2)
        if value < top:
            break
        best, top = best / 2, value
    return torch.tensor(best, dtype=torch.float64)


def changes_the_given_list(score, rates):
    scores = [score(rate) for rate in rates]
    while True:
        place = scores.index(max(scores))
        if place == 0:
            rates.insert(0, rates[0] / 2)
            scores.insert(0, score(rates[0]))
        elif place == len(rates) - 1:
            rates.append(rates[-1] * 2)
            scores.append(score(rates[-1]))
        else:
            return rates[place]


def best_of_the_grid(score, rates):
    return max(rates, key=score)


def one_more_only(score, rates):
    known = {rate: score(rate) for rate in rates}
    best = max(known, key=known.get)
    if best == rates[0]:
        known[best / 2] = score(best / 2)
    elif best == rates[-1]:
        known[best * 2] = score(best * 2)
    return max(known, key=known.get)


def grows_upwards_only(score, rates):
    known = {rate: score(rate) for rate in rates}
    best = max(known, key=known.get)
    while best == max(known):
        known[2 * best] = score(2 * best)
        best = max(known, key=known.get)
    return best


def grows_downwards_only(score, rates):
    known = {rate: score(rate) for rate in rates}
    best = max(known, key=known.get)
    while best == min(known):
        known[best / 2] = score(best / 2)
        best = max(known, key=known.get)
    return best


def trains_again(score, rates):
    grid = list(rates)
    while True:
        best = max(grid, key=score)
        if best == grid[0]:
            grid.insert(0, best / 2)
        elif best == grid[-1]:
            grid.append(2 * best)
        else:
            return best


def by_factors_of_ten(score, rates):
    known = {rate: score(rate) for rate in rates}
    best = max(known, key=known.get)
    while best in (min(known), max(known)):
        rate = best / 10 if best == min(known) else best * 10
        known[rate] = score(rate)
        best = max(known, key=known.get)
    return best


def returns_the_score(score, rates):
    known = {rate: score(rate) for rate in rates}
    best = max(known, key=known.get)
    while best in (min(known), max(known)):
        rate = best / 2 if best == min(known) else best * 2
        known[rate] = score(rate)
        best = max(known, key=known.get)
    return known[best]


def returns_what_was_tried_last(score, rates):
    known = {rate: score(rate) for rate in rates}
    rate = best = max(known, key=known.get)
    while best in (min(known), max(known)):
        rate = best / 2 if best == min(known) else best * 2
        known[rate] = score(rate)
        best = max(known, key=known.get)
    return rate


def always_tries_both_ends(score, rates):
    known = {rate: score(rate) for rate in rates}
    while True:
        known[min(known) / 2] = score(min(known) / 2)
        known[max(known) * 2] = score(max(known) * 2)
        best = max(known, key=known.get)
        if min(known) < best < max(known):
            return best


def goes_the_wrong_way(score, rates):
    known = {rate: score(rate) for rate in rates}
    best = max(known, key=known.get)
    while best in (min(known), max(known)):
        rate = best * 2 if best == min(known) else best / 2
        known[rate] = score(rate)
        best = max(known, key=known.get)
    return best


def takes_the_lowest(score, rates):
    known = {rate: score(rate) for rate in rates}
    return min(known, key=known.get)


def a_generous_grid(score, rates):
    wide = [rates[0] / 2**k for k in range(10, 0, -1)] + rates + [rates[-1] * 2**k for k in range(1, 11)]
    return max(wide, key=score)


def returns_a_place(score, rates):
    return int(np.argmax([score(rate) for rate in rates]))


def between_two_rates(score, rates):
    """A parabola through the three best, in the logarithm: finer than the text asks for."""
    best = keeps_a_dictionary(functools.cache(score), rates)
    low, mid, high = (score(best * 2.0**k) for k in (-1, 0, 1))
    return best * 2 ** (0.5 * (low - high) / (low - 2 * mid + high)) * math.exp(0)


WRONG = [
    (best_of_the_grid, "the best of the given rates", "nobody looks beyond"),
    (one_more_only, "one rate beyond the end, never two", "then look on"),
    (grows_upwards_only, "upwards only", "towards larger rates only"),
    (grows_downwards_only, "downwards only", "towards smaller rates only"),
    (trains_again, "asks for all scores anew in every round", "more than once"),
    (by_factors_of_ten, "ten times as far", "expected"),
    (returns_the_score, "the score of the best rate", "you return the highest score"),
    (returns_what_was_tried_last, "the rate tried last", "that one was worse"),
    (always_tries_both_ends, "grows at both ends, always", "go on only while the best rate is at an end"),
    (goes_the_wrong_way, "doubles at the lower end, halves at the upper", "you train again and again"),
    (takes_the_lowest, "min for max", "the lowest score"),
    (a_generous_grid, "ten rates more on each side at once", "go on only while the best rate is at an end"),
    (returns_a_place, "the place in the list", "expected"),
    (between_two_rates, "a parabola between the rates", "expected"),
]
RIGHT = [
    (keeps_a_dictionary, "a dictionary, upwards first"),
    (keeps_two_lists, "two lists, downwards and then upwards"),
    (remembers_by_cache, "the loop as it was given, the scores kept by a cache"),
    (calls_itself, "calls itself with a longer list"),
    (counts_in_numpy, "in NumPy, a NumPy number"),
    (walks_uphill, "stops at the first rate that is worse, a tensor"),
    (changes_the_given_list, "grows the given list itself"),
]
