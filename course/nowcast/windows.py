"""Films cut on the fly out of a radar's frames: windows of time, squares of the map, a split by time."""

import zlib
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from course._atomic import written_whole
from course._locks import locked
from course._machine import usable_cores
from course._progress import progress_bar
from course.files import write_header
from course.nowcast.ahead import prepared
from course.nowcast.films import PLAIN, Batch, damp_leads
from course.nowcast.plan import Plan
from course.radar import Frames, find_runs, usual_minutes
from course.rain import MISSING, Damping, echo
from course.rain.motion import motion, semi_lagrangian

BLOCK = 30  # minutes in which forecasts err alike
RECENT = 3  # frames that tell how the echo moves


class Windows:
    """Films of a radar's frames, cut out by number: only what is asked for is read.

    moved: what semi-Lagrangian advection makes of each frame for each lead, of the whole map, as `move_frames` maps
    it. starts: the first frame of each film. crop: side of the squares that are cut out, evenly over the map; 0 takes
    the whole map.
    Shapes: frames.codes uint8 (N, H, W), moved uint8 (N, L, H, W).
    """

    missing = MISSING
    dim = 2
    moves_by = "semi-Lagrangian"

    def __init__(self, frames: Frames, moved: ndarray, starts: Sequence[int], plan: Plan, crop: int):
        rows, columns = frames.codes.shape[1:]
        self.frames, self.moved, self.starts = frames, moved, list(starts)
        self.ahead, self.steps = plan.ahead, plan.seen
        self.sides = (min(crop or rows, rows), min(crop or columns, columns))
        self.corners = list(product(_spread(rows, self.sides[0]), _spread(columns, self.sides[1])))
        self.channels = 2 + 3 * len(plan.ahead)
        self.dampings = [PLAIN] * len(plan.ahead)
        self.km = frames.km
        self.minutes = int(usual_minutes(frames.times))

    def __len__(self) -> int:
        return len(self.starts) * len(self.corners)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a film: T, D, H, W."""
        return self.steps + max(self.ahead), 1, *self.sides

    def blocks(self) -> list[str]:
        """In which half hour each film is: films of one err alike."""
        minutes = self.times(range(len(self))).astype("datetime64[m]").astype(int)
        return [str(minute // BLOCK) for minute in minutes]

    def codes(self, chosen: Sequence[int]) -> ndarray:
        """Return the codes of some films. Shapes: uint8 (B, T, D, H, W)."""
        return self._cut(self.frames.codes[:, None], chosen, self.shape[0])

    def times(self, chosen: Sequence[int]) -> ndarray:
        """When the last frame was measured that the network sees of some films. Shapes: datetime64[m] (B,)."""
        return self.frames.times[[self.starts[film // len(self.corners)] + self.steps - 1 for film in chosen]]

    def batch(self, chosen: Sequence[int]) -> Batch:
        """Read some films, as the network wants them."""
        light, seen = echo(self.codes(chosen)[:, :, 0])
        moved = self._cut(self.moved, chosen, self.steps)
        x = see(light[:, : self.steps], seen[:, : self.steps], moved, self.dampings)
        y, seen = (torch.stack([part[:, lead : lead + self.steps] for lead in self.ahead], 2) for part in (light, seen))
        return Batch(x, y, seen)

    def _cut(self, maps: ndarray, chosen: Sequence[int], steps: int) -> ndarray:
        """Cut films out of maps (N, C, H, W). Shapes: returns (B, T, C, *sides)."""
        found = np.empty((len(chosen), steps, maps.shape[1], *self.sides), maps.dtype)
        for place, film in enumerate(chosen):
            start, corner = divmod(film, len(self.corners))
            first, (row, column) = self.starts[start], self.corners[corner]
            square = slice(row, row + self.sides[0]), slice(column, column + self.sides[1])
            found[place] = maps[first : first + steps, :, *square]
        return found


def see(light: Tensor, seen: Tensor, moved: ndarray, dampings: Sequence[Damping]) -> Tensor:
    """Put together what the network sees: frames, what was measured and is known, moved frames, and these damped.

    light, seen: echo from 0 to 1, and where it was measured.
    Shapes: light and seen (B, T, H, W), moved uint8 (B, T, L, H, W); returns (B, T, 2 + 3 L, H, W).
    """
    ahead, known = echo(moved)
    ahead = torch.where(known, ahead, torch.nan)
    start = torch.stack(damp_leads(ahead.unbind(2), dampings), 2)
    ahead, start = (
        torch.where(known, part, part.nanmean((3, 4), keepdim=True).nan_to_num()) for part in (ahead, start)
    )
    return torch.cat([light.unsqueeze(2), seen.unsqueeze(2) / 2, known / 2, ahead, start], 2)


def _spread(length: int, side: int) -> list[int]:
    """Where squares begin that cover a length, half a square from one to the next or a little less."""
    count = 1 + -(-2 * (length - side) // side)
    return [round(place) for place in np.linspace(0, length - side, count)]


def split_frames(frames: Frames, moved: ndarray, plan: Plan) -> tuple[Windows, Windows, Windows]:
    """Films to train on; then some to choose by, maybe none; and the last ones, to judge by, of whole maps.

    Between the parts lie `plan.gap` minutes, since rain of now looks like rain of half an hour ago; no film crosses a
    gap in time.
    Raises: ValueError if a part has no film.
    """
    length, count, gap = plan.seen + max(plan.ahead), len(frames.times), np.timedelta64(plan.gap, "m")
    starts = find_starts(frames.times, length)
    shares = {"train on": 1 - plan.validation - plan.held_out, "choose by": plan.validation, "judge by": plan.held_out}
    ends = np.rint(count * np.cumsum([*shares.values()])).astype(int).tolist()
    chosen, first, least = {}, 0, frames.times[0]
    for (use, share), end in zip(shares.items(), ends):
        chosen[use] = [at for at in starts if first <= at <= end - length and frames.times[at] >= least]
        if share and not chosen[use]:
            told = f"of {count} frames {end - first} are there to {use}"
            told += f", {plan.gap} minutes after those before" * (first > 0)
            mend = "give more frames or a larger share, or smaller seen, ahead or gap"
            raise ValueError(f"{told}, but a film has {length}: {mend}")
        if end > first:
            first, least = end, frames.times[end - 1] + gap
    crops = {"train on": plan.crop, "choose by": 0, "judge by": 0}
    train, valid, unseen = (Windows(frames, moved, chosen[use], plan, crop) for use, crop in crops.items())
    return train, valid, unseen


def find_starts(times: ndarray, length: int) -> list[int]:
    """Return the first frame of each film of so many frames that crosses no gap in time."""
    return [start for run in find_runs(times) for start in range(run.start, run.stop - length + 1)]


def move_on(codes: ndarray, ahead: Sequence[int]) -> ndarray:
    """Return what semi-Lagrangian advection makes of the last frame, lead by lead, from the motion of the last three.

    MISSING is what came from outside, or from where nothing was measured.
    Shapes: codes uint8 (T, H, W); returns uint8 (L, H, W).
    """
    light, seen = echo(codes[-RECENT:][None])
    x = torch.where(seen, light, torch.nan)
    field = motion(x) if x.shape[1] > 1 else x.new_zeros(1, 2, *x.shape[2:])
    maps = semi_lagrangian(x[:, -1], field, max(ahead), edge="nan")[0, [lead - 1 for lead in ahead]]
    return (255 * maps).round().nan_to_num(MISSING).to(torch.uint8).numpy()


def move_frames(frames: Frames, ahead: Sequence[int], folder: Path, progress: bool | None = None) -> ndarray:
    """Map what semi-Lagrangian advection makes of each frame, lead by lead; made on first use, by all cores.

    Each frame moves as `move_on` says; no motion crosses a gap in time.
    Shapes: returns uint8 (N, L, H, W).
    """
    sample = np.ascontiguousarray(frames.codes[:: max(1, len(frames.codes) // 16)]).tobytes()
    key = zlib.crc32(frames.times.tobytes(), zlib.crc32(sample))
    path = folder / f"moved_{key:08x}_{'_'.join(map(str, ahead))}.npy"
    shape = (len(frames.codes), len(ahead), *frames.codes.shape[1:])
    begins = {number: run.start for run in find_runs(frames.times) for number in range(run.start, run.stop)}

    def moved(number: int) -> ndarray:
        first = max(begins[number], number + 1 - RECENT)
        return move_on(frames.codes[first : number + 1], ahead)

    with locked(f"{path}.lock"):
        if not path.exists():
            bar = progress_bar(shape[0], "frame", progress)
            with bar, written_whole(path) as part, open(part, "wb") as file:
                write_header(file, shape)
                for codes in prepared(range(shape[0]), moved, usable_cores()):
                    file.write(codes.tobytes())
                    bar.update()
    return np.load(path, mmap_mode="c")
