"""Texts of numbers: all readers give the same, to the bit, and the same sentence for the same fault."""

import errno
import gzip
import importlib.util
import os
import sys
import warnings
from functools import partial
from io import FileIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.files import (
    Records,
    cache_text,
    line,
    parser,
    read_fast,
    read_pool,
    read_queues,
    read_serial,
    read_threads,
    text,
    threads,
)
from course.files.parser import parse_values
from test_idx import message

HERE = {"serial": read_serial, "threads": read_threads, "numpy": partial(read_fast, parser="numpy")}
PARSERS = {"numpy": parse_values}
if importlib.util.find_spec("numba"):
    from course.files import kernel

    HERE["numba"] = partial(read_fast, parser="numba")
    PARSERS["numba"] = kernel.parse_compiled
PROCESSES = {"queues": read_queues, "pool": read_pool}
ALL = HERE | PROCESSES
LINE = "correct the line or delete it"


@pytest.fixture(params=HERE)
def read(request):
    return HERE[request.param]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rain.txt"


def write(path, content):
    path.write_bytes(content)
    return path


def plain(records):
    return records.ids, records.labels.tolist(), records.values.tolist()


# What is right


@pytest.mark.parametrize("name", ALL)
def test_a_line_is_an_id_a_label_and_values(name, path):
    write(path, "train_1,3.5,0 7 48 255\nträin 2,-1e2,-1 10 -1 254\n".encode())
    records = ALL[name](path, (2, 2), missing=128)
    assert isinstance(records, Records)
    assert records.ids == ["train_1", "träin 2"]
    assert records.labels.dtype == np.float64 and records.labels.tolist() == [3.5, -100]
    assert records.values.dtype == np.uint8 and type(records.values) is np.ndarray
    assert records.values.tolist() == [[[0, 7], [48, 255]], [[128, 10], [128, 254]]]


@pytest.mark.parametrize("name", ALL)
def test_lines_come_in_the_order_of_the_files(name, tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 16)
    texts = [
        b"".join(b"%d,%d,%d\n" % (row, place, row) for row in range(rows)) for place, rows in enumerate((40, 1, 9))
    ]
    paths = [write(tmp_path / f"{place}.txt", content) for place, content in enumerate(texts)]
    records = ALL[name](paths, (1,), missing=255, workers=2)
    assert records.labels.tolist() == [0] * 40 + [1] + [2] * 9
    assert records.values[:, 0].tolist() == [*range(40), 0, *range(9)]
    assert records.ids == [str(row) for row in (*range(40), 0, *range(9))]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("007 00000000000042 0", [7, 42, 0]),
        ("-01 -0 -00001", [9, 0, 9]),
        ("255 1 -1", [255, 1, 9]),
        (f"{'0' * 5000}5 -{'0' * 5000}1 2", [5, 9, 2]),
    ],
)
def test_leading_zeros_do_no_harm(read, path, values, expected):
    write(path, f"a,1,{values}\n".encode())
    assert read(path, (3,), missing=9).values.tolist() == [expected]


def test_the_code_for_missing_values_may_be_any(read, path):
    write(path, b"a,1,-1 2 -1 3\n")
    for missing in (0, 1, 10, 255):
        assert read(path, (4,), missing=missing).values.tolist() == [[missing, 2, missing, 3]]


def test_windows_line_ends_are_fine(read, path):
    write(path, b"a,1,1 2\r\nb,2,3 -1\r\n")
    assert plain(read(path, (2,), missing=0)) == (["a", "b"], [1, 2], [[1, 2], [3, 0]])


def test_without_a_newline_at_the_end_the_text_is_read_and_a_warning_given(read, path):
    for content in (b"a,1,1 2\nb,2,3 25", b"a,1,1 2\r\nb,2,3 25\r"):
        write(path, content)
        with pytest.warns(UserWarning) as warned:
            assert read(path, (2,), missing=0).values.tolist() == [[1, 2], [3, 25]]
        assert [str(one.message) for one in warned] == [
            f"{path} has no newline at its end: if it was cut, its last number is wrong"
        ]
        assert warned[0].filename == __file__


def test_a_line_may_be_longer_than_a_block(read, path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 5)
    write(path, b"a,1,%s\nb,2,%s\n" % (b" ".join([b"7"] * 999), b" ".join([b"200"] * 999)))
    assert read(path, (999,), missing=0).values.sum(1).tolist() == [7 * 999, 200 * 999]


