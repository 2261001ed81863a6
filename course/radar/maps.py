"""What all readers of `course.radar.formats` give, and what they share."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy import datetime64, ndarray


class RadarMap(NamedTuple):
    """One map of a file, north at the top. What the file does not say is None.

    values: nan where not measured, -inf dBZ without echo; codes as they are. scale: "mm/h", "dBZ" or "codes".
    km: from cell to cell. product: what the file calls its values.
    Shapes: values (H, W).
    """

    values: ndarray
    scale: str | None
    time: datetime64 | None
    km: float | None
    product: str


def stamp_of(text: str) -> datetime64 | None:
    """Return the first time in a text: 202511281030, 20251128103000, 20251128_1030, 20251128T1030; None without."""
    for found in re.finditer(r"(?<!\d)(\d{4})(\d\d)(\d\d)[_T-]?(\d\d)(\d\d)(?:\d\d)?(?!\d)", text):
        year, month, day, hour, minute = found.groups()
        try:
            return datetime64(f"{year}-{month}-{day}T{hour}:{minute}", "m")
        except ValueError:  # a number that is no time
            continue
    return None


def side_of(*sides: float) -> float | None:
    """Return the side of cells that are square within 2 %, to the metre. Units: km.

    Raises: ValueError if they are not square.
    """
    if not sides:
        return None
    if max(sides) > 1.02 * min(sides):
        raise ValueError(f"its cells are {' x '.join(f'{side:g}' for side in sides)} km, expected squares")
    return round(float(np.mean(sides)), 3)


def without(raw: ndarray, gaps: Iterable[float | None]) -> ndarray:
    """Return values as float64, nan where they are one of the gaps."""
    values = raw.astype(np.float64)
    for gap in gaps:
        if gap is not None:
            values[raw == gap] = np.nan
    return values


def needs(path: Path, library: str, error: ImportError) -> ImportError:
    """Return the error that says how to install what reads this file."""
    return ImportError(f'{path.name} needs {library} ({error}): run pip install "course[radar]"')
