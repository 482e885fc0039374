"""Sums over boxes and triangles of samples around each."""

from __future__ import annotations

import numpy as np

from ...audio.arrays import Array
from ..compilation.compilation import compiled


@compiled
def box_sums(values: Array, width: int) -> Array:
    """Sum `width` samples around each, half of them before it; nothing lies beyond the ends.

    Parameters
    ----------
    values
        Shape (n,).
    width
        1 or more.

    Returns
    -------
    Array
        Shape (n,).
    """
    n = values.size
    total = np.empty(n + 1)
    total[0] = 0.0
    for t in range(n):
        total[t + 1] = total[t] + values[t]
    sums = np.empty(n)
    before = width // 2
    after = width - before
    first = min(before, n)
    last = max(n - after, first)
    for t in range(first):
        sums[t] = total[min(t + after, n)]
    for t in range(first, last):
        sums[t] = total[t + after] - total[t - before]
    for t in range(last, n):
        sums[t] = total[n] - total[t - before]
    return sums


@compiled
def triangle_sums(values: Array, width: int) -> Array:
    """Sum under a triangle that is `width` in its middle and reaches about as many samples either way.

    It is a box twice; shapes are those of `box_sums`.
    """
    sums: Array = box_sums(box_sums(values, width), width)
    return sums
