"""Read idx files, the format of MNIST: a header that gives the shape, then the numbers.

Source: http://yann.lecun.com/exdb/mnist: two zero bytes, type, number of dimensions, sizes, numbers.
"""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path

import torch
from torch import Tensor

AGAIN = "move it away and run `python3 run.py data download`"


def read_idx(path: Path | str) -> Tensor:
    """Read an idx file of unsigned bytes, plain or gzipped; its header gives the shape.

    Raises: FileNotFoundError, PermissionError, or ValueError that says what is wrong with the file.
    """
    content = read_bytes(Path(path))
    if content[:3] != b"\0\0\x08":
        start = f"starts with {content[:4].hex(' ')}" if content else "is empty"
        raise ValueError(f"{path} {start}, expected an idx file of unsigned bytes (00 00 08): {AGAIN}")
    dimensions = int.from_bytes(content[3:4])
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise ValueError(f"{path} has {len(content)} bytes, expected a header of {header}: {AGAIN}")
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    expected = header + math.prod(shape)
    if len(content) != expected:
        raise ValueError(f"{path} has {len(content)} bytes, expected {expected} for shape {shape}: {AGAIN}")
    return torch.frombuffer(content, dtype=torch.uint8)[header:].reshape(shape)


def hash_idx(numbers: Tensor) -> str:
    """Return the md5 of the idx file that holds these numbers, each from 0 to 255, as unsigned bytes."""
    header = struct.pack(f">HBB{numbers.ndim}I", 0, 8, numbers.ndim, *numbers.shape)
    digest = hashlib.md5(header, usedforsecurity=False)
    digest.update(numbers.byte().contiguous().numpy().data)
    return digest.hexdigest()


def read_bytes(path: Path) -> bytearray:
    """Read a file, unpacked if it is gzipped. Raises: as `read_idx`."""
    if path.is_dir():
        raise ValueError(f"{path} is a directory, expected an idx file: give the path of a file in it")
    try:
        with open(path, "rb") as file:
            content = bytearray(file.read())
        return bytearray(gzip.decompress(content)) if content[:2] == b"\x1f\x8b" else content
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing: run `python3 run.py data download`") from None
    except PermissionError:
        raise PermissionError(f"{path} is not yours to read: change its permissions") from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise ValueError(f"{path} is a damaged gzip file: {AGAIN}") from None


def find_file(folder: Path, name: str) -> Path:
    """Return the path of a file that may be gzipped: name.gz if that alone is there, else name."""
    plain, packed = folder / name, folder / f"{name}.gz"
    return packed if packed.exists() and not plain.exists() else plain
