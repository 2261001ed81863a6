"""Why an install fails: pip's own settings, and what pip says. Called by run.py, before anything is installed."""

import re
import subprocess
from pathlib import Path

from course.doctor.check import mend_for

# Settings with which pip installs into another place than .venv, or cannot install this course at all.
MISFITS = (
    *("user", "target", "prefix", "root", "python", "dry-run", "require-hashes", "no-deps", "only-deps"),
    *("platform", "python-version", "abi", "implementation", "no-build-isolation"),
)
NARROW = (  # settings with which pip may find less than it needs, or is asked for more
    *("no-index", "index-url", "only-binary", "no-binary", "constraint", "build-constraint", "uploaded-prior-to"),
    *("requirement", "requirements-from-script", "editable", "group"),
)
# Signs in what a failed install says, and what helps; the first counts: without a network nothing "matches" either.
MENDS = (
    ("ensurepip is not available|No module named venv", "on Debian or Ubuntu, sudo apt install python3-venv"),
    ("No space left|Errno 28|not enough space", "the disk is full: free 8 GB, then run this again"),
    ("SOCKS support", "pip cannot use a SOCKS proxy: unset ALL_PROXY, or name an HTTP one in HTTPS_PROXY"),
    ("Long Path", "the path is too long for Windows: move the folder to C:\\course"),
    (
        "Configuration file|error occurred during configuration",
        "pip cannot read its own settings: correct what it names above, in its file or in a variable PIP_...",
    ),
    ("TLS CA certificate", "pip finds no certificates where it is told to: correct or unset PIP_CERT"),
    (
        "connection broken|Max retries|NewConnection|name resolution|getaddrinfo|ProxyError|SSLError|timed out",
        "the package index was not reached: check the network, the proxy (HTTPS_PROXY or PIP_PROXY) and PIP_INDEX_URL",
    ),
    ("Permission denied|Errno 13|Read-only file system|Errno 30", "a folder may not be written: check who owns it"),
)
VERSIONS = (
    (
        "No matching distribution|ResolutionImpossible",
        "pip finds no such version for this Python and system: try COURSE_CONSTRAINTS=none, or another Python",
    ),
    ("", "check network, proxy, disk and pip's settings (python3 -m pip config list), then run this again"),
)


def blame_settings(python: Path, names: tuple[str, ...] = MISFITS) -> str:
    """Return a sentence if one of these settings of pip is on, in a variable or a file; "" if none is."""
    command = [str(python), "-I", "-m", "pip", "config", "list"]
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode(errors="replace")
    found = [
        f"PIP_{name.upper().replace('-', '_')}" if place == ":env:" else f"{name} in its configuration file"
        for place, name, value in re.findall(r"^([\w:-]+)\.([\w-]+)=[\"'](.*)[\"']$", said.replace("\r", ""), re.M)
        if name in names
        and (value.lower() not in ("0", "n", "no", "off", "f", "false") or name == "no-build-isolation")
    ]
    mend = f"pip's own settings stand in the way: unset {' and '.join(found)}, then run this again"
    return mend if found else ""


def mend_install(said: str, python: Path) -> str:
    """Return what helps after an install that failed and said this."""
    mend = mend_for(said, (*MENDS, ("", "")))
    return mend or blame_settings(python, NARROW) or mend_for(said, VERSIONS)
