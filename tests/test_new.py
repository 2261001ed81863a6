"""`python3 run.py new` lays a notebook that passes every test but those that wait for its author, or lays nothing."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course import cli
from course.upkeep import skeleton
from places import move_course

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("course", "tests", "notebooks", ".github")
MADE = ["course/exercises/sound.py", "notebooks/28_sound.ipynb", "tests/wrong_answers/sound.py"]
INIT = "course/exercises/__init__.py"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with three notebooks, and all that a new one touches."""
    for folder in ("course/exercises", "tests/wrong_answers"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / INIT).write_text(
        "from course.exercises import files, start\n\nMODULES = start, files\nprint(MODULES)\n"
    )
    (tmp_path / "notebooks").mkdir()
    for name in ("00_start", "02_alone", "13_files"):
        (tmp_path / "notebooks" / f"{name}.ipynb").touch()
    move_course(monkeypatch, tmp_path)
    return tmp_path


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lists(course):
    return (course / INIT).read_text().partition("print")[0].split("\n\n")


def test_it_makes_three_files_registers_the_exercises_and_says_what_is_next(course, capsys):
    before = files(course)
    assert cli.main(["new", "28_sound"]) == 0
    after = files(course)
    assert sorted(after.keys() - before.keys()) == MADE
    assert [name for name in before if after[name] != before[name]] == [INIT]
    assert capsys.readouterr().out == (
        "made notebooks/28_sound.ipynb\nmade course/exercises/sound.py\nmade tests/wrong_answers/sound.py\n"
        "registered sound in course/exercises/__init__.py\n"
        "What is yours to write says TO WRITE; the tests fail until it is gone:\n"
        '  grep -rn "TO WRITE" notebooks course/exercises tests/wrong_answers\n'
        "Then, with MNIST at hand (python3 run.py data download):\n"
        "  COURSE_DEVICE=cpu python3 run.py run 28_sound --costs record\n  python3 run.py claims 28_sound\n"
        "  python3 run.py regenerate 28_sound\n  python3 run.py test\n"
    )
    assert all(skeleton.MARK in after[name].decode() for name in MADE)


