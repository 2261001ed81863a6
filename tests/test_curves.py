"""Curves: the interface, event files, and TensorBoard's own server and page over them."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import numpy as np
import pytest
import torch

from course.curves import check_point, event_files, to_all
from course.upkeep.browser import find_browser

needs_tensorboard = pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="tensorboard is not installed"
)
try:
    BROWSER, missing = find_browser(), ""
except FileNotFoundError as error:
    BROWSER, missing = "", str(error)
ALONE = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # the browser's own calls home fail too
RUNS = {"slow": [2.0, 1.5, 1.25], "fast": [2.0, 0.5, 0.1]}
PATIENCE = 90  # seconds until a server that does not answer counts as hung


def test_importing_curves_imports_neither_torch_nor_tensorboard():
    code = "import sys, course.curves; print([name for name in ('torch', 'tensorboard') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("step", [3, np.int64(3), torch.tensor(3)])
@pytest.mark.parametrize("value", [0.5, np.float32(0.5), torch.tensor([0.5], requires_grad=True)])
def test_any_kind_of_number_becomes_a_plain_one(step, value):
    step, values = check_point(step, {"loss": value})
    assert (type(step), type(values["loss"])) == (int, float) and (step, values) == (3, {"loss": 0.5})


@pytest.mark.parametrize(
    "step, values, message",
    [
        (1.0, {"loss": 1}, "step is 1.0, expected a whole number: count epochs or batches"),
        (1, {"": 1}, "name of a curve is '', expected a text: try 'loss/train'"),
        (1, {"/": 1}, "name of a curve is '/', expected a text: try 'loss/train'"),
        (1, {3: 1}, "name of a curve is 3, expected a text: try 'loss/train'"),
        (4, {"a": 1, "b": torch.ones(2)}, "b at step 4 is a Tensor, expected one number: try its mean"),
        (4, {"b": None}, "b at step 4 is a NoneType, expected one number: try its mean"),
    ],
)
def test_what_is_no_point_is_named(step, values, message):
    with pytest.raises((TypeError, ValueError)) as error:
        check_point(step, values)
    assert str(error.value) == message


def test_several_curves_get_the_same_points():
    first, second = {}, {}
    to_all(first.__setitem__, second.__setitem__)(1, {"loss": 2})
    assert first == second == {1: {"loss": 2}}


def test_without_tensorboard_one_sentence_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)  # importing it raises ImportError
    with pytest.raises(ImportError) as error, event_files(tmp_path):
        pass
    reason = "import of torch.utils.tensorboard halted; None in sys.modules"
    assert str(error.value) == f'event files need tensorboard ({reason}): run pip install "course[curves]"'


def events(folder):
    """All events in a folder's event files, the older file first."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event

    for path in sorted(folder.iterdir()):
        yield from map(Event.FromString, RawEventFileLoader(str(path)).Load())


def written(folder):
    """(step, name, value) of every point in a folder's event files."""
    return [(event.step, point.tag, point.simple_value) for event in events(folder) for point in event.summary.value]


@needs_tensorboard
def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(NotADirectoryError) as error, event_files(tmp_path / "runs"):
        pass
    assert str(error.value) == f"{tmp_path / 'runs'} is a file, expected a folder for event files: name another"


@needs_tensorboard
def test_each_point_is_on_the_disk_when_the_call_returns(tmp_path, monkeypatch):
    from tensorboard.summary.writer.record_writer import RecordWriter

    write = RecordWriter.write  # called in a thread that is slow here, so that nothing is there by luck
    monkeypatch.setattr(RecordWriter, "write", lambda *arguments: time.sleep(0.05) or write(*arguments))
    with event_files(tmp_path / "new" / "run") as curves:
        assert not (tmp_path / "new").exists()  # without a point, no file
        curves(7, {"loss/train": 0.5, "loss/valid": 0.75})
        assert written(tmp_path / "new" / "run") == [(7, "loss/train", 0.5), (7, "loss/valid", 0.75)]
        curves(8, {"loss/train": 0.25})
        assert written(tmp_path / "new" / "run")[2:] == [(8, "loss/train", 0.25)]


@needs_tensorboard
def test_a_run_that_goes_on_tells_tensorboard_the_step_from_which_it_writes_anew(tmp_path):
    for first in (1, 4):
        with event_files(tmp_path) as curves:
            curves(first, {"loss": 1})
            curves(first + 1, {"loss": 1})
    assert [event.step for event in events(tmp_path) if event.HasField("session_log")] == [1, 4]


@needs_tensorboard
def test_no_writing_thread_is_left_even_after_an_error(tmp_path):
    threads = threading.active_count()
    with pytest.raises(KeyError), event_files(tmp_path) as curves:
        curves(1, {"loss": 1})
        raise KeyError
    assert threading.active_count() == threads


@needs_tensorboard
def test_a_bad_point_writes_nothing_of_its_step(tmp_path):
    with event_files(tmp_path) as curves:
        curves(1, {"loss": 1})
        with pytest.raises(TypeError, match="b at step 2 is a list"):
            curves(2, {"loss": 1, "b": []})
    assert written(tmp_path) == [(1, "loss", 1)]


