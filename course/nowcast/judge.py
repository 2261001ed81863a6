"""What a trained network is worth: its forecasts beside those of its rivals, scored by lead time."""

import math
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from course.nowcast.films import Batch, Films
from course.nowcast.rivals import Maps, last_of, lowest, rivals_of
from course.nowcast.totals import FAIR, NETWORK, PARTS, count_blocks, names_of_all, number_or_none, whole
from course.nowcast.windows import Windows
from course.rain import (
    Errors,
    Events,
    Fractions,
    by_blocks,
    count_events,
    echo_from_rain,
    rain_from_echo,
    sum_errors,
    sum_fractions,
)

RAIN = 0.1, 1, 5  # mm/h: from which rain is an event
LEVELS = 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.5  # mm/h: from which a forecast may announce 1 mm/h
SQUARES = 10, 20  # km: sides of the squares of FSS, for 1 mm/h
AHEAD = {"rmse": ("rmse", Errors.rmse), "csi_1": ("1", Events.csi), "csi_tuned": ("tuned", Events.csi)}
Sums = dict[str, dict[str, Errors | Events | Fractions]]  # of both parts
Levels = dict[str, list[float]]  # mm/h, lead by lead, of each forecast


@torch.inference_mode()
def forecast(model: nn.Module, films: Films | Windows, batch: Batch) -> Maps:
    """Forecast what follows the last frame that is asked of each film, by the network and by its rivals."""
    batch = last_of(batch)
    maps = rivals_of(films, batch)
    ours = lowest(films.dim, model(batch.x, batch.start, batch.candidates).clamp(0, 1))
    return maps._replace(forecasts={NETWORK: ours} | maps.forecasts)


def count_levels(parts: Iterable[Maps]) -> dict[str, Tensor]:
    """Count the events of 1 mm/h that each forecast announces from each of LEVELS on, on cells known to motion.

    Shapes: of each forecast (L, levels, 3), the fields of `Events`.
    """
    counts = {}
    for maps in parts:
        for name, guesses in maps.forecasts.items():
            leads = zip(guesses.unbind(1), maps.truth.unbind(1), (maps.seen & maps.known).unbind(1))
            events = [
                [count_events(*lead[:2], _echo_of(1), lead[2], _echo_of(level)) for level in LEVELS] for lead in leads
            ]
            sums = torch.tensor([[[field.sum() for field in each] for each in lead] for lead in events])
            counts[name] = counts.get(name, 0) + sums
    return counts


def tune_levels(counts: Sequence[dict[str, Tensor]]) -> Levels:
    """Choose from which rain on each forecast announces 1 mm/h such that its CSI is the best, lead by lead.

    A forecast that blurs gains by a level below 1 mm/h. All choose from the same; of equally good levels the lowest
    counts, and 1 mm/h where there is no event. counts: of each process.
    """
    levels = {}
    for name in names_of_all(filter(None, counts)):
        events = Events(*sum(some[name] for some in counts if some).unbind(2))
        real, best = (events.hits + events.misses)[:, 0], events.csi().argmax(1)
        levels[name] = [float(LEVELS[place]) if some else 1.0 for place, some in zip(best.tolist(), real.tolist())]
    return levels


def sum_scores(maps: Maps, km: float, levels: Levels | None = None) -> dict[str, list[Sums]]:
    """Return what the scores of each forecast are made of, lead by lead, film by film, over both parts of the cells.

    km: from cell to cell. levels: as `tune_levels` gives them; of a forecast without, 1 mm/h.
    """
    found = {}
    for name, guesses in maps.forecasts.items():
        found[name] = []
        for lead in range(maps.truth.shape[1]):
            guess, truth, seen, known = (part[:, lead] for part in (guesses, maps.truth, maps.seen, maps.known))
            level = levels[name][lead] if levels and name in levels else 1
            parts = zip(PARTS, (seen, seen & known))
            found[name].append({part: _sum_part(guess, truth, here, km, level) for part, here in parts})
    return found


def _sum_part(guess: Tensor, truth: Tensor, seen: Tensor, km: float, level: float) -> dict:
    sums = {
        "rmse": sum_errors(255 * guess, 255 * truth, seen),
        "mae": sum_errors(rain_from_echo(guess), rain_from_echo(truth), seen),
        "tuned": count_events(guess, truth, _echo_of(1), seen, _echo_of(level)),
    }
    sums |= {f"{rain}": count_events(guess, truth, _echo_of(rain), seen) for rain in RAIN}
    for side in SQUARES:
        sums[f"fss_{side}km"] = sum_fractions(guess, truth, _echo_of(1), max(1, round(side / km)), seen)
    return sums


def score(sums: dict[str, list], blocks: Sequence | int = 1, row: Callable | None = None) -> dict[str, list[dict]]:
    """Score each forecast, lead by lead: over all films, and what the network has more than each, with its interval.

    rmse in codes, mae in mm/h; csi, pod, far and bias from each rain rate on; csi_tuned from 1 mm/h on, announced from
    the level that was tuned; fss for 1 mm/h. None where there is nothing to score. ahead_rmse, ahead_csi_1 and
    ahead_csi_tuned: what RainNet has more than this forecast, with its 95 % interval by blocks of films; None where
    there are less than two blocks. blocks: how many there are. known: the same of those cells alone that are known to
    motion: elsewhere rain comes from outside, of which each forecast can only guess.
    row: what makes scores of sums, of a target other than frames.
    """
    scores, row = {}, row or _score
    for name, leads in sums.items():
        ours = [None] * len(leads) if name == NETWORK else sums[NETWORK]
        rows = [
            {cells: row(one[cells], other and other[cells], blocks) for cells in PARTS}
            for one, other in zip(leads, ours)
        ]
        scores[name] = [both["measured"] | {"known": both["known"]} for both in rows]
    return scores


