"""Time what moves rain on a map as large as a country's, and how long a training waits for its films.

The map has 765 x 700 cells, as that of KNMI; six frames of blobs drift by 100 km/h. The rival of `drift` is what it was
before: it compares all shifts up to half the map at full size. Both find the same (checked), and rounds of all are
interleaved; the median over the rounds counts.

drift    time of comparing all shifts over that of `drift`
motion   the same over that of `motion`, which gives a field
frame    time of a frame of `move` over that of `semi_lagrangian`, which follows a field
films    films that a thread prepares ahead in the time in which one is trained on

The share of its time for which a training step waits for its films stands in the last line, too: "waiting".

--quick: rounds until 15 seconds are over, instead of 60.
"""

import argparse
import json
import os
import statistics
import sys
import time

import numpy as np
import torch
from harness import load_average, report

from course.distributed import joined
from course.nowcast.plan import Plan
from course.nowcast.run import RainRun
from course.nowcast.windows import AGES, Windows
from course.radar import Frames
from course.rain import Damping, drift, motion, move, semi_lagrangian

SHAPE = 6, 765, 700
KM_H, MINUTES, GAP, STEPS = 100, 5, 3, 12
PLAN = Plan(ahead=(6, 12), batch=8)


def film(velocity):
    """Blobs of 4 to 12 km that drift. Shapes: (1, T, H, W)."""
    frames, rows, columns = SHAPE
    generator = torch.Generator().manual_seed(0)
    places = torch.rand(300, 2, generator=generator) * torch.tensor([rows, columns])
    widths = 4 + 8 * torch.rand(300, 1, generator=generator)
    maps = []
    for step in range(frames):
        now = places + step * torch.tensor(velocity)
        down, across = (
            torch.exp(-((torch.arange(float(side)) - now[:, i, None]) ** 2) / 2 / widths**2)
            for i, side in enumerate((rows, columns))
        )
        maps.append(down.T @ across)
    return torch.stack(maps)[None]


def compare_all_shifts(x):
    """The whole shift of frames three steps apart, as `drift` found it before: of all up to half the map."""
    a, b = x[:, -2 * GAP : -GAP].double(), x[:, -GAP:].double()
    ones = torch.ones_like(a)
    most = [(side - 1) // 2 for side in x.shape[-2:]]
    size = [side + shift for side, shift in zip(x.shape[-2:], most)]
    down, right = (torch.arange(-shift, shift + 1) for shift in most)
    down = down[:, None]
    a, b = a - a.mean(), b - b.mean()

    def total(one, other):
        spectrum = (torch.fft.rfft2(one, size).conj() * torch.fft.rfft2(other, size)).flatten(1, -3).sum(1)
        return torch.fft.irfft2(spectrum, size)[:, down, right]

    count = total(ones, ones).clamp(min=0.5)
    sum_a, sum_b = total(a, ones), total(ones, b)
    spread_a, spread_b = total(a * a, ones) - sum_a**2 / count, total(ones, b * b) - sum_b**2 / count
    fits = (total(a, b) - sum_a * sum_b / count) / (spread_a.clamp(min=1e-9) * spread_b.clamp(min=1e-9)).sqrt()
    fits = fits - 1e-6 * (down**2 + right**2)
    best = fits.flatten().argmax().item()
    return [(best // fits.shape[2] - most[0]) / GAP, (best % fits.shape[2] - most[1]) / GAP]


def time_training(steps):
    """Train, with a thread that prepares films ahead.

    Returns: films that are prepared and that are trained on, a second, and the share of its time that a step waits.
    """
    codes = np.random.default_rng(0).integers(0, 120, (48, 256, 256), np.uint8)
    times = np.datetime64("2025-01-01", "m") + MINUTES * np.arange(48)
    films = Windows(
        Frames(codes, times, 2.0), np.tile(codes[:, None, None], (2, AGES, 1, 1)), range(28), PLAN, PLAN.crop
    )
    films.fitted = films.fitted._replace(dampings=[Damping(2, 0.8, 0.02, 0)] * 2)
    start = time.perf_counter()
    for first in range(0, 10 * PLAN.batch, PLAN.batch):
        films.batch(range(first, first + PLAN.batch))
    prepared = 10 * PLAN.batch / (time.perf_counter() - start)
    none = Windows(films.frames, films.moved, [], PLAN, PLAN.crop)
    with joined("gloo", "cpu") as world:
        run = RainRun(world, PLAN, films, none, 1, workers=1)
        run.learn(1)  # the first step has to wait
        run.waited = 0.0
        start = time.perf_counter()
        run.learn(1 + steps)
        taken = time.perf_counter() - start
        run.close()
    return prepared, steps * PLAN.batch / taken, run.waited / taken


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a quarter of a minute")
    quick = parser.parse_args().quick
    load = load_average()
    report(f"{torch.get_num_threads()} threads, {os.cpu_count()} cores, load {load:.1f} before the start")
    speed = KM_H * MINUTES / 60  # cells of a kilometre a step
    velocity = -0.6 * speed, 0.8 * speed
    x = film(velocity)
    field = motion(x)
    found = {
        "all shifts": compare_all_shifts(x),
        "drift": drift(x)[0].tolist(),
        "motion": field[0].flatten(1).median(1).values.tolist(),
    }
    same = all(abs(a - b) < 0.25 for one in found.values() for a, b in zip(one, velocity))
    report(f"cells a step, {velocity[0]:.2f} and {velocity[1]:.2f} are true: {found}")
    last, by = x[:, -1], torch.tensor([velocity]).expand(STEPS, 2)
    ahead = torch.arange(1.0, STEPS + 1)[:, None] * by
    ways = {
        "all shifts": lambda: compare_all_shifts(x),
        "drift": lambda: drift(x),
        "motion": lambda: motion(x),
        "move": lambda: move(last.expand(STEPS, *last.shape[1:]), ahead),
        "semi_lagrangian": lambda: semi_lagrangian(last, field, STEPS),
    }
    seconds = {name: [] for name in ways}
    end = time.perf_counter() + (15 if quick else 60)
    while not seconds["drift"] or time.perf_counter() < end:
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
        report("  ".join(f"{name} {taken[-1]:.3f} s" for name, taken in seconds.items()))
    each = {name: statistics.median(taken) for name, taken in seconds.items()}
    each["move"], each["semi_lagrangian"] = each["move"] / STEPS, each["semi_lagrangian"] / STEPS
    prepared, trained, waiting = time_training(steps=8 if quick else 20)
    report(
        f"films a second: {prepared:.0f} prepared, {trained:.1f} trained on; waiting {100 * waiting:.2f} % of the time"
    )
    ratios = {
        "drift": each["all shifts"] / each["drift"],
        "motion": each["all shifts"] / each["motion"],
        "frame": each["move"] / each["semi_lagrangian"],
        "films": prepared / trained,
    }
    result = {"bench": "nowcast", "ratios": ratios, "seconds": each, "same": same, "waiting": waiting}
    print(json.dumps(result | {"rounds": len(seconds["drift"]), "load": load, "quick": quick}))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
