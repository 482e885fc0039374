"""Candidates for clicks, and what is to be seen around each: near, ringing, and far on both sides."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled
from .features import CELL, STEP, Rows, Shown

Positions = npt.NDArray[np.int64]
Looks = npt.NDArray[np.float32]

# tuned: by hand, 2026-11-21, no record; the trained model holds them fast
NEAR = 128  # samples on either side that are seen one by one
RING = 32  # steps on either side
FAR = 128  # cells on either side: 186 ms at 44.1 kHz
NEAR_ROWS, RING_ROWS, FAR_ROWS = 5, 5, 8  # derived: the rows that `look` writes
APART = 12  # samples on either side that a candidate is the highest of
_APART_STEPS = 4
_OCTAVES = 0.25  # what an octave of the far rows counts


@compiled
def candidates(rows: Rows, rings: Rows, first: int, last: int, error: float, ring: float,
               places: Positions) -> int:  # fmt: skip
    """Find the samples from `first` to `last` that a click may be at.

    Parameters
    ----------
    rows, rings
        From `features`, of one channel.
    first, last
        Multiples of `STEP`, `APART` samples or more from the rows' ends.
    error, ring
        The least compressed prediction error, in either direction, and the least compressed ring.
    places
        Filled, increasing; ``(last - first) / STEP + 1`` will do.

    Returns
    -------
    int
        How many.
    """
    count = 0
    height = np.maximum(np.abs(rows[1]), np.abs(rows[2]))
    found = np.zeros(last - first, np.bool_)
    for t in range(first, last):
        if height[t] > error:
            found[t - first] = height[t] > np.max(height[t - APART : t]) and (
                height[t] >= np.max(height[t + 1 : t + APART + 1])
            )
    low, high = first // STEP - _APART_STEPS, last // STEP + _APART_STEPS
    ringing = np.zeros(high - low, np.float32)
    for row in range(rings.shape[0]):
        ringing = np.maximum(ringing, rings[row, low:high])
    for m in range(_APART_STEPS, ringing.size - _APART_STEPS):
        value = ringing[m]
        if value <= ring or value <= np.max(ringing[m - _APART_STEPS : m]) or (
            value < np.max(ringing[m + 1 : m + _APART_STEPS + 1])
        ):  # fmt: skip
            continue
        t = (low + m) * STEP - first
        if not np.any(found[max(t - 2 * APART, 0) : t + 2 * APART + 1]):
            found[t] = True
    for t in range(found.size):
        if found[t]:
            places[count] = first + t
            count += 1
    return count


@compiled
def other_channel(rows: Rows, channel: int, place: int) -> int:
    """Return the channel other than `channel` whose error is highest around `place`; -1 in mono.

    `rows` has shape (channels, 3, n).
    """
    best, highest = -1, np.float32(-1.0)
    for other in range(rows.shape[0]):
        if other == channel:
            continue
        for side in (1, 2):
            height = np.max(np.abs(rows[other, side, place - CELL : place + CELL]))
            if height > highest:
                best, highest = other, height
    return best


@compiled
def look(shown: Shown, channel: int, place: int, near: Looks, ring: Looks, far: Looks) -> None:
    """Copy what is to be seen around a candidate.

    Parameters
    ----------
    shown
        Of all channels.
    channel, place
        The candidate's channel, and its sample, `FAR` cells from the ends of what is shown.
    near
        Filled, shape (NEAR_ROWS, 2 * NEAR): waveform, both errors; both errors of the other channel.
    ring
        Filled, shape (RING_ROWS, 2 * RING): the rings, and the highest of the other channel.
    far
        Filled, shape (FAR_ROWS, 2 * FAR): the cells' rows, relative to the scale at the candidate; median,
        peak and ringing of the other channel, relative to its own.
    """
    rows, rings, cells, scale = shown
    cell, step = place // CELL, place // STEP
    span = slice(cell - FAR, cell + FAR)
    near[:3] = rows[channel, :, place - NEAR : place + NEAR]
    ring[: RING_ROWS - 1] = rings[channel, :, step - RING : step + RING]
    level = np.float32(np.log2(scale[channel, cell]))
    for row in range(3):
        far[row] = _OCTAVES * (cells[channel, row, span] - level)
    far[3] = _OCTAVES * cells[channel, 3, span]
    far[4] = _OCTAVES * cells[channel, 4, span]
    other = other_channel(rows, channel, place)
    if other < 0:
        near[3:] = 0.0
        ring[RING_ROWS - 1] = 0.0
        far[5:] = 0.0
        return
    near[3:] = rows[other, 1:, place - NEAR : place + NEAR]
    ring[RING_ROWS - 1] = 0.0
    for row in range(RING_ROWS - 1):
        ring[RING_ROWS - 1] = np.maximum(ring[RING_ROWS - 1], rings[other, row, step - RING : step + RING])
    level = np.float32(np.log2(scale[other, cell]))
    far[5] = _OCTAVES * (cells[other, 0, span] - level)
    far[6] = _OCTAVES * (cells[other, 1, span] - level)
    far[7] = _OCTAVES * cells[other, 4, span]
