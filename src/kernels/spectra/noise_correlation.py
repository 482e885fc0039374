"""Noise that two channels share: how much, and turned into noise that they do not share.

A bin that is hardly over the noise expected in it is most often noise alone, so what such bins of two
channels have in common is the noise's. (As in the coherence of a diffuse field, but from one field: the
noise of one groove, or of one tape track, heard in two channels.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array
from ..compilation.compilation import compiled

Spectra = npt.NDArray[np.complex128]

MOST_NOISE = 3.0
"""Power over the noise expected up to which a bin counts; derived: -ln 0.05, 95 % of Gaussian noise."""

# tuned: bench noise, 2026-11-21, no record of each
_LEAST, _SURE = 0.2, 0.4  # what a program that is the same in both channels makes it look like at the most
_MOST = 0.95  # what only the estimate says is not there keeps some noise


@compiled
def noise_correlation(spectra: Spectra, sums: Array, keep: float) -> Array:
    """Return the correlation of the noise in two channels, frame after frame; 0 where it is not clear.

    Parameters
    ----------
    spectra
        Of two channels, each over its noise: shape (2, frames, bins).
    sums
        Products and powers heard so far, shape (2,); replaced.
    keep
        What of them is kept from frame to frame, 0 to 1.

    Returns
    -------
    Array
        -0.95 to 0.95, shape (frames,).
    """
    _, frames, bins = spectra.shape
    correlation = np.zeros(frames)
    for frame in range(frames):
        product = power = 0.0
        for k in range(bins):
            one, other = spectra[0, frame, k], spectra[1, frame, k]
            first, second = one.real**2 + one.imag**2, other.real**2 + other.imag**2
            if first < MOST_NOISE and second < MOST_NOISE:
                product += one.real * other.real + one.imag * other.imag
                power += 0.5 * (first + second)
        sums[0] = keep * sums[0] + product
        sums[1] = keep * sums[1] + power
        heard = sums[0] / sums[1] if sums[1] > 0.0 else 0.0
        sure = min(max((abs(heard) - _LEAST) / (_SURE - _LEAST), 0.0), 1.0)
        correlation[frame] = min(max(heard * sure, -_MOST), _MOST)
    return correlation


@compiled
def decorrelated(spectra: Spectra, correlation: Array) -> Spectra:
    """Mix two channels so that noise of power 1 and this correlation becomes independent noise of power 1.

    The mixture is the symmetric one, which changes the channels least (zero-phase whitening): their sum
    and their difference are scaled.

    Parameters
    ----------
    spectra
        Shape (2, frames, bins).
    correlation
        Shape (frames,).
    """
    mixed: Spectra = _scaled(spectra, 1.0 / np.sqrt(1.0 + correlation), 1.0 / np.sqrt(1.0 - correlation))
    return mixed


@compiled
def correlated(spectra: Spectra, correlation: Array) -> Spectra:
    """Undo `decorrelated`."""
    mixed: Spectra = _scaled(spectra, np.sqrt(1.0 + correlation), np.sqrt(1.0 - correlation))
    return mixed


@compiled
def _scaled(spectra: Spectra, sums: Array, differences: Array) -> Spectra:
    _, frames, bins = spectra.shape
    mixed = np.empty((2, frames, bins), np.complex128)
    for frame in range(frames):
        own = 0.5 * (sums[frame] + differences[frame])
        crossed = 0.5 * (sums[frame] - differences[frame])
        for k in range(bins):
            one, other = spectra[0, frame, k], spectra[1, frame, k]
            mixed[0, frame, k] = own * one + crossed * other
            mixed[1, frame, k] = crossed * one + own * other
    return mixed
