"""Idx files: what is right comes out as it was written, what is wrong is named."""

import gzip
import hashlib
import struct

import pytest
import torch

from course.mnist.idx import find_file, hash_idx, read_idx

AGAIN = "move it away and run `python3 run.py data download`"


def idx(numbers, kind=8):
    """The bytes of an idx file."""
    shape = numbers.shape
    header = struct.pack(f">4B{len(shape)}I", 0, 0, kind, len(shape), *shape)
    return header + numbers.numpy().tobytes()


def some_images(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, 28, 28), dtype=torch.uint8, generator=generator)


def some_labels(count):
    return torch.arange(count, dtype=torch.uint8) % 10


def message(kind, call, *arguments, **options):
    """The whole message of the error that a call raises."""
    with pytest.raises(kind) as caught:
        call(*arguments, **options)
    return str(caught.value)


def test_an_idx_file_is_read_as_it_was_written(tmp_path):
    (tmp_path / "a").write_bytes(idx(some_images(3)))
    assert torch.equal(read_idx(tmp_path / "a"), some_images(3))
    assert torch.equal(read_idx(str(tmp_path / "a")), some_images(3))


def test_a_gzipped_idx_file_is_read_like_a_plain_one(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(idx(some_images(3))))
    assert torch.equal(read_idx(tmp_path / "a.gz"), some_images(3))


def test_sizes_are_big_endian_and_any_number_of_dimensions_is_read(tmp_path):
    (tmp_path / "a").write_bytes(bytes.fromhex("00000804 00000001 00000002 00000001 00000003 010203040506"))
    assert read_idx(tmp_path / "a").tolist() == [[[[1, 2, 3]], [[4, 5, 6]]]]


@pytest.mark.parametrize(
    "content, wrong",
    [
        pytest.param(idx(some_labels(9))[:-2], "has 15 bytes, expected 17 for shape (9,)", id="truncated"),
        pytest.param(idx(some_labels(9)) + b"x", "has 18 bytes, expected 17 for shape (9,)", id="too long"),
        pytest.param(idx(some_images(2))[:9], "has 9 bytes, expected a header of 16", id="truncated header"),
        pytest.param(b"\0\0\x08", "has 3 bytes, expected a header of 4", id="nothing but a magic"),
        pytest.param(
            b"\x89PNG and so on",
            "starts with 89 50 4e 47, expected an idx file of unsigned bytes (00 00 08)",
            id="wrong magic",
        ),
        pytest.param(
            idx(some_labels(9), kind=13),
            "starts with 00 00 0d 01, expected an idx file of unsigned bytes (00 00 08)",
            id="floats",
        ),
        pytest.param(b"", "is empty, expected an idx file of unsigned bytes (00 00 08)", id="empty"),
        pytest.param(gzip.compress(idx(some_labels(9)))[:-9], "is a damaged gzip file", id="truncated gzip"),
        pytest.param(gzip.compress(idx(some_labels(9)))[:-8] + bytes(8), "is a damaged gzip file", id="gzip checksum"),
        pytest.param(
            gzip.compress(idx(some_labels(9)))[:10] + b"\xff" * 9, "is a damaged gzip file", id="corrupt gzip"
        ),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(tmp_path, content, wrong):
    (tmp_path / "a").write_bytes(content)
    assert message(ValueError, read_idx, tmp_path / "a") == f"{tmp_path / 'a'} {wrong}: {AGAIN}"


def test_a_directory_instead_of_a_file_is_named(tmp_path):
    expected = f"{tmp_path} is a directory, expected an idx file: give the path of a file in it"
    assert message(ValueError, read_idx, tmp_path) == expected


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "a"
    assert message(FileNotFoundError, read_idx, path) == f"{path} is missing: run `python3 run.py data download`"


def test_an_unreadable_file_is_named(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")  # root may read anything, so the refusal is played

    (tmp_path / "a").write_bytes(idx(some_labels(9)))
    monkeypatch.setattr("course.mnist.idx.open", refuse, raising=False)
    expected = f"{tmp_path / 'a'} is not yours to read: change its permissions"
    assert message(PermissionError, read_idx, tmp_path / "a") == expected


@pytest.mark.parametrize("numbers", [some_images(3), some_images(3)[:, ::2, ::2], some_labels(0)], ids=str)
def test_the_hash_of_numbers_is_that_of_their_file(numbers):
    assert hash_idx(numbers) == hash_idx(numbers.long()) == hashlib.md5(idx(numbers.contiguous())).hexdigest()


def test_a_gzipped_file_is_found_where_no_plain_one_is(tmp_path):
    plain, packed = tmp_path / "a", tmp_path / "a.gz"
    assert find_file(tmp_path, "a") == plain
    packed.touch()
    assert find_file(tmp_path, "a") == packed
    plain.touch()
    assert find_file(tmp_path, "a") == plain
