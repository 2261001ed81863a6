"""The course as a website, built from what is committed: `python3 run.py book`. Nothing of it is run."""

import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from course import _places
from course._atomic import make_writable
from course._streams import say
from course.upkeep import notebooks
from course.upkeep.book import cards, colab, glossary, pages, reference
from course.upkeep.readme import GROUPS, title

INSTALL = f'"{sys.executable}" -m pip install --editable'
EXTRA = ("sphinx", "myst_parser", "sphinx_book_theme")  # modules of the extra `book`
MADE = "objects.inv"  # tells a folder that Sphinx has filled
CONTENTS = """

```{{toctree}}
:hidden:
:caption: {caption}

{entries}
```
"""
SETTINGS = {  # of Sphinx; those of the theme below
    "project": "From numpy to rain",
    "html_title": "From numpy to rain",
    "author": "",
    "copyright": "",
    "extensions": ["myst_parser", "course.upkeep.book.extension"],
    "myst_enable_extensions": ["attrs_inline", "colon_fence", "dollarmath"],
    "myst_heading_anchors": 3,
    "html_theme": "sphinx_book_theme",
    "html_math_renderer": "mathml",
    "html_context": {"default_mode": "auto"},
    "html_css_files": ["book.css"],
    "html_js_files": ["book.js"],
    "html_favicon": "static/favicon.svg",
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_show_sphinx": False,
    "html_show_copyright": False,
    "language": "en",
    "smartquotes": False,
    "suppress_warnings": ["app.add_node", "app.add_directive", "app.add_role"],  # of a second build in one process
    "add_module_names": False,
    "python_maximum_signature_line_length": 88,
    "toc_object_entries_show_parents": "hide",
}
THEME = {
    "home_page_in_toc": False,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navbar_start": [],  # the theme's line above all: what it would hold stands at the side
    "navbar_center": [],
    "navbar_end": [],
    "navbar_persistent": [],
    "search_bar_text": "Search the course",
}


def make_book(out: Path, pdf: bool = False) -> str:
    """Build the website into a folder, whole or not at all; return a sentence on it.

    pdf: print the cards of all notebooks, too.
    Raises: ImportError if a package is missing; ValueError if a page cannot be made, or if the folder holds something
        else; FileNotFoundError, if the cards are to be printed, without a browser.
    """
    started = time.monotonic()
    if pdf:
        cards.find_browser()
    if out.exists() and any(out.iterdir()) and not (out / MADE).is_file():
        raise ValueError(f"{out} holds something else than a website, which would be lost: take another folder")
    make_writable(out.parent)
    install_extra()
    with tempfile.TemporaryDirectory(prefix="book-", dir=out.parent) as temporary:
        source, site = Path(temporary) / "source", Path(temporary) / "site"
        count = write_source(source, find_repository(), pdf)
        _run_sphinx(source, site)
        if pdf:
            cards.print_cards(site)
        shutil.rmtree(out, ignore_errors=True)
        site.rename(out)
    return f"{count} pages in {time.monotonic() - started:.0f} s: open {out / 'index.html'} in a browser"


def write_source(folder: Path, repository: str, pdf: bool = False) -> int:
    """Write all pages as MyST, with pictures and styles, into a folder; return how many pages.

    repository: its address on GitHub, "" if there is none: then nothing is linked there.
    """
    opened = {path: notebooks.read(path) for path in _places.find_notebooks(_places.NOTEBOOKS)}
    rooms = reference.find_rooms(_places.ROOT / "course")
    shutil.copytree(Path(__file__).with_name("static"), folder / "static")
    texts = {f"reference/{name}": reference.room_page(name, path) for name, path in rooms.items()}
    for place, page in pages.TEXTS.items():
        text = (_places.ROOT / place).read_text(encoding="utf-8")
        texts[page] = pages.text_page(text, place, repository, rooms)
    for path, nb in opened.items():
        texts[f"notebooks/{path.stem}"] = pages.notebook_page(path, nb, folder, repository)
        (folder / "downloads").mkdir(exist_ok=True)
        notebooks.write(colab.with_fetch(nb, repository) if repository else nb, folder / "downloads" / path.name)
    texts["glossary"] = glossary.glossary_page()
    texts["cards"] = cards.cards_page(opened, repository, pdf)
    texts["index"] = pages.home_page(opened, folder, repository) + _contents(opened, rooms)
    for name, text in texts.items():
        (folder / f"{name}.md").parent.mkdir(exist_ok=True)
        (folder / f"{name}.md").write_text(text, encoding="utf-8", newline="\n")
    return len(texts)


