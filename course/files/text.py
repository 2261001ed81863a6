"""Text files: look at them before reading, cut them into blocks of whole lines, see whether they changed."""

import errno
import operator
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from course._atomic import reworded
from course._progress import progress_bar

BLOCK = 2 << 20  # bytes: about what a core has in its own cache
LIMIT = "close some files, or allow more of them by ulimit -n"
MAGIC = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"\xfd7zXZ": "xz"}
Paths = str | os.PathLike | Sequence[str | os.PathLike]


class Text(NamedTuple):
    """A text file as it was before it was read. Units: size in bytes, changed in nanoseconds since 1970.

    inode: another file under the same name has another. ended: a newline stands at its end.
    """

    path: str
    size: int
    changed: int
    inode: int
    ended: bool


class Block(NamedTuple):
    """Some whole lines of a text.

    start, size: in bytes. line: number of the first line in its text, from 1.
    row: of the first line in the result, from 0. rows: how many lines.
    """

    path: str
    start: int
    size: int
    line: int
    row: int
    rows: int


def look(paths: Paths, shape: Sequence[int], missing: int, workers: int | None) -> list[Text]:
    """Check the arguments of a reader and look at its files, before anything is read.

    Raises: ValueError for a bad argument; FileNotFoundError, ValueError for what is no text with lines.
    Warns: UserWarning if there is no newline at the end.
    """
    if not shape or any(operator.index(size) < 1 for size in shape):
        raise ValueError(f"shape is {tuple(shape)}, expected one size or more, each at least 1")
    if not 0 <= operator.index(missing) <= 255:
        mend = "choose one that no value has"
        raise ValueError(f"missing is {missing}, expected the code for -1, 0 to 255: {mend}")
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers}, expected 1 or more: leave it out to have one a core")
    paths = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not paths:
        raise ValueError("paths is empty, expected one text file or more")
    texts = [_look_at(os.fspath(path)) for path in paths]
    for text in texts:
        if not text.ended:
            doubt = "if it was cut, its last number is wrong"
            warnings.warn(f"{text.path} has no newline at its end: {doubt}", stacklevel=3)
    return texts


def _look_at(path: str) -> Text:
    try:
        with open(path, "rb") as file:
            start = file.read(8)
            file.seek(-1 if start else 0, os.SEEK_END)
            end = file.read(1)
            status = os.fstat(file.fileno())
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path}, expected a text: check the path") from None
    except OSError as error:
        if Path(path).is_dir():  # opening it is no IsADirectoryError on Windows
            mend = "give the path of a file in it"
            raise ValueError(f"{path} is a directory, expected a text: {mend}") from None
        mend = LIMIT if error.errno == errno.EMFILE else "check who may read it, and the disk or network that it is on"
        raise reworded(error, f"{path} cannot be read ({error.strerror or error}): {mend}") from None
    if not start:
        raise ValueError(f"{path} is empty, expected lines of id,label,values: get it again")
    for magic, name in MAGIC.items():
        if start.startswith(magic):
            raise ValueError(f"{path} is packed by {name}, expected plain text: unpack it first")
    if start.startswith(b"\xef\xbb\xbf"):
        raise ValueError(f"{path} begins with a byte order mark, expected plain UTF-8: save it without")
    return Text(path, status.st_size, status.st_mtime_ns, status.st_ino, end == b"\n")


@contextmanager
def unchanged(texts: Sequence[Text]) -> Iterator[None]:
    """Read texts in the block.

    Raises: ValueError if one of them has changed meanwhile, else what the block raises.
    """
    fault = None
    try:
        yield
    except Exception as error:  # maybe one that the change has caused
        fault = error
    for text in texts:
        try:
            status = os.stat(text.path)
            same = (status.st_size, status.st_mtime_ns, status.st_ino) == text[1:4]
        except FileNotFoundError:
            same = False
        if not same:
            mend = "read it again when it is whole"
            raise ValueError(f"{text.path} changed while it was read: {mend}") from fault
    if fault:
        raise fault


class Blocks:
    """Hands out the blocks of some texts in order, to threads that ask for the next one."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self._texts = list(texts)
        self._file: FileIO | None = None
        self._start, self._line, self._row = 0, 1, 0
        self._want = BLOCK
        self._lock = threading.Lock()

    def next(self, buffer: bytearray) -> Block | None:
        """Read the next block to the start of a buffer, which grows if need be; None after the last one."""
        with self._lock:
            if not self._texts:
                return None
            text = self._texts[0]
            self._file = self._file or open(text.path, "rb", buffering=0)
            size = self._fill(buffer, self._file, text)
            rows = _count_lines(buffer, size)
            # Where a block is one long line, the next is likely as long: what is read behind it is read twice.
            self._want = BLOCK if rows > 1 else size + BLOCK // 32
            block = Block(text.path, self._start, size, self._line, self._row, rows)
            self._start, self._line, self._row = self._start + size, self._line + rows, self._row + rows
            if self._start == text.size:
                self._leave()
            return block

    def close(self) -> None:
        """Hand out no more blocks."""
        with self._lock:
            self._leave()
            self._texts.clear()

    def _leave(self) -> None:
        """Go on to the next text."""
        if self._file:
            self._file.close()
        self._file = None
        self._start, self._line, self._want = 0, 1, BLOCK
        self._texts = self._texts[1:]

    def _fill(self, buffer: bytearray, file: FileIO, text: Text) -> int:
        """Read whole lines, at least one, from the current start; return how many bytes they take."""
        rest = text.size - self._start
        want, filled = min(self._want, rest), 0
        while True:
            buffer.extend(bytes(max(0, want + 1 - len(buffer))))  # one more to mark the end of a last line
            file.seek(self._start + filled)
            with memoryview(buffer) as view:
                while filled < want:
                    got = file.readinto(view[filled:want])
                    if not got:
                        raise ValueError(f"{text.path} has become shorter")  # `unchanged` tells it better
                    filled += got
            if filled == rest:
                return filled
            if end := buffer.rfind(b"\n", 0, filled) + 1:
                return end
            want = min(2 * want, rest)  # a line longer than a block


def _count_lines(buffer: bytearray, size: int) -> int:
    """Count as `buffer.count` would, which takes ten times as long where lines are long."""
    rows, end = 0, buffer.find(b"\n", 0, size)
    while end >= 0:
        rows, end = rows + 1, buffer.find(b"\n", end + 1, size)
    return rows + (buffer[size - 1] != ord("\n"))  # a last line without an end


def cut(texts: Sequence[Text]) -> list[Block]:
    """Return all blocks of some texts: this counts their lines."""
    buffer = bytearray()
    with closing(Blocks(texts)) as blocks:
        return list(iter(lambda: blocks.next(buffer), None))


def guess_blocks(texts: Sequence[Text]) -> int:
    """About how many blocks some texts have, without a look into them."""
    return sum(-(-text.size // BLOCK) for text in texts)


@contextmanager
def byte_bar(texts: Sequence[Text], progress: bool | None) -> Iterator[Callable[[float], object]]:
    """Show a progress bar over the bytes; gives the function that moves it on."""
    with progress_bar(sum(text.size for text in texts), "B", progress, unit_scale=True) as bar:
        yield bar.update


def most_rows(texts: Sequence[Text], count: int) -> int:
    """How many lines of `count` values the texts can have; if there are more, one of so many is faulty."""
    return sum((text.size + 1) // (2 * count + 4) + 1 for text in texts)
