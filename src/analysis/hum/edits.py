"""Edits in a hum: how well a jump of the phase or of the level explains what follows, and where it lies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from ...audio.arrays import Array, Audio, Complex
from ...kernels.harmonics.phase_jumps import jump_costs
from ...kernels.harmonics.phase_paths import path_cost

Numbers = npt.NDArray[np.int64]

# tuned: by hand with bench hum, 2026-11-21; the split is not recorded
_TURN = 2 * np.pi / 64  # guard: places that are tried, 64 to a turn
_PLACES = 0.05  # frames from one place that is tried to the next
_HIGHEST_HZ = 1200.0
_SMOOTH_HZ = 12.0  # half the width of the box that a program's spectrum is averaged over
_TAPER = 0.05
_LOCAL_SECONDS = 0.08

# tuned: bench.material.damage.hum, splices, against two hums, one hidden, and transports that swing, eight
# tuning takes each, 2026-11-30
_PATH_PLACES, _PATH_MOST = 256, 3  # of a turn, and from frame to frame: 0.3 Hz


class Edit(NamedTuple):
    """Where a hum breaks off: the first sample behind, the phase's jump in rad, the level's factor.

    `confidence` is 0.5 where there was just enough evidence, and goes to 1.
    """

    sample: int
    phase: float
    gain: float
    confidence: float


class JumpFrames(NamedTuple):
    """Frames around a jump of all lines, in rows from the first.

    Attributes
    ----------
    y, noise
        Measured amplitudes relative to the phase before the jump, and their variances, shape (frames, lines).
    number, amplitude
        Harmonic and amplitude of each line before the jump, shape (lines,).
    length
        Frames that a window is long.
    """

    y: Complex
    noise: Array
    number: Array
    amplitude: Complex
    length: float

    def costs(self, frames: Numbers, jumps: Array, gains: Array) -> Array:
        """Return how badly each jump explains these frames, all of them behind it."""
        result = np.empty(jumps.size)
        y, noise = self.y[frames], self.noise[frames]
        jump_costs(y, noise, self.number, self.amplitude, np.zeros(frames.size), jumps, gains, result)
        return result

    def bent(self, bend: float) -> JumpFrames:
        """Return the frames along a phase that turns faster by so many rad in a frame."""
        ahead = np.arange(1, self.y.shape[0] + 1)
        return self._replace(y=self.y * np.exp(-1j * bend * np.outer(ahead, self.number)))

    def best(self, frames: Numbers, jumps: Array, gains: Array) -> tuple[float, float, float]:
        """Return the phase, gain and cost of the best of these jumps."""
        costs = self.costs(frames, jumps, gains)
        best = int(np.argmin(costs))
        return float(jumps[best]), float(gains[best]), float(costs[best])

    def place(self, phase: float, gain: float, first: float, last: float) -> float:
        """Return the row where a jump fits best: windows around it hold some of either side."""
        places = np.arange(first, last, _PLACES)
        shares = self._shares(places)
        return float(places[int(np.argmin([self._cost_at(share, phase, gain) for share in shares]))])

    def refined(
        self, frames: Numbers, phase: float, gain: float, *, phases: bool, steps: bool
    ) -> tuple[float, float, float]:
        """Return phase, gain and cost of the best jump near this one, of those that may change."""
        cost = np.inf
        for width in (2.0, 0.5, 0.12):
            near = np.linspace(-width, width, 9)
            jumps = phase + _TURN * near if phases else np.full(1, phase)
            gains = gain * 2.0 ** (0.5 * near) if steps else np.full(1, gain)
            phase, gain, cost = self.best(frames, np.repeat(jumps, gains.size), np.tile(gains, jumps.size))
        return phase, gain, cost

    def at_once(self, place: float, phase: float, gain: float) -> tuple[float, float]:
        """Return the costs of all frames: of a jump at `place`, and of a phase that gets there by and by.

        A transport's wow, or another hum that beats with this one, turns the phase too, but not at once.
        """
        share = self._shares(np.full(1, place))[0]
        behind = np.where(share < 0.5, gain, 1.0)[:, np.newaxis]
        gradual = path_cost(
            np.ascontiguousarray(self.y / behind), np.ascontiguousarray(self.noise / behind**2), self.number,
            self.amplitude, _PATH_PLACES, _PATH_MOST,
        )  # fmt: skip
        return self._cost_at(share, phase, gain), gradual

    def _shares(self, places: Array) -> Array:
        """Return how much of each frame's window lies before each place, shape (places, frames)."""
        frames = np.arange(self.y.shape[0])
        u = np.clip((places[:, np.newaxis] - frames) / self.length, -0.5, 0.5)
        return np.asarray(0.5 + u + np.sin(2 * np.pi * u) / (2 * np.pi))

    def _cost_at(self, share: Array, phase: float, gain: float) -> float:
        cost = np.empty(1)
        y, noise = np.ascontiguousarray(self.y), np.ascontiguousarray(self.noise)
        jump, factor = np.full(1, phase), np.full(1, gain)
        jump_costs(y, noise, self.number, self.amplitude, share, jump, factor, cost)
        return float(cost[0])


def break_sample(
    audio: Audio,
    turns: Array,
    before: Complex,
    after: Complex,
    *,
    about: int,
    reach: int,
    sample_rate: float,
) -> int:
    """Return the sample that one hum ends before and another begins at, to some milliseconds.

    The likelihood ratio of the two in the program as coloured noise (H. Van Trees, Detection, Estimation, and
    Modulation Theory I, 1968, 4.3), summed up to each sample: a change point by maximum likelihood.

    Parameters
    ----------
    audio
        Shape (channels, n).
    turns
        Phase of the hum before, in cycles, shape (n,).
    before, after
        Amplitudes of the harmonics from the first on, relative to `turns`, shape (harmonics, channels).
    about, reach
        Where it is looked for: the sample in the middle, and how far from there.
    sample_rate
        Hz.
    """
    n = audio.shape[1]
    one = np.exp(2j * np.pi * turns)
    step = float(turns[-1] - turns[0]) / (n - 1) * sample_rate
    turned = np.ones(n, np.complex128)
    first, other = np.zeros(audio.shape), np.zeros(audio.shape)
    for harmonic in range(min(before.shape[0], max(int(_HIGHEST_HZ / step), 1))):
        turned *= one
        for wave, amplitude in ((first, before[harmonic]), (other, after[harmonic])):
            np.add(wave, np.outer(amplitude, turned).real, out=wave)
    taper = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / (_TAPER * n), 0.0, 1.0)
    program = audio - np.where(np.arange(n) < about, first, other)
    points = fft.next_fast_len(2 * n, real=True)
    spectrum = np.abs(fft.rfft(taper * program, points, axis=1)) ** 2
    width = 2 * round(_SMOOTH_HZ * points / sample_rate) + 1
    power = ndimage.uniform_filter1d(spectrum, width, axis=1, mode="nearest")
    power += 1e-9 * np.mean(power) + 1e-20
    whitening = 1.0 / np.sqrt(power)
    middle, apart, rest = (
        fft.irfft(whitening * fft.rfft(taper * wave, points, axis=1), points, axis=1)[:, :n]
        for wave in (audio - 0.5 * (first + other), other - first, program)
    )
    local = ndimage.uniform_filter1d(rest**2, round(_LOCAL_SECONDS * sample_rate) + 1, axis=1, mode="nearest")
    ratio = np.cumsum(np.sum(middle * apart / (local + 1e-9 * np.mean(local) + 1e-30), axis=0))
    start = max(about - reach, 0)
    return start + int(np.argmin(ratio[start : about + reach])) + 1
