"""A folder of radar frames becomes one array of codes, in a file that is mapped into memory, with its times."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from course._atomic import reworded, written_whole
from course._locks import locked
from course._progress import progress_bar
from course._shapes import check_whole
from course._streams import say
from course.files import write_header
from course.radar.convert import SCALES, Wanted, convert
from course.radar.formats import READERS, format_of
from course.radar.maps import stamp_of

FORMAT = 1
SHOWN = 3  # names in a sentence


class Frames(NamedTuple):
    """Radar maps in the order of time.

    codes: MISSING where not measured, mapped from a file; written to, they change in memory only.
    times: UTC where the files say so, ascending. km: from cell to cell.
    Shapes: codes uint8 (N, H, W), times datetime64[m] (N,).
    """

    codes: ndarray
    times: ndarray
    km: float


def read_frames(
    place: os.PathLike | str,
    *,
    km: float | None = None,
    minutes: int | None = None,
    scale: str | None = None,
    missing: float | None = None,
    pool: int = 1,
    skip_bad: bool = False,
    cache: os.PathLike | str | None = None,
    progress: bool | None = None,
) -> Frames:
    """Map the frames of a file or folder as codes, from a cache that is made when files or arguments are new.

    Formats, by the ending: .npz and .npy of NumPy; .h5 of KNMI and of ODIM; .pgm, gzipped or not, of FMI; .nc; .tif.
    HDF5, netCDF and GeoTIFF need `pip install "course[radar]"`. A folder holds one kind, also in folders of
    its own. Times are those of the files, else of their names, as in 202511281030, else the order of names counts.
    km, minutes, scale, missing: what the files do not say: from cell to cell; from frame to frame; "dBZ", "mm/h" or
        "codes"; the value that stands for not measured.
    pool: side of the squares of cells whose mean rain becomes one cell.
    skip_bad: whether files that cannot be read are left out, and told.
    cache: a folder for the cache, by default beside the place and named as it is, with .frames at the end.
    Raises: FileNotFoundError if there are no frames; ImportError if a library is missing; ValueError that names an
        argument, or the file that cannot be read or does not fit the others; OSError if there can be no cache.
    """
    place = Path(place)
    wanted = _checked(Wanted(km, minutes, scale, missing, pool, skip_bad))
    cache = Path(cache) if cache is not None else place.resolve().with_name(f"{place.resolve().name}.frames")
    files = _find(place, cache)
    state = [[name, path.stat().st_size, path.stat().st_mtime_ns] for name, path in files.items()]
    note = {"format": FORMAT, "files": state, "options": wanted._asdict()}
    made = _load(cache, note)
    if made is None:
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with locked(cache / "frames.lock"):
                made = _load(cache, note)  # another may have made it meanwhile
                if made is None:
                    _make(cache, place, files, wanted, note, progress)
                    made = _load(cache, note)
        except OSError as error:
            text = f"{cache} cannot be made ({error.strerror}): name a folder of your own by cache"
            raise reworded(error, text) from None
    if made is None:
        raise ValueError(f"{cache} was changed while it was made: read the frames again")
    frames, skipped = made
    if skipped:
        told = ", ".join(skipped[:SHOWN]) + ", ..." * (len(skipped) > SHOWN)
        say(f"{place}: {len(skipped)} of {len(files)} files cannot be read and are left out: {told}", error=True)
    return frames


def find_runs(times: ndarray, minutes: int | None = None) -> list[slice]:
    """Cut frames where time has a gap, so that no film crosses one: within a run all steps are about as long.

    minutes: the step that is looked for, by default the usual one, which is the median.
    Shapes: times datetime64 (N,); returns slices of it, in order, which cover it.
    Raises: ValueError if there is no frame, or minutes are no whole number of 1 or more.
    """
    if not len(times):
        raise ValueError("times has no frame, expected one or more")
    steps = np.diff(times) / np.timedelta64(1, "m")
    if minutes is not None:
        usual = _least_one("minutes", minutes, 5)
    else:
        usual = usual_minutes(times) if len(steps) else 1
    cuts = 1 + np.flatnonzero(abs(steps - usual) >= usual / 2)
    return [slice(int(start), int(end)) for start, end in zip([0, *cuts], [*cuts, len(times)])]


def usual_minutes(times: ndarray) -> float:
    """Return the usual step of time, which is the median. Shapes: datetime64 (N,), two or more."""
    return float(np.median(np.diff(times)) / np.timedelta64(1, "m"))


def _checked(wanted: Wanted) -> Wanted:
    if wanted.scale not in (None, *SCALES):
        raise ValueError(f"scale is {wanted.scale!r}, expected 'mm/h', 'dBZ' or 'codes': try scale=\"dBZ\"")
    if wanted.km is not None and not 0 < wanted.km < np.inf:
        raise ValueError(f"km is {wanted.km}, expected more than 0: try km=1")
    minutes = None if wanted.minutes is None else _least_one("minutes", wanted.minutes, 5)
    km, missing = (None if number is None else float(number) for number in (wanted.km, wanted.missing))
    missing = None if missing is not None and np.isnan(missing) else missing  # nan means that anyway
    pool = _least_one("pool", wanted.pool, 2)
    return wanted._replace(km=km, minutes=minutes, missing=missing, pool=pool, skip_bad=bool(wanted.skip_bad))


def _least_one(name: str, number: object, mend: int) -> int:
    number = check_whole(name, number, mend)
    if number < 1:
        raise ValueError(f"{name} is {number}, expected 1 or more: try {mend}")
    return number


def _find(place: Path, cache: Path) -> dict[str, Path]:
    """The files of a place by their names there, in the order of the times in these, else of the numbers."""
    expected = f"expected frames that end in {', '.join(READERS)}"
    if not place.exists():
        raise FileNotFoundError(f"there is no {place}, expected radar frames: check the path")
    if not place.is_dir():
        if format_of(place) is None:
            raise ValueError(f"{place} is of no known format, {expected}")
        return {place.name: place}
    files = {}
    for folder, folders, names in os.walk(place):
        own = [name for name in folders if name.endswith(".frames") or Path(folder, name).resolve() == cache.resolve()]
        folders[:] = [name for name in folders if not name.startswith(".") and name not in own]
        paths = [Path(folder, name) for name in names if not name.startswith(".")]
        files |= {path.relative_to(place).as_posix(): path for path in paths if format_of(path)}
    if not files:
        raise FileNotFoundError(f"{place} has no frames, {expected}: name another folder")
    endings = Counter(map(format_of, files.values()))
    if len({READERS[ending] for ending in endings}) > 1:
        told = ", ".join(f"{count} {ending}" for ending, count in sorted(endings.items()))
        raise ValueError(f"{place} has files of several formats ({told}), expected one: name a folder of one")
    stamps = {name: stamp_of(path.name) for name, path in files.items()}
    key = _by_number if None in stamps.values() else lambda name: (stamps[name], name)
    return {name: files[name] for name in sorted(files, key=key)}


def _by_number(name: str) -> list[tuple[int, str]]:
    """What sorts frame_9 before frame_10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _make(cache: Path, place: Path, files: dict[str, Path], wanted: Wanted, note: dict, progress: bool | None) -> None:
    """Write frames.npy frame by frame, then frames.json; either whole or not at all."""
    skipped: list[str] = []
    times, km, shape = [], 0.0, (0, 0)
    with written_whole(cache / "frames.npy") as part, open(part, "wb") as file:
        with progress_bar(len(files), "file", progress) as bar:
            for frame in convert(place, _counted(files, bar), wanted, skipped):
                if not times:
                    km, shape = frame.km, frame.codes.shape
                    write_header(file, (0, *shape))
                file.write(frame.codes.tobytes())
                times.append(frame.time)
        if len(times) < 2:
            bad = f" that can be read, for {skipped[0]}" if skipped else ""
            count = f"{len(times)} frame{'s' * (not times)}"
            raise ValueError(f"{place} has {count}{bad}, expected 2 or more: name another place")
        file.seek(0)
        write_header(file, (len(times), *shape))  # as long as before: NumPy leaves space for the count
        file.flush()
        os.fsync(file.fileno())  # so that even a power cut leaves no cache with holes
    made = {"times": [str(time) for time in times], "km": km, "skipped": skipped}
    stamp = (cache / "frames.npy").stat().st_mtime_ns  # tells whether both are of one making
    with written_whole(cache / "frames.json") as part:
        part.write_text(json.dumps(note | made | {"made": stamp}), encoding="utf-8")


def _counted(files: dict[str, Path], bar) -> Iterator[tuple[str, Path]]:
    for file in files.items():
        yield file
        bar.update()


def _load(cache: Path, note: dict) -> tuple[Frames, list[str]] | None:
    """The frames of a cache, and what was left out; None if it is not there, or of other files or options."""
    try:
        told = json.loads((cache / "frames.json").read_text(encoding="utf-8"))
        codes = np.load(cache / "frames.npy", mmap_mode="c")
        made = (cache / "frames.npy").stat().st_mtime_ns
    except (OSError, ValueError, EOFError):
        return None
    if told != told | json.loads(json.dumps(note)) | {"made": made}:
        return None
    return Frames(codes, np.array(told["times"], "datetime64[m]"), told["km"]), told["skipped"]
