"""A folder of frames becomes mapped codes with times, once; what does not fit is named with its mend."""

import importlib.util
import math
import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from course.radar import Frames, find_runs, read_frames
from course.radar import frames as frames_room
from course.rain import MISSING, rain_rate, to_codes

RADAR = os.environ.get("COURSE_RADAR", "")
GIVEN = {"km": 1, "minutes": 5, "scale": "mm/h", "progress": False}
WET = np.array([[0.0, 1.0], [2.0, 8.0]])


def film(folder, *maps, stem="202511281{:03}"):
    """A folder of maps, one a file, five minutes apart."""
    folder.mkdir(exist_ok=True)
    for number, values in enumerate(maps):
        np.save(folder / f"{stem.format(5 * number)}.npy", values)
    return folder


def refusal(error, call, *args, **options):
    with pytest.raises(error) as caught:
        call(*args, **options)
    return str(caught.value)


def fails(place, **options):
    return refusal(ValueError, read_frames, place, **(GIVEN | options))


# What comes out


def test_frames_are_codes_in_the_order_of_time(tmp_path):
    frames = read_frames(film(tmp_path / "rain", WET, 2 * WET), **GIVEN)
    assert isinstance(frames, Frames) and isinstance(frames.codes, np.memmap)
    assert frames.codes.dtype == np.uint8 and frames.codes.shape == (2, 2, 2)
    np.testing.assert_array_equal(frames.codes, to_codes(np.stack([WET, 2 * WET])))
    assert frames.times.tolist() == np.array(["2025-11-28T10:00", "2025-11-28T10:05"], "datetime64[m]").tolist()
    assert frames.times.dtype == "datetime64[m]" and frames.km == 1


def test_codes_stay_as_they_are_and_floats_are_told_apart(tmp_path):
    codes = np.array([[[0, 46], [MISSING, 253]]] * 2, np.uint8)
    np.save(tmp_path / "codes.npy", codes)
    given = GIVEN | {"scale": None}
    np.testing.assert_array_equal(read_frames(tmp_path / "codes.npy", **given).codes, codes)
    dbz = film(tmp_path / "dbz", np.full((1, 1), 23.0), np.full((1, 1), -np.inf))
    one_mm = read_frames(dbz, **(GIVEN | {"scale": "dBZ"})).codes
    assert one_mm.ravel().tolist() == [89, 0]  # 23.01 dBZ is 1 mm/h


def test_squares_are_mean_rain_and_missing_where_one_of_their_cells_is(tmp_path):
    wide = np.array([[0.0, 4.0, 1.0, math.nan, 9.0], [4.0, 0.0, 1.0, 1.0, 9.0]])  # the last column is left over
    frames = read_frames(film(tmp_path / "rain", wide, wide), pool=2, **GIVEN)
    assert frames.codes[0].tolist() == [[to_codes(2.0).item(), MISSING]] and frames.km == 2
    codes = film(tmp_path / "codes", *2 * [to_codes(wide).numpy()])
    pooled = read_frames(codes, pool=2, **(GIVEN | {"scale": "codes"})).codes
    np.testing.assert_allclose(rain_rate(pooled[:1, :, :1]), 2, rtol=0.05)


def test_the_value_for_missing_may_be_given(tmp_path):
    place = film(tmp_path / "rain", *2 * [np.array([[-1.0, 1.0]])])
    assert read_frames(place, missing=-1, **GIVEN).codes[0].tolist() == [[MISSING, 89]]
    place = film(tmp_path / "codes", *2 * [np.array([[255, 89]], np.uint8)])
    assert read_frames(place, missing=255, **(GIVEN | {"scale": "codes"})).codes[0].tolist() == [[MISSING, 89]]


def test_a_little_less_than_no_rain_is_none(tmp_path):
    place = film(tmp_path / "rain", WET - 0.01, WET)
    assert read_frames(place, **GIVEN).codes[0, 0, 0] == 0


# Times


def test_names_without_a_time_count_on_from_minutes_by_their_numbers(tmp_path):
    for number in (10, 9, 8):
        np.save(tmp_path / f"frame_{number}.npy", number * WET)
    frames = read_frames(tmp_path, cache=tmp_path / "cache", **(GIVEN | {"minutes": 10}))
    assert (np.diff(frames.times) == np.timedelta64(10, "m")).all()
    assert frames.codes[:, 1, 1].tolist() == to_codes(np.array([64.0, 72.0, 80.0])).tolist()


