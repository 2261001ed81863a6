"""A learner's own copies of the notebooks."""

import json

import nbformat
import pytest

from course import _places, lab
from course.lab import update_copies


def notebook(*sources, output=""):
    nb = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=f"c{k}") for k, source in enumerate(sources)]
    )
    nb.cells[0].outputs = [nbformat.v4.new_output("stream", text=output)] if output else []
    return nbformat.writes(nb) + "\n"


@pytest.fixture
def places(tmp_path, monkeypatch):
    course, own = tmp_path / "notebooks", tmp_path / "my"
    course.mkdir()
    for name in ("00_start", "05_optim"):
        (course / f"{name}.ipynb").write_text(notebook(name), encoding="utf-8")
    monkeypatch.setattr(_places, "NOTEBOOKS", course)
    monkeypatch.setattr(_places, "MY", own)
    return course, own


def seen(own):
    return sorted(path.name for path in own.glob("*.ipynb"))


def test_the_first_copies_are_the_notebooks_without_outputs_and_nothing_is_said(places):
    course, own = places
    (course / "05_optim.ipynb").write_text(notebook("05_optim", output="1"), encoding="utf-8")
    assert update_copies(course, own) == []
    assert seen(own) == ["00_start.ipynb", "05_optim.ipynb"]
    for name in seen(own):
        assert nbformat.read(own / name, 4) == nbformat.reads(notebook(name[:-6]), 4)


def test_a_changed_copy_stays_and_a_notebook_that_came_later_is_copied(places):
    course, own = places
    update_copies(course, own)
    (own / "05_optim.ipynb").write_text(notebook("mine"), encoding="utf-8")
    (course / "07_overfitting.ipynb").write_text(notebook("new"), encoding="utf-8")
    assert update_copies(course, own) == []
    assert (own / "05_optim.ipynb").read_text(encoding="utf-8") == notebook("mine")
    assert seen(own) == ["00_start.ipynb", "05_optim.ipynb", "07_overfitting.ipynb"]


def test_a_newer_notebook_comes_to_lie_beside_a_changed_copy_once(places):
    course, own = places
    update_copies(course, own)
    (own / "05_optim.ipynb").write_text(notebook("mine"), encoding="utf-8")
    (course / "05_optim.ipynb").write_text(notebook("newer"), encoding="utf-8")
    (told,) = update_copies(course, own)
    assert told == (
        f"{own / '05_optim.ipynb'} stays yours, but the course has a newer one, beside it as 05_optim-newer.ipynb: "
        "python3 run.py lab --fresh 05_optim begins anew with it"
    )
    assert update_copies(course, own) == [told]
    assert seen(own) == ["00_start.ipynb", "05_optim-newer.ipynb", "05_optim.ipynb"]
    assert (own / "05_optim-newer.ipynb").read_text(encoding="utf-8") == notebook("newer")


def test_work_in_the_newer_one_is_kept_too(places):
    course, own = places
    update_copies(course, own)
    for text in ("newer", "newest"):
        for copy in own.glob("05*.ipynb"):
            copy.write_text(notebook(f"mine in {copy.name}"), encoding="utf-8")
        (course / "05_optim.ipynb").write_text(notebook(text), encoding="utf-8")
        update_copies(course, own)
    assert seen(own)[1:] == ["05_optim-newer-2.ipynb", "05_optim-newer.ipynb", "05_optim.ipynb"]
    assert (own / "05_optim-newer.ipynb").read_text(encoding="utf-8") == notebook("mine in 05_optim-newer.ipynb")


def test_a_notebook_of_which_only_the_outputs_are_new_is_no_newer_one(places):
    course, own = places
    update_copies(course, own)
    (own / "05_optim.ipynb").write_text(notebook("mine"), encoding="utf-8")
    (course / "05_optim.ipynb").write_text(notebook("05_optim", output="1"), encoding="utf-8")
    assert update_copies(course, own) == []
    assert seen(own) == ["00_start.ipynb", "05_optim.ipynb"]


def test_a_copy_that_nobody_has_touched_is_brought_up_to_date_without_a_word(places):
    course, own = places
    update_copies(course, own)
    (course / "05_optim.ipynb").write_text(notebook("newer"), encoding="utf-8")
    assert update_copies(course, own) == []
    assert (own / "05_optim.ipynb").read_text(encoding="utf-8") == notebook("newer")


