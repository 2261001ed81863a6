"""Answers to numpy.biases, written from its text alone."""

import numpy as np
import torch

# ---- wrong


def mean_over_rows(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = (d_y @ w2.T * (z > 0)).mean(axis=0)
    d_b2 = d_y.mean(axis=0)
    return d_b1, d_b2


def sum_over_columns(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = (d_y @ w2.T * (z > 0)).sum(axis=1)
    d_b2 = d_y.sum(axis=1)
    return d_b1, d_b2


def no_relu_mask(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = (d_y @ w2.T).sum(axis=0)
    d_b2 = d_y.sum(axis=0)
    return d_b1, d_b2


def not_summed(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = d_y @ w2.T * (z > 0)
    d_b2 = d_y
    return d_b1, d_b2


def one_number_per_layer(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = np.sum(d_y @ w2.T * (z > 0))
    d_b2 = np.sum(d_y)
    return d_b1, d_b2


def swapped_order(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = (d_y @ w2.T * (z > 0)).sum(axis=0)
    d_b2 = d_y.sum(axis=0)
    return d_b2, d_b1


def mask_without_bias(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = (d_y @ w2.T * (x @ w1 > 0)).sum(axis=0)
    d_b2 = d_y.sum(axis=0)
    return d_b1, d_b2


def mask_after_sum(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b2 = d_y.sum(axis=0)
    d_b1 = (w2 @ d_b2) * (z.sum(axis=0) > 0)
    return d_b1, d_b2


def times_h_instead_of_mask(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = (d_y @ w2.T * h).sum(axis=0)
    d_b2 = d_y.sum(axis=0)
    return d_b1, d_b2


def mask_of_h_not_below_zero(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = (d_y @ w2.T * (h >= 0)).sum(axis=0)
    d_b2 = d_y.sum(axis=0)
    return d_b1, d_b2


def gradient_of_hidden_passed_on_if_positive(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = np.maximum(d_y @ w2.T, 0).sum(axis=0)
    d_b2 = d_y.sum(axis=0)
    return d_b1, d_b2


def loop_misses_last_row(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_z = d_y @ w2.T * (z > 0)
    d_b1, d_b2 = np.zeros_like(b1), np.zeros_like(b2)
    for i in range(1, len(x)):
        d_b1 = d_b1 + d_z[i - 1]
        d_b2 = d_b2 + d_y[i - 1]
    return d_b1, d_b2


def bias_as_column_of_weights(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = (x.T @ (d_y @ w2.T * (z > 0))).sum(axis=0)
    d_b2 = (h.T @ d_y).sum(axis=0)
    return d_b1, d_b2


def multiplies_by_bias(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = b1 * (d_y @ w2.T * (z > 0)).sum(axis=0)
    d_b2 = b2 * d_y.sum(axis=0)
    return d_b1, d_b2


# ---- right


def sums_over_rows(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b1 = (d_y @ w2.T * (z > 0)).sum(axis=0)
    d_b2 = d_y.sum(axis=0)
    return d_b1, d_b2


def product_with_ones(x, y, w1, b1, w2, b2):
    ones = np.ones(len(x))
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_b2 = ones @ d_y
    d_b1 = ones @ np.where(h > 0, d_y @ w2.T, 0)
    return [d_b1, d_b2]


def row_by_row(x, y, w1, b1, w2, b2):
    d_b1, d_b2 = np.zeros(b1.shape), np.zeros(b2.shape)
    for row, target in zip(x, y):
        z = row @ w1 + b1
        d_row = 2 * (np.maximum(z, 0) @ w2 + b2 - target) / len(x)
        d_b2 += d_row
        d_h = w2 @ d_row
        d_h[z <= 0] = 0
        d_b1 += d_h
    return d_b1, d_b2


def einsum(x: np.ndarray, y: np.ndarray, w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: np.ndarray) -> tuple:
    z = x @ w1 + b1
    d_y = 2 * (z.clip(min=0) @ w2 + b2 - y) / x.shape[0]
    return np.einsum("nd,hd,nh->h", d_y, w2, (z > 0).astype(z.dtype)), np.einsum("nd->d", d_y)


def by_autograd(x, y, w1, b1, w2, b2):
    x, y, w1, w2 = (torch.tensor(a) for a in (x, y, w1, w2))
    b1, b2 = torch.tensor(b1, requires_grad=True), torch.tensor(b2, requires_grad=True)
    loss = ((torch.relu(x @ w1 + b1) @ w2 + b2 - y) ** 2).sum() / len(x)
    d_b1, d_b2 = torch.autograd.grad(loss, (b1, b2))
    return d_b1.numpy(), d_b2.numpy()


class BiasGradients:
    """The bias is the weight of one more input that is always 1."""

    def __call__(self, x, y, w1, b1, w2, b2):
        x_1 = np.column_stack([x, np.ones(len(x))])
        z = x_1 @ np.vstack([w1, b1])
        h_1 = np.column_stack([np.maximum(z, 0), np.ones(len(x))])
        d_y = 2 * (h_1 @ np.vstack([w2, b2]) - y) / len(x)
        d_w2 = h_1.T @ d_y
        d_w1 = x_1.T @ (d_y @ w2.T * (z > 0))
        return d_w1[-1], d_w2[-1]


WRONG = [
    (
        mean_over_rows,
        "mean over the batch instead of the sum: divides by N twice",
        "d_b2 is 6 times too small, and there are 6 examples",
    ),
    (sum_over_columns, "sums along the wrong axis", "d_b2 has one number for each of 6 examples, expected"),
    (no_relu_mask, "d_b1 ignores the ReLU", "d_b1 counts neurons that were shut: b1 acts on z, and"),
    (not_summed, "one gradient per row, not summed over the batch", "d_b2 has shape (6, 3), one row for each example"),
    (one_number_per_layer, "sums over everything", "d_b2 is one number, the sum over everything, expected"),
    (swapped_order, "returns d_b2 first", "what you call d_b1 is the gradient of b2: look at the"),
    (
        mask_without_bias,
        "ReLU mask from x @ w1 without b1: right for b1 = 0 only",
        "measure it as in the notebook, by moving one bias a",
    ),
    (mask_after_sum, "masks after the sum over rows", "measure it as in the notebook, by moving one bias a"),
    (
        times_h_instead_of_mask,
        "multiplies by h instead of the mask",
        "d_b1 has the right shape, but is off by up to 37",
    ),
    (
        mask_of_h_not_below_zero,
        "h >= 0 is always true, so no mask",
        "d_b1 counts neurons that were shut: b1 acts on z, and",
    ),
    (
        gradient_of_hidden_passed_on_if_positive,
        "applies ReLU to the gradient",
        "d_b1 has the right shape, but is off by up to 22",
    ),
    (loop_misses_last_row, "the loop leaves out the last row", "measure it as in the notebook, by moving one bias a"),
    (bias_as_column_of_weights, "sums of the weight gradients", "d_b2 has the right shape, but is off by up to 34"),
    (multiplies_by_bias, "multiplies the gradients by the biases", "d_b2 has the right shape, but is off by up to 17"),
]
RIGHT = [
    (sums_over_rows, "sums over axis 0"),
    (product_with_ones, "ones @ ..., np.where, the second bias first, a list"),
    (row_by_row, "a loop over the examples"),
    (einsum, "einsum, annotated"),
    (by_autograd, "PyTorch's autograd, back to NumPy"),
    (BiasGradients(), "callable object; bias as one more row of weights"),
]
