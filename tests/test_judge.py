"""What a trained network is worth: scores of all forecasts by lead time, and by how much it is ahead."""

import pytest
import torch

from course.nowcast.judge import (
    LEVELS,
    count_levels,
    describe_ahead,
    describe_scores,
    score,
    sum_scores,
    tune_levels,
)
from course.nowcast.rivals import Maps
from course.nowcast.totals import join_sums
from course.rain import best_level, bias, csi, echo_from_rain, fss, mae, pod, rain_from_echo, rmse


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 0.6


@pytest.fixture
def maps():
    """Four films of two leads; of the third nothing was measured at the second."""
    seen = noise(4, 2, 8, 9, seed=3) > 0.1
    seen[2, 1] = False
    known = noise(4, 2, 8, 9, seed=4) > 0.2
    forecasts = {name: noise(4, 2, 8, 9, seed=seed) for seed, name in enumerate(("RainNet", "advection"), 1)}
    return Maps(noise(4, 2, 8, 9), seen, known, forecasts)


def some_of(maps, some):
    return Maps(*(part[some] for part in maps[:3]), {name: part[some] for name, part in maps.forecasts.items()})


def test_each_score_is_that_of_the_room_of_scores_over_all_films_and_both_parts_of_the_cells(maps):
    levels = {"RainNet": [0.2, 0.9], "advection": [1.5, 1]}
    scores = score(sum_scores(maps, km=4, levels=levels))
    for name, guesses in maps.forecasts.items():
        for lead in (0, 1):
            guess, truth, measured, known = (part[:, lead] for part in (guesses, *maps[:3]))
            both = scores[name][lead]
            for row, seen in ((both, measured), (both["known"], measured & known)):
                assert row["rmse"] == pytest.approx(255 * rmse(guess, truth, seen), rel=1e-5)
                assert row["mae"] == pytest.approx(mae(rain_from_echo(guess), rain_from_echo(truth), seen), rel=1e-5)
                for rain in (0.1, 1, 5):
                    least = float(echo_from_rain(rain))
                    for kind, of in (("csi", csi), ("pod", pod), ("bias", bias)):
                        assert row[f"{kind}_{rain}"] == pytest.approx(of(guess, truth, least, seen))
                least, level = (float(echo_from_rain(rain)) for rain in (1, levels[name][lead]))
                assert row["csi_tuned"] == pytest.approx(csi(guess, truth, least, seen, level))
                assert row["fss_10km"] == pytest.approx(fss(guess, truth, least, 2, seen))  # 2.5 cells
                assert row["fss_20km"] == pytest.approx(fss(guess, truth, least, 5, seen))


def test_levels_are_the_best_of_each_forecast_on_cells_known_to_motion(maps):
    weak = {"RainNet": 0.6 * maps.truth, "advection": maps.truth + 0.01}
    maps = maps._replace(forecasts=weak)
    one, levels = float(echo_from_rain(1)), [float(echo_from_rain(level)) for level in LEVELS]
    parts = [some_of(maps, some) for some in (slice(1), slice(1, 2), slice(2, 4))]
    found = tune_levels([count_levels(parts[:2]), {}, count_levels(parts[2:])])  # of three processes, one without films
    for name, guesses in maps.forecasts.items():
        for lead in (0, 1):
            guess, truth, seen, known = (part[:, lead] for part in (guesses, *maps[:3]))
            best = best_level(guess, truth, one, levels, seen & known)
            assert float(echo_from_rain(found[name][lead])) == pytest.approx(best)
    assert found["RainNet"] == [0.2, 0.2] and found["advection"][0] >= 1


def test_without_an_event_nothing_is_tuned(maps):
    assert tune_levels([count_levels([maps._replace(truth=0 * maps.truth)])]) == {
        "RainNet": [1.0, 1.0],
        "advection": [1.0, 1.0],
    }


def test_batches_that_are_put_together_score_as_one(maps):
    parts = [some_of(maps, some) for some in (slice(1), slice(1, 4))]
    ours, theirs = score(join_sums(sum_scores(part, 4) for part in parts)), score(sum_scores(maps, 4))
    for name, rows in theirs.items():
        for lead, row in enumerate(rows):
            for mine, other in ((ours[name][lead], row), (ours[name][lead]["known"], row["known"])):
                for kind in other.keys() - {"known"}:
                    assert mine[kind] == pytest.approx(other[kind], rel=1e-6)


