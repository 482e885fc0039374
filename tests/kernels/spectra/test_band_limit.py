"""The end of a band is found in the very curve that is fitted, and in its mirror; a plain trend has none."""

import numpy as np
import pytest
from wavemend.kernels.spectra.band_limit import DB_A_DOUBLING, lower_limit, upper_limit

OCTAVE = np.arange(5.0, 14.4, 1 / 96)


def levels(end, order, trend=-5.0, floor=-110.0):
    """Decibels of a program with a trend under a Butterworth low-pass, over a floor."""
    program = -50 + trend * (OCTAVE - end)
    slope = -10 * np.log10(1 + 4.0 ** (order * np.minimum(OCTAVE - end, 8.0)))
    return 10 * np.log10(10 ** ((program + slope) / 10) + 10 ** (floor / 10))


@pytest.mark.parametrize("order", [4, 8, 20, 80])
@pytest.mark.parametrize("end", [9.3, 11.7])
def test_place_and_order_of_an_upper_end(end, order):
    found = upper_limit(OCTAVE, levels(end, order), -8.0, 3.0)
    assert abs(found.octave - end) < min(0.4 * found.error_octaves, 0.7 / order)
    assert found.order == pytest.approx(order, rel=0.25)
    assert found.drop_db == pytest.approx(60, abs=4)
    assert found.scatter_db < 0.5


def test_a_lower_end_is_an_upper_one_in_a_mirror():
    above = upper_limit(OCTAVE, levels(11.0, 8), -8.0, 3.0)
    below = lower_limit(-OCTAVE[::-1], levels(11.0, 8)[::-1], 8.0, 3.0)
    assert below == above._replace(octave=-above.octave)


def test_the_error_is_that_of_some_decibels_on_the_slope():
    errors = [upper_limit(OCTAVE, levels(11.7, order), -8.0, 3.0).error_octaves for order in (3, 6, 12, 48)]
    assert errors == sorted(errors, reverse=True)
    for order, error in zip((3, 6, 12, 48), errors, strict=True):
        assert 2 < error * order * DB_A_DOUBLING / 2 < 12


def test_noise_on_the_levels_moves_it_by_no_more_than_it_says():
    for seed in range(8):
        noise = np.random.default_rng(seed).normal(0, 3, OCTAVE.size)
        found = upper_limit(OCTAVE, levels(11.7, 12) + noise, -8.0, 3.0)
        assert abs(found.octave - 11.7) < 2 * found.error_octaves


@pytest.mark.parametrize("trend", [0.0, -3.0])
def test_a_trend_is_no_end(trend):
    assert upper_limit(OCTAVE, -50 + trend * (OCTAVE - 5), -8.0, 3.0) is None


def test_too_few_bands_have_none():
    assert upper_limit(OCTAVE[:15], levels(5.1, 20)[:15], -8.0, 3.0) is None
