"""What is known of a moment in which the level falls, in one channel, and what is put in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...audio.arrays import Array, Audio, Mask
from ...kernels.prediction.fading import Heard, fade_cost, fade_gain, fill, fit_fade, knot_weights
from ...kernels.prediction.models import covariance_model, excitation_of
from ...kernels.spectra.stft import forward, hann
from .times import SIDE_S, STEPS_A_FRAME, Times

_RIDGE = 1e-8  # tuned: by hand, dropouts of the tuning set, 2026-11-29
_FILL = 120.0  # tuned: likewise; times the noise that is left in a fall
_MOST_NOISE = 0.99  # guard: the excitation is never noise alone
_FLOOR = 0.02  # tuned: likewise; -34 dB, under which nothing of the sound is to be told
_BEND = 30.0  # tuned: likewise
_TRIED = ((0.5, 1.0), (0.5, 0.5), (0.9, 1.0), (0.9, 0.5))  # guard: depths and powers of a first guess
_UNSURE, _NOISE = 0.1, 0.05  # tuned: likewise; errors of a gain: a part of what is missing, and of the sound
_MOST_RISE = 2.0  # guard: what is filled in peaks at most so many times over what is around it
_QUIET = 1e-3  # guard: no power of the excitation is less, in parts of its mean
_LOW_PERCENT = 5.0  # tuned: likewise; of boxes
_FALLEN = 0.97  # tuned: likewise; a gain over it is none


@dataclass(frozen=True)
class Fade:
    """A fall of the level, as the model of the sound around it has it.

    Attributes
    ----------
    start, stop
        Samples.
    gain
        Shape (stop - start,).
    won
        What it explains over no fall at all, nats a sample of the fall.
    rather
        What it explains over a fall of the source alone, whose resonances ring on, as in a pause; likewise.
    fallen_s
        How long the level is lower, seconds.
    """

    start: int
    stop: int
    gain: Array
    won: float
    rather: float
    fallen_s: float

    @property
    def deepest(self) -> float:
        """The least gain."""
        return float(self.gain.min())

    def within(self, margin: int) -> tuple[int, int]:
        """Return where the level is lower than around it, and some samples on either side."""
        fallen = np.flatnonzero(self.gain < _FALLEN)
        if not fallen.size:
            return self.start, self.start
        return (
            max(self.start + int(fallen[0]) - margin, self.start),
            min(self.start + int(fallen[-1]) + 1 + margin, self.stop),
        )


class Steadiness(NamedTuple):
    """Powers of the excitation around a gap, in boxes of 2.5 ms.

    Attributes
    ----------
    burst
        The greatest over the median.
    lull
        The median over one of the least.
    """

    burst: float
    lull: float


def _variance(e: Audio, damaged: Mask, span: tuple[int, int], reach: int) -> float:
    """Return the variance of an excitation on both sides of a span, as far as `reach`; 0 where there is none.

    `e` begins where the model's order is over; what damaged samples are in does not count.
    """
    order = damaged.size - e.size
    sums = np.concatenate([[0], np.cumsum(damaged)])
    whole = sums[order + 1 :] == sums[: -order - 1]
    first, last = span[0] - order, span[1]
    powers = [
        np.mean(e[part][whole[part]] ** 2)
        for part in (slice(max(first - reach, 0), max(first, 0)), slice(last, last + reach))
        if whole[part].any()
    ]
    return float(np.exp(np.mean(np.log(np.maximum(powers, 1e-300))))) if powers else 0.0


def noise_in(x: Audio, span: tuple[int, int], step: int) -> float:
    """Return the variance of white noise that is left in the middle of a fall: what did not fall with it.

    Parameters
    ----------
    x
        The buffer of one channel.
    span
        Where the level is lowest.
    step
        Samples from one frame to the next.
    """
    size = STEPS_A_FRAME * step
    middle = sum(span) // 2
    start = min(span[0], middle - size // 2)
    window = hann(size)
    frames = forward(x[None, start : max(span[1], start + size)], window, step)[0]
    power = np.mean(np.abs(frames) ** 2, axis=0)[1:-1] / np.sum(window**2)
    lowest = np.sort(power)[: max(power.size // 4, 1)]
    return float(lowest.mean())


class Ground(NamedTuple):
    """One channel of the buffer.

    Attributes
    ----------
    x, damaged
        Samples, and which of them no model is to be fitted to.
    bounds
        Where the recording begins and ends.
    times
        Lengths.
    """

    x: Audio
    damaged: Mask
    bounds: tuple[int, int]
    times: Times


@dataclass(frozen=True)
class Around:
    """The sound around a gap and a model of it.

    Attributes
    ----------
    heard
        Samples around, with the gap in them.
    offset
        Where in the buffer they begin.
    noise
        Variance of the noise in them that did not fall with the sound.
    times
        Lengths.
    """

    heard: Heard
    offset: int
    noise: float
    times: Times

    @classmethod
    def of(cls, ground: Ground, span: tuple[int, int], order: int, noise: float = 0.0) -> Around | None:
        """Fit a model to what is whole around a span; None where there is too little of it.

        Parameters
        ----------
        ground
            See `Ground`.
        span
            Samples from one to before another.
        order
            Of the model.
        noise
            Variance of white noise that did not fall with the sound: see `noise_in`.
        """
        (start, stop), times = span, ground.times
        low = max(start - times.context, ground.bounds[0])
        high = min(stop + times.context, ground.bounds[1])
        if start >= stop or min(start - low, high - stop) < order:
            return None
        stretch, mask = ground.x[low:high].copy(), ground.damaged[low:high].copy()
        mask[start - low : stop - low] = True
        a = np.empty(order + 1)
        if not covariance_model(stretch, 0, stretch.size, mask, _RIDGE, _FILL * noise, a) > 0.0:
            return None
        e = excitation_of(stretch, order, stretch.size, a)
        variance = _variance(e, mask, (start - low, stop - low), 2 * times.side)
        if not variance > 0.0:
            return None
        share = min(noise * float(np.sum(a**2)) / variance, _MOST_NOISE)
        heard = Heard(stretch, start - low, stop - low, a, variance, share, _FLOOR, _BEND)
        return cls(heard, low, noise, times)

    @property
    def _beside(self) -> tuple[Audio, Audio]:
        heard, side = self.heard, self.times.side
        return heard.y[max(heard.start - side, 0) : heard.start], heard.y[heard.stop :][:side]

    def fade(self, knots: int) -> Fade:
        """Fit how the level falls and comes back, by so many knots."""
        heard = self.heard
        size = heard.stop - heard.start
        weights = knot_weights(size, knots)
        bell = np.sin(np.pi * np.arange(1, knots + 1) / (knots + 1)) ** 2
        guesses = [depth * bell**power for depth, power in _TRIED]
        costs = [fade_cost(heard, fade_gain(weights, guess, _FLOOR)[0])[0] for guess in guesses]
        missing = guesses[int(np.argmin(costs))]
        source = self._source_cost(weights, missing.copy())
        cost, gain = fit_fade(heard, weights, missing)
        flat, _ = fade_cost(heard, np.ones(size))
        fallen = int(np.count_nonzero(gain < _FALLEN))
        shared = max(fallen, self.times.least)
        return Fade(
            start=heard.start + self.offset,
            stop=heard.stop + self.offset,
            gain=gain,
            won=(flat - cost) / shared,
            rather=(source - cost) / shared,
            fallen_s=fallen / self.times.side * SIDE_S,
        )

    def _source_cost(self, weights: Array, missing: Array) -> float:
        """Return the cost of the best fall of the excitation, after which what it made rings on."""
        heard, order = self.heard, self.heard.a.size - 1
        end = min(heard.stop + order, heard.y.size)
        e = excitation_of(heard.y, heard.start, end, heard.a)
        size = heard.stop - heard.start
        alone = heard._replace(y=e, start=0, stop=size, a=np.ones(1))
        cost, _ = fit_fade(alone, weights, missing)
        return float(cost + 0.5 * np.sum(e[size:] ** 2) / heard.variance)

    def steadiness(self) -> Steadiness:
        """Measure how steady the excitation is on both sides of the gap."""
        heard, order, box = self.heard, self.heard.a.size - 1, self.times.box
        power = excitation_of(heard.y, order, heard.y.size, heard.a) ** 2
        sides = power[: heard.start - order][::-1], power[heard.stop :]  # both away from the gap
        boxes = []
        for side in sides:
            sums = np.concatenate([[0.0], np.cumsum(side)])
            starts = np.arange(0, side.size - box, max(box // 2, 1))
            boxes.append((sums[starts + box] - sums[starts]) / box)
        powers = np.maximum(np.concatenate(boxes), _QUIET * heard.variance)
        if not powers.size:
            return Steadiness(1.0, 1.0)
        middle = float(np.median(powers))
        return Steadiness(
            burst=float(powers.max()) / middle,
            lull=middle / float(np.percentile(powers, _LOW_PERCENT)),
        )

    def mended(self, gain: Array | None) -> Audio | None:
        """Return the samples of the gap as they were; None where there is no answer.

        Parameters
        ----------
        gain
            What the sound was multiplied by; None: nothing of it is left.
        """
        heard = self.heard
        size = heard.stop - heard.start
        beside = np.concatenate(self._beside)
        weight, target = np.zeros(size), np.zeros(size)
        if gain is not None:
            gone = np.maximum(1.0 - gain, 1e-6)
            target = heard.y[heard.start : heard.stop] / gain
            error = np.mean(beside**2) * ((_UNSURE * gone) ** 2 + (_NOISE * gone / gain) ** 2)
            error += self.noise * np.maximum(1.0 / gain**2 - 1.0, 0.0)
            weight = heard.variance / error
        y = heard.y.copy()
        limit = _MOST_RISE * max(
            float(np.abs(beside).max()), float(np.abs(y[heard.start : heard.stop]).max())
        )
        if not fill(y, heard.start, heard.stop, heard.a, weight, target, limit):
            return None
        return y[heard.start : heard.stop]
