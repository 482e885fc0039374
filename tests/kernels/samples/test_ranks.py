"""A window that moves stays sorted."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from wavemend.kernels.samples.ranks import moving_ranks, replace_ranked


@given(st.lists(st.integers(0, 9), min_size=2, max_size=40), st.integers(1, 20))
def test_a_moving_window_stays_sorted_whatever_repeats(values, width):
    x = np.array(values, np.float64)
    width = min(width, x.size - 1)
    ranked = np.sort(x[:width])
    for first in range(1, x.size - width + 1):
        replace_ranked(ranked, x[first - 1], x[first + width - 1])
        assert np.array_equal(ranked, np.sort(x[first : first + width]))


def test_ranks_are_those_of_the_latest_rows_that_have_values():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 50, (60, 3)).astype(np.float64)
    values[rng.random(60) < 0.3] = np.inf
    values[20:33] = np.inf
    ring, ranked = np.full((12, 3), np.inf), np.full((3, 12), np.inf)
    halves = [moving_ranks(each, ring, ranked, at, 0.25) for each, at in ((values[:31], 0), (values[31:], 7))]
    ranks, counts = (np.concatenate(each) for each in zip(*halves, strict=True))
    for row in range(60):
        latest = values[max(row - 11, 0) : row + 1]
        latest = np.sort(latest[np.isfinite(latest[:, 0])], axis=0)
        assert counts[row] == len(latest)
        assert np.array_equal(ranks[row], latest[len(latest) // 4] if len(latest) else np.full(3, np.inf))