def test_of_lines_about_as_long_as_each_other_hardly_a_byte_is_read_twice(path, monkeypatch):
    asked = []

    class Counted(FileIO):
        def readinto(self, view):
            asked.append(len(view))
            return super().readinto(view)

    monkeypatch.setattr(text, "BLOCK", 320)
    monkeypatch.setattr(text, "open", lambda path, mode, buffering=0: Counted(path, mode), raising=False)
    write(path, b"".join(b"%d,1,%s\n" % (line, b" ".join([b"7"] * 99)) for line in range(9)))  # of 202 bytes
    assert len(read_fast(path, (99,), missing=0).ids) == 9
    assert asked == [320, *[202 + 10] * 7, 202]


def test_a_path_may_be_a_string_and_one_text_may_come_twice(read, path):
    write(path, b"a,1,5\n")
    assert plain(read([str(path), path], (1,), missing=0)) == (["a", "a"], [1, 1], [[5], [5]])
    assert plain(read(str(path), (1,), missing=0)) == (["a"], [1], [[5]])


# What is wrong


FAULTS = {
    "truncated": (
        b"a,1,1 2 3\nb,2,4 5",
        "line 2 has 2 values and no newline, expected 3: the file is cut, get it again",
    ),
    "truncated after a space": (
        b"a,1,1 2 ",
        "line 1 has 2 values and no newline, expected 3: the file is cut, get it again",
    ),
    "truncated in the label": (
        b"a,1,1 2 3\nb,2",
        "line 2 has 0 values and no newline, expected 3: the file is cut, get it again",
    ),
    "whole, but without a newline": (
        b"a,1,1 2 3\nb,2,4 5 x",
        f"line 2: value 3 at column 9 is 'x', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "empty line": (b"a,1,1 2 3\n\nb,1,1 2 3\n", f"line 2 is empty, expected id,label,values: {LINE}"),
    "empty line at the end": (b"a,1,1 2 3\r\n\r\n", f"line 2 is empty, expected id,label,values: {LINE}"),
    "no comma": (b"a 1 1 2 3\n", f"line 1 is 'a 1 1 2 3', expected id,label,values: {LINE}"),
    "one comma": (
        b"a,1 1 2 3 and so on and on and on\n",
        f"line 1 is 'a,1 1 2 3 and so on and …', expected id,label,values: {LINE}",
    ),
    "no id": (b"a,1,1 2 3\n,1,1 2 3\n", f"line 2: the id is empty, expected text before the first comma: {LINE}"),
    "id in Latin-1": (
        b"Z\xfcrich,1,1 2 3\n",
        r"line 1: the id is 'Z\xfcrich', expected UTF-8: convert the file to UTF-8",
    ),
    "label": (b"a,rain,1 2 3\n", f"line 1: the label is 'rain', expected a finite number: {LINE}"),
    "label empty": (b"a,,1 2 3\n", f"line 1: the label is '', expected a finite number: {LINE}"),
    "label nan": (b"a,nan,1 2 3\n", f"line 1: the label is 'nan', expected a finite number: {LINE}"),
    "label inf": (b"a,1e999,1 2 3\n", f"line 1: the label is '1e999', expected a finite number: {LINE}"),
    "no number": (
        b"a,1,1 2 3\nb,1,1 x2 3\n",
        f"line 2: value 2 at column 7 is 'x2', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "column in characters": (
        "ä€,1,1 2 3.0\n".encode(),
        f"line 1: value 3 at column 10 is '3.0', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "two spaces": (
        b"a,1,1  2 3\n",
        f"line 1: value 2 at column 7 is '', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "space at the start": (
        b"a,1, 1 2 3\n",
        f"line 1: value 1 at column 5 is '', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "space at the end": (
        b"a,1,1 2 3 \n",
        f"line 1: value 4 at column 11 is '', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "comma": (
        b"a,1,1,2,3\n",
        f"line 1: value 1 at column 5 is '1,2,3', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "plus": (
        b"a,1,1 +2 3\n",
        f"line 1: value 2 at column 7 is '+2', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "underscore": (
        b"a,1,1 2_0 3\n",
        f"line 1: value 2 at column 7 is '2_0', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "dashes": (
        b"a,1,1 --1 3\n",
        f"line 1: value 2 at column 7 is '--1', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "dash": (b"a,1,1 2 -\n", f"line 1: value 3 at column 9 is '-', expected -1 or 0 to 255, one space between: {LINE}"),
    "dash within": (
        b"a,1,1 5-1 3\n",
        f"line 1: value 2 at column 7 is '5-1', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "256": (
        b"a,1,1 2 256\n",
        f"line 1: value 3 at column 9 is '256', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "four digits": (
        b"a,1,1 2 3\nb,1,1 1002 3\n",
        f"line 2: value 2 at column 7 is '1002', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "-2": (b"a,1,-2 2 3\n", f"line 1: value 1 at column 5 is '-2', expected -1 or 0 to 255, one space between: {LINE}"),
    "-10": (
        b"a,1,-10 2 3\n",
        f"line 1: value 1 at column 5 is '-10', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "very large": (
        b"a,1,1 %s 3\n" % (b"9" * 5000),
        f"line 1: value 2 at column 7 is '{'9' * 24}…', expected -1 or 0 to 255, one space between: {LINE}",
    ),
    "a clash with missing": (
        b"a,1,1 77 3\n",
        "line 1: value 2 at column 7 is '77', which missing=77 wants for -1: "
        "choose another code, one that no value has",
    ),
    "too few": (b"a,1,1 2\nb,1,1 2 3\n", f"line 1 has 2 values, expected 3: check the shape, or {LINE}"),
    "too many": (b"a,1,1 2 3\nb,1,1 2 3 4\n", f"line 2 has 4 values, expected 3: check the shape, or {LINE}"),
    "no values": (b"a,1,\n", f"line 1 has 0 values, expected 3: check the shape, or {LINE}"),
    "NUL among the values": (
        b"a,1,1 \x002 3\n",
        "line 1 has a NUL byte at column 7, expected UTF-8 text: get the file again",
    ),
    "NUL in the id": (b"a\0,1,1 2 3\n", "line 1 has a NUL byte at column 2, expected UTF-8 text: get the file again"),
    "NULs at the end": (
        b"a,1,1 2 3\n\0\0\0",
        "line 2 has a NUL byte at column 1, expected UTF-8 text: get the file again",
    ),
    "UTF-16": (
        "a,1,1 2 3\n".encode("utf-16-le"),
        "line 1 has a NUL byte at column 2, expected UTF-8 text: get the file again",
    ),
    "carriage return": (
        b"a,1,1 2 3\rb,1,1 2 3\n",
        r"line 1: value 3 at column 9 is '3\rb,1,1', "
        f"expected -1 or 0 to 255, one space between: {LINE}",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.filterwarnings("ignore:.* has no newline at its end")
def test_a_faulty_line_is_named_with_file_line_place_and_mend(read, path, name):
    content, expected = FAULTS[name]
    write(path, content)
    assert message(ValueError, read, path, (3,), missing=77) == f"{path}, {expected}"


@pytest.mark.parametrize("name", PROCESSES)
@pytest.mark.parametrize("fault", ["too few", "a clash with missing", "no comma"])
def test_a_fault_found_by_another_process_is_told_by_the_same_sentence(path, name, fault):
    content, expected = FAULTS[fault]
    write(path, content)
    assert message(ValueError, PROCESSES[name], path, (3,), missing=77, workers=1) == f"{path}, {expected}"


@pytest.mark.parametrize("name", ALL)
def test_of_several_faults_the_first_in_the_order_of_the_files_is_told(name, tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 64)
    good = b"".join(b"a,1,%d\n" % value for value in range(100))
    paths = [
        write(tmp_path / "a", good),
        write(tmp_path / "b", good * 20 + b"x,1,x\n" + b"y\n" * 999),
        write(tmp_path / "c", b"z\n" * 999),
    ]
    said = message(ValueError, ALL[name], paths, (1,), missing=255, workers=3)
    assert said == (
        f"{paths[1]}, line 2001: value 1 at column 5 is 'x', expected -1 or 0 to 255, one space between: {LINE}"
    )


WHOLE = {
    "missing": (None, FileNotFoundError, "there is no file {}, expected a text: check the path"),
    "directory": ("directory", ValueError, "{} is a directory, expected a text: give the path of a file in it"),
    "empty": (b"", ValueError, "{} is empty, expected lines of id,label,values: get it again"),
    "gzip": (gzip.compress(b"a,1,5\n"), ValueError, "{} is packed by gzip, expected plain text: unpack it first"),
    "zip": (b"PK\x03\x04...", ValueError, "{} is packed by zip, expected plain text: unpack it first"),
    "byte order mark": (
        "a,1,5\n".encode("utf-8-sig"),
        ValueError,
        "{} begins with a byte order mark, expected plain UTF-8: save it without",
    ),
}


@pytest.mark.parametrize("reader", ALL)
@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_is_no_text_is_named_before_anything_is_read(tmp_path, reader, name):
    content, kind, expected = WHOLE[name]
    path = tmp_path / "rain.txt"
    if content == "directory":
        path.mkdir()
    elif content is not None:
        write(path, content)
    first = write(tmp_path / "first.txt", b"faulty\n")
    assert message(kind, ALL[reader], [first, path], (1,), missing=255) == expected.format(path)


@pytest.mark.parametrize(
    ("paths", "options", "expected"),
    [
        ("a", {"shape": ()}, "shape is (), expected one size or more, each at least 1"),
        ("a", {"shape": (3, 0)}, "shape is (3, 0), expected one size or more, each at least 1"),
        ("a", {"missing": 256}, "missing is 256, expected the code for -1, 0 to 255: choose one that no value has"),
        ("a", {"missing": -1}, "missing is -1, expected the code for -1, 0 to 255: choose one that no value has"),
        ([], {}, "paths is empty, expected one text file or more"),
        ("a", {"workers": 0}, "workers is 0, expected 1 or more: leave it out to have one a core"),
    ],
)
@pytest.mark.parametrize("reader", ALL)
def test_a_bad_argument_is_named(reader, paths, options, expected):
    assert message(ValueError, ALL[reader], paths, **{"shape": (1,), "missing": 255} | options) == expected


def test_an_unknown_parser_is_named(path):
    write(path, b"a,1,5\n")
    said = message(ValueError, read_fast, path, (1,), missing=255, parser="awk")
    assert said == "parser is 'awk', expected numba or numpy: leave it out to have the best"


def test_without_numba_numpy_parses_and_the_wish_for_numba_is_answered(path, monkeypatch):
    write(path, b"a,1,5\n")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "course.files.kernel", None)
    assert plain(read_fast(path, (1,), missing=255)) == (["a"], [1], [[5]])
    said = message(ValueError, read_fast, path, (1,), missing=255, parser="numba")
    assert said == 'parser is numba, which is not installed: run pip install "course[fast]", or choose numpy'


@pytest.fixture
def broken_numba(monkeypatch):
    """A numba that finds no folder for what it compiles, as in a read-only clone without a home."""
    kernel = pytest.importorskip("course.files.kernel")

    def refuse(*arguments):
        raise RuntimeError("cannot cache function: no locator available\nand more")

    monkeypatch.setattr(kernel, "parse_compiled", refuse)
    threads._compiled.cache_clear()
    yield
    threads._compiled.cache_clear()


MEND = "if it lacks a folder to write to, name one in NUMBA_CACHE_DIR"
REASON = "numba does not work here (cannot cache function: no locator available)"


def test_if_numba_does_not_work_numpy_parses_and_says_so_once(path, tmp_path, broken_numba):
    write(path, b"a,1,5 -1\nb,2,6 7\n")
    with pytest.warns(UserWarning) as warned:
        for read in (read_fast, read_fast, partial(cache_text, cache=tmp_path / "cache")):
            assert plain(read(path, (2,), missing=255)) == (["a", "b"], [1, 2], [[5, 255], [6, 7]])
    assert [str(one.message) for one in warned] == [f"{REASON}, so NumPy parses, more slowly: {MEND}"]


@pytest.mark.filterwarnings("ignore:numba does not work")
def test_who_asks_for_a_numba_that_does_not_work_is_told(path, broken_numba):
    write(path, b"a,1,5\n")
    said = message(ValueError, read_fast, path, (1,), missing=255, parser="numba")
    assert said == f"parser is {REASON.replace('numba ', 'numba, which ', 1)}: {MEND}, or choose numpy"


def test_where_the_first_byte_of_a_word_is_the_highest_numpy_parses(path, monkeypatch):
    pytest.importorskip("numba")
    write(path, b"a,1,5\n")
    monkeypatch.setattr(sys, "byteorder", "big")
    monkeypatch.delitem(sys.modules, "course.files.kernel")
    monkeypatch.delattr("course.files.kernel")
    threads._compiled.cache_clear()
    reason = "numba does not work here (the kernel wants the lowest byte first, and this processor has it last)"
    with pytest.warns(UserWarning) as warned:
        assert plain(read_fast(path, (1,), missing=255)) == (["a"], [1], [[5]])
    assert [str(one.message) for one in warned] == [f"{reason}, so NumPy parses, more slowly: {MEND}"]
    threads._compiled.cache_clear()


def test_the_parser_that_is_named_parses(path, monkeypatch):
    write(path, b"a,1,5\n")
    used = []
    for name, parse in PARSERS.items():
        place, attribute = (threads, "parse_values") if name == "numpy" else (kernel, "parse_compiled")
        spy = lambda *arguments, name=name, parse=parse: used.append(name) or parse(*arguments)  # noqa: E731
        monkeypatch.setattr(place, attribute, spy)
    threads._compiled.cache_clear()
    threads.choose_parser()
    for name in PARSERS:
        used.clear()
        read_fast(path, (1,), missing=255, parser=name)
        assert used == [name]
    threads._compiled.cache_clear()


@pytest.mark.parametrize("reader", HERE)
def test_threads_are_as_many_as_wished_else_one_a_core_that_may_be_used(path, monkeypatch, reader):
    asked = []
    monkeypatch.setattr(threads, "choose_workers", lambda *arguments: asked.append(arguments) or 1)
    write(path, b"a,1,5\n" * 50)
    monkeypatch.setattr(text, "BLOCK", 100)
    for workers in (None, 7):
        HERE[reader](path, (1,), missing=255, workers=workers)
    blocks = 4 if reader == "threads" else 3  # 16 lines each; guessed: 300 bytes in blocks of 100
    assert asked == ([] if reader == "serial" else [(None, blocks), (7, blocks)])


@pytest.mark.parametrize(
    "number, reason, mend",
    [
        (errno.EACCES, "Permission denied", "check who may read it, and the disk or network that it is on"),
        (errno.ESTALE, "Stale file handle", "check who may read it, and the disk or network that it is on"),
        (errno.EMFILE, "Too many open files", "close some files, or allow more of them by ulimit -n"),
    ],
)
@pytest.mark.parametrize("reader", ALL)
def test_a_text_that_cannot_be_opened_is_told_with_its_reason(path, monkeypatch, reader, number, reason, mend):
    def refuse(path, mode):
        raise OSError(number, reason, path)

    monkeypatch.setattr(text, "open", refuse, raising=False)
    with pytest.raises(OSError) as caught:
        ALL[reader](write(path, b"a,1,5\n"), (1,), missing=255)
    assert (caught.value.errno, str(caught.value)) == (number, f"{path} cannot be read ({reason}): {mend}")


# What changes


@pytest.mark.parametrize("change", ["grows", "shrinks", "is written anew", "is replaced", "goes away"])
def test_a_text_that_changes_while_it_is_read_is_named(read, path, change, monkeypatch):
    write(path, b"a,1,5\n" * 50)
    monkeypatch.setattr(text, "BLOCK", 6)
    looked = text._look_at

    def look_then_change(name):
        seen = looked(name)
        if change == "grows":
            write(path, b"a,1,5\n" * 51)
        elif change == "shrinks":
            write(path, b"a,1,5\n" * 49)
        elif change == "is written anew":
            write(path, b"a,1,x\n" * 50)
            os.utime(path, ns=(1, 1))
        elif change == "is replaced":  # by another as large and as old
            other = write(path.with_name("other.txt"), b"a,1,7\n" * 50)
            os.utime(other, ns=(seen.changed, seen.changed))
            os.replace(other, path)
        else:
            path.unlink()
        return seen

    monkeypatch.setattr(text, "_look_at", look_then_change)
    assert message(ValueError, read, path, (1,), missing=255) == (
        f"{path} changed while it was read: read it again when it is whole"
    )


# All readers alike


VALUES = st.one_of(st.integers(-1, 254).map(str), st.sampled_from(["-01", "007", "000", "-0", "0254"]))
IDS = st.text(st.characters(codec="utf-8", exclude_characters=",\n\r\0"), min_size=1, max_size=4)
ROWS = st.lists(st.tuples(IDS, st.floats(-1e6, 1e6), st.lists(VALUES, min_size=4, max_size=4)), min_size=1, max_size=6)
STRAYS = st.sampled_from(list(b" ,-\n\r\0009x\xff"))
EDITS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 2), STRAYS), max_size=2)


def outcome(read, path, **options):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            result = plain(read(path, (2, 2), missing=255, **options))
        except (ValueError, FileNotFoundError) as error:
            result = type(error), str(error)
    return result, [str(one.message) for one in warned]


def damaged(content, edits):
    """Some bytes of a text removed, replaced or put in."""
    content = bytearray(content)
    for place, removed, byte in edits:
        place %= len(content) + 1
        content[place : place + removed] = bytes([byte]) if removed < 2 else b""
    return bytes(content)


def compare(readers, rows, edits, path, ends):
    content = "".join(f"{name},{label!r},{' '.join(values)}{ends}" for name, label, values in rows).encode()
    write(path, damaged(content, edits))
    outcomes = [outcome(read, path) for read in readers]
    assert all(one == outcomes[0] for one in outcomes[1:])
    if not edits and not content.startswith((b"\xef\xbb\xbf", *text.MAGIC)):
        ids, labels, values = zip(*rows)
        expected = [[int(value) if int(value) >= 0 else 255 for value in row] for row in values]
        found = [[a, b, c, d] for ((a, b), (c, d)) in outcomes[0][0][2]]
        assert (*outcomes[0][0][:2], found) == (list(ids), list(labels), expected)


@given(ROWS, EDITS, st.sampled_from(["\n", "\r\n"]), st.integers(1, 99))
@settings(max_examples=200, deadline=None)
def test_all_readers_give_the_same_for_texts_good_and_bad(tmp_path_factory, rows, edits, ends, size):
    path = tmp_path_factory.mktemp("property") / "rain.txt"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "BLOCK", size)
        compare(HERE.values(), rows, edits, path, ends)


