"""Answers to files.blocks, written from its text alone."""

# Not here: bytes.splitlines, which also cuts at a lone b"\r"; the text speaks of newlines only.
import io
import re
from bisect import bisect_right
from functools import partial
from itertools import accumulate

import numpy as np


def lines_of(data):
    return re.findall(rb"[^\n]*\n|[^\n]+", data)


# ---------------------------------------------------------------- wrong


def as_given(data, size):
    cut, start = [], 0
    while start < len(data):
        end = start + size
        cut.append(data[start:end])
        start = end
    return cut


def rest_always_alone(data, size):
    cut, start = [], 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + size) + 1 or data.find(b"\n", start) + 1 or len(data)
        cut.append(data[start:end])
        start = end
    return cut


def rest_lost(data, size):
    cut, start, last = [], 0, data.rfind(b"\n") + 1
    while start < last:
        end = data.rfind(b"\n", start, start + size) + 1 or data.find(b"\n", start) + 1
        cut.append(data[start:end])
        start = end
    return cut


def long_line_never_ends(data, size):
    cut, start = [], 0
    while start < len(data):
        if len(data) - start <= size:
            end = len(data)
        else:
            end = max(start, data.rfind(b"\n", start, start + size) + 1)
        cut.append(data[start:end])
        start = end
    return cut


def long_line_cut(data, size):
    cut, start = [], 0
    while start < len(data):
        end = start + size
        if end < len(data):
            end = data.rfind(b"\n", start, end) + 1 or end
        cut.append(data[start:end])
        start = end
    return cut


def next_newline_after_size(data, size):
    cut, start = [], 0
    while start < len(data):
        end = data.find(b"\n", start + size - 1) + 1 or len(data)
        cut.append(data[start:end])
        start = end
    return cut


def exact_fit_refused(data, size):
    cut, block = [], b""
    for line in lines_of(data):
        if block and len(block) + len(line) >= size:
            cut.append(block)
            block = b""
        block += line
    return cut + [block] if block else cut


def newline_not_counted(data, size):
    cut, block = [], b""
    for line in lines_of(data):
        if block and len(block) + len(line.rstrip(b"\n")) > size:
            cut.append(block)
            block = b""
        block += line
    return cut + [block] if block else cut


def closes_only_when_too_long(data, size):
    cut, block = [], b""
    for line in lines_of(data):
        block += line
        if len(block) >= size:
            cut.append(block)
            block = b""
    return cut + [block] if block else cut


def one_line_each(data, size):
    return lines_of(data)


def empty_block_first(data, size):
    cut, block = [], b""
    for line in lines_of(data):
        if len(block) + len(line) > size:
            cut.append(block)
            block = b""
        block += line
    return cut + [block] if block else cut


def last_block_forgotten(data, size):
    cut, block = [], b""
    for line in lines_of(data):
        if block and len(block) + len(line) > size:
            cut.append(block)
            block = b""
        block += line
    return cut


def empty_block_for_no_data(data, size):
    cut, block = [], b""
    for line in lines_of(data):
        if block and len(block) + len(line) > size:
            cut.append(block)
            block = b""
        block += line
    return cut + [block]


def newline_added_to_the_rest(data, size):
    if data and not data.endswith(b"\n"):
        data += b"\n"
    return lines_then_blocks(data, size)


def empty_lines_lost(data, size):
    lines = [line + b"\n" for line in data.split(b"\n") if line]
    return lines_then_blocks(b"".join(lines)[: None if data.endswith(b"\n") else -1], size)


def newlines_stripped(data, size):
    return [block.rstrip(b"\n") for block in lines_then_blocks(data, size)]


def newline_first(data, size):
    cut, start = [], 0
    while start < len(data):
        end = start + size
        if end < len(data):
            here = data.rfind(b"\n", start + 1, end)
            end = here if here > 0 else data.find(b"\n", start + 1) % (len(data) + 1)
        cut.append(data[start:end])
        start = end
    return cut


def size_lines_each(data, size):
    lines = lines_of(data)
    return [b"".join(lines[k : k + size]) for k in range(0, len(lines), size)]


def cut_at_multiples_of_size(data, size):
    ends = {data.rfind(b"\n", 0, k) + 1 for k in range(size, len(data), size)} | {len(data)}
    ends = sorted(ends - {0})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def long_line_takes_company(data, size):
    cut, block = [], b""
    for line in lines_of(data):
        if block and len(line) <= size < len(block) + len(line):
            cut.append(block)
            block = b""
        block += line
    return cut + [block] if block else cut


def long_line_left_out(data, size):
    short = b"".join(line for line in lines_of(data) if len(line) <= size)
    return lines_then_blocks(short, size)


def text_instead_of_bytes(data, size):
    return [block.decode() for block in lines_then_blocks(data, size)]


def lists_of_lines(data, size):
    return [lines_of(block) for block in lines_then_blocks(data, size)]


def one_huge_block(data, size):
    return [data]


def never_returns(data, size):
    cut, start = [], 0
    while True:
        end = data.find(b"\n", start) + 1
        if end:
            cut.append(data[start:end])
            start = end


# ---------------------------------------------------------------- right


def lines_then_blocks(data, size):
    cut = []
    for line in lines_of(data):
        if cut and len(cut[-1]) + len(line) <= size:
            cut[-1] += line
        else:
            cut.append(line)
    return cut


def searches_back(data, size):
    cut, start = [], 0
    while start < len(data):
        end = len(data)
        if end - start > size:
            end = data.rfind(b"\n", start, start + size) + 1
            if end == 0:
                end = data.find(b"\n", start) + 1
            if end == 0:
                end = len(data)
        cut.append(data[start:end])
        start = end
    return cut


