"""The console script `course`: look for what is missing here, look after data and progress, run notebooks."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from course import doctor

# Other rooms are imported where they are used: the doctor must be able to say that a package is missing.

ROOT = Path(__file__).resolve().parents[1]


def main(args: list[str] | None = None) -> int:
    """Do what the command line (or args) says; return the exit status."""
    parser = argparse.ArgumentParser("course", description="Look after this course and run its notebooks.")
    words = parser.add_subparsers(required=True, metavar="WORD")
    word = words.add_parser("doctor", help="look for what is missing or broken here")
    word.set_defaults(call=lambda options: doctor.main())
    word = words.add_parser("data", help="say which data are here, download MNIST, or verify the files")
    word.add_argument("word", nargs="?", choices=list(DATA_WORDS), default="status")
    word.set_defaults(call=lambda options: DATA_WORDS[options.word]())
    word = words.add_parser("run", help="run notebooks, each from a fresh kernel, into executed copies")
    word.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="a file or the start of a name")
    word.add_argument("--out", type=Path, default=ROOT / "build", help="folder of the executed copies")
    word.set_defaults(call=lambda options: run(options.notebooks, options.out))
    word = words.add_parser("regenerate", help="run notebooks in place and renew what README.md shows of them")
    word.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="a file or the start of a name")
    word.set_defaults(call=lambda options: regenerate(options.notebooks))
    word = words.add_parser("progress", help="show which exercises are solved")
    word.set_defaults(call=lambda options: progress())
    options = parser.parse_args(args)
    try:
        return options.call(options)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


def run(names: list[str], out: Path) -> int:
    """Run the notebooks so named, in this order, into executed copies; stop at the first that fails."""
    count = _run_each(names, lambda path: out / path.name)
    print(f"all {count} ran; the executed copies are in {out}")
    return 0


def regenerate(names: list[str]) -> int:
    """Run notebooks in place, each written only if every cell ran, and renew what README.md shows of them."""
    from course import notebooks, readme

    count = _run_each(names, lambda path: path)
    renewed = readme.update_readme(ROOT / "README.md", notebooks.find(ROOT / "notebooks"))
    print(f"all {count} ran in place; renewed in README.md: {', '.join(renewed) or 'nothing'}")
    return 0


def _run_each(names: list[str], target: Callable[[Path], Path]) -> int:
    from course import notebooks

    live = sys.stderr.isatty()
    known = notebooks.find(ROOT / "notebooks")
    paths = [path for name in names for path in _find(name, known)] or known
    for path in paths:
        notebooks.run(path, target(path), progress=live)
        if not live:
            print(f"{path.name} ran", flush=True)
    return len(paths)


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
    from course import digits, mnist

    standin = mnist.DATA / digits.FILE
    mnist_is_here = mnist.find_mnist() is not None
    if not mnist_is_here and not standin.exists():
        print("neither MNIST nor the stand-in is here: nothing to verify")
    if mnist_is_here:
        print(f"{mnist.verify_mnist()}: the four files are MNIST, to the byte")
    if standin.exists():
        if digits.read_cache(standin) is None:
            raise ValueError(f"{standin} is damaged: delete it, it is made anew on first use")
        print(f"{standin}: as it was made")
    return 0


DATA_WORDS = {"status": data_status, "download": data_download, "verify": data_verify}


def progress() -> int:
    """Print a line for each notebook: how many of its exercises are solved, and which are left."""
    from course import notebooks
    from course.exercises import EXERCISES
    from course.exercises.solved import read_solved

    solved = read_solved()
    for path in notebooks.find(ROOT / "notebooks"):
        own = [name for name in EXERCISES if name.startswith(f"{path.stem[:2]}.")]
        left = [name for name in own if name not in solved]
        rest = f"   left: {' '.join(left)}" if left else ""
        print(f"{path.stem:<16} {len(own) - len(left)} of {len(own)}{rest}")
    print(f"{len(solved & EXERCISES.keys())} of {len(EXERCISES)} exercises are solved")
    return 0
