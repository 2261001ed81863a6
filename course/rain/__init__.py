"""Rain on radar: its codes, storms by rule, a Dataset, what a forecast must beat, and scores."""

from course.rain.blocks import Interval, by_blocks
from course.rain.chance import Reliability, brier, crps, pinball, reliability
from course.rain.codes import (
    HEIGHTS_KM,
    MINUTES,
    MISSING,
    SHAPE,
    echo,
    echo_from_rain,
    rain_from_echo,
    rain_rate,
    to_codes,
    to_dbz,
)
from course.rain.damping import Damping, fit_damping
from course.rain.dataset import RainDataset, write_text
from course.rain.drift import advection, drift, move, persistence
from course.rain.losses import balanced_mae, balanced_mse, rain_weights
from course.rain.motion import motion, semi_lagrangian
from course.rain.networks import ANN, CNN, LSTM, STRONG, features
from course.rain.scores import Errors, Events, best_level, bias, count_events, csi, far, mae, pod, rmse, sum_errors
from course.rain.spatial import Fractions, fss, spectrum, sum_fractions
from course.rain.storms import Storms, Weather, storms
from course.rain.sums import Logistic, fit_logistic, sum_rain

__all__ = [
    "ANN",
    "CNN",
    "HEIGHTS_KM",
    "LSTM",
    "Logistic",
    "MINUTES",
    "MISSING",
    "SHAPE",
    "STRONG",
    "Damping",
    "Errors",
    "Events",
    "Fractions",
    "Interval",
    "RainDataset",
    "Reliability",
    "Storms",
    "Weather",
    "advection",
    "balanced_mae",
    "balanced_mse",
    "best_level",
    "bias",
    "brier",
    "by_blocks",
    "count_events",
    "crps",
    "csi",
    "drift",
    "echo",
    "echo_from_rain",
    "far",
    "features",
    "fit_damping",
    "fit_logistic",
    "fss",
    "mae",
    "motion",
    "move",
    "persistence",
    "pinball",
    "pod",
    "rain_from_echo",
    "rain_rate",
    "rain_weights",
    "reliability",
    "rmse",
    "semi_lagrangian",
    "spectrum",
    "storms",
    "sum_errors",
    "sum_fractions",
    "sum_rain",
    "to_codes",
    "to_dbz",
    "write_text",
]
