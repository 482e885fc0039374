"""What is under a click that adds to the music: the click is estimated, and taken away.

Both are Gaussian given their models: the music by its autoregressive model, the click by a variance that
follows its envelope, so the estimate solves ``(A'A / s_e^2 + D) n = A'e / s_e^2`` for the click n on its span,
``D = 1 / variance`` (Godsill and Rayner, Digital Audio Restoration, 1998, section 5.3 and chapter 9). A great
variance gives interpolation, a small one leaves the samples alone. Before that, what of the click is one damped
oscillation (a stylus or a cartridge that rings) is fitted in the excitation, where the music is white.

Everything here is in units of the excitation's standard deviation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from .autoregression import (
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

Complex = npt.NDArray[np.complex128]


@njit(cache=True, nogil=True)
def ring_excitation(pole: complex, a: Vector, h: Complex) -> None:
    """Write the excitation of ``pole ** t``, t >= 0: the model's impulse response through one pole."""
    state = 0.0 + 0.0j
    for t in range(h.size):
        state *= pole
        if t < a.size:
            state += a[t]
        h[t] = state


@njit(cache=True, nogil=True)
def ring_amplitude(h: Complex, e: Vector) -> tuple[float, complex]:
    """Least-squares c of ``e = Re(c h)``, and by how much it lowers the energy of `e`."""
    rr, ii, ri, er, ei = 0.0, 0.0, 0.0, 0.0, 0.0
    for t in range(h.size):
        re = h[t].real
        im = -h[t].imag
        rr += re * re
        ii += im * im
        ri += re * im
        er += e[t] * re
        ei += e[t] * im
    ii += 1e-9 * rr  # a pole without a frequency has a real amplitude
    det = rr * ii * (1.0 + 1e-9) - ri * ri
    if not det > 0.0:
        return 0.0, 0.0 + 0.0j
    cr = (er * ii - ei * ri) / det
    ci = (ei * rr - er * ri) / det
    return cr * er + ci * ei, complex(cr, ci)


@njit(cache=True, nogil=True)
def _refine(
    e: Vector, a: Vector, pole: complex, c: complex, gain: float, slowest: float
) -> tuple[bool, complex, complex, float]:
    """One Gauss-Newton step over the logarithm of the pole and c together, halved until it helps."""
    J = np.empty((4, e.size))
    rest = np.empty(e.size)
    h = 0.0 + 0.0j
    slope = 0.0 + 0.0j  # of h, by the logarithm of the pole
    for t in range(e.size):
        slope = pole * (slope + h)
        h *= pole
        if t < a.size:
            h += a[t]
        J[0, t] = h.real
        J[1, t] = -h.imag
        moved = c * slope
        J[2, t] = moved.real
        J[3, t] = -moved.imag
        rest[t] = e[t] - (c * h).real
    normal = np.zeros((4, 4))
    step = np.zeros(4)
    for i in range(4):
        for t in range(e.size):
            step[i] += J[i, t] * rest[t]
        for j in range(i, 4):
            total = 0.0
            for t in range(e.size):
                total += J[i, t] * J[j, t]
            normal[i, j - i] = total
        normal[i, 0] *= 1.0 + 1e-6
    if not band_cholesky(normal):
        return False, pole, c, gain
    band_solve(normal, step)
    turn = complex(step[2], step[3])
    if abs(turn) > 0.5:
        turn *= 0.5 / abs(turn)
    response = np.empty(e.size, np.complex128)
    for _ in range(4):
        tried = pole * np.exp(turn)
        if abs(tried) <= slowest:
            ring_excitation(tried, a, response)
            reached, amplitude = ring_amplitude(response, e)
            if reached > gain:
                return True, tried, amplitude, reached
        turn *= 0.5
    return False, pole, c, gain


