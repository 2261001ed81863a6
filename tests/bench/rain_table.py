"""The table of rain_question.py: scores of the network and its rivals, and their paired differences."""

import numpy as np

from course.nowcast.rivals import MIXTURE
from course.nowcast.totals import NETWORK

RIVALS = MIXTURE, "semi-Lagrangian, blurred", "semi-Lagrangian"
SCORES = {"RMSE codes": 2, "CSI 1 mm/h": 3, "CSI 1 tuned": 3}  # and digits
SAMPLES = 9999


def draw_table(found: dict[str, list[list[dict]]], minutes: list[int]) -> list[str]:
    """Return its lines, and on how much they rest.

    found: by what was unseen, of each seed what `judge` gave, once or more.
    """
    columns = [column for kind in SCORES for column in (kind, "RainNet less it")]
    lines = [f"| unseen | forecast | {' | '.join(columns)} |", "|---|---|" + "---:|" * len(columns)]
    told = []
    for title, runs in found.items():
        sums, blocks = gather(runs)
        for lead, ahead in enumerate(minutes):
            rows = compare({name: leads[:, lead] for name, leads in sums.items()}, blocks)
            lines += [f"| {title}, {ahead} min | {' | '.join(row)} |" for row in rows]
        told.append(f"{title}: {len(blocks)} films of {len(set(blocks))} half hours, {len(runs)} seeds")
    return [*lines, "", *told]


def gather(runs: list[list[dict]]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Put films together that several networks of the same seed were judged by. Shapes: of each name (S, L, N, 8)."""
    sums = {
        name: np.stack([np.concatenate([run["sums"][name] for run in some], 1) for some in runs])
        for name in (NETWORK, *RIVALS)
    }
    return sums, [block for run in runs[0] for block in run["blocks"]]


def compare(sums: dict[str, np.ndarray], blocks: list[str]) -> list[list[str]]:
    """Return a row a forecast: of each score the median over seeds, and what the network has more, or its range.

    Shapes: sums of each name (S, N, 8).
    """
    scores = {name: score(some.sum(1)) for name, some in sums.items()}
    rows = []
    for name, values in scores.items():
        low, high = draw_differences(sums[NETWORK], sums[name], blocks)
        more, row = (scores[NETWORK] - values).mean(0), [name]
        for kind, digits in enumerate(SCORES.values()):
            each = values[:, kind]
            row.append(f"{np.median(each):.{digits}f}")
            ends = f"{low[kind]:+.{digits}f} to {high[kind]:+.{digits}f}"
            seeds = f"seeds {each.min():.{digits}f} to {each.max():.{digits}f}"
            row.append(seeds if name == NETWORK else f"{more[kind]:+.{digits}f} ({ends})")
        rows.append(row)
    return rows


def score(sums: np.ndarray) -> np.ndarray:
    """Return RMSE, CSI and tuned CSI of sums. Shapes: (..., 8), returns (..., 3)."""
    cells, squares, *events = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore"):
        csi = [hits / (hits + misses + false) for hits, misses, false in (events[:3], events[3:])]
        return np.stack([np.sqrt(squares / cells), *csi], -1)


def draw_differences(ours: np.ndarray, theirs: np.ndarray, blocks: list[str]) -> np.ndarray:
    """Return both ends of 95 % intervals of the mean difference over seeds, by bootstrap over blocks and seeds.

    Shapes: ours, theirs (S, N, 8); returns (2, 3).
    """
    seeds, random = len(ours), np.random.default_rng(0)
    names, block = np.unique(blocks, return_inverse=True)
    often = random.multinomial(len(names), np.full(len(names), 1 / len(names)), SAMPLES)
    drawn = random.multinomial(seeds, np.full(seeds, 1 / seeds), SAMPLES) / seeds
    which = np.eye(len(names))[block]  # (N, blocks)
    ours, theirs = (score(often @ (which.T @ sums)) for sums in (ours, theirs))  # (S, SAMPLES, 3)
    return np.nanquantile(np.einsum("ns,snk->nk", drawn, ours - theirs), (0.025, 0.975), axis=0)
