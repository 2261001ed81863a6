import pytest

from course.claims import CLAIMS, verdict


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
    with pytest.raises(ValueError, match="judgement is 'true', expected"):
        verdict("c2", "true", "")
