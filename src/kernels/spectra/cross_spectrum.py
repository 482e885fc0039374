"""Cross-spectra of channels summed over frames, and the delay that their phase tells."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft

from ...audio.arrays import Array
from ..compilation.compilation import compiled

Spectra = npt.NDArray[np.complex128]
SingleSpectra = npt.NDArray[np.complex64]

# tuned: by hand, 2026-11-21, no record of each
_FINER = 4  # the correlation is searched on a grid this much finer than samples
_MOST_WEIGHT = 1e4  # of a bin; guard: perfect coherence must not leave one bin alone to speak
_FITS = 4
_FAINTEST = 1e-30  # of a bin's power; guard: no division by zero
_CLUSTERS_AN_OCTAVE = 2


@compiled
def add_samples(frame: Array, energy: Array, product: Array, difference: Array) -> None:
    """Add one frame's energy, its products with the first channel, and the energy of the differences.

    Parameters
    ----------
    frame
        Shape (channels, n).
    energy
        Shape (channels,), updated in place.
    product, difference
        Shape (channels - 1,), updated in place.
    """
    for channel in range(frame.shape[0]):
        power, common, apart = 0.0, 0.0, 0.0
        for i in range(frame.shape[1]):
            first, value = frame[0, i], frame[channel, i]
            power += value * value
            common += first * value
            apart += (value - first) * (value - first)
        energy[channel] += power
        if channel:
            product[channel - 1] += common
            difference[channel - 1] += apart


@compiled
def add_products(spectra: SingleSpectra, power: Array, cross: Spectra) -> None:
    """Add one frame's power, and its products of the first channel with each other one.

    Parameters
    ----------
    spectra
        Shape (channels, bins); sums are taken in double precision.
    power
        Shape (channels, bins), updated in place.
    cross
        ``conj(first) * other``, shape (channels - 1, bins), updated in place.
    """
    for channel in range(spectra.shape[0]):
        for k in range(spectra.shape[1]):
            value = np.complex128(spectra[channel, k])
            power[channel, k] += value.real * value.real + value.imag * value.imag
            if channel:
                first = np.complex128(spectra[0, k])
                cross[channel - 1, k] += complex(
                    first.real * value.real + first.imag * value.imag,
                    first.real * value.imag - first.imag * value.real,
                )


@compiled
def add_levelled_products(spectra: SingleSpectra, power: Array, cross: Spectra) -> None:
    """Add one frame's products, each bin divided by the geometric mean of both channels' magnitudes there.

    Halfway between the cross-correlation and the phase transform of each frame (K. D. Donohue, J. Hannemann
    and H. G. Dietz, "Performance of phase transform for detecting sound sources with microphone arrays in
    reverberant and noisy environments", Signal Processing 87(7), 2007): a few loud notes of one instrument
    no longer outweigh what all others say of the delay.

    Parameters
    ----------
    spectra
        Shape (channels, bins).
    power
        Of the first channel and of the other, shape (channels - 1, 2, bins), updated in place.
    cross
        ``conj(first) * other``, shape (channels - 1, bins), updated in place.
    """
    for other in range(1, spectra.shape[0]):
        for k in range(spectra.shape[1]):
            first, second = np.complex128(spectra[0, k]), np.complex128(spectra[other, k])
            one = first.real * first.real + first.imag * first.imag
            two = second.real * second.real + second.imag * second.imag
            scale = 1.0 / np.sqrt(np.sqrt(one * two) + _FAINTEST)
            power[other - 1, 0, k] += scale * one
            power[other - 1, 1, k] += scale * two
            cross[other - 1, k] += complex(
                scale * (first.real * second.real + first.imag * second.imag),
                scale * (first.real * second.imag - first.imag * second.real),
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
    """

    samples: float
    error: float
    sign: float
    linearity: float
    significance: float


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
    near = correlation[np.arange(-reach, reach + 1)]
    best = int(np.argmax(np.abs(near)))
    sign = 1.0 if near[best] >= 0 else -1.0
    samples = (best - reach) / _FINER
    omega = 2 * np.pi * np.arange(cross.size) / length
    samples, error = _slope(phase - (0.0 if sign > 0 else np.pi), coherent, omega, samples)
    total = max(float(coherent.sum()), 1e-12)
    aligned = float(np.sum(coherent * np.cos(phase + omega * samples)) * sign)
    chance = np.sqrt(max(float(np.sum(coherent**2)), 1e-12) / 2)
    return Delay(samples, error, sign, max(aligned / total, 0.0), aligned / float(chance))


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
        pull = kept * omega * (off - omega * step)
        error = float(np.sqrt(np.sum(np.bincount(_clusters(omega), pull) ** 2))) / scale
    return samples, error


def _clusters(omega: Array) -> npt.NDArray[np.intp]:
    """Return the half octave of each bin, numbered from the half rate down.

    What pulls at a delay pulls at all bins of a half octave alike, so only half octaves are taken for
    independent observations (K.-Y. Liang and S. L. Zeger, "Longitudinal data analysis using generalized
    linear models", Biometrika 73(1), 1986): bins would promise far too much.
    """
    octaves = np.log2(np.pi / np.maximum(omega, omega[1]))
    return np.asarray(octaves * _CLUSTERS_AN_OCTAVE, np.intp)
