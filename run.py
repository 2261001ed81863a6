#!/usr/bin/env python3
"""Install the course into .venv and run it: python3 run.py [--here] [WORD ...]

{words}
python3 run.py WORD --help     what may follow a word of these; without any word, run

--here before the word uses the Python that runs this file, as it is, and installs nothing (for conda).
COURSE_CONSTRAINTS names a file of exact versions to use for tests/constraints.txt; `none` takes the newest.
pip's own settings (PIP_... variables, pip.conf) are in force.
"""

# Standard library only, in a syntax that Python 3.6 can read: an old Python shall say that it is old.
import sys

if __name__ == "__main__":
    sys.path[:1] = []  # this folder: a random.py of the learner's in it would be taken for Python's own

import hashlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=600", "--nbval-sanitize-with=tests/sanitize.cfg"]
WORKERS = ["-n", "auto", "--dist", "loadscope"]  # for pytest-xdist: two, see tests/plugin.py
OWN = {  # the words that are not the course's: a line of help, and what the environment's Python is to run
    "lab": ("open JupyterLab on your own copies, in my/; what follows goes to it", ["-m", "course.lab"]),
    "test": ("run all tests but those in a browser; what follows goes to pytest", ["-m", "pytest", *NBVAL, *WORKERS]),
    "test-browser": ("test JupyterLab in a headless browser; what follows goes to pytest", ["tests/browser"]),
    "bench": ("print the speed table; run in full, it goes into tests/bench/README.md too", ["tests/bench"]),
    "install": ("install only", ["-c", "import sys; print('the course is installed for', sys.executable)"]),
}
ALL_CORES = ("lab", "test-browser", "bench")  # others get one: on a busy machine threads wait for each other
INTERRUPTED = "an install was begun here and has not ended\n"


class Stop(Exception):
    """Ends the run with one sentence and exit status 1."""


def main(args):
    """Install what is missing, then do what the first word says; return the exit status."""
    try:
        check_python(sys.version_info)
        sys.path.append(str(ROOT))  # at the end, for the same reason as above
        from course._streams import Forgiving  # this and the next need nothing that has to be installed
        from course.cli import WORDS

        sys.stdout = Forgiving(sys.stdout)
        words = {**{word.name: (word.help, ["-m", "course", word.name]) for word in WORDS}, **OWN}
        here = args[:1] == ["--here"]
        word, *rest = args[here:] or ["run"]
        if word in ("-h", "--help", "help"):
            lines = [f"python3 run.py {name:<15} {line}" for name, (line, _) in words.items()]
            print((__doc__ or "{words}").strip().format(words="\n".join(lines)))
            return 0
        if word not in words:
            raise Stop(f"run.py knows no word {word!r}, expected one of {', '.join(words)}: try python3 run.py --help")
        python = sys.executable if here else str(install(ROOT))
        return call([python, *words[word][1], *rest], {} if word in ALL_CORES else {"OMP_NUM_THREADS": "1"})
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped by Ctrl-C", file=sys.stderr)
        return 130


def check_python(version):
    if tuple(version[:2]) < (3, 11):
        mend = "install a newer one and call it by its name, as in python3.12 run.py"
        raise Stop(f"Python is {version[0]}.{version[1]}, expected 3.11 or newer: {mend}")
    if sys.maxsize < 2**32:
        raise Stop("this Python has 32 bits, expected 64, as torch has: install a 64-bit Python")


def install(root):
    """Make root/.venv hold the course with its dependencies, if it does not yet; return its Python."""
    venv = root / ".venv"
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    constraints = constraints_file(root)
    wanted = fingerprint(root, constraints)
    try:
        if python.exists() and stamp(venv) == wanted:
            return python
        with open(root / ".venv.lock", "w") as lock:
            hold(lock)
            found = stamp(venv)
            if python.exists() and found == wanted:  # another run.py has just installed it
                return python
            # pip takes a package for installed whose installation was cut off, so such a .venv is made anew.
            # So is one of another Python or folder: its scripts point there. New versions go on top.
            anew = not python.exists() or (found and found.splitlines()[:2] != wanted.splitlines()[:2])
            if anew and venv.exists():
                shutil.rmtree(venv)
            print(f"installing the course into {venv} (once; 2 to 20 minutes, up to 7 GB)", flush=True)
            if anew:
                venv.mkdir()
                set_stamp(venv, INTERRUPTED)
                base = getattr(sys, "_base_executable", sys.executable)  # run.py may run in the .venv that is gone now
                watch("python -m venv", [base, "-m", "venv", venv], venv)
            shutil.rmtree(str(root / "course.egg-info"), ignore_errors=True)  # of setuptools: pytest would believe it
            from course.doctor.install import blame_settings  # needs nothing that has to be installed, either

            fault = blame_settings(python)
            if fault:
                raise Stop(fault)
            set_stamp(venv, INTERRUPTED)
            options = ["--constraint", str(constraints)] if constraints else []
            watch(
                "pip",
                [python, "-I", "-m", "pip", "install", "--editable", ".[curves,fast,jax,radar,test]", *options],
                venv,
            )
            set_stamp(venv, wanted)
    except OSError as error:
        reason = f"cannot write {error.filename or venv} ({error.strerror or error})"
        raise Stop(f"{reason}: check disk and owner, and close what uses .venv") from None
    return python


