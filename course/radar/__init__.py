"""Rain radar in the format of CIKM AnalytiCup 2017: its codes, storms made by rule, text and a Dataset."""

from course.radar.codes import HEIGHTS_KM, MINUTES, MISSING, SHAPE, echo, rain_rate, to_dbz
from course.radar.data import RainDataset, write_text
from course.radar.storms import Storms, Weather, storms

__all__ = [
    "HEIGHTS_KM", "MINUTES", "MISSING", "SHAPE", "RainDataset", "Storms", "Weather",
    "echo", "rain_rate", "storms", "to_dbz", "write_text",
]
