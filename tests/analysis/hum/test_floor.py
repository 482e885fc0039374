"""Long windows are joined exactly, and a line in the floors is told from noise and from notes."""

import numpy as np
import pytest
from scipy import fft
from wavemend.analysis.hum.floor import LongWindows, search_floors
from wavemend.kernels.spectra.stft import hann

RATE, HOP = 2600.0, 975
LENGTH, POINTS = 4 * HOP, 10400
BINS = 1960


def floors(audio):
    """Return the combs found in audio of shape (channels, n)."""
    window = hann(LENGTH) * np.sqrt(2) / np.sum(hann(LENGTH))
    rows = LongWindows(BINS, POINTS, HOP)
    for start in range(0, audio.shape[1] - LENGTH + 1, HOP):
        rows.hear(fft.rfft(audio[:, start : start + LENGTH] * window, POINTS, axis=1).astype(np.complex64))
    return search_floors(rows.take(len(rows.rows)), RATE / POINTS)


def hum(hz, seconds, level):
    t = np.arange(round(seconds * RATE)) / RATE
    return level * sum(np.sin(2 * np.pi * hz * h * t + h) / h for h in range(1, 9))


def test_three_short_windows_make_a_long_one():
    draw = np.random.default_rng(0)
    audio = draw.standard_normal((1, 2 * LENGTH))
    short = hann(LENGTH) * np.sqrt(2) / np.sum(hann(LENGTH))
    rows = LongWindows(BINS, POINTS, HOP)
    for k in range(5):
        part = audio[:, k * HOP : k * HOP + LENGTH]
        rows.hear(fft.rfft(part * short, POINTS, axis=1).astype(np.complex64))
    long = np.zeros(2 * LENGTH)
    for start, weight in ((0, 0.25), (2 * HOP, 0.5), (4 * HOP, 0.25)):
        long[start : start + LENGTH] += weight * short
    direct = np.abs(np.fft.rfft(audio[0] * long, 2 * POINTS)[::2][:BINS]) ** 2
    np.testing.assert_allclose(rows.rows[0][0], direct, rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("hz", [49.95, 60.1])
def test_hum_under_noise_that_never_pauses(hz):
    """In windows of 3 s the fundamental is 8 dB over the noise, and nowhere free of it."""
    noise = 0.1 * np.random.default_rng(3).standard_normal((2, round(30 * RATE)))
    best = max(floors(noise + hum(hz, 30, 0.0115)), key=lambda comb: comb.score)
    assert best.score > 1
    assert best.frequency_hz == pytest.approx(hz, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_noise_has_none(seed):
    noise = 0.1 * np.random.default_rng(seed).standard_normal((2, round(30 * RATE)))
    assert all(comb.score < 1 for comb in floors(noise))


def test_a_note_that_ends_has_none():
    audio = 1e-4 * np.random.default_rng(5).standard_normal((1, round(30 * RATE)))
    audio[0, : round(24 * RATE)] += hum(50.0, 24, 0.1)
    assert all(comb.score < 1 for comb in floors(audio))


def test_the_difference_shows_what_the_sum_hides():
    """A bass in the middle hides the hum in each channel, though not where it cancels."""
    draw = np.random.default_rng(8)
    bass = np.cumsum(draw.standard_normal(round(30 * RATE))) * 1e-2
    side = hum(50.0, 30, 0.001)
    noise = 1e-4 * draw.standard_normal((2, bass.size))
    mains = floors(np.stack([bass + side, bass - side]) + noise)[0]
    assert mains.score > 1
    assert mains.view == 3


def test_too_few_windows_say_nothing():
    assert floors(hum(50.0, 6, 0.1)[np.newaxis]) == []
