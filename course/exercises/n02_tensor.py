"""The exercises of notebook 02_tensor."""

from course.exercises.exercise import Exercise

EXERCISES: dict[str, Exercise] = {}
