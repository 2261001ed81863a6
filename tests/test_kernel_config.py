"""The file in .ipython/, which the install has put into the environment, and a user's own IPython configuration."""

import sys
from itertools import product
from pathlib import Path
from unittest.mock import Mock

import nbformat
import pytest
from ipykernel.kernelapp import IPKernelApp
from IPython.core.application import BaseIPythonApplication
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
LOADED = "print(*get_ipython().extension_manager.loaded)"
MEND = "python3 run.py install puts etc/ipython into the environment"


def texts_of(*sources):
    """What each of these cells prints in a fresh kernel of the environment."""
    nb = new_notebook(cells=[new_code_cell(source) for source in sources])
    NotebookClient(nb, allow_errors=True, kernel_name="python3", resources={"metadata": {"path": FOLDER}}).execute()
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in nb.cells]


FILES = ["ipython_config.py", "ipython_kernel_config.py"]
LINES = [
    "c.InteractiveShellApp.extensions = ['autoreload']",
    "c.InteractiveShellApp.extensions.append('autoreload')",
    "c.InteractiveShellApp.extensions.extend(['autoreload'])",
]
RARE = ["c.IPKernelApp.extensions = ['autoreload']", "c.InteractiveShellApp.extra_extensions = ['autoreload']"]


def configure(folder, monkeypatch, file, line):
    """Give the user a configuration of this line."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setenv("IPYTHONDIR", str(folder))
    (folder / "profile_default").mkdir()
    (folder / "profile_default" / file).write_text(f"c = get_config()\n{line}\n")


@pytest.mark.parametrize("file, line", [(FILES[0], LINES[0]), (FILES[1], RARE[0])])
def test_the_users_own_extensions_are_loaded_and_the_cell_to_run_first_is_named(tmp_path, monkeypatch, file, line):
    configure(tmp_path, monkeypatch, file, line)
    cells = nbformat.read(FOLDER / "05_optim.ipynb", as_version=4).cells
    cell = next(cell for cell in cells if cell.source.startswith("def picture(rate, momentum"))
    loaded, said = texts_of(LOADED, cell.source)
    assert "IPython.extensions.autoreload" in loaded.split()
    assert said.startswith("`plots` comes from the cell that begins `import math` at the top: run that one first"), MEND


@pytest.mark.parametrize("file, line", [*product(FILES, LINES), *product(FILES[1:], RARE)])
def test_whatever_a_user_configures_a_kernel_loads_their_extension_and_the_courses(tmp_path, monkeypatch, file, line):
    configure(tmp_path, monkeypatch, file, line)
    monkeypatch.chdir(FOLDER)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # which the next but one sets
    kernel = IPKernelApp()
    BaseIPythonApplication.initialize(kernel, [])  # as a kernel does, but for its sockets, which take a second
    kernel.shell = Mock(spec=InteractiveShell, extension_manager=Mock())
    kernel.init_extensions()
    loaded = [call.args[0] for call in kernel.shell.extension_manager.load_extension.call_args_list]
    assert {"autoreload", "course.cell_order"} <= {*loaded}, MEND
