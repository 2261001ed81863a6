"""Time the notebooks on optimizers and overfitting, together, against the notes' own MNIST script.

The script (notes_script.py) trains one network for ten epochs, its images transformed one after the other; it
is a process of its own, timed from its start with all imports. Each notebook runs in a fresh kernel, timed
from its start too. Rounds of script and notebooks are interleaved, and the best round of each counts: other
programs only add time.

notes_script     time of the script over time of both notebooks

--quick: one round, in which the script trains for one epoch and the other nine are reckoned to take as long.
--notebooks NAME ...: time these instead.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import load_average, report

from course.mnist import describe_data, load_data
from course.upkeep.notebooks import run_notebook

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS, EPOCHS = ["05_optim", "07_overfitting"], 10


def time_script(epochs):
    """Seconds of the script, if it trained for EPOCHS epochs."""
    start = time.perf_counter()
    command = [sys.executable, str(ROOT / "tests" / "bench" / "notes_script.py"), str(epochs)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return time.perf_counter() - start + (EPOCHS - epochs) * float(done.stdout)


def time_notebook(path):
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run_notebook(path, Path(folder) / path.name, progress=False)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="one round, and one epoch of the script")
    parser.add_argument("--notebooks", nargs="+", default=NOTEBOOKS, metavar="NAME", help="what to time")
    options = parser.parse_args()
    paths = [ROOT / "notebooks" / f"{name}.ipynb" for name in options.notebooks]
    if missing := [path.stem for path in paths if not path.is_file()]:
        sys.exit(
            f"there is no notebook {', '.join(missing)}, expected it in {ROOT / 'notebooks'}: "
            "write it, or name others by --notebooks"
        )
    data = load_data()  # also makes the stand-in, which must not count
    report(describe_data(data))
    load = load_average()
    report(f"{os.cpu_count()} cores, load {load:.1f} before the start")
    rounds, epochs = (1, 1) if options.quick else (2, EPOCHS)
    ways = {"notes_script": lambda: time_script(epochs)}
    ways |= {path.stem: lambda path=path: time_notebook(path) for path in paths}
    times = {way: [] for way in ways}
    for turn in range(1, rounds + 1):
        for way, call in ways.items():
            times[way].append(call())
            report(f"round {turn}  {way:<16} {times[way][-1]:6.1f} s")
    best = {way: min(seconds) for way, seconds in times.items()}
    ratios = {"notes_script": best["notes_script"] / sum(best[path.stem] for path in paths)}
    result = {"bench": "course", "ratios": ratios, "seconds": best, "data": data.name}
    print(json.dumps(result | {"load": load, "quick": options.quick}))


if __name__ == "__main__":
    main()
