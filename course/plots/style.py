"""What all figures share: sizes, colours, an empty figure, and its last touches."""

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

SINGLE, WIDE, STRIP = (5, 3.2), (9, 3.2), (9, 1.6)  # inches

# One name, one colour and one line style in the whole course (after Okabe and Ito, safe for the colour-blind).
STYLES = {
    "SGD": ("#0072B2", "-"),
    "momentum": ("#E69F00", "--"),
    "RMSprop": ("#009E73", "-."),
    "Adam": ("#D55E00", ":"),
    "AdamW": ("#A33D00", (0, (3, 1, 1, 1))),
    "Adagrad": ("#999933", "--"),
    "Adadelta": ("#44AA99", "-."),
    "Muon": ("#882255", "-"),
    "ReLU": ("#000000", "-"),
    "LeakyReLU": ("#56B4E9", "--"),
    "sigmoid": ("#CC79A7", "-."),
    "tanh": ("#8C6D1F", ":"),
    "SELU": ("#6A51A3", (0, (5, 1))),
    "softplus": ("#1B7837", (0, (3, 1, 1, 1))),
    "train": ("#777777", "--"),
    "validation": ("#000000", "-"),
    "valid": ("#000000", "-"),
    "true box": ("#FFFFFF", "-"),
    "found box": ("#FFD500", "-"),
}
OTHERS = (("#000000", "-"), ("#56B4E9", "--"), ("#CC79A7", "-."), ("#8C6D1F", ":"), ("#6A51A3", (0, (5, 1))))
GREY = "#777777"
TEXT = {"fontsize": 9}

# Around all that draws: a matplotlibrc or style of the learner's is for figures of the learner's.
plain = matplotlib.rc_context(matplotlib.rcParamsDefault)


@plain
def figure(panels: int = 1, size: tuple[float, float] | None = None, *, title: str = "") -> Figure:
    """Return an empty figure with panels side by side; give `fig.axes[i]` to a drawing function as `axes`.

    title: above all panels.
    """
    fig = Figure(figsize=size or (SINGLE if panels == 1 else WIDE), layout="constrained")
    fig.subplots(1, panels)
    if title:
        fig.suptitle(title, fontsize=10)
    return fig


def given_or_new(axes: Axes | None) -> Axes:
    """Return the axes to draw on."""
    return figure().axes[0] if axes is None else axes


def as_array(values: object) -> np.ndarray:
    """Return tensors, arrays and lists as float64."""
    return values.detach().cpu().double().numpy() if isinstance(values, Tensor) else np.asarray(values, float)


def largest(values: np.ndarray) -> float:
    """Return the largest magnitude; 0 if there is no number."""
    return np.nanmax(np.abs(values), initial=0)


def scale(axes: Axes, log: str) -> None:
    """Set the axes named in log, "x", "y" or "xy", logarithmic, the others linear."""
    axes.set_xscale("log" if "x" in log else "linear")
    axes.set_yscale("log" if "y" in log else "linear")


def finish(axes: Axes, title: str, x: str, y: str, frame: bool = False) -> None:
    """Write title and labels; take the frame away above and at the right."""
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(x, **TEXT)
    axes.set_ylabel(y, **TEXT)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(frame)


def label_ends(axes: Axes, ends: list) -> None:
    """Write each line's label beside its end, pushed apart where two would touch."""
    axes.figure.draw_without_rendering()
    top, taken = 11, -np.inf  # points between two lines of text
    for x, y, label, color in sorted(ends, key=lambda end: end[1]):
        height = axes.transData.transform((x, y))[1] * 72 / axes.figure.dpi
        lift = max(0.0, taken + top - height)
        taken = height + lift
        axes.annotate(label, (x, y), (4, lift), textcoords="offset points", color=color, va="center", fontsize=8)
