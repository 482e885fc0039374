"""Declick at work on one recording: what is found waits for what follows it, and is then repaired."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Audio
from ...audio.framing import Fifo
from ...contract.marks import touched
from ...contract.stream import Event, Processor, Sink
from ...kernels.pulses.click_repair import FORCED, Damage, RepairSettings, repair_spans
from ...kernels.pulses.rings import RingSearch, ring_poles
from ...kernels.pulses.tilt import Tilt
from ...kernels.samples.lost import lost_spans
from .judged import DOUBTED, JudgedClicks
from .search import ClickSearch
from .times import Times

_HIGHEST_HZ = 20_000.0  # source: the range of hearing; what lies above says nothing of a click

# derived: `DropoutRepair.max_length_ms`; tuned: by hand, lost samples of the tuning set, 2026-11-29
_LONGEST_LOST_S, _BESIDE_LOST_S = 25e-3, 1e-3

UNREPAIRABLE = "unrepairable gap"
"""Kind of the event that is told for a forced event whose samples could not be rebuilt, and stay."""

# tuned: table clicks on the tuning set, 2026-11-21; no record of each
_PIVOT_HZ = 2000.0  # between the frequencies of pops and of ticks
_OCTAVE = 0.5  # octaves of score that an octave of frequency is worth at full skew
_LEAST_EVIDENCE = 12.0
_LEAST_ODDS = 16.0  # log odds that a click adds to the sound, against the sound being louder itself


class Repair(Processor):
    """Finds and repairs the clicks of one recording.

    Parameters
    ----------
    times
        Lengths, and how the buffer lies on the recording.
    sample_rate, channels
        Of the recording.
    judged
        Has the last word on what is doubtful; None: nothing doubtful is repaired.
    delay
        Samples that the judge hears ahead.
    """

    def __init__(
        self, times: Times, sample_rate: float, channels: int, judged: JudgedClicks | None, delay: int
    ) -> None:
        self._times = times
        self._rate = sample_rate
        self._judged = judged
        self._doubt = DOUBTED if judged else 1.0
        self._waiting = Fifo(channels)
        self._waiting.push(np.zeros((channels, delay)))
        # The slowest ring falls by 60 dB in twice the longest click.
        slowest = float(np.exp(-np.log(1000.0) / (2 * max(times.longest, 8))))
        poles = ring_poles(sample_rate, slowest)
        self._rings = RingSearch(2 * times.lead, poles, slowest, times.widening)
        self._search = ClickSearch(times, sample_rate, channels, self._rings, self._doubt)
        self._pivot = 2.0 * np.pi * _PIVOT_HZ / sample_rate
        self._repaired = np.zeros((channels, times.size))
        highest = min(2.0 * _HIGHEST_HZ / sample_rate, 1.0)
        self._band = np.full((channels, 2), highest)
        self._pending = [np.zeros((0, 4)) for _ in range(channels)]
        self._origin = -times.size - delay
        self._length: int | None = None
        self._by_channel = cache(
            lambda channel: (self.marks.vetoed_in(channel), self.marks.forced_in(channel))
        )

    def begin_at(self, position: int) -> None:
        """See `Processor.begin_at`."""
        self._origin += position

    def finish(self, length: int) -> None:
        """See `Processor.finish`."""
        self._length = length
        if self._judged:
            self._judged.finish(length)

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        """See `Processor.step`."""
        times = self._times
        if self._judged:
            self._judged.hear(frame)
        self._waiting.push(frame)
        self._advance(self._waiting.pop(times.hop))
        end = times.size if self._length is None else self._length - self._origin
        bounds = np.array([max(-self._origin, 0), max(min(end, times.size), 0)])
        found = self._search.find(self._repaired, bounds, self._ease * self._eased, 1.0 / self._eased)
        for channel, rows in enumerate(found):
            self._take(channel, rows)
            self._mend(channel, bounds, sink)
        return self._repaired[:, times.past : times.past + times.hop].copy()

    @property
    def _ease(self) -> float:
        return float(2.0 ** ((5.0 - self.settings.sensitivity) / 4.0))

    @property
    def _eased(self) -> float:
        """Part of the thresholds at which clicks are looked for, so that a skew can favour some."""
        return float(2.0 ** -abs(self.settings.frequency_skew))

    def _advance(self, frame: Audio) -> None:
        hop = self._times.hop
        self._search.advance(frame)
        self._repaired[:, :-hop] = self._repaired[:, hop:]
        self._repaired[:, -hop:] = frame
        self._origin += hop

    def _take(self, channel: int, found: npt.NDArray[np.float64]) -> None:
        """Let what was found wait for its repair, less what the judge or an engineer says is no click."""
        found = self._whole(channel, found)
        found[:, :2] += self._origin
        if self._judged:
            found = self._believed(self._judged, channel, found)
        found = self._marked(channel, found, self._origin + self._search.searched)
        self._pending[channel] = np.concatenate([self._pending[channel], found])

    def _whole(self, channel: int, found: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return what was found without the edges of lost samples, of which most would stay."""
        if not len(found):
            return found
        beside, longest = round(_BESIDE_LOST_S * self._rate), round(_LONGEST_LOST_S * self._rate)
        zone = int(found[0, 0]) - longest - beside, int(found[-1, 1]) + beside
        end = self._times.size if self._length is None else self._length - self._origin
        bounds = max(-self._origin, 0), max(min(end, self._times.size), 0)
        lost = lost_spans(self._repaired[channel], zone, bounds, self._rate, longest)
        if not len(lost):
            return found
        near = touched(found[:, :2] + [-beside, beside], lost)
        over = np.searchsorted(lost[:, 0], found[:, 0])
        covered = (lost[np.minimum(over, len(lost) - 1), 1] <= found[:, 1]) & (over < len(lost))
        return np.asarray(found[~near | covered])

    def _believed(
        self, judged: JudgedClicks, channel: int, found: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return those of the clicks that are some by the judge's word, or by their own height and it."""
        found[:, 2] *= self._doubt
        found = found[judged.believed(channel, found, self._origin)]
        found[:, 2] = np.maximum(found[:, 2], 1.0 / self._eased)
        return found

    def _marked(
        self, channel: int, found: npt.NDArray[np.float64], searched: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Put the forced events that begin in the searched samples in place of what was found there."""
        if not self.marks.forced:
            return found
        forced = self._by_channel(channel)[1]
        kept = found[~touched(found, forced)]
        here = forced[(forced[:, 0] >= searched[0]) & (forced[:, 0] < searched[1])]
        rows = np.concatenate([kept, np.column_stack([here, np.full((len(here), 2), [np.inf, FORCED])])])
        return rows[np.argsort(rows[:, 0], kind="stable")]

    def _untouchable(
        self, channel: int, spans: npt.NDArray[np.int64], low: int, high: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return where the last mark before each span ends, and where the next veto after it begins."""
        if not self.marks:
            return np.full(len(spans), low), np.full(len(spans), high)
        vetoed, forced = (marked - self._origin for marked in self._by_channel(channel))
        begins = np.append(vetoed[:, 0], np.iinfo(np.int64).max)
        ends = np.sort(np.concatenate([[np.iinfo(np.int64).min], vetoed[:, 1], forced[:, 1]]))
        since = np.maximum(ends[np.searchsorted(ends, spans[:, 0], side="right") - 1], low)
        until = np.minimum(begins[np.searchsorted(begins, spans[:, 1])], high)
        return np.asarray(since), np.asarray(until)

    def _mend(self, channel: int, bounds: npt.NDArray[np.int64], sink: Sink | None) -> None:
        """Repair the pending clicks whose surroundings have been searched for clicks."""
        times = self._times
        pending = self._pending[channel]
        spans = times.widened(pending) - self._origin
        if self.marks.vetoed:
            pending = pending[~touched(spans, self._by_channel(channel)[0] - self._origin)]
            spans = times.widened(pending) - self._origin
        if self.marks.forced:
            rebuilt = np.append(np.iinfo(np.int64).min, self._by_channel(channel)[1][:, 1] - self._origin)
            last = np.searchsorted(rebuilt, pending[:, 0] - self._origin, side="right") - 1
            spans[:, 0] = np.maximum(spans[:, 0], rebuilt[last])
        times.keep_apart(spans, pending[:, 1].astype(np.int64) - self._origin)
        low, high = int(max(times.past, bounds[0])), int(bounds[1])
        spans = np.clip(spans, low, high)
        count = int(np.searchsorted(spans[:, 0], times.size - times.ahead + times.longest + times.lead))
        if not count:
            return
        done = np.zeros((count, 2), np.int64)
        repaired = self._repaired[channel]
        since, until = self._untouchable(channel, spans[:count], low, high)
        damage = Damage(
            spans=spans,
            kinds=pending[:count, 3].astype(np.int64),
            scores=pending[:count, 2] * self._eased,
            until=until,
            since=since,
        )
        settings = RepairSettings(
            model=times.model,
            order=times.order,
            others=times.others,
            spread=times.spread,
            rings=self._rings,
            thumps=times.thumps,
            curves=times.curves,
            least=_LEAST_EVIDENCE,
            least_odds=_LEAST_ODDS * self._ease,
            tilt=Tilt(self.settings.frequency_skew * _OCTAVE, self._pivot),
        )
        repair_spans(repaired, damage, bounds, settings, self._band[channel], done)
        self._pending[channel] = pending[count:]
        if sink is None:
            return
        for (start, stop), (first, last), (_, _, score, kind) in zip(
            done.tolist(), spans[:count].tolist(), pending[:count].tolist(), strict=True
        ):
            if stop > start:
                sink(Event("click", start + self._origin, stop - start, channel, 1.0 - 0.5 / score))
            elif kind == FORCED:
                sink(Event(UNREPAIRABLE, first + self._origin, last - first, channel, 0.0))
