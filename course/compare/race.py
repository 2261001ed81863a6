"""Compare optimizers fairly: the same start, the same batches, each at its own best rate, several seeds.

Source: Choi et al. 2019, arXiv:1910.05446: what a comparison says depends on how its rates were chosen.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice, repeat
from numbers import Integral

import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from course._progress import progress_bar
from course._sized import SizedIterable
from course.compare.runs import Run
from course.train import Loss, Minibatches, check_together, evaluate, train_epoch

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "SGD": optim.SGD,
    "momentum": partial(optim.SGD, momentum=0.9),
    "Nesterov": partial(optim.SGD, momentum=0.9, nesterov=True),
    "Adagrad": optim.Adagrad,
    "RMSprop": optim.RMSprop,
    "Adadelta": optim.Adadelta,
    "Adam": optim.Adam,
    "AdamW": optim.AdamW,
}
SizedMinibatches = SizedIterable[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Competitor:
    """One competitor.

    optimizer: called with the parameters and lr; left out, the one of OPTIMIZERS that has this name.
    lr: learning rate; None for the optimizer's own default.
    schedule: called with the optimizer and the number of steps; its scheduler is stepped after every batch, a
        ReduceLROnPlateau at every look, with the validation loss.
    Raises: ValueError for an unknown name without an optimizer, or a rate that is not above 0.
    """

    name: str
    optimizer: Callable[..., Optimizer] | None = None
    lr: float | None = None
    schedule: Callable[[Optimizer, int], LRScheduler] | None = None

    def __post_init__(self) -> None:
        if self.optimizer is None and self.name not in OPTIMIZERS:
            raise ValueError(
                f"competitor is called {self.name!r}, expected one of {', '.join(OPTIMIZERS)}: or give it an optimizer"
            )
        if self.lr is not None and not 0 < self.lr < math.inf:
            raise ValueError(f"lr of {self.name} is {self.lr:g}, expected a number above 0: try 0.01")

    def make_optimizer(self, parameters: Iterable[Tensor]) -> Optimizer:
        make = self.optimizer or OPTIMIZERS[self.name]
        return make(parameters) if self.lr is None else make(parameters, lr=self.lr)


@dataclass(frozen=True)
class Task:
    """What all competitors learn.

    make_model: gives the model for a seed, on its device. make_batches: gives the training batches for a seed,
        which decides their order; they have a length, and one pass is an epoch.
    epochs: may be a fraction. check_every: steps from one look at valid_batches to the next.
    """

    make_model: Callable[[int], nn.Module]
    make_batches: Callable[[int], SizedMinibatches]
    valid_batches: Minibatches
    epochs: float
    check_every: int = 50
    loss_fn: Loss = F.cross_entropy

    def __post_init__(self) -> None:
        if not 0 < self.epochs < math.inf or not isinstance(self.check_every, Integral) or self.check_every < 1:
            raise ValueError(
                f"epochs is {self.epochs:g} and check_every {self.check_every}, "
                "expected more than 0 and a whole number from 1: try 1 and 50"
            )


def compare(
    task: Task,
    competitors: Sequence[Competitor],
    seeds: Sequence[int] = (0, 1, 2),
    test_batches: Minibatches | None = None,
    *,
    progress: bool | None = None,
) -> list[Run]:
    """Train each competitor from each seed; a seed gives all competitors the same weights and the same batches.

    A run whose loss is not finite ends there, as a result. Ctrl-C returns the runs so far.
    test_batches: judged once a run, after its last step.
    progress: show a bar over the runs; by default unless the environment variable CI is set.
    Raises: ValueError if there is nothing to run, or two competitors are alike in name and rate.
    """
    if not competitors or not seeds:
        counts = f"{len(competitors)} competitors and {len(seeds)} seeds"
        raise ValueError(f"there are {counts}, expected one or more of each")
    names = [(competitor.name, competitor.lr) for competitor in competitors]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError("two competitors are called {!r} with lr {}: give each a name of its own".format(*twice[0]))
    runs: list[Run] = []
    with progress_bar(len(competitors) * len(seeds), "run", progress) as bar:
        try:
            _warm_up(task, seeds[0])
            for seed in seeds:
                for competitor in competitors:
                    bar.set_postfix_str(competitor.name)
                    _train(task, competitor, seed, runs, test_batches)
                    bar.update()
        except KeyboardInterrupt:
            pass
    return [run for run in runs if run.steps or run.ended != "interrupted"]


def sweep(
    task: Task,
    competitors: Sequence[Competitor],
    rates: Sequence[float] | Mapping[str, Sequence[float]],
    seeds: Sequence[int] = (0,),
    *,
    progress: bool | None = None,
) -> list[Run]:
    """Train each competitor at each learning rate, from each seed; `course.compare.tune` chooses among the runs.

    rates: the same for all competitors, or by a competitor's name.
    Raises: ValueError as `compare`, and if a competitor has no rates.
    """
    by_name = rates if isinstance(rates, Mapping) else {competitor.name: rates for competitor in competitors}
    for competitor in competitors:
        if not len(by_name.get(competitor.name, ())):
            raise ValueError(
                f"rates is empty for {competitor.name}, expected one learning rate or more: try (0.001, 0.01, 0.1)"
            )
    tried = [replace(competitor, lr=float(rate)) for competitor in competitors for rate in by_name[competitor.name]]
    return compare(task, tried, seeds, progress=progress)


def _warm_up(task: Task, seed: int) -> None:
    """Take a step, so that no run has to wait for torch's first one."""
    with torch.random.fork_rng(range(torch.cuda.device_count())), suppress(FloatingPointError):
        model, batches = _begin(task, seed)
        train_epoch(model, islice(batches, 1), optim.SGD(model.parameters()), task.loss_fn)


