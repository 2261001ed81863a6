"""Checkpoints that many processes write together, whole or not at all, and any number of processes reads.

torch.distributed.checkpoint writes a folder, each process a part. Here it gets its name when it is whole.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from torch.distributed import checkpoint as dcp
from torch.distributed.checkpoint.api import CheckpointException

from course.distributed.world import World, all_gather, part_of, together

KEPT = 2  # the newest checkpoints that stay
NOTE = "run.json"


def save_step(folder: Path, step: int, state: dict, settings: Mapping[str, object], world: World) -> None:
    """Write what the processes hold after a step into folder/step_000020; older ones go, but for one.

    state: as `torch.distributed.checkpoint.save` takes it. settings: what must be the same to go on.
    Raises: as `together`, for OSError.
    """
    part, path = folder / f".step_{step:06d}.part", folder / f"step_{step:06d}"
    fault, sums = None, {}
    try:
        dcp.save(state, checkpoint_id=part)
    except CheckpointException as error:
        fault = next(iter(error.failures.values()))[0]  # of the first process that failed: error, traceback
    with together(world):
        if fault is not None:
            mend = "free some space or name another folder"
            raise OSError(f"cannot write checkpoint {path} ({fault}): {mend}")
        sums = {file.name: _sum(file) for file in part_of(sorted(part.iterdir()), world)}
    sums = {name: value for some in all_gather(sums) for name, value in some.items()}
    with together(world):
        if world.rank == 0:
            note = {"step": step, "settings": settings, "sha256": sums}
            (part / NOTE).write_text(json.dumps(note), encoding="utf-8")
            os.rename(part, path)
            for old in _steps(folder)[:-KEPT]:
                shutil.rmtree(old)


def find_step(folder: Path, settings: Mapping[str, object], world: World) -> tuple[Path | None, int]:
    """Return the newest checkpoint of a folder and its step; None and 0 if there is none.

    What a run left that was killed while it wrote is removed.
    Raises: as `together`, for ValueError if the checkpoint is of a run with other settings.
    """
    path = None
    with together(world):
        if world.rank == 0:
            for left in folder.glob(".step_*.part"):
                shutil.rmtree(left)
            path = max(_steps(folder), default=None)
    path, step = all_gather(path)[0], 0
    with together(world):
        if path is not None:
            note = _read_note(path)
            step = note["step"]
            _check_settings(path, note["settings"], settings)
    return path, step


def load_step(path: Path, state: dict, world: World) -> None:
    """Fill a state, whose tensors have the right sizes, from a checkpoint that any number of processes wrote.

    Raises: as `together`, for ValueError if the checkpoint is damaged.
    """
    older = [other.name for other in _steps(path.parent) if other.name < path.name]
    mend = f"delete it to go on from {older[-1]}" if older else "delete it to start anew"
    damaged = ValueError(f"checkpoint {path} is damaged: {mend}")
    with together(world):
        for name, value in part_of(sorted(_read_note(path)["sha256"].items()), world):
            if not (path / name).exists() or _sum(path / name) != value:
                raise damaged
    fault = None
    try:
        dcp.load(state, checkpoint_id=path)
    except (Exception, CheckpointException) as error:  # torch raises a dozen kinds
        fault = error
    with together(world):
        if fault is not None:
            raise damaged from fault


def _steps(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("step_*") if (path / NOTE).exists())


def _sum(file: Path) -> str:
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _read_note(path: Path) -> dict:
    """Return step, settings and checksums of a checkpoint."""
    try:
        note = json.loads((path / NOTE).read_text(encoding="utf-8"))
        return {name: note[name] for name in ("step", "settings", "sha256")}
    except FileNotFoundError:
        mend = "name a folder that all processes see"
        raise FileNotFoundError(f"there is no {path} here, though rank 0 sees it: {mend}") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"checkpoint {path} is damaged, its {NOTE} cannot be read: delete it") from None


def _check_settings(path: Path, there: dict, settings: Mapping[str, object]) -> None:
    here = json.loads(json.dumps(settings))  # as they come back: a tuple as a list
    for name in here | there:
        if here.get(name) != there.get(name):
            text = f"checkpoint {path} is of another run: {name} is {there.get(name)} there"
            raise ValueError(f"{text} and {here.get(name)} here: set it as it was, or name another folder")
