"""run.py installs once, notices an install that was cut off, and says in one sentence what went wrong."""

import ast
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from course import _places, cli
from course.doctor.install import blame_settings

ROOT = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location("run", ROOT / "run.py")
run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run)


class Machine:
    """A folder to install into, with a python -m venv and a pip that only note what they were asked."""

    def __init__(self, root):
        self.root, self.venvs, self.pips = root, 0, []
        self.output, self.no_venv, self.status, self.interrupt, self.ended = b"", b"", 0, False, 0
        self.settings = b""  # what `pip config list` says
        (root / "tests").mkdir(parents=True)
        (root / "pyproject.toml").write_text("[project]\n")
        (root / "tests" / "constraints.txt").write_text("numpy==2.4.6\n")

    def make_venv(self):
        self.venvs += 1
        python = self.root / ".venv" / ("Scripts/python.exe" if run.os.name == "nt" else "bin/python")
        python.parent.mkdir()
        python.write_text("")

    def run(self, command, **options):
        return SimpleNamespace(returncode=0, stdout=self.settings)

    def popen(self, command, **options):
        if command[1:3] == ["-m", "venv"]:
            if not self.no_venv:
                self.make_venv()
            return SimpleNamespace(stdout=io.BytesIO(self.no_venv), wait=lambda: int(bool(self.no_venv)))
        self.pips.append((command, options))
        return SimpleNamespace(stdout=self.lines(), wait=lambda: self.status, terminate=self.end)

    def lines(self):
        if self.interrupt:
            raise KeyboardInterrupt
        yield from io.BytesIO(self.output)

    def end(self):
        self.ended += 1


@pytest.fixture
def machine(tmp_path, monkeypatch):
    machine = Machine(tmp_path / "a folder")
    monkeypatch.delenv("COURSE_CONSTRAINTS", raising=False)
    monkeypatch.setattr(run, "ROOT", machine.root)
    monkeypatch.setattr(run.sys, "path", list(sys.path))
    monkeypatch.setattr(run.subprocess, "run", machine.run)
    monkeypatch.setattr(run.subprocess, "Popen", machine.popen)
    return machine


def test_the_first_run_installs_the_course_under_the_constraints(machine):
    python = run.install(machine.root)
    ((command, options),) = machine.pips
    assert command == [
        str(python),
        "-I",
        "-m",
        "pip",
        "install",
        "--editable",
        ".[curves,fast,jax,radar,test]",
        "--constraint",
        str(machine.root / "tests" / "constraints.txt"),
    ]
    assert options["cwd"] == str(machine.root)


def test_a_folder_whose_name_the_terminal_lacks_is_installed_into(machine, monkeypatch):
    machine.root = machine.root.rename(machine.root.with_name("é"))
    monkeypatch.setattr(run, "ROOT", machine.root)
    said = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(said, encoding="ascii"))
    assert run.main(["install"]) == 0
    assert said.getvalue().startswith(b"installing the course into ") and b"\\xe9" in said.getvalue()


def test_the_second_run_installs_nothing(machine):
    assert run.install(machine.root) == run.install(machine.root)
    assert (machine.venvs, len(machine.pips)) == (1, 1)


def test_an_installed_course_waits_for_nobody(machine):
    run.install(machine.root)
    with open(machine.root / ".venv.lock", "w") as lock:
        run.hold(lock)
        run.install(machine.root)
    assert len(machine.pips) == 1


def test_what_another_run_has_just_installed_is_not_installed_again(machine, monkeypatch):
    python = run.install(machine.root)
    complete = run.stamp(machine.root / ".venv")
    python.unlink()

    def other_run_ends(lock):
        python.write_text("")
        run.set_stamp(machine.root / ".venv", complete)

    monkeypatch.setattr(run, "hold", other_run_ends)
    run.install(machine.root)
    assert len(machine.pips) == 1


@pytest.mark.parametrize(
    "file, text",
    [("pyproject.toml", '[project]\ndependencies = ["numpy>=2.5"]\n'), ("tests/constraints.txt", "numpy==2.5.0\n")],
)
def test_changed_versions_are_installed_on_top(machine, file, text):
    run.install(machine.root)
    (machine.root / file).write_text(text)
    run.install(machine.root)
    assert (machine.venvs, len(machine.pips)) == (1, 2)


