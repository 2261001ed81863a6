"""The doctor names each thing that is missing or broken, with its mend; data and run do what they say."""
import importlib.metadata
import json
import shutil
import sys
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import torch

from course import cli, device, digits, mnist, readme
from course.exercises import EXERCISES, solved

PY = f'"{sys.executable}" -m pip install'


@pytest.fixture(autouse=True)
def empty_data_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    monkeypatch.setattr(mnist, "DATA", tmp_path / "data")
    (tmp_path / "data").mkdir()


def pretend_version(monkeypatch, **versions):
    real = importlib.metadata.version

    def version(name):
        if name in versions and versions[name] is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions.get(name) or real(name)
    monkeypatch.setattr(importlib.metadata, "version", version)


def failures(look):
    return [check.text for check in look() if check.state == "FAIL"]


# doctor


def test_a_sound_installation_passes(capsys):
    assert cli.main(["doctor"]) == 0, capsys.readouterr().out
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "all is well"
    assert {line.split()[0] for line in lines[:-1]} <= {"ok", "note"}


def test_one_failure_sets_the_exit_status(monkeypatch, capsys):
    monkeypatch.setattr(cli, "check_disk", lambda: [cli.Check("FAIL", "no room: make some")])
    assert cli.main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2] == "FAIL  no room: make some"
    assert lines[-1] == f"1 of {len(lines) - 1} failed"


