"""The doctor names each thing that is missing or broken, with its mend."""
import importlib.metadata
import json
import shutil
import sys
from types import SimpleNamespace

import pytest
import torch

from course import device, doctor, mnist

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


def test_a_sound_installation_passes(capsys):
    assert doctor.main() == 0, capsys.readouterr().out
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "all is well"
    assert {line.split()[0] for line in lines[:-1]} <= {"ok", "note"}


def test_one_failure_sets_the_exit_status(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "check_disk", lambda: [doctor.Check("FAIL", "no room: make some")])
    assert doctor.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2] == "FAIL  no room: make some"
    assert lines[-1] == f"1 of {len(lines) - 1} failed"


def test_after_a_hidden_package_nothing_else_is_looked_at(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "check_names", lambda: [doctor.Check("FAIL", "torch.py: rename it")])
    monkeypatch.setattr(doctor, "check_packages", lambda: pytest.fail("it has looked"))
    assert doctor.main() == 1
    assert capsys.readouterr().out.splitlines()[1:] == ["FAIL  torch.py: rename it", "1 of 2 failed"]


def test_an_old_python_is_found(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    assert failures(doctor.check_python) == [
        "Python is 3.10.13, expected >=3.11: call run.py with a newer one"]


def test_a_missing_package_is_found(monkeypatch):
    pretend_version(monkeypatch, scipy=None)
    assert failures(doctor.check_packages) == [f'scipy is missing: {PY} "scipy>=1.14"']


def test_files_that_hide_a_package_are_found(monkeypatch, tmp_path):
    (tmp_path / "notebooks").mkdir()
    for name in ("run.py", "random.py", "notebooks/torch.py", "notebooks/mine.py", "notebooks/numpy.txt"):
        (tmp_path / name).touch()
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    assert failures(doctor.check_names) == [
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
    checks = list(doctor.check_packages())
    assert doctor.Check("note", f"{name} is missing; {what.format(PY=PY)}") in checks
    assert "FAIL" not in {check.state for check in checks}


def test_the_doctor_knows_every_extra():
    assert set(doctor.EXTRAS) == set(importlib.metadata.metadata("course").get_all("Provides-Extra"))


def test_a_version_out_of_its_range_is_found(monkeypatch):
    pretend_version(monkeypatch, numpy="1.26.4")
    assert failures(doctor.check_packages) == [f'numpy is 1.26.4, expected >=2.0: {PY} "numpy>=2.0"']


def test_a_version_other_than_the_tested_one_is_only_noted(monkeypatch):
    tested = doctor.tested_versions()
    pretend_version(monkeypatch, **tested | {"numpy": "2.99.1"})
    *_, note = doctor.check_packages()
    text = f"other versions than the tested ones: numpy 2.99.1 (tested: {tested['numpy']})"
    assert note == doctor.Check("note", text)


def test_a_cpu_build_counts_as_the_tested_version(monkeypatch):
    tested = doctor.tested_versions()
    pretend_version(monkeypatch, **tested | {"torch": f"{tested['torch']}+cpu"})
    assert [check.state for check in doctor.check_packages()] == ["ok"]


def test_a_torchvision_for_another_torch_is_found(monkeypatch):
    pretend_version(monkeypatch, torch="2.15.0", torchvision="0.26.0")
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy", "torch==2.11.0"])
    assert failures(doctor.check_pair) == [
        "torchvision 0.26.0 needs torch==2.11.0, but torch is 2.15.0: "
        f"install both from one index: {PY} --upgrade torch torchvision"]


def test_a_torchvision_of_another_build_is_found(monkeypatch):
    def refuse():
        raise RuntimeError("operator torchvision::nms does not exist")
    pretend_version(monkeypatch, torch="2.15.0+cpu", torchvision="0.29.2+cu132")
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy", "torch>=2.14.0"])
    monkeypatch.setattr(doctor, "_call_torchvision", refuse)
    assert failures(doctor.check_pair) == [
        "torchvision 0.29.2+cu132 does not work with torch 2.15.0+cpu "
        "(operator torchvision::nms does not exist): "
        f"install both from one index: {PY} --upgrade torch torchvision"]


def test_a_missing_torch_does_not_stop_the_doctor(monkeypatch, capsys):
    pretend_version(monkeypatch, torch=None)
    monkeypatch.setitem(sys.modules, "torch", None)  # `import torch` raises ImportError
    assert doctor.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert f'FAIL  torch is missing: {PY} "torch>=2.11"' in lines
    assert ("FAIL  import of torch halted; None in sys.modules: "
            "delete .venv, then run python3 run.py install") in lines
    assert lines[-1].endswith("failed")


def test_a_wish_for_cuda_without_cuda_is_found(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", "13.2")
    assert failures(doctor.check_device) == [
        "COURSE_DEVICE is 'cuda', but torch sees no NVIDIA GPU or driver: check `nvidia-smi`, or choose cpu"]


def test_a_device_that_cannot_compute_is_found(monkeypatch):
    def refuse(*args, **options):
        raise RuntimeError("CUDA error: no kernel image is available\nmore")
    monkeypatch.setattr(device, "pick_device", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch, "ones", refuse)
    assert failures(doctor.check_device) == [
        "torch cannot compute on cuda (CUDA error: no kernel image is available): set COURSE_DEVICE=cpu"]


def test_a_full_disk_is_found(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=3e8))
    assert failures(doctor.check_disk) == [
        f"0.3 GB free in {doctor.ROOT}, expected 1: delete what you can spare"]


def test_a_missing_kernel_is_found(monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    def refuse(self, name):
        raise NoSuchKernel(name)
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", refuse)
    assert failures(doctor.check_kernel) == [
        f'Jupyter has no kernel python3: "{sys.executable}" -m ipykernel install --sys-prefix']


def test_a_kernel_of_another_python_is_found(monkeypatch, tmp_path):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    other = str(tmp_path / "other" / "python")
    (folder / "kernel.json").write_text(json.dumps({"argv": [other, "-m", "ipykernel_launcher"]}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert failures(doctor.check_kernel) == [
        f"Jupyter's kernel python3 starts {other}, expected {sys.executable}: "
        f'"{sys.executable}" -m ipykernel install --sys-prefix']
