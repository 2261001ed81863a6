"""The sheet of paper to write a digit on: what it sends, what it gets back, and what stands there without a kernel."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course import plots
from course.mnist import PHOTO, centre_digit, load_photo
from course.plots import paper, showing

SCRIPT = Path(paper.__file__).with_name("paper.js").read_text(encoding="utf-8")
INK = load_photo(PHOTO)


def sure_of_seven(picture):
    assert picture.shape == (28, 28) and picture.dtype == torch.uint8
    return torch.tensor([0.004, 0, 0, 0.096, 0, 0, 0, 0.9, 0, 0])


def test_a_reading_shows_the_ink_the_picture_and_the_probabilities():
    fig = plots.reading_of(INK, sure_of_seven, title="t")
    written, seen, bars = fig.axes
    assert np.array_equal(written.images[0].get_array(), INK)
    assert np.array_equal(seen.images[0].get_array(), centre_digit(INK))
    assert [image.get_clim() for axes in (written, seen) for image in axes.images] == [(0, 255)] * 2
    assert [bar.get_height() for bar in bars.patches] == pytest.approx([0.4, 0, 0, 9.6, 0, 0, 0, 90, 0, 0], abs=1e-3)
    assert [text.get_text() for text in bars.texts if text.get_text()] == ["10", "90"]
    assert fig.get_suptitle() == "t" and tuple(fig.get_size_inches()) == plots.WIDE


@pytest.fixture
def shown(monkeypatch):
    """What a pen puts into the notebook, and the widgets that were made."""
    calls, sheets = [], []
    monkeypatch.setattr(showing, "display", lambda data, **more: calls.append((data, more)))
    made = paper._sheet()
    monkeypatch.setattr(paper, "_sheet", lambda: lambda: sheets.append(made()) or sheets[-1])
    plots.pen(sure_of_seven, INK, "the alt text", title="t", tolerance=0.2)
    return SimpleNamespace(data=calls[0][0], more=calls[0][1], calls=calls, sheet=sheets[0])


def test_a_pen_is_a_widget_and_the_reading_of_an_example_where_no_kernel_runs(shown):
    assert len(shown.calls) == 1
    assert set(shown.data) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert shown.data["text/plain"] == "the alt text" and shown.data["image/png"].startswith(b"\x89PNG")
    expected = showing.figure_data(plots.reading_of(INK, sure_of_seven, title="t"))
    assert shown.more == {
        "raw": True,
        "metadata": {"image/png": {"alt": "the alt text"}, "figure": expected, "tolerance": 0.2},
    }


def test_ink_that_comes_from_the_page_is_answered_by_picture_probabilities_and_answer(shown, monkeypatch):
    sent = []
    monkeypatch.setattr(type(shown.sheet), "send", lambda sheet, content, buffers: sent.append((content, buffers)))
    message = {"method": "custom", "content": {"side": 280}}
    shown.sheet._handle_msg({"content": {"data": message}, "buffers": [memoryview(INK.numpy().tobytes())]})
    ((content, (picture,)),) = sent
    assert content == {"answer": "7", "probabilities": pytest.approx(sure_of_seven(centre_digit(INK)).tolist())}
    assert np.array_equal(np.frombuffer(picture, np.uint8).reshape(28, 28), centre_digit(INK))


@pytest.mark.parametrize("ink", [INK, 0 * INK], ids=["read fails", "no ink"])
def test_the_page_hears_of_a_failure_too_for_it_waits(monkeypatch, ink):
    sent, sheets = [], []
    made = paper._sheet()
    monkeypatch.setattr(showing, "display", lambda *_, **__: None)
    monkeypatch.setattr(paper, "_sheet", lambda: lambda: sheets.append(made()) or sheets[-1])
    monkeypatch.setattr(made, "send", lambda sheet, content, buffers: sent.append((content, len(buffers[0]))))
    answers = [sure_of_seven(centre_digit(INK))]  # for the example; then there are no more
    plots.pen(lambda _: answers.pop(), INK, "a", title="t")
    message = {"method": "custom", "content": {"side": 280}}
    sheets[0]._handle_msg({"content": {"data": message}, "buffers": [memoryview(ink.numpy().tobytes())]})
    why = "IndexError: pop from empty list" if ink.any() else "ValueError: ink is empty, expected a digit"
    assert sent[0][0]["answer"].startswith(why) and sent[0][1] == 784


def test_the_page_loads_nothing_and_keeps_nothing():
    assert not re.search(r"https?:|import |import\(|require|fetch|XMLHttp|localStorage|model\.set", SCRIPT)
    assert len(SCRIPT) < 8000


def test_two_pens_answer_by_readers_of_their_own(monkeypatch):
    asked, sheets = [], []
    made = paper._sheet()
    monkeypatch.setattr(showing, "display", lambda *_, **__: None)
    monkeypatch.setattr(paper, "_sheet", lambda: lambda: sheets.append(made()) or sheets[-1])
    for name in ("one", "two"):
        plots.pen(lambda picture, name=name: asked.append(name) or sure_of_seven(picture), INK, "a", title="t")
    asked.clear()
    monkeypatch.setattr(made, "send", lambda *_: None)
    message = {"method": "custom", "content": {"side": 280}}
    for sheet in (sheets[1], sheets[0]):
        sheet._handle_msg({"content": {"data": message}, "buffers": [memoryview(INK.numpy().tobytes())]})
    assert asked == ["two", "one"]
