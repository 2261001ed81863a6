"""What torchrun tells its processes and what they tell it: places, reasons, a line instead of a traceback."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import psutil
import pytest
from torch.distributed import DistNetworkError

from course.distributed import launch, torchrun
from course.distributed.torchrun import (
    Place,
    asked_to_stop,
    first_sentence,
    is_last_start,
    loopback,
    plain_words,
    read_place,
)

GOOD = {
    "RANK": "3",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_PORT": "29500",
    "MASTER_ADDR": "a.b",
}
MEND = "start all processes by torchrun, which sets them, or unset it to run alone"
LOST = RuntimeError("[/a/gloo/pair.cc:5] Connection closed by peer [127.0.0.1]:5. This is typical. Good luck")


def test_a_place_is_what_torchrun_tells_and_none_if_it_tells_nothing():
    assert read_place(GOOD) == Place(rank=3, size=4, local_rank=1, local_size=2)
    assert read_place({"MASTER_ADDR": "a.b", "PATH": "/bin"}) is None


@pytest.mark.parametrize(
    "changes, told",
    [
        (
            {"MASTER_ADDR": ""},
            "RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_PORT is set, but not MASTER_ADDR",
        ),
        (
            {"WORLD_SIZE": "", "LOCAL_RANK": "", "LOCAL_WORLD_SIZE": ""},
            "RANK, MASTER_PORT, MASTER_ADDR is set, but not WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE",
        ),
        ({"RANK": "one"}, "RANK is 'one', expected a whole number"),
        ({"MASTER_PORT": "-1"}, "MASTER_PORT is '-1', expected a whole number"),
        ({"RANK": "4"}, "RANK is 4 of 4 processes, expected 0 to 3"),
        ({"LOCAL_RANK": "2"}, "LOCAL_RANK is 2 of 2 processes, expected 0 to 1"),
        ({"WORLD_SIZE": "0"}, "RANK is 3 of 0 processes, expected 0 to -1"),
    ],
)
def test_variables_that_do_not_fit_are_named(changes, told):
    with pytest.raises(ValueError) as error:
        read_place(GOOD | changes)
    assert str(error.value) == f"{told}: {MEND}"


@pytest.mark.parametrize(
    "count, most, last", [(None, None, True), ("0", "0", True), ("0", "3", False), ("2", "3", False), ("3", "3", True)]
)
def test_the_last_start_is_the_one_after_which_torchrun_gives_up(monkeypatch, count, most, last):
    for name, value in (("TORCHELASTIC_RESTART_COUNT", count), ("TORCHELASTIC_MAX_RESTARTS", most)):
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    assert is_last_start() is last


@pytest.fixture
def alone(monkeypatch, tmp_path):
    for name in (*GOOD, "TORCHELASTIC_ERROR_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "error, status, line",
    [
        (ValueError("batch is 0"), 1, "batch is 0\n"),
        (FileNotFoundError("no folder"), 1, "no folder\n"),
        (FloatingPointError("loss is nan"), 1, "loss is nan\n"),
        (KeyboardInterrupt(), 130, "interrupted: the same command goes on from the last checkpoint\n"),
    ],
)
def test_an_error_that_can_be_mended_is_one_line_and_a_status(alone, capsys, error, status, line):
    with pytest.raises(SystemExit) as end, plain_words():
        raise error
    assert (end.value.code, capsys.readouterr().err) == (status, line)


def test_a_bug_keeps_its_traceback(alone):
    with pytest.raises(RuntimeError, match="sizes differ"), plain_words():
        raise RuntimeError("sizes differ")
    with pytest.raises(TypeError), plain_words():
        raise TypeError


def test_of_many_each_says_who_it_is_and_leaves_the_reason_to_torchrun(monkeypatch, tmp_path, capsys):
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(tmp_path / "error.json"))
    with pytest.raises(SystemExit), plain_words():
        raise OSError("the disk is full")
    assert capsys.readouterr().err == "rank 3: the disk is full\n"
    reason = json.loads((tmp_path / "error.json").read_text())["message"]
    assert reason["message"] == "rank 3: the disk is full" and reason["extraInfo"]["timestamp"].isdecimal()


@pytest.mark.parametrize("error", [LOST, DistNetworkError("Connection closed by peer [127.0.0.1]:5")])
@pytest.mark.parametrize("rank", ["0", "3"])
def test_that_another_was_lost_is_told_by_rank_0_alone_and_whoever_is_left_leaves_last(
    monkeypatch, capsys, error, rank
):
    for name, value in (GOOD | {"RANK": rank}).items():
        monkeypatch.setenv(name, value)
    done = []
    monkeypatch.setattr(torchrun.time, "sleep", done.append)
    monkeypatch.setattr(torchrun.os, "_exit", done.append)
    with plain_words():
        raise error
    lost = "another process was lost (Connection closed by peer [127.0.0.1]:5)"
    line = f"{lost}: the same command goes on from the last checkpoint\n"
    assert (capsys.readouterr().err, done) == (line if rank == "0" else "", [torchrun.GRACE, 1])


def test_whoever_lost_another_is_said_to_fail_later(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(tmp_path / "error.json"))
    monkeypatch.setattr(torchrun.time, "time", lambda: 1000.7)
    for later, timestamp in ((0, "1000"), (5, "1005")):
        torchrun.tell("lost", later)
        assert json.loads((tmp_path / "error.json").read_text())["message"]["extraInfo"] == {"timestamp": timestamp}


def test_the_first_sentence_leaves_out_where_in_the_source():
    assert first_sentence(LOST) == "Connection closed by peer [127.0.0.1]:5"
    assert first_sentence(RuntimeError("timed out\nframe 1")) == "timed out"


def test_control_c_is_noted_once_and_pressed_again_it_ends_as_ever():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), asked_to_stop() as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    with asked_to_stop():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_whoever_ignores_control_c_goes_on_ignoring_it():  # as under `nohup python -m course.nowcast &`
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with asked_to_stop() as stop:
            signal.raise_signal(signal.SIGINT)
            assert not stop()
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_is_never_asked_to_stop():
    asked = []

    def work():
        with asked_to_stop() as stop:
            asked.append(stop())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert asked == [False]


SCRIPT = r"""
import json, os, sys
from pathlib import Path

