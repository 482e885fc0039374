"""Spectra of shaped Gaussian noise, drawn by place: any frame of it, in any order, has the same bits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Complex, Counts
from ..compilation.compilation import compiled
from ..samples.dither import mixed

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # source: the step of SplitMix64, 2^64 over the golden ratio
_LOW_HALF = np.uint64(0xFFFFFFFF)  # derived: 32 of 64 bits
_PART = 2.0**-32  # derived: a step of 32 bits


@compiled
def tone_spectra(
    key: np.uint64, first: int, frames: int, mixing: Complex, band: Counts, amplitude: Array
) -> npt.NDArray[np.complex128]:
    """Draw the spectra of some frames of noise.

    Each bin of each frame is a normal number of its own, hashed from key, frame, bin and channel (SplitMix64:
    Steele, Lea and Flood, OOPSLA 2014; Box and Muller, Annals of Mathematical Statistics 29(2), 1958).

    Parameters
    ----------
    key
        Another one gives noise that knows nothing of this.
    first, frames
        Absolute number of the first frame, and how many.
    mixing
        What makes channels of one strength out of independent ones, in each band, shape (bands, channels,
        channels).
    band
        Of each bin, shape (bins,).
    amplitude
        Root mean square of each bin, shape (channels, bins).

    Returns
    -------
    Complex
        Shape (channels, frames, bins).
    """
    channels, bins = amplitude.shape
    spectra = np.zeros((channels, frames, bins), np.complex128)
    drawn = np.empty(channels, np.complex128)
    for frame in range(frames):
        of_frame = mixed(np.uint64(first + frame) * _GOLDEN + key)
        for k in range(bins):
            of_bin = mixed(of_frame + np.uint64(k + 1) * _GOLDEN)
            for channel in range(channels):
                bits = mixed(of_bin + np.uint64(channel + 1) * _GOLDEN)
                radius = np.sqrt(-np.log((np.float64(bits >> np.uint64(32)) + 0.5) * _PART))
                angle = 2.0 * np.pi * _PART * np.float64(bits & _LOW_HALF)
                drawn[channel] = radius * complex(np.cos(angle), np.sin(angle))
            mix = mixing[band[k]]
            for channel in range(channels):
                value = 0j
                for other in range(channels):
                    value += mix[channel, other] * drawn[other]
                spectra[channel, frame, k] = amplitude[channel, k] * value
    return spectra


@compiled
def add_band_products(spectra: npt.NDArray[np.complex128], edges: Counts, products: Complex) -> None:
    """Add what channels share in each band: sums over frames and bins of one times another's conjugate.

    Parameters
    ----------
    spectra
        Shape (channels, frames, bins).
    edges
        First bin of each band, and one past the last bin of the last, shape (bands + 1,).
    products
        Shape (bands, channels, channels), updated in place.
    """
    channels, frames, _ = spectra.shape
    for b in range(edges.size - 1):
        for one in range(channels):
            for other in range(one + 1):
                total = 0j
                for frame in range(frames):
                    for k in range(edges[b], edges[b + 1]):
                        total += spectra[one, frame, k] * np.conj(spectra[other, frame, k])
                products[b, one, other] += total
                if one != other:
                    products[b, other, one] += np.conj(total)
