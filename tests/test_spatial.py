"""Scores of whole maps: fractions of squares and the power of waves, by hand, by limits, and as pysteps has them."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from course.rain import Fractions, by_blocks, csi, echo, fss, persistence, spectrum, sum_fractions

ROW = torch.tensor([[0.0, 9, 0, 0, 0]])
BESIDE = torch.tensor([[0.0, 0, 9, 0, 0]])
RADAR = os.environ.get("COURSE_RADAR", "")


def message(call, *args, **options):
    with pytest.raises(ValueError) as caught:
        call(*args, **options)
    return str(caught.value)


def maps(*shape, seed=0):
    """A forecast and the truth, smooth as rain is."""
    random = np.random.default_rng(seed)
    smooth = gaussian_filter(random.normal(size=(2, *shape)), (0, *[0] * (len(shape) - 2), 2, 2))
    y, other = torch.from_numpy(smooth / smooth.std())
    return 1 + (y + other) / 2**0.5, 1 + y


# FSS


def test_a_cell_beside_the_event_counts_in_squares_that_hold_both():
    assert fss(BESIDE, ROW, 5, 1) == 0  # as cells they miss each other
    # 9 x the shares of squares of 3: forecast 0 1 1 1 0, truth 1 1 1 0 0
    assert fss(BESIDE, ROW, 5, 3) == pytest.approx(1 - 2 / 6)
    # 25 x the shares of squares of 5: forecast 1 1 1 1 1, truth 1 1 1 1 0
    assert fss(BESIDE, ROW, 5, 5) == pytest.approx(1 - 1 / 9)


def test_a_perfect_forecast_has_1_and_no_event_has_no_score():
    rain, dry = ROW, torch.zeros(1, 5)
    for width in (1, 2, 3, 9):
        assert fss(rain, rain, 5, width) == 1
        assert fss(rain, dry, 5, width) == fss(dry, rain, 5, width) == 0
        assert math.isnan(fss(dry, dry, 5, width))
    assert fss(rain, rain, 9, 1) == 1 and math.isnan(fss(rain, rain, 9.1, 1))  # an event is the threshold or more


def test_shares_are_over_the_cells_that_were_measured():
    seen = torch.tensor([[False, True, True, True, True]])
    # Shares of squares of 3 that lack a cell are eighths: forecast - 1/8 1/9 1/9 0, truth - 1/8 1/9 0 0
    expected = 1 - (1 / 81) / (2 / 64 + 3 / 81)
    assert fss(BESIDE, ROW, 5, 3, seen) == pytest.approx(expected)
    lost = torch.where(seen, ROW, math.nan)
    assert fss(torch.where(seen, BESIDE, math.nan), lost, 5, 3, seen) == pytest.approx(expected)
    assert math.isnan(fss(BESIDE, ROW, 5, 3, torch.zeros(1, 5, dtype=torch.bool)))


def test_an_event_where_nothing_was_measured_changes_nothing():
    prediction, y = maps(20, 20)
    seen = torch.ones(20, 20, dtype=torch.bool)
    seen[8:12, 5:15] = False
    wild = [torch.where(seen, part, 99) for part in (prediction, y)]
    assert fss(*wild, 2, 5, seen) == fss(prediction, y, 2, 5, seen) != fss(prediction, y, 2, 5)


def test_squares_of_one_cell_know_hits_and_misses_only():
    prediction, y = maps(24, 24)
    said, real = prediction >= 2, y >= 2
    expected = 1 - (said ^ real).sum() / (said.sum() + real.sum())
    assert 0 < csi(prediction, y, 2) < fss(prediction, y, 2, 1) == pytest.approx(expected.item())


def test_squares_wider_than_the_map_know_how_many_events_there_are_and_not_where():
    y, prediction = torch.zeros(6, 7), torch.zeros(6, 7)
    y[0, :3], prediction[3:, 6] = 9, 9
    assert fss(prediction, y, 5, 13) == pytest.approx(1)
    prediction[5, 0] = 9
    assert fss(prediction, y, 5, 13) == pytest.approx(2 * 3 * 4 / (3**2 + 4**2))  # the limit of the source


def test_wider_squares_forgive_more():
    y = maps(40, 40)[0]
    found = [fss(y.roll(3, 1), y, 2, width) for width in (1, 3, 7, 15)]
    assert found == sorted(found) and found[0] < 0.5 < 0.8 < found[-1]


def test_several_maps_are_one_score_and_each_frame_has_its_sums():
    prediction, y = maps(4, 2, 9, 9)
    sums = sum_fractions(prediction, y, 2, 3)
    assert sums.apart.shape == (4,)
    assert sums.fss().tolist() == pytest.approx([fss(a, b, 2, 3) for a, b in zip(prediction, y)])
    assert Fractions(*(part.sum() for part in sums)).fss().item() == pytest.approx(fss(prediction, y, 2, 3))
    found = by_blocks(Fractions.fss, sums, 1)
    assert found.value == pytest.approx(fss(prediction, y, 2, 3)) and found.low < found.value < found.high


def test_what_has_no_squares_is_named():
    assert message(fss, ROW, ROW, 5, 0) == "width is 0, expected 1 or more cells"
    assert message(fss, ROW[0], ROW[0], 5, 3) == "prediction has shape (5,), expected (..., H, W)"
    expected = "y has shape (1, 4), expected (1, 5): one value a cell of the prediction"
    assert message(sum_fractions, ROW, ROW[:, :4], 5, 3) == expected
    lost = torch.full((1, 5), math.nan)
    expected = "y has nan among what was measured, expected numbers: pass seen"
    assert message(fss, ROW, lost, 5, 3) == expected


# Spectrum


def test_a_plane_wave_has_all_its_power_at_its_length():
    wave = torch.cos(2 * math.pi * torch.arange(8) / 4).expand(8, 8)
    for x in (wave, wave.T, 3 + wave):
        wavelengths, power = spectrum(x)
        assert wavelengths.tolist() == pytest.approx([8, 4, 8 / 3, 2])
        # Two of 64 waves have (64 / 2)^2 / 64 = 16; twelve have a length that is rounded to 4.
        assert power.tolist() == pytest.approx([0, 2 * 16 / 12, 0, 0], abs=1e-12)


@pytest.mark.parametrize("shape", [(6, 24), (24, 9), (24, 24)])
def test_length_is_in_cells_along_both_sides_of_a_map_that_is_no_square(shape):
    rows, columns = (torch.arange(side).double() for side in shape)
    for wave in (torch.cos(2 * math.pi * rows / 3)[:, None], torch.cos(2 * math.pi * columns / 3)):
        wavelengths, power = spectrum(wave.expand(shape))
        assert wavelengths[power.argmax()].item() == 3 and len(wavelengths) == 12


def test_maps_keep_their_order_and_each_is_as_alone():
    x, _ = maps(3, 2, 10, 12)
    wavelengths, power = spectrum(x)
    assert power.shape == (3, 2, 6) and power.dtype == wavelengths.dtype == torch.float64
    torch.testing.assert_close(power[2, 1], spectrum(x[2, 1])[1])


def test_a_blur_takes_the_power_of_short_waves():
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(32, 32)))
    blurred = torch.from_numpy(gaussian_filter(x.numpy(), 2, mode="wrap"))
    wavelengths, before = spectrum(x)
    left = spectrum(blurred)[1] / before
    expected = torch.exp(-((2 * math.pi * 2 / wavelengths) ** 2))  # the square of what the filter lets pass
    assert left[:8].tolist() == pytest.approx(expected[:8].tolist(), rel=0.25) and left[-1] < 1e-4


def test_what_is_missing_counts_as_the_mean_of_its_map():
    x, _ = maps(2, 8, 8)
    seen = torch.ones(2, 8, 8, dtype=torch.bool)
    seen[0, 2:5, 2:5] = False
    filled = x.clone()
    filled[0][~seen[0]] = x[0][seen[0]].mean()
    expected = spectrum(filled)
    torch.testing.assert_close(spectrum(torch.where(seen, x, 1e6), seen), expected)
    torch.testing.assert_close(spectrum(torch.where(seen, x, math.nan)), expected)
    even = torch.where(seen[0], 7.0, math.nan)
    assert spectrum(even, seen[0])[1].tolist() == pytest.approx([0] * 4, abs=1e-12)
    assert spectrum(x, torch.zeros_like(seen))[1].isnan().all()


def test_maps_without_waves_are_named():
    assert (
        message(spectrum, torch.zeros(5)) == "x has shape (5,), expected (..., H, W) with two rows or columns, or more"
    )
    one = torch.ones(1, dtype=torch.bool)
    assert message(spectrum, torch.zeros(4, 4), one) == "seen has shape (1,), expected (4, 4), as x"


# As pysteps has them


@pytest.fixture(scope="module")
def pysteps():
    return pytest.importorskip("pysteps", reason="pysteps is not installed: pip install pysteps")


def rains():
    """Maps of two places, each several times."""
    yield [part.numpy() for part in maps(64, 64)]
    path = Path(RADAR) / "knmi_2010.npz"
    if RADAR and path.exists():
        with np.load(path) as file:
            yield list(echo(file["codes"][:40:13, :200, :200])[0].double().numpy() * 255)


def test_fss_equals_that_of_pysteps(pysteps):
    from pysteps.verification.spatialscores import fss as theirs

    for prediction, y, *_ in rains():
        for threshold in (1, 2):
            for width in (1, 2, 3, 9, 33):
                ours = fss(torch.from_numpy(prediction), torch.from_numpy(y), threshold, width)
                assert ours == pytest.approx(theirs(prediction, y, threshold, width), abs=1e-9)


def test_the_spectrum_equals_that_of_pysteps(pysteps):
    from pysteps.utils.spectral import rapsd

    for picture, *_ in rains():
        wavelengths, power = spectrum(torch.from_numpy(picture))
        theirs, frequency = rapsd(picture, np.fft, return_freq=True)
        assert (1 / wavelengths[: len(theirs) - 1]).tolist() == pytest.approx(frequency[1:])
        assert power[: len(theirs) - 1].tolist() == pytest.approx(theirs[1:])


def test_real_rain_is_found_in_wide_squares_and_lost_in_single_cells():
    if not (Path(RADAR) / "knmi_2010.npz").exists() or not RADAR:
        pytest.skip("COURSE_RADAR names no radar data")
    with np.load(Path(RADAR) / "knmi_2010.npz") as file:
        x, seen = echo(file["codes"][:13])
    still = persistence(x[None, :1], 12)[0, -1]
    found = [fss(still, x[12], 0.35, width, seen[12]) for width in (1, 11, 51)]
    assert found == sorted(found) and found[-1] > found[0] + 0.2
