"""What one hum puts into the measurements of another is what is measured there, where it is known."""

import numpy as np
import pytest
from wavemend.analysis.hum.beating import Told
from wavemend.analysis.hum.demodulator import CombDemodulator

RATE = 8000
FRAMES = 50
HEIGHTS = np.array([0.01, 0.004 * np.exp(1j)])


@pytest.mark.parametrize("other_hz", [48.7, 51.0, 55.0])
def test_what_is_put_is_what_is_measured(other_hz):
    comb = CombDemodulator(RATE, 1, 50.0, 4)
    start = -comb.half
    n = np.arange(start, start + (FRAMES - 1) * comb.hop + 2 * comb.half)
    cycles = other_hz * n / RATE
    wave = sum((a * np.exp(2j * np.pi * h * cycles)).real for h, a in enumerate(HEIGHTS, 1))
    measured, _ = comb.measure(wave[np.newaxis], 1000.0 + 50.0 * n / RATE, FRAMES)
    at = np.arange(FRAMES) * comb.hop / RATE
    told = Told(7, np.tile(HEIGHTS, (FRAMES, 1)), other_hz * at, other_hz)
    put, known = told.within(comb, 1000.0 + 50.0 * at, 7, 1)
    assert known.all()
    np.testing.assert_allclose(put[:, :2], measured[:, :2], atol=2e-5)


def test_each_channel_has_its_own_and_only_known_frames_are_told():
    comb = CombDemodulator(RATE, 2, 50.0, 2)
    told = Told(10, np.tile([1.0, 0.0], (5, 1)).astype(complex), np.zeros(5), 51.0)
    put, known = told.within(comb, np.zeros(8), 8, 2)
    assert known.tolist() == [False, False, True, True, True, True, True, False]
    assert (np.abs(put[known, 0]) > 0.9).all()
    assert not put[:, 1].any() and not put[~known].any()
    assert not told.within(comb, np.zeros(8), 40, 2)[1].any()
