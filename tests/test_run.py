"""run.py installs once, notices an install that was cut off, and says in one sentence what went wrong."""
import ast
import importlib.util
import io
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location("run", ROOT / "run.py")
run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run)


class Machine:
    """A folder to install into, with a python -m venv and a pip that only note what they were asked."""

    def __init__(self, root):
        self.root, self.venvs, self.pips = root, 0, []
        self.output, self.status, self.interrupt, self.ended = b"", 0, False, 0
        (root / "tests").mkdir(parents=True)
        (root / "pyproject.toml").write_text("[project]\n")
        (root / "tests" / "constraints.txt").write_text("numpy==2.4.6\n")

    def run(self, command, **options):
        self.venvs += 1
        python = self.root / ".venv" / ("Scripts/python.exe" if run.os.name == "nt" else "bin/python")
        python.parent.mkdir()
        python.write_text("")
        return SimpleNamespace(returncode=0, stdout=b"")

    def popen(self, command, **options):
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
    monkeypatch.setattr(run.subprocess, "run", machine.run)
    monkeypatch.setattr(run.subprocess, "Popen", machine.popen)
    return machine


def test_the_first_run_installs_the_course_under_the_constraints(machine):
    python = run.install(machine.root)
    (command, options), = machine.pips
    assert command == [str(python), "-m", "pip", "install", "--editable", ".[curves,fast,test]",
                       "--constraint", str(machine.root / "tests" / "constraints.txt")]
    assert options["cwd"] == machine.root


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


@pytest.mark.parametrize("file, text", [("pyproject.toml", '[project]\ndependencies = ["numpy>=2.5"]\n'),
                                        ("tests/constraints.txt", "numpy==2.5.0\n")])
def test_changed_versions_are_installed_on_top(machine, file, text):
    run.install(machine.root)
    (machine.root / file).write_text(text)
    run.install(machine.root)
    assert (machine.venvs, len(machine.pips)) == (1, 2)


def test_new_data_files_are_installed_on_top(machine):
    run.install(machine.root)
    with open(machine.root / "pyproject.toml", "a") as opened:
        opened.write('[tool.setuptools.data-files]\n"etc/a" = ["b.py"]\n')
    run.install(machine.root)
    assert (machine.venvs, len(machine.pips)) == (1, 2)


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
    machine.run([])
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
        "another run.py is installing into .venv: wait for its end, then run this again\n")
    assert run.main(["install"]) == 0


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
        "COURSE_CONSTRAINTS is nowhere.txt, expected a file of exact versions, or none: check the path\n")


@pytest.mark.parametrize("output, mend", [
    ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
     "the disk is full: free 8 GB, then run this again"),
    ("WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)': /torch/\n"
     "ERROR: No matching distribution found for torch>=2.11",
     "the package index was not reached: check the network and the proxy (HTTPS_PROXY or PIP_PROXY)"),
    ("ERROR: No matching distribution found for torch>=2.11",
     "pip finds no such version for this Python and system: try COURSE_CONSTRAINTS=none, or another Python"),
    ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: 'x'",
     "a folder may not be written: check who owns it"),
    ("ERROR: Could not install packages due to an OSError: Missing dependencies for SOCKS support.",
     "pip cannot use a SOCKS proxy: unset ALL_PROXY, or name an HTTP one in HTTPS_PROXY"),
    ("HINT: This error might have occurred since this system does not have Windows Long Path support enabled.",
     "the path is too long for Windows: move the folder to C:\\course"),
    ("ERROR: something new", "check network, proxy and disk, then run this again"),
], ids=["disk", "network", "version", "owner", "socks", "long path", "other"])
def test_a_failed_pip_shows_its_last_lines_and_the_mend(machine, capsys, output, mend):
    machine.output, machine.status = "\n".join(["Collecting x"] * 20 + output.splitlines()).encode(), 2
    assert run.main(["test"]) == 1
    text = capsys.readouterr().err.splitlines()
    log = machine.root / ".venv" / "pip.log"
    assert text[-1] == f"pip failed with status 2 (above: its last lines, all in {log}): {mend}"
    assert text[:-1] == (["Collecting x"] * 20 + output.splitlines())[-12:]
    assert log.read_text().count("Collecting x") == 20


def test_a_python_without_ensurepip_is_told_the_package(machine, monkeypatch, capsys):
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else name)
    assert run.main(["test"]) == 1
    assert capsys.readouterr().err == (
        f"Python ({sys.executable}) has no ensurepip, so it cannot make .venv: "
        "on Debian or Ubuntu, sudo apt install python3-venv\n")


def test_a_folder_that_cannot_be_written_is_named(machine, monkeypatch, capsys):
    def refuse(venv, text):
        raise PermissionError(13, "Permission denied", str(venv))
    monkeypatch.setattr(run, "set_stamp", refuse)
    assert run.main(["test"]) == 1
    assert capsys.readouterr().err == (
        f"cannot write {machine.root / '.venv'} (Permission denied): "
        "check disk and owner, and close what uses .venv\n")


