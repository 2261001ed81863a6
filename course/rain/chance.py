"""Forecasts that say how likely rain is: the losses and scores of quantiles, ensembles and probabilities."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from course.rain.scores import where_measured


class Reliability(NamedTuple):
    """What was said and what came, bin by bin: the mean chance, the share of events and the cells; nan without cells.

    Shapes: each (bins,).
    """

    forecast: Tensor
    observed: Tensor
    count: Tensor


def pinball(prediction: Tensor, y: Tensor, quantiles: Sequence[float], seen: Tensor | None = None) -> Tensor:
    """Return the pinball loss of quantiles, averaged over them and over the cells that were measured; 0 if none was.

    Too little costs q a unit, too much 1 - q: least is lost by the value that y stays below with probability q.
    Shapes: prediction (Q, ...), y and seen (bool; all if None) (...); returns a scalar that can be differentiated.
    Units: those of y.
    Raises: ValueError if the shapes differ, a quantile is not between 0 and 1, or a value that counts is nan.
    Source: Koenker and Bassett 1978, "Regression quantiles".
    """
    seen = _check_members(prediction, y, seen)
    losses = _pinballs(prediction, y, _check_quantiles(prediction, quantiles))
    return torch.where(seen, losses, 0).sum() / (len(losses) * seen.sum()).clamp(min=1)


def crps(prediction: Tensor, y: Tensor, quantiles: Sequence[float] | None = None, seen: Tensor | None = None) -> float:
    """Return the continuous ranked probability score of an ensemble, or of quantiles; nan if no cell was measured.

    It is the integral over x of (P(forecast <= x) - [y <= x])^2, averaged over the cells; for a single value, the mean
    absolute error. Computed as twice the integral of the pinball loss over all quantiles: exactly for an ensemble,
    whose members are equally likely; else each quantile given stands for all that lie nearer to it than to another.
    Best are evenly spread ones, as 0.05, 0.15 to 0.95.
    Shapes: prediction (M, ...), y and seen (bool; all if None) (...); quantiles M, ascending.
    Units: those of y.
    Raises: ValueError as `pinball`, or if the quantiles do not ascend.
    Source: Laio and Tamea 2007, "Verification tools for probabilistic forecasts of continuous variables".
    """
    seen = _check_members(prediction, y, seen)
    if quantiles is None:
        prediction = prediction.sort(0).values
        level = (torch.arange(len(prediction), dtype=torch.float64) + 0.5) / len(prediction)
    else:
        level = _check_quantiles(prediction, quantiles)
    if (level.diff() <= 0).any():
        raise ValueError(f"quantiles are {tuple(quantiles)}, expected ascending ones: sort them and the forecasts")
    ends = torch.cat([level.new_zeros(1), (level[1:] + level[:-1]) / 2, level.new_ones(1)])
    losses = _pinballs(prediction.double(), y.double(), level)[:, seen]  # (M, cells)
    return 2 * (ends.diff().to(losses) @ losses).mean().item()


def brier(chance: Tensor, event: Tensor, seen: Tensor | None = None) -> float:
    """Return the Brier score: the mean squared error of the chance of an event; nan if no cell was measured.

    Shapes: chance, event (bool) and seen (bool; all if None) alike.
    Units: chance from 0 to 1.
    Raises: ValueError if the shapes or the type differ, or a chance is none.
    Source: Brier 1950, "Verification of forecasts expressed in terms of probability".
    """
    chance, event = _check_chance(chance, event, seen)
    return (chance - event).square().mean().item()


def reliability(chance: Tensor, event: Tensor, seen: Tensor | None = None, bins: int = 10) -> Reliability:
    """Return how often events came, where their chance was so high: a reliable forecast has observed as forecast.

    Cells are sorted into bins of chance, equally wide; a chance between two bins lies in the upper one.
    Shapes: chance, event (bool) and seen (bool; all if None) alike; returns three of (bins,).
    Units: chance from 0 to 1.
    Raises: ValueError as `brier`, or if bins is less than 1.
    """
    if bins < 1:
        raise ValueError(f"bins is {bins}, expected 1 or more: try 10")
    chance, event = _check_chance(chance, event, seen)
    place = (chance * bins + 1e-6).long().clamp(max=bins - 1)  # 0.7 as float32 lies a little below 0.7
    count, said, came = (torch.bincount(place, weight, bins) for weight in (None, chance, event))
    return Reliability(said / count, came / count, count)


def _pinballs(prediction: Tensor, y: Tensor, level: Tensor) -> Tensor:
    """Return the pinball loss of each quantile in each cell. Shapes: (Q, ...), (...), (Q,) to (Q, ...)."""
    short = y - prediction
    level = level.to(short).view(-1, *[1] * y.dim())
    return torch.maximum(level * short, (level - 1) * short)


def _check_quantiles(prediction: Tensor, quantiles: Sequence[float]) -> Tensor:
    if len(quantiles) != len(prediction):
        raise ValueError(f"there are {len(quantiles)} quantiles and {len(prediction)} forecasts, expected as many")
    for quantile in quantiles:
        if not 0 < quantile < 1:
            raise ValueError(f"quantile is {quantile}, expected a number between 0 and 1")
    return torch.tensor(list(map(float, quantiles)), dtype=torch.float64)


def _check_members(prediction: Tensor, y: Tensor, seen: Tensor | None) -> Tensor:
    """Return where y and all members count."""
    if prediction.dim() == 0 or prediction.shape[1:] != y.shape or not len(prediction):
        expected = f"(M, {', '.join(map(str, y.shape))})"
        raise ValueError(f"prediction has shape {tuple(prediction.shape)}, expected {expected}: M maps like y")
    return where_measured(torch.where(prediction.isnan().any(0), math.nan, prediction[0]), y, seen)


def _check_chance(chance: Tensor, event: Tensor, seen: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the chance and the event of each measured cell, both float64. Shapes: (cells,) twice."""
    if event.dtype != torch.bool:
        raise ValueError(f"event is {event.dtype}, expected torch.bool: compare, as in y >= threshold")
    here = where_measured(chance, event, seen)
    chance, event = chance[here].double(), event[here].double()
    for value in chance[(chance < 0) | (chance > 1)][:1]:
        raise ValueError(f"chance is {value:g}, expected 0 to 1")
    return chance, event
