"""The room `cell_order`, on tiny notebooks; then on the committed ones, and in a real kernel."""

import builtins
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course import _places, cell_order
from course._places import find_notebooks
from course.upkeep import notebooks

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
ALL = "or all cells above (Run > Run All Above Selected Cell)."
CELLS = ("import math\n\nimport os", "SIZE = math.pi", "## Act", "area = SIZE**2", "print(area)", "late = 1")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of a course with one notebook, in which the kernel works; no session is told."""
    monkeypatch.setattr(_places, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    _places.NOTEBOOKS.mkdir()
    monkeypatch.chdir(_places.NOTEBOOKS)
    written(_places.NOTEBOOKS / "00_tiny.ipynb")
    return _places.NOTEBOOKS


def written(path, *sources, ids="00-"):
    cells = [
        (new_markdown_cell if text.startswith("#") else new_code_cell)(text, id=f"{ids}{number}")
        for number, text in enumerate(sources or CELLS)
    ]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def after(source, capsys, cell_id=None, **names):
    """What is printed after a cell has run among these names."""
    callbacks, error = [], None
    ip = SimpleNamespace(
        user_ns=names, events=SimpleNamespace(register=lambda event, look: callbacks.append((event, look)))
    )
    cell_order.load_ipython_extension(ip)
    try:
        exec(source, names)
    except Exception as raised:
        error = raised
    ((event, look),) = callbacks
    assert event == "post_run_cell"
    look(SimpleNamespace(error_in_exec=error, info=SimpleNamespace(cell_id=cell_id, raw_cell=source)))
    said = capsys.readouterr()
    assert said.err == ""
    return said.out.rstrip("\n")


def test_the_first_cell_that_a_fresh_kernel_needs_is_named(folder, capsys):
    assert after("print(area)", capsys) == (
        f"This cell needs `area` and more from above: first run the cell that begins `import math` at the top, {ALL}"
    )


def test_a_cell_whose_names_are_there_need_not_run(folder, capsys):
    assert after("print(area)", capsys, math=1).startswith(
        "This cell needs `area` and more from above: first run the cell that begins `SIZE = math.pi` at the top, "
    )
    assert after("print(area)", capsys, SIZE=3) == (
        f"`area` comes from the cell that begins `area = SIZE**2` under “Act”: run that one first, {ALL}"
    )
    assert after("print(area)", capsys, area=9) == "9"


def test_other_names_that_the_cell_needs_count_too(folder, capsys):
    said = after("print(area, math.pi)", capsys, SIZE=3)
    assert said.startswith("This cell needs `area` and more from above: first run the cell that begins `import math`")


def test_a_name_from_further_down_is_said_to_come_from_there(folder, capsys):
    assert after("print(late)", capsys, cell_id="00-4") == (
        "`late` comes from the cell further down that begins `late = 1` under “Act”: run that one first."
    )


def test_a_name_that_no_cell_gives_is_left_to_its_traceback(folder, capsys):
    assert after("print(aera)", capsys, cell_id="00-4") == ""


def test_the_nearest_cell_above_counts(folder, capsys):
    written(folder / "00_tiny.ipynb", "x = 1", "x = 2", "print(x)", "x = 3")
    assert after("print(x)", capsys).startswith("`x` comes from the cell that begins `x = 2` at the top")


def test_what_an_earlier_cell_needs_comes_from_above_that_cell(folder, capsys):
    written(folder / "00_tiny.ipynb", "x = 1", "y = x", "x = 2", "print(y)")
    assert "first run the cell that begins `x = 1` at the top" in after("print(y)", capsys)


def test_a_name_missing_in_a_function_that_the_cell_calls_is_found(folder, capsys):
    define = "def f():\n    return os.name"
    written(folder / "00_tiny.ipynb", "import os", define, "print(f())")
    elsewhere = {}
    exec(define, elsewhere)
    assert after("print(f())", capsys, "00-2", f=elsewhere["f"]) == "", "the function of a module"
    assert after(f"exec({define!r})\nprint(f())", capsys, "00-2").startswith(
        "`os` comes from the cell that begins `import os` at the top"
    )


@pytest.mark.parametrize(
    "source",
    ["try:\n    area\nexcept NameError:\n    pass", "1 / 0", "def f():\n    area\n    area = 1\n\n\nf()"],
    ids=["caught", "another error", "a local name"],
)
def test_only_an_uncaught_missing_name_is_spoken_about(source, folder, capsys):
    assert after(source, capsys, cell_id="00-4") == ""


def test_a_changed_cell_is_known_by_its_id_and_a_new_one_stands_at_the_end(folder, capsys, monkeypatch):
    assert after("print(2 * area)", capsys, cell_id="00-4", SIZE=1).startswith("`area` comes from")
    assert "begins `import math`" in after("print(area, math.e)", capsys, cell_id="00-4", SIZE=1)
    assert after("print(2 * area)", capsys, cell_id="new", SIZE=1).startswith("`area` comes from")
    written(folder / "01_more.ipynb", "area = 1", ids="01-")
    assert after("print(2 * area)", capsys, cell_id="new", SIZE=1) == "", "one of two notebooks"
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "01_more.ipynb"))
    assert "begins `area = 1` at the top" in after("print(2 * area)", capsys, cell_id="new")


def test_a_notebook_of_another_project_hears_nothing_and_a_copy_is_ours(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert after("print(area)", capsys, cell_id="00-4") == "", "no session, another folder"
    monkeypatch.setenv("JPY_SESSION_NAME", str(written(tmp_path / "00_tiny.ipynb", ids="a7-")))
    assert after("print(area)", capsys, cell_id="a7-4") == ""
    copy = written(tmp_path / "mine.ipynb", *CELLS[:-2], "print(-area)")
    monkeypatch.setenv("JPY_SESSION_NAME", str(copy))
    assert after("print(-area)", capsys).startswith("This cell needs `area`")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "gone.ipynb"))
    monkeypatch.chdir(folder)
    assert after("print(area)", capsys).startswith("This cell needs `area`"), "renamed since the kernel started"


def test_a_copy_that_colab_has_saved_without_ids_is_ours(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copy = written(tmp_path / "mine.ipynb")
    given = json.loads(copy.read_text(encoding="utf-8"))
    given["nbformat_minor"] = 0
    for cell in given["cells"]:
        del cell["id"]
    copy.write_text(json.dumps(given), encoding="utf-8-sig")
    monkeypatch.setenv("JPY_SESSION_NAME", str(copy))
    assert after("print(area)", capsys).startswith("This cell needs `area`")
    given["cells"][0]["source"] = "import sys"
    copy.write_text(json.dumps(given), encoding="utf-8")
    assert after("print(area)", capsys) == "", "of another project"


def test_the_notebook_that_vs_code_names_is_believed(folder, capsys):
    other = written(folder / "01_more.ipynb", "area = 1", "print(area)", ids="01-")
    assert "`area = 1`" in after("print(area)", capsys, __vsc_ipynb_file__=str(other))


def test_what_goes_wrong_in_the_search_stays_silent(folder, capsys):
    (folder / "00_tiny.ipynb").write_text("{")
    assert after("print(area)", capsys) == ""


def test_older_copies_are_not_looked_at(folder, capsys):
    (folder / ".ipynb_checkpoints").mkdir()
    written(folder / ".ipynb_checkpoints" / "00_tiny-checkpoint.ipynb", "area = 0", "print(area)")
    assert "`area = SIZE**2`" in after("print(area)", capsys, SIZE=1)


def test_a_long_first_line_is_cut(folder, capsys):
    written(folder / "00_tiny.ipynb", "x = " + 30 * "1 + " + "1", "print(x)")
    assert f"begins `x = {11 * '1 + '}1…` at the top" in after("print(x)", capsys)


@pytest.mark.parametrize(
    "source, gives, takes",
    [
        ("a, (b, *c) = d", "a b c", "d"),
        ("a += 1", "a", "a"),
        ("a = a + 1", "a", "a"),
        ("a: int = b", "a", "b int"),
        ("a[0] = b", "", "a b"),
        ("a.b = 1", "", "a"),
        ("a = 1\nprint(a)", "a", "print"),
        ("def f(x: t = d):\n    y = x + g\n    return y", "f", "t d g"),
        ("def f():\n    global a\n    a = b", "f a", "b"),
        ("@d\nclass A(B):\n    c = C\n    def m(self):\n        return self.c, e", "A", "d B C e"),
        ("import a.b, c as d\nfrom e import f as g, h", "a d g h", ""),
        ("for i, j in k:\n    l = i", "i j l", "k"),
        ("with a() as b, c:\n    pass", "b", "a c"),
        ("if (a := b):\n    c = a", "a c", "b"),
        ("any((a := x) for x in b)", "a", "any b"),
        ("[i for i in a if j]", "", "a j"),
        ("f = lambda x: x + y", "f", "y"),
        ("def f(n):\n    return f(n - 1)", "f", ""),
        ("try:\n    a\nexcept B as e:\n    print(e)", "e", "a B print"),
        ("print(f'{a:{b}}')", "", "print a b"),
        ("%matplotlib inline\na = b", "", ""),
    ],
)
def test_the_names_that_a_cell_gives_and_takes(source, gives, takes):
    assert cell_order.names(source) == (set(gives.split()), set(takes.split()))


# The committed notebooks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", find_notebooks(FOLDER), ids=lambda path: path.stem)
def test_every_name_that_a_cell_needs_comes_from_a_cell(path):
    cells = cell_order.read_cells(path)
    given = {*dir(builtins), "get_ipython"}.union(*(cell.gives for cell in cells))
    assert set().union(*(cell.takes for cell in cells)) <= given


@pytest.mark.parametrize("path", find_notebooks(FOLDER), ids=lambda path: path.stem)
def test_who_follows_the_advice_can_run_the_last_cell_soon(path):
    cells = cell_order.read_cells(path)
    here, ran = set(dir(builtins)), []
    while missing := cells[-1].takes - here:
        sentence = cell_order.advise(cells, len(cells) - 1, min(missing), here)
        line = sentence.split("that begins `")[1].split("` ")[0].rstrip("…")
        new = [n for n, cell in enumerate(cells) if cell.source.strip().startswith(line) and cell.gives - here]
        ran.append(new[0])
        here |= cells[new[0]].gives
        assert len(ran) < len(cells)
    assert ran == sorted(ran)


def test_a_fresh_kernel_says_which_cell_to_run_first(monkeypatch):
    """In the environment's own kernel, whose config file the install has put there."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    path = FOLDER / "05_optim.ipynb"
    cell = next(cell for cell in notebooks.read(path).cells if cell.source.startswith("def picture(rate, momentum"))
    nb = new_notebook(cells=[cell])
    NotebookClient(nb, allow_errors=True, resources={"metadata": {"path": FOLDER}}).execute()
    error, said = nb.cells[0].outputs
    assert error.evalue == "name 'plots' is not defined"
    assert said.name == "stdout" and said.text == (
        f"`plots` comes from the cell that begins `import math` at the top: run that one first, {ALL}\n"
    ), "python3 run.py install puts etc/ipython into the environment"


def test_the_room_is_quick_to_import():
    code = "import course.cell_order, sys; print({'torch', 'numpy', 'IPython'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
