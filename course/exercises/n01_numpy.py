"""The exercises of notebook 01_numpy."""

from course.exercises.exercise import Exercise

EXERCISES: dict[str, Exercise] = {}
