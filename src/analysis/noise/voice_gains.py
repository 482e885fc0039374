"""What the networks of VoiceDenoise see of a stretch of speech, and their gains.

They are shown powers in 160 bands up to 8 kHz, of frames 40 ms long, 10 ms apart: how far each lies over the
floor that its band keeps falling back to in the stretch, how that floor lies over the bands, and how far each
lies under the loudest moments. Nothing is shown of absolute levels, and bins are 25 Hz apart at every rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array
from ...inference.packaged import Model

Features = npt.NDArray[np.float32]

MODELS = ("voice-1", "voice-2")
"""Names of the packaged models: of three speakers, and of twenty-three. Where they differ, the mean is nearer
to the clean voice than either."""

# source: what the models were trained with (models/training/voice)
FRAME_SECONDS = 0.04
"""Length of a frame; hops are a quarter of it."""
BINS = 320
"""Bins that the network hears: up to 8 kHz."""
WIDTHS = (*96 * (1,), *32 * (2,), *32 * (5,))
"""Bins in each band."""
BANDS = len(WIDTHS)
CHANNELS = 3
"""Features of a band in a frame."""

# source: what the models were trained with (models/training/voice)
_AROUND = 4  # frames on either side, in the mean powers whose low quantile is the floor
FLOOR_SHARE = 0.1
"""Share of the frames that lie under the floor."""
LOUD_SHARE = 0.95
"""Share of the frames that lie under what is loud."""
LEAST = 1e-8
"""Share of what is loud: less is nothing."""
HEARD = 1e-9
"""Share of what is loud, in a whole frame: less is digital silence."""
SCALE_DB = 20.0
"""What features count as one."""

_EDGES = np.concatenate([[0], np.cumsum(WIDTHS)])
_MIDDLES = (_EDGES[:-1] + _EDGES[1:] - 1) / 2


def band_powers(power: Array) -> Array:
    """Return the mean powers of bands, shape (frames, BANDS), from those of bins, shape (frames, BINS)."""
    return np.asarray(np.add.reduceat(power, _EDGES[:-1], axis=1) / np.array(WIDTHS))


def features_of(power: Array) -> Features | None:
    """Return what the network sees of a stretch; None where it is digital silence.

    Parameters
    ----------
    power
        Of each bin, shape (frames, BINS).

    Returns
    -------
    Features
        Shape (CHANNELS, frames, BANDS).
    """
    bands = band_powers(power)
    frame = bands.mean(axis=1)
    loud = float(np.quantile(frame, LOUD_SHARE))
    heard = frame > HEARD * loud
    if loud <= 0.0 or not heard.any():
        return None
    bands = bands / loud + LEAST
    level = 10 * np.log10(bands)
    floor = _floor(bands[heard])
    features = np.empty((CHANNELS, *bands.shape), np.float32)
    features[0] = (level - floor) / SCALE_DB
    features[1] = (floor - np.median(floor)) / SCALE_DB
    features[2] = level / SCALE_DB + 1.0
    return features


def _floor(bands: Array) -> Array:
    """Return the level that each band keeps falling back to, in dB, shape (BANDS,)."""
    around = 2 * _AROUND + 1
    padded = np.pad(bands, ((_AROUND, _AROUND), (0, 0)), mode="edge")
    sums = np.cumsum(np.concatenate([np.zeros((1, bands.shape[1])), padded]), axis=0)
    means = np.maximum((sums[around:] - sums[:-around]) / around, LEAST)
    at = int(FLOOR_SHARE * len(means))
    return np.asarray(10 * np.log10(np.partition(means, at, axis=0)[at]))


def spread(gains: Array) -> Array:
    """Return gains of bins, shape (frames, BINS), from those of bands, shape (frames, BANDS)."""
    return np.asarray(gains @ spreading())


def spreading() -> Array:
    """Return the weights of bands in bins, shape (BANDS, BINS): along a line between the middles of bands."""
    place = np.interp(np.arange(BINS), _MIDDLES, np.arange(BANDS))
    return np.asarray(np.maximum(1 - np.abs(place - np.arange(BANDS)[:, np.newaxis]), 0.0))


def voice_gains(models: Sequence[Model], power: Array) -> Array:
    """Return gains, 0 to 1, of bins of a stretch, shape (frames, BINS); 1 in digital silence.

    Parameters
    ----------
    models
        The mean of their gains is taken.
    power
        Of each bin, shape (frames, BINS).
    """
    features = features_of(power)
    if features is None:
        return np.ones_like(power)
    answers = [model.run({"features": features[np.newaxis]})[0] for model in models]
    gains = np.stack([answer.reshape(len(power), BANDS) for answer in answers])
    return spread(np.asarray(gains.mean(axis=0, dtype=np.float64)))
