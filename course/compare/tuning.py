"""Tune rivals alike: as many trials for each, and grids of rates that grow while the best one lies at an end.

Source: Choi et al. 2019, arXiv:1910.05446: who wins depends on how, and how long, each was tuned.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from course.compare.race import Competitor, Task, compare
from course.compare.runs import Run, best_of

LONGEST = 3  # times the trials at first: then a grid grows no more
FEWEST = 7, 3  # rates for each variant, and seeds


@dataclass(frozen=True)
class Tuned:
    """What tuning gave for one rival.

    best: its best variant, with the best rate. at_end: this is still the smallest or the largest rate of its grid.
    runs: all trials, each from every seed. examples, steps, seconds: what these took.
    """

    best: Competitor
    at_end: bool
    runs: list[Run]

    @property
    def examples(self) -> int:
        return sum(run.examples[-1] for run in self.runs if run.examples)

    @property
    def steps(self) -> int:
        return sum(run.steps[-1] for run in self.runs if run.steps)

    @property
    def seconds(self) -> float:
        return sum(run.seconds[-1] for run in self.runs if run.seconds)


def tune_alike(
    task: Task,
    rivals: Mapping[str, Sequence[Competitor]],
    between: tuple[float, float] | Mapping[str, tuple[float, float]],
    seeds: Sequence[int] = (0, 1, 2),
    trials: int = 7,
    *,
    progress: bool | None = None,
) -> dict[str, Tuned]:
    """Choose for each rival the variant and the rate that validate best, with as many trials for all.

    rivals: by name the variants of each: one competitor alone, or several, as momentum with other settings.
    between: the smallest and the largest rate at first, for all or by a rival's name.
    trials: variants times rates at first, the rates evenly spaced in the logarithm. While the best rate of a rival is
    the first or the last of its grid, its grid grows by one, and so does one of everybody else's; at most to three
    times the trials at first.
    Raises: ValueError as `compare`, if all runs of a rival diverged, if seeds or rates are too few, or if the trials
    cannot be shared out.
    """
    if len(set(seeds)) < FEWEST[1]:
        raise ValueError(f"seeds are {tuple(seeds)}, expected {FEWEST[1]} or more: of fewer the luckiest rival wins")
    found = []
    for name, variants in rivals.items():
        count, left = divmod(trials, len(variants) or 1)
        if left or count < FEWEST[0]:
            mend = f"try trials={FEWEST[0] * math.lcm(*(len(variants) or 1 for variants in rivals.values()))}"
            raise ValueError(
                f"trials is {trials}, expected {FEWEST[0]} rates or more for each variant of {name}: {mend}"
            )
        low, high = between[name] if isinstance(between, Mapping) else between
        if not 0 < low < high < math.inf:
            raise ValueError(
                f"the rates of {name} lie between {low:g} and {high:g}, expected 0 < the first < the second"
            )
        rates = [low * (high / low) ** (place / (count - 1)) for place in range(count)]
        found.append(_Rival(task, seeds, progress, {variant.name: variant for variant in variants}, rates))
    while True:
        most = max(rival.trials for rival in found)
        if most < LONGEST * trials and any(rival.at_end and rival.trials == most for rival in found):
            most += 1
        short = [rival for rival in found if rival.trials < most]
        if not short:
            return {name: Tuned(one.best, one.at_end, one.runs) for name, one in zip(rivals, found, strict=True)}
        for rival in short:
            rival.grow()


class _Rival:
    """The variants of one rival, the rates that each has tried, and their runs."""

    best: Competitor
    rate: float

    def __init__(
        self,
        task: Task,
        seeds: Sequence[int],
        progress: bool | None,
        variants: dict[str, Competitor],
        rates: list[float],
    ) -> None:
        self.task, self.seeds, self.progress, self.variants = task, seeds, progress, variants
        self.grids: dict[str, list[float]] = {name: [] for name in variants}
        self.runs: list[Run] = []
        self._try([(name, rate) for name in variants for rate in rates])

    @property
    def trials(self) -> int:
        return sum(map(len, self.grids.values()))

    @property
    def at_end(self) -> bool:
        grid = self.grids[self.best.name]
        return self.rate in (grid[0], grid[-1])

    def grow(self) -> None:
        """Try one rate more of the best variant, beyond the end that is nearer to the best rate."""
        grid = self.grids[self.best.name]
        below = sum(rate < self.rate for rate in grid)
        rate = grid[0] ** 2 / grid[1] if below < len(grid) / 2 else grid[-1] ** 2 / grid[-2]
        self._try([(self.best.name, rate)])

    def _try(self, trials: list[tuple[str, float]]) -> None:
        tried = [replace(self.variants[name], lr=rate) for name, rate in trials]
        runs = compare(self.task, tried, self.seeds, progress=self.progress)
        if len(runs) < len(tried) * len(self.seeds) or runs[-1].ended == "interrupted":
            raise KeyboardInterrupt  # which `compare` has taken for itself
        self.runs += runs
        for name, rate in trials:
            self.grids[name] = sorted([*self.grids[name], rate])
        name, self.rate = best_of(self.runs)
        self.best = replace(self.variants[name], lr=self.rate)
