"""What is under a click that adds to the music: the click is estimated, and taken away.

Two models of a click compete for each one, and the evidence decides:

- *samples that are off*, each with a variance of its own: the click n solves
  ``(A'A / s_e^2 + D) n = A'e / s_e^2``, ``D = 1 / variance`` (Godsill and Rayner, Digital Audio Restoration,
  1998, section 5.3 and chapter 9), and the variances are those of greatest evidence (MacKay 1992; Tipping
  2001, sparse Bayesian learning). A great variance is interpolation; one of nothing leaves the sample alone;
- *a ring*: one damped oscillation, fitted in the excitation (see `rings`); then what it leaves, with a
  variance that follows its envelope.

Excitations are in units of their standard deviation, and indices count from the click's first sample.
"""

# ruff: noqa: PLR0917 - kernels take plain arrays by position

from __future__ import annotations

import numpy as np
from numba import njit

from .autoregression import (
    Mask,
    Matrix,
    Positions,
    Vector,
    band_cholesky,
    band_inverse_diagonal,
    band_solve,
    covariance_model,
    prediction_error,
    span_gradient,
    span_precision,
)
from .rings import RingSearch, fit_ring, ring_response

_SPARSE_ROUNDS = 16
_SHAPED_ROUNDS = 4
_PRUNED = 1e-3  # a variance that moves its sample by less than this part is none
_PRICE_OF_SAMPLE = 4.0  # log evidence that a further variance must bring, having been fitted
_MOST_SOUND = 1.5  # without a click, as a part of what there is with it
_FADED = 0.01  # of the excitation's standard deviation: a ring has ended


@njit(cache=True, nogil=True)
def pulse_posterior(precision: Matrix, g: Vector, variance: Vector, n: Vector, spread: Vector) -> float:
    """Find mean and variance of a pulse of known variances, given the excitation.

    Parameters
    ----------
    precision, g
        ``A'A`` as a band and ``A'e``, from `span_precision` and `span_gradient`.
    variance
        Prior variance of every sample of the pulse, shape (m,).
    n, spread
        Filled with the posterior mean and variance, shape (m,).

    Returns
    -------
    float
        Logarithm of the evidence for the pulse against there being none.
    """
    band = precision.copy()
    evidence = 0.0
    for i in range(n.size):
        band[i, 0] += 1.0 / variance[i]
        n[i] = g[i]
        evidence -= np.log(variance[i])
    if not band_cholesky(band):
        n[:] = 0.0
        spread[:] = 0.0
        return -np.inf
    band_solve(band, n)
    band_inverse_diagonal(band, spread)
    for i in range(n.size):
        evidence += g[i] * n[i] - 2.0 * np.log(band[i, 0])
    return 0.5 * evidence


@njit(cache=True, nogil=True)
def sparse_pulse(e: Vector, a: Vector, n: Vector) -> float:
    """Estimate a click whose samples have a variance each; most of them come out as zero.

    Parameters
    ----------
    e
        Excitation from the click's first sample on, shape (k,).
    a
        Model of the sound, shape (p + 1,).
    n
        Filled with the click, shape (m,), m <= k.

    Returns
    -------
    float
        Logarithm of the evidence for it, less what its variances cost.
    """
    active = np.arange(n.size)
    power = 0.0  # of the excitation that one sample off by 1 makes
    for k in range(a.size):
        power += a[k] * a[k]
    variance = np.empty(n.size)
    span_gradient(a, e, active, e.size - 1, variance)
    for i in range(n.size):  # as if the sample were the only one that is off
        variance[i] = max((variance[i] / power) ** 2, 1.0 / power)
    n[:] = 0.0
    evidence = 0.0
    for turn in range(_SPARSE_ROUNDS):
        precision = np.empty((active.size, min(a.size, active.size)))
        span_precision(a, active, e.size - 1, precision)
        g = np.empty(active.size)
        span_gradient(a, e, active, e.size - 1, g)
        mean = np.empty(active.size)
        spread = np.empty(active.size)
        evidence = pulse_posterior(precision, g, variance, mean, spread)
        if turn == _SPARSE_ROUNDS - 1:
            break
        kept = 0
        for i in range(active.size):
            known = max(1.0 - spread[i] / variance[i], 1e-3)
            fitted = mean[i] * mean[i] / known
            if fitted * power > _PRUNED:
                active[kept] = active[i]
                variance[kept] = fitted
                kept += 1
        active = active[:kept].copy()
        variance = variance[:kept].copy()
        if not kept:
            return 0.0
    for i in range(active.size):
        n[active[i]] = mean[i]
    return evidence - _PRICE_OF_SAMPLE * active.size


