import math
from collections import Counter

import torch


def given_bits(learned, unseen, letters): ...


def bits_without_one(learned, unseen, letters):
    pairs, firsts = Counter(zip(learned, learned[1:])), Counter(learned[:-1])
    return -sum(math.log2(pairs[a, b] / firsts[a]) for a, b in zip(unseen, unseen[1:])) / (len(unseen) - 1)


def natural_bits(learned, unseen, letters):
    pairs, firsts = Counter(zip(learned, learned[1:])), Counter(learned[:-1])
    chances = [(pairs[a, b] + 1) / (firsts[a] + letters) for a, b in zip(unseen, unseen[1:])]
    return -sum(map(math.log, chances)) / len(chances)


def divided_by_all_letters(learned, unseen, letters):
    pairs, firsts = Counter(zip(learned, learned[1:])), Counter(learned[:-1])
    chances = [(pairs[a, b] + 1) / (firsts[a] + letters) for a, b in zip(unseen, unseen[1:])]
    return -sum(map(math.log2, chances)) / len(unseen)


def counted_by_str(learned, unseen, letters):
    chances = [(learned.count(a + b) + 1) / (learned[:-1].count(a) + letters) for a, b in zip(unseen, unseen[1:])]
    return -sum(map(math.log2, chances)) / len(chances)


def the_last_counted(learned, unseen, letters):
    pairs, firsts = Counter(zip(learned, learned[1:])), Counter(learned)
    chances = [(pairs[a, b] + 1) / (firsts[a] + letters) for a, b in zip(unseen, unseen[1:])]
    return -sum(map(math.log2, chances)) / len(chances)


def given_ppmi(counts):
    together = counts / counts.sum()
    alone = together.sum(1)
    more = torch.where(counts > 0, (together / (alone[:, None] * alone)).log2(), 0.0)
    return more.clamp(min=0)


def by_columns(counts):
    together = counts / counts.sum()
    alone = together.sum(0)
    more = torch.where(counts > 0, (together / (alone[:, None] * alone)).log2(), 0.0)
    return more.clamp(min=0)


def only_clamped(counts):
    together = counts / counts.sum()
    return (together / (together.sum(1)[:, None] * together.sum(0))).log2().clamp(min=0)


def only_where(counts):
    together = counts / counts.sum()
    return torch.where(counts > 0, (together / (together.sum(1)[:, None] * together.sum(0))).log2(), 0.0)


def not_a_logarithm(counts):
    together = counts / counts.sum()
    return torch.where(counts > 0, together / (together.sum(1)[:, None] * together.sum(0)), 0.0)


def given_clip(gradients, most):
    return [gradient * min(1.0, most / (gradient.norm().item() + 1e-6)) for gradient in gradients]


def by_value(gradients, most):
    return [gradient.clamp(-most, most) for gradient in gradients]


def norms_added(gradients, most):
    norm = sum(gradient.norm().item() for gradient in gradients)
    return [gradient * min(1.0, most / (norm + 1e-6)) for gradient in gradients]


def always(gradients, most):
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    return [gradient * most / (norm + 1e-6) for gradient in gradients]


def norm_of_zero(gradients, most):
    norm = math.sqrt(sum(gradient.square().sum().item() for gradient in gradients))
    return [gradient * min(1.0, most / norm) for gradient in gradients]


def given_temperature(logits, temperature):
    chances = logits.softmax(-1) / temperature
    return chances / chances.sum(-1, keepdim=True)


def not_one(logits, temperature):
    return logits.softmax(-1) / temperature


def turned_round(logits, temperature):
    return (logits * temperature).softmax(-1)


def by_hand(logits, temperature):
    powers = (logits / temperature).exp()
    return powers / powers.sum(-1, keepdim=True)


UNTOUCHED = {
    "writing.bits": given_bits,
    "writing.ppmi": given_ppmi,
    "writing.clip": given_clip,
    "writing.temperature": given_temperature,
}
WRONG = {
    "writing.bits": [
        (bits_without_one, "ZeroDivisionError"),
        (natural_bits, "natural logarithms"),
        (divided_by_all_letters, "the first one is not predicted"),
        (counted_by_str, "pairs that overlap"),
        (the_last_counted, "at its end nothing follows"),
    ],
    "writing.ppmi": [
        (given_ppmi, "the sums of the rows twice"),
        (by_columns, "the sums of the columns twice"),
        (only_clamped, "0/0"),
        (only_where, "rarer than by chance"),
        (not_a_logarithm, "its logarithm is missing"),
    ],
    "writing.clip": [
        (given_clip, "each gradient is clipped by itself"),
        (by_value, "each number by itself"),
        (norms_added, "you add the norms"),
        (always, "short gradients become longer"),
        (norm_of_zero, "ZeroDivisionError"),
    ],
    "writing.temperature": [
        (given_temperature, "the temperature changes nothing"),
        (not_one, "no longer add up to 1"),
        (turned_round, "high temperatures"),
        (by_hand, "infinite or nan"),
    ],
}
