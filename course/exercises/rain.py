"""The exercises of notebook 20_rain."""

import torch

from course.exercises.exercise import Exercise, Mistake, call, expect_like, near

# TO WRITE: exercises of your own, with a message for each mistake that learners make. These three show the form.
X = torch.tensor([[1.0, 2.0], [3.0, 8.0]])  # square: rows and columns can be taken for each other


def check_means(answer: object) -> None:
    value = call(answer, X.clone())
    expect_like("the result", value, X.mean(1))
    if near(value, X.mean(0)):
        raise Mistake("you return the means of the columns, expected those of the rows: which dimension goes?")
    if near(value, X.sum(1)):
        raise Mistake("you return the sums of the rows, expected their means: what do you divide by?")
    if not near(value, X.mean(1)):
        raise Mistake(f"for the rows {X.tolist()} you return {value.tolist()}, expected {X.mean(1).tolist()}.")


def row_means(x):
    return x.mean(dim=1)


def check_spans(answer: object) -> None:
    value, expected = call(answer, X.clone()), X.amax(1) - X.amin(1)
    expect_like("the result", value, expected)
    if near(value, X.amax(0) - X.amin(0)):
        raise Mistake("you return the spans of the columns, expected those of the rows: which dimension goes?")
    if near(value, X.amax(1)):
        raise Mistake("you return the largest numbers, expected how far they are from the smallest.")
    if not near(value, expected):
        raise Mistake(f"for the rows {X.tolist()} you return {value.tolist()}, expected {expected.tolist()}.")


def spans(x):
    return x.amax(dim=1) - x.amin(dim=1)


def check_centred(answer: object) -> None:
    value, expected = call(answer, X.clone()), X - X.mean(1, keepdim=True)
    expect_like("the result", value, expected)
    if near(value, X - X.mean(0)):
        raise Mistake("now the columns have the mean 0, expected the rows: which dimension goes?")
    if near(value, X - X.mean(1)):
        raise Mistake("each column loses the mean of a row: what shape must the means have, to stand beside the rows?")
    if not near(value, expected):
        raise Mistake(f"for the rows {X.tolist()} you return {value.tolist()}, expected {expected.tolist()}.")


def centred(x):
    return x - x.mean(dim=1, keepdim=True)


EXERCISES: dict[str, Exercise] = {
    "rain.means": Exercise(
        check_means,
        "TO WRITE: what the right answer shows.",
        ("TO WRITE: a nudge.", "TO WRITE: nearly the answer: `x.mean` takes a dimension."),
        row_means,
    ),
    "rain.spans": Exercise(
        check_spans,
        "TO WRITE: what the right answer shows.",
        ("TO WRITE: a nudge.", "TO WRITE: nearly the answer: `amax` and `amin` take a dimension."),
        spans,
    ),
    "rain.centred": Exercise(
        check_centred,
        "TO WRITE: what the right answer shows.",
        ("TO WRITE: a nudge.", "TO WRITE: nearly the answer: `keepdim=True`, along the right dimension."),
        centred,
    ),
}
