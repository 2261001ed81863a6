"""tests/bench/rain_question.py asks on any radar; its differences are paired, over blocks of time and over seeds."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

from clouds import write_radar
from course.rain import Errors, Events, by_blocks

BENCH = Path(__file__).parent / "bench"
BLOCKS = [str(film // 3) for film in range(12)]
TINY = "--ahead 1 2 --crop 16 --pool 1 --gap 10 --seeds 2 --steps 4 --fine 4 --rates 0.01 0.02 0.04".split()


@pytest.fixture
def question(monkeypatch):
    monkeypatch.syspath_prepend(BENCH)
    return importlib.import_module("rain_question")


@pytest.fixture
def table(monkeypatch):
    monkeypatch.syspath_prepend(BENCH)
    return importlib.import_module("rain_table")


def sums(seeds, seed=0):
    """What 12 films give: cells, squared errors, and events counted twice. Shapes: (S, 12, 8)."""
    random = np.random.default_rng(seed)
    cells, squares = np.full((seeds, 12, 1), 50.0), random.integers(100, 900, (seeds, 12, 1))
    return np.concatenate([cells, squares, random.integers(1, 30, (seeds, 12, 6))], 2)


@pytest.fixture
def ask(question, tmp_path, monkeypatch, capsys):
    """Ask the question of two tiny radars; return what a call prints."""
    write_radar(tmp_path / "land.npz", count=30)
    write_radar(tmp_path / "other.npz", count=30, gaps=[15], shift=5)
    monkeypatch.setattr(question, "MOST", 3)
    monkeypatch.setattr(question, "TUNED", 2)

    def ask(*words):
        assert question.main([str(tmp_path), "--out", str(tmp_path / "out"), *TINY, *words]) == 0
        return capsys.readouterr()

    return ask


def test_hours_and_a_day_are_asked_of_any_radar_and_what_has_ended_is_kept(ask):
    first = ask()
    rows = [line.split(" | ")[:2] for line in first.out.splitlines() if line.startswith(("| hours", "| day"))]
    names = ["RainNet", "mixture", "semi-Lagrangian, blurred", "semi-Lagrangian"]
    titles = ["| hours, 5 min", "| hours, 10 min", "| day, 5 min", "| day, 10 min"]
    assert rows == [[title, name] for title in titles for name in names]
    # Of 30 frames two halves of 14, with films of 6; of a day 15 frames.
    assert first.out.endswith(
        "hours: 18 films in 4 blocks of time, 2 seeds\nday: 10 films in 3 blocks of time, 2 seeds\n"
    )
    assert "nan" not in first.out and first.err.count("early_0: 4 steps with rate") == 1
    again = ask()
    assert again.out == first.out and again.err.count("kept from before") == len(again.err.splitlines()) == 15
    longer = ask("--seeds", "1", "--fine", "5")  # other settings of some runs
    kept = [line.split(":")[0] for line in longer.err.splitlines() if "kept" in line]
    assert kept == ["rate_0.01", "rate_0.02", "rate_0.04", "apart", "first_0"]


def test_where_there_is_no_radar_one_sentence_says_so(question, monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("COURSE_RADAR", raising=False)
    assert question.main([]) == 1
    told = "there is no radar to ask: name a folder with .npz of frames, or set COURSE_RADAR\n"
    assert capsys.readouterr() == ("", told)
    write_radar(tmp_path / "land.npz")
    assert question.main([str(tmp_path), "--out", str(tmp_path / "out"), *TINY]) == 1
    assert (
        capsys.readouterr().err == f"{tmp_path} has no .npz of hours or none of days: name a folder with one of each\n"
    )


def test_a_grid_of_rates_grows_until_the_best_lies_inside(question, capsys):
    tried = []

    def attempt(rate):
        tried.append(rate)
        return abs(rate - 0.16)

    assert question.tune([0.01, 0.02, 0.04], "hours", attempt) == 0.16
    assert tried == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32]
    assert capsys.readouterr().out.startswith("hours: loss in thousandths by rate 0.01 150.0000, ")


def test_scores_are_those_of_course_rain(table):
    some = sums(1)[0]
    cells, squares, *events = torch.from_numpy(some.sum(0))
    expected = [Errors(cells, squares, cells).rmse(), Events(*events[:3]).csi(), Events(*events[3:]).csi()]
    assert table.score_maps(some.sum(0)).tolist() == pytest.approx([float(value) for value in expected])


def test_of_one_seed_the_interval_is_that_by_blocks(table):
    ours, theirs = sums(1), sums(1, seed=1)
    ends = table.draw_differences(ours, theirs, BLOCKS)
    ours, theirs = (Errors(*torch.from_numpy(each[0, :, [0, 1, 1]])) for each in (ours, theirs))
    same = by_blocks(Errors.rmse, ours, np.array(BLOCKS), against=theirs)
    assert ends[:, 0].tolist() == pytest.approx([same.low, same.high])


def test_seeds_that_disagree_widen_the_interval_and_a_twin_has_no_difference(table):
    theirs = np.repeat(sums(1), 4, 0)
    ours = theirs.copy()
    assert not table.draw_differences(ours, theirs, BLOCKS).any()
    ours[:2, :, 1] *= 4  # twice the RMSE
    ours[2:, :, 1] = 0
    low, high = table.draw_differences(ours, theirs, BLOCKS)[:, 0]
    of_blocks = table.draw_differences(ours[:1], theirs[:1], BLOCKS)[:, 0]
    assert low < 0 < of_blocks[0] < high


def test_of_each_score_the_table_tells_median_difference_and_the_range_of_seeds(table):
    theirs = np.repeat(sums(1), 3, 0)
    ours = theirs.copy()
    ours[:, :, 1] = theirs[:, :, 1] * np.array([0.25, 0.36, 0.64])[:, None]
    whole = table.score_maps(theirs[0].sum(0))[0]
    rows = table.compare({"RainNet": ours, "mixture": theirs}, BLOCKS)
    assert rows[0][:3] == ["RainNet", f"{0.6 * whole:.2f}", f"seeds {0.5 * whole:.2f} to {0.8 * whole:.2f}"]
    assert rows[1][1] == f"{whole:.2f}" and rows[1][2].startswith(f"{-1.1 / 3 * whole:+.2f} (")
    assert [row[4] for row in rows] == [rows[0][4], "+0.000 (+0.000 to +0.000)"]
