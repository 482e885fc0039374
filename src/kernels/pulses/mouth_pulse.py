"""What is under a mouth click: a few poles, driven by noise of any course, that add to the speech.

The noise-pulse model of `driven_pulse`, with three things known beforehand. Speech is steady for no longer
than some milliseconds, so its model is fitted to few samples, and taken to be as wrong as a little white
noise: what lies far under the loudest of the sound, the void above a limited band for one, tells nothing of
the click. Mouth clicks have most of their energy between 1.5 and 5 kHz, so a colour of that kind counts as so
many samples until the click says otherwise (prior information as further data: A. Gelman et al., Bayesian
Data Analysis, 2013, section 14.8). And since there is little of a click under 1 kHz, what rises over the
sound above 1 kHz says when it is driven.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.signal import firwin

from ...audio.arrays import Array, Mask
from ..compilation.compilation import compiled
from ..prediction.bands import band_cholesky, band_inverse, band_solve
from ..prediction.models import (
    Matrix,
    Positions,
    Vector,
    add_filtered,
    covariance_model,
    excitation_of,
    levinson,
    span_gradient,
    span_precision,
)
from .driven_pulse import add_prior, colour_products, drive, smoothed

# tuned: known spans of bench.material.tuning, kind mouth, tuning set, 2026-11-29
MOST_ORDER = 40
"""Of the speech's model; 32 to 48 are as good at 44.1 kHz."""
AROUND_S = 9e-3
"""How much on either side it is fitted to, seconds; 7 to 14 ms are as good."""
_LEAST_ROOM = 5  # orders that what it is fitted to is long on either side, at least
_NOISE = 0.3  # of the power of the sound's first difference; of 0.03 to 1
_POLES = 6  # of the click's colour; of 2 to 8
_SAMPLES = 30.0  # that its usual colour counts as; of 5 to 600
_REACH_S = 0.09e-3  # that its variance is smoothed over to either side; of 0.07 to 0.14 ms
_ROUNDS = 6  # of 3 to 20
_BAND_HZ = (1500.0, 5000.0)  # source: the kind's definition
_SLOPES_DB = (12.0, 9.0)  # an octave, under and over it
_LEAST_DB = -40.0
_LOWEST_HZ = 1000.0  # under which there is nothing of a click
_PRICE = 12.0  # log evidence that fitting its variance costs; as `driven_pulse`

# guard: what keeps the problem from being singular, far under what is heard
_RIDGE, _COLOUR_RIDGE = 1e-10, 1e-4
_LEAST_SHARE, _LEAST_PART, _LEAST_VARIANCE = 1e-9, 1e-2, 1e-12


class MouthModel(NamedTuple):
    """What is known of mouth clicks beforehand, at one sample rate.

    Attributes
    ----------
    around, order
        Samples on either side that the speech's model is fitted to, and its order.
    reach
        Samples to either side that a click's variance is smoothed over.
    usual
        Autocorrelation of the usual colour, driven by noise of variance 1, shape (poles + 1,).
    high_pass
        Symmetrical taps, an odd number, that leave what a click may have.
    """

    around: int
    order: int
    reach: int
    usual: Array
    high_pass: Array


