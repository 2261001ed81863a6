"""Radar frames on paper, for tests: a cloud that moves on by a cell a frame; its first corner is never measured."""

import numpy as np

from course.rain import MISSING

MOST = 200  # the code of the heaviest rain


def cloud(count=40, shape=(16, 20), most=MOST, shift=0):
    row, column = np.mgrid[: shape[0], : shape[1]]
    number = np.arange(count)[:, None, None]
    place = (number + shift) % shape[1]
    codes = (most * np.exp(-((row - 8) ** 2 + (column - place) ** 2) / 12) + number % 3).astype(np.uint8)
    codes[:, 0, 0] = MISSING
    return codes


def write_radar(path, count=40, km=2.0, minutes=5, gaps=(), **how):
    """Write such frames, an hour later after each gap."""
    steps = np.full(count, minutes)
    steps[0], steps[list(gaps)] = 0, 60
    np.savez(path, codes=cloud(count, **how), minutes=np.cumsum(steps), start="202501010000", km=km)
    return path
