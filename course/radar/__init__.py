"""Radar of weather services: frames of whatever format become mapped codes; hours of rain for the notebooks."""

from course.radar.events import Event, describe_events, load_events
from course.radar.formats import format_of
from course.radar.frames import Frames, find_runs, read_frames, usual_minutes

__all__ = [
    "Event",
    "Frames",
    "describe_events",
    "find_runs",
    "format_of",
    "load_events",
    "read_frames",
    "usual_minutes",
]
