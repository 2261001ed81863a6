"""Scores of a classifier: accuracy, top-k, precision, recall; and of a rain forecast: RMSE, CSI, POD, FAR."""

import math

import torch
from torch import Tensor

from course._shapes import check_shape


def top_k(logits: Tensor, y: Tensor, k: int) -> float:
    """Return the fraction of examples whose class is among the k largest logits.

    Shapes: logits (B, K), y (B,).
    Raises: ValueError if the shapes differ or k is not in 1..K.
    """
    _check(logits, y)
    if not 1 <= k <= logits.shape[1]:
        raise ValueError(f"k is {k}, expected 1 to {logits.shape[1]}, the number of classes")
    hit = (logits.topk(k, dim=1).indices == y[:, None]).any(dim=1)
    return hit.sum().item() / len(y)


def accuracy(logits: Tensor, y: Tensor) -> float:
    """Return the fraction of examples whose largest logit is that of their class.

    Shapes: logits (B, K), y (B,).
    """
    _check(logits, y)
    return (logits.argmax(dim=1) == y).sum().item() / len(y)


def confusion_matrix(logits: Tensor, y: Tensor) -> Tensor:
    """Count the examples of each class (row) by the class predicted for them (column).

    Shapes: logits (B, K), y (B,); returns (K, K) of int64.
    """
    _check(logits, y)
    classes = logits.shape[1]
    return torch.bincount(y * classes + logits.argmax(dim=1), minlength=classes**2).view(classes, classes)


def precision(confusion: Tensor) -> Tensor:
    """Return for each class how many of the examples predicted as it are it; 0 where none was predicted.

    Shapes: confusion (K, K), rows true, columns predicted; returns (K,).
    """
    return confusion.diag() / confusion.sum(dim=0).clamp(min=1)


def recall(confusion: Tensor) -> Tensor:
    """Return for each class how many of its examples are predicted as it; 0 where it has none.

    Shapes: confusion (K, K), rows true, columns predicted; returns (K,).
    """
    return confusion.diag() / confusion.sum(dim=1).clamp(min=1)


def rmse(prediction: Tensor, y: Tensor, seen: Tensor | None = None) -> float:
    """Return the root of the mean squared error over the cells that were measured.

    Shapes: prediction, y and seen (bool; all if None) alike.
    Units: those of y.
    """
    error = torch.sub(*_measured(prediction, y, seen))
    return error.double().square().mean().sqrt().item()


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
    if seen is not None:
        if seen.dtype != torch.bool:
            raise ValueError(f"seen is {seen.dtype}, expected torch.bool: True where y was measured")
        prediction, y = prediction[seen], y[seen]
    if not y.numel():
        raise ValueError("y has no measured cell, expected one or more")
    if y.isnan().any():
        raise ValueError("y has nan among what was measured, expected numbers: pass seen")
    return prediction, y


def _check(logits: Tensor, y: Tensor) -> None:
    check_shape("logits", logits, "B K")
    check_shape("y", y, str(len(logits)), "one class index an example, not one-hot rows")
    if len(y) == 0:
        raise ValueError("logits has no examples, expected one or more")
    if y.min() < 0 or y.max() >= logits.shape[1]:
        raise ValueError(f"y has class {int(y.max() if y.max() >= logits.shape[1] else y.min())}, expected 0 to "
                         f"{logits.shape[1] - 1}: one logit a class")
