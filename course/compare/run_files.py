"""Runs in a file of JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from course._atomic import written_whole
from course.compare.runs import Run
from course.train import Metrics


def save_runs(runs: Sequence[Run], path: str | Path) -> None:
    """Write runs to a JSON file, whole or not at all."""
    text = json.dumps({"runs": [asdict(run) for run in runs]}, allow_nan=False)
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")


def load_runs(path: str | Path) -> list[Run]:
    """Read what `save_runs` wrote. Raises: OSError if it cannot be read, ValueError if it is something else."""
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))["runs"]
        return [_run_of(entry) for entry in entries]
    except FileNotFoundError:
        raise FileNotFoundError(f"no runs at {path}: save some there by save_runs") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} holds no runs, expected a file of save_runs: name another one") from None


def _run_of(entry: dict) -> Run:
    """Undo `asdict`: JSON keeps a Metrics as a list."""
    run = Run(**entry)
    run.train, run.valid = ([Metrics(*row) for row in rows] for rows in (run.train, run.valid))
    run.test = run.test and Metrics(*run.test)
    return run
