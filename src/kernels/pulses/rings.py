"""Damped oscillations in an excitation: a stylus or a cartridge that was struck, and rings.

The excitation of ``pole**t`` is the model's response through one pole, so a ring is fitted where
the sound is white; where in the resonances of the sound it lies does not matter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled
from ..prediction.bands import band_cholesky, band_solve
from ..prediction.models import Vector

Poles = npt.NDArray[np.complex128]
Starts = npt.NDArray[np.int64]

_RUNG = 7.0  # time constants until a ring is as good as over; derived: e^-7 is -61 dB
# guard: steps of a refinement, and energy in variances under which another is not worth its time: a part of
# a loud ring's energy would be far over what the sound leaves
_STEPS, _SURE = 16, 0.1
_AT_ONCE = 16  # tuned: for speed, 2026-11-30; poles that are matched in one pass
_STARTS = 3  # decays from which rings are refined; tuned: by hand, 2026-11-21, no record


class RingSearch(NamedTuple):
    """Where rings are looked for.

    Attributes
    ----------
    starts
        How many samples a ring may begin at.
    poles
        Where the search begins, in order of decay, shape (k,).
    slowest
        Greatest magnitude of a pole.
    first
        First sample that a ring may begin at.
    edge
        Where the recording's band ends, as a part of half the sample rate.
    grain
        Samples that a click's shape is measured by, however long the model of the sound is; 0 for its order.
    """

    starts: int
    poles: Poles
    slowest: float
    first: int = 0
    edge: float = 1.0
    grain: int = 0


@compiled
def ring_response(pole: complex, a: Vector, re: Vector, im: Vector) -> None:
    """Write the excitation of ``Re(pole**t)`` into `re` and of ``-Im(pole**t)`` into `im`, t >= 0."""
    state = 0.0 + 0.0j
    for t in range(re.size):
        state *= pole
        if t < a.size:
            state += a[t]
        re[t] = state.real
        im[t] = -state.imag


@compiled
def ring_amplitude(rr: float, ii: float, ri: float, er: float, ei: float) -> tuple[float, complex]:
    """Solve the two normal equations of a ring's complex amplitude; return the energy it explains, and it."""
    ii += 1e-9 * rr  # a pole without a frequency has a real amplitude
    det = rr * ii * (1.0 + 1e-9) - ri * ri
    if not det > 0.0:
        return 0.0, 0.0 + 0.0j
    real = (er * ii - ei * ri) / det
    imaginary = (ei * rr - er * ri) / det
    return real * er + imaginary * ei, complex(real, imaginary)


@compiled
def _match_ring(e: Vector, a: Vector, pole: complex, starts: int, length: int) -> tuple[float, int, complex]:
    """Find where a ring of this pole begins best: energy explained, start, amplitude."""
    re = np.empty(length)
    im = np.empty(length)
    ring_response(pole, a, re, im)
    rr, ii, ri = 0.0, 0.0, 0.0
    er = np.zeros(starts)
    ei = np.zeros(starts)
    for t in range(length):
        real, imaginary = re[t], im[t]
        rr += real * real
        ii += imaginary * imaginary
        ri += real * imaginary
        later = e[t : t + starts]
        for s in range(starts):
            er[s] += real * later[s]
            ei[s] += imaginary * later[s]
    best, start, c = 0.0, 0, 0.0 + 0.0j
    for s in range(starts):
        gain, amplitude = ring_amplitude(rr, ii, ri, er[s], ei[s])
        if gain > best:
            best, start, c = gain, s, amplitude
    return best, start, c


@compiled
def _match_rings(
    e: Vector, a: Vector, poles: Poles, starts: int, gains: Vector, begins: Starts, amplitudes: Poles
) -> None:
    """Find where rings of up to `_AT_ONCE` poles begin best: energies explained, starts, amplitudes.

    Poles are the lanes of vector instructions: every sum over time is taken in order, as of one pole alone.
    """
    width = 2 * _AT_ONCE
    turn, state = np.zeros(width), np.zeros(width)
    for k in range(poles.size):
        turn[k], turn[_AT_ONCE + k] = poles[k].real, poles[k].imag
    both = np.zeros(width)  # of each pole re, and then of each im; see `ring_response`
    rr, ii, ri = np.zeros(_AT_ONCE), np.zeros(_AT_ONCE), np.zeros(_AT_ONCE)
    found = np.zeros((starts, width))
    for t in range(e.size - starts):
        drive = a[t] if t < a.size else 0.0
        for k in range(_AT_ONCE):
            real, imaginary = state[k], state[_AT_ONCE + k]
            real, imaginary = (
                real * turn[k] - imaginary * turn[_AT_ONCE + k] + drive,
                real * turn[_AT_ONCE + k] + imaginary * turn[k],
            )
            state[k], state[_AT_ONCE + k] = real, imaginary
            both[k], both[_AT_ONCE + k] = real, -imaginary
            rr[k] += real * real
            ii[k] += imaginary * imaginary
            ri[k] -= real * imaginary
        for s in range(starts):
            value, line = e[t + s], found[s]
            for k in range(width):
                line[k] += both[k] * value
    for k in range(poles.size):
        gains[k], begins[k], amplitudes[k] = 0.0, 0, 0.0 + 0.0j
        for s in range(starts):
            gain, c = ring_amplitude(rr[k], ii[k], ri[k], found[s, k], found[s, _AT_ONCE + k])
            if gain > gains[k]:
                gains[k], begins[k], amplitudes[k] = gain, s, c


