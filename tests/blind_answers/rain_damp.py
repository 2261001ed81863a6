"""Answers to rain.damp, written from its text alone."""

import functools
import statistics

import numpy as np
import torch


def covariance_by_variance(x, y):
    spread = ((x - x.mean()) ** 2).mean()
    if spread == 0:
        return 0.0, y.mean().item()
    a = ((x - x.mean()) * (y - y.mean())).mean() / spread
    return a.item(), (y.mean() - a * x.mean()).item()


def tensors_without_axes(x, y):
    x, y = x.flatten().double(), y.flatten().double()
    if (x == x[0]).all():
        return torch.tensor(0.0), y.mean()
    a = torch.cov(torch.stack([x, y]))[0, 1] / x.var()
    return a, y.mean() - a * x.mean()


def least_squares(x, y):
    x, y = x.reshape(-1), y.reshape(-1)
    if x.min() == x.max():
        return 0, float(y.mean())
    design = torch.stack([x, torch.ones_like(x)], dim=1)
    a, b = torch.linalg.lstsq(design, y[:, None]).solution[:, 0].tolist()
    return a, b


def normal_equations(x, y):
    n, sx, sy = x.numel(), x.double().sum(), y.double().sum()
    sxx, sxy = (x.double() * x).sum(), (x.double() * y).sum()
    below = n * sxx - sx * sx
    a = 0.0 if below == 0 else float((n * sxy - sx * sy) / below)
    return [a, float((sy - a * sx) / n)]


def numpy_polyfit(x, y):
    x, y = x.numpy().ravel().astype(float), y.numpy().ravel().astype(float)
    if np.ptp(x) == 0:
        return 0.0, y.mean()
    return tuple(np.polyfit(x, y, 1))


def plain_loop(x, y):
    xs, ys = x.flatten().tolist(), y.flatten().tolist()
    middle, height = sum(xs) / len(xs), sum(ys) / len(ys)
    above = below = 0
    for u, v in zip(xs, ys, strict=True):
        above += (u - middle) * (v - height)
        below += (u - middle) ** 2
    a = above / below if below else 0
    return a, height - a * middle


def library_line(x, y):
    xs, ys = x.reshape(-1).tolist(), y.reshape(-1).tolist()
    if len(set(xs)) == 1:
        return 0, statistics.fmean(ys)
    line = statistics.linear_regression(xs, ys)
    return line.slope, line.intercept


def pseudo_inverse(dtype, x, y):
    x, y = x.to(dtype).flatten(), y.to(dtype).flatten()
    moved = (x - x.mean())[:, None]
    a = (torch.linalg.pinv(moved) @ (y - y.mean())).item()
    return a, (y.mean() - a * x.mean()).item()


class Correlation:
    def __call__(self, x, y):
        if x.unique().numel() < 2:
            return torch.stack([torch.zeros(()), y.mean()])
        moved, other = x - x.mean(), y - y.mean()
        a = (moved * other).sum() / moved.square().sum()
        return torch.stack([a, y.mean() - a * x.mean()])


def left_as_given(x, y): ...


def line(x, y):
    return covariance_by_variance(x, y)


def forgets_the_return(x, y):
    a, b = line(x, y)
    print(a, b)


def swaps_the_pair(x, y):
    a, b = line(x, y)
    return b, a


def exchanges_x_and_y(x, y):
    return line(y, x)


def through_the_origin(x, y):
    below = (x * x).sum()
    return ((x * y).sum() / below).item() if below else 0.0, 0.0


def slope_through_the_origin(x, y):
    if x.min() == x.max():
        return 0.0, y.mean().item()
    a = (x * y).sum() / (x * x).sum()
    return a.item(), (y.mean() - a * x.mean()).item()


def mean_of_y_as_b(x, y):
    a, _ = line(x, y)
    return a, y.mean().item()


def wrong_sign_of_b(x, y):
    a, _ = line(x, y)
    return a, (y.mean() + a * x.mean()).item()


def bessel_in_one_place_only(x, y):
    if x.min() == x.max():
        return 0.0, y.mean().item()
    a = (((x - x.mean()) * (y - y.mean())).mean() / x.var()).item()
    return a, (y.mean() - a * x.mean()).item()


