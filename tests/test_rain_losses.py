"""Losses that weight heavy rain: the weights as rain rates have them, the errors by hand, a mean for each film."""

import math

import pytest
import torch

from course.nowcast.films import Batch
from course.nowcast.network import film_losses
from course.rain import balanced_mae, balanced_mse, rain_rate, rain_weights


def message(call, *args):
    with pytest.raises(ValueError) as caught:
        call(*args)
    return str(caught.value)


def echo_of(*rates):
    """Echo from 0 to 1 of rates in mm/h."""
    return torch.tensor([(10 * math.log10(200 * rate**1.6) + 10) / 95 for rate in rates])


def test_weights_step_up_at_2_5_10_and_30_mm_an_hour():
    assert rain_weights(echo_of(0.1, 1.9, 2.1, 4.9, 5.1, 9.9, 10.1, 29, 31, 99)).tolist() == [
        *(1, 1),
        *(2, 2),
        *(5, 5),
        *(10, 10),
        *(30, 30),
    ]
    assert rain_weights(torch.tensor([0.0, 1.0])).tolist() == [1, 30]


def test_each_code_has_the_weight_of_its_rain():
    codes = torch.arange(254, dtype=torch.uint8)
    expected = [1 + (r >= 2) + 3 * (r >= 5) + 5 * (r >= 10) + 20 * (r >= 30) for r in rain_rate(codes).tolist()]
    assert rain_weights(codes / 255).tolist() == expected


def test_errors_count_as_much_as_the_rain_that_fell():
    y = torch.stack([echo_of(1, 3), echo_of(20, 40)])
    prediction = y + torch.tensor([[0.1, -0.2], [0.3, -0.4]])
    assert balanced_mse(prediction, y).tolist() == pytest.approx([(0.01 + 2 * 0.04) / 2, (10 * 0.09 + 30 * 0.16) / 2])
    assert balanced_mae(prediction, y).tolist() == pytest.approx([(0.1 + 2 * 0.2) / 2, (10 * 0.3 + 30 * 0.4) / 2])


def test_a_film_of_light_rain_has_the_loss_that_it_had_without_weights():
    y, x = (torch.rand(3, 4, 1, 5, 6, generator=torch.Generator().manual_seed(seed)) / 4 for seed in (0, 1))
    seen = torch.rand(y.shape, generator=torch.Generator().manual_seed(2)) < 0.8
    expected = film_losses(lambda x, *others: x, Batch(x, x, x, seen, x, y, seen))
    assert balanced_mse(x, y, seen).tolist() == pytest.approx(expected.tolist())


@pytest.mark.parametrize("loss", [balanced_mse, balanced_mae])
def test_what_was_not_measured_costs_nothing_and_teaches_nothing(loss):
    prediction = torch.zeros(2, 2, requires_grad=True)
    y, seen = torch.tensor([[0.1, math.nan], [math.nan, math.nan]]), torch.tensor([[True, False], [False, False]])
    losses = loss(prediction, y, seen)
    losses.sum().backward()
    assert losses.tolist() == pytest.approx([0.01 if loss is balanced_mse else 0.1, 0])
    assert prediction.grad.tolist() == [pytest.approx([-0.2 if loss is balanced_mse else -1, 0]), [0, 0]]


def test_rain_in_other_units_is_named():
    expected = "y is torch.float32 up to 37, expected echo from 0 to 1: try echo(codes)[0]"
    assert message(rain_weights, torch.tensor([0.5, 37])) == expected
    assert message(balanced_mse, torch.zeros(1, 1), torch.tensor([[37.0]])) == expected
    codes = torch.tensor([[0, 1]], dtype=torch.uint8)
    expected = "y is torch.uint8 up to 1, expected echo from 0 to 1: try echo(codes)[0]"
    assert message(balanced_mae, codes, codes) == expected
    expected = "y has shape (1, 3), expected (1, 2): one value a cell of the prediction"
    assert message(balanced_mse, torch.zeros(1, 2), torch.zeros(1, 3)) == expected
