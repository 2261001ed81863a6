"""The cards of all notebooks: as one page of the website, and as a PDF to print."""

import re
from collections.abc import Mapping
from pathlib import Path

from nbformat import NotebookNode

from course.upkeep.book.pages import mend_links
from course.upkeep.browser import find_browser
from course.upkeep.readme import GROUPS, title

CARD = re.compile(r"^## On one card\n(.+?)(?=^##? |\Z)", re.MULTILINE | re.DOTALL)
HEAD = """\
# The cards

Each notebook on one card: what you want, the line that does it, and what to mind. {print}
"""
PAPER = {"format": "A4", "margin": dict.fromkeys(("top", "bottom", "left", "right"), "12mm")}


def cards_page(notebooks: Mapping[Path, NotebookNode], repository: str, pdf: bool) -> str:
    """Return the page of all cards as MyST. pdf: whether it is printed, too, so that it can be linked.

    Raises: ValueError if a notebook has no card.
    """
    lines = [HEAD.format(print='<a class="course-screen" href="cards.pdf">The same to print</a>' if pdf else "")]
    for digit, group in GROUPS.items():
        members = {path: nb for path, nb in notebooks.items() if path.name[0] == digit}
        lines += [f"## {group}", ""] if members else []
        for path, nb in members.items():
            card = mend_links(find_card(path, nb), f"notebooks/{path.name}", repository)
            name = f"[{path.stem[:2]}](/notebooks/{path.stem}.md) {title(path, nb)}"
            lines += [f"### {name}", "", card, ""]
    return "\n".join(lines)


def find_card(path: Path, nb: NotebookNode) -> str:
    """Return what stands below `## On one card`. Raises: ValueError if there is none."""
    for cell in nb.cells:
        found = CARD.search(cell.source) if cell.cell_type == "markdown" else None
        if found:
            return found[1].strip()
    raise ValueError(f"{path} has no section `## On one card`: write one")


def print_cards(site: Path) -> Path:
    """Print the page of a built website into cards.pdf beside it, by a headless browser; return its path.

    Raises: FileNotFoundError if there is no browser, ImportError if playwright is missing, which drives it.
    """
    browser_path = find_browser()
    from playwright.sync_api import sync_playwright  # only now: it comes with the extra `test`

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path)
        page = browser.new_page()
        page.goto((site / "cards.html").resolve().as_uri())
        page.pdf(path=site / "cards.pdf", print_background=True, **PAPER)
        browser.close()
    return site / "cards.pdf"
