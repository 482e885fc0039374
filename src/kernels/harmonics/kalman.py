"""Kalman filters and smoothers of a comb of harmonics that hangs on one phase.

A harmonic's complex amplitude is a random walk relative to the common phase; the frequency walks too, drawn
to its mean. Measurements whose error is improbable count for less (Student's t): G. Agamennoni, J. Nieto,
E. Nebot, An outlier-robust Kalman filter, 2011. Smoothers: H. Rauch, F. Tung, C. Striebel, Maximum likelihood
estimates of linear dynamic systems, 1965.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Array, Complex
from ..compilation.compilation import compiled

FREEDOM = 3.0
"""Degrees of freedom of the errors; derived: the fewest that have a variance."""

# tuned: bench hum, 2026-11-21, no record of each
_FORGET = 0.2  # of the errors' recent squares in a frame: notes last
_SURPRISE = 3.0  # times the expected square
_NOTE = 20.0  # times what could be, a square tells of a note: it counts for ever less
_UNWRAPPED = 0.5  # rad^2, variance of a line's phase above which its turns cannot be told apart


class Walks(NamedTuple):
    """Lines whose amplitudes walk at random.

    Attributes
    ----------
    walk
        Variance by which each walks from frame to frame, shape (lines,).
    slack
        Variance that is no surprise in each, whatever the noise, shape (lines,).
    mean, variance
        Of each before the first frame, shape (lines,).
    """

    walk: Array
    slack: Array
    mean: Complex
    variance: Array


class Estimates(NamedTuple):
    """Amplitudes and their variances, shape (frames, lines)."""

    mean: Complex
    variance: Array


class Smoothed(NamedTuple):
    """What smoothing gives, shape (frames, lines): amplitudes, their variances, the noise as weighed last."""

    mean: Complex
    variance: Array
    weighed: Array


class Followed(NamedTuple):
    """What is known of lines while their phase is followed, shape (lines,).

    Attributes
    ----------
    amplitude, variance
        Amplitudes and their variances.
    recent
        Errors' squares over their expected ones, averaged over the last frames.
    """

    amplitude: Complex
    variance: Array
    recent: Array


class Phase(NamedTuple):
    """Phase in rad and frequency in rad/frame relative to the reference, and their covariance.

    Shapes (2,) and (2, 2).
    """

    state: Array
    spread: Array


class Drift(NamedTuple):
    """How the frequency walks.

    Attributes
    ----------
    variance
        By which it walks in a frame, (rad/frame)^2.
    back
        Share of its distance from zero that it keeps in a frame.
    """

    variance: float
    back: float


@compiled
def smooth_amplitudes(
    y: Complex, noise: Array, lines: Walks, rounds: int, near: int, keep: int, out: Smoothed
) -> None:
    """Estimate amplitudes that walk at random from noisy ones, forth and back.

    Parameters
    ----------
    y
        Measured amplitudes, shape (frames, lines).
    noise
        Variance of each, same shape.
    lines
        Mean and variance are updated to those after `keep` frames, as the filter knew them then.
    rounds
        How often errors are weighed, at least 1. The first round weighs what it did not foresee: it must not
        begin with a note that lasts longer than what it sees.
    near
        Frames on either side that an error is averaged over, because notes last.
    keep
        At least 1; 0 leaves `lines` as they are.
    out
        Filled.
    """
    frames = y.shape[0]
    r = np.empty(frames)
    # a line's own, because its frames lie far apart
    heard, x = np.empty(frames, np.complex128), np.empty(frames, np.complex128)
    given, spread = np.empty(frames), np.empty(frames)
    for line in range(y.shape[1]):
        heard[:] = y[:, line]
        given[:] = noise[:, line]
        step, slack = lines.walk[line], lines.slack[line]
        for each in range(rounds):
            a, p = lines.mean[line], lines.variance[line]
            for k in range(frames):
                p += step
                off = heard[k] - a
                if each == 0:
                    expected = _SURPRISE * (given[k] + p + slack)
                    r[k] = given[k] + max(off.real**2 + off.imag**2 - expected, 0.0)
                gain = p / (p + r[k])
                a += gain * off
                p *= 1.0 - gain
                x[k], spread[k] = a, p
            if keep > 0 and each + 1 == rounds:
                lines.mean[line], lines.variance[line] = x[keep - 1], spread[keep - 1]
            for k in range(frames - 2, -1, -1):
                gain = spread[k] / (spread[k] + step)
                x[k] += gain * (x[k + 1] - x[k])
                spread[k] += gain * gain * (spread[k + 1] - spread[k] - step)
            if each + 1 < rounds:
                _weigh(heard, x, spread, given, slack, near, r)
        out.mean[:, line] = x
        out.variance[:, line] = spread
        out.weighed[:, line] = r


@compiled
def _weigh(
    heard: Complex, x: Complex, spread: Array, given: Array, slack: float, near: int, r: Array
) -> None:
    """Write into `r` what noise the errors of a line's estimates `x` say there is, shape (frames,)."""
    frames = x.size
    total = np.zeros(frames + 1)
    for k in range(frames):
        off = heard[k] - x[k]
        total[k + 1] = total[k] + (off.real**2 + off.imag**2 + spread[k]) / given[k]
    for k in range(frames):
        first, last = max(k - near, 0), min(k + near + 1, frames)
        square = (total[last] - total[first]) / (last - first)
        r[k] = given[k] * (FREEDOM + 2.0 * square) / (FREEDOM + 2.0)
        r[k] *= max(square * given[k] / (given[k] + slack) / _NOTE, 1.0)


