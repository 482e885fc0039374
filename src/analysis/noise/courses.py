"""How prints move along a recording: a table of gains, and which of its rows holds when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...audio.arrays import Array
from ...contract.constraints import Axis, Range

# guard: what findings may say, and memory
MOST_ROWS, MOST_KNOTS, MOST_BANDS = 4096, 4096, 64
COURSE_DB = Range(-80.0, 40.0)
LONGEST_S = 1e7

BANDS, ROWS, KNOTS = (
    Axis("bands", most=MOST_BANDS),
    Axis("rows", most=MOST_ROWS),
    Axis("knots", most=MOST_KNOTS),
)
"""Of the fields that hold a course."""


@dataclass(frozen=True)
class NoiseCourse:
    """Gains over a print. A disc has a row for each phase of its turn, a level that is followed one a knot.

    Attributes
    ----------
    hz
        Centres of wide bands, ascending, shape (bands,); no bands where the print stays as it is.
    db
        Gains over the print, shape (rows, bands).
    s
        Times, ascending, shape (knots,).
    row
        Which row holds at those times, shape (knots,): 3.25 is a quarter of the way from row 3 to row 4, and
        the last goes over into the first. Between knots it moves along a line, and on along the nearest line
        before the first and after the last.
    """

    hz: Array
    db: Array
    s: Array
    row: Array

    @property
    def moves(self) -> bool:
        """Whether there is any."""
        return bool(self.db.size and self.s.size)

    @property
    def turn_s(self) -> float:
        """Seconds that it takes to go once through the table, 0 where it does not come round."""
        rows = float(self.row[-1] - self.row[0]) if self.moves else 0.0
        return len(self.db) * float(self.s[-1] - self.s[0]) / rows if rows > len(self.db) else 0.0

    def rows_at(self, time_s: Array) -> Array:
        """Return which row holds at each time, 0 to less than the number of rows."""
        if self.s.size == 1:
            return np.full_like(time_s, self.row[0] % len(self.db))
        at = np.clip(np.searchsorted(self.s, time_s), 1, self.s.size - 1)
        pace = np.diff(self.row) / np.diff(self.s)
        row = self.row[at - 1] + (time_s - self.s[at - 1]) * pace[at - 1]
        return np.asarray(row % len(self.db))

    def bin_gains(self, frequency_hz: Array) -> Array:
        """Return the gains of each row at frequencies, as ratios of powers, shape (rows, frequencies).

        Between centres decibels are interpolated over the logarithm of frequency.
        """
        if not self.moves:
            return np.ones((1, frequency_hz.size))
        octave, centre = np.log2(np.maximum(frequency_hz, 1.0)), np.log2(np.maximum(self.hz, 1.0))
        return np.asarray([10 ** (np.interp(octave, centre, row) / 10) for row in self.db])

    def held(self, gains: Array, time_s: Array) -> Array:
        """Return what of `bin_gains` holds at each time, shape (times, frequencies)."""
        row = self.rows_at(time_s)
        before = np.minimum(row.astype(np.intp), len(gains) - 1)
        share = (row - before)[:, np.newaxis]
        after = (before + 1) % len(gains)
        return np.asarray(gains[before] * (1 - share) + gains[after] * share)
