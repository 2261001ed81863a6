"""Codes and their meaning, storms that keep their rules, text that reads back, a Dataset without copies."""

import math
import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from course.files import Records, cache_text, read_serial
from course.rain import (
    MISSING,
    SHAPE,
    RainDataset,
    Weather,
    drift,
    echo,
    rain_rate,
    storms,
    to_codes,
    to_dbz,
    write_text,
)
from course.rain import dataset as dataset_room
from course.rain.storms import _film

SMALL = (3, 2, 7, 9)
SIZES = f"expected four sizes (T, D, H, W) from 1 to {SHAPE}"
STILL = Weather(wind=(0, 0), towards=(0, 0), turn=(0, 0), lean=(0, 0), pulse=0, thin=0)
LAYERS, CELLS = STILL._replace(power=0), STILL._replace(wet=(0, 0), rough=0)


def message(error, call, *args, **options):
    with pytest.raises(error) as caught:
        call(*args, **options)
    return str(caught.value)


def codes(*values):
    return torch.tensor(values, dtype=torch.uint8)


def some_records(n=3, shape=SMALL):
    values = np.random.default_rng(0).integers(0, 254, (n, *shape), dtype=np.uint8)
    values[:, 0, 0, :2] = MISSING
    return Records([f"train_{i + 1}" for i in range(n)], np.arange(n) / 2, values)


# Codes


def test_echo_goes_from_0_to_1_and_is_0_where_it_is_missing():
    x, seen = echo(codes(0, 51, 255, MISSING))
    assert x.tolist() == pytest.approx([0, 0.2, 1, 0]) and x.dtype == torch.float32
    assert seen.tolist() == [True, True, True, False]
    assert echo(codes(7, 9), missing=7)[1].tolist() == [False, True]


def test_arrays_and_tensors_mean_the_same_and_stay_as_they_were():
    values = np.array([[0, 120], [200, MISSING]], np.uint8)
    values.flags.writeable = False  # as in a file mapped to be read
    for meaning in (to_dbz, rain_rate, lambda values: echo(values)[0]):
        torch.testing.assert_close(meaning(values), meaning(torch.tensor(values)), equal_nan=True)


def test_echo_above_127_does_not_overflow_as_int8_would():
    values = np.array([127, 128, 200, 253], np.uint8)
    assert (echo(values)[0] * 255).round().int().tolist() == [127, 128, 200, 253]
    assert values.astype(np.int8).min() < 0  # the bug of public readers
    expected = "values are int8, expected uint8: pass the codes (int8 ends at 127)"
    assert message(ValueError, echo, values.astype(np.int8)) == expected
    expected = "values are torch.float32, expected uint8: pass the codes (int8 ends at 127)"
    assert message(ValueError, rain_rate, torch.zeros(2)) == expected


def test_the_scale_is_linear_in_dbz():
    assert to_dbz(codes(0, 51, 255)).tolist() == pytest.approx([-10, 9, 85])
    assert to_dbz(codes(MISSING)).isnan().all()


def test_rain_follows_marshall_and_palmer_and_no_echo_is_no_rain():
    one_mm = round((10 * math.log10(200) + 10) * 255 / 95)  # Z = 200 is 1 mm/h
    assert rain_rate(codes(one_mm)).item() == pytest.approx(1, rel=0.03)
    rate = rain_rate(codes(134)).item()  # 39.92 dBZ
    assert 200 * rate**1.6 == pytest.approx(10**3.99216, rel=1e-3)
    assert rain_rate(codes(0)).item() == 0
    assert rain_rate(codes(MISSING)).isnan().all()


def test_codes_of_rain_read_back_and_what_cannot_be_read_is_told():
    rain = torch.tensor([0.0, 0.09, 0.1, 1.0, 60.0, 1e6, math.inf, math.nan], dtype=torch.float64)
    assert to_codes(rain).tolist() == [0, 0, 46, 89, 165, 253, 253, MISSING]  # 46: 10 log10(200 0.1^1.6) is 7.01 dBZ
    every = torch.arange(46, 254, dtype=torch.uint8)
    assert to_codes(rain_rate(every)).equal(every)
    assert to_codes(rain_rate(codes(0, MISSING)).numpy()).tolist() == [0, MISSING]


def test_another_code_for_missing_counts_in_all_meanings():
    values = codes(7, 120, MISSING)
    for meaning in (to_dbz, rain_rate):
        assert meaning(values, missing=7).isnan().tolist() == [True, False, False]
        assert meaning(values).isnan().tolist() == [False, False, True]
    assert to_dbz(values, missing=7)[2].item() == pytest.approx(254 * 95 / 255 - 10)


