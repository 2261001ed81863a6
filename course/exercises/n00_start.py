"""The exercises of notebook 00_start."""

from course.exercises.exercise import Exercise

EXERCISES: dict[str, Exercise] = {}
