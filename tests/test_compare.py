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
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau, StepLR

from course.compare import Competitor, Run, Task, compare, load_runs, save_runs, sweep, table, tune
from course.compare import race as room
from course.mnist import Batches

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
    compare(noted(notes), [Competitor("SGD", lr=0.5), Competitor("Adam"), Competitor("own", Signed)], seeds=(3, 4))
    _, *three, a, b, c = notes  # the first is the warm-up
    assert three == [three[0]] * 3 and [a, b, c] == [a] * 3
    assert len(a) == 1 + 2 * 6
    assert a[0] != three[0][0] and a[1::2] != three[0][1::2]


def test_a_run_does_not_depend_on_the_others_nor_on_what_was_drawn_before():
    competitors = [Competitor("SGD", lr=0.5), Competitor("Adam")]
    together = compare(task(), competitors, seeds=(0, 1))
    torch.rand(5)
    alone = [
        run for seed in (0, 1) for competitor in competitors for run in compare(task(), [competitor], seeds=[seed])
    ]
    assert timeless(together) == timeless(alone)
    assert [(run.name, run.seed) for run in together] == [("SGD", 0), ("Adam", 0), ("SGD", 1), ("Adam", 1)]


def stopping(seed):
    raise KeyboardInterrupt


@pytest.mark.parametrize("changes", [{}, {"make_batches": stopping}])
def test_the_callers_random_state_is_untouched(changes):
    before = torch.get_rng_state()
    compare(task(**changes), [Competitor("SGD")])
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_and_weights_need_no_generator_but_follow_the_seed_alone(notes):
    compare(noted(notes), [Competitor("SGD")], seeds=(7,))
    torch.manual_seed(7)
    assert notes[1][0] == nn.Linear(2, 2, bias=False).weight.tolist()


def test_a_model_is_made_for_each_run_and_knows_its_seed():
    seeds = []
    noting = task(make_model=lambda seed: seeds.append(seed) or Noisy())
    compare(noting, [Competitor("SGD"), Competitor("Adam")], seeds=(3, 4))
    assert seeds == [3] + [3, 3, 4, 4]  # the first is the warm-up


# One run, against a loop and against paper --------------------------------------------------------------


def plain_loop(make_optimizer, steps=6, check_every=2, loss_fn=F.cross_entropy, schedule=None):
    """What a run is, once more and without the course: weights, and per look loss and accuracy."""
    torch.manual_seed(5)
    model = Noisy()
    order = torch.Generator().manual_seed(5)
    optimizer = make_optimizer(model.parameters())
    scheduler = schedule and schedule(optimizer, steps)
    looks, step = [], 0
    while step < steps:
        for rows in torch.randperm(6, generator=order).split(2):
            if step == steps:
                break

            def loss():
                optimizer.zero_grad()
                value = loss_fn(model(X[rows]), Y[rows])  # noqa: B023, since it is called at once
                value.backward()
                return value

            loss()
            optimizer.step(loss) if isinstance(optimizer, optim.LBFGS) else optimizer.step()
            step += 1
            if schedule:
                scheduler.step()
            if step % check_every == 0 or step == steps:
                with torch.no_grad():
                    logits = model.eval()(X)
                model.train()
                right = (logits.argmax(1) == Y).float()
                looks.append((loss_fn(logits, Y).item(), right.mean().item()))
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

    (run,) = compare(task(make_model=make_model, epochs=5 / 3), [Competitor("it", kind)], seeds=[5])
    weight, looks = plain_loop(kind, steps=5)
    assert torch.equal(models[-1].linear.weight, weight)
    assert run.lr == inspect.signature(kind).parameters["lr"].default
    assert (run.steps, run.ended, run.test) == ([2, 4, 5], "finished", None)
    assert run.valid == [pytest.approx(look) for look in looks]


