"""The exercises of notebook 07_overfitting."""

import reprlib

import torch
from torch import Tensor

from course.device import seed_everything
from course.exercises.exercise import Exercise, Mistake, as_number, call, call_pure, expect_like, near

P = 0.2  # not 0.5: there, dropping and keeping look the same


def check_dropout(answer: object) -> None:
    x = torch.linspace(-2, 2, 200 * 100).view(200, 100)  # an even count: no number of it is 0, on any processor
    trained, judged = _drawn(answer, x, P, True), _drawn(answer, x, P, False)
    if torch.equal(trained, x) and (judged == 0).any():
        raise Mistake("numbers are dropped while evaluating, and none while training: which way round is training?")
    dropped = trained == 0
    part = dropped.float().mean().item()
    parts = [(_drawn(answer, x[:20], P, True, seed) == 0).float().mean().item() for seed in range(1, 21)]
    if part in (0, 1) and {0.0, 1.0} == set(parts):
        raise Mistake("all numbers are dropped or none: draw a mask in the shape of x, one number each.")
    if part == 0:
        raise Mistake("while training nothing is dropped: what does the mask have to be for a part p of the numbers?")
    if part == 1:
        raise Mistake("while training everything is dropped: a mask holds zeros and ones, drawn for every number.")
    for axis, what in ((0, "column"), (1, "row")):
        if (dropped.all(axis) | ~dropped.any(axis)).all():
            raise Mistake(
                f"a whole {what} is dropped or kept at a time: draw a mask in the shape of x, one number each."
            )
    if near(part, 1 - P, 0.02):
        raise Mistake(f"with p = {P} you drop ≈ {part:.0%} of the numbers: is p the part to drop or the part to keep?")
    if not near(part, P, 0.02):
        raise Mistake(f"with p = {P} you drop ≈ {part:.0%} of the numbers, expected that part to be p.")
    if torch.equal(trained, _drawn(answer, x, P, True, seed=1)):
        raise Mistake("two calls drop the same numbers: the mask has to be drawn anew in every call.")
    if len(set(parts)) == 1:
        raise Mistake("every call drops equally many numbers: each is dropped or not by itself, with probability p.")
    factors = (trained / x)[~dropped]
    if not near(factors, factors[0].expand_as(factors), 1e-4):
        raise Mistake("the numbers that stay are not all scaled alike: multiply all of them by one factor.")
    _check_scales(factors[0].item(), judged, x)
    _check_other_p(answer, x)
    for training in (True, False):
        seed_everything(0)
        given = x.clone().requires_grad_()
        if not call(answer, given, P, training).requires_grad:
            mode = "training" if training else "evaluating"
            raise Mistake(f"the numbers are right, but while {mode} no gradient finds its way back to x (a detach?).")


def _check_other_p(answer: object, x: Tensor) -> None:
    if not near(_drawn(answer, x, 0.0, True), x):
        raise Mistake("with p = 0 nothing should happen, and something does: is a number left in your code?")
    for p, shape in ((0.5, (40, 30, 20)), (0.75, (20_000,))):
        trained = _drawn(answer, torch.ones(shape, dtype=torch.float64), p, True)
        part, factor = (trained == 0).double().mean().item(), trained.max().item()
        if not (near(part, p, 0.02) and near(factor, 1 / (1 - p), 1e-3)):
            raise Mistake(
                f"with p = {P} it is right. With p = {p} you drop ≈ {part:.0%} and multiply by {factor:.3g}: is a "
                "number left in your code?"
            )
    gone = _drawn(answer, x, 1.0, True)
    if not near(gone, 0 * x):
        raise Mistake(
            f"with p = 1 everything is dropped, expected zeros, and you return {gone.flatten()[0].item():g}: what "
            "is 0 / 0?"
        )