# Storms


def test_storms_have_the_competitions_shape_ids_and_types():
    made = storms(2)
    assert made.values.shape == (2, 15, 4, 101, 101) and made.values.dtype == np.uint8
    assert made.ids == ["storm_1", "storm_2"] and made.labels.shape == (2,)
    assert made.future.shape == (2, 0, 4, 101, 101)


def test_a_storm_depends_on_its_number_and_the_seed_alone():
    five, two = storms(5, 7, SMALL, after=2), storms(2, 7, SMALL, first=3, after=2)
    assert two.ids == five.ids[3:] == ["storm_4", "storm_5"]
    for whole, part in zip(five[1:], two[1:]):
        assert np.array_equal(whole[3:], part)
    assert not np.array_equal(storms(2, 8, SMALL).values, storms(2, 7, SMALL).values)


def test_a_smaller_shape_is_the_middle_of_the_same_storms():
    whole, part = storms(3, after=3, blind=1), storms(3, shape=(4, 2, 25, 32), after=2, blind=1)
    assert np.array_equal(whole.values[:, 11:, :2, 38:63, 34:66], part.values)
    assert np.array_equal(whole.future[:, :2, :2, 38:63, 34:66], part.future)
    assert np.array_equal(whole.labels, part.labels)


def test_cells_may_be_larger_and_are_the_same_storms_seen_from_farther_apart():
    whole = storms(3, shape=(4, 2, 101, 101), after=3, blind=1)
    part = storms(3, shape=(4, 2, 25, 13), km=4, after=3, blind=1)
    assert np.array_equal(whole.values[..., 2:100:4, 26:76:4], part.values)
    assert np.array_equal(whole.future[..., 2:100:4, 26:76:4], part.future)
    assert np.array_equal(whole.labels, part.labels)


def test_as_much_rain_falls_in_the_last_frame_as_in_the_first():
    made = storms(60, 2, (15, 1, 24, 24), km=4, after=20, blind=0)
    means = np.concatenate([made.values, made.future], 1).mean((0, 2, 3, 4))  # (35,)
    assert abs(means[:5].mean() - means[-5:].mean()) < 3


def test_who_knows_the_future_knows_the_label():
    made = storms(20, shape=(1, 1, 5, 4), after=20)
    known = rain_rate(made.future[:, 10:, 0, 2, 2]).sum(1) / 10  # ten frames of a tenth of an hour
    assert made.labels == pytest.approx(known.numpy(), abs=0.006)
    assert made.labels.max() > 1 and (made.labels >= 0).all()


def test_mean_and_spread_are_those_of_the_competition():
    values = storms(60, 1, (1, 4, 101, 101), blind=0).values
    assert abs(values.mean() - 48) < 5 and abs(values.std() - 41) < 3
    assert values.max() <= 165 and 0.05 < (values == 0).mean() < 0.3


def test_the_wind_carries_the_echo():
    film = storms(2, shape=(4, 1, 9, 9), weather=LAYERS._replace(wind=(2, 2)), blind=0).values.astype(int)
    assert film.std() > 5
    assert abs(film[:, 1:, ..., 2:] - film[:, :-1, ..., :-2]).max() <= 1  # two columns to the east a step


def test_the_echo_turns_clockwise_about_the_gauge():
    quarter = LAYERS._replace(turn=(math.pi / 2, 0))
    film = storms(2, shape=(4, 1, 9, 9), weather=quarter, blind=0).values.astype(int)
    assert abs(film[:, 1:] - np.rot90(film[:, :-1], -1, axes=(3, 4))).max() <= 1


def test_a_group_of_cells_drifts_and_turns_until_it_is_over_the_gauge_in_the_second_hour():
    turning = CELLS._replace(wind=(1, 1), turn=(0.1, 0), line=(1, 1), life=60)
    echo_there = storms(60, shape=(1, 1, 1, 1), after=20, blind=0, weather=turning).future.reshape(60, 20)
    assert (echo_there[:, 10:].max(1) > 40).mean() > 0.9  # groups that come by chance: a third


def test_cells_show_aloft_before_they_show_below():
    low, top = np.moveaxis(storms(3, shape=(15, 4, 31, 31), weather=CELLS, blind=0).values, 2, 0)[[0, 3]]
    low, top = (165 * np.arctanh(level / 165.5) for level in (low, top))
    assert top.max() > 30
    weak = (top < 100) & (top > 0)  # there rounding is small
    weak[:, -6:] = False
    assert abs(top - 0.76 * np.roll(low, -6, axis=1))[weak].max() < 1.5  # 6 steps over 3 km


