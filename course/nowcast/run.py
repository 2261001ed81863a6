"""A run of the rain network on one process: its model, steps, checkpoints and forecasts."""

import json
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import LambdaLR

from course._atomic import written_whole
from course._checkpoint import save_checkpoint
from course.distributed import World, add_up, all_gather, backward, part_of, replicate, together
from course.distributed.checkpoints import find_step, load_step, save_step
from course.nowcast.films import Films, Nowcast, film_losses, forecast, score
from course.nowcast.plan import Plan

OPTIMIZERS = {"adam": Adam, "sgd": partial(SGD, momentum=0.9)}
LARGEST = 1.0  # norm of a gradient


class RainRun:
    """The state of a run on this process, and what can be done with it."""

    def __init__(self, world: World, plan: Plan, films: Films, micro_batch: int | None):
        self.world, self.plan, self.films, self.micro_batch = world, plan, films, micro_batch
        self.model = replicate(Nowcast(films.channels, plan.hidden, plan.dim, plan.seed), world)
        self.optimizer = OPTIMIZERS[plan.optimizer](self.model.parameters(), lr=plan.top_rate)
        self.scheduler = LambdaLR(self.optimizer, plan.warmed)
        self.losses: list[float] = []
        first = zlib.crc32(films.values[0].tobytes())  # other data are another run, too
        self.settings = asdict(plan) | {"films": [len(films), *films.values.shape[1:]]}
        self.settings |= {"missing": films.missing, "checksum of the first film": first}

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
                    raise FloatingPointError(f"loss is {loss} at step {step} {self._mend()}")
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
        """Forecast films, each process its part; return the scores over all of them.

        Raises: as `together`, for FloatingPointError if a forecast is not finite.
        """
        model = self._alone().eval()
        mine = part_of(range(len(films)), self.world)
        size = self.micro_batch or self.plan.batch
        pieces = [mine[start : start + size] for start in range(0, len(mine), size)]
        maps = [forecast(model, films, piece, self.world.device) for piece in pieces]
        maps = [part for parts in all_gather(maps) for part in parts]
        maps = {name: torch.cat([part[name] for part in maps]) for name in maps[0]}
        with together(self.world):
            if not maps["RainNet"].isfinite().all():
                raise FloatingPointError(f"RainNet forecasts what is no number after step {self.step} {self._mend()}")
        return score(maps)

    def write(self, out: Path, scores: dict) -> None:
        report = {"processes": self.world.size, "scores": scores, "losses": self.losses}
        save_checkpoint({name: value.cpu() for name, value in self._alone().state_dict().items()}, out / "weights.pt")
        with written_whole(out / "scores.json") as part:
            part.write_text(json.dumps(report, allow_nan=False), encoding="utf-8")

    def _mend(self) -> str:
        return f"with learning rate {self.plan.top_rate:g}: try a smaller lr"

    def _alone(self) -> nn.Module:
        """The model itself, out of DistributedDataParallel."""
        return getattr(self.model, "module", self.model)
