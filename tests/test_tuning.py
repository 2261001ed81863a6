"""Rivals are tuned alike: as many trials for each, on three seeds or more, and no best rate at the end of its grid."""

import math
from functools import partial

import pytest
import torch
from torch import optim

from course.compare import Competitor, Run, Task, difference, tune_alike
from course.compare import tuning as room
from course.train import Metrics

SEEDS = (5, 6, 7)


def hill(best, height=0.9):
    """The accuracy of a rate: highest at the best one, and falling with its distance in the logarithm."""
    return lambda lr, seed: height - abs(math.log10(lr / best)) / 100 + seed / 1e4


@pytest.fixture
def tried(monkeypatch):
    """Runs by rule instead of training; each trial is noted."""
    noted = []
    curves = {"SGD": hill(0.1), "Adam": hill(0.001), "far": hill(1e30)}
    curves |= {f"momentum {m}": hill(0.02, 0.9 - abs(m - 0.9)) for m in (0.5, 0.9, 0.99)}

    def compare(task, competitors, seeds, progress):
        noted.extend((one.name, one.lr) for one in competitors)
        return [
            Run(one.name, one.lr, seed, [10], [], [Metrics(1.0, curves[one.name](one.lr, seed))], [0.5], examples=[100])
            for seed in seeds
            for one in competitors
        ]

    monkeypatch.setattr(room, "compare", compare)
    return noted


def rival(*names):
    return [Competitor(name, optim.SGD) for name in names]


def counts(tried):
    return {name: sum(other == name for other, _ in tried) for name, _ in tried}


def test_a_best_rate_within_the_grid_is_chosen_from_seven_evenly_spaced_ones(tried):
    found = tune_alike(None, {"SGD": rival("SGD"), "Adam": rival("Adam")}, {"SGD": (1e-3, 1e1), "Adam": (1e-5, 0.1)})
    assert found["SGD"].best.lr == pytest.approx(0.1) and found["Adam"].best.lr == pytest.approx(0.001)
    assert [rate for name, rate in tried if name == "SGD"] == pytest.approx([10 ** (k * 2 / 3 - 3) for k in range(7)])
    assert counts(tried) == {"SGD": 7, "Adam": 7} and not found["SGD"].at_end


def test_a_grid_grows_while_its_best_rate_lies_at_an_end_and_the_others_grow_with_it(tried):
    found = tune_alike(None, {"SGD": rival("SGD"), "Adam": rival("Adam")}, (1e-2, 1e4), SEEDS)
    assert found["Adam"].best.lr == pytest.approx(1e-3) and not found["Adam"].at_end
    grid = sorted(rate for name, rate in tried if name == "Adam")
    assert grid == pytest.approx([10.0**k for k in range(-4, 5)])  # one beyond the best
    assert counts(tried) == {"SGD": 9, "Adam": 9}
    grown = sorted(rate for name, rate in tried if name == "SGD")
    assert grown == pytest.approx([10.0**k for k in range(-4, 5)])  # at the end that is nearer to its best


def test_a_grid_that_never_holds_the_best_rate_ends_and_says_so(tried):
    found = tune_alike(None, {"far": rival("far"), "SGD": rival("SGD")}, (1e-3, 1e1), SEEDS)
    assert found["far"].at_end and not found["SGD"].at_end
    assert counts(tried) == {"far": 21, "SGD": 21}


def test_variants_share_the_trials_of_their_rival(tried):
    names = [f"momentum {m}" for m in (0.5, 0.9, 0.99)]
    found = tune_alike(None, {"momentum": rival(*names), "SGD": rival("SGD")}, (1e-4, 1e1), SEEDS, 21)
    assert counts(tried) == {"SGD": 21, **dict.fromkeys(names, 7)}
    assert found["momentum"].best.name == "momentum 0.9"


