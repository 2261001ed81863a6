"""Motion that differs from place to place is found and followed; on real rain it is as good as that of pysteps."""

import functools
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from course.rain import advection, csi, drift, motion, move, rmse, semi_lagrangian

SIDE = 64
ROW, COLUMN = torch.meshgrid(*2 * [torch.arange(SIDE, dtype=torch.float64)], indexing="ij")
SOUTH, EAST = ROW - (SIDE - 1) / 2, COLUMN - (SIDE - 1) / 2  # from the middle
KNMI, FMI = "knmi_2010.npz", "fmi_2016_2017.npz"
RAIN = (10 * np.log10(200) + 10) * 255 / 95  # the code of 1 mm/h


def pattern(row, column, seed=0):
    """Sixty round blobs, on the map and around it. Shapes: (H, W) twice to (H, W)."""
    generator = torch.Generator().manual_seed(seed)
    places, sizes = (torch.rand(60, n, 1, generator=generator, dtype=torch.float64) for n in (2, 1))
    places, widths = (SIDE + 80) * places - 40, 2.5 + 2.5 * sizes
    far = (row - places[:, :1]) ** 2 + (column - places[:, 1:]) ** 2
    return torch.exp(-far / 2 / widths**2).sum(0)


def film(velocity, frames=3, seed=0):
    """Blobs that drift, the last frame at its place. Shapes: (1, T, H, W)."""
    down, across = velocity
    return torch.stack([pattern(ROW - down * t, COLUMN - across * t, seed) for t in range(1 - frames, 1)])[None]


def turning(angle, frames=3, after=0):
    """Blobs that turn about the middle, so many radians a step, from the east to the south."""
    maps = []
    for t in range(1 - frames, 1 + after):
        cos, sin = np.cos(angle * t), np.sin(angle * t)
        maps.append(pattern(cos * SOUTH - sin * EAST + 31.5, sin * SOUTH + cos * EAST + 31.5))
    return torch.stack(maps)[None]


def uniform(down, across, side=SIDE):
    return torch.tensor([down, across], dtype=torch.float64).view(1, 2, 1, 1).expand(1, 2, side, side)


def error(field, expected):
    """How far two fields are apart, in the median and at most. Units: cells a step."""
    far = (field - expected).norm(dim=1)
    return far.median().item(), far.max().item()


def message(call):
    with pytest.raises(ValueError) as caught:
        call()
    return str(caught.value)


# The field


@pytest.mark.parametrize("cells", range(9))
def test_blobs_that_move_up_to_eight_cells_a_step_are_found_to_do_so(cells):
    for down, across in ((cells, 0), (-0.6 * cells, 0.8 * cells)):
        median, most = error(motion(film((down, across))), uniform(down, across))
        assert median < 0.02 and most < 0.1


def test_echo_that_turns_has_a_field_that_turns():
    field, expected = motion(turning(0.05)), 0.05 * torch.stack([EAST, -SOUTH])[None]
    near = (SOUTH**2 + EAST**2 < 20**2).expand(1, 2, -1, -1)
    slope = (field * expected)[near].sum() / expected[near].square().sum()
    assert abs(slope - 1) < 0.3
    median, _ = error(field, expected)
    assert median < 0.3 * expected.norm(dim=1).median()


def test_echo_that_is_sheared_has_a_field_that_is_sheared():
    x = torch.stack([pattern(ROW, COLUMN - 0.05 * SOUTH * t) for t in (-2, -1, 0)])[None]
    field = motion(x)[0, :, 12:-12, 12:-12]
    assert field[0].abs().median() < 0.1
    north, middle, south = field[1, [0, 20, -1]].median(1).values.tolist()
    assert north == pytest.approx(-0.05 * 19.5, abs=0.3)
    assert middle == pytest.approx(0, abs=0.1)
    assert south == pytest.approx(0.05 * 19.5, abs=0.3)


def test_a_straight_edge_tells_its_motion_across_and_none_along():
    x = torch.stack([torch.sigmoid((COLUMN - 30 - 2 * t) / 2) for t in (-2, -1, 0)])[None]
    assert error(motion(x), uniform(0, 2))[1] < 0.05  # and not (3, 2), which would fit as well
    slanted = torch.stack([torch.sigmoid((COLUMN + ROW - 60 - 2 * t) / 2) for t in (-2, -1, 0)])[None]
    assert error(motion(slanted), uniform(1, 1))[1] < 0.1  # the shortest: half down, half across


