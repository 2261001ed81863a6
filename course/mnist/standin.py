"""The offline stand-in for MNIST: 70,000 images, inked along the pen paths of 1,738 real handwritten digits.

Source: scikit-learn's load_digits, the 1,797 test digits of "Optical Recognition of Handwritten Digits", UCI
(CC BY 4.0), less those that lost or gained a loop at 8x8 pixels.
"""

# SciPy and scikit-learn have no stubs, and what pyright infers of them is too wide: an array of any library, a tuple.
# pyright: reportOperatorIssue=false, reportAttributeAccessIssue=false
import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy import ndarray
from scipy.ndimage import distance_transform_edt, gaussian_filter1d, map_coordinates, zoom
from scipy.special import expit
from skimage.measure import euler_number
from skimage.morphology import skeletonize

from course._atomic import written_whole
from course._machine import choose_workers
from course._streams import say
from course.mnist.drawn import find_pieces

NAME = "digits"
FILE = "digits-1.npz"  # count up when the recipe changes, or old caches would live on
PARTS = ("train_images", "train_labels", "test_images", "test_labels")
TRAIN_SHARE = 6 / 7  # of the sources; the test images come from the others

SIDE, BOX = 28, 20  # as in MNIST: 20 pixels of ink in 28, its mass centred on pixel 14, 14
PIXELS = np.indices((SIDE, SIDE)).reshape(2, -1) - SIDE / 2  # (2, 784) row, column
ENLARGE, MARGIN = 6, 12  # an 8x8 digit becomes 48x48, with room around it for a thick pen
KNOTS = 5  # a random bend is smooth between 5x5 knots
CHUNK = 500  # images drawn at a time: stays in the cache

# UCI stretched every digit to fill a square. Leaning to the right by SLANTS, growing wider and lower by the
# factors exp(WIDTHS), every digit gets the mean second moments that it has in MNIST.
SLANTS = (0.20, 0.36, 0.28, 0.14, 0.05, 0.17, 0.24, -0.16, 0.17, 0.11)
WIDTHS = (0.12, -0.25, 0.27, 0.18, 0.24, 0.20, 0.13, 0.17, 0.11, 0.11)
LOOPS = ({1}, {0}, {0, 1}, {0}, {0, 1}, {0}, {1}, {0}, {1, 2}, {1})  # of each digit's path

Arrays = tuple[ndarray, ndarray, ndarray, ndarray]


class Hand(NamedTuple):
    """How the handwriting varies. Units: pixels of the 28x28 image, radians, logarithms of ratios."""

    turn: float = 0.06
    slant: float = 0.20
    width: float = 0.08
    bend: float = 0.4
    pen: float = 2.7  # the median; its pressure is the spread of its logarithm
    pressure: float = 0.22


def enlarge(counts: ndarray) -> ndarray:
    """Smooth ink, with the same mean in every 6x6 block. Shapes: counts (N, 8, 8); returns (N, 48, 48)."""
    up = zoom(np.eye(8), (ENLARGE, 1), order=3, mode="nearest", grid_mode=True)
    down = np.kron(np.eye(8), np.full(ENLARGE, 1 / ENLARGE))
    blur = gaussian_filter1d(np.eye(8 * ENLARGE), 1.5, axis=0)
    ink = up @ counts @ up.T
    for _ in range(6):  # sharpen, then give every block back what it held
        ink = expit(8 * (blur @ ink @ blur.T) - 4)
        ink += up @ (counts - down @ ink @ down.T) @ up.T
    return blur @ ink @ blur.T


def find_path(ink: ndarray) -> tuple[ndarray, int]:
    """The pen's path through one digit, and its loops. Shapes: ink (48, 48); returns bool (72, 72), int."""
    # Fewest pieces, most loops: a broken 0 is closed, a filled 8 is opened.
    threshold = min(np.arange(0.8, 0.25, -0.05), key=lambda level: euler_number(ink > level, connectivity=2))
    pieces, _ = find_pieces(ink > threshold)
    specks = np.flatnonzero(np.bincount(pieces.ravel()) < 10)
    shape = (pieces > 0) & ~np.isin(pieces, specks)
    loops = find_pieces(shape)[1] - int(euler_number(shape, connectivity=2))
    return np.pad(skeletonize(shape), MARGIN), loops


def path_distances() -> tuple[ndarray, ndarray]:
    """Distance to the pen's path, and label, of the N digits that kept their loops in 8x8 pixels.

    Shapes: float32 (N, 72, 72), uint8 (N,).
    """
    from sklearn.datasets import load_digits  # only to make the cache: it takes a second to import

    digits = load_digits()
    paths = [(*find_path(ink), digit) for ink, digit in zip(enlarge(digits.images / 16), digits.target)]
    paths = [(path, digit) for path, loops, digit in paths if loops in LOOPS[digit]]
    distances = np.array([distance_transform_edt(~path) for path, _ in paths], np.float32)
    return distances, np.array([digit for _, digit in paths], np.uint8)


def random_shapes(noise: ndarray, digits: ndarray, hand: Hand) -> ndarray:
    """Turn, slant and stretch, keeping the area. Shapes: noise (B, 3), digits (B,); returns (B, 2, 2)."""
    turn, slant, width = (noise * (hand.turn, hand.slant, hand.width)).T
    slant, width = slant + np.take(SLANTS, digits), width + np.take(WIDTHS, digits)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    stretch = np.array([[np.exp(width), 0 * width], [slant, np.exp(-width)]])
    return stretch.transpose(2, 0, 1) @ rotation.transpose(2, 0, 1)  # from the image to its source


