"""Answers to bayes.accept, written from its text alone."""

import math

import numpy as np
import torch


def plain(log_old, log_new, log_forth, log_back):
    return math.exp(min(0.0, log_new + log_back - log_old - log_forth))


def if_else(log_old, log_new, log_forth, log_back):
    log_ratio = (log_new - log_old) + (log_back - log_forth)
    if log_ratio >= 0:
        return 1
    return math.exp(log_ratio)


def by_numpy(log_old, log_new, log_forth, log_back):
    return np.exp(np.minimum(0, log_new - log_old + log_back - log_forth))


def by_torch(log_old, log_new, log_forth, log_back):
    return torch.tensor(log_new - log_old + log_back - log_forth).clamp(max=0).exp()


def catches(log_old, log_new, log_forth, log_back):
    try:
        return min(1.0, math.exp(log_new - log_old + log_back - log_forth))
    except OverflowError:
        return 1.0


def by_sums(log_old, log_new, log_forth, log_back):
    old, new = log_old + log_forth, log_new + log_back
    return 1.0 if new > old else math.e ** (new - old)


def combined(old=-1, new=1, forth=-1, back=1, end=lambda ratio: math.exp(min(0.0, ratio))):
    def accept(log_old, log_new, log_forth, log_back):
        return end(old * log_old + new * log_new + forth * log_forth + back * log_back)

    return accept


def as_given(log_old, log_new, log_forth, log_back):
    return min(1.0, math.exp(log_new - log_old))


def overflows(log_old, log_new, log_forth, log_back):
    return min(1.0, math.exp(log_new - log_old) * math.exp(log_back) / math.exp(log_forth))


def warns(log_old, log_new, log_forth, log_back):
    return np.minimum(1, np.exp(np.float64(log_new - log_old + log_back - log_forth)))


def both_cut(log_old, log_new, log_forth, log_back):
    return min(1.0, math.exp(min(0, log_new - log_old))) * min(1.0, math.exp(min(0, log_back - log_forth)))


def decides(log_old, log_new, log_forth, log_back):
    return plain(log_old, log_new, log_forth, log_back) > 0.5


def forgets(log_old, log_new, log_forth, log_back):
    plain(log_old, log_new, log_forth, log_back)


def barker(log_old, log_new, log_forth, log_back):
    ratio = math.exp(min(700, log_new - log_old + log_back - log_forth))
    return ratio / (1 + ratio)


RIGHT = [
    (plain, "cut before exp"),
    (if_else, "an if"),
    (by_numpy, "NumPy"),
    (by_torch, "a tensor"),
    (catches, "the error caught"),
    (by_sums, "flows from both sides, compared"),
]
WRONG = [
    (as_given, "as given", "symmetric"),
    (combined(forth=0, back=0), "symmetric, without overflow", "symmetric"),
    (combined(forth=1, back=-1), "forth and back exchanged", "forth and back"),
    (combined(old=1, new=-1), "old and new exchanged", "old and new"),
    (combined(old=1, new=-1, forth=1, back=-1), "upside down", "upside down"),
    (combined(forth=0), "no forth", "log_forth"),
    (combined(back=0), "no back", "log_back"),
    (combined(forth=1), "times both", "divided"),
    (combined(end=lambda ratio: math.exp(min(700, ratio))), "not cut at 1", "more than 1"),
    (combined(end=lambda ratio: min(0.0, ratio)), "the logarithm", "logarithm"),
    (combined(end=lambda ratio: ratio), "the logarithm of the ratio", "logarithm"),
    (overflows, "exp of each part", "before `exp`"),
    (warns, "NumPy's warning", "before `exp`"),
    (both_cut, "cuts twice", "cut both"),
    (decides, "a decision", "expected a number"),
    (forgets, "returns nothing", "returns nothing"),
    (barker, "another rule that is right, but not this one", "Barker"),
]
