"""Constant offset: what a converter with a misadjusted zero adds to a whole recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Audio
from ...audio.checks import limited
from ...contract.constraints import CHANNELS, Each, Range
from ...contract.findings import Analyser, Findings, by_channel

# tuned: by hand, 2026-11-21 to 2026-11-29; no record
_BLOCK_SECONDS = 0.1
_STANDARD_ERRORS = 4
# derived: an offset of 3 steps of a converter hides every shorter run of zeros in a sound
_SILENCE_SECONDS = 0.01
# guard: bounds of a histogram
_CLASS_DB, _LOWEST_DB, _CLASSES = 3.0, -200.0, 80  # loudness of blocks, without their mean
_QUIET = 0.25  # share of the blocks that says what lies under the others
_APART = 2.0  # levels further apart than this ratio tell what rides on the sound from what lies under it
_SURE_BLOCKS = 5  # quiet blocks that may be surer of the offset than all together,
_SURER = 0.25  # by an error so much smaller, which white noise does not give
# Of the rest of the quiet blocks, the offset is so many times as large: a decay of 0.3 s falls by a third in
# a block, and is 10. tuned: made-up one-sided decays of 0.01 to 0.3 s, 2026-11-29.
_STILL = 20.0


@dataclass(frozen=True, eq=False)
class Offset(Findings):
    """Constant offset of each channel.

    Attributes
    ----------
    mean
        Offset of each channel where it sounds, shape (channels,), full scale 1.0.
    uncertainty
        Standard error of each, shape (channels,): from how far the means of 0.1-second blocks scatter.
    """

    mean: Annotated[npt.NDArray[np.float64], Each(CHANNELS)]
    uncertainty: Annotated[npt.NDArray[np.float64], Each(CHANNELS), Range(0.0)]

    @property
    def found(self) -> bool:
        """Whether any channel's mean is further off zero than chance explains."""
        return bool((np.abs(self.mean) > _STANDARD_ERRORS * self.uncertainty).any())

    def significant(self, threshold_db: float) -> npt.NDArray[np.float64]:
        """Return the offsets to remove, shape (channels,); 0 where under the threshold or due to chance."""
        real = np.abs(self.mean) > np.maximum(10 ** (threshold_db / 20), _STANDARD_ERRORS * self.uncertainty)
        return np.where(real, self.mean, 0.0)

    def describe(self) -> str:
        """See `Findings.describe`."""
        levels = 20 * np.log10(np.maximum(np.abs(self.mean), 1e-12))
        return f"offset {by_channel([f'{level:.0f} dBFS' for level in levels])}"


def silence_samples(sample_rate: float) -> int:
    """Return how many zeros in a row are digital silence, which holds no offset."""
    return max(round(_SILENCE_SECONDS * sample_rate), 2)


def in_long_runs(held: npt.NDArray[np.bool_], count: int) -> npt.NDArray[np.bool_]:
    """Return which samples, along the last axis, lie in at least `count` in a row that hold."""
    shape = (*held.shape[:-1], 1)
    before = np.concatenate([np.zeros(shape, np.int64), np.cumsum(held, axis=-1)], axis=-1)
    whole = before[..., count:] - before[..., :-count] == count  # of windows, by their first sample
    if not whole.any():
        return np.zeros(held.shape, np.bool_)
    begun = np.concatenate([np.zeros(shape, np.int64), np.cumsum(whole, axis=-1)], axis=-1)
    first = np.maximum(np.arange(held.shape[-1]) - count + 1, 0)
    last = np.minimum(np.arange(held.shape[-1]) + 1, whole.shape[-1])
    return np.asarray(begun[..., last] > begun[..., np.minimum(first, whole.shape[-1])])


