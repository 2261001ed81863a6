"""The console script `course`: look for what is missing here, look after data and progress, run notebooks."""

import argparse
import sys
from pathlib import Path

from course import _places, doctor

# Other rooms are imported where they are used: the doctor must be able to say that a package is missing.


def main(args: list[str] | None = None) -> int:
    """Do what the command line (or args) says; return the exit status."""
    parser = argparse.ArgumentParser("course", description="Look after this course and run its notebooks.")
    some = argparse.ArgumentParser(add_help=False)
    some.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="a file or the start of a name")
    words = parser.add_subparsers(required=True, metavar="WORD")
    word = words.add_parser("doctor", help="look for what is missing or broken here")
    word.set_defaults(call=lambda options: doctor.examine())
    word = words.add_parser("data", help="say which data are here, download MNIST, or verify the files")
    word.add_argument("word", nargs="?", choices=list(DATA_WORDS), default="status")
    word.set_defaults(call=lambda options: DATA_WORDS[options.word]())
    word = words.add_parser("run", parents=[some], help="run notebooks, each from a fresh kernel, into executed copies")
    word.add_argument("--out", type=Path, default=_places.ROOT / "build", help="folder of the executed copies")
    word.add_argument("--costs", choices=("check", "record"),
                      help="measure time and memory on one thread; compare them with the record, or renew it")
    word.set_defaults(call=lambda options: run(options.notebooks, options.out, options.costs))
    word = words.add_parser("regenerate", parents=[some],
                            help="run notebooks and their solutions in place, and renew README.md")
    word.set_defaults(call=lambda options: regenerate(options.notebooks))
    word = words.add_parser("diff", parents=[some],
                            help="say in words what has changed in notebooks since the committed outputs")
    word.add_argument("--since", default="HEAD", metavar="COMMIT", help="compare with this commit")
    word.add_argument("--out", type=Path, metavar="FOLDER", help="compare the executed copies in this folder")
    word.set_defaults(call=lambda options: diff(options.notebooks, options.since, options.out))
    word = words.add_parser("claims", parents=[some], help="measure the claims over several seeds, and renew README.md")
    word.add_argument("--seeds", type=int, default=5, help="how often each notebook runs")
    word.set_defaults(call=lambda options: claims(options.notebooks, options.seeds))
    word = words.add_parser("new", help="lay the skeleton of a notebook and its exercises")
    word.add_argument("name", metavar="NN_NAME", help="its number and its name, such as 23_text")
    word.set_defaults(call=lambda options: new(options.name))
    word = words.add_parser("progress", help="show which exercises are solved")
    word.set_defaults(call=lambda options: progress())
    options = parser.parse_args(args)
    try:
        return options.call(options)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


def run(names: list[str], out: Path, costs: str | None = None) -> int:
    """Run the notebooks so named, in this order, into executed copies; stop at the first that fails.

    costs: "check" or "record" what each notebook takes.
    """
    from course.upkeep import notebooks

    paths, live = _paths(names), sys.stderr.isatty()
    if costs:
        return run_measured(paths, out, costs)
    for path in paths:
        notebooks.run_notebook(path, out / path.name, progress=live)
        if not live:
            print(f"{path.name} ran", flush=True)
    print(f"all {len(paths)} ran; the executed copies are in {out}")
    return 0


def run_measured(paths: list[Path], out: Path, word: str) -> int:
    """Run notebooks on one thread of the CPU; compare what they take with the record, or renew it."""
    from course import mnist
    from course.upkeep import costs, readme
    from course.device import pick_device

    if pick_device().type != "cpu":
        raise ValueError(f"device is {pick_device()}, but costs are those of the CPU: set COURSE_DEVICE=cpu")
    mnist.load_data()  # makes the stand-in, if need be, at nobody's cost
    faults, recorded = [], costs.read_costs()
    for path in paths:
        cost = costs.measure_cost(path, out / path.name, progress=sys.stderr.isatty())
        print(f"{path.stem:<16} {cost.ratio:>6.1f} reference cells {cost.gigabytes:>6.2f} GB", flush=True)
        if word == "record":
            costs.record_costs({path.stem: cost})
        elif fault := costs.too_much(path.stem, cost, recorded):
            faults.append(fault)
    if word == "record":
        readme.update_readme(_places.ROOT / "README.md", _places.find_notebooks(_places.NOTEBOOKS))
    print("\n".join(faults or [f"all {len(paths)} ran, at their usual cost; the executed copies are in {out}"]))
    return int(bool(faults))


