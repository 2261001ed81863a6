"""Convolutions of one step as torch does them fastest on a CPU: volumes with channels last, a single one in groups."""

import torch
from torch import Tensor
from torch.nn.grad import conv2d_weight, conv3d_weight

from course.convlstm.cell import CONVOLUTIONS

WEIGHT_GRADIENTS = {2: conv2d_weight, 3: conv3d_weight}


def layout_of(x: Tensor) -> torch.memory_format:
    """Return the order in memory for maps like x, which are one step or weights.

    Shapes: x (B, C, *S).
    """
    return torch.channels_last_3d if x.dim() == 5 and x.device.type == "cpu" else torch.contiguous_format


def empty_maps(like: Tensor, batch: int, channels: int) -> Tensor:
    """Return so many maps, not filled, on the grid of others.

    Shapes: like (B, C, *S); returns (batch, channels, *S).
    """
    size = batch, channels, *like.shape[2:]
    return torch.empty(size, dtype=like.dtype, device=like.device, memory_format=layout_of(like))


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Convolve to gates (with a bias) or back from gates, padded so that the grid keeps its size.

    Under autocast only the convolution is rounded, not what is made of it.
    Shapes: x (B, C, *S), weight (M, C, ...), bias (M,); returns (B, M, *S).
    """
    padding, operation = weight.shape[-1] // 2, CONVOLUTIONS[x.dim() - 2]
    if not needs_groups(x):
        return operation(x, weight, bias, padding=padding).to(x.dtype)
    if bias is not None:  # half of the gates from each of two copies
        return operation(torch.cat([x, x], dim=1), weight, bias, padding=padding, groups=2).to(x.dtype)
    halves = operation(x, torch.cat(weight.chunk(2, dim=1)), padding=padding, groups=2)
    return torch.add(*halves.chunk(2, dim=1)).to(x.dtype)


def weight_gradient(x: Tensor, size: torch.Size, d: Tensor) -> Tensor:
    """Return the gradient of the weight of a convolution to gates, from that of the gates.

    Shapes: x (B, C, *S), d (B, M, *S); returns size, which is (M, C, ...).
    """
    padding, gradient = size[-1] // 2, WEIGHT_GRADIENTS[x.dim() - 2]
    if not needs_groups(x):
        return gradient(x, size, d, padding=padding)
    return gradient(torch.cat([x, x], dim=1), size, d, padding=padding, groups=2)


def needs_groups(x: Tensor) -> bool:
    """Whether x is one volume on a CPU: torch leaves it to a slow convolution, but not if it has groups.

    Shapes: x (B, C, *S).
    """
    return x.dim() == 5 and len(x) == 1 and x.device.type == "cpu"
