"""What is trained to forecast rain: its films, its network, its loss, its rivals and its scores."""

import errno
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course.convlstm import RainNet
from course.files import Records, cache
from course.nowcast import sources as room
from course.nowcast.ahead import prepared
from course.nowcast.films import Batch, Films
from course.nowcast.judge import forecast
from course.nowcast.network import Nowcast, film_losses
from course.nowcast.plan import CELLS, Plan
from course.nowcast.sources import Joined, Part, find_values, make_values, map_values
from course.nowcast.targets import losses_of
from course.rain import MISSING, Damping, advection, drift, echo, move, storms, write_text

SHAPE = (7, 2, 16, 20)


@pytest.fixture(scope="module")
def values():
    return storms(4, 0, SHAPE, blind=0).values


def films(values, ahead=(3,), pool=1, dim=2):
    return Films(values, ahead, pool, dim)


def moved(values, chosen, lead, age, now=3):
    """Echo of frames that are moved by hand, and where it is known. Shapes: twice (B, D, H, W)."""
    light, seen = echo(values[list(chosen)])
    by = drift(light[:, : now + 1], seen[:, : now + 1])
    parts = (part[:, now - age].float() for part in (light * seen, seen))
    maps, share = (move(part, by, lead + age, edge="zeros") for part in parts)
    return maps, share > 0.999


@pytest.mark.parametrize("dim", [2, 3])
def test_the_network_sees_the_last_four_frames_moved_to_the_time_of_the_forecast(values, dim):
    blind = values.copy()
    blind[1, 2, :, :3] = MISSING
    batch = films(blind, (2, 3), dim=dim).batch([1, 2])
    heights = 1 if dim == 2 else 2
    assert batch.x.shape == ((2, 1, 2, 4, 5, 16, 20) if dim == 2 else (2, 1, 2, 4, 4, 2, 16, 20))
    for place, lead in enumerate((2, 3)):
        start = batch.start[:, 0, place].view(2, heights, 16, 20)
        for age in range(4):
            maps, known = moved(blind, [1, 2], lead, age)
            seen = batch.x[:, 0, place, 3 - age]
            seen, mask = (seen[:, :2], seen[:, 2:3]) if dim == 2 else (seen[:, 0], seen[:, 1])
            assert torch.equal(mask, known[:, :heights] / 2) and 0 < known.float().mean() < 1
            torch.testing.assert_close(seen, torch.where(known, maps, start.expand_as(maps)))
            assert torch.equal(batch.x[:, 0, place, 3 - age, -2].view(start.shape), start)
            assert (batch.x[:, 0, place, 3 - age, -1] == lead / 24).all()
        known = moved(blind, [1, 2], lead, 0)[1][:, :heights]
        assert torch.equal(batch.known[:, 0, place].view(start.shape), known)
    past = echo(blind[[1, 2], :4])
    frames = torch.where(past[1], past[0], torch.nan)
    expected = frames[:, :, 0] if dim == 2 else frames
    torch.testing.assert_close(batch.frames[:, 0], expected, equal_nan=True, atol=0, rtol=0)


@pytest.mark.parametrize("dim", [2, 3])
def test_candidates_are_the_newest_frame_plain_and_blurred_twice_as_wide_and_older_ones_blurred(values, dim):
    part = films(values, (2, 3), dim=dim)
    dampings = [Damping(0, 0.5, 0.1, 0), Damping(2, 0.9, 0.01, 0)]
    part.fitted = part.fitted._replace(dampings=dampings)
    batch = part.batch([0, 2])
    for place, (lead, one) in enumerate(zip((2, 3), dampings)):
        start, heights = batch.start[:, 0, place], slice(0, 1 if dim == 2 else 2)
        wide = [one._replace(width=width) for width in ((2, 1, 1, 1) if one.width == 0 else (4, 2, 2, 2))]
        for number, (age, damping) in enumerate([(0, None), *zip((0, 1, 2, 3), wide)]):
            maps, known = (each[:, heights] for each in moved(values, [0, 2], lead, age))
            maps = torch.where(known, maps, torch.nan)
            maps = maps if damping is None else damping(maps)
            expected = torch.where(known, maps, start.view(maps.shape))
            torch.testing.assert_close(batch.candidates[:, 0, place, 1 + number].view(maps.shape), expected)
        maps, known = (each[:, heights] for each in moved(values, [0, 2], lead, 0))
        begun = one(torch.where(known, maps, torch.nan))
        mean = begun.nanmean((1, 2, 3), keepdim=True)
        torch.testing.assert_close(start.view(maps.shape), torch.where(known, begun, mean))
        assert torch.equal(batch.candidates[:, 0, place, 0], start)  # nothing is mixed yet


