"""The room `notebooks`, on tiny notebooks; then the committed notebooks, which pass every gate."""

import copy
import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course import plots
from course._places import find_notebooks
from course.upkeep import notebooks
from gates import GATES, share_compared

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
COMMITTED = find_notebooks(FOLDER)


def written(folder, *sources):
    """A notebook of these code cells, in a file."""
    path = folder / "00_tiny.ipynb"
    notebooks.write(new_notebook(cells=[new_code_cell(source, id=f"c{n}") for n, source in enumerate(sources)]), path)
    return path


def test_notebooks_are_found_in_order(tmp_path):
    for name in ("10_last.ipynb", "02_b.ipynb", "02_a.ipynb", "notes.ipynb", ".02_a.ipynb.77", "03_c.py"):
        (tmp_path / name).touch()
    assert [path.name for path in find_notebooks(tmp_path)] == ["02_a.ipynb", "02_b.ipynb", "10_last.ipynb"]


def test_a_folder_without_notebooks_is_named(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        find_notebooks(tmp_path)
    assert str(error.value) == (
        f"{tmp_path} holds no notebook, expected files such as 00_start.ipynb: run this in the course's folder"
    )


def test_a_run_starts_afresh_in_the_notebooks_folder_with_silent_bars(tmp_path, monkeypatch):
    monkeypatch.delenv("CI")
    path = written(
        tmp_path,
        "import os; print(os.environ['CI'], os.getcwd())",
        "before = 'x' in globals(); x = 1; before",
        "",
    )
    nb = nbformat.read(path, as_version=4)
    nb.cells[2].outputs, nb.cells[2].execution_count = [new_output("stream", text="old")], 9
    notebooks.write(nb, path)
    seen = []
    (tmp_path / "out").mkdir()
    ran = notebooks.run_notebook(
        path, tmp_path / "out" / "b.ipynb", progress=False, after_cell=lambda *told: seen.append(told)
    )
    assert [cell.execution_count for cell in ran.cells] == [1, 2, None] and ran.cells[2].outputs == []
    assert ran.cells[0].outputs[0].text == f"true {tmp_path}\n"
    assert ran.cells[1].outputs[0].data["text/plain"] == "False"
    assert [index for index, _ in seen] == [0, 1, 2]
    assert nbformat.read(tmp_path / "out" / "b.ipynb", as_version=4) == ran
    assert nbformat.read(path, as_version=4) == nb, "the source was written to"
    again = notebooks.run_notebook(path, tmp_path / "again.ipynb", folder=tmp_path / "out", progress=False)
    assert again.cells[0].outputs[0].text == f"true {tmp_path / 'out'}\n"


CELLS = (
    "from course import plots",
    "third = 7 / 3\nthird\n[third, 'é ≈', 'begun' in globals()]",
    "plots.show(plots.curves({'SGD': [3, 2, 1]}, title='Does it fall?', x='epoch', y='loss'), 'a line')",
    "try:\n    assert False\nexcept AssertionError:\n    print('asserted')",
    "import torch\n\ntry:\n    torch.ones(2) @ torch.ones(3)\nexcept RuntimeError as error:\n    said = str(error)\n"
    "print(len(said.splitlines()))",
    "import warnings\n\nwarnings.warn('is old', PendingDeprecationWarning)",
)
LOOKS = "axes.xmargin: 0.4\ntext.usetex: True\naxes.gird: True\n"  # one is misspelt, one needs LaTeX
IPYTHON = """
c = get_config()
c.InteractiveShell.ast_node_interactivity = "all"
c.InteractiveShellApp.exec_lines = ["%precision 1"]
"""


def test_settings_of_the_user_change_nothing_that_a_cell_says(tmp_path, monkeypatch):
    files = {
        "00_mine/matplotlibrc": LOOKS,
        "config/matplotlib/matplotlibrc": LOOKS,
        "ipython/profile_default/ipython_config.py": IPYTHON,
        "ipython/profile_default/startup/mine.py": "begun = True",
        "begin.py": "begun = True",
        "packages/course/__init__.py": "raise ImportError('another course')",
        "jupyter/kernels/python3/kernel.json": '{"argv": ["false"], "display_name": "mine", "language": "python"}',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    settings = {
        "HOME": os.devnull + "/none",  # can be neither read nor written
        "XDG_CACHE_HOME": os.devnull + "/none",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_PATH": str(tmp_path / "jupyter"),
        "MPLBACKEND": "TkAgg",
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "packages"), os.environ["PYTHONPATH"]]),
        "PYTHONSTARTUP": str(tmp_path / "begin.py"),
        "PYTHONWARNINGS": "default",
        "PYTHONOPTIMIZE": "2",
        "PYTHONDEVMODE": "1",
        "PYTHONVERBOSE": "1",
        "PYTHONPROFILEIMPORTTIME": "1",
        "PYTHONIOENCODING": "cp1252",
        "TORCH_SHOW_CPP_STACKTRACES": "1",
        "LC_ALL": "C",
        "COLUMNS": "20",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # under pytest ipykernel lets go what C code says
    ran = notebooks.run_notebook(
        written(tmp_path, *CELLS), tmp_path / "out.ipynb", folder=tmp_path / "00_mine", timeout=120, progress=False
    )
    imported, shown, drawn, asserted, raised, warned = (cell.outputs for cell in ran.cells)
    assert imported == warned == []
    assert [output.data["text/plain"] for output in shown] == ["[2.3333333333333335, 'é ≈', False]"]
    figure = plots.figure_data(plots.curves({"SGD": [3, 2, 1]}, title="Does it fall?", x="epoch", y="loss"))
    assert [output.metadata["figure"] for output in drawn] == [figure]
    assert [output.text for output in (*asserted, *raised)] == ["asserted\n", "1\n"]


