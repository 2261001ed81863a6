"""Ask radar whether the network is ahead of what motion says, on hours and on a day that it has not seen, over seeds.

    rain_question.py [FOLDER] [--out FOLDER] [--seeds 5] [--steps 120] ...

FOLDER, else COURSE_RADAR, holds .npz of frames for `read_frames`: one of hours without a gap, one of two days or more.

hours   A network of the first day goes on for some steps on one half of the hours, and is judged by the other half;
        one goes on on the other half, and is judged by the first. Between the halves lies a gap.
day     The network that went on on the first half goes on on the first day once more, and is judged by the last day.

Start and rivals are fitted to all films that a network learned from last. It learns from the cells where motion knows
what comes, as they do, and there it is judged. The last quarter of its steps has a quarter of the rate. Both rates are
tuned by a seed apart, from new weights the first one, that of going on by a network of the first half of the hours:
they learn from the beginning of the first day, and its end, which is never unseen, tells the loss. A grid grows until
its best rate lies inside.

What is judged are whole maps. Differences are paired, on the same films seed by seed, and their 95 % intervals draw
half hours and seeds. Each run that has ended is kept in --out: give the command again to go on. The table goes into
tests/bench/README.md by hand: this is no bench, since it prints no ratio.
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from harness import report
from rain_table import draw_table
from torch import nn

from course._atomic import written_whole
from course._checkpoint import save_checkpoint
from course.distributed import World, joined
from course.nowcast.films import AGES, some_of, sum_films
from course.nowcast.judge import count_levels, forecast, sum_scores, tune_levels
from course.nowcast.plan import Plan
from course.nowcast.rivals import MIXTURE, fit_rivals
from course.nowcast.run import FITTED, TUNED, RainRun
from course.nowcast.totals import NETWORK
from course.nowcast.windows import Windows, find_starts, move_frames
from course.radar import Frames, find_runs, read_frames, usual_minutes

APART = 1000  # the seed by which rates are tuned
EVERY = 2  # of the films to train on that begin one after the other, one in so many
LATER = 10_000  # to the seed, for the order of the last steps
MOST = 10  # rates that are tried
RIVALS = MIXTURE, "semi-Lagrangian, blurred", "semi-Lagrangian"


class Part(NamedTuple):
    """Frames without a gap, and what `move_frames` makes of them."""

    frames: Frames
    moved: np.ndarray

    def cut(self, part: slice) -> "Part":
        return Part(Frames(self.frames.codes[part], self.frames.times[part], self.frames.km), self.moved[part])

    def films(self, plan: Plan, crop: int = 0, every: int = 1) -> Windows:
        starts = find_starts(self.frames.times, AGES + max(plan.ahead))[::every]
        return Windows(self.frames, self.moved, starts, plan, crop)


def read_parts(folder: Path, plan: Plan, out: Path) -> dict[str, Part]:
    """Return both halves of the hours, the last day, and the first whole and in two.

    Raises: ValueError if there are none.
    """
    found = {}
    for path in sorted(folder.glob("*.npz")):
        frames = read_frames(path, pool=plan.pool, cache=out / f"{path.stem}.frames", progress=False)
        runs = [Frames(frames.codes[run], frames.times[run], frames.km) for run in find_runs(frames.times)]
        found.setdefault("hours" if len(runs) == 1 else "days", runs)
    if len(found) < 2:
        raise ValueError(f"{folder} has no .npz of hours or none of days: name a folder with one of each")
    hours, days = found["hours"][0], found["days"]
    half = (len(hours.times) - math.ceil(plan.gap / usual_minutes(hours.times))) // 2
    halves = {"early": slice(half), "late": slice(len(hours.times) - half, None)}
    frames = {name: Frames(hours.codes[part], hours.times[part], hours.km) for name, part in halves.items()}
    frames |= {"first day": days[0], "last day": days[-1]}
    parts = {name: Part(some, move_frames(some, plan.ahead, out, False, plan.summed)) for name, some in frames.items()}
    end = len(days[0].times) - max(plan.ahead) - AGES - 2  # so that three films can tell the loss
    return parts | {"beginning": parts["first day"].cut(slice(end)), "end": parts["first day"].cut(slice(end, None))}


class Asked(NamedTuple):
    """What all runs share. judge: called with a network, films it learned from last, and those to judge by."""

    world: World
    plan: Plan
    parts: dict[str, Part]
    out: Path
    judge: Callable[[nn.Module, Windows, Windows], dict]

    def fit(self, name: str) -> Windows:
        """Return the films of a part to train on, with the start and the rivals that fit them best."""
        films = self.parts[name].films(self.plan, self.plan.crop, EVERY)
        chosen, size = some_of(films, FITTED), self.plan.batch
        fit_rivals(films, [chosen[first : first + size] for first in range(0, len(chosen), size)])
        return films


def learn(
    asked: Asked,
    name: str,
    films: Windows,
    steps: int,
    lr: float,
    seed: int,
    *,
    valid: str | None = None,
    unseen: str | None = None,
    begin: str | None = None,
) -> dict:
    """Train, or read what was kept of it before; return the loss of the films of `valid`, or sums of the unseen ones.

    name: of the run, and of its folder. valid, unseen: names of parts. begin: the run whose weights it begins with.
    """
    start, out = time.perf_counter(), asked.out / name
    path, settings, init = out / "record.json", None, asked.out / begin if begin else None
    others = Windows(films.frames, films.moved, [], asked.plan, asked.plan.crop)
    if valid:
        others = asked.parts[valid].films(asked.plan)
    others.fitted = films.fitted
    for leg, count in enumerate([steps - steps // 4, steps // 4]):
        plan = replace(asked.plan, lr=lr / 4**leg, seed=seed + leg * LATER)
        run = RainRun(asked.world, plan, films, others, math.ceil(count / plan.steps(len(films))), init=init)
        if not leg:
            if plan.summed:
                run.fit_start(others)
            settings = run.settings | {"steps": steps, "valid": sum_films(others) if valid else None, "unseen": unseen}
            settings = json.loads(json.dumps(settings))
            if path.exists() and (record := json.loads(path.read_text(encoding="utf-8")))["settings"] == settings:
                report(f"{name}: kept from before")
                return record
            path.unlink(missing_ok=True)
        run.learn(count)
        run.close()
        out.mkdir(parents=True, exist_ok=True)
        save_checkpoint(run.kept(), out / "weights.pt")
        init = out
    record, told = {"settings": settings}, f"{name}: {steps} steps with rate {lr:g}"
    if valid:
        record["loss"] = run.validate()
        told += f", loss {1e3 * record['loss']:.4f} thousandths"
    if unseen:
        unseen_films = asked.parts[unseen].films(plan)
        unseen_films.fitted = films.fitted
        record |= asked.judge(run.model.eval(), films, unseen_films) | {"blocks": unseen_films.blocks()}
    with written_whole(path) as part:
        part.write_text(json.dumps(record), encoding="utf-8")
    report(f"{told}; {time.perf_counter() - start:.0f} s")
    return record


@torch.inference_mode()
def judge(model: nn.Module, films: Windows, unseen: Windows) -> dict:
    """Return of what the scores of each unseen film are made, forecast by forecast and lead by lead.

    Shapes: sums of each name (L, N, 8): cells and squared errors; then hits, misses and false alarms of 1 mm/h,
        announced from there on, and from the level on that was tuned on films to train on.
    """
    maps = (forecast(model, films, films.batch([film])) for film in some_of(films, TUNED))
    levels = tune_levels([count_levels(maps)])
    sums = {name: [[] for _ in unseen.ahead] for name in (NETWORK, *RIVALS)}
    for film in range(len(unseen)):
        maps = forecast(model, unseen, unseen.batch([film]))
        maps = maps._replace(forecasts={name: maps.forecasts[name] for name in sums})
        for name, leads in sum_scores(maps, unseen.km, levels).items():
            for lead, each in enumerate(leads):
                known = each["known"]
                fields = (*known["rmse"][:2], *known["1"], *known["tuned"])
                sums[name][lead].append([field.item() for field in fields])
    return {"sums": sums}


def tune(rates: list[float], name: str, attempt: Callable[[float], float]) -> float:
    """Return the rate with the least loss. attempt: called with a rate, it returns its loss."""
    losses, rates = {}, list(rates)
    while rates and len(losses) < MOST:
        losses |= {rate: attempt(rate) for rate in rates}
        best = min(losses, key=losses.get)
        rates = [best / 2] * (best == min(losses)) + [best * 2] * (best == max(losses))
    print(f"{name}: loss in thousandths by rate " + ", ".join(f"{r:g} {1e3 * losses[r]:.4f}" for r in sorted(losses)))
    return best


def train_all(asked: Asked, seeds: int, steps: int, fine: int, rates: list[float]) -> dict[str, list[list[dict]]]:
    """Train all networks; return by what was unseen, of each seed, what `judge` gave, once or more."""
    beginning, early, late, first = (asked.fit(name) for name in ("beginning", "early", "late", "first day"))

    def try_rate(lr: float) -> float:
        return learn(asked, f"rate_{lr:g}", beginning, steps, lr, APART, valid="end")["loss"]

    def try_going_on(lr: float) -> float:
        return learn(asked, f"on_{lr:g}", beginning, fine, lr, APART, valid="end", begin="apart")["loss"]

    rate = tune(rates, "rate", try_rate)
    learn(asked, "apart", early, steps, rate, APART)
    finer = tune([lr / 4 for lr in rates], "rate of going on", try_going_on)
    hours, days = [], []
    for seed in range(seeds):
        begun, one, other, day = (f"{name}_{seed}" for name in ("first", "early", "late", "day"))
        learn(asked, begun, first, steps, rate, seed)
        one_half = learn(asked, one, early, fine, finer, seed, unseen="late", begin=begun)
        other_half = learn(asked, other, late, fine, finer, seed, unseen="early", begin=begun)
        hours.append([one_half, other_half])
        days.append([learn(asked, day, first, fine, finer, seed, unseen="last day", begin=one)])
    return {"hours": hours, "day": days}


def make_parser(doc: str, out: str) -> argparse.ArgumentParser:
    """Return the parser of what may be asked. out: the folder for what is kept, if none is named."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=os.environ.get("COURSE_RADAR"))
    parser.add_argument("--out", default=out)
    for name, default in {"seeds": 5, "steps": 120, "fine": 40, "pool": 2, "crop": 64, "batch": 4, "gap": 60}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.0025, 0.005, 0.01, 0.02, 0.04])
    return parser


