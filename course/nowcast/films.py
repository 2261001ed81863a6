"""What `course.nowcast` trains on: films, and the questions that are asked at some of their frames."""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor
from torch.nn import functional as F

from course.rain import MINUTES, MISSING, Damping, drift, echo, move

PLAIN = Damping(0, 1, 0, 0)  # changes nothing
AGES = 4  # frames of which a forecast is made: the last, and those before
CANDIDATES = AGES + 2  # forecasts that are mixed
CHANNELS = 4  # of what the network sees of one height: the moved frame, what is known, the start and the lead
EVERY = 3  # frames from question to question of a film: neighbours ask nearly the same
LONG = 24  # frames: a lead as long is told as 1
SAMPLE = 16  # films by which data are known again
BEYOND = 1e-3  # of a cell may come from what is unknown


class Fitted(NamedTuple):
    """What is fitted to films to train on, lead by lead: the start of the network, and its rivals.

    dampings: blur and damping of the newest frame moved on. mixtures: an offset and the weights of all candidates but
    the first, for `mix`. translations: blur and damping of the newest frame moved by `drift`, the same everywhere.
    """

    dampings: list[Damping]
    mixtures: list[list[float]]
    translations: list[Damping]

    @classmethod
    def nothing(cls, leads: int) -> "Fitted":
        return cls([PLAIN] * leads, [[0.0] * CANDIDATES] * leads, [PLAIN] * leads)


class Batch(NamedTuple):
    """Questions, what answers them, and where that was measured.

    A question is a frame: how does it look so many frames later, lead by lead? Its last frames are moved to the time
    of the forecast, each by its age and the lead, so that rain stays where it is but for growth and decay.
    x: what the network sees, from the oldest frame to the newest: the moved frames, the start where they are unknown;
    half of what is known of the lowest; the start; and the lead.
    candidates: the newest moved frame, blurred and damped, where it is unknown its mean; as it is; blurred twice as
    wide; those before it, from the youngest, blurred and damped. start: what `mix` makes of them.
    known: where motion knows the newest. frames: as they were measured, nan elsewhere.
    y: what became of it. seen: where that was measured.
    Shapes: x (B, Q, L, A, C, *S), candidates (B, Q, L, K, *S), frames (B, Q, A, *S), all others (B, Q, L, *S); S is
        the map of the lowest height in 2-D, where x has the others as channels, and all heights in 3-D.
    """

    x: Tensor
    start: Tensor
    candidates: Tensor
    known: Tensor
    frames: Tensor
    y: Tensor
    seen: Tensor

    def to(self, device: torch.device | str) -> "Batch":
        return Batch(*(part.to(device, non_blocking=True) for part in self))

    def pin_memory(self) -> "Batch":
        return Batch(*(part.pin_memory() for part in self))


def ask(moved: Tensor, ahead: Sequence[int], fitted: Fitted, dim: int = 2) -> tuple[Tensor, ...]:
    """Return x, start, candidates and known of a `Batch`, of frames that were moved, nan where they are unknown.

    Shapes: moved (N, L, A, D, H, W); returns (N, L, A, C, *S), (N, L, *S), (N, L, K, *S), (N, L, *S).
    """
    told, young = (moved.unsqueeze(3), moved) if dim == 3 else (moved, moved[:, :, :, 0])
    known = young.isfinite()

    def blurred(age: int, times: float, least: float) -> Tensor:
        each = [one._replace(width=times * max(one.width, least)) for one in fitted.dampings]
        return torch.stack([one(young[:, lead, -1 - age]) for lead, one in enumerate(each)], 1)

    first = blurred(0, 1, 0)
    first = torch.where(known[:, :, -1], first, first.nanmean(tuple(range(2, first.dim())), keepdim=True).nan_to_num())
    others = [young[:, :, -1], blurred(0, 2, 1), *(blurred(age, 1, 1) for age in range(1, AGES))]
    candidates = torch.stack([first, *(torch.where(other.isfinite(), other, first) for other in others)], 2)
    start = torch.stack([mix(*each) for each in zip(fitted.mixtures, candidates.unbind(1))], 1)
    again = start[:, :, None, None].expand(-1, -1, AGES, -1, *start.shape[2:])
    leads = start.new_tensor(ahead).view(1, -1, *[1] * (again.dim() - 2)) / LONG
    x = [torch.where(told.isfinite(), told, again), known.unsqueeze(3) / 2, again, leads.expand_as(again)]
    return torch.cat(x, 3), start, candidates, known[:, :, -1]


def count_channels(heights: int, dim: int) -> int:
    """Return how many channels x of a `Batch` has."""
    return CHANNELS + (heights - 1 if dim == 2 else 0)


def mix(weights: Sequence[float], candidates: Tensor) -> Tensor:
    """Return the first candidate, an offset, and what the others differ by, weighted: one weight each for all cells.

    Shapes: weights (K), candidates (B, K, *S); returns (B, *S).
    """
    first, *others = candidates.unbind(1)
    return first + weights[0] + sum(weight * (other - first) for weight, other in zip(weights[1:], others))


