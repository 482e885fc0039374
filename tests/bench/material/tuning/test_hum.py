"""Hum to tune on: mains wander as grids do, transports in proportion, and it lies where it is said to."""

import numpy as np
import pytest
from bench.material.tuning.hum import (
    COURSES,
    KINDS,
    MAINS_WANDER_HZ,
    humming,
    mains_wander,
    transport_wander,
)
from bench.measuring.measures import active_level_db

from .test_transfer import RATE, music


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_same_every_time_as_loud_as_said_and_adds_up(kind):
    one, again = (humming(music(), RATE, kinds=(kind,), below_db=30, seed=2) for _ in range(2))
    np.testing.assert_array_equal(one.audio, again.audio)
    np.testing.assert_allclose(one.audio, one.clean + one.added, atol=1e-12)
    level, _ = active_level_db(music(), RATE)
    assert 10 * np.log10(np.mean(one.added**2)) == pytest.approx(level - 30, abs=0.5)


@pytest.mark.parametrize("course", COURSES)
def test_hum_is_where_it_is_said_to_be(course):
    one = humming(music(), RATE, kinds=("mains",), below_db=20, seed=1, course=course)
    away = np.ones(one.audio.shape[1], bool)
    away[one.there] = False
    assert not one.added[:, away].any()
    assert one.added[:, one.there].any()


def test_two_hums_lie_apart_and_are_equally_far_below():
    one = humming(music(), RATE, kinds=("mains", "transport"), below_db=20, seed=4)
    assert abs(one.base_hz[0] - one.base_hz[1]) > 0.4


def test_mains_wander_as_eight_recordings_of_a_grid_did():
    """Within 10 s a standard deviation of 0.002 to 0.003 Hz, and 0.0018 Hz a second."""
    spread, slope = [], []
    for seed in range(40):
        off = mains_wander(10 * 400, 400, np.random.default_rng(seed))
        spread.append(np.std(off))
        slope.append(np.mean(np.abs(off[400:] - off[:-400])))
    assert 0.5 * MAINS_WANDER_HZ[0] < np.median(spread) < MAINS_WANDER_HZ[1]
    assert 0.0003 < np.median(slope) < 0.003


def test_transports_wander_in_proportion_with_sidebands_at_the_turn():
    off = transport_wander(60 * 400, 400, np.random.default_rng(3))
    assert 1e-4 < np.std(off) < 4e-3
    spectrum = np.abs(np.fft.rfft((off - off.mean()) * np.hanning(off.size)))
    hz = np.fft.rfftfreq(off.size, 1 / 400)
    at = hz[np.argmax(np.where(hz > 0.4, spectrum, 0.0))]
    assert min(abs(at - turn) for turn in (33.333 / 60, 45 / 60, 78.26 / 60, 5.0)) < 0.05


def test_a_route_keeps_the_hum():
    one = humming(music(), RATE, kinds=("mains",), below_db=20, seed=1, route="16 bits")
    assert np.std(one.audio - one.clean - one.added) < 2.0**-14
