"""Locks: one holder at a time, none left by a process that is gone, and a word where a network has none."""

import errno
import signal
import subprocess
import sys
import threading

import pytest

from course import _locks
from course._locks import locked, try_lock


def test_a_lock_that_another_has_is_refused_until_its_file_is_closed(tmp_path):
    with open(tmp_path / "lock", "w") as first, open(tmp_path / "lock", "w") as second:
        try_lock(first)
        with pytest.raises(BlockingIOError):
            try_lock(second)
        first.close()
        try_lock(second)


def test_of_two_threads_one_waits_for_the_other(tmp_path):
    inside, done = threading.Event(), []

    def enter():
        with locked(tmp_path / "lock") as reason:
            done.append(("second", reason))

    with locked(tmp_path / "lock") as reason:
        other = threading.Thread(target=lambda: (inside.set(), enter()))
        other.start()
        inside.wait()
        other.join(4 * _locks.PAUSE)
        done.append(("first", reason))
    other.join()
    assert done == [("first", ""), ("second", "")]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is for POSIX")
def test_the_lock_of_a_killed_process_is_free(tmp_path):
    code = (
        "import sys, time; from course._locks import locked\n"
        "with locked(sys.argv[1]):\n    print('held', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with open(tmp_path / "lock") as file, pytest.raises(BlockingIOError):
            try_lock(file)
        process.kill()
        process.wait()
    with locked(tmp_path / "lock") as reason:
        assert reason == ""


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_nothing_can_be_locked_the_block_runs_and_is_told_why(tmp_path, monkeypatch, number):
    fcntl = pytest.importorskip("fcntl")

    def refuse(file, operation):
        raise OSError(number, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)  # as a network or FUSE does
    with locked(tmp_path / "lock") as reason:
        assert reason == "no locks here"


def test_a_lock_whose_file_cannot_be_opened_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), locked(tmp_path / "absent" / "lock"):
        raise AssertionError("the block ran")
