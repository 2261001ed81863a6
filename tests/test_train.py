import math
import weakref
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course.mlp import MLP
from course.mnist import Batches
from course.train import History, Metrics, evaluate, fit, fitting, load_checkpoint, save_checkpoint, train_epoch
from course.train.epoch import model_device


class Shuffled:
    """Batches in an order drawn from a generator, as the course's own do."""

    def __init__(self, x, y, batch_size, generator):
        self.x, self.y, self.batch_size, self.generator = x, y, batch_size, generator

    def __iter__(self):
        for rows in torch.randperm(len(self.x), generator=self.generator).split(self.batch_size):
            yield self.x[rows], self.y[rows]


def problem(n=70, seed=0):
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(3, (n,), generator=generator)
    return torch.randn(n, 4, generator=generator) + 2 * F.one_hot(y, 4), y


def run(epochs, tmp_path=None, lr=0.1, dropout=0.3, **options):
    """Train a small network that draws on every kind of state: momentum, schedule, dropout, shuffling."""
    torch.manual_seed(1)
    model = MLP((4, 8, 3), activation=lambda: nn.Sequential(nn.ReLU(), nn.Dropout(dropout)))
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    batches = Shuffled(*problem(), 16, torch.Generator().manual_seed(2))
    valid = [problem(30, seed=5)]
    checkpoint = None if tmp_path is None else tmp_path / "run.pt"
    history = fit(
        model,
        optimizer,
        batches,
        valid,
        epochs=epochs,
        scheduler=scheduler,
        checkpoint=checkpoint,
        progress=False,
        **options,
    )
    return history, model


def test_a_step_is_gradient_descent_by_hand():
    model = nn.Linear(1, 2, bias=False)
    nn.init.zeros_(model.weight)
    batch = torch.tensor([[2.0]]), torch.tensor([1])
    metrics = train_epoch(model, [batch], torch.optim.SGD(model.parameters(), 0.5))
    # softmax is (1/2, 1/2), so the gradient is x * (1/2, -1/2) and a step of 0.5 gives (-1/2, 1/2)
    assert model.weight.tolist() == [[-0.5], [0.5]]
    assert metrics == (pytest.approx(math.log(2)), 0.0)


def test_a_scheduler_is_stepped_after_every_batch():
    model = nn.Linear(1, 2, bias=False)
    nn.init.zeros_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: [1, 0, 0.25][step])
    batch = torch.tensor([[2.0]]), torch.tensor([1])
    train_epoch(model, [batch, batch], optimizer, scheduler=scheduler)
    assert model.weight.tolist() == [[-0.5], [0.5]]  # the step of the test above, then one at rate 0
    assert optimizer.param_groups[0]["lr"] == 0.125


