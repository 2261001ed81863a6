"""What drifts is forecast by advection and not by persistence; the small networks see what they should."""

import pytest
import torch

from course.rain import ANN, CNN, LSTM, Weather, advection, csi, drift, echo, features, move, persistence, rmse, storms

STEPS = 5


def blob(path, side=32, width=3.0):
    """A film of a round blob whose centre is given for every frame. Shapes: (T, 2) to (T, H, W)."""
    grid = torch.arange(side, dtype=torch.float32)
    down, across = (grid - path[:, :1]) / width, (grid - path[:, 1:]) / width
    return torch.exp(-(down**2)[:, :, None] / 2 - (across**2)[:, None] / 2)


def drifting(velocity, frames=6 + STEPS, side=32):
    """Six frames and the five that follow, of a blob that is in the middle at the sixth frame."""
    time = torch.arange(frames, dtype=torch.float32) - 5
    film = blob(side // 2 + time[:, None] * torch.tensor(velocity, dtype=torch.float32), side)
    return film[None, :6], film[None, 6:]


def message(call, *args, **options):
    with pytest.raises(ValueError) as caught:
        call(*args, **options)
    return str(caught.value)


# Persistence and advection


def test_persistence_repeats_the_last_frame():
    x = torch.arange(12.0).view(1, 3, 2, 2)
    assert persistence(x, 2).tolist() == [[[[8, 9], [10, 11]], [[8, 9], [10, 11]]]]
    persistence(x, 2).zero_()
    assert x[0, 2].tolist() == [[8, 9], [10, 11]]  # a copy


@pytest.mark.parametrize("velocity", [(0, 0), (1, 0), (0, -2), (-1, 2), (2, 2)])
def test_a_blob_that_drifts_by_whole_cells_is_forecast_exactly_by_advection_and_not_by_persistence(velocity):
    x, y = drifting(velocity)
    assert drift(x)[0].tolist() == pytest.approx(velocity, abs=2e-3)
    torch.testing.assert_close(advection(x, STEPS), y, atol=2e-3, rtol=0)
    assert (velocity == (0, 0)) == (rmse(persistence(x, STEPS), y) < 0.01)


def test_a_single_cell_moves_on_by_one_a_step():
    x = torch.zeros(1, 4, 9, 9)
    for step in range(4):
        x[0, step, 4, step + 1] = 0.75
    y = advection(x, 3)
    assert [(y[0, step] > 0.1).nonzero().tolist() for step in range(3)] == [[[4, 5]], [[4, 6]], [[4, 7]]]
    assert y.sum((2, 3)).flatten().tolist() == pytest.approx([0.75] * 3)


@pytest.mark.parametrize("velocity", [(0.5, 0.25), (-1.3, 0.7)])
def test_a_drift_of_parts_of_a_cell_is_found(velocity):
    x, y = drifting(velocity)
    assert drift(x)[0].tolist() == pytest.approx(velocity, abs=0.03)
    assert rmse(advection(x, STEPS), y) < 0.2 * rmse(persistence(x, STEPS), y)


def test_every_example_drifts_its_own_way_and_its_heights_together():
    films = [drifting(velocity)[0] for velocity in ((1, 0), (0, -1))]
    x = torch.cat(films)[:, :, None].expand(-1, -1, 3, -1, -1) * torch.tensor([1, 0.5, 0.2]).view(3, 1, 1)
    assert drift(x).flatten().tolist() == pytest.approx([1, 0, 0, -1], abs=1e-3)
    y = advection(x, 2)
    assert y.shape == (2, 2, 3, 32, 32)
    torch.testing.assert_close(y[:, :, 1], advection(x[:, :, 1], 2), atol=1e-3, rtol=0)


def test_growth_does_not_look_like_drift():
    x, _ = drifting((1, -1))
    assert drift(x * torch.linspace(0.2, 1, 6).view(6, 1, 1))[0].tolist() == pytest.approx([1, -1], abs=0.02)


def test_a_turned_film_has_a_turned_forecast():
    x = echo(storms(4, shape=(6, 1, 21, 21), blind=0).values)[0][:, :, 0]
    turned = advection(x.rot90(1, (2, 3)), 3)
    torch.testing.assert_close(turned.rot90(-1, (2, 3)), advection(x, 3), atol=1e-4, rtol=0)


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_where_nothing_varies_nothing_moves(value):
    x = torch.full((2, 4, 12, 12), value)
    assert not drift(x).any()
    torch.testing.assert_close(advection(x, 2, edge="zeros"), x[:, :2])


def test_missing_values_do_not_hold_the_drift_back():
    x, _ = drifting((0, 2))
    x = x + 0.5
    seen = torch.ones_like(x, dtype=torch.bool)
    seen[..., :14] = False  # a sector that stands still, with a sharp edge
    x = torch.where(seen, x, 0)
    assert drift(x)[0].tolist() != pytest.approx([0, 2], abs=0.5)
    assert drift(x, seen)[0].tolist() == pytest.approx([0, 2], abs=0.05)


def test_nothing_measured_at_all_is_no_drift():
    x = torch.rand(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    assert drift(x, torch.zeros_like(x, dtype=torch.bool)).tolist() == [[0, 0]]


def test_what_comes_in_is_the_echo_at_the_edge_or_none():
    x = torch.zeros(1, 4, 6, 12) + 0.5
    for step in range(4):
        x[0, step, 2, 4 + step] = 1.0  # one cell to the east a step
    assert advection(x, 2)[0, 1, 0].tolist() == pytest.approx([0.5] * 12)
    assert advection(x, 2, edge="zeros")[0, 1, 0].tolist() == pytest.approx([0, 0] + [0.5] * 10, abs=0.01)


def test_the_mean_at_the_edge_is_that_of_each_map():
    x = torch.tensor([0.2, 0.6]).view(2, 1, 1, 1).expand(2, 4, 6, 6)
    moved = move(x, torch.tensor([[0.0, 2.0], [3.0, 0.0]]), edge="mean")
    torch.testing.assert_close(moved, x)  # maps of one value stay as they are


def test_two_frames_are_enough_and_the_type_stays():
    x = drifting((1, 1))[0][:, -2:].double()
    assert drift(x).dtype == advection(x, 1).dtype == torch.float64
    assert drift(x)[0].tolist() == pytest.approx([1, 1], abs=3e-3)


def test_on_storms_advection_beats_persistence_in_rmse_and_csi():
    made = storms(30, 5, (15, 1, 24, 24), km=4, after=5, blind=0)
    x, y = (echo(values)[0][:, :, 0] for values in (made.values, made.future))
    moved, still = advection(x, 5), persistence(x, 5)
    assert rmse(moved, y) < 0.7 * rmse(still, y)
    assert csi(moved, y, 80 / 255) > csi(still, y, 80 / 255) + 0.15


def blind_and_fast():
    """A blob that drifts by three rows a step over a bright sector which stands still and was not measured."""
    x, _ = drifting((3, 0), side=64)
    seen = torch.ones_like(x, dtype=torch.bool)
    seen[..., 50:] = False
    return torch.where(seen, x, torch.rand(64, generator=torch.Generator().manual_seed(0))[:, None]), seen


def test_every_option_of_advection_reaches_drift_and_move():
    x, seen = blind_and_fast()
    asked = {"seen": seen, "reach": 2, "edge": "zeros"}
    by = drift(x, seen, 2)
    expected = torch.stack([move(x[:, -1], step * by, edge="zeros") for step in (1, 2, 3)], 1)
    torch.testing.assert_close(advection(x, 3, **asked), expected)
    for name in asked:  # each of them makes a difference, so that none can be lost
        fewer = {other: value for other, value in asked.items() if other != name}
        assert (advection(x, 3, **fewer) - expected).abs().max() > 0.01, name


def test_no_drift_beyond_the_reach_is_found():
    x, seen = blind_and_fast()
    for reach in (1, 2):  # cells a step; over three steps a parabola may add a half
        assert drift(x, seen, reach)[0, 0].item() <= reach + 0.5 / 3
    assert drift(x, seen, 3)[0].tolist() == pytest.approx([3, 0], abs=0.05)


def large(velocity, frames=6, rows=230, columns=310):
    """A film of many blobs, of one width, on a large map. Shapes: (1, T, H, W)."""
    row, column = torch.meshgrid(torch.arange(float(rows)), torch.arange(float(columns)), indexing="ij")
    places = torch.rand(60, 2, generator=torch.Generator().manual_seed(0)) * torch.tensor([rows, columns])
    maps = []
    for time in range(frames):
        now = places + time * torch.tensor(velocity, dtype=torch.float32)
        by_row, by_column = (
            torch.exp(-((line - now[:, i, None]) ** 2) / 2 / 5**2) for i, line in enumerate((row[:, 0], column[0]))
        )
        maps.append(by_row.T @ by_column)
    return torch.stack(maps)[None]


@pytest.mark.parametrize("velocity", [(0, 0), (1, -0.5), (8.3, 0), (-5.9, 5.9), (0, -20)])
def test_on_large_maps_any_drift_is_found_that_of_100_km_h_as_well(velocity):
    x = torch.cat([large(velocity), large((2, 3))])  # 8.3 cells of a kilometre in five minutes
    assert drift(x).flatten().tolist() == pytest.approx([*velocity, 2, 3], abs=0.02)


def test_on_large_maps_too_what_was_not_measured_does_not_count():
    x = large((4, -3)) + 20
    seen = torch.ones_like(x, dtype=torch.bool)
    seen[..., 60:140, 100:220] = False
    seen[..., 1:200:7, ::5] = False  # part of a coarse cell
    x = torch.where(seen, x, torch.rand(230, 310, generator=torch.Generator().manual_seed(0)))
    assert drift(x, seen)[0].tolist() == pytest.approx([4, -3], abs=0.02)
    assert drift(x, torch.zeros_like(seen)).tolist() == [[0, 0]]


def test_on_large_maps_too_no_drift_beyond_the_reach_is_found():
    x = large((-8.3, 4))
    for reach in (1, 3, 8):
        assert drift(x, reach=reach).abs().max().item() <= reach
    assert drift(x, reach=9)[0].tolist() == pytest.approx([-8.3, 4], abs=0.02)


@pytest.mark.parametrize("speed", [2.0, 6.0, 10.0])  # km a step of 6 minutes: 20, 60 and 100 km/h
@pytest.mark.parametrize("side", [24, 48])
def test_storms_of_20_to_100_km_h_are_seen_to_drift_as_fast_as_they_do(speed, side):
    weather = Weather(wind=(speed, speed), turn=(0, 0), lean=(0, 0), towards=(0, 0))
    made = storms(12, 1, (15, 1, side, side), km=96 // side, blind=0, weather=weather)
    found = 96 // side * drift(echo(made.values)[0][:, :, 0])  # km a step, to the south and to the east
    assert found.median(0).values.tolist() == pytest.approx([0, speed], abs=0.3)


def test_the_docstring_tells_the_fastest_drift_on_24_cells():
    for velocity, seen in ((3.3, True), (4.5, False)):
        x, _ = drifting((velocity, 0), side=24)
        assert (abs(drift(x[:, -4:])[0, 0].item() - velocity) < 0.1) == seen


def test_every_option_of_move_counts():
    x, right = torch.tensor([[[1.0, 2, 3, 4], [5, 6, 7, 8]]]), torch.tensor([[0.0, 1.0]])
    for options, expected in (
        ({}, [1, 1, 2, 3, 5, 5, 6, 7]),
        ({"steps": 2}, [1, 1, 1, 2, 5, 5, 5, 6]),
        ({"steps": 2, "edge": "zeros"}, [0, 0, 1, 2, 0, 0, 5, 6]),
        ({"edge": "mean"}, [4.5, 1, 2, 3, 4.5, 5, 6, 7]),
    ):
        assert move(x, right, **options).flatten().tolist() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            lambda: persistence(torch.zeros(3, 4, 4), 1),
            "x has shape (3, 4, 4), expected (B, T, ..., H, W) with T 1 or more",
        ),
        (
            lambda: advection(torch.zeros(1, 1, 4, 4), 1),
            "x has shape (1, 1, 4, 4), expected (B, T, ..., H, W) with T 2 or more",
        ),
        (
            lambda: drift(torch.zeros(1, 0, 4, 4)),
            "x has shape (1, 0, 4, 4), expected (B, T, ..., H, W) with T 2 or more",
        ),
        (lambda: advection(torch.zeros(1, 2, 4, 4), 0), "steps is 0, expected 1 or more"),
        (
            lambda: advection(torch.zeros(1, 2, 4, 4), 1, edge="wrap"),
            "edge is 'wrap', expected 'border', 'mean' or 'zeros'",
        ),
        (
            lambda: drift(torch.zeros(1, 2, 4, 4), torch.ones(2, 4, 4)),
            "seen has shape (2, 4, 4), expected (1, 2, 4, 4), as x",
        ),
        (
            lambda: features(torch.zeros(1, 2, 4, 4)),
            "x has shape (1, 2, 4, 4), expected (B, T, D, H, W): one map a step and height",
        ),
    ],
)
def test_films_that_cannot_be_forecast_are_named(call, expected):
    assert message(call) == expected


