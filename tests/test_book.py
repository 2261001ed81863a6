"""The website is made of what is committed: its pages, its glossary, its reference and its cards."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course import _places
from course.cli import main
from course.upkeep import book, notebooks
from course.upkeep.book import cards, colab, extension, glossary, pages, reference

needs_sphinx = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in book.EXTRA),
    reason="Sphinx is missing, which is an extra: python3 run.py book installs it",
)
PATHS = _places.find_notebooks(_places.NOTEBOOKS)
OPENED = {path: notebooks.read(path) for path in PATHS}
NUMBERS = {path.name[:2]: nb for path, nb in OPENED.items()}
TERMS = glossary.read_terms()
# Terms that a notebook uses before it explains them, where the sentence before is enough.
EARLY = {
    "perceptron": "within `multilayer perceptron`",
    "curvature": "01 uses the word in passing",
    "saturated": "the sentence before has said why",
    "Adam": "an exercise without a check, for who comes back",
    "cross-entropy": "the code has said so",
}
OPENING = 3  # cells that say what is to come, in words that are explained later


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.label)
def test_a_term_is_explained_where_the_glossary_says_and_not_used_before(term):
    place, _ = glossary.find_place(term, NUMBERS[term.number])
    if term.plain or term.forms[0] in EARLY:
        return
    for number, nb in NUMBERS.items():
        for cell_place, cell in enumerate(nb.cells):
            if (number, cell_place) >= (term.number, place):
                return
            opening = number == term.number and cell_place < OPENING
            elsewhere = re.search(r"[Nn]otebook \d\d|^## References", cell.source)
            if cell.cell_type == "markdown" and not opening and not elsewhere:
                assert not term.where().search(prose(cell.source)), f"{number}, cell {cell_place}"


def prose(text):
    """A text without code, formulas and the targets of links."""
    return re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$|\]\([^)]*\)", "", text, flags=re.DOTALL)


def test_about_a_hundred_terms_each_once_with_a_meaning_in_a_few_words():
    names = [form.lower() for term in TERMS for form in term.forms]
    assert len(TERMS) >= 95 and len(set(names)) == len(names)
    assert len({term.label for term in TERMS}) == len(TERMS)
    assert all(3 <= len(term.meaning.split()) <= 20 for term in TERMS)


def test_a_term_is_found_in_the_plural_and_at_the_start_of_a_sentence_but_within_no_other_word():
    (term,) = (term for term in TERMS if term.forms[0] == "logit")
    assert term.where().search("Logits are") and not term.where().search("logitech")
    (term,) = (term for term in TERMS if "CSI" in term.forms)
    assert term.where().search("the CSI of") and not term.where().search("csi")


def test_words_that_are_gone_are_told_with_the_line_to_mend():
    with pytest.raises(ValueError, match="does not say '.*activation' any more.*mend its line in course/upkeep/book"):
        glossary.find_place(next(term for term in TERMS if term.forms[0] == "activation"), new_notebook())


def test_a_paragraph_that_explains_gets_a_label():
    nb = new_notebook(cells=[new_markdown_cell("Before.\n\nThis is the\n*forward pass*.")])
    (term,) = (term for term in TERMS if term.forms[0] == "forward pass")
    assert glossary.with_labels(nb, [term]) == {0: "Before.\n\n(explained-forward-pass)=\nThis is the\n*forward pass*."}


@pytest.mark.parametrize(
    "text, mended",
    [
        ("[the page](CLAIMS.md#c1)", "[the page](/claims.md#c1)"),
        ("[05](05_optim.ipynb)", "[05](/notebooks/05_optim.md)"),
        (
            "[all](solutions/05_optim.ipynb)",
            "[all](https://github.com/a/b/blob/HEAD/notebooks/solutions/05_optim.ipynb)",
        ),
        ("[start](../README.md)", "[start](/index.md)"),
        ("[here](#c1) [there](https://x.org)", "[here](#c1) [there](https://x.org)"),
        ("see https://x.org/a.html.", "see <https://x.org/a.html>."),
        ("```python\n[a](b)\n```", "```python\n[a](b)\n```"),
    ],
)
def test_links_lead_to_pages_or_to_github(text, mended):
    assert pages.mend_links(text, "notebooks/01_numpy.ipynb", "https://github.com/a/b") == mended


def test_without_an_address_what_is_on_no_page_is_not_linked():
    assert pages.mend_links("see [LICENSE](../LICENSE)", "notebooks/01_numpy.ipynb", "") == "see LICENSE"


def test_a_notebook_becomes_its_texts_its_code_and_what_it_printed(tmp_path):
    shown = new_output("display_data", data={"text/plain": "c1 · holds"}, metadata={"verdict": {}})
    cells = [
        new_markdown_cell("# Title\n\nText."),
        new_code_cell("print('```')", outputs=[new_output("stream", text="```\n"), shown]),
    ]
    page = pages.notebook_page(Path("99_x.ipynb"), new_notebook(cells=cells), tmp_path, "")
    assert page.startswith("# Title\n\n::::{container} course-bar\n")
    assert "````{code-block} python\n:class: course-code\n\nprint('```')\n````" in page
    assert "````{code-block} text\n:class: course-output\n\n```\n````" in page
    assert page.endswith("```{code-block} text\n:class: course-output course-verdict\n\nc1 · holds\n```\n")


def test_figures_and_films_are_written_with_their_alt_texts(tmp_path):
    for path, nb in OPENED.items():
        page = pages.notebook_page(path, nb, tmp_path, "")
        outputs = [output for cell in nb.cells for output in cell.get("outputs", [])]
        alts = [one.metadata["image/png"]["alt"] for one in outputs if "image/png" in one.get("data", {})]
        assert page.count(":alt: ") + page.count("<img src=") == len(alts)
        for file in re.findall(r"\{image} /(\S+)|src=\"\.\./_(\S+)\"", page):
            assert (tmp_path / "".join(file)).is_file()
    assert len(list((tmp_path / "static" / "films").glob("*-still.png"))) >= 2


def test_the_first_page_has_a_film_all_notebooks_and_what_to_type(tmp_path):
    page = pages.home_page(OPENED, tmp_path, "https://github.com/a/b")
    assert "$ git clone https://github.com/a/b\n$ cd b\n$ python3 run.py lab" in page
    assert page.count("course-film") == 1 and (tmp_path / "static" / "films" / "home.png").is_file()
    assert [path.stem for path in PATHS] == re.findall(r"^- \[\d\d .+\]\(/notebooks/(\w+)\.md\) · \d min$", page, re.M)
    assert page.count("[the evidence](#c") == 3
    assert "github" not in pages.home_page(OPENED, tmp_path, "")


def test_a_notebook_says_what_it_costs_and_where_else_it_runs(tmp_path):
    path = PATHS[0]
    bar = pages.notebook_page(path, OPENED[path], tmp_path, "https://github.com/a/b").split("::::")[1]
    assert "1 min of one core" in bar and f"</downloads/{path.name}>" in bar
    assert "(https://mybinder.org/v2/gh/a/b/HEAD?labpath=notebooks%2F00_start.ipynb)" in bar
    assert f"(https://github.com/a/b/blob/HEAD/notebooks/{path.name})" in bar
    assert "http" not in pages.notebook_page(path, OPENED[path], tmp_path, "").split("::::")[1]


def test_a_notebook_opens_in_colab_from_the_branch_that_holds_those_that_fetch_the_course(tmp_path):
    path = PATHS[0]
    bar = pages.notebook_page(path, OPENED[path], tmp_path, "https://github.com/a/b").split("::::")[1]
    assert "(https://colab.research.google.com/github/a/b/blob/colab/00_start.ipynb)" in bar


def test_what_is_handed_out_is_the_notebook_and_fetches_the_course_only_if_its_repository_is_known(tmp_path):
    for repository, first in (("https://github.com/a/b", "fetch"), ("", OPENED[PATHS[0]].cells[0].id)):
        folder = tmp_path / str(bool(repository))
        book.write_source(folder, repository)
        handed = {path.name: notebooks.read(path) for path in (folder / "downloads").iterdir()}
        assert handed.keys() == {path.name for path in PATHS} and handed[PATHS[0].name].cells[0].id == first
        for path, nb in OPENED.items():
            assert handed[path.name].cells[-len(nb.cells) :] == nb.cells


FETCHING = """
import sys
from IPython.core.interactiveshell import InteractiveShell

