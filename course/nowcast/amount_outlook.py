"""How much rain falls after the last frame of a radar, as a run says it: as numbers and as maps."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy import datetime64, ndarray

from course._atomic import written_whole
from course.nowcast.hours import echo_of, sum_on
from course.nowcast.outlook import minutes_after, slope_of, spell, stamp_from
from course.nowcast.record import Trained
from course.nowcast.windows import see
from course.radar import Frames
from course.rain import echo, echo_from_rain, rain_from_echo

MARKS = 0.1, 1, 5, 20  # mm, beside the scale of colours
COLUMNS = "semi-Lagrangian", "RainNet"


class AmountOutlook(NamedTuple):
    """Sums of rain from the last frame to each lead, by RainNet and as motion brings it; nan where nobody knows.

    start: the time of the last frame. Shapes: mm and moved float32 (L, H, W), times datetime64[m] (L,).
    Units: mm, km from cell to cell.
    """

    mm: ndarray
    moved: ndarray
    start: datetime64
    times: ndarray
    km: float

    @property
    def minutes(self) -> ndarray:
        """From the last frame to each lead. Shapes: int (L,)."""
        return minutes_after(self.start, self.times)


@torch.inference_mode()
def predict_amounts(run: Trained, recent: Frames, device: torch.device | str = "cpu") -> AmountOutlook:
    """Say how much rain falls after the last of some frames, on the whole map, as `take_last` gives them.

    Raises: ValueError if the run was not trained for sums.
    """
    if run.plan.target != "sum":
        raise ValueError(f"{run.folder} forecasts {run.plan.target}, expected sum: train one by --target sum")
    sums = sum_on(recent.codes, run.plan.ahead, run.minutes)
    x, start, candidates, known = see(sums[None], run.plan.ahead, run.fitted, in_mm=True)
    amounts = run.build().to(device)(*(part.to(device) for part in (x, start, candidates)))[0].cpu()
    light, seen = echo(sums[:, -1])
    mm, moved = (
        torch.where(known[0], part, torch.nan).numpy()
        for part in (rain_from_echo(echo_of(amounts)), rain_from_echo(light))
    )
    times = recent.times[-1] + np.array(run.plan.ahead) * np.timedelta64(run.minutes, "m")
    return AmountOutlook(mm, moved, recent.times[-1], times, recent.km)


def write_amounts(outlook: AmountOutlook, path: Path) -> str:
    """Write sums as arrays of NumPy; return a sentence on them.

    mm, float32 (L, H, W); times, start, minutes and km as those of `write_outlook`.
    """
    beside = {"times": outlook.times, "start": stamp_from(outlook.start), "minutes": outlook.minutes}
    with written_whole(path) as part:
        np.savez_compressed(part, mm=outlook.mm, km=outlook.km, **beside)
    minutes = ", ".join(map(str, outlook.minutes))
    told = f"{path} holds the rain in mm within {minutes} min of {spell(outlook.start)}"
    if not np.isfinite(outlook.mm[-1]).any():
        return f"{told}: no cell is known"
    row, column = np.unravel_index(np.nanargmax(outlook.mm[-1]), outlook.mm[-1].shape)
    most = outlook.mm[-1, row, column]
    return f"{told}: the most at the last is ≈ {most:.1f} mm in row {row} and column {column}"


def draw_amounts(outlook: AmountOutlook, path: Path) -> str:
    """Draw the sums, a row a lead, those of motion beside those of RainNet, into a .png; return a sentence on it."""
    from course import plots  # only now: who asks for no picture does not wait for it
    from course.plots.showing import png

    leads, rows, columns = outlook.mm.shape
    maps = np.stack([outlook.moved, outlook.mm], 1).reshape(-1, rows, columns)
    labels = [f"{name}\n{minutes} min" for minutes in outlook.minutes for name in COLUMNS]
    size = 2.6 * len(COLUMNS) + 0.9, leads * (2.6 * slope_of(outlook.mm) + 0.45) + 0.4
    marks = {f"{mm:g} mm": float(echo_from_rain(mm)) for mm in MARKS}
    title = f"How much rain falls after {spell(outlook.start)}?"
    fig = plots.radar(
        echo_from_rain(maps).numpy(), labels=labels, columns=len(COLUMNS), title=title, marks=marks, size=size
    )
    with written_whole(path) as part:
        part.write_bytes(png(fig))
    return f"{path} shows the sums of {leads} leads"
