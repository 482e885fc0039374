"""Symmetric positive definite band matrices: their Cholesky factor, and what follows from it.

As in `models`: float64, one fixed order of operations, vector instructions over independent results.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..compilation.compilation import compiled

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]

_COLUMNS = 4  # derived: as many as `_take_four` takes at once
_WIDE = 12  # tuned: for speed, 2026-11-29; narrower bands go column by column


@compiled
def band_cholesky(band: Matrix) -> bool:
    """Replace a symmetric positive definite band matrix by its lower Cholesky factor.

    Parameters
    ----------
    band
        Lower band by columns, shape (m, w): ``band[j, d]`` is the element in row j + d, column j.

    Returns
    -------
    bool
        False where the matrix was not positive definite; `band` is then spoilt.
    """
    size, width = band.shape
    j = 0
    while j < size:
        # Columns by fours: what follows is loaded and stored once for all of them, which takes the time.
        count = min(_COLUMNS, size - j) if width >= _WIDE else 1
        for c in range(count):
            if not _factor_column(band, j + c, count - 1 - c):
                return False
        if count == _COLUMNS:
            _take_four(band, j)
        elif count > 1:
            for c in range(count):
                _take_column(band, j + c, count - c)
        else:
            _take_column(band, j, 1)
        j += count
    return True


@compiled
def _factor_column(band: Matrix, j: int, following: int) -> bool:
    """Make column `j` one of the factor, and take it out of the next columns; False if not positive."""
    pivot = band[j, 0]
    if not pivot > 0.0:
        return False
    root = np.sqrt(pivot)
    own = band[j, : min(band.shape[1], band.shape[0] - j)]
    own[0] = root
    for d in range(1, own.size):
        own[d] /= root
    for d in range(1, min(following + 1, own.size)):
        below, column = own[d:], band[j + d]
        for q in range(below.size):
            column[q] -= below[0] * below[q]
    return True


@compiled
def _take_column(band: Matrix, j: int, first: int) -> None:
    """Take a column of the factor out of those from ``j + first`` on."""
    own = band[j, : min(band.shape[1], band.shape[0] - j)]
    for d in range(first, own.size):
        below, column = own[d:], band[j + d]
        factor = below[0]
        for q in range(below.size):
            column[q] -= factor * below[q]


@compiled
def _take_four(band: Matrix, j: int) -> None:
    """Take four columns of the factor out of those after them, in order."""
    size, width = band.shape
    # The last of them reaches furthest; what is beyond the others' reach is 0 in a copy.
    reach = min(width, size - j - 3) - 1
    four = np.zeros((4, reach))
    for c in range(4):
        own = band[j + c, 4 - c : min(width, size - j - c)]
        for d in range(own.size):
            four[c, d] = own[d]
    for d in range(reach):
        one, two, three, last = four[0, d:], four[1, d:], four[2, d:], four[3, d:]
        a, b, c, f = one[0], two[0], three[0], last[0]
        column = band[j + 4 + d]
        for q in range(reach - d):
            column[q] = (((column[q] - a * one[q]) - b * two[q]) - c * three[q]) - f * last[q]


@compiled
def band_solve(factor: Matrix, b: Vector) -> None:
    """Solve ``L L' x = b`` in place; `factor` comes from `band_cholesky`."""
    size, width = factor.shape
    for j in range(size):
        b[j] /= factor[j, 0]
        value = b[j]
        for d in range(1, min(width, size - j)):
            b[j + d] -= factor[j, d] * value
    for j in range(size - 1, -1, -1):
        total = b[j]
        for d in range(1, min(width, size - j)):
            total -= factor[j, d] * b[j + d]
        b[j] = total / factor[j, 0]


@compiled
def band_inverse(factor: Matrix, band: Matrix) -> None:
    """Write the band of ``(L L')^-1`` into `band`, shape (m, v) (Takahashi, Fagan and Chen 1973).

    ``band[j, d]`` is the element in row j + d, column j; what lies outside the band of `factor` is 0.
    """
    size, width = factor.shape
    inverse = np.zeros((size, 2 * width - 1))  # row i holds its columns i - width + 1 to i + width - 1
    total = np.empty(width)
    band[:] = 0.0
    for j in range(size - 1, -1, -1):
        reach = min(width, size - j) - 1
        below = factor[j, 1 : reach + 1]
        total[:reach] = 0.0
        k = 0
        while k + 4 <= reach:
            a, b, c, f = below[k], below[k + 1], below[k + 2], below[k + 3]
            one, two = inverse[j + 1 + k, width - 1 - k :], inverse[j + 2 + k, width - 2 - k :]
            three, four = inverse[j + 3 + k, width - 3 - k :], inverse[j + 4 + k, width - 4 - k :]
            for q in range(reach):
                total[q] = (((total[q] + a * one[q]) + b * two[q]) + c * three[q]) + f * four[q]
            k += 4
        while k < reach:
            row = inverse[j + 1 + k, width - 1 - k :]
            for q in range(reach):
                total[q] += below[k] * row[q]
            k += 1
        pivot = factor[j, 0]
        own = 1.0 / pivot
        for d in range(reach):
            element = -total[d] / pivot
            own -= below[d] * element
            inverse[j, width + d] = element
            inverse[j + 1 + d, width - 2 - d] = element
        # No less than without the others, whatever rounding leaves: it is divided by.
        own = max(own, 1.0 / pivot)
        inverse[j, width - 1] = own / pivot
        for d in range(min(reach + 1, band.shape[1])):
            band[j, d] = inverse[j, width - 1 + d]


@compiled
def band_inverse_diagonal(factor: Matrix, diagonal: Vector) -> None:
    """Write the diagonal of ``(L L')^-1`` into `diagonal`, shape (m,); see `band_inverse`."""
    band = np.empty((diagonal.size, 1))
    band_inverse(factor, band)
    diagonal[:] = band[:, 0]