@given(ROWS, EDITS)
@settings(max_examples=5, deadline=None)
def test_the_readers_in_processes_give_the_same_too(tmp_path_factory, rows, edits):
    path = tmp_path_factory.mktemp("property") / "rain.txt"
    compare([read_serial, *PROCESSES.values()], rows, edits, path, "\n")


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize("seed", range(3))
def test_the_quick_passes_agree_with_the_exact_one_at_every_byte_of_a_long_line(name, seed, monkeypatch):
    monkeypatch.setattr(parser, "CHUNK", 700)
    random = np.random.default_rng(seed)
    values = random.integers(-1, 255, 1500 + seed)
    good = b"a,1," + " ".join(map(str, values)).encode() + b"\n"
    quick, exact = np.zeros(len(values), np.uint8), np.zeros(len(values), np.uint8)
    strays = list(b" ,-0123456789x\xff\0")
    refused = 0
    for place in [len(good), *random.integers(4, len(good) - 1, 400)]:
        data = np.frombuffer(good, np.uint8).copy()
        data[place : place + 1] = random.choice(strays)
        data[-1] = ord(" ")
        understood = PARSERS[name](data, 4, len(data) - 1, 255, quick)
        try:
            line.read_line(data[:-1].tobytes(), exact, missing=255, path="a", number=1)
        except ValueError:
            assert not understood
            refused += 1
        else:
            # The quick pass may decline what is odd though right, such as -0, but never the line as it was.
            assert not understood or (quick == exact).all()
            assert understood or place < len(good)
    assert 100 < refused < 400


