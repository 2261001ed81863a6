"""What a network has to beat: forecasts by motion, the same blurred and damped, a mixture, S-PROG, and no change."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from course.nowcast.films import PLAIN, Batch, Films, Fitted
from course.nowcast.sprog import SPROG, find_sprog, s_prog
from course.nowcast.windows import Windows
from course.rain import Damping, drift, fit_damping, move

WIDTHS = 0, 1, 1.5, 2, 3, 4, 6, 8, 12, 16  # cells: of the blurs that are tried
MIXTURE = "mixture"


class Maps(NamedTuple):
    """Forecasts from the last frame that is asked, of the lowest height, and what came.

    known: where motion knows what comes; elsewhere rain comes from outside, or from where nothing was measured.
    Shapes: truth, seen and known (B, L, H, W), forecasts as well, or of chances (B, L, thresholds, H, W).
    """

    truth: Tensor
    seen: Tensor
    known: Tensor
    forecasts: dict[str, Tensor]


def last_of(batch: Batch) -> Batch:
    """Return the last question of each film alone. Shapes: as of a batch, without Q."""
    return Batch(*(part[:, -1] for part in batch))


def lowest(dim: int, part: Tensor) -> Tensor:
    """Return the lowest height, on the CPU. Shapes: (B, L, *S); returns (B, L, H, W)."""
    return (part[:, :, 0] if dim == 3 else part).cpu()


def rivals_of(films: Films | Windows, batch: Batch) -> Maps:
    """What the rivals of a network say; S-PROG is one of a radar's frames, where pysteps is installed.

    batch: as `last_of` gives it.
    """
    forecasts = {
        films.moves_by: batch.candidates[:, :, 1],
        f"{films.moves_by}, blurred": batch.candidates[:, :, 0].clamp(0, 1),
        MIXTURE: batch.start.clamp(0, 1),
        "persistence": batch.frames[:, -1:].nan_to_num().expand_as(batch.start),
    }
    forecasts = {name: lowest(films.dim, part) for name, part in forecasts.items()}
    if isinstance(films, Windows):
        plain = translate(batch.frames.cpu(), films.ahead)
        forecasts["translation"] = _filled(plain)
        damped = [damp(part) for damp, part in zip(films.fitted.translations, plain.unbind(1))]
        forecasts["translation, blurred"] = _filled(torch.stack(damped, 1)).clamp(0, 1)
        if (sprog := find_sprog()) is not None:
            forecasts[SPROG] = _filled(s_prog(sprog, batch.frames.cpu(), films.ahead)).clamp(0, 1)
    return Maps(*(lowest(films.dim, part) for part in (batch.y, batch.seen, batch.known)), forecasts)


def translate(frames: Tensor, ahead: Sequence[int]) -> Tensor:
    """Move the newest frame on as `drift` finds it, by the same everywhere; nan is what nobody knows.

    Shapes: frames (B, A, H, W), nan where nothing was measured; returns (B, L, H, W).
    """
    known = frames.isfinite()
    by = drift(frames.nan_to_num(), known)
    parts = torch.stack([frames[:, -1].nan_to_num(), known[:, -1].to(frames)], 1)
    moved = torch.stack([move(parts, by, lead, edge="zeros") for lead in ahead], 1)
    return torch.where(moved[:, :, 1] > 0.999, moved[:, :, 0], torch.nan)


def _filled(maps: Tensor) -> Tensor:
    return torch.where(maps.isfinite(), maps, maps.nanmean((2, 3), keepdim=True).nan_to_num())


def fit_rivals(films: Films | Windows, batches: Sequence[Sequence[int]]) -> Fitted:
    """Fit the start of the network and its rivals to some films, which have it from then on.

    All is fitted lead by lead, where motion knows what comes; where nothing is known, nothing is changed.
    batches: the numbers of the films.
    """
    parts = []
    for batch in (last_of(films.batch(chosen)) for chosen in batches):
        newest = torch.where(batch.known, batch.candidates[:, :, 1], torch.nan)
        plain, *came = (lowest(films.dim, part) for part in (newest, batch.y, batch.seen))
        parts.append((plain, translate(batch.frames, films.ahead) if isinstance(films, Windows) else plain, *came))
    plain, shifted, truth, seen = (torch.cat(part).unbind(1) for part in zip(*parts))
    dampings, translations = ([_fit(*each) for each in zip(some, truth, seen)] for some in (plain, shifted))
    films.fitted = films.fitted._replace(dampings=dampings, translations=translations)
    films.fitted = films.fitted._replace(mixtures=_fit_mixtures(films.batch(chosen) for chosen in batches))
    return films.fitted


def _fit(forecast: Tensor, truth: Tensor, seen: Tensor) -> Damping:
    known = seen & forecast.isfinite()
    return fit_damping(forecast, truth, known, WIDTHS) if known.any() else PLAIN


def _fit_mixtures(batches: Iterable[Batch]) -> list[list[float]]:
    """Solve for the offset and weights with the least squared error, lead by lead, by their normal equations."""
    squares, products = 0, 0
    for batch in map(last_of, batches):
        here = batch.known & batch.seen
        first = batch.candidates[:, :, 0]
        terms = [torch.ones_like(first), *(batch.candidates[:, :, 1:] - first.unsqueeze(2)).unbind(2)]
        terms = (torch.stack(terms, -1).double() * here.unsqueeze(-1)).transpose(0, 1).flatten(1, -2)
        left = (batch.y - first).double()
        left = torch.where(here, left, 0).transpose(0, 1).flatten(1).unsqueeze(-1)
        squares, products = squares + terms.mT @ terms, products + terms.mT @ left
    solved = [np.linalg.lstsq(a.numpy(), b.numpy()[:, 0])[0] for a, b in zip(squares, products)]
    return [weights.tolist() for weights in solved]
