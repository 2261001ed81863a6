"""Processes and threads that read texts: none hangs, none is left behind, one that dies is told."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import tracemalloc
from contextlib import contextmanager
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient

from course.files import plain, processes, text, threads
from test_files import ALL, HERE, PROCESSES, write
from test_files import plain as all_of
from test_idx import message

METHODS = multiprocessing.get_all_start_methods()
ROW = 500_000  # values: a line of them does not fit into a pipe


@pytest.fixture
def path(tmp_path):
    line = b"a,1," + b" ".join([b"7"] * ROW) + b"\n"
    return write(tmp_path / "rain.txt", line * 4)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("reader", PROCESSES)
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_every_start_method_gives_the_same(tmp_path, reader, method):
    path = write(tmp_path / "rain.txt", b"a,1,5 6\nb,2,-1 7\n")
    records = PROCESSES[reader](path, (2,), missing=255, start_method=method)
    assert all_of(records) == (["a", "b"], [1, 2], [[5, 6], [255, 7]])


@pytest.mark.parametrize("reader", PROCESSES)
def test_an_unknown_start_method_is_named(path, reader):
    said = message(ValueError, PROCESSES[reader], path, (1,), missing=255, start_method="knife")
    known = ", ".join(METHODS)
    assert said == f"start_method is 'knife', expected one of {known}: leave it out to have the best"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("reader", PROCESSES)
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_process_that_is_killed_in_the_middle_of_a_line_ends_the_reading(path, monkeypatch, reader, method):
    wait, killed = processes.wait, []

    def kill_then_wait(pipes):
        pipes[-1].poll(None)  # a part of a line is in the pipe, which is full now
        (process,) = multiprocessing.active_children()
        process.kill()
        killed.append(process)
        return wait(pipes)

    monkeypatch.setattr(processes, "wait", kill_then_wait)
    said = message(RuntimeError, PROCESSES[reader], path, (ROW,), missing=255, workers=1, start_method=method)
    code = killed[0].exitcode
    mend = "if memory ran out, try fewer workers" if os.name == "posix" else processes.UNGUARDED
    assert said == f"the process that reads {path} died, exit code {code}: {mend}"
    assert code == (-signal.SIGKILL if os.name == "posix" else 1)
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("reader", PROCESSES)
def test_a_process_that_is_dead_when_its_work_comes_is_told_with_its_file(tmp_path, monkeypatch, reader):
    start, started = processes._start, []

    def kill_the_second(*arguments):
        started.append(start(*arguments))
        if len(started) == 2:
            started[1].process.kill()
            started[1].process.join()
        return started[-1]

    monkeypatch.setattr(processes, "_start", kill_the_second)
    first, second = (write(tmp_path / name, b"a,1,5\n") for name in ("first.txt", "second.txt"))
    said = message(RuntimeError, PROCESSES[reader], [first, second], (1,), missing=255, workers=2)
    assert said.startswith(f"the process that reads {second} died, exit code ")
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("reader", ALL)
def test_an_interrupt_leaves_no_process_and_no_thread_behind(path, monkeypatch, reader):
    @contextmanager
    def interrupting(texts, progress):
        def advance(size):
            raise KeyboardInterrupt

        yield advance

    for room in (plain, threads):
        monkeypatch.setattr(room, "byte_bar", interrupting)
    monkeypatch.setattr(text, "BLOCK", 1)
    before = threading.enumerate()
    with pytest.raises(KeyboardInterrupt):
        ALL[reader](path, (ROW,), missing=255, workers=2)
    assert multiprocessing.active_children() == []
    assert threading.enumerate() == before


INTERRUPTED = """
import multiprocessing, signal, sys, time
from course.files import processes

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background is started with it ignored
if __name__ == "__main__":
    def wait_long(pipes):
        pipes[0].poll(None)
        print(multiprocessing.active_children()[0].pid, flush=True)
        time.sleep(600)

    processes.wait = wait_long
    processes.read_queues(sys.argv[1], (int(sys.argv[2]),), missing=255, start_method=sys.argv[3])
