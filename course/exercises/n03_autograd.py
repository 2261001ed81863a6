"""The exercises of notebook 03_autograd."""

from course.exercises.exercise import Exercise

EXERCISES: dict[str, Exercise] = {}
