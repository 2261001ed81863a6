"""Maps of radar echo, and films of what moves."""

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from course._atomic import written_whole
from course.plots.pictures import grid
from course.plots.showing import png, publish
from course.plots.style import TEXT, as_array, plain

LARGEST = 400_000  # bytes of a film: a notebook with three of them still opens at once
ARROWS = 12  # of a field of motion, along a map's longer side
DPI = 72  # a film is seen on a screen only
# As on weather services' maps: nothing is white, light rain blue, then green, yellow, red, and hail violet.
COLOURS = ["#FFFFFF", "#C6E2F5", "#6BAED6", "#2171B5", "#31A354", "#FFE34D", "#FD8D3C", "#D7191C", "#7A0177"]
RADAR = LinearSegmentedColormap.from_list("radar", COLOURS, N=64)  # few colours make a small film


@plain
def radar(
    maps: Sequence[object],
    *,
    title: str = "",
    labels: Sequence[object] = (),
    columns: int = 10,
    top: float = 0.7,
    marks: Mapping[str, float] | None = None,
    fields: Sequence[object] = (),
    size: tuple[float, float] | None = None,
) -> Figure:
    """Draw maps of radar echo in a grid, all in one scale of colours, hatched where they are nan: not measured.

    top: the echo of the last colour. marks: what stands beside the scale, and at which echo. fields: of motion, drawn
    as arrows over the first maps.
    Shapes: maps N x (H, W), echo from 0 to 1; fields (2, H, W), rows and columns.
    """
    maps = [as_array(each) for each in maps]
    fig, places = grid(len(maps), labels, columns, title, size)
    for axes, values in zip(places, maps):
        axes.set_axis_on()
        axes.set(xticks=[], yticks=[])
        axes.patch.set(hatch="////", facecolor="white", edgecolor="#AAAAAA")
        picture = axes.imshow(values, cmap=RADAR, vmin=0, vmax=top, interpolation="nearest")
    for axes, field in zip(places, fields):
        down, across = as_array(field)
        step = max(1, max(down.shape) // ARROWS)
        some = slice(step // 2, None, step)
        rows, columns = (range(side)[some] for side in down.shape)
        axes.quiver(columns, rows, across[some, some], down[some, some], angles="xy", color="#333333", width=0.005)
    if marks:
        bar = fig.colorbar(picture, ax=places, shrink=0.9, pad=0.02)
        bar.set_ticks(list(marks.values()), labels=list(marks), **TEXT)
    return fig


def film(
    draw: Callable[[int], Figure], frames: int, alt: str, *, seconds: float = 0.4, tolerance: float | None = 0.05
) -> None:
    """Put a film into the notebook, an animated PNG that the page plays by itself.

    draw: called with the number of each frame, from 0; its figures have one size. The first of them is what print
        shows, and what two machines compare. alt, tolerance: as for `show`. seconds: a frame.
    Raises: ValueError if the film has more than 400 kB, or figures of two sizes.
    """
    figures, pictures = _drawn(draw, frames)
    file = io.BytesIO()
    _save(pictures, file, "PNG", seconds)
    if file.tell() > LARGEST:
        mend = "draw fewer frames, or smaller ones"
        raise ValueError(f"the film has {file.tell():,} bytes, expected {LARGEST:,} at most: {mend}")
    publish(file.getvalue(), figures[0], alt, tolerance)


def save_film(draw: Callable[[int], Figure], frames: int, path: Path | str, *, seconds: float = 0.4) -> None:
    """Write a film into a file, .gif or .png, whole or not at all. draw, seconds: as for `film`; it may be large.

    Raises: ValueError if its figures have two sizes, or for another ending.
    """
    kind = Path(path).suffix.lower()
    if kind not in (".gif", ".png"):
        raise ValueError(
            f"path is {path}, expected one that ends in .gif or .png: try {Path(path).with_suffix('.gif')}"
        )
    _, pictures = _drawn(draw, frames)
    with written_whole(path) as part:
        _save(pictures, part, kind[1:].upper(), seconds)


def _drawn(draw: Callable[[int], Figure], frames: int) -> tuple[list[Figure], list[Image.Image]]:
    """Figures, and the pictures of them, in one palette: else colours would flicker."""
    figures = [draw(number) for number in range(frames)]
    pictures = [Image.open(io.BytesIO(png(fig, DPI))).convert("RGB") for fig in figures]
    sizes = {picture.size for picture in pictures}
    if len(sizes) > 1:
        raise ValueError(f"the frames have the sizes {sorted(sizes)}, expected one: give every figure the same size")
    palette = Image.fromarray(np.hstack(pictures)).quantize(255)
    return figures, [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]


def _save(pictures: Sequence[Image.Image], file: object, kind: str, seconds: float) -> None:
    first, *others = pictures
    first.save(file, kind, save_all=True, append_images=others, duration=round(1000 * seconds), loop=0)
