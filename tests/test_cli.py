"""The words of the console script do what they say."""

import errno
import hashlib
import inspect
import shutil

import nbformat
import numpy as np
import pytest
import torch

from course import _places, cli, device, doctor, mnist
from course.claims import bands
from course.exercises import EXERCISES
from course.mnist import files as mnist_files
from course.mnist import standin
from course.upkeep import costs, diff, notebooks, readme, solutions
from places import move_course

pytestmark = pytest.mark.usefixtures("empty_data_folder")


# data


def write_mnist(root):
    """Two images and labels a part: the right form, not the right content."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        images = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes(2 * 784)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(images)
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 3, 4]))
    return raw


def call_it_mnist(monkeypatch, raw):
    sums = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in raw.iterdir()}
    monkeypatch.setattr(mnist_files, "MD5", sums)


def test_status_says_which_data_are_here(tmp_path, capsys, monkeypatch):
    assert cli.main(["data"]) == 0
    file = tmp_path / "data" / standin.FILE
    assert capsys.readouterr().out == f"data: no MNIST; its stand-in {file} will be made on first use\n"
    file.write_bytes(b"")
    assert cli.main(["data", "status"]) == 0
    assert capsys.readouterr().out == f"data: no MNIST; its stand-in {file} is here\n"
    write_mnist(tmp_path)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert cli.main(["data"]) == 0
    assert capsys.readouterr().out == f"data: other in {tmp_path}, not MNIST, though its files are named so\n"
    call_it_mnist(monkeypatch, tmp_path / "MNIST/raw")
    assert cli.main(["data"]) == 0
    assert capsys.readouterr().out == f"data: MNIST in {tmp_path}\n"
    labels = tmp_path / "MNIST/raw/t10k-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\5")
    assert cli.main(["data"]) == 1
    assert capsys.readouterr().out.startswith(f"{labels} has md5 ")


def test_a_download_onto_other_data_is_refused(tmp_path, capsys, monkeypatch):
    raw = write_mnist(tmp_path / "data")
    monkeypatch.setattr("torchvision.datasets.MNIST", lambda *_, **__: pytest.fail("downloaded"))
    assert cli.main(["data", "download"]) == 1
    assert capsys.readouterr() == (
        "",
        f"{raw} holds other, expected MNIST: move the four files away and run `python3 run.py data download`, "
        "unless you want these data\n",
    )


def test_a_named_folder_without_mnist_fails(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert cli.main(["data"]) == 1
    assert capsys.readouterr().out == (
        f"COURSE_DATA is {tmp_path}, but {tmp_path / 'MNIST/raw'} has no MNIST: "
        "correct it, or unset it to use the stand-in\n"
    )
    write_mnist(tmp_path)
    (tmp_path / "MNIST/raw/t10k-labels-idx1-ubyte").unlink()
    assert [check.text for check in doctor.check_data()] == [
        f"{tmp_path / 'MNIST/raw'} lacks t10k-labels-idx1-ubyte, expected four files: "
        "run `python3 run.py data download`"
    ]


def test_verify_passes_what_is_right_and_says_when_there_is_nothing(tmp_path, capsys, monkeypatch):
    assert cli.main(["data", "verify"]) == 0
    assert capsys.readouterr().out == "neither MNIST nor the stand-in is here: nothing to verify\n"
    raw = write_mnist(tmp_path / "data")
    call_it_mnist(monkeypatch, raw)
    file = tmp_path / "data" / standin.FILE
    standin.write_cache(file, tuple(np.zeros(2, np.uint8) for _ in range(4)))
    assert cli.main(["data", "verify"]) == 0
    assert capsys.readouterr().out == (f"{raw}: the four files are MNIST, to the byte\n{file}: as it was made\n")


def test_verify_names_a_corrupted_mnist_file(tmp_path, capsys, monkeypatch):
    raw = write_mnist(tmp_path / "data")
    call_it_mnist(monkeypatch, raw)
    file = raw / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-1] + b"\5")
    assert cli.main(["data", "verify"]) == 1
    md5 = hashlib.md5(file.read_bytes()).hexdigest()
    assert capsys.readouterr().err == (
        f"{file} has md5 {md5}, expected {mnist_files.MD5[file.name]}, since train-labels-idx1-ubyte is MNIST's: "
        "move it away and run `python3 run.py data download`\n"
    )


def test_verify_names_a_corrupted_standin(tmp_path, capsys):
    file = tmp_path / "data" / standin.FILE
    standin.write_cache(file, tuple(np.zeros(100, np.uint8) for _ in range(4)))
    file.write_bytes(file.read_bytes()[:-30])
    assert cli.main(["data", "verify"]) == 1
    assert capsys.readouterr().err == f"{file} is damaged: delete it, it is made anew on first use\n"


def test_a_failed_download_is_one_sentence(tmp_path, capsys, monkeypatch):
    def refuse(root, download):
        raise RuntimeError("no network")

    monkeypatch.setattr("torchvision.datasets.MNIST", refuse)
    assert cli.main(["data", "download"]) == 1
    assert capsys.readouterr().err == (
        f"MNIST could not be downloaded to {tmp_path / 'data'}, nothing there has changed: "
        f"check the network, or copy the four files to {tmp_path / 'data' / 'MNIST/raw'} (no network)\n"
    )


# run


@pytest.fixture
def course_of_two(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    for name, source in (("00_good", "print(6 * 7)"), ("01_bad", "1 / 0")):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        nbformat.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
    move_course(monkeypatch, tmp_path)
    return tmp_path


def test_run_writes_the_executed_copy_and_leaves_the_notebook(course_of_two, capsys):
    before = (course_of_two / "notebooks" / "00_good.ipynb").read_bytes()
    assert cli.main(["run", "00"]) == 0
    assert capsys.readouterr().out == (
        f"00_good.ipynb ran\nall 1 ran; the executed copies are in {course_of_two / 'build'}\n"
    )
    (cell,) = nbformat.read(course_of_two / "build" / "00_good.ipynb", as_version=4).cells
    assert cell.outputs[0].text == "42\n"
    assert (course_of_two / "notebooks" / "00_good.ipynb").read_bytes() == before


def test_the_executed_copies_go_where_they_are_wanted(course_of_two, capsys):
    out = course_of_two / "out"
    assert cli.main(["run", "00", "--out", str(out)]) == 0
    assert nbformat.read(out / "00_good.ipynb", as_version=4).cells[0].outputs[0].text == "42\n"


def test_run_stops_at_the_first_error_with_cell_source_and_traceback(course_of_two, capsys):
    bad = str(course_of_two / "notebooks" / "01_bad.ipynb")
    assert cli.main(["run", bad, "00", "--out", str(course_of_two / "out")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{bad}, code cell 1 of 1:\n\n1 / 0\n" in captured.err
    assert "ZeroDivisionError: division by zero" in captured.err
    assert list((course_of_two / "out").iterdir()) == []


@pytest.fixture
def nothing_runs(monkeypatch):
    monkeypatch.setattr(notebooks, "execute", lambda *_, **__: pytest.fail("minutes are spent, and then lost"))


def cannot_be_used(place):
    return f"nothing can be written in {place} (it is no folder): check who owns it, or take another folder\n"


@pytest.mark.parametrize("costs", [[], ["--costs", "check"], ["--costs", "record"]])
def test_a_place_for_the_copies_that_cannot_be_written_is_named_before_anything_runs(
    course_of_two, nothing_runs, capsys, costs
):
    (course_of_two / "file").touch()
    assert cli.main(["run", "00", "--out", str(course_of_two / "file"), *costs]) == 1
    assert capsys.readouterr() == ("", cannot_be_used(course_of_two / "file"))


def test_a_record_that_cannot_be_renewed_is_named_before_anything_runs(
    course_of_two, nothing_runs, capsys, monkeypatch
):
    (course_of_two / "file").touch()
    monkeypatch.setattr(bands, "BANDS", course_of_two / "file" / "bands.json")
    assert cli.main(["claims", "00"]) == 1
    monkeypatch.setattr(costs, "COSTS", course_of_two / "file" / "costs.json")
    assert cli.main(["run", "00", "--costs", "record"]) == 1
    assert capsys.readouterr() == ("", cannot_be_used(course_of_two / "file") * 2)
    monkeypatch.setattr(bands, "BANDS", course_of_two / "bands.json")
    bands.BANDS.write_text("<<<<<<< HEAD")
    assert cli.main(["claims", "00"]) == 1
    assert capsys.readouterr().err.startswith(f"{bands.BANDS} is no record (")


def test_notebooks_that_cannot_be_renewed_in_place_are_not_run(course_of_two, nothing_runs, capsys, monkeypatch):
    def refuse(dir):
        raise OSError(errno.EROFS, "Read-only file system", str(dir))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert cli.main(["regenerate", "00"]) == 1
    assert capsys.readouterr().err == (
        f"nothing can be written in {course_of_two / 'notebooks'} (Read-only file system): "
        "check who owns it, or take another folder\n"
    )


def test_what_the_system_refuses_is_a_sentence_without_a_number(monkeypatch, capsys):
    def refuse():
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(doctor, "examine", refuse)
    assert cli.main(["doctor"]) == 1
    assert capsys.readouterr().err == (
        "a file cannot be used (No space left on device): check the path, its owner, and the room on its disk\n"
    )


def test_a_notebook_of_the_course_is_found_by_its_file_name_from_any_folder(course_of_two, capsys):
    assert cli.main(["run", "00_good.ipynb"]) == 0
    assert capsys.readouterr().out.startswith("00_good.ipynb ran\n")


@pytest.mark.parametrize("name", ["07", "good", "elsewhere/00_good.ipynb"])
def test_an_unknown_notebook_lists_the_known_ones(course_of_two, capsys, name):
    assert cli.main(["run", name]) == 1
    assert capsys.readouterr().err == f"no notebook starts with {name!r}, expected one of 00_good, 01_bad\n"


def test_without_names_all_notebooks_run_in_order(course_of_two, capsys):
    assert cli.main(["run"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "00_good.ipynb ran\n"
    assert "01_bad.ipynb, code cell 1 of 1" in captured.err


def test_regenerate_writes_in_place_and_renews_the_solutions_and_the_readme(course_of_two, capsys, monkeypatch):
    renewed, solved_after = [], []
    monkeypatch.setattr(solutions, "write_solutions", lambda path, progress: solved_after.append(path))
    monkeypatch.setattr(readme, "update_readme", lambda *arguments: renewed.append(arguments) or ["surprises"])
    good, bad = (course_of_two / "notebooks" / f"{name}.ipynb" for name in ("00_good", "01_bad"))
    assert cli.main(["regenerate", "00"]) == 0
    assert nbformat.read(good, as_version=4).cells[0].outputs[0].text == "42\n"
    assert solved_after == [good] and renewed == [(course_of_two / "README.md", [good, bad])]
    assert capsys.readouterr().out.endswith("all 1 ran in place; renewed in README.md: surprises\n")


def test_regenerate_leaves_a_notebook_that_fails_and_the_readme(course_of_two, capsys, monkeypatch):
    monkeypatch.setattr(readme, "update_readme", lambda *arguments: pytest.fail("renewed"))
    monkeypatch.setattr(solutions, "write_solutions", lambda path, progress: None)
    bad = course_of_two / "notebooks" / "01_bad.ipynb"
    before = bad.read_bytes()
    assert cli.main(["regenerate"]) == 1
    assert bad.read_bytes() == before
    assert "ZeroDivisionError: division by zero" in capsys.readouterr().err


@pytest.fixture
def cheap(course_of_two, monkeypatch):
    """A notebook that costs two reference cells, without running anything."""
    monkeypatch.setattr(costs, "COSTS", course_of_two / "costs.json")
    monkeypatch.setattr(mnist, "load_data", lambda: None)
    monkeypatch.setattr(costs, "measure_cost", lambda path, out, progress: costs.Cost(2.0, 30.0, 0.5))
    monkeypatch.setattr(readme, "update_readme", lambda *arguments: [])
    return course_of_two


def test_recorded_costs_are_checked_and_a_dear_notebook_sets_the_exit_status(cheap, capsys, monkeypatch):
    assert cli.main(["run", "00", "--costs", "check"]) == 1
    assert "00_good has no recorded cost: " in capsys.readouterr().out
    assert cli.main(["run", "00", "--costs", "record"]) == 0
    assert cli.main(["run", "00", "--costs", "check"]) == 0
    line = "00_good             2.0 reference cells   0.50 GB\n"
    end = f"all 1 ran, at their usual cost; the executed copies are in {cheap / 'build'}\n"
    assert capsys.readouterr().out == 2 * (line + end)
    monkeypatch.setattr(costs, "measure_cost", lambda path, out, progress: costs.Cost(3.1, 30.0, 0.5))
    assert cli.main(["run", "00", "--costs", "check"]) == 1
    assert "00_good costs 3.1 times the reference cell, expected at most 1.5 times" in capsys.readouterr().out


def test_measured_copies_go_where_they_are_wanted_too(cheap, monkeypatch):
    outs = []
    monkeypatch.setattr(costs, "measure_cost", lambda path, out, progress: outs.append(out) or costs.Cost(2, 3, 1))
    cli.main(["run", "00", "--costs", "record", "--out", str(cheap / "out")])
    assert outs == [cheap / "out" / "00_good.ipynb"]


def test_costs_are_those_of_the_cpu(cheap, capsys, monkeypatch):
    monkeypatch.setattr(device, "pick_device", lambda: torch.device("cuda"))
    assert cli.main(["run", "--costs", "check"]) == 1
    assert capsys.readouterr().err == "device is cuda, but costs are those of the CPU: set COURSE_DEVICE=cpu\n"


def test_diff_tells_what_changed_here_or_in_the_executed_copies(course_of_two, capsys, monkeypatch):
    monkeypatch.setattr(diff, "report", lambda path, new, since: [f"{path.stem}: {new.parent.name} {since}"])
    assert cli.main(["diff"]) == 0
    assert capsys.readouterr().out == "00_good: notebooks HEAD\n01_bad: notebooks HEAD\n"
    (course_of_two / "copies").mkdir()
    shutil.copy(course_of_two / "notebooks" / "00_good.ipynb", course_of_two / "copies")
    assert cli.main(["diff", "--out", str(course_of_two / "copies"), "--since", "v1"]) == 0
    assert capsys.readouterr().out == "00_good: copies v1\n"
    assert cli.main(["diff", "01", "--out", str(course_of_two / "copies")]) == 1
    folder = course_of_two / "copies"
    said = f"{folder} holds none of these notebooks: call python3 run.py run --out {folder}\n"
    assert capsys.readouterr() == ("", said)


def test_claims_are_measured_recorded_and_told(course_of_two, capsys, monkeypatch):
    monkeypatch.setattr(bands, "BANDS", course_of_two / "bands.json")
    monkeypatch.setattr(readme, "update_readme", lambda *arguments: [])
    source = (
        "from course.claims import measured, verdict\nSEED = 0\nprint('data: digits')\n"
        "verdict('c3', 'holds', '{end}', 'digits', end=measured(SEED % 300))"
    )
    path = course_of_two / "notebooks" / "00_good.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), path)
    assert cli.main(["claims", "00", "--seeds", "3"]) == 0
    assert capsys.readouterr().out == "c3 · holds · 3 of 3 seeds, data: digits\n"
    kept = bands.BANDS.read_bytes()
    assert bands.read_bands()["c3"]["measured"]["digits"]["figures"]["end"]["runs"] == [0, 100, 200]
    assert cli.main(["claims", "00", "--seeds", "2", "--check"]) == 0
    assert capsys.readouterr().out == "with 2 other seeds all figures lie in their bands\n"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source.replace("% 300", "+ 700"))]), path)
    assert cli.main(["claims", "00", "--seeds", "2", "--check"]) == 1
    assert capsys.readouterr().out == "".join(
        f"c3 gives {run} for end, expected -200 to 400, since 3 runs gave 0 to 200: "
        "undo what you have changed above, or say why it moved\n"
        for run in (1000, 1100)
    )
    assert bands.BANDS.read_bytes() == kept


@pytest.mark.parametrize("word", cli.WORDS, ids=lambda word: word.name)
def test_each_word_has_its_line_of_help_and_a_function_that_takes_its_arguments(word, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([word.name, "--help"])
    assert stop.value.code == 0
    assert word.help in " ".join(capsys.readouterr().out.split())
    assert list(inspect.signature(word.function).parameters) == [name.strip("-") for name in word.arguments]


def test_the_doctor_says_what_is_broken(monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda: 3)
    assert cli.main(["doctor"]) == 3


def test_a_wrong_word_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["docter"])
    assert stop.value.code == 2
    assert "invalid choice: 'docter'" in capsys.readouterr().err


# progress


def test_progress_tells_what_is_solved_and_what_is_left(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(_places, "SOLVED", tmp_path / ".solved")
    (tmp_path / ".solved").write_text("devices.timer\n09.step\ngone.with\n")
    assert cli.main(["progress"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "12_devices       2 of 3   left: devices.waits" in lines
    assert lines[-1] == f"exercises solved: 2 of {len(EXERCISES)}"
    (tmp_path / ".solved").write_text("devices.timer devices.step devices.waits")
    assert cli.main(["progress"]) == 0
    assert "12_devices       3 of 3" in capsys.readouterr().out.splitlines()


def test_rubbish_among_what_is_solved_hides_nothing_else(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(_places, "SOLVED", tmp_path / ".solved")
    (tmp_path / ".solved").write_bytes(b"devices.timer\n\xff\xfe\0 .. 99.\n")
    assert cli.main(["progress"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"exercises solved: 1 of {len(EXERCISES)}"
