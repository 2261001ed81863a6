"""A limit to the time that an answer may take."""

import ctypes
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooLong(BaseException):
    """The time is over. Not an Exception: an answer that catches those shall not catch this."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TooLong in the block if it takes longer than this.

    In the main thread of Linux and macOS an alarm does it, which wakes who sleeps or waits, too. Elsewhere the block
    ends at its next line of Python.
    """
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        with _alarm(seconds):
            yield
        return
    send = ctypes.pythonapi.PyThreadState_SetAsyncExc
    timer = threading.Timer(seconds, send, (ctypes.c_ulong(threading.get_ident()), ctypes.py_object(TooLong)))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    start, handler = time.monotonic(), signal.signal(signal.SIGALRM, _ring)
    # Rings again every second: a bare except may have swallowed it. What another had set goes on after.
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - time.monotonic() + start, 0.001), interval)


def _ring(number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_globals.get("__name__") == "importlib._bootstrap":
            return  # a module that is half imported would stay so: the alarm rings again in a second
        frame = frame.f_back
    raise TooLong