def ratio_of_spreads(x, y):
    if x.min() == x.max():
        return 0.0, y.mean().item()
    a = (y.std() / x.std()).item()
    return a, (y.mean() - a * x.mean()).item()


def correlation_as_slope(x, y):
    if x.min() == x.max():
        return 0.0, y.mean().item()
    a = torch.corrcoef(torch.stack([x.flatten(), y.flatten()]))[0, 1].item()
    return a, (y.mean() - a * x.mean()).item()


def divides_by_the_standard_deviation(x, y):
    if x.min() == x.max():
        return 0.0, y.mean().item()
    a = (((x - x.mean()) * (y - y.mean())).mean() / x.std(correction=0)).item()
    return a, (y.mean() - a * x.mean()).item()


def no_look_at_a_constant(x, y):
    moved = x - x.mean()
    a = ((moved * (y - y.mean())).sum() / moved.square().sum()).item()
    return a, (y.mean() - a * x.mean()).item()


def a_is_one_for_a_constant(x, y):
    if x.min() == x.max():
        return 1.0, (y - x).mean().item()
    return line(x, y)


def zero_and_zero_for_a_constant(x, y):
    return (0.0, 0.0) if x.min() == x.max() else line(x, y)


def smallest_norm_for_a_constant(x, y):
    design = np.stack([x.numpy().ravel(), np.ones(x.numel())], axis=1)
    a, b = np.linalg.lstsq(design, y.numpy().ravel(), rcond=None)[0]
    return float(a), float(b)


def one_axis_only(x, y):
    if x.min() == x.max():
        return 0.0, y.mean().item()
    design = torch.stack([x, torch.ones_like(x)], dim=1)
    a, b = torch.linalg.lstsq(design, y).solution.tolist()
    return a, b


def means_over_rows(x, y):
    moved = x - x.mean(0)
    below = moved.square().sum()
    a = ((moved * (y - y.mean(0))).sum() / below).item() if below else 0.0
    return a, (y.mean() - a * x.mean()).item()


def lines_of_each_column(x, y):
    moved = x - x.mean(0)
    a = (moved * (y - y.mean(0))).sum(0) / moved.square().sum(0)
    return a, y.mean(0) - a * x.mean(0)


def never_negative(x, y):
    a, _ = line(x, y)
    a = max(a, 0.0)
    return a, (y.mean() - a * x.mean()).item()


def between_zero_and_one(x, y):
    a, _ = line(x, y)
    a = min(max(a, 0.0), 1.0)
    return a, (y.mean() - a * x.mean()).item()


def median_instead_of_mean(x, y):
    a, _ = line(x, y)
    return a, (y.median() - a * x.median()).item()


def epsilon_below(x, y):
    moved = x - x.mean()
    a = ((moved * (y - y.mean())).mean() / (moved.square().mean() + 1e-2)).item()
    return a, (y.mean() - a * x.mean()).item()


def few_steps_of_descent(x, y):
    a, b = 0.0, 0.0
    for _ in range(20):
        error = a * x + b - y
        a -= 0.05 * (error * x).mean().item()
        b -= 0.05 * error.mean().item()
    return a, b


def centres_in_place(x, y):
    middle, height = x.mean().item(), y.mean().item()
    x -= middle
    y -= height
    below = x.square().sum()
    a = ((x * y).sum() / below).item() if below else 0.0
    return a, height - a * middle


def returns_the_damped_forecast(x, y):
    a, b = line(x, y)
    return a * x + b


def returns_a_alone(x, y):
    return line(x, y)[0]


def returns_the_error_too(x, y):
    a, b = line(x, y)
    return a, b, ((a * x + b - y) ** 2).mean().item()


def returns_a_dictionary(x, y):
    a, b = line(x, y)
    return {"a": a, "b": b}


def rounds_the_pair(x, y):
    a, b = line(x, y)
    return round(a, 1), round(b, 1)


