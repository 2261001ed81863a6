"""Jupyter: its kernel really starts and finds the course, and its pages can be opened."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from course import _places
from course.doctor.check import PYTHON, REINSTALL, Check, last_line, mend_for, why_it_fails

START = 60  # seconds: a kernel takes one or two
TRIAL = 300  # seconds: torch takes some, and more after an install, when a virus scanner reads it
LAB_MENDS = (
    ("SOCKS", "unset ALL_PROXY, HTTP_PROXY and HTTPS_PROXY; nothing here needs them"),  # pip fails by it, too
    ("", REINSTALL),
)


def check_kernel() -> Iterator[Check]:
    """Whether Jupyter's kernel python3 is this Python, starts, and imports this course and torch."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    manager = KernelSpecManager()
    try:
        spec = manager.get_kernel_spec("python3")
        program = spec.argv[0]
    except NoSuchKernel:
        yield Check("FAIL", f"Jupyter has no kernel python3: {PYTHON} -m ipykernel install --sys-prefix")
        return
    except (ValueError, TypeError, IndexError) as error:  # its kernel.json is no JSON, or something else
        folder = manager.find_kernel_specs()["python3"]
        yield Check("FAIL", f"Jupyter's kernel python3 cannot be read ({error}): move {folder} away")
        return
    own = ("python", "python3", f"python3.{sys.version_info[1]}")  # for these Jupyter puts its own Python
    if program not in own and not Path(program).is_relative_to(sys.prefix):
        yield Check(
            "FAIL",
            f"Jupyter's kernel python3 starts {program}, expected {sys.executable}: move {spec.resource_dir} away",
        )
        return
    yield _try_kernel()


def _try_kernel() -> Check:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellControlSignal, CellExecutionError, DeadKernelError

    cell = nbformat.v4.new_code_cell("import course, torch\nprint(course.__file__)")
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=[cell]), kernel_name="python3", startup_timeout=START, timeout=TRIAL
    )
    with tempfile.TemporaryFile() as said:
        try:
            with client.setup_kernel(cwd=str(_places.NOTEBOOKS), stderr=said):
                client.execute_cell(cell, 0)
        except CellExecutionError as error:
            return Check("FAIL", f"Jupyter's kernel starts, but {error.ename}: {error.evalue}: {REINSTALL}")
        except (CellControlSignal, DeadKernelError) as error:
            words = _last_words(said) or last_line(error)
            return Check("FAIL", f"Jupyter's kernel starts, but cannot import torch ({words}): {REINSTALL}")
        except (OSError, RuntimeError) as error:
            words = _last_words(said) or last_line(error)
            return Check(
                "FAIL",
                f"Jupyter's kernel does not start ({words}): mend what this names; else let "
                f"Python through the firewall on 127.0.0.1; else {REINSTALL}",
            )
    printed = "".join(output.text for output in cell.outputs if output.get("name") == "stdout")
    there = Path(last_line(printed)).parent
    if there != _places.ROOT / "course":
        return Check(
            "FAIL",
            f"Jupyter's kernel imports {there}, expected {_places.ROOT / 'course'}: "
            f'{PYTHON} -m pip install --no-deps --editable "{_places.ROOT}"',
        )
    return Check("ok", "Jupyter's kernel starts, and imports the course and torch")


def _last_words(said: IO[bytes]) -> str:
    said.seek(0)
    return last_line(said.read().decode(errors="replace"))


def check_lab() -> Iterator[Check]:
    """Whether JupyterLab can be loaded, can write its files, and has no other Jupyter in its way."""
    from jupyter_core.paths import jupyter_runtime_dir

    if reason := why_it_fails("import jupyterlab.labapp"):
        yield Check("FAIL", f"JupyterLab cannot be loaded ({last_line(reason)}): {mend_for(reason, LAB_MENDS)}")
    folder = Path(jupyter_runtime_dir())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        yield Check(
            "FAIL",
            f"Jupyter cannot write in {folder} ({error.strerror}): "
            "make it yours, or set JUPYTER_RUNTIME_DIR to a folder of your own",
        )
    found = shutil.which("jupyter")
    if found and not Path(found).is_relative_to(sys.prefix):
        yield Check(
            "note", f"the command jupyter is {found}, of another Python: open the notebooks by python3 run.py lab"
        )