def _check_scales(factor: float, judged: Tensor, x: Tensor) -> None:
    """What stays is 1 / (1 - P) as large while training, and nothing happens at evaluation."""
    if (judged == 0).any():
        raise Mistake("numbers are dropped while evaluating, too: what is the argument training for?")
    if near(factor, 1, 1e-4) and near(judged, x * (1 - P), 1e-4):
        raise Mistake(
            "you shrink at evaluation what was too large in training. The sums fit, but a network that is only "
            "used should not have to know p: move the factor to where the mask is."
        )
    if near(factor, 1, 1e-4):
        raise Mistake(
            f"what stays keeps its size, so a sum shrinks to {1 - P:.0%} while training, and is whole "
            "at evaluation: the next layer meets two different scales."
        )
    if near(factor, 1 / P, 1e-3):
        raise Mistake("what stays is divided by p: with p near 0, when hardly anything is dropped, it would explode.")
    if near(factor, 1 - P, 1e-3):
        raise Mistake("what stays is multiplied by 1 - p, so a sum shrinks twice: by the mask, and by the factor.")
    if not near(factor, 1 / (1 - P), 1e-3):
        raise Mistake(
            f"with p = {P} what stays is multiplied by {factor:.3g}: is the mean of many sums still that of x?"
        )
    if not near(judged, x):
        raise Mistake("evaluation changes the numbers: where nothing is dropped, nothing needs to be made up for.")


def _drawn(answer: object, x: Tensor, p: float, training: bool, seed: int = 0) -> Tensor:
    seed_everything(seed)  # `check` puts the learner's random numbers back
    result = call_pure(answer, x, p, training)
    expect_like(f"while {'training' if training else 'evaluating'}, the result", result, x)
    return result.detach()


def dropout(x, p, training):
    if not training:
        return x
    if p == 1:  # below, 0 would be divided by 0
        return torch.zeros_like(x)
    mask = torch.rand_like(x) >= p  # True where a number stays
    return x * mask / (1 - p)


LOSSES = [9, 5, 6, 3, 4, 3, 4, 2]  # a rise and a tie that patience 3 outlives, patience 2 does not


def check_stop(answer: object) -> None:
    _expect_stop(
        answer,
        [9, 8, 7],
        2,
        (3, 3),
        {
            (3, 2): "losses that fall to the end are not an early stop: the last epoch counts, too.",
            (2, 3): "you count epochs from 0: the first one is 1.",
            (2, 2): "you count epochs from 0: the first one is 1, the best as well as the last.",
            (7, 3): "you return the lowest loss, expected the epoch that it belongs to.",
            (3, 4): "there are three losses, and you report a fourth epoch.",
            (3, 5): "there are three losses, and you report a fifth epoch: stop where the losses end.",
            (1, 3): "with losses that fall in every epoch you call the first one the best: which way is better?",
        },
    )
    _expect_stop(
        answer,
        [9, 5, 6, 7, 8, 1],
        2,
        (2, 4),
        {
            (2, 3): "you stop at the first loss that is no better. Patience 2 allows one, and stops at the second.",
            (2, 5): "that is one epoch too late: patience 2 means that after two epochs without a better loss it ends.",
            (6, 6): "the losses rise for three epochs, patience is 2, and you go on to the end.",
            (4, 4): "you return the epoch where it stopped as the best one: that is the network that has begun "
            "to overfit.",
            (4, 2): "the two numbers are in the wrong order: the best epoch comes first.",
            (6, 4): "you look at losses behind the stop to find the best epoch: nobody would have trained so far.",
            (3, 4): "the best epoch is one too late: which of the losses is the lowest, counted from 1?",
            (1, 4): "the best epoch is one too early: count from 1.",
        },
    )
    _expect_stop(
        answer,
        [5, 8, 7, 6, 4],
        2,
        (1, 3),
        {
            (5, 5): "8, 7, 6: they fall, but none is below 5, the best so far. Compare with the best, "
            "not with the epoch before.",
            (1, 2): "only one epoch has brought no better loss: do you count the first epoch as one?",
        },
    )
    _expect_stop(
        answer,
        LOSSES,
        2,
        (4, 6),
        {
            (8, 8): "3 came twice, and you took the second as a better one: equal is not better.",
            (2, 4): "after a rise, a better loss has to count: 3 in epoch 4 is better than 5.",
            (4, 5): "rises that are over still count: patience begins anew with every new best loss.",
            (2, 5): "rises that are over still count: patience begins anew with every new best loss.",
            (6, 6): "3 came twice, and you call the second one the best: equal is not better.",
        },
    )
    _expect_stop(
        answer,
        LOSSES,
        4,
        (8, 8),
        {
            (4, 6): "patience 2 is right, patience 4 is not: is a number left in your code?",
        },
    )
    for losses, patience in CURVES:
        _expect_stop(answer, losses, patience, stop(losses, patience), {})


