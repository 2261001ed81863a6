import inspect
import json
import math
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR, StepLR

from course import compare as room
from course.compare import (
    Choice, Reached, Recipe, Row, Run, Task,
    compare, describe, load_runs, save_runs, steps_to, sweep, table, tune,
)
from course.mnist import Batches
from course.train import Metrics

X = torch.tensor([[1.0, 0], [0, 1], [2, 1], [1, 2], [-1, 1], [1, -1]])
Y = torch.tensor([0, 1, 0, 1, 1, 0])
ONE = [(torch.tensor([[2.0]]), torch.tensor([1]))]  # one example of class 1, for networks on paper
compare, sweep = partial(compare, progress=False), partial(sweep, progress=False)


class Noisy(nn.Module):
    """A linear network that notes its first weights, and examples and dropout of every training step."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2, bias=False)
        self.notes = [self.linear.weight.tolist()]

    def forward(self, x):
        kept = F.dropout(torch.ones_like(x), 0.5, self.training)
        if self.training:
            self.notes += [x.tolist(), kept.tolist()]
        return self.linear(x * kept)


class Signed(optim.Optimizer):
    """The learner's own: each weight moves by lr, against the sign of its gradient."""

    def __init__(self, parameters, lr=0.25):
        super().__init__(parameters, {"lr": lr})

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.data.sub_(group["lr"] * p.grad.sign())


class Bomb(Signed):
    """Sets all weights to nan in its third step."""

    steps = 0

    def step(self, closure=None):
        self.steps += 1
        if self.steps == 3:
            self.param_groups[0]["params"][0].data.fill_(math.nan)


class Counted(list):
    """Batches that count how often they are gone through."""

    times = 0

    def __iter__(self):
        self.times += 1
        return super().__iter__()


def shuffled(seed):
    """Three batches of two examples."""
    return Batches(X, Y, 2, shuffle=True, generator=torch.Generator().manual_seed(seed))


def task(**changes):
    """Two epochs, six steps, of a linear network with dropout."""
    usual = {"make_model": lambda seed: Noisy(), "make_batches": shuffled, "valid_batches": [(X, Y)]}
    return Task(**usual | {"epochs": 2, "check_every": 2} | changes)


def zeros(seed):
    """A network of one input and two outputs that begins with nothing."""
    model = nn.Linear(1, 2, bias=False)
    nn.init.zeros_(model.weight)
    return model


def paper(**changes):
    return task(**{"make_model": zeros, "make_batches": lambda seed: ONE * 3, "valid_batches": ONE} | changes)


def timeless(runs):
    return [replace(run, seconds=[]) for run in runs]


def done(name, lr, accuracy, loss=1.0, seed=0, ended="finished", test=None):
    """A run as one would write it by hand: two looks, the first of them at loss 9."""
    valid = [Metrics(9.0, 0.0), Metrics(loss, accuracy)]
    return Run(name, lr, seed, [10, 20], [Metrics(9.0, 0.0)] * 2, valid, [0.5, 1.0], test, ended)


def burst(name, lr, seed=0):
    return Run(name, lr, seed, ended="diverged")


# Fairness ---------------------------------------------------------------------------------------------


@pytest.fixture
def notes():
    """One list for every model made: first weights, then examples and dropout of each training step."""
    return []


def noted(notes, **changes):
    def make_model(seed):
        model = Noisy()
        notes.append(model.notes)
        return model

    return task(make_model=make_model, **changes)


def test_all_recipes_of_a_seed_get_the_same_weights_batches_and_dropout_and_another_seed_others(notes):
    compare(noted(notes), [Recipe("SGD", lr=0.5), Recipe("Adam"), Recipe("own", Signed)], seeds=(3, 4))
    _, *three, a, b, c = notes  # the first is the warm-up
    assert three == [three[0]] * 3 and [a, b, c] == [a] * 3
    assert len(a) == 1 + 2 * 6
    assert a[0] != three[0][0] and a[1::2] != three[0][1::2]


