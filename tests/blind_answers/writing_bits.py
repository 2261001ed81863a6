"""Answers to writing.bits, written from its text alone."""

import math
from collections import Counter, defaultdict

import numpy as np
import torch


def plain(learned, unseen, letters):
    total = 0.0
    for a, b in zip(unseen, unseen[1:]):
        pair = sum(1 for i in range(len(learned) - 1) if learned[i] == a and learned[i + 1] == b)
        first = sum(1 for i in range(len(learned) - 1) if learned[i] == a)
        total += -math.log2((pair + 1) / (first + letters))
    return total / (len(unseen) - 1)


def by_dicts(learned, unseen, letters):
    followers = defaultdict(Counter)
    for a, b in zip(learned, learned[1:]):
        followers[a][b] += 1
    sums = {a: sum(counter.values()) for a, counter in followers.items()}
    logs = [math.log2((followers[a][b] + 1) / (sums.get(a, 0) + letters)) for a, b in zip(unseen, unseen[1:])]
    return -sum(logs) / len(logs)


def by_numpy(learned, unseen, letters):
    pairs = Counter(learned[i : i + 2] for i in range(len(learned) - 1))
    firsts = Counter(pair[0] for pair in pairs.elements())
    wanted = [unseen[i : i + 2] for i in range(len(unseen) - 1)]
    chances = np.array([(pairs[p] + 1) / (firsts[p[0]] + letters) for p in wanted])
    return -np.log2(chances).mean()


def by_torch(learned, unseen, letters):
    pairs, firsts = Counter(zip(learned, learned[1:])), Counter(learned[:-1])
    chances = [(pairs[a, b] + 1) / (firsts[a] + letters) for a, b in zip(unseen, unseen[1:])]
    return -torch.tensor(chances, dtype=torch.float64).log2().mean()


def chances_of(learned, unseen, letters):
    pairs, firsts = Counter(zip(learned, learned[1:])), Counter(learned[:-1])
    return [(pairs[a, b] + 1) / (firsts[a] + letters) for a, b in zip(unseen, unseen[1:])]


def no_smoothing(learned, unseen, letters):
    pairs, firsts = Counter(zip(learned, learned[1:])), Counter(learned[:-1])
    return -sum(math.log2(pairs[a, b] / firsts[a]) for a, b in zip(unseen, unseen[1:])) / (len(unseen) - 1)


def natural(learned, unseen, letters):
    return -sum(map(math.log, chances_of(learned, unseen, letters))) / (len(unseen) - 1)


def positive(learned, unseen, letters):
    return sum(map(math.log2, chances_of(learned, unseen, letters))) / (len(unseen) - 1)


def summed(learned, unseen, letters):
    return -sum(map(math.log2, chances_of(learned, unseen, letters)))


def by_length(learned, unseen, letters):
    return -sum(map(math.log2, chances_of(learned, unseen, letters))) / len(unseen)


def perplexity(learned, unseen, letters):
    return 2 ** by_torch(learned, unseen, letters).item()


def mean_first(learned, unseen, letters):
    chances = chances_of(learned, unseen, letters)
    return -math.log2(sum(chances) / len(chances))


def joint(learned, unseen, letters):
    pairs = Counter(zip(learned, learned[1:]))
    all_pairs = max(0, len(learned) - 1)
    chances = [(pairs[a, b] + 1) / (all_pairs + letters) for a, b in zip(unseen, unseen[1:])]
    return -sum(map(math.log2, chances)) / len(chances)


def turned(learned, unseen, letters):
    pairs, seconds = Counter(zip(learned, learned[1:])), Counter(learned[1:])
    chances = [(pairs[a, b] + 1) / (seconds[b] + letters) for a, b in zip(unseen, unseen[1:])]
    return -sum(map(math.log2, chances)) / len(chances)


def by_count(learned, unseen, letters):
    chances = [(learned.count(a + b) + 1) / (learned[:-1].count(a) + letters) for a, b in zip(unseen, unseen[1:])]
    return -sum(map(math.log2, chances)) / len(chances)


def a_list(learned, unseen, letters):
    return [-math.log2(chance) for chance in chances_of(learned, unseen, letters)]


def nothing(learned, unseen, letters):
    plain(learned, unseen, letters)


RIGHT = [
    (plain, "loops"),
    (by_dicts, "a dict of counters"),
    (by_numpy, "NumPy"),
    (by_torch, "a tensor"),
]
WRONG = [
    (no_smoothing, "not smoothed", "ZeroDivisionError"),
    (natural, "natural logarithms", "natural logarithms"),
    (positive, "the sign", "the sign is wrong"),
    (summed, "the sum", "the bits of the whole text"),
    (by_length, "divided by the length", "the first one is not predicted"),
    (perplexity, "the perplexity", "this is the perplexity"),
    (mean_first, "the mean first", "the mean of the logarithms"),
    (joint, "joint chances", "by all pairs of the text"),
    (turned, "turned round", "turn it round"),
    (by_count, "str.count", "pairs that overlap"),
    (a_list, "a list", "expected a number"),
    (nothing, "returns nothing", "returns nothing"),
]
