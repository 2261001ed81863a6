"""The generated parts of README.md: the table of the notebooks, three surprises, pictures, the speed table."""

import ast
import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode

from course._atomic import written_whole
from course._machine import usable_cores
from course.claims.bands import read_bands
from course.upkeep.claims_page import PAGE, claims_page, surprises
from course.upkeep.costs import Cost, read_costs
from course.upkeep.notebooks import read

PICTURES = ".github"  # beside README.md
PICTURE_TAG = "readme"
GROUPS = {"0": "The path", "1": "Under the hood", "2": "Further"}  # by the first digit of a notebook's number
ABILITIES = re.compile(r"\*\*afterwards you can\*\*(.+?)(?=\*\*you need\*\*)", re.IGNORECASE | re.DOTALL)
RATIO = re.compile(r"^(\w+(?:, \w+)*) {2,}(.+)$", re.MULTILINE)


class Generated(NamedTuple):
    """blocks: what stands between `<!-- NAME -->` and `<!-- /NAME -->`, by NAME; files: by path from README.md."""

    blocks: dict[str, str]
    files: dict[str, bytes]


def update_readme(readme: Path | str, notebooks: Iterable[Path | str]) -> list[str]:
    """Bring a README's generated parts up to date; return the names of those that were not.

    The parts are `notebooks`, `surprises` and `picture`, each between its markers; each picture is a file, and so is
    the page of the claims.
    Raises: FileNotFoundError, ValueError if a marker is missing, or if a notebook, a cost or a claim is.
    """
    readme = Path(readme)
    _check_is_there(readme)
    made = generate(notebooks, read_costs(), read_bands())
    changed = _put(readme, made.blocks)
    for name, content in made.files.items():
        file = readme.parent / name
        if not file.is_file() or file.read_bytes() != content:
            changed.append(name)
            _replace(file, content)
    return changed


def update_speed(readme: Path | str, benches: Path | str, results: Mapping[str, dict]) -> None:
    """Write the speed table into a README, between the markers of `speed`; called by `tests/bench`.

    benches: the folder of the files bench_NAME.py. results: by NAME what each printed in its last line, in one run.
    Raises: FileNotFoundError, ValueError if a marker, a bench or the explanation of a ratio is missing.
    """
    readme = Path(readme)
    _check_is_there(readme)
    rows = ["| bench | what it times | ratios |", "|---|---|---|"]
    for path in sorted(Path(benches).glob("bench_*.py")):
        name = path.stem.removeprefix("bench_")
        if name not in results:
            raise ValueError(f"there is no result of bench {name}: run all benches, python3 run.py bench")
        ratios = results[name]["ratios"]
        subject, lines = explained(path)
        names = [ratio for group, _ in lines for ratio in group]
        if sorted(names) != sorted(ratios):
            raise ValueError(
                f"{path} gives the ratios {', '.join(ratios)} and explains {', '.join(names) or 'none'}: "
                "explain each on a line of its docstring, `name   what it is`"
            )
        figures = "<br>".join(f"{_measured(ratios, group)}: {meaning}" for group, meaning in lines)
        rows.append(f"| `{name}` | {_cell(subject)} | {_cell(figures)} |")
    data = sorted({result["data"] for result in results.values() if "data" in result})
    images = f", images: {' and '.join(data)}" if data else ""
    machine = f"{usable_cores()} cores, torch {version('torch')}{images}"
    _put(readme, {"speed": "\n".join([*rows, "", f"All from one run of `python3 run.py bench`: {machine}."])})


def explained(bench: Path) -> tuple[str, list[tuple[list[str], str]]]:
    """Return what a bench times, and its ratios' names with what they are, from the lines of its docstring."""
    text = ast.get_docstring(ast.parse(bench.read_text(encoding="utf-8"))) or ""
    subject = text.partition("\n")[0].removeprefix("Time ").rstrip(".")
    return subject, [(found[1].split(", "), found[2]) for found in RATIO.finditer(text)]


