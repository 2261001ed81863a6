"""Intervals of scores: blocks are drawn, not frames, and what needs no chance is exact."""

import math

import numpy as np
import pytest
import torch

from course.claims import paired
from course.rain import Errors, Events, by_blocks, count_events, csi, rmse, sum_errors


def message(call, *args, **options):
    with pytest.raises(ValueError) as caught:
        call(*args, **options)
    return str(caught.value)


def frames(n, seed=0):
    """Two forecasts, the truth, and where it was measured."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.rand(n, 4, 4, generator=generator)
    near, far = (y + width * torch.randn(y.shape, generator=generator) for width in (0.1, 0.3))
    return near, far, y, torch.rand(y.shape, generator=generator) < 0.8


def test_the_value_is_the_score_of_all_frames():
    near, far, y, seen = frames(30)
    found = by_blocks(Errors.rmse, sum_errors(far, y, seen), 3)
    assert found.value == pytest.approx(rmse(far, y, seen)) and found.low < found.value < found.high
    ours, theirs = (count_events(one, y, 0.5, seen) for one in (near, far))
    found = by_blocks(Events.csi, ours, 3, against=theirs)
    assert found.value == pytest.approx(csi(near, y, 0.5, seen) - csi(far, y, 0.5, seen))
    assert 0 < found.low < found.value < found.high


def test_a_score_that_is_a_plain_mean_has_the_interval_of_a_verdict():
    sizes = torch.rand(12, 1, generator=torch.Generator().manual_seed(0))
    zeros = torch.zeros(12, 1)
    found = by_blocks(Errors.mae, sum_errors(sizes, zeros), 1)
    assert found[1:] == pytest.approx(paired(sizes.flatten().tolist(), [0] * 12).interval(), rel=0.02)


def test_frames_told_five_times_make_an_interval_no_narrower():
    _, far, y, _ = frames(20)
    once = sum_errors(far, y)
    often = Errors(*(part.repeat_interleave(5) for part in once))
    assert by_blocks(Errors.rmse, often, 5) == pytest.approx(by_blocks(Errors.rmse, once, 1))
    low, high = by_blocks(Errors.rmse, often, 1)[1:]
    assert high - low < 0.6 * (lambda _, low, high: high - low)(*by_blocks(Errors.rmse, once, 1))


def test_a_difference_that_is_the_same_in_every_frame_is_sure():
    y = torch.arange(24.0).view(8, 3)
    size = torch.arange(1.0, 9)[:, None]  # of the error, another in each frame
    ours, theirs = sum_errors(y + size + 2, y), sum_errors(y - size, y)
    assert by_blocks(Errors.mae, ours, 2, against=theirs) == pytest.approx((2, 2, 2))
    assert by_blocks(Errors.rmse, ours, 2, against=ours) == (0, 0, 0)
    alone = by_blocks(Errors.mae, ours, 2)
    assert alone.high - alone.low > 1


def test_a_large_block_counts_by_its_cells():
    errors = Errors(torch.tensor([1, 9]), torch.tensor([1.0, 0]), torch.tensor([1.0, 0]))
    assert by_blocks(Errors.mae, errors, 1) == (0.1, 0, 1)  # not a half


def test_blocks_may_be_named_as_by_the_hour():
    _, far, y, _ = frames(30)
    errors = sum_errors(far, y)
    times = np.datetime64("2010-08-26T00:00") + np.arange(30) * np.timedelta64(6, "m")
    expected = by_blocks(Errors.rmse, errors, 10)
    assert by_blocks(Errors.rmse, errors, times.astype("datetime64[h]")) == expected
    assert by_blocks(Errors.rmse, errors, torch.arange(30) // 10) == expected
    assert by_blocks(Errors.rmse, errors, 29).value == pytest.approx(expected.value)  # the last block is short


def test_samples_without_an_event_are_left_out():
    hits = torch.tensor([3, 0, 0, 0])
    events = Events(hits, torch.tensor([1, 0, 0, 0]), torch.zeros(4))
    assert by_blocks(Events.csi, events, 1) == (0.75, 0.75, 0.75)
    never = Events(torch.zeros(4), torch.zeros(4), torch.zeros(4))
    assert all(math.isnan(end) for end in by_blocks(Events.csi, never, 1))


def test_the_seed_draws_the_samples_and_nothing_else_does():
    _, far, y, _ = frames(20)
    errors = sum_errors(far, y)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    first, again, other = (by_blocks(Errors.rmse, errors, 2, seed=seed) for seed in (0, 0, 1))
    assert first == again != other and first == pytest.approx(other, rel=0.05)
    assert torch.equal(torch.get_rng_state(), before[0]) and np.random.get_state()[1].tolist() == before[1]


def test_blocks_that_do_not_fit_are_named():
    errors = sum_errors(torch.zeros(6, 2), torch.zeros(6, 2))
    few = "6 frames make 1 block, expected two or more: take shorter blocks"
    assert message(by_blocks, Errors.rmse, errors, 6) == few
    assert message(by_blocks, Errors.rmse, errors, 0) == "blocks is 0, expected 1 or more frames"
    expected = "blocks has 5 frames, expected 6, as sums: score the same ones"
    assert message(by_blocks, Errors.rmse, errors, torch.arange(5)) == expected
    five = Errors(*(part[:5] for part in errors))
    expected = "against has 5 frames, expected 6, as sums: score the same ones"
    assert message(by_blocks, Errors.rmse, errors, 2, against=five) == expected
