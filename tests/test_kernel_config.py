"""The file in .ipython/, which the install has put into the environment, and a user's own IPython configuration."""

from itertools import product
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
LOADED = "print(*get_ipython().extension_manager.loaded)"


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


@pytest.mark.parametrize("file, line", [*product(FILES, LINES), *product(FILES[1:], RARE)])
def test_the_users_own_extensions_are_loaded_and_the_cell_to_run_first_is_named(tmp_path, monkeypatch, file, line):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    (tmp_path / "profile_default").mkdir()
    (tmp_path / "profile_default" / file).write_text(f"c = get_config()\n{line}\n")
    cells = nbformat.read(FOLDER / "05_optim.ipynb", as_version=4).cells
    cell = next(cell for cell in cells if cell.source.startswith("def picture(rate, momentum"))
    loaded, said = texts_of(LOADED, cell.source)
    assert "IPython.extensions.autoreload" in loaded.split()
    assert said.startswith("`plots` comes from the cell that begins `import math` at the top: run that one first"), (
        "python3 run.py install puts etc/ipython into the environment"
    )
