"""One pass over the data: with a step for each minibatch, or with none."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import LBFGS, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

Minibatches = Iterable[tuple[Tensor, Tensor]]
Loss = Callable[[Tensor, Tensor], Tensor]


class Metrics(NamedTuple):
    """Mean loss and fraction of right answers, both over examples.

    accuracy: None unless targets are classes, which are whole numbers (B,), with two logits or more for each, (B, K).
    """

    loss: float
    accuracy: float | None


def train_epoch(
    model: nn.Module,
    batches: Minibatches,
    optimizer: Optimizer,
    loss_fn: Loss = F.cross_entropy,
    scheduler: LRScheduler | None = None,
) -> Metrics:
    """Train for one epoch; return the mean loss and accuracy over its examples, each seen before its step.

    Minibatches are moved to the model's device. loss_fn: averages over the batch, as torch's losses do.
    scheduler: stepped after every batch.
    Raises: FloatingPointError that names the step and the learning rate if a loss is not finite, or a weight after
        the last step; ValueError if there are no batches, or if model, optimizer and scheduler do not fit together.
    """
    if isinstance(scheduler, ReduceLROnPlateau):
        raise ValueError("scheduler is ReduceLROnPlateau, which waits for a validation loss: give it to fit")
    check_together(model, optimizer, scheduler)
    model.train()
    device, seen = model_device(model), _Seen()
    for x, y in batches:
        x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
        optimizer.zero_grad()
        loss = seen.look(model, x, y, loss_fn)
        loss.backward()
        if isinstance(optimizer, LBFGS):  # asks for the loss several times a step
            optimizer.step(partial(_loss_anew, model, x, y, optimizer, loss_fn))
        else:
            optimizer.step()
        if scheduler is not None:
            scheduler.step()
    rate = f"with learning rate {optimizer.param_groups[0]['lr']:g}"
    metrics = seen.metrics("step", f" {rate}: try a smaller learning rate, or look for nan in the data")
    if name := _broken_weight(model):
        last = f"step {len(seen.sizes)} {rate}"
        raise FloatingPointError(f"{name} is not finite after {last}: try a smaller learning rate")
    return metrics


def _loss_anew(model: nn.Module, x: Tensor, y: Tensor, optimizer: Optimizer, loss_fn: Loss) -> Tensor:
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    return loss


@torch.no_grad()
def evaluate(model: nn.Module, batches: Minibatches, loss_fn: Loss = F.cross_entropy) -> Metrics:
    """Return mean loss and accuracy over all examples: in eval mode, without a graph; the mode is put back after.

    loss_fn: averages over the batch, as torch's losses do.
    Raises: FloatingPointError that names the batch if a loss is not finite; ValueError if there are no batches.
    """
    device, seen = model_device(model), _Seen()
    with _eval_mode(model):
        for x, y in batches:
            seen.look(model, x.to(device), y.to(device), loss_fn)
    name = _broken_weight(model)
    cause = f", as {name} is not finite: " if name else ": look for nan in that batch, or "
    return seen.metrics("batch", f"{cause}try a smaller learning rate")


def check_together(model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler | None) -> None:
    """Check that the optimizer steps the model, and the scheduler the optimizer, on the way down of a loss.

    Raises: ValueError that says what does not.
    """
    trained = {id(parameter) for parameter in model.parameters() if parameter.requires_grad}
    stepped = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    if trained and not trained & stepped:
        raise ValueError("optimizer has no parameter of the model: make it anew, from model.parameters()")
    if scheduler is not None and scheduler.optimizer.param_groups is not optimizer.param_groups:
        raise ValueError("scheduler is of another optimizer: make it anew, from this one")
    if isinstance(scheduler, ReduceLROnPlateau) and scheduler.mode != "min":
        raise ValueError(f"scheduler has mode {scheduler.mode!r}, but is given a loss, expected 'min': try mode='min'")


def model_device(model: nn.Module) -> torch.device:
    """Return the device of the first parameter, else of the first buffer, else the CPU."""
    return next((x.device for x in chain(model.parameters(), model.buffers())), torch.device("cpu"))


@contextmanager
def _eval_mode(model: nn.Module) -> Iterator[None]:
    """Put each module into eval mode, and back into its own: a learner may have frozen some of them."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _broken_weight(model: nn.Module) -> str | None:
    """Return the name of the first trained parameter that is not finite; None if there is none."""
    trained = ((name, weight) for name, weight in model.named_parameters() if weight.requires_grad)
    return next((name for name, weight in trained if not weight.isfinite().all()), None)


class _Seen:
    """Losses and right answers so far, one of each a minibatch; left on the device, since reading makes a GPU wait."""

    def __init__(self) -> None:
        self.losses: list[Tensor] = []
        self.sizes: list[int] = []
        self.right: list[Tensor] = []

    def look(self, model: nn.Module, x: Tensor, y: Tensor, loss_fn: Loss) -> Tensor:
        """Return the loss of a minibatch, and note it without its graph."""
        batch = f"batch {len(self.sizes) + 1}"
        try:
            logits = model(x)
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            mend = "try drop_last=True, or another batch_size"
            raise ValueError(f"{batch} has one example, expected two or more for batch norm: {mend}") from error
        loss = loss_fn(logits, y)
        if not isinstance(loss, Tensor):
            raise ValueError(
                f"loss of {batch} is a {type(loss).__name__}, expected a tensor: return it without .item()"
            )
        if loss.numel() != 1:
            raise ValueError(f"loss of {batch} has shape {tuple(loss.shape)}, expected one number: try its mean")
        self.losses.append(loss.detach().reshape(()))
        self.sizes.append(len(x))
        if _are_classes(logits, y):
            self.right.append((logits.detach().argmax(1) == y).sum())
        return loss

    def metrics(self, part: str, cause: str) -> Metrics:
        """Average over examples, so that a short last batch counts less.

        Raises: FloatingPointError that names the first part whose loss is not finite; ValueError without any.
        """
        if not self.losses:
            raise ValueError("batches is empty, expected one batch or more")
        losses = torch.stack(self.losses).cpu().double()
        if len(broken := (~losses.isfinite()).nonzero()):
            first = int(broken[0])
            raise FloatingPointError(f"loss is {losses[first].item()} at {part} {first + 1}{cause}")
        examples = sum(self.sizes)
        mean = (losses * torch.tensor(self.sizes)).sum().item() / examples
        all_classes = len(self.right) == len(losses)
        return Metrics(mean, torch.stack(self.right).sum().item() / examples if all_classes else None)


def _are_classes(logits: Tensor, y: Tensor) -> bool:
    """Whether y holds a class for each example, and logits has one column for each of several classes."""
    if not isinstance(logits, Tensor) or y.is_floating_point() or y.is_complex():
        return False
    return y.ndim == 1 and logits.ndim == 2 and logits.shape[0] == len(y) and logits.shape[1] > 1
