"""Quantiles, ensembles and chances of rain, scored as by hand, by an integral, by scipy and by scikit-learn."""

import math

import pytest
import torch
from scipy.stats import norm
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, mean_pinball_loss

from course.rain import brier, crps, pinball, reliability


def message(call, *args, **options):
    with pytest.raises(ValueError) as caught:
        call(*args, **options)
    return str(caught.value)


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# Pinball


def test_too_little_costs_q_a_unit_and_too_much_the_rest():
    y = torch.tensor([10.0, 10.0])
    assert pinball(torch.tensor([[8.0, 10.0]]), y, [0.9]).item() == pytest.approx(0.9 * 2 / 2)
    assert pinball(torch.tensor([[10.0, 12.0]]), y, [0.9]).item() == pytest.approx(0.1 * 2 / 2)


def test_pinball_equals_scikit_learns():
    quantiles, y = (0.1, 0.5, 0.8), noise(4, 5)
    prediction = noise(3, 4, 5, seed=1)
    each = [mean_pinball_loss(y.ravel(), one.ravel(), alpha=q) for one, q in zip(prediction, quantiles)]
    assert pinball(prediction, y, quantiles).item() == pytest.approx(sum(each) / 3)


def test_the_constant_that_loses_least_is_the_quantile():
    y = noise(101)
    for q in (0.2, 0.5, 0.9):
        best = min(y, key=lambda value: pinball(value.expand(1, 101), y, [q]))
        assert best.item() == torch.quantile(y, q, interpolation="nearest").item()


def test_a_network_can_learn_by_pinball_where_something_was_measured():
    prediction = torch.zeros(2, 3, requires_grad=True)
    y, seen = torch.tensor([1.0, -1.0, math.nan]), torch.tensor([True, True, False])
    pinball(prediction, y, [0.25, 0.75], seen).backward()
    by_hand = [[-0.25, 0.75, 0], [-0.75, 0.25, 0]]  # over 2 quantiles x 2 cells
    assert (4 * prediction.grad).tolist() == by_hand


