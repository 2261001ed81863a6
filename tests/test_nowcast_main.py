"""The rain network trained by torchrun: on one to three processes, killed, resumed, asked what cannot be."""

import inspect
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from course.distributed import launch
from course.files import Records
from course.nowcast import data as finding
from course.nowcast import run as room
from course.nowcast import sources, training
from course.nowcast.__main__ import command, make_parser
from course.nowcast.films import Films
from course.nowcast.network import Nowcast, film_losses
from course.nowcast.plan import Plan
from course.nowcast.rivals import fit_rivals
from course.nowcast.sources import make_values, map_values
from course.nowcast.training import train_rain
from course.rain import write_text

SHAPE = (6, 1, 16, 16)
PLAN = Plan(hidden=(3,), ahead=(2,), pool=1, batch=7, warmup=3, validation=0, held_out=0.2)
TRAINED, JUDGED, STEPS = 36, 9, 24  # an epoch has batches of 7, 7, 7, 7, 7 and 1: nothing divides evenly
EPOCHS = 4
QUIETLY = {
    "epochs": EPOCHS,
    "save_every": 10,
    "report_every": 7,
    "device": "cpu",
    "progress": False,
    "say": lambda line: None,
}
WORDS = [
    "--hidden",
    3,
    "--ahead",
    2,
    "--pool",
    1,
    "--batch",
    7,
    "--warmup",
    3,
    "--validation",
    0,
    "--epochs",
    4,
    "--save-every",
    10,
    "--report-every",
    7,
    "--device",
    "cpu",
]
GUARD = 300  # seconds: only against hanging
NOTHING = "expected a text of the CIKM format, values.npy of its cache, or a folder with one: check the path"
NO, OWN = "(it is no folder)", "check who owns it, or take another folder"


class Launched(NamedTuple):
    """What torchrun gave: what rank 0 printed or the reason of its failure, and the notes of each rank."""

    text: str
    failed: bool
    notes: Path
    out: Path

    def stderr(self, rank):
        return (self.notes / f"stderr_{rank}").read_text()

    def read(self, rank, of):
        lines = (self.notes / f"read_{rank}").read_text().splitlines()
        return [note["films"] for note in map(json.loads, lines) if note["of"] == of]


def launched(folder, processes, *words, accident="none", restarts=0):
    notes, out = folder / "notes", folder / "out"
    notes.mkdir(parents=True)
    words = [notes, accident, "--out", out, *WORDS, *words]
    try:
        text = launch(Path(__file__).parent / "rain_worker.py", words, processes, restarts, timeout=GUARD)
    except RuntimeError as error:
        return Launched(str(error), True, notes, out)
    return Launched(text, False, notes, out)


def weights(out):
    return torch.load(out / "weights.pt", weights_only=True)


def losses(out):
    return json.loads((out / "scores.json").read_text())["losses"]


def same(ours, theirs, **tolerance):
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], **tolerance)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    make_values(folder / "values.npy", TRAINED + JUDGED, SHAPE, seed=0)
    return folder


@pytest.fixture(scope="module")
def one(data, tmp_path_factory):
    """Undisturbed, on this process."""
    out = tmp_path_factory.mktemp("one")
    lines = []
    result = train_rain(out, PLAN, data=data, **QUIETLY | {"say": lines.append})
    return out, result, lines


@pytest.fixture(scope="module")
def two(data, tmp_path_factory):
    """Undisturbed, on two processes, in pieces of two films."""
    return launched(tmp_path_factory.mktemp("two"), 2, "--data", data, "--micro-batch", 2)


@pytest.fixture(scope="module")
def three(data, two, tmp_path_factory):
    """From step 20 of the run on two processes on three of them."""
    folder = tmp_path_factory.mktemp("three")
    shutil.copytree(two.out / "step_000020", folder / "out/step_000020")
    return launched(folder, 3, "--data", data)


def test_two_processes_give_the_losses_of_one(one, two):
    out, result, _ = one
    assert not two.failed
    assert len(losses(two.out)) == STEPS
    assert losses(two.out) == pytest.approx(result.losses, abs=1e-5, rel=1e-5)
    assert weights(out)["net.last.weight"].abs().max() > 0.01  # it was 0: equal losses say something


