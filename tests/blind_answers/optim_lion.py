"""Answers to optim.lion, written from its text alone."""

import functools

import torch

SHARED = {}


def average_first(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.get("m", torch.zeros_like(w))
    m = betas[1] * m + (1 - betas[1]) * grad
    u = torch.sign(betas[0] * m + (1 - betas[0]) * grad)
    state["m"] = m
    w -= lr * (u + weight_decay * w)
    return w


def betas_swapped(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.get("m", torch.zeros_like(w))
    u = torch.sign(betas[1] * m + (1 - betas[1]) * grad)
    state["m"] = betas[0] * m + (1 - betas[0]) * grad
    w -= lr * (u + weight_decay * w)
    return w


def begins_at_the_gradient(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.get("m", grad.clone())
    u = torch.sign(betas[0] * m + (1 - betas[0]) * grad)
    state["m"] = betas[1] * m + (1 - betas[1]) * grad
    w -= lr * (u + weight_decay * w)
    return w


def sign_of_the_gradient(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    w -= lr * (torch.sign(grad) + weight_decay * w)
    return w


def decay_in_the_gradient(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    grad = grad + weight_decay * w
    m = state.get("m", torch.zeros_like(w))
    u = torch.sign(betas[0] * m + (1 - betas[0]) * grad)
    state["m"] = betas[1] * m + (1 - betas[1]) * grad
    w -= lr * u
    return w


def decay_of_the_new_weight(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.get("m", torch.zeros_like(w))
    u = torch.sign(betas[0] * m + (1 - betas[0]) * grad)
    state["m"] = betas[1] * m + (1 - betas[1]) * grad
    w -= lr * u
    w -= lr * weight_decay * w
    return w


def decay_without_the_rate(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.get("m", torch.zeros_like(w))
    u = torch.sign(betas[0] * m + (1 - betas[0]) * grad)
    state["m"] = betas[1] * m + (1 - betas[1]) * grad
    w -= lr * u + weight_decay * w
    return w


def no_decay(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.get("m", torch.zeros_like(w))
    u = torch.sign(betas[0] * m + (1 - betas[0]) * grad)
    state["m"] = betas[1] * m + (1 - betas[1]) * grad
    w -= lr * u
    return w


def plus_one_at_zero(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.get("m", torch.zeros_like(w))
    c = betas[0] * m + (1 - betas[0]) * grad
    u = torch.where(c >= 0, torch.ones_like(c), -torch.ones_like(c))
    state["m"] = betas[1] * m + (1 - betas[1]) * grad
    w -= lr * (u + weight_decay * w)
    return w


def nan_at_zero(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.get("m", torch.zeros_like(w))
    c = betas[0] * m + (1 - betas[0]) * grad
    state["m"] = betas[1] * m + (1 - betas[1]) * grad
    w -= lr * (c / c.abs() + weight_decay * w)
    return w


def sign_of_the_whole(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    if "m" not in state:
        state["m"] = torch.zeros_like(w)
    m = state["m"]
    norm = betas[0] * m + (1 - betas[0]) * grad
    u = norm / (norm.norm() + 1e-12)
    m.mul_(betas[1]).add_(grad, alpha=1 - betas[1])
    w -= lr * (u + weight_decay * w)
    return w


def one_average_for_all(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = SHARED.get(w.shape, torch.zeros_like(w))
    u = torch.sign(betas[0] * m + (1 - betas[0]) * grad)
    SHARED[w.shape] = betas[1] * m + (1 - betas[1]) * grad
    w -= lr * (u + weight_decay * w)
    return w


def betas_written_down(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.get("m", torch.zeros_like(w))
    u = torch.sign(0.9 * m + 0.1 * grad)
    state["m"] = 0.99 * m + 0.01 * grad
    w -= lr * (u + weight_decay * w)
    return w


def average_overwritten_in_place(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.setdefault("m", torch.zeros_like(w))
    u = m.mul_(betas[0]).add_(grad, alpha=1 - betas[0]).sign()
    m.mul_(betas[1]).add_(grad, alpha=1 - betas[1])
    w -= lr * (u + weight_decay * w)
    return w


def as_the_text(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.get("m", torch.zeros_like(w))
    u = torch.sign(betas[0] * m + (1 - betas[0]) * grad)
    state["m"] = betas[1] * m + (1 - betas[1]) * grad
    w -= lr * (u + weight_decay * w)
    return w


@torch.no_grad()
def in_place_calls(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    if "m" not in state:
        state["m"] = torch.zeros_like(w)
    m = state["m"]
    u = m.mul(betas[0]).add_(grad, alpha=1 - betas[0]).sign_()
    m.mul_(betas[1]).add_(grad, alpha=1 - betas[1])
    w.mul_(1 - lr * weight_decay).sub_(u, alpha=lr)
    return w


def with_lerp(
    w: torch.Tensor, grad: torch.Tensor, state: dict, lr: float, betas=(0.9, 0.99), weight_decay: float = 0.0
) -> torch.Tensor:
    beta1, beta2 = betas
    with torch.no_grad():
        m = state.setdefault("average", torch.zeros_like(grad))
        u = torch.lerp(grad, m, beta1).sign()
        state["average"] = torch.lerp(grad, m, beta2)
        w.copy_(w - lr * u - lr * weight_decay * w)
    return w


def masks_for_the_sign(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    def sign(a):
        return (a > 0).to(a.dtype) - (a < 0).to(a.dtype)

    b1, b2 = betas
    m = state["m"] if "m" in state else 0.0
    new = w.detach() - lr * (sign(b1 * m + (1 - b1) * grad) + weight_decay * w.detach())
    state["m"] = b2 * m + (1 - b2) * grad
    state["calls"] = state.get("calls", 0) + 1
    w.data.copy_(new)
    return w


class Lion:
    def __init__(self, key):
        self.key = key

    def __call__(self, w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
        with torch.no_grad():
            old = state.get(self.key)
            if old is None:
                old = torch.zeros_like(w)
            step = torch.sign(old * betas[0] + grad * (1 - betas[0])) + weight_decay * w
            state[self.key] = old * betas[1] + grad * (1 - betas[1])
            w.add_(step, alpha=-lr)
        return w


def with_given_sign(sign, w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    with torch.no_grad():
        m = state.get("m", torch.zeros_like(w))
        w -= lr * (sign(betas[0] * m + (1 - betas[0]) * grad) + weight_decay * w)
        state["m"] = m + (1 - betas[1]) * (grad - m)
    return w


WRONG = [
    (average_first, "moves the average before the sign", "m is renewed before it is used, so the gradient"),
    (betas_swapped, "the betas swapped", "the two betas have changed places"),
    (begins_at_the_gradient, "the average begins at the first gradient", "write the formulas down line by line"),
    (
        sign_of_the_gradient,
        "no average at all: right in the first step only",
        "nothing is kept in state, so every step is a first",
    ),
    (decay_in_the_gradient, "the decay goes into the gradient", "the decay goes into the gradient and is lost in the"),
    (decay_of_the_new_weight, "the decay takes the new weight", "write the formulas down line by line"),
    (
        decay_without_the_rate,
        "the decay is not multiplied by the rate",
        "the decay does not know the rate: lr belongs to the",
    ),
    (no_decay, "no decay: right for the default only", "without decay it would be right: weight_decay plays"),
    (plus_one_at_zero, "the sign of zero is 1", "write the formulas down line by line"),
    (nan_at_zero, "nan where gradient and average are zero", "write the formulas down line by line"),
    (
        sign_of_the_whole,
        "divides by the norm in place of a sign for each entry",
        "write the formulas down line by line",
    ),
    (
        one_average_for_all,
        "keeps the average outside the state",
        "a second run, with a fresh state, takes another path",
    ),
    (betas_written_down, "does not use the betas it is given", "write the formulas down line by line"),
    (
        average_overwritten_in_place,
        "the average is overwritten by the mix for the sign",
        "write the formulas down line by line",
    ),
]
RIGHT = [
    (as_the_text, "line by line as in the text"),
    (in_place_calls, "in-place calls, decay by multiplying"),
    (with_lerp, "lerp, another key, copy_, annotated"),
    (masks_for_the_sign, "a nested sign, w.data, a counter in the state"),
    (Lion("m"), "a callable object"),
    (functools.partial(with_given_sign, torch.sign), "functools.partial, another order of lines"),
]
