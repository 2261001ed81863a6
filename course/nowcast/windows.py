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
from course.nowcast.films import AGES, CHANNELS, Batch, Fitted, ask
from course.nowcast.hours import amount_of, sum_on, sum_until
from course.nowcast.plan import Plan
from course.radar import Frames, find_runs, usual_minutes
from course.rain import MISSING, echo
from course.rain.motion import motion, semi_lagrangian

BLOCK = 30  # minutes in which forecasts err alike


class Windows:
    """Films of a radar's frames, cut out by number: only what is asked for is read. Each is one question.

    moved: the last frames before each one, moved to the time of each forecast, of the whole map, as `move_frames` maps
    them. starts: the first frame of each film. crop: side of the squares that are cut out, evenly over the map; 0 takes
    the whole map.
    Shapes: frames.codes uint8 (N, H, W), moved uint8 (N, L, A, H, W).
    """

    missing = MISSING
    dim = 2
    channels = CHANNELS
    moves_by = "semi-Lagrangian"

    def __init__(self, frames: Frames, moved: ndarray, starts: Sequence[int], plan: Plan, crop: int):
        rows, columns = frames.codes.shape[1:]
        self.frames, self.moved, self.starts, self.ahead = frames, moved, list(starts), plan.ahead
        self.sides = (min(crop or rows, rows), min(crop or columns, columns))
        self.corners = list(product(_spread(rows, self.sides[0]), _spread(columns, self.sides[1])))
        self.fitted = Fitted.nothing(len(plan.ahead))
        self.summed, self.in_mm = plan.summed, plan.target == "sum"
        self.km = frames.km
        self.minutes = int(usual_minutes(frames.times))

    def __len__(self) -> int:
        return len(self.starts) * len(self.corners)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a film: T, D, H, W."""
        return AGES + max(self.ahead), 1, *self.sides

    @property
    def answers(self) -> int:
        """How many cells a network answers of a film: of all leads."""
        return len(self.ahead) * self.sides[0] * self.sides[1]

    def blocks(self) -> list[str]:
        """In which half hour each film is: films of one err alike. Sums do as long as they share rain."""
        length = max(BLOCK, self.minutes * max(self.ahead)) if self.summed else BLOCK
        minutes = self.times(range(len(self))).astype("datetime64[m]").astype(int)
        return [str(minute // length) for minute in minutes]

    def codes(self, chosen: Sequence[int]) -> ndarray:
        """Return the codes of some films. Shapes: uint8 (B, T, D, H, W)."""
        cuts = [self.frames.codes[first : first + self.shape[0], None, *square] for first, square in self._cuts(chosen)]
        return np.stack(cuts) if cuts else np.empty((0, *self.shape), np.uint8)

    def times(self, chosen: Sequence[int]) -> ndarray:
        """When the last frame was measured that is seen of some films. Shapes: datetime64[m] (B,)."""
        return self.frames.times[[self.starts[film // len(self.corners)] + AGES - 1 for film in chosen]]

    def batch(self, chosen: Sequence[int]) -> Batch:
        """Read some films, as the network wants them."""
        codes = self.codes(chosen)[:, :, 0]
        light, seen = echo(codes)
        cuts = [self.moved[first + AGES - 1, :, :, *square] for first, square in self._cuts(chosen)]
        moved = np.stack(cuts) if cuts else np.empty((0, len(self.ahead), AGES, *self.sides), np.uint8)
        frames = torch.where(seen, light, torch.nan)[:, :AGES]
        if self.summed:
            y, seen = sum_until(codes[:, AGES:], self.ahead, self.minutes)
            y = amount_of(y) if self.in_mm else y
        else:
            y, seen = (part[:, [AGES - 1 + lead for lead in self.ahead]] for part in (light, seen))
        sight = see(moved, self.ahead, self.fitted, self.in_mm)
        return Batch(*(part.unsqueeze(1) for part in (*sight, frames, y, seen)))

    def _cuts(self, chosen: Sequence[int]) -> list[tuple[int, tuple[slice, slice]]]:
        """The first frame of each film, and its square of the map."""
        numbers = (divmod(film, len(self.corners)) for film in chosen)
        places = [(self.starts[start], self.corners[corner]) for start, corner in numbers]
        rows, columns = self.sides
        return [(first, (slice(row, row + rows), slice(left, left + columns))) for first, (row, left) in places]


def see(moved: ndarray, ahead: Sequence[int], fitted: Fitted, in_mm: bool = False) -> tuple[Tensor, ...]:
    """Return x, start, candidates and known, as `ask` does, of what `move_on` or `sum_on` gives.

    in_mm: as amounts, not as echo. Shapes: moved uint8 (N, L, A, H, W).
    """
    maps, known = echo(moved)
    maps = amount_of(maps) if in_mm else maps
    return ask(torch.where(known, maps, torch.nan).unsqueeze(3), ahead, fitted)


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
    length, count, gap = AGES + max(plan.ahead), len(frames.times), np.timedelta64(plan.gap, "m")
    starts = find_starts(frames.times, length)
    shares = {"train on": 1 - plan.validation - plan.held_out, "choose by": plan.validation, "judge by": plan.held_out}
    ends = np.rint(count * np.cumsum([*shares.values()])).astype(int).tolist()
    chosen, first, least = {}, 0, frames.times[0]
    for (use, share), end in zip(shares.items(), ends):
        chosen[use] = [at for at in starts if first <= at <= end - length and frames.times[at] >= least]
        if share and not chosen[use]:
            told = f"of {count} frames {end - first} are there to {use}"
            told += f", {plan.gap} minutes after those before" * (first > 0)
            mend = "give more frames or a larger share, or smaller ahead or gap"
            raise ValueError(f"{told}, but a film has {length}: {mend}")
        if end > first:
            first, least = end, frames.times[end - 1] + gap
    crops = {"train on": plan.crop, "choose by": 0, "judge by": 0}
    train, valid, unseen = (Windows(frames, moved, chosen[use], plan, crop) for use, crop in crops.items())
    return train, valid, unseen


def find_starts(times: ndarray, length: int) -> list[int]:
    """Return the first frame of each film of so many frames that crosses no gap in time."""
    return [start for run in find_runs(times) for start in range(run.start, run.stop - length + 1)]


def move_on(codes: ndarray, ahead: Sequence[int], ages: int = AGES) -> ndarray:
    """Move the last frames to the time of each forecast, by semi-Lagrangian advection along the motion of the last.

    MISSING is what came from outside, or from where nothing was measured. ages: how many frames, the oldest first.
    Shapes: codes uint8 (T, H, W); returns uint8 (L, A, H, W).
    """
    light, seen = echo(codes)
    x = torch.where(seen, light, torch.nan)
    film, field = x[-ages:], motion(x[None])
    far = max(ahead) + ages - 1
    maps = semi_lagrangian(film, field.expand(ages, -1, -1, -1), far, edge="nan")  # (A, steps, H, W)
    moved = torch.stack(
        [torch.stack([maps[-1 - age, lead + age - 1] for age in reversed(range(ages))]) for lead in ahead]
    )
    return (255 * moved).round().nan_to_num(MISSING).to(torch.uint8).numpy()


def move_frames(
    frames: Frames, ahead: Sequence[int], folder: Path, progress: bool | None = None, summed: bool = False
) -> ndarray:
    """Map what `move_on` makes of each frame and those before it; made on first use, by all cores.

    summed: map what `sum_on` makes of them.
    All is MISSING of frames with too few before them since the last gap in time.
    Shapes: returns uint8 (N, L, A, H, W).
    """
    sample = np.ascontiguousarray(frames.codes[:: max(1, len(frames.codes) // 16)]).tobytes()
    key = zlib.crc32(frames.times.tobytes(), zlib.crc32(sample))
    path = folder / f"{'sums' if summed else 'aligned'}_{key:08x}_{'_'.join(map(str, ahead))}.npy"
    shape = (len(frames.codes), len(ahead), AGES, *frames.codes.shape[1:])
    begins = {number: run.start for run in find_runs(frames.times) for number in range(run.start, run.stop)}

    def moved(number: int) -> ndarray:
        first = number + 1 - AGES
        if first < begins[number]:
            return np.full(shape[1:], MISSING, np.uint8)
        film = frames.codes[first : number + 1]
        return sum_on(film, ahead, usual_minutes(frames.times)) if summed else move_on(film, ahead)

    with locked(f"{path}.lock"):
        if not path.exists():
            bar = progress_bar(shape[0], "frame", progress)
            with bar, written_whole(path) as part, open(part, "wb") as file:
                write_header(file, shape)
                for codes in prepared(range(shape[0]), moved, usable_cores()):
                    file.write(codes.tobytes())
                    bar.update()
    return np.load(path, mmap_mode="c")