def test_the_data_folder_means_the_same_inside_a_notebook(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "mnist")
    path = written(tmp_path, "import os; print(os.environ['COURSE_DATA'])")
    ran = notebooks.run_notebook(path, tmp_path / "b.ipynb", progress=False)
    assert ran.cells[0].outputs[0].text == f"{Path('mnist').resolve()}\n"


def test_a_second_run_gives_the_same_file(tmp_path):
    path = written(
        tmp_path,
        "import sys, time\nfor i in range(3):\n    print(i); sys.stdout.flush(); time.sleep(0.05)",
        "print('data: digits, few')",
    )
    first, second = tmp_path / "first.ipynb", tmp_path / "second.ipynb"
    for out in (first, second):
        notebooks.run_notebook(path, out, progress=False)
    assert first.read_bytes() == second.read_bytes()
    metadata = json.loads(first.read_text(encoding="utf-8"))["metadata"]
    assert metadata.pop("course") == {"data": "digits", "device": "cpu", "torch": version("torch").split("+")[0]}
    assert metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_a_failing_cell_is_told_with_its_source_and_plain_traceback(tmp_path, capfd):
    path, out = written(tmp_path, "a = 1", "print('so far')\n1 / 0", "never = 1"), tmp_path / "out.ipynb"
    out.write_text("an older run")
    with pytest.raises(notebooks.NotebookError) as error:
        notebooks.run_notebook(path, out)
    story = str(error.value)
    assert story.startswith(f"{path}, code cell 2 of 3:\n\nprint('so far')\n1 / 0\n\n")
    assert story.endswith("ZeroDivisionError: division by zero") and "\x1b" not in story
    assert out.read_text() == "an older run" and sorted(p.name for p in tmp_path.iterdir()) == [
        path.name,
        out.name,
    ]
    assert "1/3" in capfd.readouterr().err, "the bar counts the cells done"


def test_a_dead_kernel_is_told_with_its_last_words(tmp_path):
    path = written(tmp_path, "import os; os.write(2, b'out of memory'); os._exit(1)")
    with pytest.raises(notebooks.NotebookError, match="(?s)code cell 1 of 1.*the kernel died.*out of memory$"):
        notebooks.run_notebook(path, tmp_path / "out.ipynb", progress=False)