def test_lbfgs_takes_the_steps_of_its_own_closure_and_tells_the_loss_before_them():
    (x, y), (ours, theirs) = problem(7), (nn.Linear(4, 3) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    metrics = train_epoch(ours, [(x, y), (x, y)], torch.optim.LBFGS(ours.parameters(), max_iter=3))
    optimizer = torch.optim.LBFGS(theirs.parameters(), max_iter=3)

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(theirs(x), y)
        loss.backward()
        return loss

    losses = [optimizer.step(closure).item() for _ in range(2)]  # step gives the loss that it began with
    assert torch.equal(ours.weight, theirs.weight) and torch.equal(ours.bias, theirs.bias)
    assert losses[1] < losses[0]
    assert metrics.loss == pytest.approx(sum(losses) / 2)


def test_averages_divide_by_examples_not_by_batches():
    model = nn.Linear(4, 3)
    x, y = problem(7)
    whole = evaluate(model, [(x, y)])
    parts = evaluate(model, [(x[:6], y[:6]), (x[6:], y[6:])])
    assert whole == pytest.approx(parts)
    frozen = torch.optim.SGD(model.parameters(), lr=0.0)
    assert train_epoch(model, [(x[:6], y[:6]), (x[6:], y[6:])], frozen) == pytest.approx(whole)


def test_the_graph_of_a_step_is_not_kept_until_the_end_of_the_epoch():
    losses, alive = [], []

    def loss_fn(logits, y):
        alive.append(sum(loss() is not None for loss in losses))
        loss = F.cross_entropy(logits, y)
        losses.append(weakref.ref(loss))
        return loss

    model = nn.Linear(4, 3)
    train_epoch(model, [problem(2)] * 5, torch.optim.SGD(model.parameters()), loss_fn)
    assert max(alive) == 1, "only the loss of the step before may still have its name"


def test_evaluation_uses_eval_mode_builds_no_graph_and_puts_the_mode_back():
    seen = []

    class Spy(nn.Linear):
        def forward(self, x):
            seen.append((self.training, torch.is_grad_enabled()))
            return super().forward(x)

    for training in (True, False):
        model = Spy(4, 3).train(training)
        evaluate(model, [problem(5)])
        assert model.training is training
    assert seen == [(False, False), (False, False)]


def test_no_batches_are_refused():
    model = nn.Linear(4, 3)
    for call in (lambda: evaluate(model, []), lambda: train_epoch(model, [], torch.optim.SGD(model.parameters()))):
        with pytest.raises(ValueError, match="batches is empty, expected one batch or more"):
            call()


def test_a_loss_that_is_not_finite_is_named_with_epoch_step_and_learning_rate():
    x, y = problem(8)
    model = nn.Linear(4, 3)
    batches = [(x, y), (x * float("nan"), y), (x, y)]
    with pytest.raises(FloatingPointError) as error:
        fit(model, torch.optim.SGD(model.parameters(), 0.25), batches, epochs=2, progress=False)
    assert str(error.value) == (
        "epoch 1, training: loss is nan at step 2 with learning rate 0.25: "
        "try a smaller learning rate, or look for nan in the data"
    )


def broken(x, value=math.nan, example=5):
    """The same examples, one number of them spoilt."""
    x = x.clone()
    x[example, 1] = value
    return x


class Spoilt(list):
    """Batches that have a nan in one of their passes."""

    def __init__(self, batches, spoilt):
        super().__init__(batches)
        self.passes, self.spoilt = 0, spoilt

    def __iter__(self):
        self.passes += 1
        return ((broken(x) if self.passes == self.spoilt else x, y) for x, y in super().__iter__())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_among_the_validation_data_that_is_not_finite_is_named(value):
    x, y = problem(20)
    model, valid = nn.Linear(4, 3), Batches(broken(x, value, 7), y, 5)
    with pytest.raises(FloatingPointError) as error:
        fit(model, torch.optim.SGD(model.parameters(), 0.1), [(x, y)], valid, epochs=8)
    sentence = str(error.value).replace("inf", "nan").replace("-", "")  # softmax makes nan of some infinities
    assert sentence == (
        "epoch 1, validation: loss is nan at batch 2: look for nan in that batch, or try a smaller learning rate"
    )


@pytest.mark.parametrize("spoilt", [1, 2, 4])
def test_a_validation_loss_of_nan_ends_the_run_with_the_best_weights_and_the_last_whole_epoch(tmp_path, spoilt):
    data, path = problem(20), tmp_path / "run.pt"
    model = nn.Linear(4, 3)
    with pytest.raises(FloatingPointError, match=f"epoch {spoilt}, validation: loss is nan at batch 1"):
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        fit(model, optimizer, [data], Spoilt([data], spoilt), epochs=8, checkpoint=path)
    assert path.exists() is (spoilt > 1)
    if spoilt > 1:
        saved = load_checkpoint(path)
        losses = [loss for loss, _ in saved["history"]["valid"]]
        assert len(losses) == spoilt - 1 and saved["history"]["best_epoch"] == 1 + losses.index(min(losses))
        assert evaluate(model, [data]).loss == min(losses)


def test_evaluation_names_a_weight_that_is_not_finite():
    model = MLP((4, 3, 3))
    with torch.no_grad():
        model.layers[2].bias[1] = math.inf
    with pytest.raises(FloatingPointError) as error:
        evaluate(model, [problem(8)])
    assert str(error.value) == ("loss is nan at batch 1, as layers.2.bias is not finite: try a smaller learning rate")


def test_a_weight_that_breaks_in_the_last_step_is_named_and_not_saved(tmp_path):
    model = nn.Linear(1, 2, bias=False)
    nn.init.zeros_(model.weight)
    batch = torch.tensor([[3e38]]), torch.tensor([1])  # the loss is log 2, the gradient 1.5e38
    with pytest.raises(FloatingPointError) as error:
        optimizer = torch.optim.SGD(model.parameters(), 10.0)
        fit(model, optimizer, [batch], epochs=1, checkpoint=tmp_path / "run.pt")
    assert str(error.value) == (
        "epoch 1, training: weight is not finite after step 1 with learning rate 10: try a smaller learning rate"
    )
    assert list(tmp_path.iterdir()) == []


# Where there is an accuracy ---------------------------------------------------------------------------


X = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
ONE_HOT, MAPS = torch.eye(3), torch.ones(3, 1, 2, 2)
POISSON = nn.PoissonNLLLoss()


@pytest.mark.parametrize(
    ("model", "x", "y", "loss_fn"),
    [
        (nn.Linear(2, 1), X, X[:, :1], F.mse_loss),
        (nn.Linear(2, 2), X, X, F.mse_loss),
        (nn.Linear(2, 3), X, ONE_HOT, F.cross_entropy),  # as many classes as examples
        (nn.Linear(2, 3), X, ONE_HOT.long(), lambda logits, y: F.cross_entropy(logits, y.float())),
        (nn.Linear(2, 3), X, ONE_HOT / 2 + 1 / 6, F.cross_entropy),
        (nn.Conv2d(1, 1, 1), MAPS, MAPS, F.mse_loss),
        (nn.Conv2d(1, 3, 1), MAPS, torch.ones(3, 2, 2).long(), F.cross_entropy),  # a class for each pixel
        (nn.Linear(2, 1), X, torch.tensor([0, 2, 1]), lambda rate, y: POISSON(rate.squeeze(1), y)),  # counts
        (nn.Linear(2, 3), X, torch.tensor([0.0, 2, 1]), lambda logits, y: F.cross_entropy(logits, y.long())),
        (nn.GRU(2, 3), X, torch.tensor([0, 2, 1]), lambda both, y: F.cross_entropy(both[0], y)),
    ],
)
def test_there_is_no_accuracy_where_targets_are_no_classes(model, x, y, loss_fn):
    metrics = evaluate(model, [(x, y)], loss_fn)
    prediction = model(x)
    assert metrics == (pytest.approx(loss_fn(prediction, y).item()), None)
    assert train_epoch(model, [(x, y)], torch.optim.SGD(model.parameters(), 0.0), loss_fn) == metrics


@pytest.mark.parametrize("kind", [torch.int64, torch.int32, torch.uint8, torch.bool])
def test_classes_are_whole_numbers_of_any_kind(kind):
    model, y = nn.Identity(), torch.tensor([0, 1, 1]).to(kind)
    logits = torch.tensor([[2.0, 1.0], [2.0, 1.0], [0.0, 1.0]])
    assert evaluate(model, [(logits, y)], lambda z, y: F.cross_entropy(z, y.long())).accuracy == pytest.approx(2 / 3)


def test_a_run_without_classes_shows_and_draws_its_losses_alone(capsys):
    model, seen = nn.Linear(2, 1), []
    history = fit(
        model,
        torch.optim.SGD(model.parameters(), 0.1),
        [(X, X[:, :1])],
        [(X, X[:, :1])],
        epochs=1,
        loss_fn=F.mse_loss,
        progress=True,
        curves=lambda step, values: seen.append((step, dict(values))),
    )
    assert seen == [(1, {"loss/train": history.train[0].loss, "loss/valid": history.valid[0].loss})]
    shown = capsys.readouterr().err
    assert f"loss={history.train[0].loss:.3f}" in shown and "accuracy" not in shown


# Parts that do not fit together -----------------------------------------------------------------------


def test_an_optimizer_of_another_model_and_a_scheduler_of_another_optimizer_are_told():
    model, other = nn.Linear(4, 3), nn.Linear(4, 3)
    ours, theirs = (torch.optim.SGD(each.parameters(), 0.1) for each in (model, other))
    late = torch.optim.lr_scheduler.StepLR(theirs, 1)
    for call, sentence in [
        (
            lambda: train_epoch(model, [problem()], theirs),
            "optimizer has no parameter of the model: make it anew, from model.parameters()",
        ),
        (
            lambda: fit(model, ours, [problem()], epochs=1, scheduler=late),
            "scheduler is of another optimizer: make it anew, from this one",
        ),
    ]:
        with pytest.raises(ValueError) as error:
            call()
        assert str(error.value) == sentence


def test_a_loss_that_is_no_single_number_is_told():
    model, loss_fn = nn.Linear(4, 3), nn.CrossEntropyLoss(reduction="none")
    for call in (
        lambda: evaluate(model, [problem(5)], loss_fn),
        lambda: train_epoch(model, [problem(5)], torch.optim.SGD(model.parameters()), loss_fn),
    ):
        with pytest.raises(ValueError) as error:
            call()
        assert str(error.value) == "loss of batch 1 has shape (5,), expected one number: try its mean"


def test_a_loss_without_its_graph_is_told():
    def loss_fn(logits, y):
        return nn.functional.cross_entropy(logits, y).item()

    with pytest.raises(ValueError) as error:
        evaluate(nn.Linear(4, 3), [problem(5)], loss_fn)
    assert str(error.value) == "loss of batch 1 is a float, expected a tensor: return it without .item()"


def test_batch_norm_on_a_last_batch_of_one_is_told_with_a_mend_that_works():
    model = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError) as error:
        train_epoch(model, Batches(*problem(11), 5), optimizer)
    assert str(error.value) == (
        "batch 3 has one example, expected two or more for batch norm: try drop_last=True, or another batch_size"
    )
    train_epoch(model, Batches(*problem(11), 5, drop_last=True), optimizer)


