"""Sums of rain until a lead and how likely they are: by hand, monotone, from the regression on, scored and drawn."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from clouds import cloud, write_radar
from course.nowcast.__main__ import command
from course.nowcast.chances import MM, Chances, chance_losses, thresholds
from course.nowcast.films import AGES, CANDIDATES, CHANNELS, Batch
from course.nowcast.hours import sum_on, sum_until
from course.nowcast.plan import Plan
from course.nowcast.record import read_run
from course.nowcast.training import train_rain
from course.nowcast.use import forecast_frames, score_frames
from course.nowcast.windows import Windows, move_frames
from course.radar import Frames
from course.rain import MISSING, echo_from_rain, rain_from_echo, rain_rate

PLAN = Plan(target="chance", hidden=(2,), ahead=(3,), pool=1, crop=16, gap=10, validation=0.2, held_out=0.3)
MOST = 140  # the code of the heaviest rain
QUIETLY = {"epochs": 1, "device": "cpu", "progress": False, "say": lambda line: None}


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def radar(tmp_path_factory):
    return write_radar(tmp_path_factory.mktemp("radar") / "land.npz", most=MOST)


@pytest.fixture(scope="module")
def folder(radar, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    train_rain(out, PLAN, data=radar, scale="codes", **QUIETLY)
    return out


# Sums


def test_rain_that_stays_is_summed_up_over_each_lead_and_each_age():
    codes = np.full((AGES, 16, 16), 120, np.uint8)
    rain = rain_rate(codes[:1])[0, 0, 0].item()
    sums = rain_rate(sum_on(codes, (3, 6), 10))
    assert sums.shape == (2, AGES, 16, 16)
    assert sums[0].flatten().tolist() == pytest.approx([rain / 2] * sums[0].numel(), rel=0.03)  # half a code
    assert sums[1].flatten().tolist() == pytest.approx([rain] * sums[1].numel(), rel=0.03)


def test_the_sum_of_a_cloud_is_that_of_its_frames_and_a_cell_that_is_unknown_at_any_step_is_missing():
    codes = cloud(20, (32, 60), MOST)[6:]
    truth, seen = sum_until(codes[None, AGES:], (3,), 5)
    by_hand = rain_rate(codes[AGES : AGES + 3]).sum(0) * 5 / 60
    assert torch.equal(seen[0, 0], by_hand.isfinite()) and not seen[0, 0, 0, 0]
    torch.testing.assert_close(rain_from_echo(truth[0, 0])[1:], by_hand[1:], atol=0.02, rtol=1e-3)
    moved = sum_on(codes[:AGES], (3,), 5)[0]
    known = moved[-1] != MISSING
    assert not known[:, 0].any() and known[4:28, 10:].all()  # it comes from the left
    for age in range(AGES):  # each age brings the cloud to the same place
        near, truth = rain_rate(moved[-1 - age])[4:13, 8:16], by_hand[4:13, 8:16]
        assert (near - truth).abs().max() < 0.2 * truth.max()


def test_a_film_asks_for_the_sum_until_each_lead(tmp_path):
    frames = Frames(cloud(12, most=MOST), np.datetime64("2025-01-01", "m") + 5 * np.arange(12), 2.0)
    films = Windows(frames, move_frames(frames, PLAN.ahead, tmp_path, False, summed=True), range(6), PLAN, crop=0)
    batch = films.batch([2])
    expected, seen = sum_until(frames.codes[None, 6:], PLAN.ahead, 5)
    assert torch.equal(batch.y[0], expected) and torch.equal(batch.seen[0], seen)


# The network


def batch_of(leads=2, films=3):
    shape = films, 1, leads
    x, start = noise(*shape, AGES, CHANNELS, 9, 9), noise(*shape, 9, 9, seed=1) / 2
    candidates, y = noise(*shape, CANDIDATES, 9, 9, seed=2) / 2, noise(*shape, 9, 9, seed=3) / 2
    known = torch.ones_like(y, dtype=torch.bool)
    return Batch(x, start, candidates, known, noise(films, 1, AGES, 9, 9, seed=4), y, noise(*shape, 9, 9, seed=5) > 0.2)


def test_a_new_network_says_the_logistic_regression_and_the_climate_is_how_often_it_came():
    batch, model = batch_of(), Chances(CHANNELS, (2,), leads=2)
    model.fit_start([batch])
    logits = model(batch.x, batch.start, batch.candidates)
    assert logits.shape == (3, 1, 2, len(MM), 9, 9)
    torch.testing.assert_close(logits, model.regress(batch.candidates), atol=1e-5, rtol=0)
    for lead in (0, 1):
        y = batch.y[:, 0, lead][batch.seen[:, 0, lead]]
        often = [(y >= least).float().mean().item() for least in thresholds()]
        assert model.climate[lead].tolist() == pytest.approx(often)
        chance = logits[:, 0, lead].sigmoid().movedim(1, -1)[batch.seen[:, 0, lead]].mean(0)
        assert chance.tolist() == pytest.approx(often, abs=0.01)  # what a regression keeps


def test_whatever_it_learns_a_higher_threshold_is_never_likelier():
    batch, model = batch_of(), Chances(CHANNELS, (2,), leads=2)
    model.fit_start([batch])
    with torch.no_grad():
        for parameter in model.net.parameters():
            parameter.copy_(20 * noise(*parameter.shape) - 10)
    logits = model(batch.x, batch.start, batch.candidates)
    assert (logits.diff(dim=-3) <= 0).all() and (logits - model.regress(batch.candidates)).abs().max() > 1


def test_the_loss_is_the_cross_entropy_of_the_cells_that_were_measured():
    batch, model = batch_of(), Chances(CHANNELS, (2,), leads=2)
    with torch.no_grad():
        model.biases.copy_(torch.tensor([2.0, 0.0, -2.0]))
    losses, chance = chance_losses(model, batch), torch.tensor([2.0, 0.0, -2.0]).double().sigmoid()
    for film in range(3):
        y = batch.y[film][batch.seen[film]]
        costs = [
            -torch.where(y >= least, one.log(), (1 - one).log()).mean() for least, one in zip(thresholds(), chance)
        ]
        assert losses[film].item() == pytest.approx(sum(costs).item() / 3, rel=1e-5)
    blind = batch._replace(seen=torch.zeros_like(batch.seen))
    assert chance_losses(model, blind).tolist() == [0, 0, 0]


# A run


def test_a_run_for_chances_scores_its_rivals_on_all_cells_and_on_known_ones(folder):
    scores = json.loads((folder / "scores.json").read_text())["scores"]
    motion = "semi-Lagrangian", "semi-Lagrangian, blurred", "mixture", "persistence"
    assert list(scores) == ["RainNet", "logistic regression", "climatology", *motion]
    row = scores["RainNet"][0]["known"]["0.1"]
    assert 0 < row["brier"] < 0.25 and np.nansum(np.array(row["reliability"][2], float)) > 0
    assert scores["climatology"][0]["measured"]["1"]["skill"][0] == 0


def test_score_tells_the_tables_and_the_run_is_resumed_to_the_same(folder, radar):
    lines = []
    scores = score_frames(folder, radar, device="cpu", progress=False, say=lines.append)
    assert lines[0].startswith("15 min, all cells that were measured") and "15 min, cells known to motion" in lines[0]
    assert "Brier score less that of the logistic regression" in lines[1] or "too few blocks" in lines[1]
    again = train_rain(folder, PLAN, data=radar, scale="codes", **QUIETLY)
    assert (
        again.scores == json.loads((folder / "scores.json").read_text())["scores"]
        and scores.keys() == again.scores.keys()
    )


def test_forecast_writes_chances_that_fall_with_the_threshold_and_draws_them(folder, radar, tmp_path):
    lines = []
    assert forecast_frames(folder, radar, tmp_path, device="cpu", progress=False, say=lines.append) == tmp_path
    told = np.load(tmp_path / "chance.npz")
    chance, mm = told["chance"], told["mm"]
    assert chance.shape == (1, 3, 16, 20) and mm.tolist() == list(MM) and told["minutes"].tolist() == [15]
    known = np.isfinite(chance)
    assert 0.3 < known.mean() < 1 and (known == known[:, :1]).all()
    assert (np.diff(chance, axis=1)[known[:, 1:]] <= 1e-6).all() and chance[known].min() >= 0
    with Image.open(tmp_path / "chance.png") as picture:
        assert picture.width > 500 and "chances that 0.1, 1, 5 mm" in lines[0]
    with pytest.raises(ValueError, match="ahead is 3, but .* says chances of its own leads"):
        forecast_frames(folder, radar, tmp_path, ahead=3, device="cpu", progress=False)


def test_a_run_keeps_its_regression(folder):
    run = read_run(folder)
    model = run.build()
    assert isinstance(model, Chances) and model.weights.abs().sum() > 0 and run.plan.target == "chance"


def test_chances_want_a_radars_frames_two_dimensions_and_no_other_loss(tmp_path, capsys):
    assert (
        command_fails(["--target", "chance", "--out", str(tmp_path)], capsys).count("expected frames of a radar") == 1
    )
    with pytest.raises(ValueError, match="target is 'sums', expected frames, chance or sum"):
        Plan(target="sums")
    with pytest.raises(ValueError, match="loss balanced, but target is chance"):
        Plan(target="chance", loss="balanced")


def command_fails(words, capsys):
    with pytest.raises(SystemExit) as caught:
        command(words)
    return f"{caught.value} {capsys.readouterr().err}"


def test_a_threshold_is_the_echo_of_its_rain():
    assert rain_from_echo(torch.tensor(thresholds())).tolist() == pytest.approx(list(MM), rel=1e-3)
    assert thresholds()[1] == float(echo_from_rain(1))