def generate(notebooks: Iterable[Path | str], costs: Mapping[str, Cost], bands: Mapping[str, dict]) -> Generated:
    """Return README's generated parts, from the notebooks, their costs, and what the claims gave over several seeds.

    The notebooks stand in GROUPS, each under a row of its own; a group without notebooks is left out.
    The pictures are the first ones in cells tagged `readme`, at most one a notebook.
    Raises: ValueError if something is missing, or if a notebook's number belongs to no group.
    """
    opened = [(Path(path), read(path)) for path in notebooks]
    pictures = list(_pictures(opened))
    if not pictures:
        raise ValueError(
            f"no cell tagged {PICTURE_TAG!r} shows a figure with its alt text: tag one, then run its notebook"
        )
    table = ["| notebook | you will be able to | runs (min) | memory (GB) |", "|---|---|---:|---:|"]
    for name, group in _grouped(opened).items():
        table.append(f"| **{name}** | | | |")
        for path, nb in group:
            table.append(f"| {_link(path, title(path, nb))} | {abilities(path, nb)} | {_cost(path, costs)} |")
    shown = "\n".join(f"![{alt}]({file})" for file, _, alt in pictures)
    return Generated(
        {"notebooks": "\n".join(table), "surprises": surprises(bands), "picture": shown},
        {file: png for file, png, _ in pictures} | {PAGE: claims_page(bands).encode()},
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
            return _cell("; ".join(" ".join(item.split()).strip(" ·:;.,") for item in items if item.strip(" \n·:;.,")))
    raise ValueError(
        f"{path} does not say what you can do afterwards, expected **afterwards you can** … "
        "**you need** in one cell: write it"
    )


def _grouped(opened: list[tuple[Path, NotebookNode]]) -> dict[str, list[tuple[Path, NotebookNode]]]:
    """Return the notebooks by the name of their group, in the order of GROUPS; no group is empty."""
    for path, _ in opened:
        if path.name[0] not in GROUPS:
            raise ValueError(f"{path} belongs to no group, expected a number below {len(GROUPS)}0: give it another")
    groups = {name: [one for one in opened if one[0].name[0] == digit] for digit, name in GROUPS.items()}
    return {name: group for name, group in groups.items() if group}


def _cost(path: Path, costs: Mapping[str, Cost]) -> str:
    if path.stem not in costs:
        raise ValueError(f"{path} has no recorded cost: call python3 run.py run {path.stem} --costs record")
    cost = costs[path.stem]
    return f"{max(1, round(cost.seconds / 60))} | {cost.gigabytes:.1f}"


def _pictures(opened: list[tuple[Path, NotebookNode]]) -> Iterator[tuple[str, bytes, str]]:
    """Yield for each tagged notebook the file beside README.md, the picture in it, and its alt text."""
    for path, nb in opened:
        tagged = [cell for cell in nb.cells if PICTURE_TAG in cell.metadata.get("tags", [])]
        for output in (output for cell in tagged for output in cell.get("outputs", [])):
            alt = output.get("metadata", {}).get("image/png", {}).get("alt")  # course.plots.show gives it
            if alt and "image/png" in output.data:
                yield f"{PICTURES}/{path.stem}.png", base64.b64decode(output.data["image/png"]), alt
                break


def _measured(ratios: Mapping[str, float], names: list[str]) -> str:
    return ", ".join(f"`{name}` ≈ {ratios[name]:.{2 if ratios[name] < 10 else 0}f}" for name in names)


def _check_is_there(readme: Path) -> None:
    if not readme.is_file():
        raise FileNotFoundError(f"{readme} does not exist, expected the course's README.md: check the folder")


def _put(readme: Path, blocks: Mapping[str, str]) -> list[str]:
    """Put blocks between their markers, all of them or none; return the names of those that are new."""
    old = text = readme.read_text(encoding="utf-8")
    changed = []
    for name, block in blocks.items():
        part = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not part.search(text):
            raise ValueError(f"{readme} has no lines <!-- {name} --> and <!-- /{name} -->: put them where it goes")
        new = part.sub(lambda found, block=block: f"{found[1]}{block}\n{found[2]}", text)
        changed += [name] if new != text else []
        text = new
    if text != old:
        _replace(readme, text.encode())
    return changed


def _link(path: Path, text: str) -> str:
    return f"[{_cell(text)}](notebooks/{path.name})"


def _cell(text: str) -> str:
    return text.strip().replace("|", "\\|")


def _replace(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(file) as part:
        part.write_bytes(content)