def test_other_errors_of_a_model_keep_their_words():
    class Broken(nn.Linear):
        def forward(self, x):
            raise ValueError("mine")

    with pytest.raises(ValueError, match="^mine$"):
        evaluate(Broken(4, 3), [problem(5)])


def test_a_model_without_parameters_is_judged_where_its_buffers_are_else_on_the_cpu():
    logits, y = torch.tensor([[1.0, 0.0]]), torch.tensor([0])
    assert evaluate(nn.Identity(), [(logits, y)]) == (pytest.approx(math.log1p(math.exp(-1))), 1)
    norm = nn.BatchNorm1d(2, affine=False)
    assert evaluate(norm, [(logits, y)]).accuracy == 1
    assert model_device(norm.to("meta")).type == "meta" and model_device(nn.Identity()).type == "cpu"


def test_modules_that_a_learner_froze_stay_so_and_ctrl_c_puts_the_mode_back():
    model = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3))
    model[1].eval()

    def interrupted(logits, y):
        raise KeyboardInterrupt

    for loss_fn in (F.cross_entropy, interrupted):
        with suppress(KeyboardInterrupt):
            evaluate(model, [problem(5)], loss_fn)
        assert [module.training for module in model.modules()] == [True, True, False, True]


def test_a_model_that_is_made_while_it_is_judged_can_be_trained():
    model = nn.Sequential(nn.LazyLinear(5), nn.LazyLinear(3))
    evaluate(model, [problem(5)])
    train_epoch(model, [problem(5)], torch.optim.SGD(model.parameters(), 0.1))


