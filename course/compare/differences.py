"""Paired differences between competitors: of runs that share their seeds, as figures of a verdict, in words, drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from course import plots
from course.claims import paired
from course.claims.evidence import Evidence
from course.compare.runs import Run, is_finished
from course.plots.style import Axes, Figure


def difference(runs: Sequence[Run], ours: str, theirs: str, against: float = 0.0) -> Evidence:
    """Return by how much the accuracy of one name exceeds that of another, at equal seeds; for `verdict`.

    It is that on the test data, if there is one, else on the validation data; a diverged run has accuracy 0.
    against: by how much the claim says that it does. Raises: ValueError if the two have not run from the same seeds.
    """
    ends: dict[str, dict[int, float]] = {ours: {}, theirs: {}}
    for run in runs:
        if run.name in ends and run.ended != "interrupted":
            end = (run.test or run.valid[-1]).accuracy if is_finished(run) else 0.0
            ends[run.name][run.seed] = end or 0.0
    if not ends[ours] or ends[ours].keys() != ends[theirs].keys():
        told = f"{ours} ran from seeds {sorted(ends[ours])}, {theirs} from {sorted(ends[theirs])}"
        raise ValueError(f"{told}, expected the same: compare them in one call")
    seeds = sorted(ends[ours])
    pairs = ([ends[name][seed] for seed in seeds] for name in (ours, theirs))
    return paired(next(pairs), next(pairs), "points", against=against)


def differences(
    runs: Sequence[Run], against: str, currency: Literal["steps", "examples", "seconds"] | None = None
) -> dict[str, Evidence]:
    """Return by how much the accuracy of each other name exceeds that of one, as `difference` does.

    currency: what all have as much of. Each run counts with its last look, on the validation data, for which it had
    no more of it than the run that had the least in all. None: each run counts with its end.
    Raises: ValueError if a name has not run from the same seeds, or had its first look too late.
    """
    if currency:
        least = min(getattr(run, currency)[-1] for run in runs if is_finished(run))
        runs = [_until(run, currency, least) for run in runs]
    names = dict.fromkeys(run.name for run in runs if run.name != against)
    return {name: difference(runs, name, against) for name in names}


def describe_differences(found: Mapping[str, Evidence], against: str) -> str:
    """Return a line for each difference; an interval that holds 0 is a tie."""
    width = max(map(len, found), default=0)
    return "\n".join(f"{name:{width}} minus {against}: {figure}" for name, figure in found.items())


def draw_differences(found: Mapping[str, Evidence], against: str, *, title: str, axes: Axes | None = None) -> Figure:
    """Draw each difference with its interval, in points, the largest at the top; a tie has an empty dot.

    axes: a panel of `course.plots.figure`.
    """
    rows = {}
    for name in sorted(found, key=lambda name: found[name].center(), reverse=True):
        low, high = found[name].interval()
        rows[name] = 100 * low, 100 * found[name].center(), 100 * high
    return plots.intervals(rows, title=title, x=f"accuracy minus that of {against} (points)", axes=axes)


def _until(run: Run, currency: str, least: float) -> Run:
    """Return a run without the looks that came after so much of a currency."""
    looks = sum(amount <= least for amount in getattr(run, currency))
    if is_finished(run) and not looks:
        told = f"{run.name} had its first look after {getattr(run, currency)[0]:g} {currency}, and another its last"
        raise ValueError(f"{told} after {least:g}: look more often, check_every=5")
    return replace(run, valid=run.valid[:looks], test=None)
