"""Digits from elsewhere, drawn or photographed, made like the pictures of MNIST."""

from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from PIL import Image, ImageOps, UnidentifiedImageError
from scipy.ndimage import gaussian_filter, grey_closing, label
from skimage.filters import threshold_otsu
from torch import Tensor

PHOTO = Path(__file__).with_name("photo.png")  # a 7 on a sheet that lies half in the shade
SIDE, BOX, MIDDLE = 28, 20, 14.5  # pixels; MIDDLE lies in the middle of pixel 14, as in MNIST
LARGEST = 280  # pixels a side of what is left of a photograph, which has more than are needed
FILTER = Image.Resampling.BILINEAR
FAINT = 25  # grey levels: paper is as uneven


def load_photo(path: Path | str) -> Tensor:
    """Read a photograph of one digit on plain paper, dark on light or light on dark; return its ink, white on black.

    The light may be uneven, and specks are left out. Shapes: returns uint8 (H, W), at most 280 pixels a side.
    Raises: FileNotFoundError, ValueError if the file is no picture, or there is no ink in it.
    """
    try:
        with Image.open(path) as photo:
            photo = ImageOps.exif_transpose(photo).convert("L")
    except UnidentifiedImageError:
        raise ValueError(f"{path} is no picture that can be read, expected a .jpg or .png: save it as one") from None
    photo.thumbnail((LARGEST, LARGEST))
    grey = np.asarray(photo, float)
    low, middle, high = np.percentile(grey, (1, 50, 99))
    if middle - low < high - middle:  # most of it is paper, and this paper is dark
        grey = 255 - grey
    return torch.from_numpy(_find_ink(grey, str(path)))


def _find_ink(grey: ndarray, name: str) -> ndarray:
    """Compare each pixel with the paper around it. Shapes: grey (H, W), the paper bright; returns uint8 (H, W)."""
    reach = max(grey.shape) // 4  # wider than any stroke
    paper = gaussian_filter(grey_closing(grey, (reach, reach), mode="nearest"), reach / 4, mode="nearest")
    darker = (paper - grey).clip(0)
    full = np.median(darker[darker >= threshold_otsu(darker)])
    if full < FAINT:
        raise ValueError(f"{name} shows no ink: write one digit with a thick dark pen, and let it fill the picture")
    ink = ((darker / full - 0.3) / 0.4).clip(0, 1)  # less than a third of full ink is shade, more than 0.7 is ink
    pieces, count = find_pieces(ink > 0.5)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    kept = np.flatnonzero(sizes >= 0.02 * sizes.max()) + 1
    near = gaussian_filter(np.isin(pieces, kept).astype(float), 1) > 0.01  # with the soft edges of its strokes
    return (255 * ink * near).astype(np.uint8)


def find_pieces(mask: ndarray) -> tuple[ndarray, int]:
    """Number the pieces, which may hang together by corners, from 1; return these numbers and how many there are."""
    return label(mask, np.ones((3, 3)))  # pyright: ignore[reportReturnType]: an int only if given an output


def centre_digit(ink: Tensor) -> Tensor:
    """Scale and move a digit as those of MNIST: its largest side 20 of 28 pixels, its centre of mass in the middle.

    Shapes: ink (H, W), white on black, of any size; returns uint8 (28, 28).
    Raises: ValueError if there is no ink.
    """
    values = np.asarray(ink, np.float32)
    if values.ndim != 2:
        raise ValueError(f"ink has shape {tuple(values.shape)}, expected (H, W): pass one grey picture")
    solid = values > values.max(initial=0) / 2
    if not solid.any():
        raise ValueError("ink is empty, expected a digit: draw one first")
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    step = (1 + max(np.ptp(rows), np.ptp(columns))) / BOX  # pixels here for one pixel there
    y, x = values.sum(1), values.sum(0)
    centre = [(np.arange(len(sums)) + 0.5) @ sums / sums.sum() for sums in (x, y)]
    margin = int(SIDE * step) + 1
    left, top = (place + margin - MIDDLE * step for place in centre)
    box = (left, top, left + SIDE * step, top + SIDE * step)
    picture = Image.fromarray(np.pad(values, margin)).resize((SIDE, SIDE), FILTER, box)
    small = np.asarray(picture)
    return torch.from_numpy((255 * (small / small.max()).clip(0, 1)).round().astype(np.uint8))