def find_repository() -> str:
    """Return the address of the repository on GitHub, as CI or git knows it; "" if there is none."""
    address = os.environ.get("GITHUB_REPOSITORY", "")
    if address:
        return f"https://github.com/{address}"
    command = ["git", "-C", str(_places.ROOT), "remote", "get-url", "origin"]
    try:
        address = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
    found = re.fullmatch(r"(?:https://|ssh://)?(?:[^@/]*@)?github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?", address)
    return f"https://github.com/{found[1]}" if found else ""


def install_extra() -> None:
    """Install what the website needs into the course's own .venv, if it is not there; leave other Pythons as they are.

    Raises: ImportError if something is missing and could not be installed.
    """
    missing = [name for name in EXTRA if importlib.util.find_spec(name) is None]
    if not missing:
        return
    told = f"the website needs {', '.join(missing)}"
    if Path(sys.prefix) != _places.ROOT / ".venv":
        raise ImportError(f'{told}: {INSTALL} "{_places.ROOT}[book]"')
    say("installing what the website needs (once; a minute)")
    given = os.environ.get("COURSE_CONSTRAINTS") or str(_places.ROOT / "tests" / "constraints.txt")
    options = [] if given == "none" else ["--constraint", given]
    command = [sys.executable, "-m", "pip", "install", "--editable", f"{_places.ROOT}[book]", *options]
    done = subprocess.run(command, stdout=subprocess.DEVNULL)
    importlib.invalidate_caches()
    if done.returncode or not all(importlib.util.find_spec(name) for name in EXTRA):
        raise ImportError(f"{told}, and pip could not install it: see above")


def _contents(opened: dict, rooms: dict) -> str:
    """The contents of the website, in the order of its pages; the theme shows them at the side."""
    groups: dict[str, list[str]] = {name: [] for name in GROUPS.values()}
    for path, nb in opened.items():
        groups[GROUPS[path.name[0]]].append(f"{path.name[:2]} {title(path, nb)} <notebooks/{path.stem}>")
    groups["Beside the notebooks"] = ["cards", "glossary", "claims", "data"]
    groups["The package"] = ["package", "speed", *(f"course.{name} <reference/{name}>" for name in rooms)]
    groups["For teachers"] = ["teaching", "contributing"]
    return "".join(
        CONTENTS.format(caption=name, entries="\n".join(entries)) for name, entries in groups.items() if entries
    )


def _run_sphinx(source: Path, site: Path) -> None:
    """Make a website of the pages. Raises: ValueError with what Sphinx complains of."""
    from sphinx.application import Sphinx
    from sphinx.util.console import nocolor

    nocolor()  # in what it complains of
    complaints = io.StringIO()
    settings = SETTINGS | {"html_static_path": [str(source / "static")], "html_theme_options": THEME}
    places = {"srcdir": source, "confdir": None, "outdir": site, "doctreedir": source.parent / "trees"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # between Sphinx and its theme: nothing that we could mend
        Sphinx(**places, buildername="html", confoverrides=settings, status=None, warning=complaints).build()
    if complaints.getvalue().strip():
        raise ValueError(f"the website cannot be built:\n{complaints.getvalue().strip()}")