def mouth_model(sample_rate: float) -> MouthModel:
    """Return what is known at a sample rate in Hz."""
    hertz = np.linspace(0.0, 0.5 * sample_rate, 2049)
    under = np.maximum(np.log2(_BAND_HZ[0] / np.maximum(hertz, 1.0)), 0.0)
    over = np.maximum(np.log2(np.maximum(hertz, 1.0) / _BAND_HZ[1]), 0.0)
    power = 10.0 ** (0.1 * np.maximum(-_SLOPES_DB[0] * under - _SLOPES_DB[1] * over, _LEAST_DB))
    turns = 2.0 * np.pi / sample_rate * np.outer(np.arange(_POLES + 1), hertz)
    usual = np.mean(power * np.cos(turns), axis=1)
    driven = levinson(usual, np.zeros(_POLES + 1))
    half = round(1.45e-3 * sample_rate)
    high_pass = firwin(2 * half + 1, _LOWEST_HZ, pass_zero=False, window=("kaiser", 5.0), fs=sample_rate)
    reach = max(round(_REACH_S * sample_rate), 1)
    around = round(AROUND_S * sample_rate)
    order = min(MOST_ORDER, max(around // _LEAST_ROOM, 1))
    return MouthModel(around, order, reach, usual / driven, high_pass.astype(np.float64))


@compiled
def estimate_mouth_click(
    x: Vector, start: int, stop: int, bounds: Positions, damaged: Mask, model: MouthModel, click: Vector
) -> float:
    """Estimate the mouth click that adds to ``x[start:stop]``.

    Parameters
    ----------
    x
        Samples, shape (n,).
    start, stop
        The click lies within; a little too wide costs nothing.
    bounds
        Where the recording begins and ends in `x`.
    damaged
        Samples that are none of the speech's, of this click and others, shape (n,).
    model
        See `MouthModel`.
    click
        Filled, shape (stop - start,).

    Returns
    -------
    float
        Logarithm of the evidence for it, less what its fit costs; -inf where no estimate makes sense.
    """
    low, high = max(start - model.around, bounds[0]), min(stop + model.around, bounds[1])
    order = model.order
    end = min(stop + order, bounds[1])
    click[:] = 0.0
    a = np.ones(order + 1)
    variance = covariance_model(
        x, low, high, damaged, _RIDGE, _NOISE * _slope_power(x, low, high, damaged), a
    )
    if start - order < bounds[0] or not variance > 0.0:
        return -np.inf
    sigma = np.sqrt(variance)
    e = excitation_of(x, start, end, a) / sigma
    power = _rise(x, start, stop, low, high, damaged, model.high_pass) / variance
    if not np.max(power) > 0.0:
        return -np.inf
    evidence = _driven(e, a, power, model, click)
    for t in range(click.size):
        click[t] *= sigma
    return float(evidence)


@compiled
def _slope_power(x: Vector, low: int, high: int, damaged: Mask) -> float:
    """Return the mean square of the first difference of the samples that are whole."""
    total, count = 0.0, 0
    for t in range(low + 1, high):
        if not (damaged[t] or damaged[t - 1]):
            total += (x[t] - x[t - 1]) ** 2
            count += 1
    return total / max(count, 1)


@compiled
def _rise(x: Vector, start: int, stop: int, low: int, high: int, damaged: Mask, high_pass: Vector) -> Vector:
    """Return by how much the power over 1 kHz stands over what is around, and no less than a part of that."""
    half = high_pass.size // 2
    stretch = np.zeros(high - low + 2 * half)
    first, last = max(low - half, 0), min(high + half, x.size)
    stretch[first - low + half : last - low + half] = x[first:last]
    y = np.zeros(stretch.size)
    add_filtered(stretch, 0, high_pass, 0, y)
    y = y[2 * half :]
    total, count = 0.0, 0
    for t in range(low, high):
        if not damaged[t]:
            total += y[t - low] ** 2
            count += 1
    level = total / max(count, 1)
    return np.maximum(y[start - low : stop - low] ** 2 - level, _LEAST_PART * level)


@compiled
def _driven(e: Vector, a: Vector, power: Vector, model: MouthModel, n: Vector) -> float:
    """Estimate the pulse in units of the excitation's deviation; see `driven_pulse`."""
    usual, reach = model.usual, model.reach
    m, poles = n.size, usual.size - 1
    active = np.arange(m)
    sound = np.zeros((m, min(max(a.size, poles + 1), m)))
    span_precision(a, active, e.size - 1, sound[:, : min(a.size, m)])
    g = np.empty(m)
    span_gradient(a, e, active, e.size - 1, g)
    colour = np.zeros(poles + 1)
    levinson(usual, colour)
    variance = _smooth(power / usual[0], reach)
    spread = np.zeros((m, poles + 1))
    evidence = -np.inf
    for turn in range(_ROUNDS):
        band = sound.copy()
        add_prior(colour, variance, band)
        if not band_cholesky(band):
            n[:] = 0.0
            return -np.inf
        n[:] = g
        band_solve(band, n)
        evidence = -_PRICE
        for t in range(m):
            evidence += 0.5 * (g[t] * n[t] - np.log(variance[t])) - np.log(band[t, 0])
        if turn == _ROUNDS - 1:
            break
        band_inverse(band, spread)
        if turn > 0:
            _fit_colour(n, spread, variance, usual, colour)
        variance = _smooth(drive(n, spread, colour), reach)
    return evidence


@compiled
def _smooth(power: Vector, reach: int) -> Vector:
    variance = smoothed(power, reach)
    out: Vector = np.maximum(variance, _LEAST_SHARE * np.max(variance)) + _LEAST_VARIANCE
    return out


@compiled
def _fit_colour(n: Vector, spread: Matrix, variance: Vector, usual: Vector, colour: Vector) -> None:
    """Fit the poles to a pulse of which mean and covariance are known, and to the usual colour."""
    order = colour.size - 1
    products = colour_products(n, spread, variance, order)
    band = np.zeros((order, order))
    target = np.empty(order)
    for i in range(order):
        target[i] = -products[0, i + 1] - _SAMPLES * usual[i + 1]
        for k in range(i, order):
            band[i, k - i] = products[i + 1, k + 1] + _SAMPLES * usual[k - i]
        band[i, 0] *= 1.0 + _COLOUR_RIDGE
    if band_cholesky(band):
        band_solve(band, target)
        colour[1:] = target
