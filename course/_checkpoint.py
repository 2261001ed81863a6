"""Checkpoint files: written whole, read without running code, and held against the model that they shall fill.

Where the random numbers stood is part of a checkpoint, so that a run goes on to the same numbers.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from course._atomic import written_whole


def save_checkpoint(state: dict, path: str | Path) -> None:
    """Write a checkpoint whole or not at all."""
    try:
        with written_whole(path) as part:
            torch.save(state, part)
    except (OSError, RuntimeError) as error:  # torch's zip writer raises the latter
        text = f"cannot write checkpoint {path} ({error}): free some space or name another folder"
        raise OSError(text) from error


def load_checkpoint(path: str | Path) -> dict:
    """Read a checkpoint: tensors and plain values only, never code (`weights_only`); tensors arrive on the CPU.

    Raises: FileNotFoundError if it is not there, ValueError if it cannot be read.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise FileNotFoundError(f"no checkpoint at {path}") from None
    except Exception as error:  # zip, pickle and torch raise a dozen kinds here
        raise ValueError(f"checkpoint {path} is damaged or not a checkpoint: delete it to start anew") from error


def check_fits(model: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    """Check names and shapes of a saved model. Raises: ValueError that names the first that differs."""
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    saved = {name: tuple(value.shape) for name, value in state.items()}
    for name in shapes | saved:
        here, there = shapes.get(name, "absent"), saved.get(name, "absent")
        if here != there:
            raise ValueError(
                f"checkpoint {path} is of another model: {name} is {there} there and {here} here: "
                "build the same model or name another file"
            )


def random_states(device: torch.device, generator: torch.Generator | None) -> dict[str, Tensor]:
    """Where torch's global generator stands, another one if given, and that of the device if it is a GPU."""
    states = {"random": torch.get_rng_state()}
    if generator is not None:
        states["generator"] = generator.get_state()
    if device.type == "cuda":
        states["cuda_random"] = torch.cuda.get_rng_state(device)
    return states


def restore_random_states(states: dict, device: torch.device, generator: torch.Generator | None) -> None:
    """Undo `random_states`; a generator or a GPU that was not there then stays as it is."""
    torch.set_rng_state(states["random"])
    if generator is not None and "generator" in states:
        generator.set_state(states["generator"])
    if device.type == "cuda" and "cuda_random" in states:
        torch.cuda.set_rng_state(states["cuda_random"], device)
