"""Log-spectral amplitude estimation of a signal in noise, in two passes over its spectra.

Everything is relative to the noise: the a posteriori SNR is the power of a bin over the noise power expected
there, and `clean_snr` the power of the estimated signal over it.

References
----------
.. [1] Y. Ephraim, D. Malah, "Speech enhancement using a minimum mean-square error short-time spectral
   amplitude estimator", IEEE Trans. ASSP 32(6), 1984: the decision-directed a priori SNR, eq. 51.
.. [2] Y. Ephraim, D. Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude
   estimator", IEEE Trans. ASSP 33(2), 1985: the gain, eq. 20.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import exp1

from ...audio.arrays import Array
from ..compilation.compilation import compiled

LEAST_A_PRIORI_SNR = 10 ** (-25 / 10)
"""What is taken where noise alone is heard: lower lets more musical noise through; source: [1], -25 dB."""

# tuned: bench noise, 2026-11-21, no record of each
_MOST_SNR = 1e12  # guard: gains are 1 to the last bit long before, and nothing overflows
_BESIDE = 8  # bins on either side that tell an onset from a partial
_MOST_BROADBAND_SNR = 1e6
_ONSET_RISE = 2.0
_ONSET_CHANCE = 1.5  # means of so few powers of noise alone hardly differ by more
_NOW_BESIDE = 5  # bins on either side that tell what is heard now: a partial's lobe is within them
_CORRECTION_WEIGHT = 0.0125  # of a frame; derived: a hop over a second; those of a second count
_RISE_DB_A_FRAME = 0.0125
_DOUBT_DB, _MOST_RISE_DB, _MOST_FALL_DB = 1.0, 2.0, 1.0
_STEPS = 256  # table entries a unit; derived: linear interpolation is then right to 5e-7
_TABLE_END = 16.0  # derived: exp(E1(16) / 2) is 1 + 3e-9


def _amplitude_table() -> Array:
    """Tabulate ``sqrt(v) exp(E1(v) / 2)``: smooth at 0, where ``exp(E1(v) / 2)`` itself is infinite."""
    v = np.arange(1, int(_TABLE_END * _STEPS) + 2) / _STEPS
    return np.concatenate([[np.exp(-np.euler_gamma / 2)], np.sqrt(v) * np.exp(exp1(v) / 2)])


_TABLE = _amplitude_table()


@compiled
def log_spectral_amplitude_gain(a_priori_snr: float, a_posteriori_snr: float) -> float:
    """Return the gain ``xi / (1 + xi) exp(E1(v) / 2)``, ``v = xi / (1 + xi) gamma`` [2, eq. 20], at most 1.

    Parameters
    ----------
    a_priori_snr
        xi, above 0.
    a_posteriori_snr
        gamma, 0 or more.
    """
    wiener = a_priori_snr / (1.0 + a_priori_snr)
    v = wiener * a_posteriori_snr
    if v >= _TABLE_END:
        return wiener
    place = v * _STEPS
    index = int(place)
    amplitude: float = _TABLE[index] + (place - index) * (_TABLE[index + 1] - _TABLE[index])
    if wiener * amplitude * amplitude >= a_posteriori_snr:
        return 1.0
    return amplitude * math.sqrt(wiener / a_posteriori_snr)


@compiled
def a_posteriori_snr(spectra: npt.NDArray[np.complex128], noise_power: Array) -> Array:
    """Return the power of every bin over the noise power expected there, at most 1e12.

    Parameters
    ----------
    spectra
        Shape (channels, frames, bins).
    noise_power
        Shape (channels, frames, bins), or (channels, 1, bins) where it stays; above 0.

    Returns
    -------
    Array
        Shape (channels, frames, bins).
    """
    channels, frames, bins = spectra.shape
    moving = int(noise_power.shape[1] > 1)
    snr = np.empty((channels, frames, bins))
    for channel in range(channels):
        for frame in range(frames):
            for k in range(bins):
                value = spectra[channel, frame, k]
                power = value.real * value.real + value.imag * value.imag
                snr[channel, frame, k] = min(power / noise_power[channel, frame * moving, k], _MOST_SNR)
    return snr


@compiled
def print_correction(snr: Array, shift: float, heard: Array) -> Array:
    """Return what the noise is over its print, frame after frame, as a ratio of powers: 0.8 to 1.6.

    Powers of noise are exponentially distributed, and a bin that holds less than one and a half times the
    noise expected is most often noise alone. If the noise is s times its print and ``q = exp(-1 / (2 s))``,
    the powers up to half the print are to those from there to three halves as 1 to ``q (1 + q)``: a ratio
    that the louder bins of a program hardly touch. What it shows is believed but for 1 dB, from -1 to 2 dB;
    it rises by no more than 1 dB a second, since a program may look like noise for a moment.

    Parameters
    ----------
    snr
        A posteriori, shape (channels, frames, bins).
    shift
        What it was taken over, against the print itself, as a ratio of powers.
    heard
        Powers of either kind that were heard, and the correction in dB so far, shape (3,); replaced.
    """
    channels, frames, bins = snr.shape
    half, most = 0.5 / shift, 1.5 / shift
    correction = np.empty(frames)
    for frame in range(frames):
        low = high = 0.0
        for channel in range(channels):
            for k in range(bins):
                value = snr[channel, frame, k]
                if value < half:
                    low += 1.0
                elif value < most:
                    high += 1.0
        heard[0] += (low - heard[0]) * _CORRECTION_WEIGHT
        heard[1] += (high - heard[1]) * _CORRECTION_WEIGHT
        shown_db = 0.0
        if heard[0] > 0.0 and heard[1] > 0.0:
            q = 0.5 * (math.sqrt(1.0 + 4.0 * heard[1] / heard[0]) - 1.0)
            shown_db = -10.0 * math.log10(-2.0 * math.log(min(max(q, 0.01), 0.99)))
        if shown_db > 0.0:
            shown_db = min(max(shown_db - _DOUBT_DB, 0.0), _MOST_RISE_DB)
        else:
            shown_db = max(min(shown_db + _DOUBT_DB, 0.0), -_MOST_FALL_DB)
        heard[2] = min(shown_db, heard[2] + _RISE_DB_A_FRAME)
        correction[frame] = 10.0 ** (0.1 * heard[2])
    return correction


@compiled
def first_pass(snr: Array, previous: Array, weight: float) -> Array:
    """Estimate the signal frame after frame with the decision-directed a priori SNR [1, eq. 51].

    Parameters
    ----------
    snr
        A posteriori, shape (channels, frames, bins).
    previous
        `clean_snr` of the frame before, shape (channels, bins); replaced by that of the last one.
    weight
        How much the previous frame counts, 0 to 1: [1] has 0.98.

    Returns
    -------
    Array
        `clean_snr`, shape (channels, frames, bins).
    """
    channels, frames, bins = snr.shape
    clean_snr = np.empty((channels, frames, bins))
    for channel in range(channels):
        for frame in range(frames):
            for k in range(bins):
                gamma = snr[channel, frame, k]
                xi = weight * previous[channel, k] + (1.0 - weight) * max(gamma - 1.0, 0.0)
                gain = log_spectral_amplitude_gain(max(xi, LEAST_A_PRIORI_SNR), gamma)
                estimate = gain * gain * gamma
                previous[channel, k] = estimate
                clean_snr[channel, frame, k] = estimate
    return clean_snr


@compiled
def broadband_snr(snr: Array) -> Array:
    """Return what an onset lifts, and a partial does not: the lower of the mean SNRs beside a bin.

    Parameters
    ----------
    snr
        A posteriori, shape (channels, frames, bins).

    Returns
    -------
    Array
        The lower of the means over the bins just below and just above each bin, same shape.
    """
    channels, frames, bins = snr.shape
    beside = np.empty((channels, frames, bins))
    sums = np.zeros(bins + 1)
    for channel in range(channels):
        for frame in range(frames):
            for k in range(bins):
                # running sums must not lose noise beside a tone
                sums[k + 1] = sums[k] + min(snr[channel, frame, k], _MOST_BROADBAND_SNR)
            for k in range(bins):
                low, high = max(k - _BESIDE, 0), min(k + 1 + _BESIDE, bins)
                below = (sums[k] - sums[low]) / max(k - low, 1)
                above = (sums[high] - sums[k + 1]) / max(high - k - 1, 1)
                if k - low < _BESIDE // 2:
                    below = above
                elif high - k - 1 < _BESIDE // 2:
                    above = below
                beside[channel, frame, k] = min(below, above)
    return beside


@compiled
def second_pass(snr: Array, clean_snr: Array, weights: Array, least_gain: float) -> Array:
    """Estimate the gains again, from first estimates averaged over the frames before and after.

    The average would take onsets down, which the first pass underestimates too; so where a wide band rises
    against the first frame of the span, what it rises to counts instead. It would also hold noise up before
    an onset and after an end; so it counts for no more than what is heard now, over the noise, around the
    bin. The a priori SNR of a bin is that of the channel where it is highest, so that what is heard in
    one channel is not taken for noise in another, and the stereo image stands still.

    Parameters
    ----------
    snr
        A posteriori, shape (channels, frames + span - 1, bins).
    clean_snr
        From `first_pass`, same shape.
    weights
        Of the averaged frames, shape (span,), span odd; they add up to 1.
    least_gain
        Floor of the gains.

    Returns
    -------
    Array
        Gains, shape (frames, bins), of all channels: those of the frames in the middle of their spans.
    """
    channels, total, bins = clean_snr.shape
    span = weights.size
    middle = span // 2
    broadband = broadband_snr(snr)
    gains = np.empty((total - span + 1, bins))
    xi = np.empty(bins)
    gamma = np.empty(bins)
    onset = np.empty(bins)
    sums = np.zeros(bins + 1)
    for frame in range(total - span + 1):
        xi[:] = 0.0
        gamma[:] = 0.0
        onset[:] = LEAST_A_PRIORI_SNR
        for channel in range(channels):
            for k in range(bins):
                mean = 0.0
                for step in range(span):
                    mean += weights[step] * clean_snr[channel, frame + step, k]
                before = broadband[channel, frame, k]
                rise = broadband[channel, frame + middle, k] - _ONSET_RISE * before - _ONSET_CHANCE
                xi[k] = max(xi[k], mean)
                onset[k] = max(onset[k], rise)
                gamma[k] += snr[channel, frame + middle, k] / channels
        for k in range(bins):
            sums[k + 1] = sums[k] + min(gamma[k], _MOST_BROADBAND_SNR)
        for k in range(bins):
            low, high = max(k - _NOW_BESIDE, 0), min(k + 1 + _NOW_BESIDE, bins)
            now = max((sums[high] - sums[low]) / (high - low) - 1.0, 0.0)
            gain = log_spectral_amplitude_gain(max(min(xi[k], now), onset[k]), gamma[k])
            gains[frame, k] = max(gain, least_gain)
    return gains
