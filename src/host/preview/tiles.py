"""Spectrograms in tiles: levels as bytes, which the page gives colours to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Audio
from ...kernels.spectra.stft import hann

Scale = Literal["linear", "log", "mel"]
COLUMNS, ROWS = 256, 256
"""Size of a tile; derived: 64 kB, drawn at about two pixels a row."""
FLOOR_DB, CEILING_DB = -140.0, 0.0
"""dBFS of the bytes 0 and 255; source: a sine at full scale, and what 24 bits hold."""
LEAST_LEVEL, MOST_LEVEL = 5, 26
"""Samples a column are two to this power; guard: 32 samples, and 3 h at 192 kHz in one tile."""

_READ_AT_ONCE = 1 << 21  # guard: samples that are read for one tile
_WINDOWS = 3  # tuned: by eye, windows of each column where not all is read
_LOWEST_HZ = 20.0  # source: the lower end of hearing
_MOST_FFT = 8192  # tuned: by eye


def row_edges(scale: Scale, rate: int, rows: int = ROWS) -> npt.NDArray[np.float64]:
    """Return the frequencies between rows, Hz, shape (rows + 1,).

    Mel is O'Shaughnessy's (Speech Communication, 1987, p. 150).
    """
    top = rate / 2
    place = np.linspace(0.0, 1.0, rows + 1)
    if scale == "linear":
        return np.asarray(place * top)
    if scale == "log":
        return np.asarray(_LOWEST_HZ * (top / _LOWEST_HZ) ** place)
    return np.asarray(700.0 * ((1.0 + top / 700.0) ** place - 1.0))


def window_length(level: int, rate: int) -> int:
    """Return samples of the window for a zoom: short where columns are, for clicks; long for hum."""
    wanted = max(1 << level, rate // 24) * 2 if level >= 9 else max(512, 4 << level)
    return int(min(1 << (int(wanted) - 1).bit_length(), _MOST_FFT))


def tile(
    read: Callable[[int, int], Audio], rate: int, frames: int, *, scale: Scale, level: int, index: int
) -> npt.NDArray[np.uint8]:
    """Compute one tile.

    Parameters
    ----------
    read
        Returns samples from start to stop, shape (channels, n).
    rate, frames
        Of the recording: Hz, and its length.
    scale
        Of frequency.
    level
        A column is 2 ** `level` samples.
    index
        Which tile, from the recording's start.

    Returns
    -------
    numpy.ndarray of uint8, shape (ROWS, COLUMNS)
        Power of all channels, `FLOOR_DB` to `CEILING_DB`, the highest frequency first.
    """
    hop, length = 1 << level, window_length(level, rate)
    first = index * COLUMNS * hop
    power = np.zeros((COLUMNS, length // 2 + 1))
    if COLUMNS * hop + length <= _READ_AT_ONCE:
        begin = first - length // 2
        audio = _padded(read, begin, begin + COLUMNS * hop + length, frames)
        count = max(hop // (length // 2), 1)
        for part in range(count):
            at = np.arange(COLUMNS) * hop + part * hop // count
            power += _powers(audio, at, length) / count
    else:
        for part in range(_WINDOWS):
            for column in range(COLUMNS):
                begin = first + column * hop + (2 * part + 1) * hop // (2 * _WINDOWS)
                if begin < frames:
                    audio = _padded(read, begin, begin + length, frames)
                    power[column] += _powers(audio, np.zeros(1, np.int64), length)[0] / _WINDOWS
    levels = 10 * np.log10(_in_rows(power, row_edges(scale, rate), rate, length) + 1e-20)
    shown = np.clip(np.round((levels - FLOOR_DB) * (255 / (CEILING_DB - FLOOR_DB))), 0, 255)
    return np.ascontiguousarray(shown.T[::-1].astype(np.uint8))


def _padded(read: Callable[[int, int], Audio], start: int, stop: int, frames: int) -> Audio:
    audio = read(max(start, 0), max(min(stop, frames), start, 0))
    before = max(-start, 0)
    return np.pad(audio, ((0, 0), (before, max(stop - start - before - audio.shape[1], 0))))


def _powers(audio: Audio, at: npt.NDArray[np.int64], length: int) -> Audio:
    """Return power over frequency of windows at these places, mean over channels, shape (windows, bins)."""
    window = hann(length)
    scale = 4.0 / np.sum(window) ** 2  # a sine at full scale has power 1
    total = np.zeros((at.size, length // 2 + 1))
    for channel in audio:
        frames = channel[at[:, np.newaxis] + np.arange(length)]
        total += np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    return np.asarray(total * (scale / audio.shape[0]))


def _in_rows(power: Audio, edges: npt.NDArray[np.float64], rate: int, length: int) -> Audio:
    """Return the largest power in each row; rows narrower than a bin lie on a line between bins."""
    bins = edges * (length / rate)
    middle = (bins[:-1] + bins[1:]) / 2
    low = np.minimum(middle.astype(np.int64), power.shape[1] - 2)
    share = np.clip(middle - low, 0.0, 1.0)
    between = power[:, low] * (1 - share) + power[:, low + 1] * share
    first, last = np.ceil(bins[:-1]).astype(np.int64), np.ceil(bins[1:]).astype(np.int64)
    wide = np.flatnonzero((last > first) & (first < power.shape[1]))
    if wide.size:
        highest = np.maximum.reduceat(power, first[wide], axis=1)
        between[:, wide] = np.maximum(highest, between[:, wide])
    return np.asarray(between)
