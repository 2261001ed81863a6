"""The offline stand-in for MNIST: 70,000 images, re-inked along the pen paths of 1,797 real handwritten digits.

Source: scikit-learn's load_digits, the test half of "Optical Recognition of Handwritten Digits", UCI (CC BY 4.0).
"""
import contextlib
import hashlib
import io
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import numpy as np
from numpy import ndarray
from scipy.ndimage import distance_transform_edt, label, map_coordinates, zoom
from skimage.measure import euler_number
from skimage.morphology import skeletonize
from sklearn.datasets import load_digits

NAME = "digits"
FILE = "digits-1.npz"                  # count up when the recipe changes, or old caches would live on
PARTS = ("train_images", "train_labels", "test_images", "test_labels")
TRAIN_SOURCES = 1500                   # of the 1,797; the test images come from the others

SIDE, BOX = 28, 20                     # as in MNIST: the ink fills 20 pixels of 28, its mass is centred on pixel 14, 14
PIXELS = np.indices((SIDE, SIDE)).reshape(2, -1) - SIDE / 2              # (2, 784) row, column
ENLARGE, MARGIN = 6, 16                # an 8x8 digit becomes 48x48, with room around it for a thick pen
KNOTS = 5                              # a random bend is smooth between 5x5 knots
CHUNK = 500                            # images drawn at a time: stays in the cache

Arrays = tuple[ndarray, ndarray, ndarray, ndarray]


class Hand(NamedTuple):
    """How the handwriting varies. Units: pixels of the 28x28 image, radians, logarithms of ratios."""
    turn: float = 0.06
    slant: float = 0.18                # the mean: UCI's digits stand upright, MNIST's lean to the right
    shear: float = 0.12
    width: float = 0.10                # the mean: UCI's digits are narrower
    aspect: float = 0.08
    bend: float = 0.4
    pen: float = 2.6                   # the median
    pressure: float = 0.3


def find_path(counts: ndarray) -> ndarray:
    """The pen's path through one digit. Shapes: counts (8, 8) from 0 to 16; returns bool (80, 80)."""
    ink = zoom(counts / 16, ENLARGE, order=3, mode="nearest", grid_mode=True)
    # Fewest pieces, most loops: a broken 0 is closed again, a filled 8 is opened.
    threshold = min(np.arange(0.8, 0.25, -0.05), key=lambda level: euler_number(ink > level, connectivity=2))
    pieces, _ = label(ink > threshold, np.ones((3, 3)))
    specks = np.flatnonzero(np.bincount(pieces.ravel()) < 10)
    return np.pad(skeletonize((pieces > 0) & ~np.isin(pieces, specks)), MARGIN)


def path_distances() -> tuple[ndarray, ndarray]:
    """Distance to the pen's path, and label, of all sources. Shapes: float32 (1797, 80, 80), uint8 (1797,)."""
    digits = load_digits()
    distances = [distance_transform_edt(~find_path(counts)) for counts in digits.images]
    return np.stack(distances).astype(np.float32), digits.target.astype(np.uint8)


def random_shapes(noise: ndarray, hand: Hand) -> ndarray:
    """Turn, slant and stretch, keeping the area. Shapes: noise (B, 3); returns (B, 2, 2), image to source."""
    turn, shear, aspect = (noise * (hand.turn, hand.shear, hand.aspect) + (0, hand.slant, hand.width)).T
    zero = np.zeros_like(turn)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    stretch = np.array([[np.exp(aspect), zero], [shear, np.exp(-aspect)]])
    return stretch.transpose(2, 0, 1) @ rotation.transpose(2, 0, 1)


def random_bends(noise: ndarray, hand: Hand) -> ndarray:
    """A smooth displacement of every pixel. Shapes: noise (B, 50); returns (B, 2, 784)."""
    smooth = zoom(np.eye(KNOTS), (SIDE / KNOTS, 1), order=3)             # (28, 5)
    knots = noise.reshape(-1, 2, KNOTS, KNOTS) * hand.bend
    return (smooth @ knots @ smooth.T).reshape(-1, 2, SIDE * SIDE)


def measure(ink: ndarray) -> tuple[ndarray, ndarray]:
    """The longest side of the ink's box and its centre of mass. Shapes: ink (B, 784); returns (B, 1), (B, 2)."""
    solid = (2 * ink).clip(0, 1).reshape(-1, SIDE, SIDE)                 # half a pixel of ink is the edge
    side = np.maximum(solid.max(1).sum(1), solid.max(2).sum(1))
    return side[:, None], ink @ PIXELS.T / ink.sum(1, keepdims=True)


