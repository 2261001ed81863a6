"""Answers to convnets.field, written from its text alone."""

import math

import numpy as np
import torch
from torch.nn import functional as F


def forwards(layers):
    width, apart = 1, 1
    for kernel, stride in layers:
        width = width + (kernel - 1) * apart
        apart = apart * stride
    return width


def backwards(layers):
    width = 1
    for kernel, stride in reversed(layers):
        width = (width - 1) * stride + kernel
    return width


def recursive(layers):
    if not layers:
        return 1
    (kernel, stride), *rest = layers
    return kernel + stride * (recursive(rest) - 1)


def by_products(layers):
    return 1 + sum((kernel - 1) * math.prod(s for _, s in layers[:place]) for place, (kernel, _) in enumerate(layers))


def in_numpy(layers):
    table = np.array(layers).reshape(-1, 2)
    before = np.concatenate([[1], np.cumprod(table[:, 1])])[: len(table)]
    return ((table[:, 0] - 1) * before).sum() + 1


def by_gradient(layers):
    x = torch.ones(1, 1, 400, requires_grad=True)
    out = x
    for kernel, stride in layers:
        out = F.conv1d(out, torch.ones(1, 1, kernel), stride=stride)
    out[0, 0, 0].backward()
    return int((x.grad != 0).sum())


def walked(begin=1, taken=1, own_first=False, order=1):
    def receptive_field(layers):
        width, apart = begin, 1
        for kernel, stride in layers[::order]:
            if own_first:
                apart *= stride
            width += (kernel - taken) * apart
            if not own_first:
                apart *= stride
        return width

    return receptive_field


def no_strides(layers):
    return 1 + sum(k - 1 for k, _ in layers)


def own_strides(layers):
    return 1 + sum((k - 1) * s for k, s in layers)


def last_stride_only(layers):
    width, before = 1, 1
    for kernel, stride in layers:
        width += (kernel - 1) * before
        before = stride
    return width


def sum_of_kernels(layers):
    return sum(k for k, _ in layers)


def area(layers):
    return forwards(layers) ** 2


def a_pair(layers):
    return forwards(layers), forwards(layers)


RIGHT = [
    (forwards, "field and distance, layer by layer"),
    (backwards, "from the output back to the image"),
    (recursive, "recursive"),
    (by_products, "a product for each layer"),
    (in_numpy, "NumPy"),
    (by_gradient, "a gradient"),
]
WRONG = [
    (no_strides, "no strides", "strides out"),
    (own_strides, "each by its own stride", "before it"),
    (last_stride_only, "the last stride alone", "multiply"),
    (walked(own_first=True), "its own stride first", "not for itself"),
    (walked(order=-1), "from the end", "from the last"),
    (walked(begin=0), "begins with nothing", "begin with 1"),
    (walked(taken=0), "adds whole kernels", "k - 1"),
    (sum_of_kernels, "adds kernels", "expected"),
    (area, "pixels of the square", "expected"),
    (a_pair, "height and width", "expected a number"),
]
