"""Pick a device, describe it, wait for it, and seed every generator."""

import os
import platform
import random

import numpy as np
import torch

KINDS = ("cuda", "mps", "cpu")
MIXED = ("tensors to be on the same device", "is not on the expected device", "is on cpu", "weight type")


def pick_device(wish: str | None = None) -> torch.device:
    """Return the device to compute on: the wish, else `COURSE_DEVICE`, else the first of cuda, mps and cpu.

    wish: "cpu", "cuda", "cuda:1", "mps", or None.
    Raises: ValueError if the wish is no device, or is one that this machine lacks.
    """
    source = "wish" if wish else "COURSE_DEVICE"
    wish = wish or os.environ.get("COURSE_DEVICE")
    if not wish:
        return torch.device(next(kind for kind in KINDS if _count(kind)))
    try:
        device = torch.device(wish)
    except RuntimeError:
        device = None
    if device is None or device.type not in KINDS:
        raise ValueError(f"{source} is {wish!r}, expected cpu, cuda, cuda:N or mps: try cpu")
    count = _count(device.type)
    if (device.index or 0) >= count:
        raise ValueError(f"{source} is {wish!r}, but {_why_missing(device, count)}")
    return device


def _count(kind: str) -> int:
    if kind == "cuda":
        return torch.cuda.device_count() if torch.cuda.is_available() else 0
    return int(kind == "cpu" or torch.backends.mps.is_available())


def _why_missing(device: torch.device, count: int) -> str:
    if count:
        return f"this machine has {count} {device.type} device(s), counted from 0: try {device.type}:0"
    if device.type == "cuda" and torch.version.cuda is None:
        return "this torch was built without CUDA: install a CUDA build (see README), or choose cpu"
    if device.type == "cuda":
        return "torch sees no NVIDIA GPU or driver: check `nvidia-smi`, or choose cpu"
    return f"torch sees no {device.type} device here: choose cpu"


def describe_device(device: torch.device) -> str:
    """Return hardware and versions in one line that starts with "device: "."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
    versions = f"torch {torch.__version__}, numpy {np.__version__}, Python {platform.python_version()}"
    return f"device: {device} ({name}{threads}), {versions}, {platform.system()}"


def wait_for_device(device: torch.device | str) -> None:
    """Wait until the device has finished all work given to it; a CPU always has, when a call returns."""
    kind = torch.device(device).type
    if kind == "cuda":
        torch.cuda.synchronize(device)
    elif kind == "mps":
        torch.mps.synchronize()


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch (all devices) with one number."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def explain_device_error(error: Exception) -> str:
    """Return what a mixed-device error means and how to mend it; any other error comes back as its own text.

    Source: the messages of torch's dispatcher for operands on two devices.
    """
    text = str(error)
    if any(phrase in text for phrase in MIXED):
        return (
            "the operands live on different devices: move the model once with model.to(device) and every batch "
            "with x.to(device), y.to(device) before it meets the model"
        )
    return text
