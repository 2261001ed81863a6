"""Every figure of the course. Each function draws on a Figure and returns it; `show` puts it into the notebook."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

SINGLE, WIDE, STRIP = (5, 3.2), (9, 3.2), (9, 1.6)  # inches

# One name, one colour and one line style in the whole course (after Okabe and Ito, safe for the colour-blind).
STYLES = {
    "SGD": ("#0072B2", "-"),
    "momentum": ("#E69F00", "--"),
    "RMSprop": ("#009E73", "-."),
    "Adam": ("#D55E00", ":"),
    "ReLU": ("#000000", "-"),
    "LeakyReLU": ("#56B4E9", "--"),
    "sigmoid": ("#CC79A7", "-."),
    "tanh": ("#8C6D1F", ":"),
    "SELU": ("#6A51A3", (0, (5, 1))),
    "softplus": ("#1B7837", (0, (3, 1, 1, 1))),
    "train": ("#777777", "--"),
    "validation": ("#000000", "-"),
}
OTHERS = (("#000000", "-"), ("#56B4E9", "--"), ("#CC79A7", "-."), ("#8C6D1F", ":"), ("#6A51A3", (0, (5, 1))))
GREY = "#777777"
TEXT = {"fontsize": 9}


def figure(panels: int = 1, size: tuple[float, float] | None = None) -> Figure:
    """Return an empty figure with panels side by side; give `fig.axes[i]` to a drawing function as `axes`."""
    fig = Figure(figsize=size or (SINGLE if panels == 1 else WIDE), layout="constrained")
    fig.subplots(1, panels)
    return fig


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
    axes = _axes(axes)
    others = iter(OTHERS * (1 + len(series) // len(OTHERS)))
    ends = []
    for label, values in series.items():
        xs, ys = values if isinstance(values, tuple) else (range(1, len(values) + 1), values)
        xs, ys = _array(xs), _array(ys)
        color, style = STYLES.get(label) or next(others)
        axes.plot(xs, ys, color=color, linestyle=style, marker=marker, markersize=4, linewidth=1.6, label=label)
        seen = np.flatnonzero(np.isfinite(ys))
        if len(seen):
            ends.append((xs[seen[-1]], ys[seen[-1]], label, color))
    _scale(axes, log)
    if not any(isinstance(values, tuple) for values in series.values()):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for label, height in (reference or {}).items():
        axes.axhline(height, color=GREY, linewidth=0.8, zorder=0, label=label)
        ends.append((axes.get_xlim()[1], height, label, GREY))
    _finish(axes, title, x, y)
    _label_ends(axes, ends)
    return axes.figure


def images(
    pictures: Sequence[object],
    *,
    title: str = "",
    labels: Sequence[object] = (),
    columns: int = 10,
    signed: bool = False,
    size: tuple[float, float] | None = None,
) -> Figure:
    """Draw pictures in a grid, grey, or diverging around zero if `signed`.

    Shapes: pictures N x (H, W) or N x (1, H, W).
    """
    pictures = [_array(picture).squeeze() for picture in pictures]
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    fig = Figure(figsize=size or (9, 0.25 + rows * (1.25 if labels else 1.0)), layout="constrained")
    limit = max(np.abs(picture).max() for picture in pictures) if signed else None
    style = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} if signed else {"cmap": "gray"}
    for place, axes in enumerate(np.atleast_1d(fig.subplots(rows, columns)).flat):
        axes.set_axis_off()
        if place < len(pictures):
            axes.imshow(pictures[place], **style)
        if place < len(labels):
            axes.set_title(str(labels[place]), **TEXT)
    fig.suptitle(title, fontsize=10)
    return fig


def bars(heights: Mapping[str, float], *, title: str, y: str, log: bool = False, axes: Axes | None = None) -> Figure:
    """Draw one bar a label; the label carries the colour that the course gives it."""
    axes = _axes(axes)
    colors = [STYLES.get(label, (GREY,))[0] for label in heights]
    axes.bar(range(len(heights)), [float(height) for height in heights.values()], color=colors, width=0.7)
    axes.set_xticks(range(len(heights)), list(heights), **TEXT)
    if log:
        axes.set_yscale("log")
    _finish(axes, title, "", y)
    return axes.figure


def histogram(
    groups: Mapping[str, object], *, title: str, x: str, y: str = "count", bins: object = 20, axes: Axes | None = None
) -> Figure:
    """Draw the counts of one or more groups of values over common bins, as outlines with a legend."""
    axes = _axes(axes)
    groups = {label: _array(values).ravel() for label, values in groups.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(groups.values())), bins)
    others = iter(OTHERS * (1 + len(groups) // len(OTHERS)))
    for label, values in groups.items():
        color, style = STYLES.get(label) or next(others)
        counts = np.histogram(values, edges)[0]
        axes.stairs(counts, edges, color=color, linestyle=style, linewidth=1.6, label=label)
        axes.stairs(counts, edges, color=color, alpha=0.15, fill=True)
    if len(groups) > 1:
        axes.legend(frameon=False, **TEXT)
    _finish(axes, title, x, y)
    return axes.figure


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
    axes = _axes(axes)
    matrix = _array(matrix)
    limit = top or np.abs(matrix).max()
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
    _finish(axes, title, x, y, frame=True)
    return axes.figure


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
    axes = _axes(axes)
    others = iter(OTHERS * (1 + len(groups) // len(OTHERS)))
    for label, (xs, ys) in groups.items():
        color = (STYLES.get(label) or next(others))[0]
        axes.scatter(_array(xs), _array(ys), s=size, color=color, alpha=0.8, label=label, linewidths=0)
    _scale(axes, log)
    if len(groups) > 1:
        axes.legend(frameon=False, **TEXT)
    _finish(axes, title, x, y)
    return axes.figure


def show(fig: Figure, alt: str, tolerance: float | None = 0.05) -> None:
    """Put a figure into the notebook, with its alt text and the data that it draws.

    alt: what the figure shows, for who cannot see it; no measured number without ≈.
    tolerance: how far the drawn data may move between two machines, as a part of the axis; None for timings.
    """
    picture = io.BytesIO()
    fig.savefig(picture, format="png", dpi=110)
    metadata = {"image/png": {"alt": alt}, "figure": figure_data(fig), "tolerance": tolerance}
    display({"image/png": picture.getvalue(), "text/plain": alt}, metadata=metadata, raw=True)


def figure_data(fig: Figure) -> dict:
    """Return what a figure draws in a few numbers: 16 points a line, 8 x 8 block means an image, bar heights."""
    panels = []
    for axes in fig.axes:
        if axes.get_label() == "<colorbar>":
            continue
        lines = [(line.get_label(), line.get_xydata()) for line in axes.get_lines()]
        points = [(p.get_label(), p.get_offsets()) for p in axes.collections if isinstance(p, PathCollection)]
        steps = [(p.get_label(), np.stack((p.get_data().edges[1:], p.get_data().values), 1))
                 for p in axes.patches if hasattr(p, "get_data") and not p.get_fill()]
        panels.append({
            "title": axes.get_title(),
            "series": [{"label": label, "x": _few(xy[:, 0]), "y": _few(xy[:, 1])}
                       for label, xy in lines + points + steps],
            "images": [_blocks(np.asarray(image.get_array(), float)) for image in axes.get_images()],
            "bars": [_round(bar.get_height()) for bar in axes.patches if hasattr(bar, "get_height")],
            "range": [_round(limit) for limit in (*axes.get_xlim(), *axes.get_ylim())],
            "scale": [axes.get_xscale(), axes.get_yscale()],
        })
    return {"title": fig.get_suptitle(), "axes": panels}


def _axes(axes: Axes | None) -> Axes:
    return figure().axes[0] if axes is None else axes


def _array(values: object) -> np.ndarray:
    return values.detach().cpu().double().numpy() if isinstance(values, Tensor) else np.asarray(values, float)


def _scale(axes: Axes, log: str) -> None:
    axes.set_xscale("log" if "x" in log else "linear")
    axes.set_yscale("log" if "y" in log else "linear")


def _finish(axes: Axes, title: str, x: str, y: str, frame: bool = False) -> None:
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(x, **TEXT)
    axes.set_ylabel(y, **TEXT)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(frame)


def _label_ends(axes: Axes, ends: list) -> None:
    """Write each line's label beside its end, pushed apart where two would touch."""
    axes.figure.draw_without_rendering()
    top, taken = 11, -np.inf  # points between two lines of text
    for x, y, label, color in sorted(ends, key=lambda end: end[1]):
        height = axes.transData.transform((x, y))[1] * 72 / axes.figure.dpi
        lift = max(0.0, taken + top - height)
        taken = height + lift
        axes.annotate(label, (x, y), (4, lift), textcoords="offset points", color=color, va="center", fontsize=8)


