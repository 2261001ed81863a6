"""What all benches share: words on stderr, so that stdout keeps the result, and how busy the machine is."""

import os
import sys


def report(*words):
    print(*words, file=sys.stderr, flush=True)


def load_average():
    """Processes that wait for a core, over the last minute; 0 on Windows, which does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
