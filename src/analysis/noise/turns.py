"""Noise that turns with its disc or cylinder: a print, and the course of its gains over a revolution.

Band levels are kept for a minute. In each, the revolution that the floor follows is looked for
(`turn_search`), and a floor is fitted that moves with its phase: in a few wide bands, at as many phases as
frames fit in a turn. Stretches whose revolutions agree are laid over each other, each by the phase at which
it is most like the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...audio.arrays import Array, Mask
from ...kernels.spectra.stft import Spectra, band_levels
from .courses import NoiseCourse
from .evidence import LEAST_NOISE_DBFS
from .floor import EMPTY_LEVEL, LEAST_LEVEL, Bands, decibels, extend
from .turn_floor import BandLevels, moving_floor
from .turn_search import noise_bands, revolution

# tuned: by hand, no record
STRETCH_S = 60.0
"""Length of the stretches that are searched; the last is from half to one and a half times as long."""

# tuned: bench.material.tuning.turning_noise, tuning takes at 10 and 20 dB, 2026-11-29
_WIDE_HZ = (400.0, 1000.0, 2000.0, 4000.0, 8000.0)  # edges of the bands that turn alike
_ROW_S, _LEAST_ROWS, _MOST_ROWS = 0.05, 8, 72
_BEND = 2.0  # weight of the course's curvature from row to row, against a frame's
_CAUTIOUS_FALL_DB = 3.0  # an octave off what shows, as for prints of floors
_RISE_DB = 1.0  # an octave off what turns
_SAME_TURN = 0.004
_FOUND_SHARE = 0.25  # guard: of the stretches with noise, as for hum; one of many says nothing for all
_MOST_STRETCHES = 512  # guard: memory is bounded
_SWING_DB = 20.0  # guard: most that a course moves a print by


class Turning(NamedTuple):
    """What turns.

    Attributes
    ----------
    density
        Power densities of the channels' prints, shape (channels, bins).
    most
        What they cannot be over, though they may be over `density`, which is cautious where nothing turns,
        same shape.
    course
        Over the prints.
    confidence
        0 to 1.
    """

    density: Array
    most: Array
    course: NoiseCourse
    confidence: float


class _Stretch(NamedTuple):
    """What was found in one: where it is, the turn, gains over its phases from time 0, and the evidence."""

    start_s: float
    end_s: float
    turn_s: float
    course_db: Array
    density: Array
    most: Array
    shown: Mask
    evidence: float


class TurnListener:
    """Hear spectra of frames on the grid, and conclude whether, and how, their noise turns.

    Parameters
    ----------
    channels
        Number of channels.
    frequency_hz
        Of the bins, shape (bins,).
    bands
        Over them.
    frame_s
        Seconds from one frame to the next; the first is centred on time 0.
    scale
        From power to density.
    """

    def __init__(
        self, channels: int, frequency_hz: Array, bands: Bands, frame_s: float, scale: float
    ) -> None:
        self._channels, self._bands = channels, bands
        self._frequency_hz, self._frame_s, self._scale = frequency_hz, frame_s, scale
        middle = np.minimum(bands.edges + bands.widths // 2, frequency_hz.size - 1)
        self._wide = np.searchsorted(np.array(_WIDE_HZ), frequency_hz[middle])
        self._frames = max(round(STRETCH_S / frame_s), 1)
        self._power: list[Array] = []
        self._under: list[Array] = []
        self._first = self._count = self._noisy = 0
        self._found: list[_Stretch] = []

    def hear(self, spectra: Spectra) -> None:
        """Hear the next frames, shape (channels, frames, bins)."""
        power, logarithm = band_levels(spectra, self._bands.edges, self._scale, 10 ** (LEAST_LEVEL / 10))
        self._power.append(power)
        self._under.append(np.mean(np.log(power) - logarithm, axis=0))
        self._count += power.shape[1]
        if self._count - self._first >= 3 * self._frames // 2:
            self._search(self._frames)

    def conclude(self) -> Turning | None:
        """Return how the noise turns, None where it does not; call once."""
        if self._count > self._first:
            self._search(self._count - self._first)
        if not self._found:
            return None
        best = max(self._found, key=lambda one: one.evidence)
        same = [one for one in self._found if abs(one.turn_s / best.turn_s - 1) < _SAME_TURN]
        if len(same) < _FOUND_SHARE * self._noisy:
            return None
        return self._joined(best, same)

    def _search(self, frames: int) -> None:
        """Look for a revolution in the first frames that are kept, and forget them."""
        power, under = np.concatenate(self._power, axis=1), np.concatenate(self._under)
        self._power, self._under = [power[:, frames:]], [under[frames:]]
        first, self._first = self._first, self._first + frames
        if len(self._found) == _MOST_STRETCHES:
            return
        power = power[:, :frames]
        heard = np.median(power, axis=1)
        audible = np.sum(heard * self._bands.widths, axis=1) * self._frequency_hz[1]
        noisy = audible > 10 ** (LEAST_NOISE_DBFS / 10)
        if not noisy.any():
            return
        self._noisy += 1
        found = self._stretch(power, noisy, under[:frames], first)
        if found:
            self._found.append(found)

    def _stretch(self, power: Array, noisy: Mask, under: Array, first: int) -> _Stretch | None:
        levels = BandLevels.of(power[noisy].mean(axis=0), under, self._bands, self._wide)
        there = np.quantile(levels.db, 0.1, axis=0) > EMPTY_LEVEL
        if not there.any():
            return None
        levels = levels.only(there)
        turn = revolution(levels, self._frame_s)
        if turn is None:
            return None
        seconds = (first + np.arange(float(len(levels.db)))) * self._frame_s
        rows = int(np.clip(round(1 / (turn.hz * _ROW_S)), _LEAST_ROWS, _MOST_ROWS))
        columns = _hats(seconds * turn.hz, rows)
        bends = np.roll(np.eye(rows), 1, axis=1) - 2 * np.eye(rows) + np.roll(np.eye(rows), -1, axis=1)
        moving = moving_floor(levels, columns, _BEND / len(seconds) * bends.T @ bends)
        shown, like = np.zeros(there.size, bool), np.zeros(there.size, bool)
        shown[there], like[there] = turn.turning, noise_bands(levels, moving)
        gains = np.zeros((rows, len(_WIDE_HZ) + 1))
        gains[:, np.unique(self._wide[there])] = moving.gains.T
        course = np.ones(under.shape)
        course[:, there] = 10 ** (moving.course_db / 10)
        alone = np.zeros(under.shape)
        alone[:, there] = moving.alone
        density = np.sum(alone * power, axis=1) / np.maximum(np.sum(alone * course, axis=0), 1e-9)
        level = decibels(np.maximum(density, 10 ** (LEAST_LEVEL / 10)))
        bins = self._frequency_hz.size
        spread = np.array([self._extended(one, shown, like, bins) for one in level])
        spread[~noisy] = 10 ** (LEAST_LEVEL / 10)
        own = self._bands.spread(density)
        most = np.where(self._bands.spread(shown), spread, np.where(self._bands.spread(like), own, np.inf))
        return _Stretch(
            float(seconds[0]),
            float(seconds[-1]),
            1 / turn.hz,
            np.clip(gains, -_SWING_DB, _SWING_DB),
            spread,
            most,
            shown,
            turn.evidence,
        )

    def _extended(self, level: Array, turning: Mask, like: Mask, bins: int) -> Array:
        """Spread the level of bands that turn; of others that look like noise, as far as it rises slowly."""
        centre = self._bands.centre
        distance = np.abs(centre[:, np.newaxis] - centre[turning])
        most = level[turning][np.argmin(distance, axis=1)] + _RISE_DB * np.min(distance, axis=1)
        level = np.where(turning, level, np.minimum(level, most))
        return extend(level, turning | like, self._bands, bins, _CAUTIOUS_FALL_DB)

    def _joined(self, best: _Stretch, same: Sequence[_Stretch]) -> Turning:
        """Lay stretches over the best one, by the phase at which they are most alike."""
        rows = len(best.course_db)
        weights = np.array([one.evidence for one in same])
        weights /= weights.sum()
        tables: list[Array] = []
        knots_s: list[float] = []
        knots: list[float] = []
        for one in same:
            table = _at_rows(one.course_db, rows)
            alike = [np.sum(np.roll(table, shift, axis=0) * best.course_db) for shift in range(rows)]
            late = int(np.argmax(alike)) if one is not best else 0
            tables.append(np.roll(table, late, axis=0))
            for at in (one.start_s, one.end_s):
                row = rows * at / one.turn_s + late
                if knots:  # the nearest turn to where the turns before lead
                    ahead = knots[-1] + (at - knots_s[-1]) * rows / one.turn_s
                    row += rows * round((ahead - row) / rows)
                knots_s.append(at)
                knots.append(row)
        density, most = (
            np.exp(np.tensordot(weights, np.log([getattr(one, name) for one in same]), 1))
            for name in ("density", "most")
        )
        between = np.sqrt(np.multiply(_WIDE_HZ[:-1], _WIDE_HZ[1:]))
        centres = np.array([_WIDE_HZ[0] / 2, *between, _WIDE_HZ[-1] * np.sqrt(2)])
        course = NoiseCourse(
            hz=np.round(centres, 1),
            db=np.round(np.einsum("s,srb->rb", weights, np.array(tables)), 2),
            s=np.round(knots_s, 3),
            row=np.round(knots, 3),
        )
        return Turning(density, most, course, round(0.3 + 0.4 * float(np.mean(best.shown)), 2))


def _hats(turns: Array, rows: int) -> Array:
    """Return how much of each row holds at so many turns, shape (frames, rows)."""
    place = (turns % 1.0) * rows
    before = np.minimum(place.astype(np.intp), rows - 1)
    hats = np.zeros((turns.size, rows))
    frames = np.arange(turns.size)
    hats[frames, before] = 1 - (place - before)
    hats[frames, (before + 1) % rows] += place - before
    return hats


def _at_rows(table: Array, rows: int) -> Array:
    """Return a table over the turn with so many rows."""
    if len(table) == rows:
        return table
    phase = np.arange(rows) / rows
    own = np.arange(len(table) + 1) / len(table)
    return np.stack([np.interp(phase, own, np.append(column, column[0])) for column in table.T], axis=1)