def test_a_cell_that_takes_too_long_is_stopped(tmp_path):
    path = written(tmp_path, "while True: pass")
    with pytest.raises(notebooks.NotebookError, match="(?s)code cell 1 of 1.*timed out.*after 1 seconds"):
        notebooks.run_notebook(path, tmp_path / "out.ipynb", timeout=1, progress=False)


def test_what_is_no_notebook_is_named(tmp_path):
    cell = {"cell_type": "code", "source": "", "metadata": {}}
    for content, reason in {
        '{"cells": [': "Expecting value",
        "[1]": "list indices",
        '{"cells": []}': "'nbformat'",
        '{"nbformat": 9, "nbformat_minor": 0, "cells": [], "metadata": {}}': "",
        json.dumps(
            {"nbformat": 4, "nbformat_minor": 0, "cells": [cell], "metadata": {}}
        ): "'execution_count'|'outputs'",
        b"\xff\xfe": "codec can't decode",
    }.items():
        (tmp_path / "a.ipynb").write_bytes(content if isinstance(content, bytes) else content.encode())
        wanted = f"a.ipynb is no notebook [(].*({reason}).*[)], expected one in nbformat 4: take another copy$"
        with pytest.raises(ValueError, match=wanted):
            notebooks.run_notebook(tmp_path / "a.ipynb", tmp_path / "out.ipynb")
    with pytest.raises(FileNotFoundError, match="b.ipynb does not exist, expected a notebook: check the name"):
        notebooks.run_notebook(tmp_path / "b.ipynb", tmp_path / "out.ipynb")


def test_a_notebook_without_ids_runs_and_gets_them_by_the_place_of_its_cells_and_loses_nothing(tmp_path):
    path = written(tmp_path, "a = 1", "a", "b = 2")
    given = json.loads(path.read_text(encoding="utf-8"))
    given["nbformat_minor"] = 0
    given["cells"][0]["metadata"]["tags"] = ["readme"]
    for cell in given["cells"][:2]:
        del cell["id"]
    given["cells"][2]["id"] = "00-001"
    path.write_text(json.dumps(given), encoding="utf-8-sig")
    notebooks.run_notebook(path, path, progress=False)
    ran = nbformat.read(path, as_version=4)
    assert [cell.id for cell in ran.cells] == ["00-004", "00-002", "00-001"]
    assert [cell.source for cell in ran.cells] == ["a = 1", "a", "b = 2"]
    assert ran.cells[0].metadata.tags == ["readme"] and ran.cells[1].outputs[0].data["text/plain"] == "1"
    assert (ran.nbformat, ran.nbformat_minor) == (4, 5)


def test_the_newlines_of_windows_in_a_cell_are_read_as_those_of_all_others(tmp_path):
    path = written(tmp_path, "SEED = 1\r\nSEED")
    assert notebooks.read(path).cells[0].source == "SEED = 1\nSEED"


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    out = tmp_path / "out.ipynb"
    out.write_text("old")
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        notebooks.write(new_notebook(), out)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.ipynb", "old")]


