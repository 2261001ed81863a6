"""What the scores of every target share: the parts of the cells, and the sums over films of which scores are made."""

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

NETWORK = "RainNet"
PARTS = {"measured": "all cells that were measured", "known": "cells known to motion"}
FAIR = 10  # blocks that make a fair interval


def join_sums(parts: Iterable):
    """Put the sums of several batches of films together, in their order.

    Sums are tuples of tensors that begin with an axis of films, in dicts and lists alike for all batches. Of dicts what
    all have is kept: a machine may lack the library of a rival.
    """
    return _joined(list(parts))


def _joined(parts: list):
    first = parts[0]
    if isinstance(first, dict):
        return {name: _joined([part[name] for part in parts]) for name in names_of_all(parts)}
    if isinstance(first, list):
        return [_joined(list(each)) for each in zip(*parts)]
    return type(first)(*(torch.cat(fields) for fields in zip(*parts)))


def names_of_all(parts: Iterable[Mapping]) -> list:
    """Return the names that all have, in the order of the first."""
    first, *others = parts
    return [name for name in first if all(name in other for other in others)]


def whole(sums):
    """Return sums over all films."""
    return type(sums)(*(field.sum(0) for field in sums))


def count_blocks(films: int, blocks: Sequence | int) -> int:
    """Return how many blocks films lie in. blocks: as for `by_blocks`."""
    return -(-films // blocks) if isinstance(blocks, int) else len(set(blocks))


def number_or_none(value: Tensor | float) -> float | None:
    """Return a plain number, as a file of JSON can hold it: None for nan."""
    value = float(value)
    return None if math.isnan(value) else value
