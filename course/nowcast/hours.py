"""The rain until a forecast's time, summed up: as motion brings it, and as it came.

A sum is kept as the echo that belongs to as many mm/h: so maps of sums are maps as any other, for networks and figures.
Where errors in mm count, it is an amount, in tens of mm.
"""

from collections.abc import Sequence

import torch
from numpy import ndarray
from torch import Tensor

from course.nowcast.films import AGES
from course.rain import MISSING, echo, echo_from_rain, rain_from_echo, rain_rate, sum_rain
from course.rain.codes import HIGHEST
from course.rain.motion import motion, semi_lagrangian

TEN = 10  # mm, which are 1 in maps of amounts: so these are about as large as echo


def sum_on(codes: ndarray, ahead: Sequence[int], minutes: float, ages: int = AGES) -> ndarray:
    """Sum up the rain that the last frames bring until each lead, by semi-Lagrangian advection as `move_on`.

    A frame of age a moves a + 1 to a + lead steps. MISSING is what came, at any step, from where nobody knows.
    Shapes: codes uint8 (T, H, W); returns uint8 (L, A, H, W), the oldest age first.
    Units: minutes from frame to frame; codes of mm.
    """
    light, seen = echo(codes)
    x = torch.where(seen, light, torch.nan)
    film, field = x[-ages:], motion(x[None])
    maps = semi_lagrangian(film, field.expand(ages, -1, -1, -1), max(ahead) + ages - 1, edge="nan")
    rain = rain_from_echo(maps)  # (A, steps, H, W)
    sums = [
        torch.stack([sum_rain(rain[None, -1 - age, age : age + lead], minutes)[0] for age in reversed(range(ages))])
        for lead in ahead
    ]
    light = (255 * echo_from_rain(torch.stack(sums))).round().clamp(max=HIGHEST)
    return light.nan_to_num(MISSING).to(torch.uint8).numpy()


def sum_until(codes: ndarray, ahead: Sequence[int], minutes: float) -> tuple[Tensor, Tensor]:
    """Sum up the rain of the frames until each lead; return its echo, and where all of them were measured.

    Shapes: codes uint8 (B, T, H, W), from the first frame ahead on; returns twice (B, L, H, W).
    """
    rain = rain_rate(codes)
    sums = torch.stack([sum_rain(rain[:, :lead], minutes) for lead in ahead], 1)
    return echo_from_rain(sums.nan_to_num()).float(), sums.isfinite()


def amount_of(x: Tensor) -> Tensor:
    """Return the sums that echo stands for, whose errors are those of mm. Units: tens of mm. Shapes: as x."""
    return rain_from_echo(x) / TEN


def echo_of(amount: Tensor) -> Tensor:
    """Return the echo that stands for sums, the inverse of `amount_of`; below 0 it is 0. Shapes: as amount."""
    return echo_from_rain(TEN * amount.clamp(min=0)).to(amount)
