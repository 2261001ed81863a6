"""Answers to tensor.loss, written from its text alone."""

from functools import partial

import torch
import torch.nn.functional as F

# ---- wrong


def as_given(y_pred, y):
    return ((y_pred - y) ** 2).mean()


def library_loss_same_bug(y_pred, y):
    return F.mse_loss(y_pred, y)


def row_instead_of_column(y_pred, y):
    return ((y_pred - y.unsqueeze(0)) ** 2).mean()


def transpose_does_nothing(y_pred, y):
    return ((y_pred - y.view(1, -1).T.squeeze()) ** 2).mean()


def squeezes_dimension_0(y_pred, y):
    return ((y_pred.squeeze(0) - y) ** 2).mean()


def difference_of_means(y_pred, y):
    return (y_pred.mean() - y.mean()) ** 2


def mean_before_square(y_pred, y):
    return (y_pred.squeeze(1) - y).mean() ** 2


def sum_of_squares(y_pred, y):
    return ((y_pred.squeeze(1) - y) ** 2).sum()


def root_mean_square(y_pred, y):
    return ((y_pred.squeeze(1) - y) ** 2).mean().sqrt()


def mean_absolute_error(y_pred, y):
    return (y_pred.squeeze(1) - y).abs().mean()


def one_half_too_much(y_pred, y):
    return 0.5 * ((y_pred - y[:, None]) ** 2).mean()


def gives_y_a_new_shape(y_pred, y):
    return ((y_pred - y.unsqueeze_(1)) ** 2).mean()


def detached_number(y_pred, y):
    return ((y_pred.squeeze(1) - y) ** 2).mean().item()


def sorted_pairs(y_pred, y):
    return ((y_pred.flatten().sort().values - y.sort().values) ** 2).mean()


# ---- right


def squeezes_dimension_1(y_pred, y):
    return ((y_pred.squeeze(1) - y) ** 2).mean()


def column_of_targets(y_pred, y):
    return ((y_pred - y[:, None]) ** 2).mean()


def library_loss(y_pred: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return F.mse_loss(y_pred, y.reshape(y_pred.shape))


def pair_by_pair(y_pred, y):
    total = 0
    for prediction, target in zip(y_pred[:, 0], y):
        total = total + (prediction - target) ** 2
    return total / len(y)


class SquaredError(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, y_pred, y):
        self.calls += 1
        difference = y_pred.T - y
        return difference.pow(2).sum() / y.numel()


def reduced(reduction, y_pred, y):
    difference = torch.flatten(y_pred) - torch.flatten(y)
    return reduction(difference * difference)


WRONG = [
    (as_given, "the given code: (N, 1) - (N,) is (N, N)", "four perfect predictions get"),
    (library_loss_same_bug, "F.mse_loss broadcasts in the same way", "four perfect predictions get"),
    (row_instead_of_column, "y as (1, N): (N, N) again", "four perfect predictions get"),
    (transpose_does_nothing, "y is (N,) again after two changes of shape", "four perfect predictions get"),
    (
        squeezes_dimension_0,
        "squeezes the wrong dimension, which is no change for N > 1",
        "four perfect predictions get",
    ),
    (difference_of_means, "0 as soon as the means agree", "this squares the mean, expected the mean of the"),
    (
        mean_before_square,
        "shapes mended, but squares the mean: errors cancel",
        "this squares the mean, expected the mean of the",
    ),
    (sum_of_squares, "shapes mended, but sums", "the squares are summed, expected their mean: the loss"),
    (root_mean_square, "shapes mended, but takes the root", "this is the root of the mean of the squares: leave"),
    (mean_absolute_error, "shapes mended, but absolute values", "this is the mean of the distances, expected the mean"),
    (one_half_too_much, "shapes mended, but halved", "this is half of the mean of the squares"),
    (
        gives_y_a_new_shape,
        "unsqueeze_ changes the caller's y, so the second call is wrong",
        "your function changes its argument y: make a new one",
    ),
    (
        detached_number,
        "a Python number, nothing can be trained with it",
        "the loss is a float, expected a tensor: training",
    ),
    (sorted_pairs, "sorts both, so pairs are mixed; 0 for perfect predictions", "for misses of"),
]
RIGHT = [
    (squeezes_dimension_1, "squeeze(1)"),
    (column_of_targets, "y[:, None]"),
    (library_loss, "F.mse_loss with y reshaped, annotated"),
    (pair_by_pair, "a loop over the examples"),
    (SquaredError(), "an nn.Module with a counter, y_pred.T is (1, N)"),
    (partial(reduced, torch.mean), "functools.partial, flatten"),
]