def test_a_wrong_word_lists_the_known_ones(machine, capsys):
    assert run.main(["tset"]) == 1
    assert capsys.readouterr().err == (
        "run.py knows no word 'tset', expected one of run, test, test-browser, lab, bench, doctor, data, progress, "
        "regenerate, diff, claims, new, install: try python3 run.py --help\n")
    assert machine.pips == []


def test_an_old_python_is_told_so(machine, monkeypatch, capsys):
    monkeypatch.setattr(run.sys, "version_info", (3, 10, 13))
    assert run.main(["test"]) == 1
    assert capsys.readouterr().err == (
        "Python is 3.10, expected 3.11 or newer: "
        "install a newer one and call it by its name, as in python3.12 run.py\n")


def test_a_python_of_32_bits_is_told_so(machine, monkeypatch, capsys):
    monkeypatch.setattr(run.sys, "maxsize", 2**31 - 1)
    assert run.main(["test"]) == 1
    assert capsys.readouterr().err == "this Python has 32 bits, expected 64, as torch has: install a 64-bit Python\n"


def test_a_python_that_does_not_start_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(run.sys, "executable", "/nowhere/python")
    assert run.main(["--here", "doctor"]) == 1
    assert capsys.readouterr().err == (
        "/nowhere/python does not start (No such file or directory): delete .venv, then run this again\n")