def ask(given: argparse.Namespace, plan: Plan, judge: Callable, out: Path) -> dict[str, list[list[dict]]]:
    """Read the radar, and let `train_all` do the rest. plan: what the command line does not say of it.

    Raises: ValueError if there is no radar; as `read_parts`.
    """
    if not given.folder:
        raise ValueError("there is no radar to ask: name a folder with .npz of frames, or set COURSE_RADAR")
    plan = replace(plan, cells="known", **{name: getattr(given, name) for name in ("pool", "crop", "batch", "gap")})
    out.mkdir(parents=True, exist_ok=True)
    with joined("gloo", "cpu") as world:
        parts = read_parts(Path(given.folder), plan, out)
        return train_all(Asked(world, plan, parts, out, judge), given.seeds, given.steps, given.fine, given.rates)


def main(args: list[str] | None = None) -> int:
    parser = make_parser(__doc__, "build/question")
    parser.add_argument("--ahead", type=int, nargs="+", default=[6, 12])
    given = parser.parse_args(args)
    try:
        found = ask(given, Plan(ahead=tuple(given.ahead)), judge, Path(given.out))
    except (OSError, ValueError) as error:
        report(error)
        return 1
    minutes = found["hours"][0][0]["settings"]["minutes"]
    print("\n".join(draw_table(found, [f"{lead * minutes} min" for lead in given.ahead])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