@njit(cache=True, nogil=True)
def ring_pulse(e: Vector, a: Vector, search: RingSearch, n: Vector, span: int) -> tuple[int, float]:
    """Estimate a click that is a ring, and what else there is under the ring's envelope.

    Parameters
    ----------
    e, a, search
        See `fit_ring`.
    n
        Filled with the click, as far as the ring is heard and there is room.
    span
        Samples, from the first, in which the click was found.

    Returns
    -------
    length, evidence
        Samples of `n` that were filled, and the logarithm of the evidence; -inf where no ring fits.
    """
    if e.size < search.starts + a.size // 2:
        return 0, -np.inf
    gain, start, pole, c = fit_ring(e, a, search)
    evidence = 0.5 * gain - 2.5 * np.log(1.0 + gain)
    if not evidence > 0.0:
        return 0, -np.inf
    rest = e.copy()
    envelope = np.zeros(span)
    length = _move_ring(rest, a, start, pole, c, n, envelope)
    loudest = np.max(envelope)
    for t in range(span):
        envelope[t] += 1e-9 * loudest
    shaped = np.empty(span)
    evidence_shaped = _shaped_pulse(rest, a, envelope, shaped)
    if not evidence_shaped > 0.0:
        return length, evidence
    for t in range(span):
        n[t] += shaped[t]
    return length, evidence + evidence_shaped


@njit(cache=True, nogil=True)
def _move_ring(
    e: Vector, a: Vector, start: int, pole: complex, c: complex, n: Vector, envelope: Vector
) -> int:
    """Move a ring from the excitation `e` into the click `n`; return how far `n` is filled.

    That is as far as the ring is heard, and no less than its squared `envelope` goes, which is filled too.
    """
    re = np.empty(e.size - start)
    im = np.empty(e.size - start)
    ring_response(pole, a, re, im)
    for t in range(re.size):
        e[start + t] -= c.real * re[t] + c.imag * im[t]
    decay = abs(pole)
    heard = np.log(max(abs(c) / _FADED, 1.0)) / -np.log(decay) if decay > 0.0 else 0.0
    length = min(max(start + int(heard) + 1, envelope.size), n.size)
    n[:start] = 0.0
    state = c
    for t in range(start, length):
        n[t] = state.real
        if t < envelope.size:
            envelope[t] = state.real**2 + state.imag**2
        state *= pole
    return length


@njit(cache=True, nogil=True)
def _shaped_pulse(e: Vector, a: Vector, envelope: Vector, n: Vector) -> float:
    """Estimate a pulse whose variance is one factor times `envelope` into `n`; return its log evidence."""
    active = np.arange(envelope.size)
    precision = np.empty((active.size, min(a.size, active.size)))
    span_precision(a, active, e.size - 1, precision)
    g = np.empty(active.size)
    span_gradient(a, e, active, e.size - 1, g)
    mean = np.empty(active.size)
    spread = np.empty(active.size)
    factor = 0.01
    evidence = 0.0
    for turn in range(_SHAPED_ROUNDS):
        evidence = pulse_posterior(precision, g, factor * envelope, mean, spread)
        power, known = 0.0, 0.0
        for i in range(active.size):
            power += mean[i] * mean[i] / envelope[i]
            known += 1.0 - spread[i] / (factor * envelope[i])
        if turn < _SHAPED_ROUNDS - 1:
            factor = max(power / max(known, 0.1), 1e-12)
    n[:] = mean
    return evidence


@njit(cache=True, nogil=True)
def estimate_click(
    x: Vector, start: int, stop: int, end: int, a: Vector, sigma: float, search: RingSearch, click: Vector
) -> tuple[int, float]:
    """Estimate the click that adds to `x` from `start` to `stop`, and its ring beyond.

    Parameters
    ----------
    x
        Samples, shape (n,); the p before `start` are whole.
    start, stop
        Span of the click.
    end
        Samples from here on do not count: the recording's end, or another click.
    a, sigma
        Model of the sound around it, and standard deviation of its excitation.
    search
        Where to look for a ring.
    click
        Filled with the click; its first sample belongs to `start`. A ring may go on past `end`, as far as
        there is room.

    Returns
    -------
    length, evidence
        Samples that were filled, and the logarithm of the evidence for the click; -inf where no estimate
        makes sense.
    """
    order = a.size - 1
    span = stop - start
    reach = min(stop + 2 * order, end) - start
    local = x[start - order : start + reach]
    white = np.zeros(local.size)
    prediction_error(local, order, local.size, a, white)
    e = white[order:] / sigma
    length, evidence = ring_pulse(e, a, search, click, span)
    if evidence > -np.inf and _is_absurd(x, start, length, sigma, click):
        evidence = -np.inf
    sparse = np.empty(span)
    rival = sparse_pulse(e, a, sparse)
    if rival > evidence:
        length, evidence = span, rival
        click[:span] = sparse
        if _is_absurd(x, start, span, sigma, click):
            evidence = -np.inf
    return length, evidence


