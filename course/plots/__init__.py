"""Every figure of the course: draw it, then `show` it in the notebook."""

from course.plots import quiet  # noqa: F401  before all others, which import matplotlib
from course.plots.autograd_graph import graph, value_graph
from course.plots.cells import walks
from course.plots.drawing import bars, curves, histogram, intervals, reliability_diagram, scatter
from course.plots.films import film, radar, save_film
from course.plots.live_curves import LiveCurves
from course.plots.paper import pen, reading_of
from course.plots.pictures import contours, heatmap, images
from course.plots.showing import figure_data, live, show
from course.plots.style import SINGLE, STRIP, STYLES, WIDE, figure
from course.plots.wires import circuit

__all__ = [
    "LiveCurves",
    "SINGLE",
    "STRIP",
    "STYLES",
    "WIDE",
    "bars",
    "circuit",
    "contours",
    "curves",
    "figure",
    "figure_data",
    "film",
    "graph",
    "heatmap",
    "histogram",
    "images",
    "intervals",
    "live",
    "pen",
    "radar",
    "reading_of",
    "reliability_diagram",
    "save_film",
    "scatter",
    "show",
    "value_graph",
    "walks",
]
