"""Where the course keeps things. Read as `_places.DATA`, never copied, so that a test can move them."""

import os
import re
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
NOTEBOOKS = ROOT / "notebooks"
MY = ROOT / "my"  # a learner's own copies of them
NOTEBOOK = re.compile(r"\d\d_\w+\.ipynb")  # no copy such as 00_start-Copy1.ipynb
SOLVED = ROOT / ".solved"  # names of solved exercises, one a line


def find_notebooks(folder: Path | str) -> list[Path]:
    """Return the course's notebooks (00_start.ipynb, 01_…) in a folder, in order.

    Raises: FileNotFoundError if there is none.
    """
    paths = sorted(path for path in Path(folder).glob("*.ipynb") if NOTEBOOK.fullmatch(path.name))
    if not paths:
        raise FileNotFoundError(
            f"{Path(folder).resolve()} holds no notebook, expected files such as 00_start.ipynb: "
            "run this in the course's folder"
        )
    return paths


def starting_with(name: str, paths: list[Path]) -> list[Path]:
    """Return the notebooks whose names start so. Raises: ValueError if there is none."""
    found = [path for path in paths if path.name.startswith(name)]
    if not found:
        raise ValueError(f"no notebook starts with {name!r}, expected one of {', '.join(path.stem for path in paths)}")
    return found


def spare_home() -> dict[str, str]:
    """Return variables that give Jupyter, IPython and matplotlib a folder here, if the home cannot be written."""
    if os.access(os.path.expanduser("~"), os.W_OK):
        return {}
    home = ROOT / "build" / "home"
    with suppress(OSError):  # then the course cannot be written either, and the doctor says so
        home.mkdir(parents=True, exist_ok=True)
    names = "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR"
    return dict.fromkeys(names, str(home))