@compiled
def filter_both_ways(
    y: Complex, noise: Array, walk: Array, mean: Complex, variance: Array, past: Estimates, future: Estimates
) -> None:
    """Estimate amplitudes that walk at random from the frames before each, and from it and those behind.

    A break between two frames shows where these two disagree: D. Fraser, J. Potter, The optimum linear
    smoother as a combination of two optimum linear filters, 1969.

    Parameters
    ----------
    y, noise
        Measured amplitudes and their variances, shape (frames, lines).
    walk, mean, variance
        See `Walks`.
    past
        Filled: predicted from the frames before.
    future
        Filled: from the frame itself and those that follow.
    """
    frames, lines = y.shape
    a, p = mean.copy(), variance.copy()
    for k in range(frames):
        for line in range(lines):
            p[line] += walk[line]
            past.mean[k, line], past.variance[k, line] = a[line], p[line]
            gain = p[line] / (p[line] + noise[k, line])
            a[line] += gain * (y[k, line] - a[line])
            p[line] *= 1.0 - gain
    a[:] = y[frames - 1]
    p[:] = noise[frames - 1]
    for k in range(frames - 1, -1, -1):
        for line in range(lines):
            if k < frames - 1:
                p[line] += walk[line]
                gain = p[line] / (p[line] + noise[k, line])
                a[line] += gain * (y[k, line] - a[line])
                p[line] *= 1.0 - gain
            future.mean[k, line], future.variance[k, line] = a[line], p[line]


@compiled
def follow_phase(
    y: Complex, noise: Array, number: Array, walk: Array, drift: Drift, lines: Followed, phase: Phase
) -> None:
    """Follow the common phase and each line's amplitude through a frame: an extended Kalman filter.

    Lines are heard in the order of their numbers, so that lower ones settle the phase of higher ones.

    Parameters
    ----------
    y, noise
        Measured amplitudes relative to a reference phase, and their variances, shape (lines,).
    number
        Of each line's harmonic, ascending, shape (lines,).
    walk
        Variance by which each amplitude walks in a frame, shape (lines,).
    drift
        See `Drift`.
    lines, phase
        Updated.
    """
    amplitude, variance, recent = lines
    state, spread = phase
    _advance(state, spread, drift)
    for line in range(y.size):
        h = number[line]
        power = amplitude[line].real ** 2 + amplitude[line].imag ** 2
        if h * h * spread[0, 0] > _UNWRAPPED:
            break
        if power <= 0.0:
            continue
        r = noise[line] + variance[line]
        turned = y[line] * np.exp(-1j * h * state[0])
        off = turned - amplitude[line]
        square = (off.real**2 + off.imag**2) / (r + power * h * h * spread[0, 0])
        square = max(square, recent[line] + _FORGET * (square - recent[line]))
        r *= (FREEDOM + 2.0 * square) / (FREEDOM + 2.0)
        error = (turned * np.conj(amplitude[line])).imag / (h * power)
        _update(state, spread, error, r / (2.0 * h * h * power))
    for line in range(y.size):
        h = number[line]
        power = amplitude[line].real ** 2 + amplitude[line].imag ** 2
        variance[line] += walk[line]
        r = noise[line] + power * min(h * h * spread[0, 0], 1.0)
        off = y[line] * np.exp(-1j * h * state[0]) - amplitude[line]
        square = (off.real**2 + off.imag**2) / (r + variance[line])
        recent[line] += _FORGET * (square - recent[line])
        square = max(square, recent[line])
        r *= (FREEDOM + 2.0 * square) / (FREEDOM + 2.0)
        gain = variance[line] / (variance[line] + r)
        amplitude[line] += gain * off
        variance[line] *= 1.0 - gain