def test_cells_grow_and_fade():
    film = storms(30, shape=(15, 1, 15, 15), weather=CELLS, blind=0).values.astype(int).sum((2, 3, 4))
    change = np.diff(film, axis=1)
    assert (change > 0).any(1).sum() >= 15 and (change < 0).any(1).sum() >= 15


@pytest.mark.parametrize(("lie", "along"), [(0, 2), (math.pi / 2, 1)])  # lines to the east, to the south
def test_layered_rain_and_groups_are_drawn_out_along_the_lines(lie, along):
    lying = {"lie": (lie, 0), "stretch": (4, 4), "line": (20, 1)}
    for weather, most in ((LAYERS._replace(**lying), 0.2), (CELLS._replace(**lying), 0.85)):
        maps = storms(20, shape=(1, 1, 61, 61), weather=weather, blind=0).values[:, 0, 0].astype(float)
        slopes = [np.square(np.diff(maps, axis=axis)).mean() for axis in (along, 3 - along)]
        assert slopes[0] < most * slopes[1]


def test_some_storms_are_layered_rain_alone_and_some_have_strong_showers():
    most = []
    for share in (0, 0.5, 1.4):
        weather = CELLS._replace(showers=(share, share))
        most.append(storms(5, shape=(1, 1, 61, 61), weather=weather, blind=0).values.max((1, 2, 3, 4)))
    assert not most[0].any() and (most[1] < most[2]).all() and most[1].all()


def test_storms_lean():
    film = storms(8, shape=(1, 4, 41, 41), weather=LAYERS._replace(lean=(2, 2)), blind=0).values[:, 0]
    shift = drift(echo(film)[0])  # from height to height, as if they were steps
    assert shift.norm(dim=1).tolist() == pytest.approx([2] * 8, abs=0.1)


def test_a_blind_radar_is_blind_at_the_same_places_in_all_frames_and_the_future_is_whole():
    seen, partly = (storms(12, shape=(3, 4, 51, 51), after=20, blind=blind) for blind in (0, 1))
    missing = partly.values == MISSING
    assert not (seen.values == MISSING).any() and not (partly.future == MISSING).any()
    assert np.array_equal(np.where(missing, MISSING, seen.values), partly.values)
    assert (missing == missing[:, :1]).all()
    share = missing.mean((1, 2, 3, 4))
    assert 0.03 < share.mean() < 0.25 and share.max() < 0.6
    assert np.array_equal(partly.labels, seen.labels)


def test_no_radar_that_is_blind_in_part_sees_the_whole_map():
    assert (storms(6, shape=(1, 4, 101, 101), blind=1).values == MISSING).any((1, 2, 3, 4)).all()


OTHERS = {  # another value for each property of the weather
    "wind": (2.0, 2.5),
    "towards": (2.0, 0.1),
    "turn": (0.2, 0.0),
    "lean": (3.0, 4.0),
    "wet": (90.0, 1.0),
    "rough": 5.0,
    "waves": (30.0, 31.0),
    "pulse": 1.0,
    "lie": (1.0, 0.1),
    "stretch": (8.0, 9.0),
    "showers": (3.0, 4.0),
    "thin": 20.0,
    "power": 5.0,
    "size": 1.0,
    "life": 60.0,
    "early": 20.0,
    "line": (1.0, 1.0),
}


def test_every_option_of_storms_counts():
    weather, shape = Weather(**OTHERS), (3, 2, 9, 11)
    made = storms(2, 5, shape, km=2, after=4, blind=1, first=6, weather=weather)
    films = [_film(np.random.default_rng([5, 6 + number]), shape, 2, weather) for number in range(2)]
    seen = storms(2, 5, shape, km=2, after=4, blind=0, first=6, weather=weather)
    assert made.ids == ["storm_7", "storm_8"] and (made.values == MISSING).any()
    for number, film in enumerate(films):
        assert np.array_equal(seen.values[number], film[:3]) and np.array_equal(made.future[number], film[3:7])
        measured = made.values[number] != MISSING
        assert np.array_equal(made.values[number][measured], film[:3][measured])
        label = rain_rate(film[13:, 0, 4, 5]).sum() / 10
        assert made.labels[number] == pytest.approx(label.item(), abs=0.006)


