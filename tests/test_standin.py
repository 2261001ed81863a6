"""The stand-in for MNIST: its images, its two disjoint sets of sources, and a cache that never lies."""

import errno
import os
import subprocess
import sys
import threading
import time
from itertools import count

import numpy as np
import pytest
from scipy.ndimage import label
from skimage.measure import euler_number
from sklearn.datasets import load_digits

from course.mnist import standin
from course.mnist.standin import (
    FILE,
    Hand,
    draw_digits,
    find_path,
    load_digits_standin,
    make_digits,
    path_distances,
    read_cache,
)

PLAIN = Hand(turn=0, slant=0, width=0, bend=0, pressure=0)


@pytest.fixture(scope="module")
def made():
    """Some images, and the paths along which they were drawn, which takes seconds to find."""
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standin, "path_distances", lambda: found.append(path_distances()) or found[0])
        images = make_digits(train=1200, test=600)
    return images, *found


@pytest.fixture(scope="module")
def small(made):
    return made[0]


@pytest.fixture(scope="module")
def sources(made):
    return made[1]


@pytest.fixture
def quick(monkeypatch, sources):
    """make_digits without the seconds in which it finds the paths."""
    monkeypatch.setattr(standin, "path_distances", lambda: sources)


def tiny(value=0):
    """Four arrays in no time, in place of the 70,000 images."""
    images = np.full((3, 28, 28), value, np.uint8)
    return images, np.arange(3, dtype=np.uint8), images[:2], np.arange(2, dtype=np.uint8)


def same(a, b):
    return len(a) == len(b) == 4 and all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in zip(a, b))


def never():
    raise AssertionError("made again although the cache is whole")


# The images


def test_shapes_and_types_are_those_of_mnist(small):
    assert [(a.shape, a.dtype) for a in small] == [
        ((1200, 28, 28), np.uint8),
        ((1200,), np.uint8),
        ((600, 28, 28), np.uint8),
        ((600,), np.uint8),
    ]


def test_all_ten_digits_are_in_both_sets(small):
    assert set(small[1]) == set(small[3]) == set(range(10))


def test_the_longest_side_of_the_ink_is_20_pixels(small):
    ink = small[0] > 0
    sides = np.maximum(ink.any(1).sum(1), ink.any(2).sum(1))
    assert np.median(sides) == 20
    assert np.mean(abs(sides - 20) <= 1) > 0.98


def test_the_mass_is_centred_where_mnist_centres_it(small):
    mass = small[0].astype(float)
    rows, columns = mass.sum(2), mass.sum(1)
    for profile in (rows, columns):
        centre = profile @ np.arange(28) / profile.sum(1)
        assert abs(np.median(centre) - 14) < 0.1
        assert np.mean(abs(centre - 14) < 0.5) > 0.97


def test_brightness_is_near_mnists(small):
    pixels = small[0] / 255
    assert abs(pixels.mean() - 0.1307) < 0.008 and abs(pixels.std() - 0.3081) < 0.012


def test_every_digit_leans_and_spreads_like_mnists(small):
    mass, labels = small[0].astype(float), small[1]
    total = mass.sum((1, 2))
    row = np.arange(28) - (mass.sum(2) @ np.arange(28) / total)[:, None]
    column = np.arange(28) - (mass.sum(1) @ np.arange(28) / total)[:, None]
    down, across = (mass.sum(2) * row**2).sum(1), (mass.sum(1) * column**2).sum(1)
    lean = np.einsum("nij,ni,nj->n", mass, row, column) / down
    width = np.sqrt(across / down)
    # measured on MNIST's training images, digit by digit
    leans = [-0.22, -0.25, -0.13, -0.09, -0.07, -0.26, -0.03, -0.03, -0.20, -0.01]
    widths = np.exp([-0.12, -1.09, -0.28, -0.47, -0.12, -0.30, -0.37, -0.41, -0.46, -0.41])
    for digit in range(10):
        assert abs(lean[labels == digit].mean() - leans[digit]) < 0.08
        assert abs(width[labels == digit].mean() - widths[digit]) < 0.11


def test_a_broken_ring_is_closed_and_keeps_one_loop():
    row, column = np.indices((48, 48)) - 23.5
    ring = np.where(abs(np.hypot(row, column) - 15) < 3, 1.0, 0.0)
    ring[20:28, 30:] *= 0.5  # too faint for a threshold of 0.55
    path, loops = find_path(ring)
    assert loops == 1
    assert np.all(abs(np.hypot(*(np.argwhere(path) - (path.shape[0] - 1) / 2).T) - 15) < 2)


def test_a_speck_is_no_part_of_the_path():
    ink = np.zeros((48, 48))
    ink[4:44, 20:28] = 1
    ink[10:12, 40:42] = 1
    path, loops = find_path(ink)
    assert loops == 0 and path.any() and not path[:, standin.MARGIN + 36 :].any()


