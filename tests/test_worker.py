"""What torchrun starts for `launch`: a script runs as under `python`, but Python is not taken apart at its end."""

import os
import socket
import subprocess
import sys

import pytest

from course import _worker

SCRIPT = """
import atexit, os, sys

class Kept:
    def __del__(self):
        os.write(1, b"taken apart\\n")

kept = Kept()
atexit.register(print, "last words")
print(__name__, __file__ == sys.argv[0], sys.modules["__main__"].kept is kept, sys.argv[1:], sys.path[0])
{end}
"""


def run(folder, *words, python=(_worker.__file__,), **options):
    command = [sys.executable, "-B", *python, *words]
    ours = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": folder}
    return subprocess.Popen(command, **ours | options)


def ended(process):
    with process:
        out, err = process.stdout.read(), process.stderr.read()
    return process.returncode, out, err


ENDS = {
    "": (0, ""),
    "sys.exit()": (0, ""),
    "sys.exit(3)": (3, ""),
    "sys.exit('no data')": (1, "no data\n"),
    "raise KeyError('x')": (1, "KeyError: 'x'\n"),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_script_runs_and_ends_as_under_python_but_is_not_taken_apart(end, tmp_path):
    script = tmp_path / "folder" / "script.py"
    script.parent.mkdir()
    script.write_text(SCRIPT.format(end=end))
    (tmp_path / "__main__.py").touch()
    words = [str(script), "-m", "a b"]
    status, out, err = ended(run(tmp_path, *words))
    said = f"__main__ True True ['-m', 'a b'] {script.parent}\nlast words\n"
    assert (status, out) == (ENDS[end][0], said) and err.endswith(ENDS[end][1])
    theirs = ended(run(tmp_path, *words, python=()))
    assert (theirs[0], theirs[1]) == (status, said + "taken apart\n") and theirs[2].endswith(ENDS[end][1])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no sockets that keep writes apart")
def test_each_line_is_written_whole_though_torchrun_asks_for_no_buffer(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nprint('two', 'words')\nprint('a fault', file=sys.stderr)\n")
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)  # one datagram for each write
    with ours, its:
        process = run(tmp_path, str(script), python=("-u", _worker.__file__), stdout=its, stderr=its)
        assert (ours.recv(99), ours.recv(99)) == (b"two words\n", b"a fault\n")
        process.stdin.close()
        process.wait()


@pytest.mark.parametrize("package", ["folder", "folder.script"])
def test_a_module_runs_as_under_python(package, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__init__.py").touch()
    for name in ("__main__", "script"):
        (tmp_path / "folder" / f"{name}.py").write_text(SCRIPT.format(end="sys.exit(3)"))
    status, out, _ = ended(run(tmp_path, "-m", package, "7"))
    assert (status, out) == (3, f"__main__ True True ['7'] {tmp_path}\nlast words\n")
    assert ended(run(tmp_path, "-m", package, "7", python=()))[:2] == (status, out + "taken apart\n")


def test_it_ends_with_its_caller(tmp_path):
    (tmp_path / "script.py").write_text("import time; print('here', flush=True); time.sleep(999)")
    process = run(tmp_path, "script.py")
    assert process.stdout.readline() == "here\n" and process.poll() is None
    process.stdin.close()
    assert ended(process) == (1, "", "")
