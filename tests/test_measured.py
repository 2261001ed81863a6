"""One grammar says what a measured number is: to the claims, to `python3 run.py diff`, to the gates and to nbval."""

import re
from pathlib import Path

import pytest

from course import _measured
from course._measured import FIGURE, FREE_LINE, VALUE, masked

RULES = re.findall(r"^regex: (.*)$", (Path(__file__).parent / "sanitize.cfg").read_text(encoding="utf-8"), re.MULTILINE)


def test_nbval_takes_for_measured_what_the_course_does():
    assert RULES[0].replace(r"\u2248", "≈").replace(r"\u2212", "−") == VALUE.pattern


def test_nbval_and_the_course_leave_the_same_lines_free():
    free = "data: a\ndevice: b\ncompiler: c\nmy data: d\n"
    for rule in RULES[1:]:
        free = re.sub(rule, "", free)
    assert free == FREE_LINE.sub("", "data: a\ndevice: b\ncompiler: c\nmy data: d\n") == "\n\n\nmy data: d\n"


@pytest.mark.parametrize(
    "text, rest",
    [
        ("≈ 1,024.5 of", "≈of"),
        ("≈ -3e-05", "≈"),
        ("≈ −0.5", "≈"),
        ("≈ .5", "≈"),
        ("≈ nan", "≈"),
        ("≈  7", "≈"),
        ("≈ 92.3%", "≈%"),
        ("≈ 1,02", "≈,02"),
        ("≈ -inf", "≈"),
        ("≈ −inf", "≈"),
        ("≈ infinitely", "≈ infinitely"),
        ("≈ nano", "≈ nano"),
        ("≈ x 5", "≈ x 5"),
        ("data: MNIST", "data: any"),
    ],
)
def test_a_mark_and_one_number_are_measured_and_nothing_else(text, rest):
    assert masked(text) == rest


@pytest.mark.parametrize("text", ["92.3%", "92 %", "1,024", "-inf", "−0.5", "nan"])
def test_a_figure_of_a_claim_keeps_its_sign_and_its_percent(text):
    assert FIGURE.findall(f"it gives ≈ {text} here") == [text]


@pytest.mark.parametrize(
    "text, number, place",
    [
        ("1,024", 1024, 1),
        ("−0.50", -0.5, 0.01),
        ("92.3%", 92.3, 0.1),
        ("92 %", 92, 1),
        ("4e-08", 4e-8, 1e-8),
        ("inf", float("inf"), 1),
        ("-inf", float("-inf"), 1),
    ],
)
def test_a_printed_figure_is_read_with_its_last_place(text, number, place):
    assert _measured.number(text) == number and _measured.last_place(text) == pytest.approx(place)
