"""Compare figures by the data that they draw, which `plots.show` leaves in the metadata of a notebook's outputs.

There stand `figure`, what it draws in a few numbers, and `tolerance`, how far they may move as a part of the axis
(None: not compared, for timings).
"""

import math
from collections.abc import Iterable

from course._measured import masked


def drawn_in(outputs: Iterable[dict]) -> list[dict]:
    """Return the metadata of the outputs that are pictures."""
    return [dict(output.get("metadata", {})) for output in outputs if "image/png" in output.get("data", {})]


def compare_figures(committed: list[dict], fresh: list[dict], values: bool = True) -> list[str]:
    """Return one sentence for each difference between the figures of two outputs of a cell.

    values: False if they come from different data sets; then only number and titles are compared.
    """
    if len(committed) != len(fresh):
        return [f"the cell draws {len(fresh)} figures, expected {len(committed)}"]
    wrong = []
    for number, (old, new) in enumerate(zip(committed, fresh, strict=True), 1):
        if not {"figure", "tolerance"} <= old.keys() or "figure" not in new:
            wrong.append(f"figure {number} carries no data, expected it from course.plots.show")
        else:
            name = f"figure {number} ({_title(old['figure'])!r})"
            wrong += [f"{name}: {text}" for text in _figure(old["figure"], new["figure"], old["tolerance"], values)]
    return wrong


def _figure(old: dict, new: dict, tolerance: float | None, values: bool):
    if _title(old) != _title(new):
        yield f"the title is now {_title(new)!r}"
    if len(old["axes"]) != len(new["axes"]):
        yield f"it has {len(new['axes'])} panels, expected {len(old['axes'])}"
    elif values:
        for place, (a, b) in enumerate(zip(old["axes"], new["axes"], strict=True), 1):
            panel = f"panel {place}, " if len(old["axes"]) > 1 else ""
            yield from (panel + text for text in _axes(a, b, tolerance))


def _axes(old: dict, new: dict, tolerance: float | None):
    both = [axes["series"] for axes in (old, new)]
    if tolerance is None:  # who is at the top is a value, too
        both = [sorted(lines, key=lambda line: masked(line["label"])) for lines in both]
    labels, new_labels = ([masked(line["label"]) for line in lines] for lines in both)
    if labels != new_labels:
        yield f"the series are {new_labels}, expected {labels}"
        return
    left, right, bottom, top = old["range"]
    x_scale, y_scale = old.get("scale", ("linear", "linear"))
    for a, b in zip(*both, strict=True):
        for axis, limits, scale in (("x", (left, right), x_scale), ("y", (bottom, top), y_scale)):
            yield from _numbers(f"series {a['label']!r}, {axis}", a[axis], b[axis], tolerance, limits, scale)
    if old["bars"]:
        yield from _numbers("bar", old["bars"], new["bars"], tolerance, (bottom, top), y_scale)
    if len(old["images"]) != len(new["images"]):
        yield f"it shows {len(new['images'])} images, expected {len(old['images'])}"
        return
    flat = [[sum(image, []) for image in axes["images"]] for axes in (old, new)]
    for place, (a, b) in enumerate(zip(*flat, strict=True), 1):
        yield from _numbers(f"image {place}, block", a, b, tolerance, _limits(a), "linear")


def _numbers(name: str, old: list, new: list, tolerance: float | None, limits: tuple, scale: str):
    """Yield a sentence for the first number that moved by more than its part of the axis."""
    if len(old) != len(new):
        yield f"{name} has {len(new)} values, expected {len(old)}"
        return
    if tolerance is None:
        return
    place = (lambda v: math.log10(v) if v > 0 else -math.inf) if scale == "log" else (lambda v: v)
    allowed = tolerance * abs(place(limits[1]) - place(limits[0]))
    for index, (a, b) in enumerate(zip(map(float, old), map(float, new), strict=True)):
        same = a == b or (math.isnan(a) and math.isnan(b))
        if not same and not abs(place(a) - place(b)) <= allowed * (1 + 1e-9):
            axis = f"{tolerance:g} of the axis {limits[0]:g} to {limits[1]:g}"
            yield f"{name}[{index}] is {b:g}, expected {a:g} within {axis}"
            return


def _limits(values: list) -> tuple[float, float]:
    finite = [v for v in map(float, values) if math.isfinite(v)] or [0.0]
    return min(finite), max(finite)


def _title(figure: dict) -> str:
    return masked(figure["title"] or " | ".join(axes.get("title", "") for axes in figure["axes"]))