def test_an_optimizer_of_ones_own_takes_the_steps_counted_by_hand():
    (run,) = compare(paper(epochs=1, check_every=1), [Competitor("own", Signed, lr=0.5)], seeds=[0])
    # The weights go from (0, 0) by 1/2 each to (-3/2, 3/2), and x is 2, so the logits lie 0, 2, 4, 6 apart.
    losses = [math.log1p(math.exp(-apart)) for apart in (0, 2, 4, 6)]
    assert [metrics.loss for metrics in run.train] == pytest.approx(losses[:3], abs=1e-6)
    assert [metrics.loss for metrics in run.valid] == pytest.approx(losses[1:], abs=1e-6)
    assert [metrics.accuracy for metrics in run.valid] == [1, 1, 1]


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [
        ("momentum", optim.SGD, {"momentum": 0.9}),
        ("Nesterov", optim.SGD, {"momentum": 0.9, "nesterov": True}),
        ("RMSprop", optim.RMSprop, {}),
        ("AdamW", optim.AdamW, {}),
    ],
)
def test_a_known_name_stands_for_its_optimizer(name, kind, options):
    (run,) = compare(task(), [Competitor(name, lr=0.125)], seeds=[5])
    _, looks = plain_loop(partial(kind, lr=0.125, **options))
    assert run.lr == 0.125
    assert run.valid == [pytest.approx(look) for look in looks]


def smoothed(logits, y):
    return F.cross_entropy(logits, y, label_smoothing=0.25)


def fading(optimizer, steps):
    return LambdaLR(optimizer, lambda step: 1 - step / (2 * steps))


def test_every_argument_of_a_comparison_has_its_effect(capsys):
    models = []

    def make_model(seed):
        models.append(Noisy())
        return models[-1]

    odd = task(make_model=make_model, loss_fn=smoothed, epochs=5 / 3, check_every=3)
    competitor = Competitor("own", partial(optim.SGD, momentum=0.5), lr=0.5, schedule=fading)
    (run,) = room.compare(odd, [competitor], seeds=[5], test_batches=[(X, 1 - Y)], progress=True)
    own = partial(optim.SGD, lr=0.5, momentum=0.5)
    weight, looks = plain_loop(own, steps=5, check_every=3, loss_fn=smoothed, schedule=fading)
    assert torch.equal(models[-1].linear.weight, weight)
    assert (run.name, run.lr, run.seed, run.steps, run.ended) == ("own", 0.5, 5, [3, 5], "finished")
    assert run.valid == [pytest.approx(look) for look in looks]
    with torch.no_grad():
        logits = models[-1].eval()(X)
    assert run.test == pytest.approx((smoothed(logits, 1 - Y).item(), 1 - looks[-1][1]))
    assert "own" in capsys.readouterr().err


def test_every_argument_of_a_sweep_has_its_effect(capsys):
    competitor = Competitor("own", partial(optim.SGD, momentum=0.5), schedule=fading)
    runs = room.sweep(task(loss_fn=smoothed), [competitor], {"own": [0.5, 0.25]}, seeds=(5, 6), progress=True)
    assert [(run.lr, run.seed) for run in runs] == [(0.5, 5), (0.25, 5), (0.5, 6), (0.25, 6)]
    _, looks = plain_loop(partial(optim.SGD, lr=0.25, momentum=0.5), loss_fn=smoothed, schedule=fading)
    assert runs[1].valid == [pytest.approx(look) for look in looks]
    assert "run" in capsys.readouterr().err


def test_training_means_are_those_of_the_loss_that_was_given():
    (run,) = compare(paper(loss_fn=smoothed, epochs=1), [Competitor("own", Signed, lr=0.5)], seeds=[0])
    # Of the smoothed target 1/8 lies on the wrong class: the loss is least at log 7, so after 2 it goes back to 0.
    apart = [0.0, 2.0, 0.0]
    losses = [math.log1p(math.exp(-gap)) + gap / 8 for gap in apart]
    assert [row.loss for row in run.train] == pytest.approx([sum(losses[:2]) / 2, losses[2]], abs=1e-6)


