"""What could be reached with knowledge that no system has: beside every system, on the same takes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.linalg import solve, solveh_banded
from scipy.ndimage import uniform_filter
from scipy.signal import istft, stft

from bench.material.damage import Clicked, Damaged

CONTEXT = 1024  # samples beside and within what is solved together; tuned: by hand, no record
FRAME = 4096  # samples, 93 ms; tuned: by hand, no record
LEAST_PRIOR = 10 ** (-25 / 10)  # derived: `spectral_gain.LEAST_A_PRIORI_SNR`, as the stage has it


def exact_span_lsar(damaged: Clicked, order: int = 64, iterations: int = 2) -> np.ndarray:
    """Replace exactly the damaged samples by least-squares autoregressive interpolation.

    Source: Janssen, Veldhuis and Vries, Adaptive interpolation of discrete-time signals that can be modeled
    as autoregressive processes, 1986. Returns audio of shape (channels, n).
    """
    return _by_channel(damaged, order, iterations, additive=False)


def additive_pulse(damaged: Clicked, order: int = 64, iterations: int = 2) -> np.ndarray:
    """Estimate what is under pulses whose spans and variances are known, each pulse taken as white.

    Source: Godsill and Rayner, Digital Audio Restoration, 1998, ch. 5 and 9: the s that minimises the
    energy of the prediction error over its variance plus (x - s)^2 over the pulse's variance. Returns audio
    of shape (channels, n).
    """
    return _by_channel(damaged, order, iterations, additive=True)


def _by_channel(damaged: Clicked, order: int, iterations: int, *, additive: bool) -> np.ndarray:
    output = damaged.audio.copy()
    unknown = damaged.variance > 0.0 if additive else damaged.mask()
    for x, variance, missing, channel in zip(damaged.audio, damaged.variance, unknown, output, strict=True):
        for first, last in _groups(np.flatnonzero(missing), order):
            segment = slice(max(first - CONTEXT, 0), last + CONTEXT)
            here = missing[segment]
            precision = 1.0 / variance[segment][here] if additive else np.zeros(np.count_nonzero(here))
            restored = _restore(x[segment], here, precision, order, iterations)
            channel[first:last] = restored[first - segment.start : last - segment.start]
    return output


def _groups(damaged: np.ndarray, order: int) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) of what is solved together: neighbours, up to ``CONTEXT`` samples."""
    first = previous = None
    for at in damaged.tolist():
        if first is None:
            first = at
        elif at - previous > order or (at - previous > 1 and at - first >= CONTEXT):
            yield first, previous + 1
            first = at
        previous = at
    if first is not None:
        yield first, previous + 1


def _restore(
    x: np.ndarray, unknown: np.ndarray, precision: np.ndarray, order: int, iterations: int
) -> np.ndarray:
    """Solve (A'A / s_e^2 + D) s = D x for the unknown samples; D = 0 where they are taken as missing."""
    at = np.flatnonzero(unknown)
    s = np.where(unknown, 0.0, x)
    for _ in range(iterations):
        a = _autoregression(s, order)
        error = np.convolve(a, s, mode="valid")
        error_variance = np.sum(error**2) / max(len(error) - len(at), order)
        lags = np.correlate(a, a, mode="full")  # A'A is Toeplitz away from the ends
        system = _band(lags[order:], at)
        system[0] += error_variance * precision
        known = -np.convolve(np.where(unknown, 0.0, s), lags, mode="same")[at]
        s[at] = solveh_banded(system, known + error_variance * precision * x[at], lower=True)
    return s


def _band(lags: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return rows and columns ``at`` of a symmetric Toeplitz matrix, in `solveh_banded`'s layout."""
    band = np.zeros((min(len(lags), len(at)), len(at)))
    for below in range(len(band)):
        apart = at[below:] - at[: len(at) - below]
        near = apart < len(lags)
        band[below, : len(apart)][near] = lags[apart[near]]
    return band


def _autoregression(s: np.ndarray, order: int) -> np.ndarray:
    """Return the prediction-error filter (1, a_1 ... a_order) by the covariance method.

    Not the package's kernels: a yardstick must not share the faults of what it measures.
    """
    products = np.zeros(
        (order + 1, order + 1)
    )  # the upper half of sum s[n - i] s[n - j], n = order ... N - 1
    products[0] = np.correlate(s, s[order:], mode="valid")[::-1]
    head, tail = s[order - 1 :: -1], s[: -order - 1 : -1]
    for i in range(order):
        products[i + 1, i + 1 :] = products[i, i:-1] + head[i] * head[i:] - tail[i] * tail[i:]
    system = products[1:, 1:] + (1e-9 * products[0, 0] + 1e-15) * np.eye(order)
    return np.concatenate([[1.0], -solve(system, products[0, 1:], assume_a="pos")])


def oracle_wiener(damaged: Damaged) -> np.ndarray:
    """Apply |X|^2 / (|X|^2 + N), the true spectrum of the music and the true mean spectrum of the noise."""
    noise = np.mean(_power(damaged.added), axis=-1, keepdims=True)
    music = _power(damaged.clean)
    return _with_gain(damaged.audio, music / (music + noise + 1e-30))


def two_pass_wiener(audio: np.ndarray, lead: int) -> np.ndarray:
    """Denoise with the print learned from the first ``lead`` samples: Wiener gain, smoothed, Wiener again.

    The first pass is a Wiener gain with Ephraim and Malah's decision-directed a priori ratio (Speech
    enhancement using a minimum mean-square error short-time spectral amplitude estimator, 1984, eq. 51); its
    estimate, smoothed over 3 frames and 7 frequencies, is the music's spectrum of the second.
    """
    noise = np.mean(_power(audio[:, :lead]), axis=-1, keepdims=True) + 1e-30
    ratio = _power(audio) / noise
    estimate = np.zeros_like(ratio)
    for frame in range(1, ratio.shape[-1]):
        now = ratio[..., frame]
        prior = 0.95 * estimate[..., frame - 1] + 0.05 * np.maximum(now - 1.0, 0.0)
        prior = np.maximum(prior, LEAST_PRIOR)
        estimate[..., frame] = (prior / (1.0 + prior)) ** 2 * now
    prior = uniform_filter(estimate, size=(1, 7, 3), mode="nearest")
    return _with_gain(audio, prior / (1.0 + prior))


def _spectrum(audio: np.ndarray) -> np.ndarray:
    return stft(audio, nperseg=FRAME, noverlap=3 * FRAME // 4)[2]


def _power(audio: np.ndarray) -> np.ndarray:
    return np.abs(_spectrum(audio)) ** 2


def _with_gain(audio: np.ndarray, gain: np.ndarray) -> np.ndarray:
    _, output = istft(gain * _spectrum(audio), nperseg=FRAME, noverlap=3 * FRAME // 4)
    return output[:, : audio.shape[1]]
