"""One layer over a whole sequence, fast: an autograd function that knows the equations of the cell.

Tensors over time are time-major here, (T, B, M, *S), so that each step lies in one piece. What pays on a CPU:
volumes with their channels last, one convolution over input and hidden state together, none over a hidden
state that is zero, work in place, and one sigmoid over all four gates, for tanh(x) = 2 sigmoid(2x) - 1, and
torch computes a sigmoid six times as fast.
"""

import math

import torch
from torch import Tensor
from torch.autograd import Function

from course.convlstm.cell import ConvLSTMCell
from course.convlstm.convolutions import convolve, empty_maps, layout_of, needs_groups, weight_gradient
from course.convlstm.plain import is_readable, pull_back, push_forward, walk

TINY = 1e-20  # too little to change what it is added to, unless that is zero


def run_sequence(
    cell: ConvLSTMCell,
    x: Tensor,
    state: tuple[Tensor, Tensor] | None = None,
    ended: Tensor | None = None,
    lean: bool = False,
) -> tuple[Tensor, Tensor]:
    """Run a cell over all time steps; return h of each step and the last c, as calls of the cell would.

    ended: true where an example is behind its end; there h is zero, and c stays as it is.
    lean: keep only h and c of each step for the backward pass, and find the gates there again.
    Shapes: x (T, B, C, *S); state (B, M, *S) twice; ended (T, B, 1, ...). Returns (T, B, M, *S), (B, M, *S).
    """
    h, c = state or (None, x.new_zeros(x.shape[1], cell.hidden_channels, *x.shape[3:]))
    weight = torch.cat([cell.weight_x, cell.weight_h], dim=1)
    inputs = x, h, c, weight, cell.bias, cell.peep, ended
    tracing = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
    if tracing or torch.compiler.is_compiling():
        return walk(*inputs)
    if x.dtype.itemsize < 4:  # 2 sigmoid(2x) - 1 cancels, which half precision cannot afford
        inputs = *(tensor if tensor is None else tensor.float() for tensor in inputs[:-1]), ended
    # Asked here: inside the function ctx.needs_input_grad is true even under no_grad.
    learns = torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in inputs)
    hs, c = _Sequence.apply(*inputs, [] if learns else None, [] if learns and not lean else None)
    return hs.to(x.dtype), c.to(x.dtype)


class _Sequence(Function):
    """Fast values and first derivatives; all others, and those under vmap, come from plain steps."""

    @staticmethod
    def forward(x, h, c, weight, bias, peep, ended, all_c, all_gates):
        hs = _empty_steps(x, c.shape[1])
        for t, (gates, c_new) in enumerate(_steps(hs, x, h, c, weight, bias, peep, ended)):
            if all_c is not None:
                all_c.append(c_new)
            if all_gates is not None:
                all_gates.append(gates)
            elif all_c is not None:
                hs[t].add_(gates.chunk(4, dim=1)[3], alpha=TINY)
        return hs, c_new

    @staticmethod
    def setup_context(ctx, inputs, output):
        *inputs, all_c, all_gates = inputs
        ctx.save_for_backward(*inputs, output[0], *all_c or [], *all_gates or [])
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, dhs, dc):  # pyright: ignore[reportIncompatibleMethodOverride]: torch's stub wants *gradients
        *inputs, hs = (saved := ctx.saved_tensors)[:8]
        x, h_start, c_start, weight, bias, peep, ended = inputs
        steps, batch, channels = x.shape[:3]
        all_c, all_gates = saved[8 : 8 + steps], saved[8 + steps :]
        if torch.is_grad_enabled() or not all_c or not (is_readable(dhs) and is_readable(dc)):
            return *pull_back(inputs, dhs, dc), None, None
        ended = [None] * steps if ended is None else ended
        # The gradient of a convolution with respect to its input is a convolution with the kernel mirrored.
        mirrored = weight.transpose(0, 1).flip(tuple(range(2, weight.dim())))
        mirrored = mirrored.contiguous(memory_format=layout_of(weight))
        dx = _empty_steps(x, channels) if ctx.needs_input_grad[0] else None
        dweight, dbias = torch.zeros_like(weight), torch.zeros_like(bias)
        dpeep = None if peep is None else torch.zeros_like(peep)
        first = channels if dx is None else 0  # of the inputs to a step that need a gradient
        d = empty_maps(hs[0], batch, 4 * hs.shape[2])
        dh = hs.new_zeros(())  # from the step after
        dc = dc.clone(memory_format=layout_of(dc))
        found = _find_two_gates(x, hs, h_start, all_c, c_start, weight, bias, peep, ended)
        for t in reversed(range(steps)):
            h, c = (hs[t - 1], all_c[t - 1]) if t else (h_start, c_start)
            if all_gates:
                inputs, tanh = _join(x[t], h), _tanh(all_c[t], out=torch.empty_like(all_c[t]))
                _step_back(d, dh + dhs[t], dc, all_gates[t], c, all_c[t], tanh, peep, dpeep)
            else:
                (inputs, gates), tanh = next(found), _tanh(all_c[t], out=torch.empty_like(all_c[t]))
                _lean_step_back(d, dh + dhs[t], dc, gates, hs[t], c, all_c[t], tanh, peep, dpeep)
            width = inputs.shape[1]
            dweight[:, :width] += weight_gradient(inputs, weight[:, :width].shape, d)
            dbias += d.sum([0, *range(2, d.dim())])
            if first < width:
                dinputs = convolve(d, mirrored[first:width])
                dh = dinputs[:, channels - first :]
                if dx is not None:
                    dx[t] = dinputs[:, :channels]
        return dx, None if h_start is None else dh, dc, dweight, dbias, dpeep, None, None, None

    @staticmethod
    def jvp(ctx, *tangents):
        return push_forward(ctx.saved_tensors, tangents)

    @staticmethod
    def vmap(info, in_dims, *inputs):
        return torch.vmap(walk, in_dims[:7])(*inputs[:7]), (0, 0)


