"""Answers to tensor.strides, written from its text alone."""

import math

import numpy as np
import torch

# ---- right


def from_the_right(shape):
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def products(shape):
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


def as_list(shape):
    return [int(np.prod(shape[i + 1 :], dtype=np.int64)) for i in range(len(shape))]


def recursive(shape):
    if not shape:
        return ()
    rest = recursive(shape[1:])
    return ((rest[0] * shape[1] if rest else 1),) + rest


def on_the_meta_device(shape):
    return torch.empty(shape, device="meta").stride()


def cumulative(shape):
    return np.cumprod((1, *shape[:0:-1]), dtype=np.int64)[::-1][: len(shape)]


# ---- wrong


def empty(shape): ...


def the_sizes(shape):
    return shape


def from_the_left(shape):
    strides, step = [], 1
    for size in shape:
        strides.append(step)
        step *= size
    return tuple(strides)


def not_turned_around(shape):
    return from_the_right(shape)[::-1]


def in_bytes(shape):
    return tuple(4 * step for step in from_the_right(shape))


def with_its_own_size(shape):
    return tuple(math.prod(shape[i:]) for i in range(len(shape)))


def next_size_only(shape):
    return (*shape[1:], 1)


def always_two(shape):
    return (shape[1], 1)


def sums(shape):
    return tuple(sum(shape[i + 1 :]) or 1 for i in range(len(shape)))


def makes_the_tensor(shape):
    return torch.zeros(shape).stride()


def one_number(shape):
    return math.prod(shape[1:])


def ends_in_zero(shape):
    return (*from_the_right(shape)[:-1], 0)


def as_floats(shape):
    total = math.prod(shape)
    strides = []
    for size in shape:
        total = total / size
        strides.append(total + 0.5)
    return tuple(strides)


RIGHT = [
    (from_the_right, "a loop from the right"),
    (products, "products of what follows"),
    (as_list, "a list"),
    (recursive, "the rest first"),
    (on_the_meta_device, "asks torch, of a tensor without numbers"),
    (cumulative, "cumprod, an array"),
]
WRONG = [
    (empty, "nothing written", "is not tried yet"),
    (the_sizes, "the shape", "that is the shape"),
    (from_the_left, "from the left", "the last index"),
    (not_turned_around, "not turned around", "the last index"),
    (in_bytes, "bytes", "bytes"),
    (with_its_own_size, "one size too many", "its own size"),
    (next_size_only, "only the next size", "only the next size"),
    (always_two, "two dimensions", "raises"),
    (sums, "sums", "expected"),
    (makes_the_tensor, "a real tensor", "raises"),
    (one_number, "one number", "expected a tuple"),
    (ends_in_zero, "0 at the end", "expected"),
    (as_floats, "no whole numbers", "whole"),
]