"""


@pytest.mark.skipif(os.name != "posix", reason="a signal to a group of processes is for POSIX")
@pytest.mark.parametrize("method", [name for name in METHODS if name != "fork"])
def test_control_c_ends_the_children_without_a_word(path, tmp_path, method):
    script = write(tmp_path / "script.py", INTERRUPTED.encode())
    command = [sys.executable, script, path, str(ROW), method]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        child = int(process.stdout.readline())
        os.killpg(process.pid, signal.SIGINT)
        try:
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()  # else a process that does not end is waited for, without end
    assert said.count("Traceback") == 1 and said.endswith("KeyboardInterrupt\n")
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_processes_read_from_a_notebook_too(tmp_path):
    path = write(tmp_path / "rain.txt", b"a,1,5\nb,2,7\n")
    cell = (
        "from course.files import read_pool, read_queues\n"
        f"[read({str(path)!r}, (1,), missing=255).values.tolist() for read in (read_pool, read_queues)]"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    NotebookClient(notebook, timeout=120).execute()
    (output,) = notebook.cells[0].outputs
    assert output["data"]["text/plain"] == "[[[5], [7]], [[5], [7]]]"


def test_a_process_imports_neither_torch_nor_numba_nor_tqdm():
    code = "import sys, course.files; print(sorted({'torch', 'numba', 'tqdm', 'filelock'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("reader", HERE)
def test_memory_stays_within_the_result_and_a_fixed_buffer(tmp_path, monkeypatch, reader):
    monkeypatch.setattr(text, "BLOCK", 1 << 14)
    read, line = HERE[reader], b"a,1," + b" ".join([b"200"] * 1000) + b"\n"
    path = write(tmp_path / "rain.txt", line * 300)
    read(write(tmp_path / "short.txt", line), (1000,), missing=255)  # to have all imports done
    tracemalloc.start()
    try:
        records = read(path, (1000,), missing=255, workers=2)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # read_fast asks for as many rows as could be, and never touches those that are not.
    asked = text.most_rows(text.look(path, (1000,), 255, None), 1000) * 1000
    assert records.values.nbytes == 300_000
    assert most < asked + 500_000


@pytest.fixture
def texts(tmp_path):
    return [write(tmp_path / f"{row}.txt", b"a,%d,5\n" % row) for row in range(40)]


@pytest.fixture
def started(monkeypatch):
    """The contexts that processes were started in, one for each."""
    start, contexts = processes._start, []

    def count(context, *task):
        contexts.append(context)
        return start(context, *task)

    monkeypatch.setattr(processes, "_start", count)
    return contexts


@pytest.mark.parametrize("reader", PROCESSES)
def test_one_allowed_core_of_64_has_one_process(texts, monkeypatch, started, reader):
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {7}, raising=False)
    assert PROCESSES[reader](texts, (1,), missing=255).labels.tolist() == [*range(40)]
    assert len(started) == 1


@pytest.mark.parametrize("reader", PROCESSES)
def test_there_are_no_more_processes_than_wished_or_than_jobs(texts, started, reader):
    PROCESSES[reader](texts, (1,), missing=255, workers=3)
    assert len(started) == 3
    PROCESSES[reader](texts[:2], (1,), missing=255, workers=9)
    assert len(started) == 3 + 2


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("reader", PROCESSES)
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_processes_start_by_the_method_that_is_named(texts, started, reader, method):
    PROCESSES[reader](texts[0], (1,), missing=255, start_method=method)
    assert [context.get_start_method() for context in started] == [method]


LIMITED = """
import resource, sys
from course.files import read_pool, read_queues

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    for read in (read_pool, read_queues):
        records = read(sys.argv[1:], (1,), missing=255, workers=40, start_method="fork")
        print(records.labels.tolist() == list(range(40)))
"""


@pytest.mark.skipif("fork" not in METHODS, reason="this system has no fork")
def test_forty_files_are_read_where_forty_may_be_open(texts, tmp_path):
    script = write(tmp_path / "script.py", LIMITED.encode())
    done = subprocess.run([sys.executable, script, *texts], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True\nTrue\n", "")


@pytest.mark.parametrize("fault", [OSError(24, "Too many open files"), EOFError("unexpected EOF")])
@pytest.mark.parametrize("reader", PROCESSES)
def test_if_the_system_starts_no_more_processes_those_that_are_there_read_all(texts, monkeypatch, reader, fault):
    start, started = processes._start, []

    def start_two(*task):
        if len(started) == 2:
            raise fault
        started.append(start(*task))
        return started[-1]

    monkeypatch.setattr(processes, "_start", start_two)
    assert PROCESSES[reader](texts, (1,), missing=255, workers=5).labels.tolist() == [*range(40)]
    monkeypatch.setattr(processes, "_start", start_two)  # two are counted already: it starts none
    said = message(OSError, PROCESSES[reader], texts, (1,), missing=255)
    mend = "raise the limits of open files and processes (ulimit -n, ulimit -u), or call read_fast, which starts none"
    assert said == f"no process can be started ({fault}): {mend}"


UNGUARDED = "import sys; from course.files import {0}; {0}(sys.argv[1], (1,), missing=255, progress=False)\n"


@pytest.mark.parametrize("from_stdin", [False, True])
@pytest.mark.parametrize("reader", ["read_pool", "read_queues"])
def test_a_script_without_a_main_guard_is_told_so_in_the_last_line(texts, tmp_path, reader, from_stdin):
    code = UNGUARDED.format(reader)
    script = "-" if from_stdin else write(tmp_path / "script.py", code.encode())
    command = [sys.executable, script, texts[0]]
    done = subprocess.run(command, input=code if from_stdin else "", capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == (
        f"RuntimeError: the process that reads {texts[0]} died, exit code 1: it imports the script that called this, "
        'so put the call under `if __name__ == "__main__":` in a file (not in a script read from stdin), '
        "or call read_fast, which starts none"
    )


@pytest.mark.parametrize("reader", ALL)
def test_the_bar_is_as_long_as_the_texts_and_full_at_the_end(texts, tmp_path, monkeypatch, reader):
    bars = []

    @contextmanager
    def bar(total, unit, shown, **options):
        moves = []
        bars.append((total, unit, shown, options, moves))
        yield SimpleNamespace(update=moves.append)

    monkeypatch.setattr(text, "progress_bar", bar)
    monkeypatch.setattr(text, "BLOCK", 64)
    several = write(tmp_path / "several.txt", b"a,1,100\n" * 20 + b"a,1,1\n" * 5)
    for shown in (True, False, None):
        ALL[reader]([*texts[:3], several], (1,), missing=255, workers=2, progress=shown)
    sizes = 3 * 6 + 20 * 8 + 5 * 6
    assert [bar[:4] for bar in bars] == [(sizes, "B", shown, {"unit_scale": True}) for shown in (True, False, None)]
    assert [sum(bar[4]) for bar in bars] == pytest.approx([sizes] * 3)
    if reader == "pool":
        assert set(bars[0][4]) >= {6, 64}  # a block moves it on by its own size
