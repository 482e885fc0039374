"""Bands about as wide as those of hearing, and the powers in them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array

# source: E. Zwicker, E. Terhardt, J. Acoust. Soc. Am. 68, 1980: 100 Hz wide below 500 Hz, a fifth above
_LEAST_HZ, _SHARE = 80.0, 0.2
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 16_000.0  # guard: rumble below; above, what few recordings and ears have
_LEAST = 1e-20  # guard: no logarithm of nothing


def band_edges(sample_rate: float, bins: int) -> npt.NDArray[np.intp]:
    """Return the first bin of each band, and the bin behind the last one; at least two bins a band."""
    spacing = sample_rate / 2 / (bins - 1)
    edges = [max(int(np.ceil(_LOWEST_HZ / spacing)), 1)]
    while True:
        width = max(_LEAST_HZ, _SHARE * edges[-1] * spacing)
        following = edges[-1] + max(round(width / spacing), 2)
        if following >= bins or following * spacing > _HIGHEST_HZ:
            return np.array(edges, np.intp)
        edges.append(following)


def in_bands(values: Array, edges: npt.NDArray[np.intp]) -> Array:
    """Sum the last axis over each band."""
    return np.asarray(np.add.reduceat(values[..., edges[0] : edges[-1]], edges[:-1] - edges[0], axis=-1))


def decibels(power: Array | float) -> Array:
    """Return 10 log10, of nothing -200."""
    return np.asarray(10 * np.log10(np.maximum(power, _LEAST)))
