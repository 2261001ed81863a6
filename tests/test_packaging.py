"""pyproject.toml, the exact versions and the conda environment say the same."""

import importlib.metadata
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import course

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
WANTED = [Requirement(line) for line in sum(EXTRAS.values(), PROJECT["dependencies"])]
BOOK = {Requirement(line).name for line in EXTRAS["book"]}
CONSTRAINTS = (ROOT / "tests" / "constraints.txt").read_text(encoding="utf-8")
PINS = dict(re.findall(r"^([\w.-]+)==(\S+)$", CONSTRAINTS, re.MULTILINE))
CONDA_NAMES = {"torch": "pytorch", "playwright": "playwright-python", "netCDF4": "netcdf4"}


@pytest.mark.parametrize("requirement", WANTED, ids=lambda requirement: requirement.name)
def test_every_direct_dependency_has_an_exact_version_within_its_range(requirement):
    assert requirement.specifier.contains(PINS[requirement.name])


def test_constraints_hold_only_exact_versions_that_every_system_has():
    lines = [line for line in CONSTRAINTS.splitlines() if line and not line.startswith("#")]
    assert len(lines) == len(PINS) == len({re.sub(r"[-_.]+", "-", name).lower() for name in PINS})
    assert [line for line in lines if re.match(r"(?i)cuda|nvidia|triton|.*\+", line)] == []


def test_the_conda_environment_has_the_ranges_of_pyproject():
    lines = re.findall(r"^  - (\S+)$", (ROOT / "environment.yml").read_text(encoding="utf-8"), re.M)
    wishes = [wish for wish in WANTED if wish.name not in BOOK]  # nobody needs the website to learn
    wanted = [CONDA_NAMES.get(wish.name, wish.name) + str(wish.specifier) for wish in wishes]
    assert lines == ["conda-forge", f"python{PROJECT['requires-python']}", "pip", *wanted, "pip:"]


def test_the_installed_course_is_this_one_with_these_ranges():
    installed = [Requirement(line) for line in importlib.metadata.requires("course")]
    assert {(wish.name, str(wish.specifier)) for wish in installed} == {
        (wish.name, str(wish.specifier)) for wish in WANTED
    }
    assert importlib.metadata.version("course") == course.__version__
    assert Path(course.__file__).resolve() == ROOT / "course" / "__init__.py"


COPIED = {
    ".ipython/ipython_kernel_config.py": "etc/ipython/ipython_kernel_config.py",
    "course/plots/alt_text": "share/jupyter/labextensions/course-alt-text",
}


@pytest.mark.parametrize("source", COPIED)
def test_the_environment_has_todays_copy_of_what_kernels_and_jupyterlab_read(source):
    assert COPIED == PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    files = [path for path in [ROOT / source, *(ROOT / source).rglob("*")] if path.is_file()]
    assert files
    for path in files:
        copy = Path(sys.prefix) / COPIED[source] / path.relative_to(ROOT / source)
        assert copy.read_bytes() == path.read_bytes(), "call python3 run.py install"


def test_all_files_for_kernels_are_copied():
    assert {f".ipython/{path.name}" for path in (ROOT / ".ipython").iterdir()} <= COPIED.keys()


def test_the_extension_of_jupyterlab_is_where_and_what_its_description_says():
    folder = ROOT / "course" / "plots" / "alt_text"
    told = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    code = (folder / told["jupyterlab"]["_build"]["load"]).read_text(encoding="utf-8")
    assert COPIED["course/plots/alt_text"] == f"share/jupyter/labextensions/{told['name']}"
    assert f'["{told["name"]}"] = ' in code
