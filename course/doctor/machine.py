"""The machine: folders that can be written, room on disk and in memory, the device, the proxy."""

import errno
import os
import shutil
import socket
import subprocess
import tempfile
import urllib.parse
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path

from course import _places
from course._machine import memory_limit
from course.doctor.check import Check

DISK = 1.0  # GB: the stand-in digits, executed notebooks, checkpoints
MEMORY = 2.0  # GB: what a notebook takes at most, and its browser
CLOUDS = ("OneDrive", "Dropbox", "iCloud", "Mobile Documents", "CloudStorage", "Google Drive")
SMI = 60  # seconds
DRIVER = "https://www.nvidia.com/drivers"


def check_folders() -> Iterator[Check]:
    """Whether the course can write where it has to: only a trial shows quotas, owners and read-only disks."""
    for folder in filter(Path.exists, (_places.ROOT, _places.NOTEBOOKS, _places.DATA)):
        try:
            _try_to_write(folder)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None))
            mend = "delete what you can spare" if full else "move the course to a folder of your own"
            yield Check("FAIL", f"nothing can be written in {folder} ({error.strerror}): {mend}")
    try:
        _try_to_write(None)
    except OSError as error:
        yield Check("FAIL", f"there is no place for temporary files ({error.strerror}): make room, or set TMPDIR")
    home = Path(os.path.expanduser("~"))
    try:
        _try_to_write(home)
    except OSError as error:
        yield Check(
            "note",
            f"nothing can be written in your home {home} ({error.strerror}), so what Jupyter and matplotlib keep there "
            f"goes to {_places.ROOT / 'build' / 'home'}: make room there, or set HOME to a folder of your own",
        )
    if cloud := next((part for part in _places.ROOT.parts if part.startswith(CLOUDS)), None):
        yield Check("note", f"the course is in {cloud}, which copies and locks its files: move it elsewhere")


def _try_to_write(folder: Path | None) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(2**20))


def check_disk() -> Iterator[Check]:
    free = shutil.disk_usage(_places.ROOT).free / 1e9
    if free < DISK:
        yield Check("FAIL", f"{free:.1f} GB free in {_places.ROOT}, expected {DISK:.0f}: delete what you can spare")
    else:
        yield Check("ok", f"{free:.0f} GB free in {_places.ROOT}")


def check_memory() -> Iterator[Check]:
    import psutil

    free = min(psutil.virtual_memory().available, memory_limit())
    if free < MEMORY * 1e9:
        yield Check(
            "note",
            f"{free / 1e9:.1f} GB of memory are free, and a notebook may take {MEMORY:.0f}; kernels "
            "die without: close other programs and kernels, or give the container more",
        )


def check_device() -> Iterator[Check]:
    import torch

    from course.device import describe_device, pick_device

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            device = pick_device()
            torch.ones(2, device=device).sum().item()
        except ValueError as error:
            yield Check("FAIL", str(error))
            return
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            yield Check("FAIL", f"torch cannot compute on {device} ({reason}): set COURSE_DEVICE=cpu")
            return
    yield Check("ok", describe_device(device))
    if device.type == "cpu" and not os.environ.get("COURSE_DEVICE"):
        yield from _unused_gpu([str(warning.message) for warning in said])


def _unused_gpu(said: list[str]) -> Iterator[Check]:
    """Why an NVIDIA GPU that its driver knows is not used; said: what torch warned of when it looked for one."""
    import torch

    program = shutil.which("nvidia-smi")
    if program is None:
        return
    command = [program, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SMI)
    except subprocess.TimeoutExpired:
        yield Check(
            "note", f"nvidia-smi does not end within {SMI} s: restart, or install its driver anew from {DRIVER}"
        )
        return
    gpu = (done.stdout.strip().splitlines() or ["nothing"])[0]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if done.returncode:
        yield Check("note", f"the NVIDIA driver does not answer ({gpu}): restart, or install it anew from {DRIVER}")
    elif torch.version.cuda is None:
        yield Check(
            "note",
            f"torch was built without CUDA and leaves the GPU unused ({gpu}): "
            "for another build see README.md, Data and hardware",
        )
    elif visible is not None:
        yield Check("note", f"CUDA_VISIBLE_DEVICES is {visible!r} and hides the GPU ({gpu}): unset it")
    else:
        reason = said[0].split(". ")[0] if said else "it gives no reason"
        yield Check("note", f"torch does not see the GPU ({gpu}): {reason}; update its driver from {DRIVER}")


def check_proxy() -> Iterator[Check]:
    """Whether the proxy for pip and downloads answers; JupyterLab on this machine asks none."""
    address = urllib.request.getproxies().get("https")
    if not address:
        return
    parts = urllib.parse.urlsplit(address if "://" in address else f"http://{address}")
    shown = parts.netloc.rpartition("@")[2]  # without a password
    try:
        socket.create_connection((parts.hostname, parts.port or 80), timeout=5).close()
    except (OSError, ValueError) as error:
        yield Check(
            "note",
            f"the proxy {shown} does not answer ({error}), so nothing can be installed or "
            "downloaded: correct HTTPS_PROXY, or unset it",
        )
    else:
        yield Check("ok", f"the proxy {shown} answers")
