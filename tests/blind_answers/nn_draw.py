"""Answers to nn.draw, written from its text alone."""

import functools
import math

import numpy as np
import torch
from torch import nn


def he_without_the_slope(inputs, outputs, slope):
    return torch.randn(outputs, inputs) * math.sqrt(2 / inputs)


def linear_between_the_ends(inputs, outputs, slope):
    return torch.randn(outputs, inputs) * math.sqrt((2 - slope) / inputs)


def slope_not_squared(inputs, outputs, slope):
    return torch.randn(outputs, inputs) * math.sqrt(2 / ((1 + slope) * inputs))


def fan_out(inputs, outputs, slope):
    return torch.randn(outputs, inputs) * math.sqrt(2 / ((1 + slope**2) * outputs))


def mean_of_the_fans(inputs, outputs, slope):
    return torch.randn(outputs, inputs) * math.sqrt(4 / ((1 + slope**2) * (inputs + outputs)))


def no_root(inputs, outputs, slope):
    return torch.randn(outputs, inputs) * 2 / ((1 + slope**2) * inputs)


def root_of_the_gain_only(inputs, outputs, slope):
    return torch.randn(outputs, inputs) * 2 / (1 + slope**2) / math.sqrt(inputs)


def wrong_shape(inputs, outputs, slope):
    return torch.randn(inputs, outputs) * math.sqrt(2 / ((1 + slope**2) * inputs))


def uniform_up_to_std(inputs, outputs, slope):
    std = math.sqrt(2 / ((1 + slope**2) * inputs))
    return (2 * torch.rand(outputs, inputs) - 1) * std


def kaiming_forgets_a(inputs, outputs, slope):
    return nn.init.kaiming_normal_(torch.empty(outputs, inputs), nonlinearity="leaky_relu")


def gain_of_the_default_slope(inputs, outputs, slope):
    gain = nn.init.calculate_gain("leaky_relu")
    return torch.randn(outputs, inputs) * gain / math.sqrt(inputs)


def only_positive(inputs, outputs, slope):
    return torch.randn(outputs, inputs).abs() * math.sqrt(2 / ((1 + slope**2) * inputs))


def always_the_same(inputs, outputs, slope):
    torch.manual_seed(0)
    return torch.randn(outputs, inputs) * math.sqrt(2 / ((1 + slope**2) * inputs))


def variance_in_place_of_mean_square(inputs, outputs, slope):
    variance = (1 + slope**2) / 2 - (1 - slope) ** 2 / (2 * math.pi)
    return torch.randn(outputs, inputs) / math.sqrt(variance * inputs)


def normal(inputs, outputs, slope):
    std = math.sqrt(2 / ((1 + slope**2) * inputs))
    return std * torch.randn(outputs, inputs)


def kaiming_uniform(inputs: int, outputs: int, slope: float) -> torch.Tensor:
    return nn.init.kaiming_uniform_(torch.empty(outputs, inputs), a=slope, mode="fan_in", nonlinearity="leaky_relu")


def with_gain(inputs, outputs, slope):
    def gain():
        return nn.init.calculate_gain("leaky_relu", slope)

    weights = torch.empty(outputs, inputs)
    weights.normal_(0, gain() / inputs**0.5)
    print("drew", tuple(weights.shape))
    return weights


def from_numpy(inputs, outputs, slope):
    std = np.sqrt(2 / (1 + slope**2) / inputs)
    weights = np.random.default_rng().normal(0, std, size=(outputs, inputs))
    return torch.tensor(weights, dtype=torch.float32)


class Rows:
    def __init__(self, sample):
        self.sample = sample

    def __call__(self, inputs, outputs, slope):
        bound = (6 / ((1 + slope * slope) * inputs)) ** 0.5
        return torch.stack([bound * (2 * self.sample(inputs) - 1) for _ in range(outputs)])


def signs(inputs, outputs, slope, scale):
    heads = torch.randint(0, 2, (outputs, inputs))
    return torch.where(heads == 1, 1.0, -1.0) * scale(2 / ((1 + slope**2) * inputs))


WRONG = [
    (he_without_the_slope, "He's start, the slope is not used", "this is He for ReLU, the slope changes nothing: what"),
    (linear_between_the_ends, "right at slopes 0 and 1 only", "the mean square after ten layers is"),
    (
        slope_not_squared,
        "1 + slope in place of 1 + slope ** 2: right at 0 and 1 only",
        "you add the slope to 1; it is the mean *square* that",
    ),
    (
        fan_out,
        "divides by the outputs: right for square layers only",
        "a sum has as many terms as there are inputs; you",
    ),
    (
        mean_of_the_fans,
        "the mean of inputs and outputs: right for square layers only",
        "the mean square after ten layers is",
    ),
    (no_root, "the variance where the standard deviation belongs", "this is the right variance, used as a standard"),
    (
        root_of_the_gain_only,
        "no root of the slope's part: right at slope 1 only",
        "the mean square after ten layers is",
    ),
    (wrong_shape, "shape (inputs, outputs)", "the weight has shape (400, 450), expected (450, 400)"),
    (
        uniform_up_to_std,
        "uniform up to the standard deviation, without the root of 3",
        "uniform numbers between -b and b have the standard",
    ),
    (kaiming_forgets_a, "kaiming_normal_ without a", "this is He for ReLU, the slope changes nothing: what"),
    (
        gain_of_the_default_slope,
        "the gain of slope 0.01 for every slope",
        "this is He for ReLU, the slope changes nothing: what",
    ),
    (only_positive, "right mean square, but no negative weights", "expected 0: sums would drift one way"),
    (always_the_same, "the same weights in each call", "every call gives the same weights, and ten layers"),
    (
        variance_in_place_of_mean_square,
        "keeps the variance after the activation, not the mean square",
        "you average the slopes, then square; average the",
    ),
]
RIGHT = [
    (normal, "normal numbers"),
    (kaiming_uniform, "kaiming_uniform_, annotated"),
    (with_gain, "calculate_gain, a nested function, normal_, a print"),
    (from_numpy, "drawn with NumPy, float32 tensor"),
    (Rows(torch.rand), "a callable object, uniform, row by row"),
    (functools.partial(signs, scale=math.sqrt), "functools.partial, random signs"),
]
