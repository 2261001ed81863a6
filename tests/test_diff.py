"""What differs between two runs of a notebook is told in words, and nothing else is."""

import copy
import json
import os
import subprocess
from dataclasses import asdict

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course.claims import bands, measured
from course.claims.verdicts import Judged
from course.upkeep import diff
from course.upkeep.notebooks import write


def picture(*ys):
    """A figure with one line, its y axis from 0 to 2, of which a tenth may move."""
    series = [{"label": "loss", "x": list(range(len(ys))), "y": list(ys)}]
    axes = {"title": "Does it fall?", "series": series, "images": [], "bars": [], "range": [0, 10, 0, 2]}
    metadata = {"figure": {"title": "", "axes": [axes]}, "tolerance": 0.1}
    return new_output("display_data", {"image/png": "iVBO", "text/plain": "a line"}, metadata=metadata)


def cell(name, source, *outputs, count=1):
    made = [new_output("stream", text=output) if isinstance(output, str) else output for output in outputs]
    return new_code_cell(source, id=name, outputs=made, execution_count=count)


def verdict(part, judgement="holds"):
    judged = Judged("c3", judgement, "at {part} of the rates", "MNIST", None, {"part": measured(part, "%", ".0f")})
    line = f"c3 · it diverges · {judgement} · {judged.evidence()}"
    return new_output("display_data", {"text/plain": line}, metadata={"verdict": asdict(judged)})


def judged_anew(notebook, *outputs):
    """A copy with other verdicts."""
    other = copy.deepcopy(notebook)
    other.cells[-1].outputs = copy.deepcopy(list(outputs))
    return other


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.setattr(bands, "BANDS", None)
    return new_notebook(
        metadata={"course": {"data": "MNIST", "device": "cpu", "torch": "2.15.0"}},
        cells=[
            new_markdown_cell("# Title", id="title"),
            cell("data", "data = load()", "device: cpu\ndata: MNIST\nloss ≈ 2.00, then ≈ 1,000; above 1: True\n"),
            cell("plot", "show(fig)", picture(1, 0.5), count=2),
            cell("end", "verdict('c3')", verdict(0.5), count=3),
        ],
    )


def changed(notebook, name, old, new):
    """A copy in which the text of a cell's output is another."""
    other = copy.deepcopy(notebook)
    output = next(cell for cell in other.cells if cell.id == name).outputs[0]
    assert old in output.text
    output.text = output.text.replace(old, new)
    return other


def test_two_equal_runs_differ_in_nothing(notebook):
    assert list(diff.changes(notebook, copy.deepcopy(notebook))) == []


def test_device_and_version_are_told_and_their_lines_are_no_other_words(notebook):
    other = changed(notebook, "data", "device: cpu", "device: cuda")
    other.metadata.course.update(device="cuda", torch="2.16.0")
    assert list(diff.changes(notebook, other)) == ["device: cuda, before cpu", "torch: 2.16.0, before 2.15.0"]


def test_measured_values_are_counted_and_the_one_that_moved_most_is_named(notebook):
    other = changed(changed(notebook, "data", "2.00", "2.02"), "data", "1,000", "750")
    assert list(diff.changes(notebook, other)) == [
        "≈: 2 of 3 values moved, half of them by 13.0% or less, one by 25%: from 1,000 to 750 in [1] 'data = load()'"
    ]


def test_other_words_are_told_as_what_nbval_will_find(notebook):
    other = changed(notebook, "data", "above 1: True", "above 1: False")
    assert list(diff.changes(notebook, other)) == [
        "OTHER WORDS, which nbval will find, in 1 of 3 cells:",
        "  [1] 'data = load()' says 'loss ≈ 2.00, then ≈ 1,000; above 1: False', "
        "before 'loss ≈ 2.00, then ≈ 1,000; above 1: True'",
    ]


def test_a_line_that_is_gone_is_told_too(notebook):
    other = changed(notebook, "data", "loss ≈ 2.00, then ≈ 1,000; above 1: True\n", "")
    assert "says nothing, before 'loss ≈ 2.00" in list(diff.changes(notebook, other))[1]


def test_a_claim_whose_figures_moved_is_told_with_both(notebook):
    first, *_ = diff.changes(notebook, judged_anew(notebook, verdict(0.6)))
    assert first == "c3 holds; at ≈ 60 % (1 run) of the rates; before: at ≈ 50 % (1 run) of the rates"


def test_a_claim_with_another_verdict_is_told_with_both(notebook):
    first, *_ = diff.changes(notebook, judged_anew(notebook, verdict(0.5, "false")))
    told = "at ≈ 50 % (1 run) of the rates"
    assert first == f"c3 false, before: holds; {told}; before: {told}"


