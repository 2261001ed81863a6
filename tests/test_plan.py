"""The plan of a run: who is asked when, at which rate, and what cannot be planned."""

import pytest

from course.nowcast.plan import Plan


@pytest.mark.parametrize("films, batch", [(1, 1), (7, 7), (8, 7), (36, 7), (5, 9)])
def test_an_epoch_has_each_film_once_in_batches_of_which_only_the_last_is_smaller(films, batch):
    plan = Plan(batch=batch)
    batches = plan.batches(3, films)
    assert sorted(sum(batches, [])) == list(range(films))
    assert [len(part) for part in batches[:-1]] == [batch] * (len(batches) - 1)
    assert 1 <= len(batches[-1]) <= batch
    assert plan.steps(films) == len(batches)


def test_the_order_is_that_of_seed_and_epoch_and_of_nothing_else():
    orders = {seed: [sum(Plan(seed=seed).batches(epoch, 50), []) for epoch in (0, 1)] for seed in (0, 1)}
    assert orders[0][0] == sum(Plan(batch=3).batches(0, 50), [])
    assert len({tuple(order) for pair in orders.values() for order in pair}) == 4


def test_the_rate_grows_with_the_batch_in_proportion_for_sgd_and_by_the_root_for_adam():
    for optimizer, factor in (("sgd", 4), ("adam", 2)):
        assert Plan(optimizer=optimizer, lr=0.3, lr_batch=8, batch=8).top_rate == 0.3
        assert Plan(optimizer=optimizer, lr=0.3, lr_batch=8, batch=32).top_rate == pytest.approx(0.3 * factor)
        assert Plan(optimizer=optimizer, lr=0.3, lr_batch=8, batch=2).top_rate == pytest.approx(0.3 / factor)


def test_the_rate_warms_up_evenly_and_stays():
    assert [Plan(warmup=3).warmed(step) for step in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert [Plan(warmup=0).warmed(step) for step in range(2)] == [1, 1]


def test_the_rate_is_halved_each_time_that_patience_runs_out():
    plan = Plan(patience=2)
    losses = [5, 4, 4, 6, 3, 3, 3, 9, 9]  # not better: twice from 4 on, then four times from 3 on
    assert [plan.halved(losses[:epochs]) for epochs in range(10)] == [0, 0, 0, 0, 1, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"dim": 1}, "dim is 1, expected 2 or 3"),
        ({"hidden": (8, 0)}, "hidden is (8, 0), expected numbers of 1 or more: try 8 8 8"),
        ({"hidden": ()}, "hidden is (), expected numbers of 1 or more: try 8 8 8"),
        ({"batch": 0}, "batch is 0, expected 1 or more"),
        ({"lr_batch": 0}, "lr_batch is 0, expected 1 or more"),
        ({"ahead": ()}, "ahead is (), expected rising numbers of 1 or more: try 5 10"),
        ({"ahead": (0, 5)}, "ahead is (0, 5), expected rising numbers of 1 or more: try 5 10"),
        ({"ahead": (5, 5)}, "ahead is (5, 5), expected rising numbers of 1 or more: try 5 10"),
        ({"patience": 0}, "patience is 0, expected 1 or more"),
        ({"validation": 0.8}, "validation is 0.8, expected a share of 0 or more, with held_out 0.2 below 1: try 0.1"),
        ({"warmup": -1}, "warmup is -1, expected 0 or more"),
        ({"seed": -1}, "seed is -1, expected 0 or more"),
        ({"held_out": 1.0}, "held_out is 1, expected a share between 0 and 1: try 0.2"),
        ({"cells": "all"}, "cells is 'all', expected measured or known"),
        ({"optimizer": "lion"}, "optimizer is 'lion', expected adam or sgd"),
        ({"lr": 0.0}, "lr is 0, expected a number above 0: try 0.01"),
        ({"lr": float("nan")}, "lr is nan, expected a number above 0: try 0.01"),
    ],
)
def test_what_cannot_be_planned_is_named(settings, told):
    with pytest.raises(ValueError) as error:
        Plan(**settings)
    assert str(error.value) == told
