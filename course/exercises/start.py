"""The exercises of notebook 00_start."""

import torch

from course.exercises.exercise import Exercise, Mistake, call, near

LOGITS = torch.tensor([[9.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 5.0], [4.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
Y = torch.tensor([0, 1, 2, 1, 1])  # 3 of 5 right


def check_accuracy(answer: object) -> None:
    value = call(answer, LOGITS, Y)
    if isinstance(value, torch.Tensor):
        if value.numel() > 1:
            raise Mistake(f"you return {value.numel()} numbers, one an example: their mean is the fraction.")
        raise Mistake("the result is still a tensor, expected a Python number: look for a tensor's item method.")
    if not isinstance(value, float):
        raise Mistake(
            f"you return {value!r}, a {type(value).__name__}, expected a fraction between 0 and 1: is it a count?"
        )
    if near(value, 60):
        raise Mistake("60 is a percentage, expected a fraction between 0 and 1.")
    if near(value, 0.4):
        raise Mistake("0.4 is the fraction that is wrong, expected the fraction that is right.")
    if near(value, 0.0):
        raise Mistake("nothing counts as right: do you compare the largest logit, and not its place, with y?")
    if near(value, 0.2):
        raise Mistake(
            "all five images get the same answer: argmax looks at the whole table, if not told the dimension."
        )
    if not near(value, 0.6):
        raise Mistake(
            f"on five examples of which three are right you return {value:.3f}: "
            "along which dimension do you take the argmax, and what do you divide by?"
        )


def my_accuracy(logits, y):
    right = logits.argmax(dim=1) == y
    return right.float().mean().item()


EXERCISES: dict[str, Exercise] = {
    "start.accuracy": Exercise(
        check_accuracy,
        "Every accuracy of this course is computed like that.",
        (
            "the answer to an image is the place of its largest logit: argmax (not max), along the right dimension.",
            "compare the answers with y: that gives True and False; made .float(), their mean is the fraction.",
            "logits.argmax(dim=1) == y, then .float().mean().item().",
        ),
        my_accuracy,
    ),
}
