from queue import Empty

import numpy as np


def untouched_parse(values): ...


def untouched_blocks(data, size):
    cut, start = [], 0
    while start < len(data):
        end = start + size
        cut.append(data[start:end])
        start = end
    return cut


def untouched_gather(queue, workers):
    found = []
    while (number := queue.get()) is not None:
        found.append(number)
    return found


def by_words(values):
    return np.array([int(word) for word in values.split(b" ")], np.uint8)


def by_a_loop(values):
    numbers = [0]
    for byte in values:
        if byte == ord(" "):
            numbers.append(0)
        else:
            numbers[-1] = 10 * numbers[-1] + byte - ord("0")
    return np.array(numbers, np.uint8)


def parts(values, end=b" ", front=b",,,"):
    data = np.frombuffer(front + values + end, np.uint8)
    ends = np.flatnonzero(data == ord(" "))
    return [data[ends - back] - np.uint8(48) for back in (3, 2, 1)]


def no_last(values):
    hundreds, tens, ones = parts(values, b"")
    tens_there = tens <= 9
    return np.uint8(100) * hundreds * (tens_there & (hundreds <= 9)) + np.uint8(10) * tens * tens_there + ones


def no_mask(values):
    hundreds, tens, ones = parts(values)
    return np.uint8(100) * hundreds + np.uint8(10) * tens + ones


def leaky(values):
    hundreds, tens, ones = parts(values)
    return np.uint8(100) * hundreds * (hundreds <= 9) + np.uint8(10) * tens * (tens <= 9) + ones


def two_digits(values):
    _, tens, ones = parts(values)
    return np.uint8(10) * tens * (tens <= 9) + ones


def one_digit(values):
    return parts(values)[2]


def wide(values):
    hundreds, tens, ones = (part.astype(np.int64) for part in parts(values))
    return 100 * hundreds * ((tens <= 9) & (hundreds <= 9)) + 10 * tens * (tens <= 9) + ones


def reversed_digits(values):
    hundreds, tens, ones = parts(values)
    has_tens = tens <= 9
    has_hundreds = has_tens & (hundreds <= 9)
    large = np.uint8(100) * ones + np.uint8(10) * tens + hundreds
    return np.where(has_hundreds, large, np.where(has_tens, np.uint8(10) * ones + tens, ones))


def characters(values):
    data = np.frombuffer(b",,," + values + b" ", np.uint8)
    ends = np.flatnonzero(data == ord(" "))
    hundreds, tens, ones = (data[ends - back] for back in (3, 2, 1))
    has_tens = (tens >= 48) & (tens <= 57)
    has_hundreds = has_tens & (hundreds >= 48) & (hundreds <= 57)
    return np.uint8(100) * hundreds * has_hundreds + np.uint8(10) * tens * has_tens + ones


def a_list(values):
    return [7, 42, 208]


def behind(values):
    data = np.frombuffer(values + b" ", np.uint8)
    ends = np.flatnonzero(data == ord(" "))
    return data[ends + 1]


def nothing_found(data, size):
    cut, start = [], 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + size) + 1
        cut.append(data[start:end])
        start = end
    return cut


def rest_forgotten(data, size):
    cut, start = [], 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + size) + 1 or data.find(b"\n", start) + 1
        if not end:
            break
        cut.append(data[start:end])
        start = end
    return cut


def line_by_line(data, size):
    return bytes(data).splitlines(keepends=True)


def newlines_lost(data, size):
    return bytes(data).split(b"\n")


def newlines_lost_two(data, size):
    return [line for line in bytes(data).split(b"\n") if line]


def one_block(data, size):
    return [bytes(data)]


def too_late(data, size):
    cut, start = [], 0
    while start < len(data):
        end = data.find(b"\n", start + size - 1) + 1 or len(data)
        cut.append(data[start:end])
        start = end
    return cut


def long_lines_cut(data, size):
    cut, start = [], 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + size) + 1 or start + size
        cut.append(data[start:end])
        start = end
    return cut


def one_None_too_many(queue, workers):
    found = []
    while workers >= 0:
        number = queue.get()
        if number is None:
            workers -= 1
        else:
            found.append(number)
    return found


def none_among_them(queue, workers):
    found = []
    while found.count(None) < workers:
        found.append(queue.get())
    return found


def until_empty(queue, workers):
    found = []
    while not queue.empty():
        number = queue.get()
        if number is not None:
            found.append(number)
    return found


def with_a_limit(queue, workers):
    found = []
    try:
        while True:
            if (number := queue.get(timeout=1)) is not None:
                found.append(number)
    except Empty:
        return found


def without_waiting(queue, workers):
    return [queue.get_nowait() for _ in range(workers)]


def zeros_lost(queue, workers):
    found = []
    while workers:
        number = queue.get()
        if not number:
            workers -= number is None
        else:
            found.append(number)
    return found


def zeros_end_it(queue, workers):
    found = []
    for _ in range(workers):
        while number := queue.get():
            found.append(number)
    return found


def sorted_numbers(queue, workers):
    found = []
    while workers:
        number = queue.get()
        if number is None:
            workers -= 1
        else:
            found.append(number)
    return sorted(found, reverse=True)


def last_worker_only(queue, workers):
    for _ in range(workers):
        found = []
        while (number := queue.get()) is not None:
            found.append(number)
    return found


def a_count(queue, workers):
    return workers


UNTOUCHED = {"files.parse": untouched_parse, "files.blocks": untouched_blocks, "files.gather": untouched_gather}
WRONG = {
    "files.parse": [
        (by_words, "you use split: do without ready parsers"),
        (by_a_loop, "a loop in Python makes an object for each of them"),
        (no_last, "of '7 42 208' the last number is missing"),
        (no_mask, "what stands before it is no digit"),
        (leaky, "belongs to the number before"),
        (two_digits, "208 becomes 8: what about the digit three bytes before"),
        (one_digit, "42 becomes 2: only the last digit counts"),
        (wide, "has dtype int64, expected uint8"),
        (reversed_digits, "42 becomes 24: the digits count the wrong way round"),
        (characters, "the byte of the digit 0 is 48"),
        (a_list, "is a list, expected a ndarray"),
        (behind, "your function raises IndexError in its line `return data[ends + 1]`"),
    ],
    "files.blocks": [
        (untouched_blocks, "ends in the middle of a line: a number may be cut"),
        (nothing_found, "the loop goes round and round"),
        (rest_forgotten, "the end of the text is lost: b'rs'"),
        (line_by_line, "fits into the block b'ab\\n', too"),
        (newlines_lost, "a block is empty"),
        (newlines_lost_two, "the blocks together are not the text"),
        (one_block, "is longer, and has more than one line"),
        (too_late, "and has more than one line"),
        (long_lines_cut, "ends in the middle of a line that is longer"),
    ],
    "files.gather": [
        (untouched_gather, "what was the last thing that you took"),
        (one_None_too_many, "it waits for ever"),
        (none_among_them, "a None is among the numbers"),
        (until_empty, "a queue that is empty now may get something later"),
        (without_waiting, "get_nowait finds nothing"),
        (with_a_limit, "may be busy for longer than your get waits"),
        (zeros_lost, "0 is false, as None is"),
        (zeros_end_it, "arrived: "),
        (sorted_numbers, "expected them as they came"),
        (last_worker_only, "arrived: "),
        (a_count, "is a int, expected a list"),
    ],
}
