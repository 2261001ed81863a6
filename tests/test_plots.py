import hashlib
import json
import os
import subprocess
import sys

import matplotlib
import nbformat
import numpy as np
import pytest
import torch

from course import plots
from course.plots import live_curves as live_module
from course.plots import showing
from course.upkeep import notebooks


def shown(monkeypatch, fig, *arguments):
    calls = []
    monkeypatch.setattr(showing, "display", lambda data, metadata, raw: calls.append((data, metadata)))
    plots.show(fig, *arguments)
    return calls[0]


def test_show_publishes_the_picture_its_alt_text_and_its_data(monkeypatch):
    fig = plots.curves({"SGD": [3, 2, 1]}, title="Does it fall?", x="epoch", y="loss")
    data, metadata = shown(monkeypatch, fig, "a falling line", 0.1)
    assert data["image/png"].startswith(b"\x89PNG") and data["text/plain"] == "a falling line"
    assert metadata["image/png"] == {"alt": "a falling line"} and metadata["tolerance"] == 0.1
    assert json.loads(json.dumps(metadata["figure"], allow_nan=False)) == plots.figure_data(fig)


def test_the_data_of_curves_are_their_points():
    fig = plots.curves(
        {"SGD": ([0, 1], [2, 4]), "other": torch.tensor([1.0, float("nan")])},
        title="t",
        x="x",
        y="y",
        reference={"chance": 0.1},
    )
    panel = plots.figure_data(fig)["axes"][0]
    assert panel["title"] == "t"
    assert panel["series"] == [
        {"label": "SGD", "x": [0, 1], "y": [2, 4]},
        {"label": "other", "x": [1, 2], "y": [1, "nan"]},
        {"label": "chance", "x": [0, 1], "y": [0.1, 0.1]},
    ]


def test_a_style_of_the_users_changes_no_figure_and_stays_in_force_for_others():
    def drawn():
        figs = [
            plots.curves({"SGD": [3, 2, 1]}, title="t", x="x", y="y"),
            plots.bars({"a": 1, "b": 2}, title="t", y="y"),
            plots.histogram({"a": [0, 0, 1]}, title="t", x="x"),
            plots.intervals({"a": (-1, 0, 2)}, title="t", x="x"),
            plots.scatter({"a": ([1, 2], [3, 4])}, title="t", x="x", y="y"),
            plots.reliability_diagram({"a": ([0.1, 0.9], [0.2, 0.8], [9, 3])}, title="t"),
            plots.images([np.eye(3)], title="t", labels=["one"]),
            plots.heatmap(np.eye(3), title="t", x="x", y="y", numbers=True),
            plots.contours(bowl, {"a": [[0, 1], [1, 1]]}, title="t", x="x", y="y", span=(-1, 2, -3, 4)),
            plots.graph(torch.ones(2, requires_grad=True).exp(), {}, title="t"),
        ]
        return [(plots.figure_data(fig), hashlib.sha256(showing.png(fig)).hexdigest()) for fig in figs]

    usual = drawn()
    mine = {"axes.xmargin": 0.4, "image.origin": "lower", "font.size": 30, "axes.grid": True, "savefig.bbox": "tight"}
    with matplotlib.rc_context(mine):
        assert drawn() == usual
        live = plots.LiveCurves("a line")
        live(1, {"loss": 1})
        assert not any(line.get_visible() for line in live.figure().axes[0].get_xgridlines())
        assert {name: matplotlib.rcParams[name] for name in mine} == mine


def test_matplotlib_is_imported_without_a_word_where_the_home_cannot_be_written(tmp_path):
    (tmp_path / "matplotlibrc").write_text("axes.gird: True\n")
    settings = {"MPLCONFIGDIR": os.devnull + "/none", "MATPLOTLIBRC": str(tmp_path)}
    code = "import logging, course.plots; print(logging.getLogger('matplotlib').level)"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | settings, capture_output=True, text=True)
    assert (done.stderr, done.stdout) == ("", "0\n")  # the learner's own figures may have warnings


