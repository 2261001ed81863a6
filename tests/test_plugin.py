"""The plugin of all tests: whose notebooks are run, in which order, by how many workers and threads."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course import _places
from course.mnist import standin
from course.upkeep.costs import read_costs
from course.upkeep.notebooks import write
from run import NBVAL
from tests import plugin

ROOT = Path(__file__).resolve().parents[1]
COMMITTED = [path.stem for path in _places.find_notebooks(_places.NOTEBOOKS)]


def ignored(path, *args):
    """Whether `pytest ARGS` leaves a file out."""
    config = SimpleNamespace(rootpath=ROOT, args=args, invocation_params=SimpleNamespace(dir=ROOT))
    return plugin.pytest_ignore_collect(ROOT / path, config)


# Whose notebooks


@pytest.mark.parametrize(
    "name",
    [
        "notebooks/04_nn-Copy1",
        "notebooks/04_nn copy",
        "notebooks/04_nn (1)",
        "notebooks/Untitled",
        "notebooks/my_04_nn",
        "notebooks/4_nn",
        "notebooks/mine/04_nn",
        "notebooks/.ipynb_checkpoints/04_nn",
        "notebooks/solutions/04_nn-Copy1",
        "notebooks/solutions/mine/04_nn",
        "04_nn",
        "tests/04_nn",
    ],
)
def test_a_notebook_of_the_learner_is_run_only_if_the_command_line_names_it(name):
    path = f"{name}.ipynb"
    assert ignored(path, "tests", "notebooks", name) is True
    for words in ([path], ["tests", f"{path}::Cell 0"], [str(ROOT / path)]):
        assert ignored(path, *words) is None


@pytest.mark.parametrize("name", COMMITTED)
@pytest.mark.parametrize("folder", ["notebooks", "notebooks/solutions"])
def test_every_committed_notebook_is_run(folder, name):
    assert ignored(f"{folder}/{name}.ipynb", "notebooks") is None


def test_what_needs_a_browser_is_run_only_if_the_command_line_names_it():
    assert ignored("tests/browser", "tests", "notebooks") is True
    for words in (["tests/browser"], ["tests/browser/test_lab.py"], [str(ROOT / "tests/browser/test_lab.py")]):
        assert ignored("tests/browser", *words) is None


def test_files_that_are_no_notebooks_are_left_to_pytest():
    assert ignored("tests/test_plugin.py", "tests") is None


# In which order


class Item(str):
    """A test of which only the file counts."""

    @property
    def path(self):
        return ROOT / self.partition("::")[0]


def ordered(*names, **config):
    items = [Item(name) for name in names]
    plugin.pytest_collection_modifyitems(SimpleNamespace(**config), items)
    return items


def by_cost():
    record = read_costs()
    return sorted(COMMITTED, key=lambda name: record[name].seconds, reverse=True)


def test_the_longest_notebook_begins_first():
    cells = [f"notebooks/{name}.ipynb::Cell {n}" for name in COMMITTED for n in range(2)]
    sorted_cells = [f"notebooks/{name}.ipynb::Cell {n}" for name in by_cost() for n in range(2)]
    assert ordered("tests/test_a.py::test_a", *cells, workerinput={}) == [*sorted_cells, "tests/test_a.py::test_a"]


def test_a_notebook_without_a_record_begins_before_all_others_and_solutions_wait():
    names = [
        "notebooks/solutions/04_nn.ipynb::Cell 0",
        "notebooks/04_nn.ipynb::Cell 0",
        "notebooks/99_new.ipynb::Cell 0",
    ]
    assert ordered(*names, workerinput={}) == names[::-1]


def test_long_modules_begin_before_short_ones_which_keep_their_order():
    short = ["tests/test_b.py::test_b", "tests/test_a.py::test_z", "tests/test_a.py::test_a"]
    long = sorted(plugin.LONG, key=plugin.LONG.get, reverse=True)
    names = [f"tests/{name}::test_x" for name in long]
    assert ordered(*short, *names[::-1], workerinput={}) == names + short
    assert [name for name in long if not (ROOT / "tests" / name).is_file()] == []


def test_without_workers_tests_keep_their_order():
    names = ["tests/test_b.py::test_b", "notebooks/04_nn.ipynb::Cell 0"]
    assert ordered(*names) == names


# For how long


HANGING = """
import time

