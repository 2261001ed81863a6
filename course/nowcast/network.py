"""The network that is trained, and its loss."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course.convlstm import RainNet
from course.nowcast.films import CANDIDATES, Batch
from course.rain import balanced_mae, balanced_mse

GAIN = 0.2  # of the offset: echo changes by less than what the weights mix


class Nowcast(nn.Module):
    """A mixture of forecasts by motion, which RainNet weights cell by cell; a new network says the start: one for all.

    RainNet sees the last frames moved to the time of the forecast, as a short film in the coordinates of the rain, and
    speaks after the last: an offset, and a weight for each candidate.
    channels: of x. hidden: channels of each layer of RainNet.
    Shapes: x (..., A, C, *S), start (..., *S) and candidates (..., K, *S), as of a `Batch`; returns as start.
    """

    def __init__(self, channels: int, hidden: Sequence[int] = (8, 8, 8), dim: int = 2, seed: int = 0):
        super().__init__()
        self.dim = dim
        generator = torch.Generator().manual_seed(seed)
        self.net = RainNet(channels, hidden, dim=dim, generator=generator, out_channels=1 + CANDIDATES)
        nn.init.zeros_(self.net.last.weight)
        nn.init.zeros_(self.net.last.bias)

    def forward(self, x: Tensor, start: Tensor, candidates: Tensor) -> Tensor:
        axis = start.dim() - self.dim  # of the candidates
        x = x.flatten(0, axis - 1)
        said = self.net(4 * x - 1)[:, -1]  # echo is mostly below a half: now it lies around zero
        offset, weights = said.unflatten(0, start.shape[:axis]).split([1, CANDIDATES], axis)
        return start + GAIN * offset.squeeze(axis) + (weights * (candidates - start.unsqueeze(axis))).sum(axis)


def film_losses(model: nn.Module, batch: Batch, loss: str = "mse") -> Tensor:
    """Return the loss of each film, where it was measured; 0 if nowhere.

    loss: "mse", the mean squared error, or "balanced", which weights heavy rain (`course.rain.losses`).
    Shapes: (B,).
    """
    prediction, y, seen = model(batch.x, batch.start, batch.candidates), batch.y, batch.seen
    if loss == "balanced":
        return balanced_mse(prediction, y, seen) + balanced_mae(prediction, y, seen)
    error = (prediction - y).square()
    return (error * seen).flatten(1).sum(1) / seen.flatten(1).sum(1).clamp(min=1)
