"""Answers to convnets.fire, written from its text alone."""

import numpy as np
from torch import nn
from torchvision.models.squeezenet import Fire


def by_formula(inputs, squeeze, expand1, expand3):
    return (inputs + 1) * squeeze + (squeeze + 1) * expand1 + (9 * squeeze + 1) * expand3


def by_layers(inputs, squeeze, expand1, expand3):
    layers = [nn.Conv2d(inputs, squeeze, 1), nn.Conv2d(squeeze, expand1, 1), nn.Conv2d(squeeze, expand3, 3, padding=1)]
    return sum(weight.numel() for layer in layers for weight in layer.parameters())


def by_torchvision(inputs, squeeze, expand1, expand3):
    return sum(weight.numel() for weight in Fire(inputs, squeeze, expand1, expand3).parameters())


def in_numpy(inputs, squeeze, expand1, expand3):
    ins, outs, areas = np.array([inputs, squeeze, squeeze]), np.array([squeeze, expand1, expand3]), np.array([1, 1, 9])
    return np.dot(ins * areas + 1, outs)


def counted(biases=True, area=9, first=1, expand_from="squeeze", squeezing=True):
    def fire_weights(inputs, squeeze, expand1, expand3):
        sources = {"squeeze": (squeeze, squeeze), "inputs": (inputs, inputs), "chain": (squeeze, expand1)}
        small, large = sources[expand_from]
        total = small * expand1 + area * large * expand3
        if squeezing:
            total += first * inputs * squeeze
        if biases:
            total += expand1 + expand3 + (squeeze if squeezing else 0)
        return total

    return fire_weights


def swapped(inputs, squeeze, expand1, expand3):
    return by_formula(inputs, squeeze, expand3, expand1)


def bias_for_each_pair(inputs, squeeze, expand1, expand3):
    return inputs * squeeze * 2 + squeeze * expand1 * 2 + squeeze * expand3 * 10


def one_bias_each(inputs, squeeze, expand1, expand3):
    return inputs * squeeze + squeeze * expand1 + 9 * squeeze * expand3 + 3


def three_numbers(inputs, squeeze, expand1, expand3):
    return [(inputs + 1) * squeeze, (squeeze + 1) * expand1, (9 * squeeze + 1) * expand3]


def the_module(inputs, squeeze, expand1, expand3):
    return Fire(inputs, squeeze, expand1, expand3)


RIGHT = [
    (by_formula, "one line"),
    (by_layers, "counts those of layers"),
    (by_torchvision, "counts those of torchvision's"),
    (in_numpy, "NumPy's integers"),
    (counted(), "in pieces"),
]
WRONG = [
    (counted(biases=False), "no biases", "biases"),
    (counted(area=1), "a 3x3 as a 1x1", "9 weights"),
    (counted(area=3), "a 3x3 with 3 weights", "9 weights"),
    (counted(expand_from="inputs"), "expands the input", "squeezed"),
    (counted(expand_from="chain"), "one after the other", "side by side"),
    (counted(first=9), "squeezes by 3x3", "squeezes is 1x1"),
    (counted(squeezing=False), "forgets to squeeze", "squeezes has weights"),
    (swapped, "expand1 and expand3 swapped", "for each other"),
    (bias_for_each_pair, "a bias for each pair", "expected"),
    (one_bias_each, "one bias a convolution", "biases"),
    (three_numbers, "three numbers", "expected a number"),
    (the_module, "the module itself", "expected a number"),
]
