"""Scores of a rain forecast: RMSE, CSI, POD, FAR."""

import math

import torch
from torch import Tensor


def rmse(prediction: Tensor, y: Tensor, seen: Tensor | None = None) -> float:
    """Return the root of the mean squared error over the cells that were measured; nan if none was.

    Shapes: prediction, y and seen (bool; all if None) alike.
    Units: those of y.
    Raises: ValueError if the shapes differ, or a value that counts is nan.
    """
    prediction, y = _measured(prediction, y, seen)
    return (prediction.double() - y.double()).square().mean().sqrt().item()  # first: codes would go round past 0


def csi(prediction: Tensor, y: Tensor, threshold: float, seen: Tensor | None = None) -> float:
    """Return the critical success index: of the cells with an event, forecast or real, the share with both.

    An event is a value of `threshold` or more. nan where there is no event at all.
    Shapes: as `rmse`.
    Source: Schaefer 1990, "The critical success index as an indicator of warning skill".
    """
    hits, misses, false_alarms = _events(prediction, y, threshold, seen)
    return _share(hits, hits + misses + false_alarms)


def pod(prediction: Tensor, y: Tensor, threshold: float, seen: Tensor | None = None) -> float:
    """Return the probability of detection: of the real events, the share that was forecast; nan without one.

    Shapes: as `rmse`.
    """
    hits, misses, _ = _events(prediction, y, threshold, seen)
    return _share(hits, hits + misses)


def far(prediction: Tensor, y: Tensor, threshold: float, seen: Tensor | None = None) -> float:
    """Return the false alarm ratio: of the events forecast, the share that did not come; nan without one.

    Shapes: as `rmse`.
    """
    hits, _, false_alarms = _events(prediction, y, threshold, seen)
    return _share(false_alarms, hits + false_alarms)


def _events(prediction: Tensor, y: Tensor, threshold: float, seen: Tensor | None) -> tuple[int, int, int]:
    forecast, real = (values >= threshold for values in _measured(prediction, y, seen))
    pairs = (forecast & real, ~forecast & real, forecast & ~real)
    return tuple(int(cells.sum()) for cells in pairs)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _measured(prediction: Tensor, y: Tensor, seen: Tensor | None) -> tuple[Tensor, Tensor]:
    for name, other in (("y", y), ("seen", y if seen is None else seen)):
        if other.shape != prediction.shape:
            shapes = f"{tuple(other.shape)}, expected {tuple(prediction.shape)}"
            raise ValueError(f"{name} has shape {shapes}: one value a cell of the prediction")
    if not y.numel():
        raise ValueError("y has no cell, expected one or more")
    if seen is not None:
        if seen.dtype != torch.bool:
            raise ValueError(f"seen is {seen.dtype}, expected torch.bool: True where y was measured")
        prediction, y = prediction[seen], y[seen]
    for name, values, mend in (("prediction", prediction, "look for where it arises"), ("y", y, "pass seen")):
        if values.isnan().any():
            raise ValueError(f"{name} has nan among what was measured, expected numbers: {mend}")
    return prediction, y
