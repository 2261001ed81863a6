"""Small helpers that turn a wrong shape or size into a sentence that helps."""

from collections.abc import Sequence
from numbers import Integral

from torch import Tensor


def check_whole(name: str, number: object, mend: int) -> int:
    """Return a whole number, Python's or NumPy's, as an int. Raises: ValueError that names it and the mend."""
    if not isinstance(number, Integral) or isinstance(number, bool):
        raise ValueError(f"{name} is {number!r}, expected a whole number: try {mend}")
    return int(number)


def check_shape(name: str, x: Tensor, expected: str | Sequence[int], mend: str = "") -> None:
    """Check a tensor's shape against letters and numbers, such as "B 1 28 28", or against numbers alone.

    A letter stands for any size (the same letter twice: the same size), a number for itself, a leading
    "..." for any leading dimensions.
    Raises: ValueError that names the tensor, its shape, the expected one and the mend, or says that it is none.
    """
    if not isinstance(x, Tensor):
        raise ValueError(f"{name} is of type {type(x).__name__}, expected a tensor, as torch.as_tensor makes it")
    sizes = tuple(x.shape)
    if not isinstance(expected, str):
        if sizes == tuple(expected):  # first, for text would make the dynamic sizes of torch.export static
            return
        expected = " ".join(map(str, expected))
    axes = expected.split()
    if axes and axes[0] == "...":
        axes = axes[1:]
        sizes = sizes[max(0, len(sizes) - len(axes)) :]
    seen: dict[str, int] = {}
    fits = len(sizes) == len(axes) and all(
        size == (int(axis) if axis.isdigit() else seen.setdefault(axis, size)) for axis, size in zip(axes, sizes)
    )
    if not fits:
        axes = expected.split()
        shape = f"({', '.join(axes)}{',' * (len(axes) == 1)})"  # as Python writes a tuple
        raise ValueError(f"{name} has shape {tuple(x.shape)}, expected {shape}{f': {mend}' if mend else ''}")
