"""MNIST: what is right with the files comes out, what is wrong is named, and both ways to batches agree."""

import errno
import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from torch.utils.data import RandomSampler
from torchvision import datasets, transforms

from course import _places, mnist
from course.mnist import Batches, Data, ImageSet, folds, loader, normalize, split
from course.mnist import files as mnist_files
from course.mnist.idx import read_idx
from course.upkeep.notebooks import DATA_LINE
from test_idx import AGAIN, idx, message, some_images, some_labels

(TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS) = mnist_files.TRAIN, mnist_files.TEST


def some_set(count, seed=0):
    return ImageSet(some_images(count, seed), some_labels(count).long())


SMALL = {  # a whole MNIST, of 12 and 5 images
    TRAIN_IMAGES: idx(some_images(12)),
    TRAIN_LABELS: idx(some_labels(12)),
    TEST_IMAGES: idx(some_images(5, seed=1)),
    TEST_LABELS: idx(some_labels(5)),
}


@pytest.fixture(autouse=True)
def no_data_of_this_machine(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setattr(_places, "DATA", tmp_path / "data")


@pytest.fixture(autouse=True)
def small_mnist(monkeypatch, request):
    """Let the small set be MNIST, but for the tests of the real one."""
    sums = {name: hashlib.md5(content).hexdigest() for name, content in SMALL.items()}
    if "real" not in request.node.name:
        monkeypatch.setattr(mnist_files, "MD5", sums)


@pytest.fixture
def root(tmp_path):
    return write_mnist(tmp_path / "here")


def write_mnist(root, **other):
    raw = root / "MNIST/raw"
    raw.mkdir(parents=True)
    for name, content in {**SMALL, **other}.items():
        (raw / name).write_bytes(content)
    return root


# MNIST


def test_mnist_comes_out_as_it_was_written(root):
    data = mnist.load_mnist(root)
    assert data.name == "MNIST"
    assert torch.equal(data.train.images, some_images(12))
    assert torch.equal(data.test.images, some_images(5, seed=1))
    assert data.train.labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert data.test.labels.dtype == torch.int64


def test_plain_and_gzipped_files_may_be_mixed(root):
    path = root / "MNIST/raw" / TRAIN_LABELS
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert mnist.load_mnist(root).train.labels[:3].tolist() == [0, 1, 2]


def test_an_argument_beats_course_data_which_beats_the_data_folder(root, tmp_path, monkeypatch):
    assert mnist.find_mnist() is None
    assert mnist.find_mnist(root) == root
    there, default = write_mnist(tmp_path / "there"), write_mnist(_places.DATA)
    assert mnist.find_mnist() == default
    monkeypatch.setenv("COURSE_DATA", str(there))
    assert mnist.find_mnist() == there
    assert mnist.find_mnist(root) == root


def test_no_mnist_is_said_with_the_folder_the_files_and_the_mend(tmp_path):
    expected = (
        f"{tmp_path / 'MNIST/raw'} has no MNIST, expected train-images-idx3-ubyte, train-labels-idx1-ubyte, "
        "t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte: "
        "set COURSE_DATA to the folder that holds MNIST, or run `python3 run.py data download`"
    )
    assert mnist.find_mnist(tmp_path) is None
    assert message(FileNotFoundError, mnist.load_mnist, tmp_path) == expected
    assert message(FileNotFoundError, mnist.load_data, tmp_path) == expected


def test_course_data_that_points_nowhere_is_an_error_and_no_reason_for_the_stand_in(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    said = message(FileNotFoundError, mnist.load_data)
    assert said == (
        f"{tmp_path / 'nowhere/MNIST/raw'} has no MNIST, expected train-images-idx3-ubyte, "
        "train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte: "
        "set COURSE_DATA to the folder that holds MNIST, or run `python3 run.py data download`"
    )


def test_some_but_not_all_files_is_an_error_that_names_the_missing(root, monkeypatch):
    (root / "MNIST/raw" / TRAIN_LABELS).unlink()
    (root / "MNIST/raw" / TEST_IMAGES).unlink()
    monkeypatch.setattr(_places, "DATA", root)
    expected = (
        f"{root / 'MNIST/raw'} lacks train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
        "expected four files: run `python3 run.py data download`"
    )
    for load in (mnist.find_mnist, mnist.load_mnist, mnist.load_data):
        assert message(FileNotFoundError, load) == expected


@pytest.mark.parametrize(
    "name, content, wrong",
    [
        pytest.param(
            TRAIN_LABELS,
            idx(torch.tensor([3, 9, 10, 11], dtype=torch.uint8).repeat(3)),
            f"has label 10 at 2, expected 0 to 9: {AGAIN}",
            id="label 10",
        ),
        pytest.param(
            TRAIN_LABELS,
            idx(some_images(12)),
            "has shape (12, 28, 28), expected (N,): are images and labels swapped?",
            id="images where labels belong",
        ),
        pytest.param(
            TEST_IMAGES,
            idx(some_labels(12)),
            "has shape (12,), expected (N, 28, 28): are images and labels swapped?",
            id="labels where images belong",
        ),
        pytest.param(
            TRAIN_IMAGES,
            idx(some_images(12).reshape(3, 4, 28, 28)),
            "has shape (3, 4, 28, 28), expected (N, 28, 28): are images and labels swapped?",
            id="wrong number of dimensions",
        ),
        pytest.param(
            TRAIN_IMAGES,
            idx(some_images(12)[:, 4:24, 4:24].contiguous()),
            "has shape (12, 20, 20), expected (N, 28, 28): are images and labels swapped?",
            id="wrong size of image",
        ),
        pytest.param(
            TRAIN_IMAGES,
            idx(some_images(11)),
            "has 11 images and train-labels-idx1-ubyte 12 labels, expected as many: "
            "move both away and run `python3 run.py data download`",
            id="different counts",
        ),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_named(root, name, content, wrong):
    path = root / "MNIST/raw" / name
    path.write_bytes(content)
    assert message(ValueError, mnist.load_mnist, root) == f"{path} {wrong}"


def test_a_folder_that_is_not_ours_to_read_is_named(root, monkeypatch):
    def refuse(self):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))  # root may read anything

    monkeypatch.setattr(Path, "exists", refuse)
    expected = f"{root / 'MNIST/raw'} is not yours to read: change its permissions"
    for download in (False, True):
        assert message(PermissionError, mnist.load_mnist, root, download) == expected


def test_a_set_without_images_is_named(root):
    raw = root / "MNIST/raw"
    (raw / TEST_IMAGES).write_bytes(idx(some_images(0)))
    (raw / TEST_LABELS).write_bytes(idx(some_labels(0)))
    expected = f"{raw / TEST_IMAGES} holds no image, expected one or more: {AGAIN}"
    assert message(ValueError, mnist.load_mnist, root) == expected


def test_a_directory_in_the_place_of_a_file_is_named(root):
    path = root / "MNIST/raw" / TEST_LABELS
    path.unlink()
    path.mkdir()
    expected = f"{path} is a directory, expected an idx file: give the path of a file in it"
    assert message(ValueError, mnist.load_mnist, root) == expected


def test_without_mnist_and_without_a_wish_the_stand_in_is_loaded_and_says_so(monkeypatch):
    def stand_in(cache):
        assert cache == _places.DATA
        images, labels = some_images(7).numpy(), some_labels(7).numpy()
        return images, labels, images[:2], labels[:2]

    monkeypatch.setattr("course.mnist.standin.load_digits_standin", stand_in)
    data = mnist.load_data()
    assert data.name == "digits" and data.train.labels.dtype == torch.int64
    assert torch.equal(data.train.images, some_images(7))
    assert mnist.describe_data(data) == (
        "data: digits, 7 training and 2 test images of 28x28 "
        "(not MNIST: its offline stand-in, made from real handwriting)"
    )


def test_mnist_is_described_in_one_line(root):
    line = "data: MNIST, 12 training and 5 test images of 28x28"
    assert mnist.describe_data(mnist.load_data(root)) == line


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("packed", [False, True])
def test_one_changed_byte_of_mnist_is_noticed_by_whoever_loads_it(root, name, packed):
    content = SMALL[name][:-1] + bytes([SMALL[name][-1] ^ 1])
    path = root / "MNIST/raw" / name
    path.write_bytes(content)
    if packed:
        path.unlink()
        path = path.with_name(f"{name}.gz")
        path.write_bytes(gzip.compress(content))
    right = TRAIN_LABELS if name == TRAIN_IMAGES else TRAIN_IMAGES
    md5, expected = (hashlib.md5(one).hexdigest() for one in (content, SMALL[name]))
    wanted = f"{path} has md5 {md5}, expected {expected}, since {right} is MNIST's: {AGAIN}"
    for load in (mnist.load_mnist, mnist.load_data, mnist.verify_mnist):
        assert message(ValueError, load, root) == wanted


OTHERS = {
    "FashionMNIST": [9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9],
    "KMNIST": [8, 7, 0, 1, 4, 2, 4, 8, 1, 1, 5, 1],
    "other": [9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 0],
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("packed", [False, True])
def test_what_stands_in_mnists_place_is_loaded_under_its_own_name(tmp_path, name, packed):
    labels = torch.tensor(OTHERS[name], dtype=torch.uint8)
    parts = some_images(12, seed=2), labels, some_images(5, seed=3), labels[:5]
    root = write_mnist(tmp_path / "here", **dict(zip(SMALL, map(idx, parts))))
    for path in (root / "MNIST/raw").iterdir() if packed else ():
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    data = mnist.load_data(root)
    assert data.name == name and torch.equal(data.train.labels, labels)
    assert mnist.describe_data(data) == (
        f"data: {name}, 12 training and 5 test images of 28x28 (not MNIST, though its files are named so)"
    )
    assert DATA_LINE.search(mnist.describe_data(data))[1] == name  # what verdicts and diff go by
    assert message(ValueError, mnist.verify_mnist, root) == (
        f"{root / 'MNIST/raw'} holds {name}, expected MNIST: move the four files away and run "
        "`python3 run.py data download`, unless you want these data"
    )


def test_emnist_is_known_by_its_number_of_digits():
    def blank(count):
        return ImageSet(torch.zeros(1, dtype=torch.uint8).expand(count, 28, 28), torch.zeros(count).long())

    assert mnist_files._name_look_alike(blank(240_000), blank(40_000)) == "EMNIST"
    assert mnist_files._name_look_alike(blank(240_000), blank(10_000)) == "other"


def test_verify_accepts_the_right_bytes_packed_or_not(root):
    raw = root / "MNIST/raw"
    assert mnist.verify_mnist(root) == raw
    (raw / f"{TEST_LABELS}.gz").write_bytes(gzip.compress((raw / TEST_LABELS).read_bytes()))
    (raw / TEST_LABELS).unlink()
    assert mnist.verify_mnist(root) == raw
    (raw / f"{TEST_LABELS}.gz").unlink()
    expected = f"{raw} lacks {TEST_LABELS}, expected four files: run `python3 run.py data download`"
    assert message(FileNotFoundError, mnist.verify_mnist, root) == expected


# Download, with torchvision's part played: it writes the files it is told to, and then may fail


def play_download(monkeypatch, names=tuple(mnist_files.MD5), error=None):
    roots = []

    def download_to(root, download):
        assert download
        roots.append(root)
        whole = write_mnist(Path(root))
        for name in set(mnist_files.MD5) - set(names):
            (whole / "MNIST/raw" / name).unlink()
        if error:
            raise error

    monkeypatch.setattr(datasets, "MNIST", download_to)
    return roots


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_download_ends_with_the_four_files_and_nothing_else(tmp_path, monkeypatch):
    roots = play_download(monkeypatch)
    data = mnist.load_mnist(tmp_path / "new", download=True)
    assert len(data.train.labels) == 12
    # Beside the data: a file can only be renamed on its own disk.
    assert [Path(root).parent for root in roots] == [tmp_path / "new"]
    assert set(files(tmp_path)) == {tmp_path / "new/MNIST/raw" / name for name in mnist_files.MD5}


def test_nothing_is_downloaded_unless_asked_for_and_missing(root, tmp_path, monkeypatch):
    roots = play_download(monkeypatch)
    mnist.load_mnist(root, download=True)
    message(FileNotFoundError, mnist.load_mnist, tmp_path)
    assert roots == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("no route"), OSError("no route")])
def test_an_interrupted_download_leaves_nothing_that_could_be_taken_for_data(tmp_path, monkeypatch, error):
    play_download(monkeypatch, [TRAIN_IMAGES, TRAIN_LABELS], error)
    expected = (
        f"MNIST could not be downloaded to {tmp_path}, nothing there has changed: "
        f"check the network, or copy the four files to {tmp_path / 'MNIST/raw'} (no route)"
    )
    if isinstance(error, KeyboardInterrupt):
        message(KeyboardInterrupt, mnist.load_mnist, tmp_path, download=True)
    else:
        assert message(RuntimeError, mnist.load_mnist, tmp_path, download=True) == expected
    assert mnist.find_mnist(tmp_path) is None
    assert files(tmp_path) == {}


def test_an_interrupted_download_leaves_the_old_files_and_a_whole_one_mends_them(root, monkeypatch):
    (root / "MNIST/raw" / TEST_LABELS).unlink()
    before = files(root)
    play_download(monkeypatch, [TEST_LABELS], KeyboardInterrupt())
    message(KeyboardInterrupt, mnist.load_mnist, root, download=True)
    assert files(root) == before
    play_download(monkeypatch)
    assert len(mnist.load_mnist(root, download=True).test.labels) == 5


def test_a_download_overwrites_nothing(root, monkeypatch):
    raw = root / "MNIST/raw"
    (raw / TEST_LABELS).unlink()
    (raw / TRAIN_IMAGES).write_bytes(b"mine")
    play_download(monkeypatch)
    message(ValueError, mnist.load_mnist, root, download=True)
    assert (raw / TRAIN_IMAGES).read_bytes() == b"mine" and (raw / TEST_LABELS).read_bytes() == SMALL[TEST_LABELS]


def test_a_folder_that_cannot_be_downloaded_to_is_named(tmp_path, monkeypatch):
    roots = play_download(monkeypatch)
    (tmp_path / "file").touch()
    folder = tmp_path / "file/data/MNIST/raw"
    assert message(OSError, mnist.load_mnist, tmp_path / "file/data", download=True) == (
        f"{folder} cannot be written (Not a directory): make room there, or name a folder of your own in COURSE_DATA"
    )
    (tmp_path / "MNIST").touch()
    assert message(OSError, mnist.load_mnist, tmp_path, download=True) == (
        f"{tmp_path / 'MNIST/raw'} cannot be written (Not a directory): "
        "make room there, or name a folder of your own in COURSE_DATA"
    )
    assert roots == [str(one) for one in roots if one.startswith(f"{tmp_path}/.download-")]


def test_a_disk_that_fills_up_is_not_taken_for_a_missing_network(tmp_path, monkeypatch):
    play_download(monkeypatch, [TRAIN_IMAGES], OSError(errno.ENOSPC, "No space left on device"))
    assert message(OSError, mnist.load_mnist, tmp_path, download=True) == (
        f"{tmp_path / 'MNIST/raw'} cannot be written (No space left on device): "
        "make room there, or name a folder of your own in COURSE_DATA"
    )
    assert files(tmp_path) == {}


def test_an_interruption_between_the_last_moves_leaves_whole_files_and_is_noticed(tmp_path, monkeypatch):
    def replace_two(source, target, replace=os.replace):
        if len(files(tmp_path / "MNIST")) == 2:
            raise KeyboardInterrupt
        replace(source, target)

    play_download(monkeypatch)
    monkeypatch.setattr(os, "replace", replace_two)
    message(KeyboardInterrupt, mnist.load_mnist, tmp_path, download=True)
    assert read_idx(tmp_path / "MNIST/raw" / TRAIN_IMAGES).shape == (12, 28, 28)
    assert message(FileNotFoundError, mnist.load_mnist, tmp_path) == (
        f"{tmp_path / 'MNIST/raw'} lacks t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, "
        "expected four files: run `python3 run.py data download`"
    )


def test_a_download_that_was_killed_is_not_found_later(root):
    os.rename(root / "MNIST", root / ".download-abc")
    assert mnist.find_mnist(root) is None


# Splits and numbers


def test_a_split_has_every_training_image_once_and_is_the_same_for_the_same_seed():
    data = Data("MNIST", some_set(12), some_set(5, seed=1))
    splits = split(data, valid=4)
    assert splits.test is data.test
    assert [len(part.labels) for part in splits] == [8, 4, 5]
    both = torch.cat([splits.train.images, splits.valid.images])
    assert sorted(both.flatten(1).tolist()) == sorted(data.train.images.flatten(1).tolist())
    for part in splits[:2]:
        for image, label in zip(*part):
            assert any(torch.equal(image, i) and label == n for i, n in zip(*data.train))
    assert torch.equal(split(data, valid=4).valid.images, splits.valid.images)
    assert not torch.equal(split(data, valid=4, seed=1).valid.images, splits.valid.images)


@pytest.mark.parametrize("valid", [-1, 0, 12, 13, 0.5])
def test_a_split_that_leaves_nothing_is_refused(valid):
    said = message(ValueError, split, Data("MNIST", some_set(12), some_set(5)), valid)
    assert said == f"valid is {valid}, expected a whole number from 1 to 11: leave some images to train on"


def test_folds_validate_on_every_example_once_and_train_on_the_others():
    pairs = folds(10, 3)
    assert [(len(train), len(valid)) for train, valid in pairs] == [(6, 4), (7, 3), (7, 3)]
    for train, valid in pairs:
        assert sorted([*train.tolist(), *valid.tolist()]) == list(range(10))
    assert sorted(torch.cat([valid for _, valid in pairs]).tolist()) == list(range(10))


@pytest.mark.parametrize("examples, k", [(2, 2), (7, 7), (100, 2), (103, 4), (1000, 7)])
def test_folds_are_disjoint_cover_all_and_differ_in_size_by_one_at_most(examples, k):
    pairs = folds(examples, k, seed=3)
    valid = [set(part.tolist()) for _, part in pairs]
    sizes = [len(part) for part in valid]
    assert len(pairs) == k and sum(sizes) == examples and max(sizes) - min(sizes) <= 1
    assert set.union(*valid) == set(range(examples))  # and so, by their sizes, they share none
    for (train, part), own in zip(pairs, valid):
        assert train.dtype == part.dtype == torch.int64 and len(train) + len(part) == examples
        assert set(train.tolist()) == set(range(examples)) - own


def test_folds_are_shuffled_by_the_seed_and_by_nothing_else():
    before = torch.get_rng_state()
    orders = [torch.cat([valid for _, valid in folds(100, 5, seed)]).tolist() for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2] and list(range(100)) not in orders
    assert orders[0] == torch.cat([valid for _, valid in folds(100, 5)]).tolist()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("k", [-1, 0, 1, 101, 2.5])
def test_folds_with_nothing_to_train_on_or_to_validate_on_are_refused(k):
    said = message(ValueError, folds, 100, k)
    assert (
        said == f"k is {k}, expected a whole number from 2 to 100: one part to validate on and one or more to train on"
    )


def test_normalize_gives_the_numbers_of_torchvision_to_the_bit():
    every_pixel = torch.arange(256, dtype=torch.uint8).repeat(49).reshape(16, 28, 28)
    steps = [transforms.ToPILImage(), transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    x = normalize(every_pixel)
    assert torch.equal(x, torch.stack([transforms.Compose(steps)(image) for image in every_pixel]))
    assert x[0, 0, 0, :2].tolist() == pytest.approx([-0.1307 / 0.3081, (1 / 255 - 0.1307) / 0.3081])


def test_normalize_leaves_the_images_alone():
    images = some_images(2)
    normalize(images)
    assert torch.equal(images, some_images(2))


@pytest.mark.parametrize("shape", [(28, 28), (2, 1, 28, 28), (2, 32, 32)])
def test_normalize_refuses_a_wrong_shape(shape):
    expected = (
        f"images has shape {shape}, expected (N, 28, 28): pass the images of an ImageSet, such as data.train.images"
    )
    assert message(ValueError, normalize, torch.zeros(shape, dtype=torch.uint8)) == expected


def test_normalize_refuses_pixels_that_are_not_raw():
    expected = "images are torch.float32, expected torch.uint8: normalize the raw pixels, once"
    assert message(ValueError, normalize, some_images(2) / 255) == expected


# Batches


@pytest.mark.parametrize("workers", [0, 2])
def test_both_ways_give_the_same_numbers(workers):
    images, labels = some_set(11)
    usual_way = loader(ImageSet(images, labels), 4, workers=workers)
    assert usual_way.num_workers == workers
    usual = list(usual_way)
    fast = list(Batches(normalize(images), labels, 4))
    assert [len(y) for _, y in fast] == [4, 4, 3] == [len(y) for _, y in usual]
    for (x, y), (x_fast, y_fast) in zip(usual, fast):
        assert torch.equal(x, x_fast) and torch.equal(y, y_fast)
        assert x.dtype == x_fast.dtype and y.dtype == y_fast.dtype


def test_both_ways_give_the_same_losses_when_the_draws_are_replayed():
    data = some_set(30)
    draws = list(RandomSampler(range(30), generator=torch.Generator().manual_seed(3)))

    def losses(batches):
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for x, y in batches:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield loss.item()

    usual = list(losses(loader(data, 4, sampler=draws)))
    assert usual == list(losses(Batches(normalize(data.images), data.labels, 4, sampler=draws)))
    assert usual != list(losses(Batches(normalize(data.images), data.labels, 4)))


def test_what_a_shuffling_loader_drew_can_be_replayed():
    data = ImageSet(some_images(30), torch.arange(30))
    usual = loader(data, 4, shuffle=True)
    draws = torch.cat([y for _, y in usual])
    assert sorted(draws.tolist()) == list(range(30)) != draws.tolist()
    replayed = Batches(normalize(data.images), data.labels, 4, sampler=draws)
    assert torch.equal(torch.cat([y for _, y in replayed]), draws)
    assert torch.equal(torch.cat([x for x, _ in replayed]), normalize(data.images[draws]))
    assert len(replayed) == len(usual) == 8


def test_the_order_of_a_shuffling_loader_is_drawn_by_its_generator():
    def draws():
        usual = loader(some_set(30), 4, shuffle=True, generator=torch.Generator().manual_seed(3))
        return torch.cat([x.mean((1, 2, 3)) for x, _ in usual])

    first = draws()
    torch.manual_seed(torch.initial_seed() + 1)  # the global generator has no say
    assert torch.equal(draws(), first)


def test_shuffled_batches_hold_every_example_once_and_in_a_new_order_each_epoch():
    x = torch.arange(100.0)
    batches = Batches(x, x, 30, shuffle=True, generator=torch.Generator().manual_seed(0))
    first, second = ([x for x, _ in batches] for _ in range(2))
    assert len(batches) == 4 and [len(x) for x in first] == [30, 30, 30, 10]
    first, second = torch.cat(first), torch.cat(second)
    assert torch.equal(first.sort().values, x) and torch.equal(second.sort().values, x)
    assert not torch.equal(first, second) and not torch.equal(first, x)
    again = Batches(x, x, 30, shuffle=True, generator=torch.Generator().manual_seed(0))
    assert torch.equal(torch.cat([x for x, _ in again]), first)


def test_a_sampler_may_leave_out_and_repeat():
    x = torch.arange(10) * 10
    batches = Batches(x, x + 1, 2, sampler=[3, 3, 9])
    assert [(x.tolist(), y.tolist()) for x, y in batches] == [([30, 30], [31, 31]), ([90], [91])]
    assert len(batches) == 2


def test_a_last_minibatch_that_is_smaller_can_be_left_out_in_any_order():
    x = torch.arange(11)
    for options in (
        {},
        {"shuffle": True, "generator": torch.Generator().manual_seed(3)},
        {"sampler": range(10, -1, -1)},
    ):
        batches = Batches(x, x, 4, drop_last=True, **options)
        assert [len(y) for _, y in batches] == [4, 4] and len(batches) == 2
    assert torch.cat([y for _, y in batches]).tolist() == [10, 9, 8, 7, 6, 5, 4, 3]
    whole = Batches(x[:8], x[:8], 4, drop_last=True)
    assert [y.tolist() for _, y in whole] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert list(Batches(x[:3], x[:3], 4, drop_last=True)) == []


def test_without_an_example_there_is_no_minibatch():
    x = torch.arange(3.0)
    for batches in (Batches(x[:0], x[:0], 2), Batches(x, x, 2, sampler=[]), Batches(x[:0], x[:0], 2, shuffle=True)):
        assert list(batches) == [] and len(batches) == 0


def test_every_argument_of_a_loader_has_its_effect():
    data = ImageSet(some_images(11), torch.arange(11))
    order = torch.Generator().manual_seed(3)
    usual = loader(data, 4, shuffle=True, generator=order, workers=1, drop_last=True)
    shuffled = [y for _, y in usual]
    assert usual.num_workers == 1 and usual.generator is order
    assert [len(y) for y in shuffled] == [4, 4] and len(usual) == 2
    x = torch.cat([x for x, _ in loader(data, 4, sampler=torch.cat(shuffled))])
    assert torch.equal(x, normalize(data.images[torch.cat(shuffled)]))


def test_a_loader_takes_raw_images_with_a_label_each():
    images, labels = some_set(4)
    assert message(ValueError, loader, ImageSet(images / 255, labels), 2) == (
        "images are torch.float32, expected torch.uint8: normalize the raw pixels, once"
    )
    assert message(ValueError, loader, ImageSet(images, labels[:3]), 2) == (
        "there are 4 images and 3 labels, expected as many"
    )


def test_what_is_no_tensor_or_lies_on_another_device_is_told_with_a_mend_that_works():
    x, y = torch.arange(6.0).view(3, 2), torch.arange(3)
    mend = "expected a tensor: try torch.as_tensor({0}), or torch.stack({0}) if it holds tensors"
    assert message(ValueError, Batches, x.numpy(), y, 2) == "x is of type ndarray, " + mend.format("x")
    assert message(ValueError, Batches, x, y.tolist(), 2) == "y is of type list, " + mend.format("y")
    assert message(ValueError, Batches, list(x), y, 2) == "x is of type list, " + mend.format("x")
    for mended in (torch.as_tensor(x.numpy()), torch.stack(list(x))):
        assert len(Batches(mended, torch.as_tensor(y.tolist()), 2)) == 2
    assert message(ValueError, Batches, x, y.to("meta"), 2) == (
        "x is on cpu and y on meta, expected one device: try y.to('cpu')"
    )
    assert message(ValueError, Batches, x, y, 2.0) == "batch_size is 2.0, expected a whole number from 1"
    assert len(Batches(x, y, np.int64(2))) == 2


def test_batches_that_make_no_sense_are_refused():
    x = torch.zeros(3)
    assert message(ValueError, Batches, x, x[:2], 2) == "x has 3 examples and y 2, expected as many"
    assert message(ValueError, Batches, x, x, 0) == "batch_size is 0, expected a whole number from 1"
    assert message(ValueError, Batches, x, x, 2, shuffle=True, sampler=[0]) == (
        "shuffle is True and a sampler is given, expected one of them: drop shuffle"
    )


# The real one


REAL = os.environ.get("COURSE_DATA")


@pytest.mark.skipif(not REAL, reason="COURSE_DATA names no folder with MNIST")
def test_real_mnist_is_whole_and_has_the_mean_and_deviation_that_normalize_uses():
    mnist.verify_mnist(REAL)
    data = mnist.load_data(REAL)
    assert [tuple(part.images.shape) for part in data[1:]] == [(60_000, 28, 28), (10_000, 28, 28)]
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert data.train.labels.bincount().tolist() == counts
    assert data.test.labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    pixels = data.train.images.double() / 255
    assert round(pixels.mean().item(), 4) == mnist.MEAN == 0.1307
    assert round(pixels.std().item(), 4) == mnist.STD == 0.3081