@njit(cache=True, nogil=True)
def fit_ring(
    e: Vector, onset: int, lead: int, length: int, a: Vector, poles: Complex, slowest: float
) -> tuple[float, int, complex, complex]:
    """Fit ``Re(c pole ** (t - start))``, filtered by the model, to an excitation.

    Parameters
    ----------
    e
        Excitation, shape (n,).
    onset, lead
        The start is searched up to `lead` samples to either side of `onset`.
    length
        Samples from the start that count.
    a
        The model, shape (p + 1,).
    poles
        Where the search begins.
    slowest
        Greatest magnitude of a pole.

    Returns
    -------
    gain, start, pole, c
        `gain` is the energy that the fit takes from `e`; 0 where nothing fits.
    """
    gain, start, pole, c = 0.0, onset, 0.0 + 0.0j, 0.0 + 0.0j
    h = np.empty(length, np.complex128)
    for tried in poles:
        if abs(tried) > slowest:
            continue
        ring_excitation(tried, a, h)
        for begin in range(max(onset - lead, 0), min(onset + lead + 1, e.size - 8)):
            count = min(length, e.size - begin)
            reached, amplitude = ring_amplitude(h[:count], e[begin : begin + count])
            if reached > gain:
                gain, start, pole, c = reached, begin, tried, amplitude
    if gain > 0.0:
        stretch = e[start : min(start + length, e.size)]
        for _ in range(8):
            before = gain
            better, pole, c, gain = _refine(stretch, a, pole, c, gain, slowest)
            if not better or gain - before < 1e-4 * before:
                break
    return gain, start, pole, c


