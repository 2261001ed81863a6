"""What a trained network is worth: its forecasts beside those of its rivals, scored by lead time."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course.nowcast.films import PLAIN, Batch, Films
from course.nowcast.windows import Windows
from course.rain import (
    Damping,
    Errors,
    Events,
    Fractions,
    by_blocks,
    count_events,
    echo_from_rain,
    fit_damping,
    rain_from_echo,
    sum_errors,
    sum_fractions,
)

FAIR = 10  # blocks that make a fair interval
RAIN = 0.1, 1, 5  # mm/h: from which rain is an event
SQUARES = 10, 20  # km: sides of the squares of FSS, for 1 mm/h
Sums = dict[str, Errors | Events | Fractions]


class Maps(NamedTuple):
    """Forecasts from all frames that may be seen, of the lowest height, and what came.

    Shapes: truth and seen (B, L, H, W), each of forecasts as well.
    """

    truth: Tensor
    seen: Tensor
    forecasts: dict[str, Tensor]


def rivals_of(films: Films | Windows, batch: Batch) -> Maps:
    """What follows the last frame of each film as the network's rivals have it, of the lowest height, on the CPU."""
    leads = len(films.ahead)
    now = batch.x[:, -1, :1].expand(-1, leads, *batch.x.shape[3:])
    forecasts = {
        films.moves_by: batch.x[:, -1, -2 * leads : -leads],
        f"{films.moves_by}, blurred": batch.x[:, -1, -leads:].clamp(0, 1),
        "persistence": now,
    }
    return _lowest(films.dim, Maps(batch.y[:, -1], batch.seen[:, -1], forecasts))


@torch.inference_mode()
def forecast(model: nn.Module, films: Films | Windows, batch: Batch) -> Maps:
    """Forecast what follows the last frame of each film, by the network and by its rivals."""
    maps = rivals_of(films, batch)
    ours = _lowest(films.dim, Maps(batch.y[:, -1], batch.seen[:, -1], {"RainNet": model(batch.x)[:, -1].clamp(0, 1)}))
    return maps._replace(forecasts=ours.forecasts | maps.forecasts)


def _lowest(dim: int, maps: Maps) -> Maps:
    place = (slice(None), slice(None), 0) if dim == 3 else ()
    forecasts = {name: part[place].cpu() for name, part in maps.forecasts.items()}
    return Maps(maps.truth[place].cpu(), maps.seen[place].cpu(), forecasts)


def join_maps(parts: Iterable[Maps]) -> Maps:
    """Put the maps of several batches of films together, in their order."""
    parts = list(parts)
    names = parts[0].forecasts
    return Maps(
        torch.cat([part.truth for part in parts]),
        torch.cat([part.seen for part in parts]),
        {name: torch.cat([part.forecasts[name] for part in parts]) for name in names},
    )


def fit_dampings(maps: Maps, name: str) -> list[Damping]:
    """Blur and damp a forecast such that its error is the least, lead by lead; not at all if nothing was measured."""
    leads = zip(maps.forecasts[name].unbind(1), maps.truth.unbind(1), maps.seen.unbind(1))
    return [fit_damping(guess, truth, seen) if seen.any() else PLAIN for guess, truth, seen in leads]


def sum_scores(maps: Maps, km: float) -> dict[str, list[Sums]]:
    """Return what the scores of each forecast are made of, lead by lead, film by film. km: from cell to cell."""
    found = {}
    for name, guesses in maps.forecasts.items():
        found[name] = []
        for lead in range(maps.truth.shape[1]):
            guess, truth, seen = (part[:, lead] for part in (guesses, maps.truth, maps.seen))
            sums = {
                "rmse": sum_errors(255 * guess, 255 * truth, seen),
                "mae": sum_errors(rain_from_echo(guess), rain_from_echo(truth), seen),
            }
            for rain in RAIN:
                sums[f"{rain}"] = count_events(guess, truth, _threshold(rain), seen)
            for side in SQUARES:
                width = max(1, round(side / km))
                sums[f"fss_{side}km"] = sum_fractions(guess, truth, _threshold(1), width, seen)
            found[name].append(sums)
    return found


def join_sums(parts: Iterable[dict[str, list[Sums]]]) -> dict[str, list[Sums]]:
    """Put the sums of several batches of films together, in their order."""
    parts = list(parts)

    def joined(name: str, lead: int, kind: str):
        some = [part[name][lead][kind] for part in parts]
        return type(some[0])(*(torch.cat(fields) for fields in zip(*some)))

    return {
        name: [{kind: joined(name, lead, kind) for kind in sums} for lead, sums in enumerate(leads)]
        for name, leads in parts[0].items()
    }