def test_the_start_is_the_first_candidate_an_offset_and_weighted_differences(values):
    part = films(values, (2, 3))
    weights = [0.01, 0.5, -0.2, 0, 0, 0.1]
    part.fitted = part.fitted._replace(mixtures=[[0.0] * 6, weights])
    batch = part.batch([0, 2])
    first, *others = batch.candidates[:, 0, 1].unbind(1)
    expected = 0.01 + (1 - 0.4) * first + 0.5 * others[0] - 0.2 * others[1] + 0.1 * others[4]
    torch.testing.assert_close(batch.start[:, 0, 1], expected)
    assert torch.equal(batch.start[:, 0, 0], batch.candidates[:, 0, 0, 0])
    assert torch.equal(batch.x[:, 0, :, 2, -2], batch.start[:, 0])


@pytest.mark.parametrize("dim", [2, 3])
def test_a_film_is_asked_at_every_third_frame_before_its_end_and_sees_nothing_of_later_ones(dim):
    long = storms(2, 0, (12, 2, 16, 16)).values
    part = films(long, (1, 2), dim=dim)
    assert list(part.asked) == [3, 6, 9]
    batch = part.batch([1])
    light = echo(long[[1]])[0]
    light = light[:, :, 0] if dim == 2 else light
    for place, now in enumerate(part.asked):
        assert torch.equal(batch.y[:, place], light[:, [now + 1, now + 2]])
        cut = films(long[:, : now + 3], (1, 2), dim=dim).batch([1])
        for ours, theirs in zip(batch, cut):
            assert torch.equal(ours[:, place].nan_to_num(), theirs[:, -1].nan_to_num())


@pytest.mark.parametrize("dim", [2, 3])
def test_a_new_network_says_what_advection_says(values, dim):
    part = films(values, dim=dim)
    maps = forecast(Nowcast(part.channels, (2,), dim), part, part.batch([0, 3]))
    past = echo(values[[0, 3], :4])[0]
    expected = advection(past, 3)[:, -1, :1]
    assert (expected - past[:, -1, :1])[maps.known].abs().max() > 0.05  # something moves
    for name in ("RainNet", "advection", "advection, blurred", "mixture"):
        torch.testing.assert_close(maps.forecasts[name][maps.known], expected[maps.known], atol=1e-5, rtol=0)
    assert torch.equal(maps.forecasts["persistence"], past[:, -1, :1])
    assert torch.equal(maps.truth, echo(values[[0, 3], -1, :1])[0]) and maps.seen.all()


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


def test_another_code_for_missing_counts_as_not_seen(values):
    coded = values.copy()
    coded[coded == 9], coded[0, :, :, 3, 4] = 8, 9
    light, seen = Films(coded, (3,), 1, 2, missing=9).read([0])
    assert not seen[..., 3, 4].any() and seen.sum() == seen.numel() - 14 and not light[..., 3, 4].any()


