"""The cache of a text: made once, whole or not at all, and only for the text that it was made of."""

import builtins
import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch

from course import _locks
from course.files import cache, cache_text, read_fast, text, threads
from test_files import plain, write
from test_idx import message

CONTENT = b"a,1.5,5 6\nb,2,-1 7\n"


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "rain.txt", CONTENT)


def names(folder):
    return sorted(one.name for one in folder.iterdir())


def test_the_cache_gives_what_the_text_holds_and_the_second_time_without_reading_it(path, monkeypatch):
    expected = plain(read_fast(path, (2,), missing=9))
    assert plain(cache_text(path, (2,), missing=9)) == expected == (["a", "b"], [1.5, 2], [[5, 6], [9, 7]])
    assert names(path.parent) == ["rain.txt", "rain.txt.cache", "rain.txt.cache.lock"]
    monkeypatch.setattr(cache, "_convert", None)
    assert plain(cache_text(path, (2,), missing=9)) == expected


def test_values_are_mapped_and_may_be_changed_in_memory_only(path):
    values = cache_text(path, (2,), missing=9).values
    assert isinstance(values, np.memmap) and values.dtype == np.uint8
    x = torch.from_numpy(values)
    x[0, 0] = 77
    assert values[0, 0] == 77
    assert cache_text(path, (2,), missing=9).values[0, 0] == 5


def test_a_large_text_comes_block_by_block_to_its_place(path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 100)
    write(path, b"".join(b"%d,%d,%d %d\n" % (row, row, row % 250, row % 7) for row in range(3000)))
    values = cache_text(path, (2, 1), missing=255, workers=3).values
    assert values[:, :, 0].tolist() == [[row % 250, row % 7] for row in range(3000)]


def test_the_cache_may_lie_elsewhere(path, tmp_path):
    elsewhere = tmp_path / "fast" / "rain"
    cache_text(path, (2,), missing=9, cache=elsewhere)
    assert names(elsewhere) == ["ids.json", "labels.npy", "manifest.json", "values.npy"]
    assert plain(cache_text(path, (2,), missing=9, cache=str(elsewhere)))[0] == ["a", "b"]


def test_a_cache_of_another_text_is_refused_and_made_anew_on_demand(path):
    cache_text(path, (2,), missing=9)
    write(path, b"c,3,1 2\n")
    os.utime(path, ns=(5, 5))
    folder = f"{path}.cache"
    mend = "delete it, or pass overwrite=True, to convert the text again"
    assert message(ValueError, cache_text, path, (2,), missing=9) == (
        f"{folder} was made for size 19, now it is 8: {mend}"
    )
    assert plain(cache_text(path, (2,), missing=9, overwrite=True)) == (["c"], [3], [[1, 2]])
    write(path, b"d,3,1 2\n")
    os.utime(path, ns=(6, 6))
    assert message(ValueError, cache_text, path, (2,), missing=9) == (
        f"{folder} was made for changed 5, now it is 6: {mend}"
    )
    os.utime(path, ns=(5, 5))
    assert message(ValueError, cache_text, path, (2,), missing=8) == (
        f"{folder} was made for missing 9, now it is 8: {mend}"
    )
    assert message(ValueError, cache_text, path, (1, 2), missing=9) == (
        f"{folder} was made for shape [2], now it is [1, 2]: {mend}"
    )
    manifest = Path(folder) / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 0}))
    assert message(ValueError, cache_text, path, (2,), missing=9) == (
        f"{folder} was made for format 0, now it is 1: {mend}"
    )


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_that_is_no_cache_is_neither_loaded_nor_wiped(path, tmp_path, overwrite):
    folder = tmp_path / "thesis"
    folder.mkdir()
    write(folder / "thesis.tex", b"years of work")
    assert message(ValueError, cache_text, path, (2,), missing=9, cache=folder, overwrite=overwrite) == (
        f"{folder} is no cache of a text: name another folder by cache"
    )
    assert names(folder) == ["thesis.tex"]


def test_a_faulty_text_leaves_no_cache_and_the_old_one_as_it_was(path):
    cache_text(path, (2,), missing=9)
    write(path, b"a,1.5,5 6\nb,2,x 7\n")
    said = message(ValueError, cache_text, path, (2,), missing=9, overwrite=True)
    assert said.startswith(f"{path}, line 2: value 1 at column 5 is 'x', ")
    assert np.load(path.parent / "rain.txt.cache" / "values.npy").tolist() == [[5, 6], [9, 7]]
    other = write(path.with_name("other.txt"), path.read_bytes())
    message(ValueError, cache_text, other, (2,), missing=9)
    assert names(path.parent) == [
        "other.txt",
        "other.txt.cache.lock",
        "rain.txt",
        "rain.txt.cache",
        "rain.txt.cache.lock",
    ]


def test_a_text_that_changes_meanwhile_leaves_no_cache(path, monkeypatch):
    synced = os.fsync

    def grow(file):
        synced(file)
        write(path, CONTENT * 2)

    monkeypatch.setattr(os, "fsync", grow)
    said = message(ValueError, cache_text, path, (2,), missing=9)
    assert said == f"{path} changed while it was read: read it again when it is whole"
    assert names(path.parent) == ["rain.txt", "rain.txt.cache.lock"]


def test_a_conversion_that_is_killed_leaves_nothing_that_loads_and_the_next_one_starts_again(path):
    code = (
        "import os, sys; from course.files import cache_text\n"
        "os.fsync = lambda file: os._exit(9)  # all values are written, and nothing else\n"
        "cache_text(sys.argv[1], (2,), missing=9)"
    )
    assert subprocess.run([sys.executable, "-c", code, path]).returncode == 9
    assert names(path.parent) == ["rain.txt", "rain.txt.cache.lock", "rain.txt.cache.partial"]
    assert plain(cache_text(path, (2,), missing=9))[2] == [[5, 6], [9, 7]]
    assert names(path.parent) == ["rain.txt", "rain.txt.cache", "rain.txt.cache.lock"]


