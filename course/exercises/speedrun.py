"""The exercises of notebook 16_speedrun."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course.exercises.exercise import (
    Exercise,
    Mistake,
    as_number,
    call_cases,
    expect_like,
    explain,
    first_wrong,
    near,
)


def _images(*shape: int) -> Tensor:
    return torch.arange(float(np.prod(shape))).reshape(shape)


CUTS = tuple((_images(*shape), side) for *shape, side in ((2, 1, 4, 6, 2), (3, 1, 6, 6, 3), (1, 1, 3, 2, 1)))


def check_patches(answer: object) -> None:
    results = call_cases(answer, CUTS)
    right = [patches(*case) for case in CUTS]
    for result, expected, (x, side) in zip(results, right, CUTS):
        if isinstance(result, Tensor) and result.shape == expected.permute(0, 2, 3, 1).shape != expected.shape:
            raise Mistake("you put the channels last, expected them after the batch.")
        expect_like(f"the result for {tuple(x.shape)} in patches of {side}x{side}", result, expected)
    if near(results, right):
        return
    explain(results, CUTS, WRONG_PATCHES)
    place = first_wrong(results, right)
    x, side = CUTS[place]
    for image in range(len(x)):
        for channel in range(side**2):
            got, wanted = results[place][image, channel], right[place][image, channel]
            if not near(got, wanted):
                raise Mistake(
                    f"channel {channel} of image {image} holds {got.flatten().tolist()}, expected "
                    f"{wanted.flatten().tolist()}: pixel {channel} of each {side}x{side} patch, counted row by row."
                )


def patches(x, side):
    parts = []
    for row in range(side):
        for column in range(side):
            parts.append(x[:, :, row::side, column::side])
    return torch.cat(parts, dim=1)


def _viewed(x: Tensor, side: int) -> Tensor:
    return x.reshape(len(x), side**2, x.shape[2] // side, x.shape[3] // side)


def _cut_whole(x: Tensor, side: int) -> Tensor:
    return torch.cat([part for rows in x.chunk(side, 2) for part in rows.chunk(side, 3)], 1)


def _by_columns(x: Tensor, side: int) -> Tensor:
    return torch.cat([x[:, :, row::side, column::side] for column in range(side) for row in range(side)], 1)


WRONG_PATCHES = (
    (_by_columns, "you count the pixels of a patch column by column, expected row by row."),
    (_viewed, "the shape is right, but these are neighbours in memory: a patch lies over several rows of the image."),
    (_cut_whole, "you cut the image into a few large parts: a channel takes one pixel of every small patch."),
    (lambda x, side: patches(x, side).flip(1), "you begin at the bottom right of a patch, expected at the top left."),
)


def _logits(examples: int, classes: int, scale: float) -> Tensor:
    generator = torch.Generator().manual_seed(classes)
    return scale * torch.randn(examples, classes, generator=generator)


LOSSES = tuple(
    (_logits(examples, classes, scale), torch.arange(examples) % classes, smoothing)
    for examples, classes, scale, smoothing in (
        (4, 3, 1.0, 0.0),
        (5, 3, 1.0, 0.1),
        (2, 10, 2.0, 0.1),
        (3, 4, 1.0, 0.5),
        (1, 2, 1.0, 1.0),
        (2, 3, 300.0, 0.2),
    )
)


def check_soft(answer: object) -> None:
    right = [soft_loss(*case) for case in LOSSES]
    results = call_cases(answer, LOSSES, WRONG_LOSSES, 1e-4, right)
    for result, (logits, y, _) in zip(results, LOSSES):
        if not isinstance(result, Tensor):
            raise Mistake(f"you return a {type(result).__name__}, expected a tensor: backward needs its graph.")
        if result.shape == y.shape and len(y) > 1:
            raise Mistake("you return one loss for each example, expected their mean.")
        as_number(result)
    results = [result.reshape(()) for result in results]
    if not near(results, right, 1e-4):
        explain(results, LOSSES, WRONG_LOSSES, 1e-4)
        place = first_wrong(results, right, 1e-4)
        logits, _, smoothing = LOSSES[place]
        if not results[place].isfinite():
            raise Mistake("for large logits the loss is not finite: take log_softmax, not the log of softmax.")
        raise Mistake(
            f"for {len(logits)} examples, {logits.shape[1]} classes and smoothing {smoothing:g} the loss is "
            f"{results[place].item():.4f}, expected {right[place].item():.4f}: minus the sum of target times "
            "log_softmax, and its mean over the batch."
        )
    logits, y, smoothing = LOSSES[1]
    watched = logits.clone().requires_grad_()
    loss = call_cases(answer, [(watched, y, smoothing)])[0]
    if not loss.requires_grad:
        raise Mistake("the loss is right, but cut off from the logits: nothing could be learnt from it.")


def soft_loss(logits, y, smoothing):
    classes = logits.shape[1]
    hard = F.one_hot(y, classes).float()
    target = (1 - smoothing) * hard + smoothing / classes
    return -(target * logits.log_softmax(1)).sum(1).mean()


def _with_target(make):
    """A loss whose target is made of the hard one, the classes and smoothing."""

    def loss(logits, y, smoothing):
        classes = logits.shape[1]
        target = make(F.one_hot(y, classes).float(), classes, smoothing)
        return -(target * logits.log_softmax(1)).sum(1).mean()

    return loss


WRONG_LOSSES = (
    (_with_target(lambda hard, classes, s: hard), "smoothing changes nothing: the target of the digit is 1 still."),
    (
        _with_target(lambda hard, classes, s: (1 - s) * hard + (1 - hard) * s / (classes - 1)),
        "you share smoothing among the other classes, expected among all: the digit gets its part, too.",
    ),
    (
        _with_target(lambda hard, classes, s: (1 - s) * hard + s),
        "each class gets all of smoothing, expected its part: the target adds up to 1.",
    ),
    (
        _with_target(lambda hard, classes, s: hard + s / classes),
        "nothing is taken away from the digit: the target adds up to more than 1.",
    ),
    (
        _with_target(lambda hard, classes, s: (1 - s) * hard),
        "what is taken away from the digit is given to nobody: the target adds up to less than 1.",
    ),
    (
        _with_target(lambda hard, classes, s: (1 - s) * hard + s / 10),
        "you take ten classes for granted: how many logits has an example?",
    ),
    (
        lambda logits, y, s: F.cross_entropy(logits, y, label_smoothing=0.1),
        "you take 0.1 whatever smoothing is.",
    ),
    (
        lambda logits, y, s: F.cross_entropy(logits, y, label_smoothing=1 - s),
        "smoothing is what is shared among all, you leave so much with the digit.",
    ),
    (lambda logits, y, s: -soft_loss(logits, y, s), "the sign is wrong: a loss is not below 0."),
    (
        lambda logits, y, s: soft_loss(logits, y, s) / logits.shape[1],
        "you take the mean over the classes, too: add up over them, and take the mean over the batch.",
    ),
    (lambda logits, y, s: soft_loss(logits, y, s) * len(y), "you add up over the batch, expected the mean."),
)


def _pass(losses: list[float], order: list[int], part: float) -> tuple:
    return torch.tensor(losses), torch.tensor(order), part


PASSES = (
    _pass([0.1, 3.0, 0.5, 2.0, 0.2], [4, 0, 3, 1, 2], 0.4),
    _pass([0.3, 0.1, 0.9], [12, 40, 7], 1.0),
    _pass([5.0, 0.1, 4.0, 0.3], [2, 3, 0, 1], 0.7),
    _pass([0.2, 1.5, 0.4, 0.6], [3, 0, 1, 2], 0.1),  # rounds to none
    _pass([0.5, 0.25, 2.5, 1.0, 8.0, 0.75, 3.5], [30, 10, 60, 0, 50, 20, 40], 0.35),
    _pass([0.0], [9], 0.5),
)


def check_hardest(answer: object) -> None:
    results = [_numbers(result) for result in call_cases(answer, PASSES)]
    right = [_numbers(hardest(*case)) for case in PASSES]
    for (losses, order, part), result, expected in zip(PASSES, results, right):
        it = f"for losses {[round(loss, 2) for loss in losses.tolist()]} of the images {order.tolist()}"
        if result == expected:
            continue
        if result == sorted(losses.topk(len(expected)).indices.tolist()):
            raise Mistake(f"{it} you return {result}: these are places in the pass, not the numbers of images.")
        if result == sorted(order[losses.topk(len(expected), largest=False).indices].tolist()):
            raise Mistake(f"{it} you return {result}: these are the easiest.")
        if len(result) != len(expected):
            raise Mistake(f"{it} and the part {part:g} you return {len(result)} numbers, expected {len(expected)}.")
        raise Mistake(f"{it} and the part {part:g} you return {result}, expected {expected}.")


def _numbers(result: object) -> list[int]:
    """The numbers in a tensor, an array or a sequence, sorted: their order does not matter."""
    try:
        array = np.asarray(result.detach().cpu() if isinstance(result, Tensor) else list(result))
    except (TypeError, ValueError):
        raise Mistake(f"you return a {type(result).__name__}, expected the numbers of images.") from None
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise Mistake(
            f"you return {array.dtype} of shape {array.shape}, expected the numbers of images: whole ones, in one row."
        )
    return sorted(array.tolist())


def hardest(losses, order, part):
    count = max(1, round(part * len(order)))
    places = losses.topk(count).indices
    return order[places]


EXERCISES: dict[str, Exercise] = {
    "speedrun.patches": Exercise(
        check_patches,
        "No pixel is lost, and a convolution has side² times fewer places to visit.",
        (
            "A slice may have a step: which pixels are `image[0::2, 0::2]`?",
            "Channel 0 holds the first pixel of every patch: `x[:, :, 0::side, 0::side]`. Which slice is channel 1?",
            "Two loops, over the rows and the columns of a patch; join the slices by `torch.cat(parts, dim=1)`.",
        ),
        patches,
    ),
    "speedrun.soft": Exercise(
        check_soft,
        "The loss is lowest where the network is sure, but not too sure.",
        (
            "What is the target of an image of a 3 among ten classes, with smoothing 0.1?",
            "The digit keeps 1 - smoothing, and every class, also the digit, gets smoothing / classes.",
            "(1 - smoothing) * F.one_hot(y, classes) + smoothing / classes, in place of the hard target.",
        ),
        soft_loss,
    ),
    "speedrun.hardest": Exercise(
        check_hardest,
        "Now the next pass takes the images that were hard, and not those that stand where these stood.",
        (
            "Take a pass over the images 7, 5 and 6, of which 5 is the hardest. What is returned?",
            "`topk` gives places in `losses`. Which image stood at such a place?",
            "`order` tells: look the places up in it.",
        ),
        hardest,
    ),
}
