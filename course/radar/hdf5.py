"""Radar maps in HDF5: as KNMI gives them, and as the weather services of Europe exchange them (ODIM)."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy import datetime64

from course.radar.maps import RadarMap, needs, side_of, stamp_of, without

MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()  # strptime would ask for the user's language
QUANTITIES = {"RATE": "mm/h", "ACRR": "mm/h", "DBZH": "dBZ", "DBZHC": "dBZ", "TH": "dBZ"}  # the best first


def read_hdf5(path: Path) -> Iterator[RadarMap]:
    """Read the map of a file of KNMI's or of ODIM's.

    Raises: ImportError without h5py; ValueError, KeyError or OSError if the file is another or broken.
    """
    try:
        import h5py
    except ImportError as error:
        raise needs(path, "h5py", error) from error

    with h5py.File(path) as file:
        if "image1/image_data" in file:
            yield _read_knmi(file)
        elif "dataset1" in file:
            yield _read_odim(file)
        else:
            raise ValueError("it has neither image1/image_data, as KNMI's, nor dataset1, as ODIM's")


def _read_knmi(file) -> RadarMap:
    """Source: KNMI HDF5 Data Format Specification, version 3.5."""
    calibration = file["image1/calibration"]
    formula = str(_told(calibration, "calibration_formulas", ""))
    found = re.fullmatch(r"GEO=([-+.\deE]+)\*PV([-+][-+.\deE]+)", formula.replace(" ", "").replace("+-", "-"))
    if not found:
        raise ValueError(f"its calibration is {formula!r}, expected GEO = a * PV + b")
    product = str(_told(file["image1"], "image_geo_parameter", ""))
    unit = (re.findall(r"\[(.+)\]", product.upper()) or ["nothing"])[0]
    if unit not in ("MM", "MM/H", "DBZ"):
        raise ValueError(f"its {product or 'image1'} is in {unit}, expected MM, MM/H or DBZ")
    raw = file["image1/image_data"][()]
    gaps = {_told(calibration, f"calibration_{name}") for name in ("missing_data", "out_of_image")}
    if unit == "DBZ":
        gaps -= {0}  # called missing there, though it is where no echo was
    values = without(raw, gaps) * float(found[1]) + float(found[2])
    start, end = (_knmi_time(_told(file["overview"], f"product_datetime_{name}")) for name in ("start", "end"))
    if unit == "MM":
        values, product = values * _per_hour(start, end), f"{product} in {_minutes(start, end)} minutes"
    where = file["geographic"]
    sides = [abs(_told(where, f"geo_pixel_size_{axis}")) for axis in "xy"]
    km = side_of(*sides) if str(_told(where, "geo_dim_pixel", "KM")).upper().startswith("KM") else None
    return RadarMap(values, "dBZ" if unit == "DBZ" else "mm/h", end, km, product)


def _read_odim(file) -> RadarMap:
    """Source: EUMETNET OPERA weather radar information model for HDF5 (ODIM_H5), version 2.4."""
    kind = _told(file["what"], "object", "COMP")
    if kind not in ("COMP", "IMAGE"):
        raise ValueError(f"it is a {kind}, as one radar sees it, expected a map: COMP or IMAGE")
    found = {}
    for outer in sorted(name for name in file if re.fullmatch(r"dataset\d+", name)):
        for inner in sorted(name for name in file[outer] if re.fullmatch(r"data\d+", name)):
            groups = [file, file[outer], file[outer][inner]]  # what is said within counts more
            what, where = ({key: _told(group[part], key) for group in groups if part in group
                            for key in group[part].attrs} for part in ("what", "where"))  # fmt: skip
            found.setdefault(str(what.get("quantity")), (file[outer][inner]["data"], what, where))
    product = next((name for name in QUANTITIES if name in found), None)
    if product is None:
        raise ValueError(f"it holds {', '.join(found) or 'nothing'}, expected {', '.join(QUANTITIES)}")
    data, what, where = found[product]
    scale, raw = QUANTITIES[product], data[()]
    values = without(raw, [what.get("nodata")]) * what.get("gain", 1) + what.get("offset", 0)
    values[raw == what.get("undetect")] = 0 if scale == "mm/h" else -np.inf
    start, end, time = (
        stamp_of(f"{what.get(f'{name}date')}{what.get(f'{name}time')}") for name in ("start", "end", "")
    )
    if product == "ACRR":
        values, time = values * _per_hour(start, end), end
        product = f"ACRR in {_minutes(start, end)} minutes"
    km = side_of(*(where[f"{axis}scale"] / 1000 for axis in "xy")) if {"xscale", "yscale"} <= where.keys() else None
    return RadarMap(values, scale, time, km, product)


def _told(group, name: str, default: object = None) -> object:
    """What an attribute says, as text or a number: services write both in several ways."""
    value = group.attrs.get(name, default)
    value = np.ravel(value)[0] if isinstance(value, np.ndarray) else value
    return value.decode() if isinstance(value, bytes) else value


def _knmi_time(text: object) -> datetime64:
    found = re.match(r"(\d\d)-(\w{3})-(\d{4});(\d\d):(\d\d)", str(text))
    if not found or found[2].upper() not in MONTHS:
        raise ValueError(f"its time is {text!r}, expected one such as '26-AUG-2010;00:05:00'")
    day, month, year, hour, minute = found.groups()
    return datetime64(f"{year}-{MONTHS.index(month.upper()) + 1:02}-{day}T{hour}:{minute}", "m")


def _minutes(start: datetime64, end: datetime64) -> int:
    return int((end - start).astype(int))


def _per_hour(start: datetime64 | None, end: datetime64 | None) -> float:
    """By what to multiply mm that fell from start to end, to have mm/h."""
    if start is None or end is None or not start < end:
        raise ValueError(f"its rain fell from {start} to {end}, expected a later end")
    return 60 / _minutes(start, end)
