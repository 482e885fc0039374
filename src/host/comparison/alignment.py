"""Where one recording lies in another, and how much faster it runs: by cross-correlation.

::

    A   ---------[ 20 s, the liveliest ]---------     its envelope is looked for in B's
    B   --[ 20 s, the liveliest ]----------------
             |  |    |        |                |      then pieces ever further away, each looked for where
                                                     those before it say: their line is offset and speed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import signal as scipy_signal
from scipy import stats

from ...audio.arrays import Array
from ..pictures.looks import Signal

_SEARCHED_S = 600.0  # guard: memory; an offset is looked for in so much from the start
_CHUNK_S = 20.0  # tuned: 2026-11-30, by hand; long enough to be one place, short enough for 1 % of speed
_ENVELOPE_HZ = 200.0  # tuned: 2026-11-30, by hand
_PIECE = 1 << 16  # tuned: 2026-11-30, by hand; 1.5 s
_REACH = 1 << 13  # tuned: 2026-11-30, by hand; samples beside where a piece is expected
_FIRST_STEP_S = 1.0  # tuned: 2026-11-30, by hand; the next ones double
_ALIKE = 0.3  # tuned: 2026-11-30, by hand; correlation, where chance gives 0.02
_LEAST_PIECES = 2  # derived: a line has two ends
_SHORT_S = 4.0  # tuned: 2026-11-30, by hand; 1 % of speed is 40 ms of it
_MOST_SPEED = 0.03  # guard: what a turntable's pitch control does not reach
_ALIKE_LEVELS = 0.5  # tuned: 2026-11-30, by hand; envelopes of other music gave 0.3
_LEAST_LEVELS = 4  # guard: fewer agree by chance
_CANDIDATES, _APART_HOPS = 8, 10  # tuned: 2026-11-30, by hand; places that levels alone do not tell apart
_LEAST_HOPS = 8  # guard: less is no recording
_QUIET = 1e-12  # guard: energy of nothing
_BLOCK = 1 << 18  # guard: memory taken at once


@dataclass(frozen=True)
class Alignment:
    """How B lies against A.

    Attributes
    ----------
    offset
        Samples by which a sound of A comes later in B, at A's beginning.
    speed_ppm
        Millionths by which B takes longer.
    alike
        Correlation of the pieces that were found, the median, with its sign: negative in opposite polarity.
    pieces
        How many were found, of how many.
    exact
        Whether samples were laid over samples. Else levels were, since the speeds differ too much: within
        some milliseconds, and with no polarity.
    """

    offset: float
    speed_ppm: float
    alike: float
    pieces: tuple[int, int]
    exact: bool


def align(a: Signal, b: Signal) -> Alignment | None:
    """Find A in B, both at one rate; None where they have nothing in common that can be found.

    Raises
    ------
    AudioFileError
        One of them cannot be read.
    """
    hop = max(round(a.sample_rate / _ENVELOPE_HZ), 1)
    one, other = _envelope(a, hop), _envelope(b, hop)
    if min(one.size, other.size) < _LEAST_HOPS or one.std() == 0 or other.std() == 0:
        return None
    begin, length, places = _liveliest(one, other, _CHUNK_S)
    middle = (begin + length // 2) * hop
    offset = _likeliest(a, b, middle, [float((place - begin) * hop) for place in places])
    return _by_samples(a, b, middle, offset) or _by_levels(one, other, hop)


def _likeliest(a: Signal, b: Signal, middle: int, offsets: list[float]) -> float:
    """Return the offset at which samples are most alike: levels repeat where clicks keep time."""
    found = [(abs(hit.alike) if (hit := _look_for(a, b, middle, one)) else 0.0, one) for one in offsets]
    return max(found, key=lambda one: one[0])[1]


def _by_samples(a: Signal, b: Signal, middle: int, offset: float) -> Alignment | None:
    """Follow pieces from the middle of the chunk to both ends, each looked for where those before it say."""
    found: list[_Found] = []
    tried = 0
    for side in (1, -1):
        own = list(found[:1])  # the first piece is common to both sides
        for place in _places(middle, a, side, first=not found):
            expected = own[-1].offset + _slope(own) * (place - own[-1].at) if own else offset
            length = min(_PIECE, a.frames - place)
            if place + expected < -_REACH or place + expected + length > b.frames + _REACH:
                continue  # B does not reach so far
            tried += 1
            hit = _look_for(a, b, place, expected)
            if hit is not None and abs(hit.alike) >= _ALIKE:
                own.append(hit)
        found += own[1 if found else 0 :]
    if len(found) < max(min(_LEAST_PIECES, tried), 1):
        return None
    return _line(found, tried, 1, exact=True)


def _by_levels(one: Array, other: Array, hop: int) -> Alignment | None:
    """Follow short pieces of the envelopes, for which a per cent of speed hardly counts."""
    begin, length, (place, *_) = _liveliest(one, other, _SHORT_S)
    found: list[_Found] = []
    tried = 0
    for at in range(0, one.size - length, max(length // 2, 1)):
        reach = int(_MOST_SPEED * abs(at - begin)) + length // 8
        low = max(at + place - begin - reach, 0)
        room = other[low : low + length + 2 * reach]
        if room.size <= length:
            continue
        tried += 1
        alike = _correlated(one[at : at + length], room)
        peak = int(np.argmax(alike))
        if alike[peak] >= _ALIKE_LEVELS:
            found.append(_Found(at, low + peak + _between(alike, peak) - at, float(alike[peak])))
    if len(found) < max(_LEAST_LEVELS, tried // 3):
        return None
    return _line(found, tried, hop, exact=False)


class _Found(NamedTuple):
    """A piece of A: where it begins, by how much later it comes in B, how alike it is there."""

    at: float
    offset: float
    alike: float


def _line(found: list[_Found], tried: int, hop: int, *, exact: bool) -> Alignment:
    """Lay a line through pieces; those far off it are chance (H. Theil, 1950; P. K. Sen, 1968)."""
    at, offsets, alike = (np.array(part) for part in zip(*found, strict=True))
    slope, start = 0.0, float(np.median(offsets))
    if len(found) > 1 and np.ptp(at):
        slope, start = stats.theilslopes(offsets, at)[:2]
        near = np.abs(offsets - start - slope * at)
        near = near <= 3 * np.median(near) + 1
        if np.ptp(at[near]):
            slope, start = np.polyfit(at[near], offsets[near], 1)
    return Alignment(
        float(start) * hop, float(slope * 1e6), float(np.median(alike)), (len(found), tried), exact
    )


def _places(middle: int, a: Signal, side: int, *, first: bool) -> list[int]:
    """Return the first samples of pieces from the middle of the chunk to one end, ever further apart."""
    rate, last = a.sample_rate, max(a.frames - _PIECE, 0)
    places = [min(middle, last)] if first else []
    step = _FIRST_STEP_S * rate
    place = float(middle)
    while True:
        place += side * step
        step *= 2
        if not 0 <= place <= last:
            break
        places.append(int(place))
    end = last if side > 0 else 0
    return places if places and abs(places[-1] - end) < _PIECE else [*places, end]


def _slope(found: list[_Found]) -> float:
    """Return how the offset grows, by the two pieces furthest apart."""
    first, last = found[0], found[-1]
    return (last.offset - first.offset) / (last.at - first.at) if last.at != first.at else 0.0


def _liveliest(one: Array, other: Array, seconds: float) -> tuple[int, int, list[int]]:
    """Return a lively chunk of an envelope, first hop and length, and where it may be in the other.

    There is one from the beginning, the middle and the end: what begins or ends elsewhere may lack one.
    """
    length = min(round(seconds * _ENVELOPE_HZ), one.size // 3 + 1, other.size)
    liveliness = np.convolve((one - one.mean()) ** 2, np.ones(length), "valid")
    best, begins, places = -1.0, 0, [0]
    for part in np.array_split(np.arange(liveliness.size), 3):
        if part.size:
            begin = int(part[np.argmax(liveliness[part])])
            alike = _correlated(one[begin : begin + length], other)
            if alike.max() > best:
                best, begins, places = float(alike.max()), begin, _peaks(alike)
    return begins, length, places


def _peaks(alike: Array) -> list[int]:
    """Return the highest places, the highest first, none near another."""
    left, places = alike.copy(), []
    for _ in range(_CANDIDATES):
        places.append(int(np.argmax(left)))
        left[max(places[-1] - _APART_HOPS, 0) : places[-1] + _APART_HOPS + 1] = -1.0
    return places


def _envelope(signal: Signal, hop: int) -> Array:
    """Return the level of each hop, in steps from one to the next, so that slow swells count less."""
    levels: list[Array] = []
    most = min(signal.frames, round(_SEARCHED_S * signal.sample_rate))
    size = _BLOCK // hop * hop
    for start in range(0, most, size):
        mono = np.diff(signal.read(start, min(size, most - start)).mean(axis=0), prepend=0.0)
        whole = mono[: mono.size // hop * hop].reshape(-1, hop)
        levels.append(np.log(np.mean(whole**2, axis=1) + _QUIET))
    return np.diff(np.concatenate(levels)) if levels else np.empty(0)


def _look_for(a: Signal, b: Signal, place: int, expected: float) -> _Found | None:
    """Find a piece of A in B near where it is expected; None without sound, or at no place within reach."""
    begin = max(round(place + expected) - _REACH, 0)
    piece = _mono(a, place, _PIECE)
    room = _mono(b, begin, _PIECE + 2 * _REACH)
    piece = piece[: room.size]  # of short recordings
    if piece.size < 2 or not piece.any() or not room.any():
        return None
    alike = _correlated(piece, room)
    peak = int(np.argmax(np.abs(alike)))
    offset = begin + peak + _between(alike * np.sign(alike[peak]), peak) - place
    return _Found(place, offset, float(alike[peak])) if abs(offset - expected) <= _REACH else None


def _mono(signal: Signal, start: int, count: int) -> Array:
    """Return the differences from sample to sample: they weigh highs as much as lows."""
    return np.diff(signal.read(start, count).mean(axis=0))


def _correlated(piece: Array, room: Array) -> Array:
    """Return how alike `piece` is to each stretch of `room`, -1 to 1, shape (room - piece + 1,)."""
    piece = piece - piece.mean()
    product = scipy_signal.fftconvolve(room, piece[::-1], "valid")
    sums, squares = (np.concatenate([[0.0], np.cumsum(one)]) for one in (room, room**2))
    inside = piece.size
    energy = squares[inside:] - squares[:-inside] - (sums[inside:] - sums[:-inside]) ** 2 / inside
    return np.asarray(product / np.sqrt(np.maximum(energy, _QUIET) * max(float(piece @ piece), _QUIET)))


def _between(values: Array, peak: int) -> float:
    """Return how far from its sample a peak lies, within a fifth: a parabola through three."""
    if not 0 < peak < values.size - 1:
        return 0.0
    left, middle, right = values[peak - 1 : peak + 2]
    bend = left - 2 * middle + right
    return float(0.5 * (left - right) / bend) if bend < 0 else 0.0
