import numpy as np
import torch
from torch import nn


def untouched_module(weights): ...


class Plain(nn.Module):
    """A module around any function of x and a list of weights."""

    def __init__(self, weights, forward):
        super().__init__()
        self.weights, self.run = weights, forward

    def forward(self, x):
        return self.run(x, list(self.weights))


def owned(weights):
    return nn.ParameterList(nn.Parameter(weight.clone()) for weight in weights)


def through(x, weights):
    for weight in weights[:-1]:
        x = (x @ weight).relu()
    return x @ weights[-1]


def relu_at_the_end(weights):
    return Plain(owned(weights), lambda x, own: through(x, own).relu())


def no_relu(weights):
    def straight(x, own):
        for weight in own:
            x = x @ weight
        return x

    return Plain(owned(weights), straight)


def with_bias(weights):
    layers = []
    for weight in weights:
        layer = nn.Linear(*weight.shape, dtype=weight.dtype)
        layer.weight = nn.Parameter(weight.T.clone())
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def plain_list(weights):
    return Plain([weight.clone().requires_grad_() for weight in weights], through)


def shared(weights):
    return Plain(nn.ParameterList(nn.Parameter(weight) for weight in weights), through)


def not_transposed(weights):
    layers = []
    for weight in weights:
        layer = nn.Linear(*weight.shape, bias=False)
        layer.weight = nn.Parameter(weight.clone())
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def in_float32(weights):
    return Plain(owned([weight.float() for weight in weights]), lambda x, own: through(x.float(), own))


def frozen(weights):
    return Plain(owned(weights).requires_grad_(False), through)


def given_roam(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for _ in range(int(depth)):
        h = (h @ middle).relu()
    return h @ w2


def always_three(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for _ in range(3):
        h = (h @ middle).relu()
    return h @ w2


def once_too_often(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for used in range(4):
        h = torch.where(depth >= used, (h @ middle).relu(), h)
    return h @ w2


def only_two(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for used in range(2):
        h = torch.where(depth > used, (h @ middle).relu(), h)
    return h @ w2


def no_middle_relu(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for used in range(3):
        h = torch.where(depth > used, h @ middle, h)
    return h @ w2


def given_tenth(x, y, w1, w2, lr):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    w2 -= lr * h.T @ d_y
    d_z = (d_y @ w2.T) * (z > 0)
    w1 -= lr * x.T @ d_z
    return w1, w2


def right_order_in_place(x, y, w1, w2, lr):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    d_z = (d_y @ w2.T) * (z > 0)
    w2 -= lr * h.T @ d_y
    w1 -= lr * x.T @ d_z
    return w1, w2


def copies_in_the_wrong_order(x, y, w1, w2, lr):
    return given_tenth(x, y, w1.copy(), w2.copy(), lr)


def gradients(x, y, w1, w2, lr):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    return x.T @ ((d_y @ w2.T) * (z > 0)), h.T @ d_y


def uphill(x, y, w1, w2, lr):
    d_w1, d_w2 = gradients(x, y, w1, w2, lr)
    return w1 + lr * d_w1, w2 + lr * d_w2


def turned_round(x, y, w1, w2, lr):
    d_w1, d_w2 = gradients(x, y, w1, w2, lr)
    return w2 - lr * d_w2, w1 - lr * d_w1


def unmoved(x, y, w1, w2, lr):
    return w1, w2


UNTOUCHED = {
    "nine_ways.module": untouched_module,
    "nine_ways.depth": given_roam,
    "nine_ways.tenth": given_tenth,
}
WRONG = {
    "nine_ways.module": [
        (relu_at_the_end, "a ReLU follows the last weight"),
        (no_relu, "all of them are one matrix"),
        (with_bias, "without any bias"),
        (plain_list, "a plain list registers nothing"),
        (shared, "they share their memory"),
        (not_transposed, "the module raises RuntimeError"),
        (in_float32, "dtype torch.float32"),
        (frozen, "do not ask for a gradient"),
    ],
    "nine_ways.depth": [
        (given_roam, "torch.export refuses it"),
        (always_three, "used three times, whatever depth says"),
        (once_too_often, "once too often"),
        (only_two, "wrong for a depth of 3"),
        (no_middle_relu, "a ReLU follows each use"),
    ],
    "nine_ways.tenth": [
        (given_tenth, "in what order do things happen?"),
        (right_order_in_place, "the new weights are right now"),
        (copies_in_the_wrong_order, "taken through the *new* w2"),
        (gradients, "you return the gradients"),
        (uphill, "uphill"),
        (turned_round, "do they come in order?"),
        (unmoved, "the weights that came in"),
    ],
}
