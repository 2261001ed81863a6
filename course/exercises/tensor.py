"""The exercises of notebook 02_tensor."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

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
from course.meter import peak_bytes

CHANNELS = (0, 2, 3)  # to average over, for one number a channel
ELSEWHERE = {
    (0, 1, 2, 3): "all channels share one mean and one standard deviation, expected a pair for each channel.",
    (1, 2, 3): "every image is standardised by itself, expected every channel, over all images of the batch.",
    (2, 3): "every channel of every image is standardised by itself, expected it over the whole batch.",
    (0,): "every pixel is standardised by itself, expected each channel: average over rows and columns too.",
    (1,): "you average over the channels, which mixes them, expected over everything but the channels.",
}


SHAPES = ((3, 4), (2, 3, 5), (7,), (4, 1, 6), (1, 1), (2, 3, 4, 5), (10**6, 10**6, 10**6), ())


def check_strides(answer: object) -> None:
    cases = [(shape,) for shape in SHAPES]
    given = call_cases(answer, cases, STRIDES)
    results = [_steps(result, shape) for shape, result in zip(SHAPES[:-1], given)]
    right = [contiguous_strides(*case) for case in cases]
    if results != right[:-1]:
        explain(results, cases, STRIDES, 0)
    results.append(_steps(given[-1], SHAPES[-1]))
    if results == right:
        return
    place = next(place for place in range(len(SHAPES)) if results[place] != right[place])
    raise Mistake(
        f"for the shape {SHAPES[place]} you return {results[place]}, expected {right[place]}: how many cells does "
        "one step of each index skip?"
    )


def _steps(value: object, shape: tuple) -> tuple[int, ...]:
    if not isinstance(value, (tuple, list, Tensor, np.ndarray)):
        raise Mistake(f"you return a {type(value).__name__} for the shape {shape}, expected a tuple: a step each.")
    steps = tuple(value.tolist() if isinstance(value, (Tensor, np.ndarray)) else value)
    if len(steps) != len(shape):
        raise Mistake(f"you return {len(steps)} strides for the shape {shape}, expected {len(shape)}, one each.")
    numbers = [as_number(step) for step in steps]
    if any(number != round(number) for number in numbers):
        raise Mistake(f"you return {steps} for the shape {shape}, expected whole numbers of cells.")
    return tuple(round(number) if abs(number) < 2**53 else int(step) for number, step in zip(numbers, steps))


def contiguous_strides(shape):
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step = step * size
    strides.reverse()
    return tuple(strides)


STRIDES = (
    (lambda shape: shape, "that is the shape, expected the strides: one step of an index skips how many cells?"),
    (
        lambda shape: contiguous_strides(shape)[::-1],
        "your strides stand in the other order: it is the last index that goes one cell ahead.",
    ),
    (
        lambda shape: tuple(math.prod(shape[:place]) for place in range(len(shape))),
        "you multiply from the left: it is the last index that goes one cell ahead, so begin at the right.",
    ),
    (lambda shape: tuple(4 * step for step in contiguous_strides(shape)), "you count bytes, expected cells."),
    (
        lambda shape: tuple(math.prod(shape[place:]) for place in range(len(shape))),
        "each stride is multiplied by its own size, too, expected the product of the sizes behind it.",
    ),
    (
        lambda shape: (*shape[1:], 1),
        "each stride is only the next size: a step skips all that lies behind it, the product of all later sizes.",
    ),
)


def check_standardise(answer: object) -> None:
    cases = [(images,) for images in _batches()]
    mistakes = *((lambda x, dims=dims: _standardised(x, dims), text) for dims, text in ELSEWHERE.items()), *MISTAKES
    results = call_cases(answer, cases, mistakes, 1e-4)
    for (images,), result in zip(cases, results):
        expect_like("the result", result, images)
    if all(_is_right(result, *case) for result, case in zip(results, cases)):
        return
    explain(results, cases, mistakes, 1e-4)
    result, (images,) = next((one, case) for one, case in zip(results, cases) if not _is_right(one, *case))
    mean, std = result.mean(CHANNELS), result.std(CHANNELS)
    place = int(torch.maximum(mean.abs(), (std - 1).abs()).nan_to_num(torch.inf).argmax())
    it = (
        f"of a batch of shape {tuple(images.shape)}, channel {place} has mean {mean[place]:z.4f} and standard deviation"
    )
    if near(mean, 0 * mean, 1e-4) and near(std, 1 + 0 * std, 0.1):
        raise Mistake(
            f"{it} {std[place]:.4f}, expected 0 and 1: divide by that of all numbers of the channel, and add nothing."
        )
    raise Mistake(f"{it} {std[place]:.4f}, expected 0 and 1: print the shapes of your mean and standard deviation.")


def _batches() -> list[Tensor]:
    """Shapes: (3, 4, 5, 4), as many columns as channels, so that a wrong broadcast raises nothing; a single image; one
    channel; and float64.
    """
    generator = torch.Generator().manual_seed(0)
    scale, centre = torch.tensor([1.0, 2.0, 4.0, 0.5]), torch.tensor([5.0, -3.0, 1.0, 9.0])
    first = torch.randn(3, 4, 5, 4, generator=generator) * scale[:, None, None] + centre[:, None, None]
    single = torch.randn(1, 3, 6, 7, generator=generator) / 4 - 2
    grey = 30 * torch.rand(5, 1, 4, 3, generator=generator)
    return [first, single, grey, first[:2].double()]


def _is_right(result: Tensor, images: Tensor) -> bool:
    """Whether it is standardised, by the standard deviation of the sample or by that of all there is."""
    mean = images.mean(CHANNELS, keepdim=True)
    stds = (images.std(CHANNELS, keepdim=True, correction=correction) for correction in (1, 0))
    return any(near(result, (images - mean) / std, 1e-4) for std in stds)


def _standardised(images: Tensor, dims: tuple[int, ...]) -> Tensor:
    return (images - images.mean(dims, keepdim=True)) / images.std(dims, keepdim=True)


def _mistake(rule: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """A rule of the images and of the mean and standard deviation of each channel, as a function of the images."""
    return lambda x: rule(x, x.mean(CHANNELS, keepdim=True), x.std(CHANNELS, keepdim=True))


MISTAKES = (
    (
        _mistake(lambda x, mean, std: (x - mean.flatten()) / std.flatten()),
        "the mean of channel 0 went to column 0, that of channel 1 to column 1 and so on, "
        "silently, as there are as many columns as channels: print the shape of your mean.",
    ),
    (
        _mistake(lambda x, mean, std: x - mean),
        "every channel has mean 0, but its old spread: the division is missing.",
    ),
    (
        _mistake(lambda x, mean, std: x / std),
        "every channel has standard deviation 1, but its old mean: the subtraction is missing.",
    ),
    (
        _mistake(lambda x, mean, std: (x - mean) / std**2),
        "the channels are divided by their variance, expected its square root.",
    ),
    (
        _mistake(lambda x, mean, std: x - mean / std),
        "only the mean is divided: a division comes first, unless brackets say otherwise.",
    ),
)


def standardise(images):
    mean = images.mean(dim=(0, 2, 3), keepdim=True)  # (1, C, 1, 1)
    std = images.std(dim=(0, 2, 3), keepdim=True)
    return (images - mean) / std


def check_loss(answer: object) -> None:
    cases = _predictions()
    losses = call_cases(answer, cases, WRONG_LOSSES)
    for (y_pred, _), loss in zip(cases, losses):
        _check_kind(loss, len(y_pred))
    right = [mean_squared_error(*case) for case in cases]
    if not near(losses, right):
        explain(losses, cases, WRONG_LOSSES)
        place = first_wrong(losses, right)
        misses = (cases[place][0][:, 0] - cases[place][1]).tolist()
        raise Mistake(
            f"for misses of {misses} your loss is {losses[place].item():.4g}, expected {right[place].item():.4g}."
        )
    for case in cases:
        y_pred = case[0].detach().requires_grad_()
        call(answer, y_pred, case[1]).backward()
        if y_pred.grad is None or not near(y_pred.grad, 2 * (case[0] - case[1][:, None]) / len(y_pred)):
            raise Mistake("the loss is right, its gradient is not: a part of it is cut off (a detach, or a .data?).")
    many = torch.zeros(1000)
    if peak_bytes(lambda: call(answer, many[:, None], many)) > 1_000_000:
        raise Mistake(
            "the number is right, but on the way to it there are still N times N differences: "
            "change a shape before the subtraction."
        )


def _check_kind(loss: object, examples: int) -> None:
    if not isinstance(loss, Tensor):
        raise Mistake(f"the loss is a {type(loss).__name__}, expected a tensor: training needs its history.")
    if loss.shape == (examples, examples) and examples > 1:
        raise Mistake(
            f"the result is {tuple(loss.shape)}, every prediction against every target, and the mean is gone."
        )
    if loss.dim():
        raise Mistake(f"the loss has shape {tuple(loss.shape)}, expected (): take the mean over all.")
    if not loss.requires_grad:
        raise Mistake(
            "the loss no longer knows which predictions it was made of (a detach, or a .data?): "
            "nothing could be trained with it."
        )


def _predictions() -> list[tuple[Tensor, Tensor]]:
    """Pairs of y_pred (N, 1) and y (N,): perfect ones, one miss, misses up and down, a single example, float64."""
    y = torch.tensor([1.0, 2.0, 3.0, 4.0])
    misses = [0 * y, torch.tensor([0.0, 0, 0, -2]), torch.tensor([0.5, -1.5, 0.25, 3]), torch.tensor([-3.0])]
    pairs = [((y[: len(miss)] + miss)[:, None], y[: len(miss)]) for miss in misses]
    pairs.append((torch.tensor([[2.0], [0.0], [1.0]], dtype=torch.float64), torch.ones(3, dtype=torch.float64)))
    return [(y_pred.requires_grad_(), y) for y_pred, y in pairs]


def mean_squared_error(y_pred, y):
    return ((y_pred - y[:, None]) ** 2).mean()


def _of_misses(rule: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda y_pred, y: rule(y_pred[:, 0] - y)


WRONG_LOSSES = (
    (
        lambda y_pred, y: ((y_pred - y) ** 2).mean(),
        "four perfect predictions get 2.5, expected 0.",
    ),
    (
        _of_misses(lambda miss: (miss**2).sum()),
        "the squares are summed, expected their mean: the loss would grow with the number of examples.",
    ),
    (
        _of_misses(lambda miss: miss.abs().mean()),
        "this is the mean of the distances, expected the mean of their squares.",
    ),
    (_of_misses(lambda miss: miss.mean()), "the square is gone: misses above and below the target cancel."),
    (
        _of_misses(lambda miss: miss.mean() ** 2),
        "this squares the mean, expected the mean of the squares: misses up and down cancel.",
    ),
    (
        _of_misses(lambda miss: (miss**2).sum() ** 0.5),
        "this is the root of the sum of squares, expected the mean of the squares.",
    ),
    (
        _of_misses(lambda miss: (miss**2).mean() ** 0.5),
        "this is the root of the mean of the squares: leave the root out.",
    ),
    (_of_misses(lambda miss: (miss**2).mean() / 2), "this is half of the mean of the squares."),
)


EXERCISES: dict[str, Exercise] = {
    "tensor.strides": Exercise(
        check_strides,
        "view, transpose and expand do no more than choose other numbers for these.",
        (
            "in a new tensor of shape (3, 4), the next column is the next cell. How far is the next row?",
            "begin at the right with 1. Each stride to the left is the one behind it times the size behind it.",
            "for size in reversed(shape): append step, then step = step * size. Turn the list around at the end.",
        ),
        contiguous_strides,
    ),
    "tensor.standardise": Exercise(
        check_standardise,
        "Batch normalization begins with exactly these lines.",
        (
            "mean and std accept several dimensions at once: name those that shall vanish.",
            "the mean of each channel has shape (C,), and lines up with the columns: which shape would not?",
            "images.mean(dim=(0, 2, 3), keepdim=True) has shape (1, C, 1, 1); the same for std.",
        ),
        standardise,
    ),
    "tensor.loss": Exercise(
        check_loss,
        "With the bug, the best that a network could do was to answer the mean of all targets, always.",
        (
            "line the shapes (N, 1) and (N,) up at their right ends: what does broadcasting make of them?",
            "y_pred - y is (N, N), every prediction against every target. Give y the shape of y_pred first.",
            "y[:, None] is (N, 1).",
        ),
        mean_squared_error,
    ),
}
