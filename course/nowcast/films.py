"""What `course.nowcast` trains on: films, cut out of a mapped file, as a network wants them."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from numpy import ndarray
from torch import Tensor
from torch.nn import functional as F

from course.rain import MINUTES, MISSING, Damping, drift, echo, move

PLAIN = Damping(0, 1, 0, 0)  # changes nothing
FIRST = 2  # step of a film from which a forecast counts: before, the network has seen too little


class Batch(NamedTuple):
    """What the network sees, what it should say, and where that was measured.

    x: the frames; half of what was measured of them, and of the frames moved on, from 0 to a half like most echo; the
    frames moved on, one for each lead; and as its last channels these again, blurred and damped. y: what became of
    them, lead by lead.
    Shapes: (B, T, C, *S), (B, T, L, *S) twice, y the lowest height in 2-D and all heights in 3-D.
    """

    x: Tensor
    y: Tensor
    seen: Tensor

    def to(self, device: torch.device | str) -> "Batch":
        return Batch(*(part.to(device, non_blocking=True) for part in self))

    def pin_memory(self) -> "Batch":
        return Batch(*(part.pin_memory() for part in self))


def damp_leads(moved: Sequence[Tensor], dampings: Sequence[Damping]) -> list[Tensor]:
    """Blur and damp frames that were moved on, lead by lead."""
    return [damp(maps) for damp, maps in zip(dampings, moved)]


class Films:
    """Films of radar, cut out of a mapped file by number: only what is asked for is read.

    Each frame is a question: how does it look so many frames later? All frames but the last of them are seen.
    values: codes, `missing` where nothing was measured. ahead: the leads, in frames. pool: side of the squares of
        cells whose mean is one cell here. km: from cell to cell of values.
    dampings: how frames that were moved on are blurred and damped, lead by lead; to be set once they are fitted.
    Shapes: values uint8 (N, T, D, H, W).
    """

    moves_by = "advection"
    minutes = MINUTES

    def __init__(
        self, values: ndarray, ahead: Sequence[int], pool: int, dim: int, missing: int = MISSING, km: float = 1
    ):
        frames, heights, rows, columns = values.shape[1:]
        most = frames - FIRST - 1
        for lead in ahead:
            if not 1 <= lead <= most:
                raise ValueError(f"ahead is {lead}, expected 1 to {most}: a film has {frames} frames")
        if not 1 <= pool <= min(rows, columns) // 8:
            most, sides = min(rows, columns) // 8, f"{rows} x {columns} cells"
            raise ValueError(f"pool is {pool}, expected 1 to {most}: of {sides}, 8 x 8 must be left")
        self.values, self.ahead, self.pool, self.dim, self.missing = values, tuple(ahead), pool, dim, missing
        self.km = km * pool
        self.steps = frames - max(ahead)
        self.channels = 2 * (heights if dim == 2 else 1) + 3 * len(ahead)
        self.dampings = [PLAIN] * len(ahead)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a film as it is stored: T, D, H, W."""
        return self.values.shape[1:]

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
        past, past_seen = light[:, : self.steps], seen[:, : self.steps]
        moved, moved_seen = [past] * len(self.ahead), [past] * len(self.ahead)
        if len(past):  # a process may have no film of a short batch, and nothing has no drift
            by = drift(past, past_seen)
            moved = [move(past, by, lead, edge="mean") for lead in self.ahead]
            moved_seen = [move(past_seen.float(), by, lead, edge="zeros") for lead in self.ahead]
        y = [light[:, lead : lead + self.steps] for lead in self.ahead]
        seen = [seen[:, lead : lead + self.steps] for lead in self.ahead]
        masks = [past_seen / 2, *(part / 2 for part in moved_seen)]
        if self.dim == 2:  # heights are channels
            lowest = [part[:, :, :1] for part in moved]
            lowest += damp_leads(lowest, self.dampings)
            x = torch.cat([past, masks[0], *(part[:, :, :1] for part in masks[1:]), *lowest], 2)
            return Batch(x, *(torch.cat([part[:, :, :1] for part in parts], 2) for parts in (y, seen)))
        moved += damp_leads(moved, self.dampings)
        return Batch(torch.stack([past, *masks, *moved], 2), torch.stack(y, 2), torch.stack(seen, 2))
