"""Where hum begins and ends is found to milliseconds; what hides it switches nothing."""

import numpy as np
import pytest
from wavemend.analysis.hum.demodulator import STEP
from wavemend.analysis.hum.found import Hum
from wavemend.analysis.hum.presence import HumPresence, is_still

RATE = 8000
SECONDS = np.arange(30 * RATE) / RATE
HARMONICS = np.arange(1, 7)
FOUND = Hum(50.0, 0.0, HARMONICS, -46.0 - 20 * np.log10(HARMONICS[np.newaxis]), 1.0, 0.9)
HUM = 0.00709 * sum(np.sin(2 * np.pi * 50 * h * SECONDS + h) / h for h in HARMONICS)


def edges(audio):
    presence, size = HumPresence(RATE, 1, FOUND), STEP * round(0.04 * RATE)
    found = []
    for step in range(audio.size // size):
        found += presence.hear(audio[np.newaxis, step * size : (step + 1) * size])
    return [(edge.sample / RATE, edge.begins) for edge in found]


def noise(level=1e-4):
    return level * np.random.default_rng(0).standard_normal(SECONDS.size)


def spans(*parts):
    return sum(((begin <= SECONDS) & (end > SECONDS)) for begin, end in parts)


def test_hum_all_along_has_no_edge():
    assert edges(HUM + noise()) == []


def test_no_hum_ends_at_once():
    assert edges(noise()) == [(0.0, False)]


@pytest.mark.parametrize("at", [7.0, 10.123, 15.99])
def test_edges_are_placed_to_milliseconds(at):
    (first, hums), (begin, begins) = edges(HUM * spans((at, 99)) + noise())
    assert (first, hums, begins) == (0.0, False, True)
    assert begin == pytest.approx(at, abs=0.005)
    ((end, begins),) = edges(HUM * spans((0, at)) + noise())
    assert not begins
    assert end == pytest.approx(at, abs=0.005)


def test_two_stretches_with_a_gap():
    found = edges(HUM * spans((0, 8), (14, 22)) + noise())
    assert [begins for _, begins in found] == [False, True, False]
    assert [at for at, _ in found] == pytest.approx([8, 14, 22], abs=0.005)


def test_a_program_that_hides_the_hum_switches_nothing():
    assert edges(HUM + noise(0.1) * spans((8, 20)) + noise()) == []


def test_notes_at_its_lines_are_no_hum():
    """Half a second each, every two seconds, 6 dB over the hum."""
    assert edges(2 * HUM * (SECONDS % 2.0 >= 1.5) + noise()) == [(0.0, False)]


def test_digital_silence_switches_nothing():
    assert edges(HUM * spans((0, 8), (14, 99))) == []


def test_digital_silence_is_told_in_blocks():
    audio = np.ones((2, 10))
    audio[0, 3:9] = 0.0
    assert np.flatnonzero(is_still(audio, 3)[0]).tolist() == [3, 4, 5, 6, 7, 8]
    assert not is_still(audio, 3)[1].any()
