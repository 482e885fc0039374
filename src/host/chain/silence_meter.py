"""Whether a slot turned sound into silence for good, as a plugin does that has died without a word."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Audio
from ...contract.stage import Event, Sink

SILENCED = "silenced"
"""Kind of the event."""

_SOUND = 1e-3  # -60 dBFS; tuned: by hand, no record. Silence in the place of less is what a gate is for
_AS_LOUD = (
    0.25  # -12 dB; tuned: by hand, no record. A gate that shut at the end let louder sound through before
)
_LEAST_S = 1.0  # tuned: by hand, no record; a gate shuts for less


@dataclass(frozen=True)
class Silenced(Event):
    """The stretch, up to the recording's end, that should not be silent."""


class SilenceMeter:
    """Compare what goes into a slot with what comes out; tell where it is silent from there to the end.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._least = round(_LEAST_S * sample_rate)
        self._position = 0
        self._since = 0  # this sample on, nothing came out
        self._heard, self._lost = _Swing(channels), _Swing(channels)

    def push(self, before: Audio, after: Audio) -> None:
        """Compare the next samples, each of shape (channels, n)."""
        count = after.shape[1]
        if not count:
            return
        sounding = count if after[:, -1].any() else _length_without_silence(after)
        if sounding:
            self._heard.include(self._lost)
            self._heard.see(before[:, :sounding])
            self._lost = _Swing(len(before))
            self._since = self._position + sounding
        self._lost.see(before[:, sounding:])
        self._position += count

    def after(self, other: SilenceMeter | None) -> SilenceMeter:
        """Return what a meter would be that was shown what `other` saw first, and then what this one saw."""
        if other is None:
            return self
        both = copy.deepcopy(other)
        if self._since:
            both._heard.include(both._lost)
            both._heard.include(self._heard)
            both._lost = _Swing(len(self._lost._low))
            both._since = other._position + self._since
        both._lost.include(self._lost)
        both._position += self._position
        return both

    def finish(self, sink: Sink) -> None:
        """End the recording."""
        length = self._position - self._since
        missed = self._lost.size >= max(_SOUND, _AS_LOUD * self._heard.size)
        if missed and (length >= self._least or not self._since):
            sink(Silenced(SILENCED, self._since, length))


class _Swing:
    """Half of what samples swing, in the channel where it is most: their peak, but for an offset."""

    def __init__(self, channels: int) -> None:
        self._low: npt.NDArray[np.float64] = np.full(channels, np.inf)
        self._high: npt.NDArray[np.float64] = np.full(channels, -np.inf)

    @property
    def size(self) -> float:
        return max(float((self._high - self._low).max()) / 2, 0.0)

    def see(self, audio: Audio) -> None:
        if audio.shape[1]:
            self._low = np.minimum(self._low, audio.min(axis=1))
            self._high = np.maximum(self._high, audio.max(axis=1))

    def include(self, other: _Swing) -> None:
        self._low = np.minimum(self._low, other._low)
        self._high = np.maximum(self._high, other._high)


def _length_without_silence(audio: Audio) -> int:
    sounding = np.flatnonzero(audio.any(axis=0))
    return int(sounding[-1]) + 1 if sounding.size else 0
