"""A verdict is one line; its evidence is a record of single runs, which must fit the judgement and lie in its bands."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import IPython.display
import numpy as np
import pytest
import torch
from scipy import stats

from course._measured import masked
from course._places import find_notebooks
from course.claims import CLAIMS, bands, exact, expect, measured, paired, verdict
from course.claims.evidence import Evidence
from course.upkeep import notebooks

# Expectations


def test_what_is_so_is_said_in_words(capsys):
    expect("the loss falls", torch.tensor([2.0, 1.0]).diff().lt(0).all())
    expect("the sum is one", np.bool_(True))
    assert capsys.readouterr().out == "✓ the loss falls\n✓ the sum is one\n"


@pytest.mark.parametrize(
    "but, instead", [(None, "this is not so here"), (0.91, "here it is 0.91"), (0, "here it is 0")]
)
def test_what_is_not_so_stops_with_the_words_and_what_is(but, instead, capsys):
    with pytest.raises(AssertionError) as error:
        expect("the loss falls", False, but)
    assert str(error.value) == f"expected that the loss falls, but {instead}: undo what you have changed above"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("so", [torch.ones(2), np.ones(2)])
def test_what_is_neither_true_nor_false_is_an_error_with_its_mend(so):
    with pytest.raises(ValueError, match=r"is neither true nor false, expected one of them: try \.all\(\)"):
        expect("all are one", so == 1)


# Evidence


@pytest.mark.parametrize(
    "figure, told",
    [
        (measured(0.925, "%"), "≈ 92.5 % (1 run)"),
        (measured([0.92, 0.93, 0.9], "%", ".0f"), "≈ 92 % (≈ 90 to ≈ 93, 3 runs)"),
        (measured([40.0, 1020.0], "steps", ",.0f"), "≈ 530 steps (≈ 40 to ≈ 1,020, 2 runs)"),
        (measured(4e-8, form=".0e"), "≈ 4e-08 (1 run)"),
        (measured(torch.tensor(2.5)), "≈ 2.5 (1 run)"),
        (measured(torch.tensor([2.5, 3.5])), "≈ 3.0 (≈ 2.5 to ≈ 3.5, 2 runs)"),
        (measured(value for value in (1, 2)), "≈ 1.5 (≈ 1.0 to ≈ 2.0, 2 runs)"),
        (paired([0.93, 0.92], [0.92, 0.91], "points"), "≈ +1.0 points (95 %: ≈ +1.0 to ≈ +1.0, 2 pairs)"),
        (paired(0.9, 0.93, "points"), "≈ -3.0 points (1 pair)"),
        (exact(10_000, "images"), "10,000 images"),
        (exact(4), "4"),
    ],
)
def test_a_figure_tells_its_median_its_range_and_its_runs(figure, told):
    assert str(figure) == told


def test_what_is_measured_is_masked_and_how_often_is_not():
    assert masked(str(measured([0.92, 0.93], "%"))) == "≈% (≈to ≈, 2 runs)"


def test_the_interval_of_a_difference_is_scipys_bootstrap_of_its_mean():
    ours, theirs = [0.93, 0.95, 0.91, 0.94, 0.92], [0.92, 0.92, 0.92, 0.92, 0.92]
    differences = np.subtract(ours, theirs)
    expected = stats.bootstrap((differences,), np.mean, method="percentile", rng=0).confidence_interval
    figure = paired(ours, theirs)
    assert figure.interval() == pytest.approx((expected.low, expected.high))
    assert figure.center() == pytest.approx(differences.mean())
    assert figure.runs == pytest.approx(tuple(differences))


def test_runs_of_one_notebook_count_together_in_an_interval():
    two = Evidence("paired", (1.0, 1.0, 1.0, 3.0, 3.0, 3.0), groups=2)
    assert two.interval() == Evidence("paired", (1.0, 3.0)).interval() == (1.0, 3.0)
    assert str(two) == "≈ +2.0 (95 %: ≈ +1.0 to ≈ +3.0, 6 pairs from 2 seeds)"
    assert str(Evidence("paired", (1.0, 3.0), groups=2)) == str(Evidence("paired", (1.0, 3.0)))


@pytest.mark.parametrize("against, tie", [(0.0, True), (-0.02, False), (0.11, False), (0.01, True)])
def test_a_difference_is_a_tie_if_its_interval_holds_what_the_claim_says(against, tie):
    assert paired([1.0, 0.0, 1.02, 0.0], [0.99, 0.01, 1.0, 0.0], against=against).is_tie() is tie


def test_runs_that_cannot_be_paired_and_no_runs_are_refused():
    with pytest.raises(ValueError, match="there are 2 runs and 1, expected as many: pair them by their seeds"):
        paired([1, 2], 1)
    with pytest.raises(ValueError, match="there are no runs, expected one or more"):
        measured([])


# The verdict


def test_a_verdict_is_one_line_with_claim_judgement_and_evidence(capsys):
    verdict("c17", "holds", "checked on {images}, {share} alike", currency="steps", images=exact(9), share=measured(1))
    assert capsys.readouterr().out == (
        "c17 · argmax of softmax equals argmax of logits · holds · checked on 9, ≈ 1.0 (1 run) alike; at equal steps\n"
    )


def test_every_claim_of_the_digest_has_its_sentence():
    assert list(CLAIMS) == [f"c{number}" for number in (*range(1, 34), 35, 36)]


def test_an_unknown_claim_lists_the_known_ones():
    with pytest.raises(ValueError, match="claim is 'c99', expected one of c1, c2, "):
        verdict("c99", "holds", "")


@pytest.mark.parametrize("judgement", ["holds", "false", "not distinguishable here", "holds only when it is tuned"])
def test_a_judgement_is_one_of_four(judgement, capsys):
    verdict("c2", judgement, "")
    assert f" · {judgement} · " in capsys.readouterr().out


@pytest.mark.parametrize("judgement", ["true", "holds sometimes", "holds only when "[:-1]])
def test_another_judgement_is_refused(judgement):
    with pytest.raises(ValueError, match=f"judgement is {judgement!r}, expected 'holds', 'false', 'not dist"):
        verdict("c2", judgement, "")


def test_another_currency_is_refused():
    with pytest.raises(ValueError, match="currency is 'epochs', expected one of examples, steps, seconds, or None"):
        verdict("c2", "holds", "", currency="epochs")


@pytest.mark.parametrize(
    "because, figures", [("{a} and {b}", {"a": exact(1)}), ("{a}", {"a": exact(1), "b": exact(2)})]
)
def test_a_figure_that_is_missing_or_left_over_is_named(because, figures):
    with pytest.raises(ValueError, match="'b' is not both in the words of the evidence, in braces, and a figure"):
        verdict("c2", "holds", because, **figures)


TIE, LEAD = (
    Evidence("paired", (1.0, -1.0, 1.0, -1.0, 1.0), groups=5),
    Evidence("paired", (1.0, 1.0, 2.0, 1.0, 1.0), groups=5),
)


@pytest.mark.parametrize(
    "judgement, gap, told",
    [
        ("holds", TIE, "is a tie: judge 'not distinguishable here'"),
        ("false", TIE, "is a tie: judge 'not distinguishable here'"),
        ("not distinguishable here", LEAD, "is no tie: judge 'holds' or 'false'"),
    ],
)
def test_a_judgement_that_its_evidence_contradicts_is_an_error(judgement, gap, told):
    with pytest.raises(ValueError, match=f"c2 is judged '{judgement}', but ≈ .*{told}"):
        verdict("c2", judgement, "{gap}", gap=gap)


@pytest.mark.parametrize(
    "judgement, figures",
    [
        ("holds", [LEAD]),
        ("not distinguishable here", [TIE]),
        ("not distinguishable here", [TIE, LEAD]),
        ("holds only when it is tuned", [TIE, LEAD]),
        ("holds", [Evidence("paired", (1.0, -1.0, 1.0, -1.0), groups=4)]),  # too few runs to say
        ("holds", [paired([1, 0, 1, 0, 1], [0, 1, 0, 1, 0])]),  # of one notebook: they share its rates
        ("holds", [measured([1, -1, 1, -1, 0])]),
    ],
)
def test_evidence_that_fits_the_judgement_passes(judgement, figures):
    named = {f"f{place}": figure for place, figure in enumerate(figures)}
    verdict("c2", judgement, " ".join(f"{{{name}}}" for name in named), **named)


def test_in_a_notebook_the_runs_are_noted_beside_the_line(monkeypatch):
    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: "a shell")
    monkeypatch.setattr(IPython.display, "display", lambda data, metadata, raw: shown.append((data, metadata)))
    verdict("c3", "holds", "it ends at {end}", "digits", "steps", end=measured([0.5, 0.75]))
    [(data, metadata)] = shown
    line = f"c3 · {CLAIMS['c3']} · holds · it ends at ≈ 0.6 (≈ 0.5 to ≈ 0.8, 2 runs); at equal steps"
    assert data == {"text/plain": line}
    noted = metadata["verdict"]
    assert (noted["data"], noted["currency"], noted["because"]) == ("digits", "steps", "it ends at {end}")
    assert noted["figures"] == {"end": asdict(measured([0.5, 0.75]))}


# The bands


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Two figures of c3 over five seeds on MNIST, the second nearly the same for all."""
    monkeypatch.setattr(bands, "BANDS", tmp_path / "bands.json")
    figures = {"right": measured([0.923, 0.92, 0.925, 0.921, 0.924], "%"), "steps": measured([40, 40, 40, 40, 40.1])}
    record = {"seeds": 5, "held": 5, "figures": {name: asdict(figure) for name, figure in figures.items()}}
    bands.BANDS.write_text(json.dumps({"c3": {"measured": {"MNIST": record}}}), encoding="utf-8")


