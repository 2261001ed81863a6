"""Scores of a rain forecast: RMSE, MAE, CSI, POD, FAR, bias.

Each is a ratio of sums over cells. `sum_errors` and `count_events` give these sums frame by frame, for `by_blocks`.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Errors(NamedTuple):
    """What RMSE and MAE are made of, for each frame: the cells that count, their squared and absolute errors."""

    cells: Tensor
    squares: Tensor
    sizes: Tensor

    def rmse(self) -> Tensor:
        return _share(self.squares, self.cells).sqrt()

    def mae(self) -> Tensor:
        return _share(self.sizes, self.cells)


class Events(NamedTuple):
    """What CSI, POD, FAR and bias are made of, for each frame: the events that came as forecast, or did not."""

    hits: Tensor
    misses: Tensor
    false_alarms: Tensor

    def csi(self) -> Tensor:
        return _share(self.hits, self.hits + self.misses + self.false_alarms)

    def pod(self) -> Tensor:
        return _share(self.hits, self.hits + self.misses)

    def far(self) -> Tensor:
        return _share(self.false_alarms, self.hits + self.false_alarms)

    def bias(self) -> Tensor:
        return _share(self.hits + self.false_alarms, self.hits + self.misses)


def rmse(prediction: Tensor, y: Tensor, seen: Tensor | None = None) -> float:
    """Return the root of the mean squared error over the cells that were measured; nan if none was.

    Shapes: prediction, y and seen (bool; all if None) alike.
    Units: those of y.
    Raises: ValueError if the shapes differ, or a value that counts is nan.
    """
    prediction, y = _measured(prediction, y, seen)
    return (prediction.double() - y.double()).square().mean().sqrt().item()  # first: codes would go round past 0


def mae(prediction: Tensor, y: Tensor, seen: Tensor | None = None) -> float:
    """Return the mean absolute error over the cells that were measured; nan if none was.

    Shapes: as `rmse`.
    Units: those of y.
    """
    prediction, y = _measured(prediction, y, seen)
    return (prediction.double() - y.double()).abs().mean().item()


def csi(
    prediction: Tensor, y: Tensor, threshold: float, seen: Tensor | None = None, level: float | None = None
) -> float:
    """Return the critical success index: of the cells with an event, forecast or real, the share with both.

    An event is a value of `threshold` or more; nan where there is no event at all. level: from which value on the
    prediction announces one, if not from the threshold; `best_level` finds it.
    Shapes: as `rmse`.
    Source: Schaefer 1990, "The critical success index as an indicator of warning skill".
    """
    return _count_all(prediction, y, threshold, seen, level).csi().item()


def pod(
    prediction: Tensor, y: Tensor, threshold: float, seen: Tensor | None = None, level: float | None = None
) -> float:
    """Return the probability of detection: of the real events, the share that was forecast; nan without one.

    level: as in `csi`.
    Shapes: as `rmse`.
    """
    return _count_all(prediction, y, threshold, seen, level).pod().item()


def far(
    prediction: Tensor, y: Tensor, threshold: float, seen: Tensor | None = None, level: float | None = None
) -> float:
    """Return the false alarm ratio: of the events forecast, the share that did not come; nan without one.

    level: as in `csi`.
    Shapes: as `rmse`.
    """
    return _count_all(prediction, y, threshold, seen, level).far().item()


def bias(
    prediction: Tensor, y: Tensor, threshold: float, seen: Tensor | None = None, level: float | None = None
) -> float:
    """Return the frequency bias: the events forecast over the real ones, 1 at best; nan without a real one.

    level: as in `csi`.
    Shapes: as `rmse`.
    """
    return _count_all(prediction, y, threshold, seen, level).bias().item()


def best_level(
    forecast: Tensor, truth: Tensor, threshold: float, levels: Sequence[float], seen: Tensor | None = None
) -> float:
    """Return the level from which a forecast announces events with the best CSI; of equally good ones the lowest.

    A forecast that blurs says too little where much rain falls, and gains by a lower level. Choose it on validation
    data, for every competitor from the same levels.
    Shapes: as `rmse`.
    Units: threshold and levels as forecast and truth.
    Raises: ValueError as `rmse`, without levels, or if truth has no event.
    """
    if not len(levels):
        raise ValueError("levels has no value, expected some to choose from: try [threshold]")
    if not ((truth >= threshold) & where_measured(forecast, truth, seen)).any():
        raise ValueError(f"truth has no event of {threshold:g} or more, expected one: lower it, or take more films")
    return max(sorted(levels), key=lambda level: csi(forecast, truth, threshold, seen, level))


def sum_errors(prediction: Tensor, y: Tensor, seen: Tensor | None = None) -> Errors:
    """Sum up the errors of each frame, over the cells that were measured.

    Shapes: prediction, y and seen (bool; all if None) (N, ...); returns three of (N,).
    Raises: ValueError as `rmse`.
    """
    seen = where_measured(prediction, y, seen)
    error = torch.where(seen, prediction.double() - y.double(), 0)
    return Errors(_each(seen), _each(error.square()), _each(error.abs()))


def count_events(
    prediction: Tensor, y: Tensor, threshold: float, seen: Tensor | None = None, level: float | None = None
) -> Events:
    """Count the hits, misses and false alarms of each frame, over the cells that were measured.

    level: as in `csi`.
    Shapes: prediction, y and seen (bool; all if None) (N, ...); returns three of (N,).
    Raises: ValueError as `rmse`.
    """
    return Events(*map(_each, _compare(prediction, y, threshold, seen, level)))


def where_measured(prediction: Tensor, y: Tensor, seen: Tensor | None) -> Tensor:
    """Return where both count: seen, or everywhere. Raises: ValueError as `rmse`."""
    for name, other in (("y", y), ("seen", y if seen is None else seen)):
        if other.shape != prediction.shape:
            shapes = f"{tuple(other.shape)}, expected {tuple(prediction.shape)}"
            raise ValueError(f"{name} has shape {shapes}: one value a cell of the prediction")
    if not y.numel():
        raise ValueError("y has no cell, expected one or more")
    if seen is None:
        seen = torch.ones_like(y, dtype=torch.bool)
    if seen.dtype != torch.bool:
        raise ValueError(f"seen is {seen.dtype}, expected torch.bool: True where y was measured")
    for name, values, mend in (("prediction", prediction, "look for where it arises"), ("y", y, "pass seen")):
        if (values.isnan() & seen).any():
            raise ValueError(f"{name} has nan among what was measured, expected numbers: {mend}")
    return seen


def _measured(prediction: Tensor, y: Tensor, seen: Tensor | None) -> tuple[Tensor, Tensor]:
    here = where_measured(prediction, y, seen)
    return (prediction, y) if seen is None else (prediction[here], y[here])


def _compare(prediction: Tensor, y: Tensor, threshold: float, seen: Tensor | None, level: float | None) -> Events:
    """Return which cells are hits, misses and false alarms."""
    seen = where_measured(prediction, y, seen)
    said = (prediction >= (threshold if level is None else level)) & seen
    real = (y >= threshold) & seen
    return Events(said & real, ~said & real, said & ~real)


def _count_all(prediction: Tensor, y: Tensor, threshold: float, seen: Tensor | None, level: float | None) -> Events:
    return Events(*(cells.sum() for cells in _compare(prediction, y, threshold, seen, level)))


def _each(cells: Tensor) -> Tensor:
    """Sum up the cells of each frame."""
    return cells.reshape(len(cells), -1).sum(1)


def _share(part: Tensor, whole: Tensor) -> Tensor:
    return torch.where(whole > 0, part.double() / whole, math.nan)