def test_where_there_is_no_echo_the_nearest_decides():
    x = torch.zeros(1, 3, SIDE, SIDE, dtype=torch.float64)
    for t in (-2, -1, 0):  # two blobs that part
        for column, down in ((12, 1), (52, -1)):
            x[0, t + 2] += torch.exp(-((ROW - 32 - down * t) ** 2 + (COLUMN - column) ** 2) / 2 / 4**2)
    field = motion(x)[0]
    assert field[0, 5, 3].item() == pytest.approx(1, abs=0.3)
    assert field[0, 60, 60].item() == pytest.approx(-1, abs=0.3)


@pytest.mark.parametrize("value", [0.0, 0.3, 200.0, torch.nan, torch.inf])
def test_where_nothing_varies_or_is_known_nothing_moves(value):
    assert not motion(torch.full((2, 3, 40, 33), value)).any()


def test_nothing_measured_at_all_is_no_motion():
    x = film((1, 2))
    assert not motion(x, torch.zeros_like(x, dtype=torch.bool)).any()


@pytest.mark.parametrize("way", ["nan", "seen"])
@pytest.mark.parametrize("frames", [slice(None), slice(1), slice(-1, None)], ids=["all", "first", "last"])
def test_a_hole_that_stands_still_does_not_hold_the_motion_back(way, frames):
    x = film((2, -3))
    seen = torch.ones_like(x, dtype=torch.bool)
    seen[:, frames, 20:40, 24:44] = False
    holed = torch.where(seen, x, torch.nan if way == "nan" else 5)
    field = motion(holed, None if way == "nan" else seen)
    assert error(field, uniform(2, -3))[0] < 0.1 and error(field, uniform(2, -3))[1] < 0.5
    assert error(motion(torch.where(seen, x, 5)), uniform(2, -3))[0] > 0.5  # it would, if it counted


def test_each_film_moves_its_own_way():
    films = [film((1, 2)), 1e-12 * film((0, -3), seed=1), 100 + 0 * film((0, 0))]
    together = motion(torch.cat(films))
    for field, alone in zip(together, films):
        torch.testing.assert_close(field[None], motion(alone))


def test_neither_the_scale_of_echo_nor_its_type_matters():
    x = film((1, 2))
    torch.testing.assert_close(motion(255 * x - 40), motion(x - 40 / 255), atol=1e-9, rtol=0)
    field = motion(x.float())
    assert field.dtype == torch.float32
    torch.testing.assert_close(field.double(), motion(x), atol=1e-3, rtol=0)


def test_two_frames_are_enough_and_of_many_the_last_three_count():
    assert error(motion(film((1, -2), frames=2)), uniform(1, -2))[0] < 0.05
    x = film((1, -2), frames=5)
    torch.testing.assert_close(motion(x), motion(x[:, -3:]))


@pytest.mark.parametrize("size", [(8, 8), (8, 90), (33, 17)])
def test_a_map_of_any_size_has_a_field(size):
    field = motion(torch.rand(1, 2, *size, generator=torch.Generator().manual_seed(0)))
    assert field.shape == (1, 2, *size) and field.isfinite().all()


# The forecast along it


def test_where_all_moves_alike_the_forecast_is_that_of_move():
    x = film((0, 0))[:, 0]
    for edge in ("border", "mean"):
        for by in ((2.0, -1.0), (0.5, 0.25)):
            y = semi_lagrangian(x, uniform(*by), 3, edge)
            moved = [move(x[:, None], torch.tensor([by], dtype=torch.float64), step, edge)[:, 0] for step in (1, 2, 3)]
            inner = (..., slice(8, -8), slice(8, -8))
            torch.testing.assert_close(y[inner], torch.stack(moved, 1)[inner])