def test_two_processes_give_the_weights_and_the_scores_of_one(one, two):
    out, result, _ = one
    same(weights(two.out), weights(out), atol=1e-5, rtol=1e-5)
    report = json.loads((two.out / "scores.json").read_text())
    assert report["processes"] == 2
    for name, rows in result.scores.items():
        for kind in ("rmse", "mae", "csi_1", "fss_20km"):
            assert report["scores"][name][0][kind] == pytest.approx(rows[0][kind], rel=1e-3)


def test_the_gradient_of_two_processes_in_pieces_is_that_of_the_joint_batch(two, data):
    noted = torch.load(two.notes / "step_8.pt", weights_only=True)
    some = Films(map_values(data / "values.npy")[:TRAINED], PLAN.ahead, PLAN.pool, PLAN.dim)
    some.fitted = fit_rivals(some, [range(TRAINED)])
    model = Nowcast(some.channels, PLAN.hidden)
    model.load_state_dict(noted["weights"])
    assert len(noted["batch"]) == 7
    film_losses(model, some.batch(noted["batch"])).mean().backward()
    gradients = {name: weight.grad for name, weight in model.named_parameters()}
    assert all(gradient.abs().max() > 1e-6 for gradient in gradients.values())
    same(noted["gradients"], gradients, atol=1e-7, rtol=1e-4)


def test_each_process_reads_its_part_of_each_batch_and_an_epoch_reads_each_film_once(two):
    parts = [sum(two.read(rank, of=TRAINED), []) for rank in (0, 1)]
    orders = [sum(PLAN.batches(epoch, TRAINED), []) for epoch in range(EPOCHS)]
    assert [len(part) for part in parts] == [4 * 15, 4 * 21]  # 3 and 4 of 7, 0 and 1 of the last
    assert sorted(parts[0] + parts[1]) == sorted(sum(orders, []))
    for epoch, order in enumerate(orders):
        first, second = parts[0][15 * epoch : 15 * epoch + 15], parts[1][21 * epoch : 21 * epoch + 21]
        assert sorted(first + second) == sorted(order) == list(range(TRAINED))
    assert max(map(len, two.read(0, of=TRAINED) + two.read(1, of=TRAINED))) == 2  # --micro-batch


def test_each_film_that_judges_is_forecast_once(two, three):
    for run, ranks in ((two, 2), (three, 3)):
        chosen = [film for rank in range(ranks) for part in run.read(rank, of=JUDGED) for film in part]
        assert sorted(chosen) == list(range(JUDGED))


def test_only_rank_0_speaks_and_nobody_complains(two):
    head, *lines = two.text.splitlines()
    assert head == (
        "2 processes by gloo on cpu; 36 films to train on, 0 to choose by and 9 to judge by; "
        "steps 1 to 24, 7 films a step, learning rate ≈ 0.00661"
    )
    steps = [line.split(":")[0] for line in lines if line.startswith("step")]
    assert steps == [f"step {step} of 24" for step in (7, 10, 14, 20, 21, 24)]
    names = {line.split("≈")[0].strip() for line in lines[-7:-2]}
    assert names == {"RainNet", "advection", "advection, blurred", "mixture", "persistence"}
    assert lines[-2].startswith("12 min ahead RainNet has ≈ ") and "95 % interval" in lines[-2]
    assert lines[-1] == f"scores.json, weights.pt and plan.json are in {two.out}"
    assert two.stderr(0) == two.stderr(1) == ""


def test_a_run_of_two_goes_on_with_three_and_with_one_to_the_same_weights(two, three, data, tmp_path):
    assert "steps 21 to 24" in three.text and not three.failed
    shutil.copytree(two.out / "step_000020", tmp_path / "step_000020")
    train_rain(tmp_path, PLAN, data=data, **QUIETLY)
    for out in (three.out, tmp_path):
        assert losses(out)[:20] == losses(two.out)[:20]
        assert losses(out) == pytest.approx(losses(two.out), abs=1e-7)
        same(weights(out), weights(two.out), atol=1e-6, rtol=1e-5)