@njit(cache=True, nogil=True)
def pulse_posterior(precision: Matrix, g: Vector, variance: Vector, n: Vector, spread: Vector) -> float:
    """Mean and variance of a pulse of known variances, given the excitation.

    Parameters
    ----------
    precision, g
        ``A'A`` as a band, and ``A'e``; both of `autoregression`.
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
def fit_envelope(precision: Matrix, g: Vector, envelope: Vector, rounds: int, variance: Vector) -> float:
    """Estimate the one factor of a known envelope by expectation maximisation; return the log evidence."""
    n = np.empty(g.size)
    spread = np.empty(g.size)
    factor = 0.1
    evidence = 0.0
    for _ in range(rounds):
        for i in range(g.size):
            variance[i] = factor * envelope[i]
        evidence = pulse_posterior(precision, g, variance, n, spread)
        factor = 0.0
        for i in range(g.size):
            factor += (n[i] * n[i] + spread[i]) / envelope[i]
        factor /= g.size
    return evidence


@njit(cache=True, nogil=True)
def fit_variances(precision: Matrix, g: Vector, rounds: int, variance: Vector) -> float:
    """Estimate every sample's variance by expectation maximisation, smoothed over neighbours.

    Starts from `variance`, shape (m,), and leaves the estimate there; returns the log evidence.
    """
    n = np.empty(g.size)
    spread = np.empty(g.size)
    evidence = 0.0
    for turn in range(rounds):
        evidence = pulse_posterior(precision, g, variance, n, spread)
        if turn == rounds - 1:
            break
        for i in range(g.size):
            total, weights = 0.0, 0.0
            for k in range(max(0, i - 2), min(g.size, i + 3)):
                weight = 1.0 / (1.0 + abs(k - i))
                total += weight * (n[k] * n[k] + spread[k])
                weights += weight
            variance[i] = max(total / weights, 1e-6)
    return evidence


@njit(cache=True, nogil=True)
def estimate_click(
    x: Vector,
    start: int,
    stop: int,
    end: int,
    a: Vector,
    sigma: float,
    poles: Complex,
    slowest: float,
    rounds: int,
    click: Vector,
) -> tuple[int, int, float]:
    """Estimate the click that adds to `x` between `start` and `stop`, and its ring beyond.

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
    poles, slowest
        See `fit_ring`.
    rounds
        Rounds of expectation maximisation.
    click
        Filled with the estimate, from `begin` on, shape (n,).

    Returns
    -------
    begin, finish, evidence
        Where the click was changed from zero, and the logarithm of the evidence for it.
    """
    order = a.size - 1
    size = stop - start
    reach = min(stop + 2 * order + size, end)
    e = np.zeros(reach)
    prediction_error(x, start, reach, a, e)
    for t in range(start, reach):
        e[t] /= sigma
    active = np.arange(start, stop)
    precision = np.empty((size, min(order + 1, size)))
    span_precision(a, active, reach - 1, precision)
    g = np.empty(size)
    span_gradient(a, e, active, reach - 1, g)

    # Anything goes: a variance for every sample, from interpolation.
    free = np.empty(size)
    band = precision.copy()
    for i in range(size):
        band[i, 0] *= 1.0 + 1e-9
        free[i] = g[i]
    if not band_cholesky(band):
        return start, start, 0.0
    band_solve(band, free)
    for i in range(size):
        free[i] = max(free[i] * free[i], 1.0)
    evidence_free = fit_variances(precision, g, rounds, free)

    # A ring, and what it leaves under its own envelope.
    gain, onset, pole, c = fit_ring(e[:reach], start + 4, 4, reach - start, a, poles, slowest)
    shaped = np.empty(size)
    evidence_ring = -np.inf
    ring = np.zeros(0, np.float64)
    if gain > 0.0:
        fade = -np.log(abs(c) / 0.01) / np.log(abs(pole)) if abs(c) > 0.01 and abs(pole) > 0.0 else 1.0
        ring = np.empty(int(min(max(fade, 1.0) + 1, end - onset)))
        state = c
        for t in range(ring.size):
            ring[t] = state.real
            state *= pole
        e_ring = np.empty(reach - onset, np.complex128)
        ring_excitation(pole, a, e_ring)
        for t in range(onset, reach):
            e[t] -= (c * e_ring[t - onset]).real
        rest = np.empty(size)
        span_gradient(a, e, active, reach - 1, rest)
        envelope = np.full(size, 1e-9 * abs(c) ** 2)
        for t in range(max(onset, start), stop):
            envelope[t - start] += abs(c) ** 2 * abs(pole) ** (2 * (t - onset))
        evidence_ring = fit_envelope(precision, rest, envelope, rounds, shaped)
        evidence_ring += 0.5 * gain - 2.5 * np.log(1.0 + gain)
    n = np.empty(size)
    spread = np.empty(size)
    if evidence_ring > evidence_free - 0.5 * size:
        pulse_posterior(precision, rest, shaped, n, spread)
        begin, finish = min(start, onset), max(stop, onset + ring.size)
        click[begin:finish] = 0.0
        for t in range(ring.size):
            click[onset + t] = ring[t] * sigma
        evidence = evidence_ring
    else:
        pulse_posterior(precision, g, free, n, spread)
        begin, finish = start, stop
        click[begin:finish] = 0.0
        evidence = evidence_free
    for i in range(size):
        click[start + i] += n[i] * sigma
    return begin, finish, evidence


@njit(cache=True, nogil=True)
def repair_spans(
    x: Vector,
    spans: Positions,
    count: int,
    bounds: Positions,
    model: int,
    order: int,
    poles: Complex,
    slowest: float,
    rounds: int,
    least: float,
    done: Matrix,
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
    model
        Samples to either side that a model is fitted to.
    order
        Order of the models.
    poles, slowest, rounds
        See `estimate_click`.
    least
        Least log evidence for a click; with less, the samples are left alone.
    done
        Filled with rows of (begin, finish), equal where nothing was changed, shape (count, 2).
    """
    a = np.empty(order + 1)
    damaged = np.zeros(x.size, np.bool_)
    for k in range(spans.shape[0]):
        damaged[spans[k, 0] : spans[k, 1]] = True
    click = np.empty(x.size)
    sigma = 0.0
    centre = -x.size
    for k in range(count):
        start, stop = spans[k, 0], spans[k, 1]
        if (start + stop) // 2 - centre > model // 4:
            centre = (start + stop) // 2
            low, high = max(start - model, bounds[0]), min(stop + model, bounds[1])
            variance = covariance_model(x, low, high, damaged, 1e-10, a)
            if variance < 0.0:
                damaged[low:high] = False
                variance = covariance_model(x, low, high, damaged, 1e-10, a)
                for q in range(k, spans.shape[0]):
                    damaged[spans[q, 0] : spans[q, 1]] = True
            sigma = np.sqrt(max(variance, 0.0))
        end = min(spans[k + 1, 0], bounds[1]) if k + 1 < spans.shape[0] else bounds[1]
        done[k] = start
        if sigma > 0.0 and start - order >= bounds[0] and stop < end:
            begin, finish, evidence = estimate_click(
                x, start, stop, end, a, sigma, poles, slowest, rounds, click
            )
            if evidence > least:
                for t in range(begin, finish):
                    x[t] -= click[t]
                done[k, 0], done[k, 1] = begin, finish
        damaged[start:stop] = False


def ring_poles(sample_rate: float, slowest: float) -> Complex:
    """Poles to begin a search for rings with: decays from 0.03 ms, in steps of 2, to `slowest`.

    Frequencies, up to 11 kHz, are closer the slower the decay, as the width of the resonance is; slow rings are low.
    """
    poles = []
    decay = 0.03e-3
    while np.exp(-1.0 / (decay * sample_rate)) <= slowest and decay < 1.5e-3:
        highest = min(11_000.0, 2.0 / decay, 0.45 * sample_rate)
        for frequency in np.arange(0.0, highest, 0.6 / (2.0 * np.pi * decay)):
            poles.append(np.exp((-1.0 / decay + 2j * np.pi * frequency) / sample_rate))
        decay *= 2.0
    return np.array(poles, np.complex128)
