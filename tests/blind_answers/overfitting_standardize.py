"""Answers to overfitting.standardize, written from its text alone."""

from functools import partial

import torch
from torch.nn import functional as F

# ---------------------------------------------------------------- wrong


def as_given(x_train, x_valid):
    everything = torch.cat([x_train, x_valid])
    mean, std = everything.mean(0), everything.std(0) + 1e-6
    return (x_train - mean) / std, (x_valid - mean) / std


def only_the_mean_mended(x_train, x_valid):
    everything = torch.cat([x_train, x_valid])
    mean, std = x_train.mean(0), everything.std(0) + 1e-6
    return (x_train - mean) / std, (x_valid - mean) / std


def only_the_deviation_mended(x_train, x_valid):
    everything = torch.cat([x_train, x_valid])
    mean, std = everything.mean(0), x_train.std(0) + 1e-6
    return (x_train - mean) / std, (x_valid - mean) / std


def each_by_its_own(x_train, x_valid):
    def own(x):
        return (x - x.mean(0)) / (x.std(0) + 1e-6)

    return own(x_train), own(x_valid)


def only_train_mended(x_train, x_valid):
    everything = torch.cat([x_train, x_valid])
    mean, std = everything.mean(0), everything.std(0) + 1e-6
    return (x_train - x_train.mean(0)) / (x_train.std(0) + 1e-6), (x_valid - mean) / std


def both_by_validation(x_train, x_valid):
    mean, std = x_valid.mean(0), x_valid.std(0) + 1e-6
    return (x_train - mean) / std, (x_valid - mean) / std


def valid_divided_by_its_own_deviation(x_train, x_valid):
    mean = x_train.mean(0)
    return (x_train - mean) / (x_train.std(0) + 1e-6), (x_valid - mean) / (x_valid.std(0) + 1e-6)


def one_mean_for_all_columns(x_train, x_valid):
    mean, std = x_train.mean(), x_train.std() + 1e-6
    return (x_train - mean) / std, (x_valid - mean) / std


def rows_instead_of_columns(x_train, x_valid):
    def by_row(x):
        return (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True) + 1e-6)

    return by_row(x_train), by_row(x_valid)


def constant_column_gives_nan(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0)
    return (x_train - mean) / std, (x_valid - mean) / std


def bracket_in_the_wrong_place(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0)
    return (x_train - mean) / std + 1e-6, (x_valid - mean) / std + 1e-6


