"""Answers to convnets.skip, written from its text alone."""

import torch
from torch import nn


class Skip(nn.Module):
    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def same(inputs, outputs, stride):
    return inputs == outputs and stride == 1


def by_condition(body, inputs, outputs, stride):
    if same(inputs, outputs, stride):
        return Skip(body, nn.Identity())
    return Skip(body, nn.Conv2d(inputs, outputs, 1, stride))


def with_batch_norm(body, inputs, outputs, stride):
    if inputs != outputs or stride != 1:
        projection = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        return Skip(body, projection)
    return Skip(body, nn.Sequential())


def by_one_class(body, inputs, outputs, stride):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = body
            self.projection = None if same(inputs, outputs, stride) else nn.LazyConv2d(outputs, 1, stride)

        def forward(self, x):
            return self.body(x) + (x if self.projection is None else self.projection(x))

    return Block()


def pool_first(body, inputs, outputs, stride):
    """A maximum over single pixels drops what the stride drops."""
    if same(inputs, outputs, stride):
        return Skip(body, nn.Identity())
    return Skip(body, nn.Sequential(nn.MaxPool2d(1, stride), nn.Conv2d(inputs, outputs, 1)))


def given(body, inputs, outputs, stride):
    return Skip(body, nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride))


def projected(kernel=1, stride_too=True, always=False, padding=0):
    def add_skip(body, inputs, outputs, stride):
        if same(inputs, outputs, stride) and not always:
            return Skip(body, nn.Identity())
        return Skip(body, nn.Conv2d(inputs, outputs, kernel, stride if stride_too else 1, padding))

    return add_skip


def by_stride_alone(body, inputs, outputs, stride):
    return Skip(body, nn.Identity() if stride == 1 else nn.Conv2d(inputs, outputs, 1, stride))


def only_the_body(body, inputs, outputs, stride):
    return body


def only_the_shortcut(body, inputs, outputs, stride):
    if same(inputs, outputs, stride):
        return nn.Identity()
    return nn.Conv2d(inputs, outputs, 1, stride)


def cut_without_weights(body, inputs, outputs, stride):
    class Cut(nn.Module):
        def forward(self, x):
            return x[:, :, ::stride, ::stride].repeat(1, outputs // inputs + 1, 1, 1)[:, :outputs]

    return Skip(body, nn.Identity() if same(inputs, outputs, stride) else Cut())


def with_relu(body, inputs, outputs, stride):
    return nn.Sequential(by_condition(body, inputs, outputs, stride), nn.ReLU())


def averaged(body, inputs, outputs, stride):
    if same(inputs, outputs, stride):
        return Skip(body, nn.Identity())
    return Skip(body, nn.Sequential(nn.AvgPool2d(stride, ceil_mode=True), nn.Conv2d(inputs, outputs, 1)))


def a_function(body, inputs, outputs, stride):
    return lambda x: body(x) + x


def a_pair(body, inputs, outputs, stride):
    return body, nn.Identity()


def concatenated(body, inputs, outputs, stride):
    class Beside(nn.Module):
        def forward(self, x):
            return torch.cat([body(x), x], dim=1)

    return Beside()


RIGHT = [
    (by_condition, "asks for both"),
    (with_batch_norm, "batch norm behind the projection"),
    (by_one_class, "a class of its own, with a lazy projection"),
    (pool_first, "drops pixels first"),
]
WRONG = [
    (given, "as it was given", "RuntimeError"),
    (by_stride_alone, "asks for the stride alone", "RuntimeError"),
    (projected(always=True), "always projects", "input itself"),
    (projected(stride_too=False), "a projection without stride", "RuntimeError"),
    (projected(kernel=3, padding=1), "a projection of 3x3", "more pixels"),
    (only_the_body, "no skip", "only the body"),
    (only_the_shortcut, "no body", "only the input"),
    (cut_without_weights, "no weights", "no weights"),
    (with_relu, "a ReLU after the sum", "ReLU"),
    (averaged, "an average before", "more pixels"),
    (a_function, "a function", "nn.Module"),
    (a_pair, "two modules", "nn.Module"),
    (concatenated, "beside each other", "expected"),
]
