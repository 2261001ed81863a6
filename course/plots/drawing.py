"""Curves, images, bars, contours and their kin. Each function draws on a Figure and returns it."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from course.plots.style import (
    GREY,
    OTHERS,
    STYLES,
    TEXT,
    as_array,
    finish,
    given_or_new,
    label_ends,
    largest,
    plain,
    scale,
)


@plain
def curves(
    series: Mapping[str, object],
    *,
    title: str,
    x: str,
    y: str,
    log: str = "",
    reference: Mapping[str, float] | None = None,
    marker: str = "",
    axes: Axes | None = None,
) -> Figure:
    """Draw lines, each labelled at its end.

    series: label to values, or label to (x values, y values). Labels that the course knows keep their colour.
    x, y: axis labels with units. log: "x", "y" or "xy". reference: label to the height of a grey line.
    """
    axes = given_or_new(axes)
    others = iter(OTHERS * (1 + len(series) // len(OTHERS)))
    ends = []
    for label, values in series.items():
        xs, ys = values if isinstance(values, tuple) else (range(1, len(values) + 1), values)
        xs, ys = as_array(xs), as_array(ys)
        color, style = STYLES.get(label) or next(others)
        axes.plot(xs, ys, color=color, linestyle=style, marker=marker, markersize=4, linewidth=1.6, label=label)
        seen = np.flatnonzero(np.isfinite(ys))
        if len(seen):
            ends.append((xs[seen[-1]], ys[seen[-1]], label, color))
    scale(axes, log)
    if not any(isinstance(values, tuple) for values in series.values()):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for label, height in (reference or {}).items():
        axes.axhline(height, color=GREY, linewidth=0.8, zorder=0, label=label)
        ends.append((axes.get_xlim()[1], height, label, GREY))
    finish(axes, title, x, y)
    label_ends(axes, ends)
    return axes.figure


@plain
def images(
    pictures: Sequence[object],
    *,
    title: str = "",
    labels: Sequence[object] = (),
    columns: int = 10,
    signed: bool = False,
    top: float | None = None,
    size: tuple[float, float] | None = None,
) -> Figure:
    """Draw pictures in a grid, grey, or diverging around zero if `signed`.

    Shapes: pictures N x (H, W) or N x (1, H, W).
    top: what is white, where 0 is black, so that pictures can be compared; else each has a scale of its own.
    """
    pictures = [as_array(picture) for picture in pictures]
    pictures = [picture[0] if len(picture) == 1 and picture.ndim == 3 else picture for picture in pictures]
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    fig = Figure(figsize=size or (9, 0.25 + rows * (1.25 if labels else 1.0)), layout="constrained")
    limit = max(map(largest, pictures)) if signed else None
    style = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} if signed else {"cmap": "gray"}
    style |= {} if top is None else {"vmin": 0, "vmax": top}
    for place, axes in enumerate(np.atleast_1d(fig.subplots(rows, columns)).flat):
        axes.set_axis_off()
        if place < len(pictures):
            axes.imshow(pictures[place], **style)
        if place < len(labels):
            axes.set_title(str(labels[place]), **TEXT)
    fig.suptitle(title, fontsize=10)
    return fig


@plain
def bars(heights: Mapping[str, float], *, title: str, y: str, log: bool = False, axes: Axes | None = None) -> Figure:
    """Draw one bar a label, its value above it; the label carries the colour that the course gives it."""
    axes = given_or_new(axes)
    colors = [STYLES.get(label, (GREY,))[0] for label in heights]
    values = [float(height) for height in heights.values()]
    drawn = axes.bar(range(len(values)), values, color=colors, width=0.7)
    axes.bar_label(drawn, [f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" for value in values], fontsize=8)
    axes.set_xticks(range(len(heights)), list(heights), **TEXT)
    if log:
        axes.set_yscale("log")
    finish(axes, title, "", y)
    return axes.figure


@plain
def intervals(
    rows: Mapping[str, tuple[float, float, float]],
    *,
    title: str,
    x: str,
    reference: float = 0.0,
    axes: Axes | None = None,
) -> Figure:
    """Draw one row a label, the first at the top: a dot at the middle of an interval, and a line from end to end.

    rows: label to (low, middle, high). reference: where a grey line crosses all rows; an interval that holds it is a
    tie, and is drawn with an empty dot.
    """
    axes = given_or_new(axes)
    for height, (label, (low, middle, high)) in zip(range(len(rows), 0, -1), rows.items()):
        color = STYLES.get(label, OTHERS[0])[0]
        axes.plot([low, high], [height, height], color=color, linewidth=1.6, label=label)
        filling = "w" if low <= reference <= high else color
        axes.plot([middle], [height], color=color, marker="o", markersize=5, markerfacecolor=filling, label="_middle")
    axes.axvline(reference, color=GREY, linewidth=0.8, zorder=0, label="_reference")
    axes.set_yticks(range(len(rows), 0, -1), list(rows), **TEXT)
    finish(axes, title, x, "")
    return axes.figure


@plain
def histogram(
    groups: Mapping[str, object], *, title: str, x: str, y: str = "count", bins: object = 20, axes: Axes | None = None
) -> Figure:
    """Draw the counts of one or more groups of values over common bins, as outlines with a legend."""
    axes = given_or_new(axes)
    groups = {label: as_array(values).ravel() for label, values in groups.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(groups.values())), bins)
    others = iter(OTHERS * (1 + len(groups) // len(OTHERS)))
    for label, values in groups.items():
        color, style = STYLES.get(label) or next(others)
        counts = np.histogram(values, edges)[0]
        axes.stairs(counts, edges, color=color, linestyle=style, linewidth=1.6, label=label)
        axes.stairs(counts, edges, color=color, alpha=0.15, fill=True)
    if len(groups) > 1:
        axes.legend(frameon=False, **TEXT)
    finish(axes, title, x, y)
    return axes.figure


@plain
def heatmap(
    matrix: object,
    *,
    title: str,
    x: str,
    y: str,
    signed: bool = False,
    numbers: bool = False,
    ticks: tuple[Sequence, Sequence] | None = None,
    top: float | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Draw a matrix: viridis for magnitudes, diverging around zero if `signed`, with its numbers if asked.

    Shapes: matrix (rows, columns). ticks: labels of the rows and of the columns.
    top: the value of the last colour, so that several matrices can be compared.
    """
    axes = given_or_new(axes)
    matrix = as_array(matrix)
    limit = top or largest(matrix)
    bounds = {"vmin": -limit, "vmax": limit} if signed else {"vmin": 0, "vmax": top} if top else {}
    style = {"cmap": "RdBu_r" if signed else "viridis", **bounds}
    picture = axes.imshow(matrix, aspect="auto", **style)
    axes.figure.colorbar(picture, ax=axes).ax.tick_params(labelsize=8)
    if ticks:
        axes.set_yticks(range(len(ticks[0])), ticks[0], **TEXT)
        axes.set_xticks(range(len(ticks[1])), ticks[1], **TEXT)
    if numbers:
        for (row, column), value in np.ndenumerate(matrix):
            red, green, blue, _ = picture.cmap(picture.norm(value))
            bright = 0.3 * red + 0.6 * green + 0.1 * blue > 0.5
            axes.text(column, row, f"{value:g}", ha="center", va="center", fontsize=7, color="k" if bright else "w")
    finish(axes, title, x, y, frame=True)
    return axes.figure