@compiled
def _gauss_newton(e: Vector, a: Vector, pole: complex, c: complex) -> complex:
    """Find the step of a pole's logarithm that lowers the residue, c fitted along; 0 where there is none."""
    normal = np.zeros((4, 4))
    step = np.zeros(4)
    row = np.empty(4)
    h = 0.0 + 0.0j
    slope = 0.0 + 0.0j  # of h, by the logarithm of the pole
    for t in range(e.size):
        slope = pole * (slope + h)
        h *= pole
        if t < a.size:
            h += a[t]
        turned = c * slope
        row[0], row[1], row[2], row[3] = h.real, -h.imag, turned.real, -turned.imag
        rest = e[t] - (c * h).real
        for i in range(4):
            step[i] += row[i] * rest
            for d in range(4 - i):
                normal[i, d] += row[i] * row[i + d]
    for i in range(4):
        normal[i, 0] *= 1.0 + 1e-6
    if not band_cholesky(normal):
        return 0.0 + 0.0j
    band_solve(normal, step)
    turn = complex(step[2], step[3])
    return turn if abs(turn) <= 0.5 else turn * (0.5 / abs(turn))


@compiled
def _explained(e: Vector, a: Vector, pole: complex, re: Vector, im: Vector) -> tuple[float, complex]:
    """Fit a ring of this pole that begins with `e`: the energy it takes from all of `e`, and its amplitude.

    `re` and `im` are room, as long as `e`.
    """
    ring_response(pole, a, re, im)
    rr, ii, ri, er, ei = 0.0, 0.0, 0.0, 0.0, 0.0
    for t in range(e.size):
        rr += re[t] * re[t]
        ii += im[t] * im[t]
        ri += re[t] * im[t]
        er += e[t] * re[t]
        ei += e[t] * im[t]
    gain, c = ring_amplitude(rr, ii, ri, er, ei)
    return float(gain), complex(c)


@compiled
def _refine(e: Vector, a: Vector, pole: complex, slowest: float) -> tuple[float, complex, complex]:
    """Improve a ring that begins with `e` by Gauss-Newton steps, each halved until it helps."""
    re = np.empty(e.size)
    im = np.empty(e.size)
    gain, c = _explained(e, a, pole, re, im)
    for _ in range(_STEPS):
        turn = _gauss_newton(e, a, pole, c)
        before = gain
        for _ in range(4):
            tried = pole * np.exp(turn)
            if turn != 0.0 and abs(tried) <= slowest:
                reached, amplitude = _explained(e, a, tried, re, im)
                if reached > gain:
                    gain, pole, c = reached, tried, amplitude
                    break
            turn *= 0.5
        if gain - before <= min(1e-4 * gain, _SURE):
            break
    return gain, pole, c


@compiled
def fit_ring(e: Vector, a: Vector, search: RingSearch) -> tuple[float, int, complex, complex]:
    """Fit a damped oscillation ``Re(c pole**(t - start))`` to what it does to an excitation.

    Several decays are tried to the end, because rings of quite different pitch and decay can explain an
    excitation almost alike under a resonant model; the one with the least energy is then the likelier.

    Parameters
    ----------
    e
        Excitation, shape (k,).
    a
        The model, shape (p + 1,).
    search
        Where to look.

    Returns
    -------
    gain, start, pole, c
        `gain` is the energy that the fit takes from `e`; 0 where nothing fits.
    """
    starts, chosen = _best_of_decays(e, a, search)
    best, start, pole, c = 0.0, 0, 0.0 + 0.0j, 0.0 + 0.0j
    merit = -np.inf
    for k in range(_STARTS):
        if not abs(chosen[k]) > 0.0:
            continue
        tried = e[starts[k] :]
        gain, moved, amplitude = _refine(tried, a, chosen[k], search.slowest)
        own = ring_merit(gain, moved, amplitude)
        if gain > 0.0 and own > merit:
            merit, best, start, pole, c = own, gain, starts[k], moved, amplitude
    return best, start, pole, c


