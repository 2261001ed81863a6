"""One helper that turns a wrong shape into a sentence that helps."""

from torch import Tensor


def check_shape(name: str, x: Tensor, expected: str, mend: str = "") -> None:
    """Check a tensor's shape against letters and numbers, such as "B 1 28 28".

    A letter stands for any size (the same letter twice: the same size), a number for itself, a leading
    "..." for any leading dimensions.
    Raises: ValueError that names the tensor, its shape, the expected one and the mend.
    """
    axes = expected.split()
    sizes = tuple(x.shape)
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
