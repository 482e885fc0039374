"""Where a noisy recording holds speech: what it is judged by is heard without the floor of its noise.

Steady noise fills the pauses that tell speech from music, so that speech under it is taken for both. Here the
floor that each frequency keeps falling back to within some seconds is subtracted first, and `ProgramAnalyser`
hears the rest, with a judge of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import uniform_filter1d

from ...audio.arrays import Array, Audio
from ...audio.checks import limited
from ...contract.findings import Analyser
from ...kernels.filters.polyphase import decimate, decimator
from ...kernels.spectra.stft import OVERLAP, forward, hann, hop_length, inverse, overlap_add
from .program import Program, ProgramAnalyser
from .under_noise_weights import BIAS, FIRST, FIRST_BIAS, MEAN, SCALE, SECOND

# tuned: on takes of the tuning set under tape, white and pink noise and in a telephone's band, 2026-11-30
_FRAME_SECONDS = 0.04
_STRETCH = 448  # frames whose floor is one
_AROUND = 9  # frames averaged before the floor is read
_FLOOR_SHARE = 0.1  # of the frames lie under it
_OVER = 2.6  # times the floor is subtracted
_CELL = (3, 3)  # frames and bins that a gain is made of
_LEAST_FRAMES = 50  # fewer than half a second tell no floor: they get the one before

_WORKING_RATE_HZ = 8000.0  # derived: twice what `ProgramAnalyser` hears
_TAPS = 16  # source: those of `ProgramAnalyser`
_FARTHEST = 3.0  # guard: standard deviations: nothing the training has not seen may decide alone


class ProgramUnderNoiseAnalyser(Analyser[Program]):
    """Finds speech and music in a recording whose steady noise is left out of account.

    Parameters
    ----------
    chances
        The judge, as `ProgramAnalyser` has it.
    """

    def __init__(
        self, sample_rate: float, channels: int, chances: Callable[[Array], Array] | None = None
    ) -> None:
        self._factor = max(int(sample_rate / _WORKING_RATE_HZ), 1)
        rate = sample_rate / self._factor
        self._hop = hop_length(rate, _FRAME_SECONDS)
        super().__init__(sample_rate, channels, hop=_STRETCH * self._hop * self._factor)
        self._low_pass = decimator(self._factor, _TAPS)
        self._before = np.zeros((channels, (_TAPS - 1) * self._factor))
        self._window = hann(OVERLAP * self._hop)
        self._held = np.zeros((channels, (OVERLAP - 1) * self._hop))
        self._tail = np.zeros((channels, (OVERLAP - 1) * self._hop))
        self._floor: Array | None = None
        self._program = ProgramAnalyser(rate, channels, chances or chances_under_noise)

    def _frame(self, frame: Audio) -> None:
        self._program.push(self._without_floor(frame))

    def _conclude(self, rest: Audio) -> Program:
        whole = rest.shape[1] // (self._hop * self._factor)
        if whole:
            self._program.push(self._without_floor(rest[:, : whole * self._hop * self._factor]))
        return self._program.result()

    def _without_floor(self, frame: Audio) -> Audio:
        joined = np.concatenate([self._before, limited(frame)], axis=1)
        self._before = joined[:, joined.shape[1] - self._before.shape[1] :]
        low = np.concatenate([self._held, decimate(joined, self._low_pass)], axis=1)
        self._held = low[:, low.shape[1] - self._held.shape[1] :]
        spectra = forward(low, self._window, self._hop)
        power = np.sum(spectra.real**2 + spectra.imag**2, axis=0)
        if self._floor is None or len(power) >= _LEAST_FRAMES:
            means = uniform_filter1d(power, _AROUND, axis=0, mode="nearest")
            at = int(_FLOOR_SHARE * len(means))
            self._floor = np.asarray(_OVER * np.partition(means, at, axis=0)[at])
        around = uniform_filter1d(uniform_filter1d(power, _CELL[0], axis=0), _CELL[1], axis=1)
        left = 1.0 - self._floor / np.maximum(around, 1e-30)
        frames = inverse(spectra * np.sqrt(np.maximum(left, 0.0)), self._window)
        complete, self._tail = overlap_add(frames, self._tail)
        return complete


def chances_under_noise(described: Array) -> Array:
    """Return the probability of each of `KINDS`: a perceptron on standardised features.

    Parameters
    ----------
    described
        Of `features`, shape (features,).

    Returns
    -------
    Array
        Shape (kinds,).
    """
    standard = np.clip((described - MEAN) / SCALE, -_FARTHEST, _FARTHEST)
    hidden = np.tanh(np.sum(standard * FIRST, axis=1) + FIRST_BIAS)
    score = np.sum(hidden * SECOND, axis=1) + BIAS
    chance = np.exp(score - score.max())
    return np.asarray(chance / chance.sum())
