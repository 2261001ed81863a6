"""Claims are measured over several seeds, and what was measured is kept as median, range and verdict."""

import contextlib
import copy
import io
import json

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course import claims
from course.upkeep import claims as upkeep
from course.upkeep.notebooks import read, write

# With seed 7, 107 and 207 the figure is 10.7, 20.7 and 30.7 %; above 25 % an assertion fails.
SOURCES = [
    "from course.claims import verdict",
    "SEED = 7\nprint('data: digits, few')",
    "share = (SEED + 100) / 1000\nassert share < 0.25",
    "verdict('c3', 'holds', f'{SEED // 1000} of 5 starts, ≈ {share:.1%}, ≈ {-share:.0e}', 'digits')\n"
    "verdict('c9', 'false', 'nothing is measured')",
]


def written(folder):
    path = folder / "00_tiny.ipynb"
    write(new_notebook(cells=[new_code_cell(source, id=f"c{n}") for n, source in enumerate(SOURCES)]), path)
    return path


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "BANDS", tmp_path / "claims.json")
    return written(tmp_path)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What three seeds give, measured once, and what was printed."""
    folder = tmp_path_factory.mktemp("measured")
    path = written(folder)
    before = path.read_bytes()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
        patch.setattr(claims, "BANDS", folder / "claims.json")
        found = upkeep.measure_claims(path, 3, progress=False)
    assert path.read_bytes() == before
    return found, printed.getvalue()


@pytest.fixture
def three_seeds(notebook, measured):
    return copy.deepcopy(measured[0])


def test_a_claim_gets_median_range_and_the_number_of_seeds_that_uphold_it(three_seeds):
    assert three_seeds["c3"] == {
        "notebook": "00_tiny",
        "judgement": "holds",
        "because": "0 of 5 starts, ≈ {}, ≈ {}",
        "measured": {
            "digits": {"seeds": 3, "held": 2, "figures": [["20.7%", "10.7%", "30.7%"], ["-2e-01", "-3e-01", "-1e-01"]]}
        },
    }
    assert three_seeds["c9"]["measured"] == {"digits": {"seeds": 3, "held": 2, "figures": []}}


def test_an_assertion_that_fails_is_told_with_its_seed(measured):
    assert measured[1] == ("00_tiny, seed + 200: AssertionError  in the cell that ends in 'assert share < 0.25'\n")


def test_a_notebook_runs_though_its_figures_lie_out_of_the_bands_of_before(notebook, capsys):
    claims.BANDS.write_text(
        json.dumps({"c3": {"measured": {"digits": {"seeds": 2, "held": 2, "figures": [["1%", "1%", "1%"]]}}}})
    )
    assert upkeep.measure_claims(notebook, 1, progress=False)["c3"]["measured"]["digits"]["held"] == 1


def test_another_verdict_with_another_seed_does_not_uphold_the_first(notebook):
    nb = read(notebook)
    nb.cells[3].source = "verdict('c3', 'holds' if SEED == 7 else 'false', 'x')"
    write(nb, notebook)
    assert upkeep.measure_claims(notebook, 2, progress=False)["c3"]["measured"]["digits"]["held"] == 1


def test_the_record_keeps_other_claims_and_other_data_and_stands_in_order(three_seeds):
    upkeep.write_bands({"c9": three_seeds["c9"]})
    mnist = {**three_seeds["c3"], "measured": {"MNIST": {"seeds": 1, "held": 1, "figures": [["1%"] * 3, ["2"] * 3]}}}
    upkeep.write_bands({"c3": mnist})
    upkeep.write_bands({"c3": three_seeds["c3"]})
    kept = claims.read_bands()
    assert list(kept) == ["c3", "c9"] and list(kept["c3"]["measured"]) == ["MNIST", "digits"]
    assert kept["c3"]["measured"]["MNIST"] == mnist["measured"]["MNIST"]


def test_what_was_measured_for_other_words_goes(three_seeds):
    upkeep.write_bands({"c3": {**three_seeds["c3"], "because": "old words", "measured": {"MNIST": {}}}})
    upkeep.write_bands({"c3": three_seeds["c3"]})
    assert list(claims.read_bands()["c3"]["measured"]) == ["digits"]


def test_a_figure_that_is_no_number_upholds_nothing_and_is_no_part_of_the_range(notebook, capsys):
    nb = read(notebook)
    nb.cells[3].source = "verdict('c3', 'holds', f'≈ {float(\"nan\") if SEED == 107 else SEED}')"
    write(nb, notebook)
    found = upkeep.measure_claims(notebook, 3, progress=False)["c3"]["measured"]["digits"]
    assert found == {"seeds": 3, "held": 1, "figures": [["7", "7", "207"]]}
    assert "00_tiny, seed + 100: c3 because ≈ nan\n" in capsys.readouterr().out


def test_figures_that_are_never_numbers_are_refused(notebook):
    nb = read(notebook)
    nb.cells[3].source = "verdict('c3', 'holds', '≈ 1, ≈ inf')"
    write(nb, notebook)
    with pytest.raises(ValueError) as error:
        upkeep.measure_claims(notebook, 1, progress=False)
    assert str(error.value) == "c3 gives '≈ 1, ≈ inf', expected finite figures in at least one run: mend 00_tiny"


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
    assert upkeep.measure_claims(notebook, 2, progress) == {} and seen == [progress] * 2


def test_no_seeds_are_refused(notebook):
    with pytest.raises(ValueError, match="seeds is 0, expected at least 1"):
        upkeep.measure_claims(notebook, 0)


@pytest.mark.parametrize(
    "texts, spread",
    [
        (["3", "1", "2"], ["2", "1", "3"]),
        (["1e-03", "2e-05", "−4", "10"], ["2e-05", "−4", "10"]),
        (["92.3%"], ["92.3%"] * 3),
    ],
)
def test_a_spread_is_made_of_figures_that_were_printed(texts, spread):
    assert upkeep._spread(texts) == spread
