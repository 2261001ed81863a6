"""The progress bar that all rooms show."""

import os
import sys

from course._streams import Forgiving


def progress_bar(total: int, unit: str, shown: bool | None = None, **options: object):
    """Return a tqdm bar that leaves nothing behind; by default shown unless the environment variable CI is set.

    options: others of tqdm's.
    """
    from tqdm.auto import tqdm  # only now: it takes long to import, and processes that read files show no bar

    off = "CI" in os.environ if shown is None else not shown
    return tqdm(total=total, unit=unit, leave=False, disable=off, file=Forgiving(sys.stderr), **options)
