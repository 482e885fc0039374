"""What is under a click that a groove's wall struck: a short push, which the playback curve draws out.

Dust and scratches push the stylus for some tens of microseconds. The playback curve integrates under its
turnover, so a push in one direction leaves a tail of milliseconds, low and far too long to be cut out; but
not unknown: before the curve the push is short, and after it the tail has no freedom left. So the unknown is
the push p, a few free samples, and the click is the curve's response h * p (the noise-pulse model of Godsill
and Rayner, Digital Audio Restoration, 1998, chapter 9, seen through h). What the stylus did between 1 and
10 kHz, where the music is weak, tells the tail below 500 Hz, where it is strong; and what follows tells it
as well, so that a click that has none fits badly and is left to the other models. The push's variance at each
sample is that of greatest likelihood, as in `driven_pulse`.

Excitations are in units of their standard deviation, and indices count from the push's first sample.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled
from ..prediction.models import Matrix, Vector, excitation_of
from .belief import is_absurd
from .clicks import sound_beside
from .driven_pulse import smoothed
from .noise_pulse import pulse_posterior

# source: IEC 60098, 3180, 318 and 75 us; the same with its amendment of 1976, nothing below 20 Hz; and 250 Hz
# with nothing above it, as Blumlein's (P. Copeland, Manual of Analogue Sound Restoration Techniques, British
# Library, 2008, chapter 6), with the first's shelf: bass, turnover, treble and rumble in seconds, 0 for none
_CURVES_S = (
    (3180e-6, 318e-6, 75e-6, 0.0),
    (3180e-6, 318e-6, 75e-6, 7958e-6),
    (3180e-6, 637e-6, 0.0, 0.0),
)
_CELL_HZ = 48_000.0  # tuned: for speed, by hand, 2026-11-30; samples a second that a push is drawn with
_LONGEST_S = 3.3e-3  # guard: a longer push has too many unknowns to be worth its time
# tuned: bench.material.tuning, its riaa kind, music and speech, tuning set, 2026-11-30
_SEEN_S = 12e-3  # from its beginning, in which a tail shows
_LAST_S, _FADE_S = 40e-3, 15e-3  # of a tail that is taken, and how long its end fades
_REACH = 2  # cells that the variance is smoothed over to either side
_ROUNDS = 6  # in which its variance settles
_PRICE = 12.0  # log evidence that fitting its variance costs
_LEAST = 6.0  # log evidence by which it must beat the other models
_HOPELESS = 150.0  # and by which no other curve can make up for the first
_LEAST_VARIANCE, _LEAST_SHARE = 1e-12, 1e-9  # guard: keep the problem from being singular


class GrooveCurves(NamedTuple):
    """Playback curves at one sample rate, as sums of decays.

    Attributes
    ----------
    poles, heights
        Of each curve's decays, shape (curves, decays); heights sum to 1 with what is passed `direct`.
    direct
        What each curve passes at once, shape (curves,).
    cell
        Samples between two of the points that a push is drawn through, in straight lines.
    cells
        Most points of a push.
    seen
        Samples from its beginning in which a tail shows.
    last, fade
        Samples from its beginning that are taken, and of those at their end that fade.
    """

    poles: Matrix
    heights: Matrix
    direct: Vector
    cell: int
    cells: int
    seen: int
    last: int
    fade: int


def groove_curves(sample_rate: float) -> GrooveCurves:
    """Lay out the curves at one sample rate in Hz.

    Decays are those of the analogue curve, so a tail is the same at every rate.
    """
    decays = [_decays(*seconds) for seconds in _CURVES_S]
    count = max(len(constants) for constants, _, _ in decays)
    poles, heights = np.zeros((2, len(decays), count))
    direct = np.zeros(len(decays))
    for k, (constants, residues, passed) in enumerate(decays):
        whole = passed + np.sum(residues) / sample_rate
        poles[k, : len(constants)] = np.exp(-1.0 / (constants * sample_rate))
        heights[k, : len(constants)] = residues / sample_rate / whole
        direct[k] = passed / whole
    cell = max(round(sample_rate / _CELL_HZ), 1)
    return GrooveCurves(
        poles,
        heights,
        direct,
        cell,
        cells=round(_LONGEST_S * sample_rate / cell),
        seen=round(_SEEN_S * sample_rate),
        last=round(_LAST_S * sample_rate),
        fade=round(_FADE_S * sample_rate),
    )


_Decays = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]


def _decays(shelf: float, turnover: float, treble: float, rumble: float) -> _Decays:
    """Return time constants and heights of a curve's decays, and what it passes at once."""
    constants = np.array([shelf, treble, rumble])
    constants = constants[constants > 0.0]
    rates = -1.0 / constants
    above = (1.0 + turnover * rates) * (rumble * rates if rumble else 1.0)
    others = np.array([np.prod((1.0 + rate * constants)[np.arange(constants.size) != k]) for k, rate in
                       enumerate(rates)])  # fmt: skip
    return constants, above / (constants * others), 0.0 if treble else turnover / shelf