def variance_instead_of_deviation(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.var(0) + 1e-6
    return (x_train - mean) / std, (x_valid - mean) / std


def mean_not_taken_from_valid(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0) + 1e-6
    return (x_train - mean) / std, x_valid / std


def valid_left_alone(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0) + 1e-6
    return (x_train - mean) / std, x_valid


def valid_by_standardized_train(x_train, x_valid):
    x_train = (x_train - x_train.mean(0)) / (x_train.std(0) + 1e-6)
    x_valid = (x_valid - x_train.mean(0)) / (x_train.std(0) + 1e-6)
    return x_train, x_valid


def changes_its_arguments(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0) + 1e-6
    x_train -= mean
    x_train /= std
    x_valid -= mean
    x_valid /= std
    return x_train, x_valid


def scaled_to_the_range(x_train, x_valid):
    low, high = x_train.amin(0), x_train.amax(0)
    return (x_train - low) / (high - low + 1e-6), (x_valid - low) / (high - low + 1e-6)


def swapped(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0) + 1e-6
    return (x_valid - mean) / std, (x_train - mean) / std


def plus_instead_of_minus(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0) + 1e-6
    return (x_train + mean) / std, (x_valid + mean) / std


def large_addition(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0) + 1
    return (x_train - mean) / std, (x_valid - mean) / std


def deviation_of_a_mix(x_train, x_valid):
    n = min(len(x_train), len(x_valid))
    known = torch.cat([x_train[:n], x_valid[:n]])
    mean, std = known.mean(0), known.std(0) + 1e-6
    return (x_train - mean) / std, (x_valid - mean) / std


def median_instead_of_mean(x_train, x_valid):
    middle, std = x_train.median(0).values, x_train.std(0) + 1e-6
    return (x_train - middle) / std, (x_valid - middle) / std


def batch_norm_for_each(x_train, x_valid):
    return F.batch_norm(x_train, None, None, training=True), F.batch_norm(x_valid, None, None, training=True)


def only_train_returned(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0) + 1e-6
    x_valid = (x_valid - mean) / std
    return (x_train - mean) / std


def forgot_return(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0) + 1e-6
    x_train, x_valid = (x_train - mean) / std, (x_valid - mean) / std


# ---------------------------------------------------------------- right


def by_train(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0) + 1e-6
    return (x_train - mean) / std, (x_valid - mean) / std


def std_and_mean_at_once(x_train, x_valid):
    std, mean = torch.std_mean(x_train, dim=0, keepdim=True)
    std = std + 1e-6
    return [x.sub(mean).div(std) for x in (x_train, x_valid)]


def column_by_column(x_train, x_valid):
    train, valid = torch.empty_like(x_train), torch.empty_like(x_valid)
    for k in range(x_train.shape[1]):
        column = x_train[:, k]
        mean, std = column.mean(), column.std() + 1e-6
        train[:, k] = (column - mean) / std
        valid[:, k] = (x_valid[:, k] - mean) / std
    return train, valid


def by_hand(x_train: torch.Tensor, x_valid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    mean = x_train.sum(0) / len(x_train)
    variance = ((x_train - mean) ** 2).sum(0) / (len(x_train) - 1)
    scale = 1 / (variance.sqrt() + 1e-6)
    print("columns", len(mean))

    def bring(x: torch.Tensor) -> torch.Tensor:
        return (x - mean) * scale

    return bring(x_train), bring(x_valid)


def on_a_copy(x_train, x_valid):
    both = torch.cat([x_train, x_valid])
    known = both[: len(x_train)].clone()
    both -= known.mean(0)
    both /= known.std(0) + 1e-6
    return both[: len(x_train)], both[len(x_train) :]


def with_addition(x_train, x_valid, epsilon):
    mean, std = x_train.mean(dim=0), x_train.var(dim=0).sqrt().add(epsilon)
    valid = (x_valid - mean) / std
    train = (x_train - mean) / std
    return train, valid


class Standardizer:
    def __init__(self):
        self.calls = 0

    def fit(self, x):
        self.mean, self.std = x.mean(0), x.std(0) + 1e-6
        return self

    def transform(self, x):
        return (x - self.mean) / self.std

    def __call__(self, x_train, x_valid):
        self.calls += 1
        return self.fit(x_train).transform(x_train), self.transform(x_valid)


WRONG = [
    (as_given, "the given code", "with other validation images, the training part comes"),
    (
        only_the_mean_mended,
        "the deviation still knows the validation set",
        "with other validation images, the training part comes",
    ),
    (
        only_the_deviation_mended,
        "the mean still knows the validation set",
        "with other validation images, the training part comes",
    ),
    (
        each_by_its_own,
        "the validation set by its own mean and deviation",
        "an image comes out otherwise when others are",
    ),
    (only_train_mended, "the validation set still by everything", "an image comes out otherwise when others are"),
    (both_by_validation, "both by the validation set", "with other validation images, the training part comes"),
    (
        valid_divided_by_its_own_deviation,
        "the validation set by its own deviation",
        "an image comes out otherwise when others are",
    ),
    (
        one_mean_for_all_columns,
        "one mean and deviation for all columns",
        "the columns of the training part have means that are",
    ),
    (rows_instead_of_columns, "rows instead of columns", "the columns of the training part have means that are"),
    (constant_column_gives_nan, "nan for a constant column", "a pixel that never changes has the standard deviation"),
    (
        bracket_in_the_wrong_place,
        "1e-6 is added at the wrong place, nan for a constant column",
        "a pixel that never changes has the standard deviation",
    ),
    (
        variance_instead_of_deviation,
        "variance instead of deviation, right where it is 1",
        "you divide by the variance: a root is missing",
    ),
    (
        mean_not_taken_from_valid,
        "the mean is not taken from the validation set",
        "training and validation images are scaled by",
    ),
    (valid_left_alone, "the validation set stays as it was", "the validation part is as it was: it has to be scaled"),
    (
        valid_by_standardized_train,
        "the validation set by the numbers of the changed training set, 0 and 1",
        "training and validation images are scaled by",
    ),
    (changes_its_arguments, "changes its arguments in place", "your function changes its argument x_train: make a"),
    (scaled_to_the_range, "scales to 0 ... 1", "the columns of the training part have means that are"),
    (swapped, "the two results swapped", "the training part has shape (20, 5), expected (40, 5"),
    (plus_instead_of_minus, "plus the mean", "the columns of the training part have means that are"),
    (large_addition, "adds 1 instead of 1e-6", "the columns of the training part have standard"),
    (
        deviation_of_a_mix,
        "still looks at a part of the validation set",
        "with other validation images, the training part comes",
    ),
    (median_instead_of_mean, "the median instead of the mean", "the columns of the training part have means that are"),
    (batch_norm_for_each, "batch norm of each set by itself", "an image comes out otherwise when others are"),
    (only_train_returned, "returns one of the two", "you return a Tensor, expected two tensors: training"),
    (forgot_return, "forgot return", "your function returns nothing: does every way through"),
]
RIGHT = [
    (by_train, "mean and deviation of the training set"),
    (std_and_mean_at_once, "std_mean, a list instead of a tuple"),
    (column_by_column, "a loop over columns"),
    (by_hand, "formulas by hand, annotated, nested helper, prints"),
    (on_a_copy, "cat, but only the first part is looked at"),
    (partial(with_addition, epsilon=1e-6), "a partial; root of the variance, another order"),
    (Standardizer(), "a callable object with fit and transform"),
]
