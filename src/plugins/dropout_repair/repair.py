"""The stage at work on one recording."""

from __future__ import annotations

from collections import deque
from functools import cache
from typing import NamedTuple

import numpy as np

from ...audio.arrays import Audio
from ...contract.marks import Spans, touched
from ...contract.stream import Event, Processor, Sink
from ...kernels.samples.blurred import blurred_spans
from ...kernels.samples.lost import lost_spans
from ...kernels.samples.runs import equal_runs
from .evidence import Dip, Evidence
from .fades import Around, Ground, Silence, noise_in
from .rhythm import CUTS, FALLS, Rhythm
from .search import DipFinder
from .times import Times

# tuned: dropouts of bench.material.tuning against clean takes, tuning set, 2026-11-29
_ASKED, _A_STEP = 0.3, 1.0  # log odds of a dropout, and what a step of the sensitivity takes off
_WON_BESIDE, _BESIDE_GAIN = 0.1, 0.9  # nats a sample, and least gain, in a channel beside a dropout
_LOOK_KNOTS, _KNOTS = 10, 16  # of a gain: when it is judged, and when it is undone
_MARGIN_S = 1e-3  # on either side of a fall, for the fit that repairs it

_PLAIN_S = 2e-3  # guard: of a silence that may keep time; a wave passes through zero for less

DROPOUT, LOST, UNREPAIRABLE = "dropout", "lost samples", "unrepairable gap"
"""Kinds of events; the last is told of a forced one whose samples could not be rebuilt, and stay."""


class Suspect(NamedTuple):
    """A moment in which the level may have fallen, and what was measured in the channels that show it."""

    start: int
    stop: int
    dips: dict[int, Dip]

    @property
    def middle(self) -> tuple[int, int]:
        """The samples in which the level is lowest."""
        third = (self.stop - self.start) // 3
        return self.start + third, self.stop - third


class Seen(NamedTuple):
    """What may be gaps of one hop, channel by channel, by samples of the recording.

    Attributes
    ----------
    still
        Runs of zeros that are longer than a wave's passage, lost or not.
    lost, blurred
        See `lost_spans` and `blurred_spans`.
    dips
        Start, stop and what was measured.
    """

    still: list[Spans]
    lost: list[Spans]
    blurred: list[Spans]
    dips: list[list[tuple[int, int, Dip]]]


def _shared(span: list[int], others: list[list[int]]) -> bool:
    """Tell whether another channel has lost the same samples, give or take an edge."""
    return any(max(span[0], other[0]) < min(span[1], other[1]) for other in others)


