#!/usr/bin/env python3
"""Install the course into .venv and run it.

python3 run.py                          run all notebooks; the executed copies go to build/
python3 run.py run NOTEBOOK ...         run these notebooks only; --costs check compares what they take with the record
python3 run.py test [ARGS]              run all tests; ARGS go to pytest, paths replace "tests notebooks"
python3 run.py test-browser [ARGS]      drive JupyterLab in a headless browser; ARGS go to pytest
python3 run.py lab [ARGS]               open JupyterLab; ARGS go to it
python3 run.py bench [NAME ...] [--quick]   print the speed table; run in full, it goes into README.md too
python3 run.py doctor                   look for what is missing or broken here
python3 run.py data [WORD]              WORD is status (which data are here), download or verify
python3 run.py progress                 show which exercises you have solved
python3 run.py regenerate [NOTEBOOK ...]   run notebooks in place, and renew README.md (for instructors)
python3 run.py diff [NOTEBOOK ...]      say in words what has changed in them since the last commit
python3 run.py claims [NOTEBOOK ...]    measure the claims over several seeds, and renew README.md
python3 run.py new NN_NAME              lay the skeleton of a notebook and its exercises, such as 23_text
python3 run.py install                  install only

--here before the word uses the Python that runs this file, as it is, and installs nothing (for conda).
COURSE_CONSTRAINTS names a file of exact versions to use for tests/constraints.txt; `none` takes the newest.
pip's own settings (PIP_... variables, pip.conf) are in force.
"""
# Standard library only, in a syntax that Python 3.6 can read: an old Python shall say that it is old.
import sys

if __name__ == "__main__":
    sys.path[:1] = []  # this folder: a random.py of the learner's in it would be taken for Python's own

import collections
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WORDS = ("run", "test", "test-browser", "lab", "bench", "doctor", "data", "progress", "regenerate", "diff", "claims",
         "new", "install")
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=600",
         "--nbval-sanitize-with=tests/sanitize.cfg"]
KEPT = "README.md keeps the speed table that it had"
INTERRUPTED = "an install was begun here and has not ended\n"
# Signs in the output of a failed pip, and what helps; the first sign found counts. Without a network pip ends
# in "No matching distribution" too, so the network stands before it.
MENDS = (
    ("No space left|Errno 28|not enough space",
     "the disk is full: free 8 GB, then run this again"),
    ("SOCKS support",
     "pip cannot use a SOCKS proxy: unset ALL_PROXY, or name an HTTP one in HTTPS_PROXY"),
    ("Long Path",
     "the path is too long for Windows: move the folder to C:\\course"),
    ("connection broken|Max retries|NewConnection|name resolution|getaddrinfo|ProxyError|SSLError|timed out",
     "the package index was not reached: check the network and the proxy (HTTPS_PROXY or PIP_PROXY)"),
    ("No matching distribution|ResolutionImpossible",
     "pip finds no such version for this Python and system: try COURSE_CONSTRAINTS=none, or another Python"),
    ("Permission denied|Errno 13",
     "a folder may not be written: check who owns it"),
    ("",
     "check network, proxy and disk, then run this again"),
)


class Stop(Exception):
    """Ends the run with one sentence and exit status 1."""


def main(args):
    """Install what is missing, then do what the first word says; return the exit status."""
    try:
        check_python(sys.version_info)
        here = args[:1] == ["--here"]
        word, *rest = args[here:] or ["run"]
        if word in ("-h", "--help", "help"):
            print(__doc__.strip())
            return 0
        if word not in WORDS:
            raise Stop(f"run.py knows no word {word!r}, expected one of {', '.join(WORDS)}: "
                       "try python3 run.py --help")
        python = sys.executable if here else str(install(ROOT))
        own = {"test": test, "test-browser": test_browser, "bench": bench, "lab": lab, "install": said}
        return own.get(word, course)(python, word, rest)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped by Ctrl-C", file=sys.stderr)
        return 130


def check_python(version):
    if tuple(version[:2]) < (3, 11):
        raise Stop(f"Python is {version[0]}.{version[1]}, expected 3.11 or newer: "
                   "install a newer one and call it by its name, as in python3.12 run.py")
    if sys.maxsize < 2**32:
        raise Stop("this Python has 32 bits, expected 64, as torch has: install a 64-bit Python")