def test_a_file_of_the_learners_is_not_taken_for_pythons_own(tmp_path):
    shutil.copy(ROOT / "run.py", tmp_path)
    (tmp_path / "random.py").write_text("raise SystemExit('taken for random')")
    (tmp_path / "json.py").write_text("raise SystemExit('taken for json')")
    done = subprocess.run([sys.executable, tmp_path / "run.py", "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_old_python_can_read_run_py():
    tree = ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    modules = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    modules |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {module.split(".")[0] for module in modules} <= sys.stdlib_module_names


def test_every_word_is_in_the_help(capsys):
    assert run.main(["--help"]) == 0
    text = capsys.readouterr().out
    assert [word for word in run.WORDS if f"python3 run.py {word}" not in text] == []


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


@pytest.mark.parametrize("args, command", [
    ([], ["-m", "course", "run"]),
    (["run", "notebooks/00_start.ipynb"], ["-m", "course", "run", "notebooks/00_start.ipynb"]),
    (["lab", "--no-browser"], ["-m", "jupyterlab", "notebooks", "--no-browser"]),
    (["doctor"], ["-m", "course", "doctor"]),
    (["data", "verify"], ["-m", "course", "data", "verify"]),
    (["test", "-k", "mnist"], ["-m", "pytest", *run.NBVAL, "-k", "mnist", "tests", "notebooks"]),
    (["test", "tests/test_run.py", "-x"], ["-m", "pytest", *run.NBVAL, "tests/test_run.py", "-x"]),
])
def test_each_word_calls_its_program_and_returns_its_status(monkeypatch, args, command):
    called = []

    def note(command, **options):
        called.append((command, options["cwd"]))
        return SimpleNamespace(returncode=7)
    monkeypatch.setattr(run.subprocess, "run", note)
    assert run.main(["--here", *args]) == 7
    assert called == [([sys.executable, *command], ROOT)]


@pytest.mark.parametrize("args, paths", [
    ([], ["tests/browser"]), (["-x"], ["-x", "tests/browser"]), (["tests/browser/a.py"], ["tests/browser/a.py"]),
])
@pytest.mark.parametrize("found", [0, 1])
def test_the_browser_tests_run_only_where_there_is_a_browser(monkeypatch, args, paths, found):
    called = []

    def note(command, **options):
        called.append(command[1:])
        return SimpleNamespace(returncode=[found, 7][len(called) - 1])
    monkeypatch.setattr(run.subprocess, "run", note)
    assert run.main(["--here", "test-browser", *args]) == (found or 7)
    assert called == [["tests/browser/find.py"], ["-m", "pytest", *paths]][:2 - found]


def test_a_missing_browser_is_an_error_of_one_sentence(monkeypatch, capfd):
    monkeypatch.setenv("COURSE_BROWSER", "no-such-browser")
    assert run.main(["--here", "test-browser"]) == 1
    out, err = capfd.readouterr()
    assert (out, err) == ("", "COURSE_BROWSER is no-such-browser, expected a program: check the path\n")


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


SPEED = "# Course\n<!-- speed -->\nold\n<!-- /speed -->\n"
KEPT = "README.md keeps the speed table that it had\n"


def bench_folder(folder, **scripts):
    (folder / "tests" / "bench").mkdir(parents=True)
    (folder / "README.md").write_text(SPEED)
    (folder / "run.py").write_bytes((ROOT / "run.py").read_bytes())
    for name, text in scripts.items():
        (folder / "tests" / "bench" / f"bench_{name}.py").write_text(text)
    return folder / "run.py"


def test_bench_prints_the_ratios_from_any_folder(tmp_path):
    script = bench_folder(
        tmp_path / "a folder",
        mnist="""import sys; print('noise'); print('{"ratios": {"epoch": %d}}' % len(sys.argv))""",
        reading="""print('{"bench": "reading", "ratios": {"loop": 113.04}}')""")
    done = subprocess.run([sys.executable, str(script), "--here", "bench", "--quick"], cwd=tmp_path,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["bench", "ratio", "times"], ["mnist", "epoch", "2.00"], ["reading", "loop", "113.04"]]
    assert (script.parent / "README.md").read_text() == SPEED


SCRIPT = '''"""Time a step.

x    ours over theirs
"""
print('{"ratios": {"x": 2}}')'''


def test_a_full_bench_writes_the_table_of_the_readme(tmp_path):
    script = bench_folder(tmp_path, a=SCRIPT, b=SCRIPT.replace("2}", "30.5}"))
    done = subprocess.run([sys.executable, str(script), "--here", "bench"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "README.md shows these ratios now")
    rows = (tmp_path / "README.md").read_text(encoding="utf-8").splitlines()
    assert rows[4:6] == [
        "| `a` | a step | `x` ≈ 2.00: ours over theirs |", "| `b` | a step | `x` ≈ 30: ours over theirs |"]


@pytest.mark.parametrize("args", [["a"], ["a", "b"], ["--quick"]])
def test_a_bench_with_names_or_options_only_prints(tmp_path, args):
    script = bench_folder(tmp_path, a=SCRIPT, b=SCRIPT)
    done = subprocess.run([sys.executable, str(script), "--here", "bench", *args], capture_output=True, text=True)
    assert done.returncode == 0 and "README" not in done.stdout
    assert (tmp_path / "README.md").read_text() == SPEED


def test_a_readme_that_has_no_place_for_the_table_is_named(tmp_path):
    script = bench_folder(tmp_path, a=SCRIPT)
    (tmp_path / "README.md").write_text("# Course\n")
    done = subprocess.run([sys.executable, str(script), "--here", "bench"], capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout.split()[-3:] == ["a", "x", "2.00"]
    assert done.stderr == (
        "bench a\nREADME.md has no lines <!-- speed --> and <!-- /speed -->: put them where it goes\n")
    assert (tmp_path / "README.md").read_text() == "# Course\n"


def test_a_bench_that_fails_is_named_and_the_others_still_count(tmp_path, monkeypatch, capfd):
    ratios = """print('{"ratios": {"x": 2}}')"""
    bench_folder(tmp_path, a="print('no json')", b=ratios, c="exit('broken')", d=f"{ratios}\nexit(1)")
    monkeypatch.setattr(run, "ROOT", tmp_path)
    assert run.main(["--here", "bench"]) == 1
    out, err = capfd.readouterr()
    assert [line.split() for line in out.splitlines()[1:]] == [["b", "x", "2.00"], ["d", "x", "2.00"]]
    bad = [f"{sys.executable} {tmp_path / 'tests' / 'bench' / f'bench_{name}.py'}" for name in "acd"]
    assert err.endswith("\n".join(["failed, or gave no ratios; run it alone to see why:", *bad, KEPT]))
    assert (tmp_path / "README.md").read_text() == SPEED


@pytest.mark.skipif(run.os.name == "nt", reason="Windows sends no signal to one process alone")
def test_ctrl_c_is_left_to_the_program_that_runs(tmp_path):
    script = bench_folder(tmp_path, a="""import os, signal
os.kill(os.getppid(), signal.SIGINT)
print('{"ratios": {"x": 2}}')""")
    done = subprocess.run([sys.executable, str(script), "--here", "bench", "a"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.split()[-3:] == ["a", "x", "2.00"]


@pytest.mark.skipif(run.os.name == "nt", reason="Windows sends no signal to one process alone")
def test_ctrl_c_in_a_bench_ends_the_others_too(tmp_path):
    interrupted = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
    script = bench_folder(tmp_path, a=interrupted, b="print('never')")
    done = subprocess.run([sys.executable, str(script), "--here", "bench"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.endswith(f"\n{KEPT}stopped by Ctrl-C\n") and "bench b" not in done.stderr
    assert (tmp_path / "README.md").read_text() == SPEED


def test_an_unknown_bench_lists_the_known_ones(tmp_path, monkeypatch, capsys):
    bench_folder(tmp_path, mnist="", reading="")
    monkeypatch.setattr(run, "ROOT", tmp_path)
    assert run.main(["--here", "bench", "mnits"]) == 1
    assert capsys.readouterr().err == (
        "there is no bench mnits, expected some of mnist, reading: check tests/bench\n")
