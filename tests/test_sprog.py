"""S-PROG as a rival: what pysteps is given and what is made of its answer, by hand; on real rain, its own."""

import os
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from clouds import cloud
from course.nowcast import rivals as room
from course.nowcast.judge import count_levels, sum_scores, tune_levels
from course.nowcast.plan import Plan
from course.nowcast.rivals import last_of, rivals_of
from course.nowcast.sprog import SPROG, find_sprog, s_prog
from course.nowcast.totals import join_sums
from course.nowcast.windows import Windows, move_frames
from course.radar import Frames
from course.rain import echo, echo_from_rain, rain_from_echo, rmse
from course.rain.motion import motion, semi_lagrangian

RADAR = Path(os.environ.get("COURSE_RADAR", "")) / "knmi_2010.npz"
PLAN = Plan(ahead=(1, 3), crop=0, pool=1)
KNOWN = "pysteps", "pysteps.nowcasts", "pysteps.nowcasts.sprog"


def seen(number=8):
    """Echo of the last four frames of a cloud. Shapes: (1, 4, H, W)."""
    light, known = echo(cloud(number)[-4:])
    return torch.where(known, light, torch.nan)[None]


def answer(mm):
    """Say so much rain everywhere, a tenth more each step, and note what was asked."""
    asked = []

    def forecast(precip, velocity, timesteps, precip_thr):
        asked.append((precip.copy(), velocity.copy(), timesteps, precip_thr))
        print("Computing S-PROG nowcast")
        warnings.warn("something is old", DeprecationWarning, stacklevel=2)
        rain = mm * 1.1 ** np.arange(1, timesteps + 1)[:, None, None]
        return np.broadcast_to(10 * np.log10(rain), (timesteps, *precip.shape[1:])).copy()

    return forecast, asked


def install(monkeypatch, forecast):
    for name in KNOWN:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules[KNOWN[-1]].forecast = forecast


def test_pysteps_is_given_decibels_of_rain_and_the_field_x_before_y_and_what_it_prints_is_kept_quiet(capsys):
    (forecast, asked), frames = answer(2), seen()
    maps = s_prog(forecast, frames, (1, 3))
    (db, velocity, steps, threshold), *others = asked
    assert not others and steps == 3 and threshold == pytest.approx(-10) and db.shape == (3, 16, 20)
    rain = rain_from_echo(frames[0, 1:].double()).numpy()
    wet = rain >= 0.1
    np.testing.assert_allclose(db[wet], 10 * np.log10(rain[wet]), atol=1e-5)
    assert (db[~wet & np.isfinite(rain)] == -15).all() and np.isnan(db[:, 0, 0]).all() and np.isnan(db).sum() == 3
    np.testing.assert_allclose(velocity, motion(frames)[0].flip(0).numpy())
    assert velocity[0].mean() > 0.5 > abs(velocity[1].mean())  # to the right
    known = maps.isfinite()
    for place, lead in enumerate((1, 3)):
        expected = float(echo_from_rain(2 * 1.1**lead))
        assert maps[0, place][known[0, place]].unique().tolist() == pytest.approx([expected])
    assert capsys.readouterr().out == ""


def test_missing_stays_missing_and_what_comes_from_outside_is_not_known():
    frames = seen()
    maps, moved = s_prog(answer(2)[0], frames, (1, 3)), semi_lagrangian(frames[:, -1], motion(frames), 3, edge="nan")
    assert torch.equal(maps.isfinite(), moved[:, [0, 2]].isfinite())
    assert not maps[0, 1, :, 0].isfinite().any() and maps.isfinite().float().mean() > 0.7


def test_less_rain_than_a_radar_shows_is_none():
    maps = s_prog(answer(0.05)[0], seen(), (1, 3))
    assert maps[maps.isfinite()].unique().tolist() == [0]