def test_what_the_trials_took_is_told(tried):
    found = tune_alike(None, {"SGD": rival("SGD")}, (1e-3, 1e1), SEEDS)["SGD"]
    assert (len(found.runs), found.examples, found.steps, found.seconds) == (21, 2100, 210, 10.5)


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"seeds": (0, 1)}, r"seeds are \(0, 1\), expected 3 or more"),
        ({"seeds": (0, 0, 0)}, "expected 3 or more"),
        ({"trials": 6}, "trials is 6, expected 7 rates or more for each variant of SGD: try trials=14"),
        ({"trials": 21}, "trials is 21, expected 7 rates or more for each variant of momentum: try trials=14"),
        ({"between": (1, 1)}, "the rates of SGD lie between 1 and 1, expected 0 < the first < the second"),
        ({"between": (0, 1)}, "the rates of SGD lie between 0 and 1"),
        ({"between": {"SGD": (1, math.inf)}}, "the rates of SGD lie between 1 and inf"),
    ],
)
def test_what_would_not_be_fair_is_refused(tried, changes, told):
    rivals = {"SGD": rival("SGD"), "momentum": rival("momentum 0.5", "momentum 0.9")}
    with pytest.raises(ValueError, match=told):
        tune_alike(None, rivals, **{"between": (1e-3, 1e1), "seeds": SEEDS, "trials": 14} | changes)


# With real training


def task(**changes):
    x, y = torch.tensor([[1.0, 0], [0, 1], [2, 1], [1, 2]]), torch.tensor([0, 1, 0, 1])
    model = partial(torch.nn.Linear, 2, 2)
    return Task(lambda seed: model(), lambda seed: [(x, y)], [(x, y)], 3, 1, **changes)


def test_real_runs_are_made_and_count_their_examples():
    found = tune_alike(task(), {"SGD": [Competitor("SGD")]}, (1e-3, 1e1), SEEDS, progress=False)["SGD"]
    assert {run.seed for run in found.runs} == set(SEEDS)
    assert found.runs[0].examples == [4, 8, 12] and found.seconds > 0
    assert found.best.lr in {run.lr for run in found.runs}


def test_a_bar_is_shown_if_it_is_wanted(monkeypatch, capsys):
    monkeypatch.delenv("CI", raising=False)
    tune_alike(task(), {"SGD": [Competitor("SGD")]}, (1e-3, 1e-1), SEEDS, progress=True)
    assert "run" in capsys.readouterr().err


def test_a_rival_whose_runs_all_diverged_is_told():
    def loss_fn(logits, y):
        return logits.sum() * math.nan

    with pytest.raises(ValueError, match="every run of SGD diverged, at rates from 0.001 to 10: try smaller ones"):
        tune_alike(task(loss_fn=loss_fn), {"SGD": [Competitor("SGD")]}, (1e-3, 1e1), SEEDS, progress=False)


def test_ctrl_c_ends_the_tuning():
    def loss_fn(logits, y):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune_alike(task(loss_fn=loss_fn), {"SGD": [Competitor("SGD")]}, (1e-3, 1e1), SEEDS, progress=False)


# Differences


def ended(name, seed, accuracy, test=None, ended="finished"):
    metrics = test if test is None else Metrics(1.0, test)
    return Run(name, 0.1, seed, [1], [Metrics(1.0, 0.0)], [Metrics(1.0, accuracy)], [0.1], metrics, ended)


def test_a_difference_is_taken_at_equal_seeds_on_the_test_data():
    runs = [ended("a", 1, 0.0, 0.9), ended("b", 2, 0.0, 0.5), ended("b", 1, 0.0, 0.8), ended("a", 2, 0.0, 0.75)]
    figure = difference(runs, "a", "b", against=0.5)
    assert figure.kind == "paired" and figure.runs == pytest.approx((0.1, 0.25)) and figure.against == 0.5
    assert figure.unit == "points"


def test_without_test_data_it_is_that_on_the_validation_data_and_divergence_is_0():
    runs = [ended("a", 1, 0.9), ended("b", 1, 0.8), ended("a", 2, 0.9), Run("b", 1.0, 2, ended="diverged")]
    assert difference(runs, "a", "b").runs == pytest.approx((0.1, 0.9))


def test_runs_without_a_partner_are_refused():
    runs = [ended("a", 1, 0.9), ended("a", 2, 0.9), ended("b", 2, 0.8), ended("b", 1, 0.8, ended="interrupted")]
    with pytest.raises(ValueError) as error:
        difference(runs, "a", "b")
    assert str(error.value) == "a ran from seeds [1, 2], b from [2], expected the same: compare them in one call"
    with pytest.raises(ValueError, match=r"c ran from seeds \[\], a from \[1, 2\]"):
        difference(runs, "c", "a")
