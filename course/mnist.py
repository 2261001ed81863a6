"""MNIST: from idx files to minibatches, the usual way (a DataLoader) and the fast way (from one tensor).

Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits" (CC BY-SA 3.0).
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets, transforms

from course import _places
from course.idx import AGAIN, find_file, read_bytes, read_idx
from course._shapes import check_shape

MEAN, STD = 0.1307, 0.3081  # of MNIST's training pixels, scaled to [0, 1]
MD5 = {  # of the unpacked files
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


class ImageSet(NamedTuple):
    """Grey images and the digits they show. Shapes: images uint8 (N, 28, 28), labels int64 (N,)."""

    images: Tensor
    labels: Tensor


class Data(NamedTuple):
    """A data set and its name: "MNIST", or "digits" for the stand-in."""

    name: str
    train: ImageSet
    test: ImageSet


class Splits(NamedTuple):
    """Images to train on, to choose by, and to judge by once."""

    train: ImageSet
    valid: ImageSet
    test: ImageSet


def find_mnist(root: Path | str | None = None) -> Path | None:
    """Return the folder that holds MNIST/raw/train-images-idx3-ubyte and so on, plain or gzipped, or None.

    root: the folder to look in; else `COURSE_DATA`, else data/.
    Raises: FileNotFoundError that names the missing files if only some are there.
    """
    root = _root(root)
    missing = [name for name in MD5 if not find_file(root / "MNIST/raw", name).exists()]
    if 0 < len(missing) < len(MD5):
        folder, names = root / "MNIST/raw", ", ".join(missing)
        raise FileNotFoundError(f"{folder} lacks {names}, expected four files: run `course data download`")
    return None if missing else root


def load_mnist(root: Path | str | None = None, download: bool = False) -> Data:
    """Load MNIST from a folder, chosen as in `find_mnist`; download it there first if asked to and missing.

    Raises: FileNotFoundError if it is missing, ValueError if it is damaged, RuntimeError if a download fails.
    """
    root = _root(root)
    if download and not all(find_file(root / "MNIST/raw", name).exists() for name in MD5):
        _download(root)
    if find_mnist(root) is None:
        mend = "set COURSE_DATA to the folder that holds MNIST, or run `course data download`"
        raise FileNotFoundError(f"{root / 'MNIST/raw'} has no MNIST, expected {', '.join(MD5)}: {mend}")
    return Data("MNIST", _read_set(root, "train"), _read_set(root, "t10k"))


def load_data(root: Path | str | None = None) -> Data:
    """Load MNIST if it is there, else the stand-in, made in data/ on first use.

    Raises: as `load_mnist`; a folder that is asked for (argument or `COURSE_DATA`) must hold MNIST.
    """
    if root or os.environ.get("COURSE_DATA") or find_mnist():
        return load_mnist(root)
    from course import digits  # only now: SciPy and scikit-image take long to import

    images, labels, test_images, test_labels = map(torch.from_numpy, digits.load_digits_standin(_places.DATA))
    return Data(digits.NAME, ImageSet(images, labels.long()), ImageSet(test_images, test_labels.long()))


def verify_mnist(root: Path | str | None = None) -> Path:
    """Check by md5 that the four files, unpacked, are MNIST to the byte; return their folder.

    Raises: FileNotFoundError if one is missing, ValueError that names the first wrong one.
    """
    root = _root(root)
    for name, expected in MD5.items():
        path = find_file(root / "MNIST/raw", name)
        md5 = hashlib.md5(read_bytes(path), usedforsecurity=False).hexdigest()
        if md5 != expected:
            raise ValueError(f"{path} has md5 {md5}, expected {expected}: {AGAIN}")
    return root / "MNIST/raw"


def describe_data(data: Data) -> str:
    """Return one line that starts with "data: " and says which data these are."""
    amount = f"{len(data.train.labels):,} training and {len(data.test.labels):,} test images"
    remark = "" if data.name == "MNIST" else " (not MNIST: its offline stand-in, made from real handwriting)"
    return f"data: {data.name}, {amount} of 28x28{remark}"


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
        self, x: Tensor, y: Tensor, batch_size: int, shuffle: bool = False,
        generator: Generator | None = None, sampler: Iterable[int] | None = None,
    ):
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
    image_set: ImageSet, batch_size: int, shuffle: bool = False,
    generator: Generator | None = None, workers: int = 0, sampler: Iterable[int] | None = None,
) -> DataLoader:
    """The usual way to minibatches: a DataLoader that converts and normalizes one PIL image after the other.

    Shapes: yields x float32 (B, 1, 28, 28) and y int64 (B,).
    """
    pictures = _Pictures(image_set)
    return DataLoader(pictures, batch_size, shuffle, sampler, num_workers=workers, generator=generator)


class _Pictures(Dataset):
    """The items of torchvision.datasets.MNIST, from images in memory."""

    def __init__(self, image_set: ImageSet):
        self.images, self.labels = image_set
        self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((MEAN,), (STD,))])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.images[index].numpy())), int(self.labels[index])


def _root(root: Path | str | None) -> Path:
    return Path(root or os.environ.get("COURSE_DATA") or _places.DATA)


def _read_set(root: Path, part: str) -> ImageSet:
    image_file, label_file = (find_file(root / "MNIST/raw", name) for name in MD5 if name.startswith(part))
    images, labels = read_idx(image_file), read_idx(label_file)
    check_shape(str(image_file), images, "N 28 28", "are images and labels swapped?")
    check_shape(str(label_file), labels, "N", "are images and labels swapped?")
    if len(images) != len(labels):
        counts = f"{image_file} has {len(images)} images and {label_file.name} {len(labels)} labels"
        raise ValueError(f"{counts}, expected as many: run `course data verify`")
    if (labels > 9).any():
        first = int((labels > 9).int().argmax())
        raise ValueError(f"{label_file} has label {labels[first]} at {first}, expected 0 to 9: {AGAIN}")
    return ImageSet(images, labels.long())


def _download(root: Path) -> None:
    """Download MNIST aside, checksums verified, and move the files in place once all of them are whole."""
    folder = root / "MNIST/raw"
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=root) as aside:
        try:
            datasets.MNIST(aside, download=True)
        except (RuntimeError, OSError) as error:
            mend = f"check the network, or copy the four files to {folder} ({error})"
            text = f"MNIST could not be downloaded to {root}, nothing there has changed: {mend}"
            raise RuntimeError(text) from error
        folder.mkdir(parents=True, exist_ok=True)
        for name in MD5:
            os.replace(Path(aside) / "MNIST/raw" / name, folder / name)
