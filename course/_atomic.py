"""Write a file whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4


@contextmanager
def written_whole(path: Path | str) -> Iterator[Path]:
    """Give the path of a temporary file beside `path`, to be written in the block; then it takes that name.

    If the block raises, the temporary file goes and the old one stays. Whoever looks meanwhile sees the old
    file or the new, never a half; of several writers at once the last one wins.
    Raises: what the block raises; OSError if the temporary file is not there or cannot take the name.
    """
    path = Path(path)
    part = path.with_name(f".{uuid4().hex}.{path.name}")  # ends as path does: some writers go by that
    try:
        yield part
        os.replace(part, path)
    finally:
        with suppress(OSError):  # such as: renamed already, never written, no such folder
            part.unlink()