def test_a_run_does_not_depend_on_the_others_nor_on_what_was_drawn_before():
    recipes = [Recipe("SGD", lr=0.5), Recipe("Adam")]
    together = compare(task(), recipes, seeds=(0, 1))
    torch.rand(5)
    alone = [run for seed in (0, 1) for recipe in recipes for run in compare(task(), [recipe], seeds=[seed])]
    assert timeless(together) == timeless(alone)
    assert [(run.name, run.seed) for run in together] == [("SGD", 0), ("Adam", 0), ("SGD", 1), ("Adam", 1)]


def stopping(seed):
    raise KeyboardInterrupt


@pytest.mark.parametrize("changes", [{}, {"make_batches": stopping}])
def test_the_callers_random_state_is_untouched(changes):
    before = torch.get_rng_state()
    compare(task(**changes), [Recipe("SGD")])
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_and_weights_need_no_generator_but_follow_the_seed_alone(notes):
    compare(noted(notes), [Recipe("SGD")], seeds=(7,))
    torch.manual_seed(7)
    assert notes[1][0] == nn.Linear(2, 2, bias=False).weight.tolist()


def test_a_model_is_made_for_each_run_and_knows_its_seed():
    seeds = []
    noting = task(make_model=lambda seed: seeds.append(seed) or Noisy())
    compare(noting, [Recipe("SGD"), Recipe("Adam")], seeds=(3, 4))
    assert seeds == [3] + [3, 3, 4, 4]  # the first is the warm-up


# One run, against a loop and against paper --------------------------------------------------------------


def plain_loop(make_optimizer, steps=6, check_every=2):
    """What a run is, once more and without the course: weights, and per look loss and accuracy."""
    torch.manual_seed(5)
    model = Noisy()
    order = torch.Generator().manual_seed(5)
    optimizer = make_optimizer(model.parameters())
    looks, step = [], 0
    while step < steps:
        for rows in torch.randperm(6, generator=order).split(2):
            if step == steps:
                break

            def loss():
                optimizer.zero_grad()
                value = F.cross_entropy(model(X[rows]), Y[rows])
                value.backward()
                return value

            loss()
            optimizer.step(loss) if isinstance(optimizer, optim.LBFGS) else optimizer.step()
            step += 1
            if step % check_every == 0 or step == steps:
                with torch.no_grad():
                    logits = model.eval()(X)
                model.train()
                right = (logits.argmax(1) == Y).float()
                looks.append((F.cross_entropy(logits, Y).item(), right.mean().item()))
    return model.linear.weight, looks


OPTIMIZERS = [kind for kind in vars(optim).values() if isinstance(kind, type)]
OPTIMIZERS = [kind for kind in OPTIMIZERS if issubclass(kind, optim.Optimizer)]
OPTIMIZERS = [kind for kind in OPTIMIZERS if kind not in (optim.Optimizer, optim.SparseAdam)]


@pytest.mark.parametrize("kind", [*OPTIMIZERS, Signed], ids=lambda kind: kind.__name__)
def test_a_run_of_any_optimizer_equals_a_plain_loop_to_the_bit_and_reports_its_default_rate(kind):
    models = []

    def make_model(seed):
        models.append(Noisy())
        return models[-1]

    (run,) = compare(task(make_model=make_model, epochs=5 / 3), [Recipe("it", kind)], seeds=[5])
    weight, looks = plain_loop(kind, steps=5)
    assert torch.equal(models[-1].linear.weight, weight)
    assert run.lr == inspect.signature(kind).parameters["lr"].default
    assert (run.steps, run.ended, run.test) == ([2, 4, 5], "finished", None)
    assert run.valid == [pytest.approx(look) for look in looks]