def test_a():
    time.sleep(999)

def test_b():
    pass
"""


def inner_pytest(*words, folder, plugins, environment=os.environ):
    """What pytest says, run by this Python in a folder, with these plugins alone: the others take seconds."""
    given = {**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", *(f"-p{name}" for name in plugins), *words]
    done = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize("words", [["-n", "0"], ["-n", "2"]])
def test_a_test_that_hangs_is_ended_and_named(words, tmp_path):
    (tmp_path / "test_hanging.py").write_text(HANGING)
    words = [*words, "-o", "timeout=1", "-p", "no:cacheprovider", "test_hanging.py"]
    said = inner_pytest(*words, folder=tmp_path, plugins=["xdist", "timeout"])
    assert "FAILED test_hanging.py::test_a - Failed: Timeout (>1.0s)" in said and "1 passed" in said


def test_a_cell_that_hangs_is_left_to_nbval_which_goes_on_with_the_next(pytestconfig):
    (nbval,) = (int(word.split("=")[1]) for word in NBVAL if "cell-timeout" in word)
    assert nbval < float(pytestconfig.getini("timeout"))


# By how many workers and threads


SHORT = """
import os, sys, pytest

@pytest.mark.parametrize("n", range(50))
def test_there_is_one_thread_for_torch_which_is_not_imported_yet(n):
    assert os.environ["OMP_NUM_THREADS"] == "1" and "torch" not in sys.modules
