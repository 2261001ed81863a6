"""The exercises of notebook 04_nn."""

from course.exercises.exercise import Exercise

EXERCISES: dict[str, Exercise] = {}
