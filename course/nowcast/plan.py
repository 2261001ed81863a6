"""The plan of a run of `course.nowcast`: all that decides its result, apart from the data."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LOSSES = "mse", "balanced"
CELLS = "measured", "known"
TARGETS = "frames", "chance", "sum"
HALVINGS = 3  # of the rate; once more, and a run ends
RULES = {"adam": 0.5, "sgd": 1.0}  # the power of the batch by which the learning rate grows


@dataclass(frozen=True)
class Plan:
    """What must be the same for a run to go on, or to give the same again.

    dim: 2 (heights are channels) or 3. hidden: channels of each layer. ahead: frames to each forecast, the leads.
    target: frames, how it looks at each lead, or of the rain until each lead chance, how likely it is that it exceeds
    thresholds, or sum, how much it is. pool: side of the squares of cells that are made one.
    Of films that are cut out of a radar's frames, crop: side of the squares, 0 for whole maps, gap: minutes between
    the frames to train on and those to choose or judge by.
    validation: share of the films that choose the best weights. held_out: share of the films that judge at the end.
    loss: mse, or balanced, which weights heavy rain. cells: whose loss counts: all that were measured, or those of them
    that are known, where motion knows what comes. batch: films a step, on all processes together.
    lr: learning rate for a batch of lr_batch. warmup: steps until that rate is reached. patience: epochs without a
    lower validation loss after which it is halved. seed: of weights, order and storms.
    Raises: ValueError that names what is out of its range.
    """

    dim: int = 2
    hidden: tuple[int, ...] = (8, 8, 8)
    ahead: tuple[int, ...] = (5,)
    target: str = "frames"
    pool: int = 2
    crop: int = 64
    gap: int = 60
    validation: float = 0.1
    held_out: float = 0.2
    loss: str = "mse"
    cells: str = "measured"
    batch: int = 16
    optimizer: str = "adam"
    lr: float = 0.01
    lr_batch: int = 16
    warmup: int = 10
    patience: int = 3
    seed: int = 0

    def __post_init__(self):
        if self.dim not in (2, 3):
            raise ValueError(f"dim is {self.dim}, expected 2 or 3")
        if not self.hidden or min(self.hidden) < 1:
            raise ValueError(f"hidden is {self.hidden}, expected numbers of 1 or more: try 8 8 8")
        if not self.ahead or min(self.ahead) < 1 or sorted(set(self.ahead)) != list(self.ahead):
            raise ValueError(f"ahead is {self.ahead}, expected rising numbers of 1 or more: try 5 10")
        for name in ("pool", "crop", "gap", "batch", "lr_batch", "warmup", "patience", "seed"):
            least = {"warmup": 0, "seed": 0, "gap": 0, "crop": 0}.get(name, 1)
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}, expected {least} or more")
        if not 0 < self.held_out < 1:
            raise ValueError(f"held_out is {self.held_out:g}, expected a share between 0 and 1: try 0.2")
        if not 0 <= self.validation < 1 - self.held_out:
            most = f"0 or more, with held_out {self.held_out:g} below 1"
            raise ValueError(f"validation is {self.validation:g}, expected a share of {most}: try 0.1")
        if self.target not in TARGETS:
            raise ValueError(f"target is {self.target!r}, expected {', '.join(TARGETS[:-1])} or {TARGETS[-1]}")
        if self.summed and (self.dim, self.loss) != (2, "mse"):
            raise ValueError(f"dim is {self.dim} and loss {self.loss}, but target is {self.target}: leave both out")
        if self.loss not in LOSSES:
            raise ValueError(f"loss is {self.loss!r}, expected {' or '.join(LOSSES)}")
        if self.cells not in CELLS:
            raise ValueError(f"cells is {self.cells!r}, expected {' or '.join(CELLS)}")
        if self.optimizer not in RULES:
            raise ValueError(f"optimizer is {self.optimizer!r}, expected {' or '.join(RULES)}")
        if not 0 < self.lr < math.inf:
            raise ValueError(f"lr is {self.lr:g}, expected a number above 0: try 0.01")

    @property
    def summed(self) -> bool:
        """Whether what is asked is not a frame but the rain until it."""
        return self.target != "frames"

    @property
    def top_rate(self) -> float:
        """The learning rate for this batch: it grows in proportion for SGD, by the square root for Adam.

        Source: Goyal et al. 2017, arXiv:1706.02677, and Malladi et al. 2022, arXiv:2205.10287.
        """
        return self.lr * (self.batch / self.lr_batch) ** RULES[self.optimizer]

    def warmed(self, step: int) -> float:
        """The share of the top rate that a step, from 0, takes: it grows evenly, then it is 1."""
        return min(1.0, (step + 1) / (self.warmup + 1))

    def halved(self, valid: Sequence[float]) -> int:
        """How often the rate was halved by the validation losses of the epochs so far."""
        best, waited, times = math.inf, 0, 0
        for loss in valid:
            waited = 0 if loss < best else waited + 1
            best = min(best, loss)
            if waited == self.patience:
                waited, times = 0, times + 1
        return times

    def steps(self, films: int) -> int:
        """How many batches an epoch has."""
        return -(-films // self.batch)

    def batches(self, epoch: int, films: int) -> list[list[int]]:
        """The batches of an epoch, from 0, the same on every process: each film once, in an order of its own.

        The last batch has what is left.
        """
        order = np.random.default_rng([self.seed, epoch]).permutation(films).tolist()
        return [order[start : start + self.batch] for start in range(0, films, self.batch)]
