"""Storms made by rule: they drift, turn, grow, fade and lean, and what they will do can be known.

A storm's label is the rain that falls into the gauge between one and two hours after the last frame.
"""

from typing import NamedTuple

import numpy as np
from numpy import ndarray
from numpy.random import Generator

from course.rain.codes import HEIGHTS_KM, MINUTES, MISSING, SHAPE, rain_rate

AHEAD = 20  # frames after the last: two hours, the label comes from the second
REACH = 95  # km around the gauge in which cells live that stay: some are born outside the map
GROUPS, MEMBERS, WAVES = 30, 7, 48  # groups of cells within that reach, cells of a group, waves
ROUGHNESS = 0.5  # the power of its length with which a wave grows
CEILING = 165  # 51 dBZ, which is 60 mm/h: echo above it is hail
PEAK = 27 / 4  # one over the largest a (1 - a)², at a third of a life
EARTH = 2 * 8500  # km, twice the radius along which a radar beam bends


class Storms(NamedTuple):
    """Sequences with their rain, and the frames that follow, as they will be: with nothing missing.

    Shapes: labels float64 (N,) in mm, values uint8 (N, T, D, H, W), future uint8 (N, S, D, H, W).
    """

    ids: list[str]
    labels: ndarray
    values: ndarray
    future: ndarray


class Weather(NamedTuple):
    """How storms vary. Units: km, steps of 6 minutes, radians, codes of echo.

    All echo drifts with the wind, at 20 to 100 km/h, and turns about the gauge. Layered rain is a sum of plane
    waves, each at a pulse of its own, drawn out along the storm's lines; on it stand convective cells, in groups
    along the lines: each grows, fades and leans with height, and shows aloft before it does below. Some storms are
    almost layered rain alone, in others showers are strong. One group is made to pass over the gauge in the second
    hour.

    Compared with three days of KNMI and FMI, on 96 x 96 km in cells of 2 km, rain below 0.1 mm/h left out, real maps
    with rain on a tenth or more. Alike: speeds; the spectrum (its slope is -2.7 from 64 to 8 km; real -1.7 to -2.8);
    the share of wet cells (0.5; real 0.2 to 0.6); how far lines are drawn out and, on two of the days, how near the
    wind they lie; the error of `semi_lagrangian` up to an hour, as a part of the spread. Not alike: film by film, rain
    is remembered a little longer; nearly half of it falls at more than 5 mm/h, of the real 3 to 6 %, for mean and
    spread of the codes are those of the competition; and layered rain has no front with a dry side, and does not turn
    about a centre of its own.
    """

    wind: tuple[float, float] = (2.0, 10.0)  # least and most, a step
    towards: tuple[float, float] = (0.3, 0.5)  # mean and spread, clockwise from the east
    turn: tuple[float, float] = (0.025, 0.01)  # mean and spread, clockwise, a step
    lean: tuple[float, float] = (0.0, 2.5)  # least and most, a km of height
    wet: tuple[float, float] = (47.0, 38.0)  # of a storm's layered rain: mean and spread over storms
    rough: float = 40.0  # the spread of the waves, all together
    waves: tuple[float, float] = (4.0, 80.0)  # shortest and longest
    pulse: float = 0.1  # spread, a step
    lie: tuple[float, float] = (0.0, 0.4)  # mean and spread of a storm's lines, clockwise from the wind
    stretch: tuple[float, float] = (1.0, 3.0)  # least and most, of the waves along the lines
    showers: tuple[float, float] = (0.0, 1.4)  # least and most, of a storm's cells: from layered rain to showers
    thin: float = 4.0  # lost a km of height
    power: float = 110.0  # of a cell: median, as its size (a standard deviation) and its life
    size: float = 2.5
    life: float = 15.0
    early: float = 2.0  # steps that a cell is ahead, a km of height
    line: tuple[float, float] = (12.0, 4.0)  # spread of a group along and across


