"""Answers to nn.lost, written from its text alone."""

import functools

import numpy as np
import torch


def parts(logits, y):
    answers = logits.argmax(dim=1)
    return [(answers[y == digit] == digit).double().mean().item() for digit in range(logits.shape[1])]


def never_answered(logits, y):
    answers = logits.argmax(1)
    return [digit for digit in range(logits.shape[1]) if digit in y and not (answers == digit).any()]


def never_answered_or_absent(logits, y):
    return sorted(set(range(logits.shape[1])) - set(logits.argmax(1).tolist()))


def never_found(logits, y):
    return [digit for digit, part in enumerate(parts(logits, y)) if part == 0]


def up_to_one_in_twenty(logits, y):
    return [digit for digit, part in enumerate(parts(logits, y)) if part <= 0.05]


def five_in_a_hundred_of_all(logits, y):
    answers, digits = logits.argmax(1), []
    for digit in range(logits.shape[1]):
        if digit in y and ((answers == digit) & (y == digit)).double().mean() < 0.05:
            digits.append(digit)
    return digits


def absent_too(logits, y):
    return [digit for digit, part in enumerate(parts(logits, y)) if not part >= 0.05]


def ten_always(logits, y):
    return [digit for digit in range(10) if not parts(logits, y)[digit] > 0.05]


def the_found(logits, y):
    return [digit for digit, part in enumerate(parts(logits, y)) if part >= 0.05]


def smallest_logit(logits, y):
    return lost_by_loop(-logits, y)


def a_mask(logits, y):
    return [part < 0.05 for part in parts(logits, y)]


def only_the_count(logits, y):
    return sum(part < 0.05 for part in parts(logits, y))


def only_the_worst(logits, y):
    found = parts(logits, y)
    return [int(np.nanargmin(found))] if len(y) and min(found) < 0.05 else []


def of_the_batch(logits, y):
    answers = logits.argmax(0)
    return [digit for digit in range(logits.shape[1]) if (answers[y == digit] == digit).float().mean() < 0.05]


def lost_by_loop(logits, y):
    digits = []
    for digit in range(logits.shape[1]):
        images = [place for place in range(len(y)) if y[place] == digit]
        right = sum(int(logits[place].argmax() == digit) for place in images)
        if images and right / len(images) < 1 / 20:
            digits.append(digit)
    return digits


def by_nan(logits: torch.Tensor, y: torch.Tensor) -> list[int]:
    print("digits without an image have nan, and nan is not below anything")
    return [digit for digit, part in enumerate(parts(logits, y)) if part < 0.05]


def by_bincount(logits, y, share):
    classes = logits.shape[1]
    images = torch.bincount(y, minlength=classes)
    right = torch.bincount(y[logits.argmax(1) == y], minlength=classes)
    return ((images > 0) & (right < share * images)).nonzero().flatten()


class Lost:
    def __call__(self, logits, y):
        answers, truth = logits.argmax(1).numpy(), y.numpy()
        found = {digit: (answers[truth == digit] == digit).mean() for digit in np.unique(truth)}
        return {int(digit) for digit, part in found.items() if part < 0.05}


def confusion(logits, y):
    classes = logits.shape[1]
    table = torch.zeros(classes, classes)
    table.index_put_((y, logits.argmax(1)), torch.ones(len(y)), accumulate=True)
    return tuple(d for d in range(classes) if table[d].sum() and table[d, d] / table[d].sum() < 0.05)


WRONG = [
    (never_answered, "digits that are never answered", "less than one in twenty must be read right"),
    (never_answered_or_absent, "never answered, absent ones too", "take those for lost that have no image"),
    (never_found, "found in no case at all", "now and then"),
    (up_to_one_in_twenty, "one in twenty counts as lost", "exactly one in twenty"),
    (five_in_a_hundred_of_all, "divided by all images", "you divide by all images"),
    (absent_too, "digits without an image", "no image is not lost"),
    (ten_always, "ten classes always, > for >=, absent ones too", "raises IndexError"),
    (the_found, "those that are found", "you return the digits that are found"),
    (smallest_logit, "the smallest logit as answer", "print, for each digit"),
    (a_mask, "a list of booleans", "print, for each digit"),
    (only_the_count, "how many", "you return one number"),
    (only_the_worst, "only the worst", "print, for each digit"),
    (of_the_batch, "argmax over the images", "raises"),
]
RIGHT = [
    (lost_by_loop, "plain loops"),
    (by_nan, "a comprehension that relies on nan, annotated, with a print"),
    (functools.partial(by_bincount, share=0.05), "partial, bincount, a tensor"),
    (Lost(), "a callable object, NumPy, a set"),
    (confusion, "a table of confusion, a tuple"),
]
