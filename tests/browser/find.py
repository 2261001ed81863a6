"""Which browser to drive, and whether there is what drives it."""

import importlib.util

from course.upkeep.browser import find_browser


def find_driven_browser() -> str:
    """Return what `find_browser` does. Raises: FileNotFoundError also if there is no playwright to drive it."""
    if importlib.util.find_spec("playwright") is None:
        raise FileNotFoundError("playwright is missing, which drives the browser: pip install playwright")
    return find_browser()
