"""What torchrun tells the processes that it starts, what they tell it and the reader, and how to call it."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil
from torch.distributed import DistError

from course import _worker
from course._streams import say

LOOPBACKS = ("lo", "lo0")  # on Linux, on macOS
COUNTS = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_PORT")
PLAIN = (OSError, ValueError, FloatingPointError, ImportError)  # their texts say what to mend
GRACE = 5  # seconds that a process which lost another waits before it leaves, so that it is not the first
MARK = "COURSE_LAUNCH"  # the variable by which processes are known that `launch` started
AGAIN = "the same command goes on from the last checkpoint"


class Place(NamedTuple):
    """Where a process stands: its number of `size`, from 0, and on its machine its number of `local_size`."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1


def read_place(variables: Mapping[str, str] = os.environ) -> Place | None:
    """Return the place of this process as torchrun tells it in the environment, None if it did not start it.

    Raises: ValueError if variables are missing or do not fit.
    """
    if not variables.keys() & {"RANK", "WORLD_SIZE"}:
        return None
    mend = "start all processes by torchrun, which sets them, or unset it to run alone"
    wanted = (*COUNTS, "MASTER_ADDR")
    if missing := [name for name in wanted if not variables.get(name)]:
        there = ", ".join(name for name in wanted if name not in missing)
        raise ValueError(f"{there or 'RANK'} is set, but not {', '.join(missing)}: {mend}")
    for name in COUNTS:
        if not variables[name].isdecimal():
            raise ValueError(f"{name} is {variables[name]!r}, expected a whole number: {mend}")
    place = Place(*(int(variables[name]) for name in COUNTS[:4]))
    for name, number, size in zip(COUNTS[::2], place[::2], place[1::2]):
        if number >= size:
            raise ValueError(f"{name} is {number} of {size} processes, expected 0 to {size - 1}: {mend}")
    return place


def starts() -> int:
    """How often torchrun has started the processes again."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))


def is_last_start() -> bool:
    """Whether torchrun is not going to start the processes again if one fails."""
    return starts() >= int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", 0))


def tell(text: str, later: int = 0) -> None:
    """Print why this process fails, and leave it where torchrun looks for the reason.

    later: seconds by which it is said to fail later. torchrun takes the first that fails for the cause.
    """
    say(text, error=True)
    if path := os.environ.get("TORCHELASTIC_ERROR_FILE"):
        reason = {"message": {"message": text, "extraInfo": {"timestamp": str(int(time.time()) + later)}}}
        Path(path).write_text(json.dumps(reason), encoding="utf-8")


@contextmanager
def plain_words() -> Iterator[None]:
    """Turn an error that the reader can mend into one line and exit status 1, Ctrl-C into 130: no traceback.

    Of many processes each speaks for itself, but only rank 0 tells that another one was lost.
    """
    rank, size = (os.environ.get(name) for name in ("RANK", "WORLD_SIZE"))
    try:
        yield
    except PLAIN as error:
        tell(str(error) if size in (None, "1") else f"rank {rank}: {error}")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        if rank in (None, "0"):
            say(f"interrupted: {AGAIN}", error=True)
        raise SystemExit(130) from None
    except RuntimeError as error:
        if not is_loss(error):
            raise
        if rank in (None, "0"):
            tell(f"another process was lost ({first_sentence(error)}): {AGAIN}", later=GRACE)
        time.sleep(GRACE)
        os._exit(1)  # an ordinary end would wait for threads that wait for the other


def is_loss(error: RuntimeError) -> bool:
    """Whether an error of torch's says that another process has gone or is silent."""
    return isinstance(error, DistError) or "gloo" in str(error).lower()


def first_sentence(error: Exception) -> str:
    """Return the first sentence of an error of torch's, without the place in its source."""
    return str(error).splitlines()[0].split("] ", 1)[-1].split(". ")[0]


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether Ctrl-C was pressed in the block; pressed again, it ends as ever."""
    pressed = []
    deaf = threading.current_thread() is not threading.main_thread()  # only the main thread hears of it
    if deaf or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as after `nohup … &`
        yield lambda: False
        return

    def note(number, frame):
        pressed.append(number)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


def loopback() -> dict[str, str]:
    """Return the variable that keeps gloo on this machine; else it looks up its name, which may be unknown."""
    names = [name for _, name in socket.if_nameindex() if name in LOOPBACKS]
    return {"GLOO_SOCKET_IFNAME": names[0]} if names else {}


def launch(
    target: str | Path,
    arguments: Sequence[object] = (),
    processes: int = 2,
    restarts: int = 0,
    timeout: float | None = None,
) -> str:
    """Run a module ("course.nowcast") or a script (a Path) by torchrun, here; return what it prints.

    They find each other over the loopback, whatever this machine is called and with no network. None of them is
    left when this ends, however it ends.
    restarts: how often all processes are started again if one fails. timeout: seconds, until all are ended.
    Raises: RuntimeError with the reason that the processes gave; subprocess.TimeoutExpired; FileNotFoundError if there
    is no such script; ValueError if there are no processes.
    """
    if processes < 1:
        raise ValueError(f"processes is {processes}, expected 1 or more")
    if isinstance(target, Path) and not target.is_file():
        raise FileNotFoundError(f"{target} is no file, expected a script: write it first")
    what = [str(target)] if isinstance(target, Path) else ["-m", target]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        reason = folder / "reason.json"
        # They meet in a file: the server of --standalone wants libuv, which torch for Windows comes without.
        meet = ["--nnodes=1", "--rdzv-id=here", "--rdzv-backend=c10d", "--rdzv-conf=store_type=file"]
        here = [*meet, f"--rdzv-endpoint={folder}/meeting", "--local-addr=127.0.0.1", f"--log-dir={folder}"]
        many = [f"--nproc-per-node={processes}", f"--max-restarts={restarts}"]
        command = [sys.executable, "-m", "torch.distributed.run", *here, *many, _worker.__file__, *what]
        ours = {"TORCHELASTIC_ERROR_FILE": str(reason), "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
        ours |= {MARK: str(folder), "PYTHONIOENCODING": "utf-8"}
        variables = {"OMP_NUM_THREADS": "1"} | loopback() | os.environ | ours
        # Into files: a process that outlives torchrun would keep the end of a pipe open.
        with open(folder / "stdout", "wb") as out, open(folder / "stderr", "wb") as err:
            pipes = {"stdin": subprocess.PIPE, "stdout": out, "stderr": err}
            torchrun = subprocess.Popen([*command, *map(str, arguments)], env=variables, **pipes)
            try:
                status = torchrun.wait(timeout)
            finally:
                end_all(torchrun, str(folder))
        printed, complaints = ((folder / name).read_text("utf-8", "replace") for name in ("stdout", "stderr"))
        if status:
            told = json.loads(reason.read_text(encoding="utf-8"))["message"] if reason.exists() else {}
            raise RuntimeError(told.get("message", complaints))
    return printed


def end_all(torchrun: subprocess.Popen, mark: str) -> None:
    """End torchrun and what it started: each worker has a session of its own, and may ignore SIGTERM."""
    torchrun.kill()
    torchrun.wait()
    torchrun.stdin.close()
    for _ in range(9):  # one may just be starting another
        found = psutil.process_iter(["environ"])
        left = [process for process in found if (process.info["environ"] or {}).get(MARK) == mark]
        if not left:
            return
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=1)
