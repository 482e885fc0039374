"""Sound whose level fell for a moment: how far, and what it was, under the model of the sound around it.

What is heard is ``y = g x + w``: ``g`` a smooth gain, ``x`` an autoregressive process that goes on from
before the moment until after it (`models`), ``w`` white noise that came later, of which a part ``n`` of the
excitation is made. ``r = A (y / g)`` has then the variance ``v (1 - n + n / g^2)``, and ``-log p(y)`` is the
sum of ``log g``, of half the logarithm of that variance, and of half of ``r^2`` over it: the gain is the one
under which the sound is as predictable as it is around. Then ``x`` is what agrees best with the model and
with ``y / g``, each as far as it is to be believed. The gain is ``sqrt(q^2 + floor^2)``, ``q`` being 1 less
B-splines, found by damped Gauss-Newton steps (Levenberg and Marquardt; Nocedal and Wright, Numerical
Optimization, 2006, section 10.3).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from .bands import band_cholesky, band_solve
from .models import Matrix, Vector, excitation_of, span_equations

# guard: it is done after a handful
_MOST_STEPS, _MOST_TRIES = 15, 6
_ENOUGH = 0.05  # guard: nats won by a step; fewer are not worth the next
_DAMPING, _LEAST_DAMPING, _HARDER = 1e-2, 1e-4, 8.0  # guard: how boldly it steps, not where it ends
_RIDGE = 1e-9  # guard: a knot over silence says nothing, and is left where it is


class Heard(NamedTuple):
    """A stretch of sound in which the level falls.

    Attributes
    ----------
    y
        Samples, shape (n,), the p before `start` known.
    start, stop
        Where it falls, and where it is back.
    a, variance
        Model of the sound around it, shape (p + 1,), and the variance of its excitation.
    noise
        Part of that variance that is noise which did not fall with the sound.
    floor
        Least gain.
    bend
        Weight of the squared second differences of the knots: what fades smoothly is likelier.
    """

    y: Vector
    start: int
    stop: int
    a: Vector
    variance: float
    noise: float
    floor: float
    bend: float


@compiled
def knot_weights(size: int, knots: int) -> Matrix:
    """Return cubic B-splines over `size` samples that are 0 at both ends, shape (knots, size)."""
    weights = np.zeros((knots, size))
    spacing = size / (knots + 3.0)
    for k in range(knots):
        for t in range(size):
            away = abs((t + 0.5) / spacing - (k + 2.0))
            if away < 1.0:
                weights[k, t] = (4.0 - 6.0 * away**2 + 3.0 * away**3) / 6.0
            elif away < 2.0:
                weights[k, t] = (2.0 - away) ** 3 / 6.0
    return weights


@compiled
def fade_gain(weights: Matrix, missing: Vector, floor: float) -> tuple[Vector, Vector]:
    """Return the gain and its `q`, shape (m,), of how much is missing at each knot, shape (knots,)."""
    q = np.ones(weights.shape[1])
    for k in range(weights.shape[0]):
        q -= missing[k] * weights[k]
    return np.sqrt(q * q + floor * floor), q


@compiled
def fade_cost(heard: Heard, gain: Vector) -> tuple[float, Vector]:
    """Return ``-log p(y)`` of what begins with the fall, but for a constant, and the excitation there."""
    order = heard.a.size - 1
    end = min(heard.stop + order, heard.y.size)
    z = heard.y[heard.start - order : end].copy()
    z[order : order + gain.size] /= gain
    r = excitation_of(z, order, z.size, heard.a)
    cost = 0.0
    for t in range(r.size):
        loud = 1.0  # the variance over that around the fall
        if t < gain.size:
            loud += heard.noise * (1.0 / gain[t] ** 2 - 1.0)
            cost += np.log(gain[t]) + 0.5 * np.log(loud)
        cost += 0.5 * r[t] ** 2 / (heard.variance * loud)
    return cost, r


@compiled
def _differences(knots: int) -> Matrix:
    """Return the second differences of knots with zeros beside them, as a matrix."""
    rows = np.zeros((knots + 2, knots))
    for i in range(knots + 2):
        for k, weight in ((i - 2, 1.0), (i - 1, -2.0), (i, 1.0)):
            if 0 <= k < knots:
                rows[i, k] = weight
    return rows


@compiled
def _normal_equations(
    heard: Heard, weights: Matrix, gain: Vector, q: Vector, r: Vector, bending: Matrix, missing: Vector
) -> tuple[Vector, Matrix]:
    """Return the gradient and Gauss and Newton's second derivatives of the cost, by knots."""
    knots, size = weights.shape
    order = heard.a.size - 1
    moved = np.zeros((knots, r.size))
    z = np.zeros(order + r.size)
    scale = np.full(r.size, np.sqrt(heard.variance))
    scale[:size] *= np.sqrt(1.0 + heard.noise * (1.0 / (gain * gain) - 1.0))
    gradient, curvature = np.empty(knots), np.zeros((knots, knots))
    bends = np.zeros(bending.shape[0])
    for k in range(knots):
        bends += bending[:, k] * missing[k]
    for k in range(knots):
        slope = -q / (gain * gain) * weights[k]  # of log g
        z[order : order + size] = -heard.y[heard.start : heard.stop] / gain * slope
        moved[k] = excitation_of(z, order, z.size, heard.a) / scale
        gradient[k] = np.sum(moved[k] * r / scale) + heard.bend * np.sum(bending[:, k] * bends)
        for t in range(size):  # of log g + log(loud) / 2 + r^2 / (2 v loud) by what is under the fraction
            share = heard.noise / (gain[t] * scale[t]) ** 2 * heard.variance
            gradient[k] += slope[t] * (1.0 - share + share * (r[t] / scale[t]) ** 2)
        for j in range(k + 1):
            curvature[j, k - j] = np.sum(moved[k] * moved[j]) + heard.bend * np.sum(
                bending[:, k] * bending[:, j]
            )
    return gradient, curvature


