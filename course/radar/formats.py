"""Radar maps from files: one small reader a format, each over a library that knows it.

A reader gives the maps of a file one after the other, so that one map is in memory at a time.
"""

import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

import numpy as np
from numpy import ndarray

from course.radar.hdf5 import read_hdf5
from course.radar.maps import RadarMap, needs, side_of, stamp_of, without

ARRAYS = {"codes": "codes", "rain": "mm/h", "rate": "mm/h", "dbz": "dBZ"}  # by what they are called in a .npz
BESIDE = "minutes", "start", "km", "readme"
MM_H = "mm/h", "mm/hr", "mm/hour", "mm h-1", "mm hr-1", "mm h^-1", "mm h**-1", "kg m-2 h-1"
UNITS = {"dbz": ("dBZ", 1), "kg m-2 s-1": ("mm/h", 3600), "mm s-1": ("mm/h", 3600), "m s-1": ("mm/h", 3.6e6)}
UNITS |= {unit: ("mm/h", 1) for unit in MM_H}
KM = {"km": 1, "kilometer": 1, "kilometre": 1, "m": 0.001, "meter": 0.001, "metre": 0.001, "meters": 0.001}
SCALE, KEYS, GDAL, NODATA = 33550, 34735, 42112, 42113  # tags of a GeoTIFF


def format_of(path: Path) -> str | None:
    """Return the ending that chooses the reader, such as ".pgm.gz"; None if there is none for it."""
    return next((ending for ending in READERS if path.name.lower().endswith(ending)), None)


def read_maps(path: Path) -> Iterator[RadarMap]:
    """Read the maps of a file one by one; `format_of` knows its ending.

    Raises: ImportError that names the library that is missing; any other error if the file is broken, or its
        content not what is expected: then the text says what it is.
    """
    return READERS[format_of(path)](path)


def _read_array(path: Path) -> Iterator[RadarMap]:
    """A .npy of NumPy's: a map or several."""
    with open(path, "rb") as file:
        for values in _stream(file):
            yield RadarMap(values, None, None, None, "array")


def _read_arrays(path: Path) -> Iterator[RadarMap]:
    """A .npz of NumPy's: the course's own, `codes` of one day or several with their `minutes`, or another array."""
    if not zipfile.is_zipfile(path):
        raise ValueError("it is no archive of NumPy's, or it is cut")
    with np.load(path) as arrays:
        beside = {name: arrays[name] for name in BESIDE if name in arrays.files}
        names = [name for name in arrays.files if name not in beside]
    known = [name for name in names if name.lower() in ARRAYS] or names
    if len(known) != 1:
        raise ValueError(f"it has the arrays {', '.join(known) or 'none'}, expected one: codes, rain, rate or dbz")
    times = None
    if {"minutes", "start"} <= beside.keys():
        starts = [stamp_of(str(start)) for start in np.ravel(beside["start"])]
        if None in starts:
            raise ValueError(f"its start is {beside['start']}, expected a time such as 201008260005")
        minutes = beside["minutes"].reshape(len(starts), -1).astype("timedelta64[m]")
        times = np.array(starts)[:, None] + minutes
    km = float(beside["km"]) if "km" in beside else None
    with zipfile.ZipFile(path) as archive, archive.open(f"{known[0]}.npy") as file:
        for number, values in enumerate(_stream(file)):
            time = None if times is None else times.flat[number]
            yield RadarMap(values, ARRAYS.get(known[0].lower()), time, km, known[0])


def _stream(file: IO[bytes]) -> Iterator[ndarray]:
    """Read an array of NumPy's map by map: np.load would unpack the whole of a .npz."""
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = read_header(file)
    if len(shape) < 2 or by_columns or dtype.kind not in "uif":
        order = " by columns" * by_columns
        raise ValueError(f"it holds {dtype} {shape}{order}, expected numbers (H, W) or (N, H, W) by rows")
    size = int(np.prod(shape[-2:])) * dtype.itemsize
    for number in range(int(np.prod(shape[:-2]))):
        data = file.read(size)
        if len(data) < size:
            raise EOFError(f"it ends within map {number + 1}")
        yield np.frombuffer(data, dtype).reshape(shape[-2:])


def _read_pgm(path: Path) -> Iterator[RadarMap]:
    """A grey picture as FMI gives it, plain or gzipped: dBZ = value / 2 - 32, 0 without echo, 255 not measured.

    Source: rain from echo by Z = 223 R^1.53, as FMI has it.
    """
    from PIL import Image

    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix.lower() == ".gz" else data
    if not data.startswith(b"P"):
        raise ValueError("it is no picture in PGM")
    values = np.asarray(Image.open(io.BytesIO(data), formats=["PPM"]))
    if values.ndim != 2 or values.dtype != np.uint8:
        raise ValueError(f"its values are {values.dtype} {values.shape}, expected uint8 (H, W)")
    remarks = dict(re.findall(r"^# (\w+) (.+)$", data[: -values.size].decode("latin-1"), re.MULTILINE))
    sides = [float(remarks[key]) / 1000 for key in ("metersperpixel_x", "metersperpixel_y") if key in remarks]
    product = " ".join(remarks[key] for key in ("productname", "param") if key in remarks) or "picture"
    rain = (10 ** ((np.arange(256) / 2 - 32) / 10) / 223) ** (1 / 1.53)
    rain[0], rain[255] = 0, np.nan
    yield RadarMap(rain[values], "mm/h", stamp_of(remarks.get("obstime", "")), side_of(*sides), product)


