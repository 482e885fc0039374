"""The axis along which two channels carry a sound, bin by bin: rotated, it is in one of them alone."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled
from .box_means import summed_area

Spectra = npt.NDArray[np.complex128]

_MOST = 1e6  # a bin counts for no more; guard: sums next to it must keep what is faint


@compiled
def principal_axes(spectra: Spectra, frames_beside: int, bins_beside: int) -> Spectra:
    """Return the principal axis of the real covariance around every bin.

    Parameters
    ----------
    spectra
        Of two channels, each over its noise: shape (2, frames, bins).
    frames_beside, bins_beside
        What is averaged on either side.

    Returns
    -------
    Spectra
        Its cosine and sine as one complex number, shape (frames - 2 frames_beside, bins): 1 where the sound
        is in the first channel alone, i where it is in the second.
    """
    _, frames, bins = spectra.shape
    apart, product = np.empty((frames, bins)), np.empty((frames, bins))
    for frame in range(frames):
        for k in range(bins):
            one, other = spectra[0, frame, k], spectra[1, frame, k]
            first, second = one.real**2 + one.imag**2, other.real**2 + other.imag**2
            scale = min(1.0, _MOST / max(first + second, 1.0))
            apart[frame, k] = scale * (first - second)
            product[frame, k] = scale * 2.0 * (one.real * other.real + one.imag * other.imag)
    apart, product = summed_area(apart), summed_area(product)
    axes = np.empty((frames - 2 * frames_beside, bins), np.complex128)
    for frame in range(frames - 2 * frames_beside):
        last = frame + 2 * frames_beside + 1
        for k in range(bins):
            low, high = max(k - bins_beside, 0), min(k + bins_beside + 1, bins)
            x = apart[last, high] - apart[frame, high] - apart[last, low] + apart[frame, low]
            y = product[last, high] - product[frame, high] - product[last, low] + product[frame, low]
            length = math.sqrt(x * x + y * y)
            double = x / length if length > 0.0 else 1.0  # the cosine of twice the angle
            sine = math.sqrt(max(0.5 - 0.5 * double, 0.0))
            axes[frame, k] = complex(math.sqrt(max(0.5 + 0.5 * double, 0.0)), -sine if y < 0.0 else sine)
    return axes


@compiled
def rotate(spectra: Spectra, axes: Spectra) -> Spectra:
    """Turn two channels so that their axes, shape (frames, bins), become the first.

    Returns
    -------
    Spectra
        Shape (2, frames, bins). `rotate` with the conjugate axes turns them back.
    """
    _, frames, bins = spectra.shape
    rotated = np.empty((2, frames, bins), np.complex128)
    for frame in range(frames):
        for k in range(bins):
            cosine, sine = axes[frame, k].real, axes[frame, k].imag
            one, other = spectra[0, frame, k], spectra[1, frame, k]
            rotated[0, frame, k] = cosine * one + sine * other
            rotated[1, frame, k] = cosine * other - sine * one
    return rotated