class OffsetAnalyser(Analyser[Offset]):
    """Mean of each channel where it sounds, how sure it is, and whether it lies under the quiet parts too.

    What is one-sided, a drum's thump, say, has a mean that comes and goes with its level; an offset stays.
    So where quiet blocks and all of them tell two means, that of the quiet ones counts, and only if some of
    it is left at no level at all: a line through the means of quiet and of loud blocks over their levels.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        super().__init__(sample_rate, channels, hop=max(round(_BLOCK_SECONDS * sample_rate), 1))
        self._silence = silence_samples(sample_rate)
        self._total = np.zeros(channels)
        self._samples = np.zeros(channels, np.int64)
        # by loudness: blocks, their means, the squares of these
        self._blocks = np.zeros((channels, _CLASSES), np.int64)
        self._means = np.zeros((channels, _CLASSES))
        self._squares = np.zeros((channels, _CLASSES))

    def _frame(self, frame: Audio) -> None:
        frame = limited(frame)
        sums, counts = self._add(frame)
        known = np.flatnonzero(2 * counts > frame.shape[1])
        means = sums[known] / counts[known]
        # zeros of silence add nothing to the sum of squares
        variance = np.maximum(np.sum(frame[known] ** 2, axis=1) / counts[known] - means**2, 0.0)
        level = (10 * np.log10(variance + 1e-20) - _LOWEST_DB) / _CLASS_DB
        loudness = np.clip(level.astype(int), 0, _CLASSES - 1)
        self._blocks[known, loudness] += 1
        self._means[known, loudness] += means
        self._squares[known, loudness] += means**2

    def _add(self, frame: Audio) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Add up what sounds; return each channel's sum and number of samples in this frame."""
        sums = frame.sum(axis=1)
        counts = np.full(self.channels, frame.shape[1])
        zero = frame == 0.0
        for channel in np.flatnonzero(zero.any(axis=1)):
            silent = in_long_runs(zero[channel], min(self._silence, frame.shape[1]))
            sounds = np.flatnonzero(~zero[channel])
            if sounds.size:  # a run that the frame cuts short is silence as well
                silent[: sounds[0]] = True
                silent[sounds[-1] + 1 :] = True
            counts[channel] -= np.count_nonzero(silent)
        self._total += sums
        self._samples += counts
        return sums, counts

    def _conclude(self, rest: Audio) -> Offset:
        if rest.shape[1]:
            self._add(limited(rest))
        mean = self._total / np.maximum(self._samples, 1)
        uncertainty = np.abs(mean)  # too short to tell an offset from a slow wave
        for channel in np.flatnonzero(self._blocks.sum(axis=1) >= 2):
            mean[channel], uncertainty[channel] = self._of_channel(int(channel), float(mean[channel]))
        return Offset(mean=mean, uncertainty=uncertainty)

    def _of_channel(self, channel: int, mean: float) -> tuple[float, float]:
        blocks = self._blocks[channel]
        _, error = self._mean_of(channel, np.ones(_CLASSES, np.bool_))
        heard = np.cumsum(blocks)
        enough = int(np.argmax(heard >= max(_QUIET * heard[-1], 2)))
        below = np.arange(_CLASSES) <= enough
        quiet, quiet_error = self._mean_of(channel, below)
        alike = abs(mean - quiet) <= _STANDARD_ERRORS * np.hypot(error, quiet_error)
        surer = heard[enough] >= _SURE_BLOCKS and quiet_error < _SURER * error
        if (alike and not surer) or heard[enough] == heard[-1]:
            return mean, error
        if alike:  # a few hits stand out of what is quiet for the rest
            return quiet, quiet_error
        loud, loud_error = self._mean_of(channel, ~below)
        levels = 10 ** ((_LOWEST_DB + _CLASS_DB * (np.arange(_CLASSES) + 0.5)) / 20)
        quiet_level, loud_level = (
            float(np.sum((blocks * levels)[some]) / np.sum(blocks[some])) for some in (below, ~below)
        )
        no_offset = quiet, max(abs(quiet), quiet_error)
        if loud_level < _APART * quiet_level or abs(quiet) < _STILL * quiet_level:
            return no_offset  # it changes along the recording, whatever its level, or is a slow decay
        share = quiet_level / (loud_level - quiet_level)
        still = quiet - share * (loud - quiet)
        still_error = float(np.hypot((1.0 + share) * quiet_error, share * loud_error))
        if still * quiet <= 0.0 or abs(still) <= _STANDARD_ERRORS * still_error:
            return no_offset
        return quiet, quiet_error

    def _mean_of(self, channel: int, some: npt.NDArray[np.bool_]) -> tuple[float, float]:
        """Return the mean of the means of blocks of some loudness, and its standard error."""
        blocks = int(self._blocks[channel, some].sum())
        mean = float(self._means[channel, some].sum()) / max(blocks, 1)
        variance = float(self._squares[channel, some].sum()) / max(blocks, 1) - mean**2
        return mean, float(np.sqrt(max(variance, 0.0) / max(blocks - 1, 1)))
