"""A verdict is one line, and its measured figures lie within the bands that several seeds gave."""

import json
from pathlib import Path

import pytest

from course import claims
from course._measured import FIGURE
from course._places import find_notebooks
from course.claims import CLAIMS, verdict
from course.upkeep import notebooks


def test_a_verdict_is_one_line_with_claim_judgement_and_evidence(capsys):
    verdict("c17", "holds", "checked on 10,000 images")
    assert capsys.readouterr().out == (
        "c17 · argmax of softmax equals argmax of logits · holds · checked on 10,000 images\n"
    )


def test_every_claim_of_the_digest_has_its_sentence():
    assert list(CLAIMS) == [f"c{number}" for number in range(1, 21)]


def test_an_unknown_claim_lists_the_known_ones():
    with pytest.raises(ValueError, match="claim is 'c21', expected one of c1, c2, "):
        verdict("c21", "holds", "")


def test_a_judgement_is_holds_false_or_conditional(capsys):
    verdict("c2", "holds only when the rate is not tuned", "")
    assert "holds only when the rate is not tuned" in capsys.readouterr().out
    for judgement in ("true", "holds sometimes"):
        with pytest.raises(ValueError, match=f"judgement is {judgement!r}, expected"):
            verdict("c2", judgement, "")


# The bands


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """Two figures of c3 over five seeds on MNIST, the second the same for all."""
    monkeypatch.setattr(claims, "BANDS", tmp_path / "claims.json")
    figures = [["92.3%", "92.0%", "92.5%"], ["40", "40", "40"]]
    record = {"measured": {"MNIST": {"seeds": 5, "held": 5, "figures": figures}}}
    claims.BANDS.write_text(json.dumps({"c3": record}), encoding="utf-8")


def test_a_figure_within_its_band_passes_and_one_out_of_it_is_an_error_after_the_line(measured, capsys):
    verdict("c3", "holds", "≈ 94.3% after ≈ 41 steps", "MNIST")
    with pytest.raises(ValueError) as error:
        verdict("c3", "holds", "≈ 90% after ≈ 41 steps", "MNIST")
    assert str(error.value) == (
        "c3 gives ≈ 90%, expected 90.2 to 94.3, since 5 seeds gave 92.0% to 92.5%: "
        "undo what you have changed above, or say why it moved"
    )
    with pytest.raises(ValueError, match="c3 gives ≈ 42, expected 39 to 41"):
        verdict("c3", "holds", "≈ 92% after ≈ 42 steps", "MNIST")
    assert capsys.readouterr().out.count("\n") == 3


@pytest.mark.parametrize("data", ["digits", "any", None])
def test_where_no_band_is_recorded_nothing_is_compared(measured, data):
    verdict("c3", "holds", "≈ 1% after ≈ 1 steps", data)
    verdict("c9", "holds", "≈ 1%", "MNIST")


def test_times_are_those_of_a_machine_and_have_no_band(measured):
    record = json.loads(claims.BANDS.read_text(encoding="utf-8"))["c3"]
    claims.BANDS.write_text(json.dumps({"c12": record}), encoding="utf-8")
    verdict("c12", "holds", "≈ 1% after ≈ 1 steps", "MNIST")


@pytest.mark.parametrize(
    "spread, low, high",
    [
        (("50", "40", "70"), 10, 100),  # its own width on both sides
        (("100", "100", "100"), 98, 102),  # 2 % of the median
        (("1.0", "1.0", "1.0"), 0.9, 1.1),  # one in the last place
        (("4e-08", "4e-08", "4e-08"), 3e-8, 5e-8),
        (("−0.10", "−0.12", "−0.09"), -0.15, -0.06),
        (("−100", "−100", "−100"), -102, -98),
        (("1.00", "1.0", "1.00"), 0.9, 1.1),  # printed to different places: the coarsest counts
        (("1.00", "1.00", "1.0"), 0.9, 1.1),
        (("1.0", "1.00", "1.00"), 0.9, 1.1),
    ],
)
def test_a_band_is_the_range_widened_by_itself_and_never_too_thin(spread, low, high):
    assert claims.band(*spread) == pytest.approx((low, high))


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_what_is_not_finite_is_never_within_a_band(measured, text):
    with pytest.raises(ValueError, match=f"c3 gives ≈ {text}, expected 90.2 to 94.3"):
        verdict("c3", "holds", f"≈ {text} after ≈ 41 steps", "MNIST")


def test_data_that_have_taken_mnists_place_are_not_judged_by_its_bands(measured):
    verdict("c3", "holds", "≈ 1% after ≈ 41 steps", "FashionMNIST")


@pytest.mark.parametrize(
    "content, reason",
    [
        ("<<<<<<< HEAD", "Expecting value: line 1 column 1 (char 0)"),
        ("[]", "it holds a list"),
        (b"\xff", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ],
)
def test_a_record_that_is_none_is_named_with_a_mend_that_keeps_it(measured, content, reason):
    claims.BANDS.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError) as error:
        verdict("c3", "holds", "≈ 1% after ≈ 41 steps", "MNIST")
    assert str(error.value) == (
        f'{claims.BANDS} is no record ({reason}): move it away, then git checkout HEAD -- "{claims.BANDS}"'
    )


# The record


def judged():
    """Claim, judgement and evidence, data set: of every verdict in the committed notebooks."""
    for path in find_notebooks(Path(__file__).parents[1] / "notebooks"):
        nb = notebooks.read(path)
        for claim, (judgement, because) in notebooks.verdicts(nb):
            yield pytest.param(path.stem, claim, judgement, because, nb.metadata.course.data or "any", id=claim)


@pytest.mark.parametrize("notebook, claim, judgement, because, data", list(judged()))
def test_a_committed_verdict_is_the_recorded_one_upheld_by_all_seeds(notebook, claim, judgement, because, data):
    record = claims.read_bands()[claim]
    assert (record["notebook"], record["judgement"]) == (notebook, judgement)
    assert record["because"] == FIGURE.sub("≈ {}", because), "measure again: python3 run.py claims"
    for name, measured in record["measured"].items():
        assert measured["seeds"] >= 3, f"on {name}"
    assert data in record["measured"]


def test_every_claim_is_judged_and_recorded():
    assert sorted(param.id for param in judged()) == sorted(claims.CLAIMS) == sorted(claims.read_bands())
