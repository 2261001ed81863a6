"""What a rain forecast must beat: the last frame again, and the last frame moved on by the drift of the echo."""

import torch
from torch import Tensor
from torch.nn import functional as F

LARGE = 101  # cells: on maps with a longer side, such a coarse one is looked at first
GAP = 3  # steps between frames that are compared: a slow drift shows better over a longer time


def persistence(x: Tensor, steps: int) -> Tensor:
    """Forecast that nothing changes: the last frame, again and again.

    Shapes: x (B, T, ...); returns (B, steps, ...).
    """
    _check_frames(x, steps, 1)
    return x[:, -1:].expand(-1, steps, *x.shape[2:]).clone()


def advection(
    x: Tensor, steps: int, seen: Tensor | None = None, reach: int | None = None, edge: str = "border"
) -> Tensor:
    """Forecast that everything drifts on as it did: the last frame, moved by `drift` from step to step.

    edge: what comes in from outside, "border" (the echo at the edge), "mean" (that of the map) or "zeros" (none).
    seen, reach: as in `drift`.
    Shapes: x (B, T, ..., H, W), seen bool as x; returns (B, steps, ..., H, W).
    Raises: ValueError as `drift`, or for another edge.
    """
    _check_frames(x, steps, 2)
    ahead = torch.arange(1, steps + 1, dtype=x.dtype, device=x.device)
    by = ahead[:, None] * drift(x, seen, reach)[:, None]  # (B, steps, 2)
    frames = x[:, -1:].expand(-1, steps, *x.shape[2:])
    return move(frames.flatten(0, 1), by.flatten(0, 1), edge=edge).view(frames.shape)


def move(x: Tensor, by: Tensor, steps: int = 1, edge: str = "border") -> Tensor:
    """Move maps on by so many cells a step.

    edge: as for `advection`.
    Shapes: x (B, ..., H, W), by (B, 2) rows and columns; returns as x.
    Raises: ValueError for another edge.
    """
    if edge not in ("border", "mean", "zeros"):
        raise ValueError(f"edge is {edge!r}, expected 'border', 'mean' or 'zeros'")
    rows, columns = x.shape[-2:]
    scale = 2 / torch.tensor([columns, rows], dtype=x.dtype, device=x.device)  # grid_sample: from -1 to 1
    shift = torch.eye(2, 3, dtype=x.dtype, device=x.device).repeat(len(x), 1, 1)
    shift[:, :, 2] = -scale * (steps * by).flip(1)  # x, y
    maps = x.reshape(len(x), -1, rows, columns)
    outside = maps.mean((2, 3), keepdim=True) if edge == "mean" else 0
    grid = F.affine_grid(shift, list(maps.shape), align_corners=False)
    if edge == "border":  # by hand: not every GPU knows it
        grid = grid.clamp(scale / 2 - 1, 1 - scale / 2)
    return (F.grid_sample(maps - outside, grid, align_corners=False) + outside).view(x.shape)


