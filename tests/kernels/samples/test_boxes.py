"""Sums over boxes and triangles are those of a convolution, whatever lies beyond the ends being nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.kernels.samples.boxes import box_sums, triangle_sums


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 60), width=st.integers(1, 80), seed=st.integers(0, 2**32 - 1))
def test_a_box_is_a_convolution(n: int, width: int, seed: int) -> None:
    values = np.random.default_rng(seed).standard_normal(n)
    before, after = width // 2, width - width // 2
    expected = [values[max(t - before, 0) : t + after].sum() for t in range(n)]
    assert box_sums(values, width) == pytest.approx(expected, abs=1e-12)


def test_a_triangle_is_a_box_twice_and_as_high_as_it_is_wide() -> None:
    impulse = np.zeros(101)
    impulse[50] = 1.0
    triangle = triangle_sums(impulse, 9)
    assert triangle.max() == triangle[50] == 9.0
    assert triangle[50 - 9] == triangle[50 + 9] == 0.0
    assert triangle.sum() == pytest.approx(81.0)
    assert np.array_equal(triangle, triangle[::-1])