def test_a_long_line_is_told_in_sixteen_points_with_both_ends():
    series = plots.figure_data(plots.curves({"a": np.arange(1000)}, title="", x="", y=""))["axes"][0]["series"][0]
    assert len(series["y"]) == 16 and series["y"][0] == 0 and series["y"][-1] == 999


def test_the_data_of_images_are_block_means():
    picture = torch.zeros(16, 16)
    picture[:2, :2] = 4
    fig = plots.images([picture, torch.ones(1, 3, 3)], labels=["corner", "flat"])
    first, second = plots.figure_data(fig)["axes"]
    assert first["title"] == "corner" and first["images"][0][0] == [4] + 7 * [0] and len(first["images"][0]) == 8
    assert second["images"] == [[[1.0] * 3] * 3]


def test_images_have_scales_of_their_own_or_one_up_to_top():
    pictures = [torch.eye(2), 1 + 2 * torch.eye(2)]
    for top, scales in ((None, [(0, 1), (1, 3)]), (4, [(0, 4), (0, 4)])):
        fig = plots.images(pictures, top=top)
        assert [axes.images[0].get_clim() for axes in fig.axes] == scales


def test_images_may_have_colours_and_boxes():
    pictures = [torch.full((3, 4, 6), 255), torch.zeros(2, 3)]
    fig = plots.images(pictures, boxes={"true box": [torch.tensor([[0, 1, 2, 9]]), torch.zeros(0, 4)]})
    first, second = fig.axes
    assert first.images[0].get_array().shape == (4, 6, 3) and first.images[0].get_array().max() == 1
    (box,) = first.get_lines()
    assert box.get_xydata().tolist() == [[-0.5, 0.5], [1.5, 0.5], [1.5, 8.5], [-0.5, 8.5], [-0.5, 0.5]]
    assert (first.get_xlim(), first.get_ylim()) == ((-0.5, 5.5), (3.5, -0.5))  # what lies outside makes no room
    assert box.get_color() == plots.STYLES["true box"][0] and not second.get_lines()


def test_the_data_of_bars_histograms_and_points_are_heights_counts_and_places():
    assert plots.figure_data(plots.bars({"a": 1, "b": 2.5}, title="", y=""))["axes"][0]["bars"] == [1, 2.5]
    steps = plots.figure_data(plots.histogram({"a": [0, 0, 1]}, title="", x="", bins=[0, 0.5, 1]))["axes"][0]["series"]
    assert steps == [{"label": "a", "x": [0.5, 1], "y": [2, 1]}]
    points = plots.figure_data(plots.scatter({"a": ([1, 2], [3, 4])}, title="", x="", y=""))["axes"][0]["series"]
    assert points == [{"label": "a", "x": [1, 2], "y": [3, 4]}]


def test_a_heatmap_counts_its_matrix_but_not_its_colour_bar():
    panels = plots.figure_data(plots.heatmap([[1, -2]], title="", x="", y="", signed=True, numbers=True))["axes"]
    assert [panel["images"] for panel in panels] == [[[[1, -2]]]]


def test_the_numbers_of_a_heatmap_stand_in_their_cells():
    axes = plots.heatmap([[1, 2, 3], [4, 5, 6]], title="", x="", y="", numbers=True).axes[0]
    assert [(text.get_position(), text.get_text()) for text in axes.texts] == [
        ((0, 0), "1"),
        ((1, 0), "2"),
        ((2, 0), "3"),
        ((0, 1), "4"),
        ((1, 1), "5"),
        ((2, 1), "6"),
    ]  # column, row


def test_a_signed_heatmap_reaches_as_far_down_as_up_and_zero_is_in_the_middle():
    fig = plots.heatmap([[1, -4]], title="", x="", y="", signed=True)
    assert fig.axes[0].get_images()[0].get_clim() == (-4, 4)


def test_heatmaps_with_one_top_give_one_number_one_colour():
    pictures = [plots.heatmap([[low, 3]], title="", x="", y="", top=9).axes[0].get_images()[0] for low in (1, 9)]
    assert pictures[0].norm(3) == pictures[1].norm(3) == pytest.approx(1 / 3)