def test_an_optimizer_of_ones_own_takes_the_steps_counted_by_hand():
    (run,) = compare(paper(epochs=1, check_every=1), [Recipe("own", Signed, lr=0.5)], seeds=[0])
    # The weights go from (0, 0) by 1/2 each to (-3/2, 3/2), and x is 2, so the logits lie 0, 2, 4, 6 apart.
    losses = [math.log1p(math.exp(-apart)) for apart in (0, 2, 4, 6)]
    assert [metrics.loss for metrics in run.train] == pytest.approx(losses[:3], abs=1e-6)
    assert [metrics.loss for metrics in run.valid] == pytest.approx(losses[1:], abs=1e-6)
    assert [metrics.accuracy for metrics in run.valid] == [1, 1, 1]


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [("momentum", optim.SGD, {"momentum": 0.9}), ("Nesterov", optim.SGD, {"momentum": 0.9, "nesterov": True}),
     ("RMSprop", optim.RMSprop, {}), ("AdamW", optim.AdamW, {})],
)
def test_a_known_name_stands_for_its_optimizer(name, kind, options):
    (run,) = compare(task(), [Recipe(name, lr=0.125)], seeds=[5])
    _, looks = plain_loop(partial(kind, lr=0.125, **options))
    assert run.lr == 0.125
    assert run.valid == [pytest.approx(look) for look in looks]


def test_the_rate_of_a_recipe_is_reported_also_if_its_optimizer_makes_another_of_it():
    def halved(parameters, lr):
        return optim.SGD(parameters, lr / 2)

    assert [run.lr for run in sweep(task(), [Recipe("own", halved)], (0.5, 1))] == [0.5, 1]


def test_parameters_can_be_sorted_into_groups():
    groups = []

    def sorted_by_dimension(parameters, lr=0.1):
        groups[:] = [[p for p in parameters if p.ndim == 2], [p for p in parameters if p.ndim < 2]]
        return optim.SGD([{"params": group} for group in groups], lr)

    compare(task(make_model=lambda seed: nn.Linear(2, 2)), [Recipe("own", sorted_by_dimension)])
    assert [len(group) for group in groups] == [1, 1]


@pytest.mark.parametrize(("epochs", "steps"), [(0.01, [1]), (1, [2, 3]), (5 / 3, [2, 4, 5]), (2, [2, 4, 6])])
def test_epochs_may_be_a_fraction_and_the_last_look_comes_after_the_last_step(epochs, steps):
    (run,) = compare(task(epochs=epochs), [Recipe("SGD")], seeds=[0])
    assert run.steps == steps
    assert len(run.train) == len(run.valid) == len(run.seconds) == len(steps)


def test_a_schedule_is_stepped_after_every_batch_and_ends_where_its_formula_says():
    rates, planned = [], []

    class Spy(optim.SGD):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            super().step()

    def to_zero(optimizer, steps):
        planned.append((optimizer, steps))
        return LambdaLR(optimizer, lambda step: 1 - step / steps)

    (run,) = compare(task(epochs=4 / 3), [Recipe("linear", Spy, lr=1, schedule=to_zero)], seeds=[0])
    assert rates == [1, 0.75, 0.5, 0.25]
    ((optimizer, steps),) = planned  # none for the warm-up, whose one step many a schedule cannot divide
    assert steps == 4 and optimizer.param_groups[0]["lr"] == 0
    assert run.lr == 1


