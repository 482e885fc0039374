"""Holes of one channel: samples that stand still, and stretches far under the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...audio.arrays import Array, Audio
from ...contract.marks import Spans
from .times import LEVEL_GRAINS, Times

_NEAR = 0.7  # tuned: by hand, the tests' rooms, 2026-11-29; power at which a gate is open


class Hole(NamedTuple):
    """A stretch to fill, absolute samples; where `ends` is False it goes on behind `stop`."""

    start: int
    stop: int
    ends: bool
    gate: bool = False

    def near(self, start: int, stop: int, fade: int) -> bool:
        """Tell whether it reaches, with its fades, into some samples."""
        return self.start - fade < stop and start < self.stop + fade

    def span(self, fade: int, length: int | None) -> tuple[int, int]:
        """Return the samples that it changes, of a recording of that length: with its fades."""
        fade = 0 if self.gate else fade
        stop = self.stop + fade
        return max(self.start - fade, 0), stop if length is None else min(stop, length)


@dataclass
class Heard:
    """What a finder hears of one channel: samples, the place of the first, where the recording ends."""

    samples: Audio
    origin: int
    length: int | None

    @property
    def bounds(self) -> tuple[int, int]:
        """Samples of the recording, absolute: from one to before another."""
        end = self.origin + self.samples.size
        return max(self.origin, 0), end if self.length is None else max(min(end, self.length), 0)

    @property
    def over(self) -> bool:
        """Whether the recording's end is in sight."""
        return self.length is not None and self.length <= self.origin + self.samples.size


class StillFinder:
    """Runs of equal samples, zeros or another value that stands still; how long they are is remembered."""

    def __init__(self, times: Times) -> None:
        self._times = times
        self._begun = 0

    def find(self, heard: Heard) -> list[Hole]:
        """Return the runs in sight; call it once a hop."""
        low, high = heard.bounds
        if high <= low:
            return []
        x = heard.samples[low - heard.origin : high - heard.origin]
        moved = low + 1 + np.flatnonzero(x[1:] != x[:-1])
        starts = np.append(self._begun if low else 0, moved)
        stops = np.append(moved, high)
        after = heard.origin + self._times.hop  # where the buffer begins next
        self._begun = int(starts[max(int(np.searchsorted(starts, after, side="right")) - 1, 0)])
        long = stops - starts >= self._times.least
        return [
            Hole(start, stop, stop < high or heard.over)
            for start, stop in np.stack([starts[long], stops[long]], axis=1).tolist()
        ]


class GateFinder:
    """Stretches whose level lies far under the background, with the ramps on both sides of them."""

    def __init__(self, times: Times, loudness: Array) -> None:
        self._times = times
        self.loudness = loudness  # of each frame of the buffer, which moves along with it
        self._starts: dict[int, int] = {}  # of a stretch's first quiet frame: where its ramp begins
        self._first: int | None = None  # quiet frame of the stretch in which the buffer begins

    def find(self, heard: Heard, threshold_db: float) -> list[Hole]:
        """Return the stretches in sight; call it once a hop."""
        grain, (low, high) = self._times.grain, heard.bounds
        at = heard.origin + grain * np.arange(self.loudness.size)
        exists = (at >= low) & (at + LEVEL_GRAINS * grain <= high)
        quiet = exists & (self.loudness < 10 ** (-threshold_db / 10))
        under = exists & (self.loudness < _NEAR)
        ramp = self._times.ramp // grain
        holes, starts, following = [], {}, None
        next_frame = self._times.hop // grain
        for begin, end in _runs(quiet):
            first = self._first if begin == 0 and self._first is not None else int(at[begin])
            starts[first] = self._starts.get(first, int(at[_reach(under, begin, -1, ramp)]))
            last = _reach(under, end - 1, 1, ramp)
            ends = bool(last + 1 < quiet.size and exists[last + 1]) or heard.over
            if (end - begin) * grain >= self._times.least:
                stop = min(int(at[last]) + LEVEL_GRAINS * grain, high)
                holes.append(Hole(starts[first], stop, ends, gate=True))
            if begin <= next_frame < end:
                following = first
        self._starts, self._first = starts, following
        return holes

    def missing(self, heard: Heard, start: int, samples: int) -> Array:
        """Return the power that is missing there, over the background's, 0 to 1."""
        middles = heard.origin + self._times.grain * (np.arange(self.loudness.size) + LEVEL_GRAINS / 2)
        here = np.interp(np.arange(start, start + samples) + 0.5, middles, self.loudness)
        return np.asarray(np.maximum(1.0 - here, 0.0))


def _runs(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[list[int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return edges.reshape(-1, 2).tolist()


def _reach(under: np.ndarray[tuple[int], np.dtype[np.bool_]], place: int, step: int, most: int) -> int:
    """Go on from a frame while the level stays under the background; return the last such frame."""
    for _ in range(most):
        if not 0 <= place + step < under.size or not under[place + step]:
            break
        place += step
    return place


def told_to_fill(heard: Heard, forced: Spans) -> list[Hole]:
    """Return what is in sight of the stretches that are to be filled whatever is in them."""
    low, high = heard.bounds
    return [
        Hole(start, min(stop, high), stop <= high or heard.over)
        for start, stop in forced.tolist()
        if start < high and stop > low
    ]


def spared(hole: Hole, vetoed: Spans, times: Times) -> Hole | None:
    """Return what of a hole may be filled: all of it up to the first veto that touches it.

    A veto in its first moments spares it whole.
    """
    touching = vetoed[(vetoed[:, 1] > hole.start - times.fade) & (vetoed[:, 0] < hole.stop + times.fade)]
    if not len(touching):
        return hole
    stop = int(touching[0, 0]) - times.fade
    return hole._replace(stop=stop, ends=True) if stop - hole.start >= times.least else None