@pytest.mark.parametrize("name", Weather._fields)
def test_every_property_of_the_weather_counts(name):
    shape = (15, 4, 31, 31)
    weathers = Weather(), Weather(**{name: OTHERS[name]})
    made = [storms(2, shape=shape, blind=0, weather=weather) for weather in weathers]
    assert set(OTHERS) == set(Weather._fields)
    assert (made[0].values != made[1].values).mean() > 0.02


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"n": 0}, "n is 0, expected 1 or more storms"),
        ({"seed": -1}, "seed is -1 and first 0, expected 0 or more"),
        ({"shape": (15, 4, 101)}, f"shape is (15, 4, 101), {SIZES}"),
        ({"shape": (0, 4, 9, 9)}, f"shape is (0, 4, 9, 9), {SIZES}"),
        ({"shape": (1, 5, 9, 9)}, f"shape is (1, 5, 9, 9), {SIZES}"),
        ({"km": 0}, "km is 0, expected 1 to 1: a map of 101 x 101 cells has 101 km at most"),
        (
            {"km": 5, "shape": (1, 1, 20, 24)},
            "km is 5, expected 1 to 4: a map of 20 x 24 cells has 101 km at most",
        ),
        ({"after": 21}, "after is 21, expected 0 to 20: two hours after the last frame"),
        ({"blind": 2}, "blind is 2, expected a share from 0 to 1"),
    ],
)
def test_storms_that_cannot_be_made_are_named(options, expected):
    assert message(ValueError, storms, **{"n": 1, **options}) == expected


# Text


def test_text_is_one_line_a_sequence(tmp_path):
    values = np.array([[[[[0, 7], [255, MISSING]]]]], np.uint8)
    write_text(tmp_path / "a.txt", Records(["train_1"], np.array([13.5]), values))
    assert (tmp_path / "a.txt").read_bytes() == b"train_1,13.5,0 7 255 -1\n"
    write_text(tmp_path / "a.txt", Records(["ü", "b"], [0, 1e-3], np.zeros((2, 1, 1, 1, 1), np.uint8)))
    assert (tmp_path / "a.txt").read_bytes() == "ü,0,0\nb,0.001,0\n".encode()


def test_storms_come_back_from_text_as_they_were(tmp_path):
    made = storms(3, shape=SMALL, blind=1)
    write_text(tmp_path / "storms.txt", made)
    read = read_serial(tmp_path / "storms.txt", SMALL, missing=MISSING)
    assert read.ids == made.ids and np.array_equal(read.labels, made.labels)
    assert np.array_equal(read.values, made.values)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"values": np.zeros((3, *SMALL), np.int8)}, "values are int8, expected uint8: codes from 0 to 255"),
        ({"labels": np.zeros(2)}, "there are 2 labels and 3 sequences, expected as many"),
        ({"labels": np.array([0, -1.5, 0])}, "label 1 is -1.5, expected 0 or more mm of rain"),
        ({"labels": np.array([0, 0, np.nan])}, "label 2 is nan, expected 0 or more mm of rain"),
        ({"ids": ["a", "b"]}, "there are 2 ids and 3 labels, expected as many"),
        ({"ids": ["a", "b,c", "d"]}, "id is 'b,c', expected text without comma or line end: rename it"),
        ({"ids": ["a", "", "d"]}, "id is '', expected text without comma or line end: rename it"),
    ],
)
def test_what_no_reader_would_take_is_not_written(tmp_path, change, expected):
    assert message(ValueError, write_text, tmp_path / "a.txt", some_records()._replace(**change)) == expected
    assert list(tmp_path.iterdir()) == []


def test_a_code_for_missing_that_is_no_code_is_named(tmp_path):
    expected = "missing is 300, expected a code from 0 to 255"
    assert message(ValueError, write_text, tmp_path / "a.txt", some_records(), missing=300) == expected


def test_a_failing_write_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, some_records(1))
    before = path.read_bytes()

    class Failing:
        dtype = np.dtype(np.uint8)

        def __len__(self):
            return 3

        def __iter__(self):
            yield some_records().values[0]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_text(path, some_records()._replace(values=Failing()))
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


# Dataset


def test_items_are_floats_with_the_missing_values_at_0():
    records = some_records()
    x, y = RainDataset(records.values, records.labels)[1]
    assert x.shape == SMALL and x.dtype == y.dtype == torch.float32
    assert torch.equal(x, echo(records.values)[0][1]) and not x[0, 0, :2].any()
    assert y.item() == 0.5 and len(RainDataset(records.values, records.labels)) == 3