def test_a_heatmap_with_a_span_is_a_map_with_lines_in_its_own_units():
    fig = plots.heatmap(
        [[1, float("nan")], [3, 4]],
        title="",
        x="rate",
        y="momentum",
        span=(0, 0.2, 0, 1),
        lines={"edge": ([0.08, 0.16], [0, 1])},
        scale="log10 of the loss",
    )
    axes, bar = fig.axes
    picture, line = axes.get_images()[0], axes.get_lines()[0]
    assert (picture.get_extent(), picture.origin) == ([0, 0.2, 0, 1], "lower")
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 0.2), (0, 1))
    assert line.get_xydata().tolist() == [[0.08, 0], [0.16, 1]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["edge"]
    assert bar.get_ylabel() == "log10 of the loss"
    assert plots.figure_data(fig)["axes"][0]["images"] == [[[1, "nan"], [3, 4]]]


def test_a_known_label_keeps_its_colour_in_every_kind_of_figure():
    drawn = [
        plots.curves({"Adam": [1, 2]}, title="", x="", y="").axes[0].get_lines()[0].get_color(),
        plots.bars({"Adam": 1}, title="", y="").axes[0].patches[0].get_facecolor(),
        plots.scatter({"Adam": ([1], [1])}, title="", x="", y="").axes[0].collections[0].get_facecolor()[0],
    ]
    from matplotlib.colors import to_hex

    assert {to_hex(color).upper() for color in drawn} == {"#D55E00"}


def test_labels_at_line_ends_do_not_touch():
    axes = plots.curves({"a": [0, 1.0], "b": [0, 1.0], "c": [0, 1.001]}, title="", x="", y="").axes[0]
    axes.figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.y0)
    assert len(boxes) == 3 and all(low.y1 <= high.y0 + 1 for low, high in zip(boxes, boxes[1:]))


@pytest.mark.parametrize("log", ["", "x", "y", "xy"])
def test_axes_are_logarithmic_where_asked(log):
    axes = plots.curves({"a": ([1, 10], [1, 100])}, title="", x="", y="", log=log).axes[0]
    assert (axes.get_xscale() == "log", axes.get_yscale() == "log") == ("x" in log, "y" in log)


def test_a_graph_shows_each_operation_and_leaf_once_from_the_data_to_the_root():
    x = torch.tensor(2.0, requires_grad=True)
    w = torch.ones(3, requires_grad=True)
    y = (x.exp() * w * x).sum()
    fig = plots.graph(y, {"x": x, "w": w, "y": y}, title="Which way?")
    series = plots.figure_data(fig)["axes"][0]["series"]
    boxes = {box["label"]: (box["x"][0], box["y"][0]) for box in series if "_child" not in box["label"]}
    assert set(boxes) == {"Sum y", "Mul", "Exp", "x", "w"}
    assert boxes["Sum y"] == (0, 0) and boxes["x"][0] == -4
    assert boxes["Exp"][0] == boxes["w"][0] == -3
    arrows = [box for box in series if "_child" in box["label"]]
    assert len(arrows) == 6 and all(arrow["x"][0] < arrow["x"][1] for arrow in arrows)


def test_a_graph_shows_two_arrows_where_an_operation_uses_a_tensor_twice():
    x = torch.tensor(2.0, requires_grad=True)
    series = plots.figure_data(plots.graph(x * x + x.exp(), {"x": x}, title=""))["axes"][0]["series"]
    arrows = [(line["x"], line["y"]) for line in series if "_child" in line["label"]]
    assert len(arrows) == 5 and len({str(arrow) for arrow in arrows}) == 5


def test_a_graph_says_the_shape_of_what_flows_along_each_arrow():
    w = torch.ones(3, 4, requires_grad=True)
    axes = plots.graph((torch.ones(2, 3) @ w).exp().sum(), {"w": w}, title="").axes[0]
    said = [text.get_text() for text in axes.texts if "(" in text.get_text()]
    assert sorted(said) == ["(2, 4)", "(2, 4)", "(3, 4)"]


