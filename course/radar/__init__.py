"""Radar of weather services: a folder of frames, in whatever format, becomes mapped codes with their times."""

from course.radar.formats import format_of
from course.radar.frames import Frames, find_runs, read_frames

__all__ = ["Frames", "find_runs", "format_of", "read_frames"]
