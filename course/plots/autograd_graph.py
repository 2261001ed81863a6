"""Draw the graph of autograd: torch's, with the shapes of what flows, and that of single values, with their slopes."""

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course.plots.style import GREY, figure, plain

BEND = 0.45  # how high an arrow rises over boxes in its way, in rows


@plain
def graph(root: Tensor, names: Mapping[str, Tensor], *, title: str) -> Figure:
    """Draw the graph that backward would walk: leaves left, root right, arrows as the data went.

    On an arrow stands the shape of what flows along it, if that is not a single number.
    An operation that uses a tensor twice, as x * x does, gets two arrows from it.
    names: what to call the leaves and the root. Dark boxes are leaves, where gradients are stored.
    Raises: ValueError if the root has no graph.
    """
    if root.grad_fn is None:
        raise ValueError("root has no grad_fn, expected one: let a tensor that it was made of require gradients")

    def sources(node):
        used = [(source, place) for source, place in node.next_functions if source is not None]
        return [(source, str(tuple(source._input_metadata[place].shape)).replace("()", "")) for source, place in used]

    def words(node):
        leaf = getattr(node, "variable", None)
        tensor = root if node is root.grad_fn else leaf
        kind = [] if leaf is not None else [node.name().split("Backward")[0]]
        return kind + [name for name, known in names.items() if known is tensor]

    return _draw(root.grad_fn, sources, words, lambda node: hasattr(node, "variable"), title)


@plain
def value_graph(root: object, names: Mapping[str, object], *, title: str) -> Figure:
    """Draw the graph of a value that knows its `data`, `how` it was made, its `parents` and its `slopes`.

    On an arrow stands the slope towards that parent. names: what to call some of the values.
    Raises: ValueError if the root has no parents.
    """
    if not root.parents:
        raise ValueError("root has no parents, expected a value that was made of others")

    def sources(value):
        return [(parent, f"{slope:g}") for parent, slope in zip(value.parents, value.slopes, strict=True)]

    def words(value):
        name = "".join(name for name, known in names.items() if known is value)
        number = f"{name} = {value.data:g}" if name else f"{value.data:g}"
        return [word for word in (value.how, number) if word]

    return _draw(root, sources, words, lambda value: not value.parents, title)


def _draw(root: object, sources: Callable, words: Callable, is_leaf: Callable, title: str) -> Figure:
    """Draw root and all behind it. sources: gives pairs of a source and the text on the arrow from it."""
    depth, queue = {root: 0}, [root]
    for node in queue:  # grows on the way; a node that is met again farther from the root moves to the left
        for source, _ in sources(node):
            if depth.get(source, 0) <= depth[node]:
                depth[source] = depth[node] + 1
                queue.append(source)
    columns = [[node for node in depth if depth[node] == level] for level in range(max(depth.values()) + 1)]
    places = {node: (-level, -row) for level, nodes in enumerate(columns) for row, node in enumerate(nodes)}
    rows = max(map(len, columns))
    arrows = [(places[source], places[node]) for node in depth for source, _ in sources(node)]
    bent = any(y0 == y1 and x1 - x0 > 1 for (x0, y0), (x1, y1) in arrows)
    axes = figure(size=(9, 0.7 + 0.75 * (rows + (BEND if bent else 0)))).axes[0]
    for node in depth:
        used = sources(node)
        for place, (source, text) in enumerate(used):
            twins = [other for other, (one, _) in enumerate(used) if one is source]
            shift = 0.2 * twins.index(place) - 0.1 * (len(twins) - 1)
            _arrow(axes, places[source], places[node], shift, text)
    for node, (x, y) in places.items():
        face, ink = ("#333333", "w") if is_leaf(node) else ("#EEEEEE", "k")
        box = {"boxstyle": "round,pad=0.4", "facecolor": face, "edgecolor": GREY}
        axes.text(x, y, "\n".join(words(node)), color=ink, ha="center", va="center", fontsize=8, bbox=box)
        axes.scatter([x], [y], s=0, label=" ".join(words(node)))  # tells figure_data of the box
    axes.set(xlim=(0.4 - len(columns), 0.6), ylim=(0.5 - rows, 0.5 + (BEND if bent else 0)))
    axes.set_axis_off()
    axes.set_title(title, fontsize=10)
    return axes.figure


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], shift: float, text: str) -> None:
    """Draw an arrow between two boxes, moved up by shift, with a text beside its middle.

    Along a row it bends over the boxes that stand between.
    """
    (x0, y0), (x1, y1) = [(x, y + shift) for x, y in (start, end)]
    bend = BEND if y0 == y1 and x1 - x0 > 1 else 0
    way = np.linspace(0, 1, 25 if bend else 2)
    heights = y0 + way * (y1 - y0) + 4 * bend * way * (1 - way)
    axes.plot(x0 + way * (x1 - x0), heights, color=GREY, linewidth=1, zorder=0)
    near, far = [(x0 + part * (x1 - x0), y0 + part * (y1 - y0) + bend) for part in (0.5, 0.54)]
    axes.annotate("", far, near, arrowprops={"arrowstyle": "-|>", "color": GREY}, zorder=0)
    side = {"ha": "center" if y0 == y1 else "left", "va": "bottom" if y0 >= y1 and shift >= 0 else "top"}
    lift = (0 if y0 == y1 else 5, 4 if side["va"] == "bottom" else -4)
    middle = ((x0 + x1) / 2, (y0 + y1) / 2 + bend)
    axes.annotate(text, middle, lift, textcoords="offset points", color="#0072B2", fontsize=7, **side)
