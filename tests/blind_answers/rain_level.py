"""Answers to rain.level, written from its text alone."""

import functools

import numpy as np
import torch


def csi(said, real):
    union = (said | real).sum().item()
    return (said & real).sum().item() / union if union else 0.0


def loop_over_sorted_levels(forecast, truth, threshold, levels):
    best, score = None, -1
    for level in sorted(levels):
        here = csi(forecast >= level, truth >= threshold)
        if here > score:
            best, score = level, here
    return best


def loop_in_any_order(forecast, truth, threshold, levels):
    real = truth >= threshold
    best, score = levels[0], csi(forecast >= levels[0], real)
    for level in levels[1:]:
        here = csi(forecast >= level, real)
        if here > score or (here == score and level < best):
            best, score = level, here
    return best


def smallest_key(forecast, truth, threshold, levels):
    return min(levels, key=lambda level: (-csi(forecast >= level, truth >= threshold), level))


def all_at_once(forecast, truth, threshold, levels):
    ordered = torch.tensor(sorted(levels), dtype=torch.float64)
    said = forecast.flatten().double()[None] >= ordered[:, None]
    real = (truth >= threshold).flatten()[None]
    hits, union = (said & real).sum(1), (said | real).sum(1)
    return ordered[(hits / union.clamp(min=1)).argmax()]


def in_numpy(forecast, truth, threshold, levels):
    ordered, real = np.unique(levels), truth.numpy() >= threshold
    scores = []
    for level in ordered:
        said = forecast.numpy() >= level
        scores.append((said & real).sum() / max((said | real).sum(), 1))
    return ordered[np.argmax(scores)]


def counts_pixel_by_pixel(forecast, truth, threshold, levels):
    scores = {}
    for level in levels:
        hits = misses = false = 0
        for said, real in zip(forecast.flatten().tolist(), truth.flatten().tolist(), strict=True):
            hits += said >= level and real >= threshold
            misses += said < level and real >= threshold
            false += said >= level and real < threshold
        scores[level] = hits / (hits + misses + false) if hits else 0
    return min(level for level in scores if scores[level] == max(scores.values()))


def score_given(score, forecast, truth, threshold, levels):
    scores = [score(forecast >= level, truth >= threshold) for level in levels]
    return float(min(level for level, s in zip(levels, scores, strict=True) if s == max(scores)))


class Levels:
    def __call__(self, forecast, truth, threshold, levels):
        real = truth.ge(threshold)
        ordered = sorted(levels)
        scores = torch.tensor([csi(forecast.ge(level), real) for level in ordered])
        return ordered[int(scores.argmax())]


def left_as_given(forecast, truth, threshold, levels):
    return threshold


def forgets_the_return(forecast, truth, threshold, levels):
    best = loop_over_sorted_levels(forecast, truth, threshold, levels)
    print(best)


def said_above_the_level(forecast, truth, threshold, levels):
    return max(sorted(levels), key=lambda level: csi(forecast > level, truth >= threshold))


def real_above_the_threshold(forecast, truth, threshold, levels):
    return max(sorted(levels), key=lambda level: csi(forecast >= level, truth > threshold))


def moves_both(forecast, truth, threshold, levels):
    return max(sorted(levels), key=lambda level: csi(forecast >= level, truth >= level))


def moves_the_truth(forecast, truth, threshold, levels):
    return max(sorted(levels), key=lambda level: csi(forecast >= threshold, truth >= level))


def exchanges_forecast_and_truth(forecast, truth, threshold, levels):
    return max(sorted(levels), key=lambda level: csi(truth >= level, forecast >= threshold))


def first_of_equals(forecast, truth, threshold, levels):
    return max(levels, key=lambda level: csi(forecast >= level, truth >= threshold))


def highest_of_equals(forecast, truth, threshold, levels):
    return max(levels, key=lambda level: (csi(forecast >= level, truth >= threshold), level))


def last_of_equals(forecast, truth, threshold, levels):
    best, score = None, 0
    for level in levels:
        here = csi(forecast >= level, truth >= threshold)
        if here >= score:
            best, score = level, here
    return best


