"""Rain that moves differently from place to place: a field of motion, and the last frame moved along it."""

import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional as F

FRAMES = 3  # the last of a film, over which motion is taken to be steady
LEAST = 8  # rows and columns of a map on which slopes say anything
SMALLEST = 16  # cells: a side of the coarsest map has as many, or up to twice that
ROUNDS = 2  # of Lucas-Kanade on each map
SMOOTH = 1.0  # cells: slopes of a rough map say little
RIM = 2  # cells next to what is unknown or outside, whose slopes are not to be trusted either
POOL = 4  # cells: side of the squares in which equations are added up first
WIDTHS = 3, 6, 12, 24  # of Gaussians, in such squares: all cells of one count a sixteenth of those of the one before
RIDGE = 0.01  # of the slopes around: where they say nothing, motion stays as it was
FLAT = 1e-20  # squared slopes below it are rounding: echo is 1 at most
BEYOND = 1e-3  # cells outside the map that are still its edge


def motion(x: Tensor, seen: Tensor | None = None) -> Tensor:
    """Find how the echo moves, place by place: by Lucas-Kanade, from coarse maps to fine ones.

    A cell tells how fast echo moves up its slope, and nothing of how it moves along it (the aperture problem). So
    at each place that motion is added which best explains, by least squares, what cells around tell. Near ones count
    most, so that the field is smooth over some twenty cells; where there is no echo near, far ones decide. Without
    any, nothing moves. The last three frames count, or two if there are no more. Computed on the CPU, in float64.
    x: codes or dBZ rather than mm/h, in which a few cells of heavy rain would outvote all others.
    seen: where x was measured; elsewhere, and where x is nan, it does not count.
    Shapes: x (B, T, H, W), seen bool as x; returns (B, 2, H, W), rows and columns, at the places of the last frame.
    Units: cells a step.
    Raises: ValueError if x is not floating point, has fewer than two frames or eight rows or columns, or seen differs
        in shape.
    Source: Lucas and Kanade 1981, "An iterative image registration technique with an application to stereo vision".
    """
    if x.dim() != 4 or not len(x) or x.shape[1] < 2 or min(x.shape[2:]) < LEAST:
        expected = f"(B, T, H, W) with 2 or more frames, and {LEAST} or more rows and columns"
        raise ValueError(f"x has shape {tuple(x.shape)}, expected {expected}")
    if not x.is_floating_point():
        raise ValueError(f"x is {x.dtype}, expected floating point: pass the echo of codes, echo(values)")
    if seen is not None and seen.shape != x.shape:
        raise ValueError(f"seen has shape {tuple(seen.shape)}, expected {tuple(x.shape)}, as x")
    x_cpu = x[:, -FRAMES:].detach().cpu().double()  # not every GPU computes in float64
    known = x_cpu.isfinite() if seen is None else x_cpu.isfinite() & seen[:, -FRAMES:].cpu().bool()
    film, trust = torch.where(known, x_cpu, 0), known.double()
    film = film / film.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-30)
    maps = [(_mean(lambda part: _gaussian(part, SMOOTH), film, trust), trust)]
    while min(maps[-1][0].shape[2:]) >= 2 * SMALLEST:
        film, trust = maps[-1]
        maps.append((_mean(_pooled, film, trust), _pooled(trust)))
    field = torch.zeros(len(x), 2, *maps[-1][0].shape[2:], dtype=torch.float64)
    for film, trust in reversed(maps):
        if field.shape[2:] != film.shape[2:]:
            field = 2 * _resized(field, film.shape[2:])  # cells are half as wide
        for _ in range(ROUNDS):
            field = _improved(field, film, trust)
    return field.to(x)