def _few(values: np.ndarray, count: int = 16) -> list:
    places = np.unique(np.linspace(0, len(values) - 1, min(count, len(values))).astype(int))
    return [_round(values[place]) for place in places]


def _blocks(picture: np.ndarray) -> list:
    rows, columns = (np.array_split(np.arange(size), min(8, size)) for size in picture.shape[:2])
    return [[_round(picture[np.ix_(row, column)].mean()) for column in columns] for row in rows]


def _round(value: float) -> float | str:
    return float(f"{value:.4g}") if np.isfinite(value) else str(float(value))  # JSON knows no nan


def graph(root: Tensor, names: Mapping[str, Tensor], *, title: str) -> Figure:
    """Draw the graph that backward would walk: leaves left, root right, arrows as the data went.

    An operation that uses a tensor twice, as x * x does, gets two arrows from it.
    names: what to call the leaves and the root. Dark boxes are leaves, where gradients are stored.
    Raises: ValueError if the root has no graph.
    """
    if root.grad_fn is None:
        raise ValueError("root has no grad_fn, expected one: let a tensor that it was made of require gradients")
    depth, arrows = {root.grad_fn: 0}, {}
    queue = [root.grad_fn]
    for node in queue:  # grows on the way; a node that is met again farther from the root moves to the left
        for source in (source for source, _ in node.next_functions if source is not None):
            arrows[source, node] = [used for used, _ in node.next_functions].count(source)  # 2 for x * x
            if depth.get(source, 0) <= depth[node]:
                depth[source] = depth[node] + 1
                queue.append(source)
    columns = [[node for node in depth if depth[node] == level] for level in range(max(depth.values()) + 1)]
    places = {node: (-level, -row) for level, nodes in enumerate(columns) for row, node in enumerate(nodes)}
    rows = max(map(len, columns))
    axes = figure(size=(9, 0.7 + 0.75 * rows)).axes[0]
    lines = [(*ends, 0.2 * way - 0.1 * (uses - 1)) for ends, uses in arrows.items() for way in range(uses)]
    for start, end, shift in lines:
        (x0, y0), (x1, y1) = [(x, y + shift) for x, y in (places[start], places[end])]
        axes.plot([x0, x1], [y0, y1], color=GREY, linewidth=1, zorder=0)
        near, far = [(x0 + part * (x1 - x0), y0 + part * (y1 - y0)) for part in (0.5, 0.54)]
        axes.annotate("", far, near, arrowprops={"arrowstyle": "-|>", "color": GREY}, zorder=0)
    for node, (x, y) in places.items():
        leaf = getattr(node, "variable", None)
        tensor = root if node is root.grad_fn else leaf
        words = [] if leaf is not None else [node.name().split("Backward")[0]]
        words += [name for name, known in names.items() if known is tensor]
        words += [] if tensor is None else [str(tuple(tensor.shape))]
        face, ink = ("#EEEEEE", "k") if leaf is None else ("#333333", "w")
        box = {"boxstyle": "round,pad=0.4", "facecolor": face, "edgecolor": GREY}
        axes.text(x, y, "\n".join(words), color=ink, ha="center", va="center", fontsize=8, bbox=box)
        axes.scatter([x], [y], s=0, label=" ".join(words))  # tells figure_data of the box
    axes.set(xlim=(0.4 - len(columns), 0.6), ylim=(0.5 - rows, 0.5))
    axes.set_axis_off()
    axes.set_title(title, fontsize=10)
    return axes.figure
