"""Which browser to drive without a window."""

import os
import shutil

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)


def find_browser() -> str:
    """Return the path of a browser of the Chromium family; COURSE_BROWSER names another one.

    Raises: FileNotFoundError if there is none.
    """
    if wanted := os.environ.get("COURSE_BROWSER"):
        if found := shutil.which(wanted):
            return found
        raise FileNotFoundError(f"COURSE_BROWSER is {wanted}, expected a program: check the path")
    for name in (*BROWSERS, *PLACES):
        if found := shutil.which(name):
            return found
    raise FileNotFoundError(
        "no Chromium, Chrome or Edge was found: install one (Debian: apt install chromium), "
        "or set COURSE_BROWSER to its path"
    )
