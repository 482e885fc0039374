"""How many bits samples need, and which codes they use."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Counts
from ..compilation.compilation import compiled

Vector = npt.NDArray[np.float64]

COARSE_BITS, FINE_BITS = 16, 24  # source: the words of converters and files
MOST_BITS = 32  # source: the longest integers of sound files
NOT_INTEGER = MOST_BITS + 1
"""Bits of a sample that lies on no integer grid of 32 bits or fewer."""


# C. E. Leiserson, H. Prokop, K. H. Randall, "Using de Bruijn sequences to index a 1 in a computer word", 1998
_DE_BRUIJN = 0x077CB531  # source: as said above
_PLACES = np.argsort([(_DE_BRUIJN << place & 0xFFFFFFFF) >> 27 for place in range(32)]).astype(np.int64)


@compiled
def count_samples(x: Vector, coarse: Counts, fine: Counts, bits: Counts) -> None:
    """Count samples on a coarse grid by their code, the others by the bits they need, and faint ones again.

    Parameters
    ----------
    x
        Full scale 1.0, shape (n,).
    coarse
        Samples that lie on the grid of `COARSE_BITS`, by code, code 0 in the middle; shape
        (2**COARSE_BITS,).
    fine
        All that round to a code of `FINE_BITS` inside it, by that code; same shape.
    bits
        Number `b` counts samples off the coarse grid that need `b` bits, shape (MOST_BITS + 2,).
    """
    middle = coarse.size // 2
    limit = (middle - 1) * 2.0 ** (1 - FINE_BITS)
    for value in x:
        if abs(value) < limit:
            fine[middle + np.int64(np.floor(value * 2.0 ** (FINE_BITS - 1) + 0.5))] += 1
        place = value * 2.0 ** (COARSE_BITS - 1)
        if abs(place) < middle:
            code = np.int64(place)
            if code == place:
                coarse[middle + code] += 1
                continue
        bits[_bits(value)] += 1


@compiled
def _bits(value: float) -> int:
    scaled = value * 2147483648.0
    if abs(scaled) > 9e15:
        return NOT_INTEGER
    code = np.int64(scaled)
    if scaled != code:
        return NOT_INTEGER
    lowest = code & -code
    if lowest > 0x40000000:
        return 1  # far over full scale
    return MOST_BITS - int(_PLACES[(lowest * _DE_BRUIJN & 0xFFFFFFFF) >> 27])


def bits_of_codes(coarse: Counts) -> Counts:
    """Count the samples of `count_samples`'s coarse grid by the bits they need, zeros apart.

    Returns
    -------
    Counts
        Shape (MOST_BITS + 2,).
    """
    code = np.arange(coarse.size) - coarse.size // 2
    code[coarse.size // 2] = 2**COARSE_BITS  # 0 needs none
    needed = COARSE_BITS - np.log2(code & -code).astype(np.int64)
    return np.bincount(needed, coarse, MOST_BITS + 2).astype(np.int64) * (np.arange(MOST_BITS + 2) > 0)
