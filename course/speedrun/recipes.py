"""MNIST fast: from random weights to 98, 99, 99.3 or 99.5 % on a CPU in seconds, by recipes of a few tricks.

Raw pixels go in, so everything is in the training time: converting, normalizing, moving and choosing images.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from numbers import Integral

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from course.mnist import ImageSet, normalize
from course.speedrun.muon import Muon


@dataclass(frozen=True)
class Recipe:
    """A network and how to train it; `dataclasses.replace` switches one trick on or off.

    patch: the image becomes a map of patches of so many pixels squared, each pixel of a patch a channel.
    channels: of the 3x3 convolutions, after the first of which a maximum over 2x2 halves the map.
    hidden: units between the last convolution and the ten logits.
    passes: fractions of the images, one a pass: the hardest, by the loss when last seen. Images never seen
        count as easier than all others and come in random order, so the first pass is a random choice.
    optimizer: called with the parameters and lr, the highest learning rate.
    rise: part of the training in which the rate rises from 0; in the rest it falls to 0.
    smoothing: of the labels. shift: most pixels by which a batch is moved, in both directions.
    Raises: ValueError if a number is out of range.
    """

    channels: tuple[int, ...] = (16, 32)
    hidden: int = 64
    passes: tuple[float, ...] = (1.0,)
    patch: int = 2
    batch_size: int = 250
    optimizer: Callable[..., Optimizer] = partial(Muon, momentum=0.8)
    lr: float = 0.05
    rise: float = 0.2
    smoothing: float = 0.1
    shift: int = 0

    def __post_init__(self):
        for name in ("patch", "hidden", "batch_size", "shift"):
            if not isinstance(getattr(self, name), Integral):
                raise ValueError(f"{name} is {getattr(self, name)}, expected a whole number")
        if self.patch not in (1, 2, 4):
            raise ValueError(f"patch is {self.patch}, expected 1, 2 or 4, which divide 28: try 2")
        if not self.channels or min(self.channels) < 1 or self.side < 1:
            side = 28 // self.patch
            raise ValueError(
                f"channels is {self.channels}, expected one or more positive numbers, and few enough that "
                f"the map of {side}x{side} patches is not used up: try (16, 32)"
            )
        if self.hidden < 1:
            raise ValueError(f"hidden is {self.hidden}, expected 1 unit or more: try 64")
        if not self.passes or not all(0 < part <= 1 for part in self.passes):
            raise ValueError(f"passes is {self.passes}, expected fractions above 0, to 1: try (1.0, 0.3)")
        if self.batch_size < 1 or not 0 < self.rise < 1:
            given = f"batch_size is {self.batch_size} and rise {self.rise:g}"
            raise ValueError(f"{given}, expected at least 1 and between 0 and 1: try 250 and 0.2")
        if not 0 < self.lr < math.inf or not 0 <= self.smoothing <= 1:
            given = f"lr is {self.lr:g} and smoothing {self.smoothing:g}"
            raise ValueError(f"{given}, expected above 0 and from 0 to 1: try 0.05 and 0.1")
        if not 0 <= self.shift < 28:
            raise ValueError(f"shift is {self.shift}, expected 0 to 27 pixels: try 1")

    @property
    def side(self) -> int:
        """Rows and columns of the last map: a 3x3 convolution without padding takes two off."""
        return (28 // self.patch - 2) // 2 - 2 * (len(self.channels) - 1)


RECIPES = {  # by the accuracy that they reach on MNIST, in percent; chosen on validation data
    "98": Recipe(passes=(0.35,), lr=0.1),
    "99": Recipe(passes=(0.6, 0.3, 0.3), shift=1),
    "99.3": Recipe((16, 64), 128, passes=(0.8, 0.3, 0.3), shift=1),
    "99.5": Recipe((32, 64), 128, passes=(1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2), shift=1),
}


class Net(nn.Module):
    """The small convolutional network of a recipe, for raw pixels.

    Shapes: images uint8 (B, 28, 28); logits (B, 10).
    """

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.patch = recipe.patch
        self.layers = nn.Sequential()
        widths = (recipe.patch**2, *recipe.channels)
        for place, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:])):
            self.layers.append(nn.Conv2d(inputs, outputs, 3))  # no padding: the border of a digit is empty
            if place == 0:
                self.layers.append(nn.MaxPool2d(2))  # before the ReLU, which has a quarter left to do
            self.layers.append(nn.ReLU())
        self.layers.extend(
            [
                nn.Flatten(),
                nn.Linear(widths[-1] * recipe.side**2, recipe.hidden),
                nn.ReLU(),
                nn.Linear(recipe.hidden, 10),
            ]
        )
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(cut_patches(normalize(images), self.patch))


def cut_patches(x: Tensor, patch: int) -> Tensor:
    """Give each pixel of a patch a channel of its own, as `nn.PixelUnshuffle`, but channels last in memory.

    For patches of 2x2, a 3x3 convolution of the result is one of 6x6 with stride 2 of the image.
    Shapes: (B, 1, H, W) to (B, patch², H/patch, W/patch).
    """
    rows_columns = [(row, column) for row in range(patch) for column in range(patch)]
    parts = [x[:, 0, row::patch, column::patch] for row, column in rows_columns]
    # On a CPU a quarter of the time of PixelUnshuffle and a change of layout.
    return torch.stack(parts, dim=3).permute(0, 3, 1, 2)


def move_images(images: Tensor, down: int, right: int) -> Tensor:
    """Move images by whole pixels; what comes in is black.

    Shapes: (B, H, W).
    """
    return F.pad(images, (right, -right, down, -down))  # less than no padding cuts off


def triangle(time: float, rise: float) -> float:
    """The learning rate, as a part of its highest, at a time from 0 to 1: up from 0, down to 0."""
    return min(time / rise, (1 - time) / (1 - rise))


def train(recipe: Recipe, image_set: ImageSet, seed: int = 0, device: torch.device | str = "cpu") -> Net:
    """Train the network of a recipe from random weights, on these images and no others.

    seed: decides weights, order and shifts.
    Raises: ValueError if there are no images, FloatingPointError if a loss or a weight ends up not finite.
    """
    if not len(image_set.labels):
        raise ValueError("image_set is empty, expected one image or more")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Net(recipe).to(device)
    generator = Generator().manual_seed(seed)
    images, labels = (part.to(device) for part in image_set)
    optimizer = recipe.optimizer(model.parameters(), lr=recipe.lr)
    hardness = torch.rand(len(labels), generator=generator).to(device) - 1  # below any loss, until seen
    for rows, time in batches(recipe, hardness, generator):
        for group in optimizer.param_groups:
            group["lr"] = recipe.lr * triangle(time, recipe.rise)
        down, right = torch.randint(-recipe.shift, recipe.shift + 1, (2,), generator=generator).tolist()
        logits = model(move_images(images.index_select(0, rows), down, right))
        losses = F.cross_entropy(logits, labels[rows], reduction="none", label_smoothing=recipe.smoothing)
        optimizer.zero_grad()
        losses.mean().backward()
        optimizer.step()
        hardness[rows] = losses.detach()
    if not all(numbers.isfinite().all() for numbers in (hardness, *model.parameters())):
        given = f"a loss or a weight is not finite with learning rate {recipe.lr:g}"
        raise FloatingPointError(f"{given}: try a smaller one")
    return model


def batches(recipe: Recipe, hardness: Tensor, generator: Generator) -> Iterator[tuple[Tensor, float]]:
    """Yield the rows of each batch, and the time of the middle of its step, from 0 to 1.

    hardness: of each image, read at the start of each pass.
    Shapes: hardness (N,); rows (B,).
    """
    counts = [max(1, round(part * len(hardness))) for part in recipe.passes]
    steps = sum(-(-count // recipe.batch_size) for count in counts)
    step = 0
    for count in counts:
        hardest = hardness.topk(count).indices
        shuffled = hardest[torch.randperm(count, generator=generator).to(hardest.device)]
        for rows in shuffled.split(recipe.batch_size):
            yield rows, (step + 0.5) / steps
            step += 1
