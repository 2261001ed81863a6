"""The rain of an hour, as by hand, and how likely it is, as scikit-learn has it."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from course.rain import Logistic, fit_logistic, rain_rate, storms, sum_rain


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_an_hour_of_frames_is_their_rain_times_their_time():
    rain = torch.tensor([[6.0, 12.0, 0.0]])  # mm/h, for ten minutes each
    assert sum_rain(rain, 10).item() == pytest.approx(1 + 2 + 0)
    assert sum_rain(torch.full((1, 12, 2, 2), 3.0), 5).flatten().tolist() == pytest.approx([3] * 4)


def test_the_label_of_a_storm_is_the_sum_of_its_second_hour():
    made = storms(3, 0, (1, 1, 5, 5), after=20, blind=0)
    second = rain_rate(made.future[:, 10:, 0, 2, 2])
    assert sum_rain(second, 6).tolist() == pytest.approx(made.labels.tolist(), abs=0.0051)


def test_what_is_missing_is_the_mean_of_the_others_as_long_as_enough_is_known():
    rain = torch.tensor([[[2.0, 2.0, math.nan], [4.0, math.nan, math.nan]]])  # two frames, half an hour each
    assert sum_rain(rain, 30)[0].tolist() == pytest.approx([3, math.nan, math.nan], nan_ok=True)
    assert sum_rain(rain, 30, least=0.5)[0].tolist() == pytest.approx([3, 2, math.nan], nan_ok=True)


def test_wrong_sums_are_told():
    for call, told in (
        (lambda: sum_rain(torch.zeros(3), 5), "rain has shape (3,), expected (B, T, ...)"),
        (lambda: sum_rain(torch.zeros(1, 2), 0), "minutes is 0, expected a number above 0"),
        (lambda: sum_rain(torch.zeros(1, 2), 5, 1.5), "least is 1.5, expected a share"),
    ):
        with pytest.raises(ValueError) as caught:
            call()
        assert told in str(caught.value)


def test_chances_are_those_of_scikit_learn_and_fall_from_threshold_to_threshold():
    features, seen = noise(2, 3, 10, 10), torch.ones(2, 10, 10, dtype=torch.bool)
    y = features[:, 0] + features[:, 1] / 2 + noise(2, 10, 10, seed=1)
    seen[0, 0] = False
    fit = fit_logistic(features, torch.where(seen, y, 99), (0, 1), seen)
    logits = fit(features)
    for place, threshold in enumerate((0, 1)):
        model = LogisticRegression(C=1e3).fit(features.movedim(1, -1)[seen].numpy(), (y >= threshold)[seen].numpy())
        own = model.predict_proba(features.movedim(1, -1).reshape(-1, 3).numpy())[:, 1].reshape(2, 10, 10)
        same = logits[:, place].sigmoid().numpy()
        if not place:
            assert np.allclose(own, same, atol=1e-4)
        else:  # where the lower threshold is less likely still, it counts
            assert np.allclose(np.minimum(own, logits[:, 0].sigmoid().numpy()), same, atol=1e-3)
    assert (logits[:, 1] < logits[:, 0]).all()


def test_where_regressions_cross_the_higher_threshold_is_a_little_less_likely():
    fit = Logistic(torch.tensor([[1.0], [2.0]]), torch.tensor([0.0, -1.0]))
    assert fit(torch.tensor([[0.5], [3.0]])).tolist() == [pytest.approx([0.5, 0]), pytest.approx([3, 2.999])]


def test_of_an_event_that_never_came_the_chance_is_small_and_the_same_everywhere():
    features, y, seen = noise(1, 2, 10, 10), torch.zeros(1, 10, 10), torch.ones(1, 10, 10, dtype=torch.bool)
    chance = fit_logistic(features, y, [5], seen)(features).sigmoid()
    assert chance.unique().tolist() == pytest.approx([0.5 / 101])


def test_thresholds_that_do_not_rise_and_films_that_saw_nothing_are_told():
    features, y, seen = noise(1, 2, 4, 4), torch.zeros(1, 4, 4), torch.ones(1, 4, 4, dtype=torch.bool)
    with pytest.raises(ValueError, match="expected rising ones"):
        fit_logistic(features, y, (1, 0.1), seen)
    with pytest.raises(ValueError, match="seen has no cell"):
        fit_logistic(features, y, (0.1, 1), ~seen)
