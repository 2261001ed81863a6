"""Muon in float32: momentum whose matrices have all singular values pulled towards 1.

`torch.optim.Muon` computes in bfloat16, which most CPUs have to emulate, and takes matrices only. This one
also takes convolutions, as matrices with one row for each output channel, and vectors such as biases.
"""

from collections.abc import Iterable
from numbers import Integral

import torch
from torch import Tensor
from torch.optim import Optimizer


def orthogonalize(matrix: Tensor, steps: int = 5) -> Tensor:
    """Pull all singular values towards 1 and keep the singular vectors, by Newton-Schulz steps.

    After five steps they lie between 0.6 and 1.3, unless they were below a hundredth of the matrix's norm.
    Shapes: (M, N).
    Source: Jordan et al. 2024, kellerjordan.github.io/posts/muon, whose coefficients these are.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    m = matrix.T if tall else matrix  # then m @ m.T is the smaller square
    m = m / (m.norm() + 1e-7)  # now no singular value is above 1
    # A step multiplies m by a factor that depends on m @ m.T alone. So only squares are multiplied until the end, which
    # takes less than half of the time of a new m in each step if m is 128x1024.
    square, factor, product = m @ m.T, None, None
    for _ in range(steps):
        if factor is not None:
            square = factor @ square @ factor
        factor = torch.addmm(square, square, square, beta=-4.7750, alpha=2.0315)
        factor.diagonal().add_(3.4445)
        product = factor if product is None else factor @ product
    m = m if product is None else product @ m
    return m.T if tall else m


class Muon(Optimizer):
    """Nesterov's momentum, made orthogonal in every matrix and of length 1 in every vector.

    lr: the step's singular values, nearly; sqrt(M/N) times that for M rows, if these are more than N columns.
    weight_decay: decoupled, as in AdamW: every step takes this times lr off each weight.
    steps: of Newton and Schulz, as in `orthogonalize`.
    Raises: ValueError if lr is not above 0, momentum not from 0 to below 1, weight_decay below 0 or steps below 1.
    Source: as `orthogonalize`; the rule for matrices is that of torch.optim.Muon.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        steps: int = 5,
    ):
        if not lr > 0:
            raise ValueError(f"lr is {lr:g}, expected a number above 0: try 0.05")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum is {momentum:g}, expected 0 to below 1: try 0.95")
        if not weight_decay >= 0 or not isinstance(steps, Integral) or steps < 1:
            given = f"weight_decay is {weight_decay:g} and steps {steps}"
            raise ValueError(f"{given}, expected 0 or more and a whole number from 1: try 0 and 5")
        super().__init__(parameters, dict(lr=lr, momentum=momentum, weight_decay=weight_decay, steps=steps))

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._step(weight, group)

    def _step(self, weight: Tensor, group: dict) -> None:
        state = self.state[weight]
        if not state:
            state["average"] = torch.zeros_like(weight)
        average = state["average"].lerp_(weight.grad, 1 - group["momentum"])
        change = weight.grad.lerp(average, group["momentum"])  # Nesterov: look one step ahead
        if weight.ndim < 2:
            change /= change.norm() + 1e-7
        else:
            matrix = orthogonalize(change.flatten(1), group["steps"])
            change = matrix.mul_(max(1, matrix.shape[0] / matrix.shape[1]) ** 0.5).view_as(change)
        weight.mul_(1 - group["lr"] * group["weight_decay"]).sub_(change, alpha=group["lr"])