class Number:
    """A value as notebook 03_autograd makes them."""

    def __init__(self, data, how="", parents=(), slopes=()):
        self.data, self.how, self.parents, self.slopes = data, how, parents, slopes


def test_a_graph_of_values_has_a_slope_on_each_arrow_and_bends_one_around_a_box():
    a, b = Number(2.0), Number(-3.0)
    product = Number(-6.0, "*", (a, b), (-3.0, 2.0))
    total = Number(-4.0, "+", (product, a), (1, 1))
    axes = plots.value_graph(Number(16.0, "*", (total, total), (-4.0, -4.0)), {"a": a, "b": b}, title="?").axes[0]
    said = [text.get_text() for text in axes.texts]
    assert sorted(word for word in said if word) == sorted(
        ["a = 2", "b = -3", "*\n-6", "+\n-4", "*\n16", "-3", "2", "1", "1", "-4", "-4"]
    )
    lines = [line.get_ydata() for line in axes.get_lines()]
    bent = [ys for ys in lines if max(ys) > max(ys[0], ys[-1])]
    assert len(lines) == 6 and len(bent) == 1 and axes.get_ylim()[1] > max(bent[0]) > 0.3


def test_a_value_that_was_made_of_none_cannot_be_drawn():
    with pytest.raises(ValueError, match="root has no parents, expected a value that was made of others"):
        plots.value_graph(Number(1.0), {}, title="")


def test_a_tensor_without_a_graph_cannot_be_drawn():
    with pytest.raises(ValueError, match="root has no grad_fn, expected one"):
        plots.graph(torch.ones(2), {}, title="")


def bowl(w):
    return (w**2).sum(-1)


def test_contours_are_told_by_their_paths_and_where_these_end():
    paths = {"Adam": [[0, 1], [0.5, 0.5]], "mine": torch.tensor([[1.0, 1.0], [9.0, 9.0]])}
    fig = plots.contours(bowl, paths, title="Who?", x="a", y="b", span=(-1, 2, -3, 4))
    (panel,) = plots.figure_data(fig)["axes"]
    assert panel["range"] == [-1, 2, -3, 4] and panel["images"] == panel["bars"] == []
    assert [(line["label"], line["x"], line["y"]) for line in panel["series"]] == [
        ("Adam", [0, 0.5], [1, 0.5]),
        ("_end of Adam", [0.5], [0.5]),
        ("mine", [1, 9], [1, 9]),
        ("_end of mine", [9], [9]),
    ]
    adam = fig.axes[0].get_lines()[0]
    assert (adam.get_color(), adam.get_linestyle()) == plots.STYLES["Adam"]


def test_contours_part_the_picture_into_equal_areas():
    fig = plots.contours(lambda w: w[..., 0] ** 4, {}, title="", x="", y="", span=(0, 1, 0, 1))
    (lines,) = fig.axes[0].collections
    widths = np.diff(lines.levels**0.25)  # where the lines stand; the heights between them differ a lot
    assert widths == pytest.approx(np.full(13, widths.mean()), rel=0.1)


def right_of_two():
    """An empty panel that has an empty one to its left."""
    return plots.figure(2).axes[1]


def test_curves_take_every_option():
    axes = right_of_two()
    series, reference = {"a": ([1, 10], [1, 100])}, {"chance": 5}
    fig = plots.curves(series, title="t", x="m", y="s", log="xy", reference=reference, marker="s", axes=axes)
    assert fig is axes.figure and not fig.axes[0].get_lines()
    line, chance = axes.get_lines()
    assert (line.get_marker(), list(chance.get_ydata()), chance.get_label()) == ("s", [5, 5], "chance")
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == ("t", "m", "s")


