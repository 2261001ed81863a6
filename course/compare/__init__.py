"""Compare optimizers fairly, and sum up what the runs gave."""

from course.compare.differences import describe_differences, difference, differences, draw_differences
from course.compare.race import OPTIMIZERS, Competitor, Task, compare, sweep
from course.compare.run_files import load_runs, save_runs
from course.compare.runs import (
    Choice,
    Range,
    Reached,
    Row,
    Run,
    describe_rows,
    steps_to,
    table,
    tune,
)
from course.compare.tuning import Tuned, tune_alike

__all__ = [
    "OPTIMIZERS",
    "Choice",
    "Range",
    "Reached",
    "Competitor",
    "Row",
    "Run",
    "Task",
    "Tuned",
    "compare",
    "describe_differences",
    "describe_rows",
    "difference",
    "differences",
    "draw_differences",
    "load_runs",
    "save_runs",
    "steps_to",
    "sweep",
    "table",
    "tune",
    "tune_alike",
]
