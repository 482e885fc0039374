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
# Notes struck every 1 to 5 s have 0.31 to 0.37 of such windows, two hums in music 0.14 at most.
# tuned: bench.material.tuning.hum, two hums, 24 takes, and 25 rows of notes, 2026-11-30
_GHOST, _GHOSTS_SHARE = 0.1, 0.2
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
    strongest, power = _strongest(level_dbfs)
    held, sounds = _held(audio, window, harmonics[strongest])
    if not sounds.any():
        return False
    low = np.sort(held[sounds])[int(_LOW_SHARE * (np.count_nonzero(sounds) - 1))]
    return bool(low < 10 ** (_BREAK_DB / 10) * power)


def grows(
    audio: Array, left: Array, window: int, harmonics: npt.NDArray[np.floating], level_dbfs: Array
) -> bool:
    """Return whether a comb's lines are louder where hums were taken, often: between notes, where none were.

    Several combs together make up notes that are struck again and again, but not their silences.

    Parameters
    ----------
    audio, left
        With the hums and without, shape (channels, n).
    window, harmonics, level_dbfs
        See `breaks_off`.
    """
    if not harmonics.size:
        return False
    strongest, power = _strongest(level_dbfs)
    held, sounds = _held(audio, window, harmonics[strongest])
    without, _ = _held(left, window, harmonics[strongest])
    louder = sounds & (without > 2.0 * held) & (without > _GHOST * power)
    return bool(np.count_nonzero(louder) > _GHOSTS_SHARE * np.count_nonzero(sounds))


def _strongest(level_dbfs: Array) -> tuple[npt.NDArray[np.int64], float]:
    """Return which lines are strongest, and their power together."""
    power = np.mean(10 ** (level_dbfs / 10), axis=0)
    strongest = np.argsort(-power, kind="stable")[:_HARMONICS]
    return strongest, float(np.sum(power[strongest]))


def _held(audio: Array, window: int, lines: npt.NDArray[np.floating]) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return what lines hold together in each window, and which windows are no digital silence."""
    points = fft.next_fast_len(window, real=True)
    bins = np.rint(lines * points).astype(int)
    shape = hann(window)
    shape *= np.sqrt(2.0) / np.sum(shape)
    frames = np.lib.stride_tricks.sliding_window_view(audio, window, axis=1)[:, :: max(window // 2, 1)]
    held, total = [], []
    for start in range(0, frames.shape[1], _AT_ONCE):  # not a copy of everything at once
        part = frames[:, start : start + _AT_ONCE]
        spectra = fft.rfft(part * shape, points, axis=2)[..., bins]
        held.append(np.sum(np.mean(spectra.real**2 + spectra.imag**2, axis=0), axis=1))
        total.append(np.mean(part**2, axis=(0, 2)))
    return np.concatenate(held), np.concatenate(total) > _SILENCE
