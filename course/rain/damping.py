"""What practitioners do first with a forecast that is too sharp: blur it and pull it towards the mean."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor


class Damping(NamedTuple):
    """A blur, then factor * forecast + summand; `damping(forecast)` applies it. What is nan stays nan.

    error: the RMSE on what it was fitted to.
    Shapes: forecast (..., H, W); returns alike.
    Units: width in cells, the standard deviation of a Gaussian; summand and error as the forecast.
    """

    width: float
    factor: float
    summand: float
    error: float

    def __call__(self, forecast: Tensor) -> Tensor:
        return self.factor * _blurred(forecast, self.width) + self.summand


def fit_damping(
    forecast: Tensor,
    truth: Tensor,
    seen: Tensor | None = None,
    widths: Sequence[float] = (0, 1, 1.5, 2, 3, 4, 6, 8),
) -> Damping:
    """Fit the blur, the factor and the summand that bring forecasts closest to what came, by least squares.

    Three numbers hardly overfit, so the best width is that with the least error on the data themselves. Fit each lead
    time by itself: the farther ahead, the wider the blur and the smaller the factor.
    seen: where truth was measured. What is nan in forecast or truth does not count.
    Shapes: forecast, truth and seen (bool) alike, (..., H, W).
    Raises: ValueError if shapes differ, nothing was measured, or a width is below 0.
    """
    for name, other in (("truth", truth), ("seen", truth if seen is None else seen)):
        if other.shape != forecast.shape:
            raise ValueError(f"{name} has shape {tuple(other.shape)}, expected {tuple(forecast.shape)}, as forecast")
    if not len(widths) or min(widths) < 0:
        raise ValueError(f"widths is {tuple(widths)}, expected one or more of 0 cells or more: try (0, 1, 2, 4)")
    known = forecast.isfinite() & truth.isfinite()
    known = known if seen is None else known & seen
    if not known.any():
        raise ValueError("no cell is known both in forecast and truth, expected some: look at seen, and for nan")
    y = truth[known].double().cpu().numpy()
    fits = []
    for width in widths:
        x = _blurred(forecast, width)[known].double().cpu().numpy()
        (factor, summand), *_ = np.linalg.lstsq(np.stack([x, np.ones_like(x)], 1), y)
        error = np.sqrt(np.square(factor * x + summand - y).mean())
        fits.append(Damping(float(width), float(factor), float(summand), float(error)))
    return min(fits, key=lambda fit: fit.error)


def _blurred(maps: Tensor, width: float) -> Tensor:
    """A Gaussian mean over those cells alone that are no nan and on the map."""
    if not width:
        return maps
    known = maps.isfinite()
    widths = (0,) * (maps.dim() - 2) + (width, width)
    sums, shares = (
        torch.from_numpy(gaussian_filter(part.detach().cpu().double().numpy(), widths, mode="constant"))
        for part in (torch.where(known, maps, 0), known)
    )
    return torch.where(known.cpu(), sums / shares.clamp(min=1e-12), torch.nan).to(maps)
