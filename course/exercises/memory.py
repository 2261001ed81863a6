"""The exercises of notebook 14_memory."""

import torch

from course.exercises.exercise import (
    Exercise,
    Mistake,
    as_number,
    call,
    call_cases,
    expect_like,
    explain,
    first_wrong,
    near,
)
from course.exercises.watched import Watched

COPIES = {"SGD": 0, "momentum": 1, "Adam": 2, "AdamW": 2}
TRAININGS = tuple((weights, name) for name in COPIES for weights in (1000, 7, 0, 2_000_000_000))


def check_training(answer: object) -> None:
    results = [as_number(result) for result in call_cases(answer, TRAININGS)]
    right = [training_bytes(*case) for case in TRAININGS]
    if near(results, right):
        return
    explain(results, TRAININGS, WRONG_TRAININGS)
    place = first_wrong(results, right)
    weights, name = TRAININGS[place]
    raise Mistake(
        f"training_bytes({weights:_}, {name!r}) gives {results[place]:,.0f}, expected {right[place]:,}: "
        "weights, gradients, and what the optimizer keeps, at four bytes a number."
    )


def training_bytes(weights, optimizer):
    copies = {"SGD": 0, "momentum": 1, "Adam": 2, "AdamW": 2}[optimizer]
    return 4 * weights * (2 + copies)


WRONG_TRAININGS = (
    (lambda w, name: w * (2 + COPIES[name]), "these are numbers, not bytes: how many bytes has a float32?"),
    (lambda w, name: 8 * w * (2 + COPIES[name]), "you count eight bytes a number, as in float64: float32 has four."),
    (lambda w, name: 4 * w * (1 + COPIES[name]), "something of the size of the weights is missing: the gradients?"),
    (lambda w, name: 4 * w * COPIES[name], "this is what the optimizer keeps; weights and gradients are there, too."),
    (lambda w, name: 4 * w * (2 + min(1, COPIES[name])), "Adam keeps two running averages, you count one."),
    (lambda w, name: 8 * w, "the optimizer makes no difference in your answer: what do momentum and Adam keep?"),
)

ACCOUNTS = ((1000, 300, 2000), (0, 7, 70), (50, 10, 59), (50, 10, 60), (500, 1, 10), (10, 100, 1_000_010), (3, 4, 8))


def check_batch(answer: object) -> None:
    results = [_largest(answer, *account) for account in ACCOUNTS]
    right = [_largest(largest_batch, *account) for account in ACCOUNTS]
    if near(results, right):
        return
    explain(results, ACCOUNTS, WRONG_BATCHES)
    place = first_wrong(results, right)
    fixed, each, budget = ACCOUNTS[place]
    raise Mistake(
        f"where a batch of 1 takes {fixed + each:,} bytes, one of 2 {fixed + 2 * each:,}, and {budget:,} are there,"
        f" you return {results[place]:g}, expected {right[place]:,.0f}."
    )


def _largest(answer: object, fixed: int, each: int, budget: int) -> float:
    asked: list[int] = []

    def peak(batch):
        asked.append(batch)
        if batch not in (1, 2) or len(asked) > 10:
            raise MemoryError
        return fixed + each * batch

    try:
        result = as_number(call(answer, peak, budget))
    except Mistake:
        if asked and asked[-1] not in (1, 2):
            why = "which may not fit any more" if asked[-1] > 2 else "and nothing can be trained on that"
            raise Mistake(
                f"you ask peak for a batch of {asked[-1]}, {why}: ask for 1 and 2 only, and work out the rest."
            ) from None
        if len(asked) > 10:
            raise Mistake("you ask peak again and again: once for 1 and once for 2 is enough.") from None
        raise
    if result != int(result):
        raise Mistake(f"you return {result:g}, expected a whole number: a part of an example cannot be trained on.")
    if result < 0:
        raise Mistake(f"you return {result:g}, expected 0 where not even one example fits.")
    return result


def largest_batch(peak, budget):
    one, two = peak(1), peak(2)
    each = two - one
    fixed = one - each  # what an empty batch would take: weights, gradients, the optimizer
    return max(0, (budget - fixed) // each)


WRONG_BATCHES = (
    (
        lambda fixed, each, budget: budget // (fixed + each),
        "you divide by what a batch of 1 takes: a part of that is there only once, for any batch.",
    ),
    (
        lambda fixed, each, budget: budget // each,
        "you forget what does not depend on the batch: the weights, and what belongs to them.",
    ),
    (
        lambda fixed, each, budget: max(0, -((fixed - budget) // each)),
        "your batch is one too large where the budget is used up: round down.",
    ),
    (
        lambda fixed, each, budget: max(0, (budget - fixed - each) // each),
        "what a batch of 1 takes holds one example: take that out before you divide.",
    ),
    (
        lambda fixed, each, budget: max(1, (budget - fixed) // each),
        "where not even one example fits, the answer is 0.",
    ),
)


def check_collect(answer: object) -> None:
    for sizes in ((2, 2, 2, 2, 2), (3, 1, 4, 1, 5, 9), (1,)):
        model = Watched()
        generator = torch.Generator().manual_seed(len(sizes))
        given = [torch.randn(size, 3, generator=generator) for size in sizes]
        result = call(answer, model, iter(given))
        if not torch.is_grad_enabled():
            raise Mistake("after your call nothing records gradients any more: use `with torch.no_grad():`.")
        right = (torch.cat(given) @ model.first).tanh() @ model.last
        expect_like("the result", result, right)
        if not near(result, right):
            raise Mistake("these are not the model's answers to all batches, in their order.")
        if result.requires_grad:
            raise Mistake("the result still carries a graph: nobody will call backward on it.")
        if not (model.first.requires_grad and model.last.requires_grad):
            raise Mistake("the weights do not require gradients any more: the model is to be trained on.")
        if max(model.sizes, default=0) > max(sizes):
            raise Mistake("you join batches before the model sees them: it was to be called with one at a time.")
        if model.most > 2:  # that of this batch, and perhaps that of the one before
            raise Mistake(
                f"while it collects, the graphs of {model.most} batches are alive at once: cutting them off at the end "
                "is too late."
            )


def collect(model, batches):
    kept = []
    with torch.no_grad():
        for x in batches:
            kept.append(model(x))
    return torch.cat(kept, dim=0)


EXERCISES = {
    "memory.training": Exercise(
        check_training,
        "With Adam every weight counts four times, before the first activation is kept.",
        (
            "What stands beside each weight after `backward`?",
            "Momentum keeps one running sum, Adam two averages, each as large as the weights.",
            "Four bytes times the weights times 2 (weights, gradients) plus 0, 1 or 2 copies.",
        ),
        training_bytes,
    ),
    "memory.batch": Exercise(
        check_batch,
        "Two small measurements tell what the largest batch is, and nothing has to crash for it.",
        (
            "The bytes lie on a straight line over the batch. What is its slope?",
            "peak(2) - peak(1) is one example. What would an empty batch take?",
            "Subtract that from the budget, and see how many examples fit into the rest: max(0, rest // each).",
        ),
        largest_batch,
    ),
    "memory.collect": Exercise(
        check_collect,
        "Nothing was recorded, so nothing had to be cut off.",
        (
            "How long does the graph of the first batch live?",
            "`kept` holds results that hold their graphs: what does a result look like that has none?",
            "Call the model inside `with torch.no_grad():`.",
        ),
        collect,
    ),
}