def test_what_is_next_is_what_contributors_are_told(course, capsys):
    assert cli.main(["new", "28_sound"]) == 0
    told = [line.strip() for line in capsys.readouterr().out.splitlines() if "run.py" in line and "28_sound" in line]
    page = (Path(__file__).resolve().parents[1] / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = page.partition("## Add a notebook")[2].split("```")[1]
    commands = [line.partition("#")[0].strip("$ ") for line in block.splitlines() if "28_sound" in line]
    assert told == commands


def test_cells_are_numbered_and_the_notebook_before_is_named(course):
    assert cli.main(["new", "05_sound"]) == 0
    cells = json.loads((course / "notebooks" / "05_sound.ipynb").read_text(encoding="utf-8"))["cells"]
    assert [cell["id"] for cell in cells] == [f"05-{number:03}" for number in range(1, len(cells) + 1)]
    assert "**You need** notebook 02, " in "".join(cells[1]["source"])


def test_imports_stay_sorted_and_modules_in_the_order_of_their_notebooks(course):
    for name in ("23_autograd_again", "05_sound"):
        assert cli.main(["new", name]) == 0
    assert lists(course) == [
        "from course.exercises import autograd_again, files, sound, start",
        "MODULES = start, sound, files, autograd_again\n",
    ]


def test_a_list_that_is_too_long_for_its_line_has_a_line_for_each_module(course):
    long, longer = "a" + 60 * "b", "a" + 61 * "b"
    for name in (f"23_{long}", f"24_{longer}", "05_sound"):
        assert cli.main(["new", name]) == 0
    assert lists(course) == [
        f"from course.exercises import (\n    {long},\n    {longer},\n    files,\n    sound,\n    start,\n)",
        f"MODULES = (\n    start,\n    sound,\n    files,\n    {long},\n    {longer},\n)\n",
    ]


NO_NAME = " is no name of a notebook, expected a number from 00 to 29, _ and a Python name in lower case: "
OTHER = "call python3 run.py new 23_NAME with another NAME\n"
TAKEN = ", expected a name that is free: " + OTHER
REFUSED = {
    **{
        name: f"{name!r}{NO_NAME}call python3 run.py new 28_sound\n"
        for name in (
            "text",
            "3_text",
            "30_text",
            "23-text",
            "23_Text",
            "23_",
            "23__x",
            "23_a.b",
            "23_class",
            "٢٣_text",
            "28_sound\n",
        )
    },
    "13_text": "13 is the number of notebooks/13_files.ipynb, expected a free one: call python3 run.py new 12_text\n",
    "00_text": "00 is the number of notebooks/00_start.ipynb, expected a free one: call python3 run.py new 01_text\n",
    "23_alone": "alone is taken by notebooks/02_alone.ipynb" + TAKEN,
    "23_tensor": "tensor is taken by course/exercises/tensor.py" + TAKEN,
    "23_exercise": "exercise is taken by course/exercises/exercise.py" + TAKEN,
    "23_solved": "solved is taken by course/exercises/solved.py" + TAKEN,
    "23_print": "print is taken by course/exercises/__init__.py" + TAKEN,
    "23_importlib": "importlib is taken by tests/wrong_answers/__init__.py" + TAKEN,
}


@pytest.mark.parametrize("name, sentence", REFUSED.items())
def test_a_name_that_is_none_or_taken_is_refused_and_nothing_is_made(course, capsys, name, sentence):
    before = files(course)
    assert cli.main(["new", name]) == 1
    assert capsys.readouterr() == ("", sentence)
    assert files(course) == before


def test_a_file_that_is_there_is_not_overwritten_and_no_other_is_made(course, capsys):
    (course / "tests" / "wrong_answers" / "sound.py").write_text("of an afternoon")
    before = files(course)
    assert cli.main(["new", "28_sound"]) == 1
    assert capsys.readouterr().err == (
        "tests/wrong_answers/sound.py exists already and is not overwritten: move it away, or "
        + OTHER.replace("23", "28")
    )
    assert files(course) == before


def test_a_package_without_its_two_lists_is_named_and_nothing_is_made(course, capsys):
    (course / INIT).write_text("from course.exercises import files, start\n\nMODULES: tuple = start, files\n")
    before = files(course)
    assert cli.main(["new", "28_sound"]) == 1
    assert capsys.readouterr().err == (
        f"{INIT} lacks the line `from course.exercises import …` or `MODULES = …`, "
        f"to which sound is added: write it as in git show HEAD:{INIT}\n"
    )
    assert files(course) == before


@pytest.mark.parametrize("renames", range(4))
def test_a_write_that_fails_leaves_all_as_it_was(course, capsys, monkeypatch, renames):
    before, replace, left = files(course), os.replace, iter(range(renames))

    def fail_at_last(*paths):
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        replace(*paths)

    monkeypatch.setattr(os, "replace", fail_at_last)
    assert cli.main(["new", "28_sound"]) == 1
    assert "No space left" in capsys.readouterr().err
    assert files(course) == before


def test_an_executed_skeleton_passes_all_tests_but_those_for_what_is_left_to_be_written(tmp_path, monkeypatch):
    """In a copy of the course, by its own commands and its own tests."""
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for file in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    move_course(monkeypatch, tmp_path)
    assert cli.main(["new", "29_skeleton"]) == 0
    costs = tmp_path / "course" / "upkeep" / "costs.json"  # to measure them takes longer than this test may
    costs.write_text(json.dumps(json.loads(costs.read_text()) | {"29_skeleton": dict(ratio=1, seconds=3, gigabytes=1)}))
    said = regenerate_and_test(tmp_path)
    assert "renewed in README.md: notebooks" in said, said
    failed = re.findall(r"^FAILED (?:tests/)?(\S+)", said, re.M)
    assert failed == [
        "test_exercises.py::test_no_exercise_and_no_wrong_answer_is_left_to_be_written[course.exercises]",
        "test_exercises.py::test_no_exercise_and_no_wrong_answer_is_left_to_be_written[wrong_answers]",
        "test_notebooks.py::test_a_committed_notebook_passes_the_gate[nothing_is_left_to_be_written-29_skeleton]",
        "test_solutions.py::test_committed_solutions_pass_the_gate[nothing_is_left_to_be_written-29_skeleton]",
    ], said
    for name in (
        "gate[the_parts_are_there-29",
        "mistake[skeleton.means-2",
        "told_apart[skeleton.spans",
        "[skeleton.centred]",
    ):
        assert re.search(rf"^PASSED .*{re.escape(name)}", said, re.M), f"{name} has not run"


BOTH = """
import sys
import pytest
from course.cli import main

sys.exit(main(["regenerate", "29_skeleton"]) or pytest.main(sys.argv[1:]))
"""


def regenerate_and_test(folder):
    """What the course in a folder says, on one Python, which takes seconds to import torch."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "COURSE_DEVICE": "cpu", "PYTHONUTF8": "1"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # timeout is the one that pyproject.toml needs
    words = ["-q", "-rA", "-p", "no:cacheprovider", "-p", "timeout"]
    words += ["-k", "29_skeleton or skeleton. or left_to_be_written or there_are_no"]
    words += [f"tests/test_{room}.py" for room in ("exercises", "notebooks", "solutions")]
    done = subprocess.run(
        [sys.executable, "-c", BOTH, *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return done.stdout
