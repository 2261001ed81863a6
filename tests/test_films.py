"""Radar maps share one scale and hatch what was not measured; a film is one small picture that moves."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from course import plots
from course.plots import films, showing


def square(place, missing=False):
    echo = torch.zeros(6, 8)
    echo[2:4, place : place + 2] = 0.5
    if missing:
        echo[:, 0] = torch.nan
    return echo


def shown(monkeypatch, *arguments, **options):
    calls = []
    monkeypatch.setattr(showing, "display", lambda data, metadata, raw: calls.append((data, metadata)))
    plots.film(*arguments, **options)
    return calls[0]


def frames(data):
    picture = Image.open(io.BytesIO(data["image/png"]))
    for number in range(picture.n_frames):
        picture.seek(number)
        yield picture.info.get("duration"), np.asarray(picture.convert("RGB"))


def pixels(fig):
    return np.asarray(Image.open(io.BytesIO(films.png(fig))).convert("RGB")).astype(int)


def test_a_field_of_motion_is_drawn_as_arrows_that_point_where_rain_goes():
    down, across = torch.zeros(24, 24), torch.ones(24, 24)
    fig = plots.radar([square(1)], fields=[torch.stack([down + 2, across])])
    (arrows,) = [part for part in fig.axes[0].collections if hasattr(part, "U")]
    assert len(arrows.U) == 12 * 12 and set(arrows.U) == {1} and set(arrows.V) == {2}
    assert list(arrows.X[:2]) == [1, 3] and arrows.angles == "xy"  # "xy": rows count downwards, as in the picture


def test_radar_maps_share_one_scale_whatever_they_hold():
    weak, strong = square(2) / 10, square(2)
    fig = plots.radar([weak, strong], labels=["weak", "strong"], title="Which is heavy?")
    assert [axes.get_title() for axes in fig.axes] == ["weak", "strong"]
    assert fig.get_suptitle() == "Which is heavy?"
    assert {axes.get_images()[0].get_clim() for axes in fig.axes} == {(0, 0.7)}
    assert plots.radar([weak], top=0.3).axes[0].get_images()[0].get_clim() == (0, 0.3)


def test_the_scale_is_marked_where_asked():
    *_, bar = plots.radar([square(1), square(2)], marks={"light": 0.3, "heavy": 0.5}).axes
    assert bar.get_yticks().tolist() == [0.3, 0.5]
    assert [text.get_text() for text in bar.get_yticklabels()] == ["light", "heavy"]


def test_what_was_not_measured_is_hatched_and_dry_cells_are_white():
    fig = plots.radar([square(4, missing=True)], size=(2, 2))
    dry = plots.radar([square(4)], size=(2, 2))
    differ = (pixels(fig) != pixels(dry)).any(2).nonzero()[1]  # columns of pixels
    assert len(differ) > 50 and differ.max() < pixels(fig).shape[1] / 2


def test_places_that_are_left_over_stay_empty_and_columns_count():
    fig = plots.radar([square(1)] * 3, columns=2)
    assert len(fig.axes) == 4 and [axes.axison for axes in fig.axes] == [True, True, True, False]
    assert fig.get_size_inches().tolist() == [9, 2.25]


def test_a_film_is_one_picture_of_all_frames_at_their_pace(monkeypatch):
    def draw(number):
        return plots.radar([square(number)], title=f"{number} min", size=(3, 2))

    data, metadata = shown(monkeypatch, draw, 4, "a square moves", seconds=0.25, tolerance=0.2)
    paces, pictures = zip(*frames(data))
    assert paces == (250,) * 4
    assert len({picture.tobytes() for picture in pictures}) == 4
    assert data["text/plain"] == "a square moves" and metadata["image/png"] == {"alt": "a square moves"}
    assert metadata["figure"] == plots.figure_data(draw(0)) and metadata["tolerance"] == 0.2


def test_a_colour_is_the_same_in_all_frames(monkeypatch):
    data, _ = shown(monkeypatch, lambda number: plots.radar([square(number)], size=(3, 2)), 4, "a square moves")
    squares = [set(map(tuple, picture.reshape(-1, 3))) for _, picture in frames(data)]
    green = [tuple(map(int, colour)) for colour in np.rint(255 * np.array(films.RADAR([0.5 / 0.7]))[:, :3])]
    assert all(min(abs(np.subtract(colour, green[0])).max() for colour in each) <= 3 for each in squares)


def test_a_film_that_is_too_large_or_of_two_sizes_is_refused(monkeypatch):
    noise = torch.rand(300, 300, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"the film has [\d,]+ bytes, expected 400,000 at most: draw fewer frames"):
        shown(monkeypatch, lambda number: plots.radar([noise.roll(number)], size=(9, 9)), 8, "noise")
    told = "the frames have the sizes [(144, 144), (216, 144)], expected one: give every figure the same size"
    with pytest.raises(ValueError) as error:
        shown(monkeypatch, lambda number: plots.radar([square(1)], size=(2 + number, 2)), 2, "it grows")
    assert str(error.value) == told


@pytest.mark.parametrize("ending", ["gif", "png"])
def test_a_film_in_a_file_has_all_frames_at_their_pace_and_may_be_large(ending, tmp_path, monkeypatch):
    monkeypatch.setattr(films, "LARGEST", 10)
    path = tmp_path / f"rain.{ending}"
    plots.save_film(lambda number: plots.radar([square(number)], size=(3, 2)), 4, path, seconds=0.25)
    paces, pictures = zip(*frames({"image/png": path.read_bytes()}))
    assert paces == (250,) * 4 and pictures[0].shape == (144, 216, 3)
    assert len({picture.tobytes() for picture in pictures}) == 4
    assert list(tmp_path.iterdir()) == [path]


def test_a_film_in_a_file_of_another_kind_is_refused():
    with pytest.raises(ValueError) as error:
        plots.save_film(None, 2, "rain.mp4")
    assert str(error.value) == "path is rain.mp4, expected one that ends in .gif or .png: try rain.gif"
