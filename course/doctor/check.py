"""What every look of the doctor needs: the line that it gives, and a Python of its own to try things in."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from course import _places

PYTHON = f'"{sys.executable}"'  # as it is typed
REINSTALL = (  # what is not the course's own may hold other things too
    "delete .venv, then run python3 run.py install"
    if Path(sys.prefix) == _places.ROOT / ".venv"
    else "run python3 run.py install, which gives the course a .venv of its own"
)


class Check(NamedTuple):
    """One line of the doctor. state: "ok", "note" or "FAIL"; a failure's text ends in its mend."""

    state: str
    text: str


def why_it_fails(code: str, seconds: float = 300) -> str:
    """Run code in a Python of its own, which may die of it; return what it said, "" if all went well."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=_places.NOTEBOOKS,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {seconds:g} s"
    words = done.stderr.decode(errors="replace").strip()
    if done.returncode < 0 and os.name != "nt":
        return f"{words}\nended by {signal.Signals(-done.returncode).name}".strip()
    return (words or f"exit status {done.returncode}") if done.returncode else ""


def mend_for(reason: str, mends: tuple[tuple[str, str], ...]) -> str:
    """Return the first mend of which one sign, between bars, stands in the reason; an empty sign always does."""
    return next(mend for signs, mend in mends if any(sign in reason for sign in signs.split("|")))


def last_line(text: object) -> str:
    return (str(text).strip().splitlines() or [""])[-1]
