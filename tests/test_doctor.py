"""The doctor names each thing that is missing or broken, with its mend."""

import errno
import importlib.metadata
import json
import math
import os
import platform
import shutil
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
from importlib.util import find_spec
from types import SimpleNamespace

import psutil
import pytest
import torch

from course import device, doctor
from course._places import ROOT
from course.doctor import check, data, jupyter, machine, packages, python
from course.doctor.check import REINSTALL, Check
from places import move_course

PY = f'"{sys.executable}"'
PIP = f"{PY} -m pip install"
pytestmark = pytest.mark.usefixtures("empty_data_folder")
needs_posix = pytest.mark.skipif(os.name == "nt", reason="Windows knows neither signals nor #! lines")


def pretend_version(monkeypatch, **versions):
    real = importlib.metadata.version

    def version(name):
        if name in versions and versions[name] is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions.get(name) or real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)


def put_first(monkeypatch, folder, **modules):
    """Let children find these modules, name to text, before the installed ones."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ["PYTHONPATH"]]))


def script(folder, name, text):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return str(folder / name)


def texts(look, state="FAIL"):
    return [found.text for found in look() if found.state == state]


# The doctor as a whole --------------------------------------------------------------------------------


def test_a_sound_installation_passes(capsys, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # though the environment may have been made for another clone
    assert doctor.examine() == 0, capsys.readouterr().out
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "all is well: you can start, by python3 run.py lab"
    assert {line.split()[0] for line in lines[:-1]} <= {"ok", "note"}


@pytest.fixture
def all_well(monkeypatch):
    for name in (name for name in vars(doctor).copy() if name.startswith("check_")):
        monkeypatch.setattr(doctor, name, lambda name=name: [Check("ok", name)])


def test_one_failure_sets_the_exit_status(all_well, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "check_data", lambda: [Check("FAIL", "no data: make some")])
    assert doctor.examine() == 1
    lines = capsys.readouterr().out.splitlines()
    assert "FAIL  no data: make some" in lines and "ok    check_proxy" in lines
    assert lines[-1] == f"1 of {len(lines) - 1} failed"


@pytest.mark.parametrize("name", ["names", "disk", "packages", "torch"])
def test_what_would_fail_for_this_is_not_looked_at(all_well, monkeypatch, capsys, name):
    monkeypatch.setattr(doctor, f"check_{name}", lambda: [Check("FAIL", "first")])
    assert doctor.examine() == 1
    text = capsys.readouterr().out
    assert "FAIL  first" in text and "check_kernel" not in text


def test_a_package_that_the_doctor_itself_needs_may_be_missing(all_well, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "check_kernel", jupyter.check_kernel)
    monkeypatch.setitem(sys.modules, "jupyter_client.kernelspec", None)  # importing it raises ImportError
    assert doctor.examine() == 1
    assert (
        f"FAIL  import of jupyter_client.kernelspec halted; None in sys.modules: {REINSTALL}"
    ) in capsys.readouterr().out.splitlines()


# Python -----------------------------------------------------------------------------------------------


def test_an_old_python_is_found(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    assert texts(python.check_python) == ["Python is 3.10.13, expected >=3.11: call run.py with a newer one"]


def test_a_python_of_32_bits_is_found(monkeypatch):
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    version = platform.python_version()
    assert texts(python.check_python) == [
        f"Python {version} has 32 bits, expected 64, as torch has: install a 64-bit Python"
    ]


def test_an_intel_python_on_macos_is_found(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert texts(python.check_python) == [
        f"Python {platform.python_version()} is built for Intel, and torch is not, on macOS: on a Mac with an "
        "Apple chip install a Python for Apple silicon, on another use conda (README.md)"
    ]


def test_files_that_hide_a_package_are_found(monkeypatch, tmp_path):
    (tmp_path / "notebooks").mkdir()
    for name in ("run.py", "random.py", "notebooks/torch.py", "notebooks/mine.py", "notebooks/numpy.txt"):
        (tmp_path / name).touch()
    move_course(monkeypatch, tmp_path)
    assert texts(python.check_names) == [
        f"{tmp_path / name}.py is taken for the package {package}, which it hides: rename it, then restart the kernel"
        for name, package in (("random", "random"), ("notebooks/torch", "torch"))
    ]


def test_packages_hidden_by_pythonpath_are_found(monkeypatch, tmp_path):
    for name in ("numpy", "torch", "tqdm", "scipy", "mine", "data"):
        (tmp_path / name).mkdir(exist_ok=True)
        if name != "data":
            (tmp_path / name / "__init__.py").touch()
    put_first(monkeypatch, tmp_path, random="", yours="")
    assert texts(python.check_paths) == [
        f"PYTHONPATH names {tmp_path}, which hides numpy, random, scipy and 2 more: unset PYTHONPATH"
    ]


def test_another_course_in_pythonpath_is_found_and_our_own_folder_is_none(monkeypatch, tmp_path):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(tmp_path)]))
    assert texts(python.check_paths) == [f"PYTHONPATH names {tmp_path}, which hides course: unset PYTHONPATH"]


def test_a_pythonpath_that_hides_nothing_is_no_failure(monkeypatch, tmp_path):
    put_first(monkeypatch, tmp_path, mine="")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(tmp_path / "nowhere"), str(tmp_path), ""]))
    assert list(python.check_paths()) == []


def test_packages_of_the_user_that_hide_those_of_conda_are_found(monkeypatch, tmp_path):
    env, own = tmp_path / "env", tmp_path / "own"
    for folder in (env / "conda-meta", env / "numpy", own / "numpy", own / "mine"):
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    monkeypatch.setattr(sys, "prefix", str(env))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(env))
    monkeypatch.setattr(site, "getusersitepackages", lambda: str(own))
    assert texts(python.check_paths) == []  # conda was told to leave them out
    monkeypatch.syspath_prepend(own)
    assert texts(python.check_paths) == [f"{own} hides numpy of {env}: set PYTHONNOUSERSITE=1"]


# Packages ---------------------------------------------------------------------------------------------


def test_a_changed_pyproject_is_found(monkeypatch, tmp_path):
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    move_course(monkeypatch, tmp_path)
    assert list(packages.check_install()) == []  # the course came without it
    (tmp_path / "pyproject.toml").write_text(text.replace('"numpy>=2.0"', '"numpy>=2.0", "sympy>=1.13"'))
    extras = ",".join(packages.EXTRAS)
    assert texts(packages.check_install) == [
        f'pyproject.toml has changed since the install (sympy>=1.13): {PIP} --editable "{tmp_path}[{extras}]"'
    ]


def test_this_course_was_installed_from_this_pyproject():
    assert list(packages.check_install()) == []


def test_a_pyproject_that_git_could_not_merge_is_found(monkeypatch, tmp_path):
    move_course(monkeypatch, tmp_path)
    (tmp_path / "pyproject.toml").write_text("<<<<<<< HEAD\n")
    assert texts(packages.check_install) == [
        f"{tmp_path / 'pyproject.toml'} cannot be read (Invalid statement (at line 1, column 1)): "
        "mend it, or fetch the course anew"
    ]


@pytest.mark.parametrize(
    "prefix, mend",
    [
        (".venv", "delete .venv, then run python3 run.py install"),
        ("conda", "run python3 run.py install, which gives the course a .venv of its own"),
    ],
)
def test_only_the_courses_own_environment_is_to_be_deleted(prefix, mend):
    code = (
        f"import sys; sys.prefix = {str(ROOT / prefix)!r}; from course.doctor.check import REINSTALL; print(REINSTALL)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == f"{mend}\n"


def test_a_missing_package_is_found(monkeypatch):
    pretend_version(monkeypatch, scipy=None)
    assert texts(packages.check_packages) == [f'scipy is missing: {PIP} "scipy>=1.15"']


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("nbval", 'only the tests need it: {PIP} "nbval>=0.11"'),
        ("numba", 'reading is slower without it: {PIP} "numba>=0.61"'),
        ("tensorboard", 'notebook 15 and `--curves` need it: {PIP} "tensorboard>=2.21"'),
    ],
)
def test_a_missing_extra_is_only_noted(monkeypatch, name, what):
    pretend_version(monkeypatch, **{name: None})
    checks = list(packages.check_packages())
    assert Check("note", f"{name} is missing; {what.format(PIP=PIP)}") in checks
    assert "FAIL" not in {found.state for found in checks}


def test_what_only_the_website_needs_is_no_news(monkeypatch):
    pretend_version(monkeypatch, sphinx=None)
    assert not any("sphinx" in found.text for found in packages.check_packages() if found.state != "ok")


def test_the_doctor_knows_every_extra():
    assert set(packages.EXTRAS) == set(importlib.metadata.metadata("course").get_all("Provides-Extra"))


def test_a_version_out_of_its_range_is_found(monkeypatch):
    pretend_version(monkeypatch, numpy="1.26.4")
    assert texts(packages.check_packages) == [f'numpy is 1.26.4, expected >=2.0: {PIP} "numpy>=2.0"']


def test_a_version_other_than_the_tested_one_is_only_noted(monkeypatch):
    tested = packages.tested_versions()
    pretend_version(monkeypatch, **tested | {"numpy": "2.99.1"})
    *_, note = packages.check_packages()
    assert note == Check("note", f"other versions than the tested ones: numpy 2.99.1 (tested: {tested['numpy']})")


def test_a_cpu_build_counts_as_the_tested_version(monkeypatch):
    tested = packages.tested_versions()
    pretend_version(monkeypatch, **tested | {"torch": f"{tested['torch']}+cpu"})
    assert [found.state for found in packages.check_packages()] == ["ok"]


SIGILL = "import os, signal; os.kill(os.getpid(), signal.SIGILL)"
OPENMP = "import os, sys; print('OMP: Error #15: Initializing', file=sys.stderr); os.abort()"


@pytest.mark.parametrize(
    ("text", "said", "mend"),
    [
        ('raise ImportError("libtorch.so: no")', "ImportError: libtorch.so: no", REINSTALL),
        (
            'raise OSError("[WinError 126] not found. Error loading c10.dll")',
            "OSError: [WinError 126] not found. Error loading c10.dll",
            "install the Microsoft Visual C++ Redistributable, https://aka.ms/vs/17/release/vc_redist.x64.exe",
        ),
        pytest.param(
            SIGILL,
            "ended by SIGILL",
            "this processor lacks instructions that torch needs: use another machine",
            marks=needs_posix,
        ),
        (OPENMP, "OMP: Error #15", f"two copies of OpenMP are installed, often by pip and conda together: {REINSTALL}"),
        ("import sys; sys.exit(3)", "exit status 3", REINSTALL),
    ],
    ids=["missing", "windows", "processor", "openmp", "silent"],
)
def test_a_torch_that_cannot_be_loaded_is_found(monkeypatch, tmp_path, text, said, mend):
    put_first(monkeypatch, tmp_path, torch=text)
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    assert texts(packages.check_torch) == [f"torch cannot be loaded ({said}): {mend}"]


@pytest.mark.skipif(sys.platform != "linux", reason="LD_LIBRARY_PATH is Linux's")
def test_libraries_that_stand_before_those_of_torch_are_found(monkeypatch, tmp_path):
    (tmp_path / "libstdc++.so.6").touch()
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    (text,) = texts(packages.check_torch)
    assert text.startswith("torch cannot be loaded (")
    assert text.endswith(f"libstdc++.so.6: file too short): LD_LIBRARY_PATH is {tmp_path}: unset it")


def test_a_torch_that_hangs_is_not_waited_for():
    assert check.why_it_fails("import time; time.sleep(60)", seconds=0.5) == "no end after 0.5 s"


def test_a_torchvision_for_another_torch_is_found(monkeypatch):
    pretend_version(monkeypatch, torch="2.15.0", torchvision="0.26.0")
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy", "torch==2.11.0"])
    assert texts(packages.check_pair) == [
        "torchvision 0.26.0 needs torch==2.11.0, but torch is 2.15.0: "
        f"install both from one index: {PIP} --upgrade torch torchvision"
    ]


def test_a_torchvision_of_another_build_is_found(monkeypatch):
    def refuse():
        raise RuntimeError("operator torchvision::nms does not exist")

    pretend_version(monkeypatch, torch="2.15.0+cpu", torchvision="0.29.2+cu132")
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy", "torch>=2.14.0"])
    monkeypatch.setattr(packages, "_call_torchvision", refuse)
    assert texts(packages.check_pair) == [
        "torchvision 0.29.2+cu132 does not work with torch 2.15.0+cpu "
        "(operator torchvision::nms does not exist): "
        f"install both from one index: {PIP} --upgrade torch torchvision"
    ]


# The machine ------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_is_found(monkeypatch, tmp_path):
    (tmp_path / "notebooks").touch()
    move_course(monkeypatch, tmp_path)
    (text,) = texts(machine.check_folders)
    assert text.startswith(f"nothing can be written in {tmp_path / 'notebooks'} (")
    assert text.endswith("): move the course to a folder of your own")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root, and Windows, may write there")
def test_a_folder_of_somebody_else_is_found(monkeypatch, tmp_path):
    move_course(monkeypatch, tmp_path)
    (tmp_path / "data").chmod(0o500)
    assert texts(machine.check_folders) == [
        f"nothing can be written in {tmp_path / 'data'} (Permission denied): move the course to a folder of your own"
    ]


def test_a_full_quota_is_found(monkeypatch, tmp_path):
    def refuse(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    move_course(monkeypatch, tmp_path)
    monkeypatch.setattr(machine, "_try_to_write", refuse)
    assert texts(machine.check_folders) == [
        f"nothing can be written in {folder} (No space left on device): delete what you can spare"
        for folder in (tmp_path, tmp_path / "data")
    ] + ["there is no place for temporary files (No space left on device): make room, or set TMPDIR"]


def test_a_home_that_cannot_be_written_is_noted_with_what_is_used_instead(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    move_course(monkeypatch, tmp_path)
    (text,) = texts(machine.check_folders, "note")
    assert text.startswith(f"nothing can be written in your home {home} (")
    assert text.endswith(
        f"), so what Jupyter and matplotlib keep there goes to {tmp_path / 'build' / 'home'}: "
        "make room there, or set HOME to a folder of your own"
    )


def test_no_place_for_temporary_files_is_found(monkeypatch, tmp_path):
    def refuse():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    move_course(monkeypatch, tmp_path)
    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    monkeypatch.setattr(tempfile, "_gettempdir", refuse)
    assert texts(machine.check_folders) == [
        "there is no place for temporary files (No usable temporary directory found in ['/tmp']): "
        "make room, or set TMPDIR"
    ]


def test_a_folder_that_a_cloud_copies_is_noted(monkeypatch, tmp_path):
    cloud = tmp_path / "OneDrive - School" / "course"
    cloud.mkdir(parents=True)
    move_course(monkeypatch, cloud)
    assert list(machine.check_folders()) == [
        Check("note", "the course is in OneDrive - School, which copies and locks its files: move it elsewhere")
    ]


def test_a_full_disk_is_found(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=3e8))
    assert texts(machine.check_disk) == [f"0.3 GB free in {ROOT}, expected 1: delete what you can spare"]


@pytest.mark.parametrize(("free", "limit"), [(5e8, math.inf), (8e9, 5e8), (5e8, 8e9)])
def test_little_memory_is_noted(monkeypatch, free, limit):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))
    monkeypatch.setattr(machine, "memory_limit", lambda: limit)
    assert list(machine.check_memory()) == [
        Check(
            "note",
            "0.5 GB of memory are free, and a notebook may take 2; kernels die without: "
            "close other programs and kernels, or give the container more",
        )
    ]


def test_enough_memory_is_worth_no_word(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2**32))
    monkeypatch.setattr(machine, "memory_limit", lambda: math.inf)
    assert list(machine.check_memory()) == []


def test_a_wish_for_cuda_without_cuda_is_found(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", "13.2")
    assert texts(machine.check_device) == [
        "COURSE_DEVICE is 'cuda', but torch sees no NVIDIA GPU or driver: check `nvidia-smi`, or choose cpu"
    ]


def test_a_device_that_cannot_compute_is_found(monkeypatch):
    def refuse(*args, **options):
        raise RuntimeError("CUDA error: no kernel image is available\nmore")

    monkeypatch.setattr(device, "pick_device", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch, "ones", refuse)
    assert texts(machine.check_device) == [
        "torch cannot compute on cuda (CUDA error: no kernel image is available): set COURSE_DEVICE=cpu"
    ]


@needs_posix
@pytest.mark.parametrize(
    ("smi", "cuda", "visible", "text"),
    [
        (
            "echo 'NVIDIA H200, 470.82'",
            "13.2",
            None,
            "torch does not see the GPU (NVIDIA H200, 470.82): CUDA initialization: The NVIDIA driver on your system "
            "is too old (found version 11040); update its driver from https://www.nvidia.com/drivers",
        ),
        (
            "echo 'NVIDIA H200, 590.1'",
            None,
            None,
            "torch was built without CUDA and leaves the GPU unused (NVIDIA H200, 590.1): "
            "for another build see README.md, Data and hardware",
        ),
        (
            "echo 'NVIDIA H200, 590.1'",
            "13.2",
            "",
            "CUDA_VISIBLE_DEVICES is '' and hides the GPU (NVIDIA H200, 590.1): unset it",
        ),
        (
            "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18",
            "13.2",
            None,
            "the NVIDIA driver does not answer (Failed to initialize NVML: Driver/library version mismatch): "
            "restart, or install it anew from https://www.nvidia.com/drivers",
        ),
    ],
    ids=["old driver", "cpu build", "hidden", "mismatch"],
)
def test_a_gpu_that_torch_does_not_see_is_noted(monkeypatch, tmp_path, smi, cuda, visible, text):
    def pick_device():
        import warnings

        warnings.warn(
            "CUDA initialization: The NVIDIA driver on your system is too old (found version 11040). "
            "Please update your GPU driver",
            UserWarning,
            stacklevel=1,
        )
        return torch.device("cpu")

    script(tmp_path / "bin", "nvidia-smi", smi)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setattr(device, "pick_device", pick_device)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert texts(machine.check_device, "note") == []  # COURSE_DEVICE=cpu: it is wanted so
    monkeypatch.delenv("COURSE_DEVICE")
    assert texts(machine.check_device, "note") == [text]


@needs_posix
def test_an_nvidia_driver_that_hangs_is_noted(monkeypatch, tmp_path):
    script(tmp_path / "bin", "nvidia-smi", "exec sleep 60")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setattr(machine, "SMI", 0.2)
    assert [found.text for found in machine._unused_gpu([])] == [
        "nvidia-smi does not end within 0.2 s: restart, or install its driver anew from https://www.nvidia.com/drivers"
    ]


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_a_proxy_that_does_not_answer_is_noted_without_its_password(monkeypatch, name):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv(name, f"http://me:secret@127.0.0.1:{port}")
        assert list(machine.check_proxy()) == [Check("ok", f"the proxy 127.0.0.1:{port} answers")]
    ((state, text),) = machine.check_proxy()
    assert state == "note" and text.startswith(f"the proxy 127.0.0.1:{port} does not answer (")
    assert text.endswith("), so nothing can be installed or downloaded: correct HTTPS_PROXY, or unset it")


def test_a_proxy_that_is_no_address_is_noted(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "127.0.0.1:many")
    ((state, text),) = machine.check_proxy()
    assert state == "note" and text.startswith("the proxy 127.0.0.1:many does not answer (")


def test_no_proxy_is_worth_no_word(monkeypatch):
    monkeypatch.setattr(machine.urllib.request, "getproxies", dict)
    assert list(machine.check_proxy()) == []


# Data and notebooks -----------------------------------------------------------------------------------

MERGED = '{\n<<<<<<< HEAD\n "cells": [],\n=======\n "cells": [1],\n>>>>>>> theirs\n}\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no notebook"),
        ("{}", "is no notebook"),
        ("[]", "is no notebook"),
        (MERGED, "holds two versions that git could not merge"),
    ],
)
def test_a_broken_notebook_is_found(monkeypatch, tmp_path, text, why):
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "05_optim.ipynb"
    path.write_text(text, newline="\n")
    move_course(monkeypatch, tmp_path)
    assert texts(data.check_notebooks) == [
        f'{path} {why}: keep a copy of your answers, then git checkout HEAD -- "notebooks/05_optim.ipynb"'
    ]


def test_missing_notebooks_are_found(monkeypatch, tmp_path):
    move_course(monkeypatch, tmp_path)
    assert texts(data.check_notebooks) == [
        f"{tmp_path / 'notebooks'} holds no notebook, expected files such as 00_start.ipynb: "
        "run this in the course's folder"
    ]


# Jupyter ----------------------------------------------------------------------------------------------


def test_a_missing_kernel_is_found(monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    def refuse(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", refuse)
    assert texts(jupyter.check_kernel) == [f"Jupyter has no kernel python3: {PY} -m ipykernel install --sys-prefix"]


def test_a_kernel_of_another_python_is_found_and_its_mend_helps(monkeypatch, tmp_path):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    other = str(tmp_path / "other" / "python")
    (folder / "kernel.json").write_text(json.dumps({"argv": [other, "-m", "ipykernel_launcher"]}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setattr(jupyter, "_try_kernel", lambda: Check("ok", "it starts"))
    assert texts(jupyter.check_kernel) == [
        f"Jupyter's kernel python3 starts {other}, expected {sys.executable}: move {folder} away"
    ]
    shutil.rmtree(folder)
    assert texts(jupyter.check_kernel) == []


@pytest.mark.parametrize("content", ["{", "[]", '{"argv": []}', "\xff"])
def test_a_kernel_that_cannot_be_read_is_found(monkeypatch, tmp_path, content):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(content, encoding="latin-1")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    (text,) = texts(jupyter.check_kernel)
    assert text.startswith("Jupyter's kernel python3 cannot be read (") and text.endswith(f"): move {folder} away")


def test_what_torch_says_on_stderr_is_not_taken_for_the_courses_place(monkeypatch, tmp_path):
    put_first(monkeypatch, tmp_path, torch="import sys; print('hello'); print('old driver', file=sys.stderr)")
    assert texts(jupyter.check_kernel) == []


def test_a_kernel_that_dies_at_its_start_is_found(monkeypatch, tmp_path):
    startup = tmp_path / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("import os, sys; print('my startup file', file=sys.__stderr__); os._exit(3)")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    (text,) = texts(jupyter.check_kernel)
    assert text == (
        "Jupyter's kernel does not start (my startup file): mend what this names; else let Python "
        f"through the firewall on 127.0.0.1; else {REINSTALL}"
    )


def test_a_kernel_whose_torch_fails_is_found(monkeypatch, tmp_path):
    put_first(monkeypatch, tmp_path, torch='raise ImportError("no torch")')
    assert texts(jupyter.check_kernel) == [f"Jupyter's kernel starts, but ImportError: no torch: {REINSTALL}"]


@needs_posix
def test_a_kernel_that_dies_of_torch_is_found(monkeypatch, tmp_path):
    put_first(monkeypatch, tmp_path, torch=SIGILL)
    (text,) = texts(jupyter.check_kernel)
    assert text.startswith("Jupyter's kernel starts, but cannot import torch (") and text.endswith(REINSTALL)


def test_a_kernel_with_another_course_is_found(monkeypatch, tmp_path):
    put_first(monkeypatch, tmp_path, torch="")
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "__init__.py").touch()
    assert texts(jupyter.check_kernel) == [
        f"Jupyter's kernel imports {tmp_path / 'course'}, expected {ROOT / 'course'}: "
        f'{PIP} --no-deps --editable "{ROOT}"'
    ]


def test_a_folder_that_jupyter_cannot_write_is_found(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "file" / "runtime"))
    monkeypatch.setattr(jupyter, "why_it_fails", lambda code: "")
    (text,) = texts(jupyter.check_lab)
    assert text.startswith(f"Jupyter cannot write in {tmp_path / 'file' / 'runtime'} (")
    assert text.endswith("): make it yours, or set JUPYTER_RUNTIME_DIR to a folder of your own")


@pytest.mark.skipif(find_spec("socksio") is not None, reason="with socksio installed it works")
def test_a_socks_proxy_that_jupyterlab_cannot_use_is_found(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    (text,) = texts(jupyter.check_lab)
    assert text.startswith("JupyterLab cannot be loaded (ImportError: Using SOCKS proxy")
    assert text.endswith("): unset ALL_PROXY, HTTP_PROXY and HTTPS_PROXY; nothing here needs them")


@needs_posix
def test_a_jupyter_of_another_python_is_noted(monkeypatch, tmp_path):
    other = script(tmp_path / "bin", "jupyter", "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setattr(jupyter, "why_it_fails", lambda code: "")
    assert list(jupyter.check_lab()) == [
        Check("note", f"the command jupyter is {other}, of another Python: open the notebooks by python3 run.py lab")
    ]