# Installing -------------------------------------------------------------------------------------------

def install(root):
    """Make root/.venv hold the course with its dependencies, if it does not yet; return its Python."""
    venv = root / ".venv"
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    constraints = constraints_file(root)
    wanted = fingerprint(root, constraints)
    if python.exists() and stamp(venv) == wanted:
        return python
    try:
        with open(root / ".venv.lock", "w") as lock:
            hold(lock)
            found = stamp(venv)
            if python.exists() and found == wanted:  # another run.py has just installed it
                return python
            # pip takes a package for installed whose installation was cut off, so such a .venv is made anew.
            # So is one of another Python or folder: its scripts point there. New versions go on top.
            moved = found and found.splitlines()[:2] != wanted.splitlines()[:2]
            if not python.exists() or moved:
                make_venv(venv)
            set_stamp(venv, INTERRUPTED)
            print(f"installing the course into {venv} (once; 2 to 20 minutes, up to 7 GB)", flush=True)
            pip([str(python), "-m", "pip", "install", "--editable", ".[curves,fast,test]"]
                + (["--constraint", str(constraints)] if constraints else []), root, venv / "pip.log")
            set_stamp(venv, wanted)
    except OSError as error:
        raise Stop(f"cannot write {error.filename or venv} ({error.strerror}): "
                   "check disk and owner, and close what uses .venv") from None
    return python


def constraints_file(root):
    name = os.environ.get("COURSE_CONSTRAINTS") or root / "tests" / "constraints.txt"
    if name == "none":
        return None
    if not Path(name).is_file():
        raise Stop(f"COURSE_CONSTRAINTS is {name}, expected a file of exact versions, or none: "
                   "check the path")
    return Path(name).resolve()


def fingerprint(root, constraints):
    """What the stamp says after a complete install: Python, folder, and a hash of what was wanted."""
    import tomllib  # new in Python 3.11
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    lines = constraints.read_text(encoding="utf-8").splitlines() if constraints else ["none"]
    wanted = [project["project"], project.get("tool", {}).get("setuptools"),  # that names the data files
              [line for line in lines if not line.startswith("#")]]
    digest = hashlib.sha256(json.dumps(wanted).encode()).hexdigest()
    return f"Python {sys.version_info[0]}.{sys.version_info[1]}\n{root}\n{digest}\n"


def stamp(venv):
    path = venv / "course.stamp"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def set_stamp(venv, text):
    (venv / "course.stamp").write_text(text, encoding="utf-8")


def hold(lock):
    """Lock an open file until it is closed or this process dies."""
    try:
        if os.name == "nt":
            import msvcrt
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Stop("another run.py is installing into .venv: wait for its end, then run this again") from None