def drift(x: Tensor, seen: Tensor | None = None, reach: int | None = None) -> Tensor:
    """Find how far the echo moves a step: the shift at which late frames fit earlier ones best.

    Compared are frames three steps apart, or as far as there are, at all shifts of whole cells up to half the
    map: of 24 cells 11, so that nothing faster than 11/3 cells a step can be found. The best correlates most
    over the overlap, and a parabola through its neighbours gives fractions of cells. Of maps beyond 101 cells, coarse
    ones are compared at all shifts, and they themselves near the best. Computed on the CPU.
    seen: where x was measured; elsewhere it does not count. reach: the fastest drift that is looked for.
    Shapes: x (B, T, ..., H, W), seen bool as x; returns (B, 2), rows and columns.
    Units: cells a step, reach as well.
    Raises: ValueError if x has fewer than two frames or seen another shape than x.
    """
    _check_frames(x, 1, 2)
    if seen is not None and seen.shape != x.shape:
        raise ValueError(f"seen has shape {tuple(seen.shape)}, expected {tuple(x.shape)}, as x")
    gap = min(GAP, x.shape[1] - 1)
    pairs = min(GAP, x.shape[1] - gap)
    half = [(side - 1) // 2 for side in x.shape[-2:]]
    most = half if reach is None else [min(reach * gap, side) for side in half]
    weight = torch.ones(x.shape, dtype=torch.float64) if seen is None else seen.cpu().double()
    exact = x.detach().cpu().double()  # not every GPU computes in float64
    late = slice(-pairs, None)
    early = slice(-gap - pairs, -gap)
    films = exact[:, early], exact[:, late], weight[:, early], weight[:, late]
    pool = -(-max(x.shape[-2:]) // LARGE)
    shift = _best_shift(*films, most) if pool == 1 else _from_coarse(*films, most, pool)
    return (shift / gap).to(x)


def _from_coarse(a: Tensor, b: Tensor, seen_a: Tensor, seen_b: Tensor, most: list[int], pool: int) -> Tensor:
    """As `_best_shift`, of large maps: looked for on coarse maps, then on those given near what is found there."""
    a, b = a * seen_a, b * seen_b
    shares = _pooled(seen_a, pool), _pooled(seen_b, pool)
    coarse = (_pooled(film, pool) / share.clamp(min=1e-9) for film, share in zip((a, b), shares))
    half_seen = ((share >= 0.5).double() for share in shares)
    start = pool * _best_shift(*coarse, *half_seen, [-(-side // pool) for side in most])
    limit = torch.tensor(most)
    start = torch.minimum(torch.maximum(start.round().long(), -limit), limit)
    near = []
    for example, (down, right) in enumerate(start.tolist()):
        earlier = ..., _overlap(-down), _overlap(-right)  # the cells that are on both maps
        later = ..., _overlap(down), _overlap(right)
        films = [film[example : example + 1][cells] for film, cells in ((a, earlier), (b, later))]
        films += [seen[example : example + 1][cells] for seen, cells in ((seen_a, earlier), (seen_b, later))]
        near.append(_best_shift(*films, [pool, pool]))
    return torch.minimum(torch.maximum(start + torch.cat(near), -limit), limit)


def _overlap(shift: int) -> slice:
    return slice(shift, None) if shift > 0 else slice(None, shift or None)


def _pooled(maps: Tensor, pool: int) -> Tensor:
    """Means of squares of cells. Shapes: (..., H, W)."""
    flat = maps.reshape(-1, 1, *maps.shape[-2:])
    return F.avg_pool2d(flat, pool, ceil_mode=True).unflatten(0, maps.shape[:-2]).squeeze(-3)


def _best_shift(a: Tensor, b: Tensor, seen_a: Tensor, seen_b: Tensor, most: list[int]) -> Tensor:
    """By how much a has to be moved so that it correlates most with b, in parts of a cell.

    most: the largest shift (down, right).
    Shapes: four (B, ..., H, W); returns (B, 2).
    """
    fits = _correlations(a, b, seen_a, seen_b, most)
    best = fits.flatten(1).argmax(1)
    down, right = best // fits.shape[2], best % fits.shape[2]
    example = torch.arange(len(a))
    whole = torch.stack([down - most[0], right - most[1]], 1)
    part = torch.stack([_peak(fits[example, :, right], down), _peak(fits[example, down], right)], 1)
    return whole + part


def _correlations(a: Tensor, b: Tensor, seen_a: Tensor, seen_b: Tensor, most: list[int]) -> Tensor:
    """Correlate b with a moved by every shift, over the cells seen in both; 0 where nothing varies.

    Shapes: as `_best_shift`; returns (B, 2 down + 1, 2 right + 1), in its middle that of no shift.
    """
    size = [side + shift for side, shift in zip(a.shape[-2:], most)]  # padded: nothing comes round the edge
    down, right = (torch.arange(-shift, shift + 1) for shift in most)
    down = down[:, None]
    inner = tuple(range(1, a.dim()))
    middle = (a * seen_a).sum(inner, keepdim=True) / seen_a.sum(inner, keepdim=True).clamp(min=1)
    a, b = (a - middle) * seen_a, (b - middle) * seen_b
    of_a, of_b, of_seen_a, of_seen_b = (torch.fft.rfft2(film, size) for film in (a, b, seen_a, seen_b))
    of_aa, of_bb = torch.fft.rfft2(a * a, size), torch.fft.rfft2(b * b, size)

    def total(one: Tensor, other: Tensor) -> Tensor:
        """Sum of the products of two maps over each other, for every shift of one; of both the spectra."""
        return torch.fft.irfft2((one.conj() * other).flatten(1, -3).sum(1), size)[:, down, right]

    count = total(of_seen_a, of_seen_b).clamp(min=0.5)
    sum_a, sum_b = total(of_a, of_seen_b), total(of_seen_a, of_b)
    spread_a, spread_b = total(of_aa, of_seen_b) - sum_a**2 / count, total(of_seen_a, of_bb) - sum_b**2 / count
    together = total(of_a, of_b) - sum_a * sum_b / count
    fits = together / (spread_a.clamp(min=1e-9) * spread_b.clamp(min=1e-9)).sqrt()
    return fits - 1e-6 * (down**2 + right**2)  # of equal fits the shortest shift


def _peak(fits: Tensor, best: Tensor) -> Tensor:
    """Where, from the best, a parabola through its neighbours peaks; 0 at an end.

    Shapes: fits (B, R), best (B,); returns (B,).
    """
    last = fits.shape[1] - 1
    around = torch.stack([best - 1, best, best + 1], 1).clamp(0, last)
    left, top, right = fits.gather(1, around).unbind(1)
    bend = (2 * top - left - right).clamp(min=1e-12)
    return torch.where((best > 0) & (best < last), (right - left) / 2 / bend, 0)


def _check_frames(x: Tensor, steps: int, least: int) -> None:
    if x.dim() < 4 or x.shape[1] < least or 0 in x.shape:
        shape = f"(B, T, ..., H, W) with T {least} or more"
        raise ValueError(f"x has shape {tuple(x.shape)}, expected {shape}")
    if steps < 1:
        raise ValueError(f"steps is {steps}, expected 1 or more")
