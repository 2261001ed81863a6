"""The exercises of notebook 00_start."""

from numbers import Real

import numpy as np
import torch
from torch import Tensor

from course.exercises.exercise import Exercise, Mistake, call_cases, explain, first_wrong, near


def _cases() -> list[tuple[Tensor, Tensor]]:
    """Logits (B, K) and classes (B,): 3 of 5 right, a single image, all right, all wrong, more classes than images."""
    generator = torch.Generator().manual_seed(0)
    few = [[9.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 5.0], [4.0, 1.0, 0.0], [0.0, 1.0, 2.0]]
    noise = torch.randn(40, 7, generator=generator)
    return [
        (torch.tensor(few), torch.tensor([0, 1, 2, 1, 1])),
        (torch.tensor([[-2.0, -1.0]]), torch.tensor([1])),
        (noise, noise.argmax(1)),
        (noise, (noise.argmax(1) + 1) % 7),
        (noise[:3] - 5, torch.tensor([int(noise[0].argmax()), 6, 6])),
        (noise, torch.where(torch.arange(40) < 13, noise.argmax(1), 0)),
    ]


def check_accuracy(answer: object) -> None:
    cases = _cases()
    values = call_cases(answer, cases, MISTAKES)
    for (_, y), value in zip(cases, values):
        if isinstance(value, (Tensor, np.ndarray)) and tuple(value.shape):
            raise Mistake(
                f"you return shape {tuple(value.shape)} for {len(y)} images, expected one number: their mean."
            )
        if isinstance(value, Tensor):
            raise Mistake("the result is still a tensor, expected a Python number: look for a tensor's item method.")
        if isinstance(value, bool) or not isinstance(value, Real):
            raise Mistake(f"you return a {type(value).__name__}, expected a Python number between 0 and 1.")
    right = [my_accuracy(*case) for case in cases]
    if near(values, right):
        return
    explain(values, cases, MISTAKES)
    if len(set(values)) == 1:
        raise Mistake(f"you return {values[0]:g} for all images: it has to be computed from logits and y.")
    place = first_wrong(values, right)
    images = len(cases[place][1])
    raise Mistake(
        f"of {images} images {round(right[place] * images)} are right, and you return {values[place]:.3f}: along "
        "which dimension do you take the argmax, and what do you divide by?"
    )


def my_accuracy(logits, y):
    right = logits.argmax(dim=1) == y
    return right.float().mean().item()


def _right(logits: Tensor, y: Tensor) -> int:
    return int((logits.argmax(1) == y).sum())


MISTAKES = (
    (_right, "that is how many are right, expected the fraction of them, between 0 and 1: is it a count?"),
    (lambda x, y: 100 * my_accuracy(x, y), "you return a percentage, expected a fraction between 0 and 1: 60 is 0.6."),
    (lambda x, y: 1 - my_accuracy(x, y), "you return the fraction that is wrong, expected the fraction that is right."),
    (
        lambda x, y: (x.max(1).values == y).float().mean(),
        "nothing counts as right: do you compare the largest logit, and not its place, with y?",
    ),
    (
        lambda x, y: (x.argmax() == y).float().mean(),
        "all images get the same answer: argmax looks at the whole table, if not told the dimension.",
    ),
    (lambda x, y: _right(x, y) / x.shape[1], "you divide by the number of classes, expected that of the images."),
    (lambda x, y: _right(x, y) / x.numel(), "you divide by the number of logits, expected that of the images."),
    (lambda x, y: _right(x, y) / 5, "you divide by 5 whatever comes: how many images are there?"),
    (lambda x, y: (x.argmin(1) == y).float().mean(), "your answer is the class with the smallest logit."),
)


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