@plain
def scatter(
    groups: Mapping[str, tuple],
    *,
    title: str,
    x: str,
    y: str,
    log: str = "",
    size: float = 14,
    axes: Axes | None = None,
) -> Figure:
    """Draw groups of points, label to (x values, y values), with a legend; size is a dot's area in square points."""
    axes = given_or_new(axes)
    others = iter(OTHERS * (1 + len(groups) // len(OTHERS)))
    for label, (xs, ys) in groups.items():
        color = (STYLES.get(label) or next(others))[0]
        axes.scatter(as_array(xs), as_array(ys), s=size, color=color, alpha=0.8, label=label, linewidths=0)
    scale(axes, log)
    if len(groups) > 1:
        axes.legend(frameon=False, **TEXT)
    finish(axes, title, x, y)
    return axes.figure


@plain
def contours(
    heights: Callable[[Tensor], Tensor],
    paths: Mapping[str, object],
    *,
    title: str,
    x: str,
    y: str,
    span: tuple[float, float, float, float],
    axes: Axes | None = None,
) -> Figure:
    """Draw the contours of a function of two weights, and paths on it that end in a dot.

    heights: takes points (..., 2), gives (...). paths: label to points (T, 2); what leaves the picture is cut off.
    span: left, right, bottom and top. The lines part the picture into bands of equal area.
    """
    axes = given_or_new(axes)
    left, right, bottom, top = span
    sides = (torch.linspace(*ends, 121, dtype=torch.float64) for ends in ((left, right), (bottom, top)))
    xs, ys = torch.meshgrid(*sides, indexing="xy")
    ground = as_array(heights(torch.stack((xs, ys), -1)))
    levels = np.unique(np.nanquantile(ground, np.linspace(0.02, 0.95, 14)))
    axes.contour(as_array(xs), as_array(ys), ground, levels=levels, colors="#CCCCCC", linewidths=0.8, zorder=0)
    others = iter(OTHERS * (1 + len(paths) // len(OTHERS)))
    for label, path in paths.items():
        path, (color, style) = as_array(path), STYLES.get(label) or next(others)
        axes.plot(path[:, 0], path[:, 1], color=color, linestyle=style, linewidth=1.4, label=label)
        axes.plot(*path[-1], color=color, marker="o", markersize=5, label=f"_end of {label}")
    axes.set(xlim=(left, right), ylim=(bottom, top))
    if len(paths) > 1:
        axes.legend(edgecolor="none", **TEXT)
    finish(axes, title, x, y, frame=True)
    return axes.figure
