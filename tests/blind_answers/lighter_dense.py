"""Answers to lighter.dense, written from its text alone."""

import numpy as np
from torch import nn


def by_loop(inputs, growth, layers):
    total, channels = 0, inputs
    for _ in range(layers):
        total += channels * growth * 3 * 3
        channels += growth
    return total


def by_formula(inputs, growth, layers):
    return 9 * growth * (layers * inputs + growth * layers * (layers - 1) // 2)


def by_modules(inputs, growth, layers):
    found = [nn.Conv2d(inputs + growth * layer, growth, 3, bias=False) for layer in range(layers)]
    return sum(weight.numel() for layer in found for weight in layer.parameters())


def in_numpy(inputs, growth, layers):
    return 9 * growth * np.sum(inputs + growth * np.arange(layers))


def recursive(inputs, growth, layers):
    return 0 if layers == 0 else 9 * inputs * growth + recursive(inputs + growth, growth, layers - 1)


def counted(area=9, start=0, bias=0, outputs=False):
    def dense_weights(inputs, growth, layers):
        total = 0
        for layer in range(start, start + layers):
            seen = inputs + layer * growth
            total += area * seen * (seen + growth if outputs else growth) + bias * growth
        return total

    return dense_weights


def no_growth(inputs, growth, layers):
    return layers * inputs * growth * 9


def chain(inputs, growth, layers):
    return 9 * inputs * growth + 9 * growth * growth * (layers - 1)


def last_layer(inputs, growth, layers):
    return 9 * (inputs + (layers - 1) * growth) * growth


def as_list(inputs, growth, layers):
    return [9 * (inputs + layer * growth) * growth for layer in range(layers)] + [0, 0]


def a_module(inputs, growth, layers):
    return nn.Conv2d(inputs, growth, 3)


def nothing(inputs, growth, layers):
    print(9 * inputs * growth * layers)


RIGHT = [
    (by_loop, "a loop"),
    (by_formula, "a formula"),
    (by_modules, "counts those of layers"),
    (in_numpy, "NumPy"),
    (recursive, "recursive"),
]
WRONG = [
    (counted(area=1), "1x1", "9 weights for each pair"),
    (counted(start=1), "sees itself", "does not see what it adds itself"),
    (counted(bias=1), "biases", "you count biases"),
    (counted(outputs=True), "makes all channels", "only `growth` channels"),
    (no_growth, "no growth", "as much as the first"),
    (chain, "a chain", "the one before added"),
    (last_layer, "the last layer only", "expected"),
    (as_list, "a list", "expected a number"),
    (a_module, "a module", "expected a number"),
    (nothing, "prints", "returns nothing"),
]