def test_a_schedule_in_parts_works_for_runs_that_are_long_enough():
    thirds = Recipe("SGD", lr=1, schedule=lambda optimizer, steps: StepLR(optimizer, steps // 3))
    assert [run.ended for run in compare(task(), [thirds])] == ["finished"] * 3


def test_seconds_are_those_of_training_without_the_looks(monkeypatch):
    clock = [0]
    monkeypatch.setattr(room, "time", SimpleNamespace(perf_counter=lambda: clock[0]))

    class Slow(list):
        def __init__(self, batches, seconds):
            super().__init__(batches)
            self.seconds = seconds

        def __iter__(self):
            for batch in super().__iter__():
                clock[0] += self.seconds
                yield batch

    slow = task(make_batches=lambda seed: Slow([(X, Y)] * 3, 1), valid_batches=Slow([(X, Y)], 100))
    (run,) = compare(slow, [Recipe("SGD")], seeds=[0])
    assert run.seconds == [2, 4, 6]


def test_the_test_data_are_judged_once_by_each_run_that_finishes_and_never_in_a_sweep():
    recipes = [Recipe("own", Signed), Recipe("bomb", Bomb), Recipe("SGD")]
    test = Counted(ONE)
    runs = compare(paper(), recipes, seeds=(0, 1), test_batches=test)
    assert test.times == 4
    for run in runs:
        assert run.test == (run.valid[-1] if run.name != "bomb" else None)
    assert [run.test for run in sweep(paper(), recipes, [0.1])] == [None] * 3


# Runs that end early ----------------------------------------------------------------------------------


def test_a_training_loss_of_nan_ends_its_run_and_no_other():
    calm = Recipe("own", Signed)
    runs = compare(paper(), [Recipe("bomb", Bomb), calm])
    assert [(run.name, run.seed, run.ended, run.steps) for run in runs if run.name == "bomb"] == [
        ("bomb", seed, "diverged", [2]) for seed in (0, 1, 2)
    ]
    assert timeless(run for run in runs if run.name == "own") == timeless(compare(paper(), [calm]))


def test_a_validation_or_test_loss_of_infinity_is_divergence_too():
    huge = [(torch.tensor([[3e38]]), torch.tensor([0]))]  # right answer 0, and the training pulls towards 1
    wild, calm = Recipe("wild", Signed, lr=1), Recipe("calm", Signed, lr=1e-3)
    for where in ({"valid_batches": huge}, {}):
        runs = compare(paper(**where), [wild, calm], seeds=[0], test_batches=None if where else huge)
        assert [run.ended for run in runs] == ["diverged", "finished"]
        assert len(runs[0].valid) == len(runs[0].steps) == (0 if where else 3)
        assert runs[0].test is None


@pytest.mark.parametrize(("good_batches", "last"), [(2, [2]), (3, [2]), (4, [2, 4]), (1, None)])
def test_ctrl_c_keeps_the_finished_runs_and_the_looks_of_the_current_one(good_batches, last):
    class Stopping(list):
        def __iter__(self):
            yield from [(X, Y)] * good_batches
            raise KeyboardInterrupt

    def make_batches(seed):
        return Stopping([(X, Y)] * 6) if seed == 1 else [(X, Y)] * 6

    recipes = [Recipe("SGD"), Recipe("Adam")]
    runs = compare(task(make_batches=make_batches, epochs=1), recipes, seeds=(0, 1, 2))
    ends = [("SGD", 0, "finished", [2, 4, 6]), ("Adam", 0, "finished", [2, 4, 6])]
    assert [(run.name, run.seed, run.ended, run.steps) for run in runs] == (
        ends + [("SGD", 1, "interrupted", last)] if last else ends
    )


def test_ctrl_c_in_a_loss_while_it_warms_up_gives_no_runs():
    def stopped(logits, y):
        raise KeyboardInterrupt

    assert compare(task(loss_fn=stopped), [Recipe("SGD")]) == []


def test_bars_are_silent_under_ci_and_shown_elsewhere(monkeypatch, capsys):
    for ci in ("true", None):
        monkeypatch.setenv("CI", ci) if ci else monkeypatch.delenv("CI", raising=False)
        room.compare(task(), [Recipe("SGD")], seeds=[0])
        assert bool(capsys.readouterr().err) is (ci is None)


# What runs say ----------------------------------------------------------------------------------------


def test_a_sweep_crosses_recipes_rates_and_seeds():
    runs = sweep(task(), [Recipe("SGD"), Recipe("Adam", lr=9)], torch.tensor([0.25, 0.5]), seeds=(0, 1))
    assert {type(run.lr) for run in runs} == {float}  # not tensors, which no file of runs could hold
    assert [(run.seed, run.name, run.lr) for run in runs] == [
        (seed, name, lr) for seed in (0, 1) for name in ("SGD", "Adam") for lr in (0.25, 0.5)
    ]


def test_tune_takes_the_best_median_over_the_seeds_not_the_best_run_nor_the_best_mean():
    steady = [done("SGD", 0.1, accuracy, seed=seed) for seed, accuracy in enumerate((0.8, 0.8, 0.1))]
    lucky = [done("SGD", 1.0, accuracy, seed=seed) for seed, accuracy in enumerate((0.7, 0.7, 0.99))]
    assert tune(lucky + steady) == {"SGD": Choice(0.1, 0.8, (0.1, 0.1), True)}


def test_of_equally_accurate_rates_the_one_of_lower_loss_wins():
    runs = [done("SGD", lr, 0.9, loss) for lr, loss in ((0.1, 0.5), (0.2, 0.3), (0.4, 0.4))]
    assert tune(runs) == {"SGD": Choice(0.2, 0.9, (0.1, 0.4), False)}


def test_the_good_rates_lie_within_a_margin_of_the_best_and_an_edge_is_told_for_each_name():
    accuracies = {0.01: 0.5, 0.1: 0.75, 1.0: 0.875, 10.0: 0.8125}
    runs = [done("SGD", lr, accuracy) for lr, accuracy in accuracies.items()]
    runs += [done("Adam", lr, 1 - lr) for lr in (0.25, 0.125)]
    assert tune(runs, within=0.125) == {
        "SGD": Choice(1.0, 0.875, (0.1, 10.0), False), "Adam": Choice(0.125, 0.875, (0.125, 0.25), True)
    }
    assert tune(runs, within=0)["SGD"].good == (1.0, 1.0)
    assert tune([done("SGD", lr, lr) for lr in (0.1, 0.2, 0.3)])["SGD"].at_edge


def test_a_diverged_run_counts_as_accuracy_0_and_an_interrupted_one_not_at_all():
    runs = [done("SGD", 0.1, 0.2), done("SGD", 1.0, 0.9, ended="diverged")]
    runs += [done("SGD", 0.5, 1.0, ended="interrupted")]
    assert tune(runs) == {"SGD": Choice(0.1, 0.2, (0.1, 0.1), True)}
    assert tune([*runs, done("Adam", 0.1, 1.0, ended="interrupted")]).keys() == {"SGD"}


def test_a_name_that_sometimes_finished_has_a_choice_even_at_a_median_of_0():
    runs = [done("SGD", 0.1, 0.9), burst("SGD", 0.1, 1), burst("SGD", 0.1, 2), burst("SGD", 0.2)]
    assert tune(runs) == {"SGD": Choice(0.1, 0.0, (0.1, 0.2), True)}


def test_a_name_whose_runs_all_diverged_is_told_with_its_rates():
    with pytest.raises(ValueError) as error:
        tune([done("Adam", 0.1, 0.9), burst("SGD", 30.0), burst("SGD", 100.0)])
    assert str(error.value) == "every run of SGD diverged, at rates from 30 to 100: try smaller ones"


def test_steps_to_is_the_first_look_that_reaches_the_target():
    looks = [Metrics(3, 0.5), Metrics(1, 0.75), Metrics(2, 0.75)]
    run = Run("SGD", 0.1, 0, [10, 20, 30], looks, looks, [0.5, 1, 1.5])
    assert steps_to(run, loss=2) == Reached(20, 1)
    assert steps_to(run, loss=1) == Reached(20, 1)
    assert steps_to(run, accuracy=0.5) == Reached(10, 0.5)
    assert steps_to(run, accuracy=0.75) == Reached(20, 1)
    assert steps_to(run, loss=0.5) is None and steps_to(run, accuracy=0.8) is None


def test_a_table_has_a_row_for_each_name_and_rate_with_median_and_range_over_the_seeds():
    runs = [done("SGD", 0.1, accuracy, seed=seed, test=Metrics(1.0, accuracy / 2))
            for seed, accuracy in enumerate((0.5, 1.0, 0.25))]
    runs += [burst("SGD", 1.0), done("Adam", 0.1, 0.75), done("Adam", 0.1, 0.9, seed=1, ended="interrupted")]
    assert table(runs) == [
        Row("SGD", 0.1, 3, 0, (0.5, 0.25, 1.0), (0.25, 0.125, 0.5), None, None),
        Row("SGD", 1.0, 1, 1, None, None, None, None),
        Row("Adam", 0.1, 1, 0, (0.75, 0.75, 0.75), None, None, None),
    ]
    assert table([]) == []


def test_steps_and_seconds_to_the_target_are_infinite_where_it_is_not_reached():
    runs = [done("SGD", 0.1, 0.9, loss, seed) for seed, loss in enumerate((1.0, 9.0, 8.0))]
    runs += [done("Adam", 0.1, 0.9, 2.0), burst("Adam", 0.1, 1), burst("mine", 1.0)]
    rows = table(runs, loss=2)
    assert [(row.steps, row.seconds) for row in rows] == [
        ((math.inf, 20, math.inf), (math.inf, 1.0, math.inf)),
        ((math.inf, 20, math.inf), (math.inf, 1.0, math.inf)),
        ((math.inf, math.inf, math.inf), (math.inf, math.inf, math.inf)),
    ]
    assert table(runs[:1], accuracy=0)[0].steps == (10, 10, 10)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"loss": 0.1}, "loss 0.1 is never reached, the lowest is 0.5: "
                        "choose another target, or train longer"),
        ({"accuracy": 0.95}, "accuracy 0.95 is never reached, the highest is 0.75: "
                             "choose another target, or train longer"),
        ({"loss": 0.1, "accuracy": 0.95},
         "loss is 0.1 and accuracy 0.95, expected one of them as the target"),
    ],
)
def test_a_target_that_no_run_reaches_is_told_with_the_best_value(target, message):
    runs = [done("SGD", 0.1, 0.75, 2.0), done("SGD", 1.0, 0.5, 0.5), burst("Adam", 0.1)]
    runs.append(done("Adam", 1.0, 0.99, 0.01, ended="interrupted"))  # in the table neither
    with pytest.raises(ValueError) as error:
        table(runs, **target)
    assert str(error.value) == message


