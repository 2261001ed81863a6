"""Curves that grow in the notebook while training runs."""

from collections.abc import Mapping
from time import monotonic

from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course.curves import check_point
from course.plots.drawing import curves
from course.plots.showing import png, show
from course.plots.style import figure, plain


class LiveCurves:
    """A curves (see `course.curves`) that draws in the notebook while they grow, and leaves a figure at the end.

    with LiveCurves("loss and accuracy over the epochs") as curves:
        fit(..., curves=curves)

    "loss/train" and "loss/valid" share the axes "loss". A point at a step that was there replaces all points from
    that step on. Drawing happens twice a second at most and takes a fifth of the time at most; `close` always draws
    the last state.
    alt: what the curves show, for who cannot see them; stands where no kernel runs. tolerance: as in `show`.
    Raises: what `course.curves.check_point` raises, ValueError if it was closed.
    """

    def __init__(self, alt: str, *, title: str = "", x: str = "epoch", tolerance: float | None = 0.05):
        from ipywidgets import Image  # only here: what never moves does not wait for it

        self.alt, self.title, self.x, self.tolerance = alt, title, x, tolerance
        self._points: dict[str, list[tuple[int, float]]] = {}
        self._picture = Image(format="png")
        self._pause_ends = 0.0
        self._closed = False

    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        if self._closed:
            raise ValueError(f"the curves are closed at step {step}: make new LiveCurves")
        step, values = check_point(step, values)
        for name, value in values.items():
            points = self._points.setdefault(name, [])
            while points and points[-1][0] >= step:
                points.pop()
            points.append((step, value))
        begin = monotonic()
        if begin < self._pause_ends:
            return
        first = not self._picture.value
        self._picture.value = png(self.figure())
        end = monotonic()
        self._pause_ends = end + max(0.5, 4 * (end - begin))
        if first:
            display(self._picture._repr_mimebundle_() | {"text/plain": self.alt}, raw=True)

    @plain
    def figure(self) -> Figure:
        """Return the curves so far as a figure, one panel for each part before the slash."""
        groups: dict[str, dict[str, tuple]] = {}
        for name, points in self._points.items():
            group, _, label = name.partition("/")
            groups.setdefault(group, {})[label or group] = tuple(zip(*points, strict=True))
        fig = figure(len(groups), title=self.title)
        for axes, (group, series) in zip(fig.axes, groups.items(), strict=True):
            few = max(len(steps) for steps, _ in series.values()) <= 20
            curves(series, title="", x=self.x, y=group, marker="o" if few else "", axes=axes)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        return fig

    def close(self) -> None:
        """Take the live picture away and leave a still one of the last state; without a point, none."""
        if self._points and not self._closed:
            show(self.figure(), self.alt, self.tolerance)
        self._picture.value = b""  # else it stays in the notebook's file
        self._picture.close()
        self._closed = True

    def __enter__(self) -> "LiveCurves":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