def judge(right, steps=40, data="MNIST", currency=None):
    figures = {"right": measured(right, "%"), "steps": measured(steps)}
    verdict("c3", "holds", "{right} after {steps}", data, currency, **figures)


def test_a_figure_within_its_band_passes_and_one_out_of_it_is_an_error_after_the_line(recorded, capsys):
    judge(0.943, 40.8)
    with pytest.raises(ValueError) as error:
        judge(0.9)
    assert str(error.value) == (
        "c3 gives 0.9 for right, expected 0.9015 to 0.9435, since 5 runs gave 0.92 to 0.925: "
        "undo what you have changed above, or say why it moved"
    )
    with pytest.raises(ValueError, match="c3 gives 41 for steps, expected 39.2 to 40.9"):
        judge(0.92, 41)
    assert capsys.readouterr().out.count("\n") == 3


def test_bands_are_off_while_they_are_measured(recorded, monkeypatch):
    monkeypatch.setenv("COURSE_BANDS", "off")
    judge(0.1)


@pytest.mark.parametrize("data", ["digits", "any", "FashionMNIST"])
def test_where_no_band_is_recorded_nothing_is_compared(recorded, data):
    judge(0.1, data=data)
    verdict("c9", "holds", "{a}", "MNIST", a=measured(0.1))
    verdict("c3", "holds", "{another}", "MNIST", another=measured(0.1))
    verdict("c3", "holds", "{right}", "MNIST", right=exact(1))