def test_batches_are_volumes_and_labels():
    records = some_records(5)
    batches = list(DataLoader(RainDataset(records.values, records.labels), batch_size=2))
    assert [tuple(x.shape) for x, _ in batches] == [(2, *SMALL), (2, *SMALL), (1, *SMALL)]
    assert torch.cat([y for _, y in batches]).tolist() == [0, 0.5, 1, 1.5, 2]


def test_a_text_file_drops_in_by_its_path_and_its_values_stay_in_their_file(tmp_path):
    records = some_records()
    write_text(tmp_path / "train.txt", records)
    dataset = RainDataset.from_text(tmp_path / "train.txt", SMALL, progress=False)
    assert isinstance(dataset.values, np.memmap)
    assert torch.equal(dataset[2][0], echo(records.values)[0][2]) and dataset[2][1] == 1
    again = RainDataset.from_text(tmp_path / "train.txt", SMALL)  # from the cache
    assert torch.equal(again.labels, dataset.labels)


def test_another_code_for_missing_is_handed_on(tmp_path):
    records = Records(["a"], [1.0], np.array([[[[[254, 0]]]]], np.uint8))
    write_text(tmp_path / "a.txt", records, missing=0)
    assert (tmp_path / "a.txt").read_bytes() == b"a,1.0,254 -1\n"
    x, _ = RainDataset.from_text(tmp_path / "a.txt", (1, 1, 1, 2), missing=0, progress=False)[0]
    assert x.flatten().tolist() == pytest.approx([254 / 255, 0])


def test_a_dataset_takes_another_code_for_missing():
    values = np.array([7, 51, MISSING], np.uint8).reshape(1, 1, 1, 1, 3)
    x, _ = RainDataset(values, [1.0], missing=7)[0]
    assert x.flatten().tolist() == pytest.approx([0, 0.2, 254 / 255])


def test_every_option_of_a_text_reaches_its_cache(tmp_path, monkeypatch):
    records = some_records()
    path = tmp_path / "a.txt"
    write_text(path, records, missing=9)
    asked = []
    monkeypatch.setattr(dataset_room, "cache_text", lambda *a, **o: asked.append((a, o)) or cache_text(*a, **o))
    options = {"cache": tmp_path / "there", "overwrite": True, "workers": 2, "progress": False}
    dataset = RainDataset.from_text(path, (3, 2, 63), 9, **options)
    assert asked == [((path, (3, 2, 63)), {"missing": 9} | options)]
    expected = records.values.reshape(3, 3, 2, 63)
    assert np.array_equal(dataset.values, expected) and torch.equal(dataset[0][0], echo(expected, 9)[0][0])


def mapped(tmp_path, mode):
    path = tmp_path / "values.npy"
    if not path.exists():
        np.save(path, some_records(40, (3, 2, 16, 16)).values)
    return np.load(path, mmap_mode=mode)


@pytest.mark.parametrize("mode", ["r", "c"])
@pytest.mark.parametrize("part", [slice(None), slice(7, 30), slice(39, None)], ids=str)
def test_a_worker_gets_the_place_of_the_values_not_the_values(tmp_path, mode, part):
    dataset = RainDataset(mapped(tmp_path, mode)[part], np.zeros(len(range(40)[part])))
    sent = pickle.dumps(dataset)
    assert len(sent) < 2000 < dataset[0][0].nbytes
    there = pickle.loads(sent)
    assert isinstance(there.values, np.memmap) and len(there) == len(dataset)
    for index in (0, -1):
        assert torch.equal(there[index][0], dataset[index][0])


def test_values_that_are_in_no_file_or_lie_apart_in_it_are_sent(tmp_path):
    for values in (some_records().values, mapped(tmp_path, "c")[::2]):
        there = pickle.loads(pickle.dumps(RainDataset(values, np.zeros(len(values)))))
        assert type(there.values) is np.ndarray and np.array_equal(there.values, values)


def test_a_spawned_worker_reads_what_the_parent_would(tmp_path):
    dataset = RainDataset(mapped(tmp_path, "c")[8:], np.zeros(32))
    loader = DataLoader(dataset, batch_size=16, num_workers=1, multiprocessing_context="spawn")
    assert torch.equal(torch.cat([x for x, _ in loader]), torch.stack([x for x, _ in dataset]))


def test_labels_that_are_no_rain_are_named(tmp_path):
    records = some_records()
    expected = "label 0 is -3.0, expected 0 or more mm of rain"
    assert message(ValueError, RainDataset, records.values, [-3.0, 0, 0]) == expected
    expected = "values are float64, expected uint8: codes from 0 to 255"
    assert message(ValueError, RainDataset, records.values / 255, records.labels) == expected