def _steps(hs, x, h, c, weight, bias, peep, ended):
    """Write h of each step into hs; yield gates and c of each."""
    doubled = _double(weight, bias)
    for t in range(len(x)):
        gates, c = _step(x[t], h, c, *doubled, peep, None if ended is None else ended[t])
        h = _tanh(c, out=hs[t]).mul_(gates.chunk(4, dim=1)[3])
        yield gates, c


def _step(x, h, c, weight, bias, peep, ended):
    """Return the gates, each a sigmoid, and the new c; the candidate is 2g - 1."""
    inputs = _join(x, h)
    gates = convolve(inputs, weight[:, : inputs.shape[1]], bias)
    i, f, g, o = gates.chunk(4, dim=1)
    if peep is not None:
        i.addcmul_(peep[0], c)
        f.addcmul_(peep[1], c)
    if ended is not None:
        gates.masked_fill_(ended, -math.inf)
        f.masked_fill_(ended, math.inf)
    (gates if peep is None else gates[:, : -o.shape[1]]).sigmoid_()
    c = torch.mul(f, c).sub_(i).addcmul_(i, g, value=2)
    if peep is not None:
        o.addcmul_(peep[2], c).sigmoid_()
    return gates, c


def _find_two_gates(x, hs, h, all_c, c, weight, bias, peep, ended):
    """Yield, from the last step to the first, input and hidden state side by side, and i and f, convolved anew.

    Single volumes are convolved two steps at a time: twice as fast if there are few hidden channels.
    """
    rows, ahead = 2 * c.shape[1], []
    for t in reversed(range(len(x))):
        if not ahead:
            ahead = [_join(x[t], hs[t - 1] if t else h)]
            if t > 1 and needs_groups(x[t]):
                ahead.append(_join(x[t - 1], hs[t - 2]))
            together = torch.cat(ahead) if len(ahead) > 1 else ahead[0]
            both = convolve(together, weight[:rows, : together.shape[1]], bias[:rows])
            ahead = list(zip(ahead, both.split(len(x[t]))))
        inputs, gates = ahead.pop(0)
        _finish_two_gates(gates, all_c[t - 1] if t else c, peep, ended[t])
        yield inputs, gates


def _finish_two_gates(gates, c, peep, ended):
    """Make i and f of what was convolved, in place, as a step makes them."""
    i, f = gates.chunk(2, dim=1)
    if peep is not None:
        i.addcmul_(peep[0], c)
        f.addcmul_(peep[1], c)
    if ended is not None:
        i.masked_fill_(ended, -math.inf)
        f.masked_fill_(ended, math.inf)
    gates.sigmoid_()


