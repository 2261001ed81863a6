"""For tests/ and notebooks/ alike: no network, quiet progress bars, and figures that are compared.

And for speed: one thread a process, and with `-n auto` two workers, which share the files out, the long ones first.
A plugin, named in pyproject.toml, because pytest would not apply a conftest.py in tests/ to notebooks/.
"""

import atexit
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from course import _places
from course._machine import usable_cores
from course.upkeep.kernel import SETTINGS, drop_settings

OFFLINE = Path(__file__).parent / "offline"
BROWSER = Path(__file__).parent / "browser"
RECORD = _places.ROOT / "course" / "upkeep" / "costs.json"  # of the notebooks; read here without importing torch
LONG = {  # seconds of the test modules that take long; `--durations=0` tells them
    "test_nowcast_main.py": 85,
    "test_twice.py": 66,
    "test_upkeep_claims.py": 28,
    "test_torchrun.py": 24,
    "test_transforms.py": 23,
    "test_notebooks.py": 20,
    "test_new.py": 19,
    "test_plots.py": 18,
    "test_doctor.py": 17,
    "test_nowcast_use.py": 16,
    "test_distributed.py": 15,
    "test_kernel_config.py": 14,
    "test_standin.py": 13,
    "test_plugin.py": 12,
    "test_cli.py": 11,
    "test_without_jax.py": 10,
    "test_house.py": 9,
    "test_exercise_mutants.py": 8,
}

if "PYTEST_XDIST_WORKER" not in os.environ:  # a worker has it all from the process that starts it
    ipython = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, ipython, ignore_errors=True)
    os.environ.update(drop_settings(os.environ, ipython))  # for the kernels of nbval
    for name in SETTINGS:
        os.environ.pop(name, None)
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; children have it too
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")]))  # for children
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # inherited, as by `nohup pytest &`; children would be deaf too
    signal.signal(signal.SIGINT, signal.default_int_handler)
spec = importlib.util.spec_from_file_location("offline", OFFLINE / "sitecustomize.py")  # for this process
spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.fixture
def empty_data_folder(tmp_path, monkeypatch):
    """A machine without MNIST: the course's data are kept in tmp_path/data, and it computes on the CPU."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    monkeypatch.setattr(_places, "DATA", tmp_path / "data")
    (tmp_path / "data").mkdir()


def pytest_configure(config):
    """Add tests/figures.py, once pyproject.toml has put tests/ on the path; never part the tests of a file."""
    config.pluginmanager.import_plugin("figures")
    if getattr(config.option, "dist", None) == "load":  # what -n means without --dist: single tests are shared out
        config.option.dist = "loadscope"
    config.option.loadscopereorder = False  # else files with many tests would begin first


def pytest_ignore_collect(collection_path, config):
    """Leave out what is not asked for: notebooks that are not the course's, and what needs a browser and minutes."""
    if collection_path == BROWSER and not asked_for(collection_path, config):
        return True  # `python3 run.py test-browser` asks for it
    if collection_path.suffix == ".ipynb" and not asked_for(collection_path, config):
        folders = (config.rootpath / "notebooks", config.rootpath / "notebooks" / "solutions")
        ours = collection_path.parent in folders and _places.NOTEBOOK.fullmatch(collection_path.name)
        return None if ours else True


def asked_for(path, config):
    """Whether the command line names this file, as in `pytest notebooks/mine.ipynb`, or this folder or a file in it."""
    return any(named.is_relative_to(path) for named in files_named(config))


def files_named(config):
    """The arguments that are paths, or names of tests in them, as paths."""
    return {Path(os.path.abspath(config.invocation_params.dir / arg.split("::")[0])) for arg in config.args}


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config):
    """What `-n auto` means: two workers; none on one core or for one file; what xdist's own variable says, if set."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    named = files_named(config)
    one_file = len(named) == 1 and named.pop().is_file()
    return 0 if one_file or usable_cores() < 2 else 2


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    """Make the stand-in for MNIST, if there is neither, before workers would make it twice, each for its notebook."""
    config = session.config
    shares_out = (
        getattr(config.option, "tx", None) and not config.option.collectonly and not hasattr(config, "workerinput")
    )
    there = (
        os.environ.get("COURSE_DATA") or (_places.DATA / "MNIST").exists() or list(_places.DATA.glob("digits-*.npz"))
    )
    if shares_out and not there and _places.NOTEBOOKS in files_named(config):
        subprocess.run([sys.executable, "-c", "from course.mnist import load_data; load_data()"], cwd=_places.ROOT)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Among workers what takes long begins first, so that all end at about the same time."""
    if hasattr(config, "workerinput"):
        record = json.loads(RECORD.read_text(encoding="utf-8"))
        items.sort(key=lambda item: -seconds(item.path, record))  # the tests of a file stay together, in order


def seconds(path, record):
    """About how long the tests of a file take; a notebook without a record may take long."""
    if path.suffix == ".ipynb" and path.parent.name != "solutions":
        return record.get(path.stem, {"seconds": float("inf")})["seconds"]
    return LONG.get(path.name, 0)
