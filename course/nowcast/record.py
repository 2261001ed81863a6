"""What the folder of a run says of it: plan.json, weights.pt and scores.json; and a run that is read from there."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from course._atomic import written_whole
from course._checkpoint import load_checkpoint, save_checkpoint
from course.nowcast.films import CHANNELS, Films, Fitted
from course.nowcast.judge import Levels
from course.nowcast.plan import Plan
from course.nowcast.targets import build_network
from course.nowcast.windows import Windows
from course.rain import Damping

NOTE, WEIGHTS, SCORES = "plan.json", "weights.pt", "scores.json"


class Trained(NamedTuple):
    """A run on frames of a radar whose training has ended.

    reading: km, minutes, scale, missing and pool as given for `read_frames`. split: number of films, first and last
    time of the parts "train on", "choose by" and "judge by". levels: as `tune_levels`
    gives them. Units: km from cell to cell, minutes from frame to frame.
    """

    folder: Path
    plan: Plan
    km: float
    minutes: int
    fitted: Fitted
    reading: dict
    split: dict
    levels: Levels
    weights: dict[str, Tensor]

    def build(self) -> nn.Module:
        """Return the network, with the best weights."""
        model = build_network(self.plan, CHANNELS)
        model.load_state_dict(self.weights)
        return model.eval()


def note_run(plan: Plan, parts: Mapping[str, Films | Windows], reading: Mapping[str, object]) -> dict:
    """Return the plan of a run, and what it knows of its data. parts: by use, the films to train on first."""
    films = next(iter(parts.values()))
    return {
        "plan": asdict(plan),
        "data": "frames" if isinstance(films, Windows) else "films",
        "reading": {**reading, "pool": plan.pool},
        "km": films.km,
        "minutes": films.minutes,
        "fitted": films.fitted._asdict(),
        "split": {use: _span(part) for use, part in parts.items()},
    }


def _span(films: Films | Windows) -> dict:
    if not isinstance(films, Windows) or not len(films):
        return {"films": len(films)}
    ends = films.frames.times[[films.starts[0], films.starts[-1] + films.shape[0] - 1]]
    return {"films": len(films), **dict(zip(("first", "last"), map(str, ends)))}


def _fitted(told: dict) -> Fitted:
    dampings, translations = ([Damping(*each) for each in told[name]] for name in ("dampings", "translations"))
    return Fitted(dampings, told["mixtures"], translations)


def write_note(out: Path, note: dict) -> None:
    """Write plan.json as a run begins. Weights that are there already stay known, if they are of the same run."""
    there = _read(out / NOTE) or {}
    note = json.loads(json.dumps(note))
    same = there == there | note
    _write(out / NOTE, note | {name: there.get(name) if same else None for name in ("levels", "weights")})


def write_results(out: Path, note: dict, weights: dict[str, Tensor], report: dict) -> None:
    """Write weights.pt, scores.json and plan.json as a run ends."""
    save_checkpoint({name: value.cpu() for name, value in weights.items()}, out / WEIGHTS)
    _write(out / SCORES, report)
    _write(out / NOTE, note | {"levels": report["levels"], "weights": sum_weights(weights)})


def read_run(folder: Path | str) -> Trained:
    """Read a run on frames of a radar.

    Raises: as `read_any`; ValueError if it was trained on films.
    """
    run, note = read_any(folder)
    if note["data"] != "frames":
        raise ValueError(
            f"{folder} was trained on films, expected a run on frames of a radar: train one by --data FRAMES"
        )
    return run


def read_any(folder: Path | str) -> tuple[Trained, dict]:
    """Read a run on frames or films, and its note, as `note_run` gives it.

    Raises: FileNotFoundError if it is no run, or has no weights yet; ValueError if it is damaged.
    """
    folder = Path(folder)
    if not (folder / NOTE).exists():
        told = f"{folder} has no {NOTE}" if folder.is_dir() else f"there is no folder {folder}"
        raise FileNotFoundError(f"{told}, expected the --out of a training: name another folder")
    note, again = _read(folder / NOTE), "give the command of its training again"
    try:
        plan = {key: tuple(value) if isinstance(value, list) else value for key, value in note["plan"].items()}
        fields = Plan(**plan), note["km"], note["minutes"], _fitted(note["fitted"])
        expected, known = note["weights"], (note["reading"], note["split"])
        _ = note["data"], note["checksum of the films"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{folder / NOTE} is damaged or of another version: {again}") from error
    if expected is None or not (folder / WEIGHTS).exists():
        raise FileNotFoundError(f"{folder} has no weights yet, for its training has not ended: {again}")
    weights = load_checkpoint(folder / WEIGHTS)
    if sum_weights(weights) != expected:
        raise ValueError(f"{folder / WEIGHTS} is not of the run that {NOTE} beside it tells of: {again}")
    return Trained(folder, *fields, *known, note["levels"], weights), note


def begin_with(model: nn.Module, place: Path | str) -> int:
    """Give a network the weights of another run, or those of a file; return their checksum.

    Raises: FileNotFoundError if there are none, ValueError if they do not fit or are something else.
    """
    path = Path(place) / WEIGHTS if Path(place).is_dir() else Path(place)
    if not path.exists():
        raise FileNotFoundError(f"init is {place}, but there is no {path}: name a run that has ended, or its {WEIGHTS}")
    weights = load_checkpoint(path)
    there, here = ({name: _shape(value) for name, value in some.items()} for some in (weights, model.state_dict()))
    for name in here | there:
        ours, theirs = here.get(name, "absent"), there.get(name, "absent")
        if ours != theirs:
            mend = "give hidden and dim as they were there, or name another run"
            raise ValueError(f"init {path} is of another network: {name} is {theirs} there and {ours} here: {mend}")
    model.load_state_dict(weights)
    return sum_weights(weights)


def sum_weights(weights: Mapping[str, Tensor]) -> int:
    """Return a checksum of weights."""
    total = 0
    for name in sorted(weights):
        total = zlib.crc32(weights[name].detach().cpu().numpy().tobytes(), zlib.crc32(name.encode(), total))
    return total


def _shape(value: object) -> object:
    return tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__


def _read(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write(path: Path, told: dict) -> None:
    with written_whole(path) as part:
        part.write_text(json.dumps(told, indent=1, allow_nan=False), encoding="utf-8")
