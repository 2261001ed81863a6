"""The exercises of notebook 13_files."""

import sys
from collections.abc import Iterator
from types import CodeType

import numpy as np

from course.exercises.exercise import Exercise, Mistake, call, expect_like, near

LINES = (
    *(b"7 42 208", b"0 100 99 255 10 7 200 5", b"3", b"42", b"255", b"250 1 19 0 0 107", b"9 90 9 99 199 90"),
    b" ".join(b"%d" % number for number in range(256)),
    b" ".join(b"%d" % number for number in reversed(range(256))),
)
LONG = b" ".join(b"%d" % (number % 256) for number in range(2000))
SLOW = ("split", "splitlines", "fromstring", "loadtxt", "genfromtxt", "findall", "finditer", "list", "map", "eval")
SLOW = (*SLOW, "loads", "literal_eval", "exec")
TEXTS = {  # with the sizes of a block
    b"ab\ncd\n\nefghijklm\nno\npq\nrs": (6, 4, 100, 1, 25, 24),
    b"ab\ncd\n": (3, 6, 5, 2, 100),
    b"a\r\nb c\x0cd\r\n\n": (3, 4, 7, 50),  # a line ends with \n alone
    b"\n\n\n": (1, 2, 3),
    b"abc": (1, 3, 9),
    b"": (1, 8),
}
TURNS = 1000
ARRIVING = (4, 0, 7, None, 5, None, 0, 9, None)  # of three workers


class _Text(bytes):
    """Text that notices when a loop over it does not end."""

    turns = 0

    def _count(self) -> None:
        self.turns += 1
        if self.turns > TURNS:
            raise RuntimeError("the loop goes round and round, as if start did not grow in every turn")

    def __len__(self):
        self._count()
        return super().__len__()

    def __getitem__(self, place):
        self._count()
        return super().__getitem__(place)

    def find(self, *arguments):
        self._count()
        return super().find(*arguments)

    def rfind(self, *arguments):
        self._count()
        return super().rfind(*arguments)


class _Queue:
    """A queue to which things come now and then: it is empty for a moment before each of them."""

    def __init__(self, things: tuple):
        self.things, self.late, self.asked_if_empty = list(things), True, False

    def get(self, block: bool = True, timeout: float | None = None) -> object:
        if not block or timeout is not None:
            raise RuntimeError("a worker may be busy for longer than your get waits")
        if not self.things:
            raise RuntimeError("it waits for ever: nothing more comes after the last None")
        self.late = True
        return self.things.pop(0)

    def put(self, thing: object, block: bool = True, timeout: float | None = None) -> None:
        self.things.append(thing)

    def empty(self) -> bool:
        self.asked_if_empty = True
        self.late = not self.late  # asked again, something has come
        return not self.late or not self.things

    def qsize(self) -> int:
        return 0 if self.empty() else 1

    def get_nowait(self) -> object:
        raise RuntimeError("get_nowait finds nothing, as the workers are still busy: get waits for them")


def check_parse(answer: object) -> None:
    used = [name for name in SLOW if name in _names(getattr(answer, "__code__", None))]
    if used:
        raise Mistake(
            f"you use {used[0]}: do without ready parsers and without an object for each number. "
            "Look back from the spaces, at all numbers at once."
        )
    for line in LINES:
        numbers = call(answer, line)
        expected = np.array([int(word) for word in line.split(b" ")], np.uint8)
        if isinstance(numbers, np.ndarray) and len(expected) > 1 and near(numbers, expected[:-1]):
            raise Mistake(f"of {line.decode()!r} the last number is missing: no space stands after it.")
        expect_like(f"the result for {line.decode()!r}", numbers, expected)
        if not np.array_equal(numbers, expected):
            _explain(line, numbers, expected)
    if _steps(answer, LONG) > 1000:
        raise Mistake(
            "the numbers are right, but a loop in Python makes an object for each of them: look "
            "back from the spaces, at all numbers at once."
        )


def _steps(answer: object, line: bytes) -> int:
    """How many lines of Python run during a call."""
    steps, usual = 0, sys.gettrace()

    def trace(frame, event, argument):
        nonlocal steps
        steps += event == "line"
        return trace

    sys.settrace(trace)
    try:
        answer(line)
    finally:
        sys.settrace(usual)
    return steps


def _names(code: CodeType | None) -> set[str]:
    """The names that a function uses, and the functions and comprehensions in it."""
    inner = [_names(part) for part in getattr(code, "co_consts", ()) if isinstance(part, CodeType)]
    return set(getattr(code, "co_names", ())).union(*inner)


def _explain(line: bytes, numbers: np.ndarray, expected: np.ndarray) -> None:
    """Raise the Mistake that tells what is wrong with the first wrong number."""
    place = int(np.flatnonzero(numbers != expected)[0])
    found, right = int(numbers[place]), int(expected[place])
    it = f"in {line.decode()!r}, {right} becomes {found}"
    before = (b",,," + b" ".join(line.split(b" ")[: place + 1]))[-3]  # the byte three back
    if found == int(str(right)[::-1]):
        raise Mistake(f"{it}: the digits count the wrong way round.")
    if found == right % 100:
        raise Mistake(f"{it}: what about the digit three bytes before the space?")
    if found == right % 10:
        raise Mistake(f"{it}: only the last digit counts.")
    if right < 10 and (right - found) % 256 in (1, 256 - ord("0")):
        raise Mistake(f"{it}: the byte of the digit 0 is 48, not {48 + right - found if found < right else 0}.")
    if found == sum(map(int, str(right))):
        raise Mistake(f"{it}: the digits are added up as they are. What is each of them worth at its place?")
    if right < 10 and place and found == (right + 100 * (before - ord("0"))) % 256:
        raise Mistake(f"{it}: the byte three back belongs to the number before. When does it count?")
    if right < 100:
        raise Mistake(f"{it}: what stands before it is no digit. What has to become of such bytes?")
    raise Mistake(f"{it}.")


