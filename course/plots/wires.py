"""Draw an expression as a circuit, with a number on each wire."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from course.plots.style import GREY, WIDE, figure, plain

BACK = "#B2182B"  # what flows backward


@plain
def circuit(
    gates: Sequence[tuple[str, Sequence[str], str]],
    values: Mapping[str, float],
    gradients: Mapping[str, float] | None = None,
    *,
    title: str,
) -> Figure:
    """Draw gates from left to right; above each wire its value, below it its gradient, "?" if it is not known yet.

    gates: what it does, the wires that go in, the wire that comes out. The first wire into a gate comes from the left,
    from the gate before; the others come from below.
    values: wire to number. gradients: wire to number, black on the way forward, red on the way back; None for none.
    """
    fig = figure(size=WIDE, title=title)
    axes = fig.axes[0]
    for place, (name, (straight, *others), out) in enumerate(gates):
        box = {"boxstyle": "circle,pad=0.35" if len(name) == 1 else "round,pad=0.45", "facecolor": "#EEEEEE"}
        axes.text(place, 0, name, ha="center", va="center", fontsize=11, bbox={**box, "edgecolor": GREY}, zorder=2)
        arrow = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 0, "shrinkB": 14 + 3 * (len(name) - 1)}
        axes.annotate("", (place, 0), (place - 0.8, 0), arrowprops=arrow, zorder=0)
        labels = [(straight, place - 0.5, 0.0)]
        for wire in others:
            axes.annotate("", (place, 0), (place, -1.0), arrowprops=arrow, zorder=0)
            labels.append((wire, place, -1.3))
        if place == len(gates) - 1:
            axes.annotate("", (place + 0.8, 0), (place, 0), arrowprops={**arrow, "shrinkA": 14, "shrinkB": 0}, zorder=0)
            labels.append((out, place + 0.5, 0.0))
        for wire, x, y in labels:
            words = f"{wire} = {values[wire]:g}"
            away = 0.12 if y == 0 else 0.02
            axes.text(x, y + away, words, ha="center", va="bottom", fontsize=9)
            if gradients is not None:
                slope = f"{gradients[wire]:g}" if wire in gradients else "?"
                axes.text(x, y - away, slope, ha="center", va="top", fontsize=9, color=BACK)
                words += f", gradient {slope}"
            axes.scatter([x], [y], s=0, label=words)  # tells figure_data of the numbers
    if gradients is not None:
        axes.text(len(gates) - 1, -1.3, "black: value, on the way forward", ha="center", va="bottom", fontsize=8)
        axes.text(len(gates) - 1, -1.35, "red: gradient of L", color=BACK, ha="center", va="top", fontsize=8)
    axes.set(xlim=(-0.95, len(gates) - 0.05), ylim=(-1.75, 0.6))
    axes.set_axis_off()
    return fig
