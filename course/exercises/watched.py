"""A model that watches how it is used: whole batches or pieces, and how many graphs live at a time."""

import weakref

import torch
from torch import Tensor, nn


class Watched(nn.Module):
    """Two layers that remember, without holding them, what their graphs keep.

    sizes: examples of each call. most: graphs that were alive at once.
    Shapes: x (B, 3); returns (B, 2).
    """

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first = nn.Parameter(torch.randn(3, 4, generator=generator))
        self.last = nn.Parameter(torch.randn(4, 2, generator=generator))
        self.sizes: list[int] = []
        self.kept: list[weakref.ref] = []
        self.most = 0

    def forward(self, x: Tensor) -> Tensor:
        self.sizes.append(len(x))
        hidden = (x @ self.first).tanh()
        if hidden.requires_grad:
            self.kept.append(weakref.ref(hidden))
        self.most = max(self.most, sum(kept() is not None for kept in self.kept))
        return hidden @ self.last
