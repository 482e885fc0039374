"""Receivers: the same seed gives the same sound, and it ends where their filters do."""

import numpy as np
import pytest
from bench.material.tuning.broadcasts import KINDS, broadcast

RATE = 44_100
TAKE = 0.1 * np.random.default_rng(0).standard_normal((2, 2 * RATE))


@pytest.mark.parametrize("kind", KINDS)
def test_a_receiver_ends_the_band_and_a_seed_says_all(kind):
    made = broadcast(TAKE, RATE, kind, 3)
    assert made.sample_rate == RATE
    assert made.audio.shape[1] == TAKE.shape[1]
    assert np.array_equal(made.audio, broadcast(TAKE, RATE, kind, 3).audio)
    power = np.abs(np.fft.rfft(made.audio[0])) ** 2
    hz = np.fft.rfftfreq(made.audio.shape[1], 1 / RATE)
    assert power[hz > 6500].mean() < 1e-3 * power[(hz > 300) & (hz < 2500)].mean()
