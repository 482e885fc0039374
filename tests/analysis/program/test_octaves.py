"""Third octaves: IEC 61260-1's middles, and power that is neither lost nor counted twice."""

import numpy as np
import pytest
from wavemend.analysis.program.octaves import ThirdOctaves


def test_middles_are_those_of_the_standard():
    centre = ThirdOctaves(48_000, 8192).centre_hz
    assert centre[0] == pytest.approx(25.119, abs=1e-3)
    assert 1000.0 in centre
    assert centre[-1] == pytest.approx(19_952.6, abs=0.1)
    assert np.allclose(centre[1:] / centre[:-1], 10**0.1)


def test_a_low_rate_has_fewer_bands():
    assert ThirdOctaves(8000, 1024).centre_hz[-1] * 10**0.05 <= 4000


def test_a_tone_falls_into_its_band():
    power = np.zeros(4097)
    power[round(1000 * 8192 / 48_000)] = 2.0
    bands = ThirdOctaves(48_000, 8192)
    assert bands(power)[np.argmin(abs(bands.centre_hz - 1000))] == pytest.approx(2.0)
    assert bands(power).sum() == pytest.approx(2.0)


def test_even_power_is_shared_by_width():
    bands = ThirdOctaves(48_000, 8192)
    sums = bands(np.ones((2, 4097)))
    widths = bands.centre_hz * (10**0.05 - 10**-0.05) / (48_000 / 8192)
    assert np.allclose(sums, widths)
