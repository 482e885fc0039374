"""Samples are counted by the bits they need, whatever grid they lie on."""

import numpy as np
import pytest
from wavemend.kernels.samples.word_length import (
    COARSE_BITS,
    FINE_BITS,
    MOST_BITS,
    NOT_INTEGER,
    bits_of_codes,
    count_samples,
)


def counted(samples):
    coarse, fine = np.zeros(2**COARSE_BITS, np.int64), np.zeros(2**COARSE_BITS, np.int64)
    bits = np.zeros(MOST_BITS + 2, np.int64)
    count_samples(np.array(samples, np.float64), coarse, fine, bits)
    return coarse, fine, bits + bits_of_codes(coarse)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("needed", range(2, MOST_BITS + 1))
def test_bits_are_those_of_the_lowest_one_set(needed, sign):
    for above in (0.0, 0.25):
        value = sign * (2.0 ** (1 - needed) + (above if needed > 3 else 0.0))
        assert np.flatnonzero(counted([value])[2]).tolist() == [needed]


@pytest.mark.parametrize(
    ("value", "place"), [(1.0, 1), (-1.0, 1), (4096.0, 1), (1e12, NOT_INTEGER), (0.1, NOT_INTEGER)]
)
def test_full_scale_and_no_grid(value, place):
    assert np.flatnonzero(counted([value])[2]).tolist() == [place]


def test_zeros_need_no_bits():
    assert not counted([0.0, -0.0])[2].any()


def test_codes_are_counted_on_their_grids():
    coarse, fine, _ = counted([3 * 2.0**-15, 3 * 2.0**-15, -2 * 2.0 ** (1 - FINE_BITS), 0.1])
    assert np.flatnonzero(coarse).tolist() == [2**15 + 3]
    assert coarse.sum() == 2
    assert np.flatnonzero(fine).tolist() == [2**15 - 2, 2**15 + 3 * 2**8]