@pytest.mark.parametrize(
    "file, text",
    [
        ("pyproject.toml", '[tool.hatch.build.targets.wheel]\npackages = ["a"]\n'),
        (".ipython/ipython_kernel_config.py", "new = 1\n"),
    ],
)
def test_what_is_copied_into_the_environment_is_installed_on_top(machine, file, text):
    (machine.root / ".ipython").mkdir()
    (machine.root / ".ipython" / "ipython_kernel_config.py").write_text("old = 1\n")
    run.install(machine.root)
    with open(machine.root / file, "a") as opened:
        opened.write(text)
    run.install(machine.root)
    assert (machine.venvs, len(machine.pips)) == (1, 2)


def test_what_an_older_install_has_left_in_the_folder_is_not_believed(machine):
    (machine.root / "course.egg-info").mkdir()
    (machine.root / "course.egg-info" / "PKG-INFO").write_text("Requires-Dist: old")
    run.install(machine.root)
    assert not (machine.root / "course.egg-info").exists()


def test_changed_comments_and_settings_install_nothing(machine):
    run.install(machine.root)
    for file, text in (("pyproject.toml", "[tool.pytest]\n# new\n"), ("tests/constraints.txt", "# new\n")):
        with open(machine.root / file, "a") as opened:
            opened.write(text)
    run.install(machine.root)
    assert (machine.venvs, len(machine.pips)) == (1, 1)


def test_an_interrupted_install_is_made_anew(machine):
    machine.interrupt = True
    with pytest.raises(KeyboardInterrupt):
        run.install(machine.root)
    half = machine.root / ".venv" / "half-written.py"
    half.write_text("")
    machine.interrupt = False
    run.install(machine.root)
    assert (machine.venvs, len(machine.pips)) == (2, 2)
    assert not half.exists()


def test_an_interrupted_change_of_versions_is_made_anew_even_if_it_is_taken_back(machine):
    run.install(machine.root)
    before = (machine.root / "pyproject.toml").read_text()
    (machine.root / "pyproject.toml").write_text("[project]\nname = 'new'\n")
    machine.interrupt = True
    with pytest.raises(KeyboardInterrupt):
        run.install(machine.root)
    machine.interrupt = False
    (machine.root / "pyproject.toml").write_text(before)
    run.install(machine.root)
    assert (machine.venvs, len(machine.pips)) == (2, 3)


def test_a_failed_install_is_made_anew(machine, capsys):
    machine.status = 1
    assert run.main(["install"]) == 1
    assert capsys.readouterr().err.endswith(
        ": check network, proxy, disk and pip's settings (python3 -m pip config list), then run this again\n"
    )
    machine.status = 0
    assert run.main(["install"]) == 0
    assert (machine.venvs, len(machine.pips)) == (2, 2)


def test_a_moved_folder_gets_a_new_venv(machine, monkeypatch):
    run.install(machine.root)
    machine.root = machine.root.rename(machine.root.with_name("another folder"))
    run.install(machine.root)
    assert (machine.venvs, len(machine.pips)) == (2, 2)


def test_another_python_gets_a_new_venv(machine, monkeypatch):
    run.install(machine.root)
    monkeypatch.setattr(run.sys, "version_info", (3, 99, 0))
    run.install(machine.root)
    assert (machine.venvs, len(machine.pips)) == (2, 2)


def test_a_venv_made_by_hand_is_kept(machine):
    (machine.root / ".venv").mkdir()
    machine.make_venv()
    own = machine.root / ".venv" / "own.py"
    own.write_text("")
    run.install(machine.root)
    assert (machine.venvs, len(machine.pips)) == (1, 1)
    assert own.exists()


def test_two_installs_at_once_are_refused(machine, capsys):
    with open(machine.root / ".venv.lock", "w") as lock:
        run.hold(lock)
        assert run.main(["install"]) == 1
    assert capsys.readouterr().err == (
        "another run.py is installing into .venv: wait for its end, then run this again\n"
    )
    assert run.main(["install"]) == 0


