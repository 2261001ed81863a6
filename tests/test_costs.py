"""What a notebook costs is measured in reference cells, recorded, and compared with the record."""

import math
import sys
from types import SimpleNamespace

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course.upkeep import costs, notebooks
from course.upkeep.costs import Cost
from course.upkeep.notebooks import Usage, write


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "00_tiny.ipynb"
    source = "import os; print(os.environ['OMP_NUM_THREADS']); much = b'x' * 300_000_000; del much"
    write(new_notebook(cells=[new_code_cell(source, id="c0")]), path)
    return path


def test_a_cost_is_processor_time_over_that_of_the_reference_and_the_peak_of_memory(notebook, monkeypatch):
    taken = iter([Usage(2.0, 1), Usage(9.0, 1_260_000_000), Usage(4.0, 1)])
    ran = []
    monkeypatch.setattr(
        notebooks, "execute", lambda nb, path, **options: ran.append((path.stem, options)) or next(taken)
    )
    before, out = notebook.read_bytes(), notebook.with_name("out.ipynb")
    assert costs.measure_cost(notebook, out, progress=True) == Cost(3.0, 9.0, 1.26)
    assert out.is_file() and notebook.read_bytes() == before
    assert [options["progress"] for _, options in ran] == [False, True, False]
    assert [name for name, _ in ran] == ["reference", "00_tiny", "reference"]
    assert {options["OMP_NUM_THREADS"] for _, options in ran} == {"1"}


def test_a_real_kernel_tells_its_time_and_its_peak_and_uses_one_thread(notebook, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # of this process; the tests' own are told to use one anyway
    nb = notebooks.read(notebook)
    used = notebooks.execute(nb, notebook, progress=False, OMP_NUM_THREADS="1")
    assert nb.cells[0].outputs[0].text == "1\n"
    assert 0 < used.seconds < 60
    freed = 0 if sys.platform == "darwin" else 300_000_000  # macOS keeps no peak
    assert used.peak_bytes > max(freed, 10_000_000), "what was freed before the end counts too"


def test_usage_is_the_time_of_the_kernel_with_its_children_and_the_peak_in_bytes(tmp_path, monkeypatch):
    memory = SimpleNamespace(rss=5)
    times = (1.0, 2.0, 4.0, 8.0, 16.0)  # user, system, both of the children, waiting
    process = SimpleNamespace(memory_info=lambda: memory, cpu_times=lambda: times)
    monkeypatch.setattr(notebooks.psutil, "Process", lambda pid: process)
    monkeypatch.setattr(notebooks, "Path", lambda name: tmp_path / name.rpartition("/")[2])
    assert notebooks._usage(7) == Usage(15.0, 5)
    memory.peak_wset = 6  # Windows
    assert notebooks._usage(7) == Usage(15.0, 6)
    (tmp_path / "status").write_text("VmPeak:\t  9999 kB\nVmHWM:\t     2 kB\n")  # Linux
    assert notebooks._usage(7) == Usage(15.0, 2048)


def test_the_reference_cell_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(costs, "REFERENCE", costs.REFERENCE.replace("1500", "2"))
    assert costs._reference_seconds(tmp_path) > 0


def test_half_as_much_again_is_too_much():
    recorded = {"00_tiny": Cost(10.0, 30.0, 1.0)}
    assert costs.too_much("00_tiny", Cost(15.0, 99.0, 9.0), recorded) is None
    assert costs.too_much("00_tiny", Cost(15.1, 1.0, 1.0), recorded) == (
        "00_tiny costs 15.1 times the reference cell, expected at most 1.5 times the recorded 10.0: "
        "make it cheaper, or record it by python3 run.py run 00_tiny --costs record"
    )


def test_a_cost_that_is_no_number_is_too_much():
    assert costs.too_much("00_tiny", Cost(math.nan, 1.0, 1.0), {"00_tiny": Cost(10.0, 30.0, 1.0)})


@pytest.mark.parametrize("text", ["[1]", '{"00_a": {"ratio": 1}}', '{"00_a": 3}', "{"])
def test_a_record_of_costs_that_is_none_is_named_with_a_mend_that_keeps_it(tmp_path, monkeypatch, text):
    monkeypatch.setattr(costs, "COSTS", tmp_path / "costs.json")
    costs.COSTS.write_text(text)
    with pytest.raises(ValueError) as error:
        costs.read_costs()
    assert str(error.value).startswith(f"{costs.COSTS} is no record")
    assert str(error.value).endswith(f'): move it away, then git checkout HEAD -- "{costs.COSTS}"')


def test_a_notebook_without_a_record_is_named():
    assert costs.too_much("01_new", Cost(1.0, 1.0, 1.0), {}) == (
        "01_new has no recorded cost: call python3 run.py run 01_new --costs record"
    )


def test_the_record_keeps_the_costs_of_other_notebooks_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(costs, "COSTS", tmp_path / "costs.json")
    assert costs.read_costs() == {}
    costs.record_costs({"01_b": Cost(1.0, 2.0, 3.0), "02_c": Cost(4.0, 5.0, 6.0)})
    costs.record_costs({"00_a": Cost(7.0, 8.0, 9.0), "02_c": Cost(0.5, 1.0, 0.1)})
    assert list(costs.read_costs().items()) == [
        ("00_a", Cost(7.0, 8.0, 9.0)),
        ("01_b", Cost(1.0, 2.0, 3.0)),
        ("02_c", Cost(0.5, 1.0, 0.1)),
    ]