def test_a_target_where_everything_diverged_is_told_too():
    with pytest.raises(ValueError, match="loss 1 is never reached, the lowest is inf: "):
        table([burst("SGD", 1.0)], loss=1)
    with pytest.raises(ValueError, match="accuracy 1 is never reached, the highest is 0: "):
        table([burst("SGD", 1.0)], accuracy=1)


def test_steps_to_wants_one_target():
    with pytest.raises(ValueError) as error:
        steps_to(done("SGD", 0.1, 0.5))
    assert str(error.value) == "loss is None and accuracy None, expected one of them as the target"


def test_every_measured_number_of_a_description_follows_the_sign_and_equal_seeds_change_no_word():
    runs = [done("SGD", 0.1, 0.5, seed=seed, test=Metrics(1.0, 0.25 * (seed + 1))) for seed in (0, 1, 2)]
    runs += [done("momentum", 0.001, 0.875, 2.0), burst("Adam", 1e-5)]
    assert describe(table(runs, loss=1)).splitlines() == [
        "SGD       lr ≈ 0.1     validation ≈ 50.0% (≈ 50.0% to ≈ 50.0%)  test ≈ 50.0% (≈ 25.0% to ≈ 75.0%)"
        "  steps ≈ 20 (≈ 20 to ≈ 20)  seconds ≈ 1.00 (≈ 1.00 to ≈ 1.00)  diverged ≈ 0 of 3",
        "momentum  lr ≈ 0.001   validation ≈ 87.5%  steps never  seconds never  diverged ≈ 0 of 1",
        "Adam      lr ≈ 1e-05   steps never  seconds never  diverged ≈ 1 of 1",
    ]
    assert describe([]) == ""


