"""What a learner sees in JupyterLab: outputs, figures, exercises, sliders, a pen, and curves that grow."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from browser.find import find_driven_browser
from browser.lab import browser_context, running_lab
from course.lab import update_copies
from wrong_answers import start

try:
    BROWSER, missing = find_driven_browser(), ""
except FileNotFoundError as error:
    BROWSER, missing = "", str(error)
pytestmark = pytest.mark.skipif(not BROWSER, reason=missing)

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
IDLE = "Python 3 (ipykernel) | Idle"  # before that, Run would ask for a kernel
IMAGES = ".jp-OutputArea-output img"
# In the page's own text, because a browser leaves what is out of sight undrawn.
ALL_RAN = r"""() => document.querySelector("[data-mime-type='application/vnd.jupyter.error']") !== null ||
    [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
    .every(prompt => /\[\d+\]/.test(prompt.textContent))"""
PAPER = "canvas[aria-label^='paper to draw']"
LOADED = "images => images.every(image => image.complete && image.naturalWidth > 0)"
PIXELS = """image => { const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    canvas.getContext("2d").drawImage(image, 0, 0);
    return image.naturalWidth ? canvas.toDataURL() : ""; }"""
LIVE = """
from itertools import count
from pathlib import Path
from time import sleep
from course.plots import LiveCurves

with LiveCurves("A loss that falls.") as curves:
    for step in count(1):
        curves(step, {"loss/train": 1 / step, "loss/valid": 2 / step})
        sleep(0.05)
        if Path("enough").exists():
            break
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")
    update_copies(NOTEBOOKS, folder)  # as a learner has them
    with running_lab(folder, home) as lab:
        yield lab


@pytest.fixture(scope="module")
def browser():
    with browser_context(BROWSER) as context:
        yield context


@pytest.fixture
def opened(lab, browser, tmp_path):
    """A function that serves the code and text of a notebook, and opens it until the block ends."""

    @contextmanager
    def opened(nb: nbformat.NotebookNode, name: str, cleared: bool = True) -> Iterator:
        for cell in nb.cells:
            if cleared and cell.cell_type == "code":  # so that what the page shows comes from its own kernel
                cell.outputs, cell.execution_count = [], None
        nbformat.write(nb, lab.folder / name)
        page, asked = browser.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        try:
            page.goto(f"{lab.url}lab/tree/{name}?reset&token={lab.token}")
            page.get_by_text(IDLE, exact=True).wait_for()
            yield page
            assert [url for url in asked if not url.startswith((lab.url, "data:", "blob:"))] == []
        except Exception as error:
            error.add_note(f"The page as it was: {tmp_path / 'page.png'}")
            raise
        finally:
            page.screenshot(path=tmp_path / "page.png")
            page.close()
            lab.stop_kernels()

    return opened


def read(name):
    return nbformat.read(NOTEBOOKS / name, as_version=4)


def run_all(page):
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(ALL_RAN)
    assert errors(page) == []


def errors(page):
    return page.locator("[data-mime-type='application/vnd.jupyter.error']").all_text_contents()


def write_and_run(page, cell, source):
    cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")


def wait_for_pixels(page, image, other):
    """Wait until an image is drawn whose pixels are not those of `other`; return them."""
    page.wait_for_function(
        f"([image, other]) => !['', other].includes(({PIXELS})(image))", arg=[image.element_handle(), other]
    )
    return image.evaluate(PIXELS)


def test_a_learner_runs_the_first_notebook_and_solves_its_exercise(opened):
    nb = read("00_start.ipynb")
    figures = sum("image/png" in output.get("data", {}) for cell in nb.cells for output in cell.get("outputs", []))
    pens = sum("plots.pen(" in cell.source for cell in nb.cells)  # here a sheet of paper stands in a figure's place
    printed = "".join(output.get("text", "") for cell in nb.cells for output in cell.get("outputs", []))
    expected = [line for line in printed.splitlines() if line.startswith("✓")]
    assert len(expected) > 2
    (place,) = (index for index, cell in enumerate(nb.cells) if 'check("start.accuracy"' in cell.source)
    task = nb.cells[place].source
    with opened(nb, "00_start.ipynb") as page:
        run_all(page)
        text = " ".join(page.locator(".jp-OutputArea-output").all_text_contents())
        for line in [*expected, "start.accuracy is not tried yet."]:
            assert line in text
        assert page.locator(IMAGES).count() == figures - pens and page.locator(PAPER).count() == pens == 1
        page.wait_for_function(f"() => ({LOADED})([...document.querySelectorAll('{IMAGES}')])")

        cell = page.locator(".jp-Notebook .jp-Cell").nth(place)
        answer, (_, message) = "(logits.argmax(1) == y).sum().item()", start.WRONG["start.accuracy"][0]
        write_and_run(page, cell, task.replace("...", f"return {answer}"))
        cell.get_by_text(message).wait_for()
        write_and_run(page, cell, 'hint("start.accuracy")')
        cell.get_by_text("start.accuracy, hint 1 of 3: the answer to an image is the place").wait_for()
        write_and_run(page, cell, task.replace("...", f"return {answer} / len(y)"))
        cell.get_by_text("start.accuracy is right!").wait_for()
        assert errors(page) == []


ALT = 'A line < 3 & "falling", to ≈ 1.2.'
FIGURE = f"plots.show(plots.curves({{'SGD': [3, 2, 1]}}, title='Falls?', x='epoch', y='loss'), {ALT!r})"


def test_who_cannot_see_a_figure_finds_its_alt_text_once_it_is_drawn(opened):
    cells = [nbformat.v4.new_code_cell(source) for source in ("from course import plots", FIGURE)]
    nb = nbformat.v4.new_notebook(cells=cells, metadata=read("00_start.ipynb").metadata)
    with opened(nb, "drawn.ipynb") as page:
        run_all(page)
        assert_every_figure_has_its_alt_text(page, [ALT])


def test_and_in_a_notebook_that_was_not_run_here_and_is_not_trusted(opened):
    with opened(read("00_start.ipynb"), "given.ipynb", cleared=False) as page:
        page.locator(IMAGES).first.wait_for(state="attached")
        alts = [output.metadata["image/png"]["alt"] for output in figures_of(read("00_start.ipynb"))]
        for place in range(len(alts)):  # JupyterLab draws what comes into view
            page.locator(IMAGES).nth(place).scroll_into_view_if_needed()
        assert_every_figure_has_its_alt_text(page, alts)


def figures_of(nb):
    outputs = (output for cell in nb.cells for output in cell.get("outputs", []))
    return [output for output in outputs if "image/png" in output.get("data", {})]


def assert_every_figure_has_its_alt_text(page, alts):
    """As the name by which a browser tells screen readers of it."""
    for alt in alts:
        page.get_by_role("img", name=alt, exact=True).wait_for(state="attached")
    assert page.locator(IMAGES).evaluate_all("images => images.map(image => image.alt)") == alts


FILM = """from course import plots
plots.film(lambda number: plots.radar([[[0, number / 4]]], size=(2, 1)), 3, "It rains more and more.", seconds=0.2)"""


def test_a_film_plays_by_itself(opened):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(FILM)], metadata=read("00_start.ipynb").metadata)
    with opened(nb, "film.ipynb") as page:
        run_all(page)
        film = page.get_by_role("img", name="It rains more and more.", exact=True)
        film.scroll_into_view_if_needed()
        seen = set()
        while len(seen) < 3:  # the test's own limit of time ends it if nothing moves
            seen.add(film.screenshot())