@compiled
def _best_of_decays(e: Vector, a: Vector, search: RingSearch) -> tuple[Starts, Poles]:
    """Match every pole; keep the best of a decay, and of those the few of greatest merit.

    Returns the start and the pole of each, 0 where there is none, shape (_STARTS,).
    """
    merits = np.full(_STARTS, -np.inf)
    starts = np.zeros(_STARTS, np.int64)
    chosen = np.zeros(_STARTS, np.complex128)
    best, start, pole, c = 0.0, 0, 0.0 + 0.0j, 0.0 + 0.0j
    count = search.poles.size
    gains, begins = np.empty(_AT_ONCE), np.empty(_AT_ONCE, np.int64)
    amplitudes = np.empty(_AT_ONCE, np.complex128)
    for k in range(count):
        tried, lane = search.poles[k], k % _AT_ONCE
        if search.starts > _AT_ONCE:  # the starts of one pole fill vector instructions by themselves
            gains[lane], begins[lane], amplitudes[lane] = _match_ring(
                e, a, tried, search.starts, e.size - search.starts
            )
        elif lane == 0:
            few = search.poles[k : k + _AT_ONCE]
            _match_rings(e, a, few, search.starts, gains, begins, amplitudes)
        if gains[lane] > best:
            best, start, pole, c = gains[lane], begins[lane], tried, amplitudes[lane]
        if best > 0.0 and (k + 1 == count or abs(abs(search.poles[k + 1]) - abs(tried)) > 1e-9):
            own = ring_merit(best, pole, c)
            worst = np.argmin(merits)
            if own > merits[worst]:
                merits[worst], starts[worst], chosen[worst] = own, start, pole
            best = 0.0
    return starts, chosen


@compiled
def ring_merit(gain: float, pole: complex, c: complex) -> float:
    """Log likelihood that a ring gains, less a price on its energy."""
    energy = (c.real**2 + c.imag**2) / (1.0 - abs(pole) ** 2)
    return float(0.5 * gain - np.log(energy + 1e-300))


@compiled
def ring_error(size: int, a: Vector, pole: complex, c: complex) -> float:
    """Return the energy that a fitted ring is likely to be wrong by, in variances of the excitation.

    Its four parameters have the covariance that `size` samples of excitation leave them (Laplace's
    approximation), and each moves the whole ring: where the sound itself resonates as the ring does, the
    excitation hardly knows of it.
    """
    normal = np.zeros((4, 4))
    gram = np.zeros((4, 4))
    own = np.empty(4)
    row = np.empty(4)
    h, slope = 0.0 + 0.0j, 0.0 + 0.0j
    state = 1.0 + 0.0j
    for t in range(max(size, int(_RUNG / -np.log(max(abs(pole), 1e-9))))):
        turned = t * c * state
        own[0], own[1], own[2], own[3] = state.real, -state.imag, turned.real, -turned.imag
        for i in range(4):
            for j in range(4):
                gram[i, j] += own[i] * own[j]
        state *= pole
        if t < size:
            slope = pole * (slope + h)
            h *= pole
            if t < a.size:
                h += a[t]
            turned = c * slope
            row[0], row[1], row[2], row[3] = h.real, -h.imag, turned.real, -turned.imag
            for i in range(4):
                for d in range(4 - i):
                    normal[i, d] += row[i] * row[i + d]
    for i in range(4):
        normal[i, 0] *= 1.0 + 1e-6
    if not band_cholesky(normal):
        return np.inf
    total = 0.0
    for j in range(4):
        column = gram[j].copy()
        band_solve(normal, column)
        total += column[j]
    return total


def ring_poles(sample_rate: float, slowest: float) -> Poles:
    """Poles that a search for rings begins at, in order of decay, shape (k,).

    Decays from 0.03 ms by factors of 2 to that of the pole magnitude `slowest`; frequencies, up to 11 kHz, as
    close as the resonance is narrow; slow rings are low.
    """
    poles = []
    decay = 0.03e-3
    while np.exp(-1.0 / (decay * sample_rate)) <= slowest and decay < 1.5e-3:
        highest = min(11_000.0, 2.0 / decay, 0.45 * sample_rate)
        for frequency in np.arange(0.0, highest, 0.6 / (2.0 * np.pi * decay)):
            poles.append(np.exp((-1.0 / decay + 2j * np.pi * frequency) / sample_rate))
        decay *= 2.0
    return np.array(poles, np.complex128)