def score(sums: dict[str, list[Sums]], blocks: Sequence | int = 1) -> dict[str, list[dict]]:
    """Score each forecast, lead by lead: over all films, and what the network has more than each, with its interval.

    rmse in codes, mae in mm/h; csi, pod, far and bias from each rain rate on; fss for 1 mm/h. None where there is
    nothing to score. ahead_rmse, ahead_csi_1: what RainNet has more than this forecast, with its 95 % interval by
    blocks of films; None where there are less than two blocks. blocks: how many there are.
    """
    ours = sums["RainNet"]
    return {
        name: [_score(one, None if name == "RainNet" else ours[lead], blocks) for lead, one in enumerate(leads)]
        for name, leads in sums.items()
    }


def _score(sums: Sums, ours: Sums | None, blocks: Sequence | int) -> dict[str, object]:
    whole = {kind: type(part)(*(field.sum() for field in part)) for kind, part in sums.items()}
    scores = {"rmse": whole["rmse"].rmse(), "mae": whole["mae"].mae()}
    for rain in RAIN:
        events = whole[f"{rain}"]
        scores |= {f"{kind}_{rain}": getattr(events, kind)() for kind in ("csi", "pod", "far", "bias")}
    scores |= {kind: part.fss() for kind, part in whole.items() if kind.startswith("fss")}
    scores = {kind: _number(value) for kind, value in scores.items()}
    if ours is not None:
        films = len(ours["rmse"][0])
        scores["blocks"] = -(-films // blocks) if isinstance(blocks, int) else len(set(blocks))
        for kind, part, of in (("rmse", "rmse", Errors.rmse), ("csi_1", "1", Events.csi)):
            several = scores["blocks"] > 1
            ends = by_blocks(of, ours[part], blocks, against=sums[part]) if several else ()
            scores[f"ahead_{kind}"] = [_number(value) for value in ends] or None
    return scores


def _number(value: Tensor | float) -> float | None:
    value = float(value)
    return None if math.isnan(value) else value


def _threshold(rain: float) -> float:
    return float(echo_from_rain(rain))


def describe_scores(scores: dict[str, list[dict]], ahead: Sequence[int], minutes: int) -> str:
    """Return a table a lead, one line a forecast, the best RMSE first. minutes: between two frames."""
    lines = []
    for place, lead in enumerate(ahead):
        head = f"{lead * minutes} min ahead"
        lines.append(f"{head:24} RMSE codes  MAE mm/h  CSI 0.1 mm/h  CSI 1 mm/h  CSI 5 mm/h  FSS 20 km")
        rows = [(name, leads[place]) for name, leads in scores.items()]
        for name, row in sorted(rows, key=lambda pair: math.inf if pair[1]["rmse"] is None else pair[1]["rmse"]):
            columns = ("rmse", 10, 2), ("mae", 8, 3), ("csi_0.1", 12, 3), ("csi_1", 10, 3), ("csi_5", 10, 3)
            columns = *columns, (f"fss_{SQUARES[-1]}km", 9, 3)
            lines.append(f"{name:24} " + "  ".join(_entry(row[kind], width, digits) for kind, width, digits in columns))
        lines += [""] * (place < len(ahead) - 1)
    return "\n".join(lines)


def describe_ahead(scores: dict[str, list[dict]], ahead: Sequence[int], minutes: int) -> str:
    """Return a sentence a lead: by how much RainNet is ahead of its best rival, the one with the least RMSE."""
    lines = []
    for place, lead in enumerate(ahead):
        rivals = {name: leads[place] for name, leads in scores.items() if name != "RainNet"}
        rivals = {name: row for name, row in rivals.items() if row["rmse"] is not None}
        ours, head = scores["RainNet"][place]["rmse"], f"{lead * minutes} min ahead"
        if ours is None or not rivals:
            lines.append(f"{head} nothing was measured, so nobody is ahead")
            continue
        best = min(rivals, key=lambda name: rivals[name]["rmse"])
        more, low, high = rivals[best]["ahead_rmse"] or (ours - rivals[best]["rmse"], None, None)
        told = f"{head} RainNet has ≈ {abs(more):.2f} codes {'less' if more < 0 else 'more'} RMSE than {best}"
        if low is None:
            lines.append(f"{told} (too few blocks of films for an interval)")
            continue
        if more < 0:  # said as how much less
            low, high = -high, -low
        tie = ": not distinguishable here" * (low <= 0 <= high)
        few = f", though of {rivals[best]['blocks']} blocks of films only" * (rivals[best]["blocks"] < FAIR)
        lines.append(f"{told} (95 % interval ≈ {low:.2f} to ≈ {high:.2f}{few}){tie}")
    return "\n".join(lines)


def _entry(value: float | None, width: int, digits: int) -> str:
    return f"{'none' if value is None else f'≈ {value:.{digits}f}':>{width}}"
