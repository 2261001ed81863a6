"""Train the rain network on all processes that torchrun started, or on this one alone."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from course import _streams
from course._atomic import make_writable
from course._progress import progress_bar
from course.distributed import all_gather, joined, together
from course.distributed.torchrun import asked_to_stop
from course.distributed.world import TIMEOUT
from course.nowcast.data import find_films
from course.nowcast.plan import Plan
from course.nowcast.record import note_run, write_note, write_results
from course.nowcast.run import RainRun
from course.nowcast.targets import JUDGINGS


@dataclass
class Result:
    """What a run gave.

    losses: of each step, the mean over its batch. valid_losses: of each epoch. scores: of each forecast of the films
    held out, by name, lead by lead.
    stopped: "finished", "early", when halving the rate did not help any more, or "interrupted" by Ctrl-C: then there
    are no scores.
    """

    losses: list[float]
    valid_losses: list[float]
    scores: dict[str, list[dict]]
    processes: int
    stopped: str = "finished"


def train_rain(
    out: Path | str,
    plan: Plan = Plan(),
    *,
    data: Path | str | None = None,
    storms: int = 200,
    shape: Sequence[int] | None = None,
    missing: int | None = None,
    km: float | None = None,
    minutes: int | None = None,
    scale: str | None = None,
    skip_bad: bool = False,
    cache: Path | str | None = None,
    init: Path | str | None = None,
    beside: Path | str | None = None,
    epochs: int = 2,
    micro_batch: int | None = None,
    workers: int = 1,
    save_every: int = 20,
    report_every: int = 5,
    curves: Path | str | None = None,
    backend: str | None = None,
    device: str | None = None,
    timeout: float = TIMEOUT,
    progress: bool | None = None,
    say: Callable[[str], object] = _streams.say,
) -> Result:
    """Train for so many epochs at most; go on from the newest checkpoint in `out`, if there is one.

    After each epoch the films to choose by are judged, and in the end the best weights are kept. Where `plan.patience`
    epochs do not lower that loss, the rate is halved; after the fourth time the run ends.

    out: a folder that all processes see, for checkpoints, plan.json, scores.json and weights.pt.
    data: films, as for `find_values`, or frames of a radar, as for `read_frames`; without them storms are made, by one
        process a machine.
    shape: of a film, (T, D, H, W). missing: the code for -1 in what is read; by default one that no value has. For
        frames the value that stands for not measured, as km, minutes, scale and skip_bad are those of `read_frames`.
    cache: a folder for storms and moved frames, `out` by default, or for what is made of texts and frames, beside
        them by default.
    init: another run, or its weights.pt, whose weights this run begins with. beside: a run on the same films, whose
        network is scored beside this one, as that in 2-D beside one in 3-D.
    micro_batch: films that a process computes at once, as for `RainRun`. workers: threads of a process that prepare
        films ahead.
    save_every, report_every: in steps.
    curves: a folder for TensorBoard. backend, device, timeout: as for `joined`.
    say: called with each line of the report, on rank 0.
    Raises: as `joined` and `together`, for what is wrong with the arguments, the files or the numbers.
    """
    reading = {"km": km, "minutes": minutes, "scale": scale, "missing": missing}
    with joined(backend, device, timeout) as world, ExitStack() as stack:
        out, first = Path(out), world.rank == 0
        numbers = {
            "storms": storms,
            "epochs": epochs,
            "micro_batch": micro_batch,
            "workers": workers,
            "save_every": save_every,
            "report_every": report_every,
        }
        with together(world):
            for name, number in numbers.items():
                least = 0 if name == "workers" else 1
                if number is not None and number < least:
                    raise ValueError(f"{name} is {number}, expected {least} or more")
            make_writable(out)
            if curves is not None and first:
                make_writable(curves)
        options = {"storms": storms, "shape": shape, "skip_bad": skip_bad, "cache": cache}
        options["progress"] = progress if first else False
        films, valid, unseen = find_films(world, plan, data, out, reading=reading, **options)
        draw = None
        with together(world):
            if curves is not None and first:
                from course.curves import event_files  # only now: it needs TensorBoard

                draw = stack.enter_context(event_files(curves))
        run = RainRun(world, plan, films, valid, epochs, micro_batch, workers, init, beside)
        stack.callback(run.close)
        run.fit_start(unseen)
        run.resume(out)
        note = note_run(plan, {"train on": films, "choose by": valid, "judge by": unseen}, reading)
        note |= {name: run.settings[name] for name in run.settings if name.startswith("checksum")}
        with together(world):
            if first:
                write_note(out, note)
        total, epoch = run.total, run.epoch
        halts = [report_every, save_every, *([epoch] if len(valid) else [])]
        if first:
            say(run.describe(len(unseen)))
        bar = progress_bar(total, "step", progress if first else False, initial=run.step)
        with bar, asked_to_stop() as stop:
            while run.step < total and not run.has_settled:
                done = run.learn(min(total, *(_next(run.step, every) for every in halts)))
                bar.update(len(done))
                bar.set_postfix(loss=f"{done[-1]:.5f}")
                if first and bar.disable:
                    say(f"step {run.step} of {total}: loss ≈ {done[-1]:.5f}")
                for step, loss in enumerate(done if draw else [], run.step - len(done) + 1):
                    draw(step, {"loss/train": loss})
                if run.step % epoch == 0 and len(valid):
                    loss = run.validate()
                    if first and bar.disable:
                        say(f"epoch {run.step // epoch} of {epochs}: validation loss ≈ {loss:.5f}")
                    if draw:
                        draw(run.step, {"loss/valid": loss})
                stopping = any(all_gather(stop()))
                if stopping or run.has_settled or run.step == total or run.step % save_every == 0:
                    run.save(out)
                if stopping and run.step < total:
                    break
        stopped = "finished" if run.step == total else "early" if run.has_settled else "interrupted"
        if stopped == "interrupted":
            if first:
                say(f"interrupted after step {run.step} of {total}: the same command goes on from there")
            return Result(run.losses, run.valid_losses, {}, world.size, stopped)
        if stopped == "early" and first:
            say(f"ended after step {run.step} of {total}: a smaller rate does not help any more")
        scores, levels = run.judge(unseen)
        with together(world):
            if first:
                write_results(out, note, run.kept(), run.report(scores, levels))
        if first:
            for describe in JUDGINGS[plan.target].describe:
                say(describe(scores, plan.ahead, unseen.minutes))
            if plan.dim == 3 and beside is None:
                flat = f"{out}_2d"
                say(f"to see 2-D beside it: give the same command with --dim 2 --out {flat}, then with --beside {flat}")
            say(f"scores.json, weights.pt and plan.json are in {out}")
        return Result(run.losses, run.valid_losses, scores, world.size, stopped)


def _next(step: int, every: int) -> int:
    return (step // every + 1) * every