def lines_of_a_stream(data: bytes, size: int) -> list[bytes]:
    def grow():
        block: list[bytes] = []
        free = size
        for line in io.BytesIO(data):
            if block and len(line) > free:
                yield b"".join(block)
                block, free = [], size
            block.append(line)
            free -= len(line)
        if block:
            yield b"".join(block)

    found = list(grow())
    print("blocks", len(found))
    return found


def ends_and_bisect(data, size):
    ends = list(accumulate(len(line) + 1 for line in data.split(b"\n")))
    ends[-1] -= 1
    cut, start = [], 0
    while start < len(data):
        k = bisect_right(ends, start + size) - 1
        end = ends[k] if k >= 0 and ends[k] > start else ends[bisect_right(ends, start)]
        cut.append(data[start:end])
        start = end
    return cut


def byte_by_byte(data, size):
    cut, start, fits = [], 0, 0
    for k in range(len(data)):
        if data[k] != 10 and k + 1 < len(data):
            continue
        if k + 1 - start > size and fits > start:
            cut.append(data[start:fits])
            start = fits
        fits = k + 1
        if fits - start > size:
            cut.append(data[start:fits])
            start = fits
    return cut + [data[start:]] if start < len(data) else cut


def numpy_ends(data, size):
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == 10) + 1
    if len(data) and (not len(ends) or ends[-1] < len(data)):
        ends = np.append(ends, len(data))
    cut, start = [], 0
    while start < len(data):
        inside = ends[(ends > start) & (ends <= start + size)]
        end = inside[-1] if len(inside) else ends[ends > start][0]
        cut.append(data[start:end])
        start = end
    return cut


def with_newline(data, size, newline):
    head, *cut = [b""]
    for piece in re.split(b"(?<=" + newline + b")", data):
        if head and len(head) + len(piece) > size:
            cut.append(head)
            head = b""
        head += piece
    if head:
        cut.append(head)
    return cut


class Cutter:
    def __init__(self):
        self.calls = 0

    def __call__(self, data, size):
        self.calls += 1
        self.cut, self.block = [], bytearray()
        rest = data
        while rest:
            line, newline, rest = rest.partition(b"\n")
            self.add(line + newline, size)
        self.close()
        return self.cut

    def add(self, line, size):
        if len(self.block) + len(line) > size:
            self.close()
        self.block += line

    def close(self):
        if self.block:
            self.cut.append(bytes(self.block))
            self.block.clear()


WRONG = [
    (as_given, "the given code", "ends in the middle of a line: a number may be cut"),
    (
        rest_always_alone,
        "what stands after the last newline is a block by itself though it fits",
        "too: cut as late as you can",
    ),
    (rest_lost, "what stands after the last newline is lost", "with size 6 the end of the text is lost: b"),
    (long_line_never_ends, "never ends for a long line", "the loop goes round and round, as if start did not"),
    (long_line_cut, "a long line is cut", "ends in the middle of a line that is longer than a"),
    (
        next_newline_after_size,
        "goes on to the next newline, blocks are too long",
        "is longer, and has more than one line",
    ),
    (exact_fit_refused, "lines that fill a block exactly do not fit", "too: cut as late as you can"),
    (
        newline_not_counted,
        "the last newline of a block is not counted, one byte too long",
        "is longer, and has more than one line",
    ),
    (
        closes_only_when_too_long,
        "closes a block only when it is too long already",
        "is longer, and has more than one line",
    ),
    (one_line_each, "one line each", "too: cut as late as you can"),
    (empty_block_first, "an empty block before a long line", "with size 1 a block is empty: where does the next one"),
    (last_block_forgotten, "the last block is forgotten", "with size 6 the end of the text is lost: b"),
    (empty_block_for_no_data, "an empty block for empty data", "with size 1 a block is empty: where does the next one"),
    (newline_added_to_the_rest, "adds a newline at the end", "with size 6 the blocks together are not the text: is"),
    (empty_lines_lost, "empty lines are lost", "with size 6 the blocks together are not the text: is"),
    (newlines_stripped, "blocks without their last newlines", "with size 6 a block is empty: where does the next one"),
    (newline_first, "the newline goes to the next block", "ends in the middle of a line: a number may be cut"),
    (size_lines_each, "counts lines, not bytes", "is longer, and has more than one line"),
    (
        cut_at_multiples_of_size,
        "counts from the start of the data, not of the block",
        "is longer, and has more than one line",
    ),
    (long_line_takes_company, "a long line is joined to other lines", "is longer, and has more than one line"),
    (long_line_left_out, "a long line is left out", "with size 6 the blocks together are not the text: is"),
    (text_instead_of_bytes, "str instead of bytes", "expected a list of bytes"),
    (lists_of_lines, "lists of lines instead of blocks", "expected a list of bytes"),
    (one_huge_block, "ignores size", "is longer, and has more than one line"),
    (never_returns, "never returns", "the loop goes round and round, as if start did not"),
]
RIGHT = [
    (lines_then_blocks, "lines first, then joined"),
    (searches_back, "searches back for a newline"),
    (lines_of_a_stream, "a generator over a stream, annotated, prints"),
    (ends_and_bisect, "ends of lines and bisect"),
    (byte_by_byte, "an explicit loop over bytes"),
    (numpy_ends, "ends by NumPy"),
    (partial(with_newline, newline=b"\n"), "a partial; re.split after newlines"),
    (Cutter(), "a callable object; partition, bytearray"),
]
