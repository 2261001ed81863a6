"""Moves the course's places, for tests."""

from course import _places


def move_course(monkeypatch, folder):
    """Let the course be in a folder: its notebooks, its data."""
    monkeypatch.setattr(_places, "ROOT", folder)
    monkeypatch.setattr(_places, "NOTEBOOKS", folder / "notebooks")
    monkeypatch.setattr(_places, "DATA", folder / "data")
