"""JupyterLab on a learner's own copies of the notebooks: `python3 run.py lab`.

The copies lie in my/, which git does not see: so the committed notebooks stay as they are, `git pull` always works, and
answers are kept. They begin without outputs, so that one can guess before one sees.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from course import _places
from course._atomic import make_writable, written_whole
from course._streams import say

ORIGINS = ".origins.json"  # beside the copies: of which text, and of which bytes, each is a copy


def open_copies(args: list[str] | None = None) -> int:
    """Open JupyterLab as the command line (or args) says; return the exit status."""
    parser = argparse.ArgumentParser(
        "run.py lab",
        description="Open JupyterLab on your own copies of the notebooks, in my/. What else follows goes to it.",
        allow_abbrev=False,
    )
    fresh = "begin anew with a notebook, such as 05, or with several; what you have is kept beside it"
    parser.add_argument("--fresh", nargs="+", default=[], metavar="NOTEBOOK", help=fresh)
    committed = "open the committed notebooks themselves, as instructors do"
    parser.add_argument("--committed", action="store_true", help=committed)
    options, rest = parser.parse_known_args(args)
    place = _places.NOTEBOOKS
    if not options.committed:
        first = not _places.MY.exists()
        try:
            for sentence in update_copies(_places.NOTEBOOKS, _places.MY, options.fresh):
                say(sentence)
        except (OSError, ValueError) as error:
            say(error, error=True)
            return 1
        place = _places.MY / "00_start.ipynb" if first else _places.MY
    return open_lab([str(place), *rest])


def open_lab(args: list[str]) -> int:
    """Run JupyterLab until it is closed."""
    from jupyterlab.labapp import main  # only now: --help does without

    sys.argv[1:] = args  # where some of its parts look, too
    return main(args) or 0


def update_copies(source: Path, own: Path, fresh: Sequence[str] = ()) -> list[str]:
    """Copy the notebooks of a folder into one's own; return what there is to say.

    A copy that somebody has changed is never overwritten: if the notebook has another text by now, it comes to lie
    beside, and that is said. One that nobody has touched is brought up to date.
    fresh: starts of names of notebooks whose copies are made anew; what was there gets another name.
    Raises: ValueError if no notebook starts so; OSError if something cannot be written.
    """
    paths, told = _places.find_notebooks(source), []
    anew = [path for name in fresh for path in _places.starting_with(name, paths)]
    make_writable(own)
    origins = _read_origins(own)
    for path in paths:
        text, content = _without_outputs(path)
        copy, origin = own / path.name, {"text": _digest(text), "bytes": _digest(content)}
        for place in own.glob(f"{path.stem}-newer*.ipynb"):
            if _is_untouched(place, origins):
                place.unlink()
        if path in anew and copy.exists() and not _is_untouched(copy, origins):
            kept = _free(own, f"{path.stem}-before")
            copy.rename(kept)
            told.append(f"{copy} begins anew; what you had is beside it as {kept.name}")
        place = copy
        if copy.exists() and not _is_untouched(copy, origins):
            beside = [copy, *own.glob(f"{path.stem}-newer*.ipynb")]
            if origin["text"] in [origins.get(one.name, {}).get("text") for one in beside]:
                continue
            place = _free(own, f"{path.stem}-newer")
            mend = f"python3 run.py lab --fresh {path.stem} begins anew with it"
            told.append(f"{copy} stays yours, but the course has a newer one, beside it as {place.name}: {mend}")
        if not place.exists() or origins.get(place.name) != origin:
            with written_whole(place) as part:
                part.write_bytes(content)
            origins[place.name] = origin
    with written_whole(own / ORIGINS) as part:
        part.write_text(json.dumps(origins, indent=1), encoding="utf-8")
    return told


def _read_origins(own: Path) -> dict[str, dict[str, str]]:
    try:
        return json.loads((own / ORIGINS).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # then every copy counts as changed, and none is lost
        return {}


def _without_outputs(path: Path) -> tuple[bytes, bytes]:
    """Return what there is to read and to run in a notebook, and the file without what its cells have shown."""
    try:
        nb = json.loads(path.read_bytes())
        text = json.dumps([cell["source"] for cell in nb["cells"]]).encode()
    except (ValueError, KeyError):
        raise ValueError(f"{path} is no notebook any more: git checkout HEAD -- notebooks/{path.name}") from None
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return text, (json.dumps(nb, indent=1, ensure_ascii=False) + "\n").encode()


def _is_untouched(copy: Path, origins: dict[str, dict[str, str]]) -> bool:
    return origins.get(copy.name, {}).get("bytes") == _digest(copy.read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _free(folder: Path, stem: str) -> Path:
    """A path that no file has: STEM.ipynb, or STEM-2.ipynb and so on."""
    number, path = 1, folder / f"{stem}.ipynb"
    while path.exists():
        number, path = number + 1, folder / f"{stem}-{number + 1}.ipynb"
    return path


if __name__ == "__main__":
    sys.exit(open_copies())