def make_venv(venv):
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Stop(f"Python ({sys.executable}) has no ensurepip, so it cannot make .venv: "
                   "on Debian or Ubuntu, sudo apt install python3-venv")
    if venv.exists():
        shutil.rmtree(venv)
    venv.mkdir()
    set_stamp(venv, INTERRUPTED)
    base = getattr(sys, "_base_executable", sys.executable)  # run.py may run in the .venv that is gone now
    done = subprocess.run([base, "-m", "venv", str(venv)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Stop(f"{tail(done.stdout.decode(errors='replace'))}\n"
                   f"python -m venv failed with status {done.returncode} (above: its last lines): "
                   "check the disk")


def pip(command, root, log):
    """Run pip behind one line of progress; its last lines go into the error, all of them into log."""
    lines = collections.deque(maxlen=100)
    live = sys.stdout.isatty()
    process = subprocess.Popen(command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    try:
        with open(log, "w", encoding="utf-8") as file:
            for raw in process.stdout:
                lines.append(raw.decode(errors="replace").rstrip())
                print(lines[-1], file=file, flush=True)
                if live:
                    width = shutil.get_terminal_size().columns - 1
                    print("\r\033[K" + lines[-1].strip()[:width], end="", flush=True)
        status = process.wait()
    except BaseException:  # Ctrl-C above all: pip must not go on alone, without the lock
        process.terminate()
        process.wait()
        raise
    if live:
        print("\r\033[K", end="", flush=True)
    if status:
        text = "\n".join(lines)
        raise Stop(f"{tail(text)}\npip failed with status {status} (above: its last lines, all in {log}): "
                   + next(mend for signs, mend in MENDS if any(sign in text for sign in signs.split("|"))))


def tail(text, lines=12):
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


# The words --------------------------------------------------------------------------------------------

def call(command, defaults=None, **options):
    # UTF-8 even where the system's own encoding cannot write ≈; notebooks work in a folder of their own.
    environment = dict(defaults or {}, **os.environ)
    environment["PYTHONUTF8"] = "1"
    if environment.get("COURSE_DATA"):
        environment["COURSE_DATA"] = os.path.abspath(environment["COURSE_DATA"])
    # Ctrl-C reaches the program too, and is left to it: pytest has a summary to print, JupyterLab a question.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(command, cwd=ROOT, env=environment, **options)
    except OSError as error:
        raise Stop(f"{command[0]} does not start ({error.strerror}): delete .venv, then run this again") from None
    finally:
        signal.signal(signal.SIGINT, before)


def course(python, word, rest):
    return call([python, "-m", "course", word] + rest).returncode


def said(python, word, rest):
    print(f"the course is installed for {python}")
    return 0


def lab(python, word, rest):
    # Which notebooks were open is kept here: else JupyterLab opens those of any other folder first.
    places = {"JUPYTERLAB_WORKSPACES_DIR": str(ROOT / "build" / "workspaces")}
    return call([python, "-m", "jupyterlab", "notebooks"] + rest, places).returncode


def test(python, word, rest):
    paths = [] if any(arg.startswith(("tests", "notebooks")) for arg in rest) else ["tests", "notebooks"]
    return call([python, "-m", "pytest"] + NBVAL + rest + paths).returncode


def test_browser(python, word, rest):
    """Run the tests that need a browser; here it is an error if there is none, where `test` skips them."""
    folder = "tests/browser"
    found = call([python, f"{folder}/find.py"], stdout=subprocess.DEVNULL)
    paths = [] if any(arg.startswith(folder) for arg in rest) else [folder]
    return found.returncode or call([python, "-m", "pytest"] + rest + paths).returncode


def bench(python, word, rest):
    """Run tests/bench/bench_*.py one after the other and print the ratios that stand in their last lines.

    All of them, with no option, also renew the table in README.md, unless one fails.
    """
    names = [arg for arg in rest if not arg.startswith("-")]
    paths = sorted((ROOT / "tests" / "bench").glob("bench_*.py"))
    known = {path.stem[len("bench_"):]: path for path in paths}
    unknown = [name for name in names if name not in known]
    if unknown or not known:
        raise Stop(f"there is no bench {' '.join(unknown)}, expected some of {', '.join(known)}: "
                   "check tests/bench")
    results, rows, failed = {}, [], []
    for name in names or known:
        print(f"bench {name}", file=sys.stderr, flush=True)
        command = [python, str(known[name])] + [arg for arg in rest if arg.startswith("-")]
        done = call(command, stdout=subprocess.PIPE)
        if done.returncode == -signal.SIGINT:
            if not rest:
                print(KEPT, file=sys.stderr)
            raise KeyboardInterrupt
        try:
            results[name] = json.loads(done.stdout.decode("utf-8").splitlines()[-1])
            ratios = results[name]["ratios"]
            rows += [f"{name:<12} {ratio:<24} {value:>9.2f}" for ratio, value in ratios.items()]
        except (IndexError, KeyError, TypeError, ValueError):
            failed.append(" ".join(command))
        else:
            failed += [" ".join(command)] if done.returncode else []
    print("\n".join([f"{'bench':<12} {'ratio':<24} {'times':>9}"] + rows))
    if failed:
        raise Stop("\n".join(["failed, or gave no ratios; run it alone to see why:"] + failed
                             + ([] if rest else [KEPT])))
    if rest:
        return 0
    sys.stdout.flush()
    return call([python, "-m", "course.upkeep.readme"], input=json.dumps(results).encode("utf-8")).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
