"""What is printed arrives whole in every encoding; a stream that fails ends no work and leaves no traceback."""

import ast
import codecs
import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from course._streams import ALIKE, Forgiving, say, seen_live

COURSE = Path(__file__).resolve().parents[1] / "course"


def printed(text, encoding):
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    with redirect_stdout(stream):
        say(text)
    return stream.buffer.getvalue()


@pytest.mark.parametrize(
    "encoding, expected",
    [
        ("utf-8", "loss ≈ 0.5 · é ∑\n".encode()),
        ("cp1252", b"loss ~ 0.5 \xb7 \xe9 \\u2211\n"),
        ("cp437", b"loss \xf7 0.5 \xfa \x82 \\u2211\n"),
        ("ascii", b"loss ~ 0.5 - \\xe9 \\u2211\n"),
    ],
)
def test_what_an_encoding_lacks_becomes_what_looks_like_it(encoding, expected):
    assert printed("loss ≈ 0.5 · é ∑", encoding) == expected


def test_a_name_that_is_no_text_is_printed_too():
    assert printed("folder \udcff", "utf-8") == b"folder \\udcff\n"


def test_every_odd_character_has_one_likeness_in_ascii():
    assert len(ALIKE) == 11 and "".join(ALIKE.values()).isascii()


def test_only_what_cannot_be_encoded_is_spelled_by_likeness():
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", "alike")
    assert codecs.encode("∑≈∑", "ascii", "alike") == b"\\u2211~\\u2211"


def test_errors_go_to_stderr_and_a_notebooks_stream_is_not_flushed_for_each_line():
    class Kernel(io.StringIO):
        flushed = 0

        def flush(self):
            self.flushed += 1

    out, err = Kernel(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        say("a")
        say("b", error=True)
        say("c", end="")
    assert (out.getvalue(), err.getvalue(), out.flushed) == ("a\nc", "b\n", 0)


SCRIPT = """
import sys
from course._progress import progress_bar
from course._streams import say

with progress_bar(100_000, "step", shown=True, mininterval=0) as bar:
    for step in range(500):
        say(f"step {step} ≈")
        bar.update(200)
with open(sys.argv[1], "w") as file:
    file.write("the work is done")
"""


def run(tmp_path, redirection, **variables):
    """Exit status and stderr of the script, started by a shell that redirects its streams."""
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    command = f'"{sys.executable}" "{tmp_path}/script.py" "{tmp_path}/done" {redirection}'
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, env=os.environ | variables)
    assert (tmp_path / "done").read_text() == "the work is done"
    return done.returncode, done.stdout, done.stderr


needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")


@pytest.mark.skipif(os.name != "posix", reason="the redirections are those of bash")
@pytest.mark.parametrize("redirection", ["2>/dev/null | head -1", "2>&1 >/dev/null | head -c1", ">&- 2>&-", "2>&-"])
def test_a_reader_who_has_gone_ends_nothing_and_is_not_spoken_of(tmp_path, redirection):
    status, _, stderr = run(tmp_path, redirection)
    assert (status, stderr) == (0, b"")


@needs_full
@pytest.mark.parametrize("redirection", [">/dev/full 2>&1", "2>/dev/full"])
def test_a_disk_full_for_the_bar_ends_nothing(tmp_path, redirection):
    status, _, stderr = run(tmp_path, redirection)
    assert (status, stderr) == (0, b"")


@needs_full
def test_a_disk_full_for_the_log_is_told_once(tmp_path):
    status, _, stderr = run(tmp_path, ">/dev/full")
    told = b"stdout takes no more (No space left on device): what follows is not printed"
    assert (status, stderr.count(told), b"Traceback" in stderr) == (0, 1, False)


@pytest.mark.skipif(os.name != "posix", reason="the redirections are those of bash")
def test_the_bar_and_the_lines_are_whole_in_a_code_page(tmp_path):
    status, stdout, stderr = run(tmp_path, "", PYTHONIOENCODING="cp1252")
    assert (status, stdout.decode("cp1252").splitlines()[499]) == (0, "step 499 ~")
    assert b"100000/100000" in stderr and stderr.decode("cp1252").isascii()


def test_a_stream_that_is_not_there_or_closed_is_no_terminal_and_takes_all():
    with redirect_stderr(None), redirect_stdout(None):
        say("nothing")
        assert not seen_live()
        progress = Forgiving(None)
        assert progress.write("nothing") is None and not progress.isatty()


def test_no_room_prints_but_by_say():
    calls = [
        f"{path.relative_to(COURSE)}:{node.lineno}"
        for path in COURSE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert calls == []
