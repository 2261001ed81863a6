"""The text of a new notebook, of its exercises and of their wrong answers, as `course.upkeep.new` lays them."""

MARK = "TO WRITE"  # in each part that waits for its author; the tests fail until it is gone

NOTEBOOK = """\
%% text
# Say with a verb what is done here (TO WRITE)

TO WRITE: what there is to see, and why one would want to. Two or three sentences.
%% text
**You will** build and measure something (TO WRITE).

**Afterwards you can**

- do a first thing (TO WRITE),
- do a second one (TO WRITE),
- do a third one (TO WRITE).

**You need** $before, ≈ 1 minute on one CPU core, no GPU (TO WRITE: what it builds on, and takes).
%% code
import torch

from course.claims import expect
from course.device import seed_everything
from course.exercises import check, hint, solution
%% code
SEED = 0
SIZE = 1000
seed_everything(SEED)
%% text
## What does an act ask? (TO WRITE)

TO WRITE: acts. Each asks, lets the learner predict, runs, reads what was printed, and checks it. This one asks how near
to 0 the mean of many random numbers is. **Predict:** nearer than one of them?
%% code
numbers = torch.randn(SIZE)
mean = numbers.mean().item()
print(f"mean of {SIZE:,} numbers ≈ {mean:.3f}")
%% text
TO WRITE: how to read that. The sign ≈ marks a measured number, and what the text says about it is checked below it:
%% code
typical = numbers.abs().median().item()
expect("the mean is nearer to 0 than a typical number", abs(mean) < typical)
%% text
TO WRITE: a section *Verdicts* with a cell that calls `verdict`, if claims were tested; if not, delete this cell.
%% text
## Takeaways

- TO WRITE: a first sentence to keep.
- TO WRITE: a second one.
- TO WRITE: a third one.
%% text
## On one card

| you want | write | mind |
|---|---|---|
| random numbers (TO WRITE: 4 to 9 rows, for the wall) | `torch.randn(SIZE)` | the same ones only after the same seed |
| their mean | `numbers.mean().item()` | it is near 0, not 0 |
%% text
## Exercises

Replace the code, run the cell, and read what `check` says. If you are stuck, `hint("$module.means")` helps in a new
cell, and `solution("$module.means")` shows a right answer.

### $module.means

*Repeat.* TO WRITE: an exercise of your own. This one: write `row_means(x)`, which returns the mean of each row of a
table `x`.
%% code
def row_means(x):
    ...


check("$module.means", row_means)
%% text
### $module.spans

*Change.* TO WRITE: an exercise of your own. This one: `spans(x)` returns how far the largest number of a table is from
its smallest. Change it: return that for each row.
%% code
def spans(x):
    return x.max() - x.min()


check("$module.spans", spans)
%% text
### $module.centred

*Find the bug.* TO WRITE: an exercise of your own. This one: `centred(x)` shall move each row of a table such that its
mean is 0, and does something else. Mend it.
%% code
def centred(x):
    return x - x.mean(0)


check("$module.centred", centred)
%% text
## References

- TO WRITE: who, *title*, where and when: what it is good for.
%% text
## Next

TO WRITE: what the learner can do now, and where it is needed next.
"""

EXERCISES = '''\
"""The exercises of notebook $name."""

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
    "$module.means": Exercise(
        check_means,
        "TO WRITE: what the right answer shows.",
        ("TO WRITE: a nudge.", "TO WRITE: nearly the answer: `x.mean` takes a dimension."),
        row_means,
    ),
    "$module.spans": Exercise(
        check_spans,
        "TO WRITE: what the right answer shows.",
        ("TO WRITE: a nudge.", "TO WRITE: nearly the answer: `amax` and `amin` take a dimension."),
        spans,
    ),
    "$module.centred": Exercise(
        check_centred,
        "TO WRITE: what the right answer shows.",
        ("TO WRITE: a nudge.", "TO WRITE: nearly the answer: `keepdim=True`, along the right dimension."),
        centred,
    ),
}
'''

WRONG_ANSWERS = """\
# TO WRITE: the wrong answers that learners give to your exercises, each with a fragment of its message.
def untouched(x): ...


def of_columns(x):
    return x.mean(0)


def sums(x):
    return x.sum(1)


def of_everything(x):
    return x.mean()


def given_span(x):
    return x.max() - x.min()


def spans_of_columns(x):
    return x.amax(0) - x.amin(0)


def largest(x):
    return x.amax(1)


def given_centred(x):
    return x - x.mean(0)


def not_kept(x):
    return x - x.mean(1)


def around_everything(x):
    return x - x.mean()


UNTOUCHED = {"$module.means": untouched, "$module.spans": given_span, "$module.centred": given_centred}
WRONG = {
    "$module.means": [
        (of_columns, "the means of the columns"),
        (sums, "the sums of the rows"),
        (of_everything, "the result has shape ()"),
    ],
    "$module.spans": [
        (given_span, "the result has shape ()"),
        (spans_of_columns, "the spans of the columns"),
        (largest, "the largest numbers"),
    ],
    "$module.centred": [
        (given_centred, "now the columns have the mean 0"),
        (not_kept, "loses the mean of a row"),
        (around_everything, "you return [["),
    ],
}
"""
