"""A run that has ended: what its folder says, forecasts from the newest frames, scores on others, fine-tuning."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from clouds import write_radar
from course.nowcast.__main__ import command
from course.nowcast.alike import read_alike, take_last
from course.nowcast.judge import forecast
from course.nowcast.outlook import predict, write_outlook
from course.nowcast.plan import Plan
from course.nowcast.record import note_run, read_run, write_note
from course.nowcast.sprog import find_sprog
from course.nowcast.totals import PARTS
from course.nowcast.training import train_rain
from course.nowcast.use import score_frames
from course.nowcast.windows import Windows, move_frames, move_on
from course.radar import Frames, read_frames
from course.rain import MISSING, rain_rate

PLAN = Plan(hidden=(2,), ahead=(1, 2), pool=1, crop=16, gap=10, validation=0.2, held_out=0.3, lr=0.05)
QUIETLY = {"epochs": 1, "device": "cpu", "progress": False, "say": lambda line: None}  # 30 films: two steps
RIVALS = ["RainNet", "semi-Lagrangian", "semi-Lagrangian, blurred", "mixture", "persistence"]
RIVALS += ["translation", "translation, blurred"] + ["S-PROG"] * (find_sprog() is not None)


@pytest.fixture(scope="module")
def radar(tmp_path_factory):
    return write_radar(tmp_path_factory.mktemp("radar") / "land.npz")


@pytest.fixture(scope="module")
def folder(radar, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    train_rain(out, PLAN, data=radar, scale="codes", **QUIETLY)
    return out


@pytest.fixture
def run(folder):
    return read_run(folder)


@pytest.fixture
def recent(run, radar):
    return take_last(run, read_alike(run, radar), radar)


def told(words, capsys):
    with pytest.raises(SystemExit) as end:
        command(list(map(str, words)))
    assert end.value.code == 1
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    return line[:-1]


# What the folder says.


def test_plan_json_says_what_the_run_is_and_what_it_knows_of_its_data(folder, run):
    note = json.loads((folder / "plan.json").read_text())
    assert (run.plan, run.km, run.minutes) == (PLAN, 2.0, 5)
    assert note["reading"] == {"km": None, "minutes": None, "scale": "codes", "missing": None, "pool": 1}
    # Of 40 frames 20, 8 and 12; films of 6 on two squares to train on; 10 minutes between the parts.
    assert note["split"] == {
        "train on": {"films": 30, "first": "2025-01-01T00:00", "last": "2025-01-01T01:35"},
        "choose by": {"films": 2, "first": "2025-01-01T01:45", "last": "2025-01-01T02:15"},
        "judge by": {"films": 6, "first": "2025-01-01T02:25", "last": "2025-01-01T03:15"},
    }
    assert len(run.fitted.dampings) == 2 and run.fitted.dampings[0] != run.fitted.dampings[1]
    assert [len(weights) for weights in run.fitted.mixtures] == [6, 6] and run.levels.keys() == set(RIVALS)
    assert isinstance(note["checksum of the films"], int) and note["checksum of init"] is None


def test_a_run_without_films_to_choose_by_says_that_there_are_none(radar):
    frames = read_frames(radar)
    parts = {"train on": Windows(frames, None, [3], PLAN, 8), "choose by": Windows(frames, None, [], PLAN, 0)}
    assert note_run(PLAN, parts, {})["split"]["choose by"] == {"films": 0}


def test_other_frames_of_the_same_shape_and_other_cells_are_another_run(folder, radar, tmp_path):
    shutil.copytree(folder, tmp_path / "run")
    for place, name in (
        (write_radar(tmp_path / "other.npz", shift=3), "checksum of the films is"),
        (write_radar(tmp_path / "wide.npz", km=3.0), "km is 2.0 there and 3.0 here"),
    ):
        with pytest.raises(ValueError, match=f"step_000002 is of another run: {name}"):
            train_rain(tmp_path / "run", PLAN, data=place, **QUIETLY)
    assert read_run(tmp_path / "run").km == 2.0


def test_weights_stay_known_while_the_same_run_goes_on_and_not_in_another_one(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "run")
    note = json.loads((folder / "plan.json").read_text())
    known = note.pop("weights")
    for change, weights in (({}, known), ({"km": 7}, None)):
        write_note(tmp_path / "run", note | change)
        assert json.loads((tmp_path / "run" / "plan.json").read_text())["weights"] == weights
    with pytest.raises(FileNotFoundError, match="has no weights yet, for its training has not ended: give the command"):
        read_run(tmp_path / "run")


def test_weights_of_another_run_are_refused(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "run")
    weights = torch.load(tmp_path / "run" / "weights.pt", weights_only=True)
    weights["net.last.bias"] += 1
    torch.save(weights, tmp_path / "run" / "weights.pt")
    with pytest.raises(ValueError, match="weights.pt is not of the run that plan.json beside it tells of"):
        read_run(tmp_path / "run")


# Forecasts.


def test_a_forecast_is_what_the_network_says_of_a_film_that_ends_there(run, radar, recent, tmp_path):
    frames = read_frames(radar)
    longer = Frames(np.concatenate([frames.codes, frames.codes[:2]]), np.arange(42).astype("datetime64[m]"), 2.0)
    films = Windows(longer, move_frames(longer, (1, 2), tmp_path, False), [36], PLAN, crop=0)
    films.fitted = run.fitted
    expected = 255 * forecast(run.build(), films, films.batch([0])).forecasts["RainNet"][0].numpy()
    outlook = predict(run, recent)
    known = outlook.codes != MISSING
    assert abs(outlook.codes.astype(float) - expected)[known].max() <= 0.5001
    assert outlook.codes[known].max() > 100 and 0.5 < known.mean() < 1
    assert list(outlook.times) == [np.datetime64("2025-01-01T03:20"), np.datetime64("2025-01-01T03:25")]


def test_what_motion_brings_from_outside_is_unknown_to_network_and_rival(run, recent):
    outlook = predict(run, recent)
    assert np.array_equal(outlook.moved, move_on(recent.codes, (1, 2), ages=1)[:, 0])
    assert np.array_equal(outlook.codes == MISSING, outlook.moved == MISSING)


def test_beyond_its_leads_a_run_goes_on_from_its_own_forecasts(run, recent):
    four, two = predict(run, recent, 4), predict(run, recent)
    assert np.array_equal(four.codes[:2], two.codes) and four.minutes.tolist() == [5, 10, 15, 20]
    codes = np.concatenate([recent.codes[2:], two.codes])
    times = np.concatenate([recent.times[2:], two.times])
    again = predict(run, Frames(codes, times, 2.0))
    assert np.array_equal(four.codes[2:], again.codes)
    assert np.array_equal(predict(run, recent, 3).codes, four.codes[:3])
    assert np.array_equal(
        four.moved, move_on(recent.codes, (1, 2, 3, 4), ages=1)[:, 0]
    )  # of the rival the motion stays
    assert predict(run, recent, 1).minutes.tolist() == [5]


def test_as_many_frames_after_a_gap_as_the_network_sees_suffice(run, tmp_path):
    place = write_radar(tmp_path / "late.npz", gaps=[36])
    recent = take_last(run, read_alike(run, place), place)
    assert len(recent.codes) == 4 and predict(run, recent).codes.shape == (2, 16, 20)


def test_where_no_cell_is_known_a_forecast_says_so(run, recent, tmp_path):
    blind = recent._replace(codes=np.full_like(recent.codes, MISSING))
    assert write_outlook(predict(run, blind), tmp_path / "forecast.npz").endswith("2025-01-01 03:15: no cell is known")


def test_without_each_lead_from_one_on_a_run_cannot_go_on(run, recent):
    far = run._replace(plan=Plan(**vars(PLAN) | {"ahead": (2, 4)}))
    told = (
        "forecasts 2, 4 frames ahead: to go on from its own forecasts it needs each from 1 on: train one by --ahead 1 2"
    )
    with pytest.raises(ValueError, match=told):
        predict(far, recent, 6)
    with pytest.raises(ValueError, match="ahead is 1, but .* forecasts 2, 4 frames ahead, expected 2 or more"):
        predict(far, recent, 1)


def test_a_forecast_is_written_as_numbers_stills_and_a_film_each_told_in_a_sentence(folder, run, radar, capsys):
    assert command(["forecast", str(folder), str(radar), "--device", "cpu"]) == 0
    out = folder / "forecast_202501010315"
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [str(out / f"forecast.{end}") for end in ("npz", "png", "gif")]
    with np.load(out / "forecast.npz") as found:
        rain, codes = found["rain"], found["echo_codes"]
    assert rain.dtype == np.float32 and rain.shape == (2, 16, 20)
    np.testing.assert_array_equal(rain, rain_rate(codes).numpy())
    assert np.array_equal(np.isnan(rain), codes == MISSING)
    lead, row, column = np.argwhere(rain == np.nanmax(rain))[0]
    where = f"in row {row} and column {column} at 2025-01-01 {['03:20', '03:25'][lead]}"
    assert lines[0].endswith(
        f"2 leads up to 10 min after 2025-01-01 03:15: the most is ≈ {np.nanmax(rain):.1f} mm/h {where}"
    )
    assert lines[1].endswith("the last frame and 2 leads of 2") and lines[2].endswith("4 frames and 2 leads as a film")
    with Image.open(out / "forecast.gif") as film, Image.open(out / "forecast.png") as stills:
        assert film.n_frames == 6 and stills.width > stills.height > 200


def test_a_forecast_can_be_read_as_frames(run, recent, tmp_path):
    outlook = predict(run, recent)
    write_outlook(outlook, tmp_path / "forecast.npz")
    frames = read_frames(tmp_path / "forecast.npz")
    assert list(frames.times) == list(outlook.times) and frames.km == 2
    codes = outlook.codes.astype(int)
    codes[codes < 46] = 0  # below 0.1 mm/h
    assert abs(frames.codes.astype(int) - codes).max() <= 1  # at 0.1 mm/h codes begin


# Scores.


def test_scores_are_those_of_all_films_of_whole_maps_without_a_gap(folder, tmp_path, capsys):
    place = write_radar(tmp_path / "sea.npz", count=20, gaps=[9], shift=5)
    assert command(["score", str(folder), str(place), "--device", "cpu", "--cache", str(tmp_path / "made")]) == 0
    lines = capsys.readouterr().out.splitlines()
    report = json.loads((folder / "scores_sea.json").read_text())
    codes = np.load(place)["codes"].astype(float)
    codes[codes == MISSING] = np.nan
    now = [*range(3, 7), *range(12, 18)]  # the last frame that is seen, of four and of six films
    assert (report["films"], report["last"]) == (10, "2025-01-01T02:30")
    for lead in (1, 2):
        error = np.sqrt(np.nanmean([(codes[frame + lead] - codes[frame]) ** 2 for frame in now]))
        assert report["scores"]["persistence"][lead - 1]["rmse"] == pytest.approx(error, rel=1e-5)
    told = [f"{minutes} min ahead, {cells}" for minutes in (5, 10) for cells in PARTS.values()]
    each = len(RIVALS) + 3  # a table has two lines above them, and one below
    end = len(told) * each
    assert lines[:end:each] == told and [line.split(" has ")[0] for line in lines[end - 1 : end + 1]] == [
        "5 min ahead RainNet",
        "10 min ahead RainNet",
    ]
    assert lines[end + 1].startswith("10 of 10 films are of hours that ") and "that flatters it" in lines[end + 1]
    assert (
        lines[end + 2]
        == f"{folder / 'scores_sea.json'} holds the scores of 10 films from 2025-01-01T00:00 to 2025-01-01T02:30"
    )


def test_scores_on_the_films_that_judged_are_those_of_the_training(folder, radar, tmp_path):
    with np.load(radar) as found:
        last = {"codes": found["codes"][29:], "minutes": found["minutes"][29:], "start": found["start"], "km": 2.0}
    np.savez(tmp_path / "last.npz", **last)
    lines = []
    scores = score_frames(folder, tmp_path / "last.npz", device="cpu", progress=False, say=lines.append)
    expected = json.loads((folder / "scores.json").read_text())["scores"]
    assert scores == expected
    assert not any("flatters" in line for line in lines)


# What cannot be.


@pytest.mark.parametrize("use", ["forecast", "score"])
def test_what_is_no_run_or_was_trained_on_films_is_told_in_one_sentence(use, folder, radar, tmp_path, capsys):
    nowhere, empty, films, broken = (tmp_path / name for name in ("nowhere", "empty", "films", "broken"))
    empty.mkdir()
    for copy in (films, broken):
        shutil.copytree(folder, copy)
    films.joinpath("plan.json").write_text(
        (folder / "plan.json").read_text().replace('"data": "frames"', '"data": "films"')
    )
    broken.joinpath("plan.json").write_text("{")
    expected = "expected the --out of a training: name another folder"
    for place, sentence in (
        (nowhere, f"there is no folder {nowhere}, {expected}"),
        (empty, f"{empty} has no plan.json, {expected}"),
        (films, f"{films} was trained on films, expected a run on frames of a radar: train one by --data FRAMES"),
        (
            broken,
            f"{broken / 'plan.json'} is damaged or of another version: give the command of its training again",
        ),
    ):
        assert told([use, place, radar, "--device", "cpu"], capsys) == sentence


def test_frames_that_do_not_fit_the_run_are_told_in_one_sentence(folder, run, tmp_path, capsys):
    path, both = tmp_path / "some.npz", ["forecast", "score"]
    length = f"expected 6 or more: {folder} sees 4 and forecasts 2: give more"
    for options, uses, sentence in (
        ({"km": 3.0}, both, f"3 km from cell to cell, expected 2, as {folder}: name other frames"),
        ({"km": 1.0}, both, f"1 km from cell to cell, expected 2, as {folder}: give pool 2"),
        ({"minutes": 10}, both, f"10 minutes from frame to frame, expected 5, as {folder}: name other frames"),
        ({"count": 3}, both[:1], f"3 frames, expected 4 or more, as {folder} sees: give more"),
        ({"count": 5}, both[1:], f"5 frames without a gap, {length}"),
        ({"gaps": [5], "count": 10}, both[1:], f"5 frames without a gap, {length}"),
        (
            {"gaps": [38]},
            both[:1],
            f"a gap from 2025-01-01T03:05 to 2025-01-01T04:05 in its last 4 frames, which {folder} wants without: "
            "give the frames of it, or 2 more at the end",
        ),
    ):
        write_radar(path, **options)
        for use in uses:
            assert told([use, folder, path, "--device", "cpu"], capsys) == f"{path} has {sentence}"


def test_options_of_the_run_count_unless_others_are_given_and_are_named_in_an_error(run, tmp_path):
    np.save(tmp_path / "plain.npy", np.full((6, 16, 20), 100, np.uint8))
    wanted = run._replace(reading=run.reading | {"minutes": 5, "km": 2.0})
    assert read_alike(wanted, tmp_path / "plain.npy").km == 2
    with pytest.raises(
        ValueError, match=r"does not say how large its cells are.*\(the training of .* had scale codes\)"
    ):
        read_alike(run, tmp_path / "plain.npy")
    assert read_alike(run, tmp_path / "plain.npy", km=1.0, minutes=5, pool=2).codes.shape == (6, 8, 10)


def test_a_wrong_word_is_told_with_the_help_that_is_meant(capsys):
    sentence = "unrecognized arguments: --bath 3: see python -m course.nowcast score --help"
    assert told(["score", "a", "b", "--bath", "3"], capsys) == sentence


def test_help_tells_of_the_three_uses_without_torch():
    code = (
        "import sys\nfrom course.nowcast.__main__ import command\n"
        "for words in (['--help'], ['forecast', '--help'], ['score', '--help']):\n"
        "    try:\n        command(words)\n    except SystemExit as end:\n        print('status', end.code)\n"
        "print(sorted({'torch', 'matplotlib'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.count("status 0") == 3 and done.stdout.endswith("\n[]\n")
    training, outlook, scores, _ = done.stdout.split("status 0")
    assert "course.nowcast forecast RUN FRAMES" in training and "course.nowcast score RUN FRAMES" in training
    assert "--ahead N" in outlook and "--ahead" not in scores and "--pool N" in scores


# Fine-tuning.


def test_a_run_begins_with_the_weights_of_another_one_or_of_a_file(folder, run, radar, tmp_path):
    still = Plan(**vars(PLAN) | {"optimizer": "sgd", "lr": 1e-30, "seed": 1})
    for name, init in (("a", folder), ("b", folder / "weights.pt")):
        train_rain(tmp_path / name, still, data=radar, init=init, **QUIETLY)
        weights = read_run(tmp_path / name).weights
        assert all(torch.equal(weights[key], run.weights[key]) for key in run.weights)
    assert json.loads((tmp_path / "a" / "plan.json").read_text())["checksum of init"] is not None


def test_with_what_weights_a_run_began_must_be_the_same_to_go_on(folder, radar, tmp_path):
    train_rain(tmp_path / "out", PLAN, data=radar, init=folder, **QUIETLY)
    with pytest.raises(ValueError, match=r"of another run: checksum of init is \d+ there and None here"):
        train_rain(tmp_path / "out", PLAN, data=radar, **QUIETLY)
    with pytest.raises(ValueError, match=r"of another run: checksum of init is \d+ there and \d+ here"):
        train_rain(tmp_path / "out", PLAN, data=radar, init=tmp_path / "out", **QUIETLY)


def test_weights_to_begin_with_that_are_not_there_or_do_not_fit_are_named(folder, radar, tmp_path):
    for plan, init, sentence in (
        (PLAN, tmp_path, f"init is {tmp_path}, but there is no {tmp_path / 'weights.pt'}: name a run that has ended"),
        (PLAN, folder / "plan.json", "plan.json is not a checkpoint: name another file"),
        (Plan(**vars(PLAN) | {"hidden": (3,)}), folder, "is of another network: net."),
        (Plan(**vars(PLAN) | {"hidden": (2, 2)}), folder, "is absent there and (8, 2, 3, 3) here"),
    ):
        with pytest.raises((ValueError, FileNotFoundError)) as error:
            train_rain(tmp_path / "out", plan, data=radar, init=init, **QUIETLY)
        assert sentence in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "out" / "plan.json").exists()
