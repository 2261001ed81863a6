"""Pictures, maps and contours. Each function draws on a Figure and returns it."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke
from torch import Tensor

from course.plots.style import (
    OTHERS,
    STYLES,
    TEXT,
    as_array,
    finish,
    given_or_new,
    largest,
    plain,
)


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
    boxes: Mapping[str, Sequence[object]] | None = None,
) -> Figure:
    """Draw pictures in a grid, grey, in colours, or diverging around zero if `signed`.

    Shapes: pictures N x (H, W), N x (1, H, W), or N x (3, H, W) in colours 0..255.
    top: what is white, where 0 is black, so that pictures can be compared; else each has a scale of its own.
    boxes: label to N x (M, 4), the x0, y0, x1, y1 of boxes on each picture, in pixels.
    """
    pictures = [as_array(picture) for picture in pictures]
    pictures = [picture[0] if len(picture) == 1 and picture.ndim == 3 else picture for picture in pictures]
    fig, places = grid(len(pictures), labels, columns, title, size)
    limit = max(map(largest, pictures)) if signed else None
    style = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} if signed else {"cmap": "gray"}
    style |= {} if top is None else {"vmin": 0, "vmax": top}
    for axes, picture in zip(places, pictures):
        axes.imshow(np.moveaxis(picture, 0, -1) / 255 if picture.ndim == 3 else picture, **style)
    for label, on_each in (boxes or {}).items():
        for axes, some in zip(places, on_each):
            _draw_boxes(axes, as_array(some).reshape(-1, 4), label)
    return fig


def _draw_boxes(axes: Axes, boxes: np.ndarray, label: str) -> None:
    """Draw boxes x0, y0, x1, y1 on a picture, whose first pixel has its middle at 0; parts outside are cut off."""
    color, line = STYLES.get(label) or OTHERS[1]
    for x0, y0, x1, y1 in boxes - 0.5:
        (drawn,) = axes.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color=color, linestyle=line, linewidth=1.4)
        drawn.set(label=label, path_effects=[Stroke(linewidth=2.6, foreground="#000000"), Normal()])
    height, width = axes.images[0].get_array().shape[:2]
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))


def grid(
    count: int, labels: Sequence[object], columns: int, title: str, size: tuple[float, float] | None
) -> tuple[Figure, list[Axes]]:
    """Return a figure with a grid of so many places for pictures, without ticks, and these places."""
    columns = min(columns, count)
    rows = -(-count // columns)
    fig = Figure(figsize=size or (9, 0.25 + rows * (1.25 if labels else 1.0)), layout="constrained")
    places = list(np.atleast_1d(fig.subplots(rows, columns)).flat)
    for axes in places:
        axes.set_axis_off()
    for axes, label in zip(places, labels):
        axes.set_title(str(label), **TEXT)
    fig.suptitle(title, fontsize=10)
    return fig, places[:count]


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
    span: tuple[float, float, float, float] | None = None,
    lines: Mapping[str, tuple] | None = None,
    scale: str = "",
    axes: Axes | None = None,
) -> Figure:
    """Draw a matrix: viridis for magnitudes, diverging around zero if `signed`, with its numbers if asked.

    What is nan stays white.
    Shapes: matrix (rows, columns). ticks: labels of the rows and of the columns.
    top: the value of the last colour, so that several matrices can be compared.
    span: left, right, bottom and top of the picture, whose first row then lies at the bottom, as in a map.
    lines: label to (x values, y values) of what is drawn over it. scale: what the colours mean.
    """
    axes = given_or_new(axes)
    matrix = as_array(matrix)
    limit = top or largest(matrix)
    bounds = {"vmin": -limit, "vmax": limit} if signed else {"vmin": 0, "vmax": top} if top else {}
    style = {"cmap": "RdBu_r" if signed else "viridis", **bounds}
    place = {"extent": span, "origin": "lower"} if span else {}
    picture = axes.imshow(matrix, aspect="auto", **style, **place)
    bar = axes.figure.colorbar(picture, ax=axes)
    bar.ax.tick_params(labelsize=8)
    bar.set_label(scale, **TEXT)
    for label, (xs, ys) in (lines or {}).items():
        axes.plot(as_array(xs), as_array(ys), color="k", linewidth=1.6, label=label, scalex=False, scaley=False)
    if lines:
        axes.legend(loc="lower right", **TEXT)
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