CURVES = (  # not small, not whole, hardly better, below 0, alone, all alike, patience that is longer than the run
    ([120.5, 60.25, 30.5, 31.0, 29.75, 40.0, 41.0], 2),
    ([0.9, 0.5, 0.4, 0.45, 0.39, 0.395, 0.41, 0.38], 3),
    ([0.5, 0.4999, 0.4998, 0.4997, 0.4996], 2),
    ([-1.0, -1.5, -1.25, -3.0, -2.0, -2.5], 2),
    ([0.7], 1),
    ([0.7, 0.7, 0.7, 0.7], 2),
    ([0.6, 0.8, 0.7], 5),
    ([3.0, 2.0, 2.5, 1.0], 1),
)


def _expect_stop(answer: object, losses: list[float], patience: int, right: tuple, said: dict) -> None:
    pair = call_pure(answer, list(losses), patience)
    try:
        best, last = (int(as_number(epoch)) for epoch in pair)
    except (TypeError, ValueError):
        raise Mistake(f"you return {reprlib.repr(pair)}, expected two numbers: the best epoch and the last.") from None
    if (best, last) != right:
        case = f"stop({losses}, {patience}) gives best epoch {best} and last epoch {last}. "
        known = said.get((best, last))
        why = known[0].upper() + known[1:] if known else f"Expected {right[0]} and {right[1]}: go through the losses."
        raise Mistake(case + why)


def stop(losses, patience):
    best = 1
    for epoch, loss in enumerate(losses, 1):
        if loss < losses[best - 1]:
            best = epoch
        if epoch - best == patience:
            break
    return best, epoch


def check_standardize(answer: object) -> None:
    for x_train, x_valid in _tables():
        trained, valid = _pair(call_pure(answer, x_train, x_valid))
        expect_like("the training part", trained, x_train)
        expect_like("the validation part", valid, x_valid)
        if not trained.isfinite().all() or not valid.isfinite().all():
            raise Mistake(
                "a pixel that never changes has the standard deviation 0, and you divide by it: keep the 1e-6."
            )
        one, alone = _pair(call_pure(answer, x_train, x_valid[:2]))
        if not near(one, trained):
            raise Mistake(
                "with other validation images, the training part comes out different: what does it know of images "
                "that nobody should have looked at yet?"
            )
        if not near(alone[0], valid[0], 1e-4):
            raise Mistake(
                "an image comes out otherwise when others are validated beside it: the validation part is scaled by "
                "its own statistics. How would you scale a single new image?"
            )
        _check_scaled(trained, valid, x_train, x_valid)


def _tables() -> list[tuple[Tensor, Tensor]]:
    """Pairs of x_train and x_valid: with a column that never changes, like the corner of an image; small numbers."""
    generator = torch.Generator().manual_seed(0)
    x_train = 3 * torch.randn(40, 5, generator=generator) + torch.arange(5.0) * torch.tensor([1, -2, 3, 1, 1])
    x_valid = 2 * torch.randn(20, 5, generator=generator) + 4
    x_train[:, 3] = x_valid[:, 3] = 7.0
    small = 0.1 * torch.randn(30, 2, generator=generator), 0.2 + 0.1 * torch.randn(3, 2, generator=generator)
    return [(x_train, x_valid), small]