def align(light: Tensor, seen: Tensor, ahead: Sequence[int]) -> Tensor:
    """Move the last frames of films by their `drift` to the time of each forecast; nan is what nobody knows.

    light, seen: echo from 0 to 1, and where it was measured.
    Shapes: both (B, T, D, H, W); returns (B, L, A, D, H, W).
    """
    steps = light.new_tensor([[lead + age for age in reversed(range(AGES))] for lead in ahead])
    films, shape = len(light), (len(light), *steps.shape, *light.shape[2:])
    if not films:  # a process may have no film of a short batch, and nothing has no drift
        return light.new_zeros(shape)
    by = steps[:, :, None] * drift(light, seen)[:, None, None]
    parts = (part[:, None, -AGES:].float().expand(shape).flatten(0, 2) for part in (light * seen, seen))
    values, share = (move(part, by.flatten(0, 2), edge="zeros").view(shape) for part in parts)
    return torch.where(share > 1 - BEYOND, values, torch.nan)


class Films:
    """Films of radar, cut out of a mapped file by number: only what is asked for is read.

    Every third frame before the longest lead is a question.
    values: codes, `missing` where nothing was measured. ahead: the leads, in frames. pool: side of the squares of
        cells whose mean is one cell here. km: from cell to cell of values.
    fitted: what the network starts from, and its rivals; to be set once it is.
    Shapes: values uint8 (N, T, D, H, W).
    """

    moves_by = "advection"
    minutes = MINUTES

    def __init__(
        self, values: ndarray, ahead: Sequence[int], pool: int, dim: int, missing: int = MISSING, km: float = 1
    ):
        frames, heights, rows, columns = values.shape[1:]
        most = frames - AGES
        for lead in ahead:
            if not 1 <= lead <= most:
                raise ValueError(
                    f"ahead is {lead}, expected 1 to {most}: a film has {frames} frames, and {AGES} are seen"
                )
        if not 1 <= pool <= min(rows, columns) // 8:
            most, sides = min(rows, columns) // 8, f"{rows} x {columns} cells"
            raise ValueError(f"pool is {pool}, expected 1 to {most}: of {sides}, 8 x 8 must be left")
        self.values, self.ahead, self.pool, self.dim, self.missing = values, tuple(ahead), pool, dim, missing
        self.km = km * pool
        self.asked = range(frames - max(ahead) - 1, AGES - 2, -EVERY)[::-1]
        self.channels = count_channels(heights, dim)
        self.fitted = Fitted.nothing(len(ahead))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a film as it is stored: T, D, H, W."""
        return self.values.shape[1:]

    @property
    def answers(self) -> int:
        """How many cells a network answers of a film: of all questions and leads."""
        _, heights, rows, columns = self.shape
        cells = (heights if self.dim == 3 else 1) * (rows // self.pool) * (columns // self.pool)
        return len(self.asked) * len(self.ahead) * cells

    def blocks(self) -> int:
        """How many films in a row err alike: each is a day of its own."""
        return 1

    def codes(self, chosen: Sequence[int]) -> ndarray:
        """Return the codes of some films. Shapes: uint8 (B, T, D, H, W)."""
        return self.values[list(chosen)]

    def read(self, chosen: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return echo from 0 to 1, and where it was measured. Shapes: twice (B, T, D, H, W)."""
        light, seen = echo(self.codes(chosen), self.missing)
        films_and_frames = light.shape[:2]
        maps = (part.float().flatten(0, 1) for part in (light, seen))
        light, share = (F.avg_pool2d(part, self.pool).unflatten(0, films_and_frames) for part in maps)
        return light, share == 1

    def batch(self, chosen: Sequence[int]) -> Batch:
        """Read some films, as the network wants them."""
        light, seen = self.read(chosen)
        pasts = [(light[:, : now + 1], seen[:, : now + 1]) for now in self.asked]
        moved = torch.stack([align(*past, self.ahead) for past in pasts], 1)
        sight = ask(moved.flatten(0, 1), self.ahead, self.fitted, self.dim)
        sight = (part.unflatten(0, moved.shape[:2]) for part in sight)
        frames = torch.stack([torch.where(past[1], past[0], torch.nan)[:, -AGES:] for past in pasts], 1)
        y, seen = (
            torch.stack([part[:, [now + lead for lead in self.ahead]] for now in self.asked], 1)
            for part in (light, seen)
        )
        if self.dim == 2:
            frames, y, seen = (part[:, :, :, 0] for part in (frames, y, seen))
        return Batch(*sight, frames, y, seen)


def some_of(films: Films, most: int) -> list[int]:
    """Return the numbers of so many films at most, from the first to the last; films: or `Windows`."""
    return sorted({round(place) for place in np.linspace(0, len(films) - 1, most)})


def sum_films(films: Films) -> int:
    """Return a checksum of some films, by which they are known again; films: or `Windows`."""
    return zlib.crc32(np.ascontiguousarray(films.codes(some_of(films, SAMPLE))).tobytes())
