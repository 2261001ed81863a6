"""Rain into the gauge in the second hour: films and labels, advection as by hand, and networks trained alike."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from course.nowcast.__main__ import command
from course.nowcast.gauge import (
    ConvLSTMGauge,
    Gauge,
    compare_gauge,
    find_gauge,
    networks,
    pool_films,
    predict_gauge,
    rain_by_drift,
    train_gauge,
)
from course.rain import MISSING, rain_rate, storms, write_text


def bump(row, column, size=33):
    """Films of a bump that moves two cells to the right from frame to frame; it ends at (row, column)."""
    rows, columns = np.mgrid[:size, :size]
    frames = [150 * np.exp(-((rows - row) ** 2 + (columns - column + 2 * age) ** 2) / 8) for age in (3, 2, 1, 0)]
    return np.round(frames).astype(np.uint8)[None, :, None]


def test_squares_lie_around_the_gauge_and_what_is_missing_counts_in_no_mean():
    values = np.zeros((1, 1, 1, 33, 33), np.uint8)
    values[..., 15:18, 15:18] = 90  # around the centre, cell 16
    values[..., 15, 15] = MISSING
    films = pool_films(values, [1.5], MISSING, 3)
    assert films.x.shape == (1, 1, 1, 11, 11) and films.y.tolist() == [1.5]
    assert films.x[0, 0, 0].nonzero().tolist() == [[5, 5]]
    assert films.x[0, 0, 0, 5, 5].item() == pytest.approx(90 / 255)
    with pytest.raises(ValueError, match="pool is 5, expected 1 to 4"):
        pool_films(values, [0], MISSING, 5)


def test_the_drift_brings_the_rain_that_lies_one_to_two_hours_upstream():
    # Ten steps of two cells pass before the hour: what falls in it lies 22 to 40 cells to the left now,
    # and most of the bump, 20 cells to the left, falls before.
    values = bump(24, 20, 81)[..., 8:41, :]
    last = rain_rate(values[0, -1, 0])
    by_hand = sum(last[16, 40 - 2 * step] for step in range(11, 21)).item() / 10
    assert by_hand > 0.1
    assert rain_by_drift(pool_films(values, [0], MISSING, 1)).item() == pytest.approx(by_hand, rel=0.05)


def wet(count, seed):
    """Films whose gauge catches ten times their mean echo."""
    x = torch.rand(count, 1, 1, 1, 1, generator=torch.Generator().manual_seed(seed)).expand(-1, 3, 2, 9, 9).clone()
    return Gauge(x, torch.ones_like(x, dtype=torch.bool), 10 * x[:, 0, 0, 0, 0])


@pytest.mark.parametrize("name", ["ANN", "CNN", "LSTM", "ConvLSTM"])
def test_every_network_begins_at_the_mean_and_learns_what_can_be_learnt(name):
    films, make = wet(32, 0), networks(3, 2)[name]
    fresh = predict_gauge(train_gauge(make, films, 0, 1, steps=1), films)
    assert fresh.tolist() == pytest.approx([films.y.mean().item()] * 32, rel=1e-5)
    guess = predict_gauge(train_gauge(make, films, 0.01, 1, steps=60), films)
    assert (guess - films.y).square().mean() < 0.5 * films.y.var()


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    films = wet(8, 0)
    one, same, other = (train_gauge(lambda: ConvLSTMGauge(2), films, 0.01, seed, steps=2) for seed in (1, 1, 2))
    weights = [nn.utils.parameters_to_vector(model.parameters()) for model in (one, same, other)]
    assert weights[0].equal(weights[1]) and not weights[0].equal(weights[2])


def test_all_are_scored_against_the_constant_with_intervals():
    lines = []
    scores = compare_gauge(wet(24, 0), wet(8, 1), wet(16, 2), seeds=2, steps=3, say=lines.append)
    assert list(scores) == ["constant", "advection", "advection, damped", "ANN", "CNN", "LSTM", "ConvLSTM"]
    assert [len(rows) for rows in scores.values()] == [1, 1, 1, 2, 2, 2, 2] and len(lines) == 7
    value, low, high = scores["constant"][0]["rmse"]
    y, mean = wet(16, 2).y, wet(24, 0).y.mean()
    assert value == pytest.approx((y - mean).square().mean().sqrt().item()) and low < value < high
    assert scores["constant"][0]["ahead"] == [0, 0, 0]
    assert "than the constant" in lines[-1] and "over 2 seeds" in lines[-1] and "than the constant" not in lines[0]


def test_the_command_makes_storms_and_writes_its_scores(tmp_path, capsys):
    words = "gauge --storms 20 --shape 4 1 24 24 --seeds 1 --steps 2 --out"
    assert command([*words.split(), str(tmp_path)]) == 0
    told = json.loads((tmp_path / "gauge.json").read_text())
    assert (told["train"], told["valid"], told["test"]) == (12, 4, 4) and list(told["scores"])[-1] == "ConvLSTM"
    assert "ConvLSTM" in capsys.readouterr().out


def test_texts_of_the_competition_bring_their_labels(tmp_path):
    made = storms(10, 0, (3, 1, 24, 24))
    write_text(tmp_path / "train.txt", made)
    train, valid, test = find_gauge(tmp_path / "train.txt", shape=(3, 1, 24, 24), pool=3, progress=False)
    assert [len(part.y) for part in (train, valid, test)] == [6, 2, 2]
    assert test.y.tolist() == pytest.approx(made.labels[8:].tolist())
    with pytest.raises(ValueError, match="too few"):
        find_gauge(None, storms=4)
