"""The quick pass in NumPy: the values of a line by arithmetic on whole arrays of bytes."""

import numpy as np

CHUNK = 1 << 17  # bytes: the arrays made on the way stay in the processor's cache
SPACE, DASH = ord(" "), ord("-") - ord("0") + 256  # the dash as it stands among digits, in uint8
ZERO, TEN, HUNDRED = map(np.uint8, (ord("0"), 10, 100))


def parse_values(data: np.ndarray, start: int, stop: int, missing: int, out: np.ndarray) -> bool:
    """Fill `out` with the values in data[start:stop]; False if that needs a closer look (`read_line`).

    data[stop] must be a space; four bytes or more stand before the values, of which the last is a comma.
    Every byte must belong to a number of three digits at most, to a -1, or be the one space after it: so the
    sum of their lengths tells whether anything else stands there.
    Shapes: data uint8 (bytes,), out uint8 (V,).
    """
    filled = length = 0
    for first in range(start, stop + 1, CHUNK):
        last = min(first + CHUNK, stop + 1)
        ends = np.flatnonzero(data[first:last] == SPACE)
        value = out[filled : filled + len(ends)]
        if len(value) < len(ends):
            return False
        hundreds, tens, ones = (data[first - back : last - back][ends] - ZERO for back in (3, 2, 1))
        minus_one = (tens == DASH) & (ones == 1)
        has_tens = tens <= 9
        has_hundreds = has_tens & (hundreds <= 9)
        hundreds *= has_hundreds
        tens *= has_tens
        tens *= TEN
        tens += ones
        np.multiply(hundreds, HUNDRED, out=value)
        value += tens
        wrong = (ones > 9) | (hundreds > 2) | ((hundreds == 2) & (tens > 55))
        clash = (value == missing) & ~minus_one
        if wrong.any() or clash.any():
            return False
        value[minus_one] = missing
        filled += len(ends)
        length += 2 * len(ends) + sum(map(np.count_nonzero, (has_tens, has_hundreds, minus_one)))
    return filled == len(out) and length == stop + 1 - start
