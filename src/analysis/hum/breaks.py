"""Notes struck again and again at one pitch: hum to windows of seconds, but short ones hear them end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from ...audio.arrays import Array
from ...kernels.spectra.stft import hann

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
_HARMONICS = 3
_LOW_SHARE = 0.04
_BREAK_DB = -7.0
_SILENCE = 1e-11  # guard: an edit's digital silence says nothing of either
_AT_ONCE = 32  # guard: memory is bounded


def breaks_off(audio: Array, window: int, harmonics: npt.NDArray[np.floating], level_dbfs: Array) -> bool:
    """Return whether what the lines of a comb hold falls far below their level, again and again.

    Hum never does: what plays beside it adds to it, or takes from all its harmonics at once only by chance.

    Parameters
    ----------
    audio
        Shape (channels, n).
    window
        Samples, half overlapping: at least 15 periods.
    harmonics
        Frequencies of the lines, in cycles a sample, shape (harmonics,).
    level_dbfs
        Their levels, shape (channels, harmonics).
    """
    power = np.mean(10 ** (level_dbfs / 10), axis=0)
    strongest = np.argsort(-power, kind="stable")[:_HARMONICS]
    points = fft.next_fast_len(window, real=True)
    bins = np.rint(harmonics[strongest] * points).astype(int)
    shape = hann(window)
    shape *= np.sqrt(2.0) / np.sum(shape)
    frames = np.lib.stride_tricks.sliding_window_view(audio, window, axis=1)[:, :: max(window // 2, 1)]
    held, total = [], []
    for start in range(0, frames.shape[1], _AT_ONCE):  # not a copy of everything at once
        part = frames[:, start : start + _AT_ONCE]
        spectra = fft.rfft(part * shape, points, axis=2)[..., bins]
        held.append(np.sum(np.mean(spectra.real**2 + spectra.imag**2, axis=0), axis=1))
        total.append(np.mean(part**2, axis=(0, 2)))
    sounds = np.concatenate(total) > _SILENCE
    if not sounds.any():
        return False
    low = np.sort(np.concatenate(held)[sounds])[int(_LOW_SHARE * (np.count_nonzero(sounds) - 1))]
    return bool(low < 10 ** (_BREAK_DB / 10) * np.sum(power[strongest]))