@pytest.mark.parametrize(
    ("edge", "expected"),
    [
        ("border", [1, 1, 1, 2, 5, 5, 5, 6]),
        ("mean", [4.5, 4.5, 1, 2, 4.5, 4.5, 5, 6]),
        ("zeros", [0, 0, 1, 2, 0, 0, 5, 6]),
        ("nan", [torch.nan, torch.nan, 1, 2, torch.nan, torch.nan, 5, 6]),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_comes_in_can_be_chosen(edge, expected, dtype):
    x = torch.tensor([[[1, 2, 3, 4], [5, 6, 7, 8]]], dtype=dtype)
    field = torch.tensor([0, 1], dtype=dtype).view(1, 2, 1, 1).expand(1, 2, 2, 4)
    y = semi_lagrangian(x, field, 2, edge)
    assert y.dtype == dtype
    assert y[0, 1].flatten().tolist() == pytest.approx(expected, nan_ok=True)


def test_a_cell_fed_by_one_that_was_not_measured_is_nan_and_no_other():
    x = torch.arange(12.0).view(1, 1, 12).expand(1, 3, 12).clone()
    x[0, 1, 4] = torch.nan
    whole, half = (torch.tensor([0.0, by]).view(1, 2, 1, 1).expand(1, 2, 3, 12) for by in (1, 0.5))
    assert semi_lagrangian(x, whole, 2).isnan().nonzero().tolist() == [[0, 0, 1, 5], [0, 1, 1, 6]]
    assert semi_lagrangian(x, half, 1).isnan().nonzero().tolist() == [[0, 0, 1, 4], [0, 0, 1, 5]]
    mean = semi_lagrangian(x, whole, 1, "mean")[0, 0, 0, 0].item()
    assert mean == pytest.approx((3 * 66 - 4) / 35)


def test_echo_is_followed_round_a_curve():
    """A quarter turn in eight steps: straight on, it would be off by a third of the way."""
    angle = torch.pi / 16
    field = angle * torch.stack([EAST, -SOUTH])[None]
    x = torch.exp(-((SOUTH + 20) ** 2 + EAST**2) / 2 / 3**2)[None]  # in the north
    y = semi_lagrangian(x, field, 8)[0, -1]
    place = [(y * where).sum() / y.sum() for where in (SOUTH, EAST)]
    assert [value.item() for value in place] == pytest.approx([0, 20], abs=0.3)


def test_echo_that_turns_is_forecast_better_than_by_one_drift_for_all():
    x = turning(0.05, after=6)
    past, y = x[:, :3], x[:, 3:]
    ours = semi_lagrangian(past[:, -1], motion(past), 6, "nan")
    known = ours.isfinite()
    assert rmse(ours, y, known) < 0.5 * rmse(advection(past, 6), y, known)


def test_gradients_reach_the_frame_and_the_field():
    x, field = torch.rand(1, 5, 5, requires_grad=True), torch.full((1, 2, 5, 5), 0.3, requires_grad=True)
    semi_lagrangian(x, field, 2).sum().backward()
    assert x.grad.any() and field.grad.any()


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            lambda: motion(torch.zeros(1, 1, 9, 9)),
            "x has shape (1, 1, 9, 9), expected (B, T, H, W) with 2 or more frames, and 8 or more rows and columns",
        ),
        (
            lambda: motion(torch.zeros(1, 3, 9, 4)),
            "x has shape (1, 3, 9, 4), expected (B, T, H, W) with 2 or more frames, and 8 or more rows and columns",
        ),
        (
            lambda: motion(torch.zeros(1, 2, 9, 9, dtype=torch.uint8)),
            "x is torch.uint8, expected floating point: pass the echo of codes, echo(values)",
        ),
        (
            lambda: motion(torch.zeros(1, 2, 9, 9), torch.ones(2, 9, 9)),
            "seen has shape (2, 9, 9), expected (1, 2, 9, 9), as x",
        ),
        (
            lambda: semi_lagrangian(torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 4), 1),
            "x has shape (1, 2, 4, 4), expected (B, H, W): pass the last frame, such as film[:, -1]",
        ),
        (
            lambda: semi_lagrangian(torch.zeros(1, 4, 4), torch.zeros(1, 2), 1),
            "field has shape (1, 2), expected (1, 2, 4, 4): a motion for each cell of x",
        ),
        (
            lambda: semi_lagrangian(torch.zeros(1, 4, 4), torch.zeros(1, 2, 4, 4), 0),
            "steps is 0, expected 1 or more",
        ),
        (
            lambda: semi_lagrangian(torch.zeros(1, 4, 4), torch.zeros(1, 2, 4, 4), 1, "wrap"),
            "edge is 'wrap', expected 'border', 'mean', 'zeros' or 'nan'",
        ),
        (
            lambda: semi_lagrangian(torch.zeros(1, 4, 4), torch.full((1, 2, 4, 4), torch.nan), 1),
            "field has nan, expected numbers: motion gives them where nothing is known, too",
        ),
    ],
)
def test_what_cannot_be_moved_is_named(call, expected):
    assert message(call) == expected


