"""Threads that share one array: the parser lets go of Python's lock, so that they run at the same time."""

import importlib.util
import math
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache

import numpy as np

from course._machine import choose_workers
from course.files.line import Records, read_head, read_line
from course.files.parser import parse_values
from course.files.plain import reading
from course.files.text import Block, Blocks, Paths, Text, byte_bar, guess_blocks, look, most_rows, unchanged

Parser = Callable[[np.ndarray, int, int, int, np.ndarray], bool]  # as parser.parse_values
Heads = list[tuple[str, float]]
NUMBA = "if it lacks a folder to write to, name one in NUMBA_CACHE_DIR"


def read_threads(
    paths: Paths,
    shape: Sequence[int],
    *,
    missing: int,
    workers: int | None = None,
    progress: bool | None = None,
) -> Records:
    """Read texts as `read_serial` does, by a pool of threads with the parser in NumPy, a block a task.

    workers: threads, by default one a core that may be used.
    """
    texts = look(paths, shape, missing, workers)
    with reading(texts, shape, progress) as (blocks, records, advance):
        rows = records.values.reshape(len(records.ids), -1)

        def work(block: Block) -> Heads:
            buffer = bytearray(block.size + 1)
            with open(block.path, "rb") as file:
                file.seek(block.start)
                file.readinto(memoryview(buffer)[: block.size])
            return parse_block(buffer, block, missing, parse_values, rows[block.row : block.row + block.rows])

        with (
            ThreadPoolExecutor(choose_workers(workers, len(blocks))) as pool,
            # A generator, though typeshed calls it an Iterator: closed, it takes back the tasks left over.
            closing(pool.map(work, blocks)) as results,  # pyright: ignore[reportArgumentType]
        ):
            for block, heads in zip(blocks, results, strict=True):
                for row, head in enumerate(heads, block.row):
                    records.ids[row], records.labels[row] = head
                advance(block.size)
    return records


def read_fast(
    paths: Paths,
    shape: Sequence[int],
    *,
    missing: int,
    workers: int | None = None,
    progress: bool | None = None,
    parser: str | None = None,
) -> Records:
    """Read texts as `read_serial` does, by threads that fetch the next block each and parse it into its rows.

    workers: threads, by default one a core that may be used.
    parser: "numba" or "numpy"; by default numba if it is installed (`pip install "course[fast]"`).
    """
    texts = look(paths, shape, missing, workers)
    parse = choose_parser(parser)
    count = math.prod(shape)
    values = np.empty((most_rows(texts, count), count), np.uint8)
    with unchanged(texts), byte_bar(texts, progress) as advance:
        heads = parse_texts(
            texts, missing, parse, workers, advance, lambda block: values[block.row : block.row + block.rows]
        )
    values.resize((len(heads), count), refcheck=False)  # in place
    ids, labels = zip(*heads, strict=True)
    return Records(list(ids), np.array(labels), values.reshape(-1, *shape))


def choose_parser(name: str | None = None) -> Parser:
    """Return the quick pass to use: by default numba's, if that is installed and works.

    Raises: ValueError if it is unknown, or asked for and not there.
    Warns: UserWarning, once, if numba is installed and does not work.
    """
    there = importlib.util.find_spec("numba") is not None
    if name not in (None, "numba", "numpy"):
        raise ValueError(f"parser is {name!r}, expected numba or numpy: leave it out to have the best")
    if name == "numba" and not there:
        mend = 'run pip install "course[fast]", or choose numpy'
        raise ValueError(f"parser is numba, which is not installed: {mend}")
    if name == "numpy" or not there:
        return parse_values
    parse, reason = _compiled()
    if name == "numba" and reason:
        raise ValueError(f"parser is numba, which does not work here ({reason}): {NUMBA}, or choose numpy")
    return parse


@cache
def _compiled() -> tuple[Parser, str]:
    """Return the parser of numba once it has read a number, else that in NumPy with the reason why it has not."""
    try:
        from course.files import kernel  # only now: numba takes long to import

        out = np.zeros(1, np.uint8)
        kernel.parse_compiled(np.frombuffer(bytearray(b"a,1,7 "), np.uint8), 4, 5, 255, out)
        return kernel.parse_compiled, ""
    except Exception as error:  # no folder to keep what it compiles, a NumPy that is too new, …
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        warnings.warn(f"numba does not work here ({reason}), so NumPy parses, more slowly: {NUMBA}", stacklevel=2)
        return parse_values, reason


def parse_texts(
    texts: Sequence[Text],
    missing: int,
    parse: Parser,
    workers: int | None,
    advance: Callable[[float], object],
    rows_of: Callable[[Block], np.ndarray],
    keep: Callable[[Block, np.ndarray], None] | None = None,
) -> Heads:
    """Parse all lines by threads, and return their heads in order.

    rows_of: gives an array (rows, V) to fill for a block. keep: takes it when it is filled.
    """
    blocks = Blocks(texts)
    heads: dict[int, Heads] = {}
    faults: dict[int, Exception] = {}

    def work() -> None:
        buffer = bytearray()
        while block := blocks.next(buffer):
            try:
                rows = rows_of(block)
                heads[block.row] = parse_block(buffer, block, missing, parse, rows)
                if keep:
                    keep(block, rows)
            except Exception as fault:
                faults[block.row] = fault
                blocks.close()  # those before this one are in work already
            advance(block.size)

    workers = choose_workers(workers, guess_blocks(texts))
    with ThreadPoolExecutor(workers) as pool, closing(blocks):
        for task in [pool.submit(work) for _ in range(workers)]:
            task.result()
    if faults:
        raise faults[min(faults)]
    return [head for row in sorted(heads) for head in heads[row]]


def parse_block(buffer: bytearray, block: Block, missing: int, parse: Parser, rows: np.ndarray) -> Heads:
    """Parse the lines of a block, which stand in a buffer longer by a byte, into rows; return their heads."""
    data = np.frombuffer(buffer, np.uint8)
    heads = []
    start = 0
    for index in range(block.rows):
        last = index == block.rows - 1  # where it ends is known: a search would look at all of a long line
        ended = not last or buffer[block.size - 1] == ord("\n")
        end = block.size - ended if last else buffer.find(b"\n", start, block.size)
        stop = end - buffer.endswith(b"\r", start, end)
        out = rows[index]
        try:
            comma = buffer.find(b",", buffer.find(b",", start, stop) + 1, stop)
            head = read_head(bytes(buffer[start : max(start, comma)]))
            buffer[stop] = ord(" ")
            if not parse(data, comma + 1, stop, missing, out):
                raise ValueError
        except ValueError:
            text, number = bytes(buffer[start:stop]), block.line + index
            head = read_line(text, out, missing=missing, path=block.path, number=number, ended=ended)
        heads.append(head)
        start = end + 1
    return heads
