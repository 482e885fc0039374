"""The folded transform is the sum it stands for, and its adjoint the wave of these amplitudes."""

import numpy as np
import pytest
from scipy import fft
from wavemend.kernels.harmonics.demodulation import fold, spline_response, unfold

RATE = 8000


def turns(count, seed=0):
    """Cycles of a 50 Hz track that wanders."""
    draw = np.random.default_rng(seed)
    return 3.0 + np.cumsum(50.0 + 0.2 * np.sin(np.arange(count) / 900) + 0 * draw.random(count)) / RATE


@pytest.mark.parametrize("cycles", [1, 4])
def test_folding_is_the_non_uniform_transform(cycles):
    draw = np.random.default_rng(1)
    audio, track, window = draw.standard_normal((2, 1000)), turns(1000), np.hanning(600)
    tables = np.zeros((3, 2, 2048))
    fold(audio, track, window, 200, cycles, tables)
    bins = np.arange(1, 161)
    values = fft.rfft(tables, axis=2)[:, :, bins] / spline_response(bins, 2048)
    for frame in range(3):
        part = slice(200 * frame, 200 * frame + 600)
        kernel = np.exp(-2j * np.pi / cycles * np.outer(track[part], bins))
        np.testing.assert_allclose(values[frame], (window * audio[:, part]) @ kernel, atol=2e-2)


def test_unfolding_gives_the_wave_of_its_amplitudes():
    draw = np.random.default_rng(2)
    amplitudes = draw.standard_normal((3, 1, 60)) + 1j * draw.standard_normal((3, 1, 60))
    numbers = np.arange(1, 61)
    spectra = np.zeros((3, 1, 1025), np.complex128)
    spectra[:, :, 1:61] = amplitudes * 1024 / spline_response(numbers, 2048)
    out = np.empty((1, 400))
    unfold(fft.irfft(spectra, 2048, axis=2), turns(400), 200, out)
    place = np.arange(400) / 200
    for at in (0, 77, 200, 399):
        before = int(place[at])
        fade = place[at] - before
        mixed = (1 - fade) * amplitudes[before, 0] + fade * amplitudes[before + 1, 0]
        wave = np.sum(mixed * np.exp(2j * np.pi * numbers * turns(400)[at])).real
        assert out[0, at] == pytest.approx(wave, abs=1e-3)
