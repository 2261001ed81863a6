"""Real film reviews from a folder, in the form of aclImdb: train/pos/0_9.txt, train/neg/0_3.txt and so on."""

import os
import re
from pathlib import Path

from course import _places

NAME = re.compile(r"(\d+)_\d+\.txt")  # number of the review, and the stars that its writer gave
KINDS = ("neg", "pos")  # labels 0 and 1
WHOLE = 'copy the folder anew (tar -xzf aclImdb_v1.tar.gz "aclImdb/train" "aclImdb/test")'


def load_reviews(part: str = "train", root: Path | str | None = None) -> list[tuple[str, int]]:
    """Return real reviews and their labels, 0 for bad and 1 for good, by number; none where there is no such folder.

    part: "train" or "test". root: the folder that holds both; else `COURSE_REVIEWS`, else data/aclImdb.
    Raises: FileNotFoundError if a folder that is asked for (argument or `COURSE_REVIEWS`) is not there; ValueError if
        reviews are missing, empty or not in UTF-8.
    Source: Maas et al. 2011, Learning word vectors for sentiment analysis; the data are not the course's to hand out.
    """
    if part not in ("train", "test"):
        raise ValueError(f"part is {part!r}, expected 'train' or 'test'")
    asked = root or os.environ.get("COURSE_REVIEWS")
    folder = Path(asked or _places.DATA / "aclImdb")
    if not folder.is_dir():
        if asked:
            raise FileNotFoundError(
                f"{folder} is no folder, expected one that holds train/pos and train/neg: "
                "set COURSE_REVIEWS to it, or unset it to take made reviews"
            )
        return []
    files = {kind: _numbered(folder / part / kind) for kind in KINDS}
    bad, good = map(len, files.values())
    if bad != good:
        raise ValueError(f"{folder / part} holds {bad} bad and {good} good reviews, expected as many: {WHOLE}")
    return [(_read_text(path), label) for label, kind in enumerate(KINDS) for path in files[kind]]


def _numbered(folder: Path) -> list[Path]:
    """Return the reviews of a folder by their numbers. Raises: ValueError if one is missing."""
    found = {int(match[1]): path for path in folder.glob("*.txt") if (match := NAME.fullmatch(path.name))}
    if not found:
        raise ValueError(f"{folder} holds no review, expected files such as 0_9.txt: {WHOLE}")
    if missing := set(range(max(found) + 1)) - found.keys():
        raise ValueError(
            f"{folder} lacks {len(missing)} of {max(found) + 1} reviews, the first is number {min(missing)}: {WHOLE}"
        )
    return [found[number] for number in sorted(found)]


def _read_text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not in UTF-8 (byte {error.start} is 0x{error.object[error.start]:02x}): save it as UTF-8, "
            f'as by Path(file).write_text(Path(file).read_text("cp1252"), "utf-8")'
        ) from None
    if not text.strip():
        raise ValueError(f"{path} is empty, expected a review: {WHOLE}")
    return text
