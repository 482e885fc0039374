"""A sine shows its mean square, in each channel and in both together."""

import numpy as np
from wavemend.analysis.hum.spectrogram import Spectrogram

RATE = 2600
SINE = 0.1 * np.sin(2 * np.pi * 100 * np.arange(4 * 975) / RATE)


def test_a_sine_shows_its_mean_square():
    spectra = Spectrogram(RATE, SINE.size, RATE / 0.25, 880.0)
    spectra.hear(np.stack([SINE, 0 * SINE]))
    taken = spectra.take(1)
    at = round(100.0 / taken.bin_hz)
    assert abs(taken.levels[0, 0, at] - 10 * np.log10(0.005)) < 0.2
    assert taken.levels[1, 0, at] < -150
    assert abs(taken.together[0, at] - 10 * np.log10(0.0025)) < 0.2


def test_nothing_heard_is_nothing_taken():
    assert Spectrogram(RATE, 100, 100.0, 880.0).take(3).levels.size == 0
