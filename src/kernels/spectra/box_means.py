"""Means over boxes of frames and bins around every bin.

Sums over any box come from four corners of a summed-area table.

References
----------
.. [1] F. C. Crow, "Summed-area tables for texture mapping", SIGGRAPH 1984.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array
from ..compilation.compilation import compiled

Boxes = npt.NDArray[np.int64]


@compiled
def summed_area(values: Array) -> Array:
    """Return the sums of `values`, shape (frames, bins), over all frames and bins before each corner.

    Returns
    -------
    Array
        Shape (frames + 1, bins + 1).
    """
    frames, bins = values.shape
    table = np.zeros((frames + 1, bins + 1))
    for frame in range(frames):
        along = 0.0
        for k in range(bins):
            along += values[frame, k]
            table[frame + 1, k + 1] = table[frame, k + 1] + along
    return table


@compiled
def box_means(values: Array, boxes: Boxes, context: int) -> npt.NDArray[np.float32]:
    """Return the means of `values` over boxes around every bin.

    Parameters
    ----------
    values
        Shape (frames, bins).
    boxes
        First frame, last frame, bins on either side, relative to the bin: shape (boxes, 3). Frames lie
        within `context`; at the ends of the spectrum boxes are narrower.
    context
        Frames before and after those that get means.

    Returns
    -------
    Array
        Shape (boxes, frames - 2 context, bins).
    """
    frames, bins = values.shape
    table = summed_area(values)
    means = np.empty((len(boxes), frames - 2 * context, bins), np.float32)
    for box in range(len(boxes)):
        first, last, beside = boxes[box]
        beside = min(beside, bins - 1)
        for frame in range(frames - 2 * context):
            upper, lower = table[frame + context + first], table[frame + context + last + 1]
            inside = 1.0 / ((last + 1 - first) * (2 * beside + 1))
            row = means[box, frame]
            for k in range(beside, bins - beside):
                high, low = k + beside + 1, k - beside
                row[k] = (lower[high] - upper[high] - lower[low] + upper[low]) * inside
            for edge in range(2 * beside):
                k = edge if edge < beside else bins - 2 * beside + edge
                k = min(k, bins - 1)
                low, high = max(k - beside, 0), min(k + beside + 1, bins)
                total = lower[high] - upper[high] - lower[low] + upper[low]
                row[k] = total / ((last + 1 - first) * (high - low))
    return means
