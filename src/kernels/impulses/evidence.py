"""What tells a click from a stroke: the sound after a click is as it was before, and a stroke's is not.

A drum, a key or a consonant changes what follows for tens of milliseconds, in its level or in how it is
driven; a click stands out of the same sound on both sides, and begins at once. What is measured here are
ratios of levels and times, so it is the same at every rate and loudness.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Vector

SIGNS = 6  # derived: as many as `click_signs` fills
"""Figures that `click_signs` takes of a span."""

REACH_S = 15e-3  # tuned: by hand, within what a search knows beyond a span
"""How far on both sides of a span the sound must be known, in seconds."""

# tuned: by hand; what is compared lies 1 to 7 ms from the span, and 7 to 15 ms
_APART_S, _NEAR_S = 1e-3, 7e-3
LAG_S = 1.0 / 44_100.0  # derived: slopes are differences over a sample at 44.1 kHz, at any rate
LEAST = 1e-7  # guard: silence on both sides is no change
# tuned: logistic regression on groups and swelling noise of up to 16 ms of bench.material.tuning (as it is,
# low-pass 16 kHz, 96 kHz, MP3 192; 5 and 15 times) against the same takes and drums, tuning set, 2026-11-29
_GROUP_WEIGHTS = np.array([0.817, -0.315, -0.117, 2.92, 0.078, 0.187])
_GROUP_CONSTANT = -7.315


class Known(NamedTuple):
    """Samples from `low` to before `high` are known, at `rate` in Hz."""

    low: int
    high: int
    rate: float


@compiled
def decibels(one: float, other: float, low: float, high: float) -> float:
    """Return by how much one magnitude lies over another, from `low` to `high`."""
    return float(min(max(20.0 * np.log10((one + LEAST) / (other + LEAST)), low), high))


@compiled
def _differences(x: Vector, start: int, stop: int, lag: int) -> tuple[float, float, float]:
    """Return the root mean squares of first and second differences over a lag, and the first's peak."""
    first, second, peak = 0.0, 0.0, 0.0
    for t in range(start, stop):
        slope = x[t] - x[t - lag]
        bend = slope - x[t - lag] + x[t - 2 * lag]
        first += slope * slope
        second += bend * bend
        peak = max(peak, abs(slope))
    count = max(stop - start, 1)
    return float(np.sqrt(first / count)), float(np.sqrt(second / count)), peak


@compiled
def mean_magnitude(x: Vector, start: int, stop: int) -> float:
    """Return the mean magnitude of ``x[start:stop]``."""
    total = 0.0
    for t in range(start, stop):
        total += abs(x[t])
    return float(total / max(stop - start, 1))


@compiled
def click_signs(x: Vector, e: Vector, span: Vector, known: Known, signs: Vector) -> bool:
    """Measure a span that was found, and what lies around it.

    Parameters
    ----------
    x, e
        The sound and its excitation, shape (n,).
    span
        Start, stop, score.
    known
        What there is of both.
    signs
        Filled, shape (`SIGNS`,): the score's logarithm to base 2; by how much (dB) the sound's slope or bend
        is louder after the span than before, 0 to 20, and the excitation further away, -6 to 20; where in
        the span the centre of its excitation's energy lies, as a part of its length; by how much (dB) the
        sound peaks over what was before, 0 to 24, and its slope, 0 to 40.

    Returns
    -------
    bool
        False where not both sides are known.
    """
    start, stop = int(span[0]), int(span[1])
    apart, near = int(_APART_S * known.rate), int(_NEAR_S * known.rate)
    far = int(REACH_S * known.rate)
    lag = max(int(LAG_S * known.rate + 0.5), 1)
    if start - far - 2 * lag < known.low or stop + far >= known.high:
        return False
    first, last = start - near, start - apart
    slope, bend, _ = _differences(x, first, last, lag)
    later_slope, later_bend, _ = _differences(x, stop + apart, stop + near, lag)
    _, _, steepest = _differences(x, start, stop, lag)
    signs[0] = np.log2(span[2] + LEAST)
    signs[1] = max(decibels(later_slope, slope, 0.0, 20.0), decibels(later_bend, bend, 0.0, 20.0))
    before, after = mean_magnitude(e, start - far, first), mean_magnitude(e, stop + near, stop + far)
    signs[2] = decibels(after, before, -6.0, 20.0)
    energy, moment, highest, level = 0.0, 0.0, 0.0, 0.0
    for t in range(start, stop):
        energy += e[t] * e[t]
        moment += (t - start) * e[t] * e[t]
        highest = max(highest, abs(x[t]))
    for t in range(first, last):
        level += x[t] * x[t]
    signs[3] = moment / (energy * (stop - start) + LEAST**2)
    signs[4] = decibels(highest, np.sqrt(level / (last - first)), 0.0, 24.0)
    signs[5] = decibels(steepest, slope, 0.0, 40.0)
    return True


@compiled
def group_odds(x: Vector, e: Vector, spans: Matrix, known: Known, odds: Vector) -> None:
    """Write the log odds that spans are groups of clicks, or bursts, into `odds`.

    NaN where not both sides are known. `spans` has rows of (start, stop, score), shape (n, 3); the others are
    those of `click_signs`.
    """
    signs = np.empty(SIGNS)
    for k in range(spans.shape[0]):
        odds[k] = np.nan
        if click_signs(x, e, spans[k], known, signs):
            odds[k] = _GROUP_CONSTANT
            for i in range(SIGNS):
                odds[k] += _GROUP_WEIGHTS[i] * signs[i]
