"""What training runs gave: plain data, the choice of a rate, a table of medians and ranges.

`course.compare` makes the runs.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, takewhile
from typing import NamedTuple

from course.train import Metrics


@dataclass
class Run:
    """What one competitor did from one seed; plain data. One entry of each list for every look.

    steps: done at that look. train: means over the steps since the look before. valid: on the validation data.
    examples, seconds: of training until then; the looks take none of them. test: on the test data, after the last step.
    ended: "finished", "diverged" (a loss was not finite: the lists end before) or "interrupted" (Ctrl-C).
    """

    name: str
    lr: float
    seed: int
    steps: list[int] = field(default_factory=list)
    train: list[Metrics] = field(default_factory=list)
    valid: list[Metrics] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    test: Metrics | None = None
    ended: str = "finished"
    examples: list[int] = field(default_factory=list)


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

    accuracy: its median; None if the targets are no classes, so that the loss decided.
    good: the ends of the stretch of rates around it that validate nearly as well.
    at_edge: the best rate is the smallest or the largest of the sweep, so a better one may lie outside.
    """

    lr: float
    accuracy: float | None
    good: tuple[float, float]
    at_edge: bool


class Row(NamedTuple):
    """All seeds of one competitor at one rate.

    valid, test: accuracy at the end, over the runs that did not diverge; None if there is none.
    steps, seconds: to the target, infinite for a run that did not reach it; None without a target.
    valid_loss, test_loss: as the accuracies.
    """

    name: str
    lr: float
    runs: int
    diverged: int
    valid: Range | None
    test: Range | None
    steps: Range | None
    seconds: Range | None
    valid_loss: Range | None
    test_loss: Range | None


def tune(runs: Sequence[Run], within: float = 0.02) -> dict[str, Choice]:
    """Choose for each name the rate whose median accuracy on the validation data is the highest.

    A diverged run counts as accuracy 0, an interrupted one not at all; of equals the lower median loss wins, which
    decides alone if the targets are no classes.
    within: how far below the best accuracy a rate still counts as good; how far above the best loss, as a part of it.
    Raises: ValueError if every run of a name diverged.
    """
    choices = {}
    groups = _groups(runs)
    for name in dict.fromkeys(name for (name, _), _ in groups):
        named = {lr: group for (other, lr), group in groups if other == name}
        _, lr = best_of([run for group in named.values() for run in group])
        ends = [run.valid[-1] for group in named.values() for run in group if is_finished(run)]
        scores = {rate: _score(group) for rate, group in named.items()}
        accuracy, loss = scores[lr]
        if any(end.accuracy is None for end in ends):
            accuracy = None
            good = {rate: score >= loss - within * abs(loss) for rate, (_, score) in scores.items()}
        else:
            good = {rate: score >= accuracy - within for rate, (score, _) in scores.items()}
        at_edge = lr in (min(scores), max(scores))
        choices[name] = Choice(lr, accuracy, _stretch(good | {lr: True}, lr), at_edge)
    return choices


def best_of(runs: Sequence[Run]) -> tuple[str, float]:
    """Return the name and the rate that validate best of all, by the rule of `tune`.

    Raises: ValueError if every run diverged.
    """
    scores = {key: _score(group) for key, group in _groups(runs)}
    if not any(map(is_finished, runs)):
        names, rates = zip(*scores, strict=True)
        told = f"{' and '.join(dict.fromkeys(names))} diverged, at rates from {min(rates):g} to {max(rates):g}"
        raise ValueError(f"every run of {told}: try smaller ones, or look for nan in the data")
    return max(scores, key=lambda key: scores[key])


def table(runs: Sequence[Run], *, loss: float | None = None, accuracy: float | None = None) -> list[Row]:
    """Sum up the runs, one row for each name and rate, in the order of the runs; interrupted runs are left out.

    loss, accuracy: a target on the validation data, one of them or none.
    Raises: ValueError if no run reaches the target; the sentence names the best value.
    """
    rows = []
    wanted = loss is not None or accuracy is not None
    for (name, lr), group in _groups(runs):
        ended = [run for run in group if is_finished(run)]
        valid, test = [run.valid[-1] for run in ended], [run.test for run in ended if run.test]
        reached = [steps_to(run, loss=loss, accuracy=accuracy) for run in group] if wanted else []
        rows.append(
            Row(
                name,
                lr,
                len(group),
                len(group) - len(ended),
                _range(end.accuracy for end in valid),
                _range(end.accuracy for end in test),
                _range(found.steps if found else math.inf for found in reached),
                _range(found.seconds if found else math.inf for found in reached),
                _range(end.loss for end in valid),
                _range(end.loss for end in test),
            )
        )
    if wanted and all(row.steps.low == math.inf for row in rows):
        seen = [valid for _, group in _groups(runs) for run in group for valid in run.valid]
        if accuracy is None:
            best = f"loss {loss:g} is never reached, the lowest is {min([math.inf, *(v.loss for v in seen)]):g}"
        else:
            highest = max([0.0, *(valid.accuracy or 0.0 for valid in seen)])
            best = f"accuracy {accuracy:g} is never reached, the highest is {highest:g}"
        raise ValueError(f"{best}: choose another target, or train longer")
    return rows


