"""Levels by third octaves (IEC 61260-1): what people compare spectra in."""

from __future__ import annotations

import numpy as np

from ...audio.arrays import Array

# source: IEC 61260-1:2014, 5.3 and 5.4: base ten, ten bands a decade, reference 1 kHz
_REFERENCE_HZ = 1000.0
_BANDS_A_DECADE = 10
_LOWEST_HZ = 25.0  # source: IEC 61260-1, annex E: the lowest band that audio meters commonly have
_NOMINAL = np.array([1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8])  # source: IEC 61260-1, annex E


class Bands:
    """Sums power spectra over bands of any width.

    Parameters
    ----------
    low_hz, high_hz
        Where they begin and end, shape (bands,).
    sample_rate
        Hz.
    length
        Samples of a frame.
    """

    def __init__(self, low_hz: Array, high_hz: Array, sample_rate: float, length: int) -> None:
        spacing = sample_rate / length
        bins = length // 2 + 1
        edges = np.stack([low_hz, high_hz])
        places = np.clip(edges / spacing + 0.5, 0, bins - 1e-9)  # a bin reaches half its width to both sides
        self._whole = places.astype(np.intp)
        self._part = places - self._whole

    def __call__(self, power: Array) -> Array:
        """Sum each band, the parts of bins at its ends by their share, shape (..., bins) to (..., bands)."""
        below = np.concatenate([np.zeros((*power.shape[:-1], 1)), np.cumsum(power, axis=-1)], axis=-1)
        low, high = (
            below[..., whole] + part * power[..., whole]
            for whole, part in zip(self._whole, self._part, strict=True)
        )
        return np.asarray(np.maximum(high - low, 0.0))


class ThirdOctaves(Bands):
    """Sums power spectra over bands of a third octave.

    Parameters
    ----------
    sample_rate
        Hz.
    length
        Samples of a frame.

    Attributes
    ----------
    centre_hz
        Exact middles of the bands that lie below half the rate, from 25 Hz on, shape (bands,).
    """

    def __init__(self, sample_rate: float, length: int) -> None:
        first = round(_BANDS_A_DECADE * np.log10(_LOWEST_HZ / _REFERENCE_HZ))
        steps = np.arange(first, 3 * _BANDS_A_DECADE)
        half_band = 10 ** (0.5 / _BANDS_A_DECADE)
        centre = _REFERENCE_HZ * 10 ** (steps / _BANDS_A_DECADE)
        self.centre_hz: Array = centre[centre * half_band <= sample_rate / 2]
        super().__init__(self.centre_hz / half_band, self.centre_hz * half_band, sample_rate, length)


def a_weighting(frequency_hz: Array) -> Array:
    """Return the factors by which A-weighting takes power (IEC 61672-1, annex E), 1 at 1 kHz."""
    f2 = frequency_hz**2
    low, middle, upper, high = np.square([20.598997, 107.65265, 737.86223, 12194.217])
    pressure = high * f2**2 / ((f2 + low) * np.sqrt((f2 + middle) * (f2 + upper)) * (f2 + high))
    return np.asarray((pressure * 10**0.1) ** 2)


def nominal(centre_hz: Array) -> Array:
    """Return what the bands are called: 31.5 and 1250 Hz, where the exact middles are 31.6 and 1259."""
    decade, step = np.divmod(np.round(_BANDS_A_DECADE * np.log10(centre_hz)).astype(int), _BANDS_A_DECADE)
    return np.asarray(_NOMINAL[step] * 10.0**decade)
