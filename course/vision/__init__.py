"""Pictures in which digits stand on photographs, and the boxes around them."""

from course.vision.boxes import Detections, Grid, average_precision, decode_grid, fill_grid, mean_precision
from course.vision.scenes import PHOTOS, Photo, Scenes, make_scenes, read_photos, scale_pixels

__all__ = [
    "PHOTOS",
    "Detections",
    "Grid",
    "Photo",
    "Scenes",
    "average_precision",
    "decode_grid",
    "fill_grid",
    "make_scenes",
    "mean_precision",
    "read_photos",
    "scale_pixels",
]