@compiled
def _response(a: Vector, curves: GrooveCurves, which: int, size: int) -> Vector:
    """Return the excitation of one point of a push through a curve, shape (size,)."""
    one = np.zeros(size)
    for j in range(min(2 * curves.cell - 1, size)):
        one[j] = 1.0 - abs(j + 1 - curves.cell) / curves.cell
    through = _played(one, curves, which)
    out = np.zeros(size)
    for t in range(size):
        total = 0.0
        for k in range(min(a.size - 1, t) + 1):
            total += a[k] * through[t - k]
        out[t] = total
    return out


@compiled
def _played(push: Vector, curves: GrooveCurves, which: int) -> Vector:
    """Return what a curve makes of a push."""
    out: Vector = curves.direct[which] * push
    for k in range(curves.poles.shape[1]):
        pole, height, state = curves.poles[which, k], curves.heights[which, k], 0.0
        if height == 0.0:
            continue
        for t in range(push.size):
            state = pole * state + push[t]
            out[t] += height * state
    return out


@compiled
def _equations(e: Vector, response: Vector, cell: int, count: int) -> tuple[Matrix, Vector]:
    """Return the precision, as a full band, and the gradient of the points of a push, given the excitation.

    Point k's response is the first one's, `cell` samples later each.
    """
    size = e.size
    band = np.zeros((count, count))
    g = np.zeros(count)
    for d in range(count):  # from the last pair of this distance, of which least is seen, to the first
        total, seen = 0.0, 0
        for j in range(count - 1 - d, -1, -1):
            last = size - (j + d) * cell
            for t in range(seen, last):
                total += response[t] * response[t + d * cell]
            seen = max(seen, last)
            band[j, d] = total
    for k in range(count):
        total = 0.0
        for t in range(size - k * cell):
            total += response[t] * e[t + k * cell]
        g[k] = total
    return band, g


@compiled
def groove_push(precision: Matrix, g: Vector, variance: Vector, p: Vector) -> float:
    """Estimate the push that a curve drew out; see `driven_pulse`, which knows no curve.

    Parameters
    ----------
    precision, g
        As a full band, and the gradient, of its points, given the excitation.
    variance
        About what the push's is at each point, shape (m,): where the search begins.
    p
        Filled with the push, shape (m,).

    Returns
    -------
    float
        Logarithm of the evidence for it, less what its fit costs; -inf where no estimate makes sense.
    """
    spread = np.empty(p.size)
    evidence = -np.inf
    for _ in range(_ROUNDS):
        least = _LEAST_SHARE * np.max(variance) + _LEAST_VARIANCE
        variance = np.maximum(smoothed(variance, _REACH), least)
        evidence = float(pulse_posterior(precision, g, variance, p, spread)) - _PRICE
        variance = p * p + spread
    return evidence


@compiled
def _drawn(p: Vector, curves: GrooveCurves, which: int, size: int) -> Vector:
    """Return `size` samples of the click that a push makes; its end fades out."""
    cell = curves.cell
    push = np.zeros(size)
    for k in range(p.size):
        for j in range(2 * cell - 1):
            if k * cell + j < size:
                push[k * cell + j] += p[k] * (1.0 - abs(j + 1 - cell) / cell)
    out: Vector = _played(push, curves, which)
    for t in range(max(curves.last - curves.fade, 0), size):
        out[t] *= 0.5 + 0.5 * np.cos(np.pi * (t - curves.last + curves.fade) / curves.fade)
    return out


@compiled
def estimate_groove(
    x: Vector,
    place: tuple[int, int, int],
    a: Vector,
    sigma: float,
    curves: GrooveCurves,
    found: float,
    click: Vector,
) -> int:
    """Estimate a click as the push of a groove's wall, where that is likelier than what was found.

    Parameters
    ----------
    x, place, a, sigma
        As of `clicks.estimate_shapes`.
    curves
        The playback curves that may have drawn it out.
    found
        Log evidence of the likeliest click so far.
    click
        That click; filled with this one where it is likelier, as far as there is room.

    Returns
    -------
    int
        Samples that were filled; none where the other is likelier.
    """
    start, stop, end = place
    count = (stop - start) // curves.cell
    last = min(start + curves.seen, end)
    if not 2 < count <= curves.cells or last - stop < stop - start:
        return 0
    least = found + _LEAST
    e = excitation_of(x, start, last, a) / sigma
    likeliest, curve = -np.inf, 0
    best, p = np.zeros(count), np.zeros(count)
    variance = np.empty(count)
    for which in range(curves.direct.size):
        precision, g = _equations(e, _response(a, curves, which, e.size), curves.cell, count)
        for k in range(count):
            variance[k] = _change(click, k * curves.cell, curves.cell) ** 2
        evidence = groove_push(precision, g, variance, p)
        if evidence > likeliest:
            likeliest, curve = evidence, which
            best[:] = p
        if likeliest < least - _HOPELESS:
            return 0
    size = min(curves.last, click.size)
    drawn = _drawn(best, curves, curve, size)
    grain = a.size - 1
    beside = sound_beside(x, start, stop, end, grain)
    if not likeliest > least or is_absurd(x[start : start + size], beside, grain, sigma, drawn):
        return 0
    click[:size] = drawn
    return size


@compiled
def _change(click: Vector, at: int, cell: int) -> float:
    """Return by how much a click changes around a point of its push: about what pushes it there."""
    before = click[at - 1] if at > 0 else 0.0
    return float(click[min(at + 2 * cell - 2, click.size - 1)] - before)
