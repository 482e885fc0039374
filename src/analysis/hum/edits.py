"""Edits in a hum: how well a jump of the phase or of the level explains what follows, and where it lies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from ...audio.arrays import Array, Audio, Complex
from ...kernels.harmonics.phase_jumps import jump_costs

Numbers = npt.NDArray[np.int64]

# tuned: by hand with bench hum, 2026-11-21; the split is not recorded
_PLACES = 0.05  # frames from one place that is tried to the next
_HIGHEST_HZ = 1200.0
_SMOOTH_HZ = 12.0  # half the width of the box that a program's spectrum is averaged over
_TAPER = 0.05
_LOCAL_SECONDS = 0.08


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
        frames = np.arange(self.y.shape[0])
        places = np.arange(first, last, _PLACES)
        u = np.clip((places[:, np.newaxis] - frames) / self.length, -0.5, 0.5)
        shares = 0.5 + u + np.sin(2 * np.pi * u) / (2 * np.pi)
        y, noise = np.ascontiguousarray(self.y), np.ascontiguousarray(self.noise)
        jump, factor = np.full(1, phase), np.full(1, gain)
        costs = np.empty(places.size)
        for k, share in enumerate(shares):
            jump_costs(y, noise, self.number, self.amplitude, share, jump, factor, costs[k : k + 1])
        return float(places[int(np.argmin(costs))])


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
