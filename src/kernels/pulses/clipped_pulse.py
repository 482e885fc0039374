"""Clicks that drove the converter to its rails: what was cut off their tops is put back first.

A clipped click is no ring: its flat tops are samples of which only a bound is known. So they are unknowns
beside the ring's own, and both are fitted to the excitation at once: least squares with the flat samples'
columns of the prediction-error filter projected out. (For speech alone, without a click: A. Janssen, R.
Veldhuis, L. Vries, "Adaptive interpolation", IEEE Trans. ASSP 34(2), 1986, whose missing samples these are.)

Excitations are in units of their standard deviation, and indices count from the click's first sample.
"""

from __future__ import annotations

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.bands import band_cholesky, band_solve
from ..prediction.models import Matrix, Positions, Vector, excitation_of
from ..samples.plateaus import plateaus
from .rings import Poles, RingSearch, ring_amplitude, ring_merit, ring_response

MOST_FLAT = 128  # guard: flat samples of one click; with more there is nothing to fit
_TOLERANCE = 2.0**-14  # of full scale; derived: two steps of 16 bits, for dither
_LOUD = 0.1  # guard: of full scale; no converter's rail is as low
_AT_ONCE = 48  # tuned: for speed, 2026-11-30; rings that flat samples' part is taken out of in one pass
_ROUNDS, _HALVINGS = 8, 4  # guard: Gauss-Newton steps, and tries of each, so that none goes on for ever


@compiled
def flat_samples(x: Vector, start: int, stop: int, flat: Positions) -> int:
    """Find the samples of ``x[start:stop]`` that lie on a rail: where its greatest height has a flat top.

    The rails of both signs are as high: where one is known by its flat top, fewer samples show the other.
    Returns how many; their indices, from `start` on, are written into `flat`, ascending.
    """
    part = x[start:stop]
    runs = np.empty((1, 4))
    rail = np.max(np.abs(part))
    if rail < _LOUD:
        return 0
    for sign in (1.0, -1.0):
        peak = np.max(sign * part)
        if peak >= rail - _TOLERANCE and plateaus(part, 0, sign, peak, _TOLERANCE, runs):
            count = 0
            for t in range(part.size):
                if abs(part[t]) >= rail - 2.0 * _TOLERANCE and count < flat.size:
                    flat[count] = t
                    count += 1
            return count
    return 0


@compiled
def restore_tops(
    x: Vector, start: int, end: int, flat: Positions, a: Vector, sigma: float, search: RingSearch
) -> bool:
    """Put back, in place, what the rails cut off a click that begins at `start`.

    Parameters
    ----------
    x
        Samples; the p before `start` are whole.
    start, end
        First sample of the click, and one past the last that counts.
    flat
        Indices of flat samples, from `start` on, ascending.
    a, sigma
        Model of the sound around it, and standard deviation of its excitation.
    search
        Where to look for the ring.

    Returns
    -------
    bool
        False where no ring fits; `x` is then unchanged.
    """
    e = excitation_of(x, start, end, a) / sigma
    q, r = _flat_basis(flat, a, e.size)
    ends = np.minimum(flat + a.size, e.size)
    rest = e.copy().reshape((e.size, 1))
    _project(rest, q, flat[0], ends)
    gain, begin, pole, c = _fit_ring(rest[:, 0].copy(), (q, flat[0], ends), a, search)
    if not gain > 0.0:
        return False
    # Flat samples explain whatever begins in them: a ring that seems to begin there began with their run.
    earlier = _run_before(flat, begin)
    c *= pole ** (earlier - begin)
    begin = earlier
    re, im = np.empty(e.size - begin), np.empty(e.size - begin)
    ring_response(pole, a, re, im)
    for t in range(begin, e.size):
        e[t] -= c.real * re[t - begin] + c.imag * im[t - begin]
    lifts = np.empty(flat.size)
    for i in range(flat.size - 1, -1, -1):  # back substitution
        lifts[i] = -_dot(q[i], e)
        for j in range(i + 1, flat.size):
            lifts[i] -= r[i, j] * lifts[j]
        lifts[i] /= r[i, i]
    for i in range(flat.size):
        at = start + flat[i]
        outward = 1.0 if x[at] > 0.0 else -1.0
        x[at] += outward * max(outward * sigma * lifts[i], 0.0)  # what was cut off lay beyond the rail
    return True


