"""What DeepFilterNet 3 hears of spectra, and the spectra that it answers with.

Frames are 20 ms long and 10 ms apart at every sample rate, so its bins are 50 Hz apart and audio is never
resampled: above 24 kHz it hears nothing, and at lower rates its bins up to there are empty.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Audio
from ...inference.deep_filter import DEEP_BINS, ERB_BANDS, LOOK_AHEAD, ORDER, DeepFilter

Spectra = npt.NDArray[np.complex128]

# source: DeepFilterNet 3 (libDF)
HOP_SECONDS = 0.01
BINS = 481
_ERB = 24.7 * 9.265  # Hz; Moore and Glasberg's scale of bands
_LEAST_BINS = 2  # of a band
_HZ = 24_000.0  # the highest bin's
_BIN_HZ = 50.0
_LEVELS_DB = (-60.0, -90.0)  # of the lowest and the highest band, before anything was heard
_AMPLITUDES = (1e-3, 1e-4)  # likewise, of the lowest and the highest deep bin
_LEVEL_SCALE_DB = 40.0
_KEPT = float(np.exp(-HOP_SECONDS))  # of the means, a frame: a second


def window(hop: int) -> Audio:
    """Return Vorbis' window of two hops."""
    place = (np.arange(2 * hop) + 0.5) / (2 * hop)
    return np.asarray(np.sin(0.5 * np.pi * np.sin(np.pi * place) ** 2))


def band_widths() -> npt.NDArray[np.int64]:
    """Return how many bins each band has."""
    step, widths, before, over = 9.265 * np.log1p(_HZ / _ERB) / ERB_BANDS, [], 0, 0
    for band in range(1, ERB_BANDS + 1):
        edge = int(_ERB * np.expm1(band * step / 9.265) / _BIN_HZ + 0.5)
        width = edge - before - over
        over = max(_LEAST_BINS - width, 0)
        widths.append(max(width, _LEAST_BINS))
        before = edge
    widths[-1] += 1
    widths[-1] -= max(sum(widths) - BINS, 0)
    return np.array(widths)


class Shown:
    """Follows the levels of one channel, and says how far what is heard lies over them."""

    def __init__(self) -> None:
        self._levels = np.linspace(*_LEVELS_DB, ERB_BANDS)
        self._amplitudes = np.linspace(*_AMPLITUDES, DEEP_BINS)
        self._widths = band_widths()
        self._starts = np.cumsum(self._widths) - self._widths

    def hear(self, spectra: Spectra) -> tuple[Array, Spectra]:
        """Return normalised levels, shape (frames, ERB_BANDS), and spectra, shape (frames, DEEP_BINS).

        Parameters
        ----------
        spectra
            Of windowed frames over their length, shape (frames, BINS).
        """
        power = spectra.real**2 + spectra.imag**2
        levels = 10 * np.log10(np.add.reduceat(power, self._starts, axis=1) / self._widths + 1e-10)
        amplitudes = np.sqrt(power[:, :DEEP_BINS])
        bands, deep = np.empty_like(levels), np.empty_like(spectra[:, :DEEP_BINS])
        for frame in range(len(spectra)):
            self._levels = _KEPT * self._levels + (1 - _KEPT) * levels[frame]
            self._amplitudes = _KEPT * self._amplitudes + (1 - _KEPT) * amplitudes[frame]
            bands[frame] = (levels[frame] - self._levels) / _LEVEL_SCALE_DB
            deep[frame] = spectra[frame, :DEEP_BINS] / np.sqrt(np.maximum(self._amplitudes, 1e-12))
        return bands, deep


def filtered(graphs: DeepFilter, spectra: Spectra, bands: Array, deep: Spectra) -> Spectra:
    """Return what is speech, shape (frames - LOOK_AHEAD, BINS).

    Parameters
    ----------
    graphs
        The model.
    spectra
        Shape (frames, BINS).
    bands, deep
        What `Shown` made of the same frames.
    """
    gains, filters = graphs.run(bands[LOOK_AHEAD:].astype(np.float32), deep[LOOK_AHEAD:].astype(np.complex64))
    frames = len(gains)
    speech = spectra[:frames] * np.repeat(gains.astype(np.float64), band_widths(), axis=1)
    padded = np.pad(spectra[:, :DEEP_BINS], ((ORDER - 1 - LOOK_AHEAD, 0), (0, 0)))
    speech[:, :DEEP_BINS] = sum(padded[tap : tap + frames] * filters[:, :, tap] for tap in range(ORDER))
    return speech
