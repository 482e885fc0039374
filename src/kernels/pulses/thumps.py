"""Thumps: a tonearm that was struck swings at a few tens of hertz, long after the click that struck it.

A thump adds to the music, and is far too long to be cut out. At a few kilohertz, though, it is a ring like
any other (see `rings`): a model of the low notes around it is fitted there, the ring in what that model
cannot predict, and the ring, at the recording's own rate, is what is taken away.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from ..filters.decimation import decimation_filter
from ..prediction.models import Positions, Vector, covariance_model, excitation_of
from .rings import RingSearch, fit_ring, ring_response

# tuned: table clicks, its scratches, tuning takes, 2026-11-21, no record of each
_LOW_RATE_HZ = 2800.0
_PASS_HZ = 1000.0
_ORDER = 48
_BEFORE_S = 0.35
_MASKED_S = 0.06  # after the click, that the model does not see
_FREQUENCIES_HZ = np.geomspace(18.0, 160.0, 16)
_DECAYS_S = np.array([5e-3, 8e-3, 12e-3, 18e-3])
_SLOWEST_S = 0.020
_FADED = 1e-3  # of its height: a thump is over
# derived: a step of these frequencies over the last; a refinement that goes further has found a voice
_HIGHEST_HZ = 185.0
_EARLY, _LATE = 2, 3  # low samples by which it may begin before and after the click's end
# tuned: bench.material.tuning, swells and groups in music and speech, tuning set, 2026-11-30; what begins in
# other noise is no higher, for voices are, and fades no faster, for that is the noise's own
_GROUP_HZ, _GROUP_DECAY_S = 95.0, 5e-3
_OVER_NOTES = 1.0  # times as loud as the low notes beside it, of what begins in other noise
_MOST_SOUND = 1.2  # without a thump, as a part of what there is with it


class ThumpSearch(NamedTuple):
    """How thumps are looked for.

    Attributes
    ----------
    factor
        Samples of the recording to a low sample.
    taps
        Of the low-pass, shape (k * factor,).
    order
        Of the model of the low notes.
    before, masked, after
        Low samples before a click that the model is fitted to; after it that the model does not see; and
        after it that are looked at.
    rings
        The search, at the low rate.
    least
        Least log evidence for a thump.
    highest
        Frequency, in radians a low sample, over which it is none.
    fastest
        Magnitude of a pole under which it is none.
    """

    factor: int
    taps: Vector
    order: int
    before: int
    masked: int
    after: int
    rings: RingSearch
    least: float
    highest: float
    fastest: float = 0.0

    @property
    def past(self) -> int:
        """Samples before the end of a click that are looked at."""
        return (self.before + 1) * self.factor + self.taps.size

    @property
    def longest(self) -> int:
        """Samples after the end of a click that are looked at, or belong to the longest thump."""
        fades = int(np.log(_FADED) / np.log(self.rings.slowest)) + _LATE
        return max(fades, self.after + 1) * self.factor + self.taps.size


def thump_search(sample_rate: float, least: float) -> ThumpSearch:
    """Lay out the search at one sample rate; thumps need `least` evidence."""
    factor = max(round(sample_rate / _LOW_RATE_HZ), 1)
    rate = sample_rate / factor
    poles = np.exp((-1.0 / _DECAYS_S[:, np.newaxis] + 2j * np.pi * _FREQUENCIES_HZ) / rate).ravel()
    return ThumpSearch(
        factor=factor,
        taps=decimation_filter(sample_rate, factor, _PASS_HZ),
        order=_ORDER,
        before=round(_BEFORE_S * rate),
        masked=round(_MASKED_S * rate),
        after=round(0.09 * rate),
        rings=RingSearch(_EARLY + _LATE, poles, float(np.exp(-1.0 / (_SLOWEST_S * rate)))),
        least=least,
        highest=2.0 * np.pi * _HIGHEST_HZ / rate,
    )


@compiled
def group_search(thumps: ThumpSearch) -> ThumpSearch:
    """Return the search for a thump that begins within a group: lower, and slower to fade."""
    highest = 2.0 * np.pi * _GROUP_HZ / _LOW_RATE_HZ
    return ThumpSearch(
        thumps.factor,
        thumps.taps,
        thumps.order,
        thumps.before,
        thumps.masked,
        thumps.after,
        thumps.rings,
        thumps.least,
        highest,
        np.exp(-1.0 / (_GROUP_DECAY_S * _LOW_RATE_HZ)),
    )


@compiled
def low_band(x: Vector, first: int, count: int, factor: int, taps: Vector) -> Vector:
    """Low-pass `x` around ``first, first + factor, ...``; shape (count,)."""
    low = np.empty(count)
    half = taps.size // 2
    for k in range(count):
        begin = first + k * factor - half
        total = 0.0
        for t in range(taps.size):
            total += taps[t] * x[begin + t]
        low[k] = total
    return low


@compiled
def remove_thump(
    x: Vector,
    click: int,
    begin: int,
    stop: int,
    bounds: Positions,
    limits: tuple[int, int],
    heights: tuple[float, float],
    search: ThumpSearch,
) -> tuple[int, int]:
    """Take the thump that follows a click, or begins in it, out of `x`, where there is one.

    Parameters
    ----------
    x
        Samples, the click repaired, changed in place.
    click, stop
        The click's span.
    begin
        The first sample that it may begin at, give or take two low samples.
    bounds
        Where the recording begins and ends in `x`.
    limits
        Samples before the first and from the second on must not change: a thump that is heard there stays.
    heights
        What a thump swings by at least and at most.
    search
        Where to look, and the evidence that is asked for.

    Returns
    -------
    first, last
        The samples changed, which may begin before the click and end within it; `stop`, twice, where there is
        no thump.
    """
    half = search.taps.size // 2 + 1
    factor = search.factor
    before = min(search.before, (stop - bounds[0] - half) // factor)
    after = min(search.after, (bounds[1] - stop - half) // factor)
    if before < 4 * search.order or after < search.masked // 2:
        return stop, stop
    y = low_band(x, stop - before * factor, before + after, factor, search.taps)
    damaged = np.zeros(y.size, np.bool_)
    damaged[before - (stop - click) // factor - 2 : before + search.masked] = True
    a = np.empty(search.order + 1)
    variance = covariance_model(y, 0, y.size, damaged, 1e-6, 0.0, a)
    if not variance > 0.0:
        return stop, stop
    early = _EARLY + (stop - begin) // factor
    e = excitation_of(y, before - early, y.size, a) / np.sqrt(variance)
    rings = RingSearch(early + _LATE, search.rings.poles, search.rings.slowest)
    gain, start, pole, c = fit_ring(e, a, rings)
    gain = min(gain, _gain_after(e, a, start, pole, c, early))
    if not 0.5 * gain - 2.5 * np.log(1.0 + gain) > search.least:
        return stop, stop
    c *= np.sqrt(variance)
    if (
        abs(np.angle(pole)) > search.highest
        or abs(pole) < search.fastest
        or not heights[0] <= abs(c) <= heights[1]
        or _adds_sound(y[before - early + start :], pole, c)
    ):
        return stop, stop
    if heights[0] > 0.0 and abs(c) < _OVER_NOTES * _notes_beside(y, before - early + start, pole, c):
        return stop, stop
    first = stop + (start - early) * factor
    turn = pole ** (1.0 / factor)
    last = min(first + int(np.log(_FADED) / np.log(abs(turn))) + 1, bounds[1])
    if first < limits[0] or last > limits[1]:
        return stop, stop
    for t in range(first, last):
        x[t] -= c.real
        c *= turn
    return int(first), int(last)


@compiled
def _gain_after(e: Vector, a: Vector, start: int, pole: complex, c: complex, first: int) -> float:
    """Return the energy that a ring from `start` on explains of an excitation from sample `first` on.

    What is left of a click that it begins in must not count for it.
    """
    re = np.empty(e.size - start)
    im = np.empty(e.size - start)
    ring_response(pole, a, re, im)
    gain = 0.0
    for t in range(max(first, start), e.size):
        rest = e[t] - c.real * re[t - start] - c.imag * im[t - start]
        gain += e[t] * e[t] - rest * rest
    return max(gain, 0.0)


@compiled
def _notes_beside(y: Vector, start: int, pole: complex, c: complex) -> float:
    """Return how loud the low notes are before a thump, or with it taken away, as is more."""
    level = float(np.mean(y[:start] ** 2))
    rest = 0.0
    for t in range(start, y.size):
        rest += (y[t] - c.real) ** 2
        c *= pole
    return float(np.sqrt(max(level, rest / max(y.size - start, 1))))


@compiled
def _adds_sound(y: Vector, pole: complex, c: complex) -> bool:
    """Whether there is clearly more sound without the thump than with it; see `belief.is_absurd`."""
    before, after = 0.0, 0.0
    for t in range(y.size):
        before += y[t] * y[t]
        rest = y[t] - c.real
        after += rest * rest
        c *= pole
    return after > _MOST_SOUND * before
