"""Gaps are rebuilt from what is around them, all of a group at once, or left as they are."""

import numpy as np
import pytest
from wavemend.kernels.prediction.gaps import believed_peak, gaps_together, rebuild

TONE = np.sin(0.3 * np.arange(400)) + 0.5 * np.sin(1.1 * np.arange(400) + 1)
MODEL = np.convolve([1, -2 * np.cos(0.3), 1], [1, -2 * np.cos(1.1), 1])  # predicts both exactly


def test_gaps_that_know_of_each_other_are_one_group():
    gaps = np.array([[10, 12], [15, 20], [40, 41], [42, 60]])
    assert gaps_together(gaps, 0, 4, 8, 100) == 2
    assert gaps_together(gaps, 2, 4, 8, 100) == 4
    assert gaps_together(gaps, 2, 3, 8, 100) == 3
    assert gaps_together(gaps, 2, 4, 8, 15) == 3


@pytest.mark.parametrize(
    "gaps", [[[100, 110]], [[100, 101], [102, 103], [104, 110]], [[200, 203], [204, 260]]]
)
def test_what_the_model_knows_is_rebuilt(gaps):
    gaps = np.array(gaps)
    x = TONE.copy()
    for start, stop in gaps:
        x[start:stop] = 7.0
    assert rebuild(x, gaps, len(gaps), 400, MODEL, 4.0)
    assert np.allclose(x, TONE, atol=1e-6)


def test_gaps_that_only_count_as_unknown_stay():
    x = TONE.copy()
    x[100:110] = x[112:120] = 7.0
    assert rebuild(x, np.array([[100, 110], [112, 120]]), 1, 400, MODEL, 4.0)
    assert np.allclose(x[100:110], TONE[100:110], atol=1e-6) and (x[112:120] == 7.0).all()


def test_what_is_not_believed_changes_nothing():
    x = TONE.copy()
    x[100:110] = 7.0
    before = x.copy()
    assert not rebuild(x, np.array([[100, 110]]), 1, 400, MODEL, 0.1)
    assert np.array_equal(x, before)


def test_only_whole_samples_say_what_is_believed():
    x = np.array([0.1, -0.5, 9.0, 0.2])
    assert believed_peak(x, 0, 4, np.array([False, False, True, False])) == 2.0