def test_a_film_in_a_file_begins_at_the_time_in_its_name(tmp_path):
    np.save(tmp_path / "20251128_1030.npy", np.stack([WET] * 3))
    times = read_frames(tmp_path / "20251128_1030.npy", **GIVEN).times
    assert times.astype(str).tolist() == ["2025-11-28T10:30", "2025-11-28T10:35", "2025-11-28T10:40"]


def test_folders_of_days_are_one_film(tmp_path):
    for folder, day in (("a", "29"), ("b", "28")):  # the time in a name counts, not the name
        (tmp_path / "in" / folder).mkdir(parents=True)
        np.save(tmp_path / "in" / folder / f"x_202511{day}1030.npy", WET)
    (tmp_path / "in" / "README.txt").write_text("no frame")
    assert read_frames(tmp_path / "in", **GIVEN).times.astype(str).tolist() == ["2025-11-28T10:30", "2025-11-29T10:30"]


def minutes(*values):
    return np.datetime64("2025-11-28T10:00", "m") + np.array(values, int)


@pytest.mark.parametrize(
    ("times", "step", "runs"),
    [
        ((0, 5, 10, 25, 30), None, [(0, 3), (3, 5)]),
        ((0, 4, 10, 15), None, [(0, 4)]),  # a radar may be a minute late
        ((0, 5, 6, 10, 15, 20), None, [(0, 2), (2, 6)]),
        ((0, 5, 10), 10, [(0, 1), (1, 2), (2, 3)]),
        ((0,), None, [(0, 1)]),
    ],
)
def test_a_run_has_no_gap(times, step, runs):
    assert find_runs(minutes(*times), step) == [slice(*run) for run in runs]


def test_runs_of_nothing_or_of_no_step_are_refused():
    assert refusal(ValueError, find_runs, minutes()) == "times has no frame, expected one or more"
    assert refusal(ValueError, find_runs, minutes(0, 5), 0) == "minutes is 0, expected 1 or more: try 5"


# The cache


def count_makings(monkeypatch):
    calls, make = [], frames_room._make
    monkeypatch.setattr(frames_room, "_make", lambda *args: (calls.append(args[0]), make(*args)))
    return calls


def test_a_folder_is_converted_once_until_its_files_or_the_options_change(tmp_path, monkeypatch):
    calls = count_makings(monkeypatch)
    place = film(tmp_path / "rain", WET, WET)
    for _ in range(2):
        first = read_frames(place, **GIVEN)
    assert calls == [tmp_path / "rain.frames"]
    read_frames(place, pool=2, **GIVEN)
    read_frames(place, pool=2, **GIVEN)
    assert len(calls) == 2
    film(place, WET, WET, 2 * WET)
    assert len(read_frames(place, pool=2, **GIVEN).codes) == 3 and len(calls) == 3
    os.utime(place / "202511281005.npy", ns=(1, 1))  # another file of the same size
    read_frames(place, pool=2, **GIVEN)
    assert len(calls) == 4
    assert first.codes.shape == (2, 2, 2)  # who has mapped an older one keeps it
    np.testing.assert_array_equal(first.codes, to_codes(np.stack([WET, WET])))


def test_a_cache_of_two_makings_or_a_cut_one_is_made_anew(tmp_path, monkeypatch):
    calls = count_makings(monkeypatch)
    place = film(tmp_path / "rain", WET, WET)
    read_frames(place, **GIVEN)
    array, note = tmp_path / "rain.frames" / "frames.npy", tmp_path / "rain.frames" / "frames.json"
    os.utime(array, ns=(1, 1))
    read_frames(place, **GIVEN)
    note.write_text(note.read_text()[:20])
    read_frames(place, **GIVEN)
    os.truncate(array, 130)
    assert read_frames(place, **GIVEN).codes.shape == (2, 2, 2) and len(calls) == 4


def test_values_written_to_change_in_memory_only(tmp_path):
    codes = read_frames(film(tmp_path / "rain", WET, WET), **GIVEN).codes
    codes[:] = 7
    codes.flush()
    kept = np.load(tmp_path / "rain.frames" / "frames.npy")
    np.testing.assert_array_equal(kept[0], to_codes(WET))


def test_a_cache_within_the_folder_is_no_frame_of_it(tmp_path):
    place = film(tmp_path / "rain", WET, WET)
    for _ in range(2):
        assert len(read_frames(place, cache=place / "cache", **GIVEN).codes) == 2


def test_what_fails_leaves_no_cache_and_an_older_one_as_it_was(tmp_path):
    place = film(tmp_path / "rain", WET, WET)
    read_frames(place, **GIVEN)
    old = {path.name: path.read_bytes() for path in (tmp_path / "rain.frames").iterdir()}
    np.save(place / "202511281010.npy", np.zeros((3, 3)))
    fails(place)
    assert {path.name: path.read_bytes() for path in (tmp_path / "rain.frames").iterdir()} == old
    refusal(ValueError, read_frames, place, cache=tmp_path / "new", **GIVEN)
    assert os.listdir(tmp_path / "new") == ["frames.lock"]


