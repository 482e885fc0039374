"""MouthClick at work on one recording: cells are searched as they come, and what was found is estimated."""

from __future__ import annotations

from functools import cache

import numpy as np

from ...audio.arrays import Array, Audio, Mask
from ...contract.marks import touched
from ...contract.stream import Event, Processor, Sink
from ...kernels.filters.biquads import filtered_energy
from ...kernels.filters.polyphase import decimate, decimator, interpolate
from ...kernels.impulses.mouth_clicks import BANDS, Around, band_sections, find_mouth_clicks
from ...kernels.prediction.models import Positions
from ...kernels.pulses.belief import is_absurd
from ...kernels.pulses.clicks import sound_beside
from ...kernels.pulses.mouth_pulse import estimate_mouth_click, mouth_model
from .times import Times

# tuned: bench.material.tuning, kind mouth, against clean takes, tuning set, 2026-11-29
_LEAST_ODDS, _EASE = 0.4, 0.5  # log odds asked of a click, and what a step of sensitivity lowers them by
_FORGOTTEN_S = 5.0  # in which the loudness of speech is forgotten by a factor of e,
_LOUD_HOPS = 2  # and hops that it is heard over, 46 ms
_MOST_TAKEN = 1.3  # of the energy by which a span stands out; more is the speech's own
_BESIDE = 40  # cells on both sides that it stands out of, 15 ms
_FAINT = 0.03  # of its peak; a click has begun and has not ended where it is so much
_LEAST_EVIDENCE = 12.0  # log evidence of a click
# log odds asked for each dB by which a click stands over so much of 0.1 s of sound, and the most
_HEARD_DB, _ODDS_A_DB, _MOST_ODDS = -25.0, 0.25, 1.4


