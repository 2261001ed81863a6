"""Answers to nine_ways.module, written from its text alone."""

import functools
from collections import OrderedDict

import torch
from torch import nn


def linear(weight, transpose=True, bias=False):
    inputs, outputs = weight.shape
    layer = nn.Linear(inputs, outputs, bias=bias, dtype=weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight.T if transpose else weight.reshape(outputs, inputs))
    return layer


def sequence(weights, make=linear, between=nn.ReLU):
    layers = [make(weights[0])]
    for weight in weights[1:]:
        layers += [between(), make(weight)]
    return nn.Sequential(*layers)


def reshaped_not_transposed(weights):
    return sequence(weights, functools.partial(linear, transpose=False))


def with_a_bias(weights):
    return sequence(weights, functools.partial(linear, bias=True))


def with_a_zero_bias(weights):
    model = sequence(weights, functools.partial(linear, bias=True))
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
    return model


def relu_everywhere(weights):
    return nn.Sequential(sequence(weights), nn.ReLU())


def relu_nowhere(weights):
    return nn.Sequential(*map(linear, weights))


def another_activation(weights):
    return sequence(weights, between=nn.LeakyReLU)


def random_weights(weights):
    return sequence(weights, lambda weight: nn.Linear(*weight.shape, bias=False, dtype=weight.dtype))


def two_layers_only(weights):
    return nn.Sequential(linear(weights[0]), nn.ReLU(), linear(weights[1]))


class Unregistered(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.layers = [linear(weight) for weight in weights]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x)


def unregistered(weights):
    return Unregistered(weights)


def given_themselves(weights):
    model = sequence(weights)
    for layer, weight in zip(model[::2], weights):
        layer.weight = nn.Parameter(weight.T)
    return model


class Buffers(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.count = len(weights)
        for place, weight in enumerate(weights):
            self.register_buffer(f"w{place}", weight.clone())

    def forward(self, x):
        for place in range(self.count):
            x = x @ getattr(self, f"w{place}")
            x = x.relu() if place < self.count - 1 else x
        return x


def buffers(weights):
    return Buffers(weights)


class Detached(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.weights = nn.ParameterList(weight.clone() for weight in weights)

    def forward(self, x):
        for weight in list(self.weights)[:-1]:
            x = (x @ weight.detach()).relu()
        return x @ self.weights[-1]


def detached(weights):
    return Detached(weights)


def always_float32(weights):
    return sequence([weight.float() for weight in weights])


def only_the_outputs(weights):
    x = torch.ones(1, len(weights[0]), dtype=weights[0].dtype)
    for weight in weights[:-1]:
        x = (x @ weight).relu()
    return x @ weights[-1]


def plain(weights):
    return sequence(weights)


class Own(nn.Module):
    def __init__(self, weights: list[torch.Tensor]) -> None:
        super().__init__()
        self.weights = nn.ParameterList([nn.Parameter(weight.detach().clone()) for weight in weights])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        *hidden, last = self.weights
        for weight in hidden:
            x = torch.clamp(x @ weight, min=0)
        return x @ last


def own_module(weights):
    print("making a module of", len(weights))
    return Own(weights)


def named(weights, prefix):
    parts = OrderedDict()
    for place, weight in enumerate(weights):
        if place:
            parts[f"relu{place}"] = nn.ReLU()
        parts[f"{prefix}{place}"] = linear(weight)
    return nn.Sequential(parts)


class Maker:
    def __call__(self, weights):
        layers = nn.ModuleList(map(linear, weights))

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = layers

            def forward(self, x):
                for place, layer in enumerate(self.layers):
                    x = layer(x.relu() if place else x)
                return x

        return Net()


def recursive(weights):
    first, *rest = weights
    return nn.Sequential(linear(first), nn.ReLU(), recursive(rest)) if rest else linear(first)


WRONG = [
    (reshaped_not_transposed, "reshaped where it should be transposed", "transposed for nn.Linear"),
    (with_a_bias, "nn.Linear with its random bias", "bias"),
    (with_a_zero_bias, "a bias that begins at zero", "numbers to train, expected"),
    (relu_everywhere, "a ReLU after the last", "a ReLU follows the last weight"),
    (relu_nowhere, "no ReLU at all", "no ReLU stands between"),
    (another_activation, "LeakyReLU in place of ReLU", "with a ReLU between each two"),
    (random_weights, "layers of the right sizes with weights of their own", "are they the given ones"),
    (two_layers_only, "for two matrices alone", "IndexError"),
    (unregistered, "layers in a plain list", "a plain list registers nothing"),
    (given_themselves, "the given tensors themselves as parameters", "share their memory"),
    (buffers, "buffers in place of parameters", "has no parameters"),
    (detached, "all but the last weight detached", "no gradient reaches some parameters"),
    (always_float32, "float32 whatever comes", "the module raises RuntimeError"),
    (only_the_outputs, "returns outputs, no module", "you return a Tensor, expected an nn.Module"),
]
RIGHT = [
    (plain, "Sequential of linear layers"),
    (own_module, "a class with a ParameterList, clamp, a print"),
    (functools.partial(named, prefix="w"), "partial, an OrderedDict"),
    (Maker(), "a callable object with a class inside"),
    (recursive, "a module in a module"),
]