# Files ------------------------------------------------------------------------------------------------


def test_runs_come_back_from_a_file_as_they_were(tmp_path):
    runs = compare(paper(), [Recipe("own", Signed), Recipe("bomb", Bomb)], seeds=(0, 1), test_batches=ONE)
    runs.append(done("LBFGS", 1, 0.5, ended="interrupted"))
    save_runs(runs, tmp_path / "runs.json")
    again = load_runs(tmp_path / "runs.json")
    assert again == runs
    assert again[0].valid[0].accuracy == 1 and again[0].test.accuracy == 1  # names too, not bare lists
    assert table(again) == table(runs)


def test_a_file_of_runs_is_json_for_everybody_also_after_divergence(tmp_path):
    def refuse(word):
        raise AssertionError(word)

    huge = [(torch.tensor([[3e38]]), torch.tensor([0]))]
    runs = compare(paper(), [Recipe("wild", Signed, lr=1), Recipe("bomb", Bomb)], test_batches=huge)
    save_runs(runs, tmp_path / "runs.json")
    json.loads((tmp_path / "runs.json").read_text(), parse_constant=refuse)
    with pytest.raises(ValueError):
        save_runs([done("SGD", 0.1, 0.5, math.nan)], tmp_path / "runs.json")  # no run of compare looks so
    assert {run.ended for run in load_runs(tmp_path / "runs.json")} == {"diverged"}