def test_after_a_hidden_package_nothing_else_is_looked_at(monkeypatch, capsys):
    monkeypatch.setattr(cli, "check_names", lambda: [cli.Check("FAIL", "torch.py: rename it")])
    monkeypatch.setattr(cli, "check_packages", lambda: pytest.fail("it has looked"))
    assert cli.main(["doctor"]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == ["FAIL  torch.py: rename it", "1 of 2 failed"]


def test_an_old_python_is_found(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    assert failures(cli.check_python) == [
        "Python is 3.10.13, expected >=3.11: call run.py with a newer one"]


def test_a_missing_package_is_found(monkeypatch):
    pretend_version(monkeypatch, scipy=None)
    assert failures(cli.check_packages) == [f'scipy is missing: {PY} "scipy>=1.14"']


def test_files_that_hide_a_package_are_found(monkeypatch, tmp_path):
    (tmp_path / "notebooks").mkdir()
    for name in ("run.py", "random.py", "notebooks/torch.py", "notebooks/mine.py", "notebooks/numpy.txt"):
        (tmp_path / name).touch()
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    assert failures(cli.check_names) == [
        f"{tmp_path / name}.py is taken for the package {package}, which it hides: rename it"
        for name, package in (("random", "random"), ("notebooks/torch", "torch"))
    ]


@pytest.mark.parametrize(("name", "what"), [
    ("nbval", 'only the tests need it: {PY} "nbval>=0.11"'),
    ("numba", 'reading is slower without it: {PY} "numba>=0.61"'),
    ("tensorboard", 'notebook 09 and `--curves` need it: {PY} "tensorboard>=2.21"'),
])
def test_a_missing_extra_is_only_noted(monkeypatch, name, what):
    pretend_version(monkeypatch, **{name: None})
    checks = list(cli.check_packages())
    assert cli.Check("note", f"{name} is missing; {what.format(PY=PY)}") in checks
    assert "FAIL" not in {check.state for check in checks}


def test_the_doctor_knows_every_extra():
    assert set(cli.EXTRAS) == set(importlib.metadata.metadata("course").get_all("Provides-Extra"))


def test_a_version_out_of_its_range_is_found(monkeypatch):
    pretend_version(monkeypatch, numpy="1.26.4")
    assert failures(cli.check_packages) == [f'numpy is 1.26.4, expected >=2.0: {PY} "numpy>=2.0"']


def test_a_version_other_than_the_tested_one_is_only_noted(monkeypatch):
    tested = cli.tested_versions()
    pretend_version(monkeypatch, **tested | {"numpy": "2.99.1"})
    *_, note = cli.check_packages()
    text = f"other versions than the tested ones: numpy 2.99.1 (tested: {tested['numpy']})"
    assert note == cli.Check("note", text)


def test_a_cpu_build_counts_as_the_tested_version(monkeypatch):
    tested = cli.tested_versions()
    pretend_version(monkeypatch, **tested | {"torch": f"{tested['torch']}+cpu"})
    assert [check.state for check in cli.check_packages()] == ["ok"]


def test_a_torchvision_for_another_torch_is_found(monkeypatch):
    pretend_version(monkeypatch, torch="2.15.0", torchvision="0.26.0")
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy", "torch==2.11.0"])
    assert failures(cli.check_pair) == [
        "torchvision 0.26.0 needs torch==2.11.0, but torch is 2.15.0: "
        f"install both from one index: {PY} --upgrade torch torchvision"]


def test_a_torchvision_of_another_build_is_found(monkeypatch):
    def refuse():
        raise RuntimeError("operator torchvision::nms does not exist")
    pretend_version(monkeypatch, torch="2.15.0+cpu", torchvision="0.29.2+cu132")
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy", "torch>=2.14.0"])
    monkeypatch.setattr(cli, "_call_torchvision", refuse)
    assert failures(cli.check_pair) == [
        "torchvision 0.29.2+cu132 does not work with torch 2.15.0+cpu "
        "(operator torchvision::nms does not exist): "
        f"install both from one index: {PY} --upgrade torch torchvision"]


def test_a_missing_torch_does_not_stop_the_doctor(monkeypatch, capsys):
    pretend_version(monkeypatch, torch=None)
    monkeypatch.setitem(sys.modules, "torch", None)  # `import torch` raises ImportError
    assert cli.main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert f'FAIL  torch is missing: {PY} "torch>=2.11"' in lines
    assert ("FAIL  import of torch halted; None in sys.modules: "
            "delete .venv, then run python3 run.py install") in lines
    assert lines[-1].endswith("failed")


def test_a_wish_for_cuda_without_cuda_is_found(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", "13.2")
    assert failures(cli.check_device) == [
        "COURSE_DEVICE is 'cuda', but torch sees no NVIDIA GPU or driver: check `nvidia-smi`, or choose cpu"]


def test_a_device_that_cannot_compute_is_found(monkeypatch):
    def refuse(*args, **options):
        raise RuntimeError("CUDA error: no kernel image is available\nmore")
    monkeypatch.setattr(device, "pick_device", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch, "ones", refuse)
    assert failures(cli.check_device) == [
        "torch cannot compute on cuda (CUDA error: no kernel image is available): set COURSE_DEVICE=cpu"]


def test_a_full_disk_is_found(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=3e8))
    assert failures(cli.check_disk) == [
        f"0.3 GB free in {cli.ROOT}, expected 1: delete what you can spare"]


def test_a_missing_kernel_is_found(monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    def refuse(self, name):
        raise NoSuchKernel(name)
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", refuse)
    assert failures(cli.check_kernel) == [
        f'Jupyter has no kernel python3: "{sys.executable}" -m ipykernel install --sys-prefix']


def test_a_kernel_of_another_python_is_found(monkeypatch, tmp_path):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    other = str(tmp_path / "other" / "python")
    (folder / "kernel.json").write_text(json.dumps({"argv": [other, "-m", "ipykernel_launcher"]}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert failures(cli.check_kernel) == [
        f"Jupyter's kernel python3 starts {other}, expected {sys.executable}: "
        f'"{sys.executable}" -m ipykernel install --sys-prefix']


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


def test_status_says_which_data_are_here(tmp_path, capsys, monkeypatch):
    assert cli.main(["data"]) == 0
    standin = tmp_path / "data" / digits.FILE
    assert capsys.readouterr().out == f"data: no MNIST; its stand-in {standin} will be made on first use\n"
    standin.write_bytes(b"")
    assert cli.main(["data", "status"]) == 0
    assert capsys.readouterr().out == f"data: no MNIST; its stand-in {standin} is here\n"
    write_mnist(tmp_path)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert cli.main(["data"]) == 0
    assert capsys.readouterr().out == f"data: MNIST in {tmp_path}\n"


def test_a_named_folder_without_mnist_fails(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert cli.main(["data"]) == 1
    assert capsys.readouterr().out == (
        f"COURSE_DATA is {tmp_path}, but {tmp_path / 'MNIST/raw'} has no MNIST: "
        "correct it, or unset it to use the stand-in\n")
    write_mnist(tmp_path)
    (tmp_path / "MNIST/raw/t10k-labels-idx1-ubyte").unlink()
    assert failures(cli.check_data) == [
        f"{tmp_path / 'MNIST/raw'} lacks t10k-labels-idx1-ubyte, expected four files: "
        "run `course data download`"]


def test_verify_passes_what_is_right_and_says_when_there_is_nothing(tmp_path, capsys, monkeypatch):
    assert cli.main(["data", "verify"]) == 0
    assert capsys.readouterr().out == "neither MNIST nor the stand-in is here: nothing to verify\n"
    raw = write_mnist(tmp_path / "data")
    monkeypatch.setattr(mnist, "MD5", {path.name: mnist.hashlib.md5(path.read_bytes()).hexdigest()
                                       for path in raw.iterdir()})
    standin = tmp_path / "data" / digits.FILE
    digits.write_cache(standin, tuple(np.zeros(2, np.uint8) for _ in range(4)))
    assert cli.main(["data", "verify"]) == 0
    assert capsys.readouterr().out == (
        f"{raw}: the four files are MNIST, to the byte\n{standin}: as it was made\n")


def test_verify_names_a_corrupted_mnist_file(tmp_path, capsys):
    raw = write_mnist(tmp_path / "data")
    assert cli.main(["data", "verify"]) == 1
    file = raw / "train-images-idx3-ubyte"
    md5 = mnist.hashlib.md5(file.read_bytes()).hexdigest()
    assert capsys.readouterr().err == (
        f"{file} has md5 {md5}, expected {mnist.MD5[file.name]}: delete it and run `course data download`\n")


def test_verify_names_a_corrupted_standin(tmp_path, capsys):
    standin = tmp_path / "data" / digits.FILE
    digits.write_cache(standin, tuple(np.zeros(100, np.uint8) for _ in range(4)))
    standin.write_bytes(standin.read_bytes()[:-30])
    assert cli.main(["data", "verify"]) == 1
    assert capsys.readouterr().err == f"{standin} is damaged: delete it, it is made anew on first use\n"


def test_a_failed_download_is_one_sentence(tmp_path, capsys, monkeypatch):
    def refuse(root, download):
        raise RuntimeError("no network")
    monkeypatch.setattr(mnist.datasets, "MNIST", refuse)
    assert cli.main(["data", "download"]) == 1
    assert capsys.readouterr().err == (
        f"MNIST could not be downloaded to {tmp_path / 'data'}, nothing there has changed: "
        f"check the network, or copy the four files to {tmp_path / 'data' / 'MNIST/raw'} (no network)\n")


# run


@pytest.fixture
def course_of_two(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    for name, source in (("00_good", "print(6 * 7)"), ("01_bad", "1 / 0")):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        nbformat.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    return tmp_path


def test_run_writes_the_executed_copy_and_leaves_the_notebook(course_of_two, capsys):
    before = (course_of_two / "notebooks" / "00_good.ipynb").read_bytes()
    assert cli.main(["run", "00"]) == 0
    assert capsys.readouterr().out == (
        f"00_good.ipynb ran\nall 1 ran; the executed copies are in {course_of_two / 'build'}\n")
    cell, = nbformat.read(course_of_two / "build" / "00_good.ipynb", as_version=4).cells
    assert cell.outputs[0].text == "42\n"
    assert (course_of_two / "notebooks" / "00_good.ipynb").read_bytes() == before


def test_run_stops_at_the_first_error_with_cell_source_and_traceback(course_of_two, capsys):
    bad = str(course_of_two / "notebooks" / "01_bad.ipynb")
    assert cli.main(["run", bad, "00", "--out", str(course_of_two / "out")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{bad}, code cell 1 of 1:\n\n1 / 0\n" in captured.err
    assert "ZeroDivisionError: division by zero" in captured.err
    assert not (course_of_two / "out").exists()


def test_an_unknown_notebook_lists_the_known_ones(course_of_two, capsys):
    assert cli.main(["run", "07"]) == 1
    assert capsys.readouterr().err == "no notebook starts with '07', expected one of 00_good, 01_bad\n"


def test_without_names_all_notebooks_run_in_order(course_of_two, capsys):
    assert cli.main(["run"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "00_good.ipynb ran\n"
    assert "01_bad.ipynb, code cell 1 of 1" in captured.err


def test_regenerate_writes_in_place_and_renews_the_readme(course_of_two, capsys, monkeypatch):
    renewed = []
    monkeypatch.setattr(readme, "update_readme", lambda *arguments: renewed.append(arguments) or ["claims"])
    good, bad = (course_of_two / "notebooks" / f"{name}.ipynb" for name in ("00_good", "01_bad"))
    assert cli.main(["regenerate", "00"]) == 0
    assert nbformat.read(good, as_version=4).cells[0].outputs[0].text == "42\n"
    assert renewed == [(course_of_two / "README.md", [good, bad])]
    assert capsys.readouterr().out.endswith("all 1 ran in place; renewed in README.md: claims\n")


def test_regenerate_leaves_a_notebook_that_fails_and_the_readme(course_of_two, capsys, monkeypatch):
    monkeypatch.setattr(readme, "update_readme", lambda *arguments: pytest.fail("renewed"))
    bad = course_of_two / "notebooks" / "01_bad.ipynb"
    before = bad.read_bytes()
    assert cli.main(["regenerate"]) == 1
    assert bad.read_bytes() == before
    assert "ZeroDivisionError: division by zero" in capsys.readouterr().err


def test_a_wrong_word_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["docter"])
    assert stop.value.code == 2
    assert "invalid choice: 'docter'" in capsys.readouterr().err


# progress


def test_progress_tells_what_is_solved_and_what_is_left(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(solved, "SOLVED", tmp_path / ".solved")
    (tmp_path / ".solved").write_text("09.timer\n09.step\ngone.with\n")
    assert cli.main(["progress"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2] == "09_devices       2 of 3   left: 09.waits"
    assert lines[-1] == f"2 of {len(EXERCISES)} exercises are solved"
    (tmp_path / ".solved").write_text("09.timer 09.step 09.waits")
    assert cli.main(["progress"]) == 0
    assert capsys.readouterr().out.splitlines()[-2] == "09_devices       3 of 3"
