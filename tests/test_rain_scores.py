"""Scores cell by cell, as counted by hand and as torchmetrics has them; their sums; the level that announces best."""

import math

import pytest
import torch
import torchmetrics.functional.classification as reference
import torchmetrics.functional.regression as regression

from course.rain import Errors, Events, best_level, bias, count_events, csi, far, mae, pod, rmse, sum_errors

ALL = ((rmse, ()), (mae, ()), (csi, (5,)), (pod, (5,)), (far, (5,)), (bias, (5,)))


def message(call, *args, **options):
    with pytest.raises(ValueError) as caught:
        call(*args, **options)
    return str(caught.value)


def maps(*shape):
    """A forecast and the truth, from 0 to 1, and where it was measured."""
    generator = torch.Generator().manual_seed(0)
    y = torch.rand(shape, generator=generator)
    prediction = (y + 0.3 * torch.randn(shape, generator=generator)).clamp(0, 1)
    return prediction, y, torch.rand(shape, generator=generator) < 0.7


def test_rain_scores_equal_torchmetrics():
    prediction, y, _ = maps(6, 5, 8, 8)
    expected = regression.mean_squared_error(prediction, y, squared=False).item()
    assert rmse(prediction, y) == pytest.approx(expected)
    assert mae(prediction, y) == pytest.approx(regression.mean_absolute_error(prediction, y).item())
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
    assert bias(prediction, y, 5) == 3 / 3
    assert rmse(prediction, y) == pytest.approx(math.sqrt((16 + 1 + 25 + 1) / 6))
    assert mae(prediction, y) == pytest.approx((4 + 1 + 5 + 1) / 6)


def test_bias_is_above_1_where_too_much_is_announced():
    y, prediction = torch.tensor([5.0, 5, 0, 0]), torch.tensor([5.0, 5, 5, 5])
    assert bias(prediction, y, 5) == 2 and bias(y, prediction, 5) == 0.5


def test_what_was_not_measured_does_not_count():
    y = torch.tensor([5.0, 0, math.nan, 7])
    prediction = torch.tensor([5.0, 5, 5, 0])
    seen = torch.tensor([True, True, False, False])
    assert csi(prediction, y, 5, seen) == far(prediction, y, 5, seen) == 0.5
    assert pod(prediction, y, 5, seen) == 1 and bias(prediction, y, 5, seen) == 2
    assert mae(prediction, y, seen) == 2.5
    assert rmse(prediction, y, seen) == pytest.approx(5 / math.sqrt(2))


def test_a_map_that_was_measured_nowhere_has_no_score():
    y, nowhere = torch.tensor([5.0, math.nan]), torch.tensor([False, False])
    for values in (y, torch.tensor([5, 254], dtype=torch.uint8)):
        assert all(math.isnan(score(values, values, *threshold, nowhere)) for score, threshold in ALL)


def test_the_error_of_codes_does_not_go_round_past_0():
    low, high = (torch.tensor([code], dtype=torch.uint8) for code in (3, 7))
    assert rmse(low, high) == rmse(high, low) == mae(low, high) == mae(high, low) == 4


def test_what_says_where_is_asked_of_both_maps():
    y, prediction = torch.tensor([5.0, math.nan]), torch.tensor([math.nan, 5.0])
    for score, threshold in ALL:
        with pytest.raises(ValueError, match="prediction has nan among what was measured, expected numbers"):
            score(prediction, y, *threshold, torch.tensor([True, False]))


def test_without_an_event_there_is_no_score_rather_than_a_bad_one():
    rain, none = torch.tensor([9.0, 0]), torch.zeros(2)
    assert all(math.isnan(score(none, none, 5)) for score in (csi, pod, far, bias))
    assert math.isnan(pod(rain, none, 5)) and math.isnan(bias(rain, none, 5)) and bias(none, rain, 5) == 0
    assert csi(rain, none, 5) == 0 and far(rain, none, 5) == 1
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
    for score, threshold in ALL:
        with pytest.raises(ValueError) as error:
            score(torch.zeros(3), y, *threshold, seen)
        assert str(error.value) == message


def test_maps_without_a_cell_are_named():
    for score, threshold in ALL:
        with pytest.raises(ValueError, match="y has no cell, expected one or more"):
            score(torch.zeros(0, 8), torch.zeros(0, 8), *threshold)


# The level that announces best


def test_a_level_of_its_own_moves_the_events_of_the_forecast_alone():
    y, prediction = torch.tensor([5.0, 5, 0, 0]), torch.tensor([5.0, 3, 3, 0])
    assert csi(prediction, y, 5) == csi(prediction, y, 5, level=5) == 1 / 2
    assert csi(prediction, y, 5, level=3) == 2 / 3
    assert pod(prediction, y, 5, level=3) == 1
    assert far(prediction, y, 5, level=3) == 1 / 3
    assert bias(prediction, y, 5, level=3) == 3 / 2
    assert pod(prediction, y, 5, level=0) == 1 and bias(prediction, y, 5, level=0) == 2  # 0 is a level, too


