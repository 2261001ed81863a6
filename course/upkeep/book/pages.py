"""The pages of the website as MyST Markdown: notebooks, what the repository says of itself, and the start."""

import base64
import io
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from nbformat import NotebookNode
from PIL import Image

from course._places import NOTEBOOK
from course.claims.bands import read_bands
from course.claims.verdicts import CLAIMS
from course.upkeep.book.colab import BRANCH
from course.upkeep.book.glossary import read_terms, with_labels
from course.upkeep.claims_page import SURPRISES
from course.upkeep.costs import read_costs
from course.upkeep.readme import GROUPS, title

TEXTS = {  # of the repository, and the pages that they become
    "notebooks/CLAIMS.md": "claims",
    "course/README.md": "package",
    "tests/bench/README.md": "speed",
    "data/README.md": "data",
    ".github/TEACHING.md": "teaching",
    ".github/CONTRIBUTING.md": "contributing",
}
HERO = "20-103"  # the cell whose film the first page shows
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
ADDRESS = re.compile(r"(?<![<(\"\[\w])https?://[^\s<>)\]]*[^\s<>)\].,;:]")
FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
HOME = """\
# From numpy to rain

A PyTorch course in {count} notebooks: it starts with nothing but numpy, ends with forecasts of rain from radar, and
runs on your laptop, without a network once it is installed.

{film}

Every number was printed by a cell, every claim is measured, and every exercise tells you which mistake you made.

## Start

You need Python 3.11 or newer, 8 GB of disk, and no graphics card. On Windows say `py` for `python3`.

```console
{clone}$ python3 run.py lab
```

This installs the course on first use, and opens your own copies of the notebooks. {elsewhere}Begin with
[{first}](/notebooks/00_start.md), and guess before you run a cell.

## The notebooks

{groups}

## Three surprises

Here are three claims that people make, and our verdicts. [All {claims}](/claims.md) stand on a page of their own, each
with the runs behind it.

{surprises}

## Beside the notebooks

- [The cards](/cards.md): each notebook on one card, to print.
- [The glossary](/glossary.md): {terms} terms, and where each is explained.
- [The package](/package.md): a map of what the notebooks import, and its reference.
- [For teachers](/teaching.md): ten evenings, wrong answers and what they tell, assignments.
"""


def notebook_page(path: Path, nb: NotebookNode, folder: Path, repository: str) -> str:
    """Return a committed notebook as a page: texts, code, and what the cells have shown.

    folder: the pictures are written below it. repository: its address on GitHub, "" if there is none.
    """
    labelled = with_labels(nb, [term for term in read_terms() if term.number == path.name[:2]])
    parts = []
    for place, cell in enumerate(nb.cells):
        if cell.cell_type == "markdown":
            text = mend_links(labelled.get(place, cell.source), f"notebooks/{path.name}", repository)
            head, line, rest = text.partition("\n") if place == 0 else ("", "", text)
            parts.append(f"{head}\n\n{_bar(path, repository)}\n{line}{rest}" if head else rest)
        elif cell.cell_type == "code":
            parts.append(_fenced("code-block} python", cell.source, "course-code"))
            parts += [_shown(output, f"{cell.id}-{number}", folder) for number, output in enumerate(cell.outputs)]
    return "\n\n".join(part for part in parts if part) + "\n"


def mend_links(text: str, source: str, repository: str) -> str:
    """Return a text of the repository with links that work on the website.

    What is on the site is linked there, other files on GitHub, or not at all. source: the text's place.
    """

    def mended(found: re.Match) -> str:
        words, target = found.groups()
        if re.match(r"[a-z]+:|#", target):
            return found[0]
        file, _, anchor = target.partition("#")
        place = _inside(PurePosixPath(source).parent / file)
        page = "index" if place == "README.md" else TEXTS.get(place)
        if NOTEBOOK.fullmatch(PurePosixPath(place).name) and "solutions" not in place:
            page = place.removesuffix(".ipynb")
        if page:
            return f"[{words}](/{page}.md{'#' * bool(anchor)}{anchor})"
        return f"[{words}]({repository}/blob/HEAD/{place})" if repository else words

    parts = FENCED.split(text)
    parts[::2] = [LINK.sub(mended, ADDRESS.sub(lambda found: f"<{found[0]}>", part)) for part in parts[::2]]
    return "".join(parts)


def text_page(text: str, source: str, repository: str, rooms: Iterable[str]) -> str:
    """Return a text of the repository as a page; the rooms in the map's tables are linked to their reference."""
    text = re.sub(r'<a id="(\w+)"></a>', r"(\1)=\n", mend_links(text, source, repository))
    known = "|".join(map(re.escape, rooms))
    return re.sub(rf"^(\| \d \| )(`({known})/?`)", r"\1[\2](/reference/\3.md)", text, flags=re.MULTILINE)


