"""Train for many epochs: early stopping, and checkpoints from which a run goes on exactly."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from numbers import Integral
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from course._atomic import make_writable
from course._checkpoint import (
    check_fits,
    check_settings,
    fill,
    load_checkpoint,
    random_states,
    read_settings,
    save_checkpoint,
)
from course._progress import progress_bar
from course.curves import Curves
from course.train.epoch import Loss, Metrics, Minibatches, check_together, evaluate, model_device, train_epoch


@dataclass
class History:
    """What `fit` saw: one Metrics an epoch, the best epoch (from 1), and why it ended.

    stopped: "finished", "early" (no better validation loss for `patience` epochs) or "interrupted" (Ctrl-C).
    """

    train: list[Metrics] = field(default_factory=list)
    valid: list[Metrics] = field(default_factory=list)
    best_epoch: int = 0
    stopped: str = "finished"


def fit(
    model: nn.Module,
    optimizer: Optimizer,
    train_batches: Minibatches,
    valid_batches: Minibatches | None = None,
    *,
    epochs: int,
    loss_fn: Loss = F.cross_entropy,
    scheduler: LRScheduler | None = None,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    curves: Curves | None = None,
    progress: bool | None = None,
) -> History:
    """Train for a number of epochs and return the history; Ctrl-C returns the history so far.

    valid_batches: judged after each epoch; the model ends with the weights of the lowest validation loss, also if
        an error ends it.
    scheduler: stepped once an epoch; a ReduceLROnPlateau gets the validation loss, that of training without one.
    patience: stop after so many epochs without a lower validation loss.
    checkpoint: file written after each epoch, in a folder that is made if need be. If it is there already, training
        goes on from it, to the same numbers as without the interruption, provided that randomness comes from torch's
        global generator or from `train_batches.generator`. Model, optimizer and scheduler are built as they were.
    curves: called after each epoch, as `curves(1, {"loss/train": 2.3, "accuracy/train": 0.1, "loss/valid": …})`;
        first for the epochs that the checkpoint holds, so that the curves are always those of the whole run.
    progress: show a bar; by default unless the environment variable CI is set.
    Raises: ValueError for bad arguments or a checkpoint that does not fit, which leave model and optimizer as they
        are; FloatingPointError that names epoch and step if a loss is not finite, in training or in validation,
        with the last whole epoch still in the checkpoint; what `load_checkpoint` and `save_checkpoint` raise.
    """
    _check_arguments(epochs, patience, valid_batches)
    check_together(model, optimizer, scheduler)
    run = _Training(model, optimizer, scheduler, train_batches, checkpoint, curves)
    if checkpoint is not None and not run.ends(epochs, patience):
        make_writable(Path(checkpoint).parent)
    try:
        with progress_bar(epochs, "epoch", progress, initial=len(run.history.train)) as bar:
            while not run.ends(epochs, patience):
                with run.naming("training"):
                    train = train_epoch(model, train_batches, optimizer, loss_fn)
                with run.naming("validation"):
                    valid = None if valid_batches is None else evaluate(model, valid_batches, loss_fn)
                if isinstance(scheduler, ReduceLROnPlateau):
                    scheduler.step(train.loss if valid is None else valid.loss)
                elif scheduler is not None:
                    scheduler.step()
                run.end_epoch(train, valid)
                bar.update()
                shown = {"loss": f"{train.loss:.3f}"}
                if train.accuracy is not None:
                    shown["accuracy"] = f"{train.accuracy:.1%}"
                bar.set_postfix(shown)
    except KeyboardInterrupt:
        run.history.stopped = "interrupted"
    finally:
        if run.best:
            model.load_state_dict(run.best)
    return run.history


def _check_arguments(epochs: int, patience: int | None, valid_batches: Minibatches | None) -> None:
    if not isinstance(epochs, Integral) or epochs < 1:
        raise ValueError(f"epochs is {epochs}, expected a whole number from 1")
    if patience is not None and valid_batches is None:
        raise ValueError(f"patience is {patience} without valid_batches: early stopping needs validation data")
    if patience is not None and (not isinstance(patience, Integral) or patience < 1):
        raise ValueError(f"patience is {patience}, expected a whole number of epochs from 1")


class _Training:
    """A training run: its history, its best weights, and what a checkpoint holds of them; begins from one if there."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        scheduler: LRScheduler | None,
        train_batches: Minibatches,
        checkpoint: str | Path | None,
        curves: Curves | None,
    ) -> None:
        self.model = model
        self.optimizer, self.scheduler = optimizer, scheduler
        self.settings = read_settings(model, optimizer, scheduler)
        self.generator: torch.Generator | None = getattr(train_batches, "generator", None)
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.curves = curves
        self.history = History()
        self.best: dict[str, Any] = {}
        if self.checkpoint is not None and self.checkpoint.exists():
            self._load(self.checkpoint)
        train, valid = self.history.train, self.history.valid
        for epoch, row in enumerate(train, 1):
            self._draw(epoch, row, valid[epoch - 1] if len(valid) == len(train) else None)

    def ends(self, epochs: int, patience: int | None) -> bool:
        """Whether the run is over; notes if early."""
        history = self.history
        if len(history.train) >= epochs:
            return True
        if patience and len(history.valid) - history.best_epoch >= patience:
            history.stopped = "early"
        return history.stopped == "early"

    @contextmanager
    def naming(self, part: str) -> Iterator[None]:
        try:
            yield
        except FloatingPointError as error:
            raise FloatingPointError(f"epoch {len(self.history.train) + 1}, {part}: {error}") from None

    def end_epoch(self, train: Metrics, valid: Metrics | None) -> None:
        """Note what an epoch gave, keep the weights if they are the best so far, write the checkpoint, draw."""
        history = self.history
        history.train.append(train)
        if valid is not None:
            history.valid.append(valid)
            if not self.best or valid.loss < history.valid[history.best_epoch - 1].loss:
                history.best_epoch = len(history.valid)
                self.best = deepcopy(self.model.state_dict())
        if self.checkpoint is not None:
            self._save(self.checkpoint)
        self._draw(len(history.train), train, valid)

    def _draw(self, epoch: int, train: Metrics, valid: Metrics | None) -> None:
        if self.curves is not None:
            rows = {"train": train} if valid is None else {"train": train, "valid": valid}
            points = {f"{name}/{part}": value for part, row in rows.items() for name, value in row._asdict().items()}
            self.curves(epoch, {name: value for name, value in points.items() if value is not None})

    def _parts(self) -> dict[str, Any]:
        parts = {"model": self.model, "optimizer": self.optimizer, "scheduler": self.scheduler}
        return {name: part for name, part in parts.items() if part is not None}

    def _save(self, path: Path) -> None:
        now = read_settings(self.model, self.optimizer, self.scheduler)
        self.settings = {name: value for name, value in self.settings.items() if now.get(name) == value}
        history = self.history
        rows = {"train": [list(row) for row in history.train], "valid": [list(row) for row in history.valid]}
        state = {name: part.state_dict() for name, part in self._parts().items()}
        state |= {"settings": self.settings, "best": self.best}
        state |= {"history": rows | {"best_epoch": history.best_epoch}}
        save_checkpoint(state | random_states(model_device(self.model), self.generator), path)

    def _load(self, path: Path) -> None:
        state = load_checkpoint(path)
        if missing := {"model", "optimizer", "settings", "best", "history", "random"} - state.keys():
            lacks = ", ".join(sorted(missing))
            raise ValueError(f"{path} is not a checkpoint of this run, it lacks {lacks}: name another file")
        check_fits(self.model, state["model"], path)
        check_settings(state["settings"], self.settings, path)
        fill(self._parts(), state, model_device(self.model), self.generator)
        self.settings, self.best, saved = state["settings"], state["best"], state["history"]
        train, valid = ([Metrics(*row) for row in saved[part]] for part in ("train", "valid"))
        self.history = History(train, valid, saved["best_epoch"])
