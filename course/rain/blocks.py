"""How sure one can be of a score: its interval by bootstrap, over blocks of time."""

import math
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

SAMPLES = 9999
Sums = TypeVar("Sums", bound=tuple[Tensor, ...])  # such as Errors or Events of course.rain.scores


class Interval(NamedTuple):
    """A score, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def by_blocks(
    score: Callable[[Sums], Tensor],
    sums: Sums,
    blocks: int | ndarray | Tensor,
    against: Sums | None = None,
    seed: int = 0,
) -> Interval:
    """Return a score over all frames with its 95 % interval, by bootstrap: percentiles over 9,999 samples of blocks.

    Frames that follow each other err alike, so they are drawn in blocks, longer than rain stays the same; ten blocks
    or more make a fair interval. Samples in which the score is nan, as CSI without an event, are left out.
    score: of summed sums, such as `Errors.rmse`, `Events.csi` or `Fractions.fss`. against: the sums of another
    forecast; then it is the difference, ours less theirs, on the same blocks. blocks: how many frames make one, or
    the block of each frame, such as `times.astype("datetime64[h]")`.
    Shapes: each of sums and against (N,), blocks (N,) or a number.
    Raises: ValueError if the frames are not as many everywhere, or make less than two blocks.
    """
    frames = len(sums[0])
    if np.ndim(blocks) == 0 and blocks < 1:
        raise ValueError(f"blocks is {blocks}, expected 1 or more frames")
    labels = np.asarray(blocks) if np.ndim(blocks) else np.arange(frames) // blocks
    for name, count in (("blocks", len(labels)), ("against", frames if against is None else len(against[0]))):
        if count != frames:
            raise ValueError(f"{name} has {count} frames, expected {frames}, as sums: score the same ones")
    names, block = np.unique(labels, return_inverse=True)
    count = len(names)
    if count < 2:
        raise ValueError(f"{frames} frames make {count} block, expected two or more: take shorter blocks")

    # By hand, since that of scipy knows no sample without a score.
    often = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), SAMPLES)
    drawn = torch.from_numpy(np.vstack([np.ones(count), often]))  # (1 + SAMPLES, blocks), first each block once

    def of(forecast: Sums) -> Tensor:
        fields = torch.stack([field.detach().cpu().double() for field in forecast], 1)
        in_blocks = fields.new_zeros(count, fields.shape[1]).index_add_(0, torch.from_numpy(block), fields)
        return score(type(forecast)(*(drawn @ in_blocks).unbind(1)))

    value, *samples = (of(sums) if against is None else of(sums) - of(against)).tolist()
    known = [sample for sample in samples if not math.isnan(sample)]
    low, high = np.quantile(known, (0.025, 0.975)).tolist() if known else (math.nan, math.nan)
    return Interval(value, low, high)
