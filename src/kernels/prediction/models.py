"""Autoregressive models: fitted to short stretches, and the least-squares problems on samples under them.

A stretch of sound is taken as ``sum_k a[k] x[t - k] = e[t]``, ``a[0] = 1``, with a white excitation ``e``.
Every kernel works in float64 and in one fixed order of operations: loops are written so that vector
instructions run over independent results (lags, columns), never over the terms of a sum, and nothing goes
through BLAS. The same samples give the same bits wherever they lie in memory.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Mask
from ..compilation.compilation import compiled
from .bands import band_cholesky, band_solve

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]

_FLOOR = 1e-30  # guard: far under the square of one 64-bit step: a model of silence is no model
# Samples whose lagged products are summed in one pass; tuned: for speed, 2026-11-29: 4 are slower.
_AT_ONCE = 8
_BEYOND = 8  # derived: elements of a cache line; elements 2^n bytes apart share one place in the cache


@compiled
def autocorrelation(x: Vector, order: int) -> Vector:
    """Sum the lagged products of `x` in order of time, lags 0 to `order`, shape (order + 1,)."""
    r = np.zeros(order + 1)
    reach = np.zeros(x.size + order + _AT_ONCE)  # zeros past the end spare a test on every lag
    reach[: x.size] = x
    for t in range(0, x.size, _AT_ONCE):
        y = reach[t:]
        a, b, c, d, e, f, g, h = y[0], y[1], y[2], y[3], y[4], y[5], y[6], y[7]
        for lag in range(order + 1):  # a pass loads and stores each sum once, which is what takes the time
            total = r[lag]
            total += a * y[lag]
            total += b * y[lag + 1]
            total += c * y[lag + 2]
            total += d * y[lag + 3]
            total += e * y[lag + 4]
            total += f * y[lag + 5]
            total += g * y[lag + 6]
            total += h * y[lag + 7]
            r[lag] = total
    return r


@compiled
def levinson(r: Vector, a: Vector) -> float:
    """Solve the Yule-Walker equations by the Levinson-Durbin recursion (Durbin 1960).

    Parameters
    ----------
    r
        Autocorrelation, lags 0 to p, shape (p + 1,).
    a
        Filled with the model, shape (p + 1,), ``a[0] = 1``; the recursion stops where `r` is singular.

    Returns
    -------
    float
        Energy of the prediction error; 0 where `r` holds nothing to predict.
    """
    order = r.size - 1
    a[:] = 0.0
    a[0] = 1.0
    error = float(r[0])
    if not error > _FLOOR:
        return 0.0
    previous = np.empty(order + 1)
    for m in range(1, order + 1):
        total = r[m]
        for k in range(1, m):
            total += a[k] * r[m - k]
        reflection = -total / error
        if not abs(reflection) < 1.0:
            break
        previous[:m] = a[:m]
        for k in range(1, m):
            a[k] = previous[k] + reflection * previous[m - k]
        a[m] = reflection
        error *= 1.0 - reflection * reflection
    return error


@compiled
def hann(size: int) -> Vector:
    """Return a Hann window, shape (size,), whose zeros lie half a sample outside it."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(size) + 0.5) / size)


@compiled
def autocorrelation_model(x: Vector, ridge: float, a: Vector) -> float:
    """Fit a model to all of a tapered stretch by the autocorrelation method.

    Parameters
    ----------
    x
        The stretch, faded in and out, shape (n,).
    ridge
        Added to lag 0, as a part of it: white noise that keeps empty bands from making the problem singular.
    a
        Filled with the model, shape (p + 1,); see `levinson`.

    Returns
    -------
    float
        Energy of the prediction error of the tapered stretch.
    """
    r = autocorrelation(x, a.size - 1)
    r[0] *= 1.0 + ridge
    return float(levinson(r, a))


