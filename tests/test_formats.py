"""Each format gives rain or echo, time and grid as the file says them; what is not as expected is told."""

import gzip
import importlib.util
import math
import sys

import numpy as np
import pytest

from course.radar.formats import format_of, read_maps
from course.radar.maps import side_of, stamp_of

NAN, INF = math.nan, math.inf


def needs_library(name):
    return pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed")


def only(path):
    (found,) = read_maps(path)
    return found


def refusal(path):
    with pytest.raises(Exception) as caught:
        list(read_maps(path))
    return str(caught.value)


def told(found):
    return found.scale, None if found.time is None else str(found.time), found.km, found.product


# Names


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("RAD_NL25_RAP_5min_201008260005.h5", "2010-08-26T00:05"),
        ("201609281445_fmi.radar.pgm.gz", "2016-09-28T14:45"),
        ("20251128103059.nc", "2025-11-28T10:30"),
        ("radar_20251128_1030.tif", "2025-11-28T10:30"),
        ("20251128T1030Z_composite.tif", "2025-11-28T10:30"),
        ("20251128-103000.npy", "2025-11-28T10:30"),
        ("product_123456789012_202511281030.npy", "2025-11-28T10:30"),  # month 56 is none
        ("frame_20251128.npy", None),
        ("2025112810305.npy", None),
        ("1202511281030.npy", None),
    ],
)
def test_the_time_in_a_name_is_found(name, time):
    assert stamp_of(name) == (None if time is None else np.datetime64(time))


def test_a_reader_is_chosen_by_the_ending_whatever_its_case(tmp_path):
    assert [format_of(tmp_path / name) for name in ("a.H5", "b.pgm.GZ", "c.txt", "d.gz", "npz")] == [
        ".h5",
        ".pgm.gz",
        None,
        None,
        None,
    ]


def test_cells_are_square_to_the_metre_or_refused():
    assert side_of(0.999674, 0.99962859) == 1.0 and side_of() is None
    with pytest.raises(ValueError, match="its cells are 1 x 2 km, expected squares"):
        side_of(1, 2)


# NumPy's


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_an_array_is_read_map_by_map(tmp_path, ending):
    film = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
    path = tmp_path / f"film.{ending}"
    np.save(path, film) if ending == "npy" else np.savez_compressed(path, film=film)
    maps = list(read_maps(path))
    np.testing.assert_array_equal([found.values for found in maps], film)
    assert {told(found)[:3] for found in maps} == {(None, None, None)}


def test_a_single_map_is_a_film_of_one(tmp_path):
    np.save(tmp_path / "map.npy", np.eye(2, dtype=np.uint8))
    assert only(tmp_path / "map.npy").values.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(("name", "scale"), [("codes", "codes"), ("rain", "mm/h"), ("rate", "mm/h"), ("dBZ", "dBZ")])
def test_the_name_of_an_array_tells_its_scale(tmp_path, name, scale):
    np.savez(tmp_path / "film.npz", other=np.zeros(3), **{name: np.zeros((2, 2))})
    assert told(only(tmp_path / "film.npz")) == (scale, None, None, name)


def test_the_courses_own_archive_knows_its_days_minutes_and_km(tmp_path):
    codes = np.arange(8, dtype=np.uint8).reshape(2, 2, 1, 2)
    start, minutes = ["201609281445", "201705091045"], [[0, 5], [0, 10]]
    np.savez(tmp_path / "days.npz", codes=codes, start=start, minutes=minutes, km=2.0, readme="of a test")
    maps = list(read_maps(tmp_path / "days.npz"))
    np.testing.assert_array_equal([found.values for found in maps], codes.reshape(4, 1, 2))
    times = ["2016-09-28T14:45", "2016-09-28T14:50", "2017-05-09T10:45", "2017-05-09T10:55"]
    assert [told(found) for found in maps] == [("codes", time, 2.0, "codes") for time in times]


def test_an_archive_whose_start_is_no_time_is_refused(tmp_path):
    np.savez(tmp_path / "day.npz", codes=np.zeros((1, 1, 1), np.uint8), start="monday", minutes=[0])
    assert refusal(tmp_path / "day.npz") == "its start is monday, expected a time such as 201008260005"


