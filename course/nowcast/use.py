"""What a run that has ended is used for: to forecast from the newest frames, and to be scored on others."""

import json
from collections.abc import Callable
from pathlib import Path

from course import _streams
from course._atomic import make_writable, written_whole
from course._progress import progress_bar
from course.device import pick_device
from course.nowcast.ahead import prepared
from course.nowcast.alike import count_known, cut_films, read_alike, take_last
from course.nowcast.amount_outlook import draw_amounts, predict_amounts, write_amounts
from course.nowcast.chance_outlook import draw_chances, predict_chances, write_chances
from course.nowcast.outlook import draw_film, draw_stills, predict, stamp_from, write_outlook
from course.nowcast.record import read_run
from course.nowcast.targets import JUDGINGS
from course.nowcast.totals import join_sums

HOURS = {
    "chance": (predict_chances, write_chances, draw_chances, "chances"),
    "sum": (predict_amounts, write_amounts, draw_amounts, "sums"),
}


def forecast_frames(
    folder: Path | str,
    place: Path | str,
    out: Path | str | None = None,
    *,
    ahead: int | None = None,
    device: str | None = None,
    say: Callable[[str], object] = _streams.say,
    **reading,
) -> Path:
    """Forecast what follows the newest frames of a place; return the folder of what is written.

    That is forecast.npz with the numbers, and beside semi-Lagrangian advection forecast.png and the film forecast.gif;
    of a run for chances chance.npz with the numbers and chance.png, of one for sums sum.npz and sum.png.
    folder: of the run. out: by default forecast_TIME in there, by the time of the last frame.
    ahead: as for `predict`. device: as for `pick_device`. reading: as for `read_alike`. say: called with a sentence a
        file.
    Raises: FileNotFoundError or ValueError that says what does not fit; OSError if nothing can be written.
    """
    run, device = read_run(folder), pick_device(device)
    recent = take_last(run, read_alike(run, place, **reading), place)
    target = run.plan.target
    if run.plan.summed:
        ask, write, draw, what = HOURS[target]
        if ahead is not None:
            raise ValueError(f"ahead is {ahead}, but {run.folder} says {what} of its own leads alone: leave ahead out")
        hours = ask(run, recent, device)
        out = run.folder / f"forecast_{stamp_from(hours.start)}" if out is None else Path(out)
        make_writable(out)
        say(write(hours, out / f"{target}.npz"))
        say(draw(hours, out / f"{target}.png"))
        return out
    outlook = predict(run, recent, ahead, device)
    out = run.folder / f"forecast_{stamp_from(outlook.start)}" if out is None else Path(out)
    make_writable(out)
    say(write_outlook(outlook, out / "forecast.npz"))
    say(draw_stills(outlook, recent, out / "forecast.png"))
    say(draw_film(outlook, recent, out / "forecast.gif"))
    return out


def score_frames(
    folder: Path | str,
    place: Path | str,
    *,
    device: str | None = None,
    progress: bool | None = None,
    say: Callable[[str], object] = _streams.say,
    **reading,
) -> dict[str, list[dict]]:
    """Score the forecasts of a run and of its rivals on all films of frames, of whole maps; return the scores.

    They are told as at the end of a training, and written into scores_NAME.json in the folder of the run.
    folder, device, reading, say: as for `forecast_frames`.
    Raises: as `forecast_frames`.
    """
    run, device, place = read_run(folder), pick_device(device), Path(place)
    make_writable(run.folder)
    frames = read_alike(run, place, progress=progress, **reading)
    films = cut_films(run, frames, place, reading.get("cache"), progress)
    model, sums, judging = run.build().to(device), [], JUDGINGS[run.plan.target]
    with progress_bar(len(films), "film", progress) as bar:
        for batch in prepared([[film] for film in range(len(films))], films.batch, 1):
            sums.append(judging.sum_up(judging.forecast(model, films, batch.to(device)), films.km, run.levels))
            bar.update()
    scores = judging.score(join_sums(sums), films.blocks())
    for describe in judging.describe:
        say(describe(scores, run.plan.ahead, run.minutes))
    if known := count_known(run, films):
        told = f"{known} of {len(films)} films are of hours that {run.folder} was trained on or chosen by"
        say(f"{told}: if they are the same radar's, that flatters it")
    first, last = map(str, frames.times[[films.starts[0], films.starts[-1] + films.shape[0] - 1]])
    report = {"films": len(films), "first": first, "last": last, "ahead": run.plan.ahead, "minutes": run.minutes}
    path = run.folder / f"scores_{place.resolve().name.split('.')[0]}.json"
    with written_whole(path) as part:
        part.write_text(
            json.dumps(report | {"scores": scores, "levels": run.levels}, allow_nan=False), encoding="utf-8"
        )
    say(f"{path} holds the scores of {len(films)} films from {first} to {last}")
    return scores
