"""Curves of a run: one small interface, and the event files that TensorBoard reads."""

import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Curves = Callable[[int, Mapping[str, float]], None]
"""What takes the next point of each curve, as in `curves(3, {"loss/train": 0.31, "loss/valid": 0.35})`."""


@contextmanager
def event_files(folder: Path | str) -> Iterator[Curves]:
    """Give a curves that writes event files: one folder a run, `tensorboard --logdir PARENT` compares the runs.

    Each call is on the disk when it returns. A run that goes on in its folder replaces what stands there from its
    first step on. inf and nan are written, and TensorBoard marks them.
    Raises: ImportError without tensorboard; NotADirectoryError if folder is a file; what `check_point` raises.
    """
    folder = Path(folder)
    try:
        from torch.utils.tensorboard import SummaryWriter  # only now: slow to import, and an extra
    except ImportError as error:
        text = f'event files need tensorboard ({error}): run pip install "course[curves]"'
        raise ImportError(text) from error
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file, expected a folder for event files: name another")
    writer = None

    def curves(step: int, values: Mapping[str, float]) -> None:
        nonlocal writer
        step, values = check_point(step, values)
        if writer is None:
            writer = SummaryWriter(str(folder), purge_step=step)
        for name, value in values.items():
            writer.add_scalar(name, value, step)
        writer.flush()

    try:
        yield curves
    finally:
        if writer is not None:
            writer.close()


def to_all(*several: Curves) -> Curves:
    """Return a curves that hands each point to several of them, as in `to_all(live, files)`."""

    def curves(step: int, values: Mapping[str, float]) -> None:
        for each in several:
            each(step, values)

    return curves


def check_point(step: int, values: Mapping[str, float]) -> tuple[int, dict[str, float]]:
    """Return a step and its values as plain numbers.

    Raises: TypeError if the step is no whole number or a value no number, ValueError if a name is empty.
    """
    try:
        step = operator.index(step)
    except TypeError:
        raise TypeError(f"step is {step!r}, expected a whole number: count epochs or batches") from None
    plain = {}
    for name, value in values.items():
        if not isinstance(name, str) or not name.strip("/ "):
            raise ValueError(f"name of a curve is {name!r}, expected a text: try 'loss/train'")
        try:
            plain[name] = float(value.item() if hasattr(value, "item") else value)  # tensors, and those of numpy
        except (TypeError, ValueError, RuntimeError):  # the last one from a tensor of several numbers
            kind = type(value).__name__
            raise TypeError(f"{name} at step {step} is a {kind}, expected one number: try its mean") from None
    return step, plain
