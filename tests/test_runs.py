import math

import pytest

from course.compare import Choice, Reached, Row, Run, describe_rows, load_runs, save_runs, steps_to, table, tune
from course.compare import run_files as room
from course.train import Metrics


def done(name, lr, accuracy, loss=1.0, seed=0, ended="finished", test=None):
    """A run as one would write it by hand: two looks, the first of them at loss 9."""
    valid = [Metrics(9.0, 0.0), Metrics(loss, accuracy)]
    return Run(name, lr, seed, [10, 20], [Metrics(9.0, 0.0)] * 2, valid, [0.5, 1.0], test, ended)


def burst(name, lr, seed=0):
    return Run(name, lr, seed, ended="diverged")


def test_tune_takes_the_best_median_over_the_seeds_not_the_best_run_nor_the_best_mean():
    steady = [done("SGD", 0.1, accuracy, seed=seed) for seed, accuracy in enumerate((0.8, 0.8, 0.1))]
    lucky = [done("SGD", 1.0, accuracy, seed=seed) for seed, accuracy in enumerate((0.7, 0.7, 0.99))]
    assert tune(lucky + steady) == {"SGD": Choice(0.1, 0.8, (0.1, 0.1), True)}


def test_of_equally_accurate_rates_the_one_of_lower_loss_wins():
    runs = [done("SGD", lr, 0.9, loss) for lr, loss in ((0.1, 0.5), (0.2, 0.3), (0.4, 0.4))]
    assert tune(runs) == {"SGD": Choice(0.2, 0.9, (0.1, 0.4), False)}


def test_the_good_rates_lie_within_a_margin_of_the_best_and_an_edge_is_told_for_each_name():
    accuracies = {0.01: 0.5, 0.1: 0.75, 1.0: 0.875, 10.0: 0.8125}
    runs = [done("SGD", lr, accuracy) for lr, accuracy in accuracies.items()]
    runs += [done("Adam", lr, 1 - lr) for lr in (0.25, 0.125)]
    assert tune(runs, within=0.125) == {
        "SGD": Choice(1.0, 0.875, (0.1, 10.0), False),
        "Adam": Choice(0.125, 0.875, (0.125, 0.25), True),
    }
    assert tune(runs, within=0)["SGD"].good == (1.0, 1.0)
    split = [done("SGD", lr, accuracy) for lr, accuracy in ((1, 0.9), (2, 0.5), (8, 0.9), (4, 0.95))]
    assert tune(split, within=0.125)["SGD"].good == (4, 8)  # 1 is good too, but 2 lies between
    assert tune([done("SGD", lr, lr) for lr in (0.1, 0.2, 0.3)])["SGD"].at_edge


def test_a_diverged_run_counts_as_accuracy_0_and_an_interrupted_one_not_at_all():
    runs = [done("SGD", 0.1, 0.2), done("SGD", 1.0, 0.9, ended="diverged")]
    runs += [done("SGD", 0.5, 1.0, ended="interrupted")]
    assert tune(runs) == {"SGD": Choice(0.1, 0.2, (0.1, 0.1), True)}
    assert tune([*runs, done("Adam", 0.1, 1.0, ended="interrupted")]).keys() == {"SGD"}


def test_a_name_that_sometimes_finished_has_a_choice_even_at_a_median_of_0():
    runs = [done("SGD", 0.1, 0.9), burst("SGD", 0.1, 1), burst("SGD", 0.1, 2), burst("SGD", 0.2)]
    assert tune(runs) == {"SGD": Choice(0.1, 0.0, (0.1, 0.2), True)}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_run_whose_numbers_are_not_finite_counts_as_diverged_in_any_place(value, place):
    runs = [done("SGD", 0.1, 0.5), done("SGD", 0.2, 0.4), done("SGD", 0.3, 0.3)]
    runs.insert(place, done("SGD", 1.0, 0.9, value))
    runs.append(done("SGD", 2.0, value, 1.0))
    runs.append(done("SGD", 4.0, 0.9, 1.0, test=Metrics(value, 0.9)))
    assert tune(runs) == {"SGD": Choice(0.1, 0.5, (0.1, 0.1), True)}
    rows = {row.lr: row for row in table(runs)}
    for lr in (1.0, 2.0, 4.0):
        assert (rows[lr].diverged, rows[lr].valid, rows[lr].test, rows[lr].valid_loss) == (1, None, None, None)
    assert rows[0.1].valid == (0.5, 0.5, 0.5)