def test_no_path_has_loops_that_its_digit_cannot_have(sources):
    distances, labels = sources
    assert len(labels) > 1700
    expected = {0: {1}, 1: {0}, 3: {0}, 5: {0}, 6: {1}, 7: {0}, 8: {1, 2}, 9: {1}}  # 2, 4: either
    for digit, allowed in expected.items():
        paths = distances[labels == digit] == 0
        loops = {label(path, np.ones((3, 3)))[1] - euler_number(path, connectivity=2) for path in paths}
        assert loops == allowed


def test_the_path_of_a_digit_is_found_again_whatever_others_there_are(sources, monkeypatch):
    digits = load_digits()
    digits.images, digits.target = digits.images[:150], digits.target[:150]
    monkeypatch.setattr("sklearn.datasets.load_digits", lambda: digits)
    distances, labels = path_distances()
    assert 100 < len(labels) <= 150
    assert np.array_equal(distances, sources[0][: len(labels)]) and np.array_equal(labels, sources[1][: len(labels)])


def test_a_wider_pen_inks_more(sources):
    distances, labels = sources
    noise = np.zeros((20, 54))
    thin, thick = (draw_digits(distances, labels, np.arange(20), noise, PLAIN._replace(pen=pen)) for pen in (2, 4))
    assert np.all(thick.sum((1, 2), dtype=int) > 1.3 * thin.sum((1, 2), dtype=int))


def test_the_corners_stay_empty_under_the_thickest_pen(sources):
    distances, labels = sources
    everyone = np.arange(len(labels))
    images = draw_digits(distances, labels, everyone, np.zeros((len(labels), 54)), PLAIN._replace(pen=6))
    assert not images[:, [0, 0, -1, -1], [0, -1, 0, -1]].any()


def test_a_bend_moves_ink_but_keeps_most_of_it(sources):
    distances, labels = sources
    noise = np.random.default_rng(0).standard_normal((50, 54))
    straight, bent = (
        draw_digits(distances, labels, np.arange(50), noise, PLAIN._replace(bend=bend)).astype(float)
        for bend in (0, 0.5)
    )
    moved = abs(straight - bent).sum((1, 2)) / straight.sum((1, 2))
    assert 0.05 < np.median(moved) < 0.6


# The numbers: by seed alone


def test_the_seed_alone_decides(small, quick):
    assert same(make_digits(train=1200, test=600), small)
    assert not np.array_equal(make_digits(seed=1, train=1200, test=600)[0], small[0])


def test_counts_hand_and_threads_reach_the_pen(monkeypatch, quick):
    hand, agree, together = Hand(0.2, 0.4, 0.1, 0.9, 4.5, 0.1), [], threading.Barrier(3, timeout=30)

    def spy(distances, labels, chosen, noise, given):
        together.wait()  # passes only when three threads draw at once
        images = draw_digits(distances, labels, chosen, noise, given)
        agree.append(np.array_equal(images, draw_digits(distances, labels, chosen, noise, hand)))
        return images

    monkeypatch.setattr(standin, "CHUNK", 4)
    monkeypatch.setattr(standin, "draw_digits", spy)
    made = make_digits(train=12, test=11, hand=hand, threads=3)
    assert [len(part) for part in made] == [12, 12, 11, 11] and agree == [True] * 6


def test_the_number_of_threads_changes_nothing(small, quick):
    assert same(make_digits(train=1200, test=600, threads=1), make_digits(train=1200, test=600, threads=3))


def test_the_test_images_do_not_depend_on_the_number_of_training_images(small, quick):
    other = make_digits(train=10, test=600)
    assert same((small[2], small[3]) * 2, (other[2], other[3]) * 2)


def test_no_source_digit_serves_both_sets(monkeypatch, sources, quick):
    drawn = []

    def spy(distances, labels, sources, noise, hand):
        drawn.append(sources)
        return np.zeros((len(sources), 28, 28), np.uint8)

    monkeypatch.setattr(standin, "draw_digits", spy)
    labels = make_digits(train=2000, test=500, threads=1)[1::2]
    training, test = (set(np.concatenate(part).tolist()) for part in (drawn[:4], drawn[4:]))
    assert training and test and not training & test
    assert len(training | test) == len(sources[1])
    assert [len(part) for part in labels] == [2000, 500]


# The cache


def test_the_first_use_makes_and_the_second_reads(tmp_path):
    calls = count()
    made = load_digits_standin(tmp_path / "new" / "folder", make=lambda: (next(calls), tiny())[1])
    assert same(made, tiny()) and next(calls) == 1
    assert same(load_digits_standin(tmp_path / "new" / "folder", make=never), tiny())
    assert [p.name for p in (tmp_path / "new" / "folder").iterdir()] == [FILE]


def test_the_cache_is_a_plain_npz_without_pickles(tmp_path):
    load_digits_standin(tmp_path, make=tiny)
    with np.load(tmp_path / FILE, allow_pickle=False) as file:
        assert sorted(file) == ["sha256", "test_images", "test_labels", "train_images", "train_labels"]