def _step_back(d, dh, dc, gates, c, c_new, tanh, peep, dpeep):
    """Fill d with the gradients before the sigmoids; turn dc, that of c_new, into that of c; add to dpeep."""
    i, f, g, o = gates.chunk(4, dim=1)
    di, df, dg, do = d.chunk(4, dim=1)
    torch.mul(dh, tanh, out=do)
    dh.mul_(o)
    dc.add_(dh).addcmul_(dh, tanh.mul_(tanh), value=-1)  # the slope of tanh is 1 - tanh²
    if peep is not None:
        dc.addcmul_(do * o * (1 - o), peep[2])
    torch.addcmul(-dc, dc, g, value=2, out=di)  # the candidate is 2g - 1
    torch.mul(dc, c, out=df)
    torch.mul(4 * dc, i, out=dg)  # 2 sigmoid(2x): twice doubled
    d.mul_(gates).addcmul_(d, gates, value=-1)  # the slope of a sigmoid s is s - s²
    dc.mul_(f)
    if peep is not None:
        _peep_back(di, df, do, dc, c, c_new, peep, dpeep)


def _lean_step_back(d, dh, dc, gates, h, c, c_new, tanh, peep, dpeep):
    """Do the same for a step of whose gates only i and f are there: what it gave, h and c_new, tells the others.

    h is o times tanh(c_new), plus a little, which tells o even where c_new is zero. What the candidate added is
    what f leaves of c_new; its error is no larger than that of c_new.
    """
    i, f = gates.chunk(2, dim=1)
    di, df, dg, do = d.chunk(4, dim=1)
    o, part = h / tanh.add_(TINY), dh * h
    torch.addcmul(part, part, o, value=-1, out=do)  # o tanh (1 - o) is h (1 - o)
    dc.addcmul_(dh, o).addcmul_(part, tanh, value=-1)  # o (1 - tanh²) is o - h tanh
    if peep is not None:
        dc.addcmul_(do, peep[2])
    candidate = torch.addcmul(c_new, f, c, value=-1).div_(torch.add(i, TINY, out=o)).clamp_(-1, 1)
    before = torch.mul(dc, i, out=o)  # the memory of o is free for other maps, as is that of part
    torch.mul(before, candidate, out=part)
    torch.addcmul(part, part, i, value=-1, out=di)
    torch.addcmul(before, part, candidate, value=-1, out=dg)  # i (1 - candidate²)
    torch.mul(dc.mul_(f), c, out=part)
    torch.addcmul(part, part, f, value=-1, out=df)
    if peep is not None:
        _peep_back(di, df, do, dc, c, c_new, peep, dpeep)


def _peep_back(di, df, do, dc, c, c_new, peep, dpeep):
    """Add to dc and dpeep what comes through the peepholes, but for dc that of the output gate."""
    dc.addcmul_(di, peep[0]).addcmul_(df, peep[1])
    for part, (dgate, memory) in enumerate([(di, c), (df, c), (do, c_new)]):
        dpeep[part] += (dgate * memory).sum_to_size(dpeep[part].shape)


def _double(weight, bias):
    """Double the rows of the candidate, for tanh(x) = 2 sigmoid(2x) - 1."""
    factor = torch.ones_like(bias)
    factor.chunk(4)[2].fill_(2)
    doubled = weight * factor.view(-1, *[1] * (weight.dim() - 1))
    return doubled.contiguous(memory_format=layout_of(weight)), bias * factor


def _tanh(x, out):
    return torch.mul(x, 2, out=out).sigmoid_().mul_(2).sub_(1)


def _join(x, h):
    """x and h side by side, or x alone before the first step, where h is zero."""
    if h is None:
        return x.contiguous(memory_format=layout_of(x))
    return torch.cat([x, h], dim=1, out=empty_maps(x, len(x), x.shape[1] + h.shape[1]))


def _empty_steps(x, channels):
    """For each step of x so many maps, in one tensor; not a view, for such have no forward derivative."""
    size, order = (*x.shape[:2], channels, *x.shape[3:]), list(range(x.dim()))
    if layout_of(x[0]) == torch.channels_last_3d:
        order.append(order.pop(2))
    return torch.empty_permuted(size, order, dtype=x.dtype, device=x.device)