@compiled
def _dot(one: Vector, other: Vector) -> float:
    """In one fixed order, which BLAS does not promise: the same recording gives the same bits."""
    total = 0.0
    for t in range(one.size):
        total += one[t] * other[t]
    return total


@compiled
def _run_before(flat: Positions, begin: int) -> int:
    """Return the first sample of the run of flat ones that ends at `begin` or goes on there; else `begin`."""
    first = begin
    for i in range(flat.size - 1, -1, -1):
        if flat[i] <= begin and flat[i] >= first - 1:
            first = flat[i]
    return first


@compiled
def _flat_basis(flat: Positions, a: Vector, size: int) -> tuple[Matrix, Matrix]:
    """Orthonormal rows that span what flat samples do to an excitation, and their triangle (Gram-Schmidt)."""
    q = np.zeros((flat.size, size))
    r = np.zeros((flat.size, flat.size))
    for i in range(flat.size):
        for k in range(min(a.size, size - flat[i])):
            q[i, flat[i] + k] = a[k]
        for _ in range(
            2
        ):  # twice is enough (W. Kahan, in B. Parlett, The Symmetric Eigenvalue Problem, 1980)
            for j in range(i):
                along = _dot(q[j], q[i])
                r[j, i] += along
                q[i] -= along * q[j]
        length = np.sqrt(_dot(q[i], q[i]))
        r[i, i] = max(length, 1e-12)
        q[i] /= r[i, i]
    return q, r


@compiled
def _project(rows: Matrix, q: Matrix, first: int, ends: Positions) -> None:
    """Take out of columns of `rows`, shape (samples, count), in place, what flat samples can explain.

    Row j of `q` is nothing before `first` and from ``ends[j]`` on. Sums run along all columns at once.
    """
    along = np.empty(rows.shape[1])
    for j in range(q.shape[0]):
        along[:] = 0.0
        for t in range(first, ends[j]):
            value, row = q[j, t], rows[t]
            for i in range(along.size):
                along[i] += value * row[i]
        for t in range(first, ends[j]):
            value, row = q[j, t], rows[t]
            for i in range(along.size):
                row[i] -= along[i] * value


@compiled
def _columns(
    pole: complex, c: complex, begin: int, a: Vector, basis: tuple[Matrix, int, Positions], columns: Matrix
) -> None:
    """Fill rows with what a ring's amplitude and its pole's logarithm do to the excitation, projected."""
    rows = np.zeros((columns.shape[1], 4))
    h, slope = 0.0 + 0.0j, 0.0 + 0.0j
    for t in range(begin, rows.shape[0]):
        slope = pole * (slope + h)
        h *= pole
        if t - begin < a.size:
            h += a[t - begin]
        turned = c * slope
        rows[t, 0], rows[t, 1] = h.real, -h.imag
        rows[t, 2], rows[t, 3] = turned.real, -turned.imag
    _project(rows, basis[0], basis[1], basis[2])
    columns[:] = rows.T


@compiled
def _amplitude(columns: Matrix, e: Vector) -> tuple[float, complex]:
    """Solve for the amplitude of a ring whose response is the first two rows; energy explained, and it."""
    re, im = columns[0], columns[1]
    gain, c = ring_amplitude(_dot(re, re), _dot(im, im), _dot(re, im), _dot(re, e), _dot(im, e))
    return gain, c


