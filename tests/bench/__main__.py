"""Run benches one after the other and print the ratios that stand in their last lines.

All of them, with no option, also renew the table in tests/bench/README.md, unless one fails.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "bench"


def main(args=None):
    """Run the benches that are named, or all; return the exit status."""
    parser = argparse.ArgumentParser("tests/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of tests/bench/bench_NAME.py; without one, all")
    parser.add_argument("--quick", action="store_true", help="a short look: less data or fewer rounds")
    named, options = parser.parse_known_intermixed_args(args)
    options += ["--quick"] * named.quick
    renews = not (named.names or options)
    kept = "tests/bench/README.md keeps the table that it had\n" if renews else ""
    if renews:
        from course.upkeep import readme  # here, because it is slow to import
    try:
        results, failed = run(find(named.names), options)
        if failed:
            head = "failed, or gave no ratios; run it alone to see why:"
            print(head, *failed, kept, sep="\n", end="", file=sys.stderr)
            return 1
        if renews:
            readme.update_speed(FOLDER / "README.md", FOLDER, results)
            print("tests/bench/README.md shows these ratios now")
    except KeyboardInterrupt:
        print(f"{kept}stopped by Ctrl-C", file=sys.stderr)
        return 130
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def find(names):
    """Return the files of the benches so named, or of all, by name. Raises: ValueError if there is none."""
    known = {path.stem.removeprefix("bench_"): path for path in sorted(FOLDER.glob("bench_*.py"))}
    unknown = [name for name in names if name not in known]
    if unknown or not known:
        raise ValueError(
            f"there is no bench {' '.join(unknown)}, expected some of {', '.join(known)}: check tests/bench"
        )
    return {name: known[name] for name in names or known}


def run(benches, options):
    """Run benches and print a table of their ratios; return by name what each printed last, and what failed."""
    results, rows, failed = {}, [], []
    for name, path in benches.items():
        print(f"bench {name}", file=sys.stderr, flush=True)
        command = [sys.executable, str(path), *options]
        printed, status = output(command)
        try:
            results[name] = json.loads(printed.decode("utf-8").splitlines()[-1])
            rows += [f"{name:<12} {ratio:<24} {times:>9.2f}" for ratio, times in results[name]["ratios"].items()]
        except (IndexError, KeyError, TypeError, ValueError):
            failed.append(" ".join(command))
        else:
            failed += [" ".join(command)] if status else []
    print("\n".join([f"{'bench':<12} {'ratio':<24} {'times':>9}", *rows]), flush=True)
    return results, failed


def output(command):
    """Return what a program prints, and its exit status. Raises: KeyboardInterrupt if Ctrl-C has ended it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C reaches the program too, and is left to it
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONUTF8": "1"})
    finally:
        signal.signal(signal.SIGINT, before)
    if done.returncode == -signal.SIGINT:
        raise KeyboardInterrupt
    return done.stdout, done.returncode


if __name__ == "__main__":
    sys.exit(main())
