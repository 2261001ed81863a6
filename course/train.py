"""Train a classifier: one epoch, evaluation, and `fit` with early stopping and checkpoints that resume exactly."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import LBFGS, Optimizer
from torch.optim.lr_scheduler import LRScheduler

from course._checkpoint import check_fits, load_checkpoint, random_states, restore_random_states, save_checkpoint
from course._progress import progress_bar
from course.curves import Curves

Minibatches = Iterable[tuple[Tensor, Tensor]]
Loss = Callable[[Tensor, Tensor], Tensor]


class Metrics(NamedTuple):
    """Mean loss and fraction of right answers, both over examples."""

    loss: float
    accuracy: float


@dataclass
class History:
    """What `fit` saw: one Metrics an epoch, the best epoch (from 1), and why it ended.

    stopped: "finished", "early" (no better validation loss for `patience` epochs) or "interrupted" (Ctrl-C).
    """

    train: list[Metrics] = field(default_factory=list)
    valid: list[Metrics] = field(default_factory=list)
    best_epoch: int = 0
    stopped: str = "finished"


def train_epoch(
    model: nn.Module,
    batches: Minibatches,
    optimizer: Optimizer,
    loss_fn: Loss = F.cross_entropy,
    scheduler: LRScheduler | None = None,
) -> Metrics:
    """Train for one epoch; return the mean loss and accuracy over its examples, each seen before its step.

    Minibatches are moved to the model's device. scheduler: stepped after every batch.
    Raises: FloatingPointError that names the step and the learning rate if a loss is not finite.
    """
    model.train()
    device = _device(model)
    losses, sizes, right = [], [], torch.zeros((), dtype=torch.int64, device=device)
    for x, y in batches:
        x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
        optimizer.zero_grad()
        logits = model(x)
        loss = loss_fn(logits, y)
        loss.backward()
        if isinstance(optimizer, LBFGS):  # asks for the loss several times a step
            optimizer.step(partial(_loss_anew, model, x, y, optimizer, loss_fn))
        else:
            optimizer.step()
        if scheduler is not None:
            scheduler.step()
        # Kept on the device: reading a number out at every step would make a GPU wait.
        losses.append(loss.detach())
        sizes.append(len(x))
        right += (logits.detach().argmax(1) == y).sum()
    if not losses:
        raise ValueError("batches is empty, expected one batch or more")
    losses = torch.stack(losses).cpu()
    if not losses.isfinite().all():
        step = int((~losses.isfinite()).nonzero()[0]) + 1
        place = f"step {step} with learning rate {optimizer.param_groups[0]['lr']:g}"
        raise FloatingPointError(f"loss is {losses[step - 1].item()} at {place}: try a smaller learning rate")
    examples = sum(sizes)
    loss = (losses * torch.tensor(sizes)).sum().item() / examples  # a short last batch counts by its examples
    return Metrics(loss, right.item() / examples)


def _loss_anew(model: nn.Module, x: Tensor, y: Tensor, optimizer: Optimizer, loss_fn: Loss) -> Tensor:
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    return loss


@torch.inference_mode()
def evaluate(model: nn.Module, batches: Minibatches, loss_fn: Loss = F.cross_entropy) -> Metrics:
    """Return mean loss and accuracy over all examples: in eval mode, without a graph; the mode is put back after.

    loss_fn: averages over the batch, as torch's losses do.
    """
    was_training = model.training
    model.eval()
    device = _device(model)
    loss, right, examples = 0.0, 0, 0
    for x, y in batches:
        x, y = x.to(device), y.to(device)
        logits = model(x)
        loss += loss_fn(logits, y).item() * len(x)
        right += (logits.argmax(1) == y).sum().item()
        examples += len(x)
    model.train(was_training)
    if not examples:
        raise ValueError("batches is empty, expected one batch or more")
    return Metrics(loss / examples, right / examples)


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

    valid_batches: judged after each epoch; the model ends with the weights of the lowest validation loss.
    scheduler: stepped once an epoch.
    patience: stop after so many epochs without a lower validation loss.
    checkpoint: file written after each epoch. If it is there already, training goes on from it, to the same
        numbers as without the interruption, provided that randomness comes from torch's global generator or
        from `train_batches.generator`.
    curves: called after each epoch, as `curves(1, {"loss/train": 2.3, "accuracy/train": 0.1, "loss/valid": …})`;
        first for the epochs that the checkpoint holds, so that the curves are always those of the whole run.
    progress: show a bar; by default unless the environment variable CI is set.
    Raises: ValueError for bad arguments or a checkpoint that does not fit; FloatingPointError if the loss is
        not finite, with the weights of the last whole epoch still in the checkpoint.
    """
    _check_arguments(epochs, patience, valid_batches)
    run = _Training(model, optimizer, scheduler, train_batches, checkpoint, curves)
    with progress_bar(epochs, "epoch", progress, initial=len(run.history.train)) as bar:
        try:
            while not run.ends(epochs, patience):
                with run.naming_the_epoch():
                    train = train_epoch(model, train_batches, optimizer, loss_fn)
                if scheduler is not None:
                    scheduler.step()
                valid = None if valid_batches is None else evaluate(model, valid_batches, loss_fn)
                run.end_epoch(train, valid)
                bar.update()
                bar.set_postfix(loss=f"{train.loss:.3f}", accuracy=f"{train.accuracy:.1%}")
        except KeyboardInterrupt:
            run.history.stopped = "interrupted"
    if run.best:
        model.load_state_dict(run.best)
    return run.history


