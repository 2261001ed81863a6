"""The quick pass compiled by numba: the same answers as `parser.parse_values`, several times as fast.

Two bytes at a time, for of two neighbours at most one ends a number. Three steps for each chunk. The first looks at
all pairs alike, without a branch, so that the compiler makes vector instructions of it: which number ends in this
pair, how long is it, and is it right? The second pushes eight pairs together, in one word of eight bytes: what does
not end leaves no gap. The third writes these words, each over the unused end of the one before.
"""

import sys

import numpy as np
from numba import int64, njit, uint8, uint64

PAIRS = 4096  # a chunk, and what is made of it, stay in the processor's nearest cache
SPACE, ZERO, ONE, TWO, NINE = map(np.uint8, b" 0\x01\x02\x09")
DASH = np.uint8(ord("-") - ord("0") + 256)  # as it stands among digits
BYTE, BITS, EACH = map(np.uint64, (0xFF, 8, 0x0101010101010101))
if sys.byteorder != "little":
    raise ImportError("the kernel wants the lowest byte first, and this processor has it last")


@njit(nogil=True, cache=True)
def parse_compiled(data: np.ndarray, start: int, stop: int, missing: int, out: np.ndarray) -> bool:
    """Fill `out` with the values in data[start:stop]; False if that needs a closer look (`read_line`).

    data[stop] must be a space; four bytes or more stand before the values, of which the last is a comma.
    Every byte must belong to a number of three digits at most, to a -1, or be the one space after it: so the
    sum of their lengths tells whether anything else stands there.
    False promises nothing about `out`.
    Shapes: data uint8 (bytes,), out uint8 (V,).
    """
    number, length = np.empty(PAIRS, np.uint8), np.empty(PAIRS, np.uint8)
    words, counts = np.empty(PAIRS // 8, np.uint64), np.empty(PAIRS // 8, np.uint64)
    filled = taken = 0
    size = stop + 1 - start
    for first in range(start - size % 2, stop + 1, 2 * PAIRS):  # from the comma on, if the size is odd
        pairs = min(PAIRS, (stop + 1 - first) // 2)
        if not _look(data[first - 3 : first + 2 * pairs], uint8(missing), number[:pairs], length):
            return False
        whole = (pairs + 7) // 8
        number[pairs : 8 * whole] = length[pairs : 8 * whole] = 0
        taken += _push(number.view(np.uint64)[:whole], length.view(np.uint64), words, counts)
        filled = _write(words[:whole], counts, out, filled)
        if filled > out.size:
            return False
    return filled == out.size and taken == size


@njit(nogil=True, cache=True)
def _look(data, missing, number, length):
    """Find the number that ends in each pair of bytes, from data[3:5] on; return whether all are right.

    length: how many bytes it takes, with the space after it. Both are 0 where none ends.
    """
    wrong = False
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
        value = missing if minus else value
        takes = uint8(uint8(TWO + has_tens) + uint8(uint8(has_hundreds) + uint8(minus)))
        number[pair] = value if end else uint8(0)
        length[pair] = takes if end else uint8(0)
    return not wrong


@njit(nogil=True, cache=True)
def _push(number, length, words, counts):
    """Push the numbers of eight pairs each together in a word, the last of them first; return the sum of all lengths.

    counts: how many numbers a word has.
    """
    taken = uint64(0)
    for eight in range(number.size):
        numbers, lengths = number[eight], length[eight]
        taken += (lengths * EACH) >> uint64(56)  # the highest byte of the product is the sum of all eight
        ends = (lengths >> uint64(1) | lengths >> uint64(2)) & EACH  # 1 where a number ends: lengths are 0, 2, 3, 4
        counts[eight] = (ends * EACH) >> uint64(56)
        word = uint64(0)
        for pair in range(8):
            back = uint64(56 - 8 * pair)
            word <<= (ends >> back & uint64(1)) * BITS
            word |= numbers >> back & BYTE
        words[eight] = word
    return int64(taken)


@njit(nogil=True, cache=True)
def _write(words, counts, out, filled):
    """Append the numbers in the words to out[:filled]; return its new end, beyond all of `out` if they are too many."""
    at = uint64(filled)
    for eight in range(words.size):
        word, count = words[eight], counts[eight]
        if at + BITS <= uint64(out.size):
            for byte in range(8):  # one instruction; what is too much, the next word writes over
                out[at + uint64(byte)] = uint8(word >> uint64(8 * byte))
        elif at + count <= uint64(out.size):
            for byte in range(count):
                out[at + uint64(byte)] = uint8(word >> uint64(8 * byte))
        else:
            return int64(out.size + 1)
        at += count
    return int64(at)