def test_three_processes_read_the_rest_of_the_last_epoch_once(three):
    order = sum(PLAN.batches(3, TRAINED)[2:], [])
    parts = [sum(three.read(rank, of=TRAINED), []) for rank in range(3)]
    assert sorted(sum(parts, [])) == sorted(order)
    assert [len(part) for part in parts] == [6, 6, 10]  # 2, 2, 3 of 7, three times; of 1 the last has it


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is for POSIX")
def test_after_a_kill_torchrun_starts_again_and_the_end_is_the_same_to_the_bit(two, data, tmp_path):
    words = "--data", data, "--micro-batch", 2
    killed = launched(tmp_path, 2, *words, accident="killed at 15", restarts=1)
    assert not killed.failed
    heads = [line.split("; ")[2] for line in killed.text.splitlines() if "films to train on" in line]
    rate = "7 films a step, learning rate ≈ 0.00661"
    assert heads == [f"steps 1 to 24, {rate}", f"steps 11 to 24, {rate}"]
    assert losses(killed.out) == losses(two.out)
    same(weights(killed.out), weights(two.out), atol=0, rtol=0)
    assert "Traceback" not in killed.stderr(0) + killed.stderr(1)


def test_data_missing_on_one_rank_end_all_of_them_with_one_sentence_from_rank_0(data, tmp_path):
    run = launched(tmp_path, 2, "--data", data, accident="no data")
    told = f"rank 1 of 2: there is no elsewhere, {NOTHING}"
    assert (run.failed, run.text) == (True, told)
    assert (run.stderr(0), run.stderr(1)) == (f"{told}\n", "")


def test_a_rank_that_fails_in_training_tells_why_and_does_not_leave_the_other_hanging(data, tmp_path):
    run = launched(tmp_path, 2, "--data", data, accident="full at 12")
    assert (run.failed, run.text) == (True, "rank 1: the disk is full: free some space")
    assert run.stderr(1) == f"{run.text}\n"
    assert "Traceback" not in run.stderr(0)
    assert [path.name for path in run.out.glob("step_*")] == ["step_000010"]


# On this process alone from here on.


def test_checkpoints_the_newest_two_stay_and_a_finished_run_only_judges_again(one, data, tmp_path):
    out, result, _ = one
    assert sorted(path.name for path in out.glob("*step*")) == ["step_000020", "step_000024"]
    shutil.copytree(out, tmp_path / "out")
    lines = []
    again = train_rain(tmp_path / "out", PLAN, data=data, **QUIETLY | {"say": lines.append})
    assert again == result
    assert "all 24 steps are done" in lines[0] and not any(line.startswith("step") for line in lines)