@compiled
def fit_fade(heard: Heard, weights: Matrix, missing: Vector) -> tuple[float, Vector]:
    """Find how the level fell.

    Parameters
    ----------
    heard
        See `Heard`.
    weights
        See `knot_weights`.
    missing
        How much is missing at each knot, shape (knots,): what is tried first, and then what was found.

    Returns
    -------
    float
        ``-log p(y)``, as `fade_cost` has it.
    Vector
        The gain, shape (stop - start,).
    """
    bending = _differences(missing.size)
    gain, q = fade_gain(weights, missing, heard.floor)
    cost, r = fade_cost(heard, gain)
    damping = _DAMPING
    for _ in range(_MOST_STEPS):
        gradient, curvature = _normal_equations(heard, weights, gain, q, r, bending, missing)
        whole = cost + 0.5 * heard.bend * _bent(bending, missing)
        won = 0.0
        for _ in range(_MOST_TRIES):
            step, factor = gradient.copy(), curvature.copy()
            factor[:, 0] = factor[:, 0] * (1.0 + damping) + _RIDGE
            if band_cholesky(factor):
                band_solve(factor, step)
                new_gain, new_q = fade_gain(weights, missing - step, heard.floor)
                new_cost, new_r = fade_cost(heard, new_gain)
                won = whole - new_cost - 0.5 * heard.bend * _bent(bending, missing - step)
                if won > 0.0:
                    break
            damping *= _HARDER
        if not won > 0.0:
            break
        missing -= step
        gain, q, r, cost = new_gain, new_q, new_r, new_cost
        damping = max(damping / _HARDER, _LEAST_DAMPING)
        if won < _ENOUGH:
            break
    return cost, gain


@compiled
def _bent(bending: Matrix, missing: Vector) -> float:
    total = 0.0
    for i in range(bending.shape[0]):
        total += np.sum(bending[i] * missing) ** 2
    return total


@compiled
def fill(x: Vector, start: int, stop: int, a: Vector, weight: Vector, target: Vector, limit: float) -> bool:
    """Replace ``x[start:stop]`` by what the sound around it and a target make likeliest.

    Parameters
    ----------
    x
        Samples, shape (n,), changed in place; the p before `start` are known.
    start, stop
        What is replaced.
    a
        Model of the sound, shape (p + 1,).
    weight, target
        Variance of the excitation over that of the target's error, 0 where nothing is known, and the target;
        shape (stop - start,).
    limit
        Greatest magnitude that is believed.

    Returns
    -------
    bool
        False where there is no solution, or none within the limit; `x` is then unchanged.
    """
    e = excitation_of(x, start, min(stop + a.size - 1, x.size), a)
    band, change = span_equations(a, e, np.arange(stop - start), e.size - 1)
    for i in range(change.size):
        band[i, 0] = band[i, 0] * (1.0 + _RIDGE) + weight[i]
        change[i] += weight[i] * (x[start + i] - target[i])
    if not band_cholesky(band):
        return False
    band_solve(band, change)
    for i in range(change.size):
        if not abs(x[start + i] - change[i]) <= limit:
            return False
    x[start:stop] -= change
    return True
