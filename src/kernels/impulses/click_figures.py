"""What tells a click from a stroke, in the whole band, in its low part and in other channels, and its odds.

Figures are ratios of levels and times, the same at every rate and loudness; a small network that was trained
on clicks and on what is none (`click_weights`) makes odds of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Vector
from .evidence import LAG_S, LEAST, REACH_S, SIGNS, Known, click_signs, decibels, mean_magnitude

FIGURES = SIGNS + 14
"""As many as `click_figures` fills; derived."""

LATE = SIGNS + 11  # derived: its place in `click_figures`
"""The figure that tells by how much (dB) the slope from 15 ms after a span on is louder than before."""

_APART_S, _NEAR_S = 1e-3, 7e-3  # derived: as `evidence`; what is compared lies 1 to 7 ms from the span
_LATE_S = 27e-3  # derived: as far as a search always knows the sound beyond a span of 6 ms
_CREST, _BODY = 0.95, 0.5  # tuned: by hand; parts of a peak that its crest, and its body, stays over
_CREST_BEYOND_S = 1e-3  # tuned: by hand; the highest of a click may come so long after what drives it
_LOWEST_SCORE = 0.125  # guard: half of the least that is scored at all
_BESIDE_S = 0.5e-3  # tuned: by hand; how far from a span its like in another channel may peak
_SHORT_MS = 0.05  # guard: one sample has a length
_CLIP = 4.0  # source: the training, models/training/clicks; standard deviations, beyond which no more is said


class HeardBands(NamedTuple):
    """What is known of a channel.

    Attributes
    ----------
    x, e
        Sound and excitation, shape (n,).
    others
        Excitation of the other channels, shape (m, n).
    low, factor
        Excitation of the low band, shape (n // factor,), and samples a sample of it.
    """

    x: Vector
    e: Vector
    others: Matrix
    low: Vector
    factor: int


class Network(NamedTuple):
    """One hidden layer: ``outer . tanh(inner' z + bias) + constant``; `z`: figures, less their mean."""

    mean: Vector
    scale: Vector
    inner: Matrix
    bias: Vector
    outer: Vector
    constant: float


@compiled
def _root_mean_square(x: Vector, start: int, stop: int) -> float:
    total = 0.0
    for t in range(start, stop):
        total += x[t] * x[t]
    return float(np.sqrt(total / max(stop - start, 1)))


@compiled
def _peak(x: Vector, start: int, stop: int) -> float:
    highest = 0.0
    for t in range(max(start, 0), min(stop, x.size)):
        highest = max(highest, abs(x[t]))
    return highest


@compiled
def _low_figures(heard: HeardBands, start: int, stop: int, rate: float, figures: Vector) -> None:
    """Fill in what the low band says: see `click_figures`, from the seventh on."""
    low, factor = heard.low, heard.factor
    first, last = start / factor, stop / factor
    apart, near, far = _APART_S * rate / factor, _NEAR_S * rate / factor, REACH_S * rate / factor
    after = mean_magnitude(low, int(last + apart), int(last + near))
    before = mean_magnitude(low, int(first - near), int(first - apart))
    figures[0] = decibels(after, before, -6.0, 20.0)
    after = mean_magnitude(low, int(last + near), int(last + far))
    before = mean_magnitude(low, int(first - far), int(first - near))
    figures[1] = decibels(after, before, -6.0, 20.0)
    begin, end = int(first - 1), int(last + 2)
    energy, moment = 0.0, 0.0
    for t in range(begin, end):
        energy += low[t] * low[t]
        moment += (t - begin) * low[t] * low[t]
    figures[2] = moment / ((energy + LEAST**2) * max(end - begin, 1))
    own = _peak(low, begin, end)
    figures[3] = decibels(own, _root_mean_square(low, int(first - near), int(first - apart)), 0.0, 40.0)
    figures[4] = decibels(own, _root_mean_square(low, int(last + apart), int(last + near)), 0.0, 40.0)


@compiled
def _slope(x: Vector, start: int, stop: int, lag: int) -> float:
    total = 0.0
    for t in range(start, stop):
        total += (x[t] - x[t - lag]) ** 2
    return float(np.sqrt(total / max(stop - start, 1)))


@compiled
def _crest(x: Vector, start: int, stop: int) -> float:
    """Return which part of the time that a peak stays over half of it, it stays next to it."""
    at = start
    for t in range(start, stop):
        if abs(x[t]) > abs(x[at]):
            at = t
    inner, outer = 0, 0
    for step in (-1, 1):
        on_crest = True
        t = at
        while 0 <= t < x.size and x[t] * x[at] > 0.0 and abs(x[t]) > _BODY * abs(x[at]):
            on_crest = on_crest and abs(x[t]) >= _CREST * abs(x[at])
            inner += 1 if on_crest else 0
            outer += 1
            t += step
    return (inner - 1.0) / max(outer - 1.0, 1.0)


@compiled
def _later_figures(x: Vector, start: int, stop: int, known: Known, figures: Vector) -> None:
    """Fill in what is heard when a click has decayed: see `click_figures`, from the seventeenth on."""
    rate = known.rate
    near, far, late = int(_NEAR_S * rate), int(REACH_S * rate), int(_LATE_S * rate)
    lag = max(int(LAG_S * rate + 0.5), 1)
    first, last = start - near, start - int(_APART_S * rate)
    before = _slope(x, first, last, lag)
    figures[0] = decibels(_slope(x, stop + near, stop + far, lag), before, -6.0, 20.0)
    end = min(stop + late, known.high)
    figures[1] = figures[0]
    figures[2] = decibels(
        _root_mean_square(x, stop + near, stop + far), _root_mean_square(x, first, last), -6.0, 20.0
    )
    if 2 * (end - stop - far) > late - far:
        figures[1] = decibels(_slope(x, stop + far, end, lag), before, -6.0, 20.0)
        level = _root_mean_square(x, stop + far, end)
        figures[2] = decibels(level, _root_mean_square(x, first, last), -6.0, 20.0)
    figures[3] = _crest(x, start, min(stop + int(_CREST_BEYOND_S * rate), known.high))


@compiled
def click_figures(heard: HeardBands, span: Vector, known: Known, figures: Vector) -> bool:
    """Measure a span that was found, and what lies around it.

    Parameters
    ----------
    heard
        See `HeardBands`.
    span
        Start, stop, score, score in the low band.
    known
        What there is.
    figures
        Filled, shape (`FIGURES`,): those of `click_signs`; the low band's score, as a logarithm to base 2;
        how much louder (dB) its excitation is after the span than before, near and further away; where in
        the span the centre of that excitation's energy lies; how far it peaks over what was before, and
        what comes after; the length's logarithm; how far the excitation peaks over what comes after; how
        much another channel's peaks over what was before, against this one's (0 where there is none);
        how much louder the excitation is after it; how much louder than before the sound's slope is 7 to
        15 ms after it, and from there to 27 ms, and the sound there; and which part of its peak is crest,
        which is what clipping makes flat.

    Returns
    -------
    bool
        False where not both sides are known.
    """
    start, stop, rate = int(span[0]), int(span[1]), known.rate
    row = np.array([span[0], span[1], max(span[2], _LOWEST_SCORE)])
    far = int(REACH_S * rate) + 2 * heard.factor
    if (
        start - far < known.low
        or stop + far >= known.high
        or not click_signs(heard.x, heard.e, row, known, figures)
    ):
        return False
    figures[SIGNS] = np.log2(max(span[3], _LOWEST_SCORE))
    _low_figures(heard, start, stop, rate, figures[SIGNS + 1 :])
    apart, near, beside = int(_APART_S * rate), int(_NEAR_S * rate), int(_BESIDE_S * rate)
    e = heard.e
    own, level = _peak(e, start, stop), _root_mean_square(e, start - near, start - apart)
    figures[SIGNS + 6] = np.log2(1e3 * (stop - start) / rate + _SHORT_MS)
    figures[SIGNS + 7] = decibels(own, _root_mean_square(e, stop + apart, stop + near), 0.0, 40.0)
    figures[SIGNS + 8] = 0.0
    for k in range(heard.others.shape[0]):
        other = heard.others[k]
        peak = _peak(other, start - beside, stop + beside)
        ratio = peak / (_root_mean_square(other, start - near, start - apart) + LEAST)
        against = decibels(ratio, own / (level + LEAST), -30.0, 10.0)
        figures[SIGNS + 8] = against if k == 0 else max(figures[SIGNS + 8], against)
    after = mean_magnitude(e, stop + apart, stop + near)
    figures[SIGNS + 9] = decibels(after, mean_magnitude(e, start - near, start - apart), -6.0, 20.0)
    _later_figures(heard.x, start, stop, known, figures[SIGNS + 10 :])
    return True


@compiled
def click_odds(heard: HeardBands, spans: Matrix, known: Known, network: Network, odds: Vector) -> None:
    """Write the log odds that spans are clicks into `odds`; NaN where not both sides are known.

    Parameters
    ----------
    heard, known
        See `click_figures`.
    spans
        Rows of (start, stop, score, score in the low band), shape (n, 4).
    network
        What makes odds of the figures.
    """
    figures = np.empty(FIGURES)
    for k in range(spans.shape[0]):
        odds[k] = np.nan
        if not click_figures(heard, spans[k], known, figures):
            continue
        for i in range(FIGURES):
            figures[i] = min(max((figures[i] - network.mean[i]) / network.scale[i], -_CLIP), _CLIP)
        total = network.constant
        for j in range(network.bias.size):
            inner = network.bias[j]
            for i in range(FIGURES):
                inner += figures[i] * network.inner[i, j]
            total += network.outer[j] * np.tanh(inner)
        odds[k] = total
