"""The plain way: one line after the other, one number after the other."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from course.files.line import Records, read_head, read_line
from course.files.text import Block, Paths, Text, byte_bar, cut, look, most_rows, unchanged

DIGITS = b"0123456789 -"


def read_serial(
    paths: Paths,
    shape: Sequence[int],
    *,
    missing: int,
    workers: int | None = None,
    progress: bool | None = None,
) -> Records:
    """Read texts by a loop in plain Python, in this process; `workers` changes nothing.

    paths: one file or several, whose lines follow each other in the result. missing: the code for -1 in it.
    progress: show a bar; by default unless the environment variable CI is set.
    Shapes: as `Records`; shape is that of one line's values.
    Raises: ValueError for the first fault of a text, with file, line, position and what stands there, or if a
        text changes meanwhile; FileNotFoundError.
    Warns: UserWarning if there is no newline at the end of a text, which may have been cut within a number.
    """
    texts = look(paths, shape, missing, workers)
    with reading(texts, shape, progress) as (blocks, records, advance):
        rows = records.values.reshape(len(records.ids), -1)
        for block in blocks:
            for row, line in enumerate(read_block(block, rows.shape[1], missing), block.row):
                records.ids[row], records.labels[row], rows[row] = line
            advance(block.size)
    return records


@contextmanager
def reading(
    texts: Sequence[Text], shape: Sequence[int], progress: bool | None
) -> Iterator[tuple[list[Block], Records, Callable[[float], object]]]:
    """Give the blocks of some texts, records to be filled with their lines, and what moves the progress bar on.

    There are records for all lines, or up to a line that must be faulty.
    Raises: as `unchanged`.
    """
    with unchanged(texts), byte_bar(texts, progress) as advance:
        blocks = cut(texts)
        rows = min(sum(block.rows for block in blocks), most_rows(texts, math.prod(shape)))
        yield blocks, Records([""] * rows, np.empty(rows), np.empty((rows, *shape), np.uint8)), advance


def read_block(block: Block, count: int, missing: int) -> Iterator[tuple[str, float, np.ndarray]]:
    """Yield id, label and values (count,) of each line in a block."""
    with open(block.path, "rb") as file:
        file.seek(block.start)
        for number in range(block.line, block.line + block.rows):
            line = file.readline()
            text = line.removesuffix(b"\n").removesuffix(b"\r")
            values = np.empty(count, np.uint8)
            try:
                name, label, numbers = text.split(b",", 2)
                head = read_head(name + b"," + label)
                _fill(values, numbers, missing)
            except (ValueError, OverflowError):
                ended = line.endswith(b"\n")
                head = read_line(text, values, missing=missing, path=block.path, number=number, ended=ended)
            yield *head, values


def _fill(values: np.ndarray, numbers: bytes, missing: int) -> None:
    """Fill `values` with the numbers. Raises: ValueError without a sentence if that needs a closer look."""
    if numbers.translate(None, DIGITS):
        raise ValueError
    row = np.array([int(number) for number in numbers.split(b" ")], np.int16)
    if len(row) != len(values) or row.min() < -1 or row.max() > 255 or (row == missing).any():
        raise ValueError
    row[row == -1] = missing
    values[:] = row
