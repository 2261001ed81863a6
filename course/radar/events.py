"""Hours of rain for the notebooks: real radar where it is, storms made by rule where it is not."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course import _places
from course.radar.frames import Frames, find_runs, read_frames
from course.rain import MINUTES, storms
from course.rain.storms import AHEAD

STORMS, SIDE, KM = 16, 48, 2  # of an event that is made: storms, cells of a map, from cell to cell
SEEN = 15  # frames of a storm before AHEAD more
MONTHS = "January February March April May June July August September October November December".split()


class Event(NamedTuple):
    """Some hours of rain on one radar. name: such as "KNMI, 26 August 2010". real: whether a radar saw it."""

    name: str
    frames: Frames
    real: bool


def load_events(root: Path | str | None = None) -> list[Event]:
    """Map the events of real radar, oldest first; where there are none, make three of storms.

    Real ones are .npz files as `read_frames` takes them, in one of them maybe several events with a gap between.
    root: the folder to look in; else `COURSE_RADAR`, else data/radar. Their cache lies in data/.
    Raises: FileNotFoundError if a folder that is asked for (argument or `COURSE_RADAR`) has no .npz; as `read_frames`.
    """
    asked = root or os.environ.get("COURSE_RADAR")
    folder = Path(asked or _places.DATA / "radar")
    files = sorted(folder.glob("*.npz"))
    if not files and asked:
        mend = "set COURSE_RADAR to the folder that holds it, or unset it to take made storms"
        raise FileNotFoundError(f"{folder} has no .npz of radar frames: {mend}")
    if not files:
        return [_make(name, seed) for seed, name in enumerate(("storms A", "storms B", "storms C"), 1)]
    events = []
    for path in files:
        frames = read_frames(path, cache=_places.DATA / f"{path.stem}.frames", progress=False)
        for run in find_runs(frames.times):
            part = Frames(frames.codes[run], frames.times[run], frames.km)
            events.append(Event(_name(path, part.times[0]), part, real=True))
    return sorted(events, key=lambda event: event.frames.times[0])


def describe_events(events: list[Event]) -> str:
    """Return one line that starts with "data: " and says which rain this is."""
    names = "; ".join(event.name for event in events)
    if events[0].real:
        return f"data: radar of {names}"
    return f"data: {names} (no radar: its offline stand-in, made by rule)"


def _make(name: str, seed: int) -> Event:
    """Storms, one after the other, with a day from each to the next, so that no film crosses from one to another."""
    made = storms(STORMS, seed, (SEEN, 1, SIDE, SIDE), km=KM, after=AHEAD, blind=0)
    codes = np.concatenate([made.values, made.future], 1)[:, :, 0]
    steps = np.arange(codes.shape[1]) * np.timedelta64(MINUTES, "m")
    times = np.datetime64("2000-01-01T00:00", "m") + np.arange(STORMS)[:, None] * np.timedelta64(1, "D") + steps
    return Event(name, Frames(codes.reshape(-1, SIDE, SIDE), times.ravel(), float(KM)), real=False)


def _name(path: Path, time: np.datetime64) -> str:
    year, month, day = str(time.astype("datetime64[D]")).split("-")
    return f"{path.stem.split('_')[0].upper()}, {int(day)} {MONTHS[int(month) - 1]} {year}"
