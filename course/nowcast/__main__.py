"""Train the rain network, forecast by it, and score it: the uses of `python -m course.nowcast`.

    python -m course.nowcast [--data FRAMES] [--out RUN] ...   trains, also by torchrun on many processes
    python -m course.nowcast forecast RUN FRAMES               forecasts what follows the newest frames of a radar
    python -m course.nowcast score RUN FRAMES                  scores it, and its rivals, on all of them
    python -m course.nowcast gauge [--data TEXT]               asks how much rain a gauge catches in the second hour

With pysteps installed (pip install pysteps, which needs a C compiler) S-PROG is scored as well, on a radar's frames.
What follows is for the training; forecast --help, score --help and gauge --help tell of the others. The result does
not depend on the number of processes, but for rounding. Given again, a command goes on from its newest checkpoint, on
another number of processes as well.
"""

import argparse
import os
import sys
from dataclasses import fields
from functools import partial

from course._streams import seen_live
from course.nowcast.plan import Plan

# torch takes seconds to import, and --help must not wait for it: what needs it is imported in `command`.

EXAMPLES = """\
one process:       python -m course.nowcast
two processes:     torchrun --nproc-per-node=2 -m course.nowcast
started again if one dies:
                   torchrun --nproc-per-node=2 --max-restarts=3 -m course.nowcast
two machines, the same command on each, with a folder that both see:
                   export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1  # else a start after a failure may fail, too
                   torchrun --nnodes=2 --nproc-per-node=4 --max-restarts=3 --rdzv-backend=c10d \\
                       --rdzv-endpoint=HOST:29500 -m course.nowcast --data FOLDER --out SHARED
"""


