"""Multilayer perceptrons."""

import math
from collections.abc import Callable, Sequence
from numbers import Integral

import torch
from torch import Tensor, nn

from course._shapes import check_shape


class MLP(nn.Module):
    """A multilayer perceptron: linear layers with an activation between them, and plain logits at the end.

    widths: neurons from input to output, such as (784, 200, 200, 10) or (784, 256, 128, 64, 10).
    activation: makes the module that follows each hidden layer.
    generator: draws the initial weights, on the CPU; torch's global generator if None.
    Shapes: x (B, ...) with widths[0] numbers an example, for example (B, 1, 28, 28); logits (B, K).
    Transforms: all that torch has for its own operations, for these are plain ones.
    Raises: ValueError if there are fewer than two widths, one is no whole number from 1, or x does not fit; if
        activation is a module, which all layers would share.
    Source: torch.nn.Linear, whose initialisation it repeats with a generator of its own.
    """

    def __init__(
        self,
        widths: Sequence[int],
        activation: Callable[[], nn.Module] = nn.ReLU,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if len(widths) < 2 or not all(isinstance(width, Integral) and width > 0 for width in widths):
            raise ValueError(
                f"widths is {tuple(widths)}, expected two or more whole positive sizes: try (784, 200, 10)"
            )
        if isinstance(activation, nn.Module):
            kind = type(activation).__name__
            raise ValueError(f"activation is a module, {activation}, expected what makes one: try nn.{kind}")
        self.widths = tuple(widths)
        self.layers = nn.Sequential()
        for inputs, outputs in zip(widths[:-1], widths[1:]):
            if len(self.layers):
                self.layers.append(activation())
            self.layers.append(_linear(inputs, outputs, generator))

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        check_shape("x, flattened,", x, f"B {self.widths[0]}", "the first of widths is the size of one example")
        return self.layers(x)


def _linear(inputs: int, outputs: int, generator: torch.Generator | None) -> nn.Module:
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs, device=torch.get_default_device())
    bound = 1 / math.sqrt(inputs)
    for parameter in layer.parameters():  # the weight, then the bias
        with torch.no_grad():
            parameter.copy_(torch.empty(parameter.shape, device="cpu").uniform_(-bound, bound, generator=generator))
    return layer
