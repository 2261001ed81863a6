"""How likely rain is after the last frame of a radar, as a run says it: as numbers and as maps."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy import datetime64, ndarray

from course._atomic import written_whole
from course.nowcast.chances import MM
from course.nowcast.hours import sum_on
from course.nowcast.outlook import minutes_after, slope_of, spell, stamp_from
from course.nowcast.record import Trained
from course.nowcast.windows import see
from course.radar import Frames

MARKS = 0.1, 0.3, 0.5, 0.7, 0.9  # beside the scale of colours


class ChanceOutlook(NamedTuple):
    """Chances that the rain from the last frame to each lead exceeds 0.1, 1 and 5 mm; nan where nobody knows.

    start: the time of the last frame. Shapes: chances float32 (L, thresholds, H, W), times datetime64[m] (L,).
    Units: chances from 0 to 1, km from cell to cell.
    """

    chances: ndarray
    start: datetime64
    times: ndarray
    km: float

    @property
    def minutes(self) -> ndarray:
        """From the last frame to each lead. Shapes: int (L,)."""
        return minutes_after(self.start, self.times)


@torch.inference_mode()
def predict_chances(run: Trained, recent: Frames, device: torch.device | str = "cpu") -> ChanceOutlook:
    """Say how likely rain is after the last of some frames, on the whole map, as `take_last` gives them.

    Raises: ValueError if the run was not trained for chances.
    """
    if run.plan.target != "chance":
        raise ValueError(f"{run.folder} forecasts {run.plan.target}, expected chance: train one by --target chance")
    moved = sum_on(recent.codes, run.plan.ahead, run.minutes)
    x, start, candidates, known = see(moved[None], run.plan.ahead, run.fitted)
    model = run.build().to(device)
    chances = model(*(part.to(device) for part in (x, start, candidates)))[0].sigmoid().cpu()
    chances = torch.where(known[0].unsqueeze(1), chances, torch.nan).numpy()
    times = recent.times[-1] + np.array(run.plan.ahead) * np.timedelta64(run.minutes, "m")
    return ChanceOutlook(chances, recent.times[-1], times, recent.km)


def write_chances(outlook: ChanceOutlook, path: Path) -> str:
    """Write chances as arrays of NumPy; return a sentence on them.

    chance, float32 (L, thresholds, H, W); mm, the thresholds; times, start, minutes and km as those of `write_outlook`.
    """
    beside = {"times": outlook.times, "start": stamp_from(outlook.start), "minutes": outlook.minutes}
    with written_whole(path) as part:
        np.savez_compressed(part, chance=outlook.chances, mm=np.array(MM), km=outlook.km, **beside)
    thresholds = ", ".join(f"{mm:g}" for mm in MM)
    minutes = ", ".join(map(str, outlook.minutes))
    told = f"{path} holds chances that {thresholds} mm or more fall within {minutes} min of {outlook.start}"
    mean = [np.nanmean(part) if np.isfinite(part).any() else np.nan for part in outlook.chances[-1]]
    return f"{told}: ≈ {', ≈ '.join(f'{100 * each:.0f}' for each in mean)} % of the map at the last, on average"


def draw_chances(outlook: ChanceOutlook, path: Path) -> str:
    """Draw the chances, a row a lead and a column a threshold, into a .png; return a sentence on it."""
    from course import plots  # only now: who asks for no picture does not wait for it
    from course.plots.showing import png

    leads, _, rows, columns = outlook.chances.shape
    labels = [f"{mm:g} mm in {minutes} min" for minutes in outlook.minutes for mm in MM]
    size = 2.6 * len(MM) + 0.9, leads * (2.6 * slope_of(outlook.chances) + 0.35) + 0.4
    marks = {f"{100 * mark:.0f} %": mark for mark in MARKS}
    title = f"How likely is rain after {spell(outlook.start)}?"
    maps = outlook.chances.reshape(-1, rows, columns)
    fig = plots.radar(maps, labels=labels, columns=len(MM), title=title, top=1, marks=marks, size=size)
    with written_whole(path) as part:
        part.write_bytes(png(fig))
    return f"{path} shows the chances of {leads} leads"
