"""From images to minibatches: splits, normalizing, the usual way (a DataLoader) and the fast way (from one tensor)."""

from collections.abc import Callable, Iterator
from numbers import Integral
from typing import NamedTuple

import torch
from PIL import Image
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

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
    _check_whole("valid", valid, 1, len(labels) - 1, "leave some images to train on")
    aside, rest = torch.randperm(len(labels), generator=Generator().manual_seed(seed)).tensor_split([valid])
    return Splits(ImageSet(images[rest], labels[rest]), ImageSet(images[aside], labels[aside]), data.test)


def folds(examples: int, k: int, seed: int = 0) -> list[tuple[Tensor, Tensor]]:
    """Cut shuffled indices into k parts; return k pairs, in which each part is once the one to validate on.

    Shapes: pairs of train (N - V,) and valid (V,), int64; V differs by one at most.
    Raises: ValueError unless there are two parts or more and an example for each.
    """
    _check_whole("k", k, 2, examples, "one part to validate on and one or more to train on")
    parts = torch.randperm(examples, generator=Generator().manual_seed(seed)).tensor_split(k)
    return [(torch.cat(parts[:part] + parts[part + 1 :]), parts[part]) for part in range(k)]


def normalize(images: Tensor) -> Tensor:
    """Turn raw pixels into network input: mean 0 and standard deviation 1 over MNIST's training images.

    Shapes: uint8 (N, 28, 28) to float32 (N, 1, 28, 28).
    Raises: ValueError for another shape or type.
    """
    _check_raw(images)
    return images.unsqueeze(1).float().div_(255).sub_(MEAN).div_(STD)


def _check_raw(images: Tensor) -> None:
    check_shape("images", images, "N 28 28", "pass the images of an ImageSet, such as data.train.images")
    if images.dtype != torch.uint8:
        raise ValueError(f"images are {images.dtype}, expected torch.uint8: normalize the raw pixels, once")


def _check_whole(name: str, value: int, low: int, high: int, mend: str) -> None:
    if not isinstance(value, Integral) or not low <= value <= high:
        raise ValueError(f"{name} is {value}, expected a whole number from {low} to {high}: {mend}")


class Batches:
    """The fast way to minibatches: cut them out of one tensor by index.

    shuffle: a new order in every epoch, drawn by `generator` (torch's global one if None).
    sampler: the indices to use instead, for example those that a DataLoader drew.
    drop_last: leave out the last minibatch if it is smaller; batch norm cannot train on a single example.
    Shapes: x (N, ...) and y (N, ...) hold all examples; yields x (B, ...) and y (B, ...), the last may be smaller.
    Raises: ValueError for what are no tensors of as many examples on one device, or a bad batch_size.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        batch_size: int,
        shuffle: bool = False,
        generator: Generator | None = None,
        sampler: SizedIterable[int] | None = None,
        drop_last: bool = False,
    ) -> None:
        for name, value in (("x", x), ("y", y)):
            if not isinstance(value, Tensor):
                kind = type(value).__name__
                mend = f"torch.as_tensor({name}), or torch.stack({name}) if it holds tensors"
                raise ValueError(f"{name} is of type {kind}, expected a tensor: try {mend}")
        if len(x) != len(y):
            raise ValueError(f"x has {len(x)} examples and y {len(y)}, expected as many")
        if x.device != y.device:
            raise ValueError(
                f"x is on {x.device} and y on {y.device}, expected one device: try y.to({str(x.device)!r})"
            )
        if not isinstance(batch_size, Integral) or batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, expected a whole number from 1")
        if shuffle and sampler is not None:
            raise ValueError("shuffle is True and a sampler is given, expected one of them: drop shuffle")
        self.x, self.y, self.batch_size = x, y, batch_size
        self.shuffle, self.generator, self.sampler = shuffle, generator, sampler
        self.drop_last = drop_last

    def __len__(self) -> int:
        return len(self._starts(len(self.y if self.sampler is None else self.sampler)))

    def _starts(self, examples: int) -> range:
        """Where the minibatches begin."""
        return range(0, examples - examples % self.batch_size if self.drop_last else examples, self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        if self.shuffle:
            order = torch.randperm(len(self.y), generator=self.generator)
        elif self.sampler is not None:
            order = torch.tensor([int(index) for index in self.sampler], dtype=torch.int64)
        else:
            for start in self._starts(len(self.y)):
                rows = slice(start, start + self.batch_size)
                yield self.x[rows], self.y[rows]  # views, no copies
            return
        order = order.to(self.x.device)
        for start in self._starts(len(order)):
            indices = order[start : start + self.batch_size]
            # On a CPU index_select takes half the time of x[indices].
            yield self.x.index_select(0, indices), self.y.index_select(0, indices)


def loader(
    image_set: ImageSet,
    batch_size: int,
    shuffle: bool = False,
    generator: Generator | None = None,
    workers: int = 0,
    sampler: SizedIterable[int] | None = None,
    drop_last: bool = False,
) -> DataLoader:
    """The usual way to minibatches: a DataLoader that converts and normalizes one PIL image after the other.

    drop_last: as in `Batches`.
    Shapes: yields x float32 (B, 1, 28, 28) and y int64 (B,).
    Raises: ValueError for images that are not raw; DataLoader's own for a bad batch_size.
    """
    _check_raw(image_set.images)
    if len(image_set.images) != len(image_set.labels):
        raise ValueError(
            f"there are {len(image_set.images)} images and {len(image_set.labels)} labels, expected as many"
        )
    pictures, options = _Pictures(image_set), {"num_workers": workers, "generator": generator}
    return DataLoader(pictures, batch_size, shuffle, sampler, drop_last=drop_last, **options)


class _Pictures(Dataset):
    """The items of torchvision.datasets.MNIST, from images in memory."""

    def __init__(self, image_set: ImageSet) -> None:
        from torchvision import transforms  # only now: it takes two seconds to import

        self.images, self.labels = image_set
        steps = [transforms.ToTensor(), transforms.Normalize((MEAN,), (STD,))]
        self.transform: Callable[[Image.Image], Tensor] = transforms.Compose(steps)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.images[index].numpy())), int(self.labels[index])
