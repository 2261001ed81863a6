"""Compare optimizers fairly: the same start, the same batches, each at its own best rate, several seeds.

Source: Choi et al. 2019, arXiv:1910.05446: what a comparison says depends on how its rates were chosen.
"""

import json
import math
import os
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import chain, islice, repeat
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from tqdm.auto import tqdm

from course.train import Batches, Loss, Metrics, evaluate, train_epoch
from course.whole import written_whole

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


@dataclass(frozen=True)
class Recipe:
    """One competitor.

    optimizer: called with the parameters and lr; left out, the one of OPTIMIZERS that has this name.
    lr: learning rate; None for the optimizer's own default.
    schedule: called with the optimizer and the number of steps; its scheduler is stepped after every batch.
    Raises: ValueError for an unknown name without an optimizer, or a rate that is not above 0.
    """

    name: str
    optimizer: Callable[..., Optimizer] | None = None
    lr: float | None = None
    schedule: Callable[[Optimizer, int], LRScheduler] | None = None

    def __post_init__(self):
        if self.optimizer is None and self.name not in OPTIMIZERS:
            raise ValueError(
                f"recipe is called {self.name!r}, expected one of {', '.join(OPTIMIZERS)}: "
                "or give it an optimizer"
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
    make_batches: Callable[[int], Batches]
    valid_batches: Batches
    epochs: float
    check_every: int = 50
    loss_fn: Loss = F.cross_entropy

    def __post_init__(self):
        if not 0 < self.epochs < math.inf or self.check_every < 1:
            raise ValueError(
                f"epochs is {self.epochs:g} and check_every {self.check_every}, "
                "expected more than 0 and at least 1: try 1 and 50"
            )


@dataclass
class Run:
    """What one recipe did from one seed; plain data. One entry of each list for every look.

    steps: done at that look. train: means over the steps since the look before. valid: on the validation data.
    seconds: of training until then, without the looks. test: on the test data, after the last step.
    ended: "finished", "diverged" (a loss was not finite: the lists end before) or "interrupted" (Ctrl-C).
    """

    name: str
    lr: float | None
    seed: int
    steps: list[int] = field(default_factory=list)
    train: list[Metrics] = field(default_factory=list)
    valid: list[Metrics] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    test: Metrics | None = None
    ended: str = "finished"


class Reached(NamedTuple):
    """The first look at which a target was reached: steps and seconds of training until then."""

    steps: int
    seconds: float


class Range(NamedTuple):
    """Median, lowest and highest over the seeds."""

    median: float
    low: float
    high: float


class Choice(NamedTuple):
    """The rate of a sweep that validates best.

    accuracy: its median. good: the smallest and the largest rate that validate nearly as well.
    at_edge: the best rate is the smallest or the largest of the sweep, so a better one may lie outside.
    """

    lr: float
    accuracy: float
    good: tuple[float, float]
    at_edge: bool


class Row(NamedTuple):
    """All seeds of one recipe at one rate.

    valid, test: accuracy at the end, over the runs that did not diverge; None if there is none.
    steps, seconds: to the target, infinite for a run that did not reach it; None without a target.
    """

    name: str
    lr: float
    runs: int
    diverged: int
    valid: Range | None
    test: Range | None
    steps: Range | None
    seconds: Range | None


def compare(
    task: Task,
    recipes: Sequence[Recipe],
    seeds: Sequence[int] = (0, 1, 2),
    test_batches: Batches | None = None,
    *,
    progress: bool | None = None,
) -> list[Run]:
    """Train each recipe from each seed; a seed gives all recipes the same weights and the same batches.

    A run whose loss is not finite ends there, as a result. Ctrl-C returns the runs so far.
    test_batches: judged once a run, after its last step.
    progress: show a bar over the runs; by default unless the environment variable CI is set.
    Raises: ValueError if there is nothing to run, or two recipes are alike in name and rate.
    """
    if not recipes or not seeds:
        raise ValueError(f"there are {len(recipes)} recipes and {len(seeds)} seeds, expected one or more of each")
    names = [(recipe.name, recipe.lr) for recipe in recipes]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError("two recipes are called {!r} with lr {}: give each a name of its own".format(*twice[0]))
    off = "CI" in os.environ if progress is None else not progress
    runs: list[Run] = []
    with tqdm(total=len(recipes) * len(seeds), unit="run", leave=False, disable=off) as bar:
        try:
            _train(replace(task, epochs=1e-9), Recipe("SGD"), Run("", None, seeds[0]))  # warm-up: one step
            for seed in seeds:
                for recipe in recipes:
                    bar.set_postfix_str(recipe.name)
                    runs.append(Run(recipe.name, recipe.lr, seed, ended="interrupted"))
                    _train(task, recipe, runs[-1], test_batches)
                    bar.update()
        except KeyboardInterrupt:
            pass
    return [run for run in runs if run.steps or run.ended != "interrupted"]


def sweep(
    task: Task,
    recipes: Sequence[Recipe],
    rates: Sequence[float],
    seeds: Sequence[int] = (0,),
    *,
    progress: bool | None = None,
) -> list[Run]:
    """Train each recipe at each learning rate, from each seed; `tune` chooses among the runs.

    Raises: ValueError as `compare`, and if there are no rates.
    """
    if not len(rates):
        raise ValueError("rates is empty, expected one learning rate or more: try (0.001, 0.01, 0.1)")
    tried = [replace(recipe, lr=float(rate)) for recipe in recipes for rate in rates]
    return compare(task, tried, seeds, progress=progress)


def tune(runs: Sequence[Run], within: float = 0.02) -> dict[str, Choice]:
    """Choose for each name the rate whose median accuracy on the validation data is the highest.

    A diverged run counts as accuracy 0, an interrupted one not at all; of equals the lower loss wins.
    within: how far below the best accuracy a rate still counts as good.
    Raises: ValueError if every run of a name diverged.
    """
    choices = {}
    groups = _groups(runs)
    for name in dict.fromkeys(name for (name, _), _ in groups):
        scores = {lr: _score(group) for (other, lr), group in groups if other == name}
        lr = max(scores, key=scores.get)
        best = scores[lr][0]
        if not any(run.name == name and run.ended == "finished" for run in runs):
            raise ValueError(
                f"every run of {name} diverged, at rates from {min(scores):g} to {max(scores):g}: "
                "try smaller ones"
            )
        good = [rate for rate, (accuracy, _) in scores.items() if accuracy >= best - within]
        choices[name] = Choice(lr, best, (min(good), max(good)), lr in (min(scores), max(scores)))
    return choices


def table(runs: Sequence[Run], *, loss: float | None = None, accuracy: float | None = None) -> list[Row]:
    """Sum up the runs, one row for each name and rate, in the order of the runs; interrupted runs are left out.

    loss, accuracy: a target on the validation data, one of them or none.
    Raises: ValueError if no run reaches the target; the sentence names the best value.
    """
    rows = []
    wanted = loss is not None or accuracy is not None
    for (name, lr), group in _groups(runs):
        ended = [run for run in group if run.ended == "finished"]
        tests = [run.test.accuracy for run in ended if run.test]
        reached = [steps_to(run, loss=loss, accuracy=accuracy) for run in group] if wanted else []
        reached = [found or Reached(math.inf, math.inf) for found in reached]
        rows.append(
            Row(
                name, lr, len(group), len(group) - len(ended),
                _range([run.valid[-1].accuracy for run in ended]), _range(tests),
                _range([found.steps for found in reached]), _range([found.seconds for found in reached]),
            )
        )
    if wanted and all(row.steps.low == math.inf for row in rows):
        seen = [Metrics(math.inf, 0.0)]
        seen += [valid for _, group in _groups(runs) for run in group for valid in run.valid]
        lowest, highest = min(valid.loss for valid in seen), max(valid.accuracy for valid in seen)
        if accuracy is None:
            best = f"loss {loss:g} is never reached, the lowest is {lowest:g}"
        else:
            best = f"accuracy {accuracy:g} is never reached, the highest is {highest:g}"
        raise ValueError(f"{best}: choose another target, or train longer")
    return rows


def steps_to(run: Run, *, loss: float | None = None, accuracy: float | None = None) -> Reached | None:
    """Return steps and seconds to the first look with such a validation loss or accuracy; None if there is none.

    Raises: ValueError unless one of the two targets is given.
    """
    if (loss is None) == (accuracy is None):
        raise ValueError(f"loss is {loss} and accuracy {accuracy}, expected one of them as the target")
    for steps, seconds, valid in zip(run.steps, run.seconds, run.valid, strict=True):
        if valid.loss <= loss if accuracy is None else valid.accuracy >= accuracy:
            return Reached(steps, seconds)
    return None


def describe(rows: Sequence[Row]) -> str:
    """Return one line for each row, with ≈ before every measured number."""
    return "\n".join(_line(row, max(len(row.name) for row in rows)) for row in rows)


def save_runs(runs: Sequence[Run], path: str | Path) -> None:
    """Write runs to a JSON file, whole or not at all."""
    text = json.dumps({"runs": [asdict(run) for run in runs]}, allow_nan=False)
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")


def load_runs(path: str | Path) -> list[Run]:
    """Read what `save_runs` wrote. Raises: FileNotFoundError, ValueError if the file is something else."""
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))["runs"]
        return [_run_of(entry) for entry in entries]
    except FileNotFoundError:
        raise FileNotFoundError(f"no runs at {path}: save some there by save_runs") from None
    except (ValueError, KeyError, TypeError, OSError):
        raise ValueError(f"{path} holds no runs, expected a file of save_runs: name another one") from None


