"""The floor that bands fall back to, and how it moves with a course: noise alone, or a program over it.

Each level of a band, in one frame, is either that of noise alone, which scatters around the floor as so many
exponentially distributed powers do, or lies anywhere above. Which, is not known: expectation and maximisation
take turns [1]. What moves the floor is the same within a wide band, whatever the level of the bands in it.

References
----------
.. [1] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum likelihood from incomplete data via the EM
   algorithm", J. Royal Statistical Society B 39(1), 1977.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Mask
from .floor import Bands, decibels

# source: this model's own definitions
_ABOVE_DB = 40.0  # a program lies anywhere within that over the floor
_OUTLIER = 1e-6  # guard: a level that is neither one nor the other

# tuned: bench.material.tuning.turning_noise, tuning takes at 10 and 20 dB, 2026-11-29
_ROUNDS = 8
_FIRST_QUANTILE = 0.15
_WIDER_DB = (4.5, 3.0, 1.5)  # at first the floor is looked for in a wider range
_MORE_SCATTER_DB = 1.5  # than chance has: grains of dust, and what a course is too coarse for
_RIDGE = 2e-3
_PHASES, _BEATEN_ROUNDS = 16, 4

# derived: half-overlapping Hann frames: of so many bins half are independent in power
_INDEPENDENT = 0.52
_DB_A_NEPER = 10 / np.log(10)  # derived: decibels of a neper of power


class BandLevels(NamedTuple):
    """What was heard of a stretch of recording, in bands.

    Attributes
    ----------
    db
        Levels, shape (frames, bands).
    flat
        How far each looks like noise over frequency, 0 to 1, same shape.
    uneven
        How far the mean logarithm of powers lies under that of their mean, less what noise has, same shape.
    scatter_db
        Standard deviation of the level of noise, shape (bands,).
    few
        How much is due to chance in so few bins, shape (bands,); see `Bands`.
    wide
        Number of the wide band that each is in, shape (bands,).
    """

    db: Array
    flat: Array
    uneven: Array
    scatter_db: Array
    few: Array
    wide: npt.NDArray[np.intp]

    @classmethod
    def of(cls, power: Array, under: Array, bands: Bands, wide: npt.NDArray[np.intp]) -> BandLevels:
        """Describe powers, shape (frames, bands), and how many nepers under them mean logarithms lie."""
        uneven = under - np.euler_gamma
        chance = 0.7 * bands.few
        flat = np.exp(-0.5 * np.square(np.maximum(uneven, 0.0) / (chance + 0.05)))
        scatter = _DB_A_NEPER / np.sqrt(_INDEPENDENT * bands.widths)
        return cls(decibels(power), flat, uneven, scatter, bands.few, wide)

    def only(self, there: Mask) -> BandLevels:
        """Return what was heard in some of the bands."""
        return BandLevels(
            self.db[:, there],
            self.flat[:, there],
            self.uneven[:, there],
            self.scatter_db[there],
            self.few[there],
            np.unique(self.wide[there], return_inverse=True)[1],
        )


class MovingFloor(NamedTuple):
    """The floor of each band, and how it moves.

    Attributes
    ----------
    level_db
        Shape (bands,).
    gains
        Coefficients of the course in each wide band, shape (wide bands, columns).
    course_db
        What they make of it, shape (frames, bands).
    alone
        Probability that noise alone is heard, shape (frames, bands).
    scatter_db, likelihood
        Of the noise around it, and of all levels, in nepers, shape (bands,).
    """

    level_db: Array
    gains: Array
    course_db: Array
    alone: Array
    scatter_db: Array
    likelihood: Array


def moving_floor(heard: BandLevels, columns: Array, smooth: Array) -> MovingFloor:
    """Fit the floor with a course that is a sum of columns.

    Parameters
    ----------
    heard
        What was heard.
    columns
        Shape (frames, columns); none for a floor that stays.
    smooth
        Quadratic form that keeps coefficients small or smooth, shape (columns, columns), against 1 frame.
    """
    db, wide = heard.db, heard.wide
    level = np.quantile(db, _FIRST_QUANTILE, axis=0)
    scatter = np.hypot(heard.scatter_db, 1.0)
    share = np.full(level.size, 0.5)
    course, gains = np.zeros_like(db), np.zeros((int(wide.max()) + 1, columns.shape[1]))
    for turn in range(_ROUNDS):
        more = _WIDER_DB[turn] if turn < len(_WIDER_DB) else 0.0
        noise, program = _densities(db - level - course, scatter, scatter + more)
        alone = heard.flat * share * noise / (share * noise + (1 - share) * program)
        share = np.clip(alone.mean(axis=0), 0.02, 0.98)
        total = np.maximum(alone.sum(axis=0), 1e-9)
        if columns.shape[1]:
            level = np.sum(alone * (db - course), axis=0) / total
            weight = alone / scatter**2
            gains = _gains(weight, weight * (db - level), wide, columns, smooth)
            course = (columns @ gains.T)[:, wide]
        level = np.sum(alone * (db - course), axis=0) / total
        found = np.sqrt(np.sum(alone * np.square(db - level - course), axis=0) / total)
        scatter = np.clip(found, heard.scatter_db, heard.scatter_db + _MORE_SCATTER_DB)
    noise, program = _densities(db - level - course, scatter, scatter)
    likelihood = np.sum(heard.flat * np.log(share * noise + (1 - share) * program), axis=0)
    return MovingFloor(level, gains, course, alone, scatter, likelihood)


def beaten(heard: BandLevels, still: MovingFloor, turns: Array) -> Array:
    """Return the likelihood of a floor that stays under a program that comes and goes once a turn.

    Parameters
    ----------
    heard
        What was heard.
    still
        The floor that stays.
    turns
        Turns so far, shape (frames,).

    Returns
    -------
    Array
        In nepers, shape (bands,).
    """
    noise, program = _densities(heard.db - still.level_db, still.scatter_db, still.scatter_db)
    phase = (turns % 1.0 * _PHASES).astype(np.intp)
    which = np.equal.outer(np.arange(_PHASES), phase).astype(np.float64)
    total = np.maximum(which @ heard.flat, 1e-9)
    share = np.full((_PHASES, heard.few.size), 0.5)
    for _ in range(_BEATEN_ROUNDS):
        own = share[phase]
        share = (which @ (heard.flat * own * noise / (own * noise + (1 - own) * program))) / total
        share = np.clip(share, 0.02, 0.98)
    own = share[phase]
    return np.asarray(np.sum(heard.flat * np.log(own * noise + (1 - own) * program), axis=0))


def _densities(over_db: Array, scatter_db: Array, width_db: Array) -> tuple[Array, Array]:
    """Return probability densities, in 1 dB, of levels so far over the floor: of noise, and of a program."""
    noise = np.exp(-0.5 * np.square(over_db / width_db)) / (width_db * np.sqrt(2 * np.pi))
    program = np.where(over_db > -2 * scatter_db, 1 / _ABOVE_DB, _OUTLIER)
    return noise + _OUTLIER, program


def _gains(
    weight: Array, weighted: Array, wide: npt.NDArray[np.intp], columns: Array, smooth: Array
) -> Array:
    """Least squares in each wide band: weights of levels over the floor, and these times their weights."""
    gains = np.zeros((int(wide.max()) + 1, columns.shape[1]))
    for one in np.unique(wide):
        inside = wide == one
        weights = weight[:, inside].sum(axis=1)
        normal = columns.T @ (columns * weights[:, np.newaxis])
        normal += weights.sum() * (_RIDGE * np.eye(len(smooth)) + smooth) + 1e-9 * np.eye(len(smooth))
        gains[one] = np.linalg.solve(normal, columns.T @ weighted[:, inside].sum(axis=1))
    return gains
