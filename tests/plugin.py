"""For tests/ and notebooks/ alike: no network, quiet progress bars, and figures that are compared.

A plugin, named in pyproject.toml, because pytest would not apply a conftest.py in tests/ to notebooks/.
"""
import importlib.util
import os
from pathlib import Path

import pytest

from course import _places

OFFLINE = Path(__file__).parent / "offline"

os.environ["CI"] = "true"
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")]))  # for children
if os.environ.get("COURSE_DATA"):  # a kernel works in notebooks/
    os.environ["COURSE_DATA"] = str(Path(os.environ["COURSE_DATA"]).resolve())
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
    """Add tests/figures.py, once pyproject.toml has put tests/ on the path."""
    config.pluginmanager.import_plugin("figures")
