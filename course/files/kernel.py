"""The quick pass compiled by numba: the same answers as `parser.parse_values`, several times as fast.

Two bytes at a time, for of two neighbours at most one ends a number. Two steps for each chunk. The first looks at
all pairs alike, without a branch, so that the compiler makes vector instructions of it: which number ends in this
pair, and is it right? The second puts those numbers side by side that do end: each takes the place of one before
it that does not.
"""

import numpy as np
from numba import int64, njit, uint8, uint16, uint64

PAIRS = 4096  # a chunk, and what is made of it, stay in the processor's nearest cache
SPACE, ZERO, ONE, TWO, NINE = map(np.uint8, b" 0\x01\x02\x09")
DASH = np.uint8(ord("-") - ord("0") + 256)  # as it stands among digits


@njit(nogil=True, cache=True)
def parse_compiled(data: np.ndarray, start: int, stop: int, missing: int, out: np.ndarray) -> bool:
    """Fill `out` with the values in data[start:stop]; False if that needs a closer look (`read_line`).

    data[stop] must be a space; four bytes or more stand before the values, of which the last is a comma.
    Every byte must belong to a number of three digits at most, to a -1, or be the one space after it: so the
    sum of their lengths tells whether anything else stands there.
    False promises nothing about `out`.
    Shapes: data uint8 (bytes,), out uint8 (V,).
    """
    number, ends = np.empty(PAIRS, np.uint8), np.empty(PAIRS, np.uint8)
    filled = length = 0
    size = stop + 1 - start
    for first in range(start - size % 2, stop + 1, 2 * PAIRS):  # from the comma on, if the size is odd
        pairs = min(PAIRS, (stop + 1 - first) // 2)
        right, more = _look(data[first - 3 : first + 2 * pairs], uint8(missing), number[:pairs], ends)
        if not right:
            return False
        length += more
        if filled + pairs <= out.size:
            filled = _gather(number[:pairs], ends, out, filled)
        else:
            for pair in range(pairs):
                if ends[pair]:
                    if filled == out.size:
                        return False
                    out[filled] = number[pair]
                    filled += 1
    return filled == out.size and length == size


@njit(nogil=True, cache=True)
def _look(data, missing, number, ends):
    """Find the number that ends in each pair of bytes, from data[3:5] on.

    Return whether all are right, and how many bytes they take, with the space after each.
    """
    wrong, length = False, uint16(0)
    for pair in range(number.size):
        at = uint64(2) * uint64(pair)  # unsigned, as all indices of vector instructions: it cannot count from the end
        c3, c2, c1 = data[at], data[at + uint64(1)], data[at + uint64(2)]
        first, second = data[at + uint64(3)], data[at + uint64(4)]
        early = first == SPACE
        end = early | (second == SPACE)
        # The casts keep the arithmetic in bytes, and with it many of them in one instruction.
        ones = uint8((c1 if early else first) - ZERO)
        tens = uint8((c2 if early else c1) - ZERO)
        hundreds = uint8((c3 if early else c2) - ZERO)
        minus = (tens == DASH) & (ones == ONE)
        has_tens = tens <= NINE
        has_hundreds = has_tens & (hundreds <= NINE)
        low = uint8(ones + uint8(10) * (tens if has_tens else uint8(0)))
        high = hundreds if has_hundreds else uint8(0)
        value = uint8(low + uint8(uint8(100) * high))  # below `low` if it is 256 or more, and high is 2
        wrong |= end & ((ones > NINE) | (high > TWO) | (value < low) | ((value == missing) & (not minus)))
        number[pair] = missing if minus else value
        ends[pair] = end
        more = uint8(uint8(TWO + has_tens) + uint8(uint8(has_hundreds) + uint8(minus)))
        length = uint16(length + uint16(more if end else uint8(0)))
    return not wrong, int64(length)


@njit(nogil=True, cache=True)
def _gather(number, ends, out, filled):
    """Append the numbers that end to out[:filled], which has room for all of them; return its new end."""
    at = uint64(filled)
    for pair in range(number.size):
        out[at] = number[pair]
        at += uint64(ends[pair])
    return int64(at)
