"""Answers that never end, wait, sleep or catch everything: a check ends them all, and leaves what it found."""

import signal
import sys
import threading
import time

import pytest

from course import exercises
from course.exercises import check
from course.exercises.limit import TooLong, limited

pytestmark = pytest.mark.timeout(method="thread")  # the alarm is needed here


def turns_for_ever(logits, y):
    while True:
        pass


def sleeps(logits, y):
    time.sleep(1000)


def waits_for_a_lock(logits, y):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def catches_exceptions(logits, y):
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            pass


def catches_everything_once(logits, y):
    try:
        turns_for_ever(logits, y)
    except BaseException:
        turns_for_ever(logits, y)


@pytest.fixture
def short_limit(monkeypatch):
    monkeypatch.setattr(exercises, "LIMIT", 0.2)


@pytest.mark.parametrize(
    "answer", [turns_for_ever, sleeps, waits_for_a_lock, catches_exceptions, catches_everything_once]
)
def test_an_answer_that_never_returns_is_ended(answer, short_limit, capsys):
    check("start.accuracy", answer)
    assert capsys.readouterr().out == (
        "start.accuracy is not right yet: your code has not ended after 0.2 seconds: does a loop never end?\n"
    )


def test_an_answer_in_another_thread_is_ended_too(short_limit, capsys):
    thread = threading.Thread(target=check, args=("start.accuracy", turns_for_ever), daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert "has not ended after 0.2 seconds" in capsys.readouterr().out


def test_the_alarm_of_another_rings_when_it_would_have():
    rung = []
    handler = signal.signal(signal.SIGALRM, lambda *_: rung.append("mine"))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(TooLong), limited(0.1):
            time.sleep(60)
        assert rung == []
        for _ in range(500):  # at most 5 seconds
            if not rung:
                time.sleep(0.01)
        assert rung == ["mine"]
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def test_a_block_that_ends_in_time_is_left_alone():
    with limited(60):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_module_that_is_being_imported_is_imported_whole(tmp_path, monkeypatch):
    (tmp_path / "slow_module.py").write_text(
        "import time\nend = time.monotonic() + 0.5\nwhile time.monotonic() < end: pass\nwhole = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TooLong), limited(0.1):
        import slow_module  # noqa: F401

        turns_for_ever(None, None)
    assert sys.modules.pop("slow_module").whole


def test_ctrl_c_is_the_learners_own(monkeypatch):
    def interrupted(logits, y):
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            check("start.accuracy", interrupted)
    finally:
        signal.signal(signal.SIGINT, before)