def test_a_cache_that_cannot_be_written_is_told_in_a_sentence(tmp_path):
    place = film(tmp_path / "rain", WET, WET)
    (tmp_path / "file").touch()
    cache = tmp_path / "file" / "x"
    said = refusal(NotADirectoryError, read_frames, place, cache=cache, **GIVEN)
    assert said == f"{cache} cannot be made (Not a directory): name a folder of your own by cache"


def test_of_several_that_ask_at_once_one_makes_the_cache(tmp_path, monkeypatch):
    calls, make = [], frames_room._make
    entered = threading.Barrier(3, timeout=60)

    def load(cache, note, load=frames_room._load):
        made = load(cache, note)
        if threading.current_thread() not in seen:  # all have looked before any begins
            seen.add(threading.current_thread())
            entered.wait()
        return made

    seen, lengths = set(), []
    monkeypatch.setattr(frames_room, "_load", load)
    monkeypatch.setattr(frames_room, "_make", lambda *args: (calls.append(args[0]), make(*args)))
    place = film(tmp_path / "rain", WET, WET)
    threads = [
        threading.Thread(target=lambda: lengths.append(len(read_frames(place, **GIVEN).codes))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lengths == [2, 2, 2] and len(calls) == 1


def test_no_more_than_some_frames_are_ever_in_memory(tmp_path):
    import tracemalloc

    np.savez_compressed(tmp_path / "film.npz", rain=np.ones((32, 256, 256)))  # half a megabyte each
    tracemalloc.start()
    try:
        read_frames(tmp_path / "film.npz", **(GIVEN | {"scale": None}))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 8e6 < 32 * 256 * 256 * 8


# What does not fit


def test_frames_of_two_sizes_grids_scales_or_products_are_refused(tmp_path):
    mend = "name a folder of one kind"
    said = fails(film(tmp_path / "sizes", WET, np.ones((3, 2))))
    expected = "expected 2 x 2 cells, as 202511281000.npy has"
    assert said == f"202511281005.npy has 3 x 2 cells, {expected}: {mend}"
    said = fails(film(tmp_path / "scales", np.uint8([[1, 2]]), np.float32([[1, 2]])), scale=None)
    assert said.startswith("202511281005.npy does not say what its values mean: give scale=")
    place = tmp_path / "kinds"
    place.mkdir()
    np.savez(place / "a.npz", km=1.0, start="202511281030", minutes=[0], rain=WET)
    np.savez(place / "b.npz", km=2.0, start="202511281035", minutes=[0], rain=WET)
    said = fails(place, km=None, scale=None)
    assert said == f"b.npz has 2 km from cell to cell, expected 1 km from cell to cell, as a.npz has: {mend}"
    np.savez(place / "b.npz", km=1.0, start="202511281035", minutes=[0], dbz=WET)
    said = fails(place, km=None, scale=None)
    assert said == f"b.npz has values in dBZ, expected values in mm/h, as a.npz has: {mend}"
    np.savez(place / "b.npz", km=1.0, start="202511281035", minutes=[0], rate=WET)
    said = fails(place, km=None, scale=None)
    assert said == f"b.npz has the product 'rate', expected the product 'rain', as a.npz has: {mend}"


def test_a_time_that_is_there_twice_or_goes_back_is_refused(tmp_path):
    place = film(tmp_path / "rain", WET, WET)
    np.save(place / "x_202511281005.npy", WET)
    said = fails(place)
    both = "x_202511281005.npy is of 2025-11-28T10:05, and 202511281005.npy before it of 2025-11-28T10:05"
    assert said == f"{both}, expected a later time: delete one"
    for name, start in (("a", "202511281035"), ("b", "202511281030")):
        np.savez(tmp_path / f"{name}.npz", rain=WET, km=1.0, start=start, minutes=[0])
    (tmp_path / "two").mkdir()
    for name in ("a.npz", "b.npz"):
        os.rename(tmp_path / name, tmp_path / "two" / name)
    both = "b.npz is of 2025-11-28T10:30, and a.npz before it of 2025-11-28T10:35"
    assert fails(tmp_path / "two", km=None) == f"{both}, expected a later time: rename them, for names give the order"


def test_a_frame_in_the_middle_that_cannot_be_read_is_named(tmp_path):
    place = film(tmp_path / "rain", WET, WET, WET)
    os.truncate(place / "202511281005.npy", 140)
    reason = "(it ends within map 1): fetch it anew, or leave out such files by skip_bad=True"
    assert fails(place) == f"202511281005.npy cannot be read {reason}"


def test_frames_that_cannot_be_read_are_left_out_and_told_each_time(tmp_path, capsys):
    place = film(tmp_path / "rain", WET, WET, WET)
    os.truncate(place / "202511281005.npy", 140)
    for _ in range(2):
        frames = read_frames(place, skip_bad=True, **GIVEN)
        assert frames.times.astype(str).tolist() == ["2025-11-28T10:00", "2025-11-28T10:10"]
        told = "1 of 3 files cannot be read and are left out: 202511281005.npy (it ends within map 1)"
        assert capsys.readouterr().err == f"{place}: {told}\n"


def test_a_frame_left_out_keeps_its_place_in_time_where_names_have_none(tmp_path, capsys):
    place = film(tmp_path / "rain", WET, WET, WET, stem="frame_{}")
    os.truncate(place / "frame_5.npy", 140)
    frames = read_frames(place, skip_bad=True, **GIVEN)
    assert np.diff(frames.times).tolist() == [np.timedelta64(10, "m")]


def test_a_folder_of_which_nothing_can_be_read_says_why(tmp_path):
    place = film(tmp_path / "rain", WET)
    os.truncate(place / "202511281000.npy", 140)
    reason = "that can be read, for 202511281000.npy (it ends within map 1), expected 2 or more: name another place"
    assert fails(place, skip_bad=True) == f"{place} has 0 frames {reason}"


def test_a_library_that_is_missing_is_no_broken_file(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)  # importing it raises ImportError
    for name in ("a.h5", "b.h5"):
        (tmp_path / name).touch()
    said = refusal(ImportError, read_frames, tmp_path, skip_bad=True, **GIVEN)
    assert said.startswith("a.h5 needs h5py (") and said.endswith('): run pip install "course[radar]"')


def test_too_few_frames_are_refused(tmp_path):
    place = film(tmp_path / "rain", WET)
    assert fails(place) == f"{place} has 1 frame, expected 2 or more: name another place"


def test_nothing_measured_or_never_rain_is_told_but_a_dry_hour_is_not(tmp_path):
    blind = film(tmp_path / "blind", *2 * [np.full((2, 2), math.nan)])
    mend = "check what stands for missing"
    assert fails(blind) == f"{blind} has no cell that was measured, expected rain: {mend}"
    dry = film(tmp_path / "dry", 0 * WET, 0 * WET)
    assert fails(dry) == f"{dry} has no rain of 0.1 mm/h or more, expected some: name another folder"
    hint = ', or scale="mm/h" if that is the scale'
    assert fails(dry, scale="dBZ").endswith(f"name another folder{hint}")
    assert len(read_frames(film(tmp_path / "rain", 0 * WET, WET), **GIVEN).codes) == 2


def test_echo_given_as_rain_is_noticed(tmp_path):
    place = film(tmp_path / "minus", np.array([[-12.5, 20.0]]), WET)
    mend = 'give scale="dBZ" if that is what they are, or missing=-12.5 if that is what was not measured'
    assert fails(place) == f"202511281000.npy has the value -12.5, expected -0.1 to 2000 mm/h: {mend}"
    echo = np.clip(np.random.default_rng(0).normal(22, 8, (20, 20)), 0, None)
    place = film(tmp_path / "plus", echo, echo)
    said = fails(place)
    assert said.startswith(f"{place} has the scale mm/h, but 9") and said.endswith(
        'as rain never has: give scale="dBZ"'
    )
    assert len(read_frames(place, **(GIVEN | {"scale": "dBZ"})).codes) == 2


def test_heavy_rain_is_not_taken_for_echo(tmp_path):
    heavy = np.random.default_rng(0).lognormal(np.log(15), 1, (20, 20))  # three quarters have 5 to 60 mm/h
    assert len(read_frames(film(tmp_path / "rain", heavy, heavy), **GIVEN).codes) == 2


def test_a_number_that_stands_for_missing_is_noticed(tmp_path):
    said = fails(film(tmp_path / "rain", np.array([[-999.0, 1.0]]), WET))
    mend = "give missing=-999 if that is what was not measured"
    assert said == f"202511281000.npy has the value -999, expected -0.1 to 2000 mm/h: {mend}"
    said = fails(film(tmp_path / "dbz", np.array([[9999.0, 1.0]]), WET), scale="dBZ")
    assert said.startswith("202511281000.npy has the value 9999, expected -100 to 100 dBZ: give missing=9999")


def test_a_folder_without_frames_or_with_several_formats_is_refused(tmp_path):
    endings = ".npy, .npz, .h5, .hdf5, .hdf, .pgm.gz, .pgm, .nc, .nc4, .tif, .tiff"
    said = refusal(FileNotFoundError, read_frames, tmp_path)
    assert said == f"{tmp_path} has no frames, expected frames that end in {endings}: name another folder"
    said = refusal(FileNotFoundError, read_frames, tmp_path / "no")
    assert said == f"there is no {tmp_path / 'no'}, expected radar frames: check the path"
    (tmp_path / "a.txt").touch()
    assert (
        fails(tmp_path / "a.txt")
        == f"{tmp_path / 'a.txt'} is of no known format, expected frames that end in {endings}"
    )
    for name in ("a.h5", "b.h5", "c.npy"):
        (tmp_path / name).touch()
    told = f"{tmp_path} has files of several formats (2 .h5, 1 .npy), expected one: name a folder of one"
    assert fails(tmp_path) == told


def test_what_no_file_says_is_asked_for(tmp_path):
    place = film(tmp_path / "rain", WET, WET, stem="frame_{}")
    said = fails(place, scale=None)
    values = 'frame_0.npy does not say what its values mean: give scale="dBZ", scale="mm/h" or scale="codes"'
    assert said == values
    assert fails(place, km=None) == "frame_0.npy does not say how large its cells are: give km, such as km=1"
    time = "frame_0.npy has no time, in itself or in its name (as in 202511281030)"
    assert fails(place, minutes=None) == f"{time}: give the minutes from frame to frame, such as minutes=5"


def test_an_argument_that_contradicts_a_file_is_refused(tmp_path):
    for name in ("202511281000", "202511281005"):
        np.savez(tmp_path / f"{name}.npz", rain=WET, km=2.0)
    first = "202511281000.npz says"
    assert fails(tmp_path, km=None, scale="dBZ") == f"{first} mm/h, but scale is 'dBZ': leave scale out"
    assert fails(tmp_path, km=1) == f"{first} 2 km from cell to cell, but km is 1: leave km out"
    place = film(tmp_path / "floats", WET, WET)
    mend = 'expected uint8 for codes: give scale="dBZ" or "mm/h"'
    assert fails(place, scale="codes") == f"202511281000.npy holds float64, {mend}"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scale": "dbz"}, "scale is 'dbz', expected 'mm/h', 'dBZ' or 'codes': try scale=\"dBZ\""),
        ({"km": 0}, "km is 0, expected more than 0: try km=1"),
        ({"minutes": 2.5}, "minutes is 2.5, expected a whole number: try 5"),
        ({"pool": 0}, "pool is 0, expected 1 or more: try 2"),
        ({"pool": 3}, "pool is 3, expected 1 to 2: 202511281000.npy has 2 x 2 cells"),
    ],
)
def test_an_argument_out_of_its_range_is_named(tmp_path, options, said):
    assert fails(film(tmp_path / "rain", WET, WET), **options) == said


