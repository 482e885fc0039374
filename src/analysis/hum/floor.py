"""Hum that never stands free of the program: a line in what each frequency keeps falling back to."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array

Powers = npt.NDArray[np.float32]
Spectra = npt.NDArray[np.complex64]

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
MAINS_HZ = (50.0, 60.0)  # source: frequencies of mains
MAINS_OFF_HZ = 0.3
HARMONICS = 8

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
_STEP_HZ = 0.05
_RANKS = np.array([0.03, 0.06, 0.12, 0.25])
_LEAST_WINDOWS = 10
_GUARD_HZ = 1.45  # derived: the main lobe of 3 s, 0.67 Hz, and what the frequency may be off
_SHOULDER_HZ = 0.5
_SHOULDER_DB = 2.0
_LEAST_DB, _MOST_DB = -3.0, 20.0  # guard: bounds of what one bin may say
_CLAIMED_DB = 8.0
_MANY_WINDOWS = 30  # fewer tell less of what a frequency falls back to
LEAST_DBFS = -110.0  # guard: under any converter's noise; what stands there is arithmetic


class FloorComb(NamedTuple):
    """A comb in the floors: score (1 is claimed), the fundamental in Hz, and the levels of its lines.

    `contrast` is how far each harmonic's floor stands out of those beside it, in dB, shape (harmonics,), in
    the view that shows it best: number `view` of the powers that were searched. `level` is each floor of
    every view in dBFS, shape (views, harmonics).
    """

    score: float
    frequency_hz: float
    contrast: Array
    level: Array
    view: int


class LongWindows:
    """Spectra of windows of twice the length, each joined from three short ones without another transform.

    Hann windows that overlap by half add up to a window with a flat middle and falling ends; weighted 1, 2, 1
    their sum falls smoothly from its middle. What a spectrum measures from its own window's beginning is
    turned to that of the first.

    Parameters
    ----------
    bins
        Of the short spectra that are kept.
    points
        Points of their transform.
    hop
        Samples from one to the next, a quarter of a window.
    """

    def __init__(self, bins: int, points: int, hop: int) -> None:
        turn = np.exp(-2j * np.pi / points * np.arange(bins) * 2 * hop)
        self._bins = bins
        self._weights = (0.25 * np.stack([np.ones(bins), 2 * turn, turn**2])).astype(np.complex64)
        self._recent: deque[Spectra] = deque(maxlen=5)
        self._heard = 0
        self.rows: list[Powers] = []

    def hear(self, spectra: Spectra) -> None:
        """Hear the next short spectra, shape (channels, bins or more)."""
        self._recent.append(spectra[:, : self._bins])
        self._heard += 1
        if self._heard < 5 or self._heard % 2 == 0:
            return
        first, middle, last = (self._recent[k] * self._weights[k // 2] for k in (0, 2, 4))
        self.rows.append(_views(first + middle + last))

    def take(self, windows: int) -> Powers:
        """Take away the oldest rows, shape (windows, views, bins)."""
        taken, self.rows = self.rows[:windows], self.rows[windows:]
        return np.stack(taken) if taken else np.empty((0, 1, self._bins), np.float32)


def _views(spectra: Spectra) -> Powers:
    """Return the power in each channel, and of two also that of their sum and difference.

    Music lies in the middle or at the sides, and hum rarely where the music is.
    """
    if spectra.shape[0] == 2:
        both = np.float32(np.sqrt(0.5)) * np.stack([spectra[0] + spectra[1], spectra[0] - spectra[1]])
        spectra = np.concatenate([spectra, both])
    return np.asarray(spectra.real**2 + spectra.imag**2)


def search_floors(powers: Powers, bin_hz: float) -> list[FloorComb]:
    """Return the comb at each of the mains' frequencies that stands best out of the floors beside it.

    Minimum statistics (R. Martin, Noise power spectral density estimation, 2001) tell the level that a
    frequency falls back to while no note sounds there. A floor is a low quantile over the windows; all of
    those tried must show the line, so a note that ends shows none.

    Parameters
    ----------
    powers
        Mean squares, shape (windows, views, bins), of windows of 3 s.
    bin_hz
        Width of the bins.
    """
    windows = powers.shape[0]
    if windows < _LEAST_WINDOWS:
        return []
    ranks = (_RANKS * (windows - 1)).astype(int)
    return [_best(powers, ranks, bin_hz, mains) for mains in MAINS_HZ]


def floors_over_time(rows: npt.NDArray[Any], ranks: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Return the values of these ranks along the first axis."""
    return np.asarray(np.sort(rows, axis=0)[ranks])


def _best(powers: Powers, ranks: npt.NDArray[np.int64], bin_hz: float, mains: float) -> FloorComb:
    off = np.arange(-MAINS_OFF_HZ, MAINS_OFF_HZ + 1e-6, _STEP_HZ)
    lines = (mains + off)[:, np.newaxis] * np.arange(1, HARMONICS + 1)
    at = np.rint(lines / bin_hz).astype(int)
    apart = np.rint(_GUARD_HZ * np.array([1.0, 1.35, 1.7, 2.05]) / bin_hz).astype(int)
    shoulder = round(_SHOULDER_HZ / bin_hz) + 1
    places = at[..., np.newaxis] + np.array([0, *-apart, *apart, -shoulder, shoulder])
    bins, where = np.unique(places, return_inverse=True)
    where = where.reshape(places.shape)
    floor = _floor_db(powers[..., bins], ranks)[..., where]
    # lines wander: as high as the highest of three bins, on the line and beside it
    highest = np.maximum(np.maximum(powers[..., bins - 1], powers[..., bins + 1]), powers[..., bins])
    around = _floor_db(highest, ranks)[..., where[..., :-2]]
    line, beside = around[..., 0], np.median(around[..., 1:], axis=-1)
    # a loud note close by lies higher on one side than the line that it hides
    shoulders = floor[..., -2:].max(axis=-1) + _SHOULDER_DB
    contrast = np.minimum(line - beside, line - shoulders).min(axis=0)
    level = line.mean(axis=0)
    contrast = np.where(level > LEAST_DBFS, contrast, _LEAST_DB)
    score = np.sum(np.clip(contrast, _LEAST_DB, _MOST_DB) / np.arange(1, HARMONICS + 1), axis=2)
    claimed_db = _CLAIMED_DB * max(1.0, np.sqrt(_MANY_WINDOWS / powers.shape[0]))
    view, best = np.unravel_index(int(np.argmax(score)), score.shape)
    return FloorComb(
        score=float(score[view, best] / claimed_db),
        frequency_hz=float(mains + off[best]),
        contrast=contrast[view, best].astype(np.float64),
        level=level[:, best].astype(np.float64),
        view=int(view),
    )


def _floor_db(powers: Powers, ranks: npt.NDArray[np.int64]) -> Powers:
    return np.asarray(10 * np.log10(np.maximum(floors_over_time(powers, ranks), np.float32(1e-20))))