@compiled
def _fit_ring(
    e: Vector, basis: tuple[Matrix, int, Positions], a: Vector, search: RingSearch
) -> tuple[float, int, complex, complex]:
    """Fit the ring of greatest merit to what flat samples leave of the excitation; see `rings.fit_ring`."""
    best, begin, pole, c = 0.0, 0, 0.0 + 0.0j, 0.0 + 0.0j
    merit = -np.inf
    starts = search.starts
    few = max(_AT_ONCE // starts, 1)  # poles that are projected together
    sums = np.empty((5, (few * starts + 15) // 16 * 16))
    for k in range(search.poles.size):
        if k % few == 0:
            _match(e, basis, a, search.poles[k : k + few], starts, sums)
        for s in range(starts):
            i = k % few * starts + s
            gain, amplitude = ring_amplitude(sums[0, i], sums[1, i], sums[2, i], sums[3, i], sums[4, i])
            if gain > 0.0:
                own = ring_merit(gain, search.poles[k], amplitude)
                if own > merit:
                    merit, best, begin, pole, c = own, gain, s, search.poles[k], amplitude
    if not best > 0.0:
        return 0.0, 0, pole, c
    gain, pole, c = _refine(e, basis, a, begin, (pole, c), best, search.slowest)
    return gain, begin, pole, c


@compiled
def _match(
    e: Vector, basis: tuple[Matrix, int, Positions], a: Vector, poles: Poles, starts: int, sums: Matrix
) -> None:
    """Sum what `_amplitude` asks for of some poles, each from every start; shape (5, >= poles starts)."""
    re, im = np.zeros((e.size, sums.shape[1])), np.zeros((e.size, sums.shape[1]))
    real, imaginary = np.empty(e.size), np.empty(e.size)
    for k in range(poles.size):
        ring_response(poles[k], a, real, imaginary)
        for t in range(e.size):
            for s in range(min(starts, e.size - t)):
                re[t + s, k * starts + s], im[t + s, k * starts + s] = real[t], imaginary[t]
    _project(re, basis[0], basis[1], basis[2])
    _project(im, basis[0], basis[1], basis[2])
    sums[:] = 0.0
    rr, ii, ri, er, ei = sums[0], sums[1], sums[2], sums[3], sums[4]
    for t in range(e.size):
        here, there, value = re[t], im[t], e[t]
        for i in range(here.size):
            rr[i] += here[i] * here[i]
        for i in range(here.size):
            ii[i] += there[i] * there[i]
        for i in range(here.size):
            ri[i] += here[i] * there[i]
        for i in range(here.size):
            er[i] += here[i] * value
        for i in range(here.size):
            ei[i] += there[i] * value


@compiled
def _refine(
    e: Vector, basis: tuple[Matrix, int, Positions], a: Vector, begin: int, ring: tuple[complex, complex],
    gain: float, slowest: float,
) -> tuple[float, complex, complex]:  # fmt: skip
    """Improve a ring by Gauss-Newton steps, each halved until it helps.

    Not the steps of `rings`: those sum while a ring is made, but what flat samples explain must go first.
    """
    pole, c = ring
    columns = np.zeros((4, e.size))
    tried_columns = np.zeros((4, e.size))
    normal, step = np.zeros((4, 4)), np.zeros(4)
    for _ in range(_ROUNDS):
        _columns(pole, c, begin, a, basis, columns)
        rest = e - c.real * columns[0] - c.imag * columns[1]
        for i in range(4):
            step[i] = _dot(columns[i], rest)
            for d in range(4 - i):
                normal[i, d] = _dot(columns[i], columns[i + d])
            normal[i, 0] *= 1.0 + 1e-6
        if not band_cholesky(normal):
            break
        band_solve(normal, step)
        turn = complex(step[2], step[3])
        turn = turn if abs(turn) <= 0.5 else turn * (0.5 / abs(turn))
        before = gain
        for _ in range(_HALVINGS):
            tried = pole * np.exp(turn)
            if abs(tried) <= slowest:
                _columns(tried, 0.0 + 0.0j, begin, a, basis, tried_columns)
                reached, amplitude = _amplitude(tried_columns, e)
                if reached > gain:
                    gain, pole, c = reached, tried, amplitude
                    break
            turn *= 0.5
        if gain - before <= 1e-4 * gain:
            break
    return gain, pole, c
