"""Level and phase of every harmonic of a hum whose fundamental is known, moment by moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Audio, Complex
from ...kernels.harmonics.demodulation import turned_back
from ...kernels.harmonics.kalman import (
    Estimates,
    Phase,
    Smoothed,
    Walks,
    smooth_amplitudes,
    smooth_phase,
)
from .beating import Told
from .demodulator import REACH, STEP, UNHEARD, CombDemodulator, grown, line_powers, over_time
from .edits import Edit, break_sample
from .fades import FAINT, fade, first_guess
from .found import Hum
from .levels import LevelStep
from .track import FIRST_POWER, MOST_POWER, SLACK, HumTracker, frequency_walk

Numbers = npt.NDArray[np.int64]

# tuned: by hand with bench hum, 2026-11-21; the split is not recorded
PAST, AHEAD = 50, 75
_ROUNDS, _NEAR = 3, 4
_PHASE_HARMONICS = 32
_STEP_HARMONICS = 12
_APART = 25  # frames from one step to the next
_AROUND, _PLACE_REACH = 12, 6  # frames on either side that a step is placed by, and looked for in
# tuned: bench.material.tuning.hum, faded, gated and begins, 2026-11-30
_KNOWN = 40  # frames behind which lines are no more what those say that follow
_FADED = 0.1  # of a line's power, how unsure it is behind a fade

# Of what another hum puts into a line, how much may be left where it is taken.
# tuned: bench.material.tuning.hum, two hums, 2026-11-30
_OTHERS_LEFT = 0.1

# How many times its error's variance a line's power must be, or it is no hum; tuned: by hand with bench hum,
# 2026-11-21, no record
_DOUBT = 1.0


class HumLines:
    """Estimate each harmonic's amplitude, and the last turns of the phase that all of them tell together.

    After A frames of audio, those up to A - `LAG` are known.

    Parameters
    ----------
    walk
        Share of itself by which an amplitude walks in a second.
    others
        Hums beside it.
    """

    LAG = HumTracker.LAG + REACH + AHEAD

    def __init__(
        self, sample_rate: float, channels: int, hum: Hum, harmonics: int, *, walk: float,
        others: Sequence[Hum] = (),
    ) -> None:  # fmt: skip
        self.comb = CombDemodulator(sample_rate, channels, hum.frequency_hz, harmonics)
        self.comb.disturb(hum, others)
        self._frequency_hz = hum.frequency_hz
        self._number = self.comb.number
        self._telling = int(np.count_nonzero(self._number <= _PHASE_HARMONICS))  # lines of the phase
        self._found = line_powers(hum, harmonics)
        self._power = self._found
        self._sample_rate = sample_rate
        seconds = self.comb.hop / sample_rate
        self._walk = walk**2 * seconds
        self._drift = frequency_walk(hum, seconds)
        self._spread = np.diag([1e-4, (2 * np.pi * 0.05 * seconds) ** 2])
        rows, lines = PAST + STEP + AHEAD, self._power.size
        self._heard = np.zeros((rows, lines), np.complex128)
        self._heard_noise = np.full((rows, lines), UNHEARD)
        self._put: Complex | None = (
            None  # what other hums put into each line, and in which frames it is known
        )
        self._put_known = np.zeros(rows, np.bool_)
        self._y, self._noise = self._heard, self._heard_noise  # without it
        self._phase = np.zeros(rows + 2)
        self._mean = np.zeros(lines, np.complex128)
        self._error = FIRST_POWER * self._power
        self._smoothed = np.zeros((rows, lines), np.complex128)
        self._channels = channels
        self._loose = np.zeros(rows)
        self._gain = np.ones(rows)  # that all lines share, in a fade
        self._fades = False
        self._single = hum.is_line or self.comb.beats  # which do not tell a step from a note
        self._first_frame = 1 - HumTracker.LAG - REACH - rows  # of the recording, in the first row
        self.steps: list[Edit] = []
        self._factor, self._gain_before = 1.0, 1.0

    def hear(self, audio: Audio, turns: Array, heard: npt.NDArray[np.bool_]) -> None:
        """Hear `STEP` frames, see `CombDemodulator.measure`; `heard` says which lie in the recording."""
        y, noise = self.comb.measure(audio, turns, STEP)
        y /= self._factor
        noise /= self._factor**2
        noise[y.real**2 + y.imag**2 > MOST_POWER * self._power] = UNHEARD
        noise[~heard] = UNHEARD
        self._heard = np.concatenate([self._heard[STEP:], y])
        self._heard_noise = np.concatenate([self._heard_noise[STEP:], noise])
        self._y, self._noise = self._heard, self._heard_noise
        self._phase = np.concatenate([self._phase[STEP:], np.full(STEP, self._phase[-1])])
        self._first_frame += STEP

    def set_apart(self, others: Sequence[Told], turns_at: Callable[[Numbers], Array]) -> None:
        """Take what other hums put into the frames heard, by what is told of them, from these.

        `turns_at` gives the phase of some samples, as `HumTracker.turns_at`; frames count from the same one.
        """
        if not others:
            return
        cycles = turns_at(self._samples)
        told = [other.within(self.comb, cycles, self._first_frame, self._channels) for other in others]
        self._put = np.sum([put for put, _ in told], axis=0) / self._levels()[:, np.newaxis]
        self._put_known = np.any([known for _, known in told], axis=0)
        self._take_others()

    def _take_others(self) -> None:
        if self._put is None:
            return
        self._y = self._heard - self._put
        less = (1.0 - _OTHERS_LEFT) * self.comb.disturbance / self._levels()[:, np.newaxis] ** 2
        known = self._put_known[:, np.newaxis] & (self._heard_noise < UNHEARD)
        self._noise = np.where(known, self._heard_noise - less, self._heard_noise)

    @property
    def _samples(self) -> Numbers:
        return (self._first_frame + np.arange(self._heard.shape[0])) * self.comb.hop

    def _levels(self) -> Array:
        """Return the hum's level in each frame, relative to that before the first step."""
        samples, level = self._samples, np.full(self._heard.shape[0], self._gain_before)
        for step in self.steps:
            level[samples >= step.sample] *= step.gain
        return level

    def told(self, turns_at: Callable[[Numbers], Array]) -> Told:
        """Return the hum of the frames heard, as it was estimated last."""
        cycles = turns_at(self._samples) + self._phase[2:] / (2 * np.pi)
        amplitude = self._smoothed * (self._gain * self._levels())[:, np.newaxis]
        return Told(self._first_frame, amplitude, cycles, self._frequency_hz)

    def estimate(self, audio: Audio, turns_of: Callable[[int, int], Array]) -> tuple[Complex, Array]:
        """Return the amplitudes of the next STEP + 1 frames, and their phase in rad over the turns heard.

        Shapes (frames, channels, harmonics) and (frames,), without `gains`. The first frame is the last of
        those before.

        Parameters
        ----------
        audio
            Shape (channels, n), from that frame's middle on, for the steps of the level in it.
        turns_of
            Gives the phase of so many samples from one on, as `HumTracker.turns`.
        """
        few = self._telling
        self._follow_fade()
        smooth, error, weighed = self._smooth(self._phase[2:], few, 0)
        phases = self._phase[2:].copy()
        state = np.array([self._phase[1], self._phase[1] - self._phase[0]])
        smooth_phase(
            self._y[:, :few] / self._gain[:, np.newaxis], weighed, self._number[:few],
            Estimates(smooth, error), self._drift, self._loose, Phase(state, self._spread), phases,
        )  # fmt: skip
        while not (self._fades or self._single) and self._search_step(phases, weighed, audio, turns_of):
            _, _, weighed = self._smooth(phases, few, 0)
        smooth, error, _ = self._smooth(phases, self._number.size, STEP)
        self._phase[2:] = phases
        if self._fades:  # what is kept is the hum as it is there
            self._mean *= self._gain[STEP - 1]
            self._error[:] = _FADED * self._power
        self._power = grown(self._found, self._mean, self._factor)
        out = slice(PAST - 1, PAST + STEP)
        power = np.maximum(smooth.real**2 + smooth.imag**2, 1e-30)
        self._smoothed = smooth * np.maximum(1.0 - _DOUBT * error / power, 0.0)
        a = self._smoothed[out] * self._gain[out, np.newaxis]
        shape = (STEP + 1, -1, self._channels)
        return np.ascontiguousarray(a.reshape(shape).transpose(0, 2, 1)), phases[out]

    def gains(self, start: int, count: int, fade: int) -> Array:
        """Return the hum's level at so many samples, relative to that before the first step.

        Steps go on from `fade` samples before their place to as many behind.
        """
        gain = np.full(count, self._gain_before)
        n = start + np.arange(count)
        for step in self.steps:
            gain *= 1.0 + (step.gain - 1.0) * np.clip((n - step.sample + fade) / (2.0 * fade), 0.0, 1.0)
        return gain

    def forget(self, sample: int) -> None:
        """Forget steps before `sample`: nobody asks any more for what lies before it."""
        while self.steps and self.steps[0].sample < sample:
            self._gain_before *= self.steps.pop(0).gain

    def _smooth(self, phases: Array, lines: int, keep: int) -> tuple[Complex, Array, Array]:
        """Smooth the first so many lines along these phases and the gain; see `smooth_amplitudes`."""
        gain = self._gain[:, np.newaxis]
        y = self._turned(phases, lines) / gain
        noise = over_time(self._noise[:, :lines]) / gain**2
        noise[self._gain < FAINT * self._gain.max()] = UNHEARD
        out = Smoothed(np.empty_like(y), np.empty(y.shape), np.empty(y.shape))
        power = self._power[:lines]
        walks = Walks(self._walk * power, SLACK * power, self._mean[:lines], self._error[:lines])
        smooth_amplitudes(y, noise, walks, _ROUNDS, _NEAR, keep, out)
        return out

    def _turned(self, phases: Array, lines: int) -> Complex:
        return np.asarray(turned_back(self._y, phases, self._number[:lines]))

    def _follow_fade(self) -> None:
        """Follow a fade, if there is one; lines that begin, or come out of one, are what these frames say."""
        few = int(np.count_nonzero(self._number <= _STEP_HARMONICS))
        power = self._power[:few]
        known = int(np.count_nonzero((self._noise[:PAST] < UNHEARD).any(axis=1)))
        free = bool(self._fades or known < _KNOWN)
        gain = fade(
            self._turned(self._phase[2:], few), over_time(self._noise[:, :few]),
            Walks(self._walk * power, power, self._mean[:few], self._error[:few]),
            free=free, channels=self._channels, first_power=FIRST_POWER,
        )  # fmt: skip
        self._fades = gain is not None
        self._gain = np.ones(self._y.shape[0]) if gain is None else gain
        if free:
            tell = self._noise < UNHEARD
            tell &= (self._gain >= FAINT * self._gain.max())[:, np.newaxis]
            y = self._turned(self._phase[2:], self._number.size) / self._gain[:, np.newaxis]
            self._mean, self._error = first_guess(y, tell, self._power, FIRST_POWER)

    def _search_step(
        self, phases: Array, weighed: Array, audio: Audio, turns_of: Callable[[int, int], Array]
    ) -> bool:
        """Look for a step of the level; put what follows it in line with what was before."""
        few = int(np.count_nonzero(self._number <= _STEP_HARMONICS))
        y = self._turned(phases, few)
        walk = self._walk * self._power[:few]
        steps = LevelStep(y, weighed[:, :few].copy(), walk, self._mean[:few], self._error[:few])
        last = self.steps[-1].sample // self.comb.hop - self._first_frame if self.steps else 0
        found = steps.search(max(PAST, last + _APART))
        if found is None:
            return False
        hop, (row, gain, confidence) = self.comb.hop, found
        first = max(row - _AROUND, PAST - 1)
        start, count = (self._first_frame + first) * hop, (row + _AROUND - first) * hop
        knots = np.arange(phases.size) * hop
        turns = turns_of(start, count)
        turns += np.interp(first * hop + np.arange(count), knots, phases) / (2 * np.pi)
        part = slice((first - PAST + 1) * hop, (first - PAST + 1) * hop + count)
        before = self._factor * steps.before(row - REACH).reshape(-1, self._channels)
        at = first * hop + break_sample(
            audio[:, part], turns, before, gain * before,
            about=(row - first) * hop, reach=_PLACE_REACH * hop, sample_rate=self._sample_rate,
        )  # fmt: skip
        gain = steps.gain(round(at / hop), REACH, gain)
        self._heard[knots >= at] /= gain
        self._heard_noise[knots >= at] /= gain**2
        self._heard_noise[np.abs(knots - at) < self.comb.half] = UNHEARD
        self._factor *= gain
        self._power = grown(self._found, self._mean, self._factor)
        self.steps.append(Edit(self._first_frame * hop + at, 0.0, gain, confidence))
        if self._put is not None:
            self._put[knots >= at] /= gain
            self._take_others()
        return True
