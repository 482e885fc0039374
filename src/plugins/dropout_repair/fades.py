"""What is known of a moment in which the level falls, in one channel, and what is put in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...audio.arrays import Array, Audio, Mask
from ...kernels.prediction.fading import Heard, fade_cost, fade_gain, fill, fit_fade, knot_weights
from ...kernels.prediction.models import covariance_model, excitation_of
from ...kernels.prediction.voids import filling_noise
from ...kernels.spectra.stft import forward, hann
from .times import RUNG_S, SIDE_S, STEPS_A_FRAME, Times

_RIDGE = 1e-8  # tuned: by hand, dropouts of the tuning set, 2026-11-29
_FILL = 120.0  # tuned: likewise; times the noise that is left in a fall
_MOST_NOISE = 0.99  # guard: the excitation is never noise alone
_UNDER_DB = 20.0  # tuned: likewise, by four routes, of 20 and 35; noise in a void, under the band's top
_FLOOR = 0.02  # tuned: likewise; -34 dB, under which nothing of the sound is to be told
_BEND = 30.0  # tuned: likewise
_TRIED = ((0.5, 1.0), (0.5, 0.5), (0.9, 1.0), (0.9, 0.5))  # guard: depths and powers of a first guess
# tuned: zeros of bench.material.tuning by four routes against clean takes and drums, tuning set, 2026-11-29
_ENDS, _WON_SILENCE, _LEFT_DB = 3.0, 60.0, -28.0  # of a `Silence`: at least, at least, at most,
_PLAIN_ENDS, _PLAIN_DB = 15.0, -20.0  # or likewise; and where another channel has one
_SHARED_DB = -18.0
# tuned: known zeros of the tuning set after two routes: a filter's ringing falls as one over the time
_RINGS, _RUNG_LEAST_S = 1e-5, 0.05e-3  # parts of the sound a second away, and how near that is so
_UNSURE, _NOISE = 0.1, 0.05  # tuned: likewise; errors of a gain: a part of what is missing, and of the sound
_MOST_RISE = 2.0  # guard: what is filled in peaks at most so many times over what is around it
# tuned: machines' drums and basses at uneven times, made up for it, against gaps of bench.material.tuning in
# music and speech, 2026-11-30: by so much what comes back is louder, where the excitation that leads to it is
# so many times that around
_LOUDER_DB, _APART = 4.0, 4.0
_QUIET = 1e-3  # guard: no power of the excitation is less, in parts of its mean
_LOW_PERCENT = 5.0  # tuned: likewise; of boxes
_FALLEN = 0.97  # tuned: likewise; a gain over it is none


def _over_db(audio: Audio, other: Audio) -> float:
    """Return by how many dB one excerpt is louder than another; 0 where there is nothing to compare."""
    if not audio.size or not other.size:
        return 0.0
    powers = [max(float(np.mean(part**2)), 1e-300) for part in (audio, other)]
    return float(10.0 * np.log10(powers[0] / powers[1]))


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


class Silence(NamedTuple):
    """How a gap in which nothing is left differs from a pause.

    Attributes
    ----------
    dies, comes_back
        Power of the excitation where the sound stops, and, run backwards, where it begins again, over that
        of the sound around: a pause rings out, and what begins after it is new, but nothing stops at once.
    won
        What the sound that is predicted explains over what is heard, nats.
    level_db
        What is left, over what is predicted.
    """

    dies: float
    comes_back: float
    won: float
    level_db: float

    @property
    def is_loss(self) -> bool:
        """Whether sound was cut out of itself."""
        ends = min(self.dies, self.comes_back)
        plain = ends > _PLAIN_ENDS and self.level_db < _PLAIN_DB
        return plain or (ends > _ENDS and self.won > _WON_SILENCE and self.level_db < _LEFT_DB)

    @property
    def may_be_loss(self) -> bool:
        """Whether it may have been, if other channels say so."""
        return self.level_db < _SHARED_DB


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
        variance = covariance_model(stretch, 0, stretch.size, mask, _RIDGE, _FILL * noise, a)
        if not variance > 0.0:
            return None
        void = filling_noise(a, variance, _UNDER_DB)
        if void > 0.0:
            covariance_model(stretch, 0, stretch.size, mask, _RIDGE, _FILL * noise + void, a)
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

    def silence(self, ringing: int) -> Silence | None:
        """Compare the gap as it is with what the sound around it predicts; None where that says nothing.

        `ringing` is that of `unrung`.
        """
        heard = self.heard
        filled = self.unrung(ringing)
        if filled is None:
            return None
        order, size = heard.a.size - 1, heard.stop - heard.start
        end = min(heard.stop + order, heard.y.size)
        edge = min(self.times.edge, size - 2 * ringing)
        e = excitation_of(heard.y, heard.start, end, heard.a)
        begin = heard.y.size - heard.stop
        later = excitation_of(heard.y[::-1].copy(), begin, begin + ringing + edge, heard.a)
        sound = heard.y.copy()
        sound[heard.start : heard.stop] = filled
        own = excitation_of(sound, heard.start, end, heard.a)
        blur = ringing + min(self.times.blur, (size - 2 * ringing - 1) // 2)
        left, put = (np.mean(part[blur : size - blur] ** 2) for part in (heard.y[heard.start :], filled))
        return Silence(
            dies=float(np.mean(e[ringing : ringing + edge] ** 2)) / heard.variance,
            comes_back=float(np.mean(later[ringing:] ** 2)) / heard.variance,
            won=float(np.sum(e**2) - np.sum(own**2)) / (2.0 * heard.variance),
            level_db=float(10.0 * np.log10((left + 1e-20) / (put + 1e-20))),
        )

    def unrung(self, ringing: int) -> Audio | None:
        """Return the samples of the gap as they were; None where there is no answer.

        Parameters
        ----------
        ringing
            Samples at either end that are there, but for the ringing of the silence between them.
        """
        heard = self.heard
        y, size = heard.y.copy(), heard.stop - heard.start
        level = float(np.sqrt(min(np.mean(side**2) for side in self._beside)))
        away = np.arange(ringing, 0, -1) / self.times.ringing * RUNG_S
        error = (_RINGS * level / np.maximum(away, _RUNG_LEAST_S)) ** 2
        weight = np.zeros(size)
        weight[:ringing] = heard.variance / np.maximum(error, 1e-30)
        weight[size - ringing :] = weight[:ringing][::-1]
        limit = _MOST_RISE * float(np.abs(np.concatenate(self._beside)).max())
        target = y[heard.start : heard.stop].copy()
        if not fill(y, heard.start, heard.stop, heard.a, weight, target, limit):
            return None
        return y[heard.start : heard.stop]

    def begins_anew(self, filled: Audio) -> bool:
        """Tell whether what comes after the gap is new, as a stroke, though `filled` leads to it."""
        heard, order = self.heard, self.heard.a.size - 1
        before, after = self._beside
        y = heard.y.copy()
        y[heard.start : heard.stop] = filled
        e = excitation_of(y, heard.start, min(heard.stop + order, y.size), heard.a)
        apart = float(np.sum(e**2)) / (heard.variance * order)
        return apart > _APART and _over_db(after, before) > _LOUDER_DB

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
