"""For tests/ and notebooks/ alike: no network, quiet progress bars, and figures that are compared."""

import importlib.util
import os
from pathlib import Path

OFFLINE = Path(__file__).parent / "tests" / "offline"

os.environ["CI"] = "true"
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")])
)  # for children
spec = importlib.util.spec_from_file_location("offline", OFFLINE / "sitecustomize.py")  # for this process
spec.loader.exec_module(importlib.util.module_from_spec(spec))

pytest_plugins = ["figures"]  # tests/figures.py; pyproject.toml puts tests/ on the path
