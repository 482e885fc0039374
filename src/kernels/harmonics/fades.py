"""A gain that all of a hum's lines share, as a fade has it, and how likely it makes what was measured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Complex
from ..compilation.compilation import compiled
from .kalman import FREEDOM, Walks

_ROUNDS = 8  # guard: of least squares by turns, which settle in three or four
_MODEL = 0.02  # of a line's power that one gain does not explain; tuned: as `jump_costs` has it
_LEAST, _TOP = 0.01, 0.9  # guard: no gain is 0; quantile of the gains that counts as 1, where one may choose


@compiled
def shared_gain(y: Complex, noise: Array, lines: Walks, walk: float, free: bool, gains: Array) -> None:
    """Estimate one real gain that walks at random, of lines that hold still but for it.

    By turns with the lines' amplitudes, where the gain is free; else these are as they were known.

    Parameters
    ----------
    y, noise
        Measured amplitudes along the hum's phase and their variances, shape (frames, lines).
    lines
        Amplitudes where the gain is 1, as they were known before.
    walk
        Variance by which the gain walks in a frame.
    free
        Whether nothing is known of the gain before the first frame; else it is 1.
    gains
        A first guess, and what is found, shape (frames,).
    """
    frames, count = y.shape
    spreads = np.empty(frames)
    share = np.ones((frames, count))  # of each measurement that is trusted
    amplitude = np.empty(count, np.complex128)
    for _ in range(_ROUNDS):
        for line in range(count):
            if not free:
                amplitude[line] = lines.mean[line]
                continue
            weight = 1.0 / lines.variance[line]
            total = weight * lines.mean[line]
            for k in range(frames):
                trust = share[k, line] * gains[k] / noise[k, line]
                total += trust * y[k, line]
                weight += trust * gains[k]
            amplitude[line] = total / weight
        g, p = (gains[0], 1.0) if free else (1.0, 0.0)
        for k in range(frames):
            p += walk
            information = score = 0.0
            for line in range(count):
                a = amplitude[line]
                power = a.real**2 + a.imag**2
                r = noise[k, line] + _MODEL * g * g * power
                off = y[k, line] - g * a
                square = (off.real**2 + off.imag**2) / (r + p * power)
                share[k, line] = (FREEDOM + 2.0) / (FREEDOM + 2.0 * square)
                information += 2.0 * share[k, line] * power / r
                score += 2.0 * share[k, line] * (off * np.conj(a)).real / r
            p /= 1.0 + p * information
            g += p * score
            gains[k], spreads[k] = g, p
        for k in range(frames - 2, -1, -1):
            back = spreads[k] / (spreads[k] + walk)
            gains[k] += back * (gains[k + 1] - gains[k])
        top = np.quantile(gains, _TOP) if free else 1.0
        for k in range(frames):
            gains[k] = max(gains[k] / top, _LEAST)


@compiled
def medians(y: Complex, known: npt.NDArray[np.bool_]) -> tuple[Complex, Array]:
    """Return each line's median over the frames in which it is known, and that of its distance's square.

    Parameters
    ----------
    y, known
        Shape (frames, lines); of a line that is never known both are 0.
    """
    middle, spread = np.zeros(y.shape[1], np.complex128), np.zeros(y.shape[1])
    for line in range(y.shape[1]):
        count = 0
        own = np.empty(y.shape[0], np.complex128)
        for frame in range(y.shape[0]):
            if known[frame, line]:
                own[count] = y[frame, line]
                count += 1
        if count:
            own = own[:count]
            middle[line] = np.median(own.real) + 1j * np.median(own.imag)
            off = own - middle[line]
            spread[line] = np.median(off.real**2 + off.imag**2)
    return middle, spread


@compiled
def foreseen(y: Complex, noise: Array, lines: Walks, gains: Array) -> Array:
    """Return how likely measured amplitudes were, each foreseen from those before it, under these gains.

    Parameters
    ----------
    y, noise
        Measured amplitudes along the hum's phase and their variances, shape (frames, lines).
    lines
        Amplitudes where the gain is 1; left as they are.
    gains
        Shape (frames,).

    Returns
    -------
    Array
        Of each line the logarithm of Student's t, summed over the frames, but for what is the same for all
        gains.
    """
    likely = np.zeros(y.shape[1])
    for line in range(y.shape[1]):
        a, p = lines.mean[line], lines.variance[line]
        for k in range(y.shape[0]):
            square_gain = gains[k] * gains[k]
            p += lines.walk[line]
            r = noise[k, line] / square_gain
            off = y[k, line] / gains[k] - a
            square = (off.real**2 + off.imag**2) / (r + p)
            likely[line] -= np.log(square_gain * (r + p))
            likely[line] -= 0.5 * (FREEDOM + 2.0) * np.log1p(2.0 * square / FREEDOM)
            r *= (FREEDOM + 2.0 * square) / (FREEDOM + 2.0)
            gain = p / (p + r)
            a += gain * off
            p *= 1.0 - gain
    return likely