@pytest.fixture(scope="module")
def tensorboard(tmp_path_factory):
    """The address of TensorBoard's server over a few runs."""
    if importlib.util.find_spec("tensorboard") is None:
        pytest.skip("tensorboard is not installed")
    folder = tmp_path_factory.mktemp("tensorboard")
    for name, losses in RUNS.items():
        with event_files(folder / "runs" / name) as curves:
            for step, loss in enumerate(losses, start=1):
                curves(step, {"loss/train": loss, "accuracy/train": 1 / step})
    for first, factor in ((1, 1), (3, 10)):  # interrupted after step 4, and gone on from step 3
        with event_files(folder / "runs" / "resumed") as curves:
            for step in range(first, first + 4 if first == 1 else 6):
                curves(step, {"loss/train": factor * step})
    with event_files(folder / "runs" / "odd") as curves:
        for step, value in enumerate([float("nan"), float("inf"), 1], start=1):
            curves(step, {"loss": value})
    log = folder / "log"
    command = [
        sys.executable,
        "-m",
        "tensorboard.main",
        "--logdir",
        folder / "runs",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
    ]
    with open(log, "wb") as file:
        server = subprocess.Popen(
            command, stdout=file, stderr=file, stdin=subprocess.DEVNULL, env=dict(os.environ, TMPDIR=str(folder))
        )
    try:
        pattern = re.compile(r"http://127\.0\.0\.1:\d+/")
        address = wait(lambda: pattern.search(log.read_text(errors="replace")), server, log)[0]
        wait(lambda: loaded(address), server, log)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(PATIENCE)
        finally:
            server.kill()


def wait(ready, server, log):
    """What ready() gives, once it is true; what the server has said, if it ends or hangs."""
    end = time.monotonic() + PATIENCE
    while not (found := ready()):
        if server.poll() is not None or time.monotonic() > end:
            pytest.fail(f"TensorBoard gives no answer:\n{log.read_text(errors='replace')}")
        time.sleep(0.1)
    return found


def loaded(address):
    """Whether the server, which reads on while it serves, has come to the end of each run."""
    ends = {
        "slow": ("accuracy/train", 3),
        "fast": ("accuracy/train", 3),
        "resumed": ("loss/train", 5),
        "odd": ("loss", 3),
    }
    try:
        return all(points(address, run, tag)[-1][0] == step for run, (tag, step) in ends.items())
    except (urllib.error.HTTPError, IndexError):  # not come to it yet
        return False


def ask(address, path, **query):
    with urllib.request.urlopen(f"{address}{path}?{urllib.parse.urlencode(query)}", timeout=PATIENCE) as answer:
        return json.load(answer)


def points(address, run, tag):
    return [(step, value) for _, step, value in ask(address, "data/plugin/scalars/scalars", run=run, tag=tag)]


def test_tensorboard_serves_every_point_that_was_written(tensorboard):
    tags = ask(tensorboard, "data/plugin/scalars/tags")
    assert {run: set(tags[run]) for run in RUNS} == dict.fromkeys(RUNS, {"loss/train", "accuracy/train"})
    for run, losses in RUNS.items():
        assert points(tensorboard, run, "loss/train") == [
            (step, float(np.float32(loss))) for step, loss in enumerate(losses, start=1)
        ]
        assert points(tensorboard, run, "accuracy/train") == [(step, float(np.float32(1 / step))) for step in (1, 2, 3)]


def test_tensorboard_shows_a_resumed_run_once(tensorboard):
    assert points(tensorboard, "resumed", "loss/train") == [(1, 1), (2, 2), (3, 30), (4, 40), (5, 50)]


def test_tensorboard_is_told_of_nan_and_inf(tensorboard):
    assert points(tensorboard, "odd", "loss") == [(1, "NaN"), (2, "Infinity"), (3, 1)]


def names_on_page(address, profile, patience):
    """What stands on a page after so many milliseconds of the browser's own time, which runs while it idles."""
    command = [
        BROWSER,
        *ALONE,
        f"--user-data-dir={profile}",
        "--window-size=1400,3000",
        f"--virtual-time-budget={patience}",
        "--dump-dom",
        address,
    ]
    page = subprocess.run(command, capture_output=True, timeout=PATIENCE).stdout.decode(errors="replace")
    return set(re.findall(r'title="([^"]+)"', page)) | {text.strip() for text in re.findall(r">([^<>]+)<", page)}


@pytest.mark.skipif(not BROWSER, reason=missing)
def test_tensorboards_page_shows_runs_and_curves_without_a_network(tensorboard, tmp_path):
    wanted = {"slow", "fast", "resumed", "odd", "loss/train", "accuracy/train"}
    for patience in (20_000, 60_000, 180_000):  # on a busy machine the page may come later than the browser thinks
        shown = names_on_page(tensorboard, tmp_path / str(patience), patience)
        if wanted <= shown:
            break
    assert wanted <= shown