@pytest.mark.parametrize("number, reason", [(37, "No locks available"), (38, "Function not implemented")])
def test_where_nothing_can_be_locked_the_install_goes_on_and_says_so(machine, monkeypatch, capsys, number, reason):
    def refuse(file, operation):
        raise OSError(number, reason)

    monkeypatch.setattr(pytest.importorskip("fcntl"), "flock", refuse)  # as a network or FUSE does
    run.install(machine.root)
    assert len(machine.pips) == 1
    lock = machine.root / ".venv.lock"
    told = f"{lock} cannot be locked ({reason}): start no other run.py before this one has ended"
    assert capsys.readouterr().out.splitlines()[0] == told


@pytest.mark.skipif(os.name != "posix", reason="the redirections are those of a shell")
@pytest.mark.parametrize(
    "redirection, lines", [("| head -1", 1), ("> /dev/full", 0), (">&-", 0), ("", len(cli.WORDS) + 10)]
)
def test_the_help_is_whole_or_ends_quietly_whatever_stdout_is(redirection, lines):
    command = f'"{sys.executable}" "{ROOT / "run.py"}" --help 2>&1 {redirection}'
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=environment)
    assert "Traceback" not in done.stdout + done.stderr and "Exception" not in done.stdout + done.stderr
    assert len(done.stdout.splitlines()) >= lines and done.returncode == 0


def test_the_newest_allowed_versions_come_without_constraints(machine, monkeypatch):
    monkeypatch.setenv("COURSE_CONSTRAINTS", "none")
    run.install(machine.root)
    assert "--constraint" not in machine.pips[0][0]


def test_other_constraints_are_taken_from_their_file(machine, monkeypatch, tmp_path):
    run.install(machine.root)
    (tmp_path / "oldest.txt").write_text("torch==2.11.0\n")
    monkeypatch.setenv("COURSE_CONSTRAINTS", str(tmp_path / "oldest.txt"))
    run.install(machine.root)
    assert machine.pips[1][0][-1] == str(tmp_path / "oldest.txt")


def test_a_constraints_file_that_is_not_there_is_named(machine, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_CONSTRAINTS", "nowhere.txt")
    assert run.main(["test"]) == 1
    assert capsys.readouterr().err == (
        "COURSE_CONSTRAINTS is nowhere.txt, expected a file of exact versions, or none: check the path\n"
    )


@pytest.mark.parametrize(
    "output, mend",
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "the disk is full: free 8 GB, then run this again",
        ),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)': /torch/\n"
            "ERROR: No matching distribution found for torch>=2.11",
            "the package index was not reached: "
            "check the network, the proxy (HTTPS_PROXY or PIP_PROXY) and PIP_INDEX_URL",
        ),
        (
            "ERROR: No matching distribution found for torch>=2.11",
            "pip finds no such version for this Python and system: try COURSE_CONSTRAINTS=none, or another Python",
        ),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: 'x'",
            "a folder may not be written: check who owns it",
        ),
        (
            "ERROR: Could not install packages due to an OSError: Missing dependencies for SOCKS support.",
            "pip cannot use a SOCKS proxy: unset ALL_PROXY, or name an HTTP one in HTTPS_PROXY",
        ),
        (
            "HINT: This error might have occurred since this system does not have Windows Long Path support enabled.",
            "the path is too long for Windows: move the folder to C:\\course",
        ),
        (
            "Configuration file could not be loaded.\nFile contains no section headers.\nfile: 'pip.conf', line: 1",
            "pip cannot read its own settings: correct what it names above, in its file or in a variable PIP_...",
        ),
        (
            "An error occurred during configuration: option retries: invalid integer value: 'many'",
            "pip cannot read its own settings: correct what it names above, in its file or in a variable PIP_...",
        ),
        (
            "ERROR: Could not install packages due to an OSError: Could not find a suitable TLS CA certificate bundle",
            "pip finds no certificates where it is told to: correct or unset PIP_CERT",
        ),
        (
            "ERROR: something new",
            "check network, proxy, disk and pip's settings (python3 -m pip config list), then run this again",
        ),
    ],
    ids=["disk", "network", "version", "owner", "socks", "long path", "settings", "number", "certificates", "other"],
)
def test_a_failed_pip_shows_its_last_lines_and_the_mend(machine, capsys, output, mend):
    machine.output, machine.status = "\n".join(["Collecting x"] * 20 + output.splitlines()).encode(), 2
    assert run.main(["test"]) == 1
    text = capsys.readouterr().err.splitlines()
    log = machine.root / ".venv" / "pip.log"
    assert text[-1] == f"pip failed with status 2 (above: its last lines, all in {log}): {mend}"
    assert text[:-1] == (["Collecting x"] * 20 + output.splitlines())[-12:]
    assert log.read_text().count("Collecting x") == 20


