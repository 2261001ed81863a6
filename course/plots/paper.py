"""Write a digit by mouse, and see while you write what a network reads."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from course.mnist import centre_digit
from course.plots.showing import png, publish
from course.plots.style import GREY, WIDE, figure, finish, plain

Reader = Callable[[Tensor], Tensor]


@plain
def reading_of(ink: Tensor, read: Reader, *, title: str) -> Figure:
    """Draw a digit as it was written, as the network sees it, and how probable the network finds each class.

    read: gives the probabilities (10,) for a picture uint8 (28, 28). Shapes: ink (H, W), white on black.
    """
    fig = figure(3, WIDE, title=title)
    picture = centre_digit(ink)
    for axes, values, words in zip(fig.axes, (ink, picture), ("as it was written", "as the network sees it")):
        axes.imshow(np.asarray(values), cmap="gray", vmin=0, vmax=255)
        axes.set_axis_off()
        axes.set_title(words, fontsize=9)
    shares = 100 * np.asarray(read(picture))
    drawn = fig.axes[2].bar(range(10), shares, color=GREY, width=0.7)
    fig.axes[2].bar_label(drawn, [f"{share:.0f}" if share >= 0.5 else "" for share in shares], fontsize=8)
    fig.axes[2].set_xticks(range(10))
    fig.axes[2].set_ylim(0, 110)
    finish(fig.axes[2], "what it reads", "digit", "probability [%]")
    return fig


def pen(read: Reader, example: Tensor, alt: str, *, title: str, tolerance: float | None = 0.15) -> None:
    """Put a sheet of paper into the notebook: whoever writes a digit on it sees what the network reads.

    Where no kernel runs, there is the `reading_of` of an example instead. alt, tolerance: its own, as in `show`.
    read, title: as in `reading_of`.
    """
    sheet = _sheet()()
    sheet.on_msg(lambda widget, content, buffers: _answer(widget, content, buffers, read))
    fig = reading_of(example, read, title=title)
    view = sheet._repr_mimebundle_()
    publish(png(fig), fig, alt, tolerance, view[0] if isinstance(view, tuple) else view)


def _answer(widget: object, content: dict, buffers: list, read: Reader) -> None:
    """Read the ink that paper.js sends, and send back the picture, the probabilities and the answer."""
    side = content["side"]
    ink = torch.frombuffer(bytearray(buffers[0]), dtype=torch.uint8).reshape(side, side)
    picture = torch.zeros(28, 28, dtype=torch.uint8)
    try:
        picture = centre_digit(ink)
        shares = read(picture)
        said = {"answer": str(int(shares.argmax())), "probabilities": shares.tolist()}
    except Exception as error:  # the page waits for an answer, and would do so for ever
        said = {"answer": f"{type(error).__name__}: {error}", "probabilities": []}
    widget.send(said, [picture.numpy().tobytes()])


@cache
def _sheet() -> type:
    from anywidget import AnyWidget  # only here: what never moves does not wait for it

    class Sheet(AnyWidget):
        _esm = Path(__file__).with_name("paper.js").read_text(encoding="utf-8")

    return Sheet
