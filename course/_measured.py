"""Measured numbers in what a notebook prints, ≈ and one number, and the lines that no two machines share.

This is the one grammar of both: nbval compares by it too, in tests/sanitize.cfg.
"""

import re

NUMBER = r"[+\-−]?(?:(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?|(?:nan|inf)\b)"
VALUE = re.compile(rf"≈ *({NUMBER}) *")  # with the blanks that align it
FIGURE = re.compile(rf"≈ *({NUMBER}(?: ?%)?)")
FREE_LINE = re.compile(r"^(data|device|compiler): .*$", re.MULTILINE)


def masked(text: str) -> str:
    """Return a text without what may differ from run to run."""
    return VALUE.sub("≈", FREE_LINE.sub(r"\1: any", text))


def number(text: str) -> float:
    """Return the number in a printed figure, such as 1,024 or −0.5 or 92.3%."""
    return float(text.strip(" %").replace(",", "").replace("−", "-"))


def last_place(text: str) -> float:
    """Return one in the last printed place: 0.1 for 92.3%, 1e-8 for 4e-08."""
    digits, _, power = text.strip(" %").lower().partition("e")
    return 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