@pytest.mark.parametrize(
    "settings, unset",
    [
        ("global.index-url='https://me:secret@mirror'\n:env:.user='1'", "PIP_USER"),
        (":env:.require-hashes='1'\r\ninstall.user='true'", "PIP_REQUIRE_HASHES and user in its configuration file"),
        (""":env:.target="/a'b"\n:env:.dry-run='yes'""", "PIP_TARGET and PIP_DRY_RUN"),
        (":env:.python='/usr/bin/python3'\n:env:.no-build-isolation='0'", "PIP_PYTHON and PIP_NO_BUILD_ISOLATION"),
    ],
)
def test_settings_that_send_the_course_elsewhere_are_named_and_nothing_is_lost(machine, capsys, settings, unset):
    run.install(machine.root)
    installed = run.stamp(machine.root / ".venv")
    (machine.root / "pyproject.toml").write_text("[project]\nname = 'new'\n")
    machine.settings = settings.encode()
    assert run.main(["install"]) == 1
    said = f"pip's own settings stand in the way: unset {unset}, then run this again\n"
    assert capsys.readouterr().err == said
    assert run.stamp(machine.root / ".venv") == installed and len(machine.pips) == 1
    shutil.rmtree(machine.root / ".venv")
    assert run.main(["install"]) == 1
    assert capsys.readouterr().err == said


def test_settings_that_are_off_or_only_add_are_nobodys_fault(machine, capsys):
    machine.settings = (
        b":env:.user='0'\n:env:.dry-run='false'\nglobal.find-links='/wheels'\nglobal.root-user-action='x'"
    )
    machine.output, machine.status = b"ERROR: No matching distribution found for torch>=2.11", 1
    assert run.main(["install"]) == 1
    assert "try COURSE_CONSTRAINTS=none, or another Python" in capsys.readouterr().err


@pytest.mark.parametrize(
    "settings, output, unset",
    [
        (":env:.no-index='1'", "ERROR: No matching distribution found for hatchling>=1.27", "PIP_NO_INDEX"),
        (
            "global.index-url='https://me:secret@mirror/simple'",
            "ERROR: No matching distribution found for torch>=2.11",
            "index-url in its configuration file",
        ),
        (":env:.constraint='mine.txt'", "ERROR: ResolutionImpossible: for help visit", "PIP_CONSTRAINT"),
        (":env:.constraint='no.txt'", "ERROR: Could not open requirements file: [Errno 2]", "PIP_CONSTRAINT"),
    ],
)
def test_settings_that_hide_what_is_needed_are_blamed_when_it_is_not_found(machine, capsys, settings, output, unset):
    machine.settings = settings.encode()
    assert run.main(["install"]) == 0  # such as a folder of wheels, without an index
    (machine.root / "pyproject.toml").write_text("[project]\nname = 'new'\n")
    machine.output, machine.status = output.encode(), 1
    assert run.main(["install"]) == 1
    said = capsys.readouterr().err
    assert said.endswith(f"pip's own settings stand in the way: unset {unset}, then run this again\n")
    assert "secret" not in said


def test_a_full_disk_is_not_blamed_on_settings(machine, capsys):
    machine.settings, machine.output, machine.status = b":env:.no-index='1'", b"[Errno 28] No space left on device", 1
    assert run.main(["install"]) == 1
    assert capsys.readouterr().err.endswith("the disk is full: free 8 GB, then run this again\n")


def test_pip_itself_lists_its_settings_in_the_form_that_is_read(monkeypatch, tmp_path):
    (tmp_path / "pip.conf").write_text("[install]\nuser = true\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_NO_DEPS", "1")
    assert blame_settings(Path(sys.executable), ("user", "no-deps", "target")) == (
        "pip's own settings stand in the way: unset PIP_NO_DEPS and user in its configuration file, then run this again"
    )


