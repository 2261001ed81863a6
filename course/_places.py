"""Where the course keeps things. Read as `_places.DATA`, never copied, so that a test can move them."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
NOTEBOOKS = ROOT / "notebooks"
SOLVED = ROOT / ".solved"  # names of solved exercises, one a line


def find_notebooks(folder: Path | str) -> list[Path]:
    """Return the course's notebooks (00_start.ipynb, 01_…) in a folder, in order.

    Raises: FileNotFoundError if there is none.
    """
    paths = sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise FileNotFoundError(
            f"{Path(folder).resolve()} holds no notebook, expected files such as 00_start.ipynb: "
            "run this in the course's folder"
        )
    return paths