@pytest.mark.parametrize("dim", [2, 3])
def test_the_network_adds_an_offset_and_weighs_by_what_candidates_differ_from_the_start(values, dim):
    part = films(values, (2, 3), dim=dim)
    part.fitted = part.fitted._replace(dampings=[Damping(1, 0.5, 0.1, 0)] * 2)
    model = Nowcast(part.channels, (2, 5), dim, seed=4)
    torch.nn.init.normal_(model.net.last.weight, generator=torch.Generator().manual_seed(1))
    net = RainNet(part.channels, (2, 5), dim=dim, generator=torch.Generator().manual_seed(4), out_channels=7)
    net.last.load_state_dict(model.net.last.state_dict())
    batch = part.batch([1, 2])
    for film, lead in ((0, 0), (1, 1)):
        x, start, candidates = (each[film, 0, lead] for each in batch[:3])
        said = net(4 * x[None] - 1)[0, -1]
        expected = start + 0.2 * said[0] + sum(said[1 + k] * (candidates[k] - start) for k in range(6))
        torch.testing.assert_close(model(*batch[:3])[film, 0, lead], expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("dim", [2, 3])
def test_no_films_give_no_loss_and_gradients_of_zero(values, dim):
    part = films(values, dim=dim)
    model = Nowcast(part.channels, (2,), dim)
    losses = film_losses(model, part.batch([]))
    assert losses.shape == (0,)
    losses.sum().backward()
    assert all(weight.grad.abs().max() == 0 for weight in model.parameters())


def answered(x, y, seen):
    """A batch of which the network says x."""
    return Batch(x, x, x, seen, x, y, seen)


def test_the_loss_of_a_film_is_the_mean_over_what_was_measured_of_all_questions():
    x = torch.zeros(2, 2, 1, 1, 2)
    y = torch.tensor([1.0, 2, 3, 9, 2, 2, 2, 2]).view(2, 2, 1, 1, 2)
    seen = torch.ones_like(y, dtype=torch.bool)
    seen[0, 1, 0, 0, 1] = False
    losses = film_losses(lambda x, *others: x, answered(x, y, seen))
    assert losses.tolist() == pytest.approx([(1 + 4 + 9) / 3, 4])
    assert film_losses(lambda x, *others: x, answered(x, y, ~seen & False)).tolist() == [0, 0]


def test_a_plan_may_count_only_cells_that_motion_knows():
    x, y = torch.zeros(1, 1, 1, 1, 4), torch.tensor([1.0, 2, 3, 4]).view(1, 1, 1, 1, 4)
    seen = torch.tensor([True, True, True, False]).view(y.shape)
    batch = answered(x, y, seen)._replace(known=torch.tensor([False, True, True, True]).view(y.shape))
    losses = {cells: losses_of(lambda x, *others: x, batch, Plan(cells=cells)).item() for cells in CELLS}
    assert losses == pytest.approx({"measured": (1 + 4 + 9) / 3, "known": (4 + 9) / 2})


def test_the_balanced_loss_weights_heavy_rain_and_adds_absolute_to_squared_errors():
    y = torch.zeros(1, 4, 1, 1, 2)
    y[..., 1] = 0.6  # 66 mm/h, which weighs 30
    batch = answered(y + 0.1, y, torch.ones_like(y, dtype=torch.bool))
    expected = (1 + 30) / 2 * (0.1**2 + 0.1)
    assert film_losses(lambda x, *others: x, batch, "balanced").tolist() == pytest.approx([expected])


def test_weights_are_those_of_the_seed_whatever_was_drawn_before():
    weights = []
    for seed in (5, 5, 6):
        torch.rand(1)
        weights.append(Nowcast(3, (2,), seed=seed).net.lstm.cells[0].weight_x)
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(
    "options, told",
    [
        ({"ahead": (2, 5)}, "ahead is 5, expected 1 to 3: a film has 7 frames, and 4 are seen"),
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
    assert np.array_equal(mapped, storms(7, 1, SHAPE, km=5).values)  # 20 cells of 5 km


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
    for place in (tmp_path, tmp_path, tmp_path / "rain.txt.cache"):
        values, missing = find_values(place, SHAPE)
        assert np.array_equal(values, made.values) and missing == MISSING


def test_a_text_is_read_in_the_shape_of_the_competition_unless_another_is_named(tmp_path, monkeypatch):
    assert room.SHAPE == (15, 4, 101, 101)
    made = storms(2, 0, SHAPE)
    write_text(tmp_path / "rain.txt", made)
    monkeypatch.setattr(room, "SHAPE", SHAPE)  # 15 x 4 x 101 x 101 would take long
    assert np.array_equal(find_values(tmp_path)[0], made.values)


def resident(path):
    """Bytes of a mapped file that this process has in memory."""
    mapped = re.findall(
        rf" {re.escape(str(path))}\nSize:.*\n(?:.*Size:.*\n)*Rss: +(\d+) kB", Path("/proc/self/smaps").read_text()
    )
    return sum(map(int, mapped)) << 10


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells what of a file is in memory")
def test_films_that_were_read_stay_in_no_memory(tmp_path):
    made = Records(["a", "b", "c"], [0, 1, 2], np.arange(3 * 612060).reshape(3, 15, 4, 101, 101).astype(np.uint8))
    for name in ("a.txt", "b.txt"):  # in the true format, of 2 MB a line
        write_text(tmp_path / name, made, missing=255)
    for place, known in ((tmp_path / "a.txt", made.values), (tmp_path, np.concatenate([made.values] * 2))):
        values, _ = find_values(place, missing=255)
        assert np.array_equal(Part(values, range(1, len(known)))[[0, 1]], known[1:3])
        assert resident(tmp_path / "a.txt.cache" / "values.npy") == 0


def test_of_the_competitions_texts_the_one_to_train_on_is_taken_and_any_may_be_named(tmp_path):
    texts = {name: storms(2, seed, SHAPE) for seed, name in enumerate(("testA.txt", "train.txt", "other.txt"))}
    for name, made in texts.items():
        write_text(tmp_path / name, made)
    assert np.array_equal(find_values(tmp_path, SHAPE)[0], texts["train.txt"].values)
    assert np.array_equal(find_values(tmp_path / "testA.txt", SHAPE)[0], texts["testA.txt"].values)
    assert np.array_equal(find_values(tmp_path / "testA.txt.cache" / "values.npy")[0], texts["testA.txt"].values)


def test_every_option_of_reading_counts(tmp_path, capsys):
    codes = np.full((2, *SHAPE), 254, np.uint8)
    codes[:, 0] = 7  # where nothing was measured
    write_text(tmp_path / "rain.txt", Records(["a", "b"], [0, 0], codes), missing=7)
    with pytest.raises(ValueError, match="which missing=254 wants for -1: choose another code"):
        find_values(tmp_path, SHAPE, missing=254)
    options = {"missing": 7, "cache": tmp_path / "made", "spare": tmp_path / "spare", "progress": True}
    values, missing = find_values(tmp_path, SHAPE, **options)
    assert np.array_equal(values, codes) and missing == 7
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["rain.txt.cache", "rain.txt.cache.lock"]
    assert not (tmp_path / "rain.txt.cache").exists() and not (tmp_path / "spare").exists()
    assert "B/s" in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_where_nothing_may_be_written_beside_a_text_its_cache_goes_elsewhere(tmp_path, monkeypatch, number):
    folder, spare = tmp_path / "data", tmp_path / "out"
    folder.mkdir()
    made = storms(2, 0, SHAPE)
    write_text(folder / "rain.txt", made)
    locked = cache.locked

    def refuse(path):
        if str(folder) in path:
            raise OSError(number, "not here", path)
        return locked(path)

    monkeypatch.setattr(cache, "locked", refuse)
    with pytest.raises(OSError, match="rain.txt.cache cannot be made .not here.: name a folder of your own by cache"):
        find_values(folder, SHAPE)
    for _ in range(2):
        assert np.array_equal(find_values(folder, SHAPE, spare=spare)[0], made.values)
    assert (spare / "rain.txt.cache").is_dir()


def test_an_array_that_is_not_as_asked_for_is_named(tmp_path):
    codes = np.full((2, *SHAPE), 9, np.uint8)
    write_text(tmp_path / "rain.txt", Records(["a", "b"], [0, 0], codes), missing=7)
    find_values(tmp_path, SHAPE, missing=7)
    place = tmp_path / "rain.txt.cache"
    for missing in (7, None):
        values, found = find_values(place, SHAPE, missing=missing)
        assert np.array_equal(values, codes) and found == 7
    with pytest.raises(ValueError) as error:
        find_values(place, missing=254)
    mend = "was made with missing 7, now it is 254: leave missing out"
    assert str(error.value) == f"{place / 'values.npy'} {mend}"
    with pytest.raises(ValueError) as error:
        find_values(place, (7, 2, 16, 16), missing=7)
    text = f"has films of {SHAPE}, but shape is (7, 2, 16, 16): leave shape out"
    assert str(error.value) == f"{place / 'values.npy'} {text}"


def test_a_place_without_radar_data_is_told(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        find_values(tmp_path / "a", SHAPE)
    expected = "expected a text of the CIKM format, values.npy of its cache, or a folder with one: check the path"
    assert str(error.value) == f"there is no {tmp_path / 'a'}, {expected}"
    expected = "expected one of the CIKM format, or values.npy of its cache: name another folder"
    with pytest.raises(FileNotFoundError) as error:
        find_values(tmp_path, SHAPE)
    assert str(error.value) == f"{tmp_path} has no text, {expected}"


def test_several_texts_are_read_one_after_the_other_each_from_its_cache(tmp_path):
    made = [storms(count, seed, SHAPE) for seed, count in enumerate((2, 3))]
    for name, part in zip("ab", made):
        write_text(tmp_path / f"{name}.txt", part)
    values, missing = find_values(tmp_path, SHAPE)
    whole = np.concatenate([part.values for part in made])
    assert values.shape == whole.shape and len(values) == 5 and missing == MISSING
    for chosen in ([4, 0, 2], [1], []):
        assert np.array_equal(values[chosen], whole[chosen])


def test_a_code_for_missing_is_looked_for_that_no_value_of_any_text_has(tmp_path):
    codes = np.full((2, 2, *SHAPE), 5, np.uint8)
    codes[:, :, 0] = 9  # where nothing was measured
    codes[0, 0, 1], codes[1, 1, 1] = 254, 255
    for name, part in zip("ab", codes):
        write_text(tmp_path / f"{name}.txt", Records(["a", "b"], [0, 0], part), missing=9)
    find_values(tmp_path / "b.txt", SHAPE)  # alone 254 does, and so its cache has it
    values, missing = find_values(tmp_path, SHAPE)
    expected = np.where(codes == 9, 253, codes).reshape(4, *SHAPE)
    assert missing == 253 and np.array_equal(values[range(4)], expected)
    assert find_values(tmp_path / "b.txt", SHAPE)[1] == 253  # of the cache that is there now


def test_where_no_code_is_free_the_text_is_named(tmp_path):
    codes = np.arange(256, dtype=np.uint8).reshape(1, 1, 1, 16, 16)
    text = " ".join(map(str, codes.ravel()))
    (tmp_path / "rain.txt").write_text(f"a,0,{text}\n")
    with pytest.raises(ValueError, match="have all codes from 0 to 255, expected one that is free for -1"):
        find_values(tmp_path, (1, 1, 16, 16))


def test_a_part_of_films_has_its_own_numbers(values):
    part = Part(Joined([values[:2], values[2:]]), range(1, 4))
    assert len(part) == 3 and part.shape == (3, *values.shape[1:])
    assert np.array_equal(part[[2, 0]], values[[3, 1]])


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_what_is_prepared_ahead_comes_in_the_order_of_its_orders(workers):
    assert list(prepared(range(20), lambda order: order**2, workers)) == [order**2 for order in range(20)]


def test_threads_are_ahead_by_two_for_each_worker_and_an_error_comes_when_its_turn_does():
    taken = []

    def orders():
        for order in range(9):
            taken.append(order)
            yield order

    wares = prepared(orders(), lambda order: 1 // (3 - order), workers=1)
    assert [next(wares) for _ in range(3)] == [0, 0, 1] and taken == [0, 1, 2, 3, 4]
    with pytest.raises(ZeroDivisionError):
        next(wares)


def test_a_file_that_holds_something_else_is_told(tmp_path):
    path = tmp_path / "values.npy"
    np.save(path, np.zeros((2, 3)))
    with pytest.raises(ValueError) as error:
        map_values(path)
    expected = "expected uint8 (N, T, D, H, W): name another folder"
    assert str(error.value) == f"{path} holds float64 (2, 3), {expected}"
    for content in (b"no array", b"", np.lib.format.magic(1, 0)):
        path.write_bytes(content)
        with pytest.raises(ValueError) as error:
            map_values(path)
        assert str(error.value) == f"{path} is no array of NumPy's, or it is cut: make it anew, or name another one"


def test_an_array_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    def refuse(path, mmap_mode):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(np, "load", refuse)
    with pytest.raises(PermissionError, match="Permission denied"):
        map_values(tmp_path / "values.npy")


def test_moving_by_whole_cells_shifts_and_repeats_the_edge():
    x = torch.arange(12.0).view(1, 1, 1, 3, 4)
    moved = move(x, torch.tensor([[0.5, -1.0]]), steps=2)  # one row down, two columns left
    expected = F.pad(x[:, 0], (0, 2, 1, 0), mode="replicate")[..., :3, 2:]
    torch.testing.assert_close(moved[:, 0], expected, atol=1e-5, rtol=0)
