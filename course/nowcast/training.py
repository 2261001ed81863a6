"""Train the rain network on all processes that torchrun started, or on this one alone."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course import _streams
from course._atomic import make_writable
from course._progress import progress_bar
from course.distributed import World, all_gather, joined, together
from course.distributed.torchrun import asked_to_stop
from course.distributed.world import TIMEOUT
from course.nowcast.films import (
    Films,
    describe_scores,
    find_values,
    km_of,
    make_values,
    map_values,
)
from course.nowcast.plan import Plan
from course.nowcast.run import RainRun
from course.rain import MISSING

STORM = (15, 4, 48, 48)  # T, D, H, W of storms that are made: cells of 2 km


@dataclass
class Result:
    """What a run gave.

    losses: of each step, the mean over its batch. scores: of each forecast of the films held out, by name.
    stopped: "finished", or "interrupted" by Ctrl-C: then there are no scores.
    """

    losses: list[float]
    scores: dict[str, dict[str, float | None]]
    processes: int
    stopped: str = "finished"


def train_rain(
    out: Path | str,
    plan: Plan = Plan(),
    *,
    data: Path | str | None = None,
    storms: int = 200,
    shape: Sequence[int] | None = None,
    missing: int = MISSING,
    cache: Path | str | None = None,
    epochs: int = 2,
    micro_batch: int | None = None,
    save_every: int = 20,
    report_every: int = 5,
    curves: Path | str | None = None,
    backend: str | None = None,
    device: str | None = None,
    timeout: float = TIMEOUT,
    progress: bool | None = None,
    say: Callable[[str], object] = _streams.say,
) -> Result:
    """Train until so many epochs are done; go on from the newest checkpoint in `out`, if there is one.

    out: a folder that all processes see, for checkpoints, scores.json and weights.pt.
    data: radar data, as for `find_values`; without them storms are made, by one process a machine.
    shape: of a film, (T, D, H, W). missing: the code for -1 in what is read, one that no value has.
    cache: a folder for storms, `out` by default, or for what is made of a text, beside it by default.
    micro_batch: films that a process computes at once. save_every, report_every: in steps.
    curves: a folder for TensorBoard. backend, device, timeout: as for `joined`.
    say: called with each line of the report, on rank 0.
    Raises: as `joined` and `together`, for what is wrong with the arguments, the files or the numbers.
    """
    with joined(backend, device, timeout) as world, ExitStack() as stack:
        out, first = Path(out), world.rank == 0
        numbers = {
            "storms": storms,
            "epochs": epochs,
            "micro_batch": micro_batch,
            "save_every": save_every,
            "report_every": report_every,
        }
        with together(world):
            for name, number in numbers.items():
                if number is not None and number < 1:
                    raise ValueError(f"{name} is {number}, expected 1 or more")
            make_writable(out)
            if curves is not None and first:
                make_writable(curves)
        if data is None:
            values = _make_films(world, Path(cache or out), storms, shape or STORM, plan.seed, missing)
        else:
            with together(world):
                places = {"cache": Path(cache) if cache else None, "spare": out}
                progress_here = progress if first else False
                values = find_values(Path(data), shape, missing=missing, progress=progress_here, **places)
        draw = None
        with together(world):
            films, unseen = _split(values, plan, missing)
            if curves is not None and first:
                from course.curves import event_files  # only now: it needs TensorBoard

                draw = stack.enter_context(event_files(curves))
        run = RainRun(world, plan, films, micro_batch)
        run.resume(out)
        total = epochs * plan.steps(len(films))
        if first:
            say(run.describe(total, len(unseen)))
        bar = progress_bar(total, "step", progress if first else False, initial=run.step)
        with bar, asked_to_stop() as stop:
            while run.step < total:
                done = run.learn(min(total, _next(run.step, report_every), _next(run.step, save_every)))
                bar.update(len(done))
                bar.set_postfix(loss=f"{done[-1]:.5f}")
                if first and bar.disable:
                    say(f"step {run.step} of {total}: loss ≈ {done[-1]:.5f}")
                for step, loss in enumerate(done if draw else [], run.step - len(done) + 1):
                    draw(step, {"loss/train": loss})
                stopping = any(all_gather(stop()))
                if stopping or run.step == total or run.step % save_every == 0:
                    run.save(out)
                if stopping and run.step < total:
                    break
        if run.step < total:
            if first:
                say(f"interrupted after step {run.step} of {total}: the same command goes on from there")
            return Result(run.losses, {}, world.size, "interrupted")
        scores = run.judge(unseen)
        with together(world):
            if first:
                run.write(out, scores)
        if first:
            say(f"{describe_scores(scores)}\nscores.json and weights.pt are in {out}")
        return Result(run.losses, scores, world.size)


def _next(step: int, every: int) -> int:
    return (step // every + 1) * every


def _make_films(world: World, folder: Path, storms: int, shape: Sequence[int], seed: int, missing: int) -> np.ndarray:
    """Map storms, which the first process of each machine makes, if need be, while the others wait."""
    path = folder / f"storms_{storms}_{'x'.join(map(str, shape))}_{km_of(shape)}km_{seed}.npy"
    with together(world):
        if missing != MISSING:
            raise ValueError(f"missing is {missing}, but storms have {MISSING}: leave it out, or name data")
        if world.local_rank == 0 and not path.exists():
            make_writable(folder)
            make_values(path, storms, shape, seed)
    with together(world):
        return map_values(path)


def _split(values: np.ndarray, plan: Plan, missing: int) -> tuple[Films, Films]:
    """Films to train on, and the last ones, to judge by."""
    unseen = max(1, round(len(values) * plan.held_out))
    if unseen >= len(values):
        share = f"held_out is {plan.held_out:g}, which leaves none of {len(values)} films to train on"
        raise ValueError(f"{share}: give more films")
    cut = len(values) - unseen
    return tuple(Films(part, plan.ahead, plan.pool, plan.dim, missing) for part in (values[:cut], values[cut:]))
