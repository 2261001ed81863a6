"""JAX is an extra: notebook 10 runs without it, and says so in one sentence."""

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from course._measured import masked
from course.upkeep import notebooks
from gates import code, printed

PATH = Path(__file__).resolve().parents[1] / "notebooks" / "10_nine_ways.ipynb"


@pytest.fixture
def no_jax(tmp_path):
    """Kernels find a package jax that cannot be imported, before any other."""
    (tmp_path / "jax.py").write_text("raise ImportError('no jax here')")
    return tmp_path


def test_where_jax_is_missing_its_act_is_one_sentence_and_all_else_is_as_committed(no_jax):
    committed = code(notebooks.read(PATH))
    nb = notebooks.read(PATH)
    nb.cells[:0] = [new_code_cell(f"import sys\nsys.path.insert(0, {str(no_jax)!r})")]
    notebooks.execute(nb, PATH, timeout=600, progress=False)
    notebooks.clean(nb)
    told = [
        masked(printed(now))
        for now, before in zip(code(nb)[1:], committed, strict=True)
        if masked(printed(now)) != masked(printed(before)) and printed(now)
    ]
    assert told == ["JAX is not installed here, so the cells below stay silent; `python3 run.py install` brings it.\n"]
    silent = [now for now, before in zip(code(nb)[1:], committed) if printed(before) and not printed(now)]
    assert silent and all(cell.source.count("if jax:") for cell in silent)