def test_a_map_that_was_measured_nowhere_costs_nothing_and_teaches_nothing():
    prediction = torch.zeros(1, 2, requires_grad=True)
    loss = pinball(prediction, torch.full((2,), math.nan), [0.5], torch.zeros(2, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0 and prediction.grad.tolist() == [[0, 0]]


# CRPS


def test_the_crps_of_two_members_is_the_area_by_hand():
    ensemble = torch.tensor([[2.0], [0.0]])
    assert crps(ensemble, torch.tensor([1.0])) == pytest.approx(0.25 + 0.25)  # from 0 to 1, and from 1 to 2
    assert crps(ensemble, torch.tensor([3.0])) == pytest.approx(0.25 * 2 + 1)


def test_the_crps_of_an_ensemble_is_its_distance_to_the_truth_less_half_of_that_between_members():
    ensemble, y = noise(7, 3, 4), noise(3, 4, seed=1)
    apart = (ensemble - ensemble[:, None]).abs().mean((0, 1))
    assert crps(ensemble, y) == pytest.approx(((ensemble - y).abs().mean(0) - apart / 2).mean().item())


def test_the_crps_of_one_member_is_the_mean_absolute_error():
    y, one = torch.tensor([0, 3], dtype=torch.uint8), torch.tensor([[2, 2]], dtype=torch.uint8)
    assert crps(one, y) == 1.5


@pytest.mark.parametrize("y", [-1.3, 0.0, 2.0])
def test_the_crps_of_many_quantiles_is_that_of_their_distribution(y):
    quantiles = [(i + 0.5) / 200 for i in range(200)]
    prediction = torch.tensor(norm.ppf(quantiles))[:, None]
    expected = y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - 1 / math.sqrt(math.pi)
    assert crps(prediction, torch.tensor([y]), quantiles) == pytest.approx(expected, abs=1e-3)


def test_quantiles_spread_evenly_score_as_an_ensemble_and_others_by_what_they_stand_for():
    y, prediction = noise(6), noise(4, 6, seed=1).sort(0).values
    assert crps(prediction, y, [0.125, 0.375, 0.625, 0.875]) == pytest.approx(crps(prediction, y))
    two = torch.tensor([[1.0], [1.0]])  # 0.2 stands for 0 to 0.5, and 0.8 for the rest
    assert crps(two, torch.tensor([2.0]), [0.2, 0.8]) == pytest.approx(2 * (0.5 * 0.2 + 0.5 * 0.8))
    three = torch.tensor([[0.0], [1.0], [1.0]])  # 0.1 stands for 0 to 0.15
    assert crps(three, torch.tensor([1.0]), [0.1, 0.2, 0.9]) == pytest.approx(2 * 0.15 * 0.1)


def test_what_was_not_measured_does_not_count_in_crps():
    ensemble, y = torch.tensor([[2.0, math.nan], [0.0, 9.0]]), torch.tensor([1.0, math.nan])
    assert crps(ensemble, y, seen=torch.tensor([True, False])) == pytest.approx(0.5)
    assert math.isnan(crps(ensemble, y, seen=torch.tensor([False, False])))


# Chances


def test_brier_is_the_squared_error_by_hand_and_scikit_learns():
    chance, event = torch.tensor([0.9, 0.2, 0.5]), torch.tensor([True, False, False])
    assert brier(chance, event) == pytest.approx((0.01 + 0.04 + 0.25) / 3)
    assert brier(chance, event) == pytest.approx(brier_score_loss(event, chance))
    assert brier(chance, event, torch.tensor([True, False, False])) == pytest.approx(0.01)
    assert math.isnan(brier(chance, event, torch.zeros(3, dtype=torch.bool)))


def test_reliability_is_the_observed_share_bin_by_bin():
    chance = torch.tensor([[0.0, 0.1, 0.6], [0.7, 1.0, 0.3]])
    event = torch.tensor([[False, True, True], [False, True, True]])
    seen = torch.tensor([[True, True, True], [True, True, False]])
    found = reliability(chance, event, seen, bins=4)
    assert found.count.tolist() == [2, 0, 2, 1]
    assert found.forecast.tolist() == pytest.approx([0.05, math.nan, 0.65, 1], nan_ok=True)
    assert found.observed.tolist() == pytest.approx([0.5, math.nan, 0.5, 1], nan_ok=True)


def test_a_chance_between_two_bins_lies_in_the_upper_one_as_float32_too():
    for dtype in (torch.float32, torch.float64):
        chance = torch.tensor([0.1, 0.2, 0.3, 0.6, 0.7, 0.9], dtype=dtype)
        assert reliability(chance, chance > 1).count.tolist() == [0, 1, 1, 1, 0, 0, 1, 1, 0, 1]


def test_reliability_equals_scikit_learns():
    chance = noise(500).sigmoid()
    event = noise(500, seed=1).sigmoid() < chance
    came, said = calibration_curve(event, chance, n_bins=5)
    found = reliability(chance, event, bins=5)
    assert found.observed.tolist() == pytest.approx(came) and found.forecast.tolist() == pytest.approx(said)


# What does not fit


def test_forecasts_that_do_not_fit_are_named():
    three, y = torch.zeros(3, 2), torch.zeros(2)
    shape = "prediction has shape (3, 2), expected (M, 4): M maps like y"
    assert message(crps, three, torch.zeros(4)) == message(pinball, three, torch.zeros(4), [0.5]) == shape
    assert message(crps, three[:0], y) == "prediction has shape (0, 2), expected (M, 2): M maps like y"
    count = "there are 2 quantiles and 3 forecasts, expected as many"
    assert message(pinball, three, y, [0.1, 0.9]) == message(crps, three, y, [0.1, 0.9]) == count
    assert message(pinball, three, y, [0.1, 0.9, 1]) == "quantile is 1, expected a number between 0 and 1"
    order = "quantiles are (0.1, 0.9, 0.5), expected ascending ones: sort them and the forecasts"
    assert message(crps, three, y, [0.1, 0.9, 0.5]) == order
    three[2, 0] = math.nan
    lost = "prediction has nan among what was measured, expected numbers: look for where it arises"
    assert message(crps, three, y) == message(pinball, three, y, [0.1, 0.5, 0.9]) == lost


@pytest.mark.parametrize("score", [brier, reliability])
def test_chances_that_are_none_are_named(score):
    event = torch.tensor([True, False])
    assert message(score, torch.tensor([0.5, 1.5]), event) == "chance is 1.5, expected 0 to 1"
    assert message(score, torch.tensor([-0.5, 0.5]), event) == "chance is -0.5, expected 0 to 1"
    asked = "event is torch.float32, expected torch.bool: compare, as in y >= threshold"
    assert message(score, torch.zeros(2), event.float()) == asked
    expected = "y has shape (2,), expected (3,): one value a cell of the prediction"
    assert message(score, torch.zeros(3), event) == expected


def test_no_bins_are_named():
    assert message(reliability, torch.zeros(1), torch.ones(1) > 0, bins=0) == "bins is 0, expected 1 or more: try 10"
