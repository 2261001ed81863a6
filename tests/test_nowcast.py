"""What is trained to forecast rain: its films, its network, its loss, its rivals and its scores."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course.nowcast import films as room
from course.nowcast.films import (
    Batch,
    Films,
    Nowcast,
    film_losses,
    find_values,
    forecast,
    make_values,
    map_values,
    score,
)
from course.rain import MISSING, advection, echo, storms, write_text

SHAPE = (7, 2, 16, 20)


@pytest.fixture(scope="module")
def values():
    return storms(4, 0, SHAPE, blind=0).values


def films(values, ahead=3, pool=1, dim=2):
    return Films(values, ahead, pool, dim)


def test_in_2d_heights_are_channels_and_the_answer_is_the_lowest(values):
    batch = films(values).batch([2, 0])
    codes = echo(values[[2, 0]])[0]
    assert batch.x.shape == (2, 4, 3, 16, 20)
    assert torch.equal(batch.x[:, :, :2], codes[:, :4])
    assert torch.equal(batch.y, codes[:, 3:, :1])
    assert batch.seen.shape == batch.y.shape and batch.seen.all()


def test_in_3d_the_frame_and_the_moved_frame_are_channels_and_the_answer_has_all_heights(values):
    batch = films(values, dim=3).batch([1])
    codes = echo(values[[1]])[0]
    assert batch.x.shape == (1, 4, 2, 2, 16, 20)
    assert torch.equal(batch.x[:, :, 0], codes[:, :4])
    assert torch.equal(batch.y[:, :, 0], codes[:, 3:])


@pytest.mark.parametrize("dim", [2, 3])
def test_a_new_network_says_what_advection_says(values, dim):
    part = films(values, dim=dim)
    maps = forecast(Nowcast(part.channels, (2,), dim), part, [0, 3], "cpu")
    past = echo(values[[0, 3], :4])[0]
    expected = advection(past, 3)[:, -1, 0]
    assert (expected - past[:, -1, 0]).abs().max() > 0.05  # something moves
    torch.testing.assert_close(maps["RainNet"], expected.clamp(0, 1), atol=1e-5, rtol=0)
    assert torch.equal(maps["advection"], expected)
    assert torch.equal(maps["persistence"], past[:, -1, 0])
    assert torch.equal(maps["truth"], echo(values[[0, 3], -1, 0])[0])


def test_pooled_cells_are_means_and_are_seen_only_if_all_of_them_are(values):
    blind = values.copy()
    blind[0, :, :, 0, 0] = MISSING
    light, seen = films(blind, pool=2).read([0])
    assert light.shape == (1, 7, 2, 8, 10)
    assert light[0, 0, 0, 1, 1] == pytest.approx(values[0, 0, 0, 2:4, 2:4].mean() / 255)
    assert not seen[0, :, :, 0, 0].any() and seen.sum() == seen.numel() - 14


def test_only_the_films_asked_for_are_read(values):
    class Spy:
        shape, asked = values.shape, []

        def __getitem__(self, chosen):
            self.asked.append(chosen)
            return values[chosen]

    spy = Spy()
    films(spy).batch([3, 1])
    assert spy.asked == [[3, 1]]


@pytest.mark.parametrize("dim", [2, 3])
def test_no_films_give_no_loss_and_gradients_of_zero(values, dim):
    part = films(values, dim=dim)
    model = Nowcast(part.channels, (2,), dim)
    losses = film_losses(model, part.batch([]))
    assert losses.shape == (0,)
    losses.sum().backward()
    assert all(weight.grad.abs().max() == 0 for weight in model.parameters())


def test_the_loss_of_a_film_is_the_mean_over_what_was_measured_from_the_third_step_on():
    x = torch.zeros(2, 4, 1, 1, 2)
    y = torch.tensor([9.0, 9, 9, 9, 1, 2, 3, 9, 0, 0, 0, 0, 2, 2, 2, 2]).view(2, 4, 1, 1, 2)
    seen = torch.ones_like(y, dtype=torch.bool)
    seen[0, 3, 0, 0, 1] = False
    losses = film_losses(lambda x: x, Batch(x, y, seen))
    assert losses.tolist() == pytest.approx([(1 + 4 + 9) / 3, 4])
    assert film_losses(lambda x: x, Batch(x, y, ~seen & False)).tolist() == [0, 0]


def test_weights_are_those_of_the_seed_whatever_was_drawn_before():
    weights = []
    for seed in (5, 5, 6):
        torch.rand(1)
        weights.append(Nowcast(3, (2,), seed=seed).net.lstm.cells[0].weight_x)
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_scores_are_in_codes_and_none_where_no_rain_fell_or_was_forecast():
    truth = torch.tensor([[0.0, 100], [0, 0]]) / 255
    maps = {
        "truth": truth[None],
        "seen": torch.ones(1, 2, 2, dtype=torch.bool),
        "advection": truth[None],
        "persistence": torch.zeros(1, 2, 2),
        "RainNet": torch.full((1, 2, 2), 90 / 255),
    }
    error = ((3 * 90**2 + 10**2) / 4) ** 0.5
    assert score(maps) == {
        "RainNet": {"rmse": pytest.approx(error), "csi_20dBZ": 0.25, "csi_35dBZ": None},
        "advection": {"rmse": 0, "csi_20dBZ": 1, "csi_35dBZ": None},
        "persistence": {"rmse": pytest.approx(50), "csi_20dBZ": 0, "csi_35dBZ": None},
    }
    line = room.describe_scores(score(maps)).splitlines()[1]
    assert line.split() == ["RainNet", "≈", "78.10", "≈", "0.250", "none"]


@pytest.mark.parametrize(
    "options, told",
    [
        ({"ahead": 5}, "ahead is 5, expected 1 to 4: a film has 7 frames"),
        ({"pool": 3}, "pool is 3, expected 1 to 2: of 16 x 20 cells, 8 x 8 must be left"),
    ],
)
def test_films_that_are_too_short_or_too_small_are_named(values, options, told):
    with pytest.raises(ValueError) as error:
        films(values, **options)
    assert str(error.value) == told


def test_storms_are_made_in_pieces_to_the_same_values(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "PIECE", 3)
    make_values(tmp_path / "values.npy", 7, SHAPE, seed=1)
    mapped = map_values(tmp_path / "values.npy")
    assert isinstance(mapped, np.memmap)
    assert np.array_equal(mapped, storms(7, 1, SHAPE).values)


def test_what_is_interrupted_while_it_is_made_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "PIECE", 1)
    made = iter([storms(1, 0, SHAPE)])
    monkeypatch.setattr(room, "storms", lambda *arguments, **options: next(made))
    with pytest.raises(StopIteration):
        make_values(tmp_path / "values.npy", 2, SHAPE, seed=0)
    assert list(tmp_path.iterdir()) == []


def test_a_text_is_found_and_its_cache_is_mapped(tmp_path):
    made = storms(3, 0, SHAPE)
    write_text(tmp_path / "rain.txt", made)
    for _ in range(2):
        assert np.array_equal(find_values(tmp_path, SHAPE), made.values)
    assert np.array_equal(find_values(tmp_path / "rain.txt.cache", SHAPE), made.values)


def test_a_folder_without_radar_data_is_told(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        find_values(tmp_path / "a", SHAPE)
    absent = f"there is no folder {tmp_path / 'a'}, expected one with radar data: check the path"
    assert str(error.value) == absent
    expected = "expected one text of the CIKM format, or values.npy of a cache: name a folder with one"
    with pytest.raises(FileNotFoundError) as error:
        find_values(tmp_path, SHAPE)
    assert str(error.value) == f"{tmp_path} has as texts none, {expected}"
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).touch()
    with pytest.raises(ValueError) as error:
        find_values(tmp_path, SHAPE)
    assert str(error.value) == f"{tmp_path} has as texts a.txt, b.txt, {expected}"


def test_a_file_that_holds_something_else_is_told(tmp_path):
    path = tmp_path / "values.npy"
    np.save(path, np.zeros((2, 3)))
    with pytest.raises(ValueError) as error:
        map_values(path)
    expected = "expected uint8 (N, T, D, H, W): name another folder"
    assert str(error.value) == f"{path} holds float64 (2, 3), {expected}"
    path.write_bytes(b"no array")
    with pytest.raises(ValueError, match="values.npy cannot be read"):
        map_values(path)


def test_moving_by_whole_cells_shifts_and_repeats_the_edge():
    x = torch.arange(12.0).view(1, 1, 1, 3, 4)
    moved = room.move(x, torch.tensor([[0.5, -1.0]]), steps=2)  # one row down, two columns left
    expected = F.pad(x[:, 0], (0, 2, 1, 0), mode="replicate")[..., :3, 2:]
    torch.testing.assert_close(moved[:, 0], expected, atol=1e-5, rtol=0)
