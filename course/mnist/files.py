"""MNIST from its four files, downloaded if asked for, or its stand-in where it is not.

Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits" (CC BY-SA 3.0).
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision import datasets

from course import _places
from course._shapes import check_shape
from course.mnist.idx import AGAIN, find_file, read_bytes, read_idx

TRAIN = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
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


def find_mnist(root: Path | str | None = None) -> Path | None:
    """Return the folder that holds MNIST/raw/train-images-idx3-ubyte and so on, plain or gzipped, or None.

    root: the folder to look in; else `COURSE_DATA`, else data/.
    Raises: FileNotFoundError that names the missing files if only some are there.
    """
    root = _root(root)
    missing = [name for name in MD5 if not find_file(root / "MNIST/raw", name).exists()]
    if 0 < len(missing) < len(MD5):
        folder, names = root / "MNIST/raw", ", ".join(missing)
        raise FileNotFoundError(f"{folder} lacks {names}, expected four files: run `python3 run.py data download`")
    return None if missing else root


def load_mnist(root: Path | str | None = None, download: bool = False) -> Data:
    """Load MNIST from a folder, chosen as in `find_mnist`; download it there first if asked to and missing.

    Raises: FileNotFoundError if it is missing, ValueError if it is damaged, RuntimeError if a download fails.
    """
    root = _root(root)
    if download and not all(find_file(root / "MNIST/raw", name).exists() for name in MD5):
        _download(root)
    if find_mnist(root) is None:
        mend = "set COURSE_DATA to the folder that holds MNIST, or run `python3 run.py data download`"
        raise FileNotFoundError(f"{root / 'MNIST/raw'} has no MNIST, expected {', '.join(MD5)}: {mend}")
    return Data("MNIST", _read_set(root, *TRAIN), _read_set(root, *TEST))


def load_data(root: Path | str | None = None) -> Data:
    """Load MNIST if it is there, else the stand-in, made in data/ on first use.

    Raises: as `load_mnist`; a folder that is asked for (argument or `COURSE_DATA`) must hold MNIST.
    """
    if root or os.environ.get("COURSE_DATA") or find_mnist():
        return load_mnist(root)
    from course.mnist import standin  # only now: SciPy and scikit-image take long to import

    images, labels, test_images, test_labels = map(torch.from_numpy, standin.load_digits_standin(_places.DATA))
    return Data(standin.NAME, ImageSet(images, labels.long()), ImageSet(test_images, test_labels.long()))


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


def _root(root: Path | str | None) -> Path:
    return Path(root or os.environ.get("COURSE_DATA") or _places.DATA)


def _read_set(root: Path, image_name: str, label_name: str) -> ImageSet:
    image_file, label_file = (find_file(root / "MNIST/raw", name) for name in (image_name, label_name))
    images, labels = read_idx(image_file), read_idx(label_file)
    check_shape(str(image_file), images, "N 28 28", "are images and labels swapped?")
    check_shape(str(label_file), labels, "N", "are images and labels swapped?")
    if len(images) != len(labels):
        counts = f"{image_file} has {len(images)} images and {label_file.name} {len(labels)} labels"
        raise ValueError(f"{counts}, expected as many: run `python3 run.py data verify`")
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
