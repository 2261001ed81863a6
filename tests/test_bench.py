"""tests/bench runs the benches one after the other, prints their ratios, and puts them into its README.md."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SPEED = "# Course\n<!-- speed -->\nold\n<!-- /speed -->\n"
KEPT = "tests/bench/README.md keeps the table that it had\n"
ALONE = pytest.mark.skipif(os.name == "nt", reason="Windows sends no signal to one process alone")


def bench_folder(folder, **scripts):
    """A course with these benches alone, and with run.py; return a function that calls its `bench`."""
    (folder / "tests" / "bench").mkdir(parents=True)
    (folder / "tests" / "bench" / "README.md").write_text(SPEED)
    shutil.copy(ROOT / "run.py", folder)
    shutil.copy(ROOT / "tests" / "bench" / "__main__.py", folder / "tests" / "bench")
    for name, text in scripts.items():
        (folder / "tests" / "bench" / f"bench_{name}.py").write_text(text)

    def bench(*args, command=(folder / "run.py", "--here", "bench"), **options):
        return subprocess.run([sys.executable, *command, *args], capture_output=True, encoding="utf-8", **options)

    return bench


def bench_here(folder, capfd):
    """What its `bench` says on this Python, which has nbformat: to import it takes seconds, and README.md wants it."""
    spec = importlib.util.spec_from_file_location("bench", folder / "tests" / "bench" / "__main__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    status = module.main([])
    return subprocess.CompletedProcess([], status, *capfd.readouterr())


def rows(text):
    return [line.split() for line in text.splitlines()]


def test_bench_prints_the_ratios_from_any_folder(tmp_path):
    bench = bench_folder(
        tmp_path / "a folder",
        mnist="""import sys; print('noise'); print('{"ratios": {"epoch": %d}}' % len(sys.argv))""",
        reading="""print('{"bench": "reading", "ratios": {"loop": 113.04}}')""",
    )
    done = bench("--quick", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert rows(done.stdout) == [["bench", "ratio", "times"], ["mnist", "epoch", "2.00"], ["reading", "loop", "113.04"]]
    assert (tmp_path / "a folder" / "tests" / "bench" / "README.md").read_text() == SPEED


SCRIPT = '''"""Time a step.

x    ours over theirs
"""
print('{"ratios": {"x": 2}}')'''


@pytest.mark.parametrize("command", [None, ["tests/bench"], ["-m", "tests.bench"]], ids=["run.py", "folder", "module"])
def test_a_full_bench_writes_the_table_of_its_readme(tmp_path, command):
    bench = bench_folder(tmp_path, a=SCRIPT, b=SCRIPT.replace("2}", "30.5}"))
    done = bench(command=command, cwd=tmp_path) if command else bench()
    said = "tests/bench/README.md shows these ratios now"
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, said), done.stderr
    lines = (tmp_path / "tests" / "bench" / "README.md").read_text(encoding="utf-8").splitlines()
    assert lines[4:6] == [
        "| `a` | a step | `x` ≈ 2.00: ours over theirs |",
        "| `b` | a step | `x` ≈ 30: ours over theirs |",
    ]


@pytest.mark.parametrize("args", [["a"], ["a", "b"], ["--quick"], ["a", "--quick", "b"]])
def test_a_bench_with_names_or_options_only_prints(tmp_path, args):
    bench = bench_folder(tmp_path, a=SCRIPT, b=SCRIPT, c="exit('not this one')" if "a" in args else SCRIPT)
    done = bench(*args)
    assert done.returncode == 0 and "README" not in done.stdout
    assert (tmp_path / "tests" / "bench" / "README.md").read_text() == SPEED


def test_other_options_are_passed_on_to_the_bench(tmp_path):
    bench = bench_folder(tmp_path, a="""import sys; print('{"ratios": {"%s": 1}}' % sys.argv[1:])""")
    assert rows(bench("a", "--rounds=3", "--quick").stdout)[1][1:-1] == ["['--rounds=3',", "'--quick']"]


@pytest.mark.parametrize(
    "text, message",
    [
        ("# Course\n", "{} has no lines <!-- speed --> and <!-- /speed -->: put them where it goes"),
        (None, "{} does not exist, expected the course's README.md: check the folder"),
    ],
)
def test_a_readme_that_has_no_place_for_the_table_is_named(tmp_path, capfd, text, message):
    bench_folder(tmp_path, a=SCRIPT)
    readme = tmp_path / "tests" / "bench" / "README.md"
    readme.unlink() if text is None else readme.write_text(text)
    done = bench_here(tmp_path, capfd)
    assert done.returncode == 1 and done.stdout.split()[-3:] == ["a", "x", "2.00"]
    assert done.stderr == f"bench a\n{message.format(readme)}\n"
    assert text is None or readme.read_text() == text


def test_a_bench_that_fails_is_named_and_the_others_still_count(tmp_path, capfd):
    ratios = """print('{"ratios": {"x": 2}}')"""
    bench_folder(tmp_path, a="print('no json')", b=ratios, c="exit('broken')", d=f"{ratios}\nexit(1)")
    done = bench_here(tmp_path, capfd)
    assert done.returncode == 1
    assert rows(done.stdout)[1:] == [["b", "x", "2.00"], ["d", "x", "2.00"]]
    bad = [f"{sys.executable} {tmp_path / 'tests' / 'bench' / f'bench_{name}.py'}" for name in "acd"]
    assert done.stderr.endswith("\n".join(["failed, or gave no ratios; run it alone to see why:", *bad, KEPT]))
    assert (tmp_path / "tests" / "bench" / "README.md").read_text() == SPEED


@ALONE
def test_ctrl_c_is_left_to_the_bench_that_runs(tmp_path):
    bench = bench_folder(
        tmp_path,
        a="""import os, signal
os.kill(os.getppid(), signal.SIGINT)
print('{"ratios": {"x": 2}}')""",
    )
    done = bench("a")
    assert done.returncode == 0
    assert done.stdout.split()[-3:] == ["a", "x", "2.00"]


@ALONE
def test_ctrl_c_in_a_bench_ends_the_others_too(tmp_path, capfd):
    interrupted = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
    bench_folder(tmp_path, a=interrupted, b="print('never')")
    done = bench_here(tmp_path, capfd)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.endswith(f"\n{KEPT}stopped by Ctrl-C\n") and "bench b" not in done.stderr
    assert (tmp_path / "tests" / "bench" / "README.md").read_text() == SPEED


def test_an_unknown_bench_lists_the_known_ones(tmp_path):
    done = bench_folder(tmp_path, mnist="", reading="")("mnits")
    assert (done.returncode, done.stderr) == (
        1,
        "there is no bench mnits, expected some of mnist, reading: check tests/bench\n",
    )