"""


def notebook(path):
    """A notebook in which each cell needs the one before, and that prints the number of threads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    last = "both\nassert both, 'asleep'\nprint(*both)"
    sources = ["import os", "threads = os.environ['OMP_NUM_THREADS']", "both = threads, 6 * 7", last]
    cells = [new_code_cell(source, id=f"c{n}", execution_count=n + 1) for n, source in enumerate(sources)]
    cells[-1].outputs = [new_output("stream", text="1 42\n")]
    write(new_notebook(cells=cells), path)


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory):
    """What `pytest -n 2` says of three notebooks, of copies of the learner's, one of them named, and of short tests.

    Among settings of the learner's with which cells would say more: IPython shows each value, Python runs a file.
    """
    pytest.importorskip("xdist")
    folder = tmp_path_factory.mktemp("course")
    files = [f"notebooks/{name}.ipynb" for name in (by_cost()[0], by_cost()[1], by_cost()[-1])]
    for file in (*files[::-1], "notebooks/00_start-Copy1.ipynb", "notebooks/Untitled.ipynb"):
        notebook(folder / file)
    (folder / "test_short.py").write_text(SHORT)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p tests.plugin\n")
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests"), os.environ["PYTHONPATH"], *sys.path])
    config = folder / "mine" / "profile_default" / "ipython_config.py"
    config.parent.mkdir(parents=True)
    config.write_text("c = get_config()\nc.InteractiveShell.ast_node_interactivity = 'all'\n")
    (folder / "begin.py").write_text("both = print('begun')")
    given = {**os.environ, "PYTHONPATH": path, "HOME": os.devnull + "/none", "IPYTHONDIR": str(folder / "mine")}
    given |= {"PYTHONSTARTUP": str(folder / "begin.py")}
    for name in ("OMP_NUM_THREADS", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"):
        given.pop(name, None)
    words = [
        "-n",
        "2",
        "-v",
        "--nbval",
        "--nbval-current-env",
        "test_short.py",
        "notebooks",
        "notebooks/Untitled.ipynb",
    ]
    names = [file.removesuffix(".ipynb") for file in files]  # nbval says them without
    return names, inner_pytest(*words, folder=folder, plugins=["xdist", "nbval"], environment=given)


def test_workers_share_out_whole_files_and_use_one_thread(two_workers):
    _, text = two_workers
    assert "= 66 passed" in text and "Copy1" not in text, text
    ran = {(file, worker) for worker, file in re.findall(r"^\[gw(\d)\] .* PASSED (.+?)::", text, re.M)}
    assert len(ran) == len(dict(ran)) == 5


def test_each_worker_begins_with_one_of_the_two_longest_notebooks_and_goes_on_to_shorter_ones(two_workers):
    names, text = two_workers
    queue = ["notebooks/Untitled", *names, "test_short.py"]  # without a record a notebook may take long
    ran = [(worker, queue.index(file)) for worker, file in re.findall(r"^\[gw(\d)\] .* PASSED (.+?)::", text, re.M)]
    places = [[place for worker, place in ran if worker == mine] for mine in "01"]
    assert {places[0][0], places[1][0]} == {0, 1}
    assert places == [sorted(places[0]), sorted(places[1])]


@pytest.mark.parametrize(
    "cores, args, variables, workers",
    [
        (2, ["tests", "notebooks"], {}, 2),
        (64, ["tests", "notebooks"], {}, 2),
        (1, ["tests", "notebooks"], {}, 0),
        (2, ["tests/test_plugin.py::test_a[x::y]", "tests/test_plugin.py"], {}, 0),
        (2, ["tests/test_plugin.py", "tests/test_run.py"], {}, 2),
        (2, ["tests", "notebooks"], {"PYTEST_XDIST_AUTO_NUM_WORKERS": "3"}, None),
    ],
)
def test_there_are_two_workers_but_none_on_one_core_or_for_one_file(monkeypatch, cores, args, variables, workers):
    monkeypatch.delenv("PYTEST_XDIST_AUTO_NUM_WORKERS", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(plugin, "usable_cores", lambda: cores)
    config = SimpleNamespace(args=args, invocation_params=SimpleNamespace(dir=ROOT))
    assert plugin.pytest_xdist_auto_num_workers(config) == workers


@pytest.mark.parametrize(
    "tx, args, variables, there, made",
    [
        (["popen", "popen"], ["tests", "notebooks"], {}, "README.md", 1),
        ([], ["tests", "notebooks"], {}, "README.md", 0),
        (["popen", "popen"], ["tests"], {}, "README.md", 0),
        (["popen", "popen"], ["notebooks"], {"COURSE_DATA": "mnist"}, "README.md", 0),
        (["popen", "popen"], ["notebooks"], {}, standin.FILE, 0),
        (["popen", "popen"], ["notebooks"], {}, "MNIST", 0),
    ],
)
def test_before_two_workers_need_the_missing_stand_in_it_is_made_once(
    tmp_path, monkeypatch, tx, args, variables, there, made
):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (tmp_path / there).touch()
    monkeypatch.setattr(_places, "DATA", tmp_path)
    ran = []
    monkeypatch.setattr(subprocess, "run", lambda command, **options: ran.append(command))
    option = SimpleNamespace(tx=tx, collectonly=False)
    config = SimpleNamespace(option=option, args=args, invocation_params=SimpleNamespace(dir=ROOT))
    plugin.pytest_sessionstart(SimpleNamespace(config=config))
    assert ran == [[sys.executable, "-c", "from course.mnist import load_data; load_data()"]] * made
    config.workerinput = {}  # the workers themselves make nothing
    plugin.pytest_sessionstart(SimpleNamespace(config=config))
    assert len(ran) == made


@pytest.mark.parametrize("given, used", [(None, "1"), ("2", "2")])
def test_tests_and_their_children_use_one_thread_or_as_many_as_the_user_says(given, used):
    path = os.pathsep.join([str(ROOT), *sys.path])
    environment = {name: text for name, text in os.environ.items() if name != "OMP_NUM_THREADS"} | {"PYTHONPATH": path}
    code = "import os, sys; from tests import plugin; print(os.environ['OMP_NUM_THREADS'], 'torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | ({"OMP_NUM_THREADS": given} if given else {}),
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"{used} False\n", done.stderr