# Schedulers that wait for a loss ----------------------------------------------------------------------


@pytest.mark.parametrize("validated", [True, False])
def test_a_plateau_scheduler_gets_the_validation_loss_else_that_of_training(validated):
    data, other, losses = problem(20), problem(20, seed=3), []

    class Plateau(torch.optim.lr_scheduler.ReduceLROnPlateau):
        def step(self, metrics, epoch=None):
            losses.append(metrics)
            super().step(metrics, epoch)

    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    scheduler = Plateau(optimizer, factor=0.5, patience=0, threshold=0.999)  # nothing is good enough
    history = fit(model, optimizer, [data], [other] if validated else None, epochs=3, scheduler=scheduler)
    assert losses == [row.loss for row in (history.valid if validated else history.train)]
    assert optimizer.param_groups[0]["lr"] == 0.125  # the first epoch is the best so far, then two cuts


def test_a_plateau_scheduler_where_no_loss_comes_or_that_wants_an_accuracy_is_told():
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau
    with pytest.raises(ValueError) as error:
        train_epoch(model, [problem(5)], optimizer, scheduler=plateau(optimizer))
    assert str(error.value) == "scheduler is ReduceLROnPlateau, which waits for a validation loss: give it to fit"
    with pytest.raises(ValueError) as error:
        fit(model, optimizer, [problem(5)], epochs=1, scheduler=plateau(optimizer, mode="max"))
    assert str(error.value) == "scheduler has mode 'max', but is given a loss, expected 'min': try mode='min'"