def test_to_begin_anew_keeps_what_was_there_under_another_name(places):
    course, own = places
    update_copies(course, own)
    for answer in ("first", "second"):
        (own / "05_optim.ipynb").write_text(notebook(answer), encoding="utf-8")
        assert len(update_copies(course, own, ["05"])) == 1
        assert (own / "05_optim.ipynb").read_text(encoding="utf-8") == notebook("05_optim")
    assert (own / "05_optim-before.ipynb").read_text(encoding="utf-8") == notebook("first")
    assert (own / "05_optim-before-2.ipynb").read_text(encoding="utf-8") == notebook("second")


def test_to_begin_anew_with_the_newer_one_leaves_no_second_copy_of_it(places):
    course, own = places
    update_copies(course, own)
    (own / "05_optim.ipynb").write_text(notebook("mine"), encoding="utf-8")
    (course / "05_optim.ipynb").write_text(notebook("newer"), encoding="utf-8")
    update_copies(course, own)
    update_copies(course, own, ["05"])
    assert seen(own) == ["00_start.ipynb", "05_optim-before.ipynb", "05_optim.ipynb"]


def test_without_the_record_of_what_was_copied_nothing_is_overwritten(places):
    course, own = places
    update_copies(course, own)
    (own / lab.ORIGINS).write_text("{", encoding="utf-8")
    (course / "05_optim.ipynb").write_text(notebook("newer"), encoding="utf-8")
    assert len(update_copies(course, own)) == 2
    assert (own / "05_optim.ipynb").read_text(encoding="utf-8") == notebook("05_optim")


@pytest.mark.parametrize(
    "args, place, rest",
    [
        ([], "my/00_start.ipynb", []),
        (["--no-browser", "--port", "9999"], "my/00_start.ipynb", ["--no-browser", "--port", "9999"]),
        (["--committed"], "notebooks", []),
    ],
)
def test_jupyterlab_opens_the_copies_or_if_asked_the_committed_notebooks(places, monkeypatch, args, place, rest):
    course, own = places
    opened = []
    monkeypatch.setattr(lab, "open_lab", lambda args: opened.append(args) or 0)
    assert lab.open_copies(args) == 0
    assert opened == [[str(course.parent / place), *rest]]
    assert own.exists() != ("--committed" in args)


def test_the_first_notebook_is_opened_the_first_time_only(places, monkeypatch):
    opened = []
    monkeypatch.setattr(lab, "open_lab", lambda args: opened.append(args) or 0)
    lab.open_copies([])
    lab.open_copies([])
    assert opened[1] == [str(places[1])]


def test_what_is_no_notebook_is_an_error_of_one_sentence_and_jupyterlab_stays_closed(places, monkeypatch, capsys):
    course, own = places
    monkeypatch.setattr(lab, "open_lab", pytest.fail)
    assert lab.open_copies(["--fresh", "9"]) == 1
    assert capsys.readouterr().err == "no notebook starts with '9', expected one of 00_start, 05_optim\n"
    (course / "05_optim.ipynb").write_text("<<<<<<< HEAD", encoding="utf-8")
    assert lab.open_copies([]) == 1
    mend = "git checkout HEAD -- notebooks/05_optim.ipynb"
    assert capsys.readouterr().err == f"{course / '05_optim.ipynb'} is no notebook any more: {mend}\n"


def test_git_does_not_see_the_copies():
    lines = (_places.ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert f"/{_places.MY.name}/" in lines


def test_a_copy_counts_as_touched_as_soon_as_jupyterlab_has_marked_it(places):
    course, own = places
    update_copies(course, own)
    copy = own / "05_optim.ipynb"
    nb = json.loads(copy.read_text(encoding="utf-8"))
    nb["metadata"]["kernelspec"] = {"name": "python3"}
    copy.write_text(json.dumps(nb), encoding="utf-8")
    (course / "05_optim.ipynb").write_text(notebook("newer"), encoding="utf-8")
    assert len(update_copies(course, own)) == 1
    assert json.loads(copy.read_text(encoding="utf-8")) == nb
