"""Each exercise's own answer, changed in one place: a check has to refuse what gives another result."""

import pytest

from course import exercises
from course.exercises import EXERCISES, check
from mutants import mutants

# Changes that give the same result on every input that the exercise allows, and why.
EQUIVALENT: dict[str, dict[str, str]] = {
    "numpy.biases": {
        "d_z = d_y @ w2.T * (z >= 0)": "at the corner of ReLU either slope is right",
    },
    "numpy.step": {
        "d_w1 = x.T @ (d_y @ w2.T * (z >= 0))": "as for numpy.biases",
    },
    "files.parse": {
        "has_tens = tens <= 10": "byte 58 is neither a digit nor a space",
        "has_hundreds = has_tens & (hundreds <= 10)": "as for the tens",
        "has_hundreds = has_tens & (hundreds <= 8)": "numbers end at 255, hundreds at 2",
        "has_hundreds = has_tens & (hundreds < 9)": "numbers end at 255, hundreds at 2",
    },
    "lighter.frozen": {
        "without body.requires_grad_(False)": "the optimizer does not know the body",
        "body.requires_grad_(True)": "as before",
        "without head.train()": "a Linear is the same in both modes",
    },
    "overfitting.dropout": {
        "mask = torch.rand_like(x) > p": "one number in 16 million equals p",
    },
    "nine_ways.depth": {
        "for used in range(4):": "depth is three at most",
    },
    "nine_ways.tenth": {
        "d_z = d_y @ w2.T * (z >= 0)": "as for numpy.biases",
    },
    "overfitting.standardize": {
        "mean, std = (x_train.mean(0), x_train.std(0) - 1e-06)": (
            "a millionth more or less, and a column of zeros either way"
        ),
    },
    "layers.r2": {
        "h = torch.cat([h, torch.ones(len(h), 2)], dim=1)": "two columns of ones fit what one fits",
    },
    "rain.damp": {
        "a = (from_mean * (y - y.sum())).sum().item() / spread": "what is taken from all of y makes no difference to a",
        "a = (from_mean * (y + y.mean())).sum().item() / spread": "as for the sum",
    },
    "rain.level": {
        "scores.append(hits / events if events else -1)": (
            "without an event at one level, the levels below have none either, or false alarms only, and are lower"
        ),
    },
}


def accepted(name, capsys):
    """The changes to an exercise's answer that its check takes for right, and how many there are."""
    changes, passed = 0, []
    for change, answer in mutants(EXERCISES[name].solve):
        changes += 1
        check(name, answer)
        if capsys.readouterr().out.startswith(f"{name} is right!"):
            passed.append(change)
    return passed, changes


@pytest.mark.filterwarnings("ignore")  # many changes make torch or NumPy warn
@pytest.mark.parametrize("name", EXERCISES)
def test_a_changed_answer_is_refused(name, capsys, monkeypatch):
    monkeypatch.setattr(exercises, "LIMIT", 1)  # some changes never end
    passed, changes = accepted(name, capsys)
    known = EQUIVALENT.get(name, {})
    assert changes >= 6
    assert set(passed) <= known.keys(), "these change the result and are taken for right"
    assert known.keys() <= set(passed), "these are refused, though they give the same result"


def test_a_change_is_one_change():
    found = [change for change, _ in mutants(mean_of_two)]
    assert found == [
        "without return (a + b) / 2",
        "return (a + b) * 2",
        "return (a - b) / 2",
        "return (a + b) / 3",
        "return (a + b) / 1",
    ]
    assert [function(4, 2) for _, function in mutants(mean_of_two)] == [None, 12, 1, 2, 6]


def mean_of_two(a, b):
    return (a + b) / 2
