"""Processes, for a parser that holds Python's lock: what they read has to be sent to this one."""

import math
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import NamedTuple, TypeVar

import numpy as np

from course._machine import choose_workers
from course.files.line import Records
from course.files.plain import read_block, reading
from course.files.text import Block, Paths, look

MOST = 61  # processes: Windows waits for no more
FILES = 4  # that one keeps open here
ALONE = "raise the limits of open files and processes (ulimit -n, ulimit -u), or call read_fast, which starts none"
UNGUARDED = (  # what it dies of before its work begins: there it tells any other fault
    'it imports the script that called this, so put the call under `if __name__ == "__main__":` in a file '
    "(not in a script read from stdin), or call read_fast, which starts none"
)
Lines = tuple[int, Sequence[str], Sequence[float], np.ndarray]  # row of the first, ids, labels, values
Answer = TypeVar("Answer")


def read_queues(
    paths: Paths,
    shape: Sequence[int],
    *,
    missing: int,
    workers: int | None = None,
    progress: bool | None = None,
    start_method: str | None = None,
) -> Records:
    """Read texts as `read_serial` does, by one process a file, each with a queue of its own, line by line.

    workers: processes at the same time, by default one a core that may be used.
    start_method: fork, forkserver or spawn; by default forkserver where there is one, else spawn.
    Raises: as `read_serial`, and RuntimeError that names the file if its process dies.
    """
    texts = look(paths, shape, missing, workers)
    context = _context(start_method)
    with reading(texts, shape, progress) as (blocks, records, advance):
        jobs = [list(group) for _, group in groupby(blocks, lambda block: block.path)]
        _share(jobs, workers, records, _line_by_line, missing, context, advance)
    return records


def read_pool(
    paths: Paths,
    shape: Sequence[int],
    *,
    missing: int,
    workers: int | None = None,
    progress: bool | None = None,
    start_method: str | None = None,
) -> Records:
    """Read texts as `read_serial` does, by a pool of processes that are given block after block of lines.

    A `ProcessPoolExecutor` would wait for ever for the rest of a result whose sender was killed half-way.
    workers: processes, by default one a core that may be used. start_method: as for `read_queues`.
    Raises: as `read_serial`, and RuntimeError that names the file if a process dies.
    """
    texts = look(paths, shape, missing, workers)
    context = _context(start_method)
    with reading(texts, shape, progress) as (blocks, records, advance):
        jobs = [[block] for block in blocks]
        _share(jobs, workers, records, _all_at_once, missing, context, advance)
    return records


def _line_by_line(block: Block, count: int, missing: int) -> Iterator[Lines]:
    for row, (name, label, values) in enumerate(read_block(block, count, missing), block.row):
        yield row, [name], [label], values[np.newaxis]


def _all_at_once(block: Block, count: int, missing: int) -> Iterator[Lines]:
    ids, labels, values = zip(*read_block(block, count, missing), strict=True)
    yield block.row, ids, labels, np.stack(values)


class _Worker(NamedTuple):
    """A process, and this end of its queue.

    The queue is a pipe, whose other end only the process has open. That of a `multiprocessing.Queue` stays
    open here too, so that nobody could tell if the process had died in the middle of a message.
    """

    process: BaseProcess
    pipe: Connection


def _share(
    jobs: Sequence[list[Block]],
    workers: int | None,
    records: Records,
    lines_of: Callable[[Block, int, int], Iterator[Lines]],
    missing: int,
    context: BaseContext,
    advance: Callable[[float], object],
) -> None:
    """Give each job to the next free process, and put the lines that come back into the records."""
    rows = records.values.reshape(len(records.ids), -1)
    workers = min(choose_workers(workers, len(jobs), FILES), MOST)
    waiting = deque(jobs)
    busy: dict[_Worker, list[Block]] = {}
    free: list[_Worker] = []
    faults: dict[int, Exception] = {}  # by the first row of the job
    try:
        # A fault is the one to tell when no earlier job can have another.
        while waiting or any(job[0].row < min(faults, default=math.inf) for job in busy.values()):
            while waiting and len(busy) < workers:
                try:
                    worker = free.pop() if free else _start(context, lines_of, rows.shape[1], missing)
                except (OSError, EOFError) as error:  # the latter from a server of forks that has died
                    if not busy:
                        raise OSError(f"no process can be started ({error}): {ALONE}") from None
                    workers = len(busy)  # all that the system gives
                    break
                busy[worker] = waiting.popleft()
                _ask(worker, busy[worker], worker.pipe.send, busy[worker])
            ready = wait([worker.pipe for worker in busy])
            for worker, job in [(worker, job) for worker, job in busy.items() if worker.pipe in ready]:
                message: Lines | Exception | None = _ask(worker, job, worker.pipe.recv)
                if isinstance(message, tuple):
                    row, ids, labels, values = message
                    here = slice(row, row + len(ids))
                    if here.stop <= len(rows):  # else an earlier job is going to tell a fault
                        records.ids[here], records.labels[here], rows[here] = ids, labels, values
                    size = sum(block.size for block in job) / sum(block.rows for block in job)
                    advance(size * len(ids))
                    continue
                if message is not None:
                    faults[job[0].row] = message
                    waiting.clear()
                free.append(worker)
                del busy[worker]
    finally:
        for process, pipe in (*busy, *free):
            process.terminate()
            process.join()
            pipe.close()
    if faults:
        raise faults[min(faults)]


def _ask(worker: _Worker, job: list[Block], call: Callable[..., Answer], *arguments: object) -> Answer:
    """Call `send` or `recv` of a worker's pipe. Raises: RuntimeError if nobody is at its other end."""
    try:
        return call(*arguments)
    except (EOFError, OSError):
        worker.process.join()
        code = worker.process.exitcode
        mend = UNGUARDED if code and code > 0 else "if memory ran out, try fewer workers"
        raise RuntimeError(f"the process that reads {job[0].path} died, exit code {code}: {mend}") from None


def _start(context: BaseContext, *task: object) -> _Worker:
    here, there = context.Pipe()
    with there:  # closed here once the process has it
        # typeshed gives a Process to each kind of context, not to what they have in common
        process = context.Process(  # pyright: ignore[reportAttributeAccessIssue]
            target=_work, args=(there, *task), daemon=True
        )
        process.start()
    return _Worker(process, here)


def _work(pipe: Connection, lines_of: Callable, count: int, missing: int) -> None:
    """Send the lines of each job that comes, then None as the sentinel, or the fault."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the reader, who ends this process
    try:
        while True:
            job = pipe.recv()
            try:
                for block in job:
                    for lines in lines_of(block, count, missing):
                        pipe.send(lines)
                pipe.send(None)
            except ConnectionError:
                raise
            except Exception as fault:
                pipe.send(fault)
    except (EOFError, ConnectionError):
        pass  # nobody is there any more


def _context(start_method: str | None) -> BaseContext:
    methods = multiprocessing.get_all_start_methods()
    if start_method is None:
        start_method = "forkserver" if "forkserver" in methods else "spawn"
    if start_method not in methods:
        mend = f"expected one of {', '.join(methods)}: leave it out to have the best"
        raise ValueError(f"start_method is {start_method!r}, {mend}")
    return multiprocessing.get_context(start_method)
