"""Put a figure into a notebook, with its alt text and the data that it draws."""

import io
from collections.abc import Callable, Mapping

import numpy as np
from IPython.display import display
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from course.plots.style import plain


def show(fig: Figure, alt: str, tolerance: float | None = 0.05) -> None:
    """Put a figure into the notebook, with its alt text and the data that it draws.

    alt: what the figure shows, for who cannot see it; no measured number without ≈.
    tolerance: how far the drawn data may move between two machines, as a part of the axis; None for timings.
    """
    publish(png(fig), fig, alt, tolerance)


def publish(picture: bytes, fig: Figure, alt: str, tolerance: float | None, other: Mapping = {}) -> None:
    """Put a PNG into the notebook as the picture of a figure. other: what stands for it elsewhere, by MIME type."""
    metadata = {"image/png": {"alt": alt}, "figure": figure_data(fig), "tolerance": tolerance}
    display({**other, "image/png": picture, "text/plain": alt}, metadata=metadata, raw=True)


def live(draw: Callable[..., Figure], alt: str, **sliders) -> None:
    """Put a figure into the notebook that is drawn anew whenever one of its sliders moves.

    draw: called with the sliders' values by name. alt: stands where no kernel runs, and for who cannot see it.
    """
    from ipywidgets import Image, VBox  # only here: what never moves does not wait for it

    picture = Image(format="png")

    def redraw(_=None) -> None:
        picture.value = png(draw(**{name: slider.value for name, slider in sliders.items()}))

    for slider in sliders.values():
        slider.observe(redraw, "value")
    redraw()
    layout = {"align_items": "flex-start"}  # else the picture is stretched to the width of the page
    view = VBox([*sliders.values(), picture], layout=layout)._repr_mimebundle_()
    display(view | {"text/plain": alt}, raw=True)


@plain
def png(fig: Figure, dpi: int = 110) -> bytes:
    picture = io.BytesIO()
    fig.savefig(picture, format="png", dpi=dpi)
    return picture.getvalue()


@plain
def figure_data(fig: Figure) -> dict:
    """Return what a figure draws in a few numbers: 16 points a line, 8 x 8 block means an image, bar heights."""
    panels = []
    for axes in fig.axes:
        if axes.get_label() == "<colorbar>":
            continue
        lines = [(line.get_label(), line.get_xydata()) for line in axes.get_lines()]
        points = [(p.get_label(), p.get_offsets()) for p in axes.collections if isinstance(p, PathCollection)]
        steps = [
            (p.get_label(), np.stack((p.get_data().edges[1:], p.get_data().values), 1))
            for p in axes.patches
            if hasattr(p, "get_data") and not p.get_fill()
        ]
        panels.append(
            {
                "title": axes.get_title(),
                "series": [
                    {"label": label, "x": _few(xy[:, 0]), "y": _few(xy[:, 1])} for label, xy in lines + points + steps
                ],
                "images": [_blocks(np.asarray(image.get_array(), float)) for image in axes.get_images()],
                "bars": [_round(bar.get_height()) for bar in axes.patches if hasattr(bar, "get_height")],
                "range": [_round(limit) for limit in (*axes.get_xlim(), *axes.get_ylim())],
                "scale": [axes.get_xscale(), axes.get_yscale()],
            }
        )
    return {"title": fig.get_suptitle(), "axes": panels}


def _few(values: np.ndarray, count: int = 16) -> list:
    places = np.unique(np.linspace(0, len(values) - 1, min(count, len(values))).astype(int))
    return [_round(values[place]) for place in places]


def _blocks(picture: np.ndarray) -> list:
    rows, columns = (np.array_split(np.arange(size), min(8, size)) for size in picture.shape[:2])
    return [[_round(picture[np.ix_(row, column)].mean()) for column in columns] for row in rows]


def _round(value: float) -> float | int | str:
    if not np.isfinite(value):
        return str(float(value))  # JSON knows no nan
    short = float(f"{value:.4g}")
    return int(short) if short.is_integer() else short  # JupyterLab writes 1.0 as 1, which would be a difference
