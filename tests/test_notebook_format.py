"""Notebooks stand in the repository as `run.py regenerate` writes them, and nothing that a server adds gets in."""

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import notebook_format
from course._places import find_notebooks
from course.upkeep import notebooks

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "00_tiny.ipynb"
    nb = new_notebook(cells=[new_code_cell("1 / 3", id="a")])
    notebooks.clean(nb)
    notebooks.write(nb, path)
    return path


def test_a_notebook_that_the_course_has_written_is_right(written):
    assert list(notebook_format.faults(written)) == []


def test_what_a_server_adds_is_named_with_the_mend(written):
    nb = nbformat.read(written, as_version=4)
    nb.cells[0].metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
    nb.metadata["widgets"] = {}
    notebooks.write(nb, written)
    (fault,) = notebook_format.faults(written)
    assert fault == (
        f"{written} has the metadata execution, widgets: "
        "run python3 run.py regenerate 00_tiny, or undo what the notebook server has added"
    )


def test_another_layout_of_the_same_content_is_named(written):
    written.write_text(json.dumps(json.loads(written.read_text())))
    (fault,) = notebook_format.faults(written)
    assert " is not laid out as nbformat writes it: " in fault


def test_cells_without_ids_are_named_with_the_mend(written):
    given = json.loads(written.read_text(encoding="utf-8"))
    given["nbformat_minor"] = 4
    del given["cells"][0]["id"]
    written.write_text(nbformat.writes(nbformat.from_dict(given)) + "\n")
    (fault,) = notebook_format.faults(written)
    assert fault.endswith(" has cells without an id, as Colab leaves them: run python3 run.py regenerate 00_tiny")
    notebooks.run_notebook(written, written, progress=False)
    assert list(notebook_format.faults(written)) == []


@pytest.mark.parametrize("options", [{"encoding": "utf-8-sig"}, {"newline": "\r\n"}], ids=["mark", "newlines"])
def test_a_mark_at_the_beginning_and_the_newlines_of_windows_are_another_layout(written, options):
    written.write_text(written.read_text(encoding="utf-8"), **{"encoding": "utf-8", **options})
    (fault,) = notebook_format.faults(written)
    assert " is not laid out as nbformat writes it: " in fault


def test_one_id_for_two_cells_is_another_layout_and_another_encoding_no_notebook(written):
    given = json.loads(written.read_text(encoding="utf-8"))
    given["cells"] *= 2
    written.write_text(json.dumps(given, indent=1) + "\n")
    (fault,) = notebook_format.faults(written)
    assert " is not laid out as nbformat writes it: " in fault
    written.write_bytes("é".encode("latin-1"))
    (fault,) = notebook_format.faults(written)
    assert " is no notebook (" in fault


def test_what_is_no_notebook_is_named_and_sets_the_exit_status(written, capsys):
    assert notebook_format.main([str(written)]) == 0
    written.write_text("<<<<<<< HEAD")
    assert notebook_format.main([str(written)]) == 1
    assert capsys.readouterr().out.startswith(f"{written} is no notebook (")


COMMITTED = [*find_notebooks(FOLDER), *find_notebooks(FOLDER / "solutions")]


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_notebook_has_the_format(path):
    assert list(notebook_format.faults(path)) == []
