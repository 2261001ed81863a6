"""What a plan's target decides: the network, its loss, and by what it is judged."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from torch import Tensor, nn

from course.nowcast import amount_scores, chance_scores, judge, likely
from course.nowcast.amounts import Amounts
from course.nowcast.chances import Chances, chance_losses
from course.nowcast.films import Batch
from course.nowcast.network import Nowcast, film_losses
from course.nowcast.plan import Plan


class Judging(NamedTuple):
    """How a target is judged: forecasts, events by level, the best level, sums, scores, and what is said of them."""

    forecast: Callable
    count: Callable
    tune: Callable
    sum_up: Callable
    score: Callable
    describe: tuple[Callable, ...]


JUDGINGS = {
    "frames": Judging(
        judge.forecast,
        judge.count_levels,
        judge.tune_levels,
        judge.sum_scores,
        judge.score,
        (judge.describe_scores, judge.describe_ahead),
    ),
    "chance": Judging(
        likely.forecast_chances,
        likely.count_chances,
        likely.tune_chances,
        likely.sum_likely,
        chance_scores.score_chances,
        (chance_scores.describe_chances, chance_scores.describe_surest),
    ),
    "sum": Judging(
        amount_scores.forecast_amounts,
        likely.count_chances,
        partial(likely.tune_chances, sure=()),
        amount_scores.sum_amounts,
        amount_scores.score_amounts,
        (
            partial(judge.describe_scores, columns=amount_scores.COLUMNS),
            partial(judge.describe_ahead, unit="mm"),
        ),
    ),
}


def build_network(plan: Plan, channels: int) -> nn.Module:
    """Return the network of a plan, new."""
    if plan.summed:
        kind = {"chance": Chances, "sum": Amounts}[plan.target]
        return kind(channels, plan.hidden, len(plan.ahead), plan.seed)
    return Nowcast(channels, plan.hidden, plan.dim, plan.seed)


def losses_of(model: nn.Module, batch: Batch, plan: Plan) -> Tensor:
    """Return the loss of each film. Shapes: (B,)."""
    if plan.cells == "known":
        batch = batch._replace(seen=batch.seen & batch.known)
    return chance_losses(model, batch) if plan.target == "chance" else film_losses(model, batch, plan.loss)
