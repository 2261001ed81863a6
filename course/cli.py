"""The console script `course`: look for what is missing here, look after data and progress, run notebooks."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from course import _places
from course._atomic import make_writable
from course._streams import say, seen_live

# Only the standard library here, and all else where it is used: run.py reads WORDS before anything is installed, and
# the doctor must be able to say that a package is missing.


class Word(NamedTuple):
    """A word of the command line. arguments: of argparse, by name; they are passed on to the function by name."""

    name: str
    help: str
    function: Callable[..., int]
    arguments: dict[str, dict[str, Any]] = {}


def main(args: list[str] | None = None) -> int:
    """Do what the command line (or args) says; return the exit status."""
    parser = argparse.ArgumentParser("course", description="Look after this course and run its notebooks.")
    words = parser.add_subparsers(required=True, metavar="WORD")
    for word in WORDS:
        its_parser = words.add_parser(word.name, help=word.help, description=word.help)
        its_parser.set_defaults(function=word.function)
        for name, settings in word.arguments.items():
            its_parser.add_argument(name, **settings)
    options = vars(parser.parse_args(args))
    try:
        return options.pop("function")(**options)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        place, reason = getattr(error, "filename", None) or "a file", getattr(error, "strerror", None)
        mend = f"{place} cannot be used ({reason}): check the path, its owner, and the room on its disk"
        say(mend if reason else error, error=True)  # a sentence of ours has no strerror
        return 1


def run(names: list[str], out: Path | None, costs: str | None) -> int:
    """Run the notebooks so named, in this order, into executed copies; stop at the first that fails.

    out: the folder of the copies, by default build. costs: "check" or "record" what each notebook takes.
    """
    from course.upkeep import notebooks

    paths, live, out = _paths(names), seen_live(), out or _places.ROOT / "build"
    make_writable(out)
    if costs:
        return run_measured(paths, out, costs)
    for path in paths:
        notebooks.run_notebook(path, out / path.name, progress=live)
        if not live:
            say(f"{path.name} ran")
    say(f"all {len(paths)} ran; the executed copies are in {out}")
    return 0


def run_measured(paths: list[Path], out: Path, word: str) -> int:
    """Run notebooks on one thread of the CPU; compare what they take with the record, or renew it."""
    from course import mnist
    from course.device import pick_device
    from course.upkeep import costs

    if pick_device().type != "cpu":
        raise ValueError(f"device is {pick_device()}, but costs are those of the CPU: set COURSE_DEVICE=cpu")
    faults, recorded = [], costs.read_costs()
    if word == "record":
        make_writable(costs.COSTS.parent)
    mnist.load_data()  # makes the stand-in, if need be, at nobody's cost
    for path in paths:
        cost = costs.measure_cost(path, out / path.name, progress=seen_live())
        say(f"{path.stem:<16} {cost.ratio:>6.1f} reference cells {cost.gigabytes:>6.2f} GB")
        if word == "record":
            costs.record_costs({path.stem: cost})
        elif fault := costs.too_much(path.stem, cost, recorded):
            faults.append(fault)
    if word == "record":
        _renew_readme()
    say("\n".join(faults or [f"all {len(paths)} ran, at their usual cost; the executed copies are in {out}"]))
    return int(bool(faults))


def regenerate(names: list[str]) -> int:
    """Run notebooks in place, each written only if every cell ran; renew their solutions and README.md.

    Stops at the first that fails; this one and those after it stay as they were.
    """
    from course.upkeep import notebooks, solutions

    paths, live = _paths(names), seen_live()
    for folder in {path.parent for path in paths}:
        make_writable(folder)
    for path in paths:
        notebooks.run_notebook(path, path, progress=live)
        solutions.write_solutions(path, progress=live)
        if not live:
            say(f"{path.name} ran")
    renewed = _renew_readme()
    say(f"all {len(paths)} ran in place; renewed in README.md: {', '.join(renewed) or 'nothing'}")
    return 0


def diff(names: list[str], since: str, out: Path | None) -> int:
    """Print for each notebook what has changed since a commit: here, or in the executed copies in a folder."""
    from course.upkeep.diff import report

    fresh = {path: (out or path.parent) / path.name for path in _paths(names)}
    if not any(one.is_file() for one in fresh.values()):
        raise FileNotFoundError(f"{out} holds none of these notebooks: call python3 run.py run --out {out}")
    for path in fresh:
        if fresh[path].is_file():
            say("\n".join(report(path, fresh[path], since)))
    return 0


def claims(names: list[str], seeds: int, check: bool) -> int:
    """Measure claims over several seeds, on the data at hand; renew the record and README.md, or only `check` it."""
    from course.claims.bands import BANDS, read_bands
    from course.upkeep.claims import check_claims, measure_claims, write_bands

    read_bands()  # if they are damaged, or cannot be renewed, that is said now
    if check:
        faults = [fault for path in _paths(names) for fault in check_claims(path, seeds, progress=seen_live())]
        say("\n".join(faults or [f"with {seeds} other seeds all figures lie in their bands"]))
        return bool(faults)
    make_writable(BANDS.parent)
    for path in _paths(names):
        write_bands(measured := measure_claims(path, seeds, progress=seen_live()))
        for claim, record in measured.items():
            for data, result in record["measured"].items():
                say(f"{claim} · {record['judgement']} · {result['held']} of {result['seeds']} seeds, data: {data}")
    _renew_readme()
    return 0


def assignment(names: list[str], out: Path | None) -> int:
    """Write an assignment of the exercises of each notebook, which nbgrader hands out and grades."""
    from course.upkeep.assignment import write_assignment

    for path in _paths(names):
        say(write_assignment(path, out or _places.ROOT / "build" / "assignments"))
    return 0


def book(out: Path | None, cards: bool) -> int:
    """Build the website; cards: print the cards of all notebooks, too."""
    from course.upkeep.book import make_book

    say(make_book(out or _places.ROOT / "build" / "book", cards))
    return 0


def new(name: str) -> int:
    """Lay the skeleton of a notebook, its exercises and their wrong answers."""
    from course.upkeep.new import lay_skeleton

    say("\n".join(lay_skeleton(name)))
    return 0


def _renew_readme() -> list[str]:
    from course.upkeep import readme

    return readme.update_readme(_places.ROOT / "README.md", _places.find_notebooks(_places.NOTEBOOKS))


def _paths(names: list[str]) -> list[Path]:
    known = _places.find_notebooks(_places.NOTEBOOKS)
    found = ([Path(name)] if Path(name).is_file() else _places.starting_with(name, known) for name in names)
    return [path for paths in found for path in paths] or known


def see_doctor() -> int:
    from course import doctor

    return doctor.examine()


def data(word: str) -> int:
    return DATA_WORDS[word]()


def data_status() -> int:
    from course import doctor

    for check in doctor.check_data():
        say(check.text)
    return int(check.state == "FAIL")


def data_download() -> int:
    from course import mnist

    data = mnist.load_mnist(download=True)
    mnist.verify_mnist()  # whatever stood in its place is still there
    say(mnist.describe_data(data))
    return 0


def data_verify() -> int:
    """Check MNIST and the stand-in, as far as they are here, to the byte."""
    from course import mnist
    from course.mnist import standin

    file = _places.DATA / standin.FILE
    mnist_is_here = mnist.find_mnist() is not None
    if not mnist_is_here and not file.exists():
        say("neither MNIST nor the stand-in is here: nothing to verify")
    if mnist_is_here:
        say(f"{mnist.verify_mnist()}: the four files are MNIST, to the byte")
    if file.exists():
        if standin.read_cache(file) is None:
            raise ValueError(f"{file} is damaged: delete it, it is made anew on first use")
        say(f"{file}: as it was made")
    return 0


DATA_WORDS = {"status": data_status, "download": data_download, "verify": data_verify}


def progress() -> int:
    from course.exercises.progress import describe_progress

    say(describe_progress(_places.find_notebooks(_places.NOTEBOOKS)))
    return 0


NAMES = {"names": {"nargs": "*", "metavar": "NOTEBOOK", "help": "a file or the start of a name; without one, all"}}
RUN = NAMES | {"--out": {"type": Path, "metavar": "FOLDER", "help": "put the executed copies there, not into build/"}}
COSTS = "measure time and memory on one thread; compare the time with the record, or renew both"
RUN |= {"--costs": {"choices": ("check", "record"), "help": COSTS}}
ASSIGNMENT = NAMES | {"--out": {"type": Path, "metavar": "FOLDER", "help": "not into build/assignments/"}}
DATA = {"word": {"nargs": "?", "choices": tuple(DATA_WORDS), "default": "status"}}
DIFF = NAMES | {"--since": {"default": "HEAD", "metavar": "COMMIT", "help": "compare with this commit"}}
DIFF |= {"--out": {"type": Path, "metavar": "FOLDER", "help": "compare the executed copies in this folder"}}
CLAIMS = NAMES | {"--seeds": {"type": int, "default": 5, "help": "how often each notebook runs"}}
CLAIMS |= {"--check": {"action": "store_true", "help": "only tell which figures leave their bands with other seeds"}}
BOOK = {"--out": {"type": Path, "metavar": "FOLDER", "help": "not into build/book/"}}
BOOK |= {"--cards": {"action": "store_true", "help": "print the cards of all notebooks, too, into cards.pdf"}}
NEW = {"name": {"metavar": "NN_NAME", "help": "0x: the path, 1x: under the hood, 2x: further; then a Python name"}}
WORDS = (
    Word("run", "run notebooks, each from a fresh kernel; the executed copies go to build/", run, RUN),
    Word("progress", "show which exercises you have solved", progress),
    Word("doctor", "look for what is missing or broken here", see_doctor),
    Word("data", "say which data are here (status), download MNIST, or verify the files", data, DATA),
    Word("regenerate", "run notebooks and their solutions in place, and renew README.md", regenerate, NAMES),
    Word("diff", "say in words what has changed in notebooks since the last commit", diff, DIFF),
    Word("claims", "measure the claims over several seeds, and renew README.md", claims, CLAIMS),
    Word("assignment", "make assignments for nbgrader of the exercises; they go to build/", assignment, ASSIGNMENT),
    Word("book", "build the website from what is committed; it goes to build/book", book, BOOK),
    Word("new", "lay the skeleton of a notebook, such as 28_sound, and of its exercises", new, NEW),
)
