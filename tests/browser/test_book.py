"""What a visitor of the website sees: pages, the search, films, dark mode; and that no page asks anybody elsewhere."""

import importlib.util
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from browser.find import find_driven_browser
from browser.lab import browser_context
from course.upkeep import book

try:
    BROWSER, missing = find_driven_browser(), ""
except FileNotFoundError as error:
    BROWSER, missing = "", str(error)
if any(importlib.util.find_spec(name) is None for name in book.EXTRA):
    missing = missing or "Sphinx is missing, which is an extra: python3 run.py book installs it"
pytestmark = pytest.mark.skipif(bool(missing), reason=missing)

PAGES = (
    "index",
    "notebooks/14_memory",
    "claims",
    "glossary",
    "cards",
    "package",
    "reference/scores",
    "teaching",
    "data",
    "search",
)
LOADED = "() => [...document.images].every(image => image.complete && image.naturalWidth > 0)"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "book"
    book.make_book(folder)
    return folder


@pytest.fixture(scope="module")
def address(site):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    with browser_context(BROWSER) as context:
        yield context


@pytest.fixture
def visited(address, browser):
    """A function that opens a page until the block ends; nothing is asked for elsewhere, and no error is told."""

    @contextmanager
    def visited(path: str) -> Iterator:
        page, asked, told = browser.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: told.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        try:
            page.on("response", lambda answer: told.append(answer.url) if answer.status >= 400 else None)
            page.goto(f"{address}{path}.html")
            page.wait_for_load_state("networkidle")
            yield page
            assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
            assert told == []
        finally:
            page.close()

    return visited


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_has_no_serious_fault_for_who_cannot_see_it(visited, path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is in the extra `book`")
    with visited(path) as page:
        for image in page.locator("img").all():
            image.scroll_into_view_if_needed()
        page.wait_for_function(LOADED)
        options = {"preload": False}  # else axe asks for style sheets of its own, and not where they are
        faults = serious(axe.Axe().run(page, options=options))
        page.add_style_tag(content="* { transition: none !important; }")  # else colours fade into each other
        page.evaluate("() => document.documentElement.dataset.theme = 'dark'")
        options["runOnly"] = {"type": "rule", "values": ["color-contrast"]}
        assert faults + serious(axe.Axe().run(page, options=options)) == []


def serious(results):
    """Rules that a page breaks so that somebody cannot use it, each with the first places."""
    found = [one for one in results.response["violations"] if one["impact"] in ("serious", "critical")]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in found]


def test_no_page_is_missing_and_every_link_leads_somewhere(site):
    ids = {path: set(re.findall(r'\bid="([^"]+)"', path.read_text(encoding="utf-8"))) for path in site.rglob("*.html")}
    assert len(ids) > 45
    for path in ids:
        for link in re.findall(r'<a [^>]*href="([^"]+)"', path.read_text(encoding="utf-8")):
            if re.match(r"[a-z]+:", link):
                continue
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.is_file(), f"{path.name}: {link}"
            assert not anchor or target not in ids or anchor in ids[target], f"{path.name}: {link}"


def test_who_searches_for_the_forget_gate_finds_the_notebook_on_memory(visited):
    with visited("index") as page:
        page.keyboard.press("ControlOrMeta+K")
        page.get_by_role("searchbox").first.fill("forget gate")
        page.keyboard.press("Enter")
        hit = page.locator("#search-results a[href*='06_convlstm']").first
        hit.wait_for()
        hit.click()
        page.get_by_role("heading", level=1).filter(has_text="Remember, and forecast what moves").wait_for()


def test_a_term_leads_to_the_glossary_and_from_there_to_the_paragraph_that_explains_it(visited):
    with visited("notebooks/01_numpy") as page:
        page.locator("a:has(.course-term)").first.click()
        page.wait_for_url("**/glossary.html#term-*")
        entry = page.locator("dt:target + dd a").first
        entry.click()
        page.wait_for_url("**/notebooks/*.html#explained-*")
        assert page.evaluate("() => document.querySelector(':target') !== null")


def test_a_film_plays_until_it_is_stopped(visited):
    with visited("index") as page:
        film = page.locator(".course-film").first
        film.scroll_into_view_if_needed()
        image, seen = film.get_by_role("img"), set()
        while len(seen) < 3:  # the test's own limit of time ends it if nothing moves
            seen.add(image.screenshot())
        film.get_by_role("button", name="Stop the film").click()
        page.wait_for_function(LOADED)
        still = image.screenshot()
        page.wait_for_timeout(1500)
        assert image.screenshot() == still
        film.get_by_role("button", name="Play the film").click()
        while image.screenshot() == still:
            pass


def test_who_asks_for_less_motion_sees_a_film_standing_still(visited, browser):
    with visited("index") as page:
        page.emulate_media(reduced_motion="reduce")
        page.reload()
        image = page.locator(".course-film img")
        assert image.evaluate("image => image.currentSrc").endswith("home-still.png")
        page.get_by_role("button", name="Play the film").wait_for()


def test_dark_mode_is_kept_from_page_to_page(visited):
    with visited("index") as page:
        dark = "() => document.documentElement.dataset.theme === 'dark'"
        page.get_by_role("button", name="Color mode").click()
        page.get_by_role("button", name="Dark", exact=True).click()
        page.wait_for_function(dark)
        page.get_by_role("link", name="00 Read a handwritten digit in the first minute").first.click()
        page.wait_for_function(dark)
        page.evaluate("() => localStorage.clear()")


def test_on_a_phone_nothing_sticks_out_to_the_right(visited):
    for path in PAGES:
        with visited(path) as page:
            page.set_viewport_size({"width": 390, "height": 844})
            assert page.evaluate("() => document.documentElement.scrollWidth") <= 390, path


def test_no_card_is_cut_off_at_the_side(visited):
    cut = "() => [...document.querySelectorAll('table')].filter(one => one.offsetWidth > one.parentElement.offsetWidth)"
    with visited("cards") as page:
        assert page.evaluate(f"{cut}.length") == 0 < page.locator("table").count()


def test_next_leads_through_the_notebooks_in_their_order(visited):
    with visited("index") as page:
        page.locator(".prev-next-area a.right-next").click()
        page.wait_for_url("**/notebooks/00_start.html")
        page.locator(".prev-next-area a.right-next").click()
        page.wait_for_url("**/notebooks/01_numpy.html")


def test_the_cards_are_printed_on_a_few_sheets(site):
    # In a process of its own, since playwright runs in this one already.
    code = (
        "import sys, pathlib; from course.upkeep.book.cards import print_cards; print_cards(pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(site)], check=True)
    content = (site / "cards.pdf").read_bytes()
    assert content.startswith(b"%PDF") and 4 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 14
