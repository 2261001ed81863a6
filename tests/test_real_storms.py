"""How far the storms made by rule are from real rain, in speed, spectrum and memory: no farther than is known."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course.rain import drift, echo, semi_lagrangian, storms

RADAR = os.environ.get("COURSE_RADAR")
pytestmark = pytest.mark.skipif(not RADAR, reason="COURSE_RADAR names no folder with real rain")
SIDE, KM = 48, 2  # of all maps here
CROPS = 24


def crops(codes):
    """Echo of places and half hours that were measured, with rain on a tenth at least. Shapes: (N, 7, H, W)."""
    random, found = np.random.default_rng(0), []
    while len(found) < CROPS:
        corner = [random.integers(0, side - size + 1) for side, size in zip(codes.shape, (7, SIDE, SIDE))]
        film = codes[tuple(slice(start, start + size) for start, size in zip(corner, (7, SIDE, SIDE)))]
        if (film != 254).all() and (film[0] > 0).mean() > 0.1:
            found.append(film)
    return torch.from_numpy(np.stack(found)).float() / 255


@pytest.fixture(scope="module")
def measured():
    """Median speed in km/h, slope of the spectrum, and correlation after half an hour, of each set."""
    fmi = np.load(Path(RADAR) / "fmi_2016_2017.npz")["codes"]
    sets = {"KNMI": np.load(Path(RADAR) / "knmi_2010.npz")["codes"], "FMI 2016": fmi[0], "FMI 2017": fmi[1]}
    films = {name: (crops(codes), 5) for name, codes in sets.items()}
    made = storms(CROPS, 0, (6, 1, KM * SIDE, KM * SIDE), blind=0)
    films["storms"] = F.avg_pool2d(echo(made.values)[0][:, :, 0], KM), 6
    return {name: (speed(x, minutes), slope(x[:, 0]), memory(x)) for name, (x, minutes) in films.items()}


def speed(x, minutes):
    return (drift(x).norm(dim=1).median() * KM * 60 / minutes).item()


def slope(maps):
    """Power of the wave number with which spectral density, averaged over rings, falls: from 32 to 5 km."""
    window = np.outer(*2 * [np.hanning(SIDE)])
    density = abs(np.fft.fft2((maps - maps.mean((1, 2), keepdim=True)).numpy() * window)) ** 2
    wave = np.fft.fftfreq(SIDE, 1 / SIDE)
    ring = np.hypot(wave[:, None], wave).round()
    rings = np.arange(3, 21)  # waves a map of 96 km
    mean = [density[:, ring == one].mean() for one in rings]
    return np.polyfit(np.log(rings), np.log(mean), 1)[0]


def memory(x):
    """How the last frame correlates with the first one, moved on by the drift: the median of the films."""
    steps = x.shape[1] - 1
    field = drift(x)[:, :, None, None].expand(-1, 2, SIDE, SIDE)
    moved = semi_lagrangian(x[:, 0], field, steps, "nan")[:, -1]
    pairs = [(one[one.isfinite()], y[one.isfinite()]) for one, y in zip(moved, x[:, -1])]
    found = [torch.corrcoef(torch.stack(pair))[0, 1] for pair in pairs if len(pair[0]) > SIDE**2 / 4]
    return torch.stack(found).nanmedian().item()


def real(measured, number):
    return [facts[number] for name, facts in measured.items() if name != "storms"]


def test_the_slope_of_a_spectrum_is_that_which_was_put_in():
    wave = np.hypot(*np.meshgrid(*2 * [np.fft.fftfreq(256)]))
    wave[0, 0] = 1
    noise = np.fft.fft2(np.random.default_rng(0).normal(size=(20, 256, 256)))
    maps = np.fft.ifft2(noise * wave**-1.5).real[:, :SIDE, :SIDE]  # density as wave to the power of -3
    assert slope(torch.from_numpy(maps)) == pytest.approx(-3, abs=0.15)


def test_storms_move_as_fast_as_real_rain(measured):
    speeds = real(measured, 0)
    assert min(speeds) < measured["storms"][0] < max(speeds)


def test_storms_are_smoother_than_real_rain_by_less_than_two_powers(measured):
    assert -2 < measured["storms"][1] - np.mean(real(measured, 1)) < 0.5


def test_storms_are_remembered_as_long_as_real_rain_or_a_little_longer(measured):
    assert -0.1 < measured["storms"][2] - np.mean(real(measured, 2)) < 0.3
