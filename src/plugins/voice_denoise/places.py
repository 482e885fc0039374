"""Where a recording is a voice's, second by second: there the stage works; elsewhere it stands aside."""

from __future__ import annotations

import numpy as np

from ...analysis.program.program import KINDS, Program
from ...audio.arrays import Array

# tuned: on takes of the tuning set, clean and under noise, 2026-11-30: speech lies higher down to 0 dB,
# music lower
_LEAST_OVER_MUSIC = 0.0
_AROUND_S = 8  # to either side of a second; a stretch is judged by three, and one in ten is misjudged


class Places:
    """How much of what the stage would take is taken, along the time.

    Parameters
    ----------
    program
        What the analysis found.
    """

    def __init__(self, program: Program) -> None:
        self._shares = shares(program)

    @property
    def any(self) -> bool:
        """Whether there is a voice at all."""
        return bool(np.any(self._shares))

    def at(self, times_s: Array) -> Array:
        """Return shares, 0 to 1, at these times; between seconds they follow a line."""
        return np.interp(times_s, np.arange(self._shares.size) + 0.5, self._shares)


def shares(program: Program) -> Array:
    """Return for every second whether it is a voice's, 0 or 1."""
    seconds = int(np.ceil(program.end_s[-1])) if program.end_s.size else 0
    if not seconds:
        return np.zeros(1)
    segment = np.searchsorted(program.end_s, np.arange(seconds) + 0.5, side="right").clip(
        max=program.end_s.size - 1
    )
    over = (program.speech_probability - program.music_probability)[segment]
    sums = np.concatenate([[0.0], np.cumsum(over)])
    first = np.maximum(np.arange(seconds) - _AROUND_S, 0)
    last = np.minimum(np.arange(seconds) + _AROUND_S + 1, seconds)
    told = (sums[last] - sums[first]) / (last - first)
    heard = (program.kind != KINDS.index("neither"))[segment]
    # what is neither is a pause: it goes with what is around, and nothing is a voice where all is neither
    counts = np.concatenate([[0], np.cumsum(heard)])
    return np.asarray((told > _LEAST_OVER_MUSIC) & (counts[last] > counts[first]), np.float64)
