"""Write a file whole or not at all."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

FULL = errno.ENOSPC, errno.EDQUOT


@contextmanager
def written_whole(path: Path | str) -> Iterator[Path]:
    """Give the path of a temporary file beside `path`, to be written in the block; then it takes that name.

    If the block raises, the temporary file goes and the old one stays. Whoever looks meanwhile sees the old
    file or the new, never a half; of several writers at once the last one wins.
    Raises: what the block raises; OSError, which names `path`, if it cannot be written, or is no file.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise FileExistsError(f"{path} is a folder or a device, which no file may replace: name another file")
    part = path.with_name(f".{uuid4().hex}{path.suffix}")  # ends as path does: some writers go by that
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        if str(error.filename) == str(part) or (error.filename is None and error.errno in FULL):
            error.filename = str(path)
            if error.filename2:  # of the rename: printed even when it is None
                del error.filename2
        raise
    finally:
        with suppress(OSError):  # such as: renamed already, never written, no such folder
            part.unlink()


def make_writable(folder: Path | str) -> None:
    """Make a folder, if need be, and try to write in it, before the work whose result is to go there.

    Raises: OSError that says why it cannot be written, and what helps.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(1 << 16))
    except OSError as error:
        reason = "it is no folder" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
        mend = "free some space there" if error.errno in FULL else "check who owns it"
        text = f"nothing can be written in {folder} ({reason}): {mend}, or take another folder"
        raise reworded(error, text) from None


def reworded(error: OSError, text: str) -> OSError:
    """Return an error of the same kind and number that says this instead, and no number."""
    other = type(error)(text)
    other.errno = error.errno
    return other
