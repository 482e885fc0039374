"""Cross-spectra of channels summed over frames, and the delay that their phase tells."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import fft

Array = npt.NDArray[np.float64]
Spectra = npt.NDArray[np.complex128]

_FINER = 4  # the correlation is searched on a grid this much finer than samples
_MOST_WEIGHT = 1e4  # of a bin: perfect coherence must not leave one bin alone to speak
_FITS = 4


@njit(cache=True, nogil=True)
def add_products(spectra: Spectra, power: Array, cross: Spectra) -> None:
    """Add one frame's power, and its products of the first channel with each other one.

    Parameters
    ----------
    spectra
        Shape (channels, bins).
    power
        Shape (channels, bins), updated in place.
    cross
        ``conj(first) * other``, shape (channels - 1, bins), updated in place.
    """
    for channel in range(spectra.shape[0]):
        for k in range(spectra.shape[1]):
            value = spectra[channel, k]
            power[channel, k] += value.real * value.real + value.imag * value.imag
            if channel:
                first = spectra[0, k]
                cross[channel - 1, k] += complex(
                    first.real * value.real + first.imag * value.imag,
                    first.real * value.imag - first.imag * value.real,
                )


class Delay(NamedTuple):
    """How one channel follows another.

    Attributes
    ----------
    samples, error
        How much later it is, and the standard error of that.
    sign
        -1.0 in opposite polarity, else 1.0.
    linearity
        How well one delay explains the phase of all coherent bins: 1 all, 0 nothing.
    significance
        The correlation's peak over its standard deviation by chance.
    coverage
        Mean coherence of the bins looked at.
    """

    samples: float
    error: float
    sign: float
    linearity: float
    significance: float
    coverage: float


def coherence(cross: Spectra, product: Array, frames: float) -> Array:
    """Magnitude-squared coherence less what `frames` independent frames show by chance, 0 to 1."""
    raw = np.abs(cross) ** 2 / np.maximum(product, 1e-300)
    return np.asarray(np.clip((raw - 1 / frames) / (1 - 1 / frames), 0.0, 1.0))


def delay(cross: Spectra, coherent: Array, farthest: int) -> Delay:
    """Find the delay of two channels: a coherence-weighted phase correlation, refined by a phase slope.

    After C. H. Knapp and G. C. Carter, "The generalized correlation method for estimation of time delay",
    IEEE Trans. ASSP 24(4), 1976: the phase transform with the coherence for weight finds the peak, and the
    maximum-likelihood weights coherence / (1 - coherence) fit a line through the phase around it.

    Parameters
    ----------
    cross
        Shape (bins,), bins from 0 to the half rate.
    coherent
        Weight of each bin, 0 to 1: the coherence, 0 in bins to leave out.
    farthest
        Longest delay, samples.
    """
    phase = np.angle(cross)
    length = 2 * (cross.size - 1)
    correlation = fft.irfft(coherent * np.exp(1j * phase), _FINER * length)
    reach = min(_FINER * farthest, correlation.size // 2 - 1)
    near = np.concatenate([correlation[-reach:], correlation[: reach + 1]])
    best = int(np.argmax(np.abs(near)))
    sign = 1.0 if near[best] >= 0 else -1.0
    samples = (best - reach) / _FINER
    omega = 2 * np.pi * np.arange(cross.size) / length
    samples, error = _slope(phase - (0.0 if sign > 0 else np.pi), coherent, omega, samples)
    total = max(float(coherent.sum()), 1e-12)
    aligned = float(np.sum(coherent * np.cos(phase + omega * samples)) * sign)
    chance = np.sqrt(max(float(np.sum(coherent**2)), 1e-12) / 2)
    looked_at = max(int(np.count_nonzero(coherent)), 1)
    return Delay(samples, error, sign, max(aligned / total, 0.0), aligned / float(chance), total / looked_at)


def _slope(phase: Array, coherent: Array, omega: Array, samples: float) -> tuple[float, float]:
    """Refine a delay by weighted least squares on the phase, without bins over a quarter turn off."""
    weight = np.minimum(coherent / np.maximum(1 - coherent, 1e-12), _MOST_WEIGHT)
    error = float("inf")
    for _ in range(_FITS):
        off = np.angle(np.exp(1j * (phase + omega * samples)))
        kept = weight * (np.abs(off) < np.pi / 2)
        scale = float(np.sum(kept * omega**2))
        if scale <= 0:
            return samples, error
        step = float(np.sum(kept * omega * off)) / scale
        samples -= step
        error = float(np.sqrt(np.sum((kept * omega * (off - omega * step)) ** 2))) / scale
    return samples, error