def test_images_take_every_option():
    pictures = [np.array([[1.0, -3.0]]), np.array([[0.5, 2.0]]), np.zeros((1, 2))]
    fig = plots.images(pictures, title="t", labels=["one", "two"], columns=2, signed=True, size=(3, 2))
    assert (fig.get_suptitle(), tuple(fig.get_size_inches())) == ("t", (3, 2))
    assert [axes.get_title() for axes in fig.axes] == ["one", "two", "", ""]
    assert {axes.get_subplotspec().get_gridspec().get_geometry() for axes in fig.axes} == {(2, 2)}
    assert [(axes.images[0].get_clim(), axes.images[0].get_cmap().name) for axes in fig.axes[:3]] == [
        ((-3, 3), "RdBu_r")
    ] * 3
    (white,) = plots.images(pictures[:1], top=4).axes
    assert (white.images[0].get_clim(), white.images[0].get_cmap().name) == ((0, 4), "gray")


def test_intervals_stand_in_the_order_given_and_a_tie_has_an_empty_dot():
    axes = plots.intervals({"Adam": (1, 2, 4), "tie": (-3, 1, 5)}, title="t", x="points", reference=0.5).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Adam", "tie"] and list(axes.get_yticks()) == [
        2,
        1,
    ]
    first, first_dot, second, second_dot, line = axes.lines
    assert [list(drawn.get_xdata()) for drawn in axes.lines] == [[1, 4], [2], [-3, 5], [1], [0.5, 0.5]]
    assert (list(first.get_ydata()), list(second.get_ydata())) == ([2, 2], [1, 1])
    assert first_dot.get_markerfacecolor() == first.get_color() == "#D55E00"
    assert second_dot.get_markerfacecolor() == "w" != second.get_color()
    assert (axes.get_title(), axes.get_xlabel()) == ("t", "points")
    own = right_of_two()
    assert plots.intervals({"a": (0, 1, 2)}, title="", x="", axes=own) is own.figure and len(own.lines) == 3


def test_a_reliability_diagram_has_the_diagonal_and_leaves_out_bins_without_cells():
    said, came, count = np.array([0.1, np.nan, 0.9]), np.array([0.2, np.nan, 0.7]), np.array([30, 0, 4])
    own = right_of_two()
    fig = plots.reliability_diagram({"a": (said, came, count)}, title="t", axes=own)
    assert fig is own.figure and not fig.axes[0].lines
    assert [line.get_xydata().tolist() for line in own.lines] == [[[0, 0], [1, 1]], [[0.1, 0.2], [0.9, 0.7]]]
    (panel,) = own.child_axes
    assert panel.patches[0].get_data().values.tolist() == [30, 0, 4] and panel.get_yscale() == "log"
    assert (own.get_title(), own.get_xlabel()) == ("t", "chance that was forecast")
    assert [text.get_text() for text in own.get_legend().get_texts()] == ["a"]


def test_bars_take_every_option():
    axes = right_of_two()
    fig = plots.bars({"a": 0.1234, "b": 1234.5}, title="t", y="s", log=True, axes=axes)
    assert fig is axes.figure and not fig.axes[0].patches
    assert (axes.get_yscale(), axes.get_title(), axes.get_ylabel()) == ("log", "t", "s")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]
    assert [text.get_text() for text in axes.texts] == ["0.123", "1,234"]


def test_histograms_take_every_option():
    axes = right_of_two()
    fig = plots.histogram({"a": [0, 0, 1], "b": [1]}, title="t", x="m", y="images", bins=[0, 0.5, 2], axes=axes)
    assert fig is axes.figure and not fig.axes[0].patches
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("m", "images")
    assert list(axes.patches[0].get_data().edges) == [0, 0.5, 2]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_heatmaps_take_every_option():
    axes = right_of_two()
    ticks = ["up", "down"], ["l", "r"]
    fig = plots.heatmap(
        [[1, -2], [3, 0]], title="t", x="m", y="s", signed=True, numbers=True, ticks=ticks, top=8, axes=axes
    )
    assert fig is axes.figure and not fig.axes[0].images
    picture = axes.images[0]
    assert (picture.get_clim(), picture.get_cmap().name) == ((-8, 8), "RdBu_r")
    assert [text.get_text() for text in axes.texts] == ["1", "-2", "3", "0"]
    assert ([t.get_text() for t in axes.get_yticklabels()], [t.get_text() for t in axes.get_xticklabels()]) == ticks
    (plain,) = plots.heatmap([[1, 3]], title="", x="", y="", top=8).axes[0].images
    assert (plain.get_clim(), plain.get_cmap().name) == ((0, 8), "viridis")