# Every argument does what it says ---------------------------------------------------------------------


def smoothed(logits, y):
    return F.cross_entropy(logits, y, label_smoothing=0.3)


def test_every_argument_of_an_epoch_has_its_effect():
    x, y = problem(20)
    ours, theirs = (MLP((4, 3, 3), generator=torch.Generator().manual_seed(1)) for _ in range(2))
    optimizer = torch.optim.SGD(ours.parameters(), 0.5, momentum=0.5)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    metrics = train_epoch(ours, [(x[:15], y[:15]), (x[15:], y[15:])], optimizer, smoothed, scheduler)
    byhand, losses, right = torch.optim.SGD(theirs.parameters(), 0.5, momentum=0.5), [], 0
    for rows, rate in ((slice(0, 15), 0.5), (slice(15, 20), 0.25)):
        byhand.param_groups[0]["lr"] = rate
        byhand.zero_grad()
        loss = F.cross_entropy(theirs(x[rows]), y[rows], label_smoothing=0.3)
        right += (theirs(x[rows]).argmax(1) == y[rows]).sum().item()
        loss.backward()
        byhand.step()
        losses.append(loss.item())
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    assert metrics == pytest.approx(((15 * losses[0] + 5 * losses[1]) / 20, right / 20))
    with torch.no_grad():
        judged = F.cross_entropy(theirs(x), y, label_smoothing=0.3).item()
    assert evaluate(ours, [(x, y)], smoothed).loss == pytest.approx(judged)


def test_lbfgs_asks_for_the_loss_that_was_given():
    (x, y), (ours, theirs) = problem(7), (nn.Linear(4, 3) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    train_epoch(ours, [(x, y)], torch.optim.LBFGS(ours.parameters(), max_iter=3), smoothed)
    optimizer = torch.optim.LBFGS(theirs.parameters(), max_iter=3)

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(theirs(x), y, label_smoothing=0.3)
        loss.backward()
        return loss

    optimizer.step(closure)
    assert torch.equal(ours.weight, theirs.weight)


def test_every_argument_of_fit_has_its_effect(tmp_path, capsys):
    def build():
        model = MLP((4, 8, 3), generator=torch.Generator().manual_seed(1))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.5)
        return model, optimizer, torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)

    data, valid, seen = [problem(20)], [problem(30, seed=5)], []
    model, optimizer, scheduler = build()
    history = fit(
        model,
        optimizer,
        data,
        valid,
        epochs=60,
        loss_fn=smoothed,
        scheduler=scheduler,
        patience=2,
        checkpoint=tmp_path / "run.pt",
        curves=lambda step, values: seen.append((step, values["loss/valid"])),
        progress=True,
    )
    twin, optimizer, scheduler = build()
    trained, judged, states = [], [], []
    while len(judged) < 60 and (not judged or len(judged) - judged.index(min(judged)) <= 2):
        trained.append(train_epoch(twin, data, optimizer, smoothed))
        judged.append(evaluate(twin, valid, smoothed))
        scheduler.step()
        states.append([weight.clone() for weight in twin.parameters()])
    best = judged.index(min(judged))
    assert history == History(trained, judged, best + 1, "early") and 1 < best + 1 < 60
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), states[best], strict=True))
    assert seen == [(epoch, row.loss) for epoch, row in enumerate(judged, 1)]
    assert len(load_checkpoint(tmp_path / "run.pt")["history"]["train"]) == len(judged)
    assert "epoch" in capsys.readouterr().err


