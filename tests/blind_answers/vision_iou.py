"""Answers to vision.iou, written from its text alone."""

import numpy as np
import torch
from torchvision.ops import box_iou


def area(box):
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])


def common(one, other):
    return [max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])]


def by_hand(one, other):
    both = area(common(one, other))
    union = area(one) + area(other) - both
    return both / union if union else 0


def by_torch(one, other):
    both = box_iou(torch.tensor([one]).float(), torch.tensor([other]).float())
    return both.nan_to_num(0)[0, 0]


def in_numpy(one, other):
    one, other = np.array(one, float), np.array(other, float)
    sides = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None)
    both = sides.prod()
    union = (one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - both
    return both / union if both > 0 else 0.0


def by_counting(one, other):
    """All numbers are multiples of one half."""
    y, x = np.mgrid[0:40, 0:40] / 2 + 0.25
    a, b = (((x > q[0]) & (x < q[2]) & (y > q[1]) & (y < q[3])) for q in (one, other))
    return (a & b).sum() / max(1, (a | b).sum())


def divided(below):
    def share(one, other):
        both = area(common(one, other))
        return both / below(one, other, both) if both else 0

    return share


def not_cut(one, other):
    x0, y0, x1, y1 = common(one, other)
    both = (x1 - x0) * (y1 - y0)
    return both / (area(one) + area(other) - both) if area(one) else 0


def no_guard(one, other):
    both = area(common(one, other))
    return both / (area(one) + area(other) - both)


def product_cut(one, other):
    x0, y0, x1, y1 = common(one, other)
    both = max(0, (x1 - x0) * (y1 - y0))
    return both / (area(one) + area(other) - both) if area(one) else 0


def width_and_height(one, other):
    """Takes the last two numbers for a width and a height."""
    return by_hand([*one[:2], one[0] + one[2], one[1] + one[3]], [*other[:2], other[0] + other[2], other[1] + other[3]])


def forgets(one, other):
    by_hand(one, other)


def as_a_pair(one, other):
    return by_hand(one, other), 1


RIGHT = [
    (by_hand, "by hand"),
    (by_torch, "torchvision's, with nan turned to 0"),
    (in_numpy, "in NumPy"),
    (by_counting, "counts half pixels"),
]
WRONG = [
    (not_cut, "no boxes lie apart", "lie apart"),
    (product_cut, "cut after the product", "each off at 0"),
    (no_guard, "divides by nothing", "no area"),
    (divided(lambda one, other, both: area(one) + area(other)), "the sum below", "union"),
    (divided(lambda one, other, both: min(area(one), area(other))), "the smaller below", "smaller"),
    (divided(lambda one, other, both: max(area(one), area(other))), "the larger below", "larger"),
    (divided(lambda one, other, both: area(one)), "the first below", "first box"),
    (divided(lambda one, other, both: area(other)), "the second below", "second box"),
    (divided(lambda one, other, both: (area(one) + area(other)) / 2), "Dice", "Dice"),
    (width_and_height, "sizes for corners", "expected"),
    (forgets, "no return", "returns nothing"),
    (as_a_pair, "a pair", "expected a number"),
]
