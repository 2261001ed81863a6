"""Answers to writing.temperature, written from its text alone."""

import numpy as np
import torch
from scipy.special import softmax


def plain(logits, temperature):
    return torch.softmax(logits / temperature, dim=-1)


def by_logs(logits, temperature):
    return (logits / temperature).log_softmax(dim=-1).exp()


def by_hand(logits, temperature):
    scaled = logits / temperature
    powers = (scaled - scaled.amax(dim=-1, keepdim=True)).exp()
    return powers / powers.sum(dim=-1, keepdim=True)


def by_scipy(logits, temperature):
    return softmax(logits.numpy() / temperature, axis=-1)


def as_given(logits, temperature):
    chances = logits.softmax(-1) / temperature
    return chances / chances.sum(-1, keepdim=True)


def divided(logits, temperature):
    return logits.softmax(-1) / temperature


def multiplied(logits, temperature):
    return (logits * temperature).softmax(-1)


def twice(logits, temperature):
    return (logits.softmax(-1) / temperature).softmax(-1)


def no_softmax(logits, temperature):
    return logits / temperature


def logarithms(logits, temperature):
    return (logits / temperature).log_softmax(-1)


def columns(logits, temperature):
    return (logits / temperature).softmax(0)


def overflow(logits, temperature):
    powers = np.exp((logits / temperature).numpy().astype(np.float32))
    return powers / powers.sum(-1, keepdims=True)


def largest(logits, temperature):
    return (logits / temperature).argmax(-1)


def nothing(logits, temperature):
    plain(logits, temperature)


RIGHT = [
    (plain, "softmax"),
    (by_logs, "log_softmax and exp"),
    (by_hand, "by hand, without overflow"),
    (by_scipy, "SciPy"),
]
WRONG = [
    (as_given, "as given", "the temperature changes nothing"),
    (divided, "divided", "no longer add up to 1"),
    (multiplied, "multiplied", "high temperatures"),
    (twice, "softmax twice", "a softmax of chances"),
    (no_softmax, "no softmax", "the softmax is missing"),
    (logarithms, "logarithms", "logarithms of chances"),
    (columns, "columns", "the columns add up to 1"),
    (overflow, "overflow", "infinite or nan"),
    (largest, "the largest", "expected the same"),
    (nothing, "returns nothing", "returns nothing"),
]