class Repair(Processor):
    """Finds and repairs gaps in one recording.

    Parameters
    ----------
    times
        Lengths, and how the buffer lies on the recording.
    sample_rate, channels
        Of the recording.
    """

    def __init__(self, times: Times, sample_rate: float, channels: int) -> None:
        self._times = times
        self._rate = sample_rate
        self._finder = DipFinder(times, sample_rate, channels)
        self._cuts, self._falls = Rhythm(CUTS, sample_rate), Rhythm(FALLS, sample_rate)
        self._seen: deque[Seen] = deque()
        self._last = Seen([], [], [], [])  # the one before those
        self._buffer = np.zeros((channels, times.size))
        self._origin = -times.size
        self._length: int | None = None
        self._done = [0] * channels  # samples of the buffer before these were repaired
        self._by_channel = cache(
            lambda channel: (self.marks.vetoed_in(channel), self.marks.forced_in(channel))
        )

    def finish(self, length: int) -> None:
        """See `Processor.finish`."""
        self._length = length

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        """See `Processor.step`."""
        times, hop = self._times, self._times.hop
        self._buffer[:, :-hop] = self._buffer[:, hop:]
        self._buffer[:, -hop:] = frame
        self._origin += hop
        self._done = [done - hop for done in self._done]
        self._finder.advance(self._buffer)
        self._look()
        if len(self._seen) > times.wait // hop:
            seen = self._seen.popleft()
            self._repair(seen, sink)
            self._last = seen
        return self._buffer[:, times.past : times.past + hop].copy()

    @property
    def _asked(self) -> float:
        return float(_ASKED + _A_STEP * (5.0 - self.settings.sensitivity))

    @property
    def _bounds(self) -> tuple[int, int]:
        end = self._times.size if self._length is None else self._length - self._origin
        return max(-self._origin, 0), max(min(end, self._times.size), 0)

    def _look(self) -> None:
        """See what may be a gap in the hop that is looked at."""
        times = self._times
        first = times.past + times.back + times.wait
        where = (first, first + times.hop), self._bounds, self._rate, times.longest
        still = [self._still(x, first) + self._origin for x in self._buffer]
        lost = [lost_spans(x, *where) + self._origin for x in self._buffer]
        blurred = [blurred_spans(x, *where) + self._origin for x in self._buffer]
        dips = [
            [(start + self._origin, stop + self._origin, dip) for start, stop, dip in found]
            for found in (self._finder.find(channel, first, self._bounds) for channel in range(len(lost)))
        ]
        falls = np.array([row[:2] for found in dips for row in found], np.int64).reshape(-1, 2)
        silences = np.concatenate(blurred)
        plain = silences[:, 1] - silences[:, 0] > _PLAIN_S * self._rate
        self._cuts.hear(np.concatenate([*still, *lost, silences[plain]]))
        self._falls.hear(falls)
        self._seen.append(Seen(still, lost, blurred, dips))

    def _still(self, x: Audio, first: int) -> Spans:
        """Return runs of zeros that begin in the hop from a sample on."""
        low, high = max(first, self._bounds[0] + 1), min(first + self._times.hop, self._bounds[1])
        end = min(high + self._times.longest, self._bounds[1])
        runs: Spans = equal_runs(x, low, high, end, round(_PLAIN_S * self._rate), self._times.longest)
        zeros: Spans = runs[x[runs[:, 0]] == 0.0]
        return zeros

    def _repair(self, seen: Seen, sink: Sink | None) -> None:
        """Repair what is missing in the hop that was looked at some time ago."""
        forced = [self._forced(channel) for channel in range(len(self._buffer))]
        lost = [
            self._unmarked(channel, *each) for channel, each in enumerate(zip(seen.lost, forced, strict=True))
        ]
        blurred = self._blurred(seen.blurred, lost, forced)
        known = [np.concatenate(each) for each in zip(lost, blurred, forced, strict=True)]
        dips = self._dips(seen, known)
        if not dips and not any(len(spans) for spans in (*lost, *blurred, *forced)):
            return
        grounds = [Ground(x, np.zeros(x.size, np.bool_), self._bounds, self._times) for x in self._buffer]
        for ground, *spans in zip(grounds, lost, blurred, forced, strict=True):
            for start, stop in np.concatenate(spans).tolist():
                ground.damaged[start:stop] = True
            for dip in dips:
                ground.damaged[dip.start : dip.stop] = True
        for channel, ground in enumerate(grounds):
            for kind, spans_of in ((LOST, lost), (DROPOUT, forced)):
                for start, stop in spans_of[channel].tolist():
                    self._fill(channel, ground, (start, stop), kind, sink)
            for start, stop in blurred[channel].tolist():
                self._unblur(channel, ground, (start, stop), sink)
        for dip in dips:
            self._undo_fade(dip, grounds, sink)

    @property
    def _zone(self) -> tuple[int, int]:
        first = self._times.past + self._times.back
        return first, first + self._times.hop

    def _forced(self, channel: int) -> Spans:
        if not self.marks.forced:
            return np.empty((0, 2), np.int64)
        spans = self._by_channel(channel)[1] - self._origin
        first, last = self._zone
        return spans[(spans[:, 0] >= first) & (spans[:, 0] < last)]

    def _unmarked(self, channel: int, seen: Spans, *others: Spans) -> Spans:
        """Return, by samples of the buffer, what keeps no time and is none of the others or vetoed."""
        spans = seen[~self._cuts.kept(seen)] - self._origin
        for known in (*others, *([self._vetoed(channel)] if self.marks.vetoed else [])):
            spans = spans[~touched(spans, known)]
        return spans

    def _blurred(self, seen: list[Spans], lost: list[Spans], forced: list[Spans]) -> list[Spans]:
        """Return what was lost before a resampler or a codec in each channel, and is not known or vetoed."""
        found: list[list[tuple[list[int], Silence]]] = []
        for channel, (x, *each) in enumerate(zip(self._buffer, seen, lost, forced, strict=True)):
            spans = self._unmarked(channel, *each)
            heard = [(span, self._silence(x, *span)) for span in spans.tolist()]
            found.append([(span, silence) for span, silence in heard if silence])
        sure = [span for one in found for span, silence in one if silence.is_loss]
        kept = [
            [
                span
                for span, silence in one
                if silence.is_loss or (silence.may_be_loss and _shared(span, sure))
            ]
            for one in found
        ]
        return [np.array(spans, np.int64).reshape(-1, 2) for spans in kept]

    def _silence(self, x: Audio, start: int, stop: int) -> Silence | None:
        ground, ringing = (
            Ground(x, np.zeros(x.size, np.bool_), self._bounds, self._times),
            self._times.ringing,
        )
        around = Around.of(ground, (start - ringing, stop + ringing), self._times.judge)
        return around.silence(ringing) if around else None

    def _vetoed(self, channel: int) -> Spans:
        return np.asarray(self._by_channel(channel)[0] - self._origin)

    def _dips(self, seen: Seen, others: list[Spans]) -> list[Suspect]:
        """Return dips beside the `others` of each channel, those of all channels at one moment as one.

        Those over a moment that keeps time in any channel are none.
        """
        widening = self._times.widening
        near = self._last, seen, *list(self._seen)[:1]
        cuts = np.concatenate([spans for hop in near for spans in (*hop.still, *hop.lost, *hop.blurred)])
        played = cuts[self._cuts.kept(cuts)].tolist()
        rows = []
        for channel, taken in enumerate(others):
            for start, stop, dip in seen.dips[channel]:
                row = start - self._origin - widening, stop - self._origin + widening
                if self._falls.kept(np.array([(start, stop)]))[0]:
                    played.append([start, stop])
                elif not touched(np.array([row]), taken[np.argsort(taken[:, 0])])[0]:
                    rows.append((*row, channel, dip))
        dips: list[Suspect] = []
        longest = self._times.longest + 2 * widening
        for start, stop, channel, dip in sorted(rows):
            last = dips[-1] if dips else None
            if last and channel not in last.dips and start < last.stop and stop - last.start <= longest:
                dips[-1] = Suspect(last.start, max(stop, last.stop), {**last.dips, channel: dip})
            else:
                dips.append(Suspect(start, stop, {channel: dip}))
        here = [(start - self._origin, stop - self._origin) for start, stop in played]
        return [dip for dip in dips if not any(dip.start < stop and dip.stop > start for start, stop in here)]

    def _fill(
        self, channel: int, ground: Ground, span: tuple[int, int], kind: str, sink: Sink | None
    ) -> None:
        """Put what the sound around predicts in place of samples of which nothing is left."""
        start, stop = span
        around = Around.of(ground, span, self._times.order)
        samples = around.mended(None) if around else None
        if around and samples is not None and kind == LOST and around.begins_anew(samples):
            return
        if samples is not None:
            ground.x[start:stop] = samples
            self._done[channel] = max(self._done[channel], stop)
            self._tell(sink, Event(kind, start + self._origin, stop - start, channel))
        elif kind == DROPOUT:
            self._tell(sink, Event(UNREPAIRABLE, start + self._origin, stop - start, channel, 0.0))

    def _unblur(self, channel: int, ground: Ground, span: tuple[int, int], sink: Sink | None) -> None:
        """Put what the sound predicts in place of lost samples and of their edges' ringing."""
        ringing = self._times.ringing
        wide = span[0] - ringing, span[1] + ringing
        if self._spared(channel, wide):
            wide, ringing = span, 0
        around = Around.of(ground, wide, self._times.order)
        samples = around.unrung(ringing) if around else None
        if around and samples is not None and not around.begins_anew(samples):
            ground.x[wide[0] : wide[1]] = samples
            self._done[channel] = max(self._done[channel], wide[1])
            self._tell(sink, Event(LOST, wide[0] + self._origin, wide[1] - wide[0], channel))

    def _undo_fade(self, suspect: Suspect, grounds: list[Ground], sink: Sink | None) -> None:
        """Bring the level back where evidence is enough that it fell."""
        around = {}
        for channel, ground in enumerate(grounds):
            span = max(suspect.start, self._done[channel]), suspect.stop
            noise = noise_in(ground.x, suspect.middle, self._times.step)
            if found := Around.of(ground, span, self._times.look, noise):
                around[channel] = found
        evidence = {
            channel: Evidence(dip, around[channel].steadiness())
            for channel, dip in suspect.dips.items()
            if channel in around
        }
        if not any(each.most > self._asked for each in evidence.values()):
            return
        fades = {channel: each.fade(_LOOK_KNOTS) for channel, each in around.items()}
        odds = max(each.log_odds(fades[channel]) for channel, each in evidence.items())
        if odds < self._asked:
            return
        sure = 1.0 - 0.5 * float(np.exp(self._asked - odds))
        for channel, fade in fades.items():
            if fade.won > _WON_BESIDE and fade.deepest < _BESIDE_GAIN:
                span = fade.within(round(_MARGIN_S * self._rate))
                if not self._spared(channel, span):
                    mended = Around.of(grounds[channel], span, self._times.order, around[channel].noise)
                    self._bring_back(channel, mended, sure, sink)

    def _spared(self, channel: int, span: tuple[int, int]) -> bool:
        return bool(self.marks.vetoed and touched(np.array([span]), self._vetoed(channel))[0])

    def _bring_back(self, channel: int, around: Around | None, sure: float, sink: Sink | None) -> None:
        fade = around.fade(_KNOTS) if around else None
        samples = around.mended(fade.gain) if around and fade else None
        if around is None or fade is None or samples is None or around.begins_anew(samples):
            return
        self._buffer[channel, fade.start : fade.stop] = samples
        self._done[channel] = max(self._done[channel], fade.stop)
        self._tell(sink, Event(DROPOUT, fade.start + self._origin, fade.stop - fade.start, channel, sure))

    def _tell(self, sink: Sink | None, event: Event) -> None:
        if sink:
            sink(event)
