"""Follow a noise print along a recording: down into a fade, and as an automatic gain rides.

A gain moves all bands alike. So where bands lie lower than a print, most of them by the same, its noise is
there, turned down; where they lie lower each by its own, the print is none. Where bands lie higher a program
covers them, and nothing is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Array, Mask
from .cells import Cells
from .floor import EMPTY_LEVEL, Bands

# tuned: bench.material.tuning.noise, tuning set, 2026-11-29
_LOW_SHARE = 0.25  # of the bands: noise shows in so many between most sounds
_ALIKE_DB, _ALIKE_SHARE = 2.0, 0.3  # bands that a gain moves alike
_DEAD_DB = 2.0  # less is chance
_DOWN_DB, _DOWN_SHARE = -3.0, 0.04  # a course is worth while where noise is so far down, so often
_COVERED_DB = 2.0
_FADED_DB = 6.0  # noise that swells by less is to show in nearly all cells
_MOST_CONTRARY = 0.1  # of the cells
_EXCESS_DB, _EXCESS_SHARE = 2.0, 0.25  # of a print that holds more than noise
_LEAST_GAIN_DB = -60.0  # guard: far under anything audible


class Followed(NamedTuple):
    """How far the noise lies over a print, cell by cell.

    Attributes
    ----------
    gain_db
        Shape (cells,), 0 at the most.
    excess_db
        How far each band of the print lies over what it falls to, shape (bands,).
    explained
        Share of the cells in which the noise shows, at the print's own level or turned down.
    believed
        Whether the print is that of noise in all but a few cells.
    moves
        Whether the gain is anything but 0.
    """

    gain_db: Array
    excess_db: Array
    explained: float
    believed: bool
    moves: bool


def follow(cells: Cells, channel: int, level: Array, bands: Bands) -> Followed | None:
    """Follow the print whose bands have this level, dB, shape (bands,); None where nothing can be said."""
    levels, heard = cells.levels()
    levels, there = levels[:, channel], heard[:, channel].all(axis=1)
    known = level > EMPTY_LEVEL
    if not there.any() or not known.any():
        return None
    chance_db = bands.scatter_db[known] * np.sqrt(2 * np.log(cells.blocks))  # of the least of so many
    apart = levels[:, known] - level[known] + chance_db
    low = np.quantile(apart, _LOW_SHARE, axis=1)
    alike = np.mean(np.abs(apart - low[:, np.newaxis]) < _ALIKE_DB, axis=1) >= _ALIKE_SHARE
    agreeing = there & alike & (np.abs(low) < _DEAD_DB)
    shown = there & alike & (low < _COVERED_DB)
    if not agreeing.any():
        return None
    excess = np.zeros(level.size)
    excess[known] = np.maximum(-np.quantile((apart - low[:, np.newaxis])[shown], _LOW_SHARE, axis=0), 0.0)
    gain_db = _course(low, shown)
    # a program may cover a fade: what lies no lower than the noise turned down on either side says nothing
    least = np.where(gain_db < -_FADED_DB, gain_db, 0.0)
    contrary = there & ~alike & (low < least - _DEAD_DB)
    return Followed(
        gain_db,
        excess,
        explained=float(np.mean(shown[there])),
        believed=bool(
            np.mean(contrary[there]) <= _MOST_CONTRARY and np.mean(excess > _EXCESS_DB) <= _EXCESS_SHARE
        ),
        moves=bool(np.mean(gain_db[there] < _DOWN_DB) > _DOWN_SHARE),
    )


def _course(low: Array, shown: Mask) -> Array:
    """Return the gain of every cell, from those in which the noise shows."""
    at = np.flatnonzero(shown)
    gain = np.interp(np.arange(low.size), at, np.where(np.abs(low[at]) < _DEAD_DB, 0.0, low[at]))
    return np.asarray(np.clip(gain, _LEAST_GAIN_DB, 0.0))
