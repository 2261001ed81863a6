"""A layer over a whole sequence in torch's own operations, step by step, and its derivatives.

Slower than the autograd function of `sequence`, but compilers, `vmap` and derivatives of derivatives see through it.
"""

import torch
from torch import Tensor

from course.convlstm.cell import advance


def walk(x, h, c, weight, bias, peep, ended):
    """Return h of each step and the last c; arguments and shapes are those of the autograd function."""
    weight_x, weight_h = weight.split([x.shape[2], c.shape[1]], dim=1)
    h = torch.zeros_like(c) if h is None else h
    hs = []
    for t in range(x.shape[0]):
        before = c
        h, c = advance(x[t], h, c, weight_x, weight_h, bias, peep)
        if ended is not None:
            h, c = h.masked_fill(ended[t], 0), torch.where(ended[t], before, c)
        hs.append(h)
    return torch.stack(hs), c


def pull_back(inputs, dhs, dc):
    """Return the gradients with respect to the inputs of `walk`; they can be differentiated further."""
    call, some = _take(inputs)
    gradients = iter(torch.func.vjp(call, *some)[1]((dhs, dc)))
    return *(None if tensor is None else next(gradients) for tensor in inputs[:-1]), None


def push_forward(inputs, tangents):
    """Return the tangents of the results of `walk`."""
    call, some = _take(inputs)
    given = [torch.zeros_like(x) if dx is None else dx for x, dx in zip(inputs[:-1], tangents) if x is not None]
    # Backward twice, for torch takes no forward derivative inside another: the gradient is linear in what comes
    # from above, and its own gradient with respect to that is the tangent.
    results, pull, *_ = torch.func.vjp(call, *some)
    (result,) = torch.func.vjp(pull, tuple(map(torch.zeros_like, results)))[1](tuple(given))
    return result


def is_readable(x: Tensor) -> bool:
    """Whether numbers of x can be asked for now: not where code is compiled, under vmap, or on the meta device."""
    if torch.compiler.is_compiling() or x.is_meta:
        return False
    try:
        x.untyped_storage()
    except NotImplementedError:
        return False
    return True


def _take(inputs):
    """Return `walk` as a function of those inputs that are there and have a gradient, and these."""

    def call(*some):
        some = iter([*some, inputs[-1]])
        return walk(*(None if tensor is None else next(some) for tensor in inputs))

    return call, [tensor for tensor in inputs[:-1] if tensor is not None]
