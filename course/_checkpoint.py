"""Checkpoint files: written whole, read without running code, and held against the run that they shall fill.

Where the random numbers stood is part of a checkpoint, so that a run goes on to the same numbers.
"""

from copy import deepcopy
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import ZipFile

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from course._atomic import reworded, written_whole


def save_checkpoint(state: dict, path: str | Path) -> None:
    """Write a checkpoint whole or not at all."""
    buffer = BytesIO()
    torch.save(state, buffer)
    try:
        with written_whole(path) as part:
            part.write_bytes(buffer.getbuffer())
    except OSError as error:
        text = f"cannot write checkpoint {path} ({error.strerror or error}): free some space or name another folder"
        raise reworded(error, text) from error


def load_checkpoint(path: str | Path) -> dict:
    """Read a checkpoint: tensors and plain values only, never code (`weights_only`); tensors arrive on the CPU.

    Raises: FileNotFoundError if it is not there, OSError if it cannot be read, ValueError if it is damaged or
        something else.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"no checkpoint at {path}") from None
    state, reason = None, None
    if data.startswith(b"PK\x03\x04"):  # a zip, as torch writes them
        if not _is_whole(data):
            raise ValueError(f"checkpoint {path} is damaged: delete it to start anew")
        try:
            state = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
        except (UnpicklingError, RuntimeError) as error:
            if "DefaultCPUAllocator" in str(error):  # out of memory
                raise
            reason = error
    if not isinstance(state, dict):
        raise ValueError(f"{path} is not a checkpoint: name another file") from reason
    return state


def _is_whole(data: bytes) -> bool:
    """Whether the sums in a zip file are right; torch would read over a wrong one."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            return archive.testzip() is None
    except MemoryError:
        raise
    except Exception:  # zipfile raises a dozen kinds
        return False


def read_settings(model: nn.Module, optimizer: Optimizer, scheduler: object) -> dict[str, Any]:
    """Return kinds and numbers of an optimizer and a scheduler (or None), each under the expression that gives it."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = [group | {"params": [names.get(id(p)) for p in group["params"]]} for group in optimizer.param_groups]
    found = {"optimizer": type(optimizer).__name__, "scheduler": scheduler and type(scheduler).__name__}
    found |= _leaves("optimizer.param_groups", groups)
    return found if scheduler is None else found | _leaves("scheduler.state_dict()", scheduler.state_dict())


def _leaves(name: str, value: Any) -> dict[str, Any]:
    """Return what is in a nest of dicts and lists, plain, each under the expression that gives it."""
    if type(value) is dict or isinstance(value, list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        leaves = {f"len({name})": len(value)} if isinstance(value, list) else {}
        for key, part in inner:
            leaves |= _leaves(f"{name}[{key!r}]", part)
        return leaves
    return {name: value.tolist() if isinstance(value, Tensor) else value}


def check_fits(model: nn.Module, state: dict[str, Any], path: Path) -> None:
    """Check names, shapes and types of a saved model. Raises: ValueError that names the first that differs."""
    for look in (_shape, lambda value: getattr(value, "dtype", None)):
        there, here = ({name: look(value) for name, value in each.items()} for each in (state, model.state_dict()))
        for name in here | there:
            ours, theirs = here.get(name, "absent"), there.get(name, "absent")
            if ours != theirs:
                raise ValueError(
                    f"checkpoint {path} is of another model: {name} is {theirs} there and {ours} here: "
                    "build the same model or name another file"
                )


def _shape(value: object) -> object:
    if not isinstance(value, Tensor):
        return type(value).__name__  # such as a module's extra state
    return "without a shape" if is_lazy(value) else tuple(value.shape)


def check_settings(there: dict[str, Any], here: dict[str, Any], path: Path) -> None:
    """Check what `read_settings` found then and now. Raises: ValueError that names the first that differs."""
    for name, value in there.items():
        if here.get(name, value) != value:  # what another version of torch adds or drops does not count
            raise ValueError(
                f"checkpoint {path} is of another run: {name} is {value} there and {here[name]} here: set it as it "
                f"was, or name another file; model.load_state_dict(load_checkpoint({str(path)!r})['model']) takes "
                "its weights along"
            )


def fill(parts: dict[str, Any], state: dict[str, Any], device: torch.device, generator: torch.Generator | None) -> None:
    """Load the states of several parts, and where random numbers stood: all, or if that fails none.

    Raises: ValueError that names the part.
    """
    before = {name: deepcopy(part.state_dict()) for name, part in parts.items()}
    name = ""
    try:
        for name, part in parts.items():
            part.load_state_dict(state[name])
        name = "random numbers"
        restore_random_states(state, device, generator)
    except BaseException as error:
        for part, old in zip(parts.values(), before.values()):
            part.load_state_dict(old)
        if not isinstance(error, Exception):  # Ctrl-C
            raise
        raise ValueError(f"the checkpoint does not fit {name} ({error}): name another file") from error


def random_states(device: torch.device, generator: torch.Generator | None) -> dict[str, Tensor]:
    """Where torch's global generator stands, another one if given, and that of the device if it is a GPU."""
    states = {"random": torch.get_rng_state()}
    if generator is not None:
        states["generator"] = generator.get_state()
    if device.type == "cuda":
        states["cuda_random"] = torch.cuda.get_rng_state(device)
    return states


def restore_random_states(states: dict[str, Any], device: torch.device, generator: torch.Generator | None) -> None:
    """Undo `random_states`; a generator or a GPU that was not there then stays as it is."""
    if generator is not None and "generator" in states:
        generator.set_state(states["generator"])
    if device.type == "cuda" and "cuda_random" in states:
        torch.cuda.set_rng_state(states["cuda_random"], device)
    torch.set_rng_state(states["random"])
