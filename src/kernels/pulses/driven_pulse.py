"""What is under a click of which no more is known than that it is a resonance, driven by something short.

Groove, stylus, cartridge and whatever the recording passed afterwards make a click's colour: an
autoregressive model of a few poles. What drives them is noise whose variance rises and falls as it likes, but
smoothly. A struck resonance, a soft onset, noise that swells and fades, several clicks in a row and clicks
within a limited band are all of this kind. Variance and colour are those of greatest likelihood, the pulse
being the hidden variable (A. Dempster, N. Laird, D. Rubin, "Maximum likelihood from incomplete data via the
EM algorithm", J. Royal Statistical Society B 39(1), 1977); the sound under it is the noise-pulse model's
(Godsill and Rayner, Digital Audio Restoration, 1998, chapter 9).

Excitations are in units of their standard deviation, and indices count from the click's first sample.
"""

from __future__ import annotations

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.bands import band_cholesky, band_inverse, band_solve
from ..prediction.models import Matrix, Vector, span_gradient, span_precision

# tuned: known spans of the tuning set's material for clicks, 2026-11-29
ROUNDS = 10
"""Rounds in which variance and colour settle."""
_PRICE = 12.0  # log evidence that fitting its variance costs
_PRICE_OF_POLE = 2.0  # and each pole of its colour
# tuned: for speed, groups and all kinds at 5 times, tuning set, 2026-11-30; rounds after which what comes is
# foreseen, times the last round's gain that may be to come, and log evidence that is lost with certainty
_FORESEEN, _TO_COME, _LOST = 3, 4.0, 10.0

# guard: what keeps the problem from being singular, far under what is heard
_RIDGE = 1e-4
_LEAST_SHARE = 1e-9  # of the greatest variance
_LEAST_VARIANCE = 1e-12


@compiled
def smoothed(x: Vector, reach: int) -> Vector:
    """Mean of `x` under a triangle that ends `reach` samples to either side, and at the ends of `x`."""
    out = np.empty(x.size)
    for t in range(x.size):
        total, weight = 0.0, 0.0
        for k in range(max(t - reach, 0), min(t + reach + 1, x.size)):
            height = reach + 1.0 - abs(t - k)
            total += height * x[k]
            weight += height
        out[t] = total / weight
    return out


@compiled
def driven_pulse(
    e: Vector,
    a: Vector,
    variance: Vector,
    colour: Vector,
    reach: int,
    rounds: int,
    rival: float,
    n: Vector,
) -> float:
    """Estimate a click that is a resonance driven by noise of a variance that changes smoothly.

    Parameters
    ----------
    e
        Excitation from the click's first sample on, shape (k,).
    a
        Model of the sound, shape (p + 1,).
    variance
        About what the click's power is at each sample, shape (m,): where the search begins. Filled with the
        variance that was found of what drives it.
    colour
        The poles of the click, as a model of shape (count + 1,), where the search begins: 1 and zeros where
        none is known, 1 alone where what drives it is all there is, as in noise. Filled with what was found.
    reach
        Samples that the variance is smoothed over to either side.
    rounds
        How often variance and colour are fitted, and one; `ROUNDS` where nothing is known of them.
    rival
        Log evidence of what it competes with: it is given up, as it is then, once it plainly cannot win.
    n
        Filled with the click, shape (m,), m <= k.

    Returns
    -------
    float
        Logarithm of the evidence for it, less what its fit costs; -inf where no estimate makes sense.
    """
    m, poles = n.size, colour.size - 1
    active = np.arange(m)
    sound = np.zeros((m, min(max(a.size, poles + 1), m)))
    span_precision(a, active, e.size - 1, sound[:, : min(a.size, m)])
    g = np.empty(m)
    span_gradient(a, e, active, e.size - 1, g)
    _smooth_variance(variance, reach)
    spread = np.zeros((m, poles + 1))
    known = bool(np.any(colour[1:] != 0.0))
    evidence = -np.inf
    for turn in range(rounds):
        band = sound.copy()
        add_prior(colour, variance, band)
        if not band_cholesky(band):
            n[:] = 0.0
            return -np.inf
        n[:] = g
        band_solve(band, n)
        before, evidence = evidence, -_PRICE - _PRICE_OF_POLE * poles
        for t in range(m):
            evidence += 0.5 * (g[t] * n[t] - np.log(variance[t])) - np.log(band[t, 0])
        to_come = _TO_COME * max(evidence - before, 0.0) + _LOST
        if turn == rounds - 1 or (turn + 1 >= _FORESEEN and evidence + to_come < rival):
            break
        band_inverse(band, spread)
        if (turn > 0 or known) and poles:
            _fit_colour(n, spread, variance, colour)
        variance[:] = drive(n, spread, colour)
        _smooth_variance(variance, reach)
    return evidence


@compiled
def _smooth_variance(variance: Vector, reach: int) -> None:
    """Smooth a variance over `reach` samples to either side, in place, and keep it from being nothing."""
    variance[:] = smoothed(variance, reach)
    least = _LEAST_SHARE * np.max(variance)
    for t in range(variance.size):
        variance[t] = max(variance[t], least) + _LEAST_VARIANCE


@compiled
def add_prior(colour: Vector, variance: Vector, band: Matrix) -> None:
    """Add the precision of a pulse of this colour, driven with this variance, to `band`."""
    size, width = band.shape
    for t in range(size):
        first = min(colour.size - 1, t)
        for i in range(first + 1):
            share = colour[i] / variance[t]
            for k in range(i, min(first + 1, i + width)):
                band[t - k, k - i] += share * colour[k]


@compiled
def colour_products(n: Vector, spread: Matrix, variance: Vector, order: int) -> Matrix:
    """Return the expected lagged products of a pulse, each over its drive's variance: the upper half."""
    products = np.zeros((order + 1, order + 1))
    for t in range(n.size):
        for i in range(min(order, t) + 1):
            for k in range(i, min(order, t) + 1):
                products[i, k] += (n[t - i] * n[t - k] + spread[t - k, k - i]) / variance[t]
    return products


@compiled
def _fit_colour(n: Vector, spread: Matrix, variance: Vector, colour: Vector) -> None:
    """Fit the poles to a pulse of which mean and covariance are known, each sample weighted by its drive."""
    order = colour.size - 1
    products = colour_products(n, spread, variance, order)
    band = np.zeros((order, order))
    target = np.empty(order)
    for i in range(order):
        target[i] = -products[0, i + 1]
        for k in range(i, order):
            band[i, k - i] = products[i + 1, k + 1]
        band[i, 0] *= 1.0 + _RIDGE
        band[i, 0] += _LEAST_VARIANCE
    if band_cholesky(band):
        band_solve(band, target)
        colour[1:] = target


@compiled
def drive(n: Vector, spread: Matrix, colour: Vector) -> Vector:
    """Return the expected square of what drives a pulse of which mean and covariance are known."""
    power = np.zeros(n.size)
    for t in range(n.size):
        first = min(colour.size - 1, t)
        for i in range(first + 1):
            for k in range(first + 1):
                apart = abs(i - k)
                power[t] += colour[i] * colour[k] * (n[t - i] * n[t - k] + spread[t - max(i, k), apart])
    return power
