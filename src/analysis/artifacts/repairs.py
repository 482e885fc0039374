"""Single repairs that stages told of, such as clicks, and which of them a careful listener would make too.

What was taken at once cannot be told from a stroke by the samples alone. But whoever took it told where, and
the same stage at its defaults knows well what a click is: what that would have left alone is doubtful.
"""

from __future__ import annotations

from array import array
from collections import defaultdict

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Audio, Mask
from .bands import decibels, in_bands
from .losses import HEARD
from .windows import Window, frame_powers

_BUCKET_S = 1.0  # guard: so that a window looks at what is near it alone
_NEAR_S = 0.7e-3  # tuned: bench guard, tuning, 2026-11-30; the same click is found so far off by another run
_BESIDE_S = 0.1e-3  # guard: differences reach beside what was taken
_LEAST_FRAMES = 4  # guard: a window tells something from more than one part in so many on
_LEAST = 1e-20  # guard: no division by nothing


class _Spans:
    """Spans of channels, 16 bytes each, so that those of hours can be kept."""

    def __init__(self, bucket: int) -> None:
        self._bucket = bucket
        self._held: dict[tuple[int, int], array[int]] = defaultdict(lambda: array("q"))

    def put(self, channel: int, start: int, stop: int) -> None:
        for bucket in range(start // self._bucket, (stop - 1) // self._bucket + 1):
            self._held[channel, bucket].extend((start, stop))

    def within(self, channel: int, start: int, stop: int) -> list[tuple[int, int]]:
        """Return those that may touch the samples from `start` to before `stop`, in order, each once."""
        buckets = range(start // self._bucket, (stop - 1) // self._bucket + 1)
        found = [self._held[channel, bucket] for bucket in buckets if (channel, bucket) in self._held]
        return sorted({pair for one in found for pair in zip(one[::2], one[1::2], strict=True)})


class Repairs:
    """Where something was taken at once, and what is sure of it; nothing depends on the order it is told in.

    Parameters
    ----------
    sample_rate
        Hz.
    """

    def __init__(self, sample_rate: float) -> None:
        self._bucket = max(round(_BUCKET_S * sample_rate), 1)
        self._near = round(_NEAR_S * sample_rate)
        self._beside = max(round(_BESIDE_S * sample_rate), 1)
        self._taken, self._sure = _Spans(self._bucket), _Spans(self._bucket)

    def take(self, channel: int, start: int, stop: int) -> None:
        """Tell of a repair of the samples from `start` to before `stop`."""
        self._taken.put(channel, start, stop)

    def believe(self, channel: int, start: int, stop: int) -> None:
        """Tell of a span in which a careful listener finds a fault: repairs that touch it are sure."""
        self._sure.put(channel, start - self._near, stop + self._near)

    def near(self, window: Window, channel: int) -> tuple[Mask, Mask]:
        """Return which samples of `Window.before` lie in doubtful repairs, and which in sure ones."""
        count = window.before.shape[1]
        origin = window.position - 2 * window.hop
        sure = self._sure.within(channel, origin, origin + count)
        doubtful = [
            one
            for one in self._taken.within(channel, origin, origin + count)
            if not any(start < one[1] and one[0] < stop for start, stop in sure)
        ]
        return self._mask(doubtful, origin, count), self._mask(sure, origin, count)

    def _mask(self, spans: list[tuple[int, int]], origin: int, count: int) -> Mask:
        mask = np.zeros(count, np.bool_)
        for start, stop in spans:
            mask[max(start - origin - self._beside, 0) : max(stop - origin + self._beside, 0)] = True
        return mask


def doubtful_loss(
    window: Window, channel: int, doubtful: Mask, sure: Mask, edges: npt.NDArray[np.intp]
) -> tuple[float, float]:
    """Measure what doubtful repairs took in a window.

    Parameters
    ----------
    window, channel
        Where.
    doubtful, sure
        Samples of repairs, of `Window.before`; see `Repairs.near`.
    edges
        See `band_edges`.

    Returns
    -------
    float
        Energy, of differences from sample to sample, that went, relative to that of the sound outside sure
        repairs, dB; -200 where nothing went.
    float
        What went of the band of hearing that lost most, relative to it, dB.
    """
    if not doubtful.any():
        return float(decibels(0.0)), float(decibels(0.0))
    before = window.before[channel]
    removed = before - window.after[channel]
    within = slice(2 * window.hop, -2 * window.hop)
    took, was = (np.square(np.diff(one, prepend=one[:1]))[within] for one in (removed, before))
    share = took[doubtful[within]].sum() / max(float(was[~sure[within]].sum()), _LEAST)
    clear = ~touched_frames(window, sure)
    lost = touched_frames(window, doubtful) & clear
    return float(decibels(share)), _band_loss(window, channel, removed, (lost, clear), edges)


def touched_frames(window: Window, samples: Mask) -> Mask:
    """Return which frames hold any of some samples of `Window.before`."""
    count = window.power_before.shape[1]
    within = samples[2 * window.hop : (count + 3) * window.hop].reshape(count + 1, window.hop)
    hops = np.asarray(within.any(axis=1))
    return np.asarray(hops[:-1] | hops[1:])


def without(frames: Mask, others: Mask) -> Mask:
    """Return `frames` and `others` together; where hardly a frame would be left, `frames` alone."""
    both = frames | others
    return both if np.count_nonzero(~both) * _LEAST_FRAMES > both.size else frames


def _band_loss(
    window: Window, channel: int, removed: Audio, frames: tuple[Mask, Mask], edges: npt.NDArray[np.intp]
) -> float:
    lost, clear = frames
    power = window.power_before[channel]
    whole = in_bands(power.sum(axis=0), edges)
    heard = whole > HEARD * whole.max()
    if not lost.any() or np.count_nonzero(clear) * _LEAST_FRAMES <= clear.size or not heard.any():
        return float(decibels(0.0))
    gone = in_bands(frame_powers(removed[np.newaxis], window.hop)[0, lost].sum(axis=0), edges)[heard]
    was = in_bands(power[clear].sum(axis=0), edges)[heard]
    return float(decibels((gone / np.maximum(was, _LEAST)).max()))
