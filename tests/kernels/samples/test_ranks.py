"""A window that moves stays sorted."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from wavemend.kernels.samples.ranks import replace_ranked


@given(st.lists(st.integers(0, 9), min_size=2, max_size=40), st.integers(1, 20))
def test_a_moving_window_stays_sorted_whatever_repeats(values, width):
    x = np.array(values, np.float64)
    width = min(width, x.size - 1)
    ranked = np.sort(x[:width])
    for first in range(1, x.size - width + 1):
        replace_ranked(ranked, x[first - 1], x[first + width - 1])
        assert np.array_equal(ranked, np.sort(x[first : first + width]))
