"""What `course.nowcast` trains: films from a mapped file, the network, its loss, forecasts and scores."""

import errno
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn
from torch.nn import functional as F

from course._atomic import written_whole
from course.convlstm import RainNet
from course.rain import MISSING, SHAPE, STRONG, RainDataset, csi, drift, echo, move, rmse, storms

DENIED = errno.EACCES, errno.EPERM, errno.EROFS
PIECE = 50  # storms made at a time
FIRST = 2  # step of a film from which a forecast counts: before, the network has seen too little


class Batch(NamedTuple):
    """What the network sees, what it should say, and where that was measured.

    x: the frames, and as its last channel each frame moved on by the drift of its film. y: what became of it.
    Shapes: (B, T, C, *S), (B, T, 1, *S) twice, y the lowest height in 2-D and all heights in 3-D.
    """

    x: Tensor
    y: Tensor
    seen: Tensor


class Films:
    """Films of radar, cut out of a mapped file by number: only what is asked for is read.

    Each frame is a question: how does it look `ahead` frames later? All frames but the last `ahead` are seen.
    values: codes, `missing` where nothing was measured. pool: side of the squares of cells whose mean is one cell here.
    Shapes: values uint8 (N, T, D, H, W).
    """

    def __init__(self, values: ndarray, ahead: int, pool: int, dim: int, missing: int = MISSING):
        frames, *_, rows, columns = values.shape[1:]
        if not 1 <= ahead <= frames - FIRST - 1:
            most = frames - FIRST - 1
            raise ValueError(f"ahead is {ahead}, expected 1 to {most}: a film has {frames} frames")
        if not 1 <= pool <= min(rows, columns) // 8:
            most, sides = min(rows, columns) // 8, f"{rows} x {columns} cells"
            raise ValueError(f"pool is {pool}, expected 1 to {most}: of {sides}, 8 x 8 must be left")
        self.values, self.ahead, self.pool, self.dim, self.missing = values, ahead, pool, dim, missing
        self.channels = values.shape[2] + 1 if dim == 2 else 2

    def __len__(self) -> int:
        return len(self.values)

    def read(self, chosen: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return echo from 0 to 1, and where it was measured. Shapes: twice (B, T, D, H, W)."""
        light, seen = echo(self.values[list(chosen)], self.missing)
        films_and_frames = light.shape[:2]
        maps = (part.float().flatten(0, 1) for part in (light, seen))
        light, share = (F.avg_pool2d(part, self.pool).unflatten(0, films_and_frames) for part in maps)
        return light, share == 1

    def batch(self, chosen: Sequence[int], device: torch.device | str = "cpu") -> Batch:
        """Read some films, as the network wants them."""
        light, seen = self.read(chosen)
        past, past_seen = light[:, : -self.ahead], seen[:, : -self.ahead]
        # A process may have no film of a short batch, and nothing has no drift.
        moved = move(past, drift(past, past_seen), self.ahead) if len(past) else past
        y, seen = light[:, self.ahead :], seen[:, self.ahead :]
        if self.dim == 2:  # heights are channels
            x, y, seen = torch.cat([past, moved[:, :, :1]], 2), y[:, :, :1], seen[:, :, :1]
        else:
            x, y, seen = torch.stack([past, moved], 2), y.unsqueeze(2), seen.unsqueeze(2)
        return Batch(x.to(device), y.to(device), seen.to(device))


class Nowcast(nn.Module):
    """What drift says, and what RainNet adds to it; a new network adds nothing.

    hidden: channels of each layer of RainNet. channels: of x, the last of them the moved frames.
    Shapes: x (B, T, C, *S); returns (B, T, 1, *S).
    """

    def __init__(self, channels: int, hidden: Sequence[int] = (8, 8, 8), dim: int = 2, seed: int = 0):
        super().__init__()
        self.net = RainNet(channels, hidden, dim=dim, generator=torch.Generator().manual_seed(seed))
        nn.init.zeros_(self.net.last.weight)
        nn.init.zeros_(self.net.last.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, -1:] + self.net(4 * x - 1)  # echo is mostly below a half: now it lies around zero


def film_losses(model: nn.Module, batch: Batch) -> Tensor:
    """Return the mean squared error of each film, where it was measured; 0 if nowhere. Shapes: (B,)."""
    error = (model(batch.x) - batch.y)[:, FIRST:].square()
    seen = batch.seen[:, FIRST:].to(error.dtype)
    return (error * seen).flatten(1).sum(1) / seen.flatten(1).sum(1).clamp(min=1)


@torch.inference_mode()
def forecast(model: nn.Module, films: Films, chosen: Sequence[int], device: torch.device | str) -> dict[str, Tensor]:
    """Forecast the lowest height, from all frames that may be seen: by the network and by its rivals.

    Shapes: each (B, H, W): "truth" and "seen", "RainNet", "persistence", "advection".
    """
    batch = films.batch(chosen, device)
    maps = {
        "truth": batch.y,
        "seen": batch.seen,
        "RainNet": model(batch.x).clamp(0, 1),
        "persistence": batch.x[:, :, :1],
        "advection": batch.x[:, :, -1:],  # frames, and frames moved on
    }
    lowest = (slice(None), -1, 0) if films.dim == 2 else (slice(None), -1, 0, 0)
    return {name: values[lowest].cpu() for name, values in maps.items()}


def score(maps: dict[str, Tensor]) -> dict[str, dict[str, float | None]]:
    """Score the forecasts: RMSE in codes, CSI at 20 and 35 dBZ; None where there was nothing to score."""
    truth, seen = maps["truth"], maps["seen"]
    scores = {}
    for name in ("RainNet", "advection", "persistence"):
        rain = [csi(maps[name], truth, code / 255, seen) for code in STRONG]
        numbers = dict(zip(("rmse", "csi_20dBZ", "csi_35dBZ"), (255 * rmse(maps[name], truth, seen), *rain)))
        scores[name] = {kind: None if math.isnan(number) else number for kind, number in numbers.items()}
    return scores


def describe_scores(scores: dict[str, dict[str, float | None]]) -> str:
    """Return a table, one line a forecast."""
    lines = [f"{'':12}  RMSE (codes)  CSI at 20 dBZ  CSI at 35 dBZ"]
    for name, row in scores.items():
        error = f"{'none':>12}" if row["rmse"] is None else f"≈ {row['rmse']:10.2f}"
        rain = row["csi_20dBZ"], row["csi_35dBZ"]
        light, heavy = ("none" if value is None else f"≈ {value:.3f}" for value in rain)
        lines.append(f"{name:12}  {error}  {light:>13}  {heavy:>13}")
    return "\n".join(lines)


def find_values(
    place: Path,
    shape: Sequence[int] | None = None,
    *,
    missing: int = MISSING,
    cache: Path | None = None,
    spare: Path | None = None,
    progress: bool | None = None,
) -> ndarray:
    """Map codes: of values.npy, as in a cache of `course.files`, or of the cache of a text, made on first use.

    place: one of them, or a folder that has one; of several texts train.txt, as in the competition.
    cache: a folder for the cache; by default it lies beside the text, or in `spare` if nothing may be written there.
    Raises: FileNotFoundError if there is nothing, ValueError if there are several texts or an array does not fit,
        or as `RainDataset.from_text`.
    """
    if not place.exists():
        expected = "expected a text of the CIKM format, values.npy of its cache, or a folder with one"
        raise FileNotFoundError(f"there is no {place}, {expected}: check the path")
    array = place / "values.npy" if place.is_dir() else place
    if array.suffix == ".npy" and array.exists():
        values = map_values(array)
        _check_as_asked(array, values, shape, missing)
        return values
    text = _find_text(place)
    own = None if cache is None else cache / f"{text.name}.cache"
    try:
        return RainDataset.from_text(text, tuple(shape or SHAPE), missing, cache=own, progress=progress).values
    except OSError as error:
        if error.errno not in DENIED or cache is not None or spare is None:
            raise
        return find_values(text, shape, missing=missing, cache=spare, progress=progress)


def _find_text(place: Path) -> Path:
    if not place.is_dir():
        return place
    texts = sorted(name for name in os.listdir(place) if name.endswith(".txt"))
    if len(texts) == 1 or "train.txt" in texts:
        return place / ("train.txt" if "train.txt" in texts else texts[0])
    if texts:
        raise ValueError(f"{place} has the texts {', '.join(texts)}, expected one, or train.txt: give the path of one")
    expected = "expected one of the CIKM format, or values.npy of its cache"
    raise FileNotFoundError(f"{place} has no text, {expected}: name another folder")


def _check_as_asked(array: Path, values: ndarray, shape: Sequence[int] | None, missing: int) -> None:
    """Raise ValueError if an array is not what the arguments say; a cache has a note of its code for -1."""
    if shape is not None and values.shape[1:] != tuple(shape):
        raise ValueError(f"{array} has films of {values.shape[1:]}, but shape is {tuple(shape)}: leave shape out")
    note = array.with_name("manifest.json")
    made = json.loads(note.read_text(encoding="utf-8"))["missing"] if note.exists() else missing
    if made != missing:
        raise ValueError(f"{array} was made with missing {made}, now it is {missing}: give missing as it was")


def map_values(path: Path) -> ndarray:
    """Map codes from a .npy file, uint8 (N, T, D, H, W). Raises: ValueError if it holds something else."""
    try:
        values = np.load(path, mmap_mode="c")
    except (ValueError, EOFError):
        raise ValueError(f"{path} is no array of NumPy's, or it is cut: make it anew, or name another one") from None
    if values.dtype != np.uint8 or values.ndim != 5:
        found = f"{values.dtype} {values.shape}"
        raise ValueError(f"{path} holds {found}, expected uint8 (N, T, D, H, W): name another folder")
    return values


def km_of(shape: Sequence[int]) -> int:
    """How large the cells are in which storms of this shape (T, D, H, W) fill the radar's map. Units: km."""
    return max(1, max(SHAPE) // max(shape[2:]))


def make_values(path: Path, count: int, shape: Sequence[int], seed: int) -> None:
    """Make storms into a .npy file, whole or not at all, piece by piece."""
    with written_whole(path) as part, open(part, "wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
        np.lib.format.write_array_header_1_0(file, header)
        for first in range(0, count, PIECE):
            made = storms(min(PIECE, count - first), seed, tuple(shape), km=km_of(shape), first=first)
            file.write(made.values)