def test_seconds_are_those_of_a_machine_and_have_no_band(recorded):
    judge(0.1, currency="seconds")


@pytest.mark.parametrize(
    "runs, low, high",
    [
        ((50, 40, 70), 10, 100),  # its own width on both sides
        ((100, 100), 98, 102),  # 2 % of the median
        ((-0.10, -0.12, -0.09), -0.15, -0.06),
        ((-100,), -102, -98),
    ],
)
def test_a_band_is_the_range_widened_by_itself_and_never_too_thin(runs, low, high):
    assert bands.band(runs) == pytest.approx((low, high))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_never_within_a_band(recorded, value):
    with pytest.raises(ValueError, match=f"c3 gives {value:g} for right, expected 0.9015 to 0.9435"):
        judge(value)


@pytest.mark.parametrize(
    "content, reason",
    [
        ("<<<<<<< HEAD", "Expecting value: line 1 column 1 (char 0)"),
        ("[]", "it holds a list"),
        (b"\xff", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ],
)
def test_a_record_that_is_none_is_named_with_a_mend_that_keeps_it(recorded, content, reason):
    bands.BANDS.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError) as error:
        judge(0.92)
    assert str(error.value) == (
        f'{bands.BANDS} is no record ({reason}): move it away, then git checkout HEAD -- "{bands.BANDS}"'
    )


def test_scipy_is_imported_only_for_an_interval():
    code = "import sys; from course.claims import *; print(measured([1, 2])); print('scipy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "False"


# The record


def judged():
    """What every verdict in the committed notebooks noted."""
    for path in find_notebooks(Path(__file__).parents[1] / "notebooks"):
        nb = notebooks.read(path)
        for one in notebooks.verdicts(nb):
            yield pytest.param(path.stem, one, id=one.claim)


@pytest.mark.parametrize("notebook, one", list(judged()))
def test_a_committed_verdict_is_the_recorded_one_upheld_by_all_seeds(notebook, one):
    record = bands.read_bands()[one.claim]
    words = [notebook, one.judgement, one.because, one.currency]
    assert [record[key] for key in ("notebook", "judgement", "because", "currency")] == words, "call run.py claims"
    assert one.data in record["measured"]
    for name, result in record["measured"].items():
        assert result["held"] == result["seeds"] >= 5, f"on {name}"
        for figure in result["figures"].values():
            known = Evidence(**{**figure, "runs": tuple(figure["runs"])})
            assert known.kind == "exact" or len(set(known.runs)) > 1, "the seeds gave the same"


def test_every_claim_is_judged_and_recorded():
    assert sorted(param.id for param in judged()) == sorted(CLAIMS) == sorted(bands.read_bands())
