"""RMSE, CSI, POD and FAR, as counted by hand and as torchmetrics has them."""

import math

import pytest
import torch
import torchmetrics.functional.classification as reference
import torchmetrics.functional.regression as regression

from course.rain import csi, far, pod, rmse


def test_rain_scores_equal_torchmetrics():
    generator = torch.Generator().manual_seed(0)
    y = torch.rand(6, 5, 8, 8, generator=generator)
    prediction = (y + 0.3 * torch.randn(y.shape, generator=generator)).clamp(0, 1)
    expected = regression.mean_squared_error(prediction, y, squared=False).item()
    assert rmse(prediction, y) == pytest.approx(expected)
    for threshold in (0.2, 0.5, 0.9):
        events = (prediction >= threshold).int(), (y >= threshold).int()
        expected = regression.critical_success_index(prediction, y, threshold).item()
        assert csi(prediction, y, threshold) == pytest.approx(expected)
        assert pod(prediction, y, threshold) == pytest.approx(reference.binary_recall(*events).item())
        assert far(prediction, y, threshold) == pytest.approx(1 - reference.binary_precision(*events).item())


def test_six_cells_score_as_counted_by_hand():
    y = torch.tensor([[5.0, 5, 5], [0, 0, 0]])
    prediction = torch.tensor([[5.0, 9, 4], [5, 1, 0]])  # at 5: two hits, a miss, a false alarm
    assert csi(prediction, y, 5) == 2 / 4
    assert pod(prediction, y, 5) == 2 / 3
    assert far(prediction, y, 5) == 1 / 3
    assert rmse(prediction, y) == pytest.approx(math.sqrt((16 + 1 + 25 + 1) / 6))


def test_what_was_not_measured_does_not_count():
    y = torch.tensor([5.0, 0, math.nan, 7])
    prediction = torch.tensor([5.0, 5, 5, 0])
    seen = torch.tensor([True, True, False, False])
    assert csi(prediction, y, 5, seen) == far(prediction, y, 5, seen) == 0.5
    assert pod(prediction, y, 5, seen) == 1
    assert rmse(prediction, y, seen) == pytest.approx(5 / math.sqrt(2))


def test_a_map_that_was_measured_nowhere_has_no_score():
    y, nowhere = torch.tensor([5.0, math.nan]), torch.tensor([False, False])
    for values in (y, torch.tensor([5, 254], dtype=torch.uint8)):
        scores = [csi(values, values, 5, nowhere), pod(values, values, 5, nowhere), far(values, values, 5, nowhere)]
        assert all(math.isnan(score) for score in [*scores, rmse(values, values, nowhere)])


def test_the_error_of_codes_does_not_go_round_past_0():
    low, high = (torch.tensor([code], dtype=torch.uint8) for code in (3, 7))
    assert rmse(low, high) == rmse(high, low) == 4


def test_what_says_where_is_asked_of_both_maps():
    y, prediction = torch.tensor([5.0, math.nan]), torch.tensor([math.nan, 5.0])
    for score, threshold in ((rmse, ()), (csi, (5,)), (pod, (5,)), (far, (5,))):
        with pytest.raises(ValueError, match="prediction has nan among what was measured, expected numbers"):
            score(prediction, y, *threshold, torch.tensor([True, False]))


def test_without_an_event_there_is_no_score_rather_than_a_bad_one():
    rain, none = torch.tensor([9.0, 0]), torch.zeros(2)
    assert all(math.isnan(score(none, none, 5)) for score in (csi, pod, far))
    assert math.isnan(pod(rain, none, 5)) and csi(rain, none, 5) == 0 and far(rain, none, 5) == 1
    assert math.isnan(far(none, rain, 5)) and csi(none, rain, 5) == 0 and pod(none, rain, 5) == 0


@pytest.mark.parametrize(
    ("y", "seen", "message"),
    [
        (torch.zeros(2), None, "y has shape (2,), expected (3,): one value a cell of the prediction"),
        (
            torch.zeros(3),
            torch.ones(1, dtype=torch.bool),
            "seen has shape (1,), expected (3,): one value a cell of the prediction",
        ),
        (torch.zeros(3), torch.ones(3), "seen is torch.float32, expected torch.bool: True where y was measured"),
        (torch.tensor([0, math.nan, 0]), None, "y has nan among what was measured, expected numbers: pass seen"),
    ],
)
def test_unfit_rain_maps_are_named(y, seen, message):
    for score, threshold in ((rmse, ()), (csi, (1.0,)), (pod, (1.0,)), (far, (1.0,))):
        with pytest.raises(ValueError) as error:
            score(torch.zeros(3), y, *threshold, seen)
        assert str(error.value) == message


def test_maps_without_a_cell_are_named():
    for score, threshold in ((rmse, ()), (csi, (1.0,)), (pod, (1.0,)), (far, (1.0,))):
        with pytest.raises(ValueError, match="y has no cell, expected one or more"):
            score(torch.zeros(0, 8), torch.zeros(0, 8), *threshold)
