"""What a trained network is worth: scores of all forecasts by lead time, and by how much it is ahead."""

import pytest
import torch

from course.nowcast.judge import (
    Maps,
    describe_ahead,
    describe_scores,
    fit_dampings,
    join_maps,
    join_sums,
    score,
    sum_scores,
)
from course.rain import bias, csi, echo_from_rain, fit_damping, fss, mae, pod, rain_from_echo, rmse


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 0.6


@pytest.fixture
def maps():
    """Four films of two leads; of the third nothing was measured at the second."""
    seen = noise(4, 2, 8, 9, seed=3) > 0.1
    seen[2, 1] = False
    return Maps(noise(4, 2, 8, 9), seen, {"RainNet": noise(4, 2, 8, 9, seed=1), "advection": noise(4, 2, 8, 9, seed=2)})


def test_each_score_is_that_of_the_room_of_scores_over_all_films(maps):
    scores = score(sum_scores(maps, km=4))
    for name, guesses in maps.forecasts.items():
        for lead in (0, 1):
            guess, truth, seen = guesses[:, lead], maps.truth[:, lead], maps.seen[:, lead]
            row = scores[name][lead]
            assert row["rmse"] == pytest.approx(255 * rmse(guess, truth, seen), rel=1e-5)
            assert row["mae"] == pytest.approx(mae(rain_from_echo(guess), rain_from_echo(truth), seen), rel=1e-5)
            for rain in (0.1, 1, 5):
                least = float(echo_from_rain(rain))
                for kind, of in (("csi", csi), ("pod", pod), ("bias", bias)):
                    assert row[f"{kind}_{rain}"] == pytest.approx(of(guess, truth, least, seen))
            least = float(echo_from_rain(1))
            assert row["fss_10km"] == pytest.approx(fss(guess, truth, least, 2, seen))  # 2.5 cells
            assert row["fss_20km"] == pytest.approx(fss(guess, truth, least, 5, seen))


def test_batches_that_are_put_together_score_as_one(maps):
    parts = [
        Maps(maps.truth[some], maps.seen[some], {name: part[some] for name, part in maps.forecasts.items()})
        for some in (slice(1), slice(1, 4))
    ]
    whole = join_maps(parts)
    assert torch.equal(whole.truth, maps.truth) and torch.equal(
        whole.forecasts["advection"], maps.forecasts["advection"]
    )
    ours, theirs = score(join_sums(sum_scores(part, 4) for part in parts)), score(sum_scores(maps, 4))
    for name, rows in theirs.items():
        for lead, row in enumerate(rows):
            for kind, value in row.items():
                assert ours[name][lead][kind] == pytest.approx(value, rel=1e-6)


def test_how_far_the_network_is_ahead_has_an_interval_by_blocks_and_none_of_a_single_block(maps):
    near = Maps(maps.truth, maps.seen, {"RainNet": maps.truth + 0.01, "advection": maps.truth + 0.03})
    sums = sum_scores(near, 4)
    for blocks in (1, 2, ["a", "a", "b", "c"]):
        value, low, high = score(sums, blocks)["advection"][0]["ahead_rmse"]
        assert value == pytest.approx(255 * -0.02, rel=1e-4) and low == pytest.approx(high, rel=1e-4)
    assert [score(sums, blocks)["advection"][0]["blocks"] for blocks in (1, 2, 4, ["a", "a", "b", "c"])] == [4, 2, 1, 3]
    assert score(sums, 4)["advection"][0]["ahead_rmse"] is None
    assert "ahead_rmse" not in score(sums)["RainNet"][0]


def test_where_nothing_was_measured_there_is_no_score(maps):
    blind = maps._replace(seen=torch.zeros_like(maps.seen))
    scores = score(sum_scores(blind, 4))
    assert {value for row in scores["RainNet"] for value in row.values()} == {None}
    lines = describe_scores(scores, (3, 6), 5).splitlines()
    assert lines[1].split() == ["RainNet", *["none"] * 6] and len({len(line) for line in lines if line}) == 1


def test_the_table_has_each_lead_in_minutes_and_the_least_error_first():
    y = torch.tensor([0.0, 0.5, 0.5, 0]).view(1, 1, 2, 2).repeat(1, 2, 1, 1)
    wrong = {"RainNet": y + 0.1, "advection": torch.stack([y[:, 0] + 0.2, y[:, 1]], 1)}
    scores = score(sum_scores(Maps(y, torch.ones_like(y, dtype=torch.bool), wrong), 4))
    lines = describe_scores(scores, (3, 6), 5).splitlines()
    assert [line.split()[:2] for line in lines[::4]] == [["15", "min"], ["30", "min"]]
    assert [line.split()[0] for line in lines if "≈" in line] == ["RainNet", "advection", "advection", "RainNet"]
    assert lines[1].split()[1:3] == ["≈", "25.50"] and lines[5].split()[1:3] == ["≈", "0.00"]


def test_blur_and_damping_are_fitted_lead_by_lead_and_left_out_where_nothing_was_measured(maps):
    seen = maps.seen.clone()
    seen[:, 1] = False
    ours = fit_dampings(maps._replace(seen=seen), "advection")
    assert ours[0] == fit_damping(maps.forecasts["advection"][:, 0], maps.truth[:, 0], seen[:, 0])
    assert ours[1][:3] == (0, 1, 0)


def test_who_is_ahead_of_the_best_rival_is_told_with_its_interval_and_a_tie_is_called_so():
    def rows(rmse, ahead=None, blocks=10):
        return [{"rmse": rmse, "ahead_rmse": ahead, "blocks": blocks}]

    def told(ours, **rivals):
        return describe_ahead({"RainNet": rows(ours)} | {name: rows(*row) for name, row in rivals.items()}, (6,), 5)

    head, weak = "30 min ahead RainNet has ≈ ", (9.0, [-4.0, -5.0, -3.0])
    less = told(5, persistence=weak, motion=(7, [-2.0, -3.0, -1.5]))
    assert less == f"{head}2.00 codes less RMSE than motion (95 % interval ≈ 1.50 to ≈ 3.00)"
    more = told(5, persistence=weak, motion=(4.75, [0.25, 0.125, 0.5]))
    assert more == f"{head}0.25 codes more RMSE than motion (95 % interval ≈ 0.12 to ≈ 0.50)"
    tie = told(5, persistence=weak, motion=(5.5, [-0.5, -1.0, 0.25]))
    assert tie.endswith("motion (95 % interval ≈ -0.25 to ≈ 1.00): not distinguishable here")
    few = told(5, persistence=weak, motion=(7, [-2.0, -3.0, -1.5], 3))
    assert few.endswith("(95 % interval ≈ 1.50 to ≈ 3.00, though of 3 blocks of films only)")
    assert told(5, motion=(5.5, None)).endswith(
        "≈ 0.50 codes less RMSE than motion (too few blocks of films for an interval)"
    )
    assert told(None, motion=(None, None)) == "30 min ahead nothing was measured, so nobody is ahead"
