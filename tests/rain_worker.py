"""What tests launch by torchrun: `course.nowcast` that notes what it does and may have an accident.

rain_worker.py NOTES ACCIDENT arguments of train_rain …
NOTES is a folder. It gets what each rank writes to stderr, a line for each time that it reads films, and the
gradient of step 8, with the weights and the batch that it belongs to.
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch

from course.nowcast import run, targets
from course.nowcast.__main__ import command
from course.nowcast.films import Films

notes, accident, arguments = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
rank, again = os.environ["RANK"], os.environ["TORCHELASTIC_RESTART_COUNT"] != "0"
os.dup2(os.open(notes / f"stderr_{rank}", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
read, backward, steps = Films.batch, run.backward, []


def without_notes(fit):
    """The films to which start, rivals and levels are fitted are read before and after all steps."""

    def fitted(*arguments):
        Films.batch = read
        found = fit(*arguments)
        Films.batch = noted_batch
        return found

    return fitted


def noted_batch(films, chosen):
    with open(notes / f"read_{rank}", "a") as file:
        file.write(json.dumps({"again": again, "of": len(films), "films": list(chosen)}) + "\n")
    return read(films, chosen)


def noted_backward(model, losses_of, batch, world, micro_batch):
    steps.append(batch)
    if accident == f"killed at {len(steps)}" and rank == "1" and not again:
        os.kill(os.getpid(), signal.SIGKILL)
    if accident == f"full at {len(steps)}" and rank == "1":
        raise OSError("the disk is full: free some space")
    total = backward(model, losses_of, batch, world, micro_batch)
    if len(steps) == 8 and rank == "0":
        own = getattr(model, "module", model)
        weights = {name: weight.clone() for name, weight in own.state_dict().items()}
        gradients = {name: weight.grad.clone() for name, weight in own.named_parameters()}
        torch.save({"weights": weights, "gradients": gradients, "batch": batch}, notes / "step_8.pt")
    return total


run.RainRun.fit_start = without_notes(run.RainRun.fit_start)
frames = targets.JUDGINGS["frames"]
targets.JUDGINGS["frames"] = frames._replace(count=without_notes(frames.count))
run.backward = noted_backward
if accident == "no data" and rank == "1":
    arguments[arguments.index("--data") + 1] = "elsewhere"
sys.exit(command(arguments))
