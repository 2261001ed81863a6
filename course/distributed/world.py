"""Many processes train one model: words between them, errors that all share, gradients that add up.

torchrun starts them, torch.distributed connects them, and DistributedDataParallel adds up their gradients. A
process that torchrun did not start is a world of one.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import NamedTuple

import torch
import torch.distributed as dist
import torch.distributed.nn.functional  # before there is a group: its functions keep that of the moment, as a default
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from course.device import pick_device
from course.distributed.torchrun import (
    GRACE,
    PLAIN,
    Place,
    first_sentence,
    is_last_start,
    is_loss,
    loopback,
    read_place,
    starts,
    tell,
)

TIMEOUT = 600.0  # seconds: longer than anything that one process does while the others wait
BACKENDS = ("gloo", "nccl")


class World(NamedTuple):
    """This process among all that train together.

    rank, size, local_rank, local_size: as in `Place`. device: what it computes on.
    backend: what adds up gradients, in `group`; None is torch's default group, that of the words, which go by gloo,
    always: they need no GPU. replicas: what `replicate` gave.
    """

    rank: int
    size: int
    local_rank: int
    local_size: int
    device: torch.device
    backend: str
    group: dist.ProcessGroup | None
    replicas: list[nn.Module]


@contextmanager
def joined(backend: str | None = None, device: str | None = None, timeout: float = TIMEOUT) -> Iterator[World]:
    """Connect this process with those that torchrun started beside it; alone, it is a world of one.

    backend: "nccl", with a GPU for each process, or "gloo"; by default nccl if there are enough GPUs.
    device: as for `pick_device`; each process of a machine takes another of its GPUs.
    timeout: seconds to wait for another process before it counts as lost.
    Raises: ValueError, ConnectionError if this process does not find the others; else as `together`.
    """
    if not 0 < timeout < float("inf"):
        raise ValueError(f"timeout is {timeout:g}, expected seconds above 0: try {TIMEOUT:g}")
    wait = timedelta(seconds=timeout)
    place = _meet(wait)
    world = World(*place, torch.device("cpu"), "gloo", None, [])
    leaves = False
    try:
        with together(world):
            choice = choose(backend, device, place)
        backends = all_gather(choice[1])
        with together(world):
            if len(set(backends)) > 1:
                each = ", ".join(f"{name} on rank {rank}" for rank, name in enumerate(backends))
                raise ValueError(f"backends differ, {each}, expected the same: name one")
        world = world._replace(device=choice[0], backend=choice[1])
        if world.backend == "nccl":
            torch.cuda.set_device(world.device)
            world = world._replace(group=dist.new_group(backend="nccl", timeout=wait, device_id=world.device))
        yield world
        leaves = True
    except BaseException as error:
        # To leave is to wait for what is under way: not with one that is no more, and by nccl not after any error.
        leaves = world.backend == "gloo" and not (isinstance(error, RuntimeError) and is_loss(error))
        raise
    finally:
        if leaves:
            _leave(world)


def _leave(world: World) -> None:
    """End the threads of gloo, for certain: one may be late to let go of a tensor, for which it needs the GIL.

    If it asks for the GIL when Python ends, the process is aborted. If a replica is the last that holds the group, it
    waits for the thread with the GIL in hand, for ever.
    Source: github.com/pytorch/pytorch/issues/190489
    """
    for replica in world.replicas:
        for name in ("reducer", "logger", "process_group"):  # as when it is pickled
            delattr(replica, name)
    dist.destroy_process_group()  # the last that holds it, and waits without the GIL


def _meet(wait: timedelta) -> Place:
    """Let the processes find each other; return the place of this one."""
    told = read_place()
    place = told or Place()
    if place.local_size == place.size:
        for name, value in loopback().items():
            os.environ.setdefault(name, value)
    try:
        store = dist.HashStore()
        if told:
            store, *_ = next(dist.rendezvous("env://", place.rank, place.size, timeout=wait))
            if place.local_size == place.size:
                # torchrun keeps its store when it starts again: addresses of dead processes must not be found.
                # On many machines the counts of starts may differ, and an option of torchrun's does it.
                store = dist.PrefixStore(f"start_{starts()}", store)
        dist.init_process_group("gloo", store=store, rank=place.rank, world_size=place.size, timeout=wait)
    except RuntimeError as error:
        where = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
        text = f"could not meet the others of {place.size} processes at {where} ({first_sentence(error)})"
        raise ConnectionError(f"{text}: start all of them by torchrun") from None
    return place


def choose(backend: str | None, device: str | None, place: Place) -> tuple[torch.device, str]:
    """Return the device and the backend of a process.

    Raises: ValueError if they are unknown, not here, do not fit, or GPUs are too few.
    """
    if backend not in (None, *BACKENDS):
        raise ValueError(f"backend is {backend!r}, expected {' or '.join(BACKENDS)}")
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if backend == "nccl" and gpus < place.local_size:
        processes = f"{place.local_size} process{'es' * (place.local_size > 1)}"
        here = f"this machine runs {processes} and has {gpus} GPU{'s' * (gpus != 1)}"
        raise ValueError(f"backend is nccl, which wants a GPU for each process, but {here}: try gloo")
    picked = pick_device(device or ("cuda" if backend == "nccl" else None))
    if backend == "nccl" and picked.type != "cuda":
        raise ValueError(f"backend is nccl and device {picked}, expected cuda: try gloo")
    if place.size == 1:
        return picked, "gloo"  # there is nobody to add up gradients with
    if picked.type == "cuda":
        enough = gpus >= place.local_size and dist.is_nccl_available()
        return torch.device("cuda", place.local_rank % gpus), backend or ("nccl" if enough else "gloo")
    return torch.device("cpu"), "gloo"  # which knows no MPS


def all_gather(value: object) -> list:
    """Return what every process gives, in the order of ranks; waits until all have called it."""
    values = [None] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


def add_up(numbers: Tensor) -> Tensor:
    """Add up numbers over all processes, the same to the bit on each. Returns float64 on the CPU."""
    total = numbers.detach().cpu().double().clone()
    dist.all_reduce(total)
    return total


@contextmanager
def together(world: World) -> Iterator[None]:
    """Run a block on all processes; if it fails on one of them, none goes on.

    The block must not wait for another process.
    Raises: in a world of one what the block raises; else SystemExit(1) on every process, after rank 0 has
        told what is wrong, and on which ranks. If torchrun starts them again, it tells it the last time.
    """
    if world.size == 1:
        yield
        return
    fault = None
    try:
        yield
    except Exception as error:
        fault = str(error) if isinstance(error, PLAIN) else f"{type(error).__name__}: {error}"
    faults = all_gather(fault)
    if not any(faults):
        return
    if world.rank == 0 and is_last_start():
        first = next(filter(None, faults))
        ranks = [str(rank) for rank, other in enumerate(faults) if other == first]
        tell(first if len(ranks) == world.size else f"rank {' and '.join(ranks)} of {world.size}: {first}")
    dist.barrier()  # torchrun ends the others when one leaves: not before rank 0 has spoken
    if world.rank:
        time.sleep(GRACE)  # and takes the first that leaves for the cause
    raise SystemExit(1)


def part_of(items: Sequence, world: World | Place) -> Sequence:
    """Return the part of this process: neighbours, as many as others get, give or take one, maybe none."""
    start, stop = (len(items) * number // world.size for number in (world.rank, world.rank + 1))
    return items[start:stop]


def pieces_of(batch: Sequence, world: World, micro_batch: int | None = None) -> list[Sequence]:
    """Cut the part of this process into pieces of micro_batch examples at most; without any, one piece of none."""
    mine = part_of(batch, world)
    size = micro_batch or max(1, len(mine))
    return [mine[start : start + size] for start in range(0, len(mine), size)] or [mine]


def replicate(model: nn.Module, world: World) -> nn.Module:
    """Put a model on the device, and let backward passes give it the mean of the gradients of all processes.

    All begin with the weights of rank 0.
    """
    model = model.to(world.device)
    if world.size == 1:
        return model
    places = [world.device] if world.device.type == "cuda" else None
    world.replicas.append(DistributedDataParallel(model, device_ids=places, process_group=world.group))
    return world.replicas[-1]


def backward(
    model: nn.Module,
    losses_of: Callable[[nn.Module, Sequence], Tensor],
    batch: Sequence,
    world: World,
    micro_batch: int | None = None,
) -> Tensor:
    """Add to the gradients those of the mean loss over a batch, of which each process computes its part.

    It does so in pieces of micro_batch examples at most. Processes wait for each other at their last piece
    only; one that has no examples has one piece, of none.
    model: as `replicate` gives it. losses_of: gives one loss an example, for the model and some of the batch.
    Shapes: returns the sum of the losses of this process, ().
    """
    pieces = pieces_of(batch, world, micro_batch)
    total = torch.zeros((), device=world.device)
    for piece in pieces:
        waits = world.size == 1 or piece is pieces[-1]
        with nullcontext() if waits else model.no_sync():
            losses = losses_of(model, piece)
            # The mean over processes of (size times their part of the sum) is the sum.
            (losses.sum() * (world.size / len(batch))).backward()
        total += losses.detach().sum()
    return total
