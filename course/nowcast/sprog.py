"""S-PROG, a rival where pysteps is installed: rain that moves on loses its small shapes first, which live shortest.

Source: Seed 2003, "A dynamic and spatial scaling approach to advection forecasting".
"""

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout

import numpy as np
import torch
from torch import Tensor

from course.rain import echo_from_rain, rain_from_echo
from course.rain.codes import LEAST_RAIN
from course.rain.motion import motion, semi_lagrangian

SPROG = "S-PROG"
SEEN = 3  # frames that it looks at
NO_RAIN = -15.0  # dB of rain: what stands for none, below 0.1 mm/h, which has -10


def find_sprog() -> Callable | None:
    """Return the forecast by S-PROG of pysteps; None where that is not installed."""
    with _quiet():
        try:
            from pysteps.nowcasts.sprog import forecast
        except ImportError:
            return None
    return forecast


def s_prog(forecast: Callable, frames: Tensor, ahead: Sequence[int]) -> Tensor:
    """Forecast by S-PROG along the field of `motion`; nan is what nobody knows, as in `semi_lagrangian` along it.

    Where S-PROG says nothing, as of a map without rain or of one that does not change, rain moves on as it is.
    forecast: as `find_sprog` gives it. ahead: the leads, in frames.
    Shapes: frames (B, A, H, W), echo from 0 to 1, nan where nothing was measured; returns (B, L, H, W).
    Raises: ValueError if there are fewer than three frames.
    """
    if frames.shape[1] < SEEN:
        raise ValueError(f"frames has shape {tuple(frames.shape)}, expected (B, A, H, W) with {SEEN} or more frames")
    leads = [lead - 1 for lead in ahead]
    field = motion(frames)
    moved = semi_lagrangian(frames[:, -1], field, max(ahead), edge="nan")[:, leads]
    said = torch.stack([_say(forecast, *each, max(ahead))[leads] for each in zip(frames[:, -SEEN:], field)])
    return torch.where(said.isfinite() & moved.isfinite(), said.to(moved), moved)


def _say(forecast: Callable, film: Tensor, field: Tensor, steps: int) -> Tensor:
    """Forecast one film, in decibels of rain; nan where S-PROG fails. Shapes: (3, H, W), (2, H, W) to (steps, H, W)."""
    rain = rain_from_echo(film.double())
    rains = rain >= LEAST_RAIN
    db = torch.where(rains, 10 * rain.clamp(min=LEAST_RAIN).log10(), NO_RAIN)
    db = torch.where(rain.isnan(), torch.nan, db)
    nothing = torch.full((steps, *film.shape[1:]), torch.nan)
    if not rains.any():
        return nothing
    least = 10 * float(np.log10(LEAST_RAIN))
    try:
        with _quiet(), np.errstate(all="ignore"):
            said = forecast(db.numpy(), field.double().flip(0).numpy(), steps, precip_thr=least)  # x before y
    except (ArithmeticError, RuntimeError, ValueError):  # a film that does not change has no autoregression
        return nothing
    said = torch.from_numpy(np.asarray(said, np.float64))
    echo = torch.where(said >= least, echo_from_rain(10 ** (said / 10)), 0)
    return torch.where(said.isnan(), torch.nan, echo)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what pysteps prints, and what it is warned of."""
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