RIGHT = [
    (covariance_by_variance, "covariance by variance, item"),
    (tensors_without_axes, "torch.cov and var, tensors without axes"),
    (least_squares, "torch.linalg.lstsq with a column of ones"),
    (normal_equations, "the normal equations, a list"),
    (numpy_polyfit, "np.polyfit, NumPy numbers"),
    (plain_loop, "a loop over plain numbers"),
    (library_line, "statistics.linear_regression"),
    (functools.partial(pseudo_inverse, torch.float64), "a pseudo-inverse in a functools.partial"),
    (Correlation(), "an object with __call__, the pair as a tensor"),
]

WRONG = [
    (left_as_given, "left as given", "is not tried yet"),
    (forgets_the_return, "prints and does not return", "your function returns nothing: does every way through it"),
    (swaps_the_pair, "(b, a)", "you return (b, a), expected (a, b)."),
    (exchanges_x_and_y, "fits x from y", "this line goes from y to x: it is x that is multiplied by"),
    (through_the_origin, "a line through the origin, b = 0", "your line goes through 0: b is free, and with it the"),
    (
        slope_through_the_origin,
        "the slope through the origin, b by the means",
        "your a is that of a line through 0: take their means from",
    ),
    (mean_of_y_as_b, "b is the mean of y", "a is right; b is what is left of the mean of y after a x."),
    (wrong_sign_of_b, "b with the wrong sign", "a is right; b has a wrong sign in it: at the mean of x"),
    (
        bessel_in_one_place_only,
        "a mean over n divided by a variance over n - 1",
        "you divide a mean over n by a variance over n - 1: use",
    ),
    (
        ratio_of_spreads,
        "a is the ratio of the standard deviations",
        "you divide the spreads: that gives no heed to whether y",
    ),
    (correlation_as_slope, "a is the correlation", "your a is the correlation: divide by the variance of x,"),
    (
        divides_by_the_standard_deviation,
        "divides by the standard deviation",
        "you divide by the standard deviation of x, expected its",
    ),
    (no_look_at_a_constant, "nan where all of x is equal", "Where all of x is equal"),
    (a_is_one_for_a_constant, "a is 1 where all of x is equal", "Where all of x is equal"),
    (zero_and_zero_for_a_constant, "(0, 0) where all of x is equal", "Where all of x is equal"),
    (smallest_norm_for_a_constant, "lstsq without a case for equal x", "Where all of x is equal"),
    (one_axis_only, "works with one axis only", "you return a list, expected a number."),
    (means_over_rows, "centres along the first axis only", "for x = [[0.5, 0.0, 1.5], [1.0, 0.25, 0.5]] and y ="),
    (lines_of_each_column, "a line for each column", "you return a Tensor of shape (3,), expected a number."),
    (never_negative, "a is never negative", "for x = [[[2.0, 1.0], [0.0, 3.0]], [[-1.0, 0.5], [2.5,"),
    (between_zero_and_one, "a between 0 and 1", "for x = [[0.5, 0.0, 1.5], [1.0, 0.25, 0.5]] and y ="),
    (median_instead_of_mean, "b by the medians", "for x = [0.0, 1.0, 2.0, 5.0, 4.5] and y = [1.0, 0.5, 2.0,"),
    (epsilon_below, "adds 0.01 to the variance", "for x = [0.0, 1.0, 2.0, 5.0, 4.5] and y = [1.0, 0.5, 2.0,"),
    (few_steps_of_descent, "20 steps of gradient descent", "for x = [0.0, 1.0, 2.0, 5.0, 4.5] and y = [1.0, 0.5, 2.0,"),
    (centres_in_place, "centres x and y in place", "your function changes its argument x: make a new one"),
    (returns_the_damped_forecast, "returns a x + b", "you return a Tensor, expected the pair (a, b)."),
    (returns_a_alone, "returns a alone", "you return a float, expected the pair (a, b)."),
    (returns_the_error_too, "returns three numbers", "you return a tuple of length 3, expected the pair (a, b)."),
    (returns_a_dictionary, "returns a dictionary", "you return a dict, expected the pair (a, b)."),
    (rounds_the_pair, "rounds to one digit", "for x = [0.0, 1.0, 2.0, 5.0, 4.5] and y = [1.0, 0.5, 2.0,"),
]