names = "RANK", "WORLD_SIZE", "MASTER_ADDR", "TORCHELASTIC_RESTART_COUNT", "OMP_NUM_THREADS", "GLOO_SOCKET_IFNAME"
words = *(os.environ.get(name) for name in names), *sys.argv[1:], "≈"
line = " ".join(map(str, words)).encode(sys.stdout.encoding) + b"\n"
os.write(1, line)  # at once: torchrun has output unbuffered, and lines mix
if sys.argv[1] == "fail" and os.environ["TORCHELASTIC_RESTART_COUNT"] == sys.argv[2]:
    reason = {"message": {"message": "no", "extraInfo": {"timestamp": "1"}}}
    Path(os.environ["TORCHELASTIC_ERROR_FILE"]).write_text(json.dumps(reason))
    sys.exit(1)
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    yield tmp_path / "script.py"
    assert list((tmp_path / "temporary").iterdir()) == []


def test_launch_gives_what_all_print_at_all_starts_under_the_users_own_settings(script, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "eth7")
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")  # which knows no ≈
    printed = launch(script, ["fail", 0], processes=1, restarts=1, timeout=300)
    assert printed.splitlines() == [f"0 1 127.0.0.1 {start} 5 eth7 fail 0 ≈" for start in (0, 1)]
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.delenv("GLOO_SOCKET_IFNAME")
    printed = launch(script, ["a", 7], processes=3)
    here = loopback().get("GLOO_SOCKET_IFNAME")
    assert sorted(printed.splitlines()) == [f"{rank} 3 127.0.0.1 0 1 {here} a 7 ≈" for rank in range(3)]


def test_launch_without_a_script_or_processes_is_refused_at_once(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        launch(tmp_path / "script.py")
    assert str(error.value) == f"{tmp_path / 'script.py'} is no file, expected a script: write it first"
    with pytest.raises(ValueError, match="processes is 0, expected 1 or more"):
        launch("course.nowcast", processes=0)


def test_launch_raises_the_reason_that_a_process_gave(script):
    with pytest.raises(RuntimeError, match="^no$"):
        launch(script, ["fail", 0])


HANG = r"""
import os, signal, subprocess, sys, time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(999)"], start_new_session=True)
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getppid()} {os.getpid()} {child.pid}\n")
time.sleep(999)
"""


@pytest.fixture
def hanging(tmp_path):
    """A script of which each process hangs and has a child that does; and what gives those that have begun."""
    (tmp_path / "hang.py").write_text(HANG)
    pids = tmp_path / "pids"
    pids.touch()

    def begun():
        lines = pids.read_text().splitlines()
        return [psutil.Process(pid) for pid in {int(word) for line in lines for word in line.split()} if alive(pid)]

    yield tmp_path / "hang.py", pids, begun
    for process in begun():
        process.kill()


def alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def wait_until(both_began):
    while not both_began():
        time.sleep(0.05)


def test_when_the_time_is_up_no_process_is_left_even_if_it_ignores_sigterm(hanging):
    script, pids, begun = hanging
    for seconds in (4, 8, 16, 32, 64):  # on a busy machine they begin later
        pids.write_text("")
        with pytest.raises(subprocess.TimeoutExpired):
            launch(script, [pids], timeout=seconds)
        assert begun() == []
        if pids.read_text().count("\n") == 2:
            break
    assert pids.read_text().count("\n") == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals between processes")
def test_after_control_c_no_process_is_left(hanging):
    script, pids, begun = hanging

    def press():
        wait_until(lambda: len(begun()) == 5)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        launch(script, [pids])
    thread.join()
    assert begun() == []


CALLER = """
import sys
from pathlib import Path
from course.distributed import launch
launch(Path(sys.argv[1]), sys.argv[2:])
"""


def test_when_the_caller_is_killed_torchrun_and_its_processes_end(hanging):
    script, pids, begun = hanging
    with subprocess.Popen([sys.executable, "-c", CALLER, script, pids]) as caller:
        wait_until(lambda: len(begun()) == 5)
        children = psutil.Process(caller.pid).children(recursive=True)
        caller.kill()
    orphans = [int(line.split()[2]) for line in pids.read_text().splitlines()]  # a child's child is not known to us
    ours = [child for child in children if child.pid not in orphans]
    assert psutil.wait_procs(ours, timeout=60)[1] == []