def nearest_of_equals(forecast, truth, threshold, levels):
    scores = {level: csi(forecast >= level, truth >= threshold) for level in levels}
    best = [level for level in levels if scores[level] == max(scores.values())]
    return min(best, key=lambda level: abs(level - threshold))


def threshold_unless_better(forecast, truth, threshold, levels):
    best, score = threshold, csi(forecast >= threshold, truth >= threshold)
    for level in sorted(levels):
        here = csi(forecast >= level, truth >= threshold)
        if here > score:
            best, score = level, here
    return best


def starts_from_zero(forecast, truth, threshold, levels):
    best, score = None, 0
    for level in sorted(levels):
        here = csi(forecast >= level, truth >= threshold)
        if here > score:
            best, score = level, here
    return best


def lowest_csi(forecast, truth, threshold, levels):
    return min(sorted(levels), key=lambda level: csi(forecast >= level, truth >= threshold))


def divides_by_zero(forecast, truth, threshold, levels):
    def score(level):
        said, real = forecast >= level, truth >= threshold
        return (said & real).sum().item() / (said | real).sum().item()

    return max(sorted(levels), key=score)


def nan_without_event(forecast, truth, threshold, levels):
    ordered, real = sorted(levels), truth >= threshold
    said = [forecast >= level for level in ordered]
    scores = torch.stack([(s & real).sum() / (s | real).sum() for s in said])
    return ordered[scores.argmax().item()]


def one_without_event(forecast, truth, threshold, levels):
    def score(level):
        said, real = forecast >= level, truth >= threshold
        return csi(said, real) if (said | real).any() else 1.0

    return max(sorted(levels), key=score)


def share_of_right_pixels(forecast, truth, threshold, levels):
    real = truth >= threshold
    return max(sorted(levels), key=lambda level: ((forecast >= level) == real).float().mean().item())


def probability_of_detection(forecast, truth, threshold, levels):
    real = truth >= threshold
    return max(sorted(levels), key=lambda level: ((forecast >= level) & real).sum().item() / max(real.sum().item(), 1))


def success_ratio(forecast, truth, threshold, levels):
    def score(level):
        said = forecast >= level
        return (said & (truth >= threshold)).sum().item() / max(said.sum().item(), 1)

    return max(sorted(levels), key=score)


def most_hits(forecast, truth, threshold, levels):
    return max(sorted(levels), key=lambda level: ((forecast >= level) & (truth >= threshold)).sum().item())


def same_number_of_events(forecast, truth, threshold, levels):
    wanted = (truth >= threshold).sum()
    return min(sorted(levels), key=lambda level: abs((forecast >= level).sum() - wanted).item())


def mean_over_rows(forecast, truth, threshold, levels):
    def score(level):
        said, real = forecast >= level, truth >= threshold
        if said.dim() < 2:
            return csi(said, real)
        return sum(csi(s, r) for s, r in zip(said, real, strict=True)) / len(said)

    return max(sorted(levels), key=score)


def returns_the_place(forecast, truth, threshold, levels):
    return levels.index(loop_over_sorted_levels(forecast, truth, threshold, levels))


def returns_the_csi(forecast, truth, threshold, levels):
    return max(csi(forecast >= level, truth >= threshold) for level in levels)


def returns_a_pair(forecast, truth, threshold, levels):
    best = loop_over_sorted_levels(forecast, truth, threshold, levels)
    return best, csi(forecast >= best, truth >= threshold)


def returns_all_that_are_best(forecast, truth, threshold, levels):
    scores = [csi(forecast >= level, truth >= threshold) for level in levels]
    return [level for level, s in zip(levels, scores, strict=True) if s == max(scores)]


def sorts_in_place(forecast, truth, threshold, levels):
    levels.sort()
    return max(levels, key=lambda level: csi(forecast >= level, truth >= threshold))


def stops_at_the_first_fall(forecast, truth, threshold, levels):
    ordered, real = sorted(levels), truth >= threshold
    best = ordered[0]
    for level in ordered[1:]:
        if csi(forecast >= level, real) < csi(forecast >= best, real):
            break
        if csi(forecast >= level, real) > csi(forecast >= best, real):
            best = level
    return best


