"""Draw the graph of autograd."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from torch import Tensor

from course.plots.style import GREY, figure, plain


@plain
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