def test_what_no_film_is_in_an_array_is_told(tmp_path):
    for name, array in {"line": np.zeros(3), "text": np.array([["a"]]), "turned": np.zeros((2, 3)).T}.items():
        np.save(tmp_path / f"{name}.npy", array)
    end = ", expected numbers (H, W) or (N, H, W) by rows"
    assert refusal(tmp_path / "line.npy") == "it holds float64 (3,)" + end
    assert refusal(tmp_path / "text.npy") == "it holds <U1 (1, 1)" + end
    assert refusal(tmp_path / "turned.npy") == "it holds float64 (3, 2) by columns" + end
    np.savez(tmp_path / "two.npz", a=np.zeros((2, 2)), b=np.zeros((2, 2)))
    assert refusal(tmp_path / "two.npz") == "it has the arrays a, b, expected one: codes, rain, rate or dbz"


def test_a_cut_array_gives_what_is_whole_and_says_where_it_ends(tmp_path):
    np.save(tmp_path / "film.npy", np.zeros((3, 2, 2)))
    data = (tmp_path / "film.npy").read_bytes()
    (tmp_path / "film.npy").write_bytes(data[:-40])
    maps = read_maps(tmp_path / "film.npy")
    next(maps)
    with pytest.raises(EOFError, match="it ends within map 2"):
        next(maps)


# FMI's pictures

REMARKS = b"# obstime 201609281445\n# param CorrectedReflectivity\n# productname LOWEST\n"
GRID = b"# metersperpixel_x 999.674053\n# metersperpixel_y 999.62859\n"


def picture(values, remarks=REMARKS + GRID):
    rows, columns = values.shape
    return b"P5\n" + remarks + b"%d %d\n255\n" % (columns, rows) + values.tobytes()


def test_a_picture_of_fmi_is_echo_and_zero_is_none(tmp_path):
    data = picture(np.array([[0, 64, 124], [255, 1, 254]], np.uint8))  # 64 is 0 dBZ, 124 is 30 dBZ
    (tmp_path / "a.pgm").write_bytes(data)
    (tmp_path / "a.pgm.gz").write_bytes(gzip.compress(data))
    plain, packed = only(tmp_path / "a.pgm"), only(tmp_path / "a.pgm.gz")
    rain = (1 / 223) ** (1 / 1.53), (1000 / 223) ** (1 / 1.53)
    np.testing.assert_allclose(plain.values[0], [0, *rain])
    assert math.isnan(plain.values[1, 0]) and 0 < plain.values[1, 1] < 0.001 and plain.values[1, 2] > 100
    np.testing.assert_array_equal(plain.values, packed.values)
    assert told(plain) == told(packed) == ("mm/h", "2016-09-28T14:45", 1.0, "LOWEST CorrectedReflectivity")


def test_a_picture_without_remarks_says_neither_time_nor_grid(tmp_path):
    (tmp_path / "a.pgm").write_bytes(picture(np.zeros((2, 2), np.uint8), b""))
    assert told(only(tmp_path / "a.pgm")) == ("mm/h", None, None, "picture")


def test_a_cut_or_coloured_picture_is_refused(tmp_path):
    data = picture(np.zeros((9, 9), np.uint8))
    (tmp_path / "cut.pgm").write_bytes(data[:-9])
    (tmp_path / "cut.pgm.gz").write_bytes(gzip.compress(data)[:-9])
    (tmp_path / "colour.pgm").write_bytes(b"P6\n1 1\n255\n\1\2\3")
    assert refusal(tmp_path / "cut.pgm") and refusal(tmp_path / "cut.pgm.gz")
    assert refusal(tmp_path / "colour.pgm") == "its values are uint8 (1, 1, 3), expected uint8 (H, W)"


# HDF5


