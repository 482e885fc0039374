"""What the network of Denoise's high quality sees, and its gains.

A recording is shown over its noise print, bin by bin: powers over the noise expected there, averaged over
boxes of several sizes around a bin, before it and after it. Nothing is shown of absolute levels, so that a
recording's level and its noise's colour cannot matter; bins are 20 Hz apart at every sample rate.

Two channels are turned so that what they share is in one alone: noise, which they do not share (or no more:
see `noise_correlation`), stays in both, and falls in the other one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array
from ...inference.packaged import Model
from ...kernels.spectra.box_means import box_means
from ...kernels.spectra.principal_axes import principal_axes, rotate

Spectra = npt.NDArray[np.complex128]
Features = npt.NDArray[np.float32]

MODEL = "denoise-1"
"""Name of the packaged model."""

# source: what the model denoise-1 was trained with (models/training/denoise)
CONTEXT = 12
"""Frames before and after a frame that its gains depend on: 0.16 s."""

# source: what the model denoise-1 was trained with (models/training/denoise)
AXIS_FRAMES, AXIS_BINS = 3, 2
"""Frames and bins on either side that tell how two channels are turned."""

# source: what the model denoise-1 was trained with (models/training/denoise)
POWER_BOXES = np.array(
    [   # first frame, last frame, bins on either side
        (0, 0, 0), (-1, 1, 0), (-3, 3, 0), (-12, 12, 0), (0, 0, 1), (-1, 1, 1), (-3, 3, 2), (-12, 12, 1),
        (-4, -1, 0), (1, 4, 0), (-12, -4, 0), (4, 12, 0),
        (0, 0, 6), (-1, 1, 6), (-5, -2, 6), (2, 5, 6), (-12, 12, 12), (-3, 3, 40),
    ]
)  # fmt: skip
LOG_BOXES = np.array([(-1, 1, 1), (-3, 3, 0), (-12, 12, 0), (-2, 2, 6), (-12, 12, 20), (-12, 12, 100)])
FEATURES = len(POWER_BOXES) + len(LOG_BOXES) + 2
_NOW = 12  # the box of one frame and a few bins

# source: what the model denoise-1 was trained with (models/training/denoise)
_LEAST = np.float32(0.01)  # guard: a logarithm of 0
_MOST = 1e4  # guard: far over the noise the gain is 1
_NEVER_NOISE = 10.0
# tuned: by time on one machine, no record
_TILE = 4  # frames that the network hears at a time: what lies between its layers stays in the cache


def turned(spectra: Spectra) -> tuple[Spectra, Spectra]:
    """Turn two channels onto the axis that they share, and drop the frames that only tell it.

    Parameters
    ----------
    spectra
        Over the noise expected, shape (2, frames, bins).

    Returns
    -------
    Spectra
        Shape (2, frames - 2 AXIS_FRAMES, bins): what is shared, and what is not.
    Spectra
        The axes, shape (frames - 2 AXIS_FRAMES, bins); see `principal_axes`.
    """
    axes = principal_axes(spectra, AXIS_FRAMES, AXIS_BINS)
    return rotate(spectra[:, AXIS_FRAMES : spectra.shape[1] - AXIS_FRAMES], axes), axes


def features_of(snr: Array, frequency_hz: Array, shared: float) -> Features:
    """Return what the network sees of each bin.

    Parameters
    ----------
    snr
        Powers over the noise expected, shape (frames, bins).
    frequency_hz
        Of the bins, shape (bins,).
    shared
        1 for what two channels share, -1 for the rest of them, 0 for a channel by itself.

    Returns
    -------
    Features
        Shape (FEATURES, frames - 2 CONTEXT, bins): decades, of the order of 1.
    """
    snr = np.minimum(snr, _MOST)
    features = np.empty((FEATURES, snr.shape[0] - 2 * CONTEXT, snr.shape[1]), np.float32)
    powers = features[: len(POWER_BOXES)]
    # differences of large sums may fall below 0
    np.maximum(box_means(snr, POWER_BOXES, CONTEXT), 0, out=powers)
    _decades(powers)
    logarithms = _decades(snr.astype(np.float32)).astype(np.float64)
    features[len(POWER_BOXES) : -2] = box_means(logarithms, LOG_BOXES, CONTEXT)
    features[-2] = shared
    features[-1] = np.log2(np.clip(frequency_hz, 20.0, 20000.0) / 1000.0) / 2
    return features


def noise_gains(model: Model, snr: Array, frequency_hz: Array, shared: float) -> Array:
    """Return gains, 0 to 1, shape (frames - 2 CONTEXT, bins); see `features_of`.

    Two bounds hold whatever the network says: what is not heard now in the bins around cannot be the music's
    (noise would show before an onset and after an end), and what no noise reaches is not touched.
    """
    features = features_of(snr, frequency_hz, shared)
    frames, bins = features.shape[1:]
    gains = np.empty((frames, bins))
    for first in range(0, frames, _TILE):
        tile = features[:, first : first + _TILE]
        (answer,) = model.run({"features": tile.reshape(FEATURES, -1)})
        gains[first : first + _TILE] = answer.reshape(-1, bins)
    now = np.exp(features[_NOW].astype(np.float64) * np.log(10.0)) - float(_LEAST) - 1.0
    now = np.maximum(now, 0.0)
    gains = np.minimum(gains, now / (1.0 + now))
    middle = snr[CONTEXT : snr.shape[0] - CONTEXT]
    return np.asarray(np.maximum(gains, 1.0 - _NEVER_NOISE / np.maximum(middle, _NEVER_NOISE)))


def _decades(powers: Features) -> Features:
    """Take logarithms in place: of base 10, by the natural one, which NumPy has for many at once."""
    powers += _LEAST
    np.log(powers, out=powers)
    powers *= np.float32(1 / np.log(10.0))
    return powers
