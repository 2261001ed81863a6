"""Layers of convolutional LSTMs over whole sequences, and the network of the notes for rain."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from course._shapes import check_shape, check_whole
from course.convlstm.cell import ConvLSTMCell, draw_uniform
from course.convlstm.plain import is_readable
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
    Transforms: torch.compile, export with a fixed T, torch.func, forward-mode and second derivatives take the plain
    steps of the cells, where lean saves nothing. In compiled code and under vmap, lengths outside 0 to T count as
    the nearest. functionalize, linearize and make_fx need the cells themselves, called step by step.
    Under autocast the memory stays in the type of the weights. Hooks on the cells are not called.
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
        try:
            sizes = tuple(hidden_channels)  # pyright: ignore[reportArgumentType]
        except TypeError:
            sizes: tuple[int, ...] = (hidden_channels,)  # pyright: ignore[reportAssignmentType]
        if not sizes:
            raise ValueError("hidden_channels is (), expected the size of one layer or more: try (8, 8)")
        if not isinstance(lean, bool):
            raise ValueError(f"lean is {lean!r}, expected True or False")
        self.lean = lean
        # torch's stubs do not say what a ModuleList holds.
        self.cells: Sequence[ConvLSTMCell] = nn.ModuleList(  # pyright: ignore[reportAttributeAccessIssue]
            ConvLSTMCell(inputs, outputs, kernel, dim, peephole, generator)
            for inputs, outputs in zip((in_channels, *sizes), sizes)
        )

    def forward(
        self,
        x: Tensor,
        states: Sequence[State | None] | None = None,
        lengths: Tensor | Sequence[int] | np.ndarray | None = None,
    ) -> tuple[list[Tensor], list[State]]:
        x, layers = self.check_input(x), len(self.cells)
        if states is None:
            states = [None] * layers
        if not isinstance(states, tuple | list) or any(isinstance(state, Tensor) for state in states):
            mend = ", ".join(["(h, c)"] * layers)
            raise ValueError(f"states has no pairs h, c, expected {layers}, one for each layer: try [{mend}]")
        if len(states) != layers:
            raise ValueError(f"states has {len(states)} pairs h, c, expected {layers}, one for each layer")
        ended = None
        if lengths is not None:
            lengths = _checked(lengths, x)
            ended = lengths <= torch.arange(x.shape[1], device=x.device).view(-1, 1)
            ended = ended.view(*ended.shape, *[1] * (x.dim() - 2))
            x = x.masked_fill(ended.transpose(0, 1), 0)
        outputs, last = [], []
        hs = x.transpose(0, 1)
        for cell, state in zip(self.cells, states):
            if state is not None:
                state = cell.check_state(state, x.shape[0], x.shape[3:])
            hs, c = run_sequence(cell, hs, state, ended, self.lean)
            outputs.append(hs.transpose(0, 1))
            last.append((_last(hs, state, lengths), c))
        return outputs, last

    def check_input(self, x: Tensor) -> Tensor:
        """Return an input that fits, under autocast in the type of the weights. Raises: ValueError that names x."""
        lowest = self.cells[0]
        mend = "time comes after the batch, channels before the grid"
        check_shape("x", x, f"B T {lowest.input_axes}", mend)
        if x.shape[1] == 0:
            raise ValueError("x has 0 time steps, expected 1 or more: give at least one")
        return lowest.match("x", x)


class RainNet(nn.Module):
    """Three ConvLSTM layers, a 1-channel convolution on the hidden state of each, one over these three.

    A layer hands its hidden state to the next; the notes leave open whether it hands on its 1-channel map.
    hidden_channels, kernel, dim, peephole, lean, generator: as for `ConvLSTM`.
    out_channels: maps a step, as many by each layer; the 1 above, unless several answers are wanted at once.
    Shapes: x (B, T, C, *S), such as (B, 15, 1, 4, 101, 101); returns (B, T, out_channels, *S).
    Without gradients it walks step by step, so that memory does not grow with T but for the output.
    Transforms: as for `ConvLSTM`.
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
        out_channels: int = 1,
    ) -> None:
        super().__init__()
        if check_whole("out_channels", out_channels, 1) < 1:
            raise ValueError(f"out_channels is {out_channels}, expected 1 or more")
        self.lstm = ConvLSTM(in_channels, hidden_channels, kernel, dim, peephole, lean, generator)
        cells = self.lstm.cells
        maps = (_convolution(cell.hidden_channels, out_channels, cell, generator) for cell in cells)
        self.maps = nn.ModuleList(maps)
        self.last = _convolution(len(cells) * out_channels, out_channels, cells[0], generator)

    def forward(self, x: Tensor) -> Tensor:
        x = self.lstm.check_input(x)
        if torch.is_grad_enabled() or x.shape[1] < 2:
            return self._predict(x, None)[0]
        step, states = self._predict(x[:, :1], None)
        y = step.new_empty(*x.shape[:2], *step.shape[2:])
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


def _checked(lengths: Tensor | Sequence[int] | np.ndarray, x: Tensor) -> Tensor:
    steps = x.shape[1]
    try:
        if not isinstance(lengths, Tensor):
            lengths = torch.tensor(lengths.tolist() if isinstance(lengths, np.ndarray) else list(lengths))
        lengths = lengths.to(x.device)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"lengths is {lengths!r}, expected whole numbers: try [{steps}] * {len(x)}") from None
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise ValueError(f"lengths is {lengths.dtype}, expected whole numbers: try [{steps}] * {len(x)}")
    check_shape("lengths", lengths, x.shape[:1], "one for each example of x")
    lengths = lengths.long()
    if is_readable(lengths) and ((lengths < 0).any() or (lengths > steps).any()):
        raise ValueError(f"lengths is {lengths.tolist()}, expected 0 to {steps}: x has {steps} time steps")
    return lengths.clamp(0, steps)


def _last(hs: Tensor, state: State | None, lengths: Tensor | None) -> Tensor:
    """Return h of each example at its end, as a copy: a view would keep every step in memory."""
    if lengths is None:
        return hs[-1].clone()
    start = torch.zeros_like(hs[0]) if state is None else state[0]
    at_end = hs[(lengths - 1).clamp(min=0), torch.arange(lengths.shape[0], device=hs.device)]
    return torch.where((lengths == 0).view(-1, *[1] * (start.dim() - 1)), start, at_end)


def _convolution(
    in_channels: int, out_channels: int, cell: ConvLSTMCell, generator: torch.Generator | None
) -> nn.Module:
    """A convolution initialised as torch does it, but by a generator of its own."""
    device, padding = torch.get_default_device(), cell.kernel // 2
    layer = CONVOLUTION_LAYERS[cell.dim]
    convolution = nn.utils.skip_init(layer, in_channels, out_channels, cell.kernel, padding=padding, device=device)
    for parameter in convolution.parameters():  # the weight, then the bias
        draw_uniform(parameter, in_channels * cell.kernel**cell.dim, generator)
    return convolution
