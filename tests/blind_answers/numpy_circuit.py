"""Answers to numpy.circuit, written from its text alone."""

import numpy as np
import torch

# ---- right


def gate_by_gate(x, w, b, y):
    z = x * w + b
    h = max(z, 0)
    r = h * w - y
    d_r = 2 * r
    d_h = d_r * w
    d_z = d_h if z > 0 else 0
    d_b = d_z
    d_w = d_z * x + d_r * h
    return d_w, d_b


def one_formula(x, w, b, y):
    z = x * w + b
    on = 1.0 if z > 0 else 0.0
    r = max(z, 0) * w - y
    return [2 * r * (max(z, 0) + on * w * x), 2 * r * w * on]


def numpy_numbers(x, w, b, y):
    x, w, b, y = map(np.float64, (x, w, b, y))
    z = x * w + b
    h = np.maximum(z, 0)
    d_r = 2 * (h * w - y)
    d_z = d_r * w * (z > 0)
    return d_r * h + d_z * x, d_z


def an_array(x, w, b, y):
    return np.array(gate_by_gate(x, w, b, y))


def by_autograd(x, w, b, y):
    w, b = (torch.tensor(float(value), dtype=torch.float64, requires_grad=True) for value in (w, b))
    loss = (torch.relu(x * w + b) * w - y) ** 2
    loss.backward()
    return w.grad, b.grad


# ---- wrong


def empty(x, w, b, y):
    return ..., ...


def first_way_only(x, w, b, y):
    z = x * w + b
    d_z = 2 * (max(z, 0) * w - y) * w * (z > 0)
    return d_z * x, d_z


def second_way_only(x, w, b, y):
    z = x * w + b
    r = max(z, 0) * w - y
    return 2 * r * max(z, 0), 2 * r * w * (z > 0)


def ways_multiplied(x, w, b, y):
    z = x * w + b
    h = max(z, 0)
    d_r = 2 * (h * w - y)
    d_z = d_r * w * (z > 0)
    return d_r * h * d_z * x, d_z


def no_relu_slope(x, w, b, y):
    h = max(x * w + b, 0)
    d_r = 2 * (h * w - y)
    return d_r * h + d_r * w * x, d_r * w


def mask_of_h_and_more(x, w, b, y):
    z = x * w + b
    h = max(z, 0)
    d_r = 2 * (h * w - y)
    d_z = d_r * w * (z >= 0)
    return d_r * h + d_z * x, d_z


def no_two(x, w, b, y):
    d_w, d_b = gate_by_gate(x, w, b, y)
    return d_w / 2, d_b / 2


def swapped(x, w, b, y):
    return gate_by_gate(x, w, b, y)[::-1]


def downhill(x, w, b, y):
    d_w, d_b = gate_by_gate(x, w, b, y)
    return -d_w, -d_b


def wrong_factor(x, w, b, y):
    z = x * w + b
    h = max(z, 0)
    d_r = 2 * (h * w - y)
    d_z = d_r * h * (z > 0)
    return d_r * w + d_z * x, d_z


def forgets_the_second_w(x, w, b, y):
    z = x * w + b
    h = max(z, 0)
    d_r = 2 * (h * w - y)
    return d_r * h + d_r * (z > 0) * x, d_r * (z > 0)


def only_one(x, w, b, y):
    return gate_by_gate(x, w, b, y)[0]


def nothing_back(x, w, b, y):
    gate_by_gate(x, w, b, y)


def with_the_loss(x, w, b, y):
    return 0.0, *gate_by_gate(x, w, b, y)


def b_missing(x, w, b, y):
    return gate_by_gate(x, w, b, y)[0], ...


def ahead_only(x, w, b, y):
    def loss(w, b):
        return (max(x * w + b, 0) * w - y) ** 2

    return (loss(w + 0.01, b) - loss(w, b)) / 0.01, (loss(w, b + 0.01) - loss(w, b)) / 0.01


RIGHT = [
    (gate_by_gate, "gate by gate"),
    (one_formula, "one formula, a list"),
    (numpy_numbers, "NumPy numbers"),
    (an_array, "an array of two"),
    (by_autograd, "torch's own gradients"),
]
WRONG = [
    (empty, "dots", "is not tried yet"),
    (first_way_only, "w through z only", "the way through z"),
    (second_way_only, "w at the second product only", "the second product"),
    (ways_multiplied, "the ways are multiplied", "add"),
    (no_relu_slope, "ReLU lets all through", "shut"),
    (mask_of_h_and_more, "slope 1 at 0", "z is 0"),
    (no_two, "no 2", "half"),
    (swapped, "b first", "order"),
    (downhill, "minus", "wrong sign"),
    (wrong_factor, "h and w changed places", "expected"),
    (forgets_the_second_w, "h gets what r has", "expected"),
    (only_one, "one number", "expected two"),
    (nothing_back, "no return", "returns nothing"),
    (with_the_loss, "three numbers", "expected two"),
    (b_missing, "d_b still dots", "d_b is still missing"),
    (ahead_only, "measured, with a large step", "expected"),
]
