"""MNIST from its four files, downloaded if asked for, or its stand-in where it is not.

Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits" (CC BY-SA 3.0).
"""

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from course import _places
from course._atomic import FULL
from course._shapes import check_shape
from course.mnist.idx import AGAIN, find_file, hash_idx, read_idx

TRAIN = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
MD5: dict[str, str] = {  # of the unpacked files
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
LOOK_ALIKES = {"900302725509": "FashionMNIST", "870142481151": "KMNIST"}  # by their first training labels


class ImageSet(NamedTuple):
    """Grey images and the digits they show. Shapes: images uint8 (N, 28, 28), labels int64 (N,)."""

    images: Tensor
    labels: Tensor


class Data(NamedTuple):
    """A data set and its name: "MNIST", "digits" for the stand-in, or that of what has taken MNIST's place.

    Such are "FashionMNIST", "KMNIST" and "EMNIST", and "other" for whatever else has the form of MNIST.
    """

    name: str
    train: ImageSet
    test: ImageSet


def find_mnist(root: Path | str | None = None) -> Path | None:
    """Return the folder that holds MNIST/raw/train-images-idx3-ubyte and so on, plain or gzipped, or None.

    root: the folder to look in; else `COURSE_DATA`, else data/.
    Raises: FileNotFoundError that names the missing files if only some are there, PermissionError.
    """
    root = _root(root)
    missing = _find_missing(root / "MNIST/raw")
    if 0 < len(missing) < len(MD5):
        folder, names = root / "MNIST/raw", ", ".join(missing)
        raise FileNotFoundError(f"{folder} lacks {names}, expected four files: run `python3 run.py data download`")
    return None if missing else root


def load_mnist(root: Path | str | None = None, download: bool = False) -> Data:
    """Load MNIST from a folder, chosen as in `find_mnist`; download it there first if asked to and missing.

    Other data in the form of MNIST are loaded as well, under another name: see `Data`.
    Raises: FileNotFoundError if it is missing, ValueError if it is damaged, RuntimeError if a download fails, OSError
    if a folder or file cannot be used.
    """
    root = _root(root)
    folder = root / "MNIST/raw"
    if download and _find_missing(folder):
        _download(root)
    if find_mnist(root) is None:
        mend = "set COURSE_DATA to the folder that holds MNIST, or run `python3 run.py data download`"
        raise FileNotFoundError(f"{folder} has no MNIST, expected {', '.join(MD5)}: {mend}")
    train, test = _read_set(folder, *TRAIN), _read_set(folder, *TEST)
    sums: dict[str, str] = dict(zip((*TRAIN, *TEST), map(hash_idx, (*train, *test))))
    wrong = [name for name in MD5 if sums[name] != MD5[name]]
    if 0 < len(wrong) < len(MD5):
        name, right = wrong[0], next(name for name in MD5 if name not in wrong)
        fault = f"has md5 {sums[name]}, expected {MD5[name]}, since {right} is MNIST's"
        raise ValueError(f"{find_file(folder, name)} {fault}: {AGAIN}")
    return Data(_name_look_alike(train, test) if wrong else "MNIST", train, test)


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

    Raises: as `load_mnist`; ValueError that names the data if they are not MNIST.
    """
    folder, data = _root(root) / "MNIST/raw", load_mnist(root)
    if data.name != "MNIST":
        mend = "move the four files away and run `python3 run.py data download`, unless you want these data"
        raise ValueError(f"{folder} holds {data.name}, expected MNIST: {mend}")
    return folder


def describe_data(data: Data) -> str:
    """Return one line that starts with "data: " and says which data these are."""
    amount = f"{len(data.train.labels):,} training and {len(data.test.labels):,} test images"
    remarks = {"MNIST": "", "digits": " (not MNIST: its offline stand-in, made from real handwriting)"}
    return (
        f"data: {data.name}, {amount} of 28x28{remarks.get(data.name, ' (not MNIST, though its files are named so)')}"
    )


def _root(root: Path | str | None) -> Path:
    return Path(root or os.environ.get("COURSE_DATA") or _places.DATA)


def _find_missing(folder: Path) -> list[str]:
    try:
        return [name for name in MD5 if not find_file(folder, name).exists()]
    except PermissionError:
        raise PermissionError(f"{folder} is not yours to read: change its permissions") from None


def _read_set(folder: Path, image_name: str, label_name: str) -> ImageSet:
    image_file, label_file = (find_file(folder, name) for name in (image_name, label_name))
    images, labels = read_idx(image_file), read_idx(label_file)
    check_shape(str(image_file), images, "N 28 28", "are images and labels swapped?")
    check_shape(str(label_file), labels, "N", "are images and labels swapped?")
    if len(images) != len(labels):
        counts = f"{image_file} has {len(images)} images and {label_file.name} {len(labels)} labels"
        raise ValueError(f"{counts}, expected as many: move both away and run `python3 run.py data download`")
    if not len(labels):
        raise ValueError(f"{image_file} holds no image, expected one or more: {AGAIN}")
    if (labels > 9).any():
        first = int((labels > 9).int().argmax())
        raise ValueError(f"{label_file} has label {labels[first]} at {first}, expected 0 to 9: {AGAIN}")
    return ImageSet(images, labels.long())


def _name_look_alike(train: ImageSet, test: ImageSet) -> str:
    if (len(train.labels), len(test.labels)) == (240_000, 40_000):
        return "EMNIST"
    return LOOK_ALIKES.get("".join(map(str, train.labels[:12].tolist())), "other")


def _download(root: Path) -> None:
    """Download MNIST aside, checksums verified, and move what is missing in place once all of it is whole."""
    from torchvision import datasets  # only now: it takes two seconds to import

    folder = root / "MNIST/raw"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=root) as aside:
            try:
                datasets.MNIST(aside, download=True)
            except (RuntimeError, OSError) as error:
                if getattr(error, "errno", None) in FULL:
                    raise
                mend = f"check the network, or copy the four files to {folder} ({error})"
                text = f"MNIST could not be downloaded to {root}, nothing there has changed: {mend}"
                raise RuntimeError(text) from error
            folder.mkdir(parents=True, exist_ok=True)
            for name in _find_missing(folder):
                os.replace(Path(aside) / "MNIST/raw" / name, folder / name)
    except OSError as error:
        mend = "make room there, or name a folder of your own in COURSE_DATA"
        raise OSError(f"{folder} cannot be written ({error.strerror}): {mend}") from error
