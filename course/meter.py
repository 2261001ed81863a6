"""Measure a call: its time, the bytes it saves for backward, and its peak of memory."""

import statistics
import time
import weakref
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from course.device import wait_for_device


class Timing(NamedTuple):
    """Seconds of one call: the median and the range of the repeats."""

    median: float
    low: float
    high: float


class Saved(NamedTuple):
    """What autograd keeps for the backward pass."""

    bytes: int
    tensors: int


def time_call(
    call: Callable[[], object], device: torch.device | str = "cpu", warmup: int = 2, repeat: int = 7
) -> Timing:
    """Time a call, after a warm-up and waiting for the device each time.

    Units: seconds.
    Raises: ValueError if there is nothing to repeat.
    """
    if repeat < 1 or warmup < 0:
        raise ValueError(f"repeat is {repeat} and warmup {warmup}, expected at least 1 and 0")
    for _ in range(warmup):
        call()
    seconds = []
    for _ in range(repeat):
        wait_for_device(device)
        start = time.perf_counter()
        call()
        wait_for_device(device)
        seconds.append(time.perf_counter() - start)
    return Timing(statistics.median(seconds), min(seconds), max(seconds))


def saved_bytes(call: Callable[[], object], exclude: Iterable[Tensor] = ()) -> Saved:
    """Count the memory that the graph built by a call keeps for the backward pass, exactly: each storage once.

    exclude: tensors that live on without the graph, such as the parameters and the input.
    Units: bytes.
    Source: torch.autograd.graph.saved_tensors_hooks, which sees nothing under activation checkpointing.
    """
    elsewhere = {_address(x) for x in exclude}
    storages: dict[int, int] = {}
    kept = []  # holds every saved tensor until the count is done, so that no address is used twice

    def pack(x: Tensor) -> Tensor:
        if _address(x) not in elsewhere:
            storages[_address(x)] = x.untyped_storage().nbytes()
        kept.append(x.detach())
        return kept[-1]  # an output handed back to its own node would never be freed

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        call()
    return Saved(sum(storages.values()), len(kept))


def peak_bytes(call: Callable[[], object], device: torch.device | str = "cpu") -> int:
    """Return the most memory that tensors made during a call take at one time, beyond what was there before.

    On a CPU every storage that an operator returns is followed until it is freed, scratch space inside an
    operator is not; on CUDA torch's allocator keeps the count.
    Units: bytes.
    Raises: ValueError for a device that offers neither.
    """
    kind = torch.device(device).type
    if kind == "cpu":
        with _LiveStorages() as live:
            call()
        return live.peak
    if kind == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        call()
        return torch.cuda.max_memory_allocated(device) - before
    raise ValueError(f"device is {device}, expected cpu or cuda: peak memory is not counted elsewhere")


class _LiveStorages(TorchDispatchMode):
    """Follows the storages that operators return, from their making to their freeing."""

    def __init__(self):
        super().__init__()
        self.live = self.peak = 0
        self._known: dict[int, int] = {}

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        result = operator(*args, **(kwargs or {}))
        inputs = {_address(x) for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)}
        for x in tree_leaves(result):
            if isinstance(x, Tensor) and _address(x) not in inputs and _address(x) not in self._known:
                self._follow(x.untyped_storage())
        return result

    def _follow(self, storage: torch.UntypedStorage) -> None:
        address, size = storage.data_ptr(), storage.nbytes()
        if size:
            self._known[address] = size
            self.live += size
            self.peak = max(self.peak, self.live)
            weakref.finalize(storage, self._forget, address)

    def _forget(self, address: int) -> None:
        self.live -= self._known.pop(address)


def _address(x: Tensor) -> int:
    return x.untyped_storage().data_ptr()
