"""Which Python this is, and whether it finds the packages that were installed for it."""

import importlib.metadata
import os
import platform
import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from course import _places
from course.doctor.check import Check


def check_python() -> Iterator[Check]:
    from packaging.specifiers import SpecifierSet

    wanted = importlib.metadata.metadata("course")["Requires-Python"]
    found = ".".join(map(str, sys.version_info[:3]))
    if found not in SpecifierSet(wanted):
        yield Check("FAIL", f"Python is {found}, expected {wanted}: call run.py with a newer one")
    elif sys.maxsize < 2**32:
        yield Check("FAIL", f"Python {found} has 32 bits, expected 64, as torch has: install a 64-bit Python")
    elif (sys.platform, platform.machine()) == ("darwin", "x86_64"):
        yield Check(
            "FAIL",
            f"Python {found} is built for Intel, and torch is not, on macOS: on a Mac with an Apple "
            "chip install a Python for Apple silicon, on another use conda (README.md)",
        )
    else:
        yield Check("ok", f"Python {found} in {sys.prefix}")


def check_names() -> Iterator[Check]:
    """Whether a file of the learner's has the name of a package, which Python then takes for that package."""
    taken = sys.stdlib_module_names | importlib.metadata.packages_distributions().keys()
    for folder in (_places.ROOT, _places.NOTEBOOKS):
        for path in sorted(folder.glob("*.py")):
            if path.stem in taken:
                yield Check(
                    "FAIL",
                    f"{path} is taken for the package {path.stem}, which it hides: rename it, then restart the kernel",
                )


def check_paths() -> Iterator[Check]:
    """Whether a folder that Python looks through first has packages that hide installed ones."""
    installed = _modules(Path(sysconfig.get_path("purelib"))) | _modules(Path(sysconfig.get_path("platlib")))
    installed.add("course")  # from its own folder
    for folder in filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)):
        if hidden := _modules(Path(folder)) & (installed | sys.stdlib_module_names):
            yield Check("FAIL", f"PYTHONPATH names {folder}, which hides {_some(hidden)}: unset PYTHONPATH")
    own = site.getusersitepackages()
    if os.path.isdir(os.path.join(sys.prefix, "conda-meta")) and own in sys.path:  # a .venv leaves it out
        if hidden := _modules(Path(own)) & installed:
            yield Check("FAIL", f"{own} hides {_some(hidden)} of {sys.prefix}: set PYTHONNOUSERSITE=1")


def _modules(folder: Path) -> set[str]:
    if not folder.is_dir() or folder.resolve() == _places.ROOT:
        return set()
    return {
        path.name.split(".")[0]
        for path in folder.iterdir()
        if path.suffix in (".py", ".pyd", ".so") or (path / "__init__.py").is_file()
    }


def _some(names: set[str], most: int = 3) -> str:
    first = ", ".join(sorted(names)[:most])
    return f"{first} and {len(names) - most} more" if len(names) > most else first