@pytest.mark.parametrize(
    "fault", [RuntimeError("nonstationary AR(p) process"), np.linalg.LinAlgError("singular"), None]
)
def test_where_s_prog_says_nothing_rain_moves_on_as_it_is(fault):
    def forecast(precip, velocity, timesteps, precip_thr):
        if fault is not None:
            raise fault
        return np.full((timesteps, *precip.shape[1:]), np.nan)

    frames = seen()
    moved = semi_lagrangian(frames[:, -1], motion(frames), 3, edge="nan")[:, [0, 2]]
    torch.testing.assert_close(s_prog(forecast, frames, (1, 3)), moved, equal_nan=True, atol=0, rtol=0)


def test_maps_without_rain_and_without_measurement_are_not_asked_of_pysteps():
    forecast, asked = answer(2)
    dry = s_prog(forecast, torch.zeros(1, 4, 16, 20), (1,))
    blind = s_prog(forecast, torch.full((1, 4, 16, 20), torch.nan), (1,))
    assert not asked and dry.unique().tolist() == [0] and blind.isnan().all()
    with pytest.raises(ValueError, match=r"expected \(B, A, H, W\) with 3 or more frames"):
        s_prog(forecast, torch.zeros(1, 2, 16, 20), (1,))


# Among the rivals


@pytest.fixture
def films(tmp_path):
    frames = Frames(cloud(14), np.datetime64("2025-01-01", "m") + 5 * np.arange(14), 2.0)
    return Windows(frames, move_frames(frames, PLAN.ahead, tmp_path, progress=False), range(8), PLAN, crop=0)


def test_it_is_a_rival_where_pysteps_is_installed_and_only_there(films, monkeypatch):
    install(monkeypatch, answer(2)[0])
    with_it = rivals_of(films, last_of(films.batch([0, 3])))
    assert list(with_it.forecasts)[-1] == SPROG and with_it.forecasts[SPROG].isfinite().all()
    assert with_it.forecasts[SPROG].shape == with_it.truth.shape
    monkeypatch.setitem(sys.modules, KNOWN[-1], None)  # as where it is not installed
    assert find_sprog() is None
    without = rivals_of(films, last_of(films.batch([0, 3])))
    assert list(without.forecasts) == list(with_it.forecasts)[:-1]


def test_a_machine_without_it_and_levels_tuned_without_it_do_no_harm(films, monkeypatch):
    def maps(forecast):
        monkeypatch.setattr(room, "find_sprog", lambda: forecast)
        found = rivals_of(films, last_of(films.batch([3])))
        return found._replace(forecasts={"RainNet": found.forecasts["mixture"]} | found.forecasts)

    here, there = maps(answer(2)[0]), maps(None)
    levels = tune_levels([count_levels([here]), count_levels([there])])
    assert SPROG not in levels and levels.keys() == there.forecasts.keys()
    sums = [sum_scores(each, 2.0, levels) for each in (here, there)]
    assert SPROG in sums[0] and join_sums(sums).keys() == there.forecasts.keys()


# As pysteps has it


@pytest.mark.skipif(not RADAR.exists(), reason="COURSE_RADAR names no radar data")
def test_on_real_rain_it_says_less_of_what_does_not_last_than_motion_alone():
    reason = "pysteps is not installed (it needs a C compiler): pip install pysteps opencv-python-headless"
    forecast = find_sprog()
    if forecast is None:
        pytest.skip(reason)
    with np.load(RADAR) as file:
        light, known = echo(file["codes"][20:30])
    x = torch.where(known, light, torch.nan)
    frames, truth = x[None, :4], x[None, [9]]
    ours = s_prog(forecast, frames, (6,))
    moved = semi_lagrangian(frames[:, -1], motion(frames), 6, edge="nan")[:, [5]]
    here = ours.isfinite() & truth.isfinite()
    assert torch.equal(ours.isfinite(), moved.isfinite()) and here.float().mean() > 0.3
    errors = [rmse(part.float(), truth, here) for part in (ours, moved)]
    assert errors[0] < errors[1]
