"""The question of the competition: how much rain falls into the gauge between one and two hours from now?

The gauge stands at the centre of each film, and the answer is the film's label. All networks are trained alike: as many
steps, and of three learning rates the one that is best on films that judge nothing.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn
from torch.nn import functional as F

from course import _streams
from course._atomic import make_writable, written_whole
from course.convlstm import RainNet
from course.nowcast.data import STORM
from course.nowcast.sources import km_of
from course.rain import (
    ANN,
    CNN,
    LSTM,
    MINUTES,
    MISSING,
    SHAPE,
    Errors,
    RainDataset,
    by_blocks,
    drift,
    echo,
    rain_from_echo,
    sum_errors,
    sum_rain,
)
from course.rain import storms as make_storms
from course.rain.storms import AHEAD

RATES = 0.001, 0.003, 0.01
STEPS, BATCH = 200, 16
CONSTANT, ADVECTED, DAMPED = "constant", "advection", "advection, damped"


class Gauge(NamedTuple):
    """Films and the rain that their gauges will catch. Shapes: x float32 (N, T, D, H, W), echo from 0 to 1, y (N,).

    seen: where echo was measured. Units: y in mm.
    """

    x: Tensor
    seen: Tensor
    y: Tensor

    def part(self, films: slice) -> "Gauge":
        return Gauge(*(part[films] for part in self))


class ConvLSTMGauge(nn.Module):
    """Rain from what RainNet makes of the maps: its last maps, pooled to 4 x 4, and one linear layer. Units: mm.

    Shapes: x (B, T, D, H, W) with the D given here, sides of 4 or more; returns (B,).
    """

    def __init__(self, levels: int, hidden: Sequence[int] = (8, 8), maps: int = 8):
        super().__init__()
        generator = torch.Generator().manual_seed(int(torch.randint(2**31, ())))  # as the others: from torch's own
        self.net = RainNet(levels, hidden, dim=2, generator=generator, out_channels=maps)
        self.last = nn.Linear(16 * maps, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(F.adaptive_avg_pool2d(self.net(x)[:, -1], 4).flatten(1)).squeeze(1)


def networks(steps: int, levels: int) -> dict[str, Callable[[], nn.Module]]:
    """Return what makes each network, for films of so many steps and heights."""
    return {
        "ANN": lambda: ANN(steps, levels),
        "CNN": lambda: CNN(steps, levels),
        "LSTM": lambda: LSTM(levels),
        "ConvLSTM": lambda: ConvLSTMGauge(levels),
    }


def pool_films(values: ndarray, labels: ndarray | Tensor, missing: int, pool: int) -> Gauge:
    """Return films as networks want them: means over squares of `pool` cells, with a square around the gauge.

    Shapes: values uint8 (N, T, D, H, W), labels (N,).
    Raises: ValueError if fewer than eight squares fit in.
    """
    rows, columns = values.shape[3:]
    if not 1 <= pool <= min(rows, columns) // 8:
        raise ValueError(f"pool is {pool}, expected 1 to {min(rows, columns) // 8}: of {rows} x {columns} cells")
    # An odd number of squares, so that one is at the centre: only cells at the edge are left out.
    counts = [side // pool - (1 - side // pool % 2) for side in (rows, columns)]
    first = [max(0, side // 2 - count * pool // 2) for side, count in zip((rows, columns), counts)]
    square = (slice(start, start + count * pool) for start, count in zip(first, counts))
    light, seen = echo(np.ascontiguousarray(values[(..., *square)]), missing)
    shape = len(light), light.shape[1], light.shape[2], *counts
    sums, share = (F.avg_pool2d(part.float().flatten(0, 1), pool).view(shape) for part in (light, seen))
    return Gauge(sums / share.clamp(min=1e-6), share > 0, torch.as_tensor(labels, dtype=torch.float32))


def find_gauge(
    data: Path | str | None = None,
    *,
    storms: int = 1000,
    shape: Sequence[int] | None = None,
    missing: int = MISSING,
    pool: int = 3,
    seed: int = 0,
    cache: Path | str | None = None,
    progress: bool | None = None,
) -> tuple[Gauge, Gauge, Gauge]:
    """Return films to train on, to choose rates by (a fifth) and to judge by (the last fifth).

    data: a text of the CIKM format; without it storms are made. shape: (T, D, H, W). cache: as for `cache_text`.
    Raises: ValueError for fewer than five films; as `RainDataset.from_text` and `storms`.
    """
    if data is None:
        made = make_storms(storms, seed, tuple(shape or STORM), km=km_of(shape or STORM))
        values, labels, missing = made.values, made.labels, MISSING
    else:
        found = RainDataset.from_text(data, tuple(shape or SHAPE), missing, cache=cache, progress=progress)
        values, labels = found.values, found.labels
    if len(values) < 5:
        raise ValueError(f"{len(values)} films are too few, expected 5 or more: give more storms, or another text")
    films = pool_films(values, labels, missing, pool)
    fifth = len(values) // 5
    return tuple(films.part(part) for part in (slice(-2 * fifth), slice(-2 * fifth, -fifth), slice(-fifth, None)))


def judge_gauge(
    out: Path | str, *, seeds: int = 5, steps: int = STEPS, say: Callable[[str], object] = _streams.say, **finding
) -> dict[str, list[dict]]:
    """Find films, compare all forecasts of their gauges and write gauge.json into a folder; return the scores.

    finding: as for `find_gauge`.
    """
    if seeds < 1 or steps < 1:
        raise ValueError(f"seeds is {seeds} and steps {steps}, expected 1 or more of each")
    make_writable(out)
    parts = find_gauge(**finding)
    counts = {name: len(part.y) for name, part in zip(("train", "valid", "test"), parts)}
    say(f"{counts['train']} films to train on, {counts['valid']} to choose rates by and {counts['test']} to judge by")
    scores = compare_gauge(*parts, seeds, steps, say)
    path = Path(out) / "gauge.json"
    with written_whole(path) as part:
        part.write_text(json.dumps(counts | {"steps": steps, "scores": scores}), encoding="utf-8")
    say(f"{path} holds the scores")
    return scores


def rain_by_drift(films: Gauge) -> Tensor:
    """Return the rain that the last frame brings to the gauge in the second hour, moved on as it drifted. Units: mm.

    The map at the edge stands for what comes from outside.
    Shapes: (N,).
    """
    low, seen = films.x[:, :, :1], films.seen[:, :, :1]
    steps = torch.arange(AHEAD // 2 + 1, AHEAD + 1, dtype=low.dtype).view(1, -1, 1)
    sides = low.new_tensor(low.shape[-2:])
    middle = (sides / 2).floor()
    place = (middle - steps * drift(low, seen)[:, None]) * 2 / (sides - 1) - 1  # grid_sample: from -1 to 1
    grid = place.clamp(-1, 1).flip(-1).unsqueeze(2)  # x, y
    echoes = F.grid_sample(low[:, -1], grid, align_corners=True)[:, 0, :, 0]
    return sum_rain(rain_from_echo(echoes), MINUTES)


def train_gauge(make: Callable[[], nn.Module], films: Gauge, rate: float, seed: int, steps: int = STEPS) -> nn.Module:
    """Train a network for so many steps of 16 films, by Adam on the squared error; begin at the mean.

    The rate falls to nothing by a cosine.
    """
    torch.manual_seed(seed)
    model, order = make(), np.random.default_rng(seed)
    *_, last = (part for part in model.modules() if isinstance(part, nn.Linear))
    nn.init.zeros_(last.weight)
    nn.init.constant_(last.bias, films.y.mean().item())
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        some = order.choice(len(films.y), min(BATCH, len(films.y)), replace=False)
        loss = (model(films.x[some]) - films.y[some]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        schedule.step()
    return model.eval()


@torch.inference_mode()
def predict_gauge(model: nn.Module, films: Gauge) -> Tensor:
    """Return the rain that a network expects, never below 0. Shapes: (N,). Units: mm."""
    return torch.cat([model(part) for part in films.x.split(BATCH)]).clamp(min=0)


def compare_gauge(
    train: Gauge,
    valid: Gauge,
    test: Gauge,
    seeds: int = 5,
    steps: int = STEPS,
    say: Callable[[str], object] = _streams.say,
) -> dict[str, list[dict]]:
    """Train each network from several seeds, and score all forecasts of the gauge; return the scores, seed by seed.

    rmse in mm, with its 95 % interval by bootstrap over films; ahead: what it has more than the constant, likewise.
    rate: the learning rate chosen. What has no seed stands there once.
    """
    constant = torch.full_like(test.y, train.y.mean().item())
    moved, seen_moved = rain_by_drift(test), rain_by_drift(train)
    slope, least = np.polyfit(seen_moved.double().numpy(), train.y.double().numpy(), 1)
    forecasts = {CONSTANT: constant, ADVECTED: moved, DAMPED: float(least) + float(slope) * moved}
    scores = {name: [_score_gauge(guess, constant, test.y)] for name, guess in forecasts.items()}
    say(_line(CONSTANT, scores[CONSTANT]))
    for name in (ADVECTED, DAMPED):
        say(_line(name, scores[name]))
    for name, make in networks(*train.x.shape[1:3]).items():
        tried = {}
        for rate in RATES:
            guess = predict_gauge(train_gauge(make, train, rate, 0, steps), valid)
            tried[rate] = (guess - valid.y).square().mean().item()
        rate = min(tried, key=lambda each: tried[each])
        scores[name] = [
            _score_gauge(predict_gauge(train_gauge(make, train, rate, seed, steps), test), constant, test.y)
            | {"rate": rate}
            for seed in range(1, seeds + 1)
        ]
        say(_line(name, scores[name]))
    return scores


def _score_gauge(guess: Tensor, constant: Tensor, y: Tensor) -> dict:
    ours, theirs = (sum_errors(each, y) for each in (guess, constant))
    whole, ahead = by_blocks(Errors.rmse, ours, 1), by_blocks(Errors.rmse, ours, 1, against=theirs)
    return {"rmse": list(whole), "ahead": list(ahead)}


def _line(name: str, rows: Sequence[dict]) -> str:
    middle = sorted(rows, key=lambda row: row["rmse"][0])[len(rows) // 2]  # the median run
    rmses = [row["rmse"][0] for row in rows]
    told = f"{name:18} RMSE ≈ {middle['rmse'][0]:.2f} mm"
    if len(rows) > 1:
        told += f" (≈ {min(rmses):.2f} to ≈ {max(rmses):.2f} over {len(rows)} seeds, rate {rows[0]['rate']:g})"
    value, low, high = middle["ahead"]
    return told + f", than the constant ≈ {value:+.2f} (95 % interval ≈ {low:+.2f} to ≈ {high:+.2f})" * bool(value)
