"""A world of processes: who takes which part, who speaks, which GPU, how it ends. More are in test_nowcast_main.py."""

import json
import os
import sys
from contextlib import nullcontext
from datetime import timedelta

import pytest
import torch
import torch.distributed as dist
from torch import nn

from course.distributed import (
    World,
    add_up,
    all_gather,
    backward,
    choose,
    joined,
    launch,
    part_of,
    replicate,
    together,
)
from course.distributed import world as room
from course.distributed.torchrun import Place

CPU = torch.device("cpu")


def world(rank, size):
    return World(rank, size, rank, size, CPU, "gloo", None, [])


@pytest.mark.parametrize("size", range(1, 7))
@pytest.mark.parametrize("count", range(9))
def test_parts_follow_each_other_are_all_and_differ_by_one_at_most(size, count):
    parts = [part_of(range(count), Place(rank, size)) for rank in range(size)]
    assert [item for part in parts for item in part] == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_alone_a_process_is_a_world_of_one_time_and_again():
    for _ in range(2):
        with joined(device="cpu") as alone:
            assert alone[:6] == (0, 1, 0, 1, CPU, "gloo")
            assert all_gather("word") == ["word"]
            total = add_up(torch.tensor([1.5, 2]))
            assert total.tolist() == [1.5, 2] and total.dtype == torch.float64
            model = nn.Linear(1, 1)
            assert replicate(model, alone) is model
        assert not dist.is_initialized()


def test_an_error_leaves_the_world_behind_and_keeps_its_kind_in_a_world_of_one():
    with pytest.raises(LookupError), joined(device="cpu") as alone, together(alone):
        raise LookupError("nothing there")
    assert not dist.is_initialized()


def test_a_process_that_lost_another_does_not_wait_for_it():
    with pytest.raises(RuntimeError), joined(device="cpu"):
        raise RuntimeError("[/a/gloo/pair.cc:5] Connection closed by peer")
    assert dist.is_initialized()  # to leave would be to wait for what is under way
    dist.destroy_process_group()
    with pytest.raises(RuntimeError), joined(device="cpu"):
        raise RuntimeError("sizes differ")
    assert not dist.is_initialized()


def test_add_up_leaves_its_argument_alone(monkeypatch):
    monkeypatch.setattr(dist, "all_reduce", lambda numbers: numbers.add_(2))
    numbers = torch.ones(2, dtype=torch.float64)
    assert add_up(numbers).tolist() == [3, 3] and numbers.tolist() == [1, 1]


@pytest.mark.parametrize("local_size, found", [("2", False), ("1", True)])  # one machine, two machines
def test_on_one_machine_a_start_anew_does_not_find_addresses_of_before(monkeypatch, local_size, found):
    book, stores = dist.HashStore(), []
    monkeypatch.setattr(dist, "rendezvous", lambda *arguments, **options: iter([(book, 0, 2)]))
    monkeypatch.setattr(dist, "init_process_group", lambda *names, **options: stores.append(options["store"]))
    for name, value in zip(("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_PORT", "MASTER_ADDR"), "02011"):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", local_size)
    for count in "001":
        monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", count)
        room._meet(timedelta(seconds=9))
    stores[0].set("rank 1", "lives here")
    assert [store.check(["rank 1"]) for store in stores] == [True, True, found]


@pytest.fixture
def others(monkeypatch):
    """Stand in for the other processes: what they tell, and what is done."""
    done = []

    def set(*faults):
        monkeypatch.setattr(room, "all_gather", lambda fault: [*faults[:1], fault, *faults[1:]])
        monkeypatch.setattr(room.dist, "barrier", lambda: done.append("waited"))
        monkeypatch.setattr(room, "tell", done.append)
        return done

    return set


def run_together(rank, size, error=None):
    with together(world(rank, size)):
        if error:
            raise error


def test_when_all_are_well_all_go_on(others):
    done = others(None, None)
    run_together(1, 3)
    assert done == []


def test_who_is_not_rank_0_waits_and_ends_in_silence(others):
    done = others("no folder", None)
    with pytest.raises(SystemExit) as end:
        run_together(1, 3)
    assert (end.value.code, done) == (1, ["waited"])


@pytest.mark.parametrize(
    "faults, told",
    [
        ([None, "no folder", None], "rank 1 of 3: no folder"),
        ([None, "no folder", "no folder"], "rank 1 and 2 of 3: no folder"),
        (["no folder"] * 3, "no folder"),
        (["no folder", "no room", None], "rank 0 of 3: no folder"),
    ],
)
def test_rank_0_tells_what_is_wrong_and_where_then_waits(others, monkeypatch, faults, told):
    done = others()
    monkeypatch.setattr(room, "all_gather", lambda fault: faults)
    with pytest.raises(SystemExit) as end:
        run_together(0, 3)
    assert (end.value.code, done) == (1, [told, "waited"])