def skips_the_first_level(forecast, truth, threshold, levels):
    ordered = sorted(levels)[1:] or levels
    return max(ordered, key=lambda level: csi(forecast >= level, truth >= threshold))


def only_below_the_threshold(forecast, truth, threshold, levels):
    below = [level for level in sorted(levels) if level <= threshold] or sorted(levels)
    return max(below, key=lambda level: csi(forecast >= level, truth >= threshold))


RIGHT = [
    (loop_over_sorted_levels, "a loop over sorted levels, strictly better"),
    (loop_in_any_order, "a loop in the order given, ties by comparison"),
    (smallest_key, "min with a pair as key"),
    (all_at_once, "all levels at once by broadcasting, a tensor without axes"),
    (in_numpy, "NumPy, unique levels, a NumPy number"),
    (counts_pixel_by_pixel, "counts pixel by pixel, a dictionary of scores"),
    (functools.partial(score_given, csi), "functools.partial over the score, a float"),
    (Levels(), "an object with __call__, argmax of a tensor"),
]

WRONG = [
    (left_as_given, "left as given", "you return the threshold itself: try each of the levels."),
    (forgets_the_return, "prints and does not return", "your function returns nothing: does every way through it"),
    (said_above_the_level, "forecast > level", "you say rain above the level, expected `forecast >="),
    (real_above_the_threshold, "truth > threshold", "an event is `truth >= threshold`: at the threshold itself"),
    (moves_both, "moves the threshold of the truth as well", "you move the threshold of the truth as well: only the"),
    (
        moves_the_truth,
        "moves the threshold of the truth instead",
        "you compare the truth with the level, and the forecast",
    ),
    (
        exchanges_forecast_and_truth,
        "exchanges forecast and truth",
        "you compare the truth with the level, and the forecast",
    ),
    (first_of_equals, "the first of equally good levels", "of equally good levels you return the first in the list,"),
    (
        highest_of_equals,
        "the highest of equally good levels",
        "of equally good levels you return the highest, expected",
    ),
    (last_of_equals, "the last of equally good levels", "equally good"),
    (nearest_of_equals, "of equally good levels the nearest to the threshold", "equally good"),
    (
        threshold_unless_better,
        "the threshold unless a level is better",
        "you return 0.5, which is none of the levels [1.5, 0.25,",
    ),
    (starts_from_zero, "None where every CSI is 0", "your function returns nothing: does every way through it"),
    (lowest_csi, "the lowest CSI", "this is the level of the lowest CSI."),
    (divides_by_zero, "divides by 0 without an event", "raises ZeroDivisionError"),
    (
        nan_without_event,
        "nan without an event, and argmax takes it",
        "where there is no event at all, your CSI is not 0: there",
    ),
    (one_without_event, "CSI 1 without an event", "where there is no event at all, your CSI is not 0: there"),
    (share_of_right_pixels, "the share of right pixels", "you count right cells, dry ones as well: the CSI is hits"),
    (probability_of_detection, "hits by real events", "you return the lowest level whatever comes: false alarms"),
    (success_ratio, "hits by events that were said", "where the CSI is"),
    (most_hits, "the most hits", "you return the lowest level whatever comes: false alarms"),
    (same_number_of_events, "as many events said as real", "where the CSI is"),
    (mean_over_rows, "the mean of the CSI of rows", "where the CSI is"),
    (returns_the_place, "the place of the level in the list", "you return the place of the level, expected the level."),
    (returns_the_csi, "the CSI instead of the level", "you return the highest CSI, expected the level that has"),
    (returns_a_pair, "the level and its CSI", "you return a tuple, expected a number."),
    (returns_all_that_are_best, "a list of all that are best", "you return a list, expected a number."),
    (sorts_in_place, "sorts the list in place", "your function changes its argument levels: make a new one"),
    (stops_at_the_first_fall, "stops at the first fall of the CSI", "where the CSI is"),
    (skips_the_first_level, "does not look at the lowest level", "where the CSI is"),
    (only_below_the_threshold, "looks at levels up to the threshold only", "where the CSI is"),
]
