"""Checkpoints of `fit`: what a run goes on from, what it refuses, and that a refusal changes nothing."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn, optim
from torch.optim import lr_scheduler

from course.mlp import MLP
from course.mnist import Batches
from course.train import fit, fitting, load_checkpoint, save_checkpoint

X = torch.randn(12, 4, generator=torch.Generator().manual_seed(0))
Y = torch.arange(12) % 3


def network():
    return MLP((4, 5, 3), generator=torch.Generator().manual_seed(1))


def sgd(parameters, **options):
    return optim.SGD(parameters, **{"lr": 0.1, "momentum": 0.5} | options)


def train(epochs, path=None, make_optimizer=sgd, schedule=None, model=None, batches=None):
    """Build model, optimizer and scheduler as a script does that is called anew; return history, model, optimizer."""
    model = model or network()
    optimizer = make_optimizer(model.parameters())
    scheduler = schedule(optimizer) if schedule else None
    batches = batches or Batches(X, Y, 5, shuffle=True, generator=torch.Generator().manual_seed(2))
    history = fit(model, optimizer, batches, [(X, Y)], epochs=epochs, scheduler=scheduler, checkpoint=path)
    return history, model, optimizer


def refusal(path, kind=ValueError, **changes):
    with pytest.raises(kind) as error:
        train(3, path, **changes)
    return str(error.value)


# What differs from the run that was saved ----------------------------------------------------------------


def several_groups(parameters):
    return sgd([{"params": [parameter]} for parameter in parameters])


def reversed_order(parameters):
    return sgd(list(parameters)[::-1])


def decay(gamma):
    return lambda optimizer: lr_scheduler.ExponentialLR(optimizer, gamma)


def in_parts(gamma):
    def schedule(optimizer):
        parts = [lr_scheduler.ConstantLR(optimizer), lr_scheduler.ExponentialLR(optimizer, gamma)]
        return lr_scheduler.SequentialLR(optimizer, parts, [4])

    return schedule


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ({"make_optimizer": optim.Adam}, {}, "optimizer is Adam there and SGD here"),
        ({}, {"make_optimizer": optim.Adam}, "optimizer is SGD there and Adam here"),
        ({"make_optimizer": optim.Adam}, {"make_optimizer": optim.RMSprop}, "optimizer is Adam there and RMSprop here"),
        (
            {},
            {"make_optimizer": lambda p: sgd(p, lr=0.001)},
            "optimizer.param_groups[0]['lr'] is 0.1 there and 0.001 here",
        ),
        (
            {},
            {"make_optimizer": lambda p: sgd(p, momentum=0)},
            "optimizer.param_groups[0]['momentum'] is 0.5 there and 0 here",
        ),
        ({}, {"make_optimizer": several_groups}, "len(optimizer.param_groups) is 1 there and 4 here"),
        (
            {},
            {"make_optimizer": reversed_order},
            "optimizer.param_groups[0]['params'][0] is layers.0.weight there and layers.2.bias here",
        ),
        ({"schedule": decay(0.5)}, {}, "scheduler is ExponentialLR there and None here"),
        ({}, {"schedule": decay(0.5)}, "scheduler is None there and ExponentialLR here"),
        (
            {"schedule": decay(0.5)},
            {"schedule": decay(0.25)},
            "scheduler.state_dict()['gamma'] is 0.5 there and 0.25 here",
        ),
        (
            {"schedule": decay(0.5)},
            {"schedule": decay(0.5), "make_optimizer": lambda p: sgd(p, lr=0.05)},  # what 0.1 has become by now
            "optimizer.param_groups[0]['initial_lr'] is 0.1 there and 0.05 here",
        ),
        (
            {"schedule": in_parts(0.5)},
            {"schedule": in_parts(0.25)},
            "scheduler.state_dict()['_schedulers'][1]['gamma'] is 0.5 there and 0.25 here",
        ),
    ],
)
def test_a_checkpoint_of_another_run_names_the_first_difference_and_changes_nothing(tmp_path, then, now, told):
    path = tmp_path / "run.pt"
    train(1, path, **then)
    saved = path.read_bytes()
    model, made = network(), []

    def make_optimizer(parameters):
        made.append(now.get("make_optimizer", sgd)(parameters))
        return made[0]

    random = torch.get_rng_state()
    sentence = refusal(path, **now | {"model": model, "make_optimizer": make_optimizer})
    assert sentence == (
        f"checkpoint {path} is of another run: {told}: set it as it was, or name another file; "
        f"model.load_state_dict(load_checkpoint('{path}')['model']) takes its weights along"
    )
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), network().parameters(), strict=True))
    assert not made[0].state and path.read_bytes() == saved and torch.equal(torch.get_rng_state(), random)


def test_the_mend_takes_the_weights_along_to_another_rate(tmp_path):
    path = tmp_path / "run.pt"
    _, trained, _ = train(1, path)
    model = network()
    mend = (
        refusal(path, make_optimizer=lambda p: sgd(p, lr=0.001)).split("; ")[1].removesuffix(" takes its weights along")
    )
    exec(mend, {"model": model, "load_checkpoint": load_checkpoint})
    assert torch.equal(model.layers[0].weight, trained.layers[0].weight)
    _, _, optimizer = train(1, tmp_path / "other.pt", lambda p: sgd(p, lr=0.001), model=model)
    assert optimizer.param_groups[0]["lr"] == 0.001


SCHEDULES = {
    "StepLR": lambda optimizer: lr_scheduler.StepLR(optimizer, 2),
    "MultiStepLR": lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [1, 3]),
    "LambdaLR": lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch)),
    "OneCycleLR": lambda optimizer: lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=9),  # moves momentum too
    "plateau": lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=1.0),
    "in parts": in_parts(0.5),
}


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("anew", [True, False])
def test_what_a_schedule_has_changed_is_no_other_run(tmp_path, schedule, anew):
    whole, expected, _ = train(5, schedule=schedule)
    if anew:
        for epochs in range(1, 6):
            history, model, _ = train(epochs, tmp_path / "run.pt", schedule=schedule)
    else:  # a cell that is run again, with what is there
        model = network()
        optimizer = sgd(model.parameters())
        scheduler = schedule(optimizer)
        batches = Batches(X, Y, 5, shuffle=True, generator=torch.Generator().manual_seed(2))
        for epochs in range(1, 6):
            history = fit(
                model,
                optimizer,
                batches,
                [(X, Y)],
                epochs=epochs,
                scheduler=scheduler,
                checkpoint=tmp_path / "run.pt",
            )
    assert history == whole
    assert torch.equal(model.layers[2].bias, expected.layers[2].bias)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (lambda: network().double(), "layers.0.weight is torch.float32 there and torch.float64 here"),
        (lambda: nn.Sequential(nn.LazyLinear(3)), "0.weight is absent there and without a shape here"),
    ],
)
def test_weights_of_another_type_or_without_a_shape_are_another_model(tmp_path, other, told):
    path = tmp_path / "run.pt"
    train(1, path)
    sentence = refusal(path, model=other())
    assert sentence == f"checkpoint {path} is of another model: {told}: build the same model or name another file"


class Stubborn(optim.SGD):
    """Takes the first part of a state, then refuses."""

    stubborn = False

    def load_state_dict(self, state_dict):
        super().load_state_dict(state_dict)
        if Stubborn.stubborn:
            Stubborn.stubborn = False
            raise KeyError("square_avg")


def test_what_cannot_be_filled_is_left_as_it_was(tmp_path):
    path = tmp_path / "run.pt"
    make = lambda parameters: Stubborn(parameters, 0.1, momentum=0.5)  # noqa: E731
    train(1, path, make)
    model, made = network(), []
    Stubborn.stubborn = True
    sentence = refusal(path, model=model, make_optimizer=lambda p: made.append(make(p)) or made[0])
    assert sentence == "the checkpoint does not fit optimizer ('square_avg'): name another file"
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), network().parameters(), strict=True))
    assert not made[0].state


def test_a_generator_of_another_kind_changes_no_weight(tmp_path):
    path = tmp_path / "run.pt"
    train(1, path)
    state = load_checkpoint(path)
    save_checkpoint(state | {"generator": state["generator"][:16]}, path)  # as short as that of a GPU
    model = network()
    assert refusal(path, model=model).startswith("the checkpoint does not fit random numbers (")
    assert torch.equal(model.layers[0].weight, network().layers[0].weight)


class Counting(nn.Linear):
    """Keeps something in its state that is no tensor."""

    calls = 0

    def forward(self, x):
        self.calls += self.training
        return super().forward(x)

    def get_extra_state(self):
        return {"calls": self.calls}

    def set_extra_state(self, state):
        self.calls = state["calls"]


def test_a_model_may_keep_more_than_tensors(tmp_path):
    train(2, tmp_path / "run.pt", model=Counting(4, 3))
    _, model, _ = train(2, tmp_path / "run.pt", model=Counting(4, 3))
    assert model.calls == 2 * 3  # epochs times minibatches


def test_a_folder_is_made_and_one_that_cannot_be_is_told_before_the_first_epoch(tmp_path):
    train(1, tmp_path / "runs" / "run.pt")
    assert len(load_checkpoint(tmp_path / "runs" / "run.pt")["history"]["train"]) == 1
    (tmp_path / "notes").write_text("of a week")
    model = network()
    sentence = refusal(tmp_path / "notes" / "run.pt", OSError, model=model)
    assert sentence.startswith(f"nothing can be written in {tmp_path / 'notes'} (it is no folder)")
    assert torch.equal(model.layers[0].weight, network().layers[0].weight)


def test_a_finished_run_needs_no_folder_to_write_to(tmp_path, monkeypatch):
    whole, _, _ = train(2, tmp_path / "run.pt")

    def refuse(folder):
        raise PermissionError(f"nothing can be written in {folder}")

    monkeypatch.setattr(fitting, "make_writable", refuse)
    assert train(2, tmp_path / "run.pt")[0] == whole
    assert refusal(tmp_path / "run.pt", PermissionError).startswith("nothing can be written in ")


# What is no checkpoint ------------------------------------------------------------------------------------


def flip(path):
    data = bytearray(path.read_bytes())
    data[data.index(torch.tensor([7.0]).numpy().tobytes() * 50) + 40] ^= 1
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def cut_to_a_third(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


@pytest.mark.parametrize("harm", [flip, cut, cut_to_a_third])
def test_a_damaged_checkpoint_is_named_and_left_in_place(tmp_path, harm):
    path = tmp_path / "run.pt"
    save_checkpoint({"weight": torch.full((100,), 7.0)}, path)
    harm(path)
    broken = path.read_bytes()
    with pytest.raises(ValueError) as error:
        load_checkpoint(path)
    assert str(error.value) == f"checkpoint {path} is damaged: delete it to start anew"
    assert path.read_bytes() == broken


def a_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<text/>")


def arrays(path):
    with open(path, "wb") as file:
        np.savez(file, weight=np.zeros(3))


OTHERS = {
    "text": lambda path: path.write_text("the notes of a whole week"),
    "nothing": lambda path: path.write_bytes(b""),
    "a document": a_zip,
    "arrays": arrays,
    "a tensor": lambda path: torch.save(torch.zeros(3), path),
    "a whole model": lambda path: torch.save(nn.Linear(2, 2), path),
    "code": lambda path: torch.save({"model": print}, path),
}


@pytest.mark.parametrize("write", OTHERS.values(), ids=OTHERS)
def test_a_file_of_another_kind_is_not_to_be_deleted(tmp_path, write):
    path = tmp_path / "mine.pt"
    write(path)
    assert refusal(path) == f"{path} is not a checkpoint: name another file"


def test_a_folder_in_its_place_is_told_as_such(tmp_path):
    with pytest.raises(OSError, match="Is a directory|Permission denied"):  # the latter on Windows
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("reason", [PermissionError(13, "Permission denied"), MemoryError(), OSError(5, "I/O error")])
def test_what_hinders_reading_keeps_its_reason(tmp_path, monkeypatch, reason):
    def fail(self):
        raise reason

    save_checkpoint({}, tmp_path / "run.pt")
    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(type(reason)) as error:
        load_checkpoint(tmp_path / "run.pt")
    assert error.value is reason


def test_too_little_memory_for_the_tensors_keeps_its_reason(tmp_path, monkeypatch):
    reason = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory"

    def fail(*arguments, **options):
        raise RuntimeError(reason)  # torch's own kind

    save_checkpoint({}, tmp_path / "run.pt")
    monkeypatch.setattr(torch, "load", fail)
    with pytest.raises(RuntimeError) as error:
        load_checkpoint(tmp_path / "run.pt")
    assert str(error.value) == reason


def test_a_history_without_accuracies_comes_back(tmp_path):
    def regress(epochs):
        model = nn.Linear(4, 1)
        return fit(
            model,
            optim.SGD(model.parameters(), 0.1),
            [(X, X[:, :1])],
            [(X, X[:, :1])],
            epochs=epochs,
            loss_fn=nn.functional.mse_loss,
            checkpoint=tmp_path / "run.pt",
        )

    first, again = regress(2), regress(2)
    assert again == first and [row.accuracy for row in again.valid] == [None, None]