def test_a_nan_is_never_the_best_value_that_a_target_is_told_with():
    runs = [done("SGD", 0.1, math.nan, math.nan), done("SGD", 0.2, 0.5, 0.25), done("SGD", 0.3, math.nan, math.nan)]
    with pytest.raises(ValueError, match="the lowest is 0.25: "):
        table(runs, loss=0.1)
    with pytest.raises(ValueError, match="the highest is 0.5: "):
        table(runs, accuracy=0.75)


def test_without_accuracies_the_lowest_median_loss_wins_and_good_is_a_part_of_it():
    losses = {0.1: (3.0, 2.0, 9.0), 0.2: (2.0, 2.5, 1.0), 0.4: (2.2, 2.2, 2.2), 0.8: (1.0, 1.0, math.inf)}
    runs = [
        done("SGD", lr, None, loss, seed, "finished" if loss < math.inf else "diverged")
        for lr, several in losses.items()
        for seed, loss in enumerate(several)
    ]
    runs += [burst("SGD", 0.8, 3), burst("SGD", 0.8, 4)]  # so that more than half of these diverged
    assert tune(runs, within=0.125) == {"SGD": Choice(0.2, None, (0.2, 0.4), False)}
    assert tune(runs, within=0.05) == {"SGD": Choice(0.2, None, (0.2, 0.2), False)}
    assert tune(runs, within=0.5) == {"SGD": Choice(0.2, None, (0.1, 0.4), False)}
    assert tune(runs[-5:], within=0) == {"SGD": Choice(0.8, None, (0.8, 0.8), True)}
    assert describe_rows(table(runs)).splitlines()[2] == (
        "SGD  lr ≈ 0.4     validation loss ≈ 2.2 (≈ 2.2 to ≈ 2.2)  diverged ≈ 0 of 3"
    )


def test_a_target_of_accuracy_where_there_is_none_is_told():
    for call in (steps_to, lambda run, **target: table([run], **target)):
        with pytest.raises(ValueError) as error:
            call(done("SGD", 0.1, None), accuracy=0.75)
        assert str(error.value) == "accuracy is 0.75, but SGD has none, as its targets are no classes: give loss"
    assert steps_to(done("SGD", 0.1, None), loss=1.0) == Reached(20, 1.0)


def test_a_name_whose_runs_all_diverged_is_told_with_its_rates():
    with pytest.raises(ValueError) as error:
        tune([done("Adam", 0.1, 0.9), burst("SGD", 30.0), burst("SGD", 100.0)])
    assert (
        str(error.value)
        == "every run of SGD diverged, at rates from 30 to 100: try smaller ones, or look for nan in the data"
    )


def test_steps_to_is_the_first_look_that_reaches_the_target():
    looks = [Metrics(3, 0.5), Metrics(1, 0.75), Metrics(2, 0.75)]
    run = Run("SGD", 0.1, 0, [10, 20, 30], looks, looks, [0.5, 1, 1.5])
    assert steps_to(run, loss=2) == Reached(20, 1)
    assert steps_to(run, loss=1) == Reached(20, 1)
    assert steps_to(run, accuracy=0.5) == Reached(10, 0.5)
    assert steps_to(run, accuracy=0.75) == Reached(20, 1)
    assert steps_to(run, loss=0.5) is None and steps_to(run, accuracy=0.8) is None


def test_a_table_has_a_row_for_each_name_and_rate_with_median_and_range_over_the_seeds():
    runs = [
        done("SGD", 0.1, accuracy, loss, seed, test=Metrics(4 * loss - (0, 0, 1)[seed], accuracy / 2))
        for seed, (accuracy, loss) in enumerate(((0.5, 2.0), (1.0, 1.0), (0.25, 1.5)))
    ]
    runs += [burst("SGD", 1.0), done("Adam", 0.1, 0.75), done("Adam", 0.1, 0.9, seed=1, ended="interrupted")]
    assert table(runs) == [
        Row("SGD", 0.1, 3, 0, (0.5, 0.25, 1.0), (0.25, 0.125, 0.5), None, None, (1.5, 1.0, 2.0), (5.0, 4.0, 8.0)),
        Row("SGD", 1.0, 1, 1, None, None, None, None, None, None),
        Row("Adam", 0.1, 1, 0, (0.75, 0.75, 0.75), None, None, None, (1.0, 1.0, 1.0), None),
    ]
    assert table([]) == []


