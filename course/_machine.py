"""What this process may take of the machine, by the limits that are set and not by what is built in."""

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

SPARE = 16  # open files left to everybody else


def usable_cores(root: Path = Path("/")) -> int:
    """Return how many cores this process may keep busy: those it may run on, as far as its container may take them.

    root: where the folders proc and sys are.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([cores, *map(math.ceil, _quotas(root))]))


def free_files() -> float:
    """Return how many more files this process may open; infinity where nobody limits or counts them."""
    try:
        import resource

        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return math.inf if most == resource.RLIM_INFINITY else most - len(os.listdir("/dev/fd"))
    except (ImportError, OSError):
        return math.inf


def choose_workers(wish: int | None, jobs: int, files: int = 1) -> int:
    """Return how many threads or processes shall share some jobs: as many as wished, else one a usable core.

    There are no more than jobs, nor than can open so many files each; at least one.
    """
    return int(max(1, min(wish or usable_cores(), jobs, (free_files() - SPARE) // files)))


def memory_limit(root: Path = Path("/")) -> float:
    """Return how many bytes of memory the container around this process may take; infinity if nobody limits them.

    root: where the folders proc and sys are.
    """
    texts = [_read(group / name) for group, name in _groups("memory", "memory.limit_in_bytes", "memory.max", root)]
    return min((int(text) for text in texts if text.strip().isdecimal()), default=math.inf)  # else "max": no limit


def _quotas(root: Path) -> Iterator[float]:
    """Yield how many cores each control group around this process may take."""
    for group, names in _groups("cpu", "cpu.cfs_quota_us cpu.cfs_period_us", "cpu.max", root):
        match " ".join(_read(group / name) for name in names.split()).split():
            case [quota, period] if quota.isdecimal():  # else max or -1: no limit
                yield int(quota) / int(period)


def _groups(controller: str, first: str, second: str, root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each control group of Linux around this process, and the file's name in its version, first or second."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        controllers, path = line.split(":", 2)[1:]
        own, top = PurePosixPath(path), root / "sys/fs/cgroup"
        if controllers and controller not in controllers.split(","):
            continue
        for group in (own, *own.parents):  # in a container the outer ones cannot be seen
            here = top / (controller if controllers else "") / str(group).lstrip("/")
            yield here, first if controllers else second


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
