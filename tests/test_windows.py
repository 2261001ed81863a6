"""Films that are cut out of a radar's frames: windows of time, squares of the map, a split by time."""

import numpy as np
import pytest
import torch

from course.nowcast import windows as room
from course.nowcast.films import Films
from course.nowcast.plan import Plan
from course.nowcast.windows import Windows, move_frames, move_on, split_frames
from course.radar import Frames
from course.rain import MISSING, Damping, echo
from course.rain.motion import motion, semi_lagrangian

PLAN = Plan(ahead=(1, 3), crop=8, pool=1, gap=10, validation=0.2, held_out=0.3)


def frames(count=40, rows=16, columns=20, gaps=()):
    """A bump that moves on by a cell a frame, every five minutes."""
    row, column = np.mgrid[:rows, :columns]
    codes = np.empty((count, rows, columns), np.uint8)
    for number in range(count):
        codes[number] = 150 * np.exp(-((row - 8) ** 2 + (column - number % columns) ** 2) / 12) + number % 3
    codes[:, 0, 0] = MISSING
    steps = np.full(count, 5)
    steps[list(gaps)] = 60
    return Frames(codes, np.datetime64("2025-01-01T00:00", "m") + np.cumsum(steps), 2.0)


@pytest.fixture(scope="module")
def radar():
    return frames()


@pytest.fixture(scope="module")
def moved(radar, tmp_path_factory):
    return move_frames(radar, PLAN.ahead, tmp_path_factory.mktemp("moved"), progress=False)


def test_the_last_four_frames_move_along_the_motion_of_the_last_to_the_time_of_each_forecast(radar, moved):
    x, seen = echo(radar.codes[6:10][None])
    x = torch.where(seen, x, torch.nan)
    assert moved.shape == (40, 2, 4, 16, 20)
    for place, lead in enumerate((1, 3)):
        for age in range(4):
            ours = torch.from_numpy(moved[9, place, 3 - age])
            expected = 255 * semi_lagrangian(x[:, 3 - age], motion(x[:, 1:]), lead + age, edge="nan")[0, -1]
            known = expected.isfinite()
            assert ((ours != MISSING) == known).all() and 0.5 < known.float().mean() < 1
            assert (ours[known].float() - expected[known]).abs().max() <= 0.5001


def test_what_moves_steadily_stands_still_in_the_moved_frames(moved):
    codes, known = moved[9, 1].astype(float), (moved[9, 1] != MISSING).all(0)
    assert known.mean() > 0.5 and abs(codes - codes[-1])[:, known].mean() < 2  # of bumps of 150


