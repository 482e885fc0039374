"""Samples that were lost before a resampler or a codec: silence between sound, whose edges ring."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float64]
Spans = npt.NDArray[np.int64]

BLUR_S = 0.2e-3
"""On either side of what is silent, samples that what came after the loss has mixed with what is beside it.
tuned: by hand, zeros of bench.material.tuning by four routes, tuning set, 2026-11-29, as is what follows.
"""

_SMOOTHED_S = 0.25e-3  # tuned: likewise; a window so long has nothing of what rings at the top of the band
_AROUND_S = 30e-3  # tuned: likewise; sound on either side that says how loud it is
_SILENT = 0.03  # tuned: likewise; of that; losses are at -60 dB after resamplers, -30 to -45 after MP3 320
_QUIETEST = 10.0 ** (-65.0 / 20.0)  # tuned: likewise; sound under that has nothing to lose
_LEAST_S = 0.15e-3  # tuned: likewise; of silence; what is shorter is a wave's own passage through zero
_BESIDE_S, _FLAT = 1e-3, 0.25  # tuned: likewise; slopes in it, as a part of those on either side


def blurred_spans(
    x: Audio, zone: tuple[int, int], bounds: tuple[int, int], sample_rate: float, longest: int
) -> Spans:
    """Find where sound stops for a moment, without the edges' ringing, whatever the reason.

    Parameters are those of `lost_spans`.

    Returns
    -------
    Spans
        Rows of start and stop, shape (k, 2), of what is silent and of the edges.
    """
    half = max(round(_SMOOTHED_S * sample_rate) // 2, 1)
    around, beside = round(_AROUND_S * sample_rate), round(_BESIDE_S * sample_rate)
    blur = round(BLUR_S * sample_rate)
    low = max(zone[0] - 1, bounds[0] + blur + beside + half)
    high = min(zone[1] + longest + 1, bounds[1] - blur - beside - half)
    if high - low < 2:
        return np.empty((0, 2), np.int64)
    window = np.hanning(2 * half + 3)[1:-1]
    edge = blur + beside
    y = np.convolve(x[low - edge - half : high + edge + half], window / window.sum(), "valid")
    silent = np.abs(y[edge:-edge]) < _SILENT * _level(x, low, high, around, bounds)
    turns = np.flatnonzero(np.diff(silent.astype(np.int8)))
    begun = int(silent[0])  # before the zone
    starts, stops = turns[begun::2] + 1, turns[begun + 1 :: 2] + 1
    slopes = np.concatenate([[0.0], np.cumsum(np.diff(y, prepend=y[0]) ** 2)])
    spans = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=False):
        if not _LEAST_S * sample_rate <= stop - start <= longest or low + start >= zone[1]:
            continue
        own = (slopes[edge + stop] - slopes[edge + start + 1]) / max(stop - start - 1, 1)
        before = (slopes[edge + start - blur] - slopes[edge + start - blur - beside]) / beside
        after = (slopes[edge + stop + blur + beside] - slopes[edge + stop + blur]) / beside
        if own < _FLAT**2 * min(before, after):
            spans.append((low + start - blur, low + stop + blur))
    return np.array(spans, np.int64).reshape(-1, 2)


def _level(x: Audio, low: int, high: int, around: int, bounds: tuple[int, int]) -> Audio:
    """Return the quieter side's root mean square around each sample, 0 if that is too quiet."""
    first, last = max(low - around, bounds[0]), min(high + around, bounds[1])
    sums = np.concatenate([[0.0], np.cumsum(x[first:last] ** 2)])
    at = np.arange(low, high) - first
    before, after = np.maximum(at - around, 0), np.minimum(at + around, last - first)
    left = (sums[at] - sums[before]) / np.maximum(at - before, 1)
    right = (sums[after] - sums[at]) / np.maximum(after - at, 1)
    level = np.sqrt(np.minimum(left, right))
    return np.asarray(np.where(level > _QUIETEST, level, 0.0))