@pytest.mark.parametrize("name", PARSERS)
def test_a_line_of_too_many_values_is_declined_and_nothing_written_behind_the_row(name):
    data = np.frombuffer(bytearray(b"a,1," + b"7 " * 4000), np.uint8)
    array = np.full(6000, 99, np.uint8)
    for count in (1, 500, 1000, 1023, 1025, 2040, 3999):
        assert not PARSERS[name](data, 4, len(data) - 1, 255, array[:count])
        assert (array[count:] == 99).all()
        array[:] = 99
    assert PARSERS[name](data, 4, len(data) - 1, 255, array[:4000])
    assert array.tolist() == [7] * 4000 + [99] * 2000


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize("count", [*range(1, 40), 3000, 4095, 4096, 4097, 8200])
def test_the_quick_passes_fill_a_row_of_any_size_and_nothing_behind_it(name, count):
    values = np.random.default_rng(count).integers(0, 255, count)
    data = np.frombuffer(bytearray(b"a,1," + " ".join(map(str, values)).encode() + b" "), np.uint8)
    array = np.full(count + 9, 99, np.uint8)
    assert PARSERS[name](data, 4, len(data) - 1, 255, array[:count])
    assert (array[:count] == values).all() and (array[count:] == 99).all()


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize("missing", [0, 1, 9, 255])
def test_the_quick_passes_take_a_missing_value_for_no_clash(name, missing):
    data, out = np.frombuffer(bytearray(b"a,1,-1 7 -1 "), np.uint8), np.zeros(3, np.uint8)
    assert PARSERS[name](data, 4, len(data) - 1, missing, out) and out.tolist() == [missing, 7, missing]
    assert not PARSERS[name](data, 4, len(data) - 1, 7, out)
