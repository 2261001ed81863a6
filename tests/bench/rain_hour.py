"""Ask radar whether a network that learned the rain of the next hour is ahead of one that learned frames, over seeds.

    rain_hour.py [FOLDER] [--out FOLDER] [--seeds 5] [--steps 120] ...

FOLDER, --out and all else are those of rain_question.py, and so is the way of training, tuning and judging. Three kinds
of networks take it: one for the frames of the hour, all of them; one for its sum in mm; one for the chance of 0.1, 1
and 5 mm. The frames of the first are summed up as they are, and times a factor that fits some films to train on best,
since a forecast in codes that is right on average says too little rain. The first table is about sums, the second
about chances. They go into tests/bench/README.md by hand: this is no bench, since it prints no ratio.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from harness import report
from rain_question import ask, make_parser
from rain_table import Columns, draw_table, score_maps
from torch import Tensor, nn

from course.nowcast.amount_scores import forecast_amounts
from course.nowcast.chances import MM, thresholds
from course.nowcast.films import Batch, some_of
from course.nowcast.hours import sum_until
from course.nowcast.likely import CLIMATE, REGRESSION, forecast_chances
from course.nowcast.plan import Plan
from course.nowcast.rivals import MIXTURE, last_of
from course.nowcast.run import TUNED
from course.nowcast.totals import NETWORK
from course.nowcast.windows import Windows
from course.rain import count_events, rain_from_echo, sum_errors, sum_rain

SUMMED, SCALED = f"frames of {NETWORK}, summed", f"frames of {NETWORK}, summed and scaled"
SUMMED_MIXTURE = f"frames of {MIXTURE}, summed and scaled"
SUMS = Columns({"RMSE mm": 3, "CSI 1 mm": 3, "CSI 5 mm": 3}, score_maps)
CHANCES = Columns({f"Brier {mm} mm": 4 for mm in MM}, lambda sums: sums[..., 1:] / sums[..., :1])


def sums_of(guess: Tensor, truth: Tensor, seen: Tensor) -> list[float]:
    """Return cells, squared errors, and the events of 1 and of 5 mm, of one film. Shapes: (1, H, W). Units: mm."""
    cells, squares, _ = sum_errors(guess, truth, seen)
    events = [count_events(guess, truth, mm, seen) for mm in MM[1:]]
    return [field.item() for field in (cells, squares, *events[0], *events[1])]


@torch.inference_mode()
def sum_frames(model: nn.Module, films: Windows, chosen: list[int]) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Sum up the frames that a network forecasts, and those of the mixture; return truth and known cells as well.

    Shapes: all (B, H, W). Units: mm.
    """
    batch: Batch = last_of(films.batch(chosen))
    guesses = {SUMMED: model(batch.x, batch.start, batch.candidates), SUMMED_MIXTURE: batch.start}
    guesses = {name: sum_rain(rain_from_echo(part.clamp(0, 1)), films.minutes) for name, part in guesses.items()}
    truth, seen = sum_until(films.codes(chosen)[:, -len(films.ahead) :, 0], films.ahead[-1:], films.minutes)
    return guesses, rain_from_echo(truth[:, 0]), seen[:, 0] & batch.known.all(1)


def judge_frames(model: nn.Module, films: Windows, unseen: Windows) -> dict:
    """Return of what the scores of summed frames are made, film by film. Shapes: of each name (1, N, 8)."""
    products = {SUMMED: np.zeros(2), SUMMED_MIXTURE: np.zeros(2)}
    for film in some_of(films, TUNED):
        guesses, truth, here = sum_frames(model, films, [film])
        for name, guess in guesses.items():
            products[name] += [(guess * truth)[here].sum().item(), guess.square()[here].sum().item()]
    scales = {name: over / max(under, 1e-9) for name, (over, under) in products.items()}
    sums = {name: [[]] for name in (SUMMED, SCALED, SUMMED_MIXTURE)}
    for film in range(len(unseen)):
        guesses, truth, here = sum_frames(model, unseen, [film])
        scaled = {name: scales[name] * guess for name, guess in guesses.items()}
        told = {SUMMED: guesses[SUMMED], SCALED: scaled[SUMMED], SUMMED_MIXTURE: scaled[SUMMED_MIXTURE]}
        for name, guess in told.items():
            sums[name][0].append(sums_of(guess, truth, here))
    return {"sums": sums, "scales": scales}


def judge_sums(model: nn.Module, films: Windows, unseen: Windows) -> dict:
    """Return of what the scores of forecast sums are made, film by film. Shapes: of each name (1, N, 8)."""
    sums = {}
    for film in range(len(unseen)):
        maps = forecast_amounts(model, unseen, unseen.batch([film]))
        truth, here = rain_from_echo(maps.truth[:, 0]), (maps.seen & maps.known)[:, 0]
        for name, part in maps.forecasts.items():
            sums.setdefault(name, [[]])[0].append(sums_of(rain_from_echo(part[:, 0]), truth, here))
    return {"sums": sums}


def judge_chances(model: nn.Module, films: Windows, unseen: Windows) -> dict:
    """Return of what Brier scores are made, film by film: cells, squared errors. Shapes: of each name (1, N, 4)."""
    sums = {name: [[]] for name in (NETWORK, REGRESSION, CLIMATE)}
    for film in range(len(unseen)):
        maps = forecast_chances(model, unseen, unseen.batch([film]))
        here = (maps.seen & maps.known)[0, 0]
        came = maps.truth[0, :1] >= maps.truth.new_tensor(thresholds()).view(-1, 1, 1)
        for name, of_film in sums.items():
            squares = (maps.forecasts[name][0, 0] - came.float()).square()[:, here].sum(1)
            of_film[0].append([here.sum().item(), *squares.tolist()])
    return {"sums": sums}


def beside(ours: dict[str, list[list[dict]]], theirs: dict[str, list[list[dict]]]) -> dict[str, list[list[dict]]]:
    """Put the sums of two kinds of networks beside each other, film by film and seed by seed.

    Raises: ValueError if they were not judged on the same cells.
    """
    return {
        title: [[_join(title, *pair) for pair in zip(some, others)] for some, others in zip(runs, theirs[title])]
        for title, runs in ours.items()
    }


def _join(title: str, one: dict, other: dict) -> dict:
    cells = [np.array(next(iter(each["sums"].values())))[..., 0] for each in (one, other)]
    if not np.array_equal(*cells):
        raise ValueError(f"{title}: frames and sums were judged on other cells: remove the folder --out")
    return one | {"sums": one["sums"] | other["sums"]}


def main(args: list[str] | None = None) -> int:
    parser = make_parser(__doc__, "build/hour")
    parser.add_argument("--frames", type=int, default=12, help="of an hour")
    given = parser.parse_args(args)
    count, out = given.frames, Path(given.out)
    try:
        frames = ask(given, Plan(ahead=tuple(range(1, count + 1))), judge_frames, out / "frames")
        sums = ask(given, Plan(ahead=(count,), target="sum"), judge_sums, out / "sum")
        chances = ask(given, Plan(ahead=(count,), target="chance"), judge_chances, out / "chance")
        found = beside(sums, frames)
    except (OSError, ValueError) as error:
        report(error)
        return 1
    minutes = count * sums["hours"][0][0]["settings"]["minutes"]
    for told, columns in ((found, SUMS), (chances, CHANCES)):
        print("\n".join(draw_table(told, [f"{minutes} min"], columns)), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