def test_a_figure_is_drawn_anew_when_its_slider_is_moved_by_keyboard(opened):
    nb = read("05_optim.ipynb")
    needed = ("import math", "SEED = ", "def ravine", "def walk(", "def picture", "plots.live(")
    nb.cells = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.startswith(needed)]
    assert len(nb.cells) == len(needed)
    nb.cells[4].source = nb.cells[4].source.partition("\n\n\n")[0]  # the sliders' figure, without the still one
    with opened(nb, "sliders.ipynb") as page:
        run_all(page)
        picture = page.locator(f"{IMAGES}, .jp-OutputArea-output .widget-image")
        before = wait_for_pixels(page, picture, "")
        for slider in page.get_by_role("slider").all():
            slider.focus()
            page.keyboard.press("ArrowRight")
            before = wait_for_pixels(page, picture, before)
        assert page.get_by_role("slider").count() == 2 and picture.count() == 1


def test_a_seven_that_is_drawn_with_the_mouse_is_read_as_a_seven(opened):
    nb = read("00_start.ipynb")
    needed = ("import torch", "SEED = ", "device = pick_device", "data = load_data", "splits = split(", "model = MLP(")
    needed += ("shuffle = ", "def read(", "ink = load_photo(", "plots.pen(")
    nb.cells = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.startswith(needed)]
    assert len(nb.cells) == len(needed)
    with opened(nb, "pen.ipynb") as page:
        run_all(page)
        paper, answer = page.locator(PAPER), page.locator(".course-pen-answer")
        paper.scroll_into_view_if_needed()
        for left, top, size in ((30, 20, 90), (120, 60, 180)):  # small in a corner, large in another
            box = paper.bounding_box()
            for stroke in (((0, 0), (0.6, 0), (0.2, 1)), ((0.15, 0.5), (0.5, 0.5))):
                places = [(box["x"] + left + size * x, box["y"] + top + size * y) for x, y in stroke]
                page.mouse.move(*places[0])
                page.mouse.down()
                for place in places[1:]:
                    page.mouse.move(*place, steps=12)
                page.mouse.up()
            answer.filter(has_text="7").wait_for()
            page.wait_for_timeout(500)  # the last stroke is read, too
            assert answer.text_content() == "7"
            page.get_by_role("button", name="Clear", exact=True).click()
            assert answer.text_content() == ""
        assert errors(page) == []


def test_curves_grow_in_place_while_a_cell_runs(opened, lab):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LIVE)], metadata=read("00_start.ipynb").metadata)
    with opened(nb, "curves.ipynb") as page:
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        picture = page.locator(IMAGES)
        drawn = wait_for_pixels(page, picture, "")
        for _ in range(2):
            drawn = wait_for_pixels(page, picture, drawn)
            assert picture.count() == 1
        (lab.folder / "enough").touch()
        page.wait_for_function(ALL_RAN)
        page.locator(".jp-RenderedImage img").wait_for()  # the still figure takes the live one's place
        assert errors(page) == []
        assert picture.count() == 1
        assert wait_for_pixels(page, picture, "")


def test_a_cell_run_out_of_order_says_which_to_run_first(opened):
    nb = read("00_start.ipynb")
    (place,) = (index for index, cell in enumerate(nb.cells) if cell.source.startswith("splits = split(data,"))
    with opened(nb, "00_start.ipynb") as page:
        cell = page.locator(".jp-Notebook .jp-Cell").nth(place)
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        cell.get_by_text(
            "`split` comes from the cell that begins `import torch` at the top: run that one first"
        ).wait_for()
