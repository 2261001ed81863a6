"""The parts of README.md that come from the committed notebooks: two tables and a picture."""

import base64
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from course.whole import written_whole

PICTURE = ".github/figure.png"  # beside README.md
PICTURE_TAG = "readme"
ABILITIES = re.compile(r"\*\*afterwards you can\*\*(.+?)(?=\*\*you need\*\*)", re.IGNORECASE | re.DOTALL)
VERDICT = re.compile(r"^(c\d+) · (.+?) · (holds|false|holds only when .+?) · (.+)$", re.MULTILINE)


class Generated(NamedTuple):
    """blocks: what stands between `<!-- NAME -->` and `<!-- /NAME -->`, by NAME; png: the picture's file."""

    blocks: dict[str, str]
    png: bytes


def update_readme(readme: Path | str, notebooks: Iterable[Path | str]) -> list[str]:
    """Bring a README's generated parts up to date; return the names of those that were not.

    The parts are `notebooks`, `claims` and `picture`, each between its markers; the picture is a file.
    Raises: FileNotFoundError, ValueError if a marker is missing or a notebook lacks what the tables need.
    """
    readme = Path(readme)
    if not readme.is_file():
        raise FileNotFoundError(f"{readme} does not exist, expected the course's README.md: check the folder")
    old = text = readme.read_text(encoding="utf-8")
    made = generate(notebooks)
    changed = []
    for name, block in made.blocks.items():
        part = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not part.search(text):
            raise ValueError(
                f"{readme} has no lines <!-- {name} --> and <!-- /{name} -->: put them where it goes"
            )
        new = part.sub(lambda found, block=block: f"{found[1]}{block}\n{found[2]}", text)
        changed += [name] if new != text else []
        text = new
    if text != old:
        _replace(readme, text.encode())
    file = readme.parent / PICTURE
    if not file.is_file() or file.read_bytes() != made.png:
        changed.append(PICTURE)
        _replace(file, made.png)
    return changed


def generate(notebooks: Iterable[Path | str]) -> Generated:
    """Return README's generated parts, from the notebooks' texts, outputs and metadata.

    The picture is the first one in the cell tagged `readme`. Raises: ValueError if a notebook lacks a part.
    """
    opened = [(Path(path), nbformat.read(path, as_version=4)) for path in notebooks]
    png, alt = _picture(opened)
    table = ["| notebook | you will be able to | minutes |", "|---|---|---:|"]
    table += [
        f"| {_link(path, title(path, nb))} | {abilities(path, nb)} | {_minutes(path, nb)} |"
        for path, nb in opened
    ]
    claims = ["| | claim | verdict | because | in |", "|---|---|---|---|---|"]
    claims += [
        f"| {' | '.join(_cell(text) for text in found)} | {_link(path, path.stem[:2])} |"
        for found, path in _verdicts(opened)
    ]
    return Generated(
        {"notebooks": "\n".join(table), "claims": "\n".join(claims), "picture": f"![{alt}]({PICTURE})"}, png
    )


def title(path: Path, nb: NotebookNode) -> str:
    """Return the text of a notebook's first line, `# Title`."""
    found = re.match(r"# (.+)", nb.cells[0].source if nb.cells else "")
    if not found:
        raise ValueError(f"{path} begins without a title, expected `# Title` in its first cell: write one")
    return found[1].strip()


def abilities(path: Path, nb: NotebookNode) -> str:
    """Return what stands after "**afterwards you can**" and before "**you need**", on one line."""
    for cell in nb.cells:
        if cell.cell_type == "markdown" and (found := ABILITIES.search(cell.source)):
            items = re.split(r"\n\s*[-*] ", found[1])
            return _cell(
                "; ".join(" ".join(item.split()).strip(" ·:;.,") for item in items if item.strip(" \n·:;.,"))
            )
    raise ValueError(
        f"{path} does not say what you can do afterwards, expected **afterwards you can** … "
        "**you need** in one cell: write it"
    )


def _minutes(path: Path, nb: NotebookNode) -> int:
    if "minutes" not in nb.metadata.get("course", {}):
        raise ValueError(
            f"{path} does not record how long it ran, expected minutes in its metadata: run it again"
        )
    return nb.metadata.course.minutes


def _verdicts(opened: list[tuple[Path, NotebookNode]]) -> list[tuple[tuple[str, ...], Path]]:
    found = [
        (match.groups(), path)
        for path, nb in opened
        for cell in nb.cells
        for output in cell.get("outputs", [])
        for match in VERDICT.finditer(output.get("text", ""))
    ]
    return sorted(found, key=lambda verdict: int(verdict[0][0][1:]))  # stable, so the notebooks stay in order


def _picture(opened: list[tuple[Path, NotebookNode]]) -> tuple[bytes, str]:
    for _, nb in opened:
        for cell in nb.cells:
            for output in cell.get("outputs", []) if PICTURE_TAG in cell.metadata.get("tags", []) else []:
                if "image/png" in output.get("data", {}):
                    return base64.b64decode(output.data["image/png"]), output.metadata["image/png"]["alt"]
    raise ValueError(f"no cell tagged {PICTURE_TAG!r} shows a figure: tag one, then run its notebook")


def _link(path: Path, text: str) -> str:
    return f"[{_cell(text)}](notebooks/{path.name})"


def _cell(text: str) -> str:
    return text.strip().replace("|", "\\|")


def _replace(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(file) as part:
        part.write_bytes(content)
