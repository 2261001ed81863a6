"""Where the course keeps things. Read as `_places.DATA`, never copied, so that a test can move them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
NOTEBOOKS = ROOT / "notebooks"
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
