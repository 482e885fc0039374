"""Where a hum's fundamental is at every moment: one phase that all of its harmonics hang on, through edits.

::

    audio heard                                                                      |
    frames measured, harmonics up to 1.2 kHz                                     |
    phase followed, edits found                                  |
    phase smoothed: known             |
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Audio
from ...kernels.harmonics.demodulation import turned_back
from ...kernels.harmonics.kalman import (
    Drift,
    Estimates,
    Followed,
    Phase,
    Smoothed,
    Walks,
    follow_phase,
    smooth_amplitudes,
    smooth_phase,
)
from .demodulator import (
    REACH,
    STEP,
    UNHEARD,
    CombDemodulator,
    grown,
    line_powers,
    over_time,
    surely,
)
from .edits import Edit, JumpFrames, break_sample
from .found import Hum

Numbers = npt.NDArray[np.int64]

# tuned: by hand with bench hum, 2026-11-21; the split is not recorded
SLACK = 0.01
"""Variance that is no surprise, relative to a line's power."""
MOST_POWER = 45.0
"""What is so many times a line's power is a note, and tells nothing of the hum."""

# tuned: by hand with bench hum, 2026-11-21; the split is not recorded
FIRST_POWER = 8.0
"""What a line's power may be at first, relative to how it was found: of levels that step, the lowest."""

# tuned: by hand with bench hum, 2026-11-21; the split is not recorded
_HIGHEST_HZ = 1200.0
_WALK = 0.06  # of an amplitude in a second
_DRIFT_HZ = 0.02, 0.08  # of the frequency in a second
_RETURN_SECONDS = 20.0
_AT_FIRST_HZ = 0.1
_NEAR = 4
_PAST = 50
_REMEMBERED = 100  # phases before those; guard: memory is bounded
_TO_FOLLOW = 27  # frames that the search for edits looks ahead
_TO_SMOOTH = 70
_FARTHEST_HZ = 1.0

# tuned: by hand with bench hum, 2026-11-21; the split is not recorded
_EDIT_HARMONICS = 8
_EDIT_EVERY = 3  # frames from one search to the next
_BEHIND = np.arange(8, 27, 2)  # frames that lie behind an edit close by
_EDIT_TURNS = 2 * np.pi / 64 * np.arange(64)  # guard: places that are tried, 64 to a turn
_EDIT_GAINS = 2.0 ** (np.arange(-6, 7) / 4)  # guard: gains that are tried, a quarter octave apart
_BENDS = np.array([-2.0, -1.0, 1.0, 2.0])  # standard deviations
_EDIT_EVIDENCE = 6.0
_EDIT_SHARE = 0.03
# Of what an edit leaves unexplained; notes begin in all lines at once, too.
_SPLICE_SHARE, _STEP_SHARE = 0.08, 0.15
_LEAST_TURN = 0.3, 5.0  # rad, and rad for each Hz of drift: less is followed without an edit
_LEAST_GAIN, _MOST_GAIN = 0.25, 2.0  # octaves
_EDIT_BOTH = 6.0  # evidence that a splice changes the level too, or a step the phase
_AROUND = 12  # frames on either side that an edit is placed by
_PLACE_REACH = 6
_HELD = STEP + REACH + _TO_FOLLOW + _AROUND + 4
_EDIT_LOOSE = 0.03  # rad^2, of the phase behind an edit
# The root of how many times its variance the last frames were off is doubt in the next: beats
# with a note or with another hum look like edits. tuned: bench.material.tuning.hum, two and bass, 2026-11-29.
_DOUBT_FRAMES = 40.0
# A jump is so much likelier than a phase that turns by and by, and leaves no more of each line unexplained:
# what follows another's beats does. tuned: as `_PATH_MOST` of edits.py.
_AT_ONCE, _MOST_UNEXPLAINED = 6.0, 0.4
_SWING_HZ = 0.3  # in a second, of a frequency that swings by more than was found; tuned: the same
_LEAST_KNOWN = 25  # frames before the first edit: how the hum goes on must be known; tuned: the same


