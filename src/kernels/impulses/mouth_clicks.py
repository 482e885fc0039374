"""Mouth clicks: one to three short bursts of 1.5 to 5 kHz in pauses and soft parts of speech.

A stroke of the glottis has its like a period before and after, a plosive is followed by breath and by a
vowel, a fricative swells. A mouth click stands alone: it is short, its band is what it was before and after
it, for tens of milliseconds. So the powers of four bands in cells of about 0.36 ms are compared: how far a
candidate stands over what is around it, near and far, how long it is, and which colour it has. What these
ratios of levels and times say together was learnt.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.signal import butter

from ...audio.arrays import Array
from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Vector
from .spans import add_span

CELL_S = 16 / 44_100
"""Length of a cell, seconds; tuned: by hand, of a burst's shortest."""

FAR = 113
"""Cells on both sides of a candidate that must be known; tuned: by hand, 41 ms: a syllable's onset."""

LONGEST = 20
"""Cells of the longest candidate, 7 ms; source: the kind's definition, 5 ms and the last burst."""

BANDS = 4  # derived: the rows of `band_sections`
_BANDS_HZ = (
    (1300.0, 2600.0),
    (2600.0, 5200.0),
    (5200.0, 9000.0),
    (40.0, 900.0),
)  # tuned: by hand, 2026-11-29
_HIGHEST, _NARROWEST = 0.45, 0.7  # guard: parts of a low sample rate, and of a band's upper edge
_LOW = 3  # derived: the row of the lowest band

# tuned: by hand on bench.material.tuning, kind mouth, tuning set, 2026-11-29
_LEAST = 6.0  # a candidate peaks so far over the median of the cells around it (a ratio of powers),
_FOLLOWED = 3.0  # it is followed as far as they are so much over it,
_PART, _PARTS = 0.02, 3  # and over so much of its peak, or, if that is too far, 4 and 16 times that,
_GAP = 4  # over gaps of fewer cells
_APART = 3  # cells on both sides that a candidate's peak is the highest of
_AROUND = 69  # cells on both sides whose median counts
_STRIDE = 8  # cells that share one median, for speed
_SOFT = 10.0**-0.8  # part of the power of loud parts, under which a part is soft
_TRAIN = 45  # cells on both sides that hold another pulse of a voice of 62 Hz and more,
_ALIKE, _IRREGULAR = 0.3, 0.12  # with so much of a pulse's power, at such a part of the period from its place
_FLOOR = 1e-11  # derived: the power of 16 bits' rounding in a band; what stands on less is no sound