def check_blocks(answer: object) -> None:
    for text, sizes in TEXTS.items():
        for size in sizes:
            _check_cut(call(answer, _Text(text), size), text, size)


def _check_cut(found: object, text: bytes, size: int) -> None:
    if isinstance(found, (tuple, Iterator)):
        found = list(found)
    if not isinstance(found, list) or not all(isinstance(block, (bytes, bytearray, memoryview)) for block in found):
        raise Mistake("expected a list of bytes.")
    found = [bytes(block) for block in found]
    it = f"of {text!r} with size {size}"
    if b"" in found:
        raise Mistake(f"{it} a block is empty: where does the next one start, and where does the text end?")
    if b"".join(found) != text:
        lost = len(text) - len(b"".join(found))
        if lost > 0 and text.startswith(b"".join(found)):
            raise Mistake(f"{it} the end of the text is lost: {text[-lost:]!r}.")
        raise Mistake(f"{it} the blocks together are not the text: is a newline lost, or something there twice?")
    for block in found[:-1]:
        if not block.endswith(b"\n"):
            if len(block) >= size and b"\n" not in block:
                raise Mistake(
                    f"{it} the block {block!r} ends in the middle of a line that is longer "
                    "than a block: where does it end?"
                )
            raise Mistake(f"{it} the block {block!r} ends in the middle of a line: a number may be cut there.")
    for block in found:
        if len(block) > size and block.count(b"\n") + (not block.endswith(b"\n")) > 1:
            raise Mistake(f"{it} the block {block!r} is longer, and has more than one line.")
    for block, after in zip(found, found[1:]):
        line = after[: (after.find(b"\n") + 1) or len(after)]
        if len(block) + len(line) <= size:
            raise Mistake(f"{it} the line {line!r} fits into the block {block!r}, too: cut as late as you can.")


def check_gather(answer: object) -> None:
    for things in ((4, 5, 7, None), ARRIVING, (None, None, 3, None), (None, None), (0.5, None, -1, None)):
        queue, workers = _Queue(things), things.count(None)
        numbers = [thing for thing in things if thing is not None]
        found = call(answer, queue, workers)
        they = f"{workers} worker{'s' * (workers > 1)} sent {len(numbers)} number{'s' * (len(numbers) > 1)}"
        if isinstance(found, (tuple, Iterator, np.ndarray)):
            found = list(found)
        if not isinstance(found, list):
            raise Mistake(f"the result is a {type(found).__name__}, expected a list.")
        if found == numbers:
            continue
        if None in found:
            raise Mistake("a None is among the numbers: it only says that a worker is done.")
        if queue.asked_if_empty and sorted(found) != sorted(numbers):
            raise Mistake(f"{they}, and {len(found)} arrived: a queue that is empty now may get something later.")
        if found == [number for number in numbers if number]:
            raise Mistake(f"{they}, and those that are 0 got lost: 0 is false, as None is, but it is not None.")
        if found == list(things[: things.index(None)]) != numbers:
            raise Mistake(
                f"{they}, and {len(found)} arrived: what was the last thing that you took, and who had sent it?"
            )
        if sorted(found) != sorted(numbers):
            raise Mistake(f"{they}, and {len(found)} arrived: {found}, expected {numbers}.")
        raise Mistake(f"the numbers are {found}, expected them as they came, {numbers}.")


def parse(values):
    data = np.frombuffer(b",,," + values + b" ", np.uint8)
    ends = np.flatnonzero(data == ord(" "))
    hundreds, tens, ones = (data[ends - back] - np.uint8(ord("0")) for back in (3, 2, 1))
    has_tens = tens <= 9
    has_hundreds = has_tens & (hundreds <= 9)
    return np.uint8(100) * hundreds * has_hundreds + np.uint8(10) * tens * has_tens + ones


def blocks(data, size):
    cut, start = [], 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + size) + 1
        if len(data) <= start + size:
            end = len(data)
        elif end == 0:  # a line longer than a block
            end = data.find(b"\n", start) + 1 or len(data)
        cut.append(data[start:end])
        start = end
    return cut


def gather(queue, workers):
    found = []
    while workers:
        number = queue.get()
        if number is None:
            workers -= 1
        else:
            found.append(number)
    return found


EXERCISES = {
    "files.parse": Exercise(
        check_parse,
        "No object was made for any number.",
        (
            "np.frombuffer(values, np.uint8) gives the bytes. Where does each number end?",
            "add a space at the end and three bytes in front, then look one, two and three bytes back from all spaces.",
            "a byte counts only if it and all between it and the space are digits: multiply by that mask.",
        ),
        parse,
    ),
    "files.blocks": Exercise(
        check_blocks,
        "Each block can go to a thread of its own now.",
        (
            "where is the last newline within the next size bytes?",
            'data.rfind(b"\\n", start, start + size) tells it, and -1 if there is none. What then?',
            "three cases: the rest fits; a newline is found; the line is longer than size, and find tells its end.",
        ),
        blocks,
    ),
    "files.gather": Exercise(
        check_gather,
        "A None is the end of one worker, not of the work.",
        (
            "write down what comes through the queue when two workers send two numbers each.",
            "how many None come in all? When is the last number sure to have come?",
            "count the None, and stop when there were as many as workers.",
        ),
        gather,
    ),
}