def regenerate(names: list[str]) -> int:
    """Run notebooks in place, each written only if every cell ran; renew their solutions and README.md.

    Stops at the first that fails; this one and those after it stay as they were.
    """
    from course.upkeep import notebooks, readme
    from course.upkeep import solutions

    paths, live = _paths(names), sys.stderr.isatty()
    for path in paths:
        notebooks.run_notebook(path, path, progress=live)
        solutions.write_solutions(path, progress=live)
        if not live:
            print(f"{path.name} ran", flush=True)
    renewed = readme.update_readme(_places.ROOT / "README.md", _places.find_notebooks(_places.NOTEBOOKS))
    print(f"all {len(paths)} ran in place; renewed in README.md: {', '.join(renewed) or 'nothing'}")
    return 0


def diff(names: list[str], since: str, out: Path | None) -> int:
    """Print for each notebook what has changed since a commit: here, or in the executed copies in a folder."""
    from course.upkeep import diff

    for path in _paths(names):
        new = path if out is None else out / path.name
        if out is None or new.is_file():
            print("\n".join(diff.report(path, new, since)), flush=True)
    return 0


def claims(names: list[str], seeds: int) -> int:
    """Measure the claims of notebooks over several seeds, on the data at hand; renew the record and README.md."""
    from course.upkeep import claims, readme

    for path in _paths(names):
        measured = claims.measure_claims(path, seeds, progress=sys.stderr.isatty())
        claims.write_bands(measured)
        for claim, record in measured.items():
            for data, result in record["measured"].items():
                print(f"{claim} · {record['judgement']} · {result['held']} of {result['seeds']} seeds, data: {data}")
    readme.update_readme(_places.ROOT / "README.md", _places.find_notebooks(_places.NOTEBOOKS))
    return 0


def new(name: str) -> int:
    """Lay the skeleton of a notebook; print what was made and what to do next."""
    from course.upkeep import new

    print("\n".join(new.lay_skeleton(name)))
    return 0


def _paths(names: list[str]) -> list[Path]:

    known = _places.find_notebooks(_places.NOTEBOOKS)
    return [path for name in names for path in _find(name, known)] or known


def _find(name: str, known: list[Path]) -> list[Path]:
    if Path(name).suffix == ".ipynb":
        return [Path(name)]
    found = [path for path in known if path.stem.startswith(name)]
    if not found:
        names = ", ".join(path.stem for path in known)
        raise ValueError(f"no notebook starts with {name!r}, expected one of {names}")
    return found


def data_status() -> int:
    for check in doctor.check_data():
        print(check.text)
    return int(check.state == "FAIL")


def data_download() -> int:
    from course import mnist

    print(mnist.describe_data(mnist.load_mnist(download=True)))
    return 0


def data_verify() -> int:
    """Check MNIST and the stand-in, as far as they are here, to the byte."""
    from course import mnist
    from course.mnist import standin

    file = _places.DATA / standin.FILE
    mnist_is_here = mnist.find_mnist() is not None
    if not mnist_is_here and not file.exists():
        print("neither MNIST nor the stand-in is here: nothing to verify")
    if mnist_is_here:
        print(f"{mnist.verify_mnist()}: the four files are MNIST, to the byte")
    if file.exists():
        if standin.read_cache(file) is None:
            raise ValueError(f"{file} is damaged: delete it, it is made anew on first use")
        print(f"{file}: as it was made")
    return 0


DATA_WORDS = {"status": data_status, "download": data_download, "verify": data_verify}


def progress() -> int:
    """Print a line for each notebook: how many of its exercises are solved, and which are left."""
    from course.exercises import EXERCISES
    from course.exercises.solved import read_solved

    solved = read_solved()
    for path in _places.find_notebooks(_places.NOTEBOOKS):
        own = [name for name in EXERCISES if name.startswith(f"{path.stem[3:]}.")]
        left = [name for name in own if name not in solved]
        rest = f"   left: {' '.join(left)}" if left else ""
        print(f"{path.stem:<16} {len(own) - len(left)} of {len(own)}{rest}")
    print(f"exercises solved: {len(solved & EXERCISES.keys())} of {len(EXERCISES)}")
    return 0