@pytest.mark.parametrize(
    "output, mend",
    [
        (
            "The virtual environment was not created successfully because ensurepip is not available.  On Debian",
            "on Debian or Ubuntu, sudo apt install python3-venv",
        ),
        ("/usr/bin/python3: No module named venv", "on Debian or Ubuntu, sudo apt install python3-venv"),
        ("Error: [Errno 28] No space left on device: '.venv/bin'", "the disk is full: free 8 GB, then run this again"),
    ],
)
def test_a_python_that_makes_no_venv_is_told_the_mend(machine, capsys, output, mend):
    machine.no_venv = output.encode()
    assert run.main(["test"]) == 1
    assert capsys.readouterr().err == (
        f"{output}\npython -m venv failed with status 1 (above: its last lines, all in "
        f"{machine.root / '.venv' / 'pip.log'}): {mend}\n"
    )
    machine.no_venv = b""
    assert run.main(["test"]) == 0
    assert (machine.venvs, len(machine.pips)) == (1, 1)


def test_a_folder_that_cannot_be_written_is_named(machine, monkeypatch, capsys):
    def refuse(venv, text):
        raise PermissionError(13, "Permission denied", str(venv))

    monkeypatch.setattr(run, "set_stamp", refuse)
    assert run.main(["test"]) == 1
    assert capsys.readouterr().err == (
        f"cannot write {machine.root / '.venv'} (Permission denied): check disk and owner, and close what uses .venv\n"
    )


@pytest.mark.parametrize(
    "file, content, reason",
    [
        ("pyproject.toml", b"<<<<<<< HEAD\n", "Invalid statement (at line 1, column 1)"),
        ("pyproject.toml", None, "No such file or directory"),
        (
            "tests/constraints.txt",
            b"\xff\xfe",
            "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
        ),
    ],
)
def test_a_file_of_the_course_that_cannot_be_read_is_named(machine, capsys, file, content, reason):
    (machine.root / file).unlink() if content is None else (machine.root / file).write_bytes(content)
    assert run.main(["install"]) == 1
    said = f"{machine.root / file} cannot be read ({reason}): mend it, or fetch the course anew\n"
    assert capsys.readouterr().err == said


def test_rubbish_in_place_of_the_stamp_is_no_install(machine):
    run.install(machine.root)
    (machine.root / ".venv" / "course.stamp").write_bytes(b"\xff\xfe")
    run.install(machine.root)
    assert (machine.venvs, len(machine.pips)) == (2, 2)


@pytest.mark.skipif(run.os.name == "nt", reason="a link needs rights there")
def test_a_link_in_place_of_the_venv_is_named(machine, capsys, tmp_path):
    (machine.root / ".venv").symlink_to(tmp_path)
    assert run.main(["install"]) == 1
    assert capsys.readouterr().err == (
        f"cannot write {machine.root / '.venv'} (Cannot call rmtree on a symbolic link): "
        "check disk and owner, and close what uses .venv\n"
    )


def words():
    """Each word with its line of help."""
    return {word.name: word.help for word in cli.WORDS} | {name: line for name, (line, _) in run.OWN.items()}


def test_a_wrong_word_lists_the_known_ones(machine, capsys):
    assert run.main(["tset"]) == 1
    assert capsys.readouterr().err == (
        f"run.py knows no word 'tset', expected one of {', '.join(words())}: try python3 run.py --help\n"
    )
    assert machine.pips == [] and not (machine.root / ".venv").exists()


def test_an_old_python_is_told_so(machine, monkeypatch, capsys):
    monkeypatch.setattr(run.sys, "version_info", (3, 10, 13))
    assert run.main(["test"]) == 1
    assert capsys.readouterr().err == (
        "Python is 3.10, expected 3.11 or newer: install a newer one and call it by its name, as in python3.12 run.py\n"
    )


def test_a_python_of_32_bits_is_told_so(machine, monkeypatch, capsys):
    monkeypatch.setattr(run.sys, "maxsize", 2**31 - 1)
    assert run.main(["test"]) == 1
    assert capsys.readouterr().err == "this Python has 32 bits, expected 64, as torch has: install a 64-bit Python\n"


def test_a_python_that_does_not_start_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(run.sys, "executable", "/nowhere/python")
    assert run.main(["--here", "doctor"]) == 1
    assert capsys.readouterr().err == (
        "/nowhere/python does not start (No such file or directory): delete .venv, then run this again\n"
    )


