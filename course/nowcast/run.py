"""A run of the rain network on one process: its model, steps, validation, checkpoints and forecasts."""

import math
import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import LambdaLR

from course.distributed import World, add_up, all_gather, backward, part_of, pieces_of, replicate, together
from course.distributed.checkpoints import find_step, load_step, save_step
from course.nowcast.ahead import prepared
from course.nowcast.beside import Beside, read_beside
from course.nowcast.films import Batch, Films, some_of, sum_films
from course.nowcast.judge import Levels
from course.nowcast.plan import HALVINGS, Plan
from course.nowcast.record import begin_with
from course.nowcast.rivals import Maps, fit_rivals
from course.nowcast.targets import JUDGINGS, build_network, losses_of
from course.nowcast.totals import NETWORK, join_sums
from course.nowcast.windows import Windows

OPTIMIZERS = {"adam": Adam, "sgd": partial(SGD, momentum=0.9)}
LARGEST = 1.0  # norm of a gradient
FITTED = 256  # films to which the start and the rivals are fitted
TUNED = 32  # films by which levels are chosen
AT_ONCE = 2**14  # cells that a CPU answers at once: with more it takes more memory, and no less time


class RainRun:
    """The state of a run on this process, and what can be done with it.

    films: to train on. valid: films whose loss chooses the best weights, maybe none. epochs: the most there will be.
    micro_batch: films that are computed at once; by default all on a GPU, on a CPU what takes little memory.
    workers: threads that prepare films ahead. init: a run, or a file, whose weights this one begins with. beside: a run
    whose network is scored beside this one.
    Raises: as `together`, if there are no such weights, or they do not fit, or for what `read_beside` raises.
    """

    def __init__(
        self,
        world: World,
        plan: Plan,
        films: Films | Windows,
        valid: Films | Windows,
        epochs: int,
        micro_batch: int | None = None,
        workers: int = 0,
        init: Path | str | None = None,
        beside: Path | str | None = None,
    ):
        self.world, self.plan, self.films, self.valid = world, plan, films, valid
        self.epoch = plan.steps(len(films))  # steps
        self.total = epochs * self.epoch
        if micro_batch is None and world.device.type == "cpu":
            micro_batch = min(plan.batch, max(1, AT_ONCE // films.answers))
        self.micro_batch, self.workers = micro_batch, workers
        self.losses: list[float] = []
        self.valid_losses: list[float] = []  # of each epoch
        with together(world):
            whole = build_network(plan, films.channels)
            begun = None if init is None else begin_with(whole, init)
        self.model = replicate(whole, world)
        self.optimizer = OPTIMIZERS[plan.optimizer](self.model.parameters(), lr=plan.top_rate)
        self.scheduler = LambdaLR(self.optimizer, lambda step: plan.warmed(step) / 2 ** plan.halved(self.valid_losses))
        self.best = self._weights()
        self.waited = 0.0  # seconds for films
        self._stream: Iterator[Batch] | None = None
        self.settings = asdict(plan) | {"films": [len(films), *films.shape]}
        self.settings |= {"missing": films.missing, "checksum of the films": sum_films(films)}
        self.settings |= {"km": films.km, "minutes": films.minutes, "checksum of init": begun}
        with together(world):
            self.beside: Beside | None = None if beside is None else read_beside(beside, self.settings)

    @property
    def step(self) -> int:
        return len(self.losses)

    @property
    def has_settled(self) -> bool:
        """Whether more epochs are not worth their time: the rate was halved often enough."""
        return self.plan.halved(self.valid_losses) > HALVINGS

    def describe(self, unseen: int) -> str:
        world, plan, total = self.world, self.plan, self.total
        who = f"{world.size} processes by {world.backend}" if world.size > 1 else "1 process"
        films = f"{len(self.films)} films to train on, {len(self.valid)} to choose by and {unseen} to judge by"
        steps = f"steps {self.step + 1} to {total}" if self.step < total else f"all {total} steps are done"
        rate = f"{plan.batch} films a step, learning rate ≈ {plan.top_rate:.3g}"
        return f"{who} on {world.device.type}; {films}; {steps}, {rate}"

    def learn(self, until: int) -> list[float]:
        """Train up to a step, and return the losses of the steps that this took.

        Raises: as `together`, for FloatingPointError if one of them is not finite.
        """
        if self._stream is None:
            batches = self._batches(self.total)
            pieces = (piece for batch in batches for piece in pieces_of(batch, self.world, self.micro_batch))
            self._stream = prepared(pieces, self._prepare, self.workers)
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

    @torch.inference_mode()
    def validate(self) -> float:
        """Return the mean loss of the films to choose by, each process its part; the best weights are kept.

        Raises: as `together`, for FloatingPointError if it is not finite.
        """
        model, total = self._alone(), torch.zeros((), device=self.world.device)
        pieces = self._pieces(self.valid, part_of(range(len(self.valid)), self.world))
        for batch in prepared(pieces, self.valid.batch, self.workers):
            total += losses_of(model, batch.to(self.world.device), self.plan).sum()
        loss = add_up(total).item() / len(self.valid)
        with together(self.world):
            if not math.isfinite(loss):
                raise FloatingPointError(f"validation loss is {loss} after step {self.step} {self._mend()}")
        if loss < min(self.valid_losses, default=math.inf):
            self.best = self._weights()
        self.valid_losses.append(loss)
        return loss

    def _batches(self, until: int) -> Iterator[list[int]]:
        step = self.step
        while step < until:
            epoch, number = divmod(step, self.epoch)
            batches = self.plan.batches(epoch, len(self.films))[number : number + until - step]
            yield from batches
            step += len(batches)

    def _prepare(self, chosen: list[int]) -> Batch:
        batch = self.films.batch(chosen)
        return batch.pin_memory() if self.world.device.type == "cuda" else batch

    def _losses_of(self, model: nn.Module, chosen: list[int]) -> Tensor:
        start = time.perf_counter()
        batch = next(self._stream)
        self.waited += time.perf_counter() - start
        return losses_of(model, batch.to(self.world.device), self.plan)

    def _state(self, steps: int) -> dict:
        model, optimizer = get_state_dict(self.model, self.optimizer)
        parts = {"model": model, "optimizer": optimizer, "scheduler": self.scheduler.state_dict(), "best": self.best}
        # A checkpoint is loaded into tensors of its sizes.
        epochs = steps // self.epoch if len(self.valid) else 0
        for name, losses, size in (("losses", self.losses, steps), ("valid", self.valid_losses, epochs)):
            parts[name] = torch.zeros(size, dtype=torch.float64)
            parts[name][: len(losses)] = torch.tensor(losses, dtype=torch.float64)
        return parts

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
        self.losses, self.valid_losses = state["losses"].tolist(), state["valid"].tolist()
        self.best = state["best"]

    def judge(self, films: Films | Windows) -> tuple[dict[str, list[dict]], Levels]:
        """Forecast films with the best weights, each process its part; return the scores over all of them, and levels.

        The levels are tuned on films to choose by; without them on films to train on.
        Raises: as `together`, for FloatingPointError if a forecast is not finite.
        """
        model = deepcopy(self._alone()).eval()
        model.load_state_dict(self.kept())
        others = self.valid if len(self.valid) else self.films
        judging = JUDGINGS[self.plan.target]
        with together(self.world):
            counts = judging.count(self._forecasts(model, others, some_of(others, TUNED)))
        levels = judging.tune(all_gather(counts))
        with together(self.world):
            parts = self._forecasts(model, films, range(len(films)))
            sums = [judging.sum_up(maps, films.km, levels) for maps in parts]
        sums = join_sums(part for parts in all_gather(sums) for part in parts)
        return judging.score(sums, films.blocks()), levels

    def _forecasts(self, model: nn.Module, films: Films | Windows, chosen: Sequence[int]) -> Iterator[Maps]:
        """Those of this process's part. Raises: FloatingPointError if one is not finite."""
        pieces = self._pieces(films, part_of(chosen, self.world))
        for piece, batch in zip(pieces, prepared(pieces, films.batch, self.workers)):
            maps = JUDGINGS[self.plan.target].forecast(model, films, batch.to(self.world.device))
            if not maps.forecasts[NETWORK].isfinite().all():
                raise FloatingPointError(f"RainNet forecasts what is no number after step {self.step} {self._mend()}")
            yield maps if self.beside is None else self.beside.join(maps, films, piece, self.world.device)

    def _pieces(self, films: Films | Windows, chosen: Sequence[int]) -> list[Sequence[int]]:
        """As many films at once as a step has, of whole maps fewer."""
        cells = [math.prod(some.shape[1:]) for some in (self.films, films)]
        size = max(1, (self.micro_batch or self.plan.batch) * cells[0] // cells[1])
        return [chosen[start : start + size] for start in range(0, len(chosen), size)]

    def fit_start(self, *others: Films | Windows) -> None:
        """Let the network begin at what motion says, blurred and damped as fits some of its films best; fit rivals."""
        pieces = self._pieces(self.films, some_of(self.films, FITTED))
        fitted = fit_rivals(self.films, pieces)
        for films in (self.films, self.valid, *others):
            films.fitted = fitted
        if self.plan.summed:
            self._alone().fit_start(self.films.batch(piece) for piece in pieces)

    def report(self, scores: dict, levels: Levels) -> dict:
        """Return what scores.json tells. levels: of each forecast, in mm/h, from which it announces 1 mm/h."""
        told = {"processes": self.world.size, "ahead": self.plan.ahead, "minutes": self.films.minutes}
        told |= {"scores": scores, "levels": levels}
        return told | {"losses": self.losses, "validation losses": self.valid_losses}

    def kept(self) -> dict[str, Tensor]:
        """Return the best weights; without films to choose by, the last ones."""
        return self.best if self.valid_losses else self._weights()

    def close(self) -> None:
        """End the threads that prepare films."""
        if self._stream is not None:
            self._stream.close()

    def _mend(self) -> str:
        return f"with learning rate {self.plan.top_rate:g}: try a smaller lr"

    def _alone(self) -> nn.Module:
        """The model itself, out of DistributedDataParallel."""
        return getattr(self.model, "module", self.model)

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self._alone().state_dict().items()}
