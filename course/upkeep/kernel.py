"""The kernel in which notebooks are run: that of this Python, without the user's own settings."""

import os
from collections.abc import Mapping
from pathlib import Path

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

from course import _places

# They would change what cells say: Python runs a file first, says more, or leaves out what is asserted.
SETTINGS = (
    "PYTHONSTARTUP",
    "PYTHONWARNINGS",
    "PYTHONOPTIMIZE",
    "PYTHONDEVMODE",
    "PYTHONVERBOSE",
    "PYTHONPROFILEIMPORTTIME",
    "TORCH_SHOW_CPP_STACKTRACES",
)


class ThisPython(KernelSpecManager):
    """Knows one kernel, that of this Python, whatever others the user has registered under its name."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(**get_kernel_dict())


def drop_settings(environment: Mapping[str, str], ipython: str) -> dict[str, str]:
    """Return an environment in which a kernel says the same for every user.

    This course comes before any other of its name, and CI silences the bars. COURSE_DATA means the same from
    another folder. ipython: an empty folder, for a configuration of IPython that is nobody's.
    """
    ours = {name: value for name, value in environment.items() if name not in SETTINGS}
    ours |= {"CI": "true", "IPYTHONDIR": ipython}
    ours["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_places.ROOT), ours.get("PYTHONPATH")]))
    if ours.get("COURSE_DATA"):
        ours["COURSE_DATA"] = str(Path(ours["COURSE_DATA"]).resolve())
    return ours
