"""What forecast chances are worth, beside those of rivals: Brier scores, reliability and CSI, by lead and threshold."""

import math
from collections.abc import Sequence

from course.nowcast.chances import MM
from course.nowcast.likely import REGRESSION, Squares
from course.nowcast.totals import FAIR, NETWORK, PARTS, count_blocks, number_or_none, whole
from course.rain import Events, by_blocks


def score_chances(sums: dict[str, list], blocks: Sequence | int = 1) -> dict[str, list[dict]]:
    """Score each forecast, lead by lead and threshold by threshold, over both PARTS.

    brier; skill: the Brier skill score, over climatology, with its 95 % interval by blocks of films; csi, announced
    from the level that was tuned; reliability: chances, shares of events and cells, bin by bin; ahead_brier and
    ahead_csi: what RainNet has more than this forecast, with its interval; rps: the mean Brier score of all
    thresholds, the ranked probability score. None where there is nothing to score.
    Source: Epstein 1969, "A scoring system for probability forecasts of ranked categories".
    """
    ours = sums[NETWORK]
    return {
        name: [
            {
                cells: {
                    f"{mm}": _row(one[cells], None if name == NETWORK else other[cells], blocks)
                    for mm, one, other in zip(MM, rows, ours[lead])
                }
                | {"rps": number_or_none(sum(whole(row[cells]["brier"]).brier() for row in rows) / len(MM))}
                for cells in PARTS
            }
            for lead, rows in enumerate(leads)
        ]
        for name, leads in sums.items()
    }


def _row(sums: dict, ours: dict | None, blocks: Sequence | int) -> dict:
    squares, bins = whole(sums["brier"]), whole(sums["bins"])
    count = count_blocks(len(sums["brier"].cells), blocks)
    several = count > 1

    def interval(of, one, against=None):
        ends = by_blocks(of, one, blocks, against) if several else (of(whole(one)),)
        return [number_or_none(end) for end in ends]

    row = {"brier": number_or_none(squares.brier()), "csi": number_or_none(whole(sums["csi"]).csi()), "blocks": count}
    row["skill"] = interval(Squares.skill, sums["brier"])
    row["reliability"] = [
        [number_or_none(value) for value in part]
        for part in (bins.said / bins.cells, bins.came / bins.cells, bins.cells)
    ]
    if ours is not None and several:
        row["ahead_brier"] = interval(Squares.brier, ours["brier"], sums["brier"])
        row["ahead_csi"] = interval(Events.csi, ours["csi"], sums["csi"])
    return row


def describe_chances(scores: dict[str, list[dict]], ahead: Sequence[int], minutes: int) -> str:
    """Return a table a lead and a part of the cells, the best RPS first. minutes: between two frames."""
    tables = []
    for place, lead in enumerate(ahead):
        for cells, told in PARTS.items():
            head = f"{lead * minutes} min, {told}"
            titles = [f"{kind} {mm} mm" for kind in ("Brier", "skill", "CSI") for mm in MM]
            lines = [f"{head:40}    RPS  " + "  ".join(titles)]
            rows = sorted(((name, leads[place][cells]) for name, leads in scores.items()), key=_rps)
            for name, row in rows:
                values = [row[f"{mm}"]["brier"] for mm in MM] + [row[f"{mm}"]["skill"][0] for mm in MM]
                values += [row[f"{mm}"]["csi"] for mm in MM]
                entries = (f"{_told(value):>{len(title)}}" for value, title in zip(values, titles))
                lines.append(f"{name:40}{_told(row['rps']):>7}  " + "  ".join(entries))
            tables.append("\n".join(lines))
    return "\n\n".join(tables)


def _rps(pair) -> float:
    return math.inf if pair[1]["rps"] is None else pair[1]["rps"]


def _told(value: float | None) -> str:
    return "none" if value is None else f"≈ {value:.3f}"


def describe_surest(scores: dict[str, list[dict]], ahead: Sequence[int], minutes: int) -> str:
    """Return a sentence a lead and threshold: by how much the Brier score of RainNet is below that of the regression.

    On cells known to motion.
    """
    lines = []
    for place, lead in enumerate(ahead):
        for mm in MM:
            rival = scores[REGRESSION][place]["known"][f"{mm}"]
            told, ends = f"{mm} mm in {lead * minutes} min", rival.get("ahead_brier")
            if not ends or None in ends:
                lines.append(f"{told}: too few blocks of films to say who is ahead")
                continue
            more, low, high = ends
            tie = ": not distinguishable here" * (low <= 0 <= high)
            few = " only" * (rival["blocks"] < FAIR)
            lines.append(
                f"{told}: {NETWORK}'s Brier score less that of the {REGRESSION} is ≈ {more:+.4f} on {PARTS['known']} "
                f"(95 % interval ≈ {low:+.4f} to ≈ {high:+.4f}, {rival['blocks']} blocks{few}){tie}"
            )
    return "\n".join(lines)
