"""A file is written whole or not at all."""

import errno
import os

import numpy as np
import pytest

from course._atomic import written_whole


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
