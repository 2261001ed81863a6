"""matplotlib, imported here first, and without a word: in a notebook that would stand on stderr, in the first cell.

It speaks of a home that cannot be written, of fonts that it looks for, of a slip in the learner's matplotlibrc.
"""

import logging

log = logging.getLogger("matplotlib")
level = log.level
log.setLevel(logging.ERROR)
import matplotlib.figure  # noqa: E402, F401

log.setLevel(level)