def test_scatters_take_every_option():
    axes = right_of_two()
    fig = plots.scatter({"a": ([1], [1]), "b": ([2], [2])}, title="t", x="m", y="s", log="y", size=60, axes=axes)
    assert fig is axes.figure and not fig.axes[0].collections
    assert [list(points.get_sizes()) for points in axes.collections] == [[60], [60]]
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "log")


def test_contours_take_axes():
    axes = right_of_two()
    fig = plots.contours(bowl, {"a": [[0, 1]]}, title="t", x="m", y="s", span=(-1, 2, -3, 4), axes=axes)
    assert fig is axes.figure and not fig.axes[0].collections and axes.collections
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == ("t", "m", "s")


@pytest.mark.parametrize(
    "options, panels, size, title",
    [
        ({}, 1, plots.SINGLE, ""),
        ({"panels": 3}, 3, plots.WIDE, ""),
        ({"panels": 2, "size": (4, 1), "title": "Both"}, 2, (4, 1), "Both"),
    ],
)
def test_an_empty_figure_has_its_panels_its_size_and_its_title(options, panels, size, title):
    fig = plots.figure(**options)
    assert (len(fig.axes), tuple(fig.get_size_inches()), fig.get_suptitle()) == (panels, size, title)


def test_live_curves_take_every_option(monkeypatch):
    still = []
    monkeypatch.setattr(showing, "display", lambda data, metadata, raw: still.append(metadata))
    with plots.LiveCurves("a line", title="Down?", x="step", tolerance=None) as curves:
        curves(1, {"loss": 1})
        assert [axes.get_xlabel() for axes in curves.figure().axes] == ["step"]
    assert (still[0]["tolerance"], still[0]["figure"]["title"]) == (None, "Down?")


def test_a_graph_has_its_title():
    assert plots.graph(torch.ones(2, requires_grad=True).exp(), {}, title="Which way?").axes[0].get_title() == (
        "Which way?"
    )


NAN = float("nan")


def test_a_number_that_is_nan_leaves_the_scale_to_the_others():
    signed = plots.images([[[1, NAN], [-3, 2]], [[NAN, NAN]]], signed=True).axes
    assert [axes.images[0].get_clim() for axes in signed] == [(-3, 3)] * 2
    heat = plots.heatmap([[1, NAN], [-4, 2]], title="", x="", y="", signed=True, numbers=True)
    assert heat.axes[0].images[0].get_clim() == (-4, 4)
    assert plots.figure_data(heat)["axes"][0]["images"] == [[[1, "nan"], [-4, 2]]]
    hill = plots.contours(lambda w: w.norm(dim=-1).log(), {}, title="", x="", y="", span=(-1, 1, -1, 1))
    assert len(hill.axes[0].collections[0].levels) == 14  # the logarithm of 0 is in the middle
    hole = plots.contours(lambda w: (w[..., 0] - 0.5).sqrt(), {}, title="", x="", y="", span=(0, 1, 0, 1))
    assert np.isfinite(hole.axes[0].collections[0].levels).all()


def test_a_live_figure_is_drawn_anew_when_a_slider_moves_and_says_only_its_alt_text(monkeypatch):
    from ipywidgets import FloatSlider

    drawn, shown = [], []
    monkeypatch.setattr(showing, "display", lambda data, raw: shown.append(data))
    slider = FloatSlider(0.5, min=0, max=1)

    def draw(height):
        drawn.append(height)
        return plots.bars({"a": height}, title="", y="")

    plots.live(draw, "move the slider", height=slider)
    assert drawn == [0.5] and shown[0]["text/plain"] == "move the slider"
    assert "application/vnd.jupyter.widget-view+json" in shown[0]
    slider.value = 0.75
    assert drawn == [0.5, 0.75]


