"""Answers to files.parse, written from its text alone."""

# Not here: an answer for b"" (no numbers) or for a text with a newline at its end; the text says nothing about them.
from functools import partial

import numpy as np

# ---------------------------------------------------------------- wrong


def int_and_split(values):
    return np.array([int(field) for field in values.split()], dtype=np.uint8)


def map_of_int(values):
    return np.fromiter(map(int, values.split(b" ")), dtype=np.uint8)


def split_and_cast(values):
    return np.array(values.split(b" ")).astype(np.uint8)


def library_parser(values):
    return np.fromstring(values.decode(), dtype=np.uint8, sep=" ")


def loop_over_bytes(values):
    numbers, number = [], 0
    for byte in values:
        if byte == 32:
            numbers.append(number)
            number = 0
        else:
            number = 10 * number + byte - 48
    return np.array([*numbers, number], dtype=np.uint8)


def bytes_as_they_are(values):
    return np.frombuffer(values, dtype=np.uint8)


def digits_one_by_one(values):
    text = np.frombuffer(values, dtype=np.uint8)
    return text[text != 32] - 48


def last_digits(values):
    text = np.frombuffer(values, dtype=np.uint8)
    ends = np.append(np.flatnonzero(text == 32), len(text))
    return text[ends - 1] - 48


def last_number_lost(values):
    text = np.frombuffer(values, dtype=np.uint8)
    padded = np.concatenate([np.full(2, 32, np.uint8), text])
    ends = np.flatnonzero(text == 32) + 2
    ones, tens, hundreds = (padded[ends - k] for k in (1, 2, 3))
    tens_there = tens != 32
    hundreds_there = tens_there & (hundreds != 32)
    return (ones - 48 + tens_there * 10 * (tens - 48) + hundreds_there * 100 * (hundreds - 48)).astype(np.uint8)


def two_digits_only(values):
    text = np.frombuffer(values, dtype=np.uint8)
    padded = np.concatenate([np.full(2, 32, np.uint8), text])
    ends = np.append(np.flatnonzero(text == 32), len(text)) + 2
    ones, tens = padded[ends - 1], padded[ends - 2]
    return (ones - 48 + (tens != 32) * 10 * (tens - 48)).astype(np.uint8)


def three_digits_always(values):
    text = np.frombuffer(values + b" ", dtype=np.uint8)
    return (text.reshape(-1, 4)[:, :3] - 48) @ np.array([100, 10, 1], dtype=np.uint8)


def hundreds_of_the_number_before(values):
    text = np.frombuffer(values, dtype=np.uint8)
    padded = np.concatenate([np.full(2, 32, np.uint8), text])
    ends = np.append(np.flatnonzero(text == 32), len(text)) + 2
    ones, tens, hundreds = (padded[ends - k] for k in (1, 2, 3))
    total = ones - 48 + (tens != 32) * 10 * (tens - 48) + (hundreds != 32) * 100 * (hundreds - 48)
    return total.astype(np.uint8)


def spaces_counted_as_digits(values):
    text = np.frombuffer(values, dtype=np.uint8)
    padded = np.concatenate([np.full(2, 32, np.uint8), text])
    ends = np.append(np.flatnonzero(text == 32), len(text)) + 2
    ones, tens, hundreds = (padded[ends - k] - 48 for k in (1, 2, 3))
    return ones + 10 * tens + 100 * hundreds


def first_number_wraps_round(values):
    text = np.frombuffer(values, dtype=np.uint8)
    ends = np.append(np.flatnonzero(text == 32), len(text))
    before = text[ends - 2]
    tens = np.where(before == 32, 0, before - 48)
    far = text[ends - 3]
    hundreds = np.where((before == 32) | (far == 32), 0, far - 48)
    return (text[ends - 1] - 48 + 10 * tens + 100 * hundreds).astype(np.uint8)


def digits_turned_round(values):
    text = np.frombuffer(values, dtype=np.uint8)
    spaces = np.flatnonzero(text == 32)
    starts, number = np.append(0, spaces + 1), np.cumsum(text == 32)
    power = np.arange(len(text)) - starts[number]
    digit = np.where(text == 32, 0, text - 48) * 10.0**power
    return np.add.reduceat(digit, starts).astype(np.int64).astype(np.uint8)


def sum_of_the_digits(values):
    text = np.frombuffer(values, dtype=np.uint8)
    starts = np.append(0, np.flatnonzero(text == 32) + 1)
    return np.add.reduceat(np.where(text == 32, 0, text - 48), starts).astype(np.uint8)


