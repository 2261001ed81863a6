"""Scenes: coloured digits on pieces of photographs. As we put them there, masks, boxes and labels come for free."""

# scikit-learn has no stubs: what it returns is of an unknown type.
# pyright: reportAttributeAccessIssue=false
from typing import Literal, NamedTuple

import numpy as np
import torch
from skimage import data as pictures
from sklearn.datasets import load_sample_image
from torch import Tensor
from torch.nn import functional as F

from course._shapes import check_whole

Part = Literal["train", "test"]
SIZES = (20, 24, 28, 32, 36)  # of a digit's square, pixels
INK = 0.35  # a pixel belongs to a digit from this share of ink on
APART = 3  # boxes overlap by fewer pixels than this, in rows or in columns
CONTRAST = 0.5  # the least distance of a digit's colour from the mean of what it covers
DIM = 0.6  # what is left of the light of a dim photograph
MEAN, SPREAD = 0.45, 0.25  # of the pixels of scenes, roughly
TRIES = 10


class Photo(NamedTuple):
    """Where a photograph comes from, and on which terms."""

    part: Part
    by: str
    licence: str


# All lie in the installed packages scikit-image and scikit-learn: nothing is downloaded.
PHOTOS = {
    "astronaut": Photo("train", "NASA, of Eileen Collins", "public domain"),
    "coffee": Photo("train", "Rachel Michetti, Pikolo Espresso Bar", "CC0"),
    "rocket": Photo("train", "SpaceX", "public domain"),
    "immunohistochemistry": Photo("train", "Center for Microscopy and Molecular Imaging", "no known restrictions"),
    "china.jpg": Photo("train", "danielbuechele, Flickr", "CC BY 2.0"),
    "chelsea": Photo("test", "Stefan van der Walt", "CC0"),
    "flower.jpg": Photo("test", "vultilion, Flickr", "CC BY 2.0"),
    "hubble_deep_field": Photo("test", "NASA", "public domain"),
}


class Scenes(NamedTuple):
    """Pictures and what stands where in them.

    Shapes: images uint8 (N, 3, H, W); masks uint8 (N, H, W), 0 for the photograph, else 1 + digit; boxes a list of N
    float tensors (M, 4) with x0, y0, x1, y1 in pixels; labels a list of N tensors (M,).
    """

    images: Tensor
    masks: Tensor
    boxes: list[Tensor]
    labels: list[Tensor]


def read_photos(part: Part) -> list[Tensor]:
    """Return the photographs of a part. Photographs for training and for testing are different ones.

    Shapes: returns uint8 (3, H, W), of several sizes.
    Raises: ValueError if the part is neither train nor test.
    """
    if part not in ("train", "test"):
        raise ValueError(f"part is {part!r}, expected 'train' or 'test'")
    read = []
    for name, photo in PHOTOS.items():
        if photo.part == part:
            pixels = load_sample_image(name) if name.endswith(".jpg") else getattr(pictures, name)()
            read.append(torch.from_numpy(np.array(pixels)).permute(2, 0, 1))
    return read


def make_scenes(
    images: Tensor,
    labels: Tensor,
    count: int,
    part: Part = "train",
    seed: int = 0,
    side: int = 64,
    most: int = 4,
    dim: bool = False,
) -> Scenes:
    """Put 1 to `most` digits on pieces of photographs; the same seed gives the same scenes.

    A digit has a size of 20 to 36 pixels and a colour that differs from what it covers; it may lose two pixels at the
    picture's edge, and its box hardly overlaps another. Digits and photographs are drawn independently. With `dim`
    photographs are darker and colours bright, which makes ink easier to see.
    Shapes: images uint8 (N, 28, 28), labels (N,), as in an ImageSet. Returns Scenes of count pictures (side, side).
    Raises: ValueError if there are no images, a count is below 1, the side is below 36, or there is no such part.
    """
    if images.ndim != 3 or not len(images):
        raise ValueError(f"images has shape {tuple(images.shape)}, expected (N, H, W) with N of 1 or more")
    if len(images) != len(labels):
        raise ValueError(f"there are {len(images)} images and {len(labels)} labels, expected as many of each")
    count, most, side = check_whole("count", count, 1), check_whole("most", most, 1), check_whole("side", side, 64)
    if count < 1 or most < 1:
        raise ValueError(f"count is {count} and most is {most}, expected 1 or more of both")
    if side < max(SIZES):
        raise ValueError(f"side is {side}, expected at least {max(SIZES)}, the size of the largest digit: try 64")
    photos = [photo.float() / 255 * (DIM if dim else 1) for photo in read_photos(part)]
    random = np.random.default_rng(seed)
    made = [_make_scene(images, labels, photos, random, side, most, dim) for _ in range(count)]
    pixels, masks, boxes, digits = ([scene[k] for scene in made] for k in range(4))
    return Scenes(torch.stack(pixels), torch.stack(masks), boxes, digits)