@njit(cache=True, nogil=True)
def interpolate(x: Vector, start: int, stop: int, end: int, a: Vector) -> bool:
    """Replace ``x[start:stop]`` by what the sound around it predicts: least squares over the excitation.

    Janssen, Veldhuis and Vries, "Adaptive interpolation of discrete-time signals that can be modeled as
    autoregressive processes", IEEE Trans. ASSP 34(2), 1986. The order of `a` samples before `start` must be
    there; those from `end` on do not count.

    Returns
    -------
    bool
        False where there is no solution; `x` is then unchanged.
    """
    order = a.size - 1
    local = x[start - order : min(stop + order, end)]
    white = np.zeros(local.size)
    prediction_error(local, order, local.size, a, white)
    e = white[order:]
    active = np.arange(stop - start)
    precision = np.empty((active.size, min(a.size, active.size)))
    span_precision(a, active, e.size - 1, precision)
    change = np.empty(active.size)
    span_gradient(a, e, active, e.size - 1, change)
    if not band_cholesky(precision):
        return False
    band_solve(precision, change)
    x[start:stop] -= change
    return True


@njit(cache=True, nogil=True)
def _is_absurd(x: Vector, start: int, length: int, sigma: float, click: Vector) -> bool:
    """Whether there is clearly more sound without the click than with it.

    Click and music are independent, so their energies add. An estimate that breaks this rule put a great
    oscillation into the click and its opposite into the music, where too few samples told them apart.
    """
    before, after = 0.0, 0.0
    for t in range(length):
        value = x[start + t]
        rest = value - sigma * click[t]
        before += value * value
        after += rest * rest
    return after > _MOST_SOUND * before


@njit(cache=True, nogil=True)
def _fit_around(
    x: Vector, start: int, stop: int, bounds: Positions, model: int, damaged: Mask, a: Vector
) -> float:
    """Fit a model to what is whole around a span, or to all of it where damage leaves too little."""
    low, high = max(start - model, bounds[0]), min(stop + model, bounds[1])
    variance = covariance_model(x, low, high, damaged, 1e-10, a)
    if variance < 0.0:
        variance = covariance_model(x, low, high, np.zeros(x.size, np.bool_), 1e-10, a)
    return float(variance)


@njit(cache=True, nogil=True)
def repair_spans(
    x: Vector,
    spans: Positions,
    count: int,
    bounds: Positions,
    model: int,
    order: int,
    search: RingSearch,
    least: float,
    forced: Mask,
    done: Positions,
) -> None:
    """Take the clicks in the first `count` spans out of `x`, from left to right.

    Parameters
    ----------
    x
        Samples, changed in place, shape (n,).
    spans
        Rows of (start, stop), sorted and apart; those from `count` on are known damage yet to be repaired.
    count
        How many to repair.
    bounds
        Where the recording begins and ends in `x`.
    model, order
        Samples to either side that a model is fitted to, and its order. Neighbours share one.
    search
        Where to look for rings.
    least
        Least log evidence for a click; with less, the samples are left alone.
    forced
        Which spans are damaged whatever the evidence says, shape (count,). What was not found has no shape
        to estimate, so they are interpolated.
    done
        Filled with rows of (first, one past last) of the samples changed, shape (count, 2).
    """
    a = np.empty(order + 1)
    a[0] = 1.0
    damaged = np.zeros(x.size, np.bool_)
    for k in range(spans.shape[0]):
        damaged[spans[k, 0] : spans[k, 1]] = True
    click = np.empty(x.size)
    variance = 0.0
    centre = -x.size
    for k in range(count):
        start, stop = spans[k, 0], spans[k, 1]
        if (start + stop) // 2 - centre > model // 4:
            centre = (start + stop) // 2
            variance = _fit_around(x, start, stop, bounds, model, damaged, a)
        end = min(spans[k + 1, 0], bounds[1]) if k + 1 < spans.shape[0] else bounds[1]
        done[k] = start
        if variance > 0.0 and start - order >= bounds[0] and stop < end:
            if forced[k]:
                done[k, 1] = stop if interpolate(x, start, stop, end, a) else start
                damaged[start:stop] = False
                continue
            sigma = np.sqrt(variance)
            room = click[: bounds[1] - start]
            length, evidence = estimate_click(x, start, stop, end, a, sigma, search, room)
            if evidence > least:
                for t in range(length):
                    x[start + t] -= sigma * click[t]
                done[k, 1] = start + length
        damaged[start:stop] = False