def test_what_is_a_bug_is_told_with_its_kind(others, monkeypatch):
    others()
    given = []
    monkeypatch.setattr(room, "all_gather", lambda fault: given.append(fault) or [None])
    run_together(1, 2, TypeError("no len"))
    run_together(1, 2, ValueError("batch is 0"))
    assert given == ["TypeError: no len", "batch is 0"]


def test_while_torchrun_starts_again_nothing_is_told(others, monkeypatch):
    done = others()
    monkeypatch.setattr(room, "all_gather", lambda fault: ["no folder"] * 2)
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", "2")
    with pytest.raises(SystemExit):
        run_together(0, 2)
    assert done == ["waited"]


@pytest.fixture
def gpus(monkeypatch):
    def set(count):
        monkeypatch.delenv("COURSE_DEVICE", raising=False)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
        monkeypatch.setattr(dist, "is_nccl_available", lambda: True)

    return set


@pytest.mark.parametrize(
    "count, place, wishes, chosen",
    [
        (0, Place(), {}, ("cpu", "gloo")),
        (0, Place(1, 2, 1, 2), {}, ("cpu", "gloo")),
        (1, Place(), {}, ("cuda", "gloo")),
        (2, Place(1, 2, 1, 2), {}, ("cuda:1", "nccl")),
        (2, Place(3, 4, 1, 2), {}, ("cuda:1", "nccl")),  # on the second of two machines, as is the next
        (2, Place(2, 3, 1, 2), {}, ("cuda:1", "nccl")),
        (2, Place(3, 4, 3, 4), {}, ("cuda:1", "gloo")),
        (2, Place(1, 2, 1, 2), {"backend": "gloo"}, ("cuda:1", "gloo")),
        (2, Place(1, 2, 1, 2), {"backend": "nccl"}, ("cuda:1", "nccl")),
        (2, Place(1, 2, 1, 2), {"device": "cpu"}, ("cpu", "gloo")),
    ],
)
def test_each_process_of_a_machine_gets_a_gpu_and_nccl_if_there_are_enough(gpus, count, place, wishes, chosen):
    gpus(count)
    device, backend = choose(wishes.get("backend"), wishes.get("device"), place)
    assert (str(device), backend) == chosen


NCCL = "backend is nccl, which wants a GPU for each process, but this machine runs {} and has {}: try gloo"


@pytest.mark.parametrize(
    "count, place, wishes, told",
    [
        (1, Place(0, 2, 0, 2), ("nccl", None), NCCL.format("2 processes", "1 GPU")),
        (0, Place(), ("nccl", None), NCCL.format("1 process", "0 GPUs")),
        (2, Place(0, 2, 0, 2), ("nccl", "cpu"), "backend is nccl and device cpu, expected cuda: try gloo"),
        (0, Place(), ("mpi", None), "backend is 'mpi', expected gloo or nccl"),
    ],
)
def test_a_backend_that_cannot_be_is_named(gpus, count, place, wishes, told):
    gpus(count)
    with pytest.raises(ValueError) as error:
        choose(*wishes, place)
    assert str(error.value) == told


def test_a_backend_that_no_process_can_have_is_told_once_and_all_leave(gpus, others, monkeypatch):
    gpus(1)
    done = others()
    monkeypatch.setattr(room, "_meet", lambda wait: Place(0, 2, 0, 2))
    monkeypatch.setattr(room, "all_gather", lambda fault: [fault, fault])
    monkeypatch.setattr(dist, "destroy_process_group", lambda: done.append("left"))
    with pytest.raises(SystemExit) as end, joined("nccl"):
        done.append("went on")
    assert (end.value.code, done) == (1, [NCCL.format("2 processes", "1 GPU"), "waited", "left"])


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_a_timeout_that_cannot_be_is_named(seconds):
    with pytest.raises(ValueError, match=f"timeout is {seconds:g}, expected seconds above 0: try 600"):
        with joined(timeout=seconds):
            pass


class Spy(nn.Linear):
    """A replica that notes when it does not wait for the others."""

    def __init__(self):
        super().__init__(2, 1)
        self.alone = 0

    def no_sync(self):
        self.alone += 1
        return nullcontext()


X, Y = torch.arange(14.0).reshape(7, 2) / 10, torch.arange(7.0)