@pytest.fixture
def live_curves(monkeypatch):
    """LiveCurves with a clock that stands until it is set, and lists of what was displayed live and at the end."""
    now, live, still = [100.0], [], []
    monkeypatch.setattr(live_module, "monotonic", lambda: now[0])
    monkeypatch.setattr(live_module, "display", lambda data, raw: live.append(data))
    monkeypatch.setattr(showing, "display", lambda data, metadata, raw: still.append((data, metadata)))
    return plots.LiveCurves("two falling lines", title="Does it learn?", tolerance=0.2), now, live, still


def test_live_curves_stand_in_one_panel_for_each_part_before_the_slash(live_curves):
    curves, *_ = live_curves
    curves(1, {"loss/train": 4, "loss/valid": 5, "rate": 0.5})
    curves(2, {"loss/train": 3, "loss/valid": 4.5})
    loss, rate = curves.figure().axes
    data = plots.figure_data(curves.figure())
    assert data["title"] == "Does it learn?"
    assert (loss.get_xlabel(), loss.get_ylabel(), rate.get_ylabel()) == ("epoch", "loss", "rate")
    assert [panel["series"] for panel in data["axes"]] == [
        [{"label": "train", "x": [1, 2], "y": [4, 3]}, {"label": "valid", "x": [1, 2], "y": [5, 4.5]}],
        [{"label": "rate", "x": [1], "y": [0.5]}],
    ]
    assert [text.get_text() for text in loss.texts] == ["train", "valid"]


def test_live_curves_draw_twice_a_second_at_most_and_their_last_state_at_the_end(live_curves):
    curves, now, live, still = live_curves
    drawn = []
    curves._picture.observe(lambda change: drawn.append((now[0], bytes(change.new)[1:4])), "value")
    for step, seconds in enumerate([100, 100.3, 100.49, 100.5, 100.6, 101.1]):
        now[0] = seconds
        curves(step, {"loss": step})
    assert drawn == [(100, b"PNG"), (100.5, b"PNG"), (101.1, b"PNG")]
    curves(6, {"loss": 6})  # too soon to be drawn
    curves.close()
    assert drawn[3:] == [(101.1, b"")]  # the live picture goes
    ((data, metadata),) = still
    assert data["text/plain"] == metadata["image/png"]["alt"] == "two falling lines"
    assert metadata["figure"]["axes"][0]["series"][0]["x"] == [0, 1, 2, 3, 4, 5, 6]
    assert metadata["tolerance"] == 0.2


def test_a_slow_drawing_takes_a_fifth_of_the_time_at_most(live_curves, monkeypatch):
    curves, now, *_ = live_curves
    drawn = []

    def slow(fig):
        now[0] += 2  # seconds
        drawn.append(now[0])
        return b"picture %d" % len(drawn)

    monkeypatch.setattr(live_module, "png", slow)
    for step, seconds in enumerate([100, 109, 110, 119, 120]):
        now[0] = max(now[0], seconds)
        curves(step, {"loss": 1})
    assert drawn == [102, 112, 122]


def test_live_curves_show_their_alt_text_where_no_kernel_runs_and_are_displayed_once(live_curves):
    curves, now, live, still = live_curves
    assert live == []
    for step in range(3):
        now[0] += 1
        curves(step, {"loss": 1})
    assert len(live) == 1 and live[0]["text/plain"] == "two falling lines"
    assert "application/vnd.jupyter.widget-view+json" in live[0]


def test_an_earlier_step_replaces_the_points_from_there_on(live_curves):
    curves, *_ = live_curves
    for step, value in [(1, 9), (2, 8), (3, 7), (2, 5)]:
        curves(step, {"loss": value})
    assert plots.figure_data(curves.figure())["axes"][0]["series"] == [{"label": "loss", "x": [1, 2], "y": [9, 5]}]


def test_curves_of_few_points_have_dots_and_whole_numbers_below(live_curves):
    curves, *_ = live_curves
    curves(1, {"loss": 1})
    axes = curves.figure().axes[0]
    assert axes.get_lines()[0].get_marker() == "o"
    left, right = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if left <= tick <= right] == [1]
    for step in range(2, 22):
        curves(step, {"loss": 1})
    assert curves.figure().axes[0].get_lines()[0].get_marker() == ""