def write_groups(path, groups, **arrays):
    """Write attributes by group, and arrays; a __ in a name parts groups."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for name, attributes in groups.items():
            for key, value in attributes.items():
                file.require_group(name).attrs[key] = np.bytes_(value) if isinstance(value, str) else value
        for name, values in arrays.items():
            file[name.replace("__", "/")] = values


def write_knmi(path, values, unit="ACCUMULATED_PRECIPITATION_[MM]", formula="GEO=0.01*PV+0.0", gaps=(65534, 65535)):
    groups = {
        "overview": {
            "product_datetime_start": np.array([b"25-AUG-2010;23:55:00.000"]),
            "product_datetime_end": np.array([b"26-AUG-2010;00:00:00.000"]),
        },
        "geographic": {"geo_dim_pixel": "KM,KM", "geo_pixel_size_x": [1.0], "geo_pixel_size_y": [-1.0]},
        "image1": {"image_geo_parameter": unit},
        "image1/calibration": {
            "calibration_formulas": formula,
            "calibration_missing_data": [gaps[0]],
            "calibration_out_of_image": [gaps[1]],
        },
    }
    write_groups(path, groups, image1__image_data=np.array(values))


@needs_library("h5py")
def test_rain_of_knmi_in_five_minutes_becomes_rain_in_an_hour(tmp_path):
    write_knmi(tmp_path / "a.h5", np.array([[0, 25], [65534, 65535]], np.uint16))
    found = only(tmp_path / "a.h5")
    np.testing.assert_allclose(found.values, [[0, 3], [NAN, NAN]])  # 0.25 mm, twelve times
    product = "ACCUMULATED_PRECIPITATION_[MM] in 5 minutes"
    assert told(found) == ("mm/h", "2010-08-26T00:00", 1.0, product)


@needs_library("h5py")
def test_in_echo_of_knmi_the_lowest_value_is_no_gap(tmp_path):
    values = np.array([[0, 74, 255]], np.uint8)
    write_knmi(tmp_path / "a.h5", values, "REFLECTIVITY_[DBZ]", "GEO = 0.500000 * PV + -32.000000", (0, 255))
    found = only(tmp_path / "a.h5")
    np.testing.assert_array_equal(found.values, [[-32, 5, NAN]])
    assert found.scale == "dBZ"


@needs_library("h5py")
def test_what_is_odd_in_a_file_of_knmi_is_told(tmp_path):
    path, values = tmp_path / "a.h5", np.zeros((1, 1), np.uint16)
    write_knmi(path, values, formula="GEO=sqrt(PV)")
    assert refusal(path) == "its calibration is 'GEO=sqrt(PV)', expected GEO = a * PV + b"
    write_knmi(path, values, unit="QUALITY_[-]")
    assert refusal(path) == "its QUALITY_[-] is in -, expected MM, MM/H or DBZ"
    write_groups(path, {"what": {"object": "COMP"}})
    assert refusal(path) == "it has neither image1/image_data, as KNMI's, nor dataset1, as ODIM's"


def write_odim(path, quantity, raw, kind="COMP", start="101500", grid=(1000.0, 1000.0), **what):
    what = {"quantity": quantity, "gain": 0.5, "offset": -32.0, "nodata": 255.0, "undetect": 0.0} | what
    times = {"startdate": "20251128", "starttime": start, "enddate": "20251128", "endtime": "103000"}
    groups = {
        "what": {"object": kind, "date": "20251128", "time": "103000"},
        "where": {"xscale": grid[0], "yscale": grid[1]},
        "dataset1/what": times,
        "dataset1/data1/what": what,
    }
    write_groups(path, groups, dataset1__data1__data=np.array(raw))


@needs_library("h5py")
def test_echo_of_odim_has_gain_offset_and_both_kinds_of_nothing(tmp_path):
    write_odim(tmp_path / "a.h5", "DBZH", np.array([[0, 124, 255]], np.uint8))
    found = only(tmp_path / "a.h5")
    np.testing.assert_array_equal(found.values, [[-INF, 30, NAN]])
    assert told(found) == ("dBZ", "2025-11-28T10:30", 1.0, "DBZH")


@needs_library("h5py")
def test_rain_of_odim_is_a_rate_or_what_fell_in_its_time(tmp_path):
    raw = np.array([[-1.0, 2.0, -9.0]])
    plain = {"gain": 1.0, "offset": 0.0, "undetect": -1.0, "nodata": -9.0}
    write_odim(tmp_path / "rate.h5", "RATE", raw, grid=(2000.0, 2000.0), **plain)
    write_odim(tmp_path / "sum.h5", "ACRR", raw, **plain)
    rate, fell = only(tmp_path / "rate.h5"), only(tmp_path / "sum.h5")
    np.testing.assert_array_equal(rate.values, [[0, 2, NAN]])
    np.testing.assert_array_equal(fell.values, [[0, 8, NAN]])  # 2 mm in a quarter of an hour
    assert told(rate) == ("mm/h", "2025-11-28T10:30", 2.0, "RATE")
    assert told(fell) == ("mm/h", "2025-11-28T10:30", 1.0, "ACRR in 15 minutes")


@needs_library("h5py")
def test_what_is_odd_in_a_file_of_odim_is_told(tmp_path):
    path, raw = tmp_path / "a.h5", np.zeros((1, 1))
    write_odim(path, "DBZH", raw, kind="PVOL")
    assert refusal(path) == "it is a PVOL, as one radar sees it, expected a map: COMP or IMAGE"
    write_odim(path, "VRADH", raw)
    assert refusal(path) == "it holds VRADH, expected RATE, ACRR, DBZH, DBZHC, TH"
    write_odim(path, "ACRR", raw, start="103000")
    assert refusal(path) == "its rain fell from 2025-11-28T10:30 to 2025-11-28T10:30, expected a later end"
    write_odim(path, "RATE", raw, grid=(1000.0, 2000.0))
    assert refusal(path) == "its cells are 1 x 2 km, expected squares"


# netCDF


def write_netcdf(path, values, units, dims=("time", "y", "x"), name="rr", y=(0, 1000), x=(0, 1000), unit="m"):
    import netCDF4

    with netCDF4.Dataset(path, "w") as file:
        for axis, size in zip(dims, values.shape):
            file.createDimension(axis, size)
        for axis, places in (("y", y), ("x", x)) if unit else ():
            file.createVariable(axis, "f8", (axis,))[:] = places
            file[axis].units = unit
        if "time" in dims and unit:
            file.createVariable("time", "i8", ("time",))[:] = range(0, 5 * values.shape[0], 5)
            file["time"].units = "minutes since 2025-11-28 10:30"
        variable = file.createVariable(name, "f4", dims, fill_value=-9.0)
        variable[:] = np.ma.masked_invalid(values)
        variable.units = units


needs_netcdf = needs_library("netCDF4")


@needs_netcdf
def test_rain_of_a_netcdf_is_found_by_its_unit_and_turned_to_the_north(tmp_path):
    rain = np.array([[[1, NAN], [3, 4]], [[5, 6], [7, 8]]])
    write_netcdf(tmp_path / "a.nc", rain / 3600, "kg m-2 s-1")
    maps = list(read_maps(tmp_path / "a.nc"))
    np.testing.assert_allclose(maps[0].values, [[3, 4], [1, NAN]], rtol=1e-6)  # y grows to the north
    np.testing.assert_allclose(maps[1].values, [[7, 8], [5, 6]], rtol=1e-6)
    times = ["2025-11-28T10:30", "2025-11-28T10:35"]
    assert [told(found) for found in maps] == [("mm/h", time, 1.0, "rr") for time in times]


@needs_netcdf
def test_axes_of_a_netcdf_may_stand_in_another_order_and_direction(tmp_path):
    rain = np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])  # one time, x, y
    write_netcdf(tmp_path / "a.nc", rain, "mm/h", ("time", "x", "y"), y=(1, 0), x=(0, 1, 2), unit="km")
    assert only(tmp_path / "a.nc").values.tolist() == [[1, 3, 5], [2, 4, 6]]
    write_netcdf(tmp_path / "b.nc", rain, "mm/h", ("time", "x", "y"), y=(1, 0), x=(2, 1, 0), unit="km")
    assert only(tmp_path / "b.nc").values.tolist() == [[5, 3, 1], [6, 4, 2]]


@needs_netcdf
def test_a_netcdf_of_echo_in_degrees_says_neither_time_nor_km(tmp_path):
    write_netcdf(tmp_path / "a.nc", np.zeros((2, 2)), "dBZ", ("y", "x"), unit="degrees_north")
    assert told(only(tmp_path / "a.nc")) == ("dBZ", None, None, "rr")


@needs_netcdf
def test_a_netcdf_without_coordinates_stays_as_it_is_and_has_no_times(tmp_path):
    rain = np.arange(8.0).reshape(2, 2, 2)
    write_netcdf(tmp_path / "a.nc", rain, "mm/h", unit=None)
    maps = list(read_maps(tmp_path / "a.nc"))
    np.testing.assert_array_equal([found.values for found in maps], rain)
    assert {told(found) for found in maps} == {("mm/h", None, None, "rr")}


@needs_netcdf
def test_a_netcdf_of_one_map_may_tell_its_time_beside(tmp_path):
    import netCDF4

    write_netcdf(tmp_path / "a.nc", np.ones((2, 2)), "mm/h", ("y", "x"))
    with netCDF4.Dataset(tmp_path / "a.nc", "a") as file:
        file.createVariable("valid", "i8", ())[:] = 5
        file["valid"].units = "minutes since 2025-11-28 10:30"
        file["rr"].coordinates = "valid"
    assert told(only(tmp_path / "a.nc")) == ("mm/h", "2025-11-28T10:35", 1.0, "rr")


@needs_netcdf
def test_a_netcdf_without_rain_names_what_it_has(tmp_path):
    path, values = tmp_path / "a.nc", np.zeros((1, 2, 2))
    write_netcdf(path, values, "K", name="t2m")
    assert refusal(path) == "of its variables ['t2m'] none is in mm/h, kg m-2 s-1 or dBZ"
    write_netcdf(path, values, "m s-1", name="wind")
    assert refusal(path) == "of its variables ['wind'] none is in mm/h, kg m-2 s-1 or dBZ"
    write_netcdf(path, np.zeros((2, 2, 2, 2)), "mm/h", ("time", "member", "y", "x"))
    assert refusal(path) == "its rr is over ('time', 'member', 'y', 'x'), expected a time or none, y and x"


# GeoTIFF


def write_geotiff(path, values, xml=None, gap=None, side=1000.0, keys=(1, 1, 0, 0)):
    import tifffile

    tags = [(33550, "d", 3, (side, side, 0.0), True), (34735, "H", len(keys), keys, True)]
    tags += [(42113, "s", 0, gap, True)] if gap else []
    tags += [(42112, "s", 0, f"<GDALMetadata>{xml}</GDALMetadata>", True)] if xml else []
    tifffile.imwrite(path, values, extratags=tags, photometric="minisblack")


needs_tifffile = needs_library("tifffile")


@needs_tifffile
def test_a_geotiff_says_its_scale_in_the_tags_of_gdal(tmp_path):
    xml = (
        '<Item name="SCALE" sample="0" role="scale">0.5</Item><Item name="OFFSET" sample="0" role="offset">-32</Item>'
        '<Item name="UNITTYPE" sample="0" role="unittype">dBZ</Item>'
    )
    write_geotiff(tmp_path / "a.tif", np.array([[0, 124, 255]], np.uint8), xml, "255")
    found = only(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.values, [[-32, 30, NAN]])
    assert told(found) == ("dBZ", None, 1.0, "picture")


@needs_tifffile
def test_a_geotiff_may_name_its_gain_its_time_and_what_had_no_echo(tmp_path):
    xml = (
        '<Item name="Observation time">202511281030</Item><Item name="Quantity" unit="mm/h">RATE</Item>'
        '<Item name="Gain">0.01</Item><Item name="Nodata">65535</Item><Item name="Undetect">65534</Item>'
    )
    write_geotiff(tmp_path / "a.tif", np.array([[65534, 250, 65535]], np.uint16), xml)
    found = only(tmp_path / "a.tif")
    np.testing.assert_allclose(found.values, [[0, 2.5, NAN]])
    assert told(found) == ("mm/h", "2025-11-28T10:30", 1.0, "RATE")


@needs_tifffile
def test_a_bare_geotiff_in_degrees_says_nothing_of_scale_or_km(tmp_path):
    degrees = (1, 1, 0, 1, 1024, 0, 1, 2)  # GTModelType: geographic
    write_geotiff(tmp_path / "a.tif", np.zeros((2, 2), np.float32), side=0.01, keys=degrees)
    assert told(only(tmp_path / "a.tif")) == (None, None, None, "picture")


@needs_tifffile
def test_a_geotiff_of_colours_is_refused(tmp_path):
    import tifffile

    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4, 3), np.uint8), photometric="rgb")
    assert refusal(tmp_path / "a.tif") == "it holds 1 pictures, the first (4, 4, 3), expected one (H, W)"


# What is missing


@pytest.mark.parametrize(
    ("name", "module", "library"),
    [("a.h5", "h5py", "h5py"), ("a.nc", "netCDF4", "xarray and netCDF4"), ("a.tif", "tifffile", "tifffile")],
)
def test_without_its_library_one_sentence_says_how_to_install_it(monkeypatch, tmp_path, name, module, library):
    monkeypatch.setitem(sys.modules, module, None)  # importing it raises ImportError
    with pytest.raises(ImportError) as caught:
        list(read_maps(tmp_path / name))
    reason = f"import of {module} halted; None in sys.modules"
    assert str(caught.value) == f'{name} needs {library} ({reason}): run pip install "course[radar]"'


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("npy", "the magic string is not correct; expected b'\\x93NUMPY', got b'<html>'"),
        ("npz", "it is no archive of NumPy's, or it is cut"),
        ("pgm", "it is no picture in PGM"),
        ("pgm.gz", "Not a gzipped file (b'<h')"),
    ],
)
def test_a_page_that_was_fetched_in_place_of_a_frame_is_refused(tmp_path, ending, said):
    (tmp_path / f"a.{ending}").write_bytes(b"<html>404 Not Found</html>")
    assert refusal(tmp_path / f"a.{ending}") == said
