"""Answers to optimizers.clip, written from its text alone."""

import math

import torch


def total(gradients):
    return math.sqrt(sum(float((g * g).sum()) for g in gradients))


def plain(gradients, limit):
    length = total(gradients)
    if length <= limit:
        return [g.clone() for g in gradients]
    return [g * (limit / length) for g in gradients]


def by_norms(gradients, limit):
    length = torch.stack([g.norm() for g in gradients]).norm()
    factor = (limit / (length + 1e-6)).clamp(max=1)
    return [g * factor for g in gradients]


def by_torch(gradients, limit):
    made = []
    for g in gradients:
        parameter = torch.nn.Parameter(torch.zeros_like(g))
        parameter.grad = g.clone()
        made.append(parameter)
    torch.nn.utils.clip_grad_norm_(made, limit)
    return [parameter.grad for parameter in made]


def as_one_vector(gradients, limit):
    flat = torch.cat([g.reshape(-1) for g in gradients])
    length = flat.norm().item()
    if length > limit:
        flat = flat / length * limit
    parts = flat.split([g.numel() for g in gradients])
    return tuple(part.reshape(g.shape) for part, g in zip(parts, gradients))


def per_gradient(gradients, limit):
    return [g * min(1, limit / max(total([g]), 1e-12)) for g in gradients]


def normalises(gradients, limit):
    length = max(total(gradients), 1e-12)
    return [g / length * limit for g in gradients]


def clamps_above(gradients, limit):
    return [g.clamp(max=limit) for g in gradients]


def sum_of_lengths(gradients, limit):
    length = sum(total([g]) for g in gradients)
    return [g * min(1, limit / max(length, 1e-12)) for g in gradients]


def sum_of_sizes(gradients, limit):
    length = sum(float(g.abs().sum()) for g in gradients)
    return [g * min(1, limit / max(length, 1e-12)) for g in gradients]


def to_length_one(gradients, limit):
    length = total(gradients)
    return [g / length if length > limit else g.clone() for g in gradients]


def writes_into_them(gradients, limit):
    length = total(gradients)
    if length > limit:
        for g in gradients:
            g *= limit / length
    return gradients


def joined(gradients, limit):
    return torch.cat([g.reshape(-1) for g in plain(gradients, limit)])


def turned_round(gradients, limit):
    length = total(gradients)
    return [g * max(1, limit / max(length, 1e-12)) for g in gradients]


def zero_if_long(gradients, limit):
    return [torch.zeros_like(g) if total(gradients) > limit else g.clone() for g in gradients]


WRONG = [
    (per_gradient, "each by its own length", "each gradient is shortened by its own length"),
    (normalises, "always to the limit", "short ones too"),
    (clamps_above, "clamp from above only", "expected"),
    (sum_of_lengths, "lengths added up", "expected"),
    (sum_of_sizes, "sizes added up", "expected"),
    (to_length_one, "to length 1 whatever the limit", "expected"),
    (writes_into_them, "changes what was given", "which line works in place?"),
    (joined, "one long tensor", "you return a Tensor, expected a list"),
    (turned_round, "max for min", "expected"),
    (zero_if_long, "nothing left of a long one", "expected"),
]
RIGHT = [
    (plain, "with math"),
    (by_norms, "the norm of the norms, with a millionth as torch has it"),
    (by_torch, "torch's own"),
    (as_one_vector, "as one vector, a tuple"),
]
