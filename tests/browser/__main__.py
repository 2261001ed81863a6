"""Run the tests of this folder, which need a browser; here it is an error if there is none, where others skip them."""

import sys
from pathlib import Path

import pytest
from find import find_driven_browser

ROOT, FOLDER = Path(__file__).resolve().parents[2], "tests/browser"


def main(args):
    """Give args to pytest, and this folder if they name none of its tests; return the exit status."""
    try:
        find_driven_browser()
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    sys.path[0] = str(ROOT)  # as `python -m pytest` there
    return pytest.main([*args, *([] if any(arg.startswith(FOLDER) for arg in args) else [FOLDER])])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