def _read_netcdf(path: Path) -> Iterator[RadarMap]:
    """A netCDF by the conventions CF: of its variables the one that is rain or, without one, echo.

    Source: CF Metadata Conventions, version 1.11.
    """
    try:
        import netCDF4  # noqa: F401 - xarray would say only later, and at length, that it is missing
        import xarray
    except ImportError as error:
        raise needs(path, "xarray and netCDF4", error) from error

    with xarray.open_dataset(path, engine="netcdf4", decode_timedelta=False) as data:
        units = {name: _unit(array) for name, array in data.data_vars.items() if array.ndim > 1}
        names = [name for scale in ("mm/h", "dBZ") for name, unit in units.items() if unit and unit[0] == scale]
        if not names:
            raise ValueError(f"of its variables {list(units)} none is in mm/h, kg m-2 s-1 or dBZ")
        scale, factor = units[names[0]]
        array = data[names[0]]
        moments = [axis for axis in array.dims if data[axis].dtype.kind == "M" or str(axis).lower() == "time"]
        layers = [axis for axis in array.dims if axis not in moments and array.sizes[axis] == 1]
        array = array.isel(dict.fromkeys(layers, 0)) if array.ndim - len(layers) >= 2 else array
        if array.ndim - len(moments) != 2 or len(moments) > 1:
            raise ValueError(f"its {names[0]} is over {array.dims}, expected a time or none, y and x")
        down, across = sorted((axis for axis in array.dims if axis not in moments), key=_is_across)
        sides = [_step(data[axis]) if axis in data.coords else way for axis, way in ((down, -np.inf), (across, np.inf))]
        array = array.transpose(*moments, down, across).isel(
            {down: slice(None, None, -1 if sides[0] > 0 else 1), across: slice(None, None, -1 if sides[1] < 0 else 1)}
        )
        km = side_of(*map(abs, sides)) if np.isfinite(sides).all() else None
        told = [array[key].values for key in array.coords if array[key].dtype.kind == "M" and array[key].ndim < 2]
        times = np.atleast_1d(told[0]).astype("datetime64[m]") if told else None
        for number in range(array.sizes[moments[0]] if moments else 1):
            values = (array[number] if moments else array).values.astype(float) * factor
            yield RadarMap(values, scale, None if times is None else times[number], km, str(names[0]))


def _unit(array) -> tuple[str, float] | None:
    """The scale of a variable and the factor to it; None if it is neither rain nor echo."""
    names = " ".join([str(array.name), *(str(array.attrs.get(key, "")) for key in ("standard_name", "long_name"))])
    unit = str(array.attrs.get("units", "")).strip().lower()
    if unit == "m s-1" and not re.search("rain|precip", names.lower()):  # a wind
        return None
    return UNITS.get(unit) or (UNITS["dbz"] if "equivalent_reflectivity_factor" in names else None)


def _is_across(axis: str) -> bool:
    return axis.lower().startswith(("x", "lon", "col", "east", "projection_x", "west", "nx"))


def _step(axis) -> float:
    """From one cell to the next, negative where coordinates fall; so many infinities if not in km. Units: km."""
    steps = np.diff(axis.values.astype(float)) if axis.dtype.kind in "uif" else np.ones(1)
    mean = steps.mean() if len(steps) else 1
    even = np.allclose(steps, mean, rtol=0.01)
    return mean * (KM.get(str(axis.attrs.get("units", "")).lower(), np.inf) if even else np.inf)


def _read_geotiff(path: Path) -> Iterator[RadarMap]:
    """A GeoTIFF: what its values mean stands in GDAL's tags, its time in its name, or in what FMI adds."""
    try:
        import tifffile
    except ImportError as error:
        raise needs(path, "tifffile", error) from error

    with tifffile.TiffFile(path) as file:
        raw, tags = file.pages[0].asarray(), {tag.code: tag.value for tag in file.pages[0].tags}
        if len(file.series) != 1 or raw.ndim != 2:
            raise ValueError(f"it holds {len(file.series)} pictures, the first {raw.shape}, expected one (H, W)")
        geographic = (file.geotiff_metadata or {}).get("GTModelTypeGeoKey") == 2 if KEYS in tags else False
    items = {}
    for item in ElementTree.fromstring(tags.get(GDAL, "<GDALMetadata/>")).iter("Item"):
        items[(item.get("role") or item.get("name", "")).lower()] = (item.text or "").strip()
        if item.get("unit"):
            items["unittype"] = item.get("unit")
    gaps = [float(text) for text in (str(tags.get(NODATA, "")).strip("\0 "), items.get("nodata")) if text]
    values = without(raw, gaps) * float(items.get("scale", items.get("gain", 1)))
    values += float(items.get("offset", 0))
    scale, factor = UNITS.get(items.get("unittype", "").lower(), (None, 1))
    if items.get("undetect"):
        values[raw == float(items["undetect"])] = -np.inf if scale == "dBZ" else 0
    sides = [] if geographic else [side / 1000 for side in tags.get(SCALE, ())[:2]]
    product = items.get("description", items.get("quantity", "picture"))
    yield RadarMap(values * factor, scale, stamp_of(items.get("observation time", "")), side_of(*sides), product)


READERS = {
    ".npy": _read_array,
    ".npz": _read_arrays,
    ".h5": read_hdf5,
    ".hdf5": read_hdf5,
    ".hdf": read_hdf5,
    ".pgm.gz": _read_pgm,
    ".pgm": _read_pgm,
    ".nc": _read_netcdf,
    ".nc4": _read_netcdf,
    ".tif": _read_geotiff,
    ".tiff": _read_geotiff,
}