def no_space(folder):
    return f"no space for {folder}, which takes 0.2 MB: free some, or name another place by cache"


def test_too_little_space_is_told_before_anything_is_parsed(path, monkeypatch):
    write(path, CONTENT * 50_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: namedtuple("usage", "free")(199_999))
    monkeypatch.setattr(cache, "parse_texts", None)
    assert message(OSError, cache_text, path, (2,), missing=9) == no_space(f"{path}.cache")
    assert names(path.parent) == ["rain.txt", "rain.txt.cache.lock"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_disk_that_fills_up_while_values_are_written_is_told_by_the_same_sentence(path, monkeypatch):
    write(path, CONTENT * 50_000)
    monkeypatch.setattr(cache, "open", lambda path, mode: builtins.open("/dev/full", mode), raising=False)
    with pytest.raises(OSError) as caught:
        cache_text(path, (2,), missing=9)
    assert caught.value.errno == errno.ENOSPC and str(caught.value) == no_space(f"{path}.cache")
    assert names(path.parent) == ["rain.txt", "rain.txt.cache.lock"]


def test_of_two_converters_at_once_one_converts_and_the_other_waits(path, monkeypatch):
    convert, looked, calls, results = cache._convert, threading.Semaphore(0), [], []

    def look(*arguments):
        looked.release()
        return text.look(*arguments)

    def convert_slowly(*arguments):
        calls.append(arguments)
        looked.acquire(timeout=60)
        looked.acquire(timeout=60)  # the other one is here too, and has seen no cache or is about to
        convert(*arguments)

    monkeypatch.setattr(cache, "look", look)
    monkeypatch.setattr(cache, "_convert", convert_slowly)

    def call():
        results.append(cache_text(path, (2,), missing=9))

    callers = [threading.Thread(target=call) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(calls) == 1
    assert [plain(result)[2] for result in results] == [[[5, 6], [9, 7]]] * 2


def refuse_locks(monkeypatch):
    def refuse(file, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(pytest.importorskip("fcntl"), "flock", refuse)  # as NFS does


def test_where_nothing_can_be_locked_the_text_is_converted_and_this_is_said(path, monkeypatch):
    refuse_locks(monkeypatch)
    with pytest.warns(UserWarning) as warned:
        assert plain(cache_text(path, (2,), missing=9)) == (["a", "b"], [1.5, 2], [[5, 6], [9, 7]])
    said = f"{path}.cache.lock cannot be locked (No locks available): others may convert too"
    assert [str(one.message) for one in warned] == [said]
    assert warned[0].filename == __file__
    assert names(path.parent) == ["rain.txt", "rain.txt.cache", "rain.txt.cache.lock"]
    cache_text(path, (2,), missing=9)  # without a word: nothing has to be locked


@pytest.mark.filterwarnings("ignore:.*cannot be locked")
def test_two_converters_who_cannot_lock_do_not_spoil_each_others_work(path, monkeypatch):
    refuse_locks(monkeypatch)
    write_values, both, results = cache._write_values, threading.Barrier(2, timeout=60), []

    def write_then_meet(*arguments):
        heads = write_values(*arguments)
        both.wait()
        return heads

    monkeypatch.setattr(cache, "_write_values", write_then_meet)
    callers = [threading.Thread(target=lambda: results.append(cache_text(path, (2,), missing=9))) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [plain(result)[2] for result in results] == [[[5, 6], [9, 7]]] * 2
    assert names(path.parent) == ["rain.txt", "rain.txt.cache", "rain.txt.cache.lock"]


def test_a_cache_that_cannot_be_made_is_told_with_the_reason_and_the_mend(path):
    folder = path / "no folder" / "cache"
    with pytest.raises(OSError) as caught:
        cache_text(path, (2,), missing=9, cache=folder)
    reason = os.strerror(caught.value.errno)
    assert str(caught.value) == f"{folder} cannot be made ({reason}): name a folder of your own by cache"


def test_a_folder_that_may_not_be_written_is_told_in_the_same_way(path, monkeypatch):
    def refuse(path, *arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(_locks, "open", refuse, raising=False)
    said = message(PermissionError, cache_text, path, (2,), missing=9)
    assert said == f"{path}.cache cannot be made (Permission denied): name a folder of your own by cache"


def test_a_cache_that_may_not_be_read_is_not_called_something_else(path):
    cache_text(path, (2,), missing=9)
    (path.parent / "rain.txt.cache" / "manifest.json").unlink()
    (path.parent / "rain.txt.cache" / "manifest.json").mkdir()  # opening it fails as for want of permission
    assert "Is a directory" in message(IsADirectoryError, cache_text, path, (2,), missing=9)


def test_every_option_of_the_conversion_reaches_it(path, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(threads, "choose_workers", lambda wish, jobs: asked.append(wish) or 1)
    bar = text.progress_bar
    monkeypatch.setattr(text, "progress_bar", lambda *a, **o: asked.append(a[2]) or bar(*a, **o))
    options = {"missing": 8, "cache": tmp_path / "there", "workers": 3, "progress": True}
    assert plain(cache_text(path, (2, 1), **options))[2] == [[[5], [6]], [[8], [7]]]
    write(path, b"c,3,1 2\n")
    assert plain(cache_text(path, (2, 1), **options, overwrite=True))[2] == [[[1], [2]]]
    assert asked == [True, 3, True, 3] and names(tmp_path) == ["rain.txt", "there", "there.lock"]
