"""The rain of an hour: summed up over frames, and how likely it is that it exceeds a threshold.

Source: Ayzel and Heistermann 2025, "Brief communication: Training of AI-based nowcasting models for rainfall early
warning should take into account user requirements", doi 10.5194/nhess-25-41-2025.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

CELLS = 100_000  # that a regression is fitted to, at most
LEAST_GAP = 1e-3  # between the logits of two thresholds


def sum_rain(rain: Tensor, minutes: float, least: float = 1) -> Tensor:
    """Return the rain that falls while frames are measured, each for the time since the one before.

    What is nan in some frames is taken to be the mean of the others; nan where a smaller share than `least` is known.
    Where rain moves by several cells from frame to frame, the sum has gaps that the rain has not.
    Shapes: rain (B, T, ...); returns (B, ...).
    Units: rain in mm/h, minutes from frame to frame; returns mm.
    Raises: ValueError if there is no frame, minutes is not above 0, or least is not above 0 or more than 1.
    """
    if rain.dim() < 2 or not rain.shape[1]:
        raise ValueError(f"rain has shape {tuple(rain.shape)}, expected (B, T, ...) with one frame or more")
    if not minutes > 0:
        raise ValueError(f"minutes is {minutes}, expected a number above 0: the time from frame to frame")
    if not 0 < least <= 1:
        raise ValueError(f"least is {least}, expected a share above 0, up to 1: try 0.8")
    share = rain.isfinite().float().mean(1)
    total = rain.nanmean(1) * rain.shape[1] * minutes / 60
    return torch.where(share >= least - 1e-6, total, torch.nan)


class Logistic(NamedTuple):
    """A logistic regression for each threshold, the lowest first; `logistic(features)` gives logits.

    A higher threshold is never likelier than a lower one.
    Shapes: weights (K, F), biases (K,), features (N, F, ...); returns (N, K, ...).
    """

    weights: Tensor
    biases: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        logits = torch.einsum("kf,nf...->nk...", self.weights.to(features), features)
        logits = logits + self.biases.to(features).view(-1, *[1] * (features.dim() - 2))
        parts = [logits[:, 0]]
        for part in logits.unbind(1)[1:]:
            parts.append(torch.minimum(part, parts[-1] - LEAST_GAP))
        return torch.stack(parts, 1)


def fit_logistic(features: Tensor, y: Tensor, thresholds: Sequence[float], seen: Tensor, seed: int = 0) -> Logistic:
    """Fit how likely it is, cell by cell, that y is a threshold or more: scikit-learn's logistic regression for each.

    Of many cells 100,000 are drawn. Where all have an event, or none, the chance is the same everywhere.
    Shapes: features (N, F, ...), y and seen (bool) (N, ...).
    Units: thresholds as y.
    Raises: ValueError if thresholds do not rise, or no cell is seen.
    """
    from sklearn.linear_model import LogisticRegression  # only now: it is slow to import

    if not len(thresholds) or list(thresholds) != sorted(set(thresholds)):
        raise ValueError(f"thresholds are {tuple(thresholds)}, expected rising ones: try (0.1, 1, 5)")
    if not seen.any():
        raise ValueError("seen has no cell, expected some: give films in which more was measured")
    x, truth = features.movedim(1, -1)[seen].double().numpy(), y[seen].double().numpy()
    if len(x) > CELLS:
        drawn = np.random.default_rng(seed).choice(len(x), CELLS, replace=False)
        x, truth = x[drawn], truth[drawn]
    weights, biases = [], []
    for threshold in thresholds:
        event = truth >= threshold
        if event.all() or not event.any():
            odds = (event.sum() + 0.5) / ((~event).sum() + 0.5)
            weights.append([0.0] * x.shape[1])
            biases.append(float(np.log(odds)))
            continue
        model = LogisticRegression(C=1e3, max_iter=1000).fit(x, event)  # hardly a penalty
        weights.append(model.coef_[0].tolist())
        biases.append(float(model.intercept_[0]))
    return Logistic(torch.tensor(weights, dtype=torch.float64), torch.tensor(biases, dtype=torch.float64))
