"""Lapped transforms of lossy coders, taken at every sample: where their frames lay before they were decoded.

A coder sets most of its small coefficients to zero. Taken again over the very frames that it used, the
transform of the decoded sound shows these zeros; one sample beside them it does not. So the mean logarithm of
the coefficients dips at one place in every frame length. (J. Herre and M. Schug, "Analysis of decompressed
audio: the inverse decoder", AES 109, 2000; S. Moehrs, J. Herre and R. Geiger, AES 112, 2002.)
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import fft, optimize

from ...audio.arrays import Array
from ..compilation.compilation import compiled

Single = npt.NDArray[np.float32]
Spectra = npt.NDArray[np.complex64]

LAYER_3_GRANULE = 576
"""Samples between granules of MPEG layer III; source: ISO 11172-3."""

# source: ISO 11172-3; the last: Kaiser's formula for the 96 dB of its stop band
_SUBBANDS, _PROTOTYPE_LENGTH, _STOP_BAND_BETA = 32, 512, 9.6
_BATCH = 8  # tuned: by hand, for speed, 2026-11-21
_ALIAS = np.array([-0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037])  # source: table B.9


def layer_3_filters(coefficients: npt.NDArray[np.intp]) -> Array:
    """Return filters whose outputs are MDCT coefficients of MPEG layer III's long blocks.

    The prototype low-pass is not the standard's table but a Kaiser design of the same length, -3 dB at the
    same frequency and with the same stop band, which suffices to see zeros (Y.-P. Lin and P. P. Vaidyanathan,
    "A Kaiser window approach for the design of prototype filters", IEEE SPL 5(6), 1998).

    Parameters
    ----------
    coefficients
        Numbers from 0 to 575, shape (count,).

    Returns
    -------
    Array
        To be correlated with the sound, each of energy 1, shape (count, taps).
    """
    subband = np.arange(_SUBBANDS)[:, np.newaxis]
    at = np.arange(_PROTOTYPE_LENGTH)
    polyphase = _prototype() * np.cos((2 * subband + 1) * (at - 16) * np.pi / 64)
    polyphase = polyphase[:, ::-1]
    slot, line = np.arange(36), np.arange(18)[:, np.newaxis]
    mdct = np.sin(np.pi / 36 * (slot + 0.5)) * np.cos(np.pi / 72 * (2 * slot + 19) * (2 * line + 1))
    filters = np.zeros((_SUBBANDS, 18, _PROTOTYPE_LENGTH + 35 * _SUBBANDS))
    for number in range(36):
        # every other sample of every other subband is inverted
        sign = np.where((number % 2 == 1) & (subband % 2 == 1), -1.0, 1.0)
        part = slice(_SUBBANDS * number, _SUBBANDS * number + _PROTOTYPE_LENGTH)
        filters[:, :, part] += mdct[:, number, np.newaxis] * (sign * polyphase)[:, np.newaxis]
    _reduce_aliases(filters)
    chosen: Array = filters.reshape(_SUBBANDS * 18, -1)[coefficients]
    return _unit_energy(chosen)


def _reduce_aliases(filters: Array) -> None:
    """Apply the butterflies between neighbouring subbands (ISO 11172-3, 2.4.3.4.10.1) in place."""
    cosine, sine = 1 / np.sqrt(1 + _ALIAS**2), _ALIAS / np.sqrt(1 + _ALIAS**2)
    for below, above in pairwise(filters):
        for step in range(8):
            low, high = below[17 - step].copy(), above[step].copy()
            below[17 - step] = low * cosine[step] + high * sine[step]
            above[step] = high * cosine[step] - low * sine[step]


def _prototype() -> Array:
    """Low-pass whose response is -3 dB where two subbands meet, shape (512,)."""
    at = np.arange(_PROTOTYPE_LENGTH) - _PROTOTYPE_LENGTH // 2
    window = np.kaiser(_PROTOTYPE_LENGTH + 1, _STOP_BAND_BETA)[:-1]

    def design(cutoff: float) -> Array:
        return np.asarray(window * np.sinc(cutoff * at / np.pi))

    def excess(cutoff: float) -> float:
        taps = design(cutoff)
        return float(np.sum(taps * np.cos(np.pi / 64 * at)) / np.sum(taps) - np.sqrt(0.5))

    return design(float(optimize.brentq(excess, 0.02, 0.09)))


def vorbis_window(length: int) -> Array:
    """Return the power-complementary window of Vorbis (Vorbis I specification, 4.3.1), shape (length,)."""
    slope = np.sin(np.pi * (np.arange(length) + 0.5) / length)
    return np.asarray(np.sin(np.pi / 2 * slope**2))


def kaiser_bessel_window(length: int, alpha: float = 4.0) -> Array:
    """Return the Kaiser-Bessel-derived window of AAC (ISO 13818-7, 11.3.3.2), shape (length,)."""
    total = np.cumsum(np.kaiser(length // 2 + 1, np.pi * alpha))
    half = np.sqrt(total[:-1] / total[-1])
    return np.concatenate([half, half[::-1]])


def mdct_filters(window: Array, coefficients: npt.NDArray[np.intp]) -> Array:
    """Return filters whose outputs are MDCT coefficients under `window`.

    Parameters
    ----------
    window
        Shape (taps,): two frames.
    coefficients
        Numbers from 0 to ``taps // 2 - 1``, shape (count,).

    Returns
    -------
    Array
        To be correlated with the sound, each of energy 1, shape (count, taps).
    """
    at = np.arange(window.size) + 0.5 + window.size / 4
    lines = np.cos(2 * np.pi / window.size * at * (coefficients[:, np.newaxis] + 0.5))
    return _unit_energy(window * lines)


def _unit_energy(filters: Array) -> Array:
    return np.asarray(filters / np.sqrt(np.sum(filters**2, axis=1, keepdims=True)))


def correlation_spectra(filters: Array, length: int) -> Spectra:
    """Transform filters of shape (count, taps) for `frame_levels` of `length` samples at most."""
    return np.conj(fft.rfft(filters, length, axis=1)).astype(np.complex64)


def frame_levels(audio: Array, spectra: Spectra, taps: int, period: int, least: float) -> Array | None:
    """Mean log power of the coefficients, for each place where frames may start.

    Parameters
    ----------
    audio
        One channel, shape (n,), n at most the length the spectra were made for.
    spectra
        From `correlation_spectra`.
    taps
        Length of the filters.
    period
        Samples between frames.
    least
        Amplitude that is rounding noise: what is smaller counts as this.

    Returns
    -------
    Array or None
        Natural logarithm, shape (period,): number `i` is of frames that start `i` samples from the beginning
        of `audio`, plus multiples of `period`. None where not one frame of each place fits in.
    """
    length = 2 * (spectra.shape[1] - 1)
    frames = (audio.size - taps + 1) // period
    if frames < 1:
        return None
    # single precision is far finer than the rounding to 16 bits that is looked at
    spectrum = fft.rfft(audio.astype(np.float32), length)
    total = np.zeros(period)
    product = np.empty(frames * period)
    batch = np.empty((_BATCH, spectrum.size), np.complex64)
    for first in range(0, len(spectra), _BATCH):
        some = spectra[first : first + _BATCH]
        output = fft.irfft(np.multiply(spectrum, some, out=batch[: len(some)]), length, axis=1)
        _multiply_powers(output, least**2, product)
        total += np.log(product).reshape(-1, period).sum(axis=0)
    return np.asarray(total / (frames * len(spectra)) + np.log(least**2))


@compiled
def _multiply_powers(output: Single, least: float, product: Array) -> None:
    """Multiply over rows what `output` has in power, over `least`: one logarithm serves a whole batch."""
    scale = 1.0 / least
    for i in range(product.size):
        product[i] = 1.0
    for row in range(output.shape[0]):
        for i in range(product.size):
            value = np.float64(output[row, i])
            product[i] *= 1.0 + value * value * scale
