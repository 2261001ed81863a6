"""Locks between processes: each goes with the process that holds it, however that ends."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

TAKEN = errno.EACCES, errno.EDEADLK  # what Windows says of a lock that another has
PAUSE = 0.05  # seconds between two looks


def try_lock(file: IO) -> None:
    """Lock an open file until it is closed or this process dies.

    Raises: BlockingIOError if another has it; another OSError if nothing can be locked where it lies.
    """
    if os.name != "nt":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    import msvcrt

    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError as error:
        raise (BlockingIOError(*error.args) if error.errno in TAKEN else error) from None


@contextmanager
def locked(path: Path | str) -> Iterator[str]:
    """Wait for the lock of a file, which is made if need be, and hold it in the block.

    Gives: "", or why there is no lock: a network may have none, and then others may be in the block too.
    Raises: OSError if the file cannot be opened; what the block raises.
    """
    with open(path, "a", encoding="utf-8") as file:
        while True:
            try:
                try_lock(file)
                reason = ""
            except BlockingIOError:
                time.sleep(PAUSE)
                continue
            except OSError as error:
                reason = error.strerror or str(error)
            break
        yield reason