def test_a_claim_that_comes_or_goes_is_told(notebook):
    without = judged_anew(notebook)
    assert "c3 is not judged any more" in list(diff.changes(notebook, without))
    assert "c3 is judged for the first time: holds" in list(diff.changes(without, notebook))


def test_a_figure_out_of_its_claims_band_is_told(notebook, tmp_path, monkeypatch):
    monkeypatch.setattr(bands, "BANDS", tmp_path / "bands.json")
    figures = {"part": asdict(measured([0.5, 0.45, 0.55], "%"))}
    record = {"seeds": 3, "held": 3, "figures": figures}
    bands.BANDS.write_text(json.dumps({"c3": {"measured": {"MNIST": record}}}))
    assert list(diff.changes(notebook, judged_anew(notebook, verdict(0.64))))[1:] == [
        "≈: 1 of 3 values moved, half of them by 21.9% or less, one by 22%: from 50 to 64 in [3] \"verdict('c3')\""
    ]
    assert list(diff.changes(notebook, judged_anew(notebook, verdict(0.66))))[1] == (
        "OUT OF ITS BAND: c3 gives 0.66 for part, expected 0.35 to 0.65, since 3 runs gave 0.45 to 0.55: "
        "undo what you have changed above, or say why it moved"
    )
    assert not any("BAND" in line for line in diff.changes(notebook, judged_anew(notebook, timed(verdict(0.66)))))


def timed(output):
    """The same verdict at equal seconds, which are those of a machine."""
    output.metadata["verdict"]["currency"] = "seconds"
    return output


def test_a_figure_that_moved_within_its_tolerance_is_counted_and_one_beyond_is_told(notebook):
    for height, lines in (
        (0.6, ["figures: in 1 of 1 cells the drawn data moved"]),
        (
            1.5,
            [
                "FIGURES BEYOND THEIR TOLERANCE, which the tests will find: 1",
                "  figure 1 ('Does it fall?'): series 'loss', y[1] is 1.5, expected 0.5 within 0.1 of the axis 0 to 2, "
                "in [2] 'show(fig)'",
                "figures: in 1 of 1 cells the drawn data moved",
            ],
        ),
    ):
        other = copy.deepcopy(notebook)
        other.cells[2].outputs = [picture(1, height)]
        assert list(diff.changes(notebook, other)) == lines


def test_on_other_data_a_figure_may_move_as_it_likes(notebook):
    other = changed(notebook, "data", "data: MNIST", "data: digits")
    other.cells[2].outputs = [picture(1, 1.5)]
    judged = list(diff.changes(notebook, other))
    other.metadata.course.data = "digits"  # JupyterLab leaves that as it was
    assert list(diff.changes(notebook, other)) == ["data: digits, before MNIST", *judged]
    assert judged == [
        "figures: in 1 of 1 cells the drawn data moved; how far is not judged, since they are other data",
    ]


def test_a_progress_bar_is_no_other_words(notebook):
    other = copy.deepcopy(notebook)
    other.cells[1].outputs.append(
        new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "7"}})
    )
    assert list(diff.changes(notebook, other)) == []


def test_changed_new_and_missing_cells_are_counted(notebook):
    other = copy.deepcopy(notebook)
    other.cells[1].source = "data = load('MNIST')"
    other.cells[2] = cell("more", "1 + 1")
    assert list(diff.changes(notebook, other)) == [
        "cells changed: 1, the first is [1] \"data = load('MNIST')\"",
        "cells new: 1, the first is [1] '1 + 1'",
        "cells gone: 1, the first is [2] 'show(fig)'",
    ]


