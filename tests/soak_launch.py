"""Launch two and three processes many times, by hand and by `joined`, and count what goes wrong; pytest does not.

.venv/bin/python tests/soak_launch.py COUNT [--busy 2] [--at-once 2]
What fails is told as it comes, on stderr; the counts come last, as JSON. On a quiet machine a launch takes 5 seconds.
"""

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import torch

from course.distributed import launch, torchrun

BY_HAND = """
import torch, torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

dist.init_process_group("gloo")
model = torch.nn.Linear(9, 1)
model(torch.ones(9)).sum().backward()
for weight in model.parameters():
    dist.all_reduce(weight.grad)
twin = DistributedDataParallel(model)
twin(torch.ones(9)).sum().backward()
print("done")
dist.destroy_process_group()
"""
JOINED = """
import atexit, sys, torch
from pathlib import Path
from course.distributed import all_gather, joined, replicate, save_step

with joined(device="cpu") as world:
    model = replicate(torch.nn.Linear(9, 1), world)
    model(torch.ones(9)).sum().backward()
    save_step(Path(sys.argv[1]), 1, {"weight": model.module.weight.detach()}, {}, world)
    all_gather("word")
print("done")
atexit._clear()  # Python is taken apart, as where torchrun is called without `launch`
"""
LIMIT = 600  # seconds until a launch counts as hung; a hundred times what it takes


def once(number: int, counts: Counter) -> None:
    """Launch once, of four kinds by turns."""
    processes = 2 + number % 2
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.py"
        script.write_text((BY_HAND, JOINED)[number // 2 % 2])
        counts["launches"] += 1
        try:
            printed = launch(script, [folder], processes, timeout=LIMIT)
            wrong = "" if printed.split() == ["done"] * processes else f"printed {printed!r}"
            counts["failed"] += bool(wrong)
        except subprocess.TimeoutExpired as error:
            wrong = str(error)
            counts["hung"] += 1
        except RuntimeError as error:
            wrong = str(error)
            counts["failed"] += 1
        if wrong:
            print(f"launch {number} of {processes} processes: {wrong}", file=sys.stderr, flush=True)


def spin() -> None:
    while True:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--busy", type=int, default=0, help="processes that compute beside them")
    parser.add_argument("--at-once", type=int, default=1, help="launches at a time")
    options = parser.parse_args()
    counts, end_all = Counter(launches=0, failed=0, hung=0, left=0), torchrun.end_all

    def counted(started: subprocess.Popen, mark: str) -> None:
        found = [process.info["environ"] or {} for process in psutil.process_iter(["environ"])]
        counts["left"] += sum(variables.get(torchrun.MARK) == mark for variables in found)
        end_all(started, mark)

    torchrun.end_all = counted
    busy = [multiprocessing.Process(target=spin, daemon=True) for _ in range(options.busy)]
    for process in busy:
        process.start()
    with ThreadPoolExecutor(options.at_once) as pool:
        list(pool.map(once, range(options.count), [counts] * options.count))
    print(json.dumps({"torch": torch.__version__, "busy": options.busy} | counts))


if __name__ == "__main__":
    main()
