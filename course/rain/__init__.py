"""Rain on radar: its codes, frames from files, storms by rule, films as a Dataset, what a forecast has to beat."""

from course.rain.codes import HEIGHTS_KM, MINUTES, MISSING, SHAPE, echo, rain_rate, to_codes, to_dbz
from course.rain.dataset import RainDataset, write_text
from course.rain.drift import advection, drift, move, persistence
from course.rain.frames import Frames, find_runs, read_frames
from course.rain.networks import ANN, CNN, LSTM, STRONG, features
from course.rain.scores import csi, far, pod, rmse
from course.rain.storms import Storms, Weather, storms

__all__ = [
    "ANN",
    "CNN",
    "HEIGHTS_KM",
    "LSTM",
    "MINUTES",
    "MISSING",
    "SHAPE",
    "STRONG",
    "Frames",
    "RainDataset",
    "Storms",
    "Weather",
    "advection",
    "csi",
    "drift",
    "echo",
    "far",
    "features",
    "find_runs",
    "move",
    "persistence",
    "pod",
    "rain_rate",
    "read_frames",
    "rmse",
    "storms",
    "to_codes",
    "to_dbz",
    "write_text",
]