def scale_pixels(images: Tensor) -> Tensor:
    """Return pixels 0..255 as floats around 0, with a spread of about 1. Shapes: any; returns the same."""
    return (images.float() / 255 - MEAN) / SPREAD


def _make_scene(
    images: Tensor, labels: Tensor, photos: list, random: np.random.Generator, side: int, most: int, bright: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """One scene: pixels, mask, boxes and labels, as in Scenes."""
    picture = _cut_piece(photos[random.integers(len(photos))], random, side)
    mask, boxes, digits = torch.zeros(side, side, dtype=torch.uint8), [], []
    for _ in range(random.integers(1, most + 1)):
        for _ in range(TRIES if boxes else 10 * TRIES):
            which = int(random.integers(len(images)))
            ink = _place_ink(images[which], random, side)
            box = _box_of(ink > INK)
            if box and all(_stand_apart(box, other) for other in boxes):
                picture = _paint(picture, ink, random, bright)
                mask[ink > INK] = int(labels[which]) + 1
                boxes.append(box)
                digits.append(int(labels[which]))
                break
    if not boxes:
        raise ValueError("images hold no ink, expected uint8 pixels up to 255: pass data.train.images")
    pixels = (picture * 255).round().clamp(0, 255).byte()
    return pixels, mask, torch.tensor(boxes).float(), torch.tensor(digits)


def _cut_piece(photo: Tensor, random: np.random.Generator, side: int) -> Tensor:
    """A square of a photograph, of which every 1st, 2nd or 3rd pixel is taken. Returns (3, side, side)."""
    step = int(random.integers(1, 4))
    while step > 1 and side * step > min(photo.shape[1:]):
        step -= 1
    wide = side * step
    if wide > min(photo.shape[1:]):  # a side larger than the photograph
        return F.interpolate(photo[None], (side, side), mode="bilinear", antialias=True)[0]
    top, left = (int(random.integers(0, length - wide + 1)) for length in photo.shape[1:])
    return photo[:, top : top + wide : step, left : left + wide : step]


def _place_ink(digit: Tensor, random: np.random.Generator, side: int) -> Tensor:
    """A digit in some size, somewhere on an empty square: the share of ink in each pixel, (side, side)."""
    size = int(random.choice(SIZES))
    top, left = (int(start) for start in random.integers(-2, side - size + 3, 2))
    small = F.interpolate(digit[None, None].float() / 255, (size, size), mode="bilinear", antialias=True)[0, 0]
    return F.pad(small, (left, side - size - left, top, side - size - top)).clamp(0, 1)  # negative: cut off


def _box_of(on: Tensor) -> list[int] | None:
    """The box x0, y0, x1, y1 around what is on; none if nothing is. x1 and y1 are past the last pixel."""
    rows, columns = on.any(1).nonzero()[:, 0].tolist(), on.any(0).nonzero()[:, 0].tolist()
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1] if rows else None


def _stand_apart(box: list[int], other: list[int]) -> bool:
    across, down = (min(box[k + 2], other[k + 2]) - max(box[k], other[k]) for k in (0, 1))
    return across < APART or down < APART


def _paint(picture: Tensor, ink: Tensor, random: np.random.Generator, bright: bool) -> Tensor:
    """Cover the picture with ink of a colour that is seen on it; bright: red, green or blue of it is full.

    Shapes: (3, H, W), (H, W); returns (3, H, W).
    """
    here = picture[:, ink > INK].mean(1)
    while True:
        colour = torch.from_numpy(random.random(3)).float()
        colour = colour / colour.max() if bright else colour
        if (colour - here).norm() > CONTRAST:
            return torch.lerp(picture, colour[:, None, None].expand_as(picture), ink)
