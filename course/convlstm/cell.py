"""One step of a convolutional LSTM, written as its equations stand in the paper."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course._shapes import check_shape, check_whole

CONVOLUTIONS = {2: F.conv2d, 3: F.conv3d}
GRIDS = {2: "H W", 3: "D H W"}


class ConvLSTMCell(nn.Module):
    """One time step of a convolutional LSTM: every matrix product of an LSTM becomes a convolution.

    kernel: its side, odd, so that the grid keeps its size; outside the grid everything is zero.
    dim: 2 for maps (H, W), 3 for volumes (D, H, W).
    peephole: lets the gates see the memory c: "channel" with one weight a channel, a size such as (H, W) with
    one weight a channel and grid point, as in the paper; None without.
    generator: draws the initial weights, on the CPU; torch's global generator if None.
    Shapes: x (B, C, *S); state, None for zeros, is h and c, each (B, M, *S), where S is (H, W) or (D, H, W).
    Returns new h, new c. The 4M rows of weights and bias are input gate, forget gate, candidate, output gate,
    in the order of torch.nn.LSTMCell; peep (3, M, ...) has the gates only.
    Transforms: all that torch has for its own operations, for these are plain ones.
    Raises: ValueError if kernel, dim, channels or peephole make no cell, x or state do not fit it, or volumes are to
    be trained in bfloat16 on a CPU, where torch's gradients are wrong.
    Source: Shi et al. 2015, arXiv:1506.04214, equation 3.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        kernel: int = 3,
        dim: int = 2,
        peephole: str | Sequence[int] | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = check_whole("in_channels", in_channels, 1)
        self.hidden_channels = check_whole("hidden_channels", hidden_channels, 8)
        self.kernel, self.dim = check_whole("kernel", kernel, 3), check_whole("dim", dim, 2)
        if min(in_channels, hidden_channels) < 1:
            sizes = f"in_channels is {in_channels} and hidden_channels {hidden_channels}"
            raise ValueError(f"{sizes}, expected at least 1 of each")
        if kernel % 2 == 0 or kernel < 1:
            raise ValueError(f"kernel is {kernel}, expected an odd number: try {max(kernel, 0) + 1}")
        if dim not in CONVOLUTIONS:
            raise ValueError(f"dim is {dim}, expected 2 for maps (H, W) or 3 for volumes (D, H, W)")
        rows, window = 4 * self.hidden_channels, (self.kernel,) * self.dim
        self.weight_x = nn.Parameter(torch.empty(rows, self.in_channels, *window))
        self.weight_h = nn.Parameter(torch.empty(rows, self.hidden_channels, *window))
        self.bias = nn.Parameter(torch.zeros(rows))
        for weight in (self.weight_x, self.weight_h):
            draw_uniform(weight, (in_channels + hidden_channels) * kernel**dim, generator)
        with torch.no_grad():
            # Open at first, so that memory, and the gradient through it, lasts (Jozefowicz et al. 2015).
            self.bias[self.hidden_channels : 2 * self.hidden_channels] = 1
        self.peep = None
        if peephole is not None:
            self.peep = nn.Parameter(torch.zeros(3, self.hidden_channels, *_peephole_grid(peephole, self.dim)))

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        check_shape("x", x, f"B {self.input_axes}", "one time step, channels before the grid")
        x = self.match("x", x)
        if state is None:
            zeros = x.new_zeros(x.shape[0], self.hidden_channels, *x.shape[2:])
            state = zeros, zeros
        h, c = self.check_state(state, x.shape[0], x.shape[2:])
        return advance(x, h, c, self.weight_x, self.weight_h, self.bias, self.peep)

    @property
    def input_axes(self) -> str:
        """Axes of one input without batch and time, such as "8 H W"."""
        grid = GRIDS[self.dim]
        if self.peep is not None and self.peep[0, 0].numel() > 1:
            grid = " ".join(map(str, self.peep.shape[2:]))
        return f"{self.in_channels} {grid}"

    def check_state(self, state: tuple[Tensor, Tensor], batch: int, grid: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return a state that fits, under autocast in the type of the weights. Raises: ValueError that names h or c."""
        if not isinstance(state, tuple | list) or len(state) != 2:
            raise ValueError(f"a state is of type {type(state).__name__}, expected a pair: try (h, c)")
        size = batch, self.hidden_channels, *grid
        for name, x in zip("hc", state):
            check_shape(name, x, size, "a state has the hidden channels, and batch and grid of x")
        return self.match("h", state[0]), self.match("c", state[1])

    def match(self, name: str, x: Tensor) -> Tensor:
        """Return x in the type of the weights, which it has but under autocast. Raises: ValueError that names x."""
        weight, kind = self.bias, x.device.type
        if x.device != weight.device:
            raise ValueError(
                f"{name} is on {x.device}, expected {weight.device} as the weights: try {name}.to('{weight.device}')"
            )
        cast = kind != "meta" and torch.is_autocast_enabled(kind)
        if cast and x.is_floating_point():
            x = x.to(weight.dtype)
        if x.dtype != weight.dtype:
            raise ValueError(f"{name} is {x.dtype}, expected {weight.dtype} as the weights: convert it")
        used = torch.get_autocast_dtype(kind) if cast else x.dtype
        # With bfloat16 units, conv3d gives garbage for its weight's gradient if the kernel is higher than the grid.
        if self.dim == 3 and kind == "cpu" and used == torch.bfloat16 and torch.is_grad_enabled():
            mend = "train in float32 or float16, or predict under torch.no_grad()"
            raise ValueError(
                f"{name} is computed in {used} on the CPU, where torch's gradients of volumes are wrong: {mend}"
            )
        return x


def advance(
    x: Tensor, h: Tensor, c: Tensor, weight_x: Tensor, weight_h: Tensor, bias: Tensor, peep: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Return h and c after one more step: the equations of the cell."""
    convolve, padding = CONVOLUTIONS[x.dim() - 2], weight_x.shape[-1] // 2
    weighted = convolve(x, weight_x, bias, padding=padding)
    weighted = weighted + convolve(h, weight_h, padding=padding)
    i, f, g, o = weighted.chunk(4, dim=1)
    peep_i, peep_f, peep_o = (0, 0, 0) if peep is None else peep
    i = torch.sigmoid(i + peep_i * c)
    f = torch.sigmoid(f + peep_f * c)
    c = f * c + i * torch.tanh(g)
    o = torch.sigmoid(o + peep_o * c)
    return o * torch.tanh(c), c


def draw_uniform(parameter: Tensor, inputs: int, generator: torch.Generator | None) -> None:
    """Draw weights as torch draws those of a layer with so many inputs, on the CPU, wherever they lie."""
    if not isinstance(generator, torch.Generator | None):
        raise ValueError(
            f"generator is {generator!r}, expected a torch.Generator: try torch.Generator().manual_seed(0)"
        )
    bound = 1 / math.sqrt(inputs)
    with torch.no_grad():
        parameter.copy_(torch.empty(parameter.shape, device="cpu").uniform_(-bound, bound, generator=generator))


def _peephole_grid(peephole: str | Sequence[int], dim: int) -> tuple[int, ...]:
    if isinstance(peephole, str) and peephole == "channel":
        return (1,) * dim
    try:
        grid = tuple(check_whole("peephole", size, 1) for size in peephole)
    except (TypeError, ValueError):
        grid = ()
    if len(grid) != dim or min(grid) < 1:
        expected = f"None, 'channel' or the size of the grid, ({GRIDS[dim].replace(' ', ', ')})"
        raise ValueError(f"peephole is {peephole!r}, expected {expected}")
    return grid
