"""Look for what is missing or broken on this machine, and say how to mend it."""

# Rooms and packages are imported where they are used: the doctor must be able to say that one is missing.
from collections.abc import Callable, Iterator

from course._streams import say
from course.doctor.check import REINSTALL, Check
from course.doctor.data import check_data, check_notebooks
from course.doctor.jupyter import check_kernel, check_lab
from course.doctor.machine import check_device, check_disk, check_folders, check_memory, check_proxy
from course.doctor.packages import check_install, check_packages, check_pair, check_torch
from course.doctor.python import check_names, check_paths, check_python

__all__ = ["Check", "check_data", "examine"]


def examine() -> int:
    """Print a line for everything that the course needs; return 1 if something is missing or broken."""
    states = []
    for looks in (
        (check_python, check_names, check_paths),
        (check_folders, check_disk),
        (check_install, check_packages),
        (check_torch,),
        (check_pair, check_device, check_memory, check_data, check_notebooks, check_kernel, check_lab, check_proxy),
    ):
        for check in (check for look in looks for check in _run(look)):
            say(f"{check.state:<5} {check.text}")
            states.append(check.state)
        if "FAIL" in states:
            break  # what fails after this would only confuse: it may be for this
    failed = states.count("FAIL")
    say(f"{failed} of {len(states)} failed" if failed else "all is well: you can start, by python3 run.py lab")
    return int(failed > 0)


def _run(look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from look()
    except ImportError as error:
        yield Check("FAIL", f"{error}: {REINSTALL}")
