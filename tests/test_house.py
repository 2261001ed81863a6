"""The house can be seen at a glance; importing a room does nothing else. Who may import whom: pyproject.toml."""

import ast
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

COURSE = Path(__file__).resolve().parents[1] / "course"
FILES = sorted(COURSE.rglob("*.py"))
ENTRIES, LINES = 28, 260  # that one can take in


def test_no_two_public_functions_or_classes_share_a_name():
    places = defaultdict(list)
    for path in FILES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                places[node.name].append(path.relative_to(COURSE).as_posix())
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_the_package_shows_few_entries():
    shown = [path.name for path in COURSE.iterdir() if not path.name.startswith(("_", "."))]
    assert len(shown) <= ENTRIES, sorted(shown)


def test_a_room_is_short():
    long = [path for path in FILES if "exercises" not in path.parts and len(path.read_bytes().splitlines()) > LINES]
    assert long == []


def test_the_help_of_the_nowcast_loads_no_torch():
    code = "import sys, course.nowcast, course.nowcast.plan; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_a_room_brings_no_library_that_only_a_few_of_its_uses_need():
    slow = {"torchvision", "sklearn", "scipy.stats", "torch._dynamo"}
    code = f"import sys, course.plots, course.mnist, course.compare; print(sys.modules.keys() & {slow})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


IMPORT = """
import importlib, os, pickle, random, sys
import numpy, torch
import sklearn.datasets  # brings rich, where that is installed, which draws a number when it is imported

def states():
    return pickle.dumps((random.getstate(), numpy.random.get_state(), torch.get_rng_state().tolist()))

folders, rooms = sys.argv[1].split(os.pathsep), sys.argv[2:]
def note(event, args):
    if event == "open":
        opened.append(os.path.abspath(str(args[0])))

opened, before = [], states()
sys.addaudithook(note)
for room in rooms:
    importlib.import_module(room)
    assert states() == before, f"importing {room} drew or seeded random numbers"
    assert not torch.cuda.is_initialized(), f"importing {room} started CUDA"
    read = [name for name in opened if name.startswith(tuple(folders))]
    assert not read, f"importing {room} opened {read}"
"""


def test_importing_a_room_reads_no_data_picks_no_device_and_sets_no_seed(tmp_path):
    rooms = [".".join(path.relative_to(COURSE.parent).with_suffix("").parts) for path in FILES]
    rooms = [room.removesuffix(".__init__") for room in rooms if room != "course.__main__"]  # that one runs
    folders = os.pathsep.join([str(tmp_path), str(COURSE.parent / "data")])
    # A device that cannot be met makes every choice of a device fail.
    environment = dict(os.environ, COURSE_DATA=str(tmp_path), COURSE_DEVICE="none")
    command = [sys.executable, "-c", IMPORT, folders, *rooms]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
