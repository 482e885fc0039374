"""Which revolution levels follow, from levels made to be known."""

import numpy as np
import pytest
from wavemend.analysis.noise.floor import Bands
from wavemend.analysis.noise.turn_floor import BandLevels
from wavemend.analysis.noise.turn_search import revolution, side_by_side

BANDS = Bands(500)
FRAME_S = 0.025


def levels(course_db, seed=0):
    draw = np.random.default_rng(seed)
    bins = 10 ** (course_db[:, np.newaxis] / 10 - 6) * draw.exponential(size=(course_db.size, 500))
    power = BANDS.mean(bins)
    wide = (np.arange(BANDS.widths.size) > 8).astype(np.intp)
    return BandLevels.of(power, np.log(power) - BANDS.mean(np.log(bins)), BANDS, wide)


def swing(rpm, seconds=15, swing_db=5.0):
    return swing_db / 2 * np.cos(2 * np.pi * np.arange(0, seconds, FRAME_S) * rpm / 60 + 1.0)


@pytest.mark.parametrize("rpm", [17.0, 33.1, 46.0, 61.5, 78.26, 88.0, 157.0])
def test_the_speed_of_a_floor_that_turns_is_found(rpm):
    found = revolution(levels(swing(rpm, 24)), FRAME_S)
    assert found is not None
    assert 60 * found.hz == pytest.approx(rpm, rel=0.004)
    assert found.turning.sum() > 10
    assert found.evidence > 500


@pytest.mark.parametrize("rpm", [24.0, 53.0, 110.0, 133.0, 180.0])
def test_what_is_no_speed_is_none(rpm):
    assert revolution(levels(swing(rpm)), FRAME_S) is None


def test_too_few_turns_and_floors_that_stay_are_none():
    assert revolution(levels(swing(33.33, 5)), FRAME_S) is None
    assert revolution(levels(np.zeros(600)), FRAME_S) is None


def test_the_longest_run_of_bands_counts_and_one_may_be_missing_in_it():
    turning = np.array([1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1, 1], bool)
    assert np.flatnonzero(side_by_side(turning)).tolist() == [3, 4, 6, 7]
    assert not side_by_side(np.zeros(4, bool)).any()
