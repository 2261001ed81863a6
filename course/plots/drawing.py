"""Lines, bars, histograms, intervals and points. Each function draws on a Figure and returns it."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from course.plots.style import (
    GREY,
    OTHERS,
    STYLES,
    TEXT,
    as_array,
    finish,
    given_or_new,
    label_ends,
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
    legend: bool = False,
    axes: Axes | None = None,
) -> Figure:
    """Draw lines, each labelled at its end, or in a legend: for those that end together.

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
    if legend:
        axes.legend(frameon=False, **TEXT)
    else:
        label_ends(axes, ends)
    return axes.figure


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
def reliability_diagram(
    rows: Mapping[str, tuple], *, title: str, x: str = "chance that was forecast", axes: Axes | None = None
) -> Figure:
    """Draw how often events came against the chance that was forecast; a reliable forecast lies on the diagonal.

    Above it too little was said, below it too much. The small panel counts the cells of each bin: a forecast that dares
    to be sure has many at both ends.
    rows: label to (forecast, observed, count), bin by bin, as `course.rain.reliability` gives them.
    """
    axes = given_or_new(axes)
    counts = axes.inset_axes((0.12, 0.68, 0.32, 0.22))
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, zorder=0, label="_diagonal")
    others = iter(OTHERS * (1 + len(rows) // len(OTHERS)))
    for label, parts in rows.items():
        forecast, observed, count = map(as_array, parts)
        color, style = STYLES.get(label) or next(others)
        there = count > 0
        line = {"color": color, "linestyle": style, "linewidth": 1.6}
        axes.plot(forecast[there], observed[there], marker="o", markersize=4, label=label, **line)
        counts.stairs(count, np.linspace(0, 1, len(count) + 1), color=color, linestyle=style)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    counts.set_yscale("log")
    counts.yaxis.set_minor_formatter(NullFormatter())
    counts.set_xticks([0, 1])
    counts.set_title("cells", fontsize=8)
    counts.tick_params(labelsize=7)
    counts.spines[["top", "right"]].set_visible(False)
    finish(axes, title, x, "share of cells in which it came")
    axes.legend(frameon=False, loc="lower right", **TEXT)
    return axes.figure
