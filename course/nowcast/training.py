"""Train the rain network on all processes that torchrun started, or on this one alone."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import LambdaLR

from course._atomic import written_whole
from course._progress import progress_bar
from course.distributed import World, add_up, all_gather, backward, joined, part_of, replicate, together
from course.distributed.checkpoints import find_step, load_step, save_step
from course.distributed.torchrun import asked_to_stop
from course.distributed.world import TIMEOUT
from course.nowcast.films import (
    Films,
    Nowcast,
    describe_scores,
    film_losses,
    find_values,
    forecast,
    make_values,
    map_values,
    score,
)
from course.nowcast.plan import Plan

OPTIMIZERS = {"adam": Adam, "sgd": partial(SGD, momentum=0.9)}
STORM = (15, 4, 48, 48)  # T, D, H, W of storms that are made
LARGEST = 1.0  # norm of a gradient


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
    say: Callable[[str], object] = partial(print, flush=True),
) -> Result:
    """Train until so many epochs are done; go on from the newest checkpoint in `out`, if there is one.

    out: a folder that all processes see, for checkpoints, scores.json and weights.pt.
    data: a folder of radar data, as for `find_values`; without it storms are made in the folder `cache`, by
        one process a machine. shape: of a film, (T, D, H, W).
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
            out.mkdir(parents=True, exist_ok=True)
        values = _find_films(world, data, Path(cache or out), storms, shape, plan.seed)
        draw = None
        with together(world):
            films, unseen = _split(values, plan)
            if curves is not None and first:
                from course.curves import event_files  # only now: it needs TensorBoard

                draw = stack.enter_context(event_files(curves))
        run = _Run(world, plan, films, micro_batch)
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


def _find_films(
    world: World, data: Path | str | None, cache: Path, storms: int, shape: Sequence[int] | None, seed: int
) -> np.ndarray:
    """Map the films. What has to be made, the first process of each machine makes while the others wait."""
    if data is not None:
        with together(world):
            return find_values(Path(data), shape, progress=None if world.rank == 0 else False)
    size = tuple(shape or STORM)
    path = cache / f"storms_{storms}_{'x'.join(map(str, size))}_{seed}.npy"
    with together(world):
        if world.local_rank == 0 and not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            make_values(path, storms, size, seed)
    with together(world):
        return map_values(path)


def _split(values: np.ndarray, plan: Plan) -> tuple[Films, Films]:
    """Films to train on, and the last ones, to judge by."""
    unseen = max(1, round(len(values) * plan.held_out))
    if unseen >= len(values):
        share = f"held_out is {plan.held_out:g}, which leaves none of {len(values)} films to train on"
        raise ValueError(f"{share}: give more films")
    cut = len(values) - unseen
    return tuple(Films(part, plan.ahead, plan.pool, plan.dim) for part in (values[:cut], values[cut:]))


class _Run:
    """The state of a run on this process, and what can be done with it."""

    def __init__(self, world: World, plan: Plan, films: Films, micro_batch: int | None):
        self.world, self.plan, self.films, self.micro_batch = world, plan, films, micro_batch
        self.model = replicate(Nowcast(films.channels, plan.hidden, plan.dim, plan.seed), world)
        self.optimizer = OPTIMIZERS[plan.optimizer](self.model.parameters(), lr=plan.top_rate)
        self.scheduler = LambdaLR(self.optimizer, plan.warmed)
        self.losses: list[float] = []
        self.settings = asdict(plan) | {"films": [len(films), *films.values.shape[1:]]}

    @property
    def step(self) -> int:
        return len(self.losses)

    def describe(self, total: int, unseen: int) -> str:
        world, plan = self.world, self.plan
        who = f"{world.size} processes by {world.backend}" if world.size > 1 else "1 process"
        films = f"{len(self.films)} films to train on and {unseen} to judge by"
        steps = f"steps {self.step + 1} to {total}" if self.step < total else f"all {total} steps are done"
        rate = f"{plan.batch} films a step, learning rate ≈ {plan.top_rate:.3g}"
        return f"{who} on {world.device.type}; {films}; {steps}, {rate}"

    def learn(self, until: int) -> list[float]:
        """Train up to a step, and return the losses of the steps that this took.

        Raises: as `together`, for FloatingPointError if one of them is not finite.
        """
        sums, sizes = [], []
        for batch in self._batches(until):
            self.optimizer.zero_grad()
            sums.append(backward(self.model, self._losses_of, batch, self.world, self.micro_batch))
            sizes.append(len(batch))
            nn.utils.clip_grad_norm_(self.model.parameters(), LARGEST)
            self.optimizer.step()
            self.scheduler.step()
        # Only now: to read a number out makes a GPU wait, and to add it up all processes.
        losses = (add_up(torch.stack(sums)) / torch.tensor(sizes)).tolist()
        with together(self.world):
            for step, loss in enumerate(losses, self.step + 1):
                if not math.isfinite(loss):
                    mend = f"with learning rate {self.plan.top_rate:g}: try a smaller lr"
                    raise FloatingPointError(f"loss is {loss} at step {step} {mend}")
        self.losses += losses
        return losses

    def _batches(self, until: int) -> Iterator[list[int]]:
        step, films = self.step, len(self.films)
        while step < until:
            epoch, number = divmod(step, self.plan.steps(films))
            batches = self.plan.batches(epoch, films)[number : number + until - step]
            yield from batches
            step += len(batches)

    def _losses_of(self, model: nn.Module, chosen: Sequence[int]) -> Tensor:
        return film_losses(model, self.films.batch(chosen, self.world.device))

    def _state(self, steps: int) -> dict:
        model, optimizer = get_state_dict(self.model, self.optimizer)
        losses = torch.zeros(steps, dtype=torch.float64)  # a checkpoint is loaded into tensors of its sizes
        losses[: self.step] = torch.tensor(self.losses, dtype=torch.float64)
        parts = {"model": model, "optimizer": optimizer, "scheduler": self.scheduler.state_dict()}
        return parts | {"losses": losses}

    def save(self, out: Path) -> None:
        save_step(out, self.step, self._state(self.step), self.settings, self.world)

    def resume(self, out: Path) -> None:
        path, step = find_step(out, self.settings, self.world)
        if path is None:
            return
        state = self._state(step)
        load_step(path, state, self.world)
        parts = {"model_state_dict": state["model"], "optim_state_dict": state["optimizer"]}
        set_state_dict(self.model, self.optimizer, **parts)
        self.scheduler.load_state_dict(state["scheduler"])
        self.losses = state["losses"].tolist()

    def judge(self, films: Films) -> dict[str, dict[str, float | None]]:
        """Forecast films, each process its part; return the scores over all of them."""
        model = self._alone().eval()
        mine = part_of(range(len(films)), self.world)
        size = self.micro_batch or self.plan.batch
        pieces = [mine[start : start + size] for start in range(0, len(mine), size)]
        maps = [forecast(model, films, piece, self.world.device) for piece in pieces]
        maps = [part for parts in all_gather(maps) for part in parts]
        return score({name: torch.cat([part[name] for part in maps]) for name in maps[0]})

    def write(self, out: Path, scores: dict) -> None:
        report = {"processes": self.world.size, "scores": scores, "losses": self.losses}
        with written_whole(out / "scores.json") as part:
            part.write_text(json.dumps(report, allow_nan=False), encoding="utf-8")
        with written_whole(out / "weights.pt") as part:
            torch.save({name: value.cpu() for name, value in self._alone().state_dict().items()}, part)

    def _alone(self) -> nn.Module:
        """The model itself, out of DistributedDataParallel."""
        return getattr(self.model, "module", self.model)
