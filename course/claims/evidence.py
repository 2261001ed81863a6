"""The figures on which a verdict rests: measured in independent runs, paired differences, and exact ones."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Evidence:
    """A figure of a verdict: `measured`, `paired` and `exact` make them.

    runs: one value for each independent run, one difference for each seed, or the one exact value.
    unit: "%" or "points", of fractions, or a word that follows the number. form: of the number, as for `format`.
    against: by how much the claim says that ours exceeds theirs, if it says so. groups: of how many runs of a notebook
    these are, as many from each: those of one share its rates and its data, so they count together in an interval.
    """

    kind: Literal["measured", "paired", "exact"]
    runs: tuple[float, ...]
    unit: str = ""
    form: str = ",.1f"
    against: float = 0.0
    groups: int = 1

    def __str__(self) -> str:
        count, unit = len(self.runs), f" {self.unit}".rstrip()
        if self.kind == "exact":
            return f"{self.runs[0]:,}{unit}"
        word, first, ends = "run", "", (min(self.runs), max(self.runs))
        if self.kind == "paired":
            word, first, ends = "pair", "95 %: ", self.interval()
        spread = f"{first}{self._number(ends[0])} to {self._number(ends[1])}, " if count > 1 else ""
        seeds = f" from {self.groups} seeds" if 1 < self.groups < count else ""
        return f"{self._number(self.center())}{unit} ({spread}{count} {word}{'s' * (count > 1)}{seeds})"

    def center(self) -> float:
        """Return the median of the runs, or the mean of the differences."""
        return statistics.fmean(self.runs) if self.kind == "paired" else statistics.median(self.runs)

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the mean by bootstrap: percentiles over 9,999 samples."""
        import numpy as np  # these two only where they are needed: they take half a second to import
        from scipy.stats import bootstrap

        drawn = self.runs if self.groups == 1 else np.reshape(self.runs, (self.groups, -1)).mean(1)
        if len(set(drawn)) == 1:
            return float(drawn[0]), float(drawn[0])
        low, high = bootstrap((drawn,), np.mean, method="percentile", rng=0).confidence_interval
        return float(low), float(high)

    def is_tie(self) -> bool:
        """Whether the interval holds the difference that the claim speaks of."""
        low, high = self.interval()
        return low <= self.against <= high

    def _number(self, value: float) -> str:
        sign = "+" if self.kind == "paired" else ""
        return f"≈ {value * (100 if self.unit in ('%', 'points') else 1):{sign}{self.form}}"


def measured(runs: Iterable[float] | float, unit: str = "", form: str = ",.1f") -> Evidence:
    """Return a figure that was measured in independent runs, or in one. Raises: ValueError if there is none."""
    return Evidence("measured", _floats(runs), unit, form)


def paired(
    ours: Iterable[float] | float,
    theirs: Iterable[float] | float,
    unit: str = "",
    form: str = ",.1f",
    against: float = 0.0,
) -> Evidence:
    """Return the differences, ours less theirs, of runs that share their seeds.

    against: by how much the claim says that ours exceeds theirs, if it says so.
    Raises: ValueError if the two are not as many.
    """
    ours, theirs = _floats(ours), _floats(theirs)
    if len(ours) != len(theirs):
        raise ValueError(f"there are {len(ours)} runs and {len(theirs)}, expected as many: pair them by their seeds")
    return Evidence("paired", tuple(a - b for a, b in zip(ours, theirs, strict=True)), unit, form, against)


def exact(value: float, unit: str = "") -> Evidence:
    """Return a figure that is the same in every run, as a count by rule or a size in bytes."""
    return Evidence("exact", (value,), unit)


def _floats(runs: Iterable[float] | float) -> tuple[float, ...]:
    try:
        found = tuple(map(float, runs))
    except TypeError:  # one number, perhaps in a tensor
        found = (float(runs),)
    if not found:
        raise ValueError("there are no runs, expected one or more: train first")
    return found