def storms(
    n: int,
    seed: int = 0,
    shape: tuple[int, int, int, int] = SHAPE,
    *,
    km: int = 1,
    after: int = 0,
    blind: float = 0.3,
    first: int = 0,
    weather: Weather = Weather(),
) -> Storms:
    """Make n storms, the same for the same seed whatever n; a smaller shape is the middle of the same storms.

    shape: T, D, H, W up to (15, 4, 101, 101); fewer frames are the last, fewer heights the lowest.
    km: from cell to cell; the map may be 101 km wide.
    after: how many of the 20 frames that follow are given too. The label always comes from them, so that
        `rain_rate(future[:, 10:, 0, H // 2, W // 2]).sum(1) / 10` is the label.
    blind: the share of storms that a radar sees in part only.
    first: number of the first storm, to make a large set piece by piece.
    Shapes: labels float64 (n,), values uint8 (n, T, D, H, W), future uint8 (n, after, D, H, W).
    Units: labels in mm.
    Raises: ValueError that names the argument that is out of its range.
    """
    if n < 1:
        raise ValueError(f"n is {n}, expected 1 or more storms")
    if seed < 0 or first < 0:
        raise ValueError(f"seed is {seed} and first {first}, expected 0 or more")
    if len(shape) != 4 or not all(1 <= size <= most for size, most in zip(shape, SHAPE)):
        raise ValueError(f"shape is {tuple(shape)}, expected four sizes (T, D, H, W) from 1 to {SHAPE}")
    if km < 1 or km * max(shape[2:]) > max(SHAPE):
        most = max(SHAPE) // max(shape[2:])
        raise ValueError(f"km is {km}, expected 1 to {most}: a map of {shape[2]} x {shape[3]} cells has 101 km at most")
    if not 0 <= after <= AHEAD:
        raise ValueError(f"after is {after}, expected 0 to {AHEAD}: two hours after the last frame")
    if not 0 <= blind <= 1:
        raise ValueError(f"blind is {blind}, expected a share from 0 to 1")
    steps, *_, rows, columns = shape
    labels = np.empty(n)
    values = np.empty((n, *shape), np.uint8)
    future = np.empty((n, after, *shape[1:]), np.uint8)
    for storm in range(n):
        random = np.random.default_rng([seed, first + storm])
        film = _film(random, shape, km, weather)
        hour = film[steps + AHEAD // 2 :, 0, rows // 2, columns // 2]
        labels[storm] = (rain_rate(hour).sum().double() * MINUTES / 60).round(decimals=2)
        values[storm], future[storm] = film[:steps], film[steps : steps + after]
        if random.random() < blind:
            values[storm, :, _blind(random, shape, km)] = MISSING
    return Storms([f"storm_{first + storm + 1}" for storm in range(n)], labels, values, future)


def _film(random: Generator, shape: tuple, km: int, weather: Weather) -> ndarray:
    """All frames of one storm, also those after the last. Shapes: uint8 (T + 20, D, H, W)."""
    # A place is a complex number, east + i south of the gauge in km, so that one product turns it.
    steps, levels, rows, columns = shape
    time = np.arange(1 - steps, AHEAD + 1)
    height = np.array(HEIGHTS_KM[:levels]) - HEIGHTS_KM[0]
    row, column = km * (np.arange(rows) - rows // 2), km * (np.arange(columns) - columns // 2)
    towards = _unit(random.normal(*weather.towards))
    turned = _unit(random.normal(*weather.turn) * time)  # (T,)
    lean = random.uniform(*weather.lean) * towards * _unit(random.normal(0, 0.5))
    wind = random.uniform(*weather.wind)
    moved = wind * towards * time[:, None] + lean * height  # (T, D)
    wet = random.normal(*weather.wet)
    line = towards * _unit(random.normal(*weather.lie))
    layers = _waves(random, weather, line, time, turned, moved, row, column)
    reach = REACH + wind * AHEAD  # so that the last frame gets as many cells as the first
    cells = _cells(random, weather, line, reach, time, height, turned, moved, row, column)
    cells *= random.uniform(*weather.showers)
    codes = wet - weather.thin * height[:, None, None] + weather.rough * layers + cells * (1 + 0.25 * layers)
    return (CEILING * np.tanh(codes.clip(0) / CEILING)).round().astype(np.uint8)


def _waves(random, weather, line, time, turned, moved, row, column) -> ndarray:
    """Layered rain: plane waves of all directions, together of mean 0 and spread 1. Shapes: (T, D, H, W)."""
    length = np.exp(random.uniform(*np.log(weather.waves), WAVES))
    stretch = np.sqrt(random.uniform(*weather.stretch))
    wave = 2 * np.pi / length * _unit(random.uniform(0, 2 * np.pi, WAVES))
    wave = (wave.real / stretch + 1j * wave.imag * stretch) * line * turned[:, None]  # (T, K)
    phase = random.uniform(0, 2 * np.pi, WAVES) + random.normal(0, weather.pulse, WAVES) * time[:, None]
    phase = phase[:, None] - (wave[:, None].conj() * moved[..., None]).real  # (T, D, K)
    size = length**ROUGHNESS
    size = size / np.sqrt((size**2).sum() / 2) * _unit(phase)
    # cos(x + y) is cos x cos y - sin x sin y: the sum over waves is a matrix product.
    down = size[:, :, None] * _unit(row[:, None] * wave.imag[:, None])[:, None]  # (T, D, H, K)
    across = _unit(wave.real[..., None] * column)[:, None]  # (T, 1, K, W)
    return np.concatenate([down.real, -down.imag], -1) @ np.concatenate([across.real, across.imag], -2)


def _cells(random, weather, line, reach, time, height, turned, moved, row, column) -> ndarray:
    """Convective cells: each a smooth bump that drifts, grows and fades. Shapes: (T, D, H, W)."""
    groups = round(GROUPS * (reach / REACH) ** 2)
    group, every = (groups, 1), (groups, MEMBERS)
    middle = random.uniform(-reach, reach, group) + 1j * random.uniform(-reach, reach, group)
    along, across = random.normal(0, 1, (2, *every)) * np.reshape(weather.line, (2, 1, 1))
    direction = line * _unit(random.normal(0, 0.3, group))
    begun = random.uniform(-45, AHEAD, group)
    hit, begun[0] = -random.integers(1, AHEAD // 2 + 1), random.uniform(-15, 5)
    middle[0] = -moved[hit, 0] / turned[hit]  # where a group comes from that is at the gauge then
    home = (middle + direction * (along + 1j * across)).ravel()
    born = (begun + random.normal(0, 8, every)).ravel()
    lives, powers, sizes = np.exp(random.normal(0, 0.35, (3, home.size)))
    life, power, radius = weather.life * lives, weather.power * powers, 3 * weather.size * sizes
    place = (turned[:, None] * home)[:, None] + moved[..., None]  # (T, D, C)
    age = (((time[:, None] + weather.early * height)[..., None] - born) / life).clip(0, 1)
    bright = power * (1 - 0.08 * height[:, None]) * PEAK * age * (1 - age) ** 2
    near = (abs(place.real) <= abs(column).max() + radius) & (abs(place.imag) <= abs(row).max() + radius)
    there = (near & (bright > 0)).any((0, 1))  # most cells live elsewhere, or at another time
    centre, edge = place[..., there], radius[there]
    by_row = _bump((row[:, None] - centre.imag[:, :, None]) / edge)  # (T, D, H, C)
    by_column = _bump((column - centre.real[..., None]) / edge[:, None])  # (T, D, C, W)
    return (bright[:, :, None, there] * by_row) @ by_column


def _blind(random: Generator, shape: tuple, km: int) -> ndarray:
    """Where a radar sees nothing: below its horizon, above its steepest beam, behind a hill.

    Shapes: bool (D, H, W).
    """
    _, levels, rows, columns = shape
    radar = random.uniform(0, 70) * _unit(random.uniform(0, 2 * np.pi))
    hill = random.uniform(-20, 20) + 1j * random.uniform(-20, 20) - radar
    width = random.uniform(0.03, 0.15)
    place = km * (np.arange(columns) - columns // 2 + 1j * (np.arange(rows) - rows // 2)[:, None]) - radar
    far, height = abs(place), np.array(HEIGHTS_KM[:levels])[:, None, None]
    hidden = (abs(np.angle(place / hill)) < width) & (far > abs(hill) / 2) & (height < 2)
    return hidden | (height < far**2 / EARTH) | (height > 0.36 * far)


def _unit(angle: ndarray | float) -> ndarray:
    return np.exp(1j * angle)


def _bump(x: ndarray) -> ndarray:
    """1 at 0 and nothing beyond 1: much like a Gaussian, but what is far away counts for nothing."""
    return (1 - x**2).clip(0) ** 4
