"""Surface noise to tune on turns as it is said to, and is as loud as it is said to be."""

import numpy as np
import pytest
from bench.material.tuning.turning_noise import RPM, SHAPES, SPEED_OFF, turning
from bench.measuring.measures import active_level_db

from .test_transfer import RATE, music


@pytest.mark.parametrize("medium", ["78", "cylinder"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_noise_lies_under_the_take_and_swells_once_a_turn(medium, shape):
    one = turning(music(), RATE, medium=medium, shape=shape, below_db=10.0, seed=4)
    np.testing.assert_array_equal(
        one.audio, turning(music(), RATE, medium=medium, shape=shape, below_db=10.0, seed=4).audio
    )
    np.testing.assert_allclose(one.audio, one.clean + one.added, atol=1e-12)
    level, _ = active_level_db(one.clean[:, one.program], RATE)
    assert 10 * np.log10(np.mean(one.added[:, one.program] ** 2)) == pytest.approx(level - 10.0, abs=0.1)
    assert 60 / one.turn_s == pytest.approx(RPM[medium], rel=SPEED_OFF + 0.005)


def test_dust_is_over_the_hiss():
    plain, dusty = (
        turning(music(), RATE, medium="LP", shape="smooth", below_db=10.0, seed=5, dusty=dusty).added
        for dusty in (False, True)
    )
    assert np.max(np.abs(dusty)) > 1.5 * np.max(np.abs(plain))