def _begin(task: Task, seed: int) -> tuple[nn.Module, SizedMinibatches]:
    """Make model and batches from a seed, which also decides what they draw from torch's global generators."""
    torch.manual_seed(seed)
    model, batches = task.make_model(seed), task.make_batches(seed)
    if not len(batches):
        raise ValueError(f"make_batches gives no batches for seed {seed}, expected one or more")
    return model, batches


def _train(task: Task, competitor: Competitor, seed: int, runs: list[Run], test_batches: Minibatches | None) -> None:
    """Append a run and fill it: train, look at the validation data now and then, at the test data once."""
    # Weights and dropout may draw from the global generators: so all competitors get the same, the caller loses none.
    with torch.random.fork_rng(range(torch.cuda.device_count())):
        model, batches = _begin(task, seed)
        optimizer = competitor.make_optimizer(list(model.parameters()))  # a list can be sorted into groups
        run = Run(competitor.name, competitor.lr or optimizer.param_groups[0]["lr"], seed, ended="interrupted")
        runs.append(run)  # before its first step, so that Ctrl-C leaves what it has done
        last = max(1, round(task.epochs * len(batches)))
        scheduler = competitor.schedule(optimizer, last) if competitor.schedule else None
        check_together(model, optimizer, scheduler)
        plateau = scheduler if isinstance(scheduler, ReduceLROnPlateau) else None
        every_batch = None if plateau else scheduler
        sizes: list[int] = []
        stream, seconds = _counted(chain.from_iterable(repeat(batches)), sizes), 0.0
        try:
            for done in range(0, last, task.check_every):
                count = min(task.check_every, last - done)
                start = time.perf_counter()
                train = train_epoch(model, islice(stream, count), optimizer, task.loss_fn, every_batch)
                seconds += time.perf_counter() - start  # it has read the losses, so the device is done
                valid = evaluate(model, task.valid_batches, task.loss_fn)
                if plateau:
                    plateau.step(valid.loss)
                run.steps.append(done + count)
                run.examples.append(sum(sizes))
                run.train.append(train)
                run.valid.append(valid)
                run.seconds.append(seconds)
            if test_batches is not None:
                run.test = evaluate(model, test_batches, task.loss_fn)
            run.ended = "finished"
        except FloatingPointError:
            run.ended = "diverged"


def _counted(batches: Iterable[tuple[Tensor, Tensor]], sizes: list[int]) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the minibatches, and note how many examples each has."""
    for x, y in batches:
        sizes.append(len(x))
        yield x, y
