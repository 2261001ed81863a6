"""Digits that were drawn or photographed, made like the pictures of MNIST."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from course.mnist import PHOTO, centre_digit, load_photo


def seven(top, left, side, size=(280, 280)):
    """A 7 of two thick strokes, so high and so wide at most, on black."""
    rows, columns = np.indices(size)
    across = (rows - top) / side, (columns - left) / side
    bar = (abs(across[0] - 0.08) < 0.08) & (across[1] >= 0) & (across[1] <= 0.7)
    leg = (abs(across[1] - 0.62 + 0.3 * across[0]) < 0.08) & (across[0] >= 0) & (across[0] <= 1)
    return torch.from_numpy(255 * (bar | leg).astype(np.uint8))


def middle(picture):
    ink, places = picture.double(), torch.arange(28)
    return [float((ink.sum(dim) * places).sum() / ink.sum()) for dim in (1, 0)]


def noise(spread):
    return torch.from_numpy(np.random.default_rng(0).normal(0, spread, (280, 280)))


def save(path, grey):
    Image.fromarray(np.asarray(grey).clip(0, 255).astype(np.uint8)).save(path)
    return path


def difference(one, other):
    return (one.double() - other.double()).abs().mean().item()


@pytest.mark.parametrize(("top", "left", "side"), [(3, 4, 60), (200, 170, 75), (20, 60, 240), (101, 33, 133)])
def test_a_digit_that_was_moved_or_scaled_gives_nearly_the_same_picture(top, left, side):
    usual, other = centre_digit(seven(60, 80, 140)), centre_digit(seven(top, left, side))
    assert usual.shape == (28, 28) and usual.dtype == torch.uint8
    assert difference(usual, other) < 4  # of 255; what is moved by one pixel differs by 15
    assert difference(usual, usual.roll(1, 1)) > 12


@pytest.mark.parametrize("size", [(300, 200), (90, 400), (64, 64)])
def test_the_size_of_the_paper_does_not_matter(size):
    assert difference(centre_digit(seven(12, 9, 50, size)), centre_digit(seven(0, 0, 50, size))) < 0.01


def test_the_largest_side_has_20_pixels_and_the_centre_of_mass_lies_in_pixel_14():
    for ink, high, wide in ((seven(5, 99, 170), 20, 14), (seven(5, 9, 170).T, 14, 20)):
        picture = centre_digit(ink)
        solid = picture > 127
        assert (int(solid.any(1).sum()), int(solid.any(0).sum())) == pytest.approx((high, wide), abs=1)
        assert middle(picture) == pytest.approx([14, 14], abs=0.05) and picture.max() == 255


def test_a_digit_that_is_centred_already_stays_nearly_as_it_is():
    once = centre_digit(seven(60, 80, 140))
    assert difference(centre_digit(once), once) < 5


@pytest.mark.parametrize("ink", [seven(60, 80, 140).numpy(), seven(60, 80, 140).double()], ids=["numpy", "floats"])
def test_ink_may_be_an_array_or_floats(ink):
    assert torch.equal(centre_digit(ink), centre_digit(seven(60, 80, 140)))


def test_a_single_dot_fills_the_picture():
    dot = torch.zeros(50, 50)
    dot[40, 3] = 1
    picture = centre_digit(dot)
    assert picture.max() == picture[14, 14] == 255 and middle(picture) == pytest.approx([14, 14], abs=0.5)


@pytest.mark.parametrize(
    ("ink", "message"),
    [
        (torch.zeros(28, 28), "ink is empty, expected a digit: draw one first"),
        (torch.zeros(0, 5), "ink is empty"),
        (torch.zeros(1, 28, 28), "ink has shape (1, 28, 28), expected (H, W)"),
    ],
)
def test_what_holds_no_digit_is_refused(ink, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        centre_digit(ink)


PAPER = torch.from_numpy(230 - np.linspace(0, 130, 280)[:, None] - np.linspace(0, 40, 280))  # dark below


@pytest.mark.parametrize(
    "grey",
    [
        230 - 0.8 * seven(60, 80, 140).double(),
        PAPER * (1 - seven(60, 80, 140).double() / 330),
        20 + 0.8 * seven(60, 80, 140).double(),
        PAPER * (1 - seven(60, 80, 140).double() / 330) + noise(4),
    ],
    ids=["dark on light", "in uneven light", "light on dark", "with noise"],
)
def test_the_ink_of_a_photograph_is_found(grey, tmp_path):
    ink = load_photo(save(tmp_path / "photo.png", grey))
    assert ink.dtype == torch.uint8 and ink.shape == (280, 280)
    assert difference(ink, seven(60, 80, 140)) < 4
    assert difference(centre_digit(ink), centre_digit(seven(60, 80, 140))) < 4


def test_specks_are_left_out_and_parts_of_a_digit_are_not(tmp_path):
    digit = seven(60, 80, 140)
    grey = 230 - 0.8 * digit.double()
    grey[250:253, 20:23] = 40
    grey[100:104, 90:140] = 40  # the bar through a 7, which hangs at nothing here
    ink = load_photo(save(tmp_path / "photo.png", grey))
    assert ink[250:253, 20:23].max() == 0 and ink[101, 115] == 255


def test_a_large_photograph_in_colour_becomes_small_and_is_turned_as_the_camera_says(tmp_path):
    grey = np.kron(230 - 0.8 * np.asarray(seven(60, 80, 140).double()), np.ones((4, 3)))
    photo = Image.merge("RGB", [Image.fromarray(grey.astype(np.uint8))] * 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    photo.save(tmp_path / "photo.jpg", exif=exif)
    ink = load_photo(tmp_path / "photo.jpg")
    assert ink.shape == (210, 280)
    rows = torch.nonzero(ink.rot90() > 127)[:, 0].double()
    assert ink.max() == 255 and rows.min() < 70 and rows.max() > 190


def test_paper_without_ink_and_files_that_are_no_picture_are_refused_in_words(tmp_path):
    for paper in (PAPER + noise(2), torch.full((50, 50), 255), torch.zeros(9, 9)):
        with pytest.raises(ValueError, match="paper.png shows no ink: write one digit"):
            load_photo(save(tmp_path / "paper.png", paper))
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(ValueError, match="text.jpg is no picture that can be read, expected a .jpg or .png"):
        load_photo(tmp_path / "text.jpg")
    with pytest.raises(FileNotFoundError):
        load_photo(tmp_path / "none.png")


def test_the_course_s_own_sheet_of_paper_holds_a_small_digit_in_a_corner():
    ink = load_photo(PHOTO)
    places = torch.nonzero(ink > 127)
    assert ink.shape == (280, 280)
    assert places.min() > 140 and 80 < np.ptp(places[:, 0].numpy()) < 120
