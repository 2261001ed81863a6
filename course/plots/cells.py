"""Draw the block of memory behind tensors, and the steps in which they walk over it."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course.plots.style import GREY, WIDE, figure, plain

FIRST = "#333333"  # the walk along the first row and the first column; the others are faint


@plain
def walks(views: Mapping[str, Tensor], *, title: str) -> Figure:
    """Draw, for each tensor of two dimensions, its block as a row of cells, and an arrow for each step of an index.

    Above the cells: from column to column of a row. Below them: from row to row of a column.
    views: label to tensor, all on blocks of whole numbers that begin with the tensor's first element.
    """
    fig = figure(len(views), WIDE, title=title)
    for axes, (label, view) in zip(fig.axes, views.items()):
        down, right = view.stride()
        cells = 1 + (view.shape[0] - 1) * down + (view.shape[1] - 1) * right
        block = view.as_strided((cells,), (1,)).tolist()
        for place, number in enumerate(block):
            axes.add_patch(Rectangle((place - 0.5, -0.5), 1, 1, facecolor="#EEEEEE", edgecolor=GREY))
            axes.text(place, 0, f"{number}", ha="center", va="center", fontsize=8)
        for row in range(view.shape[0]):
            for column in range(view.shape[1]):
                start = row * down + column * right
                if column + 1 < view.shape[1]:
                    _arrow(axes, start, start + right, above=True, first=row == 0)
                if row + 1 < view.shape[0]:
                    _arrow(axes, start, start + down, above=False, first=column == 0)
        axes.text(cells / 2 - 0.5, 1.9, f"next column: {right} ahead", ha="center", fontsize=9)
        axes.text(cells / 2 - 0.5, -2.2, f"next row: {down} ahead", ha="center", fontsize=9)
        axes.scatter([0], [0], s=0, label=f"{label}: {cells} cells, strides {view.stride()}")  # for figure_data
        axes.set(xlim=(-0.8, cells - 0.2), ylim=(-2.4, 2.4))
        axes.set_title(f"{label} {tuple(view.shape)}", fontsize=10)
        axes.set_axis_off()
    return fig


def _arrow(axes, start: int, end: int, above: bool, first: bool) -> None:
    side = 1 if above else -1
    bend = -0.45 if abs(end - start) > 1 else -0.8
    style = {"arrowstyle": "-|>", "connectionstyle": f"arc3,rad={side * bend}", "shrinkA": 1, "shrinkB": 1}
    style |= {"color": FIRST if first else "#BBBBBB", "linewidth": 1.2 if first else 0.8}
    axes.annotate("", (end, 0.55 * side), (start, 0.55 * side), arrowprops=style, zorder=2 if first else 1)
