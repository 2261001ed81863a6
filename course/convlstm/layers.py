"""Layers of convolutional LSTMs over whole sequences, and the network of the notes for rain."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course._shapes import check_shape
from course.convlstm.cell import ConvLSTMCell
from course.convlstm.sequence import run_sequence

CONVOLUTION_LAYERS = {2: nn.Conv2d, 3: nn.Conv3d}
State = tuple[Tensor, Tensor]


class ConvLSTM(nn.Module):
    """Convolutional LSTM layers, one on top of the other: each reads the hidden states of the one below.

    hidden_channels: of each layer from below, such as (16, 8), or a number for a single layer.
    kernel, dim, peephole, generator: as for `ConvLSTMCell`.
    lean: keep only h and c of each step for the backward pass, a third of the memory, and compute the gates
    there once more.
    Shapes: x (B, T, C, *S). states, None for zeros: one pair h, c for each layer, each (B, M, *S).
    lengths (B,): steps that each example has, 0 to T; None for T. What stands behind its end is not looked
    at: its outputs are zero there, and its states stay.
    Returns the hidden states of each layer, a list of (B, T, M, *S), and the last states, which can be given
    back (detached, unless gradients are to flow through them).
    Raises: ValueError if something does not fit, as for `ConvLSTMCell`, or T is 0.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int | Sequence[int],
        kernel: int = 3,
        dim: int = 2,
        peephole: str | Sequence[int] | None = None,
        lean: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = (hidden_channels,) if isinstance(hidden_channels, int) else tuple(hidden_channels)
        if not sizes:
            raise ValueError("hidden_channels is (), expected the size of one layer or more: try (8, 8)")
        self.lean = lean
        # torch's stubs do not say what a ModuleList holds.
        self.cells: Sequence[ConvLSTMCell] = nn.ModuleList(  # pyright: ignore[reportAttributeAccessIssue]
            ConvLSTMCell(inputs, outputs, kernel, dim, peephole, generator)
            for inputs, outputs in zip((in_channels, *sizes), sizes)
        )

    def forward(
        self, x: Tensor, states: Sequence[State] | None = None, lengths: Tensor | Sequence[int] | None = None
    ) -> tuple[list[Tensor], list[State]]:
        lowest, layers = self.cells[0], len(self.cells)
        mend = "time comes after the batch, channels before the grid"
        check_shape("x", x, f"B T {lowest.input_axes}", mend)
        if x.shape[1] == 0:
            raise ValueError("x has 0 time steps, expected 1 or more: give at least one")
        if x.dtype != lowest.bias.dtype:
            raise ValueError(f"x is {x.dtype}, expected {lowest.bias.dtype} as the weights: convert it")
        if states is not None and len(states) != layers:
            raise ValueError(f"states has {len(states)} pairs h, c, expected {layers}, one for each layer")
        ended = None
        if lengths is not None:
            lengths = _checked(lengths, x)
            ended = lengths <= torch.arange(x.shape[1], device=x.device).view(-1, 1)
            ended = ended.view(*ended.shape, *[1] * (x.dim() - 2))
            x = x.masked_fill(ended.transpose(0, 1), 0)
        outputs, last = [], []
        hs = x.transpose(0, 1)
        for cell, state in zip(self.cells, states or [None] * layers):
            if state is not None:
                cell.check_state(state, len(x), x.shape[3:])
            hs, c = run_sequence(cell, hs, state, ended, self.lean)
            outputs.append(hs.transpose(0, 1))
            last.append((_last(hs, state, lengths), c))
        return outputs, last


class RainNet(nn.Module):
    """Three ConvLSTM layers, a 1-channel convolution on the hidden state of each, one over these three.

    A layer hands its hidden state to the next; the notes leave open whether it hands on its 1-channel map.
    hidden_channels, kernel, dim, peephole, lean, generator: as for `ConvLSTM`.
    Shapes: x (B, T, C, *S), such as (B, 15, 1, 4, 101, 101); returns (B, T, 1, *S).
    Without gradients it walks step by step, so that memory does not grow with T but for the output.
    Source: row 17 of the notes.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: Sequence[int] = (8, 8, 8),
        kernel: int = 3,
        dim: int = 3,
        peephole: str | Sequence[int] | None = None,
        lean: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.lstm = ConvLSTM(in_channels, hidden_channels, kernel, dim, peephole, lean, generator)
        self.maps = nn.ModuleList(
            _convolution(cell.hidden_channels, kernel, dim, generator) for cell in self.lstm.cells
        )
        self.last = _convolution(len(self.maps), kernel, dim, generator)

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() or x.shape[1] < 2:
            return self._predict(x, None)[0]
        step, states = self._predict(x[:, :1], None)
        y = step.new_empty(len(x), x.shape[1], *step.shape[2:])
        y[:, 0] = step[:, 0]
        for t in range(1, x.shape[1]):
            step, states = self._predict(x[:, t : t + 1], states)
            y[:, t] = step[:, 0]
        return y

    def _predict(self, x: Tensor, states: list[State] | None) -> tuple[Tensor, list[State]]:
        outputs, new_states = self.lstm(x, states)
        batch, steps = x.shape[:2]
        # Time first, as the layers keep it: then no copy is made.
        flat = [hs.transpose(0, 1).flatten(0, 1) for hs in outputs]
        maps = torch.cat([convolution(h) for convolution, h in zip(self.maps, flat)], dim=1)
        return self.last(maps).unflatten(0, (steps, batch)).transpose(0, 1), new_states


def _checked(lengths: Tensor | Sequence[int], x: Tensor) -> Tensor:
    lengths = torch.as_tensor(lengths, device=x.device)
    batch, steps = x.shape[:2]
    if lengths.is_floating_point() or lengths.dtype == torch.bool:
        raise ValueError(f"lengths is {lengths.dtype}, expected whole numbers: convert it by .long()")
    check_shape("lengths", lengths, str(batch), "one for each example of x")
    if (lengths < 0).any() or (lengths > steps).any():
        raise ValueError(f"lengths is {lengths.tolist()}, expected 0 to {steps}: x has {steps} time steps")
    return lengths.long()


def _last(hs: Tensor, state: State | None, lengths: Tensor | None) -> Tensor:
    """Return h of each example at its end, as a copy: a view would keep every step in memory."""
    if lengths is None:
        return hs[-1].clone()
    start = torch.zeros_like(hs[0]) if state is None else state[0]
    at_end = hs[(lengths - 1).clamp(min=0), torch.arange(len(lengths), device=hs.device)]
    return torch.where((lengths == 0).view(-1, *[1] * (start.dim() - 1)), start, at_end)


def _convolution(in_channels: int, kernel: int, dim: int, generator: torch.Generator | None) -> nn.Module:
    """A convolution to one channel, initialised as torch does it, but by a generator of its own."""
    convolution = nn.utils.skip_init(CONVOLUTION_LAYERS[dim], in_channels, 1, kernel, padding=kernel // 2)
    bound = 1 / math.sqrt(in_channels * kernel**dim)
    for parameter in convolution.parameters():  # the weight, then the bias
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return convolution
