"""What is under a click that adds to the music: the click is estimated, and taken away.

Three models of a click, of which the evidence makes the choice (see `clicks`):

- *samples that are off*, each with a variance of its own: the click n solves
  ``(A'A / s_e^2 + D) n = A'e / s_e^2``, ``D = 1 / variance`` (Godsill and Rayner, Digital Audio Restoration,
  1998, section 5.3 and chapter 9), and the variances are those of greatest evidence (MacKay 1992; Tipping
  2001, sparse Bayesian learning). A great variance is interpolation; one of nothing leaves the sample alone;
- *a ring*: one damped oscillation, fitted in the excitation (see `rings`); then what it leaves, with a
  variance that follows its envelope;
- *noise that decays*, or does not, of one variance and one time constant.

Excitations are in units of their standard deviation, and indices count from the click's first sample.
"""

from __future__ import annotations

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.bands import band_cholesky, band_inverse_diagonal, band_solve
from ..prediction.models import Matrix, Vector, span_equations, span_gradient
from .rings import RingSearch, fit_ring, ring_error, ring_response

# tuned: table clicks, tuning takes, 2026-11-21, no record of each
_SPARSE_ROUNDS = 16
_SHAPED_ROUNDS = 4
_PRUNED = 1e-3  # a variance that moves its sample by less than this part is none
_LEAST_OUT = 6.0  # squared standard deviations by which a sample must stand out of what the others leave
_PRICE_OF_SAMPLE = 2.0  # log evidence that a further variance must bring, having been fitted
_TOO_SLOW = 1.05  # rates of decay of the slowest ring: what fits best as slow as that lasts longer
_DOUBT = 1.5  # by how much a ring's likely error is greater than its model alone would have it
_LEAST_SURE = 0.1  # part of a ring that is left when its likely error is taken off
_FADED = 0.01  # of the excitation's standard deviation: a ring has ended


@compiled
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
    band = np.empty((n.size, min(precision.shape[1], n.size)))
    evidence = float(_posterior(precision, g, variance, n, band))
    if evidence == -np.inf:
        spread[:] = 0.0
    else:
        band_inverse_diagonal(band, spread)
    return evidence


@compiled
def pulse_mean(precision: Matrix, g: Vector, variance: Vector, n: Vector) -> float:
    """Find the mean alone; see `pulse_posterior`."""
    band = np.empty((n.size, min(precision.shape[1], n.size)))
    return float(_posterior(precision, g, variance, n, band))


@compiled
def _posterior(precision: Matrix, g: Vector, variance: Vector, n: Vector, band: Matrix) -> float:
    evidence = 0.0
    for i in range(n.size):
        band[i] = precision[i, : band.shape[1]]
        band[i, 0] += 1.0 / variance[i]
        n[i] = g[i]
        evidence -= np.log(variance[i])
    if not band_cholesky(band):
        n[:] = 0.0
        return -np.inf
    band_solve(band, n)
    for i in range(n.size):
        evidence += g[i] * n[i] - 2.0 * np.log(band[i, 0])
    return 0.5 * evidence


@compiled
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
        Logarithm of the evidence for it, less what its variances cost; -inf where no estimate makes sense.
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
        precision, g = span_equations(a, e, active, e.size - 1)
        mean = np.empty(active.size)
        spread = np.empty(active.size)
        evidence = pulse_posterior(precision, g, variance, mean, spread)
        if evidence == -np.inf:  # the model is too sharp for arithmetic
            return -np.inf
        if turn == _SPARSE_ROUNDS - 1:
            break
        kept = 0
        for i in range(active.size):
            known = max(1.0 - spread[i] / variance[i], 1e-3)
            fitted = mean[i] * mean[i] / known
            alone = max(1.0 / spread[i] - 1.0 / variance[i], 1e-12)  # precision that the excitation gives
            stands_out = (mean[i] / spread[i]) ** 2 / alone
            if fitted * power > _PRUNED and stands_out > min(_LEAST_OUT, 0.5 * _LEAST_OUT * turn):
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


@compiled
def ring_pulse(e: Vector, a: Vector, search: RingSearch, n: Vector, span: int) -> tuple[int, float, float]:
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
    length, evidence, twice
        Samples of `n` that were filled, and the logarithm of the evidence; -inf where no ring fits; and how
        much of it was left out, because what is taken off a doubtful ring is explained by what it leaves.
    """
    if e.size < search.first + search.starts + a.size // 2:
        return 0, -np.inf, 0.0
    gain, start, pole, c = fit_ring(e[search.first :], a, search)
    start += search.first
    evidence = 0.5 * gain - 2.5 * np.log(1.0 + gain)
    if not evidence > 0.0:
        return 0, -np.inf, 0.0
    if np.log(abs(pole) + 1e-300) > _TOO_SLOW * np.log(search.slowest):
        return 0, -np.inf, 0.0
    energy = 0.5 * (c.real**2 + c.imag**2) / (1.0 - abs(pole) ** 2)
    shrunk = 1.0 - _DOUBT * ring_error(e.size - start, a, pole, c) / energy
    if not shrunk > _LEAST_SURE:
        return 0, -np.inf, 0.0
    c *= shrunk
    rest = e.copy()
    envelope = np.zeros(span)
    length = _move_ring(rest, a, start, pole, c, n, envelope)
    loudest = np.max(envelope)
    if not loudest > 0.0:
        return length, evidence, 0.0
    for t in range(span):
        envelope[t] += 1e-9 * loudest
    shaped = np.empty(span)
    evidence_shaped = _shaped_pulse(rest, a, envelope, shaped)
    if not evidence_shaped > 0.0:
        return length, evidence, 0.0
    for t in range(span):
        n[t] += shaped[t]
    twice = min(0.5 * gain * (1.0 - shrunk) ** 2, evidence_shaped)
    return length, evidence + evidence_shaped - twice, twice


@compiled
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


@compiled
def _shaped_pulse(e: Vector, a: Vector, envelope: Vector, n: Vector) -> float:
    """Estimate a pulse whose variance is one factor times `envelope` into `n`; return its log evidence."""
    precision, g = span_equations(a, e, np.arange(envelope.size), e.size - 1)
    mean = np.empty(envelope.size)
    spread = np.empty(envelope.size)
    factor = 0.01
    evidence = 0.0
    for turn in range(_SHAPED_ROUNDS):
        evidence = pulse_posterior(precision, g, factor * envelope, mean, spread)
        power, known = 0.0, 0.0
        for i in range(envelope.size):
            power += mean[i] * mean[i] / envelope[i]
            known += 1.0 - spread[i] / (factor * envelope[i])
        if turn < _SHAPED_ROUNDS - 1:
            factor = max(power / max(known, 0.1), 1e-12)
    n[:] = mean
    return evidence