@pytest.mark.parametrize(
    "changes, name",
    [
        ({"hidden": (4,)}, "hidden is [3] there and [4] here"),
        ({"batch": 8}, "batch is 7 there and 8 here"),
        ({"seed": 1}, "seed is 0 there and 1 here"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(one, data, changes, name):
    out, *_ = one
    other = Plan(**(vars(PLAN) | changes))
    with pytest.raises(ValueError) as error:
        train_rain(out, other, data=data, **QUIETLY)
    mend = "set it as it was, or name another folder"
    assert str(error.value) == f"checkpoint {out / 'step_000024'} is of another run: {name}: {mend}"


def test_other_films_are_another_run(one, data, tmp_path):
    out, *_ = one
    values = np.load(data / "values.npy")
    other = values.copy()
    other[0, 0, 0, 0, 0] ^= 1
    for some, missing, told in (
        (values[:40], 254, "films is [36, 6, 1, 16, 16] there and [32, 6, 1, 16, 16] here"),
        (values, 7, "missing is 254 there and 7 here"),
        (other, 254, "checksum of the films is "),
    ):
        np.save(tmp_path / "values.npy", some)
        with pytest.raises(ValueError) as error:
            train_rain(out, PLAN, data=tmp_path, missing=missing, **QUIETLY)
        assert f"is of another run: {told}" in str(error.value)


def test_control_c_finishes_the_steps_under_way_and_keeps_them(one, data, tmp_path, monkeypatch):
    _, result, _ = one
    backward, steps, lines = room.backward, [], []

    def interrupted(*arguments):
        steps.append(1)
        if len(steps) == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return backward(*arguments)

    monkeypatch.setattr(room, "backward", interrupted)
    options = {"data": data} | QUIETLY | {"say": lines.append}
    before = signal.getsignal(signal.SIGINT)
    stopped = train_rain(tmp_path, PLAN, **options)
    assert (stopped.stopped, stopped.scores, stopped.losses) == ("interrupted", {}, result.losses[:7])
    assert lines[-1] == "interrupted after step 7 of 24: the same command goes on from there"
    assert signal.getsignal(signal.SIGINT) is before
    assert train_rain(tmp_path, PLAN, **options) == result  # to the bit
    assert len(steps) == STEPS


def test_a_loss_that_is_not_finite_ends_the_run_before_it_is_saved(data, tmp_path):
    plan = Plan(**(vars(PLAN) | {"lr": 1e38, "warmup": 0, "optimizer": "sgd"}))
    with pytest.raises(FloatingPointError, match=r"at step \d with learning rate 4.375e\+37: try a smaller lr"):
        train_rain(tmp_path, plan, data=data, **QUIETLY)
    assert list(tmp_path.glob("step_*")) == []


def test_weights_that_the_last_step_has_spoilt_are_not_judged(data, tmp_path, monkeypatch):
    spoil = partial(torch.nn.init.constant_, val=torch.nan)
    monkeypatch.setattr(room.RainRun, "save", lambda run, out: spoil(run.model.net.last.bias))
    told = "RainNet forecasts what is no number after step 6 with learning rate 0.00661438: try a smaller lr"
    with pytest.raises(FloatingPointError, match=told):
        train_rain(tmp_path, PLAN, data=data, **QUIETLY | {"epochs": 1})
    assert not (tmp_path / "scores.json").exists()


def test_films_held_out_that_were_measured_nowhere_cost_no_weights(data, tmp_path):
    values = np.load(data / "values.npy")[:6]
    values[-1] = 254
    np.save(tmp_path / "values.npy", values)
    lines = []
    result = train_rain(tmp_path / "out", PLAN, data=tmp_path, **QUIETLY | {"epochs": 1, "say": lines.append})
    row = result.scores["RainNet"][0]
    assert {value for kind, value in (row | row["known"]).items() if kind != "known"} == {None}
    assert json.loads((tmp_path / "out" / "scores.json").read_text())["scores"] == result.scores
    assert weights(tmp_path / "out")
    assert lines[-3].splitlines()[2].split() == ["RainNet", *["none"] * 7]
    assert lines[-2] == "12 min ahead nothing was measured where motion knows what comes, so nobody is ahead"


def test_a_text_of_the_competition_trains_with_every_option_of_data_left_out(data, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "SHAPE", SHAPE)  # of the competition's size it would take long
    values = np.load(data / "values.npy")[:6]
    write_text(tmp_path / "train.txt", Records([*"abcdef"], [0] * 6, values))
    (tmp_path / "testA.txt").write_text("another")
    result = train_rain(tmp_path / "out", PLAN, data=tmp_path, **QUIETLY | {"epochs": 1})
    np.save(tmp_path / "values.npy", values)
    assert result == train_rain(tmp_path / "again", PLAN, data=tmp_path / "values.npy", **QUIETLY | {"epochs": 1})


def test_every_option_of_data_counts(data, tmp_path):
    values = np.load(data / "values.npy")[:6]
    values[values == 9], values[values == 254] = 8, 9
    write_text(tmp_path / "rain.txt", Records([*"abcdef"], [0] * 6, values), missing=9)
    options = {"data": tmp_path / "rain.txt", "shape": SHAPE, "missing": 9, "cache": tmp_path / "made"}
    result = train_rain(tmp_path / "out", PLAN, **options, **QUIETLY | {"epochs": 1})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "out", "rain.txt"]
    values[values == 9] = 254
    np.save(tmp_path / "values.npy", values)
    assert result == train_rain(tmp_path / "again", PLAN, data=tmp_path, **QUIETLY | {"epochs": 1})


def test_a_cache_that_is_there_need_not_be_writable(tmp_path, monkeypatch):
    options = QUIETLY | {"storms": 5, "shape": SHAPE, "epochs": 1, "cache": tmp_path / "made"}
    train_rain(tmp_path / "a", PLAN, **options)
    make = finding.make_writable
    monkeypatch.setattr(finding, "make_writable", lambda place: make(place) if "made" not in str(place) else 1 / 0)
    train_rain(tmp_path / "b", PLAN, **options)


CHOOSY = Plan(**(vars(PLAN) | {"validation": 0.2, "lr": 0.05}))  # 27 films to train on: four steps an epoch


def test_the_weights_of_the_epoch_with_the_lowest_validation_loss_are_kept(data, tmp_path, monkeypatch):
    validate, noted = room.RainRun.validate, []

    def spy(run):
        noted.append(run._weights())
        return validate(run)

    monkeypatch.setattr(room.RainRun, "validate", spy)
    result = train_rain(tmp_path, CHOOSY, data=data, **QUIETLY)
    best = result.valid_losses.index(min(result.valid_losses))
    assert len(result.valid_losses) == 4 and best < 3
    same(weights(tmp_path), noted[best], atol=0, rtol=0)
    model = Nowcast(4, PLAN.hidden)
    model.load_state_dict(noted[best])
    train, valid = (Films(map_values(data / "values.npy")[part], (2,), 1, 2) for part in (slice(27), slice(27, 36)))
    valid.fitted = fit_rivals(train, [range(27)])
    expected = film_losses(model, valid.batch(range(9))).mean().item()
    assert result.valid_losses[best] == pytest.approx(expected, rel=1e-6)
    assert json.loads((tmp_path / "scores.json").read_text())["validation losses"] == result.valid_losses


def test_a_run_with_more_epochs_goes_on_with_its_validation_losses_and_best_weights(data, tmp_path):
    whole = train_rain(tmp_path / "whole", CHOOSY, data=data, **QUIETLY)
    for epochs in (2, 4):
        parts = train_rain(tmp_path / "parts", CHOOSY, data=data, **QUIETLY | {"epochs": epochs})
    assert parts == whole
    same(weights(tmp_path / "parts"), weights(tmp_path / "whole"), atol=0, rtol=0)


def test_where_halving_the_rate_does_not_help_a_run_ends_early(data, tmp_path):
    plan = Plan(**(vars(CHOOSY) | {"optimizer": "sgd", "lr": 1e-30, "patience": 1}))
    lines = []
    result = train_rain(tmp_path, plan, data=data, **QUIETLY | {"epochs": 9, "say": lines.append})
    assert (result.stopped, len(result.valid_losses), len(result.losses)) == ("early", 5, 20)
    assert "ended after step 20 of 36: a smaller rate does not help any more" in lines
    assert result.scores["RainNet"][0]["rmse"] == pytest.approx(result.scores["mixture"][0]["rmse"])
    again = train_rain(tmp_path, plan, data=data, **QUIETLY | {"epochs": 9})
    assert again == result


def test_threads_that_prepare_films_change_nothing(one, data, tmp_path):
    _, result, _ = one
    assert train_rain(tmp_path, PLAN, data=data, workers=2, **QUIETLY) == result


def test_curves_take_the_loss_of_each_step(data, tmp_path, monkeypatch):
    from contextlib import contextmanager

    from course import curves

    seen = []

    @contextmanager
    def spy(folder):
        seen.append(folder)
        yield lambda step, values: seen.append((step, values))

    monkeypatch.setattr(curves, "event_files", spy)
    result = train_rain(tmp_path / "out", PLAN, data=data, curves=tmp_path / "there", **QUIETLY | {"epochs": 1})
    points = [(step, {"loss/train": loss}) for step, loss in enumerate(result.losses, 1)]
    assert seen == [tmp_path / "there", *points]


def test_without_data_storms_are_made_once(tmp_path, monkeypatch):
    options = QUIETLY | {"storms": 5, "shape": SHAPE, "epochs": 1}
    first = train_rain(tmp_path / "a", PLAN, cache=tmp_path / "made", **options)
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["storms_5_6x1x16x16_6km_0.npy"]
    monkeypatch.setattr(finding, "make_values", None)
    assert train_rain(tmp_path / "b", PLAN, cache=tmp_path / "made", **options) == first


def test_three_dimensions_train_too(tmp_path):
    plan = Plan(dim=3, hidden=(2,), ahead=(1, 2), pool=1, batch=2, validation=0)
    result = train_rain(tmp_path, plan, storms=4, shape=(6, 2, 16, 16), **QUIETLY | {"epochs": 1})
    assert len(result.losses) == 2 and [row["rmse"] > 0 for row in result.scores["RainNet"]] == [True, True]


def test_three_dimensions_are_scored_beside_two_on_the_same_films(tmp_path):
    options = {"storms": 10, "shape": (6, 2, 16, 16), "cache": tmp_path} | QUIETLY | {"epochs": 1}
    plans = {dim: Plan(dim=dim, hidden=(2,), ahead=(1, 2), pool=1, batch=2, validation=0, lr=0.05) for dim in (2, 3)}
    flat, alone, lines, alone_lines = tmp_path / "flat", tmp_path / "alone", [], []
    two = train_rain(flat, plans[2], **options)
    three = train_rain(alone, plans[3], **options | {"say": alone_lines.append})
    assert f"with --dim 2 --out {alone}_2d, then with --beside {alone}_2d" in alone_lines[-2]
    both = train_rain(tmp_path / "both", plans[3], beside=flat, **options | {"say": lines.append})
    of_two, name = both.scores.pop("RainNet of flat"), "RainNet of flat"
    for ours, theirs in ((both.scores["RainNet"], three.scores["RainNet"]), (of_two, two.scores["RainNet"])):
        for row, other in zip(ours, theirs):
            assert row["rmse"] == pytest.approx(other["rmse"], rel=1e-6) and row["csi_1"] == other["csi_1"]
    assert both.scores.keys() == three.scores.keys() and len(of_two[0]["known"]["ahead_rmse"]) == 3
    told = [line for line in "\n".join(lines).splitlines() if name in line]
    assert len([line for line in told if line.startswith(name)]) == 4 and "--dim 2" not in " ".join(lines)
    assert [line.startswith(f"{lead} min ahead RainNet has") for lead, line in zip((6, 12), told[-2:])] == [True] * 2
    again = train_rain(tmp_path / "both", plans[3], beside=flat, **options)
    assert again.scores.pop(name) == of_two and again == both


def test_a_run_on_other_films_or_for_other_forecasts_is_not_set_beside(one, data, tmp_path):
    out, *_ = one
    other = Plan(**(vars(PLAN) | {"ahead": (1,)}))
    with pytest.raises(ValueError, match=r"beside is .*, but its ahead is \[2\], and here it is \[1\]: name a run on"):
        train_rain(tmp_path, other, data=data, beside=out, **QUIETLY)
    with pytest.raises(ValueError, match="but its films is 36, and here it is 35"):
        train_rain(tmp_path, PLAN, storms=44, shape=SHAPE, beside=out, **QUIETLY | {"cache": tmp_path})
    with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere"):
        train_rain(tmp_path, PLAN, data=data, beside=tmp_path / "nowhere", **QUIETLY)


@pytest.mark.parametrize(
    "words, told",
    [
        (["--batch", "0"], "batch is 0, expected 1 or more"),
        (["--epochs", "0"], "epochs is 0, expected 1 or more"),
        (["--workers", "-1"], "workers is -1, expected 0 or more"),
        (["--batch", "x"], "argument --batch: invalid int value: 'x': see python -m course.nowcast --help"),
        (["--bath", "3"], "unrecognized arguments: --bath 3: see python -m course.nowcast --help"),
        (["--backend", "mpi"], "backend is 'mpi', expected gloo or nccl"),
        (["--device", "tpu"], "wish is 'tpu', expected cpu, cuda, cuda:N or mps: try cpu"),
        (["--timeout", "0"], "timeout is 0, expected seconds above 0: try 600"),
        (
            ["--storms", "1"],
            "validation is 0.1 and held_out 0.2, which leaves none of 1 films to train on: give more films",
        ),
        (["--data", "nowhere"], f"there is no nowhere, {NOTHING}"),
        (["--missing", "7"], "missing is 7, but storms have 254: leave it out, or name data"),
        (["--out", __file__], f"nothing can be written in {__file__} {NO}: {OWN}"),
        (["--data", "nowhere", "--out", __file__], f"nothing can be written in {__file__} {NO}: {OWN}"),
        (["--curves", __file__], f"nothing can be written in {__file__} {NO}: {OWN}"),
        (["--cache", __file__], f"nothing can be written in {__file__} {NO}: {OWN}"),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TORCH_CPP_LOG_LEVEL", "FATAL")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        command(["--out", "out", "--shape", *map(str, SHAPE), *words])
    assert (end.value.code, capsys.readouterr().err) == (1, f"{told}\n")


def test_broken_variables_of_torchrun_are_told_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setenv("TORCH_CPP_LOG_LEVEL", "FATAL")
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "2"), ("LOCAL_RANK", "0"), ("LOCAL_WORLD_SIZE", "2")):
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        command([])
    told = "rank 0: RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE is set, but not MASTER_PORT, MASTER_ADDR"
    mend = "start all processes by torchrun, which sets them, or unset it to run alone"
    assert capsys.readouterr().err == f"{told}: {mend}\n"


def test_help_names_every_option_and_does_not_import_torch():
    code = (
        "import sys\nfrom course.nowcast.__main__ import command\ntry:\n    command(['--help'])\n"
        "finally:\n    print(sorted({'torch', 'matplotlib'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.endswith("\n[]\n")
    names = set(Plan.__dataclass_fields__) | {"data", "out", "epochs", "micro_batch", "backend", "timeout"}
    assert not [name for name in names if f"--{name.replace('_', '-')} " not in done.stdout]
    assert "torchrun --nproc-per-node=2 -m course.nowcast" in done.stdout


def test_the_defaults_of_the_command_line_are_those_of_the_functions():
    options = vars(make_parser().parse_args([]))
    wanted = {name: parameter.default for name, parameter in inspect.signature(train_rain).parameters.items()}
    for name, value in options.items():
        expected = vars(Plan())[name] if name in vars(Plan()) else wanted[name]
        assert value == expected or name == "out", name


def test_every_word_of_the_command_line_is_handed_on(monkeypatch):
    monkeypatch.setenv("TORCH_CPP_LOG_LEVEL", "FATAL")
    plan = {"dim": 3, "hidden": (4, 5), "ahead": (6, 7), "pool": 7, "held_out": 0.4, "batch": 9, "optimizer": "sgd"}
    plan |= {"lr": 0.5, "lr_batch": 11, "warmup": 12, "seed": 13, "validation": 0.3, "patience": 2}
    plan |= {"crop": 24, "gap": 25, "loss": "balanced", "cells": "known", "target": "frames"}
    rest = {"data": "a", "storms": 14, "shape": [1, 2, 3, 4], "missing": 15, "cache": "b", "epochs": 16}
    rest |= {
        "micro_batch": 17,
        "workers": 21,
        "save_every": 18,
        "report_every": 19,
        "curves": "c",
        "backend": "d",
        "device": "e",
    }
    rest |= {"init": "g", "beside": "h", "timeout": 20.0, "km": 2.5, "minutes": 22, "scale": "dBZ", "skip_bad": True}
    calls = []
    monkeypatch.setattr(
        training, "train_rain", lambda *a, **o: calls.append((a, o)) or training.Result([], [], {}, 1, "finished")
    )
    words = ["--out", "f"]
    for name, value in (plan | rest).items():
        values = [] if value is True else value if isinstance(value, tuple | list) else [value]
        words += [f"--{name.replace('_', '-')}", *map(str, values)]
    assert set(plan | rest | {"out": "f"}) == set(vars(make_parser().parse_args([])))
    assert command(words) == 0
    assert calls == [(("f", Plan(**plan)), rest | {"progress": False})]


SMALL = ["--storms", "5", "--shape", *map(str, SHAPE), *map(str, WORDS), "--epochs", "1", "--report-every", "1"]


@pytest.mark.skipif(os.name != "posix", reason="the redirections are those of a shell")
@pytest.mark.parametrize(
    "encoding, redirection, told", [("ascii:strict", "| head -1", "~ 0."), ("utf-8", "2>&1 > /dev/full", "No space")]
)
def test_whatever_becomes_of_its_words_a_run_ends_well_with_all_files(tmp_path, encoding, redirection, told):
    words = " ".join([f'"{sys.executable}" -m course.nowcast --out "{tmp_path}"', *SMALL, redirection])
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(["bash", "-o", "pipefail", "-c", words], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert told in done.stdout and "Traceback" not in done.stdout
    assert (tmp_path / "scores.json").exists() and (tmp_path / "weights.pt").exists()


def test_all_lines_arrive_in_an_encoding_that_lacks_their_characters(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_CPP_LOG_LEVEL", "FATAL")
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), "cp1252")) as out:  # as Python makes it on old Windows
        assert command(["--out", str(tmp_path), *SMALL]) == 0
    lines = out.buffer.getvalue().decode("cp1252").splitlines()
    assert len(lines) >= 6 and "~ 0." in lines[0]
    assert (tmp_path / "scores.json").exists() and (tmp_path / "weights.pt").exists()


@pytest.mark.parametrize("stopped, status", [("finished", 0), ("interrupted", 130)])
def test_the_exit_status_tells_whether_a_run_was_interrupted(monkeypatch, stopped, status):
    monkeypatch.setenv("TORCH_CPP_LOG_LEVEL", "FATAL")
    monkeypatch.setattr(training, "train_rain", lambda out, plan, **options: training.Result([], [], {}, 1, stopped))
    assert command([]) == status


def test_a_cpu_computes_a_few_large_films_at_once_to_the_same_end(tmp_path, monkeypatch):
    true = Films(np.broadcast_to(np.uint8(0), (16, 15, 4, 101, 101)), (5,), 2, 2)
    assert true.answers == 3 * 50 * 50 and room.AT_ONCE // true.answers == 2
    assert Films(np.broadcast_to(np.uint8(0), (1, 15, 4, 48, 48)), (5,), 2, 3).answers == 3 * 4 * 24 * 24
    read, sizes = Films.batch, []
    monkeypatch.setattr(Films, "batch", lambda films, chosen: sizes.append(len(chosen)) or read(films, chosen))
    options = {"storms": 16, "shape": SHAPE, "cache": tmp_path, **QUIETLY, "epochs": 1}
    whole = train_rain(tmp_path / "whole", PLAN, **options)
    assert max(sizes) == 7
    sizes.clear()
    monkeypatch.setattr(room, "AT_ONCE", 2 * 16 * 16)
    parts = train_rain(tmp_path / "parts", PLAN, **options)
    assert max(sizes) == 2 and parts.losses == pytest.approx(whole.losses, rel=1e-4)


def test_a_gradient_is_cut_to_the_largest_norm(monkeypatch, tmp_path):
    monkeypatch.setattr(room, "LARGEST", 0.0)  # then nothing is learnt
    plan = Plan(hidden=(3,), ahead=(2,), pool=1, batch=1, warmup=0, validation=0, optimizer="sgd", lr=1.0)
    result = train_rain(tmp_path, plan, storms=2, shape=SHAPE, **QUIETLY | {"epochs": 3})
    assert len(result.losses) == 3 and len(set(result.losses)) == 1
