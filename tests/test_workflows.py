"""CI does what the README says, on every push and every week, and keeps what was executed."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml  # JupyterLab's server needs it
from packaging.requirements import Requirement

from course import cli
from course.upkeep.book.colab import BRANCH

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))}
BOOK = WORKFLOWS.pop("book")
JOBS = {name: workflow["jobs"]["test"] for name, workflow in WORKFLOWS.items()}
EACH = pytest.mark.parametrize("name", JOBS)

spec = importlib.util.spec_from_file_location("run", ROOT / "run.py")
run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run)


def steps(name, key):
    return [step for step in JOBS[name]["steps"] if key in step]


def uses(name, action):
    (found,) = (step for step in steps(name, "uses") if step["uses"].startswith(f"actions/{action}@"))
    return found


def commands(name):
    return [shlex.split(step["run"]) for step in steps(name, "run")]


def test_there_is_one_for_every_push_and_one_for_every_week():
    assert set(WORKFLOWS) == {"test", "weekly"}
    triggers = {name: set(workflow[True]) for name, workflow in WORKFLOWS.items()}  # YAML reads `on` as true
    assert triggers == {"test": {"push", "pull_request"}, "weekly": {"schedule", "workflow_dispatch"}}


@EACH
def test_it_may_only_read_and_neither_runs_twice_nor_for_ever(name):
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    assert "permissions" not in JOBS[name]
    assert WORKFLOWS[name]["concurrency"]["cancel-in-progress"] is True
    assert JOBS[name]["timeout-minutes"] <= 120


@EACH
def test_it_calls_only_words_and_options_of_run_py(name, capsys):
    for python, script, word, *rest in (command for command in commands(name) if command[0] == "python"):
        assert (python, script) == ("python", "run.py")
        assert word in {*run.OWN, *(known.name for known in cli.WORDS)}
        if options := [arg for arg in rest if arg.startswith("--")]:
            with pytest.raises(SystemExit):
                cli.main([word, "--help"])
            text = capsys.readouterr().out
            assert [option for option in options if option not in text] == []


@EACH
def test_it_installs_then_asks_the_doctor_then_tests(name):
    words = [command[2] for command in commands(name) if command[0] == "python"]
    assert words[:3] == ["install", "doctor", "test"]


def test_ci_installs_looks_for_what_needs_no_test_and_runs_the_same_tests():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-3:] == ["python3 run.py install </dev/null", ".ci/check", "python3 run.py test </dev/null"]


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_every_quick_check_runs_and_the_last_line_names_those_that_fail(tmp_path):
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "check", tmp_path / ".ci")
    for name in ("ruff", "lint-imports", "pyright", "pre-commit"):
        program = tmp_path / ".venv" / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\necho {name} $*\nexit {int(name in ('lint-imports', 'pyright'))}\n")
        program.chmod(0o755)
    done = subprocess.run([tmp_path / ".ci" / "check"], capture_output=True, text=True)
    said = [line for line in done.stdout.splitlines() if not line.startswith("==")]
    assert said == ["ruff check", "ruff format --check", "lint-imports", "pyright", "pre-commit run --all-files"]
    failed = ".venv/bin/lint-imports, .venv/bin/pyright"
    assert (done.returncode, done.stderr) == (1, f"failed before the tests: {failed} (what is wrong stands above)\n")


def test_a_commit_is_checked_by_the_versions_that_ci_installs():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    pins = (ROOT / "tests" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert {pin for hook in hooks for pin in hook["additional_dependencies"]} - set(pins) == set()


def test_a_push_is_tested_on_three_systems():
    assert JOBS["test"]["strategy"]["matrix"]["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    assert JOBS["test"]["runs-on"] == "${{ matrix.os }}"
    assert JOBS["test"]["strategy"]["fail-fast"] is False


def test_costs_and_the_browser_are_tested_on_linux_even_after_a_failed_test():
    named = {step["run"]: step.get("if") for step in steps("test", "run")}
    linux = "${{ !cancelled() && runner.os == 'Linux' }}"
    assert named["python run.py run --costs check"] == named["python run.py test-browser"] == linux


def test_every_week_sees_the_newest_the_oldest_and_the_next_torch():
    matrix = JOBS["weekly"]["strategy"]["matrix"]["include"]
    assert {case["torch"]: case["constraints"] for case in matrix} == {
        "newest": "none",
        "oldest": "oldest.txt",
        "pre-release": "none",
    }
    assert JOBS["weekly"]["env"]["COURSE_CONSTRAINTS"] == "${{ matrix.constraints }}"


def test_every_week_each_cell_of_each_notebook_runs_twice():
    (step,) = (step for step in steps("weekly", "run") if "test_twice" in step["run"])
    assert step["run"] == "python run.py test tests/test_twice.py"
    assert step["env"] == {"COURSE_TWICE": "all"} and "newest" in step["if"]


def test_the_oldest_are_the_lower_bounds_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = {wish.name: str(wish.specifier) for wish in map(Requirement, project["dependencies"])}
    (step,) = (step for step in steps("weekly", "run") if "oldest.txt" in step["run"])
    assert step["if"] == "matrix.torch == 'oldest'"
    pins = dict(re.findall(r"(\w+)==([\d.]+?)(?:\.0)?\\n", step["run"]))
    assert {name: f">={version}" for name, version in pins.items()} == {
        name: bounds[name] for name in ("torch", "torchvision")
    }
    (python,) = (
        case["python"] for case in JOBS["weekly"]["strategy"]["matrix"]["include"] if case["torch"] == "oldest"
    )
    assert f">={python}" == project["requires-python"]


def test_the_next_torch_may_fail_and_comes_from_an_index_that_the_repository_names():
    job = JOBS["weekly"]
    assert job["continue-on-error"] == "${{ matrix.torch == 'pre-release' }}"
    assert job["env"]["PIP_PRE"] == "${{ matrix.torch == 'pre-release' && '1' || '0' }}"
    assert job["env"]["PIP_EXTRA_INDEX_URL"] == (
        "${{ matrix.torch == 'pre-release' && vars.TORCH_PRERELEASE_INDEX || '' }}"
    )
    (said,) = (step for step in steps("weekly", "run") if step["run"].startswith("echo"))
    assert "::warning::" in said["run"] and "matrix.torch == 'pre-release'" in said["if"]


@EACH
def test_what_was_executed_is_kept_whatever_happens(name):
    upload = uses(name, "upload-artifact")
    assert upload is JOBS[name]["steps"][-1]
    assert upload["if"] == "always()"
    assert upload["with"]["path"] == "build"
    assert upload["with"]["if-no-files-found"] == "ignore"
    (axis,) = re.findall(r"\$\{\{ matrix\.(\w+) \}\}", upload["with"]["name"])  # else the jobs' names would clash
    matrix = JOBS[name]["strategy"]["matrix"]
    values = matrix.get(axis) or [case[axis] for case in matrix["include"]]
    assert len(set(values)) == len(values)


@EACH
def test_downloads_are_cached_until_the_versions_change(name):
    given = uses(name, "setup-python")["with"]
    assert given["cache"] == "pip"
    assert given["cache-dependency-path"].split() == ["tests/constraints.txt", "pyproject.toml"]


@EACH
def test_actions_are_those_of_github_each_by_its_major_version(name):
    assert [
        step["uses"] for step in steps(name, "uses") if not re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
    ] == []


def test_the_website_is_built_tested_in_a_browser_and_published_from_the_main_branch_only():
    assert BOOK[True] == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
    build, publish = BOOK["jobs"]["build"], BOOK["jobs"]["publish"]
    assert [step["run"] for step in build["steps"] if "run" in step] == [
        "python run.py install",
        "python run.py book --cards",
        "python run.py test tests/test_book.py",
        "python run.py test-browser tests/browser/test_book.py",
    ]
    upload = build["steps"][-1]
    assert upload["uses"].startswith("actions/upload-pages-artifact@v") and upload["with"] == {"path": "build/book"}
    assert publish["needs"] == "build" and publish["steps"][0]["uses"].startswith("actions/deploy-pages@v")
    assert BOOK["permissions"] == {"contents": "read"} and "permissions" not in build
    assert publish["permissions"] == {"pages": "write", "id-token": "write"}


def test_the_notebooks_of_the_website_go_to_the_branch_that_colab_opens():
    upload = next(step for step in BOOK["jobs"]["build"]["steps"] if "upload-artifact" in step.get("uses", ""))
    job = BOOK["jobs"]["colab"]
    checkout, download, push = job["steps"]
    assert upload["with"] == {"name": download["with"]["name"], "path": "build/book/_downloads/*/*.ipynb"}
    assert job["needs"] == "build" and job["permissions"] == {"contents": "write"}
    assert push["run"].splitlines()[0] == f"git switch --quiet --orphan {BRANCH}"
    assert push["run"].splitlines()[-1] == f"git push --quiet --force origin {BRANCH}"


def test_instructors_can_read_what_a_new_torch_changes():
    words = [command[2:] for command in commands("weekly") if command[0] == "python"]
    assert words[-2:] == [["run"], ["diff", "--out", "build"]]


def test_a_container_for_vs_code_and_codespaces_installs_the_course_and_finds_its_python():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert container["postCreateCommand"] == "python3 run.py install"
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"] == "${containerWorkspaceFolder}/.venv/bin/python"
    for file in container["customizations"]["codespaces"]["openFiles"]:
        assert (ROOT / file).is_file()