def signed_bytes_clipped(values):
    return np.minimum(right_ends(values), 127).astype(np.uint8)


def signed_bytes(values):
    return right_ends(values).astype(np.int8)


def wide_integers(values):
    return right_ends(values).astype(np.int64)


def plain_list(values):
    return right_ends(values).tolist()


def a_column(values):
    return right_ends(values)[:, None]


def wrong_zero(values):
    text = np.frombuffer(values, dtype=np.uint8)
    padded = np.concatenate([np.full(2, 32, np.uint8), text])
    ends = np.append(np.flatnonzero(text == 32), len(text)) + 2
    ones, tens, hundreds = (padded[ends - k] for k in (1, 2, 3))
    tens_there = tens != 32
    hundreds_there = tens_there & (hundreds != 32)
    return (ones - 49 + tens_there * 10 * (tens - 49) + hundreds_there * 100 * (hundreds - 49)).astype(np.uint8)


def right_on_the_example(values):
    return np.array([7, 42, 208], dtype=np.uint8)


def zeros_left_out(values):
    numbers = right_ends(values)
    return numbers[numbers != 0]


def sums_between_spaces(values):
    text = np.frombuffer(values, dtype=np.uint8)
    space = text == 32
    starts = np.append(0, np.flatnonzero(space) + 1)
    ends = np.append(starts[1:] - 1, len(text))
    power = ends[np.cumsum(space)] - np.arange(len(text)) - 1
    place = np.array([1, 10, 100, 0])[power]
    return np.add.reduceat((text - 48) * place, starts).astype(np.uint8)


# ---------------------------------------------------------------- right


def right_ends(values):
    text = np.frombuffer(values, dtype=np.uint8)
    ends = np.append(np.flatnonzero(text == ord(" ")), len(text))
    length = np.diff(ends, prepend=-1) - 1
    digit = text - np.uint8(48)
    ones = digit[ends - 1].astype(np.int16)
    tens = np.where(length > 1, digit[np.maximum(ends - 2, 0)], 0)
    hundreds = np.where(length > 2, digit[np.maximum(ends - 3, 0)], 0)
    return (ones + 10 * tens.astype(np.int16) + 100 * hundreds.astype(np.int16)).astype(np.uint8)


def digits_times_places(values):
    text = np.frombuffer(values, dtype=np.uint8)
    space = text == 32
    starts = np.append(0, np.flatnonzero(space) + 1)
    ends = np.append(starts[1:] - 1, len(text))
    power = np.where(space, 3, ends[np.cumsum(space)] - np.arange(len(text)) - 1)
    place = np.array([1, 10, 100, 0])[power]
    return np.add.reduceat((text - 48) * place, starts).astype(np.uint8)


def loop_over_places(values: bytes) -> np.ndarray:
    """Parse without a split; the loop runs over ones, tens and hundreds."""
    text = np.frombuffer(b"  " + values + b" ", dtype=np.uint8)
    points = np.flatnonzero(text == 32)[2:]
    numbers = np.zeros(len(points), dtype=np.uint8)
    going = np.ones(len(points), dtype=bool)
    for place, weight in enumerate((1, 10, 100), 1):
        byte = text[points - place]
        going &= byte != 32
        numbers += np.where(going, byte - 48, 0).astype(np.uint8) * np.uint8(weight)
    print("numbers", len(numbers))
    return numbers


def weighted_counts(values):
    text = np.frombuffer(values, dtype=np.uint8)
    index = np.cumsum(text == 32)
    ends = np.append(np.flatnonzero(text == 32), len(text))
    power = np.clip(ends[index] - 1 - np.arange(len(text)), 0, None)
    weights = np.where(text == 32, 0, (text.astype(np.float64) - 48) * 10.0**power)
    return np.bincount(index, weights=weights).round().astype(np.uint8)


def table_of_digits(values):
    def shifted(k):
        return np.concatenate([np.zeros(k, dtype=bool), digit[: len(digit) - k]])

    text = np.frombuffer(values, dtype=np.uint8)
    digit = text != 32
    value = np.where(digit, text - 48, 0).astype(np.uint16)
    at_end = digit & np.append(~digit[1:], True)
    total = value.copy()
    total[1:] += 10 * value[:-1]
    total[2:] += 100 * value[:-2] * shifted(1)[2:]
    return total[at_end].astype(np.uint8)


