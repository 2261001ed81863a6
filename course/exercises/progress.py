"""What a learner has solved, and what is left."""

from collections.abc import Iterable
from pathlib import Path

from course.exercises import EXERCISES
from course.exercises.solved import read_solved


def describe_progress(notebooks: Iterable[Path]) -> str:
    """Return a line for each notebook: how many of its exercises are solved, and which are left; then one for all."""
    solved, lines = read_solved(), []
    for path in notebooks:
        own = [name for name in EXERCISES if name.startswith(f"{path.stem[3:]}.")]
        left = [name for name in own if name not in solved]
        rest = f"   left: {' '.join(left)}" if left else ""
        lines.append(f"{path.stem:<16} {len(own) - len(left)} of {len(own)}{rest}")
    return "\n".join([*lines, f"exercises solved: {len(solved & EXERCISES.keys())} of {len(EXERCISES)}"])
