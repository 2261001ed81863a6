"""The simplest rival of a network that adds to a forecast: the same forecast, blurred and damped."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from course.rain.scores import where_measured

FAR = 4  # widths from its middle a Gaussian ends
WIDTHS = 0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0


class Damping(NamedTuple):
    """A Gaussian blur, then a factor and a summand. Units: width, a standard deviation, in cells."""

    width: float
    factor: float
    summand: float

    def __call__(self, forecast: Tensor) -> Tensor:
        """Blur and damp maps of echo. Shapes: (..., H, W)."""
        return self.factor * blurred(forecast, self.width) + self.summand


def blurred(maps: Tensor, width: float) -> Tensor:
    """Blur maps by a Gaussian; beyond the edge all is as at the edge. Shapes: (..., H, W). Units: width in cells."""
    radius = round(FAR * width)
    if not radius:
        return maps
    away = torch.arange(-radius, radius + 1, dtype=maps.dtype, device=maps.device)
    weights = torch.softmax(-((away / width) ** 2) / 2, 0)
    flat = maps.reshape(-1, 1, *maps.shape[-2:])
    for kernel, pad in (
        (weights.view(1, 1, -1, 1), (0, 0, radius, radius)),
        (weights.view(1, 1, 1, -1), (radius, radius, 0, 0)),
    ):
        flat = F.conv2d(F.pad(flat, pad, mode="replicate"), kernel)
    return flat.view(maps.shape)


def fit_damping(
    forecast: Tensor, truth: Tensor, seen: Tensor | None = None, widths: Sequence[float] = WIDTHS
) -> Damping:
    """Return the blur and the damping with which a forecast has the least mean squared error.

    Much of what a trained network gains over a forecast that moves rain is no more than this: where rain may be here
    or there, a mean has the smaller error.
    Shapes: forecast, truth and seen (bool; all if None) alike, (..., H, W), echo from 0 to 1.
    Raises: ValueError as `rmse`, or if nothing was measured.
    """
    seen = where_measured(forecast, truth, seen)
    if not seen.any():
        raise ValueError("seen has no cell that was measured, expected some: take other films")
    y = truth[seen].double()
    fits = []
    for width in widths:
        x = blurred(forecast, width)[seen].double()
        spread = (x - x.mean()).square().mean()
        factor = ((x - x.mean()) * (y - y.mean())).mean() / spread if spread > 0 else torch.zeros(())
        summand = y.mean() - factor * x.mean()
        error = (factor * x + summand - y).square().mean()
        fits.append((error.item(), Damping(width, factor.item(), summand.item())))
    return min(fits)[1]
