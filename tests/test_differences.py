"""Paired differences: numbers small enough to check on paper."""

import pytest

from course.claims import paired
from course.compare import Run, describe_differences, difference, differences, draw_differences
from course.train import Metrics


def run(name, seed, accuracies, seconds=(1.0, 2.0), test=None, ended="finished"):
    """A run with two looks, at steps 10 and 20."""
    valid = [Metrics(1.0, accuracy) for accuracy in accuracies]
    test = None if test is None else Metrics(1.0, test)
    steps, examples = [10, 20], [500, 1000]
    return Run(name, 0.1, seed, steps, valid, valid, list(seconds), test, ended, examples)


RUNS = [
    run("slow", 1, (0.6, 0.9), (2.0, 4.0), test=0.875),
    run("slow", 2, (0.7, 0.9), (2.0, 4.0), test=0.75),
    run("quick", 1, (0.5, 0.8), test=0.75),
    run("quick", 2, (0.6, 0.8), test=0.5),
]


def test_at_the_end_the_test_data_decide():
    assert differences(RUNS, "quick")["slow"].runs == pytest.approx((0.125, 0.25))


def test_each_name_but_one_is_compared_with_that_one_as_difference_does():
    other = [run("other", 1, (0.1, 0.2), test=0.25), run("other", 2, (0.1, 0.2), test=0.25)]
    found = differences([*RUNS, *other], "quick")
    assert found == {"slow": difference(RUNS, "slow", "quick"), "other": difference([*RUNS, *other], "other", "quick")}


@pytest.mark.parametrize(
    "currency, apart", [("steps", (0.1, 0.1)), ("examples", (0.1, 0.1)), ("seconds", (-0.2, -0.1))]
)
def test_at_equal_cost_the_last_look_within_it_decides(currency, apart):
    assert differences(RUNS, "quick", currency)["slow"].runs == pytest.approx(apart)


def test_a_run_that_diverged_counts_as_no_right_answer_and_sets_no_limit():
    lost = [run("lost", seed, (0.1,), (0.5,), ended="diverged") for seed in (1, 2)]
    assert differences([*RUNS, *lost], "quick", "steps")["lost"].runs == pytest.approx((-0.8, -0.8))


def test_a_first_look_that_comes_too_late_is_named_with_its_mend():
    late = [run("late", seed, (0.1, 0.2), (5.0, 9.0)) for seed in (1, 2)]
    with pytest.raises(ValueError, match="late had its first look after 5 seconds, and another its last after 2: look"):
        differences([*RUNS, *late], "quick", "seconds")


def test_a_line_says_who_leads_whom_by_how_much():
    found = {"a": paired([0.5, 0.5], [0.25, 0.25], "points"), "long": paired([0.5, 0.25], [0.25, 0.5], "points")}
    assert describe_differences(found, "c").splitlines() == [
        "a    minus c: ≈ +25.0 points (95 %: ≈ +25.0 to ≈ +25.0, 2 pairs)",
        "long minus c: ≈ +0.0 points (95 %: ≈ -25.0 to ≈ +25.0, 2 pairs)",
    ]
    assert describe_differences({}, "c") == ""


def test_the_largest_difference_stands_at_the_top_of_the_figure():
    found = {"a": paired([0.5, 0.5], [0.25, 0.25], "points"), "b": paired([0.75, 0.75], [0.25, 0.25], "points")}
    (axes,) = draw_differences(found, "c", title="t").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b", "a"]
    assert [list(line.get_xdata()) for line in axes.lines] == [[50, 50], [50], [25, 25], [25], [0, 0]]
    assert (axes.get_title(), axes.get_xlabel()) == ("t", "accuracy minus that of c (points)")