def _score(sums: dict, ours: dict | None, blocks: Sequence | int) -> dict[str, object]:
    total = {kind: whole(part) for kind, part in sums.items()}
    scores = {"rmse": total["rmse"].rmse(), "mae": total["mae"].mae(), "csi_tuned": total["tuned"].csi()}
    for rain in RAIN:
        events = total[f"{rain}"]
        scores |= {f"{kind}_{rain}": getattr(events, kind)() for kind in ("csi", "pod", "far", "bias")}
    scores |= {kind: part.fss() for kind, part in total.items() if kind.startswith("fss")}
    scores = {kind: number_or_none(value) for kind, value in scores.items()}
    return scores if ours is None else scores | lead_of(ours, sums, AHEAD, blocks)


def lead_of(ours: dict, theirs: dict, kinds: dict[str, tuple], blocks: Sequence | int) -> dict[str, object]:
    """Return in how many blocks films lie, and what ours have more than theirs, with its 95 % interval; None in one.

    kinds: of each score the name of its sums, and what it is of them.
    """
    first, _ = next(iter(kinds.values()))
    told = {"blocks": count_blocks(len(ours[first][0]), blocks)}
    for kind, (part, of) in kinds.items():
        ends = by_blocks(of, ours[part], blocks, against=theirs[part]) if told["blocks"] > 1 else ()
        told[f"ahead_{kind}"] = [number_or_none(value) for value in ends] or None
    return told


def _echo_of(rain: float) -> float:
    return float(echo_from_rain(rain))


COLUMNS = {
    "rmse": ("RMSE codes", 2),
    "mae": ("MAE mm/h", 3),
    "csi_0.1": ("CSI 0.1 mm/h", 3),
    "csi_1": ("CSI 1 mm/h", 3),
    "csi_tuned": ("CSI 1 tuned", 3),
    "csi_5": ("CSI 5 mm/h", 3),
    f"fss_{SQUARES[-1]}km": (f"FSS {SQUARES[-1]} km", 3),
}


def describe_scores(
    scores: dict[str, list[dict]], ahead: Sequence[int], minutes: int, columns: dict[str, tuple[str, int]] = COLUMNS
) -> str:
    """Return two tables a lead, of both parts of the cells: one line a forecast, the best RMSE first.

    minutes: between two frames. columns: titles and digits of the scores.
    """
    tables = []
    for place, lead in enumerate(ahead):
        for part, told in PARTS.items():
            rows = {name: leads[place]["known"] if part == "known" else leads[place] for name, leads in scores.items()}
            rows = sorted(rows.items(), key=lambda pair: math.inf if pair[1]["rmse"] is None else pair[1]["rmse"])
            lines = [
                f"{lead * minutes} min ahead, {told}",
                f"{'':25}" + "  ".join(title for title, _ in columns.values()),
            ]
            for name, row in rows:
                entries = [_entry(row[kind], len(title), digits) for kind, (title, digits) in columns.items()]
                lines.append(f"{name:25}" + "  ".join(entries))
            tables.append("\n".join(lines))
    return "\n\n".join(tables)


def describe_ahead(scores: dict[str, list[dict]], ahead: Sequence[int], minutes: int, unit: str = "codes") -> str:
    """Return a sentence a lead: by how much RainNet is ahead of its best rival, the one with the least RMSE.

    One more if that is not the network of another run that is beside it. All are those of the cells known to motion.
    """
    lines = []
    for place, lead in enumerate(ahead):
        rows = {name: leads[place]["known"] for name, leads in scores.items()}
        ours, head = rows.pop(NETWORK)["rmse"], f"{lead * minutes} min ahead"
        rivals = {name: row for name, row in rows.items() if row["rmse"] is not None}
        if ours is None or not rivals:
            lines.append(f"{head} nothing was measured where motion knows what comes, so nobody is ahead")
            continue
        best = min(rivals, key=lambda name: rivals[name]["rmse"])
        lines.append(_ahead_of(f"its best rival, {best}", ours, rivals[best], head, unit))
        others = [name for name in rivals if name.startswith(f"{NETWORK} of ") and name != best]
        lines += [_ahead_of(name, ours, rivals[name], head, unit) for name in others]
    return "\n".join(lines)


def _ahead_of(rival: str, ours: float, row: dict, head: str, unit: str) -> str:
    form = {"codes": ".2f"}.get(unit, ".3f")
    more, low, high = row["ahead_rmse"] or (ours - row["rmse"], None, None)
    told = f"{head} RainNet has ≈ {abs(more):{form}} {unit} {'less' if more < 0 else 'more'} RMSE than {rival}"
    told += f", on {PARTS['known']}"
    if low is None:
        return f"{told} (too few blocks of films for an interval)"
    if more < 0:  # said as how much less
        low, high = -high, -low
    tie = ": not distinguishable here" * (low <= 0 <= high)
    few = f", though of {row['blocks']} blocks of films only" * (row["blocks"] < FAIR)
    return f"{told} (95 % interval ≈ {low:{form}} to ≈ {high:{form}}{few}){tie}"


def _entry(value: float | None, width: int, digits: int) -> str:
    return f"{'none' if value is None else f'≈ {value:.{digits}f}':>{width}}"
