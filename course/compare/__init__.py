"""Compare optimizers fairly, and sum up what the runs gave."""

from course.compare.race import OPTIMIZERS, Competitor, Task, compare, sweep
from course.compare.runs import (
    Choice,
    Range,
    Reached,
    Row,
    Run,
    describe_rows,
    load_runs,
    save_runs,
    steps_to,
    table,
    tune,
)

__all__ = [
    "OPTIMIZERS",
    "Choice",
    "Range",
    "Reached",
    "Competitor",
    "Row",
    "Run",
    "Task",
    "compare",
    "describe_rows",
    "load_runs",
    "save_runs",
    "steps_to",
    "sweep",
    "table",
    "tune",
]