# Features and networks


def test_features_are_what_one_would_count_by_hand():
    x = torch.zeros(1, 1, 2, 5, 5)
    x[0, 0, 0, 0, 0] = 1.0  # far from the centre
    x[0, 0, 1, 2, 2], x[0, 0, 1, 2, 3] = 100 / 255, 0.5  # 0.5: code 127.5
    mean, largest, closest, light, heavy = features(x, near=1).view(5, 2).tolist()
    assert mean == pytest.approx([1 / 25, (100 / 255 + 0.5) / 25])
    assert largest == [1, 0.5] and closest == [0, 0.5]
    assert light == pytest.approx([0, 2 / 9]) and heavy == pytest.approx([0, 1 / 9])


NETWORKS = {"ANN": lambda: ANN(3, 2), "CNN": lambda: CNN(3, 2), "LSTM": lambda: LSTM(2)}


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_a_network_of_the_notes_turns_volumes_into_rain_and_learns_eight_storms(make):
    x = echo(storms(8, 3, (3, 2, 25, 25)).values)[0]
    y = 10 * x[:, -1, 0, 8:16, 8:16].mean((1, 2))  # rain that can be told from the last frame
    torch.manual_seed(0)
    network = make()
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    losses = []
    for _ in range(120):
        loss = (network(x) - y).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert network(x).shape == (8,)
    assert losses[-1] < 0.2 * y.var(correction=0).item()


