"""How maps of rain look beyond single cells: the fractions skill score, and the power spectrum."""

from typing import NamedTuple

import numpy as np
import torch
from numpy import ndarray
from scipy.ndimage import uniform_filter
from torch import Tensor

from course.rain.scores import where_measured


class Fractions(NamedTuple):
    """What FSS is made of, for each frame: how far the shares lie apart, squared, and how far they might at most."""

    apart: Tensor
    most: Tensor

    def fss(self) -> Tensor:
        return torch.where(self.most > 0, 1 - self.apart / self.most, torch.nan)


def fss(prediction: Tensor, y: Tensor, threshold: float, width: int, seen: Tensor | None = None) -> float:
    """Return the fractions skill score: how alike the shares of cells with an event are, square by square.

    Around each measured cell lies a square of width x width cells; its share is over what was measured in it. Beyond
    the map nothing falls, as in the source. An event is a value of `threshold` or more. 1 is the best; 0 if no square
    has events of both, forecast and real; nan without any event. An event a few cells away counts in wide squares.
    Shapes: prediction, y and seen (bool; all if None) (..., H, W); one score over all maps.
    Units: width in cells.
    Raises: ValueError as `rmse`, or if width is less than 1.
    Source: Roberts and Lean 2008, "Scale-selective verification of rainfall accumulations", equations 5 to 7.
    """
    said, real = _shares(prediction, y, threshold, width, seen)
    return Fractions((said - real).square().sum(), (said.square() + real.square()).sum()).fss().item()


def sum_fractions(prediction: Tensor, y: Tensor, threshold: float, width: int, seen: Tensor | None = None) -> Fractions:
    """Sum up what `fss` is made of, frame by frame; for `by_blocks`.

    Shapes: prediction, y and seen (bool; all if None) (N, ..., H, W); returns two of (N,).
    Raises: ValueError as `fss`.
    """
    said, real = (share.flatten(1) for share in _shares(prediction, y, threshold, width, seen))
    return Fractions((said - real).square().sum(1), (said.square() + real.square()).sum(1))


def spectrum(x: Tensor, seen: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return the radially averaged power spectrum of maps: how strong waves of each length are, in all directions.

    A forecast that blurs loses power at short waves. What was not measured, where x is nan or not seen, counts as the
    mean of its map, which makes the least of an edge; a map that was measured nowhere has nan. The mean itself, an
    endless wave, is left out.
    Shapes: x and seen (bool; all if None) (..., H, W); returns wavelengths (R,) and power (..., R).
    Units: wavelengths in cells, from the longer side down to two cells; power in units of x, squared.
    Raises: ValueError if the shapes differ, or a map has no two rows or columns.
    """
    if x.dim() < 2 or max(x.shape[-2:]) < 2:
        raise ValueError(f"x has shape {tuple(x.shape)}, expected (..., H, W) with two rows or columns, or more")
    if seen is not None and seen.shape != x.shape:
        raise ValueError(f"seen has shape {tuple(seen.shape)}, expected {tuple(x.shape)}, as x")
    here = ~x.isnan() if seen is None else seen & ~x.isnan()
    rows, columns = x.shape[-2:]
    x = torch.where(here, x.double(), 0)
    mean = x.sum((-2, -1), keepdim=True) / here.sum((-2, -1), keepdim=True)
    power = torch.fft.fft2(torch.where(here, x, mean)).abs().square().flatten(-2) / (rows * columns)
    down, right = (torch.fft.fftfreq(side, dtype=power.dtype, device=x.device) for side in (rows, columns))
    longest = max(rows, columns)
    ring = (longest * torch.hypot(down[:, None], right)).round().long().flatten()  # waves along the longer side
    count = torch.bincount(ring)
    means = power.new_zeros(*power.shape[:-1], len(count)).index_add_(-1, ring, power) / count
    rings = slice(1, longest // 2 + 1)  # beyond, only the corners of the map of waves are left
    return longest / torch.arange(len(count), dtype=power.dtype, device=x.device)[rings], means[..., rings]


def _shares(prediction: Tensor, y: Tensor, threshold: float, width: int, seen: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the share of events in the square around each cell, forecast and real; 0 where it was not measured."""
    if prediction.dim() < 2:
        raise ValueError(f"prediction has shape {tuple(prediction.shape)}, expected (..., H, W)")
    if width < 1:
        raise ValueError(f"width is {width}, expected 1 or more cells")
    here = where_measured(prediction, y, seen).cpu().numpy()

    def mean_of_squares(cells: ndarray, beyond: float) -> ndarray:
        return uniform_filter(cells.astype(float), width, mode="constant", cval=beyond, axes=(-2, -1))

    measured = mean_of_squares(here, 1)
    events = ((values >= threshold).cpu().numpy() & here for values in (prediction, y))
    shares = (np.divide(mean_of_squares(event, 0), measured, np.zeros(here.shape), where=here) for event in events)
    said, real = map(torch.from_numpy, shares)
    return said, real
