"""tests/bench/vision.py trains, judges on unseen photographs and tells medians; its networks see what they should."""

import importlib
import json
from pathlib import Path

import pytest
import torch

from course.vision import fill_grid

BENCH = Path(__file__).parent / "bench"


@pytest.fixture
def vision(monkeypatch):
    monkeypatch.syspath_prepend(BENCH)
    return importlib.import_module("vision")


def test_two_seeds_are_trained_and_their_median_and_range_are_told(vision, monkeypatch, capsys):
    monkeypatch.setattr(vision, "UNSEEN", 20)
    assert vision.main(["--seeds", "2", "--scenes", "4", "--epochs", "1", "--pixel-epochs", "1"]) == 0
    out, err = capsys.readouterr()
    *lines, last = out.splitlines()
    told = json.loads(last)
    assert told["bench"] == "vision" and err.count("seed ") == 2
    assert [line.split(":")[0] for line in lines] == list(told["medians"])
    assert 0.85 < told["medians"]["accuracy of saying photograph everywhere"] < 1
    assert all(0 <= told["medians"][name] <= 1 for name in ("mAP50", "mAP50 without suppression", "ink IoU"))


def test_what_cannot_be_run_is_told_in_a_sentence(vision, capsys):
    assert vision.main(["--seeds", "0"]) == 1
    assert capsys.readouterr().err == "0 seeds and 4000 scenes, expected at least 1 and 2: try --quick\n"


def test_the_networks_answer_for_cells_and_for_pixels(vision):
    x = torch.zeros(2, 3, 64, 64)
    detector = vision.Detector()
    segmenter = vision.Segmenter(detector)
    assert detector(x).shape == (2, 15, 8, 8) and segmenter(x).shape == (2, 11, 64, 64)
    mine, theirs = detector.fine[1][0].weight, segmenter.body.fine[1][0].weight
    assert torch.equal(mine, theirs) and mine is not theirs  # it begins there, and leaves the detector alone


def test_who_says_what_the_grid_says_loses_nothing(vision):
    grid = fill_grid([torch.tensor([[8.0, 16, 24, 32]])], [torch.tensor([7])], 64)
    classes = torch.nn.functional.one_hot(grid.labels, 10).permute(0, 3, 1, 2) * 40.0
    sure = torch.cat([grid.seen[:, None] * 80 - 40, grid.offsets, classes], 1)
    loss = vision.detector_loss(sure, grid.seen, grid.offsets, grid.labels)
    assert loss.item() == pytest.approx(0, abs=1e-6)
    moved, elsewhere = sure.clone(), sure.clone()
    moved[0, 1, 3, 2] += 1  # one of four offsets of the one object: 2 x (1 - 0.05) / 4
    assert vision.detector_loss(moved, *grid[:3]).item() == pytest.approx(0.475)
    elsewhere[0, 1, 0, 0] += 1  # where nothing is, a box costs nothing
    assert vision.detector_loss(elsewhere, *grid[:3]).item() == pytest.approx(0, abs=1e-6)
