"""What forecast sums of rain are worth, beside those of rivals: errors in mm, and CSI by thresholds of the sum."""

from collections.abc import Sequence

import torch
from torch import Tensor

from course.nowcast import judge
from course.nowcast.amounts import Amounts
from course.nowcast.chances import MM, thresholds
from course.nowcast.films import Batch, Films
from course.nowcast.hours import amount_of, echo_of
from course.nowcast.rivals import MIXTURE, Maps, last_of
from course.nowcast.totals import NETWORK, PARTS, number_or_none, whole
from course.nowcast.windows import Windows
from course.rain import Errors, Events, count_events, echo_from_rain, rain_from_echo, sum_errors

CONSTANT = "constant"
AHEAD = {"rmse": ("errors", Errors.rmse)} | {f"csi_{mm}": (f"{mm}", Events.csi) for mm in MM}
COLUMNS = {"rmse": ("RMSE mm", 3), "mae": ("MAE mm", 3)} | {f"csi_{mm}": (f"CSI {mm} mm", 3) for mm in MM}


@torch.inference_mode()
def forecast_amounts(model: Amounts, films: Films | Windows, batch: Batch) -> Maps:
    """Forecast how much rain falls after the last frame of each film, by the network and by its rivals, as echo."""
    batch = last_of(batch)
    start, candidates = batch.start, batch.candidates
    hours = start.new_tensor([lead * films.minutes / 60 for lead in films.ahead]).view(1, -1, 1, 1)
    forecasts = {
        NETWORK: model(batch.x, start, candidates),
        films.moves_by: candidates[:, :, 1],
        f"{films.moves_by}, blurred": candidates[:, :, 0],
        MIXTURE: start,
        "persistence": amount_of(batch.frames[:, -1:].nan_to_num()) * hours,
        CONSTANT: model.mean.view(1, -1, 1, 1).expand_as(start),
    }
    forecasts = {name: echo_of(part.cpu()) for name, part in forecasts.items()}
    return Maps(echo_of(batch.y.cpu()), batch.seen.cpu(), batch.known.cpu(), forecasts)


def sum_amounts(maps: Maps, km: float, levels: dict[str, list] | None = None) -> dict[str, list]:
    """Return what the scores of each forecast are made of, lead by lead, over both PARTS.

    levels: as `tune_chances` gives them, shares of the thresholds. km is not needed here, but for scores of frames.
    """
    found = {}
    for name, part in maps.forecasts.items():
        found[name] = []
        for lead in range(maps.truth.shape[1]):
            guess, truth, seen, known = (each[:, lead] for each in (part, maps.truth, maps.seen, maps.known))
            shares = levels[name][lead] if levels else [1.0] * len(MM)
            found[name].append(
                {cells: _sum_cells(guess, truth, here, shares) for cells, here in zip(PARTS, (seen, seen & known))}
            )
    return found


def _sum_cells(guess: Tensor, truth: Tensor, seen: Tensor, shares: Sequence[float]) -> dict:
    sums = {"errors": sum_errors(rain_from_echo(guess), rain_from_echo(truth), seen)}
    for mm, least, share in zip(MM, thresholds(), shares):
        sums[f"{mm}"] = count_events(guess, truth, least, seen, float(echo_from_rain(mm * share)))
    return sums


def score_amounts(sums: dict[str, list], blocks: Sequence | int = 1) -> dict[str, list[dict]]:
    """Score each forecast, lead by lead: rmse and mae in mm, csi of each threshold from the level that was tuned.

    ahead_rmse, ahead_csi_0.1 and so on: what RainNet has more than this forecast, as in `judge.score`.
    """
    return judge.score(sums, blocks, _score_cells)


def _score_cells(sums: dict, ours: dict | None, blocks: Sequence | int) -> dict[str, object]:
    errors = whole(sums["errors"])
    scores = {"rmse": errors.rmse(), "mae": errors.mae()} | {f"csi_{mm}": whole(sums[f"{mm}"]).csi() for mm in MM}
    scores = {kind: number_or_none(value) for kind, value in scores.items()}
    return scores if ours is None else scores | judge.lead_of(ours, sums, AHEAD, blocks)
