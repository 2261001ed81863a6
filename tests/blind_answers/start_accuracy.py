"""Answers to start.accuracy, written from its text alone."""

import functools

import numpy as np
import torch

# ---- wrong


def returns_tensor(logits, y):
    return (logits.argmax(dim=1) == y).float().mean()


def argmax_down_columns(logits, y):
    guess = logits.argmax(dim=0)
    n = min(len(guess), len(y))
    return (guess[:n] == y[:n]).float().mean().item()


def argmax_of_everything(logits, y):
    return (logits.argmax() == y).float().mean().item()


def keepdim_compares_all_pairs(logits, y):
    return (logits.argmax(dim=1, keepdim=True) == y).float().mean().item()


def counts_right(logits, y):
    return (logits.argmax(dim=1) == y).sum().item()


def percent(logits, y):
    return 100 * (logits.argmax(dim=1) == y).float().mean().item()


def divides_by_classes(logits, y):
    return (logits.argmax(dim=1) == y).sum().item() / logits.shape[1]


def divides_by_batch_of_64(logits, y):
    return (logits.argmax(dim=1) == y).sum().item() / 64


def error_rate(logits, y):
    return (logits.argmax(dim=1) != y).float().mean().item()


def largest_size_not_largest_value(logits, y):
    return (logits.abs().argmax(dim=1) == y).float().mean().item()


def whole_number_division(logits, y):
    return (logits.argmax(dim=1) == y).sum().item() // len(y)


def threshold_on_true_class(logits, y):
    p = torch.softmax(logits, dim=1)
    return (p[torch.arange(len(y)), y] > 0.5).float().mean().item()


def loop_misses_last(logits, y):
    right = 0
    for i in range(len(y) - 1):
        right += int(logits[i].argmax() == y[i])
    return right / len(y)


def best_starts_at_zero(logits, y):
    right = 0
    for row, target in zip(logits.tolist(), y.tolist()):
        best, best_value = 0, 0.0
        for k, value in enumerate(row):
            if value > best_value:
                best, best_value = k, value
        right += best == target
    return right / len(y)


# ---- right


def mean_item(logits, y):
    return (logits.argmax(dim=1) == y).float().mean().item()


def count_over_length(logits, y):
    _, guess = torch.max(logits, dim=-1)
    right = torch.eq(guess, y).sum()
    return int(right) / y.shape[0]


def explicit_loop(logits, y):
    right = 0
    for row, target in zip(logits.tolist(), y.tolist()):
        if row.index(max(row)) == target:
            right += 1
    return right / len(y)


def with_numpy(logits: torch.Tensor, y: torch.Tensor) -> float:
    guess = np.argmax(logits.detach().cpu().numpy(), axis=1)
    return float(np.mean(guess == y.cpu().numpy()))


class AccuracyMeter:
    def __init__(self):
        self.calls = 0

    def __call__(self, logits, y):
        self.calls += 1
        p = torch.softmax(logits.double(), dim=1)
        return (p.topk(1, dim=1).indices.squeeze(1) == y).double().mean().item()


def fraction_along(dim, logits, y):
    hits = logits.argsort(dim=dim, descending=True)[:, 0] == y
    print("hits:", int(hits.sum()))
    return hits.tolist().count(True) / len(hits)


WRONG = [
    (returns_tensor, "a tensor, not a Python number", "the result is still a tensor, expected a Python"),
    (argmax_down_columns, "argmax along the batch, cut to fit", "along which dimension do you take the argmax, and"),
    (
        argmax_of_everything,
        "one argmax of the whole block, right for one row only",
        "all images get the same answer: argmax looks at the",
    ),
    (
        keepdim_compares_all_pairs,
        "(B, 1) == (B,) compares every guess with every class",
        "along which dimension do you take the argmax, and",
    ),
    (counts_right, "the count, not the fraction", "that is how many are right, expected the fraction of"),
    (percent, "percent instead of a fraction", "you return a percentage, expected a fraction between"),
    (divides_by_classes, "divides by K instead of B", "you divide by the number of classes, expected that of"),
    (divides_by_batch_of_64, "divides by a hard-coded batch size", "along which dimension do you take the argmax, and"),
    (error_rate, "the fraction that is wrong", "you return the fraction that is wrong, expected the"),
    (
        largest_size_not_largest_value,
        "largest absolute value wins, wrong for negative logits",
        "along which dimension do you take the argmax, and",
    ),
    (whole_number_division, "// gives 0 unless all are right", "along which dimension do you take the argmax, and"),
    (
        threshold_on_true_class,
        "asks for a probability over 0.5 instead of the largest one",
        "along which dimension do you take the argmax, and",
    ),
    (loop_misses_last, "the loop leaves out the last row", "along which dimension do you take the argmax, and"),
    (
        best_starts_at_zero,
        "running best starts at 0, so rows of negative logits give class 0",
        "along which dimension do you take the argmax, and",
    ),
]
RIGHT = [
    (mean_item, "mean of comparisons, .item()"),
    (count_over_length, "torch.max's indices and a division of Python numbers"),
    (explicit_loop, "loop over lists"),
    (with_numpy, "NumPy, type-annotated"),
    (AccuracyMeter(), "callable object with a counter, softmax first, topk"),
    (functools.partial(fraction_along, 1), "functools.partial, argsort, a print"),
]
