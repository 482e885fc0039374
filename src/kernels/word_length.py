"""How many bits samples need, and which codes they use."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Vector = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

MOST_BITS = 32
NOT_INTEGER = MOST_BITS + 1
"""Bits of a sample that lies on no integer grid of 32 bits or fewer."""


@njit(cache=True, nogil=True)
def count_bits(x: Vector, bits: Counts) -> None:
    """Count samples by the bits they need; zeros, which need none, are not counted.

    Parameters
    ----------
    x
        Full scale 1.0, shape (n,).
    bits
        Number `b` counts samples that need `b` bits, shape (MOST_BITS + 2,).
    """
    for value in x:
        if value == 0.0:
            continue
        scaled = value * 2147483648.0
        if abs(scaled) > 9e15 or scaled != np.floor(scaled):
            bits[NOT_INTEGER] += 1
            continue
        code = np.int64(scaled)
        needed = MOST_BITS
        for half in (16, 8, 4, 2, 1):  # binary search for the lowest bit that is set
            if code & ((1 << half) - 1) == 0:
                code >>= half
                needed -= half
        bits[max(needed, 1)] += 1


@njit(cache=True, nogil=True)
def count_codes(x: Vector, steps: float, codes: Counts) -> None:
    """Count samples by code, `steps` to full scale, code 0 in the middle; those outside are left out."""
    middle = codes.size // 2
    limit = (middle - 1) / steps
    for value in x:
        if abs(value) < limit:
            codes[middle + int(np.floor(value * steps + 0.5))] += 1