def test_a_forecast_that_says_half_as_much_announces_at_half_the_threshold():
    y = torch.tensor([[0.0, 2, 4], [6, 8, 10]])
    for levels in ([1, 2, 3, 4, 5], [5.0, 3.0, 1.0], range(1, 6)):
        assert best_level(y / 2, y, 6, levels) == 3
    assert best_level(y, y, 6, [7, 6, 5]) == 5  # as good as 6, but lower


def test_only_what_was_measured_chooses_the_level():
    y, forecast = torch.tensor([8.0, 8, 0, math.nan]), torch.tensor([4.0, 2, 2, 2])
    seen = torch.tensor([True, True, True, False])
    assert best_level(forecast, y, 8, [2, 4], seen) == 2  # 2/3, and not 1/2
    seen[1] = False
    assert best_level(forecast, y, 8, [2, 4], seen) == 4


def test_the_level_is_that_of_a_search_by_raised_forecasts():
    forecast, y, _ = maps(3, 8, 8)
    forecast = (forecast / 2 * 255).round()  # codes, so that no sum is rounded
    y, best, highest = (y * 255).round(), None, -1.0
    for level in range(16, 148, 4):
        score = regression.critical_success_index(forecast + 140 - level, y, 140.0).item()
        if score > highest:
            best, highest = level, score
    assert best_level(forecast, y, 140, range(16, 148, 4)) == best != 140


def test_what_gives_no_level_is_named():
    dry = torch.tensor([1.0, 2])
    assert message(best_level, dry, dry, 5, []) == "levels has no value, expected some to choose from: try [threshold]"
    expected = "truth has no event of 5 or more, expected one: lower it, or take more films"
    assert message(best_level, dry + 9, dry, 5, [5]) == expected
    rain = torch.tensor([9.0, math.nan])
    assert message(best_level, dry, rain, 5, [5], torch.tensor([False, False])) == expected


# Sums, frame by frame


def test_each_frame_has_its_sums_by_hand():
    y = torch.tensor([[[5.0, 0]], [[5, math.nan]]])
    prediction, seen = torch.tensor([[[3.0, 1]], [[9, 9]]]), torch.tensor([[[True, True]], [[True, False]]])
    found = sum_errors(prediction, y, seen)
    assert [part.tolist() for part in found] == [[2, 1], [5, 16], [3, 4]]
    assert found.mae().tolist() == [1.5, 4] and found.rmse().tolist() == pytest.approx([2.5**0.5, 4])
    assert [part.tolist() for part in count_events(prediction, y, 5, seen)] == [[0, 1], [1, 0], [0, 0]]
    assert [part.tolist() for part in count_events(prediction, y, 5, seen, level=1)] == [[1, 1], [0, 0], [1, 0]]


def test_the_scores_of_summed_sums_are_those_of_all_frames_together():
    prediction, y, seen = maps(6, 2, 8, 8)
    errors = Errors(*(part.sum() for part in sum_errors(prediction, y, seen)))
    assert errors.rmse().item() == pytest.approx(rmse(prediction, y, seen))
    assert errors.mae().item() == pytest.approx(mae(prediction, y, seen))
    events = Events(*(part.sum() for part in count_events(prediction, y, 0.6, seen)))
    for score in (csi, pod, far, bias):
        assert getattr(events, score.__name__)().item() == score(prediction, y, 0.6, seen)


def test_a_frame_without_a_measured_cell_has_no_score_and_adds_nothing():
    y, nowhere = torch.full((1, 3), math.nan), torch.zeros(1, 3, dtype=torch.bool)
    errors, events = sum_errors(y, y, nowhere), count_events(y, y, 5, nowhere)
    assert all(part.item() == 0 for part in (*errors, *events))
    assert errors.rmse().isnan().all() and errors.mae().isnan().all() and events.csi().isnan().all()


def test_sums_of_codes_do_not_go_round_past_0():
    low, high = (torch.tensor([[code]], dtype=torch.uint8) for code in (3, 7))
    assert [part.item() for part in sum_errors(low, high)] == [1, 16, 4]


def test_unfit_frames_are_named():
    expected = "y has shape (2, 3), expected (2, 4): one value a cell of the prediction"
    for call, threshold in ((sum_errors, ()), (count_events, (5,))):
        assert message(call, torch.zeros(2, 4), torch.zeros(2, 3), *threshold) == expected