def commit(folder):
    """Commit all that is in a folder, whatever the user has told git."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment["GIT_CONFIG_GLOBAL"] = os.devnull
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
        subprocess.run(command, cwd=folder, check=True, env=environment)


@pytest.fixture
def repository(tmp_path, notebook):
    """A repository with the notebook in its first commit."""
    path = tmp_path / "notebooks" / "00_tiny.ipynb"
    write(notebook, path)
    commit(tmp_path)
    return path


def test_the_old_run_is_the_committed_one(repository, notebook):
    assert diff.report(repository, repository) == ["00_tiny: nothing has changed"]
    write(changed(notebook, "data", "≈ 2.00", "≈ 1.00"), repository)
    assert diff.report(repository, repository) == [
        "00_tiny:",
        "  ≈: 1 of 3 values moved, half of them by 50.0% or less, one by 50%: from 2.00 to 1.00 in [1] 'data = load()'",
    ]


def as_colab_saves(given):
    """nbformat 4.0, ids of its own in places of its own, none of ours."""
    given["nbformat_minor"] = 0
    given["metadata"] |= {"colab": {"provenance": []}, "accelerator": "GPU"}
    for number, cell in enumerate(given["cells"]):
        del cell["id"]
        cell["metadata"] |= {"id": f"C0lab{number}", "outputId": "1a"}


def without_all_ids(given):
    del given["cells"][1]["id"]


def with_one_id_twice(given):
    given["cells"][2]["id"] = given["cells"][1]["id"]


def with_an_id_that_is_none(given):
    given["cells"][1]["id"] = "data\nof mine"


def as_vs_code_saves(given):
    for cell in given["cells"]:
        cell["metadata"]["vscode"] = {"languageId": "python"}


SAVED = [as_colab_saves, without_all_ids, with_one_id_twice, with_an_id_that_is_none, as_vs_code_saves]


@pytest.mark.parametrize("saved", SAVED)
@pytest.mark.parametrize("encoding, newline", [("utf-8", "\n"), ("utf-8-sig", "\r\n")])
def test_whoever_saved_the_file_the_same_cells_are_found_in_it(repository, notebook, saved, encoding, newline):
    write(changed(notebook, "data", "≈ 2.00", "≈ 1.00"), repository)
    lines = diff.report(repository, repository)
    given = json.loads(repository.read_text(encoding="utf-8"))
    saved(given)
    repository.write_text(json.dumps(given, indent=1, ensure_ascii=False), encoding=encoding, newline=newline)
    assert diff.report(repository, repository) == lines
    given["cells"].insert(
        2, given["cells"][0] | {"source": ["# New"]} | ({"id": "new"} if saved is as_vs_code_saves else {})
    )
    given["cells"][3]["source"] = ["show(figure)"]
    repository.write_text(json.dumps(given), encoding=encoding)
    assert diff.report(repository, repository)[1:3] == [
        "  cells changed: 1, the first is [2] 'show(figure)'",
        "  cells new: 1, the first is '# New'",
    ]


def test_a_notebook_without_ids_that_was_committed_is_compared_with_one_that_has_them(notebook):
    old = copy.deepcopy(notebook)
    for cell in old.cells:
        del cell["id"]
    assert list(diff.changes(old, notebook)) == []
    assert len(list(diff.changes(old, changed(notebook, "data", "2.00", "2.02")))) == 1


def test_a_notebook_in_nbformat_3_is_compared_by_its_sources(repository, notebook):
    nbformat.write(nbformat.convert(notebook, 3), repository)
    told = diff.report(repository, repository)
    assert not [line for line in told if "cells" in line and "drawn data" not in line], told


def test_a_cell_that_moved_or_whose_id_another_took_is_not_taken_for_a_changed_one(notebook):
    other = copy.deepcopy(notebook)
    other.cells[1], other.cells[2] = other.cells[2], other.cells[1]
    assert list(diff.changes(notebook, other)) == []
    other.cells[1].id, other.cells[2].id = other.cells[2].id, other.cells[1].id
    assert list(diff.changes(notebook, other)) == []


def test_what_is_no_notebook_is_named_with_the_reason(repository, notebook):
    repository.write_text("<<<<<<< HEAD")
    with pytest.raises(ValueError) as error:
        diff.report(repository, repository)
    assert str(error.value) == (
        f"{repository} is no notebook (Expecting value: line 1 column 1 (char 0)), "
        "expected one in nbformat 4: take another copy"
    )
    commit(repository.parent.parent)
    write(notebook, repository)
    with pytest.raises(ValueError, match="^00_tiny.ipynb of HEAD is no notebook"):
        diff.report(repository, repository)


def test_a_commit_that_git_does_not_know_is_named_and_a_new_notebook_told(repository, notebook):
    with pytest.raises(
        ValueError, match="00_tiny.ipynb is not to be had from HEAD~3 .*: name another commit by --since"
    ):
        diff.report(repository, repository, "HEAD~3")
    new = repository.with_name("01_new.ipynb")
    write(notebook, new)
    assert diff.report(new, new) == ["01_new: is new since HEAD"]


def test_inside_a_hook_of_git_too_the_notebooks_own_repository_is_asked(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert diff.report(repository, repository) == ["00_tiny: nothing has changed"]


def test_without_git_one_sentence_says_so(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match="git cannot be started .*: install it"):
        diff.report(repository, repository)