def rows_of_three(values, weights):
    text = np.frombuffer(b"   " + values, dtype=np.uint8)
    ends = np.append(np.flatnonzero(text[3:] == 32), len(text) - 3) + 3
    rows = text[ends[:, None] + np.array([-3, -2, -1])]
    there = np.logical_and.accumulate(rows[:, ::-1] != 32, axis=1)[:, ::-1]
    return (np.where(there, rows - 48, 0) @ weights).astype("uint8")


class Parser:
    def __init__(self):
        self.lines = 0
        self.digit = np.zeros(256, dtype=np.uint8)
        self.digit[48:58] = np.arange(10)

    def __call__(self, values):
        self.lines += 1
        text = np.frombuffer(values, dtype=np.uint8)
        ends = np.concatenate([np.nonzero(text == 32)[0], [text.size]])
        starts = np.concatenate([[0], ends[:-1] + 1])
        total = np.cumsum(self.digit[text] * self.place(text, ends))
        before = np.concatenate([[0], total])
        return np.asarray(before[ends] - before[starts], dtype=np.uint8)

    def place(self, text, ends):
        distance = ends[np.searchsorted(ends, np.arange(text.size))] - np.arange(text.size)
        return np.array([0, 1, 10, 100], dtype=np.uint32)[distance]


WRONG = [
    (
        sums_between_spaces,
        "a space counts at the place of the number behind it, right for one number",
        "7 becomes 199: what stands before it is no digit",
    ),
    (
        int_and_split,
        "right numbers, but with int, split and a loop",
        "you use split: do without ready parsers and without",
    ),
    (map_of_int, "right numbers, but with map of int and split", "you use split: do without ready parsers and without"),
    (split_and_cast, "right numbers, but with split", "you use split: do without ready parsers and without"),
    (
        library_parser,
        "right numbers, but by a parser, not by arithmetic on bytes",
        "you use fromstring: do without ready parsers and",
    ),
    (loop_over_bytes, "right numbers, but a loop over bytes", "the numbers are right, but a loop in Python makes an"),
    (bytes_as_they_are, "the characters, not the numbers", "has shape (8,), expected (3"),
    (digits_one_by_one, "each digit a number, right if all are below 10", "has shape (6,), expected (3"),
    (last_digits, "the last digits, right if all are below 10", "42 becomes 2: only the last digit counts"),
    (
        last_number_lost,
        "no space after the last number, so it is lost",
        "the last number is missing: no space stands after it",
    ),
    (two_digits_only, "no hundreds, right below 100", "208 becomes 8: what about the digit three bytes"),
    (three_digits_always, "three digits each, right for 100 to 255", "cannot reshape array of size 9 into shape (4"),
    (
        hundreds_of_the_number_before,
        "a one-digit number takes hundreds from the number before",
        "0 becomes 132: the byte three back belongs to the",
    ),
    (
        spaces_counted_as_digits,
        "a space counts as a digit, right for three digits each",
        "7 becomes 39: what stands before it is no digit. What",
    ),
    (
        first_number_wraps_round,
        "the first number takes digits from the end, fails for one number",
        "7 becomes 87: what stands before it is no digit. What",
    ),
    (
        digits_turned_round,
        "ones and hundreds swapped, right for 7, 44, 202",
        "42 becomes 24: the digits count the wrong way round",
    ),
    (sum_of_the_digits, "digits without their places", "42 becomes 6: the digits are added up as they are"),
    (signed_bytes_clipped, "nothing above 127", "208 becomes 127"),
    (signed_bytes, "int8: 208 becomes negative", "has dtype int8, expected uint8"),
    (wide_integers, "int64 instead of uint8", "has dtype int64, expected uint8"),
    (plain_list, "a list instead of an array", "is a list, expected a ndarray"),
    (a_column, "shape (n, 1)", "has shape (3, 1), expected (3"),
    (wrong_zero, "subtracts 49", "7 becomes 6: the byte of the digit 0 is 48, not 49"),
    (right_on_the_example, "hard-coded", "has shape (3,), expected (8"),
    (zeros_left_out, "leaves zeros out", "has shape (7,), expected (8"),
]
RIGHT = [
    (right_ends, "ones, tens and hundreds before each end"),
    (digits_times_places, "reduceat of digits times places, 0 for a space"),
    (loop_over_places, "a loop over the three places only, annotated, prints, a docstring that names split"),
    (weighted_counts, "bincount with weights"),
    (table_of_digits, "shifted arrays, nested helper"),
    (partial(rows_of_three, weights=np.array([100, 10, 1])), "a partial; rows of three bytes, matrix product"),
    (Parser(), "a callable object; cumsum and a table of digits"),
]
