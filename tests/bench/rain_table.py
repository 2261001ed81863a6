"""The tables of rain_question.py and rain_hour.py: scores of a network and its rivals, and their paired differences."""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course.nowcast.totals import NETWORK

SAMPLES = 9999


def score_maps(sums: np.ndarray) -> np.ndarray:
    """Return RMSE, and CSI of two kinds of events. Shapes: (..., 8), returns (..., 3)."""
    cells, squares, *events = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore"):
        csi = [hits / (hits + misses + false) for hits, misses, false in (events[:3], events[3:])]
        return np.stack([np.sqrt(squares / cells), *csi], -1)


class Columns(NamedTuple):
    """What a table tells: scores with their digits, and what makes them of sums. Shapes: (..., F), returns (..., K)."""

    digits: dict[str, int]
    score: Callable[[np.ndarray], np.ndarray]


FRAMES = Columns({"RMSE codes": 2, "CSI 1 mm/h": 3, "CSI 1 tuned": 3}, score_maps)


def draw_table(found: dict[str, list[list[dict]]], leads: list[str], columns: Columns = FRAMES) -> list[str]:
    """Return its lines, and on how much they rest.

    found: by what was unseen, of each seed what a judge gave, once or more: sums by name, those of NETWORK first.
    """
    titles = [title for kind in columns.digits for title in (kind, f"{NETWORK} less it")]
    lines = [f"| unseen | forecast | {' | '.join(titles)} |", "|---|---|" + "---:|" * len(titles)]
    told = []
    for title, runs in found.items():
        sums, blocks = gather(runs)
        for place, lead in enumerate(leads):
            rows = compare({name: each[:, place] for name, each in sums.items()}, blocks, columns)
            lines += [f"| {title}, {lead} | {' | '.join(row)} |" for row in rows]
        told.append(f"{title}: {len(blocks)} films in {len(set(blocks))} blocks of time, {len(runs)} seeds")
    return [*lines, "", *told]


def gather(runs: list[list[dict]]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Put films together that several networks of the same seed were judged by. Shapes: of each name (S, L, N, F)."""
    sums = {
        name: np.stack([np.concatenate([run["sums"][name] for run in some], 1) for some in runs])
        for name in runs[0][0]["sums"]
    }
    return sums, [block for run in runs[0] for block in run["blocks"]]


def compare(sums: dict[str, np.ndarray], blocks: list[str], columns: Columns = FRAMES) -> list[list[str]]:
    """Return a row a forecast: of each score the median over seeds, and what the network has more, or its range.

    Shapes: sums of each name (S, N, F).
    """
    scores = {name: columns.score(some.sum(1)) for name, some in sums.items()}
    rows = []
    for name, values in scores.items():
        low, high = draw_differences(sums[NETWORK], sums[name], blocks, columns)
        more, row = (scores[NETWORK] - values).mean(0), [name]
        for kind, digits in enumerate(columns.digits.values()):
            each = values[:, kind]
            ends = f"{low[kind]:+.{digits}f} to {high[kind]:+.{digits}f}"
            seeds = f"seeds {each.min():.{digits}f} to {each.max():.{digits}f}"
            told = seeds if name == NETWORK else f"{more[kind]:+.{digits}f} ({ends})"
            nothing = bool(np.isnan(each + more[kind]).any())  # an event that never came, or was never said
            row += ["", ""] if nothing else [f"{np.median(each):.{digits}f}", told]
        rows.append(row)
    return rows


def draw_differences(ours: np.ndarray, theirs: np.ndarray, blocks: list[str], columns: Columns = FRAMES) -> np.ndarray:
    """Return both ends of 95 % intervals of the mean difference over seeds, by bootstrap over blocks and seeds.

    Shapes: ours, theirs (S, N, F); returns (2, K).
    """
    seeds, random = len(ours), np.random.default_rng(0)
    names, block = np.unique(blocks, return_inverse=True)
    often = random.multinomial(len(names), np.full(len(names), 1 / len(names)), SAMPLES)
    drawn = random.multinomial(seeds, np.full(seeds, 1 / seeds), SAMPLES) / seeds
    which = np.eye(len(names))[block]  # (N, blocks)
    ours, theirs = (columns.score(often @ (which.T @ sums)) for sums in (ours, theirs))  # (S, SAMPLES, K)
    differences = np.einsum("ns,snk->nk", drawn, ours - theirs)
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # of a score that is nan each time
        return np.nanquantile(differences, (0.025, 0.975), axis=0)
