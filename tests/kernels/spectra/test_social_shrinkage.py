"""Shrinkage by neighbourhoods is what the equation says; frames add up to the signal."""

from __future__ import annotations

import numpy as np
from scipy import fft
from scipy.ndimage import uniform_filter
from wavemend.kernels.spectra.social_shrinkage import add_up, shrink


def spectra(seed: int, frames: int = 12, bins: int = 17) -> np.ndarray:
    draw = np.random.default_rng(seed)
    values = draw.standard_normal((frames, bins)) + 1j * draw.standard_normal((frames, bins))
    return values.astype(np.complex64)


def test_the_energy_around_a_coefficient_decides() -> None:
    heard, dual = spectra(1), spectra(2)
    wanted = heard + dual
    energy = 21 * uniform_filter(np.abs(wanted).astype(np.float64) ** 2, (7, 3), mode="constant")
    shrunk = wanted * np.maximum(1 - 25.0 / energy, 0.0)
    assert 0 < np.mean(shrunk == 0) < 1
    relaxed = 1.7 * shrunk - 0.7 * heard
    next_dual = dual - relaxed
    proposed = heard.copy()
    shrink(proposed, dual.copy(), 5.0, 1.7, np.empty(heard.shape, np.float32))
    assert np.allclose(proposed, relaxed - spectra(2), atol=1e-5)
    off = dual.copy()
    shrink(heard.copy(), off, 5.0, 1.7, np.empty(heard.shape, np.float32))
    assert np.allclose(off, next_dual, atol=1e-5)


def test_what_is_analysed_adds_up_again() -> None:
    length, hop = 64, 16
    window = np.sqrt((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)) / 2).astype(np.float32)
    signal = np.random.default_rng(3).standard_normal(20 * hop).astype(np.float32)
    signal[:length] = signal[-length:] = 0.0
    frames = np.lib.stride_tricks.sliding_window_view(signal, length)[::hop]
    back = fft.irfft(fft.rfft(frames * window, axis=1, norm="ortho"), length, axis=1, norm="ortho")
    out = np.empty_like(signal)
    add_up(back, window, hop, out)
    assert np.allclose(out, signal, atol=1e-5)
