"""The console script `course`: look for what is missing here, look after data and progress, run notebooks."""

import argparse
import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

# Rooms and packages are imported where they are used: the doctor must be able to say that one is missing.

ROOT = Path(__file__).resolve().parents[1]
INSTALL = f'"{sys.executable}" -m pip install'
EXTRAS = {  # of pyproject.toml: what is missed without their packages
    "curves": "notebook 09 and `--curves` need it",
    "fast": "reading is slower without it",
    "test": "only the tests need it",
}
DISK = 1.0  # GB: the stand-in digits, executed notebooks, checkpoints


class Check(NamedTuple):
    """One line of the doctor. state: "ok", "note" or "FAIL"; a failure's text ends in its mend."""

    state: str
    text: str


def main(args: list[str] | None = None) -> int:
    """Do what the command line (or args) says; return the exit status."""
    parser = argparse.ArgumentParser("course", description="Look after this course and run its notebooks.")
    words = parser.add_subparsers(required=True, metavar="WORD")
    word = words.add_parser("doctor", help="look for what is missing or broken here")
    word.set_defaults(call=lambda options: doctor())
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
    for check in check_data():
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


def doctor() -> int:
    """Print a line for everything that the course needs; return 1 if something is missing or broken."""
    states = []
    rest = check_packages, check_pair, check_device, check_data, check_kernel, check_disk
    for looks in ((check_python, check_names), rest):
        for check in (check for look in looks for check in _run(look)):
            print(f"{check.state:<5} {check.text}", flush=True)
            states.append(check.state)
        if "FAIL" in states:
            break  # after a wrong Python or a hidden package, what else fails would only confuse
    failed = states.count("FAIL")
    print(f"{failed} of {len(states)} failed" if failed else "all is well")
    return int(failed > 0)


def _run(look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from look()
    except ImportError as error:
        yield Check("FAIL", f"{error}: delete .venv, then run python3 run.py install")


def check_python() -> Iterator[Check]:
    from packaging.specifiers import SpecifierSet

    wanted = importlib.metadata.metadata("course")["Requires-Python"]
    found = ".".join(map(str, sys.version_info[:3]))
    if found not in SpecifierSet(wanted):
        yield Check("FAIL", f"Python is {found}, expected {wanted}: call run.py with a newer one")
    else:
        yield Check("ok", f"Python {found} in {sys.prefix}")


def check_names() -> Iterator[Check]:
    """Whether a file of the learner's has the name of a package, which Python then takes for that package."""
    taken = sys.stdlib_module_names | importlib.metadata.packages_distributions().keys()
    for path in (path for folder in (ROOT, ROOT / "notebooks") for path in sorted(folder.glob("*.py"))):
        if path.stem in taken:
            yield Check("FAIL", f"{path} is taken for the package {path.stem}, which it hides: rename it")


def check_packages() -> Iterator[Check]:
    """Installed versions against the ranges in pyproject.toml, and the exact ones that were tested."""
    from packaging.requirements import Requirement
    from packaging.version import Version

    good, untested = [], []
    tested = tested_versions()
    for wish in map(Requirement, importlib.metadata.requires("course")):
        extra = re.search(r'extra == "(\w+)"', str(wish.marker))
        range_ = f"{wish.name}{wish.specifier}"
        try:
            found = importlib.metadata.version(wish.name)
        except importlib.metadata.PackageNotFoundError:
            what = f"; {EXTRAS[extra[1]]}" if extra else ""
            yield Check("note" if extra else "FAIL", f'{wish.name} is missing{what}: {INSTALL} "{range_}"')
            continue
        if not wish.specifier.contains(found, prereleases=True):
            yield Check("FAIL", f'{wish.name} is {found}, expected {wish.specifier}: {INSTALL} "{range_}"')
            continue
        good.append(f"{wish.name} {found}")
        if tested.get(wish.name) not in (None, Version(found).public):
            untested.append(f"{wish.name} {found} (tested: {tested[wish.name]})")
    yield Check("ok", f"packages: {', '.join(good)}")
    if untested:
        yield Check("note", f"other versions than the tested ones: {', '.join(untested)}")


def tested_versions() -> dict[str, str]:
    """Exact versions by package, from tests/constraints.txt; empty where the course came without it."""
    path = ROOT / "tests" / "constraints.txt"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE))


def check_pair() -> Iterator[Check]:
    """Whether torchvision fits torch, by its own word and by calling its compiled part."""
    from packaging.requirements import Requirement

    mend = f"install both from one index: {INSTALL} --upgrade torch torchvision"
    try:
        torch, torchvision = map(importlib.metadata.version, ("torch", "torchvision"))
    except importlib.metadata.PackageNotFoundError:
        return  # said already
    wishes = map(Requirement, importlib.metadata.requires("torchvision"))
    wanted = next(wish.specifier for wish in wishes if wish.name == "torch")
    if not wanted.contains(torch, prereleases=True):
        yield Check("FAIL", f"torchvision {torchvision} needs torch{wanted}, but torch is {torch}: {mend}")
        return
    try:
        _call_torchvision()
    except (ImportError, AttributeError, OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        yield Check("FAIL", f"torchvision {torchvision} does not work with torch {torch} ({reason}): {mend}")
    else:
        yield Check("ok", f"torchvision {torchvision} works with torch {torch}")


def _call_torchvision() -> None:
    import torch
    import torchvision

    torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)


def check_device() -> Iterator[Check]:
    import torch

    from course.device import describe_device, pick_device

    try:
        device = pick_device()
        torch.ones(2, device=device).sum().item()
    except ValueError as error:
        yield Check("FAIL", str(error))
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        yield Check("FAIL", f"torch cannot compute on {device} ({reason}): set COURSE_DEVICE=cpu")
    else:
        yield Check("ok", describe_device(device))


def check_data() -> Iterator[Check]:
    from course import digits, mnist

    named = os.environ.get("COURSE_DATA")
    standin = mnist.DATA / digits.FILE
    try:
        root = mnist.find_mnist()
    except FileNotFoundError as error:
        yield Check("FAIL", str(error))
        return
    if root:
        yield Check("ok", f"data: MNIST in {root}")
    elif named:
        yield Check("FAIL", f"COURSE_DATA is {named}, but {Path(named) / 'MNIST/raw'} has no MNIST: "
                    "correct it, or unset it to use the stand-in")
    else:
        here = "is here" if standin.exists() else "will be made on first use"
        yield Check("ok", f"data: no MNIST; its stand-in {standin} {here}")


def check_kernel() -> Iterator[Check]:
    """Whether Jupyter's kernel python3 starts this Python, and not one that lacks the course."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    mend = f'"{sys.executable}" -m ipykernel install --sys-prefix'
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield Check("FAIL", f"Jupyter has no kernel python3: {mend}")
        return
    program = spec.argv[0]
    own = ("python", "python3", f"python3.{sys.version_info[1]}")  # for these Jupyter puts its own Python
    if program in own or Path(program).is_relative_to(sys.prefix):
        yield Check("ok", f"Jupyter's kernel python3 in {spec.resource_dir}")
    else:
        yield Check("FAIL", f"Jupyter's kernel python3 starts {program}, expected {sys.executable}: {mend}")


def check_disk() -> Iterator[Check]:
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < DISK:
        yield Check("FAIL", f"{free:.1f} GB free in {ROOT}, expected {DISK:.0f}: delete what you can spare")
    else:
        yield Check("ok", f"{free:.0f} GB free in {ROOT}")
