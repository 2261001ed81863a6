"""tests/bench/rain_hour.py puts sums of forecast frames beside sums that were learned, film by film, on any radar."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

from clouds import write_radar
from course.nowcast.plan import Plan
from course.nowcast.windows import Windows, find_starts, move_frames
from course.radar import read_frames
from course.rain import rain_rate

BENCH = Path(__file__).parent / "bench"
TINY = "--frames 2 --crop 16 --pool 1 --gap 10 --seeds 2 --steps 4 --fine 4 --rates 0.01 0.02 0.04".split()


@pytest.fixture
def hour(monkeypatch):
    monkeypatch.syspath_prepend(BENCH)
    monkeypatch.setattr(importlib.import_module("rain_question"), "MOST", 3)
    return importlib.import_module("rain_hour")


def test_sums_and_chances_are_asked_of_any_radar_and_what_has_ended_is_kept(hour, tmp_path, capsys):
    write_radar(tmp_path / "land.npz", count=30)
    write_radar(tmp_path / "other.npz", count=30, gaps=[15], shift=5)
    words = [str(tmp_path), "--out", str(tmp_path / "out"), *TINY]
    assert hour.main(words) == 0
    first = capsys.readouterr()
    rows = [line.split(" | ")[:2] for line in first.out.splitlines() if line.startswith(("| hours", "| day"))]
    sums = ["RainNet", "semi-Lagrangian", "semi-Lagrangian, blurred", "mixture", "persistence", "constant"]
    sums += [
        "frames of RainNet, summed",
        "frames of RainNet, summed and scaled",
        "frames of mixture, summed and scaled",
    ]
    chances = ["RainNet", "logistic regression", "climatology"]
    titles = ["| hours, 10 min", "| day, 10 min"]
    assert rows == [[title, name] for names in (sums, chances) for title in titles for name in names]
    assert "nan" not in first.out
    assert hour.main(words) == 0
    again = capsys.readouterr()
    assert again.out == first.out and again.err.count("kept from before") == len(again.err.splitlines()) == 3 * 15


@pytest.fixture
def films(tmp_path):
    write_radar(tmp_path / "land.npz", count=12)
    frames = read_frames(tmp_path / "land.npz", cache=tmp_path / "frames", progress=False)
    plan = Plan(ahead=(1, 2, 3), batch=2)
    return Windows(frames, move_frames(frames, plan.ahead, tmp_path, False), find_starts(frames.times, 7), plan, 0)


def test_frames_that_come_true_add_up_to_what_fell(hour, films):
    batch = films.batch([0, 1])

    def truth(x, start, candidates):
        return batch.y[:, -1]

    guesses, sums, here = hour.sum_frames(truth, films, [0, 1])
    faint = 0.1 * 15 / 60  # mm: as a measurement less than 0.1 mm/h is nothing
    assert torch.allclose(guesses[hour.SUMMED][here], sums[here], rtol=0, atol=faint)
    codes = np.stack([films.frames.codes[first + 4 : first + 7] for first in films.starts[:2]])
    fell = rain_rate(codes).sum(1) * films.minutes / 60
    assert here.any() and sums[here].max() > 10 * faint
    assert torch.allclose(sums[here], fell[here].float(), rtol=1e-3, atol=faint)


def test_a_forecast_of_half_the_rain_is_scaled_to_all_of_it(hour, films, monkeypatch):
    def half(model, some, chosen):
        truth = torch.tensor([[[2.0, 4.0], [6.0, 8.0]]])
        return {name: truth / 2 for name in (hour.SUMMED, hour.SUMMED_MIXTURE)}, truth, truth > 0

    monkeypatch.setattr(hour, "sum_frames", half)
    told = hour.judge_frames(torch.nn.Identity(), films, films)
    assert set(told["scales"].values()) == {2.0}
    squares = {name: leads[0][0][1] for name, leads in told["sums"].items()}
    assert squares == {hour.SUMMED: 1 + 4 + 9 + 16, hour.SCALED: 0, hour.SUMMED_MIXTURE: 0}


def test_what_was_judged_on_other_cells_is_not_put_beside(hour):
    def found(cells):
        return {"hours": [[{"sums": {f"{cells}": [[[cells, 1.0]]]}, "blocks": ["0"]}]]}

    assert list(hour.beside(found(4), found(4))["hours"][0][0]["sums"]) == ["4"]
    with pytest.raises(ValueError, match="hours: frames and sums were judged on other cells: remove the folder --out"):
        hour.beside(found(4), found(5))