def test_a_failing_write_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "runs.json"
    save_runs([done("SGD", 0.1, 0.5)], path)

    def half_written(self, text, **options):
        self.write_bytes(text[:9].encode())
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(room.Path, "write_text", half_written)
        with pytest.raises(OSError, match="No space left on device"):
            save_runs([done("Adam", 0.1, 0.5)], path)
    assert load_runs(path) == [done("SGD", 0.1, 0.5)]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "content",
    [b"", b'{"runs": [{"name": "SGD"', b"[]", b'{"cells": []}', b'{"runs": [1]}', b'{"runs": [{"nam": 1}]}',
     b"\xff", b'{"runs": [{"name": "SGD", "lr": 1, "seed": 0, "valid": [[1]]}]}'],
)
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "runs.json"
    path.write_bytes(content)
    with pytest.raises(ValueError) as error:
        load_runs(path)
    assert str(error.value) == f"{path} holds no runs, expected a file of save_runs: name another one"


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "runs.json"
    with pytest.raises(FileNotFoundError) as error:
        load_runs(path)
    assert str(error.value) == f"no runs at {path}: save some there by save_runs"


# Refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Recipe("Adan"),
         "recipe is called 'Adan', expected one of SGD, momentum, Nesterov, Adagrad, RMSprop, Adadelta, "
         "Adam, AdamW: or give it an optimizer"),
        (lambda: Recipe("SGD", lr=-0.5), "lr of SGD is -0.5, expected a number above 0: try 0.01"),
        (lambda: Recipe("SGD", lr=0), "lr of SGD is 0, expected a number above 0: try 0.01"),
        (lambda: Recipe("SGD", lr=math.nan), "lr of SGD is nan, expected a number above 0: try 0.01"),
        (lambda: Recipe("SGD", lr=math.inf), "lr of SGD is inf, expected a number above 0: try 0.01"),
        (lambda: sweep(task(), [Recipe("SGD")], (0.1, -1)),
         "lr of SGD is -1, expected a number above 0: try 0.01"),
        (lambda: sweep(task(), [Recipe("SGD")], ()),
         "rates is empty, expected one learning rate or more: try (0.001, 0.01, 0.1)"),
        (lambda: sweep(task(), [], [0.1]), "there are 0 recipes and 1 seeds, expected one or more of each"),
        (lambda: compare(task(), []), "there are 0 recipes and 3 seeds, expected one or more of each"),
        (lambda: compare(task(), [Recipe("SGD")], seeds=()),
         "there are 1 recipes and 0 seeds, expected one or more of each"),
        (lambda: compare(task(), [Recipe("SGD", lr=0.1), Recipe("SGD", optim.Adam, lr=0.1)]),
         "two recipes are called 'SGD' with lr 0.1: give each a name of its own"),
        (lambda: sweep(task(), [Recipe("SGD")], (0.1, 0.1)),
         "two recipes are called 'SGD' with lr 0.1: give each a name of its own"),
        (lambda: task(epochs=0),
         "epochs is 0 and check_every 2, expected more than 0 and at least 1: try 1 and 50"),
        (lambda: task(epochs=math.nan),
         "epochs is nan and check_every 2, expected more than 0 and at least 1: try 1 and 50"),
        (lambda: task(check_every=0),
         "epochs is 2 and check_every 0, expected more than 0 and at least 1: try 1 and 50"),
        (lambda: compare(task(make_batches=lambda seed: []), [Recipe("SGD")]),
         "make_batches gives no batches for seed 0, expected one or more"),
        (lambda: compare(task(valid_batches=[]), [Recipe("SGD")]),
         "batches is empty, expected one batch or more"),
    ],
)
def test_what_makes_no_comparison_is_refused(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message


def test_one_name_at_two_rates_is_no_twin():
    assert len(compare(task(), [Recipe("SGD", lr=0.1), Recipe("SGD", lr=0.2)])) == 6
