"""Maps of any format become codes of the course, one after the other, and what does not fit is named."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy import datetime64, ndarray

from course.radar.formats import read_maps
from course.radar.maps import RadarMap, stamp_of
from course.rain.codes import MISSING, rain_from_dbz, rain_rate, to_codes

SCALES = {"mm/h": (-0.1, 2000), "dBZ": (-100, 100), "codes": (0, 255)}  # the least and the most that can be
FIRST = datetime64("1970-01-01T00:00", "m")  # of frames that have no time, only an order
DRIZZLE, TORRENT, MANY = 5, 60, 100  # mm/h, mm/h, cells


class Wanted(NamedTuple):
    """How frames are to be read: the arguments of `read_frames`."""

    km: float | None
    minutes: int | None
    scale: str | None
    missing: float | None
    pool: int
    skip_bad: bool


class Coded(NamedTuple):
    """One frame. name: its file, and its number there. Shapes: codes uint8 (H, W)."""

    codes: ndarray
    time: datetime64
    km: float
    name: str


def convert(place: Path, files: Iterable[tuple[str, Path]], wanted: Wanted, skipped: list[str]) -> Iterator[Coded]:
    """Read frames in the order of time, all alike; the files that cannot be read are added to skipped, if they may.

    place, files: where the frames lie, and the names there and the paths of its files, in order.
    Raises: ValueError that names the file which does not fit those before it, or lacks what no argument says.
    """
    first = last = None
    order, counts = 0, np.zeros(256, int)
    for name, path in files:
        for number, found in enumerate(_attempt(path)):
            if isinstance(found, str):
                if not wanted.skip_bad:
                    mend = "fetch it anew, or leave out such files by skip_bad=True"
                    raise ValueError(f"{name} cannot be read ({found}): {mend}")
                skipped.append(f"{name} ({found})")
                order += number == 0  # the place in time of a file with one frame stays empty
                continue
            where = name if number == 0 else f"{name}, map {number + 1},"
            found = _completed(found, where, wanted)
            kind = _kind(found)
            first = first or (where, kind)
            _check_alike(where, kind, *first)
            time = _time_by_order(path.name, where, number, order, wanted) if found.time is None else found.time
            frame = Coded(_coded(found, where, wanted), time, round(found.km * wanted.pool, 3), where)
            _check_later(frame, last)
            counts += np.bincount(frame.codes.ravel(), minlength=256)
            yield frame
            last, order = frame, order + 1
    if last is not None:
        _check_counts(place, counts, wanted.scale)


def _attempt(path: Path) -> Iterator[RadarMap | str]:
    """The maps of a file; last, if it cannot be read to its end, why."""
    try:
        yield from read_maps(path)
    except ImportError:
        raise
    except Exception as error:  # of a broken file libraries may say anything
        yield " ".join(str(error).split()) or type(error).__name__


def _completed(found: RadarMap, where: str, wanted: Wanted) -> RadarMap:
    """Add what the file does not say, and contradict nothing that it says."""
    scale = found.scale or wanted.scale or ("codes" if found.values.dtype == np.uint8 else None)
    if scale is None:
        raise ValueError(f'{where} does not say what its values mean: give scale="dBZ", scale="mm/h" or scale="codes"')
    if wanted.scale not in (None, scale):
        raise ValueError(f"{where} says {scale}, but scale is {wanted.scale!r}: leave scale out")
    if scale == "codes" and found.values.dtype != np.uint8:
        raise ValueError(f'{where} holds {found.values.dtype}, expected uint8 for codes: give scale="dBZ" or "mm/h"')
    km = found.km or wanted.km
    if km is None:
        raise ValueError(f"{where} does not say how large its cells are: give km, such as km=1")
    if wanted.km is not None and abs(wanted.km - km) > 0.01 * km:
        raise ValueError(f"{where} says {km:g} km from cell to cell, but km is {wanted.km:g}: leave km out")
    return found._replace(scale=scale, km=km)


def _time_by_order(name: str, where: str, number: int, order: int, wanted: Wanted) -> datetime64:
    """The time in a name, or as many steps after it, or after FIRST, as there are frames before this one."""
    stamp = stamp_of(name)
    if stamp is not None and number == 0:
        return stamp
    if wanted.minutes is None:
        mend = "give the minutes from frame to frame, such as minutes=5"
        raise ValueError(f"{where} has no time, in itself or in its name (as in 202511281030): {mend}")
    return FIRST + order * wanted.minutes if stamp is None else stamp + number * wanted.minutes


def _coded(found: RadarMap, where: str, wanted: Wanted) -> ndarray:
    """Codes of a map, of the mean rain of squares; missing where one of their cells is. Shapes: uint8 (H, W)."""
    values, pool = found.values, wanted.pool
    gap = np.zeros(values.shape, bool) if wanted.missing is None else values == wanted.missing
    if found.scale == "codes":
        codes = np.where(gap, np.uint8(MISSING), values)
        if pool == 1:
            return codes
        rain = rain_rate(codes).double().numpy()
    else:
        rain = np.where(gap, np.nan, values.astype(np.float64))
        _check_range(rain, found.scale, where, hint=wanted.scale is not None)
        rain = rain_from_dbz(rain) if found.scale == "dBZ" else rain
    rows, columns = (side // pool for side in rain.shape)
    if not rows or not columns:
        raise ValueError(f"pool is {pool}, expected 1 to {min(rain.shape)}: {where} has {_sides(rain)} cells")
    rain = rain[: rows * pool, : columns * pool].reshape(rows, pool, columns, pool).mean((1, 3))
    return to_codes(rain).numpy()


def _check_range(values: ndarray, scale: str, where: str, hint: bool) -> None:
    """Raise ValueError if no rain has such values: they stand for something, or are on another scale.

    hint: whether it was an argument that said the scale.
    """
    least, most = SCALES[scale]
    low = values < least if scale == "mm/h" else (values < least) & (values > -np.inf)
    odd = values[low | (values > most)]
    if not odd.size:
        return
    mends = [f"missing={odd[0]:g} if that is what was not measured"]
    if hint and scale == "mm/h" and odd.min() > SCALES["dBZ"][0]:
        mends.insert(0, 'scale="dBZ" if that is what they are')
    raise ValueError(
        f"{where} has the value {odd[0]:g}, expected {least:g} to {most} {scale}: give {', or '.join(mends)}"
    )


def _kind(found: RadarMap) -> list[str]:
    """What all frames of a folder have in common."""
    grid = f"{_sides(found.values)} cells", f"{found.km:g} km from cell to cell"
    return [*grid, f"values in {found.scale}", f"the product {found.product!r}"]


def _check_alike(where: str, kind: list[str], first: str, expected: list[str]) -> None:
    for told, other in zip(kind, expected):
        if told != other:
            raise ValueError(f"{where} has {told}, expected {other}, as {first} has: name a folder of one kind")


def _check_later(frame: Coded, last: Coded | None) -> None:
    if last is None or frame.time > last.time:
        return
    both = f"{frame.name} is of {frame.time}, and {last.name} before it of {last.time}"
    mend = "delete one" if frame.time == last.time else "rename them, for names give the order"
    raise ValueError(f"{both}, expected a later time: {mend}")


def _check_counts(place: Path, counts: ndarray, scale: str | None) -> None:
    """Raise ValueError if nothing was measured, it never rains, or rain never has such a spread.

    counts: how many cells have each code. Of wet cells in mm/h few have more than a drizzle, and they differ a lot.
    """
    if counts.sum() == counts[MISSING]:
        raise ValueError(f"{place} has no cell that was measured, expected rain: check what stands for missing")
    wet = counts.copy()
    wet[[0, MISSING]] = 0
    if not wet.any():
        hint = ', or scale="mm/h" if that is the scale' if scale == "dBZ" else ""
        raise ValueError(f"{place} has no rain of 0.1 mm/h or more, expected some: name another folder{hint}")
    if scale != "mm/h" or wet.sum() < MANY:
        return
    rain = rain_rate(np.arange(256, dtype=np.uint8)).numpy()
    low, high = rain[np.searchsorted(wet.cumsum(), [0.1 * wet.sum(), 0.9 * wet.sum()])]
    strong = wet[(rain >= DRIZZLE) & (rain <= TORRENT)].sum() / wet.sum()
    if strong > 0.7 and high < 10 * low:
        told = f"{100 * strong:.0f} % of its wet cells have {DRIZZLE} to {TORRENT} mm/h, as rain never has"
        raise ValueError(f'{place} has the scale mm/h, but {told}: give scale="dBZ"')


def _sides(values: ndarray) -> str:
    return " x ".join(map(str, values.shape))
