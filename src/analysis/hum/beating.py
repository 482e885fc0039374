"""What the lines of one hum put into the measurements of another's, which lie a few hertz off."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Complex
from .demodulator import CombDemodulator


class Told(NamedTuple):
    """A hum as it was told last: its frames from one of the recording on.

    Attributes
    ----------
    first
        Number of the first frame.
    amplitude
        Of each line, ordered by harmonic, then by channel, shape (frames, lines); 0 where there is no hum.
    cycles
        Phase of the fundamental, shape (frames,).
    frequency_hz
        Mean fundamental.
    """

    first: int
    amplitude: Complex
    cycles: Array
    frequency_hz: float

    def within(
        self, comb: CombDemodulator, cycles: Array, first: int, channels: int
    ) -> tuple[Complex, npt.NDArray[np.bool_]]:
        """Return what this hum puts into another's lines, and in which of its frames that is known.

        Parameters
        ----------
        comb
            What measures the other's lines.
        cycles
            The phase that these are measured along, shape (frames,).
        first
            Number of the first of these frames.
        channels
            How many.
        """
        put = np.zeros((cycles.size, comb.number.size), np.complex128)
        start, stop = max(first, self.first), min(first + cycles.size, self.first + self.cycles.size)
        known = np.zeros(cycles.size, np.bool_)
        if start >= stop:
            return put, known
        rows, theirs = slice(start - first, stop - first), slice(start - self.first, stop - self.first)
        known[rows] = True
        own, other, response = comb.touches(self.frequency_hz, self.amplitude.shape[1] // channels)
        turns = np.outer(self.cycles[theirs], other) - np.outer(cycles[rows], own)
        turned = response * np.exp(2j * np.pi * (turns - np.rint(turns)))
        for channel in range(channels):
            lines = self.amplitude[theirs, channel::channels][:, other - 1] * turned
            np.add.at(put[rows, channel::channels].T, own - 1, lines.T)
        return put, known