def drift_of(hum: Hum) -> float:
    """Return by how many Hz the fundamental walks in a second."""
    return float(np.clip(hum.wander_hz, *_DRIFT_HZ))


def frequency_walk(hum: Hum, seconds: float, least_hz: float = 0.0) -> Drift:
    """Return how the frequency walks in a frame of so many seconds, by so much in a second at least."""
    variance = (2 * np.pi * max(drift_of(hum), least_hz) * seconds) ** 2 * seconds
    return Drift(variance, float(np.exp(-seconds / _RETURN_SECONDS)))


class HumTracker:
    """Follow the phase of a hum through a recording, `STEP` frames at a time.

    After A frames of audio, those up to A - `LAG` are known. A Kalman filter hears the lower harmonics, edits
    are where one time and one gain explain what all of them do, and a smoother hears what follows too.
    Before sample `begin` there is no hum. `others` hum beside it.
    """

    LAG = REACH + _TO_SMOOTH

    def __init__(
        self, sample_rate: float, channels: int, hum: Hum, begin: int = 0, others: Sequence[Hum] = ()
    ) -> None:
        self._begin = begin
        self._frequency_hz = hum.frequency_hz
        highest = min(_HIGHEST_HZ, 0.45 * sample_rate)
        more = 0 if hum.is_line else 4
        harmonics = max(min(int(highest / hum.frequency_hz), int(hum.harmonic[-1]) + more), 1)
        self._comb = CombDemodulator(sample_rate, channels, hum.frequency_hz, harmonics)
        self._comb.disturb(hum, others)
        self._spliced = not (hum.is_line or self._comb.beats)  # one line does not tell an edit from a note
        self._number = self._comb.number
        self.hop = self._comb.hop
        seconds = self.hop / sample_rate
        self._turns_a_frame = hum.frequency_hz * seconds
        self._found = line_powers(hum, harmonics)
        self._power = self._found
        self._hum, self._drift = hum, frequency_walk(hum, seconds)
        self._least_turn = _LEAST_TURN[0] + _LEAST_TURN[1] * drift_of(hum)
        self._seconds = seconds
        self._amplitude = np.zeros(self._power.size, np.complex128)
        self._variance = FIRST_POWER * self._power
        self._recent = np.ones(self._power.size)
        self._doubt = np.ones(self._power.size)
        self._met = False
        self._state = np.zeros(2)
        self._spread = np.diag([1e-6, (2 * np.pi * _AT_FIRST_HZ * seconds) ** 2])
        self._mean = self._amplitude.copy()
        self._mean_error = self._variance.copy()
        # frames from `_origin` on
        self._origin = -_PAST
        lines = self._power.size
        self._y = np.zeros((_PAST, lines), np.complex128)
        self._noise = np.full((_PAST, lines), UNHEARD)
        self._loose = np.zeros(_PAST)
        self._quiet = 0
        self._phase = np.zeros(_REMEMBERED + _PAST)  # from that many frames before
        self._followed = 0
        self._heard = 0
        self._audio = np.zeros((channels, self._comb.half))
        self._held = np.zeros((channels, _HELD * self.hop))
        self._reference = np.zeros(
            REACH + 1
        )  # rad over the nominal phase, of the frames still to be measured
        self._edits: list[Edit] = []
        self._jumped, self._factor = 0.0, 1.0
        self._before = 0.0
        self._length: int | None = None

    def finish(self, length: int) -> None:
        """Learn that the recording, or the hum, ends at sample `length`."""
        self._length = length

    def hear(self, audio: Audio) -> None:
        """Hear the next frames' audio, shape (channels, STEP * hop)."""
        self._measure(audio)
        self._follow()
        self._smooth()

    def turns(self, start: int, count: int, late: int = 0) -> Array:
        """Return the phase of so many samples, in cycles; they must be known, and not long past.

        The phase jumps `late` samples behind its edits.
        """
        return self.turns_at(np.arange(start, start + count), late)

    def turns_at(self, samples: Numbers, late: int = 0) -> Array:
        """Return the phase of these samples, that ascend; see `turns`."""
        frames = np.arange(self._phase.size) + (self._origin - _REMEMBERED)
        phase = np.interp(samples / self.hop, frames, self._phase)
        for edit in self._edits:
            phase[np.searchsorted(samples, edit.sample + late) :] += edit.phase
        phase += self._before
        # far from zero, so that none is negative
        return np.asarray(10_000.0 + samples * (self._turns_a_frame / self.hop) + phase / (2 * np.pi))

    def jumps(self, start: int, stop: int) -> list[Edit]:
        """Return the edits between two samples where the phase jumps."""
        return [edit for edit in self._edits if start <= edit.sample < stop and edit.phase]

    def _measure(self, audio: Audio) -> None:
        comb, hop = self._comb, self.hop
        self._held = np.concatenate([self._held[:, audio.shape[1] :], audio], axis=1)
        first = max(self._heard - REACH + 1, 0) if self._heard else 0
        self._heard += STEP
        # the reference runs on at the last frequency known
        limit = 2 * np.pi * _FARTHEST_HZ * self._seconds
        ahead = float(np.clip(self._state[1], -limit, limit))
        self._reference = np.concatenate(
            [self._reference, self._reference[-1] + ahead * np.arange(1, STEP + 1)]
        )
        held = np.concatenate([self._audio, audio], axis=1)
        frames = self._heard - REACH - first + 1
        start = first * hop - comb.half
        count = (frames - 1) * hop + 2 * comb.half
        n = np.arange(start, start + count)
        known = self._heard - self._reference.size + 1 + np.arange(self._reference.size)
        reference = np.interp(n / hop, known, self._reference)
        turns = 10_000.0 + n * (self._turns_a_frame / hop) + reference / (2 * np.pi)
        y, noise = comb.measure(held[:, :count], turns, frames)
        self._audio = held[:, frames * hop :]
        at = np.arange(first, first + frames)
        of_frames = np.interp(at, known, self._reference)
        self._reference = self._reference[-2 * REACH - 1 :]
        y *= np.exp(1j * np.outer(of_frames - self._jumped, self._number)) / self._factor
        noise /= self._factor**2
        noise[y.real**2 + y.imag**2 > MOST_POWER * self._power] = UNHEARD
        noise[(at * hop < self._begin + comb.half) | (at * hop + comb.half > self._end)] = UNHEARD
        self._y = np.concatenate([self._y, y])
        self._noise = np.concatenate([self._noise, noise])
        self._loose = np.concatenate([self._loose, np.zeros(frames)])

    @property
    def _end(self) -> float:
        return np.inf if self._length is None else self._length

    def _follow(self) -> None:
        """Run the filter over the frames that are followed by enough others."""
        stop = self._heard - REACH - _TO_FOLLOW
        walk = _WALK**2 * self._seconds * self._power
        lines = Followed(self._amplitude, self._variance, self._recent)
        phase = Phase(self._state, self._spread)
        phases = []
        while self._followed <= stop:
            row = self._followed - self._origin
            if self._spliced and self._followed % _EDIT_EVERY == 0 and self._followed >= self._quiet:
                self._search_edit(row)
            if self._loose[row]:
                self._spread[0, 0] += self._loose[row]
            # a phase is what the first frames that are heard say it is: none is lost before them
            if not self._met and (self._noise[row] < UNHEARD).any():
                self._met, self._quiet = True, self._followed + _LEAST_KNOWN
            if self._met:
                follow_phase(self._y[row], self._noise[row], self._number, walk, self._drift, lines, phase)
                self._learn_doubt(row)
            phases.append(self._state[0])
            self._followed += 1
        self._phase = np.concatenate([self._phase, phases])
        self._power = grown(self._found, self._amplitude, self._factor)

    def _learn_doubt(self, row: int) -> None:
        """Learn how far the lines of a frame that was followed are from what they were held to be."""
        heard = self._noise[row] < UNHEARD
        off = self._y[row] * np.exp(-1j * self._state[0] * self._number) - self._amplitude
        square = (off.real**2 + off.imag**2) / (self._noise[row] + self._variance)
        kept = 1.0 + (self._doubt - 1.0) * np.exp(-1.0 / _DOUBT_FRAMES)
        self._doubt = np.where(heard, np.maximum(square, kept), kept)

    def _search_edit(self, row: int) -> None:
        """Look for an edit behind frame `row`; put what follows it in line with what was before."""
        weigh = self._jump_frames(row)
        for bends in (np.empty(0), _BENDS):  # most often none is needed
            now = self._cost_of_none(weigh, bends)
            enough = _EDIT_EVIDENCE + _EDIT_SHARE * now
            if now < enough:
                return
        jumps = np.concatenate([_EDIT_TURNS, np.zeros(_EDIT_GAINS.size)])
        gains = np.concatenate([np.ones(_EDIT_TURNS.size), _EDIT_GAINS])
        phase, gain, least = weigh.best(_BEHIND, jumps, gains)
        if now - least < enough:
            return
        spliced = gain == 1.0
        if now - least < _EDIT_EVIDENCE + (_SPLICE_SHARE if spliced else _STEP_SHARE) * least:
            return
        for _ in range(2):
            place = weigh.place(phase, gain, -2.0, _BEHIND[-1])
            frames = np.arange(min(int(place) + 3, int(_BEHIND[-1]) - 6), _BEHIND[-1] + 1)
            phase, gain, cost = weigh.refined(frames, phase, gain, phases=spliced, steps=not spliced)
        both = weigh.refined(frames, phase, gain, phases=True, steps=True)
        if cost - both[2] > _EDIT_BOTH + _EDIT_SHARE * cost:
            phase, gain, cost = both
            place = weigh.place(phase, gain, -2.0, _BEHIND[-1])
        off = abs((phase + np.pi) % (2 * np.pi) - np.pi)
        steps = abs(np.log2(gain))
        if (off < self._least_turn and steps < _LEAST_GAIN) or steps > _MOST_GAIN:
            return
        if off < self._least_turn:
            phase = 0.0  # a level that changes along a splice that is none
        if phase and not self._jumps_at_once(weigh, place, phase, gain):
            self._quiet = self._followed + REACH
            return
        sample = self._break_sample(row, place, phase, gain)
        self._quiet = sample // self.hop + REACH
        self._apply(Edit(sample, phase, gain, 1.0 - 0.5 * enough / (now - least)))

    def _jumps_at_once(self, weigh: JumpFrames, place: float, phase: float, gain: float) -> bool:
        """Return whether the phase jumps; where it swings, the frequency walks more than was found."""
        sharp, gradual = weigh.at_once(place, phase, gain)
        if gradual < sharp - _AT_ONCE:
            self._drift = frequency_walk(self._hum, self._seconds, _SWING_HZ)
        last = int(_BEHIND[-1])
        behind = np.arange(min(int(place) + REACH, last - 6), last + 1)
        unexplained = float(weigh.costs(behind, np.full(1, phase), np.full(1, gain))[0])
        enough = unexplained < _MOST_UNEXPLAINED * behind.size * weigh.number.size
        return enough and gradual - sharp >= _AT_ONCE

    def _cost_of_none(self, weigh: JumpFrames, bends: Array) -> float:
        """Return how badly no edit explains the frames, the frequency changing as suits it best."""
        likely = np.sqrt(self._spread[1, 1] + 0.5 * self._drift.variance * _BEHIND[-1])
        none = np.zeros(1), np.ones(1)
        costs = [weigh.bent(bend * likely).costs(_BEHIND, *none)[0] + 0.5 * bend**2 for bend in bends]
        return float(min([weigh.costs(_BEHIND, *none)[0], *costs]))

    def _jump_frames(self, row: int) -> JumpFrames:
        """Return the frames behind `row`, along the phase as it would go on."""
        few = int(np.count_nonzero(self._number <= _EDIT_HARMONICS))
        number, amplitude = self._number[:few], self._amplitude[:few]
        rows = row + np.arange(_BEHIND[-1] + 1)
        ahead = np.arange(rows.size) + 1.0
        phase = self._state[0] + self._state[1] * ahead
        spread = self._spread[0, 0] + self._spread[1, 1] * ahead**2 + self._drift.variance * ahead**3
        power = amplitude.real**2 + amplitude.imag**2
        off = np.minimum(np.outer(spread, number**2), 2.0) * power
        return JumpFrames(
            self._y[rows, :few] * np.exp(-1j * np.outer(phase, number)),
            surely(self._noise[rows, :few] * np.sqrt(self._doubt[:few])) + self._variance[:few] + off,
            number,
            amplitude,
            2.0 * self._comb.half / self.hop,
        )

    def _break_sample(self, row: int, place: float, phase: float, gain: float) -> int:
        """Return the first sample behind an edit that frames place `place` rows behind `row`."""
        start = (self._origin + row + int(place) - _AROUND) * self.hop
        stop = min(start + 2 * _AROUND * self.hop, self._heard * self.hop)
        held = self._held[:, start - self._heard * self.hop : stop - self._heard * self.hop or None]
        n = np.arange(start, stop)
        ahead = n / self.hop - (self._followed - 1)
        on = self._state[0] + self._state[1] * ahead + self._jumped
        turns = n * (self._turns_a_frame / self.hop) + on / (2 * np.pi)
        shape = (-1, held.shape[0])
        before = self._factor * self._amplitude
        after = gain * before * np.exp(1j * phase * self._number)
        about = round((self._followed + place) * self.hop) - start
        found = break_sample(
            held, turns, before.reshape(shape), after.reshape(shape),
            about=about, reach=_PLACE_REACH * self.hop, sample_rate=self.hop / self._seconds,
        )  # fmt: skip
        return max(start + found, 1)

    def _apply(self, edit: Edit) -> None:
        at = np.arange(self._origin, self._origin + self._y.shape[0]) * self.hop
        after = at >= edit.sample
        self._y[after] *= np.exp(-1j * edit.phase * self._number) / edit.gain
        self._noise[after] /= edit.gain**2
        self._noise[np.abs(at - edit.sample) < self._comb.half] = UNHEARD
        self._jumped += edit.phase
        self._factor *= edit.gain
        self._power = grown(self._found, self._amplitude, self._factor)
        self._loose[int(np.argmax(after)) if after.any() else -1] = _EDIT_LOOSE
        self._edits.append(edit)

    def _smooth(self) -> None:
        """Smooth the phase over the frames followed, and forget those long known."""
        rows = self._followed - self._origin
        y, noise = self._y[:rows], over_time(self._noise[:rows])
        phases = self._phase[_REMEMBERED:].copy()
        out = Smoothed(np.empty_like(y), np.empty(y.shape), np.empty(y.shape))
        walks = Walks(
            _WALK**2 * self._seconds * self._power, SLACK * self._power, self._mean, self._mean_error
        )
        two, one = self._phase[_REMEMBERED - 2 : _REMEMBERED]
        state = np.array([one, one - two])
        spread = np.diag([1e-4, (2 * np.pi * 0.05 * self._seconds) ** 2])
        drop = max(self._heard - self.LAG - _PAST - self._origin, 0)
        for keep in (0, drop):
            turned = turned_back(y, phases, self._number)
            smooth_amplitudes(turned, noise, walks, 3, _NEAR, keep, out)
            smooth_phase(
                y, out.weighed, self._number, Estimates(out.mean, out.variance), self._drift,
                self._loose[:rows], Phase(state, spread), phases,
            )  # fmt: skip
        fixed = max(self._heard - STEP - self.LAG + 1 - self._origin, 0)
        self._phase[_REMEMBERED + fixed :] = phases[fixed:]
        self._y, self._noise = self._y[drop:], self._noise[drop:]
        self._phase, self._loose = self._phase[drop:], self._loose[drop:]
        self._origin += drop

    def forget(self, sample: int) -> None:
        """Forget edits before `sample`: nobody asks any more for what lies before it."""
        while self._edits and self._edits[0].sample < sample:
            self._before += self._edits[0].phase
            self._edits.pop(0)