cell, here, hidden = sys.argv[1:]
shell = InteractiveShell.instance()
shell.register_magic_function(lambda line: print("pip", line), magic_name="pip")
if hidden == "hidden":
    sys.meta_path[:] = [each for each in sys.meta_path if "editable" not in f"{getattr(each, '__module__', '')}"]
    sys.path[:] = [each for each in sys.path if each != here]
shell.run_cell(cell).raise_error()
import course
print(course.__file__)
"""


@pytest.fixture
def repository(tmp_path):
    """A repository with a package `course`, which holds nothing."""
    (tmp_path / "theirs" / "course").mkdir(parents=True)
    (tmp_path / "theirs" / "course" / "__init__.py").touch()
    git = ["git", "-C", str(tmp_path / "theirs"), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "course"]):
        subprocess.run([*git, *words], check=True)
    return (tmp_path / "theirs").as_uri()


@pytest.mark.parametrize("there", ["hidden", "there"])
def test_the_course_is_fetched_where_it_is_missing_and_elsewhere_nothing_is_done(there, repository, tmp_path):
    first = colab.with_fetch(OPENED[PATHS[0]], repository).cells[0].source
    command = [sys.executable, "-I", "-c", FETCHING, first, str(_places.ROOT), there]
    environment = os.environ | {"IPYTHONDIR": str(tmp_path / "ipython")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    *said, place = done.stdout.splitlines()
    fetched = tmp_path / "from-numpy-to-rain"
    if there == "hidden":
        assert said == ["pip install --quiet --editable from-numpy-to-rain"]
        assert Path(place) == fetched / "course" / "__init__.py"
    else:
        assert said == [] and not fetched.exists() and Path(place).is_relative_to(_places.ROOT)


def test_every_name_that_a_room_gives_is_in_its_reference():
    rooms = reference.find_rooms(_places.ROOT / "course")
    assert {"device", "mnist", "nowcast", "plots"} <= rooms.keys() and not rooms.keys() & reference.WING
    for name, path in rooms.items():
        page = reference.room_page(name, path)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        lists = [one.value for one in tree.body if "__all__" in ast.unparse(one)[:7]]
        told = set(re.findall(r"\{py:\w+\} (\w+)", page))
        assert {each for one in lists for each in ast.literal_eval(one)} <= told and told


def test_a_docstring_is_text_with_its_parts_apart(tmp_path):
    docstring = "Move *S by `by`.\n\n    by: steps.\n    Shapes: x (B, *S).\n    "
    code = f'def move(x: Tensor, *, by: int = 1) -> Tensor:\n    """{docstring}"""\n'
    (tmp_path / "room.py").write_text(code)
    assert reference.room_page("room", tmp_path / "room.py").splitlines()[4:] == [
        ":::::::{py:function} move(x: Tensor, *, by: int=1) -> Tensor",
        ":module: course.room",
        "",
        r"Move \*S by `by`.",
        "",
        "**by**: steps.",
        "",
        r"**Shapes**: x (B, \*S).",
        "",
        ":::::::",
        "",
    ]


def test_every_notebook_has_its_card_on_the_page_of_cards():
    page = cards.cards_page(OPENED, "", pdf=False)
    assert page.count("\n### ") == len(OPENED) and "cards.pdf" not in page
    assert "cards.pdf" in cards.cards_page(OPENED, "", pdf=True)
    with pytest.raises(ValueError, match="has no section `## On one card`"):
        cards.find_card(Path("99_x.ipynb"), new_notebook())


@pytest.mark.parametrize(
    "address",
    ["https://github.com/a/b.git", "git@github.com:a/b.git", "ssh://git@github.com/a/b", "https://github.com/a/b/"],
)
def test_the_repository_is_known_from_git_or_from_ci(monkeypatch, address):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    answer = book.subprocess.CompletedProcess([], 0, stdout=f"{address}\n")
    monkeypatch.setattr(book.subprocess, "run", lambda *args, **options: answer)
    assert book.find_repository() == "https://github.com/a/b"
    monkeypatch.setenv("GITHUB_REPOSITORY", "c/d")
    assert book.find_repository() == "https://github.com/c/d"


def test_a_repository_elsewhere_is_not_linked(monkeypatch, tmp_path):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    monkeypatch.setattr(_places, "ROOT", tmp_path)  # no repository at all
    assert book.find_repository() == ""
    answer = book.subprocess.CompletedProcess([], 0, stdout="/srv/a/b\n")
    monkeypatch.setattr(book.subprocess, "run", lambda *args, **options: answer)
    assert book.find_repository() == ""


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["book", "--out", str(tmp_path)]) == 1
    assert "holds something else than a website, which would be lost" in capsys.readouterr().err
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_what_is_missing_is_installed_into_the_courses_own_environment_only(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(book, "EXTRA", ("a_module_that_is_not_there",))
    ran = []
    done = book.subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(book.subprocess, "run", lambda command, **options: ran.append(command) or done)
    monkeypatch.setattr(book.sys, "prefix", str(tmp_path / "elsewhere"))
    with pytest.raises(
        ImportError, match=r'needs a_module_that_is_not_there: ".+" -m pip install --editable ".+\[book\]"'
    ):
        book.install_extra()
    assert ran == []
    monkeypatch.setattr(_places, "ROOT", tmp_path)
    monkeypatch.setattr(book.sys, "prefix", str(tmp_path / ".venv"))
    with pytest.raises(ImportError, match="and pip could not install it"):
        book.install_extra()
    assert ran[0][1:6] == ["-m", "pip", "install", "--editable", f"{tmp_path}[book]"]
    assert capsys.readouterr().out.startswith("installing what the website needs")


@needs_sphinx
def test_every_formula_becomes_mathml():
    count = 0
    for nb in NUMBERS.values():
        for cell in nb.cells:
            text = (
                re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.DOTALL) if cell.cell_type == "markdown" else ""
            )
            for block, inline in re.findall(r"\$\$(.+?)\$\$|(?<!\\)\$([^$]+)\$", text, re.DOTALL):
                assert extension.to_mathml(block or inline, bool(block)).startswith("<math")
                count += 1
    assert count > 100


@needs_sphinx
def test_a_formula_that_cannot_be_drawn_is_told():
    with pytest.raises(ValueError, match=r"the formula '.*nosuch.*' cannot be drawn"):
        extension.to_mathml(r"\nosuch{x}", block=False)


@needs_sphinx
def test_what_sphinx_complains_of_is_an_error_and_a_good_page_asks_nobody(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(Path(book.__file__).with_name("static"), source / "static")
    (source / "index.md").write_text("# Title\n\nText, and $x^2$.\n", encoding="utf-8")
    book._run_sphinx(source, tmp_path / "site")
    html = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "<math" in html and fetched(html) == []
    (source / "index.md").write_text("# Title\n\n[nowhere](/nowhere.md)\n", encoding="utf-8")
    with pytest.raises(ValueError, match="the website cannot be built:\n.*nowhere"):
        book._run_sphinx(source, tmp_path / "site")


def fetched(html):
    """The addresses elsewhere that a browser would ask for when it shows a page."""
    tags = re.findall(r"<(?:script|img|source|iframe|link)\b[^>]*>", html)
    return [tag for tag in tags if re.search(r"(?:src|href|srcset)=\"(?:https?:)?//", tag) and "canonical" not in tag]
