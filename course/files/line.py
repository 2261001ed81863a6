"""One line of text: what it holds when it is right, and the sentence that names the fault when it is not.

A line is `id,label,values`, with a newline (or \\r\\n) at its end:
id      any UTF-8 text without a comma
label   a finite number, as float() reads it
values  integers, one space between: -1 where nothing was measured, else 0 to 255; leading zeros do no harm
"""

import math
import re
from typing import NamedTuple

import numpy as np

INTEGER = re.compile(rb"-?0*([0-9]{1,3})")
MEND = "correct the line or delete it"


class Records(NamedTuple):
    """What the lines of one text or several hold, in the order of the lines.

    Shapes: labels float64 (N,), values uint8 (N, *shape), where -1 has become the code `missing`.
    """

    ids: list[str]
    labels: np.ndarray
    values: np.ndarray


class CodeTaken(ValueError):
    """A value has the code that is to stand for -1."""


def read_head(head: bytes) -> tuple[str, float]:
    """Return id and label from `id,label`. Raises: ValueError, for which `read_line` has the sentence."""
    name, number = head.split(b",")
    label = float(number)
    if not name or b"\0" in name or not math.isfinite(label):
        raise ValueError
    return name.decode(), label


def read_line(
    text: bytes, out: np.ndarray, *, missing: int, path: str, number: int, ended: bool = True
) -> tuple[str, float]:
    """Read a line exactly: fill `out` with its values, and return its id and label.

    All readers come here with a line that their quick pass does not understand, so all tell the same fault.
    text: without its newline. number: of the line in its file, from 1. ended: a newline follows.
    Shapes: out uint8 (V,).
    Raises: ValueError that names the first fault by file, line, column, what stands there, and the mend.
    """
    place = f"{path}, line {number}"
    name, label, values = [*text.split(b",", 2), b"", b""][:3]
    tokens = values.split(b" ") if values else []
    if b"\0" in text:
        stands = f"a NUL byte at column {_column(text, text.index(0))}"
        raise ValueError(f"{place} has {stands}, expected UTF-8 text: get the file again")
    there = len(tokens) - (tokens[-1:] == [b""])  # cut after a space
    if not ended and there < len(out):
        stands = f"{_count(there)} and no newline"
        raise ValueError(f"{place} has {stands}, expected {len(out)}: the file is cut, get it again")
    if text.count(b",") < 2:
        stands = f"is {_quoted(text)}" if text else "is empty"
        raise ValueError(f"{place} {stands}, expected id,label,values: {MEND}")
    try:
        head = read_head(name + b"," + label)
    except ValueError:
        raise ValueError(f"{place}: {_fault_of_head(name, label)}") from None
    row = []
    start = len(text) - len(values)
    for index, token in enumerate(tokens):
        match = INTEGER.fullmatch(token)
        value = int(match[1]) * (-1 if token.startswith(b"-") else 1) if match else None
        if value is None or not -1 <= value <= 255 or value == missing:
            stands = f"value {index + 1} at column {_column(text, start)} is {_quoted(token)}"
            if value == missing:
                code = f"missing={missing} wants for -1: choose another code, one that no value has"
                raise CodeTaken(f"{place}: {stands}, which {code}")
            raise ValueError(f"{place}: {stands}, expected -1 or 0 to 255, one space between: {MEND}")
        row.append(missing if value == -1 else value)
        start += len(token) + 1
    if len(row) != len(out):
        stands = _count(len(tokens))
        raise ValueError(f"{place} has {stands}, expected {len(out)}: check the shape, or {MEND}")
    out[:] = row
    return head


def _fault_of_head(name: bytes, label: bytes) -> str:
    if not name:
        return f"the id is empty, expected text before the first comma: {MEND}"
    try:
        name.decode()
    except UnicodeDecodeError:
        return f"the id is {_quoted(name)}, expected UTF-8: convert the file to UTF-8"
    return f"the label is {_quoted(label)}, expected a finite number: {MEND}"


def _column(text: bytes, start: int) -> int:
    """Columns count characters, from 1, as editors do."""
    return len(text[:start].decode(errors="replace")) + 1


def _count(values: int) -> str:
    return f"{values} value{'s' * (values != 1)}"


def _quoted(text: bytes, most: int = 24) -> str:
    try:
        shown = text.decode()
    except UnicodeDecodeError:
        return repr(text[:most])[1:]
    return repr(shown if len(shown) <= most else f"{shown[:most]}…")
