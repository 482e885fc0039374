"""Spectra of what a turn repeats: a recording's lowest sounds, and the level of the noise that never ends."""

from __future__ import annotations

import numpy as np
from scipy import fft
from scipy.ndimage import median_filter
from scipy.special import gammaincc

from ...audio.arrays import Array
from ...kernels.spectra.stft import hann

# tuned: by hand with bench.material.tuning.media, tuning ranges and takes, 2026-11-29
_BLOCK_S = 64.0
_LEAST_S = 5.0
STEP_HZ = 1 / 128  # derived: twice the block, so that lines between the bins are met
_FLOOR_QUANTILE = 0.2
_NEAR_DB = 4.0  # of its floor a band holds noise alone
_LEAST_SHARE = 0.15  # of the time that some band is near its floor
_GATE_DB = 50.0
_LOBE = 1.5  # of a Hann window's line, in bins of its length, either side
_SHARED = 4
_CLICK_FRAMES = 5  # a click is over in two, and leaves the median alone
_RISE_DB, _MOST_RISE_DB = 1.5, 10.0
_AROUND_HZ = 1.6
_LEAST_BETWEEN = 2  # derived: a line between two that are there, at the least
_LEAST_CHANCE = 1e-300  # guard: a logarithm of nothing


class TurnSpectrum:
    """Power spectrum of something that a turn would repeat, summed over blocks of 64 s.

    Parameters
    ----------
    rate
        Values a second.
    rows
        How many are heard side by side; their powers add up.
    """

    def __init__(self, rate: float, rows: int) -> None:
        self._rate, self._rows = rate, rows
        self._block = round(_BLOCK_S * rate)
        self._size = round(rate / STEP_HZ)
        self._waiting = np.zeros((rows, 0))
        self.power = np.zeros(self._size // 2 + 1)
        self.seconds = 0.0

    def hear(self, values: Array) -> None:
        """Hear values, shape (rows, n)."""
        self._waiting = np.concatenate([self._waiting, values], axis=1)
        while self._waiting.shape[1] >= self._block:
            self._add(self._waiting[:, : self._block])
            self._waiting = self._waiting[:, self._block :]

    def conclude(self) -> None:
        """Add what waits, where it says something."""
        if self._waiting.shape[1] >= (_LEAST_S if not self.seconds else _BLOCK_S / 4) * self._rate:
            self._add(self._waiting)

    def _add(self, values: Array) -> None:
        for row in values:
            self._transform(row)
        self.seconds += values.shape[1] / self._rate

    def _transform(self, row: Array) -> None:
        heard = np.isfinite(row)
        if np.mean(heard) < _LEAST_SHARE:
            return
        window = hann(row.size) * heard
        filled = np.where(heard, row, 0.0)
        filled = window * (filled - np.sum(window * filled) / np.sum(window))
        energy = np.sum(filled**2)
        if energy > 0:
            spectrum = fft.rfft(filled, self._size)
            self.power += (spectrum.real**2 + spectrum.imag**2) / energy * row.size

    def lines(self) -> Array:
        """Return the power of each frequency over the mean of what surrounds it; ones without sound."""
        if not self.power.any():
            return np.ones(self.power.size)
        level = np.log(self.power + 1e-12 * self.power.max())
        around = median_filter(level, round(_AROUND_HZ / STEP_HZ) | 1, mode="nearest")
        # half of what is exponentially distributed lies below ln 2 of its mean
        return np.asarray(np.exp(level - around) * np.log(2.0))

    def share(self, turns_hz: Array, highest_hz: float) -> Array:
        """Return what part of the power up to a frequency each turn's first harmonics hold, beyond chance.

        A swish is most of what the level of steady noise does; a rhythm leaves other things beside it.
        """
        total = np.cumsum(self.power[: round(highest_hz / STEP_HZ)])
        if not total.size or not total[-1]:
            return np.zeros(turns_hz.size)
        half = _LOBE / max(min(self.seconds, _BLOCK_S), _LEAST_S) / STEP_HZ
        place = np.outer(turns_hz, np.arange(1, _SHARED + 1)) / STEP_HZ
        bins = np.arange(total.size)
        held = np.interp(place + half, bins, total) - np.interp(place - half, bins, total)
        chance = np.minimum(_SHARED * 2 * half / total.size, 0.5)
        return np.asarray((held.sum(axis=1) / total[-1] - chance) / (1 - chance))


def evidence(lines: Array, turns_hz: Array, highest_hz: float, counts: tuple[int, ...], most: float) -> Array:
    """Return by how many nats chance is unlikely to make the harmonics of each frequency what they are.

    The sum of K powers of noise, over their mean, follows the gamma distribution of order K. What stands
    between the harmonics is taken off: a frequency twice as low has lines there, one twice as high none.

    Parameters
    ----------
    lines
        From `TurnSpectrum.lines`.
    turns_hz
        Frequencies of the turn, shape (turns,).
    highest_hz
        Harmonics up to this one count.
    counts
        How many harmonics a turn may have; the likeliest counts.
    most
        Power over which none counts: no line decides alone.

    Returns
    -------
    Array
        Shape (turns,).
    """
    clipped = np.minimum(lines, most)
    reach = np.minimum(highest_hz / turns_hz, max(counts)).astype(int)
    numbers = np.arange(1, max(counts) + 1)
    there = numbers <= reach[:, np.newaxis]
    last = lines.size - 1
    on = clipped[np.minimum(np.round(numbers * turns_hz[:, np.newaxis] / STEP_HZ).astype(int), last)]
    midway = numbers[1:] - 0.5
    between = clipped[np.minimum(np.round(midway * turns_hz[:, np.newaxis] / STEP_HZ).astype(int), last)]
    sums = np.cumsum(np.where(there, on - 1.0, 0.0), axis=1)
    off = np.cumsum(np.where(there[:, 1:], between - 1.0, 0.0), axis=1)
    nats = np.zeros(turns_hz.size)
    for count in counts:
        here = np.minimum(count, np.maximum(reach, 1))
        excess = np.take_along_axis(sums, here[:, np.newaxis] - 1, axis=1)[:, 0]
        if count > _LEAST_BETWEEN:
            filled = np.take_along_axis(off, np.maximum(here - 2, 0)[:, np.newaxis], axis=1)[:, 0]
            excess = excess - here * np.maximum(filled / np.maximum(here - 1, 1), 0.0)
        chance = gammaincc(here, here + np.maximum(excess, 0.0))
        nats = np.maximum(nats, -np.log(chance + _LEAST_CHANCE))
    return nats


def sharpened(spectra: list[Array], rpm: float, speeds_rpm: Array, within: float, harmonics: int) -> float:
    """Return the speed near one at which the lines are highest: those that count no further are flat on top.

    Parameters
    ----------
    spectra
        From `TurnSpectrum.lines`.
    rpm
        About the speed.
    speeds_rpm
        Those that there are.
    within
        How far off, as a share.
    harmonics
        How many are compared.
    """
    near = speeds_rpm[np.abs(speeds_rpm / rpm - 1) <= within]
    place = np.outer(near / 60, np.arange(1, harmonics + 1)) / STEP_HZ
    height = np.zeros(near.size)
    for lines in spectra:
        logarithm = np.log(np.maximum(lines, 1.0))
        height += np.interp(place, np.arange(lines.size), logarithm).sum(axis=1)
    return float(near[np.argmax(height)])


def floor_level(levels_db: Array, silent_db: float) -> Array:
    """Return how far the bands that are near their floor lie from it on average; NaN where none is.

    Where the sound as a whole is far under its usual level, as before a gate opens, is none either.

    Parameters
    ----------
    levels_db
        Of each band along the time, shape (bands, frames).
    silent_db
        Level of a band without sound.
    """
    loud = levels_db.max(axis=0)
    sounds = loud > np.median(loud) - _GATE_DB
    if not sounds.any():
        return np.full(loud.size, np.nan)
    off = levels_db - np.quantile(levels_db[:, sounds], _FLOOR_QUANTILE, axis=1, keepdims=True)
    near = (np.abs(off) < _NEAR_DB) & sounds & (levels_db > silent_db + _NEAR_DB)
    count = near.sum(axis=0)
    total = np.where(near, off, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def onsets(levels_db: Array) -> Array:
    """Return how much louder it gets from frame to frame, over all bands: a rhythm, no swish, no click.

    Parameters
    ----------
    levels_db
        Of each band along the time, shape (bands, frames).
    """
    smooth = median_filter(levels_db, (1, _CLICK_FRAMES), mode="nearest")
    rises = np.diff(smooth, axis=1, prepend=smooth[:, :1]) - _RISE_DB
    return np.asarray(np.clip(rises, 0.0, _MOST_RISE_DB).sum(axis=0))
