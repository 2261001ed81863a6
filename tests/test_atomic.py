"""A file is written whole or not at all."""

import errno
import os
from unittest.mock import Mock

import numpy as np
import pytest

from course import _atomic
from course._atomic import make_writable, written_whole


def files(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_file_appears_when_it_is_whole_and_nothing_stays_beside_it(tmp_path):
    with written_whole(tmp_path / "a.txt") as part:
        part.write_text("half ")
        assert part.parent == tmp_path and not (tmp_path / "a.txt").exists()
        with part.open("a") as file:
            file.write("and half")
    assert files(tmp_path) == {"a.txt": "half and half"}


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "a").write_text("old")
    with written_whole(str(tmp_path / "a")) as part:
        part.write_text("new")
        assert (tmp_path / "a").read_text() == "old"
    assert files(tmp_path) == {"a": "new"}


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), GeneratorExit()])
@pytest.mark.parametrize("old", [{}, {"a": "old"}], ids=["new", "old"])
def test_whatever_ends_the_writing_leaves_the_folder_as_it_was(tmp_path, error, old):
    for name, text in old.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(type(error)) as caught, written_whole(tmp_path / "a") as part:
        part.write_text("half")
        raise error
    assert caught.value is error
    assert files(tmp_path) == old


def test_a_refused_rename_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "in use")

    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError, match="in use"), written_whole(tmp_path / "a") as part:
        part.write_text("new")
    assert files(tmp_path) == {"a": "old"}


def test_the_error_of_a_missing_folder_is_the_writers_own(tmp_path):
    (tmp_path / "file").write_text("no folder")
    for folder in ("absent", "file"):
        with pytest.raises(RuntimeError, match="cannot write"), written_whole(tmp_path / folder / "a"):
            raise RuntimeError("cannot write")
    assert files(tmp_path) == {"file": "no folder"}


def test_two_writers_at_once_do_not_meet_and_the_last_one_wins(tmp_path):
    with written_whole(tmp_path / "a") as first:
        first.write_text("first, and longer")
        with written_whole(tmp_path / "a") as second:
            assert second != first
            second.write_text("second")
        assert (tmp_path / "a").read_text() == "second"
    assert files(tmp_path) == {"a": "first, and longer"}


def test_a_writer_that_goes_by_the_ending_finds_it(tmp_path):
    with written_whole(tmp_path / "a.npz") as part:
        np.savez(part, x=[1, 2])  # would add .npz to a name without it
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.parametrize("name", ["a.txt", "n" * 250 + ".txt"])
def test_an_error_names_the_file_that_was_to_be_written_and_not_the_temporary_one(tmp_path, name):
    path = tmp_path / "absent" / name
    with pytest.raises(FileNotFoundError) as caught, written_whole(path) as part:
        part.write_text("new")
    assert str(caught.value) == f"[Errno 2] No such file or directory: '{path}'"
    with pytest.raises(OSError) as caught, written_whole(tmp_path / name):
        raise OSError(errno.ENOSPC, "No space left on device")  # as a write does
    assert str(caught.value) == f"[Errno 28] No space left on device: '{tmp_path / name}'"
    with pytest.raises(FileNotFoundError) as caught, written_whole(tmp_path / name):
        pass  # so that there is nothing to be renamed
    assert str(caught.value) == f"[Errno 2] No such file or directory: '{tmp_path / name}'"
    with pytest.raises(OSError) as caught, written_whole(tmp_path / name):
        raise OSError(errno.EIO, "Input/output error", "another file")
    assert caught.value.filename == "another file"


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path):
    name = "n" * 251 + ".txt"
    with written_whole(tmp_path / name) as part:
        part.write_text("new")
    assert files(tmp_path) == {name: "new"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFO")
def test_what_is_no_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "fifo")  # as /dev/null is none
    (tmp_path / "folder").mkdir()
    for name in ("fifo", "folder"):
        with pytest.raises(FileExistsError) as caught, written_whole(tmp_path / name):
            raise AssertionError("the block ran")
        told = "is a folder or a device, which no file may replace: name another file"
        assert str(caught.value) == f"{tmp_path / name} {told}"
    assert (tmp_path / "fifo").is_fifo() and (tmp_path / "folder").is_dir()


def test_a_folder_that_can_be_written_is_made_and_left_empty(tmp_path):
    for _ in range(2):
        make_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_with_the_reason_and_the_mend(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    told = f"nothing can be written in {tmp_path / 'file'} (it is no folder): check who owns it, or take another folder"
    with pytest.raises(FileExistsError) as caught:
        make_writable(tmp_path / "file")
    assert str(caught.value) == told
    reasons = {errno.EROFS: "check who owns it", errno.ENOSPC: "free some space there"}
    for number, mend in reasons.items():
        fault = OSError(number, os.strerror(number))
        monkeypatch.setattr(_atomic.tempfile, "TemporaryFile", Mock(side_effect=fault))
        with pytest.raises(OSError) as caught:
            make_writable(tmp_path)
        assert caught.value.errno == number
        assert (
            str(caught.value)
            == f"nothing can be written in {tmp_path} ({fault.strerror}): {mend}, or take another folder"
        )