def draw(distances: ndarray, sources: ndarray, noise: ndarray, hand: Hand) -> ndarray:
    """Ink one variant per source index. Shapes: sources (B,), noise (B, 54); returns uint8 (B, 28, 28)."""
    pen = hand.pen * np.exp(hand.pressure * noise[:, 3:4])
    shapes, bends = random_shapes(noise[:, :3], hand), random_bends(noise[:, 4:], hand)
    which = np.broadcast_to(sources[:, None], (len(sources), SIDE * SIDE))
    scale, centre = np.full((len(sources), 1), 2.7), np.full((len(sources), 2), distances.shape[1] / 2 - 0.5)
    for _ in range(3):                 # draw, measure, draw again at the right size and place; thrice settles it
        rows, columns = np.moveaxis(scale[:, None] * (shapes @ (PIXELS + bends)) + centre[:, :, None], 1, 0)
        away = map_coordinates(distances, (which, rows, columns), order=1, mode="nearest") / scale
        ink = ((pen / 2 - away) * 0.8 + 0.5).clip(0, 1)
        side, mass = measure(ink)
        centre = centre + scale * (shapes @ mass[:, :, None])[:, :, 0]
        scale = scale * side / (BOX - 0.5)                               # the faint rim is half a pixel
    return (255 * ink).round().astype(np.uint8).reshape(-1, SIDE, SIDE)


def make_digits(seed: int = 0, train: int = 60_000, test: int = 10_000, hand: Hand = Hand(),
                threads: int | None = None) -> Arrays:
    """Make training and test images with their labels; no source digit serves both.

    Shapes: uint8 (train, 28, 28), (train,), (test, 28, 28), (test,), the same whatever the number of threads.
    """
    distances, labels = path_distances()
    for_split, *for_parts = np.random.SeedSequence(seed).spawn(3)
    order = np.random.default_rng(for_split).permutation(len(labels))
    made = []
    for sources, count, own in zip((order[:TRAIN_SOURCES], order[TRAIN_SOURCES:]), (train, test), for_parts):
        random = np.random.default_rng(own)
        sources = random.permutation(np.resize(sources, count))
        noise = random.standard_normal((count, 4 + 2 * KNOTS**2))
        cuts = range(CHUNK, count, CHUNK)
        with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
            images = pool.map(lambda *part: draw(distances, *part, hand), np.split(sources, cuts), np.split(noise, cuts))
        made += [np.concatenate(list(images)), labels[sources]]
    return tuple(made)


def content_hash(arrays: Arrays) -> str:
    """SHA-256 of shapes, types and values: the compressed bytes may differ between machines, these may not."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape} {array.dtype.str}".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def read_cache(path: Path) -> Arrays | None:
    """The arrays in a cache file, or None if they are not what was written."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = tuple(file[part] for part in PARTS)
            return arrays if str(file["sha256"]) == content_hash(arrays) else None
    except Exception:                  # a damaged zip file can raise almost anything
        return None


def write_cache(path: Path, arrays: Arrays) -> None:
    """Write aside, then rename: whoever looks sees the whole file or none. Raises: OSError if it cannot be written."""
    aside = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(aside, "xb") as file:
            np.savez_compressed(file, sha256=content_hash(arrays), **dict(zip(PARTS, arrays)))
        os.replace(aside, path)
    except OSError as error:
        raise OSError(error.errno, f"cannot write {path}: {error.strerror}, expected a folder to write to with 20 MB "
                                   "free: make room, or name another folder with cache=") from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink()


def load_digits_standin(cache: Path | str = "data", make: Callable[[], Arrays] = make_digits) -> Arrays:
    """Training images, training labels, test images, test labels: made on first use, then read from the cache.

    Shapes: uint8 (60000, 28, 28), (60000,), (10000, 28, 28), (10000,).
    Raises: OSError if the cache cannot be written.
    """
    path = Path(cache) / FILE
    if path.exists():
        arrays = read_cache(path)
        if arrays is not None:
            return arrays
        print(f"{path} is damaged, expected the digits as they were written: making them again", file=sys.stderr)
    arrays = make()
    write_cache(path, arrays)
    return arrays
