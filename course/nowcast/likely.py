"""How likely rain is as a network and its rivals have it, and the sums of which the scores of that are made."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from course.nowcast.chances import MM, Chances, thresholds
from course.nowcast.films import Batch, Films
from course.nowcast.rivals import MIXTURE, Maps, last_of
from course.nowcast.totals import NETWORK, PARTS
from course.nowcast.windows import Windows
from course.rain import (
    Events,
    Reliability,
    count_events,
    echo_from_rain,
    rain_from_echo,
    reliability,
    sum_errors,
)

REGRESSION, CLIMATE = "logistic regression", "climatology"
SURE = [tenth / 10 for tenth in range(1, 10)]  # chances from which an event may be announced
SHARES = 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1  # of a threshold, from which a sum may announce it: as many
BINS = 10  # of chances, in a reliability diagram


class Squares(NamedTuple):
    """What Brier scores are made of, for each film: cells, squared errors of chances, and those of climatology."""

    cells: Tensor
    squares: Tensor
    climate: Tensor

    def brier(self) -> Tensor:
        return torch.where(self.cells > 0, self.squares / self.cells, math.nan)

    def skill(self) -> Tensor:
        return torch.where(self.climate > 0, 1 - self.squares / self.climate, math.nan)


class Bins(NamedTuple):
    """What a reliability diagram is made of, for each film: sums of chances, events and cells. Shapes: (N, bins)."""

    said: Tensor
    came: Tensor
    cells: Tensor


@torch.inference_mode()
def forecast_chances(model: Chances, films: Films | Windows, batch: Batch) -> Maps:
    """Forecast how likely rain is after the last frame of each film, by the network and by its rivals."""
    batch = last_of(batch)
    start, candidates = batch.start, batch.candidates
    ours = model(batch.x, start, candidates).sigmoid()
    minutes = start.new_tensor([lead * films.minutes for lead in films.ahead]).view(1, -1, 1, 1)
    stays = rain_from_echo(batch.frames[:, -1:].nan_to_num()) * minutes / 60
    forecasts = {
        NETWORK: ours,
        REGRESSION: model.regress(candidates).sigmoid(),
        CLIMATE: model.climate[None, :, :, None, None].expand_as(ours),
        films.moves_by: candidates[:, :, 1],
        f"{films.moves_by}, blurred": candidates[:, :, 0].clamp(0, 1),
        MIXTURE: start.clamp(0, 1),
        "persistence": echo_from_rain(stays.cpu()).float(),
    }
    forecasts = {name: part.cpu() for name, part in forecasts.items()}
    return Maps(*(part.cpu() for part in (batch.y, batch.seen, batch.known)), forecasts)


def count_chances(parts: Iterable[Maps]) -> dict[str, Tensor]:
    """Count the events that each forecast announces from each of nine levels on, on cells known to motion.

    The levels are tenths of chances, or shares of the threshold for sums.
    Shapes: of each forecast (L, thresholds, levels, 3), the fields of `Events`.
    """
    counts = {}
    for maps in parts:
        for name, part in maps.forecasts.items():
            found = [
                [
                    torch.stack([_counted(guess, truth, least, seen, level) for level in levels])
                    for guess, truth, least, seen, levels in _asked(maps, part, lead)
                ]
                for lead in range(maps.truth.shape[1])
            ]
            counts[name] = counts.get(name, 0) + torch.stack([torch.stack(each) for each in found])
    return counts


def tune_chances(
    counts: Sequence[dict[str, Tensor]], sure: Sequence[str] = (NETWORK, REGRESSION, CLIMATE)
) -> dict[str, list]:
    """Choose for each forecast from which level on it announces an event such that its CSI is the best.

    Of equally good ones the lowest counts; without an event the usual one, a half or the threshold.
    counts: of each process. sure: the forecasts that are chances, not sums.
    Shapes: of each forecast L x thresholds.
    """
    chosen = {}
    for name in next(filter(None, counts)):
        events = sum(some[name] for some in counts if some)
        scores, real = Events(*events.unbind(3)).csi(), events[:, :, 0, :2].sum(-1) > 0
        choices, usual = (SURE, 0.5) if name in sure else (SHARES, 1.0)
        chosen[name] = [
            [float(choices[place]) if some else usual for place, some in zip(*pair)]
            for pair in zip(scores.nan_to_num().argmax(2).tolist(), real.tolist())
        ]
    return chosen


def _counted(*asked) -> Tensor:
    return torch.stack(count_events(*asked)).sum(1)


def _asked(maps: Maps, part: Tensor, lead: int) -> Iterator[tuple]:
    """For each threshold: what a forecast says, what came, the threshold, where both are known, and the levels."""
    seen = (maps.seen & maps.known)[:, lead]
    for place, (mm, least) in enumerate(zip(MM, thresholds())):
        if part.dim() == 5:
            yield part[:, lead, place], maps.truth[:, lead], least, seen, SURE
        else:
            levels = [float(echo_from_rain(mm * share)) for share in SHARES]
            yield part[:, lead], maps.truth[:, lead], least, seen, levels


def sum_likely(maps: Maps, km: float, levels: dict[str, list] | None = None) -> dict[str, list]:
    """Return what the scores of each forecast are made of, lead by lead, threshold by threshold, over both PARTS.

    levels: as `tune_chances` gives them. km is not needed here, but for scores of frames.
    """
    climate, found = maps.forecasts[CLIMATE], {}
    for name, part in maps.forecasts.items():
        found[name] = []
        for lead in range(maps.truth.shape[1]):
            rows = []
            for place, (mm, least) in enumerate(zip(MM, thresholds())):
                guess = part[:, lead, place] if part.dim() == 5 else part[:, lead]
                chance = guess if part.dim() == 5 else (guess >= least).float()
                level = 0.5 if part.dim() == 5 else least
                if levels:
                    level = levels[name][lead][place]
                    level = level if part.dim() == 5 else float(echo_from_rain(mm * level))
                event, seen = maps.truth[:, lead] >= least, maps.seen[:, lead]
                row = {}
                for cells, here in zip(PARTS, (seen, seen & maps.known[:, lead])):
                    ours, theirs = (sum_errors(each, event.float(), here) for each in (chance, climate[:, lead, place]))
                    row[cells] = {
                        "brier": Squares(ours.cells, ours.squares, theirs.squares),
                        "csi": count_events(guess, maps.truth[:, lead], least, here, level),
                        "bins": _bins(chance, event, here),
                    }
                rows.append(row)
            found[name].append(rows)
    return found


def _bins(chance: Tensor, event: Tensor, seen: Tensor) -> Bins:
    each = []
    for one in zip(chance, event, seen):
        part = reliability(*one, bins=BINS) if one[2].any() else Reliability(*torch.zeros(3, BINS).double())
        each.append([(part.forecast * part.count).nan_to_num(), (part.observed * part.count).nan_to_num(), part.count])
    return Bins(*(torch.stack(parts) for parts in zip(*each)))
