"""The films of a run: found or made, then parted into those to train on, to choose by and to judge by."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course._atomic import make_writable
from course.distributed import World, together
from course.nowcast.films import Films
from course.nowcast.plan import Plan
from course.nowcast.sources import Joined, Part, find_values, holds_frames, km_of, make_values, map_values
from course.nowcast.windows import Windows, move_frames, split_frames
from course.radar import read_frames
from course.rain import MISSING

STORM = (15, 4, 48, 48)  # T, D, H, W of storms that are made: cells of 2 km
KM = 1  # from cell to cell of the competition's films


def find_films(
    world: World,
    plan: Plan,
    data: Path | str | None,
    out: Path,
    *,
    reading: dict,
    skip_bad: bool = False,
    storms: int = 200,
    shape: Sequence[int] | None = None,
    cache: Path | str | None = None,
    progress: bool | None = None,
) -> tuple[Films, Films, Films] | tuple[Windows, Windows, Windows]:
    """Return films to train on; then some to choose by, maybe none; and the last ones, to judge by.

    data, storms, shape, cache: as for `train_rain`. reading: km, minutes, scale and missing as for `read_frames`.
    Raises: as `together`, for what is wrong with the arguments or the files.
    """
    cache = None if cache is None else Path(cache)
    if plan.summed and (data is None or not holds_frames(Path(data))):
        with together(world):
            told = f"target is {plan.target}, expected frames of a radar to sum up"
            raise ValueError(f"{told}: give data, or leave target out")
    if data is None:
        values, km = _make_films(world, cache or out, storms, shape or STORM, plan.seed, reading["missing"])
        with together(world):
            return _split(values, plan, MISSING, km)
    with together(world):
        place = Path(data)
        if not holds_frames(place):
            missing = reading["missing"]
            values, missing = find_values(place, shape, missing=missing, cache=cache, spare=out, progress=progress)
            return _split(values, plan, missing, KM)
        if plan.dim != 2:
            raise ValueError(f"dim is {plan.dim}, but frames of a radar have one height: leave dim out")
        frames = read_frames(place, pool=plan.pool, skip_bad=skip_bad, cache=cache, progress=progress, **reading)
        moved = move_frames(frames, plan.ahead, cache or out, progress, plan.summed)
        return split_frames(frames, moved, plan)


def _make_films(
    world: World, folder: Path, storms: int, shape: Sequence[int], seed: int, missing: int | None
) -> tuple[np.ndarray, int]:
    """Map storms, which the first process of each machine makes, if need be, while the others wait; with their km."""
    km = km_of(shape)
    path = folder / f"storms_{storms}_{'x'.join(map(str, shape))}_{km}km_{seed}.npy"
    with together(world):
        if missing not in (None, MISSING):
            raise ValueError(f"missing is {missing}, but storms have {MISSING}: leave it out, or name data")
        if world.local_rank == 0 and not path.exists():
            make_writable(folder)
            make_values(path, storms, shape, seed)
    with together(world):
        return map_values(path), km


def _split(values: np.ndarray | Joined, plan: Plan, missing: int, km: float) -> tuple[Films, Films, Films]:
    unseen = max(1, round(len(values) * plan.held_out))
    valid = max(1, round(len(values) * plan.validation)) if plan.validation else 0
    train = len(values) - valid - unseen
    if train < 1:
        shares = f"validation is {plan.validation:g} and held_out {plan.held_out:g}"
        raise ValueError(f"{shares}, which leaves none of {len(values)} films to train on: give more films")
    parts = range(train), range(train, train + valid), range(train + valid, len(values))
    return tuple(Films(Part(values, part), plan.ahead, plan.pool, plan.dim, missing, km) for part in parts)