def random_bends(noise: ndarray, hand: Hand) -> ndarray:
    """A smooth displacement of every pixel. Shapes: noise (B, 50); returns (B, 2, 784)."""
    smooth = zoom(np.eye(KNOTS), (SIDE / KNOTS, 1), order=3)  # (28, 5)
    knots = noise.reshape(-1, 2, KNOTS, KNOTS) * hand.bend
    return (smooth @ knots @ smooth.T).reshape(-1, 2, SIDE * SIDE)


def measure_ink(ink: ndarray) -> tuple[ndarray, ndarray]:
    """Longest side of the ink's box, and centre of mass. Shapes: ink (B, 784); returns (B, 1), (B, 2)."""
    solid = (2 * ink).clip(0, 1).reshape(-1, SIDE, SIDE)  # half a pixel of ink is the edge
    side = np.maximum(solid.max(1).sum(1), solid.max(2).sum(1))
    return side[:, None], ink @ PIXELS.T / ink.sum(1, keepdims=True)


def draw_digits(distances: ndarray, labels: ndarray, sources: ndarray, noise: ndarray, hand: Hand) -> ndarray:
    """Ink one variant per source index. Shapes: sources (B,), noise (B, 54); returns uint8 (B, 28, 28)."""
    pen = hand.pen * np.exp(hand.pressure * noise[:, 3:4])
    shapes, bends = random_shapes(noise[:, :3], labels[sources], hand), random_bends(noise[:, 4:], hand)
    which = np.broadcast_to(sources[:, None], (len(sources), SIDE * SIDE))
    scale, centre = np.full((len(sources), 1), 2.7), np.full((len(sources), 2), distances.shape[1] / 2 - 0.5)

    def draw() -> ndarray:
        rows, columns = np.moveaxis(scale[:, None] * (shapes @ (PIXELS + bends)) + centre[:, :, None], 1, 0)
        away = map_coordinates(distances, (which, rows, columns), order=1, cval=99) / scale
        return ((pen / 2 - away) * 0.8 + 0.5).clip(0, 1)

    for _ in range(2):  # draw, measure, draw again at the right size and place
        side, mass = measure_ink(draw())
        centre = centre + scale * (shapes @ mass[:, :, None])[:, :, 0]
        scale = scale * side / (BOX - 0.6)  # the faint rim takes the rest
    return (255 * draw()).round().astype(np.uint8).reshape(-1, SIDE, SIDE)


def make_digits(
    seed: int = 0, train: int = 60_000, test: int = 10_000, hand: Hand = Hand(), threads: int | None = None
) -> Arrays:
    """Make training and test images with their labels; no source digit serves both.

    Shapes: uint8 (train, 28, 28), (train,), (test, 28, 28), (test,), the same whatever the number of threads.
    """
    distances, labels = path_distances()
    for_split, *for_parts = np.random.SeedSequence(seed).spawn(3)
    order = np.random.default_rng(for_split).permutation(len(labels))
    made = []
    parts = np.split(order, [int(TRAIN_SHARE * len(order))])
    for sources, count, own in zip(parts, (train, test), for_parts):
        random = np.random.default_rng(own)
        sources = random.permutation(np.resize(sources, count))
        noise = random.standard_normal((count, 4 + 2 * KNOTS**2))
        cuts = range(CHUNK, count, CHUNK)
        with ThreadPoolExecutor(choose_workers(threads, len(cuts) + 1)) as pool:
            images = pool.map(
                lambda some, chances: draw_digits(distances, labels, some, chances, hand),
                np.split(sources, cuts),
                np.split(noise, cuts),
            )
        made += [np.concatenate(list(images)), labels[sources]]
    return tuple(made)


def content_hash(arrays: Arrays) -> str:
    """SHA-256 of shapes, types and values; compressed bytes may differ between machines, these may not."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape} {array.dtype.str}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def read_cache(path: Path) -> Arrays | None:
    """The arrays in a cache file, or None if they are not what was written."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = tuple(file[part] for part in PARTS)
            return arrays if str(file["sha256"]) == content_hash(arrays) else None
    except Exception:  # a damaged zip file can raise almost anything
        return None


def write_cache(path: Path, arrays: Arrays) -> None:
    """Write the cache file whole or not at all. Raises: OSError if that fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as part, open(part, "wb") as file:
        np.savez_compressed(file, sha256=content_hash(arrays), **dict(zip(PARTS, arrays)))


def load_digits_standin(cache: Path | str = "data", make: Callable[[], Arrays] = make_digits) -> Arrays:
    """Training images and labels, test images and labels: made on first use, then read from the cache.

    What cannot be written is used all the same, and said on stderr.
    Shapes: uint8 (60000, 28, 28), (60000,), (10000, 28, 28), (10000,).
    """
    path = Path(cache) / FILE
    if path.exists():
        arrays = read_cache(path)
        if arrays is not None:
            return arrays
        say(f"{path} is damaged, expected the digits as written: making them again", error=True)
    arrays = make()
    try:
        write_cache(path, arrays)
    except OSError as error:
        mend = f"free 20 MB there, or make {path.parent} a folder of your own"
        say(f"{path} cannot be written ({error.strerror}), so it is made again each time: {mend}", error=True)
    return arrays
