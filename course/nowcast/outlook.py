"""What follows the last frame of a radar as a run forecasts it: as numbers, as stills and as a film."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy import datetime64, ndarray

from course._atomic import written_whole
from course.nowcast.films import AGES
from course.nowcast.record import Trained
from course.nowcast.windows import move_on, see
from course.radar import Frames
from course.rain import MISSING, echo_from_rain, rain_rate
from course.rain.codes import HIGHEST

STILLS = 6  # leads in a picture
MARKS = 0.1, 1, 5, 20, 50  # mm/h, beside the scale of colours
ROWS = "semi-Lagrangian", "RainNet"


class Outlook(NamedTuple):
    """Forecasts of RainNet, and of semi-Lagrangian advection, lead by lead.

    MISSING is what motion brings from outside the map, or from where nothing was measured: of that nobody knows.
    start: the time of the last frame. Shapes: codes and moved uint8 (L, H, W), times datetime64[m] (L,).
    Units: km from cell to cell.
    """

    codes: ndarray
    moved: ndarray
    start: datetime64
    times: ndarray
    km: float

    @property
    def minutes(self) -> ndarray:
        """From the last frame to each lead. Shapes: int (L,)."""
        return minutes_after(self.start, self.times)


@torch.inference_mode()
def predict(run: Trained, recent: Frames, ahead: int | None = None, device: torch.device | str = "cpu") -> Outlook:
    """Forecast what follows the last of some frames, of the whole map, as `take_last` gives them.

    ahead: frames to the last forecast, by default the longest lead of the run. Beyond it the network is fed with its
        own forecasts, if it has each lead from 1 on; each time they get more blurred.
    Raises: ValueError for an ahead that the run cannot reach.
    """
    plan, film = run.plan, np.asarray(recent.codes)
    count = _check_reach(run, ahead)
    model = run.build().to(device)
    leads, made = list(plan.ahead), []
    while True:
        *seen, known = see(move_on(film[-AGES:], plan.ahead)[None], plan.ahead, run.fitted)
        guess = model(*(part.to(device) for part in seen))[0].cpu().clamp(0, 1)
        codes = (255 * guess).round().clamp(max=HIGHEST).to(torch.uint8)
        made.append(torch.where(known[0], codes, MISSING).numpy())
        if leads[-1] >= count:
            break
        leads += [leads[-1] + lead for lead in plan.ahead]
        film = np.concatenate([film, made[-1]])
    leads = [lead for lead in leads if lead <= count]
    times = recent.times[-1] + np.array(leads) * np.timedelta64(run.minutes, "m")
    codes = np.concatenate(made)[: len(leads)]
    return Outlook(codes, move_on(recent.codes, leads, ages=1)[:, 0], recent.times[-1], times, recent.km)


def _check_reach(run: Trained, ahead: int | None) -> int:
    own = run.plan.ahead
    if ahead is None:
        return own[-1]
    told = f"ahead is {ahead}, but {run.folder} forecasts {', '.join(map(str, own))} frames ahead"
    if ahead < own[0]:
        raise ValueError(f"{told}, expected {own[0]} or more")
    if ahead > own[-1] and own != tuple(range(1, own[-1] + 1)):
        steps = " ".join(map(str, range(1, min(own[-1], 6) + 1)))
        raise ValueError(
            f"{told}: to go on from its own forecasts it needs each from 1 on: train one by --ahead {steps}"
        )
    return ahead


def write_outlook(outlook: Outlook, path: Path) -> str:
    """Write a forecast as arrays of NumPy; return a sentence on it. `read_frames` reads it again.

    rain in mm/h, float32 (L, H, W), nan where nobody knows; echo_codes, the same as codes; times, UTC where the frames
    have it; start and minutes, of the last frame and from there on; km from cell to cell.
    """
    rain = rain_rate(outlook.codes).numpy()
    start = stamp_from(outlook.start)
    beside = {"times": outlook.times, "start": start, "minutes": outlook.minutes, "km": outlook.km}
    with written_whole(path) as part:
        np.savez_compressed(part, rain=rain, echo_codes=outlook.codes, **beside)
    told = (
        f"{path} holds rain in mm/h, of {len(rain)} leads up to {outlook.minutes[-1]} min after {spell(outlook.start)}"
    )
    if np.isnan(rain).all():
        return f"{told}: no cell is known"
    lead, row, column = np.unravel_index(np.nanargmax(rain), rain.shape)
    where = f"in row {row} and column {column} at {spell(outlook.times[lead])}"
    return f"{told}: the most is ≈ {rain[lead, row, column]:.1f} mm/h {where}"


def draw_stills(outlook: Outlook, recent: Frames, path: Path) -> str:
    """Draw the last frame, and beside it the forecasts, into a .png; return a sentence on it."""
    from course import plots  # only now: who asks for no picture does not wait for it
    from course.plots.showing import png

    places = sorted({round(place) for place in np.linspace(0, len(outlook.times) - 1, STILLS)})
    maps, labels = [], []
    for row, (name, forecasts) in enumerate(zip(ROWS, (outlook.moved, outlook.codes))):
        maps += [_echo(recent.codes[-1]), *(_echo(forecasts[place]) for place in places)]
        labels += ["" if row else "last frame", *(f"{name}\n+{outlook.minutes[place]} min" for place in places)]
    columns = 1 + len(places)
    side = 1.6 * slope_of(outlook.codes)
    size = 1.6 * columns + 0.9, 2 * (side + 0.45) + 0.4
    title = f"How does it rain after {spell(outlook.start)}?"
    fig = plots.radar(maps, labels=labels, columns=columns, title=title, marks=_marks(), size=size)
    fig.axes[columns].set_visible(False)  # the last frame once is enough
    with written_whole(path) as part:
        part.write_bytes(png(fig))
    return f"{path} shows the last frame and {len(places)} leads of {len(outlook.times)}"


def draw_film(outlook: Outlook, recent: Frames, path: Path) -> str:
    """Draw the frames that are known and the forecasts as a film, .gif or .png; return a sentence on it."""
    from course import plots

    known = len(recent.times)

    def draw(number: int):
        if number < known:
            maps, told = [recent.codes[number]] * 2, f"{spell(recent.times[number])}, measured"
        else:
            lead = number - known
            maps = [outlook.moved[lead], outlook.codes[lead]]
            told = f"{spell(outlook.times[lead])}, +{outlook.minutes[lead]} min"
        size = 2 * 3.2 + 1, 3.2 * slope_of(outlook.codes) + 0.7
        return plots.radar([*map(_echo, maps)], labels=ROWS, title=told, marks=_marks(), size=size)

    plots.save_film(draw, known + len(outlook.times), path)
    return f"{path} shows {known} frames and {len(outlook.times)} leads as a film"


def minutes_after(start: datetime64, times: ndarray) -> ndarray:
    """Return the whole minutes from a time to others."""
    return ((times - start) / np.timedelta64(1, "m")).astype(int)


def stamp_from(time: datetime64) -> str:
    """Return a time as names of files have it: 202511281030."""
    return str(time).translate({ord(sign): None for sign in "-:T"})


def spell(time: datetime64) -> str:
    """Return a time as a reader wants it: 2025-11-28 10:30."""
    return str(time).replace("T", " ")


def _echo(codes: ndarray) -> ndarray:
    return np.where(codes == MISSING, np.nan, codes / 255)


def slope_of(maps: ndarray) -> float:
    """Return how high a picture of maps (..., H, W) is, of width 1; of long strips less, for the page to hold it."""
    rows, columns = maps.shape[-2:]
    return float(np.clip(rows / columns, 0.4, 2))


def _marks() -> dict[str, float]:
    return {f"{rain:g} mm/h": float(echo_from_rain(rain)) for rain in MARKS}