PLAN = {
    "dim": "dimensions of a convolution: 2, where heights are channels, or 3",
    "hidden": "channels of each ConvLSTM layer",
    "ahead": "frames from the last that is seen to each forecast",
    "target": "frames, or of the rain from now to --ahead chance, how likely it exceeds 0.1, 1 and 5 mm, or sum, how "
    "much it is in mm; both of a radar's frames",
    "pool": "side of the squares of cells that are made one",
    "crop": "side of the squares that are cut out of such frames, in cells; 0 takes whole maps",
    "gap": "minutes between such frames to train on and those to choose or judge by",
    "validation": "share of the films that choose the best weights; 0 keeps the last ones",
    "held_out": "share of the films that judge at the end",
    "loss": "mse, or balanced, which weights heavy rain",
    "cells": "whose loss counts: measured, or known, those of them where motion knows what comes",
    "batch": "films a step, on all processes together",
    "optimizer": "adam or sgd",
    "lr": "learning rate for a batch of --lr-batch films; another batch scales it, in proportion for sgd, by "
    "the square root for adam",
    "lr_batch": "the batch that --lr is meant for",
    "warmup": "steps before the learning rate is reached",
    "patience": "epochs without a lower validation loss after which the rate is halved; the fourth time ends the run",
    "seed": "of weights, order and storms",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise ValueError(f"{message}: see python -m {self.prog} --help")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line. It raises ValueError where others print and exit."""
    form = argparse.RawDescriptionHelpFormatter
    parser = _Parser("course.nowcast", description=__doc__, epilog=EXAMPLES, formatter_class=form)
    add = partial(_add, parser.add_argument_group("data"))
    add(
        "data",
        "texts of the CIKM format, or frames of a radar (HDF5, PGM, netCDF, GeoTIFF, NumPy): a file or a folder; "
        "without them storms are made",
        str,
    )
    add("storms", "how many storms to make", int, 200)
    add("shape", "of a film (15 4 101 101; of storms 15 4 48 48 of 2 km)", int, metavar=tuple("TDHW"), nargs=4)
    add(
        "missing",
        "the code for -1 in texts, by default one that no value has; the value for not measured in frames",
        int,
    )
    add("km", "from cell to cell of frames, if they do not say it", float)
    add("minutes", "from frame to frame, if they do not say it", int)
    add("scale", "what values of frames mean, if they do not say it: dBZ, mm/h or codes", str)
    add("skip_bad", "leave out frames that cannot be read", bool, False)
    add(
        "cache",
        "folder for what is made of texts and frames, beside them by default, and for storms, --out by default",
        str,
    )
    add = partial(_add, parser.add_argument_group("what decides the result"))
    for field in fields(Plan):
        many = isinstance(field.default, tuple)
        kind, nargs = (int, "+") if many else (type(field.default), None)
        add(field.name, PLAN[field.name], kind, field.default, nargs=nargs)
    add = partial(_add, parser.add_argument_group("the run"))
    add("out", "folder for checkpoints, plan.json, scores.json, weights.pt; all processes see it", str, "build/rain")
    add("init", "another run, or its weights.pt, whose weights this one begins with", str)
    add("beside", "a run on the same films whose network is scored beside this one, as that in 2-D beside 3-D", str)
    add("epochs", "how often each film is seen, at most", int, 2)
    add("micro_batch", "films a process computes at once; by default its part, on a CPU what takes little memory", int)
    add("workers", "threads of a process that prepare films ahead", int, 1)
    add("save_every", "steps between checkpoints", int, 20)
    add("report_every", "steps between reports", int, 5)
    add("curves", "folder to write the loss to, for TensorBoard", str)
    add("backend", "gloo, or nccl with a GPU for each process, the default if there are enough", str)
    add("device", "cpu, cuda or mps; the best there is by default", str)
    add("timeout", "seconds to wait for another process before it counts as lost", float, 600.0)
    return parser


USES = {
    "forecast": "Forecast by a run what follows the newest frames of a radar, of the whole map: as numbers in "
    "forecast.npz, as stills in forecast.png and as a film in forecast.gif. In the numbers nan is what motion brings "
    "from outside the map, or from where nothing was measured.",
    "score": "Score a run, and its rivals, on all films of a radar's frames without a gap, of whole maps. The scores "
    "are told lead by lead, and written into scores_NAME.json in the folder of the run. With pysteps installed "
    "(pip install pysteps, which needs a C compiler) S-PROG is one of the rivals.",
}


GAUGE = (
    "How much rain falls into the gauge at the centre of a film between one and two hours after its last frame? An "
    "ANN, a CNN, an LSTM and a ConvLSTM are trained alike, and scored against a constant and what drifts there."
)


def make_use_parser(use: str) -> argparse.ArgumentParser:
    """Return the parser of what follows `forecast` or `score`."""
    parser = _Parser(f"course.nowcast {use}", description=USES[use])
    parser.add_argument("run", metavar="RUN", help="the --out of a training on frames that has ended")
    parser.add_argument("frames", metavar="FRAMES", help="a file or a folder, as for --data")
    add = partial(_add, parser)
    if use == "forecast":
        add("out", "folder for the files; by default forecast_TIME in RUN", str)
        add(
            "ahead",
            "frames from the last to the last forecast, by default the longest of RUN; beyond it RUN goes on from "
            "its own forecasts, if it has each from 1 on",
            int,
        )
    for name, kind in {"km": float, "minutes": int, "scale": str, "missing": int, "pool": int}.items():
        add(name, "as for the training, by default as it was there", kind)
    add("skip_bad", "leave out frames that cannot be read", bool, False)
    add("cache", "folder for what is made of the frames, beside them by default", str)
    add("device", "cpu, cuda or mps; the best there is by default", str)
    return parser


def make_gauge_parser() -> argparse.ArgumentParser:
    """Return the parser of what follows `gauge`."""
    parser = _Parser("course.nowcast gauge", description=GAUGE)
    add = partial(_add, parser)
    add("data", "a text of the CIKM format; without it storms are made", str)
    add("storms", "how many storms to make", int, 1000)
    add("shape", "of a film (15 4 101 101; of storms 15 4 48 48 of 2 km)", int, metavar=tuple("TDHW"), nargs=4)
    add("pool", "side of the squares of cells that are made one", int, 3)
    add("seed", "of storms", int, 0)
    add("seeds", "networks of each kind", int, 5)
    add("steps", "of training, of 16 films each", int, 200)
    add("out", "folder for gauge.json", str, "build/gauge")
    add("cache", "folder for what is made of the text, beside it by default", str)
    return parser


def _add(group, name: str, text: str, kind: type, default: object = None, **options) -> None:
    shown = " ".join(map(str, default)) if isinstance(default, tuple) else default
    text = text if default is None else f"{text} ({shown})"
    if kind is bool:
        group.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)
        return
    options = {"metavar": {int: "N", float: "X", str: "NAME"}[kind]} | options
    group.add_argument(f"--{name.replace('_', '-')}", type=kind, default=default, help=text, **options)


def command(args: list[str] | None = None) -> int:
    """Do what the command line (or args) says; return the exit status."""
    args = sys.argv[1:] if args is None else args
    if args and args[0] in (*USES, "gauge"):
        return _use(args[0], args[1:])
    fault = None
    try:
        options = vars(make_parser().parse_args(args))
        options |= {name: tuple(options[name]) for name in ("hidden", "ahead")}
        plan = Plan(**{field.name: options.pop(field.name) for field in fields(Plan)})
    except ValueError as error:
        fault = error
    # A lost process is told in one line, not in fifty of C++ by each of the others.
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "FATAL")
    from course.distributed import joined, together
    from course.distributed.torchrun import plain_words

    with plain_words():
        if fault is not None:
            with joined("gloo", "cpu") as world, together(world):
                raise fault
        from course.nowcast.training import train_rain

        live = None if seen_live() else False
        result = train_rain(options.pop("out"), plan, progress=live, **options)
        return 130 if result.stopped == "interrupted" else 0


def _use(use: str, args: list[str]) -> int:
    options, fault = {}, None
    try:
        options = vars((make_gauge_parser() if use == "gauge" else make_use_parser(use)).parse_args(args))
    except ValueError as error:
        fault = error
    from course.distributed.torchrun import plain_words

    with plain_words():
        if fault is not None:
            raise fault
        live = None if seen_live() else False
        if use == "gauge":
            from course.nowcast.gauge import judge_gauge

            judge_gauge(options.pop("out"), progress=live, **options)
            return 0
        from course.nowcast.use import forecast_frames, score_frames

        {"forecast": forecast_frames, "score": score_frames}[use](
            options.pop("run"), options.pop("frames"), progress=live, **options
        )
    return 0


if __name__ == "__main__":
    sys.exit(command())
