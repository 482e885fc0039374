"""Constant offset: what a converter with a misadjusted zero adds to a whole recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .findings import Analyser, Findings, FindingsError, by_channel
from .framing import Audio

_BLOCK_SECONDS = 0.1
_STANDARD_ERRORS = 4


@dataclass(frozen=True, eq=False)
class Offset(Findings):
    """Constant offset of each channel.

    Attributes
    ----------
    mean
        Mean of each channel, shape (channels,), full scale 1.0.
    uncertainty
        Standard error of each mean, shape (channels,): from how far the means of 0.1-second blocks scatter.
    """

    mean: npt.NDArray[np.float64]
    uncertainty: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.mean.shape != self.uncertainty.shape:
            raise FindingsError("Offset needs one mean and one uncertainty a channel")
        finite = np.isfinite(self.mean).all() and np.isfinite(self.uncertainty).all()
        if not (finite and (self.uncertainty >= 0).all()):
            raise FindingsError("Offset needs finite means and uncertainties that are not negative")

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


class OffsetAnalyser(Analyser[Offset]):
    """Mean of each channel, and how sure it is."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        super().__init__(sample_rate, channels, hop=max(round(_BLOCK_SECONDS * sample_rate), 1))
        self._total = np.zeros(channels)
        self._of_blocks = np.zeros(channels)
        self._of_squares = np.zeros(channels)
        self._blocks = 0
        self._samples = 0

    def _frame(self, frame: Audio) -> None:
        sums = frame.sum(axis=1)
        means = sums / frame.shape[1]
        self._total += sums
        self._of_blocks += means
        self._of_squares += means**2
        self._blocks += 1
        self._samples += frame.shape[1]

    def _conclude(self, rest: Audio) -> Offset:
        samples = max(self._samples + rest.shape[1], 1)
        mean = (self._total + rest.sum(axis=1)) / samples
        if self._blocks < 2:  # too short to tell an offset from a slow wave
            return Offset(mean=mean, uncertainty=np.abs(mean))
        variance = self._of_squares / self._blocks - (self._of_blocks / self._blocks) ** 2
        return Offset(mean=mean, uncertainty=np.sqrt(np.maximum(variance, 0.0) / (self._blocks - 1)))
