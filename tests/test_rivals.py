"""What a network has to beat: motion, blurred motion, a mixture, one translation for all, and no change."""

import numpy as np
import pytest
import torch

from course.nowcast.films import Films, mix
from course.nowcast.judge import forecast
from course.nowcast.network import Nowcast
from course.nowcast.plan import Plan
from course.nowcast.rivals import fit_rivals, last_of, rivals_of, translate
from course.nowcast.windows import Windows, move_frames
from course.radar import Frames
from course.rain import MISSING, drift, echo, fit_damping, move, storms

PLAN = Plan(ahead=(1, 3), crop=8, pool=1)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Two bumps that move on by a cell a frame and fade, seen by a radar that does not see its first rows."""
    row, column = np.mgrid[:16, :20]
    codes = np.empty((14, 16, 20), np.uint8)
    for number in range(len(codes)):
        bumps = [
            np.exp(-((row - down) ** 2 + (column - number - right) ** 2) / 12) for down, right in ((5, 2), (11, 5))
        ]
        codes[number] = 180 * 0.9**number * sum(bumps)
    codes[:, 0] = MISSING
    frames = Frames(codes, np.datetime64("2025-01-01", "m") + 5 * np.arange(14), 2.0)
    moved = move_frames(frames, PLAN.ahead, tmp_path_factory.mktemp("moved"), progress=False)
    return Windows(frames, moved, range(8), PLAN, crop=0)


def test_the_rivals_of_a_radars_frames_are_named_and_a_new_network_says_the_start(films):
    maps = forecast(Nowcast(films.channels, (2,)), films, films.batch([0, 5]))
    motion = "semi-Lagrangian", "semi-Lagrangian, blurred", "mixture", "persistence"
    shifted = "translation", "translation, blurred"
    assert list(maps.forecasts)[:7] == ["RainNet", *motion, *shifted]  # then S-PROG, where pysteps is installed
    assert torch.equal(maps.forecasts["RainNet"], maps.forecasts["mixture"])
    codes = echo(films.frames.codes)[0]
    assert torch.equal(maps.truth, codes[torch.tensor([[4, 6], [9, 11]])])
    assert torch.equal(maps.forecasts["persistence"], codes[torch.tensor([[3, 3], [8, 8]])])


def test_a_translation_moves_the_newest_frame_as_drift_finds_it(films):
    frames = last_of(films.batch([2])).frames
    x, seen = frames.nan_to_num(), frames.isfinite()
    moved = translate(frames, (1, 3))
    known = moved.isfinite()
    for place, lead in enumerate((1, 3)):
        expected = move(x[:, -1], drift(x, seen), lead)
        torch.testing.assert_close(moved[:, place][known[:, place]], expected[known[:, place]], atol=1e-6, rtol=0)
    assert 0.6 < known.float().mean() < 1 and not known[0, 1, :, :2].any()


@pytest.mark.parametrize("km", [2, None])
def test_dampings_are_fitted_lead_by_lead_where_motion_knows_what_comes(films, km):
    few = films if km else Films(storms(4, 0, (7, 1, 16, 16)).values, (1, 3), 1, 2)
    batch = last_of(few.batch(range(4)))
    fitted = fit_rivals(few, [range(2), range(2, 4)])
    plain = torch.where(batch.known, batch.candidates[:, :, 1], torch.nan)
    widths = (0, 1, 1.5, 2, 3, 4, 6, 8, 12, 16)
    for lead in (0, 1):
        assert fitted.dampings[lead] == fit_damping(plain[:, lead], batch.y[:, lead], batch.seen[:, lead], widths)
    assert fitted.dampings[0] != fitted.dampings[1]
    assert (fitted.translations == fitted.dampings) == (km is None)


def test_the_mixture_is_the_least_squares_solution_over_all_known_cells(films):
    fitted = fit_rivals(films, [range(3), range(3, 8)])
    films.fitted = fitted
    batch = last_of(films.batch(range(8)))
    here = batch.known & batch.seen
    for lead in (0, 1):
        cells = here[:, lead]
        first = batch.candidates[:, lead, 0]
        terms = (batch.candidates[:, lead, 1:] - first.unsqueeze(1)).movedim(1, -1)[cells].double().numpy()
        left = (batch.y[:, lead] - first)[cells].double().numpy()
        expected, *_ = np.linalg.lstsq(np.column_stack([np.ones(len(terms)), terms]), left)
        assert fitted.mixtures[lead] == pytest.approx(expected.tolist(), rel=1e-3, abs=1e-5)
        mixed = mix(fitted.mixtures[lead], batch.candidates[:, lead])
        errors = [float((guess - batch.y[:, lead])[cells].square().mean()) for guess in (mixed, first)]
        assert errors[0] < 0.9 * errors[1]
        ours = rivals_of(films, batch).forecasts["mixture"]
        assert torch.equal(ours[:, lead], mixed.clamp(0, 1)) and torch.equal(batch.start[:, lead], mixed)


def test_where_nothing_was_measured_nothing_is_changed(films):
    blind = Frames(np.full_like(films.frames.codes, MISSING), films.frames.times, 2.0)
    some = Windows(blind, np.full_like(films.moved, MISSING), range(8), PLAN, crop=0)
    fitted = fit_rivals(some, [range(8)])
    assert fitted == some.fitted._replace(mixtures=[[0.0] * 6] * 2)
    assert {each[:3] for each in fitted.dampings + fitted.translations} == {(0, 1, 0)}