# Real rain


RADAR = os.environ.get("COURSE_RADAR")
REAL = pytest.mark.skipif(not RADAR, reason="COURSE_RADAR names no folder with real rain")
LEADS = 1, 6, 12  # steps of five minutes


@functools.cache
def real(day):
    """Codes of a day, nan where missing. Shapes: float64 (T, H, W)."""
    name, index = {"KNMI": (KNMI, ...), "FMI 2016": (FMI, 0), "FMI 2017": (FMI, 1)}[day]
    codes = torch.from_numpy(np.load(Path(RADAR) / name)["codes"][index])
    return torch.where(codes == 254, torch.nan, codes.double())


def scores(forecasts, films, starts):
    """RMSE and CSI at 1 mm/h of several forecasts on the same cells. Shapes: each (2, leads)."""
    rows = {name: [] for name in forecasts}
    for lead in LEADS:
        maps = {name: torch.cat([one[start][lead - 1] for start in starts]) for name, one in forecasts.items()}
        y = torch.cat([films[start + lead] for start in starts])
        seen = torch.stack([y, *maps.values()]).isfinite().all(0)
        for name, one in maps.items():
            rows[name].append([rmse(one, y, seen), csi(one, y, RAIN, seen)])
    return {name: np.transpose(one) for name, one in rows.items()}


@REAL
@pytest.mark.parametrize("day", ["KNMI", "FMI 2016", "FMI 2017"])
def test_on_real_rain_a_field_of_motion_is_better_than_one_drift(day):
    films, starts = real(day), (10, 22)
    ours, one = {}, {}
    for start in starts:
        past = films[None, start - 2 : start + 1]
        ours[start] = semi_lagrangian(past[:, -1], motion(past), 12, "nan")[0]
        by = drift(past.nan_to_num(), past.isfinite()).double()[:, :, None, None].expand(1, 2, *past.shape[2:])
        one[start] = semi_lagrangian(past[:, -1], by, 12, "nan")[0]
    (error, hits), (error_one, hits_one) = scores({"field": ours, "drift": one}, films, starts).values()
    assert (error < error_one).all() and (hits[:2] > hits_one[:2]).all()


@REAL
@pytest.mark.parametrize("day", ["KNMI", "FMI 2016", "FMI 2017"])
def test_on_real_rain_the_field_is_as_good_as_that_of_pysteps(day):
    reason = "pysteps is not installed (it needs a C compiler): pip install pysteps opencv-python-headless"
    dense = pytest.importorskip("pysteps.motion.lucaskanade", reason=reason, exc_type=ImportError).dense_lucaskanade
    films, starts = real(day), (10, 22)
    ours, theirs, apart = {}, {}, []
    for start in starts:
        past = films[None, start - 2 : start + 1]
        field = motion(past)
        rival = torch.from_numpy(dense(past[0].numpy())[::-1].copy()).double()[None]  # it gives x before y
        ours[start] = semi_lagrangian(past[:, -1], field, 12, "nan")[0]
        theirs[start] = semi_lagrangian(past[:, -1], rival, 12, "nan")[0]
        apart.append((field - rival).norm(dim=1)[past[:, -1].nan_to_num() > 0].median().item())
    (error, hits), (error_theirs, hits_theirs) = scores({"ours": ours, "theirs": theirs}, films, starts).values()
    assert (error < 1.02 * error_theirs).all() and (hits > hits_theirs - 0.02).all()
    assert max(apart) < {"KNMI": 0.8}.get(day, 0.3)  # cells a step; KNMI's rain moves by four


@REAL
def test_along_the_same_field_the_forecast_is_that_of_pysteps():
    reason = "pysteps is not installed (it needs a C compiler): pip install pysteps opencv-python-headless"
    theirs = pytest.importorskip("pysteps.extrapolation.semilagrangian", reason=reason, exc_type=ImportError)
    past = real("FMI 2016")[None, 18:21]
    field = motion(past)
    expected = theirs.extrapolate(past[0, -1].numpy(), field[0].flip(0).numpy(), 12, allow_nonfinite_values=True)
    y = semi_lagrangian(past[:, -1], field, 12, "nan")[0].numpy()
    both = np.isfinite(y) & np.isfinite(expected)
    np.testing.assert_allclose(y[both], expected[both], atol=1e-8)  # codes
    assert (np.isfinite(y) != np.isfinite(expected)).mean() < 1e-4  # within 0.001 cells of an edge
