"""The exercises of notebook 02_tensor."""

import torch
from torch import Tensor

from course.exercises.exercise import Exercise, Mistake, call, expect_like, near
from course.meter import peak_bytes

CHANNELS = (0, 2, 3)  # to average over, for one number a channel
ELSEWHERE = {
    (0, 1, 2, 3): "all channels share one mean and one standard deviation, expected a pair for each channel.",
    (1, 2, 3): "every image is standardised by itself, expected every channel, over all images of the batch.",
    (2, 3): "every channel of every image is standardised by itself, expected it over the whole batch.",
    (0,): "every pixel is standardised by itself, expected each channel: average over rows and columns too.",
    (1,): "you average over the channels, which mixes them, expected over everything but the channels.",
}


def check_standardise(answer: object) -> None:
    images = _images()
    given = images.clone()
    result = call(answer, given)
    expect_like("the result", result, images)
    if not torch.equal(given, images):
        raise Mistake("the argument itself was changed, expected a new tensor: which line works in place?")
    mean, std, var = (f(images, dim=CHANNELS, keepdim=True) for f in (torch.mean, torch.std, torch.var))
    biased = images.std(dim=CHANNELS, keepdim=True, correction=0)
    if near(result, (images - mean) / std, 1e-4) or near(result, (images - mean) / biased, 1e-4):
        return
    for dims, message in ELSEWHERE.items():
        if near(result, _standardised(images, dims), 1e-4):
            raise Mistake(message)
    if near(result, (images - mean.flatten()) / std.flatten(), 1e-4):
        raise Mistake(
            "the mean of channel 0 went to column 0, that of channel 1 to column 1 and so on, "
            "silently, as there are as many columns as channels: print the shape of your mean."
        )
    if near(result, images - mean, 1e-4):
        raise Mistake("every channel has mean 0, but its old spread: the division is missing.")
    if near(result, images / std, 1e-4):
        raise Mistake("every channel has standard deviation 1, but its old mean: the subtraction is missing.")
    if near(result, (images - mean) / var, 1e-4):
        raise Mistake("the channels are divided by their variance, expected its square root.")
    if near(result, images - mean / std, 1e-4):
        raise Mistake("only the mean is divided: a division comes first, unless brackets say otherwise.")
    mean, std = result[:, 0].mean(), result[:, 0].std()
    raise Mistake(
        f"channel 0 has mean {mean:z.2f} and standard deviation {std:.2f}, "
        "expected 0 and 1: print the shapes of your mean and standard deviation."
    )


def _images() -> Tensor:
    """Shapes: (3, 4, 5, 4), as many columns as channels, so that a wrong broadcast raises nothing."""
    noise = torch.randn(3, 4, 5, 4, generator=torch.Generator().manual_seed(0))
    scale, centre = torch.tensor([1.0, 2.0, 4.0, 8.0]), torch.tensor([5.0, -3.0, 1.0, 9.0])
    return noise * scale[:, None, None] + centre[:, None, None]


def _standardised(images: Tensor, dims: tuple[int, ...]) -> Tensor:
    return (images - images.mean(dims, keepdim=True)) / images.std(dims, keepdim=True)


def standardise(images):
    mean = images.mean(dim=(0, 2, 3), keepdim=True)  # (1, C, 1, 1)
    std = images.std(dim=(0, 2, 3), keepdim=True)
    return (images - mean) / std


def check_loss(answer: object) -> None:
    y = torch.tensor([1.0, 2.0, 3.0, 4.0])
    missed = torch.tensor([1.0, 2.0, 3.0, 6.0])  # the last prediction misses by 2
    y_pred = y[:, None].clone().requires_grad_()
    value = call(answer, y_pred, missed)
    if not isinstance(value, Tensor):
        raise Mistake(f"the loss is a {type(value).__name__}, expected a tensor: training needs its history.")
    if missed.shape != y.shape:
        raise Mistake("your function gave its caller's y another shape: which method ends in an underscore?")
    if value.shape == (4, 4):
        raise Mistake("the result is (4, 4), every prediction against every target, and the mean is gone.")
    if value.dim():
        raise Mistake(f"the loss has shape {tuple(value.shape)}, expected (): take the mean over all.")
    if not value.requires_grad:
        raise Mistake(
            "the loss no longer knows which predictions it was made of (a detach, or a .data?): "
            "nothing could be trained with it."
        )
    if near(value, 5.0):  # the mean over all pairs
        raise Mistake(f"four perfect predictions get {call(answer, y_pred, y).item():g}, expected 0.")
    for wrong, message in {
        4.0: "the squares are summed, expected their mean: the loss would grow with the number of examples.",
        0.5: "this is the mean of the distances, expected the mean of their squares.",
        -0.5: "the square is gone: misses above and below the target cancel.",
        0.25: "this squares the mean, expected the mean of the squares: misses up and down cancel.",
        2.0: "this is the root of the sum of squares, expected the mean of the squares.",
    }.items():
        if near(value, wrong):
            raise Mistake(message)
    if not near(value, 1.0):
        raise Mistake(f"three perfect predictions and a miss by 2 get {value.item():.3f}, expected 1.")
    many = torch.zeros(1000)
    if peak_bytes(lambda: answer(many[:, None], many)) > 1_000_000:
        raise Mistake(
            "the number is right, but on the way to it there are still N times N differences: "
            "change a shape before the subtraction."
        )


def mean_squared_error(y_pred, y):
    return ((y_pred - y[:, None]) ** 2).mean()


EXERCISES: dict[str, Exercise] = {
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
