"""Answers to vision.precision, written from its text alone."""

import numpy as np
import torch


def by_lists(hits, count):
    found = [sum(hits[: place + 1]) / (place + 1) for place in range(len(hits))]
    return sum(max(found[place:]) for place in range(len(hits)) if hits[place]) / count


def in_numpy(hits, count):
    hit = np.array(hits, float)
    precision = hit.cumsum() / np.arange(1, len(hit) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return (best * hit).sum() / count


def in_torch(hits, count):
    hit = torch.tensor(hits, dtype=torch.float64)
    precision = hit.cumsum(0) / torch.arange(1, len(hit) + 1)
    if len(hit):
        precision = precision.flip(0).cummax(0).values.flip(0)
    return (precision * hit).sum() / count


def from_behind(hits, count):
    total, best, right = 0.0, 0.0, sum(hits)
    for place in range(len(hits), 0, -1):
        best = max(best, right / place)
        if hits[place - 1]:
            total += best / count
            right -= 1
    return total


def by_recall(hits, count):
    """For each box that is found: the best precision at this recall or a higher one."""
    points = [(sum(hits[:n]), sum(hits[:n]) / n) for n in range(1, len(hits) + 1)]
    return sum(max(p for r, p in points if r >= level) for level in range(1, sum(hits) + 1)) / count


def precisions(hits):
    return [sum(hits[: place + 1]) / (place + 1) for place in range(len(hits))]


def not_falling(hits, count):
    return sum(p for p, hit in zip(precisions(hits), hits, strict=True) if hit) / count


def by_found(hits, count):
    return by_lists(hits, count) * count / max(1, sum(hits))


def at_all(hits, count):
    return sum(max(precisions(hits)[place:]) for place in range(len(hits))) / count


def precision_of_all(hits, count):
    return sum(hits) / max(1, len(hits))


def recall(hits, count):
    return sum(hits) / count


def not_divided(hits, count):
    return by_lists(hits, 1)


def backwards(hits, count):
    return by_lists(hits[::-1], count)


def no_guard(hits, count):
    best = max(precisions(hits))
    return by_lists(hits, count) if best >= 0 else 0


def curve(hits, count):
    return precisions(hits)


def forgets(hits, count):
    by_lists(hits, count)


def from_zero(hits, count):
    found = [sum(hits[:place]) / (place + 1) for place in range(len(hits))]
    return sum(max(found[place:]) for place in range(len(hits)) if hits[place]) / count


RIGHT = [
    (by_lists, "by lists"),
    (in_numpy, "in NumPy"),
    (in_torch, "in torch"),
    (from_behind, "from behind"),
    (by_recall, "box by box"),
]
WRONG = [
    (not_falling, "precision that rises", "rise again"),
    (by_found, "divided by what was found", "missed"),
    (at_all, "at every detection", "recall grows only"),
    (precision_of_all, "precision", "precision of all"),
    (recall, "recall", "recall"),
    (not_divided, "a sum", "add up precisions"),
    (backwards, "backwards", "from the last to the first"),
    (no_guard, "no empty list", "the area is 0"),
    (curve, "a curve", "expected a number"),
    (from_zero, "one hit late", "expected"),
    (forgets, "no return", "returns nothing"),
]