def squares(model, chosen):
    return (model(X[chosen]).squeeze(1) - Y[chosen]).square()


@pytest.mark.parametrize("micro_batch", [None, 1, 2, 7, 9])
@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_the_mean_over_processes_of_their_gradients_is_that_of_the_joint_batch(size, micro_batch):
    joint = nn.Linear(2, 1)
    squares(joint, list(range(7))).mean().backward()
    gradients, total = torch.zeros(1, 2), 0
    for rank in range(size):
        model = Spy()
        model.load_state_dict(joint.state_dict())
        total += backward(model, squares, list(range(7)), world(rank, size), micro_batch)
        gradients += model.weight.grad / size  # as DistributedDataParallel does it
        mine = len(part_of(range(7), world(rank, size)))
        pieces = max(1, -(-mine // (micro_batch or 7)))
        assert model.alone == (0 if size == 1 else pieces - 1)  # one backward pass waits, on every process
    torch.testing.assert_close(gradients, joint.weight.grad)
    torch.testing.assert_close(total, squares(joint, list(range(7))).sum().detach())


def test_processes_wait_for_each_other_at_their_last_piece():
    notes = []

    class Noted(Spy):
        def no_sync(self):
            notes.append("alone")
            return super().no_sync()

        def forward(self, x):
            notes.append("piece")
            return super().forward(x)

    backward(Noted(), squares, list(range(6)), world(0, 2), micro_batch=1)
    assert notes == ["alone", "piece", "alone", "piece", "piece"]


class Placed(nn.Module):
    """A model that notes where it is put, as there need be no GPU here."""

    def to(self, device):
        self.place = device
        return self


@pytest.mark.parametrize("device, places", [("cuda:1", [torch.device("cuda:1")]), ("cpu", None)])
def test_a_replica_is_on_the_device_of_its_process_and_in_the_group_of_its_world(device, places, monkeypatch):
    monkeypatch.setattr(room, "DistributedDataParallel", lambda model, **options: (model, options))
    here = World(1, 2, 1, 2, torch.device(device), "nccl", "group", [])
    model, options = replicate(Placed(), here)
    assert (model.place, options) == (here.device, {"device_ids": places, "process_group": "group"})
    assert here.replicas == [(model, options)]


def test_a_timeout_reaches_the_group():
    with joined(device="cpu", timeout=77):
        assert dist.group.WORLD._get_backend(CPU).options._timeout == timedelta(seconds=77)


SCRIPT = """
import gc, json, os, sys
from pathlib import Path
import torch
from torch import nn
from course.distributed import add_up, all_gather, backward, joined, part_of, replicate

def threads():
    return sum((task / "comm").read_text() == "pt_gloo_runloop\\n" for task in Path("/proc/self/task").glob("*"))

gc.disable()
sys.path.append(sys.argv[1])
from test_distributed import X, Y, squares  # noqa: E402

with joined(backend="gloo", device="cpu", timeout=99) as world:
    torch.manual_seed(world.rank)
    model = replicate(nn.Linear(2, 1), world)
    total = backward(model, squares, range(7), world, micro_batch=2)
    own = getattr(model, "module", model)
    notes = {"world": [*world[:4], str(world.device), world.backend], "told": all_gather(["rank", world.rank])}
    notes |= {"losses": add_up(total).item(), "bias": own.bias.tolist(), "gradient": own.weight.grad.tolist()}
    notes["threads"] = [threads()]
notes["threads"].append(threads())
os.write(1, (json.dumps(notes) + "\\n").encode())
"""


def test_three_processes_speak_add_up_and_leave_no_thread_behind_that_may_be_late(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    ends = [json.loads(line) for line in launch(tmp_path / "script.py", [os.path.dirname(__file__)], 3).splitlines()]
    ends.sort(key=lambda notes: notes["world"][0])
    assert [notes["world"] for notes in ends] == [[rank, 3, rank, 3, "cpu", "gloo"] for rank in range(3)]
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    losses = squares(model, range(7))
    losses.mean().backward()
    for notes in ends:
        assert notes["told"] == [["rank", 0], ["rank", 1], ["rank", 2]]
        assert notes["losses"] == pytest.approx(losses.sum().item())
        assert notes["bias"] == pytest.approx(model.bias.tolist())  # with which rank 0 began
        assert notes["gradient"][0] == pytest.approx(model.weight.grad[0].tolist())
        # Later, one that lets go of a tensor would abort the process, or keep it from ending.
        assert notes["threads"] == ([2, 0] if sys.platform == "linux" else [0, 0])
