"""The network that is trained, and its loss."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course.convlstm import RainNet
from course.nowcast.films import FIRST, Batch
from course.rain import balanced_mae, balanced_mse


class Nowcast(nn.Module):
    """What motion says, and what RainNet adds to it; a new network adds nothing.

    hidden: channels of each layer of RainNet. leads: how many forecasts a step; channels: of x, the last `leads` of
        them the moved frames.
    Shapes: x (B, T, C, *S); returns (B, T, L, *S).
    """

    def __init__(self, channels: int, hidden: Sequence[int] = (8, 8, 8), dim: int = 2, seed: int = 0, leads: int = 1):
        super().__init__()
        self.leads = leads
        generator = torch.Generator().manual_seed(seed)
        self.net = RainNet(channels, hidden, dim=dim, generator=generator, out_channels=leads)
        nn.init.zeros_(self.net.last.weight)
        nn.init.zeros_(self.net.last.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, -self.leads :] + self.net(4 * x - 1)  # echo is mostly below a half: now it lies around zero


def film_losses(model: nn.Module, batch: Batch, loss: str = "mse") -> Tensor:
    """Return the loss of each film, where it was measured; 0 if nowhere.

    loss: "mse", the mean squared error, or "balanced", which weights heavy rain (`course.rain.losses`).
    Shapes: (B,).
    """
    prediction, y, seen = (part[:, FIRST:] for part in (model(batch.x), batch.y, batch.seen))
    if loss == "balanced":
        return balanced_mse(prediction, y, seen) + balanced_mae(prediction, y, seen)
    error = (prediction - y).square()
    return (error * seen).flatten(1).sum(1) / seen.flatten(1).sum(1).clamp(min=1)