def test_steps_and_seconds_to_the_target_are_infinite_where_it_is_not_reached():
    runs = [done("SGD", 0.1, 0.9, loss, seed) for seed, loss in enumerate((1.0, 9.0, 8.0))]
    runs += [done("Adam", 0.1, 0.9, 2.0), burst("Adam", 0.1, 1), burst("mine", 1.0)]
    rows = table(runs, loss=2)
    assert [(row.steps, row.seconds) for row in rows] == [
        ((math.inf, 20, math.inf), (math.inf, 1.0, math.inf)),
        ((math.inf, 20, math.inf), (math.inf, 1.0, math.inf)),
        ((math.inf, math.inf, math.inf), (math.inf, math.inf, math.inf)),
    ]
    assert table(runs[:1], accuracy=0)[0].steps == (10, 10, 10)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"loss": 0.1}, "loss 0.1 is never reached, the lowest is 0.5: choose another target, or train longer"),
        (
            {"accuracy": 0.95},
            "accuracy 0.95 is never reached, the highest is 0.75: choose another target, or train longer",
        ),
        ({"loss": 0.1, "accuracy": 0.95}, "loss is 0.1 and accuracy 0.95, expected one of them as the target"),
    ],
)
def test_a_target_that_no_run_reaches_is_told_with_the_best_value(target, message):
    runs = [done("SGD", 0.1, 0.75, 2.0), done("SGD", 1.0, 0.5, 0.5), burst("Adam", 0.1)]
    runs.append(done("Adam", 1.0, 0.99, 0.01, ended="interrupted"))  # in the table neither
    with pytest.raises(ValueError) as error:
        table(runs, **target)
    assert str(error.value) == message


def test_a_target_where_everything_diverged_is_told_too():
    with pytest.raises(ValueError, match="loss 1 is never reached, the lowest is inf: "):
        table([burst("SGD", 1.0)], loss=1)
    with pytest.raises(ValueError, match="accuracy 1 is never reached, the highest is 0: "):
        table([burst("SGD", 1.0)], accuracy=1)


def test_steps_to_wants_one_target():
    with pytest.raises(ValueError) as error:
        steps_to(done("SGD", 0.1, 0.5))
    assert str(error.value) == "loss is None and accuracy None, expected one of them as the target"


def test_every_measured_number_of_a_description_follows_the_sign_and_equal_seeds_change_no_word():
    runs = [done("SGD", 0.1, 0.5, seed=seed, test=Metrics(1.0, 0.25 * (seed + 1))) for seed in (0, 1, 2)]
    runs += [done("momentum", 0.001, 0.875, 2.0), burst("Adam", 1e-5)]
    assert describe_rows(table(runs, loss=1)).splitlines() == [
        "SGD       lr ≈ 0.1     validation ≈ 50.0% (≈ 50.0% to ≈ 50.0%)  test ≈ 50.0% (≈ 25.0% to ≈ 75.0%)"
        "  steps ≈ 20 (≈ 20 to ≈ 20)  seconds ≈ 1.00 (≈ 1.00 to ≈ 1.00)  diverged ≈ 0 of 3",
        "momentum  lr ≈ 0.001   validation ≈ 87.5%  steps never  seconds never  diverged ≈ 0 of 1",
        "Adam      lr ≈ 1e-05   steps never  seconds never  diverged ≈ 1 of 1",
    ]
    assert describe_rows([]) == ""


def test_a_failing_write_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "runs.json"
    save_runs([done("SGD", 0.1, 0.5)], path)

    def half_written(self, text, **options):
        self.write_bytes(text[:9].encode())
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(room.Path, "write_text", half_written)
        with pytest.raises(OSError, match="No space left on device"):
            save_runs([done("Adam", 0.1, 0.5)], path)
    assert load_runs(path) == [done("SGD", 0.1, 0.5)]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"runs": [{"name": "SGD"',
        b"[]",
        b'{"cells": []}',
        b'{"runs": [1]}',
        b'{"runs": [{"nam": 1}]}',
        b"\xff",
        b'{"runs": [{"name": "SGD", "lr": 1, "seed": 0, "valid": [[1]]}]}',
    ],
)
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "runs.json"
    path.write_bytes(content)
    with pytest.raises(ValueError) as error:
        load_runs(path)
    assert str(error.value) == f"{path} holds no runs, expected a file of save_runs: name another one"


def test_a_folder_in_its_place_is_told_as_such(tmp_path):
    with pytest.raises(OSError, match="Is a directory|Permission denied"):  # the latter on Windows
        load_runs(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "runs.json"
    with pytest.raises(FileNotFoundError) as error:
        load_runs(path)
    assert str(error.value) == f"no runs at {path}: save some there by save_runs"