def _train(task: Task, recipe: Recipe, run: Run, test_batches: Batches | None = None) -> None:
    """Fill a run: train from its seed, look at the validation data now and then, at the test data once."""
    # Weights and dropout may draw from the global generators: so all recipes get the same, the caller loses none.
    with torch.random.fork_rng(range(torch.cuda.device_count())):
        torch.manual_seed(run.seed)
        model, batches = task.make_model(run.seed), task.make_batches(run.seed)
        optimizer = recipe.make_optimizer(list(model.parameters()))  # a list can be sorted into groups
        run.lr = run.lr or optimizer.param_groups[0]["lr"]
        if not len(batches):
            raise ValueError(f"make_batches gives no batches for seed {run.seed}, expected one or more")
        last = max(1, round(task.epochs * len(batches)))
        scheduler = recipe.schedule(optimizer, last) if recipe.schedule else None
        stream, seconds = chain.from_iterable(repeat(batches)), 0.0
        try:
            for done in range(0, last, task.check_every):
                count = min(task.check_every, last - done)
                start = time.perf_counter()
                train = train_epoch(model, islice(stream, count), optimizer, task.loss_fn, scheduler)
                seconds += time.perf_counter() - start  # it has read the losses, so the device is done
                valid = _judge(model, task.valid_batches, task.loss_fn)
                run.steps.append(done + count)
                run.train.append(train)
                run.valid.append(valid)
                run.seconds.append(seconds)
            if test_batches is not None:
                run.test = _judge(model, test_batches, task.loss_fn)
            run.ended = "finished"
        except FloatingPointError:
            run.ended = "diverged"


