"""From images to minibatches: splits, normalizing, the usual way (a DataLoader) and the fast way (from one tensor)."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from PIL import Image
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from course._shapes import check_shape
from course._sized import SizedIterable
from course.mnist.files import Data, ImageSet

MEAN, STD = 0.1307, 0.3081  # of MNIST's training pixels, scaled to [0, 1]


class Splits(NamedTuple):
    """Images to train on, to choose by, and to judge by once."""

    train: ImageSet
    valid: ImageSet
    test: ImageSet


def split(data: Data, valid: int = 10_000, seed: int = 0) -> Splits:
    """Set `valid` training images aside for validation, drawn at random, the same for the same seed.

    Raises: ValueError if nothing is left to train on or to validate on.
    """
    images, labels = data.train
    if not 0 < valid < len(labels):
        raise ValueError(f"valid is {valid}, expected 1 to {len(labels) - 1}: leave some images to train on")
    aside, rest = torch.randperm(len(labels), generator=Generator().manual_seed(seed)).tensor_split([valid])
    return Splits(ImageSet(images[rest], labels[rest]), ImageSet(images[aside], labels[aside]), data.test)


def folds(examples: int, k: int, seed: int = 0) -> list[tuple[Tensor, Tensor]]:
    """Cut shuffled indices into k parts; return k pairs, in which each part is once the one to validate on.

    Shapes: pairs of train (N - V,) and valid (V,), int64; V differs by one at most.
    Raises: ValueError unless there are two parts or more and an example for each.
    """
    if not 2 <= k <= examples:
        mend = "one part to validate on and one or more to train on"
        raise ValueError(f"k is {k}, expected 2 to {examples}: {mend}")
    parts = torch.randperm(examples, generator=Generator().manual_seed(seed)).tensor_split(k)
    return [(torch.cat(parts[:part] + parts[part + 1 :]), parts[part]) for part in range(k)]


def normalize(images: Tensor) -> Tensor:
    """Turn raw pixels into network input: mean 0 and standard deviation 1 over MNIST's training images.

    Shapes: uint8 (N, 28, 28) to float32 (N, 1, 28, 28).
    Raises: ValueError for another shape or type.
    """
    check_shape("images", images, "N 28 28", "pass the images of an ImageSet, such as data.train.images")
    if images.dtype != torch.uint8:
        raise ValueError(f"images are {images.dtype}, expected torch.uint8: normalize the raw pixels, once")
    return images.unsqueeze(1).float().div_(255).sub_(MEAN).div_(STD)


class Batches:
    """The fast way to minibatches: cut them out of one tensor by index.

    shuffle: a new order in every epoch, drawn by `generator` (torch's global one if None).
    sampler: the indices to use instead, for example those that a DataLoader drew.
    Shapes: x (N, ...) and y (N,) hold all examples; yields x (B, ...) and y (B,), the last may be smaller.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        batch_size: int,
        shuffle: bool = False,
        generator: Generator | None = None,
        sampler: SizedIterable[int] | None = None,
    ) -> None:
        if len(x) != len(y):
            raise ValueError(f"x has {len(x)} examples and y {len(y)}, expected as many")
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, expected 1 or more")
        if shuffle and sampler is not None:
            raise ValueError("shuffle is True and a sampler is given, expected one of them: drop shuffle")
        self.x, self.y, self.batch_size = x, y, batch_size
        self.shuffle, self.generator, self.sampler = shuffle, generator, sampler

    def __len__(self) -> int:
        examples = len(self.y if self.sampler is None else self.sampler)
        return len(range(0, examples, self.batch_size))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        if self.shuffle:
            order = torch.randperm(len(self.y), generator=self.generator)
        elif self.sampler is not None:
            order = torch.tensor([int(index) for index in self.sampler], dtype=torch.int64)
        else:
            yield from zip(self.x.split(self.batch_size), self.y.split(self.batch_size))  # views, no copies
            return
        for indices in order.to(self.x.device).split(self.batch_size):
            # On a CPU index_select takes half the time of x[indices].
            yield self.x.index_select(0, indices), self.y.index_select(0, indices)


def loader(
    image_set: ImageSet,
    batch_size: int,
    shuffle: bool = False,
    generator: Generator | None = None,
    workers: int = 0,
    sampler: SizedIterable[int] | None = None,
) -> DataLoader:
    """The usual way to minibatches: a DataLoader that converts and normalizes one PIL image after the other.

    Shapes: yields x float32 (B, 1, 28, 28) and y int64 (B,).
    """
    pictures = _Pictures(image_set)
    return DataLoader(pictures, batch_size, shuffle, sampler, num_workers=workers, generator=generator)


class _Pictures(Dataset):
    """The items of torchvision.datasets.MNIST, from images in memory."""

    def __init__(self, image_set: ImageSet) -> None:
        self.images, self.labels = image_set
        steps = [transforms.ToTensor(), transforms.Normalize((MEAN,), (STD,))]
        self.transform: Callable[[Image.Image], Tensor] = transforms.Compose(steps)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.images[index].numpy())), int(self.labels[index])
