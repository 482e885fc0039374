"""Long-term spectra, to lay over each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...analysis.program.octaves import Bands
from ...audio.arrays import Audio
from ...kernels.spectra.stft import hann

_LENGTH = 8192  # tuned: by eye, 6 Hz at 48 kHz
_MOST_WINDOWS = 600  # guard: time, over recordings of any length
_POINTS_AN_OCTAVE = 24  # tuned: by eye
_LOWEST_HZ = 20.0  # source: the lower end of hearing


def long_term(read: Callable[[int, int], Audio], rate: int, frames: int) -> dict[str, Any]:
    """Return the mean power of windows all over a recording (Welch 1967), on a logarithmic scale.

    Parameters
    ----------
    read
        Returns samples from start to stop, shape (channels, n).
    rate, frames
        Hz, and samples.

    Returns
    -------
    dict
        ``frequency_hz`` and ``level_db``: dB re full scale, of what lies in a band of 1/24 octave.
    """
    window = hann(_LENGTH)
    scale = 2.0 / (np.sum(window**2) * _LENGTH)
    count = int(np.clip(frames // (_LENGTH // 2), 1, _MOST_WINDOWS))
    power = np.zeros(_LENGTH // 2 + 1)
    for start in np.linspace(0, max(frames - _LENGTH, 0), count).astype(np.int64):
        audio = read(int(start), int(start) + _LENGTH)
        audio = np.pad(audio, ((0, 0), (0, _LENGTH - audio.shape[1])))
        power += np.mean(np.abs(np.fft.rfft(audio * window, axis=1)) ** 2, axis=0) * (scale / count)
    top = rate / 2
    bands = max(int(np.log2(top / _LOWEST_HZ) * _POINTS_AN_OCTAVE), 1)
    edges = _LOWEST_HZ * 2 ** (np.arange(bands + 1) / _POINTS_AN_OCTAVE)
    level = 10 * np.log10(np.maximum(Bands(edges[:-1], edges[1:], rate, _LENGTH)(power), 1e-20))
    middle = np.sqrt(edges[1:] * edges[:-1])
    return {"frequency_hz": np.round(middle, 1).tolist(), "level_db": np.round(level, 2).tolist()}