def _judge(model: nn.Module, batches: Batches, loss_fn: Loss) -> Metrics:
    """Evaluate. Raises: FloatingPointError if the loss is not finite, as `train_epoch`."""
    metrics = evaluate(model, batches, loss_fn)
    if not math.isfinite(metrics.loss):
        raise FloatingPointError
    return metrics


def _groups(runs: Iterable[Run]) -> list[tuple[tuple[str, float], list[Run]]]:
    """Runs that were not interrupted, by name and rate, in the order in which these appear."""
    groups: dict[tuple[str, float], list[Run]] = {}
    for run in runs:
        if run.ended != "interrupted":
            groups.setdefault((run.name, run.lr), []).append(run)
    return list(groups.items())


def _score(runs: list[Run]) -> tuple[float, float]:
    """Median accuracy and median of the negative loss at the end, on the validation data."""
    ends = [run.valid[-1] if run.ended == "finished" else Metrics(math.inf, 0.0) for run in runs]
    return statistics.median(end.accuracy for end in ends), statistics.median(-end.loss for end in ends)


def _range(values: Sequence[float]) -> Range | None:
    return Range(statistics.median(values), min(values), max(values)) if values else None


def _line(row: Row, width: int) -> str:
    def words(name, values, form):
        if values is None:
            return ""
        median, low, high = ("never" if value == math.inf else f"≈ {value:{form}}" for value in values)
        return f"  {name} {median}" + (f" ({low} to {high})" if row.runs > 1 else "")

    return (
        f"{row.name:{width}}  lr ≈ {row.lr:<6g}{words('validation', row.valid, '.1%')}"
        f"{words('test', row.test, '.1%')}{words('steps', row.steps, '.0f')}{words('seconds', row.seconds, '.2f')}"
        f"  diverged ≈ {row.diverged} of {row.runs}"
    )


def _run_of(entry: dict) -> Run:
    """Undo `asdict`: JSON keeps a Metrics as a list."""
    run = Run(**entry)
    run.train, run.valid = ([Metrics(*row) for row in rows] for rows in (run.train, run.valid))
    run.test = run.test and Metrics(*run.test)
    return run