def test_a_plateau_schedule_gets_the_validation_loss_of_each_look():
    losses, rates = [], []

    class Plateau(ReduceLROnPlateau):
        def step(self, metrics, epoch=None):
            losses.append(metrics)
            super().step(metrics, epoch)
            rates.append(self.optimizer.param_groups[0]["lr"])

    def schedule(optimizer, steps):
        return Plateau(optimizer, factor=0.5, patience=0, threshold=0.999)  # nothing is good enough

    (run,) = compare(task(), [Competitor("SGD", lr=1, schedule=schedule)], seeds=[0])
    assert losses == [row.loss for row in run.valid] and rates == [1, 0.5, 0.25]
    with pytest.raises(ValueError, match="scheduler has mode 'max', but is given a loss"):
        compare(task(), [Competitor("SGD", schedule=lambda optimizer, _: ReduceLROnPlateau(optimizer, "max"))])


def test_targets_that_are_no_classes_are_compared_by_their_loss(tmp_path):
    def line(seed):
        return nn.Linear(2, 1)

    sums = [(X, X.sum(1, keepdim=True))]
    regression = task(make_model=line, make_batches=lambda seed: sums * 3, valid_batches=sums, loss_fn=F.mse_loss)
    runs = sweep(regression, [Competitor("SGD")], (0.001, 0.1, 0.01, 1e6), seeds=(0, 1))
    assert {look.accuracy for run in runs for look in run.valid} == {None}
    assert {run.lr for run in runs if run.ended == "diverged"} == {1e6}
    choice = tune(runs)["SGD"]
    assert (choice.lr, choice.accuracy, choice.good) == (0.1, None, (0.1, 0.1))
    rows = table(runs)
    assert [row.valid for row in rows] == [None] * 4 and rows[3].valid_loss is None
    ends = [run.valid[-1].loss for run in runs if run.lr == 0.1]
    assert rows[1].valid_loss == (pytest.approx(sum(ends) / 2), min(ends), max(ends))
    save_runs(runs, tmp_path / "runs.json")
    assert load_runs(tmp_path / "runs.json") == runs


def test_the_rate_of_a_recipe_is_reported_also_if_its_optimizer_makes_another_of_it():
    def halved(parameters, lr):
        return optim.SGD(parameters, lr / 2)

    assert [run.lr for run in sweep(task(), [Competitor("own", halved)], (0.5, 1))] == [0.5, 1]


def test_parameters_can_be_sorted_into_groups():
    groups = []

    def sorted_by_dimension(parameters, lr=0.1):
        groups[:] = [[p for p in parameters if p.ndim == 2], [p for p in parameters if p.ndim < 2]]
        return optim.SGD([{"params": group} for group in groups], lr)

    compare(task(make_model=lambda seed: nn.Linear(2, 2)), [Competitor("own", sorted_by_dimension)])
    assert [len(group) for group in groups] == [1, 1]


@pytest.mark.parametrize(
    ("epochs", "steps"), [(0.01, [1]), (0.6, [2]), (1, [2, 3]), (5 / 3, [2, 4, 5]), (2, [2, 4, 6])]
)
def test_epochs_may_be_a_fraction_and_the_last_look_comes_after_the_last_step(epochs, steps):
    (run,) = compare(task(epochs=epochs), [Competitor("SGD")], seeds=[0])
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

    (run,) = compare(task(epochs=4 / 3), [Competitor("linear", Spy, lr=1, schedule=to_zero)], seeds=[0])
    assert rates == [1, 0.75, 0.5, 0.25]
    ((optimizer, steps),) = planned  # none for the warm-up, whose one step many a schedule cannot divide
    assert steps == 4 and optimizer.param_groups[0]["lr"] == 0
    assert run.lr == 1


