"""The files of the course: data and notebooks."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from course import _places
from course.doctor.check import Check


def check_data() -> Iterator[Check]:
    from course import mnist
    from course.mnist import standin

    named = os.environ.get("COURSE_DATA")
    file = _places.DATA / standin.FILE
    try:
        root = mnist.find_mnist()
        name = mnist.load_mnist(root).name if root else None
    except (OSError, ValueError) as error:
        yield Check("FAIL", str(error))
        return
    if name == "MNIST":
        yield Check("ok", f"data: MNIST in {root}")
    elif root:
        yield Check("note", f"data: {name} in {root}, not MNIST, though its files are named so")
    elif named:
        yield Check(
            "FAIL",
            f"COURSE_DATA is {named}, but {Path(named) / 'MNIST/raw'} has no MNIST: "
            "correct it, or unset it to use the stand-in",
        )
    else:
        here = "is here" if file.exists() else "will be made on first use"
        yield Check("ok", f"data: no MNIST; its stand-in {file} {here}")


def check_notebooks() -> Iterator[Check]:
    """Whether every notebook can be read: a merge or an editor may have left something else."""

    try:
        paths = _places.find_notebooks(_places.NOTEBOOKS)
    except FileNotFoundError as error:
        yield Check("FAIL", str(error))
        return
    for path in paths:
        try:
            json.loads(path.read_bytes())["cells"]
        except (ValueError, KeyError, TypeError):
            merged = b"\n<<<<<<<" in path.read_bytes()
            why = "holds two versions that git could not merge" if merged else "is no notebook"
            yield Check(
                "FAIL", f'{path} {why}: keep a copy of your answers, then git checkout HEAD -- "notebooks/{path.name}"'
            )
