"""Hours of rain for the notebooks: of a radar where there is one, else of storms made by rule."""

import numpy as np
import pytest

from course import _places
from course.radar import describe_events, find_runs, load_events
from course.rain import storms


@pytest.fixture(autouse=True)
def no_radar(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_RADAR", raising=False)
    monkeypatch.setattr(_places, "DATA", tmp_path / "data")
    (tmp_path / "data").mkdir()


def write_radar(folder):
    """Two hours of one day, and of another year two days in one file."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    codes = random.integers(60, 150, (3, 9, 8, 8)).astype(np.uint8)
    minutes = np.arange(0, 45, 5)
    np.savez(
        folder / "fmi_16.npz", codes=codes[:2], minutes=[minutes] * 2, start=["201609281445", "201705091045"], km=2
    )
    np.savez(folder / "knmi_2010.npz", codes=codes[2], minutes=minutes, start="201008260005", km=2)
    return codes


@pytest.mark.parametrize("by", ["argument", "variable", "data"])
def test_events_of_real_radar_are_parted_by_gaps_and_come_in_the_order_of_time(tmp_path, monkeypatch, by):
    folder = tmp_path / "data" / "radar"
    codes = write_radar(folder)
    if by == "variable":
        monkeypatch.setenv("COURSE_RADAR", str(folder))
    events = load_events(folder if by == "argument" else None)
    assert [event.name for event in events] == ["KNMI, 26 August 2010", "FMI, 28 September 2016", "FMI, 9 May 2017"]
    assert np.array_equal([event.frames.codes for event in events], codes[[2, 0, 1]])
    assert all(event.real and len(find_runs(event.frames.times)) == 1 for event in events)
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "fmi_16.frames",
        "knmi_2010.frames",
        "radar",
    ]
    assert describe_events(events) == ("data: radar of KNMI, 26 August 2010; FMI, 28 September 2016; FMI, 9 May 2017")


def test_without_radar_three_events_are_made_of_storms_that_no_film_joins():
    events = load_events()
    assert [event.name for event in events] == ["storms A", "storms B", "storms C"]
    frames = events[1].frames
    assert frames.codes.shape == (16 * 35, 48, 48) and frames.km == 2
    assert [run.stop - run.start for run in find_runs(frames.times)] == [35] * 16
    made = storms(3, 2, (15, 1, 48, 48), km=2, after=20, blind=0)
    assert np.array_equal(frames.codes[70:85], made.values[2, :, 0])
    assert np.array_equal(frames.codes[85:105], made.future[2, :, 0])
    assert "made by rule" in describe_events(events) and not events[0].real


def test_a_folder_that_is_asked_for_and_has_no_radar_is_named(tmp_path, monkeypatch):
    told = f"{tmp_path} has no .npz of radar frames: set COURSE_RADAR to the folder that holds it"
    with pytest.raises(FileNotFoundError, match=told):
        load_events(tmp_path)
    monkeypatch.setenv("COURSE_RADAR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=told):
        load_events()