def _check_scaled(trained: Tensor, valid: Tensor, x_train: Tensor, x_valid: Tensor) -> None:
    mean, std = x_train.mean(0), x_train.std(0)
    moving = std > 0
    if near(valid, x_valid):
        raise Mistake(
            "the validation part is as it was: it has to be scaled like the training part, or the network "
            "meets other numbers than it has learnt from."
        )
    if not near(trained[:, moving].mean(0), 0 * mean[moving], 1e-3):
        if near((trained * (std + 1e-6)).mean(), 0.0, 1e-2):
            raise Mistake("you take one mean over everything, expected one for each column, as it was: dim=0.")
        raise Mistake("the columns of the training part have means that are not 0: subtract the mean of each.")
    spread = trained[:, moving].std(0)
    if near(spread, std[moving] ** -1, 1e-2):
        raise Mistake("you divide by the variance: a root is missing.")
    if near(spread, 1 + 0 * spread, 0.05) and not near(spread, 1 + 0 * spread, 0.02):
        raise Mistake(
            f"the columns of the training part have standard deviations of {spread.min():.3f} to {spread.max():.3f}, "
            "expected 1: what is added to the standard deviation shall only keep it from 0."
        )
    if not near(spread, 1 + 0 * spread, 0.02):
        raise Mistake(
            "the columns of the training part have standard deviations that are not 1: divide by that of each."
        )
    std = (x_train[0] - x_train[1])[moving] / (trained[0] - trained[1])[moving]  # theirs may be that of all there is
    expected = (x_valid - mean)[:, moving] / std
    if not near(valid[:, moving], expected, 1e-3):
        raise Mistake(
            "training and validation images are scaled by different numbers: both by those of the training part."
        )
    if not any(near(std, x_train.std(0, correction=one)[moving], 1e-4) for one in (0, 1)):
        raise Mistake(
            f"the columns of the training part have standard deviations of {spread.min():.4f} to {spread.max():.4f}, "
            "expected 1: what is added to the standard deviation shall only keep it from 0."
        )


def _pair(result: object) -> tuple[Tensor, Tensor]:
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Mistake(f"you return a {type(result).__name__}, expected two tensors: training and validation part.")
    return tuple(result)


def standardize(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0) + 1e-6  # a constant column has std 0
    return (x_train - mean) / std, (x_valid - mean) / std


EXERCISES: dict[str, Exercise] = {
    "overfitting.dropout": Exercise(
        check_dropout,
        "Sums keep their mean while training, and evaluation costs nothing.",
        (
            "torch.rand_like(x) draws numbers between 0 and 1: which part of them lies below p?",
            "what stays is divided by the part that stays, so that the mean of a sum does not change.",
            "without training return x; else x * (torch.rand_like(x) >= p) / (1 - p), and zeros if p is 1.",
        ),
        dropout,
    ),
    "overfitting.stop": Exercise(
        check_stop,
        "It waits, keeps the best epoch, and does not look behind the stop.",
        (
            "keep the best epoch so far, and ask in every epoch how long ago that was.",
            "better means strictly lower than the best loss so far, not than the last one.",
            "stop when epoch - best == patience, and return both; if that never happens, the last epoch is the last.",
        ),
        stop,
    ),
    "overfitting.standardize": Exercise(
        check_standardize,
        "The validation images stay unseen until they are judged.",
        (
            "go through the function line by line, and ask of each number: could I know it before validation?",
            "mean and standard deviation are learnt from data, just like weights.",
            "compute both from x_train alone, and apply them to both parts.",
        ),
        standardize,
    ),
}