@pytest.mark.parametrize("make", [lambda **o: ANN(3, 2, **o), lambda **o: CNN(3, 2, **o), lambda **o: LSTM(2, **o)])
def test_the_width_of_a_network_can_be_chosen(make):
    sizes = [sum(weight.numel() for weight in make(**options).parameters()) for options in ({}, {"hidden": 5})]
    assert sizes[0] > sizes[1]
    assert make(hidden=5)(torch.zeros(4, 3, 2, 16, 16)).shape == (4,)


def test_the_lstm_takes_films_of_any_length():
    network = LSTM(levels=1)
    assert network(torch.zeros(2, 5, 1, 9, 9)).shape == network(torch.zeros(2, 1, 1, 9, 9)).shape == (2,)
    x = torch.zeros(2, 3, 1, 9, 9)
    x[1, 2] = 1  # only the last frame differs
    first, second = network(x).tolist()
    assert abs(first - second) > 1e-4


def test_the_cnn_knows_where_it_rains():
    torch.manual_seed(0)
    x = torch.zeros(1, 1, 1, 32, 32)
    x[..., 9:12, 9:12] = 1
    network = CNN(1, 1)
    # Far from the edges, moved by a multiple of its strides: a mean over the map would not tell them apart.
    assert abs(network(x) - network(x.roll((12, 12), (3, 4)))).item() > 1e-4