def home_page(notebooks: Mapping[Path, NotebookNode], folder: Path, repository: str) -> str:
    """Return the first page: what the course is, what to type, the notebooks, and three surprises."""
    costs, bands = read_costs(), read_bands()
    groups = []
    for digit, name in GROUPS.items():
        minutes = {path: max(1, round(costs[path.stem].seconds / 60)) for path in notebooks if path.name[0] == digit}
        groups.append(f"**{name}**, {sum(minutes.values())} minutes of one core in all\n")
        for path, count in minutes.items():
            words = f"{path.name[:2]} {title(path, notebooks[path])}"
            groups.append(f"- [{words}](/notebooks/{path.stem}.md) · {count} min")
        groups.append("")
    told = []
    for claim in SURPRISES:
        notebook, judged = bands[claim]["notebook"], bands[claim]["judgement"]
        seen = f"[the evidence](#{claim}), [notebook {notebook[:2]}](/notebooks/{notebook}.md)"
        told.append(f"- *{CLAIMS[claim]}*: **{judged}** ({seen})")
    outputs = [output for nb in notebooks.values() for cell in nb.cells if cell.id == HERO for output in cell.outputs]
    films = [_shown(output, "home", folder, depth=0) for output in outputs if "image/png" in output.get("data", {})]
    return HOME.format(
        count=len(notebooks),
        film="".join(films),
        clone=f"$ git clone {repository}\n$ cd {repository.rpartition('/')[2]}\n" if repository else "",
        elsewhere=f"Or without any installation: {_elsewhere('00_start', repository)}. " if repository else "",
        first=title(*next(iter(notebooks.items()))),
        groups="\n".join(groups).rstrip(),
        claims=len(CLAIMS),
        surprises="\n".join(told),
        terms=len(read_terms()),
    )


def _bar(path: Path, repository: str) -> str:
    """The line below a notebook's title: what it costs, the file, and where else it opens."""
    cost = read_costs().get(path.stem)
    minutes = [f"{max(1, round(cost.seconds / 60))} min of one core"] if cost else []
    links = [f"{{download}}`the notebook </downloads/{path.name}>`"]
    if repository:
        links += [_elsewhere(path.stem, repository), f"[GitHub]({repository}/blob/HEAD/notebooks/{path.name})"]
    else:
        links.append(f"`python3 run.py lab` opens `{path.stem}`")
    return f"::::{{container}} course-bar\n{' · '.join(minutes + links)}\n::::\n"


def _elsewhere(stem: str, repository: str) -> str:
    """Where a notebook runs without any installation here."""
    name = repository.removeprefix("https://github.com/")
    binder = f"https://mybinder.org/v2/gh/{name}/HEAD?labpath=notebooks%2F{stem}.ipynb"
    colab = f"https://colab.research.google.com/github/{name}/blob/{BRANCH}/{stem}.ipynb"
    return f"[Codespaces](https://codespaces.new/{name}) · [Colab]({colab}) · [Binder]({binder})"


def _shown(output: NotebookNode, name: str, folder: Path, depth: int = 1) -> str:
    """What a cell has shown: a film, a figure, a verdict, or text."""
    if output.output_type == "stream":
        return _fenced("code-block} text", output.text, "course-output")
    picture = output.get("data", {}).get("image/png")
    if picture is None:
        return _fenced("code-block} text", output.data["text/plain"], "course-output course-verdict")
    content, alt = base64.b64decode(picture), output.metadata["image/png"]["alt"]
    still = Image.open(io.BytesIO(content))
    if not getattr(still, "is_animated", False):
        _write(folder / "figures" / f"{name}.png", content)
        return f"```{{image}} /figures/{name}.png\n:alt: {json.dumps(alt, ensure_ascii=False)}\n:loading: lazy\n```"
    first = io.BytesIO()
    still.convert("RGB").save(first, "PNG")
    _write(folder / "static" / "films" / f"{name}.png", content)
    _write(folder / "static" / "films" / f"{name}-still.png", first.getvalue())
    return _film(f"{'../' * depth}_static/films/{name}", alt, still.size)


def _film(place: str, alt: str, size: tuple[int, int]) -> str:
    """A film that stands still for who has asked for less motion; book.js adds a button that stops it."""
    words = alt.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    image = f'<img src="{place}.png" alt="{words}" width="{size[0]}" height="{size[1]}">'
    still = f'<source srcset="{place}-still.png" media="(prefers-reduced-motion: reduce)">'
    return f'<figure class="course-film"><picture>{still}{image}</picture></figure>'


def _fenced(directive: str, text: str, look: str) -> str:
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{{{directive}\n:class: {look}\n\n{text.rstrip()}\n{fence}"


def _inside(path: PurePosixPath) -> str:
    """A path without its `..`."""
    parts: list[str] = []
    for part in path.parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
