"""Losses for training that weight heavy rain, which is rare, as much as it matters."""

import torch
from torch import Tensor

from course.rain.codes import echo_from_rain
from course.rain.scores import where_measured

RATES = (2, 5, 10, 30)  # mm/h
WEIGHTS = (1, 2, 5, 10, 30)  # below the first rate, from each rate on


def rain_weights(y: Tensor) -> Tensor:
    """Return the weight of each cell: 1 below 2 mm/h, then 2, from 5 mm/h on 5, from 10 on 10, from 30 on 30.

    Shapes: y (...), echo from 0 to 1; returns as y.
    Raises: ValueError if y is more than 1, or no floats.
    Source: Shi et al. 2017, arXiv:1706.03458.
    """
    if not y.is_floating_point() or (y > 1).any():
        raise ValueError(f"y is {y.dtype} up to {y.max():g}, expected echo from 0 to 1: try echo(codes)[0]")
    bounds = echo_from_rain(torch.tensor(RATES))
    return y.new_tensor(WEIGHTS)[torch.bucketize(y.detach().contiguous(), bounds.to(y), right=True)]


def balanced_mse(prediction: Tensor, y: Tensor, seen: Tensor | None = None) -> Tensor:
    """Return the weighted squared error of each film, averaged over the cells that were measured; 0 if none was.

    The weights are those of `rain_weights`. Add it to `balanced_mae`, as the source does.
    Shapes: prediction, y (echo from 0 to 1) and seen (bool; all if None) (B, ...); returns (B,).
    Raises: ValueError as `rmse`.
    Source: B-MSE of Shi et al. 2017, arXiv:1706.03458, but a mean over cells where it has their sum.
    """
    return _weighted(prediction, y, seen, power=2)


def balanced_mae(prediction: Tensor, y: Tensor, seen: Tensor | None = None) -> Tensor:
    """Return the weighted absolute error of each film, averaged over the cells that were measured; 0 if none was.

    Shapes: as `balanced_mse`.
    Source: B-MAE of Shi et al. 2017, as `balanced_mse`.
    """
    return _weighted(prediction, y, seen, power=1)


def _weighted(prediction: Tensor, y: Tensor, seen: Tensor | None, power: int) -> Tensor:
    seen = where_measured(prediction, y, seen)
    error = torch.where(seen, prediction - y, 0).abs() ** power
    return (rain_weights(y) * error).flatten(1).sum(1) / seen.flatten(1).sum(1).clamp(min=1)
