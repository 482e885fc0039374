"""The recording's own background made again, and how loud a recording is beside it."""

from __future__ import annotations

import numpy as np
from scipy import fft

from ...analysis.noise.background import Background
from ...analysis.noise.floor import EMPTY_LEVEL, WINDOW_RANGE_DB, Bands
from ...audio.arrays import Array, Audio, Complex
from ...kernels.samples.dither import mixed
from ...kernels.spectra.stft import OVERLAP, forward, hann, overlap_add
from ...kernels.spectra.tone_spectra import tone_spectra
from .times import LEVEL_GRAINS

_OFFSET_BINS = 2  # derived: what an offset leaks into under a Hann window


class Tone:
    """Gaussian noise with a background's spectrum and stereo image, from any place on.

    Frames of noise of their own, under Hann windows of four to a frame, are added: their powers add up to one
    level everywhere, and no two places know of each other farther apart than a frame.

    Parameters
    ----------
    sample_rate
        Hz.
    background
        What to sound like.
    grain
        Samples between frames.
    seed
        Of the noise.
    """

    def __init__(self, sample_rate: float, background: Background, grain: int, seed: int) -> None:
        self._grain = grain
        self._key = np.uint64(mixed(np.uint64(seed + 1)))
        self._window = hann(OVERLAP * grain)
        self._window /= np.sqrt(np.sum(self._window**2) / grain)
        known = background.noise_print
        self.known = known.noisy
        power = known.bin_power(sample_rate, np.full(self._window.size, 1.0))
        power[:, 0] = 0.0
        power[:, 1:_OFFSET_BINS] = power[:, [_OFFSET_BINS]]
        self._amplitude = np.sqrt(power)
        hz = np.asarray(fft.rfftfreq(self._window.size, 1 / sample_rate), np.float64)
        self._band = np.maximum(np.searchsorted(background.band_hz, hz, side="right") - 1, 0)
        self._mixing = _roots(background.shared_real + 1j * background.shared_imaginary)

    def at(self, start: int, samples: int) -> Audio:
        """Return the noise from sample `start` on, shape (channels, samples); both multiples of the grain."""
        first, grains = start // self._grain - OVERLAP + 1, samples // self._grain + OVERLAP - 1
        spectra = tone_spectra(self._key, first, grains, self._mixing, self._band, self._amplitude)
        frames = fft.irfft(spectra, self._window.size, axis=2) * self._window
        before = np.zeros((len(frames), (OVERLAP - 1) * self._grain))
        return overlap_add(frames, before)[0][:, before.shape[1] :]


def _roots(coherence: Complex) -> Complex:
    """Return what makes channels with that coherence out of independent ones, in each band."""
    values, vectors = np.linalg.eigh((coherence + np.conj(np.swapaxes(coherence, 1, 2))) / 2)
    scaled = vectors * np.sqrt(np.maximum(values, 0.0))[:, np.newaxis, :]
    roots = scaled @ np.conj(np.swapaxes(vectors, 1, 2))
    power = np.sqrt(np.sum(np.abs(roots) ** 2, axis=2, keepdims=True))
    return np.ascontiguousarray(roots / np.maximum(power, 1e-12))


class Loudness:
    """Power of a recording over its background's, in frames of 25 ms: the mean of all bands that it has.

    Parameters
    ----------
    sample_rate
        Hz.
    background
        What to compare with.
    grain
        Samples between frames.
    """

    def __init__(self, sample_rate: float, background: Background, grain: int) -> None:
        self._grain = grain
        self._window = hann(LEVEL_GRAINS * grain)
        self._bands = Bands(self._window.size // 2 + 1)
        power = background.noise_print.bin_power(sample_rate, self._window)
        in_bands = self._bands.mean(power)
        scale = 2 / (sample_rate * np.sum(self._window**2))
        least = np.maximum(
            in_bands.max(axis=1, keepdims=True) * 10 ** (-WINDOW_RANGE_DB / 10),
            10 ** (EMPTY_LEVEL / 10) / scale,
        )
        self._weight = np.where(in_bands > least, 1 / np.maximum(in_bands, least), 0.0)
        self._weight /= np.maximum(np.count_nonzero(self._weight, axis=1), 1)[:, np.newaxis]

    def of(self, audio: Audio, channel: int) -> Array:
        """Return it for every whole frame of one channel's samples, shape (n,), from the first of them on."""
        if audio.size < self._window.size:
            return np.empty(0)
        spectra = forward(audio[np.newaxis], self._window, self._grain)[0]
        power = self._bands.mean(np.abs(spectra) ** 2)
        return np.asarray(np.sum(power * self._weight[channel], axis=1))