def test_fit_lowers_the_loss_and_keeps_a_row_an_epoch():
    history, _ = run(5)
    assert len(history.train) == len(history.valid) == 5 and history.stopped == "finished"
    assert history.train[-1].loss < history.train[0].loss


def test_the_model_ends_with_the_weights_of_the_best_epoch():
    history, model = run(12, lr=0.5)
    best = min(history.valid)
    assert history.valid[history.best_epoch - 1] == best != history.valid[-1]
    assert evaluate(model, [problem(30, seed=5)]) == pytest.approx(best)


def test_patience_ends_training_that_many_epochs_after_the_best():
    history, _ = run(200, lr=0.5, patience=3)
    assert history.stopped == "early"
    assert len(history.train) == history.best_epoch + 3


@pytest.mark.parametrize("stop", [1, 3])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, stop):
    whole, model = run(6)
    run(stop, tmp_path)
    torch.manual_seed(99)
    torch.rand(10)  # what happened between the two runs does not matter
    resumed, again = run(6, tmp_path)
    assert resumed == whole
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters()))


def test_a_finished_run_is_not_trained_again(tmp_path):
    whole, model = run(3, tmp_path)
    again, same = run(3, tmp_path)
    assert again == whole
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), same.parameters()))


def test_curves_get_the_rows_of_the_history_by_name_and_epoch():
    seen = []
    history, _ = run(2, curves=lambda step, values: seen.append((step, dict(values))))
    assert seen == [
        (
            epoch,
            {
                "loss/train": train.loss,
                "accuracy/train": train.accuracy,
                "loss/valid": valid.loss,
                "accuracy/valid": valid.accuracy,
            },
        )
        for epoch, train, valid in zip((1, 2), history.train, history.valid, strict=True)
    ]


def test_curves_without_validation_batches_are_those_of_training():
    model, seen = nn.Linear(4, 4), []
    fit(
        model,
        torch.optim.SGD(model.parameters(), 0.1),
        [problem()],
        epochs=1,
        progress=False,
        curves=lambda step, values: seen.append((step, sorted(values))),
    )
    assert seen == [(1, ["accuracy/train", "loss/train"])]


def test_a_resumed_run_gives_its_curves_whole(tmp_path):
    whole, parts = {}, {}
    run(3, curves=whole.__setitem__)
    run(1, tmp_path)
    run(3, tmp_path, curves=parts.__setitem__)
    assert list(parts) == [1, 2, 3] and parts == whole
    parts.clear()
    run(3, tmp_path, curves=parts.__setitem__)  # a finished one too
    assert parts == whole


def test_a_run_that_got_validation_batches_later_gives_their_curves_from_there(tmp_path):
    model, seen = nn.Linear(4, 4), []
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for epochs, valid in ((1, None), (2, [problem()])):
        fit(
            model,
            optimizer,
            [problem()],
            valid,
            epochs=epochs,
            checkpoint=tmp_path / "run.pt",
            progress=False,
            curves=lambda step, values: seen.append((step, len(values))),
        )
    assert seen == [(1, 2), (1, 2), (2, 4)]


def test_curves_that_fail_leave_the_checkpoint_of_that_epoch(tmp_path):
    def fail(step, values):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run(2, tmp_path, curves=fail)
    assert len(load_checkpoint(tmp_path / "run.pt")["history"]["train"]) == 1


