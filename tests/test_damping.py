"""A blur and two numbers are found as they were put in, and help where a forecast is too sharp."""

import pytest
import torch
from scipy.ndimage import gaussian_filter

from course.rain import Damping, advection, echo, fit_damping, rmse, storms


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_factor_and_a_summand_are_found_as_by_hand():
    forecast, truth = torch.tensor([[0.0, 1], [2, 3]]), torch.tensor([[1.0, 2], [2, 3]])
    fit = fit_damping(forecast, truth, widths=[0])
    assert fit == pytest.approx((0, 0.6, 1.1, 0.05**0.5))  # slope 3 / 5 about the means, 1.5 and 2
    assert fit(forecast).flatten().tolist() == pytest.approx([1.1, 1.7, 2.3, 2.9])


@pytest.mark.parametrize("width", [0, 1.5, 3])
def test_the_blur_that_was_put_in_is_found(width):
    forecast = noise(2, 3, 40, 40)
    blurred = torch.from_numpy(gaussian_filter(forecast.numpy(), (0, 0, width, width), mode="constant"))
    inner = torch.zeros_like(forecast, dtype=torch.bool)
    inner[..., 14:-14, 14:-14] = True  # SciPy takes what lies outside as 0
    fit = fit_damping(forecast, 0.5 * blurred + 0.2, inner)
    assert fit[:3] == pytest.approx((width, 0.5, 0.2), abs=1e-6) and fit.error < 1e-6
    torch.testing.assert_close(fit(forecast)[inner], (0.5 * blurred + 0.2)[inner])


def test_what_is_not_known_does_not_count_and_stays_nan():
    forecast, truth = noise(1, 30, 30), noise(1, 30, 30, seed=1)
    forecast[:, :10] = truth[:, 20:] = torch.nan
    seen = torch.ones_like(truth, dtype=torch.bool)
    seen[..., :5] = False
    fit = fit_damping(forecast, truth, seen)
    assert fit == fit_damping(forecast, torch.where(seen, truth, 99), seen)
    assert fit != fit_damping(forecast, torch.where(seen, truth, 99))
    assert fit(forecast).isnan().equal(forecast.isnan())
    flat = torch.where(forecast.isnan(), torch.nan, 3.0)
    assert Damping(4, 1, 0, 0)(flat)[:, 10:].flatten().tolist() == pytest.approx([3] * 600)  # no edge draws it down


def test_the_type_stays():
    assert Damping(2, 0.5, 0.1, 0)(noise(8, 8).float()).dtype == torch.float32


def test_on_storms_damping_takes_some_of_the_error_of_advection():
    films = [
        echo(torch.cat([torch.from_numpy(part) for part in (made.values, made.future)], 1))[0][:, :, 0]
        for made in (storms(20, seed, (15, 1, 32, 32), km=3, after=10, blind=0) for seed in (1, 2))
    ]
    (train, y_train), (test, y_test) = ((advection(film[:, :15], 10)[:, -1], film[:, -1]) for film in films)
    fit = fit_damping(train, y_train)
    assert fit.width > 0 and 0 < fit.factor < 1
    assert fit.error == pytest.approx(rmse(fit(train), y_train))
    assert rmse(fit(test), y_test) < 0.95 * rmse(test, y_test)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"truth": torch.zeros(2, 5)}, "truth has shape (2, 5), expected (5, 5), as forecast"),
        ({"seen": torch.ones(5) > 0}, "seen has shape (5,), expected (5, 5), as forecast"),
        ({"widths": (0, -1)}, "widths is (0, -1), expected one or more of 0 cells or more: try (0, 1, 2, 4)"),
        ({"widths": ()}, "widths is (), expected one or more of 0 cells or more: try (0, 1, 2, 4)"),
        (
            {"seen": torch.zeros(5, 5) > 0},
            "no cell is known both in forecast and truth, expected some: look at seen, and for nan",
        ),
    ],
)
def test_what_cannot_be_fitted_is_named(options, expected):
    with pytest.raises(ValueError) as caught:
        fit_damping(**{"forecast": torch.zeros(5, 5), "truth": torch.zeros(5, 5)} | options)
    assert str(caught.value) == expected