class Repair(Processor):
    """Finds the mouth clicks of one recording, and takes them away.

    Parameters
    ----------
    times
        Lengths, and how the buffer lies on the recording.
    sample_rate, channels
        Of the recording.
    """

    def __init__(self, times: Times, sample_rate: float, channels: int) -> None:
        self._times = times
        rate = sample_rate / times.factor
        self._low_pass = decimator(times.factor, times.taps) if times.factor > 1 else np.ones((1, 1))
        self._sections, self._gain = band_sections(rate)
        self._model = mouth_model(rate)
        self._states = np.zeros((BANDS, channels, 2, 2))
        self._heard = np.zeros((channels, times.size * times.factor))
        self._x = np.zeros((channels, times.size))
        self._clicks = np.zeros((channels, times.size))
        self._power = np.zeros((channels, BANDS, times.size // times.cell))
        self._after = [0] * channels
        self._loud = np.zeros(channels)
        self._fading = float(np.exp(-times.hop / (_FORGOTTEN_S * rate)))
        self._origin = -times.size  # of the buffer, at the rate that is worked at
        self._length: int | None = None
        self._vetoes = cache(lambda channel: self.marks.vetoed_in(channel))  # noqa: PLW0108 - they come later

    def finish(self, length: int) -> None:
        """See `Processor.finish`."""
        self._length = length

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        """See `Processor.step`."""
        times = self._times
        self._advance(frame)
        end = times.size if self._length is None else self._length // times.factor - self._origin
        bounds = np.array([max(-self._origin, 0), max(min(end, times.size), 0)])
        for channel in range(len(self._x)):
            self._repair(channel, bounds, sink)
        stop = times.size - times.left - times.ahead - times.taps + 1
        start = stop - times.hop
        out = self._heard[:, start * times.factor : stop * times.factor]
        clicks = self._clicks[:, start : stop + times.taps - 1]
        return out - interpolate(clicks, self._low_pass) if clicks.any() else out.copy()

    def _advance(self, frame: Audio) -> None:
        """Take the next samples, and measure their cells."""
        times, hop = self._times, self._times.hop
        self._origin += hop
        self._heard[:, : -frame.shape[1]] = self._heard[:, frame.shape[1] :]
        self._heard[:, -frame.shape[1] :] = frame
        for buffer in (self._x, self._clicks):
            buffer[:, :-hop] = buffer[:, hop:]
        self._clicks[:, -hop:] = 0.0
        first = (times.hop + times.taps - 1) * times.factor
        self._x[:, -hop:] = decimate(self._heard[:, -first:], self._low_pass)
        cells = hop // times.cell
        self._power[:, :, :-cells] = self._power[:, :, cells:]
        bends = np.ascontiguousarray(np.diff(self._x[:, -hop - 2 :], 2, axis=1))
        new = np.ascontiguousarray(self._x[:, -hop:])
        for band in range(BANDS):
            heard = new if band == BANDS - 1 else bends
            energy = filtered_energy(heard, self._sections[band], self._states[band], times.cell)
            self._power[:, band, -cells:] = energy * (self._gain[band] / times.cell)
        heard = np.mean(np.sum(self._power[:, :, -_LOUD_HOPS * cells :], axis=1), axis=1)
        self._loud = np.maximum(self._loud * self._fading, heard)

    def _repair(self, channel: int, bounds: Positions, sink: Sink | None) -> None:
        """Find the clicks that peak in the newest cells of which enough is known, and take them."""
        spans, odds = self._found(channel, bounds)
        damaged = self._clicks[channel] != 0.0
        for start, stop in spans.tolist():
            damaged[start:stop] = True
        for span, sure in zip(spans.tolist(), odds.tolist(), strict=True):
            first, last = self._take(channel, span, sure, bounds, damaged)
            if sink is not None and last > first:
                sink(self._event(channel, first, last, sure))

    def _found(self, channel: int, bounds: Positions) -> tuple[Positions, Array]:
        """Return where clicks may lie in the buffer, shape (n, 2), and the log odds that they are some."""
        times = self._times
        last = (times.size - times.ahead) // times.cell
        first = last - times.hop // times.cell
        low, high = -(-int(bounds[0]) // times.cell), int(bounds[1]) // times.cell
        after = self._after[channel] - times.hop // times.cell
        around = Around(self._power[channel], first, last, low, high, after, float(self._loud[channel]))
        found = np.empty((last - first, 3))
        ease = _EASE * (self.settings.sensitivity - 5.0) - _LEAST_ODDS
        count, self._after[channel] = find_mouth_clicks(around, ease, found)
        spans = times.cell * found[:count, :2].astype(np.int64)
        spans += np.array([-times.margin, times.margin])
        spans[1:, 0] = np.maximum(spans[1:, 0], spans[:-1, 1])
        return spans, found[:count, 2]

    def _take(
        self, channel: int, span: tuple[int, int], odds: float, bounds: Positions, damaged: Mask
    ) -> tuple[int, int]:
        """Estimate the click in a span, and note it if it is one; return where it begins and ends."""
        x, clicks = self._x[channel], self._clicks[channel]
        taken = np.flatnonzero(clicks[span[0] : span[1]])
        begin = max(span[0] + (int(taken[-1]) + 1 if taken.size else 0), int(bounds[0]) + self._model.order)
        end = min(span[1], int(bounds[1]))
        nothing = begin, begin
        if begin >= end:
            return nothing
        click = np.zeros(end - begin)
        evidence = estimate_mouth_click(x, begin, end, bounds, damaged, self._model, click)
        if not (evidence > _LEAST_EVIDENCE and self._believed(channel, (begin, end), odds, click, bounds)):
            return nothing
        heard = np.flatnonzero(np.abs(click) > _FAINT * np.max(np.abs(click)))
        first, last = begin + int(heard[0]), begin + int(heard[-1]) + 1
        if self.marks.vetoed and touched(np.array([self._reach(first, last)]), self._vetoes(channel))[0]:
            return nothing
        clicks[first:last] = click[first - begin : last - begin]
        return first, last

    def _reach(self, start: int, stop: int) -> tuple[int, int]:
        """Return the recording's samples that a click in these samples of the buffer may change."""
        factor = self._times.factor
        return (start + self._origin - self._times.taps + 1) * factor, (stop + self._origin) * factor

    def _believed(
        self, channel: int, span: tuple[int, int], odds: float, click: Array, bounds: Positions
    ) -> bool:
        """Whether a click is surely one for what it takes away, and leaves no more sound than there was."""
        x = self._x[channel]
        start, stop = span
        loudness = self._times.loudness
        low, high = max(start - loudness, int(bounds[0])), min(stop + loudness, int(bounds[1]))
        share = np.sum(click**2) / (np.sum(x[low:high] ** 2) + 1e-30)
        over_db = 10.0 * np.log10(share + 1e-30) - _HEARD_DB
        asked = min(max(_ODDS_A_DB * over_db, 0.0), _MOST_ODDS)
        order = self._model.order
        level = sound_beside(x, start, stop, int(bounds[1]), order)
        if np.sum(click**2) > _MOST_TAKEN * self._excess(channel, start, stop):
            return False
        return odds > asked and not is_absurd(x[start:stop], level, order, 1.0, click)

    def _excess(self, channel: int, start: int, stop: int) -> float:
        """Return the energy over 1.3 kHz by which a span stands over what is beside it."""
        cell = self._times.cell
        first, last = start // cell, -(-stop // cell)
        power = np.sum(self._power[channel, :-1], axis=0)
        beside = np.concatenate([power[first - _BESIDE : first], power[last : last + _BESIDE]])
        return float(cell * np.sum(np.maximum(power[first:last] - np.mean(beside), 0.0)))

    def _event(self, channel: int, start: int, stop: int, odds: float) -> Event:
        first, last = self._reach(start, stop)
        first = max(first, 0)
        last = last if self._length is None else min(last, self._length)
        return Event(
            "mouth click", first, last - first, channel, round(float(1.0 / (1.0 + np.exp(-odds))), 3)
        )
