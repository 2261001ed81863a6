"""How much rain falls until a lead, in mm: trained by squared errors in mm, beside rivals that are fitted alike."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from clouds import cloud, write_radar
from course.nowcast import judge
from course.nowcast.amount_scores import AHEAD, CONSTANT, forecast_amounts, score_amounts, sum_amounts
from course.nowcast.amounts import Amounts
from course.nowcast.films import CHANNELS
from course.nowcast.hours import TEN, amount_of, echo_of
from course.nowcast.likely import count_chances, tune_chances
from course.nowcast.network import film_losses
from course.nowcast.plan import Plan
from course.nowcast.record import read_run
from course.nowcast.rivals import Maps, fit_rivals, last_of
from course.nowcast.training import train_rain
from course.nowcast.use import forecast_frames, score_frames
from course.nowcast.windows import Windows, move_frames
from course.radar import Frames
from course.rain import MISSING, echo_from_rain, rain_rate, rmse

PLAN = Plan(target="sum", hidden=(2,), ahead=(3,), pool=1, crop=16, gap=10, validation=0.2, held_out=0.3)
MOST = 140  # the code of the heaviest rain
QUIETLY = {"epochs": 1, "device": "cpu", "progress": False, "say": lambda line: None}


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    frames = Frames(cloud(14, most=MOST), np.datetime64("2025-01-01", "m") + 5 * np.arange(14), 2.0)
    moved = move_frames(frames, PLAN.ahead, tmp_path_factory.mktemp("moved"), False, summed=True)
    films = Windows(frames, moved, range(8), PLAN, crop=0)
    films.fitted = fit_rivals(films, [range(3), range(3, 8)])
    return films


@pytest.fixture(scope="module")
def radar(tmp_path_factory):
    return write_radar(tmp_path_factory.mktemp("radar") / "land.npz", most=MOST)


@pytest.fixture(scope="module")
def folder(radar, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    train_rain(out, PLAN, data=radar, scale="codes", **QUIETLY)
    return out


# Maps of amounts


def test_an_amount_is_the_rain_of_its_echo_in_tens_of_mm_and_less_than_none_is_none():
    mm = torch.tensor([0.0, 0.1, 5, 60])
    amount = amount_of(echo_from_rain(mm).float())
    torch.testing.assert_close(TEN * amount, mm, rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(echo_of(amount), echo_from_rain(mm).float())
    assert echo_of(torch.tensor([-0.5, torch.nan])).tolist() == pytest.approx([0, np.nan], nan_ok=True)


def test_a_film_asks_for_the_mm_until_each_lead_and_shows_those_that_motion_brings(films):
    batch = last_of(films.batch([2]))
    by_hand = rain_rate(films.frames.codes[6:9]).sum(0) * 5 / 60
    assert torch.equal(batch.seen[0, 0], by_hand.isfinite())
    here = batch.seen[0, 0]
    torch.testing.assert_close(10 * batch.y[0, 0][here], by_hand[here], atol=0.01, rtol=1e-3)
    moved = rain_rate(films.moved[5, 0, -1])
    known = torch.from_numpy(films.moved[5, 0, -1] != MISSING)
    assert torch.equal(batch.known[0, 0], known)
    torch.testing.assert_close(10 * batch.candidates[0, 0, 1][known], moved[known], atol=1e-6, rtol=1e-4)


def test_the_mixture_has_the_least_squared_error_in_mm_of_all_that_are_mixed(films):
    batch = last_of(films.batch(range(8)))
    here = batch.known & batch.seen
    mixed = rmse(batch.start, batch.y, here)
    assert all(mixed < rmse(part, batch.y, here) + 1e-6 for part in batch.candidates.unbind(2))
    shifted = [rmse(batch.start + change, batch.y, here) for change in (-0.003, 0.003)]
    assert mixed < min(shifted) and batch.y.max() > 0.03


def test_sums_err_alike_as_long_as_they_share_rain(films):
    plan = Plan(target="sum", ahead=(12,), pool=1)
    frames = Frames(np.zeros((60, 16, 20), np.uint8), np.datetime64("2025-01-01", "m") + 5 * np.arange(60), 2.0)
    for target, minutes in (("sum", 60), ("chance", 60), ("frames", 30)):
        some = Windows(frames, None, range(40), Plan(**(vars(plan) | {"target": target})), 0)
        names = some.blocks()
        assert len(set(names)) == len({(5 * start + 15) // minutes for start in range(40)})
    assert len(set(films.blocks())) == 2  # 15 minutes are less than half an hour


# The network


def test_a_new_network_says_the_start_and_sees_echo(films):
    batch, model = films.batch([0, 5]), Amounts(CHANNELS, (2,))
    assert torch.equal(model(batch.x, batch.start, batch.candidates), batch.start)
    seen = []
    model.net.register_forward_pre_hook(lambda net, given: seen.append((given[0] + 1) / 4))
    model(batch.x, batch.start, batch.candidates)
    expected = batch.x.flatten(0, 2).clone()
    for channel in (0, 2):
        expected[:, :, channel] = echo_from_rain(10 * expected[:, :, channel].clamp(min=0)).float()
    torch.testing.assert_close(seen[0], expected)


def test_the_loss_is_the_mean_squared_error_of_the_sum_in_mm(films):
    batch, model = films.batch([0, 5]), Amounts(CHANNELS, (2,))
    torch.nn.init.constant_(model.net.last.bias, 0.1)
    said = 10 * model(batch.x, batch.start, batch.candidates)
    for film, loss in enumerate(100 * film_losses(model, batch)):  # of mm, not of tens of mm
        here = batch.seen[film]
        error = said[film][here] - 10 * batch.y[film][here]
        assert loss.item() == pytest.approx(error.square().mean().item(), rel=1e-4)


def test_the_constant_is_the_mean_of_what_came_where_motion_knows_it(films):
    model = Amounts(CHANNELS, (2,))
    model.fit_start(films.batch(part) for part in ([0, 1, 2], [7]))
    batch = films.batch([0, 1, 2, 7])
    assert model.mean.tolist() == pytest.approx([batch.y[batch.seen & batch.known].mean().item()], rel=1e-5)
    maps = forecast_amounts(model, films, films.batch([4]))
    assert maps.forecasts[CONSTANT].unique().tolist() == pytest.approx([float(echo_from_rain(10 * model.mean))])


# Scores


def test_errors_are_those_of_mm_and_csi_has_the_level_that_was_tuned():
    truth, guess = torch.tensor([[0.0, 2, 8, 3]]), torch.tensor([[0.5, 1, 6, 0.2]])  # mm; the last is not known
    parts = [echo_from_rain(part).float().view(1, 1, 2, 2) for part in (truth, guess)]
    seen, known = torch.ones(1, 1, 2, 2, dtype=torch.bool), torch.tensor([[[[1, 1], [1, 0]]]], dtype=torch.bool)
    maps = Maps(parts[0], seen, known, {"RainNet": parts[1], "other": parts[0]})
    plain = score_amounts(sum_amounts(maps, 2.0))["RainNet"][0]
    assert plain["rmse"] == pytest.approx(((0.25 + 1 + 4 + 2.8**2) / 4) ** 0.5, rel=1e-4)
    assert plain["known"]["mae"] == pytest.approx(3.5 / 3, rel=1e-4)
    assert [plain[f"csi_{mm}"] for mm in (0.1, 1, 5)] == [3 / 4, 2 / 3, 1]
    levels = tune_chances([count_chances([maps])], sure=())
    assert levels["RainNet"] == [[0.2, 0.6, 0.3]]  # of 0.1, 1 and 5 mm: half a mm announces no 1, and 1 no 5
    tuned = score_amounts(sum_amounts(maps, 2.0, levels))["RainNet"][0]["known"]
    assert tuned["csi_1"] == 1 and tuned["csi_0.1"] == 2 / 3


def test_what_the_network_is_ahead_has_its_interval_over_blocks():
    generator = torch.Generator().manual_seed(0)
    truth = echo_from_rain(5 * torch.rand(8, 1, 6, 6, generator=generator)).float()
    seen = torch.ones_like(truth, dtype=torch.bool)
    maps = Maps(truth, seen, seen, {"RainNet": truth + 0.01, "persistence": (truth + 0.1).clamp(0, 1)})
    scores = score_amounts(sum_amounts(maps, 2.0), blocks=2)
    row = scores["persistence"][0]["known"]
    assert {f"ahead_{kind}" for kind in AHEAD} < row.keys() and row["blocks"] == 4
    more, low, high = row["ahead_rmse"]
    assert low <= more <= high < 0 and more == pytest.approx(scores["RainNet"][0]["rmse"] - row["rmse"])
    told = judge.describe_ahead(scores, (3,), 5, unit="mm")
    assert told.startswith("15 min ahead RainNet has ≈ ") and " mm less RMSE than its best rival, persistence" in told


# A run


def test_a_run_for_sums_scores_its_rivals_and_says_by_how_many_mm_it_is_ahead(folder, radar):
    scores, lines = json.loads((folder / "scores.json").read_text())["scores"], []
    motion = "semi-Lagrangian", "semi-Lagrangian, blurred", "mixture", "persistence"
    assert list(scores) == ["RainNet", *motion, "constant"]
    assert 0 < scores["mixture"][0]["known"]["rmse"] < scores["constant"][0]["known"]["rmse"]
    again = score_frames(folder, radar, device="cpu", progress=False, say=lines.append)
    assert again.keys() == scores.keys() and "RMSE mm  MAE mm  CSI 0.1 mm  CSI 1 mm  CSI 5 mm" in lines[0]
    assert lines[1].startswith("15 min ahead RainNet has ≈ ") and " mm " in lines[1]
    resumed = train_rain(folder, PLAN, data=radar, scale="codes", **QUIETLY)
    assert resumed.scores == scores


def test_forecast_writes_mm_and_draws_them_beside_those_of_motion(folder, radar, tmp_path):
    lines = []
    assert forecast_frames(folder, radar, tmp_path, device="cpu", progress=False, say=lines.append) == tmp_path
    told = np.load(tmp_path / "sum.npz")
    assert told["mm"].shape == (1, 16, 20) and told["minutes"].tolist() == [15]
    known = np.isfinite(told["mm"])
    assert 0.3 < known.mean() < 1 and told["mm"][known].min() >= 0 and told["mm"][known].max() > 0.3
    assert "holds the rain in mm within 15 min of 2025-01-01" in lines[0] and "the most at the last is ≈" in lines[0]
    with Image.open(tmp_path / "sum.png") as picture:
        assert picture.width > 400
    with pytest.raises(ValueError, match="ahead is 3, but .* says sums of its own leads"):
        forecast_frames(folder, radar, tmp_path, ahead=3, device="cpu", progress=False)
    assert isinstance(read_run(folder).build(), Amounts)


def test_sums_want_two_dimensions_and_no_other_loss():
    with pytest.raises(ValueError, match="loss balanced, but target is sum: leave both out"):
        Plan(target="sum", loss="balanced")
