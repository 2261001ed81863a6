"""What the course prints: whole in every encoding, and never the end of the work."""

import codecs
import io
import os
import sys
from contextlib import suppress
from typing import IO

ALIKE = dict(zip("≈…·−–—✓×→²µ", ("~", "...", "-", "-", "-", "-", "+", "x", "->", "^2", "u")))


def say(text: object, *, error: bool = False, end: str = "\n") -> None:
    """Print a line at once, on stderr if it tells of an error: as print does, but by way of `Forgiving`."""
    Forgiving(sys.stderr if error else sys.stdout).write(f"{text}{end}")


def seen_live() -> bool:
    """Whether somebody looks at stderr while it is written: then it is a terminal."""
    return Forgiving(sys.stderr).isatty()


class Forgiving:
    """A stream that takes any text, and whose failure ends nothing: what follows is dropped.

    What cannot be written in its encoding becomes what looks like it, `~` for `≈`, else an escape such as `\\u2211`.
    That the disk is full is told once on stderr, and nothing if the reader has gone, as head does.
    """

    def __init__(self, stream: IO[str] | None):
        self.stream = stream  # None where a program was started without

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)

    def isatty(self) -> bool:
        return self.stream is not None and self.stream.isatty()

    def write(self, text: str) -> None:
        if self.stream is None:
            return
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        try:
            self.stream.write(text.encode(encoding, "alike").decode(encoding))
            if isinstance(self.stream, io.TextIOWrapper):  # a notebook's would tear its outputs apart
                self.stream.flush()
        except (OSError, ValueError) as fault:
            with suppress(OSError, ValueError, AttributeError), open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), self.stream.fileno())  # else Python would try again as it ends, and fail
            if self.stream is not sys.stderr and isinstance(fault, OSError) and not isinstance(fault, BrokenPipeError):
                say(f"stdout takes no more ({fault.strerror}): what follows is not printed", error=True)

    def flush(self) -> None:
        """Nothing is left to be done."""


def _spell(error: UnicodeError) -> tuple[str | bytes, int]:
    """Spell the first of the characters that an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    error.end = error.start + 1
    if alike := ALIKE.get(error.object[error.start]):
        return alike, error.end
    return codecs.backslashreplace_errors(error)


codecs.register_error("alike", _spell)