def constraints_file(root):
    name = os.environ.get("COURSE_CONSTRAINTS") or root / "tests" / "constraints.txt"
    if name == "none":
        return None
    if not Path(name).is_file():
        raise Stop(f"COURSE_CONSTRAINTS is {name}, expected a file of exact versions, or none: check the path")
    return Path(name).resolve()


def fingerprint(root, constraints):
    """What the stamp says after a complete install: Python, folder, and a hash of what was wanted."""
    import tomllib  # new in Python 3.11

    path = root / "pyproject.toml"
    try:
        project = tomllib.loads(path.read_text(encoding="utf-8"))
        path = constraints
        lines = path.read_text(encoding="utf-8").splitlines() if path else ["none"]
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Stop(f"{path} cannot be read ({reason}): mend it, or fetch the course anew") from None
    copied = [path.read_text(encoding="utf-8") for path in sorted((root / ".ipython").glob("*.py"))]
    wanted = [project.get("project"), project.get("tool", {}).get("hatch"), copied]
    wanted += [line for line in lines if not line.startswith("#")]
    digest = hashlib.sha256(repr(wanted).encode()).hexdigest()
    return f"Python {sys.version_info[0]}.{sys.version_info[1]}\n{root}\n{digest}\n"


def stamp(venv):
    path = venv / "course.stamp"
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def set_stamp(venv, text):
    (venv / "course.stamp").write_text(text, encoding="utf-8")


def hold(lock):
    """Lock an open file until it is closed or this process dies; go on without where nothing can be locked."""
    from course._locks import try_lock

    try:
        try_lock(lock)
    except BlockingIOError:
        raise Stop("another run.py is installing into .venv: wait for its end, then run this again") from None
    except OSError as error:
        print(f"{lock.name} cannot be locked ({error.strerror}): start no other run.py before this one has ended")


def watch(program, command, venv):
    """Run a program behind one line of progress; its last lines go into the error, all of them into pip.log."""
    log, lines, live = venv / "pip.log", [], sys.stdout.isatty()
    pipe = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen([str(part) for part in command], cwd=str(venv.parent), **pipe)
    try:
        with open(log, "w", encoding="utf-8") as file:
            for raw in process.stdout:
                lines.append(raw.decode(errors="replace").rstrip())
                print(lines[-1], file=file, flush=True)
                if live:
                    print("\r\033[K" + lines[-1].strip()[: shutil.get_terminal_size().columns - 1], end="", flush=True)
        status = process.wait()
    except BaseException:  # Ctrl-C above all: it must not go on alone, without the lock
        process.terminate()
        process.wait()
        raise
    if live:
        print("\r\033[K", end="", flush=True)
    if status:
        from course.doctor.install import mend_install

        last = [line for line in lines if line.strip()][-100:]
        text = f"{program} failed with status {status} (above: its last lines, all in {log})"
        raise Stop("\n".join([*last[-12:], f"{text}: {mend_install(chr(10).join(last), command[0])}"]))


def call(command, defaults):
    from course._places import spare_home

    # UTF-8 even where the system's own encoding cannot write ≈; notebooks work in a folder of their own.
    environment = {**defaults, **spare_home(), **os.environ, "PYTHONUTF8": "1", "PYTHONOPTIMIZE": ""}
    if environment.get("COURSE_DATA"):
        environment["COURSE_DATA"] = os.path.abspath(environment["COURSE_DATA"])
    # Which notebooks were open is kept here: else JupyterLab opens those of any other folder first.
    environment.setdefault("JUPYTERLAB_WORKSPACES_DIR", str(ROOT / "build" / "workspaces"))
    # Ctrl-C reaches the program too, and is left to it: pytest has a summary to print, JupyterLab a question.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(command, cwd=ROOT, env=environment).returncode
    except OSError as error:
        raise Stop(f"{command[0]} does not start ({error.strerror}): delete .venv, then run this again") from None
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