def test_ctrl_c_returns_the_history_so_far_and_can_be_resumed(tmp_path, monkeypatch):
    whole, _ = run(5)
    calls = iter([None, None, KeyboardInterrupt])
    real = train_epoch

    def interrupted(*arguments):
        if next(calls, None) is KeyboardInterrupt:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(fitting, "train_epoch", interrupted)
    history, _ = run(5, tmp_path)
    assert history.stopped == "interrupted" and history.train == whole.train[:2]
    assert run(5, tmp_path)[0] == whole


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs is 0, expected a whole number from 1"),
        ({"epochs": 2.5}, "epochs is 2.5, expected a whole number from 1"),
        ({"epochs": math.nan}, "epochs is nan, expected a whole number from 1"),
        ({"epochs": 1, "patience": 2}, "patience is 2 without valid_batches: early stopping needs validation data"),
        ({"epochs": 1, "patience": 0, "valid_batches": []}, "patience is 0, expected a whole number of epochs from 1"),
        (
            {"epochs": 1, "patience": 0.5, "valid_batches": []},
            "patience is 0.5, expected a whole number of epochs from 1",
        ),
    ],
)
def test_arguments_that_make_no_run_are_refused(options, message):
    model = nn.Linear(4, 3)
    with pytest.raises(ValueError) as error:
        fit(model, torch.optim.SGD(model.parameters()), [problem(5)], **options)
    assert str(error.value) == message


def test_bars_are_silent_under_ci_and_shown_elsewhere(monkeypatch, capsys):
    model = nn.Linear(4, 3)
    for ci in ("true", None):
        monkeypatch.setenv("CI", ci) if ci else monkeypatch.delenv("CI", raising=False)
        fit(model, torch.optim.SGD(model.parameters()), [problem(5)], epochs=1)
        assert bool(capsys.readouterr().err) is (ci is None)


def test_a_corrupted_checkpoint_is_named_and_left_in_place(tmp_path):
    run(1, tmp_path)
    path = tmp_path / "run.pt"
    path.write_bytes(path.read_bytes()[:-200])
    broken = path.read_bytes()
    with pytest.raises(ValueError) as error:
        run(2, tmp_path)
    assert str(error.value) == f"checkpoint {path} is damaged: delete it to start anew"
    assert path.read_bytes() == broken


def test_a_checkpoint_with_code_in_it_is_not_run(tmp_path):
    path = tmp_path / "evil.pt"
    torch.save({"model": print}, path)
    with pytest.raises(ValueError, match="evil.pt is not a checkpoint: name another file"):
        load_checkpoint(path)


def test_a_checkpoint_of_another_model_names_the_first_difference(tmp_path):
    run(1, tmp_path)
    path = tmp_path / "run.pt"
    for widths, difference in [
        ((4, 9, 3), "layers.0.weight is (8, 4) there and (9, 4) here"),
        ((4, 8, 8, 3), "layers.2.weight is (3, 8) there and (8, 8) here"),
    ]:
        model = MLP(widths)
        with pytest.raises(ValueError) as error:
            fit(model, torch.optim.Adam(model.parameters()), [problem(5)], epochs=2, checkpoint=path, progress=False)
        assert str(error.value) == (
            f"checkpoint {path} is of another model: {difference}: build the same model or name another file"
        )


def test_another_file_of_torch_is_no_checkpoint_of_this_run(tmp_path):
    path = tmp_path / "weights.pt"
    model = nn.Linear(4, 3)
    save_checkpoint({"model": model.state_dict()}, path)
    with pytest.raises(ValueError) as error:
        fit(model, torch.optim.SGD(model.parameters()), [problem(5)], epochs=1, checkpoint=path, progress=False)
    lacks = "best, history, optimizer, random, settings"
    assert str(error.value) == f"{path} is not a checkpoint of this run, it lacks {lacks}: name another file"


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkpoint at .*absent.pt"):
        load_checkpoint(tmp_path / "absent.pt")


def test_a_full_disk_keeps_the_checkpoint_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    save_checkpoint({"epoch": 1}, path)

    def half_written(self, data):
        with open(self, "wb") as file:
            file.write(data[:9])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError) as error:
        patch.setattr(Path, "write_bytes", half_written)
        save_checkpoint({"epoch": 2}, path)
    assert str(error.value) == (
        f"cannot write checkpoint {path} (No space left on device): free some space or name another folder"
    )
    assert load_checkpoint(path) == {"epoch": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


def test_a_history_starts_empty():
    assert History() == History([], [], 0, "finished")
    assert Metrics(0.5, 0.9).accuracy == 0.9
