"""The house stands: a room imports only from lower levels, and importing one does nothing else."""
import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

COURSE = Path(__file__).resolve().parents[1] / "course"
LEVELS = {
    "device": 0, "shapes": 0, "claims": 0, "idx": 0, "start": 0, "whole": 0, "progress": 0, "order": 0,
    "muon": 0, "torchrun": 0, "figures": 0,
    "files": 1, "convlstm": 1,
    "digits": 1, "notebooks": 1, "meter": 1, "mlp": 1, "scores": 1, "curves": 1,
    "distributed": 1,
    "costs": 2, "bands": 2, "review": 2,
    "mnist": 2, "train": 2, "radar": 2, "baselines": 2, "checkpoints": 2,
    "runs": 3, "speedrun": 3, "doctor": 3, "readme": 3,
    "compare": 4, "nowcast": 4,
    "plots": 4, "exercises": 4,
    "train_rain": 5, "solutions": 5,
    "cli": 6,
    "__main__": 7,
}
FILES = [path for path in sorted(COURSE.rglob("*.py")) if path != COURSE / "__init__.py"]


def room(path):
    return path.relative_to(COURSE).with_suffix("").parts[0]


def imported(path):
    """Full names of all modules and names that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = ["course", *path.relative_to(COURSE).parts][:-node.level] if node.level else []
            yield from (".".join([*here, *filter(None, [node.module]), name.name]) for name in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(COURSE).as_posix())
def test_a_room_imports_only_from_lower_levels(path):
    rooms = {name.split(".")[1] for name in imported(path) if name.startswith("course.")} - {"__version__"}
    assert [other for other in rooms - {room(path)} if LEVELS[other] >= LEVELS[room(path)]] == []


def test_every_room_has_a_level_and_every_level_its_room():
    assert {room(path) for path in FILES} == set(LEVELS)


def test_matplotlib_is_imported_in_plots_alone():
    users = {room(path) for path in FILES for name in imported(path) if name.split(".")[0] == "matplotlib"}
    assert users == {"plots"}


IMPORT = """
import importlib, os, pickle, random, sys
import numpy, torch

def states():
    return pickle.dumps((random.getstate(), numpy.random.get_state(), torch.get_rng_state().tolist()))

folders, rooms = sys.argv[1].split(os.pathsep), sys.argv[2:]
def note(event, args):
    if event == "open":
        opened.append(os.path.abspath(str(args[0])))

opened, before = [], states()
sys.addaudithook(note)
for room in rooms:
    importlib.import_module("course." + room)
    assert states() == before, f"importing {room} drew or seeded random numbers"
    assert not torch.cuda.is_initialized(), f"importing {room} started CUDA"
    read = [name for name in opened if name.startswith(tuple(folders))]
    assert not read, f"importing {room} opened {read}"
"""


def test_importing_a_room_reads_no_data_picks_no_device_and_sets_no_seed(tmp_path):
    rooms = [name for name in LEVELS if name != "__main__"]
    folders = os.pathsep.join([str(tmp_path), str(COURSE.parent / "data")])
    # A device that cannot be met makes every choice of a device fail.
    environment = dict(os.environ, COURSE_DATA=str(tmp_path), COURSE_DEVICE="none")
    done = subprocess.run([sys.executable, "-c", IMPORT, folders, *rooms], env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