def test_a_file_of_the_learners_is_not_taken_for_pythons_own(tmp_path):
    shutil.copy(ROOT / "run.py", tmp_path)
    shutil.copytree(ROOT / "course", tmp_path / "course")
    for name in ("random", "json", "argparse", "typing", "signal"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('taken for {name}')")
    done = subprocess.run([sys.executable, tmp_path / "run.py", "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_old_python_can_read_run_py():
    tree = ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    modules = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    modules |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {module for module in modules if module.startswith("course")}
    assert {module.split(".")[0] for module in modules - ours} <= sys.stdlib_module_names
    code = f"import sys; sys.path[0] = {str(ROOT)!r}; import {', '.join(ours)}"
    subprocess.run([sys.executable, "-S", "-c", code], check=True, env={})  # without the installed packages


def test_an_old_python_is_told_so_before_the_course_is_read(machine, monkeypatch):
    monkeypatch.setattr(run.sys, "version_info", (3, 10, 13))
    monkeypatch.setitem(sys.modules, "course.cli", None)  # an import of it fails
    assert run.main(["--help"]) == 1


def test_every_word_is_in_the_help_before_anything_is_installed():
    # -S: without the installed packages
    done = subprocess.run(
        [sys.executable, "-S", ROOT / "run.py", "--help"],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert set(run.OWN) == {"test", "test-browser", "lab", "bench", "install"} and "run" in words()
    for word, line in words().items():
        assert re.search(f"^python3 run.py {word} +{re.escape(line)}$", done.stdout, re.MULTILINE)
        assert len(line) < 90 and "\n" not in line


def test_a_python_that_leaves_out_assertions_and_docstrings_changes_nothing(monkeypatch):
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    assert run.call([sys.executable, "-c", "assert False"], {}) == 1
    done = subprocess.run([sys.executable, ROOT / "run.py", "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "python3 run.py test " in done.stdout


def test_run_py_is_short():
    assert len((ROOT / "run.py").read_text(encoding="utf-8").splitlines()) <= 220


def test_ctrl_c_ends_without_a_traceback(machine, capsys):
    machine.interrupt = True
    assert run.main([]) == 130
    assert capsys.readouterr().err == "stopped by Ctrl-C\n"


def test_pip_does_not_go_on_alone_after_ctrl_c(machine, capsys):
    run.main(["install"])
    assert machine.ended == 0
    (machine.root / "pyproject.toml").write_text("[project]\nname = 'new'\n")
    machine.interrupt = True
    run.main(["install"])
    assert machine.ended == 1


@pytest.mark.parametrize(
    "args, command",
    [
        ([], ["-m", "course", "run"]),
        (["run", "notebooks/00_start.ipynb"], ["-m", "course", "run", "notebooks/00_start.ipynb"]),
        (["lab", "--no-browser"], ["-m", "course.lab", "--no-browser"]),
        (["doctor"], ["-m", "course", "doctor"]),
        (["data", "verify"], ["-m", "course", "data", "verify"]),
        (["test", "-k", "mnist"], ["-m", "pytest", *run.NBVAL, *run.WORKERS, "-k", "mnist"]),
        (["test", "tests/test_run.py", "-x"], ["-m", "pytest", *run.NBVAL, *run.WORKERS, "tests/test_run.py", "-x"]),
        (["test-browser", "-x"], ["tests/browser", "-x"]),
        (["bench", "mnist", "--quick"], ["tests/bench", "mnist", "--quick"]),
    ],
)
def test_each_word_calls_its_program_and_returns_its_status(monkeypatch, args, command):
    called = []

    def note(command, **options):
        called.append((command, options["cwd"]))
        return SimpleNamespace(returncode=7)

    monkeypatch.setattr(run.subprocess, "run", note)
    assert run.main(["--here", *args]) == 7
    assert called == [([sys.executable, *command], ROOT)]


def test_without_paths_pytest_runs_tests_and_notebooks():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["pytest"]["ini_options"]["testpaths"] == ["tests", "notebooks"]


def test_the_course_says_that_it_is_installed(capfd):
    assert run.main(["--here", "install"]) == 0
    assert capfd.readouterr().out == f"the course is installed for {sys.executable}\n"


@pytest.mark.parametrize(
    "args, paths",
    [
        ([], ["tests/browser"]),
        (["-x"], ["-x", "tests/browser"]),
        (["tests/browser/a.py"], ["tests/browser/a.py"]),
    ],
)
@pytest.mark.parametrize("found", [True, False])
def test_the_browser_tests_run_only_where_there_is_a_browser(monkeypatch, args, paths, found):
    folder = ROOT / "tests" / "browser"
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])  # as `python tests/browser`
    spec = importlib.util.spec_from_file_location("browser_main", folder / "__main__.py")
    browser = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(browser)
    called = []

    def note(args):
        called.append((sys.path[0], args))
        return 7

    monkeypatch.setattr(browser.pytest, "main", note)
    monkeypatch.setenv("COURSE_BROWSER", sys.executable if found else "no-such-browser")
    assert browser.main(args) == (7 if found else 1)
    assert called == [(str(ROOT), paths)] * found


def test_a_missing_browser_is_an_error_of_one_sentence(monkeypatch, capfd):
    monkeypatch.setenv("COURSE_BROWSER", "no-such-browser")
    assert run.main(["--here", "test-browser"]) == 1
    out, err = capfd.readouterr()
    assert (out, err) == ("", "COURSE_BROWSER is no-such-browser, expected a program: check the path\n")


@pytest.mark.parametrize(
    "word, default", [("run", "1"), ("regenerate", "1"), ("claims", "1"), ("test", "1"), ("lab", None), ("bench", None)]
)
def test_programs_that_may_run_side_by_side_use_one_thread_each_unless_the_user_says_otherwise(
    monkeypatch, word, default
):
    called = []

    def note(command, cwd, env):
        called.append(env.get("OMP_NUM_THREADS"))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(run.subprocess, "run", note)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    run.main(["--here", word])
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    run.main(["--here", word])
    assert called == [default, "4"]


def test_lab_is_told_the_data_folder_in_full_and_where_to_keep_what_was_open(monkeypatch, tmp_path):
    called = []

    def note(command, cwd, env):
        called.append((env["COURSE_DATA"], env["JUPYTERLAB_WORKSPACES_DIR"]))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(run.subprocess, "run", note)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_DATA", "mnist")
    monkeypatch.delenv("JUPYTERLAB_WORKSPACES_DIR", raising=False)
    assert run.main(["--here", "lab"]) == 0
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", "mine")
    assert run.main(["--here", "lab"]) == 0
    data = str(tmp_path / "mnist")
    assert called == [(data, str(ROOT / "build" / "workspaces")), (data, "mine")]


def test_what_wants_a_home_gets_a_folder_of_the_course_where_the_home_cannot_be_written(monkeypatch, tmp_path):
    called = []

    def note(command, cwd, env):
        called.append([env.get(name) for name in names])
        return SimpleNamespace(returncode=0)

    names = "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR", "MPLCONFIGDIR"
    monkeypatch.setattr(run.subprocess, "run", note)
    monkeypatch.setattr(_places, "ROOT", tmp_path)
    for name in names:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").touch()
    for home in (tmp_path, tmp_path / "nowhere", tmp_path / "home" / "file"):
        monkeypatch.setenv("HOME", str(home))
        assert run.main(["--here", "lab"]) == 0
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)  # it is there, and somebody else's
    monkeypatch.setenv("MPLCONFIGDIR", "mine")
    assert run.main(["--here", "lab"]) == 0
    home = str(tmp_path / "build" / "home")
    assert called == [[None] * 5, [home] * 5, [home] * 5, [home] * 4 + ["mine"]]
    assert Path(home).is_dir()


@pytest.mark.skipif(run.os.name == "nt", reason="Windows sends no signal to one process alone")
def test_ctrl_c_is_left_to_the_program_that_runs(tmp_path):
    shutil.copy(ROOT / "run.py", tmp_path)
    (tmp_path / "tests" / "bench").mkdir(parents=True)
    (tmp_path / "tests" / "bench" / "__main__.py").write_text(
        "import os, signal\nos.kill(os.getppid(), signal.SIGINT)\nprint('goes on')\nexit(3)"
    )
    done = subprocess.run([sys.executable, tmp_path / "run.py", "--here", "bench"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (3, "goes on\n", "")
