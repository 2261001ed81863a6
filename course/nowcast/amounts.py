"""The network that says how much rain falls until each lead, trained by squared errors in mm."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from course.nowcast.films import Batch
from course.nowcast.hours import echo_of
from course.nowcast.network import Nowcast


class Amounts(Nowcast):
    """A mixture of sums that motion brings, as `Nowcast` makes one of frames, in tens of mm.

    RainNet sees them as echo, in which little rain shows beside much. A new network says the start.
    channels, hidden: as for `Nowcast`. leads: how many.
    Shapes: as `Nowcast`, of a `Batch` of amounts, in 2-D.
    """

    def __init__(self, channels: int, hidden: Sequence[int] = (8, 8, 8), leads: int = 1, seed: int = 0):
        super().__init__(channels, hidden, 2, seed)
        self.register_buffer("mean", torch.zeros(leads))  # of the films to train on

    def forward(self, x: Tensor, start: Tensor, candidates: Tensor) -> Tensor:
        moved, known, begun, lead = x.unbind(-3)
        return super().forward(torch.stack([echo_of(moved), known, echo_of(begun), lead], -3), start, candidates)

    @torch.no_grad()
    def fit_start(self, batches: Iterable[Batch]) -> None:
        """Find the mean of what came, where motion knows what comes: the best forecast that is the same everywhere."""
        total, cells = torch.zeros(2, len(self.mean), dtype=torch.float64)
        for batch in batches:
            here = (batch.seen & batch.known).transpose(0, 2).flatten(1)  # (L, cells)
            y = batch.y.transpose(0, 2).flatten(1).double()
            total += torch.where(here, y, 0).sum(1)
            cells += here.sum(1)
        self.mean.copy_(total / cells.clamp(min=1))