def _check_arguments(epochs: int, patience: int | None, valid_batches: Minibatches | None) -> None:
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}, expected 1 or more")
    if patience is not None and valid_batches is None:
        raise ValueError(f"patience is {patience} without valid_batches: early stopping needs validation data")
    if patience is not None and patience < 1:
        raise ValueError(f"patience is {patience}, expected 1 or more epochs")


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
        parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
        self.parts = {name: part for name, part in parts.items() if part is not None}
        self.generator: torch.Generator | None = getattr(train_batches, "generator", None)
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.curves = curves
        self.history = History()
        self.best: dict[str, Tensor] = {}
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
    def naming_the_epoch(self) -> Iterator[None]:
        try:
            yield
        except FloatingPointError as error:
            raise FloatingPointError(f"epoch {len(self.history.train) + 1}: {error}") from None

    def end_epoch(self, train: Metrics, valid: Metrics | None) -> None:
        """Note what an epoch gave, keep the weights if they are the best so far, write the checkpoint, draw."""
        history = self.history
        history.train.append(train)
        if valid is not None:
            history.valid.append(valid)
            if not self.best or valid.loss < history.valid[history.best_epoch - 1].loss:
                history.best_epoch = len(history.valid)
                self.best = {name: value.clone() for name, value in self.model.state_dict().items()}
        if self.checkpoint is not None:
            self._save(self.checkpoint)
        self._draw(len(history.train), train, valid)

    def _draw(self, epoch: int, train: Metrics, valid: Metrics | None) -> None:
        if self.curves is not None:
            rows = {"train": train} if valid is None else {"train": train, "valid": valid}
            points = {f"{name}/{part}": value for part, row in rows.items() for name, value in row._asdict().items()}
            self.curves(epoch, points)

    def _save(self, path: Path) -> None:
        state = {name: part.state_dict() for name, part in self.parts.items()}
        history = self.history
        rows = {"train": [list(row) for row in history.train], "valid": [list(row) for row in history.valid]}
        state |= {"history": rows | {"best_epoch": history.best_epoch}, "best": self.best}
        save_checkpoint(state | random_states(_device(self.model), self.generator), path)

    def _load(self, path: Path) -> None:
        state = load_checkpoint(path)
        if missing := {*self.parts, "best", "history", "random"} - state.keys():
            lacks = ", ".join(sorted(missing))
            raise ValueError(f"{path} is not a checkpoint of this run, it lacks {lacks}: name another file")
        check_fits(self.model, state["model"], path)
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        saved = state["history"]
        train, valid = ([Metrics(*row) for row in saved[part]] for part in ("train", "valid"))
        self.history = History(train, valid, saved["best_epoch"])
        device = _device(self.model)
        self.best = {name: value.to(device) for name, value in state["best"].items()}
        restore_random_states(state, device, self.generator)


def _device(model: nn.Module) -> torch.device:
    return next(model.parameters()).device