SIGNS = 10  # derived: as many as `mouth_signs` fills
_HIGH_OVER_MIDDLE = 8  # derived: the place of that sign
_MOST = 2.5  # guard: standard deviations beyond which a sign says no more
# tuned: logistic regression of signs and their products on bench.material.tuning, kind mouth (as it is,
# 96 kHz, low-pass 12 and 16 kHz, MP3 128; 1, 2 and 5 times) against 24 clean takes of speech by the same
# routes, four readers and troupes, and 16 of music, drums and metal; tuning set, 2026-11-29
_MEAN = np.array([30.6, 14.6, 16.0, 17.8, -7.6, -17.2, 2.7, 1.2, -8.4, 5.5])
_SPREAD = np.array([12.9, 14.7, 17.0, 16.0, 8.0, 11.5, 9.0, 3.5, 3.1, 4.0])
_LINEAR = np.array([0.8, 0.45, 0.56, 0.42, -0.07, -0.27, -0.57, -0.04, 0.04, -0.61])
_QUADRATIC = np.array(
    [
        [-0.78, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [-0.35, 0.06, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [-0.35, 0.1, 0.28, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [-0.26, 0.15, -0.14, 0.28, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.08, -0.37, 0.0, -0.15, -0.24, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.13, -0.19, -0.22, -0.04, -0.25, 0.13, 0.0, 0.0, 0.0, 0.0],
        [-0.05, 0.16, -0.23, -0.35, -0.18, -0.01, -0.17, 0.0, 0.0, 0.0],
        [-0.04, 0.06, -0.17, 0.17, -0.12, 0.27, -0.14, -0.44, 0.0, 0.0],
        [0.16, -0.03, -0.19, -0.32, -0.02, -0.19, -0.05, -0.1, -0.47, 0.0],
        [-0.2, -0.08, 0.0, 0.09, 0.04, 0.06, -0.23, 0.06, -0.07, -0.07],
    ]
)
_CONSTANT = 4.35


class Around(NamedTuple):
    """Powers in cells of one channel, and where candidates are looked for.

    Attributes
    ----------
    power
        Rows of the bands of `band_sections`, shape (`BANDS`, cells).
    first, last
        The cells that a candidate's peak lies in.
    low, high
        The cells that lie in the recording.
    after
        Cells before this one belong to an earlier candidate.
    loud
        Power of the loud parts of the speech so far, summed over the bands: mouth clicks lie in others.
    """

    power: Matrix
    first: int
    last: int
    low: int
    high: int
    after: int
    loud: float


def band_sections(sample_rate: float) -> tuple[Array, Array]:
    """Design the filters of the bands, two second-order sections each; all but the last for bends.

    A band that a low sample rate has no room for is the one below it, as much softer as it usually is.

    Returns
    -------
    sections, gain
        b0, b1, b2, a1, a2, shape (`BANDS`, 2, 5), and what each band's power is to be multiplied by, shape
        (`BANDS`,): bends, second differences, are louder by 12 dB an octave.
    """
    sections = np.empty((BANDS, 2, 5))
    gain = np.ones(BANDS)
    for band, (lower, upper) in enumerate(_BANDS_HZ):
        high = min(upper, _HIGHEST * sample_rate)
        low = min(lower, _NARROWEST * high)
        designed = butter(2, (low, high), "bandpass", fs=sample_rate, output="sos")
        sections[band] = designed[:, [0, 1, 2, 4, 5]]
        if band != _LOW:
            gain[band] = (2.0 * np.sin(np.pi * np.sqrt(low * high) / sample_rate)) ** -4
        if low < _NARROWEST * lower:
            gain[band] *= 10.0 ** (0.1 * _MEAN[_HIGH_OVER_MIDDLE])
    return sections, gain


@compiled
def _medians(power: Matrix, first: int, last: int) -> Matrix:
    """Return the median power around every `_STRIDE`-th cell from `first` on, in all bands but the lowest."""
    out = np.empty((_LOW, (last - first) // _STRIDE + 1))
    for band in range(_LOW):
        for m in range(out.shape[1]):
            k = first + m * _STRIDE
            out[band, m] = np.median(power[band, max(k - _AROUND, 0) : k + _AROUND + 1]) + _FLOOR
    return out


@compiled
def _standing_out(power: Matrix, medians: Matrix, first: int, last: int) -> Vector:
    """Return by how much each cell stands over the median around it, in the band where that is most."""
    out = np.zeros(last - first)
    for k in range(first, last):
        for band in range(_LOW):
            over = (power[band, k] + _FLOOR) / medians[band, (k - first) // _STRIDE]
            out[k - first] = max(out[k - first], over)
    return out


@compiled
def find_mouth_clicks(around: Around, ease: float, found: Matrix) -> tuple[int, int]:
    """Find what may be mouth clicks.

    Parameters
    ----------
    around
        Cells from ``first - FAR - LONGEST`` to ``last + FAR + LONGEST`` are there.
    ease
        Added to the log odds.
    found
        Filled with rows of (first cell, one past the last, log odds), those over 0 alone.

    Returns
    -------
    count, after
        How many, and where the last candidate, one or none, ends.
    """
    power, first, last, low, high, after, loud = around
    begin, end = first - LONGEST - _GAP, min(last + LONGEST + _GAP, power.shape[1])
    medians = _medians(power, begin, end)
    over = _standing_out(power, medians, begin, end)
    signs = np.empty(SIGNS)
    count = 0
    for k in range(max(first, low + FAR), min(last, high - FAR)):
        own = over[k - begin]
        if own < _LEAST or k < after:
            continue
        if own < np.max(over[k - begin - _APART : k - begin + _APART + 1]):
            continue
        start, stop = _extent(over, k - begin)
        start, stop = start + begin, stop + begin
        after = stop
        if stop - start > LONGEST or start - FAR < low or stop + FAR > high:
            continue
        if not _level_beside(power, start, stop) < _SOFT * loud or _recurs(power, k, start, stop):
            continue
        mouth_signs(power, start, stop, medians[:, (k - begin) // _STRIDE], signs)
        odds = mouth_odds(signs) + ease
        if odds > 0.0:
            count = add_span(found, count, start, stop, odds)
    return count, after


@compiled
def _level_beside(power: Matrix, start: int, stop: int) -> float:
    """Return the mean power, summed over the bands, in 10 ms on both sides."""
    return float(np.sum(power[:, start - 28 : start]) + np.sum(power[:, stop : stop + 28])) / 56.0


@compiled
def _recurs(power: Matrix, peak: int, start: int, stop: int) -> bool:
    """Say whether a candidate is one of a train: as far from its like before as from its like after.

    That is in the band where it is highest.
    """
    band = int(np.argmax(power[:_LOW, peak]))
    p = power[band]
    before = start - _TRAIN + int(np.argmax(p[start - _TRAIN : start]))
    after = stop + int(np.argmax(p[stop : stop + _TRAIN]))
    alike = min(p[before], p[after]) > _ALIKE * p[peak]
    near, far = min(peak - before, after - peak), max(peak - before, after - peak)
    return alike and far - near < max(_IRREGULAR * far, 2)


@compiled
def _extent(over: Vector, peak: int) -> tuple[int, int]:
    """Follow a candidate to both sides, over gaps, less far if that is too long: [start, stop)."""
    start, last = peak, peak
    for turn in range(_PARTS):
        least = max(_FOLLOWED, 4.0**turn * _PART * over[peak])
        start = last = peak
        t = peak - 1
        while t >= 0 and start - t <= _GAP:
            start = t if over[t] > least else start
            t -= 1
        t = peak + 1
        while t < over.size and t - last <= _GAP:
            last = t if over[t] > least else last
            t += 1
        if last + 1 - start <= LONGEST:
            break
    return start, last + 1


@compiled
def _mean_db(power: Vector) -> float:
    return float(10.0 * np.log10(np.mean(power) + _FLOOR))


@compiled
def _peak_db(power: Vector) -> float:
    return float(10.0 * np.log10(np.max(power) + _FLOOR))


@compiled
def mouth_signs(power: Matrix, start: int, stop: int, median: Vector, signs: Vector) -> None:
    """Measure a candidate, and what lies around it.

    Parameters
    ----------
    power
        Of `Around`; `FAR` cells on both sides of the candidate are there.
    start, stop
        The candidate's cells.
    median
        Of the cells around, in all bands but the lowest.
    signs
        Filled, shape (`SIGNS`,), dB but for the last: by how much the candidate peaks over the median, over
        what lies up to 15 ms before and after (the nearer side), and over what follows and what precedes in
        41 ms, each in the band where that is most; over the low band, and by how much the other bands lie
        over it before; by how much 3 to 11 ms after is louder than before; its share of the low and of the
        high band over the middle; its length in cells.
    """
    signs[:4] = -np.inf
    best, before, change = 0, -np.inf, -np.inf
    total = np.empty(_LOW)
    for band in range(_LOW):
        p = power[band]
        peak = _peak_db(p[start:stop])
        beside = min(peak - _peak_db(p[start - 42 : start - 1]), peak - _peak_db(p[stop + 1 : stop + 42]))
        if beside > signs[1]:
            signs[1], best = beside, band
        signs[0] = max(signs[0], peak - 10.0 * np.log10(median[band]))
        signs[2] = max(signs[2], peak - _peak_db(p[stop + 1 : stop + FAR]))
        signs[3] = max(signs[3], peak - _peak_db(p[start - FAR : start - 1]))
        before = max(before, _mean_db(p[start - 30 : start - 1]))
        change = max(change, _mean_db(p[stop + 9 : stop + 30]) - _mean_db(p[start - 30 : start - 9]))
        total[band] = _mean_db(p[start:stop])
    low = power[_LOW]
    low_before = _mean_db(low[start - 28 : start])
    signs[4] = _peak_db(power[best, start:stop]) - max(low_before, _mean_db(low[stop : stop + 28]))
    signs[5] = before - low_before
    signs[6] = change
    signs[7] = total[0] - total[1]
    signs[_HIGH_OVER_MIDDLE] = total[2] - total[1]
    signs[9] = stop - start


@compiled
def mouth_odds(signs: Vector) -> float:
    """Return the log odds that what has these signs is a mouth click."""
    scaled = np.empty(SIGNS)
    odds = _CONSTANT
    for i in range(SIGNS):
        scaled[i] = min(max((signs[i] - _MEAN[i]) / _SPREAD[i], -_MOST), _MOST)
        odds += _LINEAR[i] * scaled[i]
        for j in range(i + 1):
            odds += _QUADRATIC[i, j] * scaled[i] * scaled[j]
    return float(odds)