# Real radar

needs_radar = pytest.mark.skipif(not RADAR, reason="COURSE_RADAR names no folder with real radar")
needs_h5py = pytest.mark.skipif(importlib.util.find_spec("h5py") is None, reason="h5py is not installed")


@needs_radar
@pytest.mark.parametrize(
    ("raw", "made"), [pytest.param("knmi", "knmi_2010", marks=needs_h5py), ("fmi", "fmi_2016_2017")]
)
def test_raw_files_of_two_services_give_the_codes_that_were_made_of_them(tmp_path, raw, made):
    ours = read_frames(Path(RADAR) / "raw" / raw, pool=2, cache=tmp_path / "raw", progress=False)
    theirs = read_frames(Path(RADAR) / f"{made}.npz", cache=tmp_path / "made", progress=False)
    count = len(ours.codes)
    np.testing.assert_array_equal(ours.times, theirs.times[:count])
    assert ours.km == theirs.km == 2
    rows, columns = theirs.codes.shape[1:]
    down, right = {"knmi": (110, 80), "fmi": (0, 0)}[raw]  # where the box of what is measured begins
    np.testing.assert_array_equal(ours.codes[:, down : down + rows, right : right + columns], theirs.codes[:count])


@needs_radar
def test_two_days_of_an_archive_are_two_runs(tmp_path):
    times = read_frames(Path(RADAR) / "fmi_2016_2017.npz", cache=tmp_path / "made", progress=False).times
    assert find_runs(times) == [slice(0, 40), slice(40, 80)]
