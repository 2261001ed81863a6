"""What a trained network is worth: its forecasts beside those of its rivals, scored by lead time."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course.nowcast.films import Films
from course.rain import STRONG, csi, rmse

NAMES = "RainNet", "advection", "persistence"


@torch.inference_mode()
def forecast(model: nn.Module, films: Films, chosen: Sequence[int], device: torch.device | str) -> dict[str, Tensor]:
    """Forecast the lowest height, from all frames that may be seen: by the network and by its rivals.

    Shapes: each (B, L, H, W): "truth" and "seen", "RainNet", "persistence", "advection".
    """
    batch = films.batch(chosen).to(device)
    leads = len(films.ahead)
    maps = {
        "truth": batch.y,
        "seen": batch.seen,
        "RainNet": model(batch.x).clamp(0, 1),
        "persistence": batch.x[:, :, :1].expand(-1, -1, leads, *batch.x.shape[3:]),
        "advection": batch.x[:, :, -leads:],
    }
    lowest = (slice(None), -1) if films.dim == 2 else (slice(None), -1, slice(None), 0)
    return {name: values[lowest].cpu() for name, values in maps.items()}


def score(maps: dict[str, Tensor]) -> dict[str, list[dict[str, float | None]]]:
    """Score the forecasts, lead by lead: RMSE in codes, CSI at 20 and 35 dBZ; None where there is nothing to score."""
    scores = {name: [] for name in NAMES}
    for lead in range(maps["truth"].shape[1]):
        truth, seen = maps["truth"][:, lead], maps["seen"][:, lead]
        for name in NAMES:
            guess = maps[name][:, lead]
            rain = [csi(guess, truth, code / 255, seen) for code in STRONG]
            numbers = dict(zip(("rmse", "csi_20dBZ", "csi_35dBZ"), (255 * rmse(guess, truth, seen), *rain)))
            scores[name].append({kind: None if math.isnan(number) else number for kind, number in numbers.items()})
    return scores


def describe_scores(scores: dict[str, list[dict[str, float | None]]], ahead: Sequence[int]) -> str:
    """Return a table a lead, one line a forecast."""
    lines = []
    for place, lead in enumerate(ahead):
        lines.append(f"{f'{lead} frames ahead':16}  RMSE (codes)  CSI at 20 dBZ  CSI at 35 dBZ")
        for name, rows in scores.items():
            row = rows[place]
            error = f"{'none':>12}" if row["rmse"] is None else f"≈ {row['rmse']:10.2f}"
            rain = row["csi_20dBZ"], row["csi_35dBZ"]
            light, heavy = ("none" if value is None else f"≈ {value:.3f}" for value in rain)
            lines.append(f"{name:16}  {error}  {light:>13}  {heavy:>13}")
    return "\n".join(lines)