def test_other_bytes_of_the_same_content_are_valid(tmp_path):
    load_digits_standin(tmp_path, make=tiny)
    with np.load(tmp_path / FILE) as file:
        np.savez(tmp_path / FILE, **file)  # uncompressed: as another zlib might write it
    assert same(load_digits_standin(tmp_path, make=never), tiny())


def remade(folder, capsys):
    """Load with a maker of other values; the sentence on stderr."""
    assert same(load_digits_standin(folder, make=lambda: tiny(7)), tiny(7))
    assert same(load_digits_standin(folder, make=never), tiny(7))
    return capsys.readouterr().err


def test_a_wrong_pixel_is_noticed_and_the_cache_made_again(tmp_path, capsys):
    load_digits_standin(tmp_path, make=tiny)
    with np.load(tmp_path / FILE) as file:
        arrays = dict(file)
    arrays["train_images"][0, 0, 0] ^= 1
    np.savez_compressed(tmp_path / FILE, **arrays)  # the zip file's own checksums are right
    assert remade(tmp_path, capsys) == (
        f"{tmp_path / FILE} is damaged, expected the digits as written: making them again\n"
    )


@pytest.mark.parametrize("keep", [0, 1, 100, 700, -1])
def test_a_truncated_cache_is_made_again(tmp_path, capsys, keep):
    load_digits_standin(tmp_path, make=tiny)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:keep])
    assert "is damaged" in remade(tmp_path, capsys)


def test_a_flipped_bit_anywhere_never_gives_other_digits(tmp_path):
    load_digits_standin(tmp_path, make=tiny)
    whole = (tmp_path / FILE).read_bytes()
    for position in range(0, len(whole), 7):
        bad = bytearray(whole)
        bad[position] ^= 0x10
        (tmp_path / FILE).write_bytes(bad)
        arrays = read_cache(tmp_path / FILE)
        assert arrays is None or same(arrays, tiny())  # some bytes of a zip file are never read


def test_a_half_written_file_beside_the_cache_is_ignored(tmp_path, capsys):
    (tmp_path / f"{FILE}.0123.part").write_bytes(b"PK half")
    assert same(load_digits_standin(tmp_path, make=tiny), tiny())
    assert same(load_digits_standin(tmp_path, make=never), tiny())
    assert capsys.readouterr().err == ""


CHILD = """
import sys, time
from pathlib import Path
import numpy as np
from course.mnist.standin import content_hash, load_digits_standin

folder = Path(sys.argv[1])
def make():
    (folder / "child is making").touch()
    while not (folder / "we are making").exists():
        time.sleep(0.01)
    images = np.load(folder / "images.npy")
    return images, images[:, 0, 0], images[:9], images[:9, 0, 0]

print(content_hash(load_digits_standin(folder / "cache", make=make)))
"""


def test_two_processes_making_the_cache_at_once_both_get_it(tmp_path, capsys):
    images = np.random.default_rng(0).integers(0, 256, (3000, 28, 28), dtype=np.uint8)
    arrays = images, images[:, 0, 0], images[:9], images[:9, 0, 0]
    np.save(tmp_path / "images.npy", images)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], text=True, **pipes)

    def make():  # both are here before either has written
        while not (tmp_path / "child is making").exists():
            assert child.poll() is None, child.communicate()
            time.sleep(0.01)
        (tmp_path / "we are making").touch()
        return arrays

    ours = load_digits_standin(tmp_path / "cache", make=make)
    out, err = child.communicate(timeout=120)
    assert (out.strip(), err, capsys.readouterr().err) == (standin.content_hash(arrays), "", "")
    assert same(ours, arrays) and same(load_digits_standin(tmp_path / "cache", make=never), arrays)
    assert [p.name for p in (tmp_path / "cache").iterdir()] == [FILE]


def test_a_full_disk_takes_the_cache_and_not_the_digits(tmp_path, monkeypatch, capsys):
    def full(file, **arrays):
        file.write(b"PK the first bytes fit")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez_compressed", full)
    assert same(load_digits_standin(tmp_path, make=tiny), tiny())
    assert capsys.readouterr().err == (
        f"{tmp_path / FILE} cannot be written (No space left on device), so it is made again each time: "
        f"free 20 MB there, or make {tmp_path} a folder of your own\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_the_folder_should_be_is_named_and_stays(tmp_path, capsys):
    (tmp_path / "data").write_text("not a folder")
    assert same(load_digits_standin(tmp_path / "data", make=tiny), tiny())
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'data' / FILE} cannot be written (")
    assert (tmp_path / "data").read_text() == "not a folder"


def test_an_interrupted_write_leaves_the_folder_as_it_was(tmp_path, monkeypatch):
    def interrupted(file, **arrays):
        file.write(b"PK")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_digits_standin(tmp_path, make=tiny)
    assert list(tmp_path.iterdir()) == []
