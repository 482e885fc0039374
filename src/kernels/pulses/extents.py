"""How far a click goes: further than it was seen, where what is beside it is no sound either.

A click is found by its loudest part. What swells before it, rings on after it, or follows as another of a
group does not stand out by itself; but once its loudest part is known to be a click, the evidence decides
whether that is all of it.
"""

from __future__ import annotations

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Vector, excitation_of
from .rings import RingSearch
from .sound_models import Sounds, estimate_first

# tuned: bench.material.tuning, all kinds at 5 times, as they are and by MP3, tuning set, 2026-11-30
_REACH, _BESIDE = 8, 12  # orders to either side that it may go further, and beyond that of the sound
_STANDS_OUT, _LEAST = 3.0, 3.0  # power of a part of it: over the highest of the sound's, and in variances
_PRICE, _PRICE_A_SAMPLE = 12.0, 0.05  # log evidence that more of it must bring


@compiled
def further(
    x: Vector,
    place: tuple[int, int, int],
    limits: tuple[int, int],
    sounds: Sounds,
    search: RingSearch,
    evidence: float,
    click: Vector,
) -> tuple[int, int]:
    """Find how far a click goes beyond where it was seen.

    Parameters
    ----------
    x, place, sounds, search
        As of `sound_models.estimate_first`.
    limits
        Sample that it may begin at, at the earliest, and one past the last that it may end at.
    evidence, click
        What was found of the click where it was seen: log evidence, and the estimate.

    Returns
    -------
    start, stop
        At least where it was seen.
    """
    start, stop, end = place
    order = int(sounds.orders[0])
    grain = search.grain if search.grain else order
    low = max(start - (_REACH + _BESIDE) * grain, order)
    high = min(stop + (_REACH + _BESIDE) * grain, x.size)
    rest = x[low - order : high].copy()
    begin = start - low + order
    count = min(click.size, rest.size - begin)
    rest[begin : begin + count] -= np.sqrt(sounds.variances[0]) * click[:count]
    e = excitation_of(rest, order, rest.size, sounds.models[0, : order + 1])
    window = max(grain // 2, 1)
    # Windows count outwards from where it was seen.
    before = _powers(e[: start - low][::-1], window) / sounds.variances[0]
    after = _powers(e[stop - low :], window) / sounds.variances[0]
    reach = _REACH * grain // window
    least = max(_STANDS_OUT * max(_highest(before[reach:]), _highest(after[reach:])), _LEAST)
    first = max(start - window * _windows_over(before[:reach], least), min(limits[0], start))
    last = min(stop + window * _windows_over(after[:reach], least), max(limits[1], stop))
    added = start - first + last - stop
    if not added:
        return start, stop
    room = np.empty(x.size - first)
    more = estimate_first(x, (first, last, end), sounds, search, room)
    if more.evidence > evidence + _PRICE + _PRICE_A_SAMPLE * added:
        return first, last
    return start, stop


@compiled
def _powers(e: Vector, window: int) -> Vector:
    """Return the mean square of each window from the first sample on, as far as they are whole."""
    powers = np.empty(e.size // window)
    for k in range(powers.size):
        total = 0.0
        for t in range(k * window, (k + 1) * window):
            total += e[t] * e[t]
        powers[k] = total / window
    return powers


@compiled
def _highest(powers: Vector) -> float:
    """Return the highest power; 0 where there is none."""
    return float(np.max(powers)) if powers.size else 0.0


@compiled
def _windows_over(powers: Vector, least: float) -> int:
    """Return how many windows there are up to the last that is over `least`."""
    last = 0
    for k in range(powers.size):
        if powers[k] > least:
            last = k + 1
    return last
