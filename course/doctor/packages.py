"""Installed packages: those that pyproject.toml wants, and a torch that can be loaded."""

import importlib.metadata
import os
import re
import tomllib
from collections.abc import Iterator

from course import _places
from course.doctor.check import PYTHON, REINSTALL, Check, last_line, mend_for, why_it_fails

INSTALL = f"{PYTHON} -m pip install"
EXTRAS = {  # of pyproject.toml: what is missed without their packages
    "book": "",  # nothing: `run.py book` installs them
    "curves": "notebook 15 and `--curves` need it",
    "fast": "reading is slower without it",
    "jax": "the last act of notebook 10 needs it",
    "radar": "radar frames in HDF5, netCDF and GeoTIFF need it",
    "test": "only the tests need it",
}
TORCH = "import torch; torch.ones(2, 2) @ torch.ones(2, 2)"
TORCH_MENDS = (  # signs in what `import torch` says, and what helps; LIBRARIES only where LD_LIBRARY_PATH is set
    (
        "WinError 126|WinError 127|WinError 1114|DLL load failed",
        "install the Microsoft Visual C++ Redistributable, https://aka.ms/vs/17/release/vc_redist.x64.exe",
    ),
    ("SIGILL|exit status 3221225501", "this processor lacks instructions that torch needs: use another machine"),
    ("OMP: Error #15", f"two copies of OpenMP are installed, often by pip and conda together: {REINSTALL}"),
    ("", REINSTALL),
)
LIBRARIES = "undefined symbol|shared object file|file too short|version `|libcu|libnccl|libnv"


def check_install() -> Iterator[Check]:
    """Whether the course was installed from the pyproject.toml that is here now; `git pull` brings new ones."""
    from packaging.requirements import Requirement

    path = _places.ROOT / "pyproject.toml"
    if not path.exists():
        return
    try:
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    except (ValueError, KeyError) as error:
        yield Check("FAIL", f"{path} cannot be read ({error}): mend it, or fetch the course anew")
        return
    lines = sum(project["optional-dependencies"].values(), project["dependencies"])
    wanted, installed = (
        {(wish.name, str(wish.specifier)) for wish in map(Requirement, wishes)}
        for wishes in (lines, importlib.metadata.requires("course"))
    )
    if wanted != installed:
        new = ", ".join(sorted(name + range_ for name, range_ in wanted ^ installed))
        extras = ",".join(project["optional-dependencies"])
        yield Check(
            "FAIL",
            f'pyproject.toml has changed since the install ({new}): {INSTALL} --editable "{_places.ROOT}[{extras}]"',
        )


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
            if what != "; ":
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
    path = _places.ROOT / "tests" / "constraints.txt"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE))


def check_torch() -> Iterator[Check]:
    """Whether torch can be loaded and computes: tried in another process, since a broken one may die."""
    if reason := why_it_fails(TORCH):
        path = os.environ.get("LD_LIBRARY_PATH")
        mends = ((LIBRARIES, f"LD_LIBRARY_PATH is {path}: unset it"),) if path else ()
        said = "OMP: Error #15" if "OMP: Error #15" in reason else last_line(reason)
        yield Check("FAIL", f"torch cannot be loaded ({said}): {mend_for(reason, mends + TORCH_MENDS)}")


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