def test_wherever_a_run_is_killed_it_leaves_the_old_file_or_the_new_one_whole(tmp_path, monkeypatch):
    """Each copy of the folder is what stays there if the run is killed at that moment."""
    folder = tmp_path / "folder"
    folder.mkdir()
    path = written(folder, "print(1)")
    old, write_text, replace = path.read_bytes(), Path.write_text, os.replace

    def in_two(self, text, **options):
        write_text(self, text[: len(text) // 2], **options)
        shutil.copytree(folder, tmp_path / "half written")
        write_text(self, text, **options)

    def between(*paths):
        shutil.copytree(folder, tmp_path / "before the rename")
        replace(*paths)
        shutil.copytree(folder, tmp_path / "after it")

    monkeypatch.setattr(Path, "write_text", in_two)
    monkeypatch.setattr(os, "replace", between)
    notebooks.run_notebook(path, path, progress=False)
    for moment, new in (("half written", False), ("before the rename", False), ("after it", True)):
        left = tmp_path / moment / path.name
        assert (left.read_bytes() == old) is not new
        assert [cell.execution_count for cell in notebooks.read(left).cells] == [1 if new else None]
        assert find_notebooks(left.parent) == [left], "what is left of the write does not count as a notebook"
        assert len(list(left.parent.iterdir())) == (1 if new else 2), "the write was under way"


def test_cleaning_drops_times_widgets_and_chunks_and_keeps_tags_and_figures():
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "7f"}, "text/plain": "slider"}
    figure = {"figure": {"title": "a"}, "tolerance": None}
    nb = new_notebook(
        metadata={"widgets": {"state": 1}, "language_info": {"name": "python", "version": "3.11.7"}},
        cells=[
            new_code_cell(
                "f()",
                metadata={"execution": {"iopub.busy": "12:00"}, "tags": ["readme"]},
                outputs=[
                    new_output("stream", text="a"),
                    new_output("stream", text="b\n"),
                    new_output("display_data", view, metadata=figure),
                    new_output("stream", text="c\n"),
                ],
            ),
            new_markdown_cell("text", metadata={"collapsed": True}),
        ],
    )
    notebooks.clean(nb)
    assert nb.metadata == {"kernelspec": notebooks.KERNEL, "language_info": {"name": "python"}}
    assert [cell.metadata for cell in nb.cells] == [{"tags": ["readme"]}, {}]
    first, second, third = nb.cells[0].outputs
    assert (first.text, third.text) == ("ab\n", "c\n")
    assert second.data == {"text/plain": "slider"} and second.metadata == figure


def test_cleaning_keeps_what_was_said_on_stderr_apart():
    said = [("stdout", "a"), ("stderr", "b"), ("stdout", "c")]
    outputs = [new_output("stream", name=name, text=text) for name, text in said]
    nb = new_notebook(cells=[new_code_cell("f()", outputs=outputs)])
    notebooks.clean(nb)
    assert [(output.name, output.text) for output in nb.cells[0].outputs] == said


@pytest.mark.parametrize(
    "text, name",
    [
        ("data: MNIST, 60,000 images\n", "MNIST"),
        ("x\ndata: digits (not MNIST)", "digits"),
        ("my data: MNIST", None),
    ],
)
def test_the_data_are_named_by_their_line(text, name):
    cell = new_code_cell("", outputs=[new_output("stream", text=text)])
    assert notebooks.data_name(new_notebook(cells=[new_markdown_cell("data: MNIST"), cell])) == name


# The committed notebooks ----------------------------------------------------------------------------------


def test_the_notebooks_are_here():
    assert COMMITTED


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.__name__)
def test_a_committed_notebook_passes_the_gate(gate, path):
    faults = list(gate(notebooks.read(path)))
    assert not faults, "\n".join([f"{path.name}: {gate.__doc__}", *faults])


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_notebook_says_how_it_was_computed_and_nothing_about_the_machine(path):
    nb = notebooks.read(path)
    assert nb.metadata.course.data == notebooks.data_name(nb)
    real = "committed outputs come from MNIST and real radar: set COURSE_DATA and COURSE_RADAR and run anew"
    assert nb.metadata.course.data in (None, "any", "MNIST", "radar"), real  # any: it needs no data set
    assert nb.metadata.course.device in ("cpu", "cuda", "mps")
    cleaned = copy.deepcopy(nb)
    notebooks.clean(cleaned)
    assert {**cleaned.metadata, "course": nb.metadata.course} == nb.metadata
    assert cleaned.cells == nb.cells


def test_nbval_compares_words_or_numbers_in_nine_of_ten_cells_that_print():
    assert share_compared(map(notebooks.read, COMMITTED)) >= 0.9