def semi_lagrangian(x: Tensor, field: Tensor, steps: int, edge: str = "border") -> Tensor:
    """Forecast that echo follows a field of motion that stays: what arrives in a cell is traced back to x.

    Each step back takes the motion halfway, so that echo turns where the field turns. Values are interpolated between
    four cells; where one that counts is nan, so is the forecast.
    edge: what comes in from outside, "border" (the echo at the edge), "mean" (that of the map), "zeros" (none) or
        "nan", with which `forecast.isfinite()` tells what is known.
    Shapes: x (B, H, W), field (B, 2, H, W) rows and columns, as `motion` gives it; returns (B, steps, H, W).
    Units: field in cells a step.
    Raises: ValueError if shapes do not fit, field has a nan, steps is below 1, or for another edge.
    Source: Germann and Zawadzki 2002, "Scale-dependence of the predictability of precipitation from continental radar
        images, part I", section 4.
    """
    if x.dim() != 3 or 0 in x.shape:
        raise ValueError(f"x has shape {tuple(x.shape)}, expected (B, H, W): pass the last frame, such as film[:, -1]")
    if field.shape != (len(x), 2, *x.shape[1:]):
        expected = (len(x), 2, *x.shape[1:])
        raise ValueError(f"field has shape {tuple(field.shape)}, expected {expected}: a motion for each cell of x")
    if steps < 1:
        raise ValueError(f"steps is {steps}, expected 1 or more")
    if edge not in ("border", "mean", "zeros", "nan"):
        raise ValueError(f"edge is {edge!r}, expected 'border', 'mean', 'zeros' or 'nan'")
    if not field.isfinite().all():
        raise ValueError("field has nan, expected numbers: motion gives them where nothing is known, too")
    known = x.isfinite()
    maps = torch.stack([torch.where(known, x, 0), known.to(x)], 1)
    mean = x.nanmean((1, 2), keepdim=True)
    outer = {"mean": mean, "zeros": torch.zeros_like(mean), "nan": torch.full_like(mean, torch.nan)}
    last = torch.tensor(x.shape[1:], device=x.device).view(2, 1, 1) - 1
    place, velocity = _cells(field), field
    frames = []
    for _ in range(steps):
        velocity = _at(field, place - velocity / 2)
        place = place - velocity
        velocity = _at(field, place)
        values, share = _at(maps, place).unbind(1)
        frame = torch.where(share > 1 - BEYOND, values, torch.nan)
        outside = ((place < -BEYOND) | (place > last + BEYOND)).any(1)
        frames.append(frame if edge == "border" else torch.where(outside, outer[edge], frame))
    return torch.stack(frames, 1)


def _improved(field: Tensor, film: Tensor, trust: Tensor) -> Tensor:
    """One round of Lucas-Kanade: earlier frames moved on by the field so far, and what still differs explained."""
    place = _cells(field) - field
    early, late = _at(film[:, :-1], place), film[:, 1:]
    trust = _at(trust[:, :-1], place, "zeros") * trust[:, 1:]
    trust = -F.max_pool2d(-F.pad(trust, 4 * [RIM]), 2 * RIM + 1, 1)  # the least of all cells around
    down, across = torch.gradient((early + late) / 2, dim=(2, 3))
    left = early - late  # what more of motion has to explain: late is early - slope * more, as far as maps are straight
    terms = torch.stack([down * down, down * across, across * across, down * left, across * left], 1)
    a, b, c, p, q = _around((trust[:, None] * terms).sum(2)).unbind(1)  # of all pairs of frames together
    ridge = RIDGE * (a + c) / 2 + FLAT
    a, c = a + ridge, c + ridge
    return field + torch.stack([c * p - b * q, a * q - b * p], 1) / (a * c - b * b)[:, None]  # a 2 x 2 system, solved


def _around(terms: Tensor) -> Tensor:
    """Weighted sums over all cells around each: near ones count most, and far ones a little."""
    squares = F.avg_pool2d(terms, POOL, ceil_mode=True)
    return _resized(sum(_gaussian(squares, width) / width**4 for width in WIDTHS), terms.shape[2:])


def _mean(smooth, film: Tensor, trust: Tensor) -> Tensor:
    """Smooth a film by a mean over those cells alone that were measured."""
    return smooth(film * trust) / smooth(trust).clamp(min=1e-12)


def _gaussian(maps: Tensor, width: float) -> Tensor:
    return torch.from_numpy(gaussian_filter(maps.numpy(), (0, 0, width, width), mode="constant", truncate=3))


def _pooled(maps: Tensor) -> Tensor:
    return F.avg_pool2d(maps, 2, ceil_mode=True)


def _resized(maps: Tensor, size) -> Tensor:
    return F.interpolate(maps, size=tuple(size), mode="bilinear", align_corners=False)


def _cells(field: Tensor) -> Tensor:
    """Row and column of each cell. Shapes: (B, 2, H, W) to (1, 2, H, W)."""
    sides = (torch.arange(side, dtype=field.dtype, device=field.device) for side in field.shape[2:])
    return torch.stack(torch.meshgrid(*sides, indexing="ij"))[None]


def _at(maps: Tensor, place: Tensor, edge: str = "border") -> Tensor:
    """Values between cells; outside those at the edge, or "zeros". Shapes: (B, C, H, W), (B, 2, H, W)."""
    scale = 2 / (torch.tensor(maps.shape[2:], dtype=maps.dtype, device=maps.device).view(2, 1, 1) - 1).clamp(min=1)
    grid = scale * place - 1  # grid_sample: from -1 to 1
    if edge == "border":  # by hand: not every GPU knows it
        grid = grid.clamp(-1, 1)
    grid = grid.expand(len(maps), -1, -1, -1).movedim(1, -1).flip(-1)  # x, y
    return F.grid_sample(maps, grid, align_corners=True)
