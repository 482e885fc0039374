"""Original and restored, cut into windows on one absolute grid, with the noise floor around each.

::

    chunks      | i - 1 |   i   | i + 1 |      0.5 s; a window is a chunk with a margin to both sides
    frames              [---]                  as long as a margin, Hann, half a frame apart; they begin
                          [---]                in the chunk, and the last ones reach into the next
    floor      <- 4 s --|   i   |-- 4 s ->     the least that stands still near it, bin by bin
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...audio.arrays import Array, Audio, Mask
from ...audio.framing import FrameGrid
from ...kernels.spectra.stft import forward, hann, hop_length

FRAME_S = 0.046  # source: Uemura et al. (2008), whose measure of musical noise is on frames of this length
WINDOW_S = 0.5  # source: a syllable or two; what a cross-fade of a quarter of a second can single out
_REACH = 8  # tuned: bench guard, tuning, 2026-11-30; windows to each side in which the floor is looked for
_GROUP = 5  # guard: frames of which one power is a mean, so that one weak frame is no floor
_FLOOR_BIAS = 2.6  # derived: white noise's mean over what `Windows` takes for its floor without it, measured
_ZEROS = 0.1  # guard: share of zeros in half a frame from which on it holds digital silence
_SKIPPED = 2  # tuned: bench guard, tuning, 2026-11-30; so many windows may be quieter, as in a fade


@dataclass(frozen=True)
class Window:
    """One window of one recording, before and after.

    Attributes
    ----------
    sample_rate
        Hz.
    position
        Its first sample; that of `before` and `after` lies a frame earlier.
    hop
        Samples from frame to frame; a frame, and the margin, is two.
    before, after
        Samples with a frame more on both sides, shape (channels, frame + window + frame).
    power_before, power_after
        Mean squares by bin, a full-scale sine at a bin's middle having 0.5 in all; shape (channels, frames,
        bins).
    floor
        Power that stands still around the window in each bin, shape (channels, bins).
    """

    sample_rate: float
    position: int
    hop: int
    before: Audio
    after: Audio
    power_before: Array
    power_after: Array
    floor: Array


@dataclass
class _Heard:
    position: int
    before: Audio
    after: Audio
    power_before: Array
    power_after: Array
    least: Array


def frame_powers(signals: Audio, hop: int) -> Array:
    """Return the powers of a window's frames, as `Window.power_before` has them.

    Parameters
    ----------
    signals
        As `Window.before`, shape (channels, frame + window + frame).
    hop
        Samples from frame to frame.
    """
    window = hann(2 * hop)
    spectra = forward(signals[:, 2 * hop : -hop], window, hop)
    scale = 2 / (2 * hop * np.sum(window**2))
    return np.asarray((spectra.real**2 + spectra.imag**2) * scale)


class Windows:
    """Turns blocks of both signals into windows, as soon as what is around them was heard.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Of both signals.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._rate, self._channels = sample_rate, channels
        self.hop = 2 * hop_length(sample_rate, FRAME_S)
        self.length = max(round(WINDOW_S * sample_rate / self.hop), _GROUP) * self.hop
        self._grid = FrameGrid(2 * channels, self.length)
        margin = np.zeros((2 * channels, 2 * self.hop))
        self._earlier: Audio = margin
        self._chunk: Audio | None = None
        self._heard: deque[_Heard] = deque()
        self._waiting = 0  # index in `_heard` of the next window to give
        self._chunks = 0

    def push(self, before: Audio, after: Audio) -> Iterator[Window]:
        """Add blocks of both signals, shape (channels, n) each; yield windows that are complete."""
        for chunk in self._grid.push(np.concatenate([before, after])):
            yield from self._next(chunk)

    def finish(self) -> Iterator[Window]:
        """End both signals: yield the windows that are left, the last one filled with zeros."""
        rest = self._grid.rest()
        if rest.shape[1]:
            yield from self._next(np.pad(rest, ((0, 0), (0, self.length - rest.shape[1]))))
        if self._chunk is not None:
            yield from self._next(np.zeros_like(self._chunk))
        while self._waiting < len(self._heard):
            yield self._give()

    def _next(self, chunk: Audio) -> Iterator[Window]:
        if self._chunk is not None:
            margin = self._earlier.shape[1]
            whole = np.concatenate([self._earlier, self._chunk, chunk[:, :margin]], axis=1)
            self._hear(whole)
            self._earlier = self._chunk[:, -margin:]
            if len(self._heard) > self._waiting + _REACH:
                yield self._give()
        self._chunk = chunk

    def _hear(self, whole: Audio) -> None:
        before, after = whole[: self._channels], whole[self._channels :]
        same = np.array_equal(before, after)
        power_before = frame_powers(before, self.hop)
        power_after = power_before if same else frame_powers(after, self.hop)
        groups = power_before[:, : power_before.shape[1] // _GROUP * _GROUP]
        groups = groups.reshape(self._channels, -1, _GROUP, groups.shape[2]).mean(axis=2)
        least = np.where(self._gaps(before, groups.shape[1]), np.inf, groups).min(axis=1)
        position = self._chunks * self.length
        self._heard.append(_Heard(position, before, after, power_before, power_after, least))
        self._chunks += 1

    def _gaps(self, before: Audio, count: int) -> Mask:
        """Tell which groups of frames hold digital silence, shape (channels, groups, 1)."""
        within = before[:, 2 * self.hop :].reshape(self._channels, -1, self.hop)
        zeros = (within == 0).mean(axis=2) > _ZEROS
        heard = zeros[:, : count * _GROUP].reshape(self._channels, count, _GROUP).any(axis=2)
        heard |= zeros[:, _GROUP : count * _GROUP + 1 : _GROUP]  # the last frame reaches on
        return np.asarray(heard[:, :, np.newaxis])

    def _give(self) -> Window:
        index = self._waiting
        near = [one.least for one in list(self._heard)[max(index - _REACH, 0) : index + _REACH + 1]]
        floor = np.sort(near, axis=0)[min(_SKIPPED, len(near) - 1)]
        floor = np.where(np.isfinite(floor), _FLOOR_BIAS * floor, 0.0)
        one = self._heard[index]
        if index == _REACH:
            self._heard.popleft()
        else:
            self._waiting += 1
        return Window(
            self._rate, one.position, self.hop,
            one.before, one.after, one.power_before, one.power_after, floor,
        )  # fmt: skip
