"""Answers to numpy.step, written from its text alone."""

from functools import partial

import numpy as np
import torch

# ---- wrong


def as_given(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    w2 = w2 - rate * h.T @ d_y
    d_h = d_y @ w2.T
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, w2


def old_w2_is_only_another_name(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    old_w2 = w2
    w2 -= rate * h.T @ d_y
    d_h = d_y @ old_w2.T
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, w2


def w1_first_then_new_h(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    d_h = d_y @ w2.T
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    h = np.maximum(x @ w1, 0)
    w2 = w2 - rate * h.T @ d_y
    return w1, w2


def mask_always_true(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    d_h = d_y @ w2.T
    w2 = w2 - rate * h.T @ d_y
    w1 = w1 - rate * x.T @ (d_h * (h >= 0))
    return w1, w2


def mean_over_all_numbers(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / y.size
    d_h = d_y @ w2.T
    w2 = w2 - rate * h.T @ d_y
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, w2


def forgets_the_two(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = (h @ w2 - y) / len(x)
    d_h = d_y @ w2.T
    w2 = w2 - rate * h.T @ d_y
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, w2


def sum_over_examples(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y)
    d_h = d_y @ w2.T
    w2 = w2 - rate * h.T @ d_y
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, w2


def second_forward_pass_with_new_w2(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    w2_new = w2 - rate * h.T @ d_y
    d_y = 2 * (h @ w2_new - y) / len(x)
    d_h = d_y @ w2.T
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, w2_new


def mended_but_w2_not_returned(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    new_w2 = w2 - rate * h.T @ d_y  # noqa: F841
    d_h = d_y @ w2.T
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, w2


def mask_from_d_h(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    d_h = d_y @ w2.T
    w2 = w2 - rate * h.T @ d_y
    w1 = w1 - rate * x.T @ (d_h * (d_h > 0))
    return w1, w2


def z_instead_of_h(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    d_h = d_y @ w2.T
    w2 = w2 - rate * z.T @ d_y
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, w2


def rate_written_out(x, y, w1, w2, rate):
    rate = 0.01
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    d_h = d_y @ w2.T
    w2 = w2 - rate * h.T @ d_y
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, w2


def returns_gradients(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    d_w2 = h.T @ d_y
    d_h = d_y @ w2.T
    d_w1 = x.T @ (d_h * (z > 0))
    return d_w1, d_w2


def mixes_old_and_new_w2(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    new_w2 = w2 - rate * h.T @ d_y
    d_h = d_y @ ((w2 + new_w2) / 2).T
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, new_w2


# ---- right


def d_h_first(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    d_h = d_y @ w2.T
    w2 = w2 - rate * h.T @ d_y
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, w2


def keeps_a_copy(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    old_w2 = w2.copy()
    w2 = w2 - rate * h.T @ d_y
    d_h = d_y @ old_w2.T
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, w2


def gradients_in_a_nested_function(x: np.ndarray, y: np.ndarray, w1: np.ndarray, w2: np.ndarray, rate: float) -> list:
    def gradients():
        z = x @ w1
        h = np.where(z > 0, z, 0)
        d_y = (2 / len(x)) * (h @ w2 - y)
        d_z = np.where(z > 0, np.dot(d_y, w2.T), 0)
        return np.dot(x.T, d_z), np.dot(h.T, d_y)

    return [w - rate * d_w for w, d_w in zip((w1, w2), gradients())]


def example_by_example(x, y, w1, w2, rate):
    d_w1, d_w2 = np.zeros(w1.shape), np.zeros(w2.shape)
    for row, target in zip(x, y):
        z = row @ w1
        h = np.maximum(z, 0)
        d_y = 2 * (h @ w2 - target) / len(x)
        d_w2 += np.outer(h, d_y)
        d_w1 += np.outer(row, (w2 @ d_y) * (z > 0))
    return w1 - rate * d_w1, w2 - rate * d_w2


def step_by_autograd(x, y, w1, w2, rate):
    t1, t2 = torch.tensor(w1, requires_grad=True), torch.tensor(w2, requires_grad=True)
    loss = (torch.relu(torch.tensor(x) @ t1) @ t2 - torch.tensor(y)).square().sum(dim=1).mean()
    loss.backward()
    return w1 - rate * t1.grad.numpy(), w2 - rate * t2.grad.numpy()


def update_w1_before_w2(relu, x, y, w1, w2, rate):
    z = x @ w1
    h = relu(z)
    d_y = 2 * (h @ w2 - y) / len(x)
    w1 = w1 - rate * x.T @ ((d_y @ w2.T) * (z > 0))
    w2 = w2 - rate * h.T @ d_y
    print("largest output slope:", abs(d_y).max())
    return w1, w2


WRONG = [
    (as_given, "the given code: d_h uses the new w2", "after one step the loss is"),
    (
        old_w2_is_only_another_name,
        "old_w2 is the same array, changed in place",
        "your function changes its argument w2: make a new one",
    ),
    (
        w1_first_then_new_h,
        "mended for w1, but w2's gradient uses h of the new w1",
        "w2 did not move by rate times gradient: compare it",
    ),
    (mask_always_true, "order mended, but h >= 0 is no mask", "the bug is gone, and the slope of the ReLU with it"),
    (mean_over_all_numbers, "order mended, but divides by N * D_OUT", "w1 and w2 did not move by rate times gradient"),
    (forgets_the_two, "order mended, factor 2 lost", "both steps are half as long as they should be: what"),
    (sum_over_examples, "order mended, / len(x) lost", "both steps are 6 times too long, and there are 6"),
    (
        second_forward_pass_with_new_w2,
        "d_h uses old w2 but d_y comes from the new one",
        "w1 did not move by rate times gradient: compare it",
    ),
    (mended_but_w2_not_returned, "returns the old w2", "w2 did not move by rate times gradient: compare it"),
    (
        mask_from_d_h,
        "order mended, mask taken from d_h instead of z",
        "w1 did not move by rate times gradient: compare it",
    ),
    (
        z_instead_of_h,
        "order mended, w2's gradient from z instead of h",
        "w2 did not move by rate times gradient: compare it",
    ),
    (rate_written_out, "order mended, but ignores rate", "w1 and w2 did not move by rate times gradient"),
    (returns_gradients, "right gradients, no step", "you return the gradients, expected the weights after"),
    (mixes_old_and_new_w2, "half mended: mean of old and new w2", "w1 did not move by rate times gradient: compare it"),
]
RIGHT = [
    (d_h_first, "d_h before w2 changes"),
    (keeps_a_copy, "copy of the old w2"),
    (gradients_in_a_nested_function, "both gradients first, nested function, a list, annotated"),
    (example_by_example, "loop over the examples"),
    (step_by_autograd, "PyTorch's autograd"),
    (partial(update_w1_before_w2, partial(np.maximum, 0)), "functools.partial, w1 first, a print"),
]
