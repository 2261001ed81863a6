"""Look for what is missing or broken on this machine, and say how to mend it."""

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


def main() -> int:
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
