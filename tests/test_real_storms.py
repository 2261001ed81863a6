"""How far the storms made by rule are from real rain: no farther than is known.

The real sets have no echo below 0.1 mm/h. So the same is cut from the storms first: else they seem far too smooth.
"""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course.rain import drift, rain_rate, semi_lagrangian, spectrum, storms, to_codes

RADAR = os.environ.get("COURSE_RADAR")
pytestmark = pytest.mark.skipif(not RADAR, reason="COURSE_RADAR names no folder with real rain")
SIDE, KM = 48, 2  # of all maps here
CROPS, STORMS = 24, 72


class Facts(NamedTuple):
    """speed: km/h, the median. slope: of the spectrum. memory: correlation after half an hour. wet: share of cells."""

    speed: float
    slope: float
    memory: float
    wet: float


def crops(codes):
    """Codes of places and half hours that were measured, with rain on a tenth at least. Shapes: (N, 7, H, W)."""
    random, found = np.random.default_rng(0), []
    while len(found) < CROPS:
        corner = [random.integers(0, side - size + 1) for side, size in zip(codes.shape, (7, SIDE, SIDE))]
        film = codes[tuple(slice(start, start + size) for start, size in zip(corner, (7, SIDE, SIDE)))]
        if (film != 254).all() and (film[0] > 0).mean() > 0.1:
            found.append(film)
    return np.stack(found)


def made():
    """Codes of storms as those of the real sets: 2 km, nothing below 0.1 mm/h. Shapes: (N, 6, H, W)."""
    values = storms(STORMS, 0, (6, 1, KM * SIDE, KM * SIDE), blind=0).values[:, :, 0]
    codes = F.avg_pool2d(torch.from_numpy(values).double(), KM).round().byte()
    return to_codes(rain_rate(codes)).numpy()


@pytest.fixture(scope="module")
def measured():
    """Facts of each real set, and of storms."""
    fmi = np.load(Path(RADAR) / "fmi_2016_2017.npz")["codes"]
    sets = {"KNMI": np.load(Path(RADAR) / "knmi_2010.npz")["codes"], "FMI 2016": fmi[0], "FMI 2017": fmi[1]}
    films = {name: (crops(codes), 5) for name, codes in sets.items()} | {"storms": (made(), 6)}
    return {name: facts(torch.from_numpy(codes).float() / 255, minutes) for name, (codes, minutes) in films.items()}


def facts(x, minutes):
    speed = (drift(x).norm(dim=1).median() * KM * 60 / minutes).item()
    wet = (x[:, 0] > 0).float().mean((1, 2))
    return Facts(speed, slope(x[:, 0][wet > 0.1]), memory(x), wet.mean().item())


def slope(maps):
    """Power of the wave number with which power falls, from 64 to 8 km; a window hides that maps end."""
    window = torch.from_numpy(np.outer(*2 * [np.hanning(SIDE)]))
    lengths, power = spectrum((maps - maps.mean((1, 2), keepdim=True)) * window)
    here = (lengths >= 8 / KM) & (lengths <= 64 / KM)
    return np.polyfit(-lengths[here].log().numpy(), power.mean(0)[here].log().numpy(), 1)[0].item()


def memory(x):
    """How the last frame correlates with the first one, moved on by the drift: the median of the films."""
    steps = x.shape[1] - 1
    field = drift(x)[:, :, None, None].expand(-1, 2, SIDE, SIDE)
    moved = semi_lagrangian(x[:, 0], field, steps, "nan")[:, -1]
    pairs = [(one[one.isfinite()], y[one.isfinite()]) for one, y in zip(moved, x[:, -1])]
    found = [torch.corrcoef(torch.stack(pair))[0, 1] for pair in pairs if len(pair[0]) > SIDE**2 / 4]
    return torch.stack(found).nanmedian().item()


def real(measured, fact):
    return [getattr(facts, fact) for name, facts in measured.items() if name != "storms"]


def test_the_slope_of_a_spectrum_is_that_which_was_put_in():
    wave = np.hypot(*np.meshgrid(*2 * [np.fft.fftfreq(256)]))
    wave[0, 0] = 1
    noise = np.fft.fft2(np.random.default_rng(0).normal(size=(20, 256, 256)))
    maps = np.fft.ifft2(noise * wave**-1.5).real[:, :SIDE, :SIDE]  # density as wave to the power of -3
    assert slope(torch.from_numpy(maps)) == pytest.approx(-3, abs=0.15)


def test_storms_move_as_fast_as_real_rain(measured):
    speeds = real(measured, "speed")
    assert min(speeds) < measured["storms"].speed < max(speeds)


def test_the_spectrum_of_storms_falls_as_that_of_real_rain(measured):
    slopes = real(measured, "slope")
    assert min(slopes) - 0.2 < measured["storms"].slope < max(slopes) + 0.2


def test_storms_wet_as_much_of_the_map_as_real_rain(measured):
    shares = real(measured, "wet")
    assert min(shares) < measured["storms"].wet < max(shares)


def test_storms_are_remembered_as_long_as_real_rain(measured):
    memories = real(measured, "memory")
    assert min(memories) - 0.1 < measured["storms"].memory < max(memories) + 0.1