@compiled
def _advance(state: Array, spread: Array, drift: Drift) -> None:
    walk, back = drift
    state[0] += state[1]
    state[1] *= back
    a, b, d = spread[0, 0], spread[0, 1], spread[1, 1]
    spread[0, 0] = a + 2.0 * b + d + walk / 3.0
    spread[0, 1] = spread[1, 0] = back * (b + d) + walk / 2.0
    spread[1, 1] = back * back * d + walk


@compiled
def _update(state: Array, spread: Array, error: float, variance: float) -> None:
    total = spread[0, 0] + variance
    first, second = spread[0, 0] / total, spread[0, 1] / total
    state[0] += first * error
    state[1] += second * error
    a, b = spread[0, 0], spread[0, 1]
    spread[0, 0] -= first * a
    spread[0, 1] -= first * b
    spread[1, 0] = spread[0, 1]
    spread[1, 1] -= second * b


@compiled
def smooth_phase(
    y: Complex, noise: Array, number: Array, known: Estimates, drift: Drift, loose: Array, start: Phase,
    phases: Array,
) -> Array:  # fmt: skip
    """Estimate the phase, forth and back, from lines whose amplitudes are known.

    Parameters
    ----------
    y, noise, number, drift
        See `follow_phase`; y and noise of shape (frames, lines).
    known
        The amplitudes.
    loose
        Variance by which the phase may jump at each frame, rad^2, shape (frames,).
    start
        Before the first frame.
    phases
        The phase around which lines are made linear, shape (frames,); the new estimate is put in its place.

    Returns
    -------
    Array
        Variances of the estimate, rad^2, shape (frames,).
    """
    frames, lines = y.shape
    errors = np.empty(frames)
    means = np.empty((frames, 2))
    spreads, before = np.empty((frames, 2, 2)), np.empty((frames, 2, 2))
    x, p = start.state.copy(), start.spread.copy()
    for k in range(frames):
        _advance(x, p, drift)
        p[0, 0] += loose[k]
        before[k] = p
        information = score = 0.0
        for line in range(lines):
            h, a = number[line], known.mean[k, line]
            r = noise[k, line] + known.variance[k, line]
            if a.real**2 + a.imag**2 < 1e-6 * r:
                continue
            turned = y[k, line] * np.exp(-1j * h * phases[k]) * np.conj(a)
            information += 2.0 * h * h * (a.real**2 + a.imag**2) / r
            score += 2.0 * h * turned.imag / r
        if information > 0.0:
            _update(x, p, phases[k] + score / information - x[0], 1.0 / information)
        means[k], spreads[k] = x, p
    phases[frames - 1], errors[frames - 1] = x[0], p[0, 0]
    transition = np.array([[1.0, 1.0], [0.0, drift.back]])
    for k in range(frames - 2, -1, -1):
        gain = spreads[k] @ transition.T @ np.linalg.inv(before[k + 1])
        x = means[k] + gain @ (x - transition @ means[k])
        p = spreads[k] + gain @ (p - before[k + 1]) @ gain.T
        phases[k], errors[k] = x[0], p[0, 0]
    return errors