def test_a_schedule_in_parts_works_for_runs_that_are_long_enough():
    thirds = Competitor("SGD", lr=1, schedule=lambda optimizer, steps: StepLR(optimizer, steps // 3))
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
    (run,) = compare(slow, [Competitor("SGD")], seeds=[0])
    assert run.seconds == [2, 4, 6]


def test_the_test_data_are_judged_once_by_each_run_that_finishes_and_never_in_a_sweep():
    competitors = [Competitor("own", Signed), Competitor("bomb", Bomb), Competitor("SGD")]
    test = Counted(ONE)
    runs = compare(paper(), competitors, seeds=(0, 1), test_batches=test)
    assert test.times == 4
    for run in runs:
        assert run.test == (run.valid[-1] if run.name != "bomb" else None)
    assert [run.test for run in sweep(paper(), competitors, [0.1])] == [None] * 3


# Runs that end early ----------------------------------------------------------------------------------


def test_a_training_loss_of_nan_ends_its_run_and_no_other():
    calm = Competitor("own", Signed)
    runs = compare(paper(), [Competitor("bomb", Bomb), calm])
    assert [(run.name, run.seed, run.ended, run.steps) for run in runs if run.name == "bomb"] == [
        ("bomb", seed, "diverged", [2]) for seed in (0, 1, 2)
    ]
    assert timeless(run for run in runs if run.name == "own") == timeless(compare(paper(), [calm]))


def test_a_nan_in_the_validation_data_is_divergence_and_never_the_best_rate():
    nan = [(X, Y), (X * math.nan, Y)]
    runs = sweep(task(valid_batches=nan), [Competitor("SGD")], (0.1, 0.2))
    assert [(run.ended, run.valid) for run in runs] == [("diverged", [])] * 2
    with pytest.raises(ValueError, match="every run of SGD diverged, at rates from 0.1 to 0.2: .* look for nan"):
        tune(runs)


def test_a_validation_or_test_loss_of_infinity_is_divergence_too():
    huge = [(torch.tensor([[3e38]]), torch.tensor([0]))]  # right answer 0, and the training pulls towards 1
    wild, calm = Competitor("wild", Signed, lr=1), Competitor("calm", Signed, lr=1e-3)
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

    competitors = [Competitor("SGD"), Competitor("Adam")]
    runs = compare(task(make_batches=make_batches, epochs=1), competitors, seeds=(0, 1, 2))
    ends = [("SGD", 0, "finished", [2, 4, 6]), ("Adam", 0, "finished", [2, 4, 6])]
    assert [(run.name, run.seed, run.ended, run.steps) for run in runs] == (
        ends + [("SGD", 1, "interrupted", last)] if last else ends
    )


def test_ctrl_c_in_a_loss_while_it_warms_up_gives_no_runs():
    def stopped(logits, y):
        raise KeyboardInterrupt

    assert compare(task(loss_fn=stopped), [Competitor("SGD")]) == []


def test_bars_are_silent_under_ci_and_shown_elsewhere(monkeypatch, capsys):
    for ci in ("true", None):
        monkeypatch.setenv("CI", ci) if ci else monkeypatch.delenv("CI", raising=False)
        room.compare(task(), [Competitor("SGD")], seeds=[0])
        assert bool(capsys.readouterr().err) is (ci is None)


# Sweeps, and what becomes of runs -----------------------------------------------------------------------


def test_a_sweep_crosses_recipes_rates_and_seeds():
    runs = sweep(task(), [Competitor("SGD"), Competitor("Adam", lr=9)], torch.tensor([0.25, 0.5]), seeds=(0, 1))
    assert {type(run.lr) for run in runs} == {float}  # not tensors, which no file of runs could hold
    assert [(run.seed, run.name, run.lr) for run in runs] == [
        (seed, name, lr) for seed in (0, 1) for name in ("SGD", "Adam") for lr in (0.25, 0.5)
    ]


def test_a_sweep_may_have_other_rates_for_each_recipe():
    runs = sweep(task(), [Competitor("SGD"), Competitor("Adam")], {"Adam": [0.01], "SGD": (0.5, 1), "mine": []})
    assert [(run.name, run.lr) for run in runs] == [("SGD", 0.5), ("SGD", 1), ("Adam", 0.01)]


def test_runs_come_back_from_a_file_as_they_were(tmp_path):
    runs = compare(paper(), [Competitor("own", Signed), Competitor("bomb", Bomb)], seeds=(0, 1), test_batches=ONE)
    runs.append(Run("LBFGS", 1, 0, ended="interrupted"))
    save_runs(runs, tmp_path / "runs.json")
    again = load_runs(tmp_path / "runs.json")
    assert again == runs
    assert again[0].valid[0].accuracy == 1 and again[0].test.accuracy == 1  # names too, not bare lists
    assert table(again) == table(runs)


def test_a_file_of_runs_is_json_for_everybody_also_after_divergence(tmp_path):
    def refuse(word):
        raise AssertionError(word)

    huge = [(torch.tensor([[3e38]]), torch.tensor([0]))]
    runs = compare(paper(), [Competitor("wild", Signed, lr=1), Competitor("bomb", Bomb)], test_batches=huge)
    save_runs(runs, tmp_path / "runs.json")
    json.loads((tmp_path / "runs.json").read_text(), parse_constant=refuse)
    with pytest.raises(ValueError):
        save_runs([Run("SGD", math.nan, 0)], tmp_path / "runs.json")  # no run of compare looks so
    assert {run.ended for run in load_runs(tmp_path / "runs.json")} == {"diverged"}


# Refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Competitor("Adan"),
            "competitor is called 'Adan', expected one of SGD, momentum, Nesterov, Adagrad, RMSprop, Adadelta, "
            "Adam, AdamW: or give it an optimizer",
        ),
        (lambda: Competitor("SGD", lr=-0.5), "lr of SGD is -0.5, expected a number above 0: try 0.01"),
        (lambda: Competitor("SGD", lr=0), "lr of SGD is 0, expected a number above 0: try 0.01"),
        (lambda: Competitor("SGD", lr=math.nan), "lr of SGD is nan, expected a number above 0: try 0.01"),
        (lambda: Competitor("SGD", lr=math.inf), "lr of SGD is inf, expected a number above 0: try 0.01"),
        (lambda: sweep(task(), [Competitor("SGD")], (0.1, -1)), "lr of SGD is -1, expected a number above 0: try 0.01"),
        (
            lambda: sweep(task(), [Competitor("SGD")], ()),
            "rates is empty for SGD, expected one learning rate or more: try (0.001, 0.01, 0.1)",
        ),
        (
            lambda: sweep(task(), [Competitor("SGD"), Competitor("Adam")], {"SGD": [0.1]}),
            "rates is empty for Adam, expected one learning rate or more: try (0.001, 0.01, 0.1)",
        ),
        (lambda: sweep(task(), [], [0.1]), "there are 0 competitors and 1 seeds, expected one or more of each"),
        (lambda: compare(task(), []), "there are 0 competitors and 3 seeds, expected one or more of each"),
        (
            lambda: compare(task(), [Competitor("SGD")], seeds=()),
            "there are 1 competitors and 0 seeds, expected one or more of each",
        ),
        (
            lambda: compare(task(), [Competitor("SGD", lr=0.1), Competitor("SGD", optim.Adam, lr=0.1)]),
            "two competitors are called 'SGD' with lr 0.1: give each a name of its own",
        ),
        (
            lambda: sweep(task(), [Competitor("SGD")], (0.1, 0.1)),
            "two competitors are called 'SGD' with lr 0.1: give each a name of its own",
        ),
        (
            lambda: task(epochs=0),
            "epochs is 0 and check_every 2, expected more than 0 and a whole number from 1: try 1 and 50",
        ),
        (
            lambda: task(epochs=math.nan),
            "epochs is nan and check_every 2, expected more than 0 and a whole number from 1: try 1 and 50",
        ),
        (
            lambda: task(check_every=0),
            "epochs is 2 and check_every 0, expected more than 0 and a whole number from 1: try 1 and 50",
        ),
        (
            lambda: compare(task(make_batches=lambda seed: []), [Competitor("SGD")]),
            "make_batches gives no batches for seed 0, expected one or more",
        ),
        (
            lambda: task(check_every=2.5),
            "epochs is 2 and check_every 2.5, expected more than 0 and a whole number from 1: try 1 and 50",
        ),
        (lambda: compare(task(valid_batches=[]), [Competitor("SGD")]), "batches is empty, expected one batch or more"),
    ],
)
def test_what_makes_no_comparison_is_refused(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message


def test_one_name_at_two_rates_is_no_twin():
    assert len(compare(task(), [Competitor("SGD", lr=0.1), Competitor("SGD", lr=0.2)])) == 6