def test_no_frame_moves_across_a_gap(tmp_path):
    radar = frames(count=12, gaps=[6])
    moved = move_frames(radar, (2,), tmp_path, progress=False)
    assert [bool((moved[number] == MISSING).all()) for number in range(12)] == 2 * [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert np.array_equal(moved[9], move_on(radar.codes[6:10], (2,)))


def test_moved_frames_are_made_once_and_anew_for_other_frames_or_leads(radar, moved, tmp_path, monkeypatch):
    first = move_frames(radar, (1, 3), tmp_path, progress=False)
    assert np.array_equal(first, moved)
    monkeypatch.setattr(room, "prepared", None)
    assert np.array_equal(move_frames(radar, (1, 3), tmp_path, progress=False), first)
    with pytest.raises(TypeError):
        move_frames(radar, (1, 2), tmp_path, progress=False)
    with pytest.raises(TypeError):
        move_frames(radar._replace(codes=radar.codes[:, ::-1]), (1, 3), tmp_path, progress=False)


def test_a_film_is_a_window_of_time_and_a_square_of_the_map(radar, moved):
    films = Windows(radar, moved, [2, 11], PLAN, crop=8)
    assert films.corners == [(row, column) for row in (0, 4, 8) for column in (0, 4, 8, 12)]
    assert len(films) == 24 and films.shape == (7, 1, 8, 8) and films.channels == 4
    assert np.array_equal(films.codes([17, 0])[:, :, 0], [radar.codes[11:18, 4:12, 4:12], radar.codes[2:9, :8, :8]])
    assert list(films.times([0, 17])) == [radar.times[5], radar.times[14]]
    whole = Windows(radar, moved, [2, 11], PLAN, crop=0)
    assert len(whole) == 2 and np.array_equal(whole.codes([1])[0, :, 0], radar.codes[11:18])


def test_squares_cover_the_map_evenly_and_are_no_larger_than_it():
    assert room._spread(64, 64) == [0] and room._spread(16, 8) == [0, 4, 8]
    places = room._spread(209, 64)
    assert places[0] == 0 and places[-1] == 145 and max(np.diff(places)) <= 32
    radar = frames(count=12)
    assert Windows(radar, None, [0], PLAN, crop=99).sides == (16, 20)


def test_a_film_asks_once_after_its_fourth_frame_of_the_square(radar, moved):
    films = Windows(radar, moved, [2, 11], PLAN, crop=8)
    films.fitted = films.fitted._replace(dampings=[Damping(0, 0.5, 0.1, 0)] * 2)
    batch = films.batch([17, 0])
    light, measured = echo(films.codes([17, 0])[:, :, 0])
    ahead, known = echo(np.stack([moved[14, :, :, 4:12, 4:12], moved[5, :, :, :8, :8]]))
    assert batch.x.shape == (2, 1, 2, 4, 4, 8, 8) and not known.all()
    assert torch.equal(batch.x[:, 0, :, :, 0][known], ahead[known])
    assert torch.equal(batch.x[:, 0, :, :, 1], known / 2) and torch.equal(batch.known[:, 0], known[:, :, 3])
    torch.testing.assert_close(batch.start[:, 0][known[:, :, 3]], 0.5 * ahead[:, :, 3][known[:, :, 3]] + 0.1)
    torch.testing.assert_close(batch.candidates[:, 0, :, 1][known[:, :, 3]], ahead[:, :, 3][known[:, :, 3]])
    assert torch.equal(batch.frames[:, 0].nan_to_num(), light[:, :4])
    assert torch.equal(batch.frames[:, 0].isfinite(), measured[:, :4])
    for place, lead in enumerate(PLAN.ahead):
        assert torch.equal(batch.y[:, 0, place], light[:, 3 + lead])
        assert torch.equal(batch.seen[:, 0, place], measured[:, 3 + lead])


def test_films_without_any_known_cell_are_zeros_not_nan(radar, moved):
    blind = Frames(np.full_like(radar.codes, MISSING), radar.times, 2.0)
    batch = Windows(blind, np.full_like(moved, MISSING), [0], PLAN, crop=8).batch([0, 1])
    x = batch.x.clone()
    x[..., 3, :, :] = 0  # the lead
    assert not x.any() and not batch.start.any() and not batch.candidates.any() and not batch.seen.any()


def test_no_films_make_an_empty_batch(radar, moved):
    batch = Windows(radar, moved, [0], PLAN, crop=8).batch([])
    assert batch.x.shape == (0, 1, 2, 4, 4, 8, 8) and batch.y.shape == batch.seen.shape == (0, 1, 2, 8, 8)


def test_parts_are_split_frames_with_a_gap_between_and_no_film_crosses_a_gap_of_the_radar():
    radar = frames(count=80, gaps=[20])
    moved = np.zeros((80, 2, 4, 16, 20), np.uint8)
    train, valid, unseen = split_frames(radar, moved, PLAN)
    assert train.starts == [*range(0, 14), *range(20, 34)]  # films of 7; of frames 0 to 39, with a gap before 20
    assert valid.starts == list(range(41, 50))  # of frames 40 to 55, ten minutes after frame 39
    assert unseen.starts == list(range(57, 74))
    assert (train.sides, valid.sides, unseen.sides) == ((8, 8), (16, 20), (16, 20))
    assert split_frames(radar, moved, Plan(**vars(PLAN) | {"validation": 0}))[1].starts == []


def test_a_part_without_a_film_is_named_with_what_to_do(radar, moved):
    with pytest.raises(ValueError) as error:
        split_frames(radar, moved, Plan(**vars(PLAN) | {"validation": 0.1}))
    told = "of 40 frames 4 are there to choose by, 10 minutes after those before"
    mend = "but a film has 7: give more frames or a larger share, or smaller ahead or gap"
    assert str(error.value) == f"{told}, {mend}"


def test_too_few_frames_for_one_film_are_named(radar, moved):
    few = Frames(radar.codes[:8], radar.times[:8], 2.0)
    with pytest.raises(ValueError, match="of 8 frames 4 are there to train on, but a film has 7: give more frames"):
        split_frames(few, moved[:8], PLAN)


def test_films_of_one_half_hour_err_alike(radar, moved):
    films = Windows(radar, moved, [0, 1, 2, 3, 4, 5, 6, 20], PLAN, crop=0)
    names = films.blocks()  # the last frame that is seen is of 00:20, and so on
    assert [names.index(name) for name in names] == [0, 0, 2, 2, 2, 2, 2, 7]


def test_films_know_their_cells_and_minutes(radar, moved):
    assert (Windows(radar, moved, [0], PLAN, 8).km, Windows(radar, moved, [0], PLAN, 8).minutes) == (2.0, 5)
    stored = Films(np.zeros((1, 7, 1, 16, 16), np.uint8), (1,), 2, 2, km=3)
    assert (stored.km, stored.minutes, stored.blocks()) == (6, 6, 1)