def test_the_end_of_a_block_closes_live_curves_once_and_without_points_leaves_nothing(live_curves):
    curves, now, live, still = live_curves
    with pytest.raises(KeyError), curves as entered:
        assert entered is curves
        curves(1, {"loss": 1})
        raise KeyError
    curves.close()
    assert len(still) == 1
    with pytest.raises(ValueError) as error:
        curves(2, {"loss": 1})
    assert str(error.value) == "the curves are closed at step 2: make new LiveCurves"
    with plots.LiveCurves("nothing"):
        pass
    assert len(still) == len(live) == 1


def test_live_curves_refuse_what_is_no_number(live_curves):
    with pytest.raises(TypeError) as error:
        live_curves[0](1, {"loss": [1, 2]})
    assert str(error.value) == "loss at step 1 is a list, expected one number: try its mean"


CELL = """from course import plots
from course.curves import to_all
with plots.LiveCurves("a falling line") as curves:
    for step in range(5):
        to_all(curves)(step, {"loss/train": 1 / (1 + step)})"""


def test_live_curves_leave_in_a_notebook_one_alt_text_one_figure_and_nothing_else(tmp_path):
    notebooks.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)]), tmp_path / "a.ipynb")
    ran = notebooks.run_notebook(tmp_path / "a.ipynb", tmp_path / "b.ipynb", progress=False)
    live, still = ran.cells[0].outputs
    assert dict(live.data) == {"text/plain": "a falling line"} and "image/png" in still.data
    assert still.metadata["figure"]["axes"][0]["series"][0]["x"] == [0, 1, 2, 3, 4]
    assert "widgets" not in ran.metadata


GATES = [("×", ["x", "w"], "p"), ("square", ["p"], "L")]


def texts(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_a_circuit_has_a_number_on_each_wire_and_a_question_mark_where_a_gradient_is_not_known():
    values, gradients = {"x": 2, "w": 0.5, "p": 1, "L": 1}, {"L": 1, "p": 2, "x": 1}
    fig = plots.circuit(GATES, values, gradients, title="t")
    (axes,) = fig.axes
    assert texts(axes)[:10] == ["×", "x = 2", "1", "w = 0.5", "?", "square", "p = 1", "2", "L = 1", "1"]
    series = plots.figure_data(fig)["axes"][0]["series"]
    assert [line["label"] for line in series] == [
        "x = 2, gradient 1",
        "w = 0.5, gradient ?",
        "p = 1, gradient 2",
        "L = 1, gradient 1",
    ]
    assert fig.get_suptitle() == "t" and tuple(fig.get_size_inches()) == plots.WIDE


def test_a_circuit_without_gradients_has_values_only():
    (axes,) = plots.circuit(GATES, {"x": 2, "w": 0.5, "p": 1, "L": 1}, title="").axes
    assert texts(axes) == ["×", "x = 2", "w = 0.5", "square", "p = 1", "L = 1"]


def test_walks_have_an_arrow_for_each_step_of_an_index():
    table = torch.arange(12).view(3, 4)
    fig = plots.walks({"table": table, "table.T": table.T, "every other": table[:, ::2]}, title="t")
    lengths = [(1, 4), (4, 1), (2, 4)]
    for axes, view, (right, down) in zip(fig.axes, (table, table.T, table[:, ::2]), lengths, strict=True):
        arrows = [note for note in axes.texts if hasattr(note, "arrowprops") and note.arrowprops]
        steps = [(note.xyann[1] > 0, note.xy[0] - note.xyann[0]) for note in arrows]
        rows, columns = view.shape
        assert steps.count((True, right)) == rows * (columns - 1)
        assert steps.count((False, down)) == (rows - 1) * columns
        assert len(steps) == rows * (columns - 1) + (rows - 1) * columns
        assert f"next column: {right} ahead" in texts(axes) and f"next row: {down} ahead" in texts(axes)
    cells = [len(axes.patches) for axes in fig.axes]
    assert cells == [12, 12, 11] and texts(fig.axes[0])[:12] == [str(number) for number in range(12)]
