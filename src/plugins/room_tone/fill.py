"""The stage at work on one recording."""

from __future__ import annotations

from functools import cache

import numpy as np

from ...analysis.noise.background import Background
from ...audio.arrays import Array, Audio, Counts
from ...contract.stream import Event, Processor, Sink
from .holes import GateFinder, Heard, Hole, StillFinder, spared, told_to_fill
from .times import LEVEL_GRAINS, Times
from .tone import Loudness, Tone

FILLED = "filled hole"
"""Kind of the events."""

_LEAST_SIDE, _MOST_SIDE = (
    0.4,
    2.0,
)  # tuned: by hand, rooms made up by the tests, 2026-11-29; power beside a hole that is background alone
_LEAST_FRAMES = 4  # guard: fewer say little of a level
_SLACK_S = 0.15  # derived: the end of a sound is known to a block of 0.1 s, and a gate's to a frame


class Fill(Processor):
    """Finds the holes of one recording and fills them.

    Parameters
    ----------
    times
        Lengths, and how the buffer lies on the recording.
    sample_rate
        Hz.
    background
        What to fill them with.
    gates, seed
        The stage's.
    """

    def __init__(
        self, times: Times, sample_rate: float, background: Background, gates: bool, seed: int
    ) -> None:
        self._times = times
        self._tone = Tone(sample_rate, background, times.grain, seed)
        self._loudness = Loudness(sample_rate, background, times.grain)
        self._begins, self._ends = (
            _samples(seconds, sample_rate) for seconds in (background.sound_start_s, background.sound_end_s)
        )
        self._duration = round(background.duration_s * sample_rate)
        self._slack = round(_SLACK_S * sample_rate)
        channels = range(self._tone.known.size)
        self._buffer = np.zeros((len(channels), times.size))
        self._origin = -times.size
        self._length: int | None = None
        self._still = [StillFinder(times) for _ in channels]
        frames = times.size // times.grain - LEVEL_GRAINS + 1
        self._gates = [GateFinder(times, np.ones(frames)) for _ in channels if gates]
        self._left_db: list[dict[int, float]] = [{} for _ in channels]
        self._marks = cache(lambda channel: (self.marks.vetoed_in(channel), self.marks.forced_in(channel)))

    def finish(self, length: int) -> None:
        """See `Processor.finish`."""
        self._length = length

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        """See `Processor.step`."""
        times, hop = self._times, self._times.hop
        self._buffer[:, :-hop] = self._buffer[:, hop:]
        self._buffer[:, -hop:] = frame
        self._origin += hop
        out = self._buffer[:, times.past : times.past + hop].copy()
        zone = self._origin + times.past
        found = [self._holes(channel, zone, sink) for channel in np.flatnonzero(self._tone.known).tolist()]
        if any(holes for _, holes in found):
            tone = 10 ** (self.settings.level_db / 20) * self._tone.at(zone, hop)
            for channel, holes in found:
                self._fill(channel, holes, out[channel], tone[channel])
        return out

    def _heard(self, channel: int) -> Heard:
        return Heard(self._buffer[channel], self._origin, self._length)

    def _holes(self, channel: int, zone: int, sink: Sink | None) -> tuple[int, list[Hole]]:
        """Return the holes that reach into the hop, and tell those that end in it."""
        times, heard = self._times, self._heard(channel)
        vetoed, forced = self._marks(channel)
        holes = self._still[channel].find(heard)
        if self._gates:
            self._listen(channel)
            holes += self._gates[channel].find(heard, self.settings.threshold_db)
        holes = [hole for hole in holes if not self._at_an_end(channel, hole)]
        holes += told_to_fill(heard, forced)
        left = [one for hole in holes if (one := spared(hole, vetoed, times))]
        here = [hole for hole in left if hole.near(zone, zone + times.hop, times.fade)]
        spans = [hole.span(times.fade, self._length) for hole in here]
        for hole, (start, stop) in zip(here, spans, strict=True):
            ends_here = hole.ends and zone < stop <= zone + times.hop
            inside = any(
                one <= start and stop <= other and (one, other) != (start, stop) for one, other in spans
            )
            if sink is not None and ends_here and not inside:
                sink(Event(FILLED, start, stop - start, channel))
        return channel, here

    def _listen(self, channel: int) -> None:
        """Hear how loud the newest hop is beside the background."""
        loudness, new = self._gates[channel].loudness, self._times.hop // self._times.grain
        loudness[:-new] = loudness[new:]
        first = self._buffer.shape[1] - (new + LEVEL_GRAINS - 1) * self._times.grain
        loudness[-new:] = self._loudness.of(self._buffer[channel, first:], channel)

    def _at_an_end(self, channel: int, hole: Hole) -> bool:
        """Tell whether a hole lies before the recording's first sound or behind its last, and is to stay."""
        if self.settings.ends:
            return False
        slack = self._slack if hole.gate else 0
        leads_in = hole.start <= (int(self._begins[channel]) - slack if hole.gate else 0)
        leads_out = int(self._ends[channel]) - slack <= hole.start < self._duration
        return leads_in or leads_out

    def _fill(self, channel: int, holes: list[Hole], out: Audio, tone: Audio) -> None:
        """Fill a hop of one channel, in place."""
        times, heard = self._times, self._heard(channel)
        zone = self._origin + times.past
        at = np.arange(zone, zone + times.hop)
        faded, added, gain_db = np.zeros(out.size), np.zeros(out.size), np.zeros(out.size)
        for hole in holes:
            ramp = np.minimum(at - (hole.start - times.fade), hole.stop + times.fade - 1 - at) + 0.5
            if hole.gate:
                inside = np.clip(ramp / times.fade - 1.0, 0.0, 1.0)
                missing = np.sqrt(self._gates[channel].missing(heard, zone, times.hop))
                added = np.maximum(added, inside * missing)
            else:
                faded = np.maximum(faded, np.clip(ramp / times.fade, 0.0, 1.0))
            gain_db = np.where(ramp > 0, self._gain_db(channel, hole, at), gain_db)
        self._left_db[channel] = {hole.start: self._left_db[channel][hole.start] for hole in holes}
        own = np.cos(0.5 * np.pi * faded)  # powers of both add up to one
        added = np.maximum(added, np.sin(0.5 * np.pi * faded))
        touched = added > 0
        filled = own * out + added * 10 ** (gain_db / 20) * tone
        out[touched] = filled[touched]

    def _gain_db(self, channel: int, hole: Hole, at: Counts) -> Array:
        """Return by how much the background is louder beside a hole, and less so farther in."""
        times, known = self._times, self._left_db[channel]
        if hole.start not in known:  # later the sound before it is out of sight
            known[hole.start] = self._side_db(channel, hole.start - times.side, hole.start)
        left = np.clip(1.0 - (at - hole.start) / times.reach, 0.0, 1.0)
        if not hole.ends:
            return left * known[hole.start]
        right = np.clip(1.0 - (hole.stop - 1 - at) / times.reach, 0.0, 1.0)
        right_db = self._side_db(channel, hole.stop, hole.stop + times.side)
        return np.asarray((left * known[hole.start] + right * right_db) / np.maximum(left + right, 1.0))

    def _side_db(self, channel: int, start: int, stop: int) -> float:
        """Return the background's level over its print in some samples, dB; 0 where they hold more."""
        low, high = self._heard(channel).bounds
        start, stop = max(start, low) - self._origin, min(stop, high) - self._origin
        loudness = self._loudness.of(self._buffer[channel, start : max(stop, start)], channel)
        alone = loudness[(loudness > _LEAST_SIDE) & (loudness < _MOST_SIDE)]
        return 10 * float(np.log10(alone.mean())) if alone.size >= _LEAST_FRAMES else 0.0


def _samples(seconds: Array, sample_rate: float) -> Counts:
    return np.round(seconds * sample_rate).astype(np.int64)


class Through(Processor):
    """Gives back what came in, as late as the filling would."""

    def __init__(self, times: Times, channels: int) -> None:
        self._held = np.zeros((channels, times.latency))

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        """See `Processor.step`."""
        heard = np.concatenate([self._held, frame], axis=1)
        self._held = heard[:, frame.shape[1] :]
        return heard[:, : frame.shape[1]]
