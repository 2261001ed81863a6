"""Answers to convnets.size, written from its text alone."""

import math

import numpy as np
import torch
from torch.nn import functional as F


def by_formula(n, kernel, stride, padding, dilation):
    return (n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def by_torch(n, kernel, stride, padding, dilation):
    x, weight = torch.zeros(1, 1, n), torch.zeros(1, 1, kernel)
    return F.conv1d(x, weight, stride=stride, padding=padding, dilation=dilation).shape[-1]


def by_counting(n, kernel, stride, padding, dilation):
    places = range(-padding, n + padding, stride)
    return sum(place + dilation * (kernel - 1) < n + padding for place in places)


def by_floor(n, kernel, stride, padding, dilation):
    return math.floor((n + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1)


def in_numpy(n, kernel, stride, padding, dilation):
    return np.floor_divide(n + 2 * padding - (dilation * (kernel - 1) + 1), stride) + 1


def of_width(width, end=lambda rest, stride: rest // stride + 1, sides=2):
    def output_size(n, kernel, stride, padding, dilation):
        return end(n + sides * padding - width(kernel, dilation), stride)

    return output_size


def right_width(kernel, dilation):
    return dilation * (kernel - 1) + 1


def prints_it(n, kernel, stride, padding, dilation):
    print(by_formula(n, kernel, stride, padding, dilation))


def in_two_directions(n, kernel, stride, padding, dilation):
    size = by_formula(n, kernel, stride, padding, dilation)
    return size, size


def in_words(n, kernel, stride, padding, dilation):
    return str(by_formula(n, kernel, stride, padding, dilation))


RIGHT = [
    (by_formula, "the formula of torch's manual"),
    (by_torch, "a convolution of nothing"),
    (by_counting, "counts the places"),
    (by_floor, "floor of a quotient"),
    (in_numpy, "NumPy's integers"),
    (of_width(right_width), "in pieces"),
]
WRONG = [
    (of_width(lambda k, d: k), "no dilation", "dilation out"),
    (of_width(lambda k, d: d * k), "the kernel times dilation", "gaps"),
    (of_width(lambda k, d: d * (k - 1)), "one pixel too few", "one pixel wider"),
    (of_width(lambda k, d: k + d * (k - 1)), "dilation as the number of pixels left out", "dilation 1"),
    (of_width(lambda k, d: k + d - 1), "one gap only", "one gap"),
    (of_width(right_width, lambda rest, stride: rest / stride + 1), "a fraction", "round down"),
    (of_width(right_width, lambda rest, stride: -(-rest // stride) + 1), "rounded up", "round up"),
    (of_width(right_width, sides=1), "padding at one side", "both sides"),
    (of_width(right_width, lambda rest, stride: rest // stride), "one too few", "expected"),
    (prints_it, "prints", "returns nothing"),
    (in_two_directions, "a pair", "expected a number"),
    (in_words, "a string", "expected a number"),
]
