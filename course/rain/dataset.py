"""Radar sequences as text, and as a Dataset over arrays that may be larger than memory."""

import mmap
from os import PathLike

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor
from torch.utils.data import Dataset

from course._atomic import written_whole
from course.files import Records, cache_text
from course.rain.codes import MISSING, SHAPE, echo
from course.rain.storms import Storms


def write_text(path: PathLike | str, records: Records | Storms, missing: int = MISSING) -> None:
    """Write sequences as text, one a line, `id,label,values`, whole or not at all; missing values become -1.

    Raises: ValueError that names what no reader would take; OSError if the file cannot be written.
    """
    ids, labels, values = records[:3]
    _check(labels, values)
    if len(ids) != len(labels):
        raise ValueError(f"there are {len(ids)} ids and {len(labels)} labels, expected as many")
    for name in ids:
        if not name or any(mark in name for mark in ",\r\n\0"):
            raise ValueError(f"id is {name!r}, expected text without comma or line end: rename it")
    if not 0 <= missing <= 255:
        raise ValueError(f"missing is {missing}, expected a code from 0 to 255")
    words = [b"%d" % code for code in range(256)]
    words[missing] = b"-1"
    with written_whole(path) as part, open(part, "wb") as file:
        for name, label, codes in zip(ids, labels, values):
            line = b" ".join(map(words.__getitem__, codes.tobytes()))
            file.write(f"{name},{label},".encode() + line + b"\n")


class RainDataset(Dataset):
    """Sequences and their rain, made floats one by one: the values may lie in a file mapped to memory.

    A worker process of a DataLoader maps the file again, so that no values are sent or copied.
    Shapes: values uint8 (N, T, D, H, W), labels (N,); items x float32 (T, D, H, W), echo from 0 to 1 and 0
        where it is missing, and y float32 (). Networks in 2-D take the heights D as channels, those in 3-D
        want one channel: `x.unsqueeze(2)` of a batch.
    Units: labels in mm.
    Raises: ValueError if values are no uint8, or labels are not as many rain amounts.
    """

    def __init__(self, values: ndarray, labels: ndarray, missing: int = MISSING):
        _check(labels, values)
        self.values, self.missing = values, missing
        self.labels = torch.tensor(labels, dtype=torch.float32)

    @classmethod
    def from_text(
        cls, path: PathLike | str, shape: tuple[int, ...] = SHAPE, missing: int = MISSING, **options
    ) -> "RainDataset":
        """Map the values of a text file, such as the competition's, from a cache that is made on first use.

        options: those of `course.files.cache_text`.
        Raises: as `cache_text`, and if a label is negative.
        """
        records = cache_text(path, shape, missing=missing, **options)
        return cls(records.values, records.labels, missing)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return echo(self.values[index], self.missing)[0], self.labels[index]

    def __getstate__(self) -> dict:
        return vars(self) | {"values": _place_in_file(self.values)}

    def __setstate__(self, state: dict) -> None:
        vars(self).update(state)
        if isinstance(self.values, dict):
            self.values = np.memmap(mode="c", **self.values)


def _place_in_file(values: ndarray) -> ndarray | dict:
    """Where a mapped array lies, as np.memmap takes it; the array itself if it is in no file."""
    whole = values
    while isinstance(whole.base, np.memmap):
        whole = whole.base
    if not (isinstance(whole.base, mmap.mmap) and values.flags.c_contiguous):
        return np.asarray(values)
    offset = whole.offset + values.ctypes.data - whole.ctypes.data  # a slice says the offset of its whole
    return {"filename": whole.filename, "dtype": values.dtype, "shape": values.shape, "offset": offset}


def _check(labels: ndarray, values: ndarray) -> None:
    if values.dtype != np.uint8:
        raise ValueError(f"values are {values.dtype}, expected uint8: codes from 0 to 255")
    if len(labels) != len(values):
        raise ValueError(f"there are {len(labels)} labels and {len(values)} sequences, expected as many")
    for number, label in enumerate(labels):
        if not 0 <= label < np.inf:
            raise ValueError(f"label {number} is {label}, expected 0 or more mm of rain")
