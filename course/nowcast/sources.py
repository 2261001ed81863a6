"""Where films come from: texts of the competition, arrays, or storms made by rule."""

import errno
import json
import mmap
import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy import ndarray

from course._atomic import written_whole
from course.files import CodeTaken, write_header
from course.radar import format_of
from course.rain import MISSING, SHAPE, RainDataset, storms

DENIED = errno.EACCES, errno.EPERM, errno.EROFS
PIECE = 50  # storms made at a time
CODES = MISSING, 255, *range(253, -1, -1)  # in which order codes are tried for -1: values may hold the first


class Joined:
    """Films of several arrays, one after the other, read by number like those of one.

    Shapes: arrays uint8 (N, T, D, H, W), alike but for N.
    """

    def __init__(self, arrays: Sequence[ndarray]):
        self.arrays, self.ends = arrays, list(accumulate(map(len, arrays)))
        self.shape = (self.ends[-1], *arrays[0].shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, chosen: Sequence[int]) -> ndarray:
        found = np.empty((len(chosen), *self.shape[1:]), np.uint8)
        for place, film in enumerate(chosen):
            array = bisect_right(self.ends, film)
            found[place] = self.arrays[array][film - self.ends[array]]
        for array in self.arrays:
            _give_back(array)
        return found


def holds_frames(place: Path) -> bool:
    """Whether a place holds frames of a radar, rather than films: texts, or an array of them."""
    if place.is_dir():
        return not (place / "values.npy").exists() and not any(name.endswith(".txt") for name in os.listdir(place))
    if place.suffix == ".npy" and place.exists():
        return place.name != "values.npy" and np.load(place, mmap_mode="r").ndim < 5
    return place.exists() and format_of(place) is not None


class Part:
    """Some neighbouring films of others, read by their number among themselves."""

    def __init__(self, values: ndarray | Joined, numbers: range):
        self.values, self.numbers = values, numbers
        self.shape = (len(numbers), *values.shape[1:])

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, chosen: Sequence[int]) -> ndarray:
        found = self.values[[self.numbers[film] for film in chosen]]
        if not isinstance(self.values, Joined):  # which does it itself
            _give_back(self.values)
        return found


def _give_back(values: ndarray) -> None:
    """Let go of the pages of a mapped file that were read: in an epoch the memory of the process would take it all.

    They stay in the cache of the system, so that they are there at once if they are read again.
    """
    if isinstance(values.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):  # Windows has none
        values.base.madvise(mmap.MADV_DONTNEED)


def find_values(
    place: Path,
    shape: Sequence[int] | None = None,
    *,
    missing: int | None = None,
    cache: Path | None = None,
    spare: Path | None = None,
    progress: bool | None = None,
) -> tuple[ndarray | Joined, int]:
    """Map codes, and say which of them means missing: of values.npy, or of the caches of texts, made on first use.

    place: an array, a text, or a folder with one or more; of the competition's texts train.txt.
    missing: the code for -1; by default one is looked for that no value has.
    cache: a folder for the caches; by default they lie beside the texts, or in `spare` if nothing may be written there.
    Raises: FileNotFoundError if there is nothing, ValueError if an array does not fit or a code is taken, or as
        `RainDataset.from_text`.
    """
    if not place.exists():
        expected = "expected a text of the CIKM format, values.npy of its cache, or a folder with one"
        raise FileNotFoundError(f"there is no {place}, {expected}: check the path")
    array = place / "values.npy" if place.is_dir() else place
    if array.suffix == ".npy" and array.exists():
        values = map_values(array)
        return values, _check_as_asked(array, values, shape, missing)
    texts = _find_texts(place)
    try:
        return _map_texts(texts, tuple(shape or SHAPE), missing, cache, progress)
    except OSError as error:
        if error.errno not in DENIED or cache is not None or spare is None:
            raise
        return _map_texts(texts, tuple(shape or SHAPE), missing, spare, progress)


def _find_texts(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    texts = sorted(name for name in os.listdir(place) if name.endswith(".txt"))
    if not texts:
        expected = "expected one of the CIKM format, or values.npy of its cache"
        raise FileNotFoundError(f"{place} has no text, {expected}: name another folder")
    return [place / name for name in (["train.txt"] if "train.txt" in texts else texts)]


def _map_texts(texts: list[Path], shape: tuple, missing: int | None, cache: Path | None, progress: bool | None):
    caches = [(text.parent if cache is None else cache) / f"{text.name}.cache" for text in texts]
    known = [code for code in map(_code_of, caches) if code is not None]
    for code in dict.fromkeys([*known, *CODES]) if missing is None else [missing]:
        arrays = []
        try:
            for text, own in zip(texts, caches):
                anew = missing is None and _code_of(own) not in (None, code)  # another text has that as a value
                options = {"cache": own, "overwrite": anew, "progress": progress}
                arrays.append(RainDataset.from_text(text, shape, code, **options).values)
        except CodeTaken:
            if missing is not None:
                raise
            continue
        return arrays[0] if len(arrays) == 1 else Joined(arrays), code
    raise ValueError(f"values of {texts[0].parent} have all codes from 0 to 255, expected one that is free for -1")


def _code_of(cache: Path) -> int | None:
    """The code for -1 in a cache; None if there is no cache."""
    try:
        return json.loads((cache / "manifest.json").read_text(encoding="utf-8"))["missing"]
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError):
        return None  # what is wrong with a cache `cache_text` says


def _check_as_asked(array: Path, values: ndarray, shape: Sequence[int] | None, missing: int | None) -> int:
    """Return the code for -1 of an array. Raises: ValueError if the array is not what the arguments say."""
    if shape is not None and values.shape[1:] != tuple(shape):
        raise ValueError(f"{array} has films of {values.shape[1:]}, but shape is {tuple(shape)}: leave shape out")
    made = _code_of(array.parent)
    if None not in (made, missing) and made != missing:
        raise ValueError(f"{array} was made with missing {made}, now it is {missing}: leave missing out")
    return next((code for code in (missing, made) if code is not None), MISSING)


def map_values(path: Path) -> ndarray:
    """Map codes from a .npy file, uint8 (N, T, D, H, W). Raises: ValueError if it holds something else."""
    try:
        values = np.load(path, mmap_mode="c")
    except (ValueError, EOFError):
        raise ValueError(f"{path} is no array of NumPy's, or it is cut: make it anew, or name another one") from None
    if values.dtype != np.uint8 or values.ndim != 5:
        found = f"{values.dtype} {values.shape}"
        raise ValueError(f"{path} holds {found}, expected uint8 (N, T, D, H, W): name another folder")
    return values


def km_of(shape: Sequence[int]) -> int:
    """How large the cells are in which storms of this shape (T, D, H, W) fill the radar's map. Units: km."""
    return max(1, max(SHAPE) // max(shape[2:]))


def make_values(path: Path, count: int, shape: Sequence[int], seed: int) -> None:
    """Make storms into a .npy file, whole or not at all, piece by piece."""
    with written_whole(path) as part, open(part, "wb") as file:
        write_header(file, (count, *shape))
        for first in range(0, count, PIECE):
            made = storms(min(PIECE, count - first), seed, tuple(shape), km=km_of(shape), first=first)
            file.write(made.values)
