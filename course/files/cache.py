"""Convert a text once, then map its values from a file into memory, in no time."""

import errno
import json
import math
import os
import shutil
import threading
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import numpy as np

from course._atomic import FULL, reworded
from course._locks import locked
from course.files.line import Records
from course.files.text import Block, Text, byte_bar, cut, look, unchanged
from course.files.threads import Heads, choose_parser, parse_texts

FORMAT = 1


def cache_text(
    path: str | os.PathLike,
    shape: Sequence[int],
    *,
    missing: int,
    cache: str | os.PathLike | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    progress: bool | None = None,
) -> Records:
    """Return what `read_fast` would, with values mapped from a cache; convert the text if there is none yet.

    An interrupted conversion leaves nothing that loads. Of several callers one converts, the others wait, unless
    nothing can be locked there, as in some networks.
    Values may be written to: that changes them in memory only.
    cache: a folder, by default beside the text and named as it is, with .cache at the end.
    overwrite: convert anew, as one must if the text or the arguments have changed.
    Raises: as `read_fast`; ValueError if the cache is not the one of this text; OSError if nothing can be written
        there, or there is no space.
    Warns: as `read_fast`; UserWarning if nothing can be locked there.
    """
    text = look(path, shape, missing, workers)[0]
    path = Path(path)
    cache = path.with_name(f"{path.name}.cache") if cache is None else Path(cache)
    wanted = {
        "format": FORMAT,
        "text": path.name,
        "size": text.size,
        "changed": text.changed,
        "shape": [int(size) for size in shape],
        "missing": int(missing),
    }
    if overwrite and cache.exists():
        _read_manifest(cache)  # what is no cache must not be wiped
    if overwrite or not cache.exists():
        try:
            cache.parent.mkdir(parents=True, exist_ok=True)
            with locked(f"{cache}.lock") as reason:
                if overwrite or not cache.exists():  # not made by another meanwhile
                    if reason:
                        warnings.warn(f"{cache}.lock cannot be locked ({reason}): others may convert too", stacklevel=2)
                    partial = cache.with_name(f"{cache.name}.{uuid4().hex if reason else ''}partial")
                    _convert(text, wanted, cache, partial, workers, progress)
        except OSError as error:
            if error.filename in (None, text.path):
                raise
            mend = "name a folder of your own by cache"
            raise reworded(error, f"{cache} cannot be made ({error.strerror}): {mend}") from None
    return _load(cache, wanted)


def _convert(text: Text, wanted: dict, cache: Path, partial: Path, workers: int | None, progress: bool | None) -> None:
    """Fill a folder under another name, `partial`; it takes that of the cache when it is whole."""
    shutil.rmtree(partial, ignore_errors=True)  # of a conversion that was killed
    needed, old = 0, cache.exists()
    try:
        partial.mkdir()
        with unchanged([text]), byte_bar([text], progress) as advance:
            rows = sum(block.rows for block in cut([text]))
            needed = rows * math.prod(wanted["shape"])
            if needed > shutil.disk_usage(partial).free:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            heads = _write_values(partial / "values.npy", rows, text, wanted, workers, advance)
        np.save(partial / "labels.npy", np.array([label for _, label in heads]))
        _write_json(partial / "ids.json", [name for name, _ in heads])
        _write_json(partial / "manifest.json", wanted | {"rows": rows})
        if cache.exists():
            if not old:
                return  # another has made it meanwhile, where nothing can be locked
            shutil.rmtree(cache)
        os.rename(partial, cache)
    except OSError as error:
        if error.errno not in FULL:
            raise
        size, mend = f"{needed / 1e6:.1f} MB", "free some, or name another place by cache"
        raise reworded(error, f"no space for {cache}, which takes {size}: {mend}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_values(
    path: Path, rows: int, text: Text, wanted: dict, workers: int | None, advance: Callable[[float], object]
) -> Heads:
    """Write the values of a text to a .npy file block by block, and return its heads."""
    count = math.prod(wanted["shape"])
    lock = threading.Lock()
    with open(path, "wb") as file:
        write_header(file, (rows, *wanted["shape"]))
        start = file.tell()

        def rows_of(block: Block) -> np.ndarray:
            return np.empty((min(block.rows, block.size // (2 * count) + 1), count), np.uint8)

        def keep(block: Block, values: np.ndarray) -> None:
            with lock:  # written, not mapped: a full disk kills a process that writes to a mapped file
                file.seek(start + block.row * count)
                file.write(values.data)

        heads = parse_texts([text], wanted["missing"], choose_parser(), workers, advance, rows_of, keep)
        file.flush()
        os.fsync(file.fileno())  # so that even a power cut leaves no cache with holes
    return heads


def write_header(file: BinaryIO, shape: Sequence[int]) -> None:
    """Begin a .npy file of uint8, whose values are written piece by piece; a longer first size fits in its place."""
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": tuple(shape)})


def _load(cache: Path, wanted: dict) -> Records:
    manifest = _read_manifest(cache)
    for key, value in wanted.items():
        if manifest.get(key) != value:
            mend = "delete it, or pass overwrite=True, to convert the text again"
            raise ValueError(f"{cache} was made for {key} {manifest.get(key)}, now it is {value}: {mend}")
    ids = json.loads((cache / "ids.json").read_text(encoding="utf-8"))
    return Records(ids, np.load(cache / "labels.npy"), np.load(cache / "values.npy", mmap_mode="c"))


def _read_manifest(cache: Path) -> dict:
    try:
        return json.loads((cache / "manifest.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise ValueError(f"{cache} is no cache of a text: name another folder by cache") from None


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