@compiled
def add_filtered(x: Vector, start: int, taps: Vector, first: int, out: Vector) -> None:
    """Add ``sum_k taps[k] x[start + t - k]``, k from `first` on, to ``out[t]``; before ``x[0]`` is silence.

    Each sum is taken in the order of k, four taps a pass.
    """
    size = out.size
    last = min(taps.size, start + size)
    k = first
    while k + 4 <= last and k + 3 <= start:
        b, c, d, f = taps[k], taps[k + 1], taps[k + 2], taps[k + 3]
        one, two = x[start - k :][:size], x[start - k - 1 :][:size]
        three, four = x[start - k - 2 :][:size], x[start - k - 3 :][:size]
        for t in range(size):
            out[t] = (((out[t] + b * one[t]) + c * two[t]) + d * three[t]) + f * four[t]
        k += 4
    while k < last:
        tap = taps[k]
        missing = max(k - start, 0)
        earlier = x[start + missing - k : start + size - k]
        rest = out[missing:]
        # From 0 and along slices: negative indices would bar vector instructions.
        for t in range(earlier.size):
            rest[t] += tap * earlier[t]
        k += 1


@compiled
def prediction_error(x: Vector, start: int, stop: int, a: Vector, e: Vector) -> None:
    """Write the excitation of ``x[start:stop]`` into ``e[start:stop]``; before ``x[0]`` is silence."""
    out = e[start:stop]
    out[:] = x[start:stop]
    add_filtered(x, start, a, 1, out)


@compiled
def excitation_of(x: Vector, start: int, stop: int, a: Vector) -> Vector:
    """Return the excitation of ``x[start:stop]``; the p samples before it are known."""
    e = x[start:stop].copy()
    add_filtered(x, start, a, 1, e)
    return e


@compiled
def _add_covariance(x: Vector, start: int, stop: int, phi: Matrix) -> int:
    """Add the covariance of ``x[start:stop]`` to `phi`, shape (p + 1, > p); return how many rows it had.

    ``phi[i, d] = sum_t x[t - i] x[t - i - d]`` over the t whose every lag lies inside; each diagonal follows
    from its first element by exchanging one product a step (Marple 1987, section 8.5).
    """
    order = phi.shape[0] - 1
    rows = stop - start - order
    if rows <= 0:
        return 0
    backwards = x[start:stop][::-1].copy()
    row = _first_row(backwards, order)
    for i in range(order + 1):
        row = row[: order + 1 - i]
        of_i = phi[i]
        for d in range(row.size):
            of_i[d] += row[d]
        if i < order:  # `head` and `tail`: from the sample that comes in, and from the one that goes
            head, tail = backwards[rows + i :], backwards[i:]
            enters, leaves = head[0], tail[0]
            for d in range(order - i):
                row[d] = row[d] + enters * head[d] - leaves * tail[d]
    return int(rows)


@compiled
def _first_row(backwards: Vector, order: int) -> Vector:
    """Sum the lagged products of the last samples of a stretch in order of time, lags 0 to `order`.

    The stretch comes backwards; its earliest samples are only lags.
    """
    row = np.zeros(order + 1)
    t = backwards.size - order
    while t >= _AT_ONCE:  # as in `autocorrelation`
        y = backwards[t - _AT_ONCE :]
        h, g, f, e, d, c, b, a = y[0], y[1], y[2], y[3], y[4], y[5], y[6], y[7]
        for lag in range(order + 1):
            total = row[lag]
            total += a * y[lag + 7]
            total += b * y[lag + 6]
            total += c * y[lag + 5]
            total += d * y[lag + 4]
            total += e * y[lag + 3]
            total += f * y[lag + 2]
            total += g * y[lag + 1]
            total += h * y[lag]
            row[lag] = total
        t -= _AT_ONCE
    while t > 0:
        t -= 1
        y = backwards[t:]
        for lag in range(order + 1):
            row[lag] += y[0] * y[lag]
    return row


