"""Checkpoints of `course.distributed`, by a world of one; those of many are in test_nowcast_main.py."""

import json
import os

import pytest
import torch
from torch.distributed.checkpoint.api import CheckpointException

from course.distributed import checkpoints, joined
from course.distributed.checkpoints import find_step, load_step, save_step

SETTINGS = {"hidden": (8, 4), "batch": 7}


def state(value, size=1000):
    return {"model": {"weight": torch.full((size,), value)}, "losses": torch.tensor([value, 2.0]).double()}


@pytest.fixture
def world():
    with joined(device="cpu") as world:
        yield world


def save(folder, world, *steps):
    for step in steps:
        save_step(folder, step, state(float(step)), SETTINGS, world)


def test_what_was_saved_comes_back_to_the_bit(world, tmp_path):
    save(tmp_path, world, 3)
    path, step = find_step(tmp_path, SETTINGS | {"hidden": [8, 4]}, world)  # JSON knows no tuples
    assert (path, step) == (tmp_path / "step_000003", 3)
    back = state(0.0)
    load_step(path, back, world)
    assert back["model"]["weight"].unique().tolist() == [3.0]
    assert back["losses"].tolist() == [3.0, 2.0]


def test_the_newest_is_found_and_two_stay(world, tmp_path):
    assert find_step(tmp_path, SETTINGS, world) == (None, 0)
    save(tmp_path, world, 9, 10, 1000, 2000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step_001000", "step_002000"]
    assert find_step(tmp_path, SETTINGS, world)[1] == 2000


def test_what_a_killed_run_left_is_no_checkpoint_and_goes(world, tmp_path):
    save(tmp_path, world, 10)
    os.rename(tmp_path / "step_000010", tmp_path / ".step_000010.part")
    (tmp_path / "step_of_mine").mkdir()
    assert find_step(tmp_path, SETTINGS, world) == (None, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["step_of_mine"]


def test_what_cannot_be_written_leaves_the_checkpoint_before(world, tmp_path, monkeypatch):
    save(tmp_path, world, 10)
    write = checkpoints.dcp.save

    def fail_late(*arguments, **options):
        write(*arguments, **options)
        raise CheckpointException("write", {1: (OSError("No space left on device"), None)})

    monkeypatch.setattr(checkpoints.dcp, "save", fail_late)
    with pytest.raises(OSError) as error:
        save(tmp_path, world, 20)
    path = tmp_path / "step_000020"
    mend = "free some space or name another folder"
    assert str(error.value) == f"cannot write checkpoint {path} (No space left on device): {mend}"
    assert not path.exists() and find_step(tmp_path, SETTINGS, world)[1] == 10


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def flip(path):
    data = bytearray(path.read_bytes())
    data[data.index(torch.tensor([20.0]).numpy().tobytes() * 9) + 40] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "name, harm",
    [
        ("__0_0.distcp", cut),
        ("__0_0.distcp", flip),
        ("__0_0.distcp", os.unlink),
        (".metadata", cut),
        (".metadata", os.unlink),
    ],
)
def test_a_damaged_checkpoint_is_named_with_the_one_before(world, tmp_path, name, harm):
    save(tmp_path, world, 10, 20)
    path, _ = find_step(tmp_path, SETTINGS, world)
    harm(path / name)
    with pytest.raises(ValueError) as error:
        load_step(path, state(0.0), world)
    assert str(error.value) == f"checkpoint {path} is damaged: delete it to go on from step_000010"
    save(tmp_path, world, 30)
    os.unlink(tmp_path / "step_000030/.metadata")
    (tmp_path / "step_000020/run.json").unlink()
    with pytest.raises(ValueError, match="step_000030 is damaged: delete it to start anew"):
        load_step(tmp_path / "step_000030", state(0.0), world)


def test_of_several_checkpoints_before_a_damaged_one_the_newest_is_named(world, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "KEPT", 3)
    save(tmp_path, world, 10, 20, 30)
    os.unlink(tmp_path / "step_000030/.metadata")
    with pytest.raises(ValueError, match="step_000030 is damaged: delete it to go on from step_000020"):
        load_step(tmp_path / "step_000030", state(0.0), world)


def test_tensors_of_another_size_are_no_checkpoint_of_this_state(world, tmp_path):
    save(tmp_path, world, 10)
    with pytest.raises(ValueError, match="step_000010 is damaged"):
        load_step(tmp_path / "step_000010", state(0.0, size=999), world)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"step": 10}'])
def test_a_note_that_cannot_be_read_is_told(world, tmp_path, text):
    save(tmp_path, world, 10)
    (tmp_path / "step_000010/run.json").write_text(text)
    with pytest.raises(ValueError) as error:
        find_step(tmp_path, SETTINGS, world)
    path = tmp_path / "step_000010"
    assert str(error.value) == f"checkpoint {path} is damaged, its run.json cannot be read: delete it"


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"hidden": (8,), "batch": 7}, "hidden is [8, 4] there and [8] here"),
        ({"hidden": (8, 4)}, "batch is 7 there and None here"),
        (SETTINGS | {"seed": 1}, "seed is None there and 1 here"),
    ],
)
def test_a_checkpoint_of_another_run_is_named(world, tmp_path, settings, told):
    save(tmp_path, world, 10)
    with pytest.raises(ValueError) as error:
        find_step(tmp_path, settings, world)
    mend = "set it as it was, or name another folder"
    assert str(error.value) == f"checkpoint {tmp_path / 'step_000010'} is of another run: {told}: {mend}"


def test_the_note_says_step_and_settings(world, tmp_path):
    save(tmp_path, world, 10)
    note = json.loads((tmp_path / "step_000010/run.json").read_text())
    assert (note["step"], note["settings"]) == (10, {"hidden": [8, 4], "batch": 7})
    assert note["sha256"].keys() == {".metadata", "__0_0.distcp"}
