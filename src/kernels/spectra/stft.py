"""Framed short-time Fourier transform and overlap-add on plain arrays.

Frames are `OVERLAP` hops long and Hann windows go on both ways, so that frames add up to the input exactly.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from ..compilation.compilation import compiled

Audio = npt.NDArray[np.float64]
Spectra = npt.NDArray[np.complex128]

OVERLAP = 4
"""Hops in a frame; derived: a squared Hann window adds up to a constant from three on."""

_PRODUCT = 8  # powers multiplied before their logarithm; guard: their product stays within a float's range


def hop_length(sample_rate: float, seconds: float) -> int:
    """Return the hop, in samples, of frames of `seconds` or a little more whose FFT is fast.

    Parameters
    ----------
    sample_rate
        Hz.
    seconds
        Length of a frame, which is `OVERLAP` hops.
    """
    least = max(int(np.ceil(sample_rate * seconds / OVERLAP)), 1)
    return int(fft.next_fast_len(least, real=True))


def hann(length: int) -> Audio:
    """Return the periodic Hann window, shape (length,)."""
    window: Audio = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return window


def forward(audio: Audio, window: Audio, hop: int) -> Spectra:
    """Transform every whole frame of `audio`.

    Parameters
    ----------
    audio
        Shape (channels, n), n at least the window's length.
    window
        Shape (length,).
    hop
        Samples between the starts of frames.

    Returns
    -------
    Spectra
        Shape (channels, frames, length // 2 + 1).
    """
    # what sliding_window_view does, without a tenth of the transform's time spent on checks
    audio = np.ascontiguousarray(audio)
    across, along = audio.strides
    count = (audio.shape[1] - window.size) // hop + 1
    shape = (audio.shape[0], count, window.size)
    frames = np.ndarray(shape, audio.dtype, audio, strides=(across, hop * along, along))
    spectra: Spectra = fft.rfft(frames * window, axis=2, overwrite_x=True)
    return spectra


@compiled
def mean_and_product(spectra: Spectra, scale: float, offset: float) -> tuple[Audio, Audio]:
    """Return mean and product over the frames of ``scale * |spectra|^2 + offset``.

    Parameters
    ----------
    spectra
        Shape (channels, frames, bins).
    scale, offset
        Of the powers.

    Returns
    -------
    Audio
        Mean, shape (channels, bins).
    Audio
        Product, shape (channels, bins).
    """
    channels, frames, bins = spectra.shape
    mean = np.zeros((channels, bins))
    product = np.ones((channels, bins))
    for channel in range(channels):
        for frame in range(frames):
            for k in range(bins):
                value = spectra[channel, frame, k]
                power = (value.real * value.real + value.imag * value.imag) * scale + offset
                mean[channel, k] += power
                product[channel, k] *= power
        for k in range(bins):
            mean[channel, k] /= frames
    return mean, product


@compiled
def band_levels(
    spectra: Spectra, edges: npt.NDArray[np.intp], scale: float, offset: float
) -> tuple[Audio, Audio]:
    """Return mean and mean logarithm over bands of ``scale * |spectra|^2 + offset``.

    Parameters
    ----------
    spectra
        Shape (channels, frames, bins).
    edges
        First bin of each band, shape (bands,); the last goes on to the end.
    scale, offset
        Of the powers, which must lie between 1e-36 and 1e36.

    Returns
    -------
    Audio
        Mean, shape (channels, frames, bands).
    Audio
        Mean logarithm, same shape.
    """
    channels, frames, bins = spectra.shape
    mean = np.empty((channels, frames, edges.size))
    logarithm = np.empty((channels, frames, edges.size))
    for channel in range(channels):
        for frame in range(frames):
            for band in range(edges.size):
                end = edges[band + 1] if band + 1 < edges.size else bins
                total, logs, product = 0.0, 0.0, 1.0
                for k in range(edges[band], end):
                    value = spectra[channel, frame, k]
                    power = (value.real * value.real + value.imag * value.imag) * scale + offset
                    total += power
                    product *= power
                    if (k - edges[band]) % _PRODUCT == _PRODUCT - 1:
                        logs += np.log(product)  # that of a product costs an eighth of eight
                        product = 1.0
                width = end - edges[band]
                mean[channel, frame, band] = total / width
                logarithm[channel, frame, band] = (logs + np.log(product)) / width
    return mean, logarithm


def inverse(spectra: Spectra, window: Audio) -> Audio:
    """Transform spectra back into frames that add up to the input at hops of ``length / OVERLAP``.

    Parameters
    ----------
    spectra
        Shape (channels, frames, length // 2 + 1).
    window
        Hann, shape (length,): that of `forward`.

    Returns
    -------
    Audio
        Shape (channels, frames, length), windowed.
    """
    # at every sample the squared windows of the frames over it add up to OVERLAP times their mean
    synthesis = window / (OVERLAP * np.mean(window**2))
    frames: Audio = fft.irfft(spectra, window.size, axis=2)
    frames *= synthesis
    return frames


def overlap_add(frames: Audio, tail: Audio) -> tuple[Audio, Audio]:
    """Add overlapping frames to what earlier ones left.

    Parameters
    ----------
    frames
        Shape (channels, count, OVERLAP * hop).
    tail
        Sums that were not complete yet, shape (channels, (OVERLAP - 1) * hop); zeros at first.

    Returns
    -------
    Audio
        Samples that are complete, shape (channels, count * hop).
    Audio
        The new tail.
    """
    channels, count, length = frames.shape
    hop = length // OVERLAP
    sums = np.zeros((channels, count + OVERLAP - 1, hop))
    sums[:, : OVERLAP - 1] = tail.reshape(channels, OVERLAP - 1, hop)
    parts = frames.reshape(channels, count, OVERLAP, hop)
    for part in range(OVERLAP):
        sums[:, part : part + count] += parts[:, :, part]
    return sums[:, :count].reshape(channels, -1), sums[:, count:].reshape(channels, -1)