def test_how_far_the_network_is_ahead_has_an_interval_by_blocks_and_none_of_a_single_block(maps):
    near = Maps(*maps[:3], {"RainNet": maps.truth + 0.01, "advection": maps.truth + 0.03})
    sums = sum_scores(near, 4)
    for blocks in (1, 2, ["a", "a", "b", "c"]):
        row = score(sums, blocks)["advection"][0]
        for value, low, high in (row["ahead_rmse"], row["known"]["ahead_rmse"]):
            assert value == pytest.approx(255 * -0.02, rel=1e-4) and low == pytest.approx(high, rel=1e-4)
    assert [score(sums, blocks)["advection"][0]["blocks"] for blocks in (1, 2, 4, ["a", "a", "b", "c"])] == [4, 2, 1, 3]
    assert score(sums, 4)["advection"][0]["ahead_rmse"] is None
    assert "ahead_rmse" not in score(sums)["RainNet"][0]


def test_where_nothing_was_measured_there_is_no_score(maps):
    blind = maps._replace(seen=torch.zeros_like(maps.seen))
    scores = score(sum_scores(blind, 4))
    rows = [row for both in scores["RainNet"] for row in (both, both["known"])]
    assert {value for row in rows for kind, value in row.items() if kind != "known"} == {None}
    lines = describe_scores(scores, (3, 6), 5).splitlines()
    assert lines[2].split() == ["RainNet", *["none"] * 7] and len({len(line) for line in lines[1:4]}) == 1


def test_the_table_has_each_lead_in_minutes_both_parts_of_the_cells_and_the_least_error_first():
    y = torch.tensor([0.0, 0.5, 0.5, 0]).view(1, 1, 2, 2).repeat(1, 2, 1, 1)
    known = torch.ones_like(y, dtype=torch.bool)
    known[..., 0] = False
    wrong = {"RainNet": y + 0.1, "advection": torch.stack([y[:, 0] + 0.2, y[:, 1]], 1)}
    wrong["RainNet"][:, :, :, 0] += 0.2
    scores = score(sum_scores(Maps(y, torch.ones_like(known), known, wrong), 4))
    lines = describe_scores(scores, (3, 6), 5).splitlines()
    assert lines[::5] == [
        "15 min ahead, all cells that were measured",
        "15 min ahead, cells known to motion",
        "30 min ahead, all cells that were measured",
        "30 min ahead, cells known to motion",
    ]
    rows = [line.split()[::2][:2] for line in lines if "≈" in line]
    assert rows == [
        ["advection", "51.00"],
        ["RainNet", "57.02"],  # the root of the mean of 25.5 and 76.5 squared
        ["RainNet", "25.50"],
        ["advection", "51.00"],
        ["advection", "0.00"],
        ["RainNet", "57.02"],
        ["advection", "0.00"],
        ["RainNet", "25.50"],
    ]


def test_who_is_ahead_of_the_best_rival_is_told_with_its_interval_and_a_tie_is_called_so():
    def rows(rmse, ahead=None, blocks=10):
        return [{"rmse": None, "known": {"rmse": rmse, "ahead_rmse": ahead, "blocks": blocks}}]

    def told(ours, **rivals):
        return describe_ahead({"RainNet": rows(ours)} | {name: rows(*row) for name, row in rivals.items()}, (6,), 5)

    head, weak = "30 min ahead RainNet has ≈ ", (9.0, [-4.0, -5.0, -3.0])
    rival = "RMSE than its best rival, motion, on cells known to motion"
    less = told(5, persistence=weak, motion=(7, [-2.0, -3.0, -1.5]))
    assert less == f"{head}2.00 codes less {rival} (95 % interval ≈ 1.50 to ≈ 3.00)"
    more = told(5, persistence=weak, motion=(4.75, [0.25, 0.125, 0.5]))
    assert more == f"{head}0.25 codes more {rival} (95 % interval ≈ 0.12 to ≈ 0.50)"
    tie = told(5, persistence=weak, motion=(5.5, [-0.5, -1.0, 0.25]))
    assert tie.endswith("cells known to motion (95 % interval ≈ -0.25 to ≈ 1.00): not distinguishable here")
    few = told(5, persistence=weak, motion=(7, [-2.0, -3.0, -1.5], 3))
    assert few.endswith("(95 % interval ≈ 1.50 to ≈ 3.00, though of 3 blocks of films only)")
    none = told(5, motion=(5.5, None))
    assert none == f"{head}0.50 codes less {rival} (too few blocks of films for an interval)"
    nothing = "30 min ahead nothing was measured where motion knows what comes, so nobody is ahead"
    assert told(None, motion=(None, None)) == nothing