def steps_to(run: Run, *, loss: float | None = None, accuracy: float | None = None) -> Reached | None:
    """Return steps and seconds to the first look with such a validation loss or accuracy; None if there is none.

    Raises: ValueError unless one of the two targets is given, and the run has such numbers.
    """
    if (loss is None) == (accuracy is None):
        raise ValueError(f"loss is {loss} and accuracy {accuracy}, expected one of them as the target")
    if accuracy is not None and any(valid.accuracy is None for valid in run.valid):
        raise ValueError(f"accuracy is {accuracy:g}, but {run.name} has none, as its targets are no classes: give loss")
    for steps, seconds, valid in zip(run.steps, run.seconds, run.valid, strict=True):
        if (loss is not None and valid.loss <= loss) or (accuracy is not None and (valid.accuracy or 0.0) >= accuracy):
            return Reached(steps, seconds)
    return None


def describe_rows(rows: Sequence[Row]) -> str:
    """Return one line for each row, with ≈ before every measured number."""
    return "\n".join(_line(row, max(len(row.name) for row in rows)) for row in rows)


def _groups(runs: Iterable[Run]) -> list[tuple[tuple[str, float], list[Run]]]:
    """Runs that were not interrupted, by name and rate, in the order in which these appear."""
    groups: dict[tuple[str, float], list[Run]] = {}
    for run in runs:
        if run.ended != "interrupted":
            groups.setdefault((run.name, run.lr), []).append(run)
    return list(groups.items())


def _score(runs: list[Run]) -> tuple[float, float]:
    """Median accuracy and median of the negative loss at the end, on the validation data."""
    ends = [run.valid[-1] if is_finished(run) else Metrics(math.inf, 0.0) for run in runs]
    return statistics.median(end.accuracy or 0.0 for end in ends), statistics.median(-end.loss for end in ends)


def is_finished(run: Run) -> bool:
    """Whether a run came to its end, with numbers there: a nan in a run made elsewhere is divergence too."""
    numbers = chain(run.valid[-1], run.test or ()) if run.ended == "finished" else (math.nan,)
    return all(number is None or math.isfinite(number) for number in numbers)


def _stretch(good: dict[float, bool], around: float) -> tuple[float, float]:
    """Return the first and the last of the good rates that follow each other around one of them."""
    down = list(takewhile(good.get, sorted((rate for rate in good if rate <= around), reverse=True)))
    up = list(takewhile(good.get, sorted(rate for rate in good if rate >= around)))
    return down[-1], up[-1]


def _range(values: Iterable[float | None]) -> Range | None:
    numbers = [value for value in values if value is not None]
    return Range(statistics.median(numbers), min(numbers), max(numbers)) if numbers else None


def _line(row: Row, width: int) -> str:
    def words(name: str, values: Range | None, form: str) -> str:
        if values is None:
            return ""
        median, low, high = ("never" if value == math.inf else f"≈ {value:{form}}" for value in values)
        return f"  {name} {median}" + (f" ({low} to {high})" if row.runs > 1 else "")

    losses = (None, None) if row.valid else (row.valid_loss, row.test_loss)  # of no interest beside accuracies
    return (
        f"{row.name:{width}}  lr ≈ {row.lr:<6g}{words('validation', row.valid, '.1%')}"
        f"{words('test', row.test, '.1%')}{words('validation loss', losses[0], '.4g')}"
        f"{words('test loss', losses[1], '.4g')}"
        f"{words('steps', row.steps, '.0f')}{words('seconds', row.seconds, '.2f')}"
        f"  diverged ≈ {row.diverged} of {row.runs}"
    )
