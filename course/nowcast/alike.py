"""Frames for a run that has ended: read as those were that it was trained on, and alike."""

from pathlib import Path

import numpy as np

from course.nowcast.films import AGES
from course.nowcast.record import Trained
from course.nowcast.windows import Windows, find_starts, move_frames
from course.radar import Frames, find_runs, read_frames, usual_minutes


def read_alike(
    run: Trained,
    place: Path | str,
    *,
    skip_bad: bool = False,
    cache: Path | str | None = None,
    progress: bool | None = None,
    **given,
) -> Frames:
    """Read frames as `read_frames` does, with the options that the run was given, unless others are.

    given: km, minutes, scale, missing, pool; those that are None are the run's.
    Raises: as `read_frames`; ValueError if cells or steps of time are not those of the run.
    """
    given = {name: value for name, value in given.items() if value is not None}
    options = run.reading | given
    try:
        frames = read_frames(place, **options, skip_bad=skip_bad, cache=cache, progress=progress)
    except ValueError as error:
        taken = {name: value for name, value in run.reading.items() if value is not None and name not in given}
        told = ", ".join(f"{name} {value}" for name, value in taken.items() if (name, value) != ("pool", 1))
        raise ValueError(f"{error} (the training of {run.folder} had {told})" if told else str(error)) from None
    if abs(frames.km - run.km) > 0.01 * run.km:
        pool = run.km * options["pool"] / frames.km
        fits = round(pool) >= 1 and abs(pool - round(pool)) < 0.01 * pool
        mend = f"give pool {round(pool)}" if fits else "name other frames"
        raise ValueError(
            f"{place} has {frames.km:g} km from cell to cell, expected {run.km:g}, as {run.folder}: {mend}"
        )
    minutes = usual_minutes(frames.times)
    if round(minutes) != run.minutes:
        told = f"{place} has {minutes:g} minutes from frame to frame, expected {run.minutes}, as {run.folder}"
        raise ValueError(f"{told}: name other frames")
    return frames


def take_last(run: Trained, frames: Frames, place: Path | str) -> Frames:
    """Return the frames from which a run forecasts: the last ones.

    Raises: ValueError if there are too few, or time has a gap among them.
    """
    times, seen = frames.times, AGES
    if len(times) < seen:
        raise ValueError(f"{place} has {len(times)} frames, expected {seen} or more, as {run.folder} sees: give more")
    last = find_runs(times)[-1]
    if last.stop - last.start < seen:
        told = f"{place} has a gap from {times[last.start - 1]} to {times[last.start]} in its last {seen} frames"
        more = seen - (last.stop - last.start)
        raise ValueError(f"{told}, which {run.folder} wants without: give the frames of it, or {more} more at the end")
    return Frames(frames.codes[-seen:], times[-seen:], frames.km)


def cut_films(
    run: Trained, frames: Frames, place: Path | str, cache: Path | str | None = None, progress: bool | None = None
) -> Windows:
    """Cut frames into all films of whole maps that cross no gap in time.

    cache: a folder for moved frames, by default that of the run.
    Raises: ValueError if there is none.
    """
    length = AGES + max(run.plan.ahead)
    starts = find_starts(frames.times, length)
    if not starts:
        longest = max(each.stop - each.start for each in find_runs(frames.times))
        told = f"{place} has {longest} frames without a gap, expected {length} or more"
        raise ValueError(f"{told}: {run.folder} sees {AGES} and forecasts {max(run.plan.ahead)}: give more")
    moved = move_frames(frames, run.plan.ahead, Path(cache or run.folder), progress, run.plan.summed)
    films = Windows(frames, moved, starts, run.plan, crop=0)
    films.fitted = run.fitted
    return films


def count_known(run: Trained, films: Windows) -> int:
    """Return how many films lie, in part at least, in the time of those that trained the run or chose its weights."""
    spans = [run.split[use] for use in ("train on", "choose by") if "first" in run.split[use]]
    spans = [(np.datetime64(span["first"]), np.datetime64(span["last"])) for span in spans]
    times, length = films.frames.times, films.shape[0]
    ends = [(times[start], times[start + length - 1]) for start in films.starts]
    return sum(any(begin <= last and first <= end for first, last in spans) for begin, end in ends)
