"""Scores of a classifier: accuracy, top-k, precision, recall."""

import torch
from torch import Tensor

from course._shapes import check_shape


def top_k(logits: Tensor, y: Tensor, k: int) -> float:
    """Return the fraction of examples whose class is among the k largest logits.

    Shapes: logits (B, K), y (B,).
    Raises: ValueError if the shapes differ, a class is none, a logit is nan or k is not in 1..K.
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
    return torch.bincount(y.long() * classes + logits.argmax(dim=1), minlength=classes**2).view(classes, classes)


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


def _check(logits: Tensor, y: Tensor) -> None:
    check_shape("logits", logits, "B K")
    check_shape("y", y, str(len(logits)), "one class index an example, not one-hot rows")
    if len(y) == 0:
        raise ValueError("logits has no examples, expected one or more")
    if y.is_floating_point():
        raise ValueError(f"y is {y.dtype}, expected whole numbers, one class an example: try y.long()")
    if logits.isnan().any():
        raise ValueError("logits has nan, expected numbers: such a model has no accuracy")
    if y.min() < 0 or y.max() >= logits.shape[1]:
        raise ValueError(
            f"y has class {int(y.max() if y.max() >= logits.shape[1] else y.min())}, expected 0 to "
            f"{logits.shape[1] - 1}: one logit a class"
        )
