"""Claims are measured over several seeds, and every run is kept, with the verdict."""

import contextlib
import copy
import io
import json

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course.claims import bands, verdicts
from course.upkeep import claims as upkeep
from course.upkeep.notebooks import read, write

# With seed 7, 107 and 207 the share is 10.7, 20.7 and 30.7 %; above 25 % what is expected is not so.
SOURCES = [
    "from course.claims import exact, expect, measured, paired, verdict",
    "SEED = 7\nprint('data: digits, few')",
    "share = (SEED + 100) / 1000\nexpect('the share is small', share < 0.25)",
    "verdict('c3', 'holds', 'of {starts} starts {share}, {both}', 'digits', 'steps', starts=exact(5),\n"
    "        share=measured(share, '%'), both=measured([share, 2 * share]))\n"
    "verdict('c9', 'false', 'nothing is measured')",
]


def written(folder):
    path = folder / "00_tiny.ipynb"
    write(new_notebook(cells=[new_code_cell(source, id=f"c{n}") for n, source in enumerate(SOURCES)]), path)
    return path


def judging(notebook, source):
    """The notebook with another verdict."""
    nb = read(notebook)
    nb.cells[3].source = source
    write(nb, notebook)
    return notebook


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    monkeypatch.setattr(bands, "BANDS", tmp_path / "bands.json")
    return written(tmp_path)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What three seeds give, measured once, and what was printed."""
    folder = tmp_path_factory.mktemp("measured")
    path = written(folder)
    before = path.read_bytes()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
        patch.setattr(bands, "BANDS", folder / "bands.json")
        found = upkeep.measure_claims(path, 3, progress=False)
    assert path.read_bytes() == before
    return found, printed.getvalue()


@pytest.fixture
def three_seeds(notebook, measured):
    return copy.deepcopy(measured[0])


def test_a_claim_gets_all_single_runs_and_the_number_of_seeds_that_uphold_it(three_seeds):
    c3 = three_seeds["c3"]
    kept = c3.pop("measured")["digits"]
    assert c3 == {
        "notebook": "00_tiny",
        "judgement": "holds",
        "because": "of {starts} starts {share}, {both}",
        "currency": "steps",
    }
    assert (kept["seeds"], kept["held"]) == (3, 2)
    assert {name: figure["runs"] for name, figure in kept["figures"].items()} == {
        "starts": (5,),
        "share": (0.107, 0.207, 0.307),
        "both": (0.107, 0.214, 0.207, 0.414, 0.307, 0.614),
    }
    assert {name: figure["groups"] for name, figure in kept["figures"].items()} == {"starts": 1, "share": 3, "both": 3}
    assert three_seeds["c9"]["measured"] == {"any": {"seeds": 3, "held": 2, "figures": {}}}


def test_an_expectation_that_fails_is_told_with_its_seed(measured):
    assert measured[1] == (
        "00_tiny, seed + 200: AssertionError expected that the share is small, but this is not so here: undo what you "
        "have changed above in the cell that ends in \"expect('the share is small', share < 0.25)\"\n"
    )


def test_a_notebook_runs_though_its_figures_lie_out_of_the_bands_of_before(notebook, three_seeds):
    far = three_seeds["c3"]["measured"]["digits"]
    far["figures"]["share"]["runs"] = [0.9, 0.91]
    bands.BANDS.write_text(json.dumps({"c3": {"measured": {"digits": far}}}))
    assert upkeep.measure_claims(notebook, 1, progress=False)["c3"]["measured"]["digits"]["held"] == 1


@pytest.mark.parametrize(
    "source",
    [
        "verdict('c3', 'holds' if SEED == 7 else 'false', 'x')",
        "verdict('c3', 'holds', 'x' if SEED == 7 else 'y')",
        "verdict('c3', 'holds', 'x', currency='steps' if SEED == 7 else 'examples')",
        "if SEED == 7: verdict('c3', 'holds', 'x')",
    ],
)
def test_another_verdict_with_another_seed_does_not_uphold_the_first(notebook, source):
    found = upkeep.measure_claims(judging(notebook, source), 2, progress=False)
    assert found["c3"]["measured"]["any"]["held"] == 1


def test_the_first_seeds_can_be_left_out(notebook):
    found = upkeep.measure_claims(notebook, 1, first=1, progress=False)
    assert found["c3"]["measured"]["digits"]["figures"]["share"]["runs"] == (0.207,)


def test_the_record_keeps_other_claims_and_other_data_and_stands_in_order(three_seeds):
    upkeep.write_bands({"c9": three_seeds["c9"]})
    other = {"seeds": 1, "held": 1, "figures": {}}
    upkeep.write_bands({"c3": {**three_seeds["c3"], "measured": {"MNIST": other}}})
    upkeep.write_bands({"c3": three_seeds["c3"]})
    kept = bands.read_bands()
    assert list(kept) == ["c3", "c9"] and list(kept["c3"]["measured"]) == ["MNIST", "digits"]
    assert kept["c3"]["measured"]["MNIST"] == other


@pytest.mark.parametrize("key", ["notebook", "judgement", "because", "currency"])
def test_what_was_measured_for_other_words_goes(three_seeds, key):
    upkeep.write_bands({"c3": {**three_seeds["c3"], key: "old words", "measured": {"MNIST": {}}}})
    upkeep.write_bands({"c3": three_seeds["c3"]})
    assert list(bands.read_bands()["c3"]["measured"]) == ["digits"]


def test_a_figure_that_is_no_number_upholds_nothing_and_is_no_part_of_the_runs(notebook, capsys):
    source = "verdict('c3', 'holds', '{a}', a=measured(float('nan') if SEED == 107 else SEED))"
    found = upkeep.measure_claims(judging(notebook, source), 3, progress=False)["c3"]["measured"]["any"]
    assert (found["held"], found["figures"]["a"]["runs"]) == (1, (7.0, 207.0))
    assert "00_tiny, seed + 100: c3 because ≈ nan (1 run)\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "figure, told",
    [
        ("measured(float('inf'))", "c3 gives (inf,) for a, expected finite figures: mend 00_tiny"),
        (
            "measured([1, 2])",
            "c3 gives (1.0, 2.0) for a with each of 2 seeds: let all that is random in 00_tiny begin with SEED, "
            "or use exact if nothing is",
        ),
        ("exact(SEED)", "c3 gives [(7,), (107,)] for a, which is no exact figure: use measured"),
        ("paired(57 - SEED, 0)", "00_tiny over 2 seeds: c3 is judged 'holds', but ≈ +0.0 "),
        ("measured([1, SEED][SEED > 9:])", "c3 gives a in more runs with one seed than with another: give as many"),
    ],
)
def test_a_figure_that_its_seeds_give_the_lie_is_refused(notebook, figure, told, monkeypatch):
    monkeypatch.setattr(verdicts, "ENOUGH", 2)
    with pytest.raises(ValueError) as error:
        upkeep.measure_claims(judging(notebook, f"verdict('c3', 'holds', '{{a}}', a={figure})"), 2, progress=False)
    assert str(error.value).startswith(told)


def test_seeds_that_were_not_recorded_are_checked_against_the_bands(notebook, three_seeds):
    upkeep.write_bands(three_seeds)
    mend = "undo what you have changed above, or say why it moved"
    assert upkeep.check_claims(notebook, 3, progress=False) == [  # seeds 307, 407 and 507
        "c3 is judged 'holds', upheld by 0 of 3 runs",
        f"c3 gives 0.607 for share, expected -0.093 to 0.507, since 3 runs gave 0.107 to 0.307: {mend}",
        f"c3 gives 1.214 for both, expected -0.4 to 1.121, since 6 runs gave 0.107 to 0.614: {mend}",
        "c9 is judged 'false', upheld by 0 of 3 runs",
    ]


def test_claims_are_not_recorded_of_data_that_have_taken_mnists_place(notebook):
    nb = read(notebook)
    nb.cells[1].source = "SEED = 7\nprint('data: FashionMNIST, 60,000')"
    write(nb, notebook)
    with pytest.raises(ValueError) as error:
        upkeep.measure_claims(notebook, 5, progress=False)
    assert str(error.value) == (
        "data are FashionMNIST, expected MNIST or its stand-in, of which claims are recorded: "
        "set COURSE_DATA to a folder that holds MNIST"
    )


@pytest.mark.parametrize("progress", [True, False])
def test_a_bar_is_shown_if_it_is_wanted(notebook, monkeypatch, progress):
    seen = []
    monkeypatch.setattr(upkeep.notebooks, "execute", lambda nb, path, **options: seen.append(options["progress"]))
    assert upkeep.measure_claims(notebook, 2, progress=progress) == {} and seen == [progress] * 2


def test_no_seeds_are_refused(notebook):
    with pytest.raises(ValueError, match="seeds is 0, expected at least 1"):
        upkeep.measure_claims(notebook, 0)
