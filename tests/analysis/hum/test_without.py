"""A stretch without one of two hums: that is gone, and the other is as it was."""

import numpy as np
from wavemend.analysis.hum.comb import search, search_beside, weighed_again
from wavemend.analysis.hum.spectrogram import Spectrogram
from wavemend.analysis.hum.without import levels_of, without
from wavemend.contract.findings import NO_LEVEL

RATE, HOP = 2600, 975
SECONDS = np.arange(27 * HOP) / RATE
BIN_HZ = 0.25


def hum(hz, height=0.01):
    return height * sum(np.sin(2 * np.pi * hz * h * SECONDS + h * h) / h for h in range(1, 7))[np.newaxis]


def combs(audio):
    low = levels_of(audio, RATE, BIN_HZ, hop=HOP)
    long = np.full((12, 1, low.together.shape[1]), 1e-12)
    return low, search(low, long, [])


NOISE = 1e-4 * np.random.default_rng(0).standard_normal((1, SECONDS.size))


def test_one_goes_and_the_other_stays():
    _, found = combs(hum(50.0) + NOISE)
    comb = max(found, key=lambda one: one.score)
    both = hum(50.0) + hum(51.0, 0.004) + NOISE
    left = without(both, RATE, comb, hop=HOP)[:, 4 * HOP : -4 * HOP]
    expected = (hum(51.0, 0.004) + NOISE)[:, 4 * HOP : -4 * HOP]
    assert np.std(left - expected) < 0.03 * np.std(hum(50.0))


def test_another_hum_is_found_beside_and_nothing_where_there_is_none():
    for other, expected in ((hum(50.9), 50.9), (0.0 * hum(50.9), None)):
        audio = hum(50.0, 0.02) + other + NOISE
        _, found = combs(audio)
        first = max(found, key=lambda one: one.score)
        low = levels_of(without(audio, RATE, first, hop=HOP), RATE, BIN_HZ, hop=HOP)
        second = search_beside(low, [first.frequency_hz])
        if expected is None:
            assert second is None
        else:
            assert abs(second.frequency_hz - expected) < 0.05 and second.score >= 1.0
            assert (second.floor[0] > NO_LEVEL) and weighed_again(second, low).score >= second.score


def test_levels_are_those_of_a_spectrogram():
    spectra = Spectrogram(RATE, 4 * HOP, RATE / BIN_HZ, 880.0)
    spectra.hear(NOISE[:, : 4 * HOP])
    low = levels_of(NOISE, RATE, BIN_HZ, hop=HOP)
    assert low.together.shape[0] == 24
    assert np.array_equal(low.levels[:, :1], spectra.take(1).levels)