@compiled
def covariance_model(
    x: Vector, start: int, stop: int, damaged: Mask, ridge: float, noise: float, a: Vector
) -> float:
    """Fit a model by the modified covariance method (Marple 1980) to the undamaged runs of a stretch.

    Forward and backward prediction errors are minimised together over the rows that no damaged sample
    touches, so nothing has to be assumed about what is under the damage.

    Parameters
    ----------
    x, damaged
        Samples and which of them to keep out, shape (n,).
    start, stop
        The stretch.
    ridge
        Added to the diagonal, as a part of the power: keeps empty bands from making the problem singular.
    noise
        Added likewise: variance of white noise that the stretch is taken to have besides; see `voids`.
    a
        Filled with the model, shape (p + 1,), ``a[0] = 1``.

    Returns
    -------
    float
        Variance of the prediction error; negative where there were too few rows (under 2 p) or no power,
        and `a` is not to be used.
    """
    order = a.size - 1
    phi = np.zeros((order + 1, order + 1 + _BEYOND))
    rows = 0
    run = start
    for t in range(start, stop + 1):
        if t == stop or damaged[t]:
            rows += _add_covariance(x, run, t, phi)
            run = t + 1
    if rows < 2 * order:
        return -1.0
    # Forward and backward: what is d under the diagonal's element i, and its mirror image.
    both = np.empty(order)
    power = float(phi[0, 0] + phi[order, 0]) + 2 * rows * noise
    if not power > _FLOOR:
        return -1.0
    band = np.zeros((order, order))
    target = np.empty(order)
    for i in range(order):
        both[i] = phi[0, i + 1] + phi[order - i - 1, i + 1]
        target[i] = -both[i]
        for d in range(order - i):
            band[i, d] = phi[i + 1, d] + phi[order - i - 1 - d, d]
        band[i, 0] += ridge * power + 2 * rows * noise
    if not band_cholesky(band):
        return -1.0
    band_solve(band, target)
    a[0] = 1.0
    a[1:] = target
    energy = power
    for i in range(order):
        energy += target[i] * both[i]
    return max(energy, ridge * power) / (2 * rows)


@compiled
def span_precision(a: Vector, active: Positions, last: int, band: Matrix) -> None:
    """Write ``A'A`` on the active samples into `band`: how excitation energy bends around them.

    Parameters
    ----------
    a
        The model, shape (p + 1,).
    active
        Increasing positions of the samples, shape (m,).
    last
        Position of the last excitation sample that counts (the recording's end, or well past the span).
    band
        Filled, shape (m, min(p + 1, m)), as in `band_cholesky`.
    """
    order = a.size - 1
    lags = autocorrelation(a, order)
    size, width = band.shape
    for j in range(size):
        for d in range(width):
            i = j + d
            distance = active[i] - active[j] if i < size else order + 1
            if distance > order:
                band[j, d] = 0.0
                continue
            band[j, d] = lags[distance]
            # Rows past the recording's end do not exist: take their products out again.
            for t in range(last + 1, active[j] + order + 1):
                if t >= active[i]:
                    band[j, d] -= a[t - active[i]] * a[t - active[j]]


@compiled
def span_gradient(a: Vector, e: Vector, active: Positions, last: int, g: Vector) -> None:
    """Write ``A'e`` at the active samples into `g`: the excitation's own echo of a change there.

    `e` is indexed by position, as far as `last`.
    """
    order = a.size - 1
    for i in range(active.size):
        total = 0.0
        for k in range(min(order, last - active[i]) + 1):
            total += a[k] * e[active[i] + k]
        g[i] = total


@compiled
def span_equations(a: Vector, e: Vector, active: Positions, last: int) -> tuple[Matrix, Vector]:
    """Return ``A'A`` as a band and ``A'e`` of the active samples: `span_precision` and `span_gradient`."""
    band = np.empty((active.size, min(a.size, active.size)))
    span_precision(a, active, last, band)
    g = np.empty(active.size)
    span_gradient(a, e, active, last, g)
    return band, g


@compiled
def echoes(a: Vector, e: Vector, low: int, g: Vector) -> None:
    """Write ``A'e`` at every sample from `low` on into `g`, whose last echo lies in `e`: see `span_gradient`.

    Each sum is taken in the order of a's elements, four a pass.
    """
    size = g.size
    g[:] = 0.0
    k = 0
    while k + 4 <= a.size:
        b, c, d, f = a[k], a[k + 1], a[k + 2], a[k + 3]
        one, two = e[low + k :][:size], e[low + k + 1 :][:size]
        three, four = e[low + k + 2 :][:size], e[low + k + 3 :][:size]
        for t in range(size):
            g[t] = (((g[t] + b * one[t]) + c * two[t]) + d * three[t]) + f * four[t]
        k += 4
    while k < a.size:
        b, one = a[k], e[low + k :][:size]
        for t in range(size):
            g[t] += b * one[t]
        k += 1
