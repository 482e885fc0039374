"""The excitation of a recording, block by block, each under a model of its own: what impulses stand out of.

Clicks must not hide in the models that are to show them, so outliers are bridged, and models fitted again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.gaps import Outliers, bridge_outliers, whole_model
from ..prediction.models import (
    Positions,
    Vector,
    autocorrelation,
    autocorrelation_model,
    excitation_of,
    hann,
    levinson,
    prediction_error,
)
from ..prediction.voids import filling_noise
from ..samples.ranks import SIGMA

_RIDGE = 1e-9  # guard: no band may be empty
# scales: what is bridged for a repair, and for a count; tuned: by hand, 2026-11-21, no record
_OUTLIER, _COUNTED_OUTLIER = 6.0, 8.0
_SPARSE = 4  # every such sample counts for the scale of a count; tuned: by hand, for speed, 2026-11-21
# tuned: scores of bench.material.tuning by four routes, tuning set, 2026-11-29; of none, 6, 20 and 35 dB
_UNDER_DB = 20.0  # how far the noise that fills a void lies under the top of the band


class Blocks(NamedTuple):
    """How a recording is whitened.

    Attributes
    ----------
    size
        Samples a block.
    order
        Of the models.
    longest
        Samples of the longest run of outliers that is bridged.
    """

    size: int
    order: int
    longest: int


@compiled
def excitation(x: Vector, repaired: Vector, first: int, last: int, bounds: Positions, blocks: Blocks,
               e: Vector) -> None:  # fmt: skip
    """Write the excitation of whole blocks of `x` into `e`.

    Models are fitted to two blocks around each block.

    Parameters
    ----------
    x
        The recording, shape (n,).
    repaired
        The same with earlier clicks repaired: what models are fitted to.
    first, last
        First sample of the first block, and one past the last block.
    bounds
        Where the recording begins and ends in `x`; nothing outside counts.
    blocks
        See `Blocks`.
    e
        Filled from `first` to `last`, with 0 where a prediction would reach past the recording's start.
    """
    size, order = blocks.size, blocks.order
    a = np.empty(order + 1)
    taper = hann(2 * size)
    outliers = Outliers(_OUTLIER, 1, blocks.longest, order // 4)
    for start in range(first, last, size):
        low = start - size // 2
        low = max(min(low, bounds[1] - 2 * size), bounds[0])
        stretch = repaired[low : min(low + 2 * size, bounds[1])].copy()
        begin = max(start, bounds[0] + order)
        end = min(start + size, bounds[1])
        e[start : start + size] = 0.0
        if stretch.size <= 2 * order or begin >= end:
            continue
        variance = whole_model(stretch, taper[: stretch.size], _RIDGE, outliers, a)
        noise = filling_noise(a, variance, _UNDER_DB)
        if noise > 0.0:
            _fit_filled(stretch * taper[: stretch.size], noise, a)
        prediction_error(x, begin, end, a, e)


@compiled
def _fit_filled(x: Vector, noise: float, a: Vector) -> None:
    """Fit a model to a tapered stretch and noise of an energy."""
    r = autocorrelation(x, a.size - 1)
    r[0] += noise
    levinson(r, a)


@compiled
def whiten(x: Vector, first: int, last: int, bounds: Positions, blocks: Blocks, e: Vector) -> None:
    """Write the excitation of whole blocks of `x` into `e`, as `excitation` does, at a third of its cost.

    Two ways, because a repair wants every sample of every click and a count wants the clicks: here models are
    fitted to a block and an eighth of one on each side, and again only where something stands out.

    Parameters
    ----------
    x, first, last, bounds, e
        See `excitation`.
    blocks
        Of 8 times the order, or more.
    """
    size, order = blocks.size, blocks.order
    a = np.empty(order + 1)
    margin, edge = size // 8, size // 4
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    outliers = Outliers(_COUNTED_OUTLIER, _SPARSE, blocks.longest, order // 2)
    for start in range(first, last, size):
        low = max(min(start - margin, bounds[1] - 2 * edge), bounds[0])
        high = min(start + size + margin, bounds[1])
        begin, end = max(start, bounds[0] + order), min(start + size, bounds[1])
        e[start : start + size] = 0.0
        if high - low < 2 * edge or begin >= end:
            continue
        stretch = x[low:high]
        autocorrelation_model(_faded(stretch, rise), _RIDGE, a)
        error = excitation_of(stretch, order, stretch.size, a)
        magnitude = np.abs(error)
        if magnitude.max() > _COUNTED_OUTLIER * SIGMA * np.median(magnitude[::_SPARSE]):
            bridged = stretch.copy()
            if bridge_outliers(bridged, a, outliers):
                autocorrelation_model(_faded(bridged, rise), _RIDGE, a)
                error = excitation_of(stretch, order, stretch.size, a)
        e[begin:end] = error[begin - low - order : end - low - order]


@compiled
def _faded(stretch: Vector, rise: Vector) -> Vector:
    faded = stretch.copy()
    faded[: rise.size] *= rise
    faded[-rise.size :] *= rise[::-1]
    return faded
