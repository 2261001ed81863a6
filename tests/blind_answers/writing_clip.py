"""Answers to writing.clip, written from its text alone."""

import math

import numpy as np
import torch


def norm_of(gradients):
    return math.sqrt(sum((gradient**2).sum().item() for gradient in gradients))


def plain(gradients, most):
    norm = norm_of(gradients)
    if norm <= most:
        return gradients
    return [gradient * most / norm for gradient in gradients]


def by_cat(gradients, most):
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    factor = (most / (norm + 1e-6)).clamp(max=1.0)
    return [factor * gradient for gradient in gradients]


def by_torch(gradients, most):
    weights = [torch.nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
    for weight, gradient in zip(weights, gradients):
        weight.grad = gradient.clone()
    torch.nn.utils.clip_grad_norm_(weights, most)
    return tuple(weight.grad for weight in weights)


def by_numpy(gradients, most):
    norm = np.linalg.norm([np.linalg.norm(gradient.numpy()) for gradient in gradients])
    return [gradient.numpy() / max(1.0, norm / most) for gradient in gradients]


def as_given(gradients, most):
    return [gradient * min(1.0, most / (gradient.norm().item() + 1e-6)) for gradient in gradients]


def by_value(gradients, most):
    return [torch.clamp(gradient, -most, most) for gradient in gradients]


def always(gradients, most):
    return [gradient * most / (norm_of(gradients) + 1e-6) for gradient in gradients]


def no_root(gradients, most):
    square = sum(gradient.square().sum().item() for gradient in gradients)
    return [gradient * min(1.0, most / (square + 1e-6)) for gradient in gradients]


def added(gradients, most):
    norm = sum(gradient.norm().item() for gradient in gradients)
    return [gradient * min(1.0, most / (norm + 1e-6)) for gradient in gradients]


def longest(gradients, most):
    norm = max(gradient.norm().item() for gradient in gradients)
    return [gradient * min(1.0, most / (norm + 1e-6)) for gradient in gradients]


def dropped(gradients, most):
    return [gradient * (norm_of(gradients) <= most) for gradient in gradients]


def unchanged(gradients, most):
    return [gradient.clone() for gradient in gradients]


def in_place(gradients, most):
    factor = min(1.0, most / (norm_of(gradients) + 1e-6))
    for gradient in gradients:
        gradient *= factor
    return gradients


def in_one(gradients, most):
    return torch.cat([part.flatten() for part in plain(gradients, most)])


def by_zero(gradients, most):
    return [gradient * min(1.0, most / norm_of(gradients)) for gradient in gradients]


RIGHT = [
    (plain, "unchanged if short"),
    (by_cat, "all in one vector"),
    (by_torch, "torch's own"),
    (by_numpy, "NumPy"),
]
WRONG = [
    (as_given, "as given", "each gradient is clipped by itself"),
    (by_value, "clamped", "each number by itself"),
    (always, "always", "short gradients become longer"),
    (no_root, "no root", "its root is missing"),
    (added, "norms added", "you add the norms"),
    (longest, "the longest", "you take the longest gradient"),
    (dropped, "dropped", "shorter, not 0"),
    (unchanged, "unchanged", "long gradients stay"),
    (in_place, "in place", "changes its argument"),
    (in_one, "in one tensor", "of the shapes"),
    (by_zero, "divides by zero", "ZeroDivisionError"),
]
