"""Crackle to tune on: as dense and as tall as it is said to be, in the channels that it is said to be in."""

import numpy as np
import pytest
from bench.material.tuning.crackle import SOFT_GRAINS, crackled

RATE = 44_100


def music(seconds=4.0, channels=2):
    draw = np.random.default_rng(0)
    return 0.05 * draw.standard_normal((channels, int(seconds * RATE)))


@pytest.mark.parametrize("strength", [0.5, 8.0])
def test_impulses_are_as_many_and_as_tall_as_asked_and_the_same_every_time(strength):
    one = crackled(music(), RATE, per_second=50, strength=strength, route="as it is", seed=3)
    again = crackled(music(), RATE, per_second=50, strength=strength, route="as it is", seed=3)
    np.testing.assert_array_equal(one.audio, again.audio)
    assert 300 < len(one.starts) < 500
    added = np.abs(one.audio - one.clean) / 0.05
    peaks = [
        added[channel, start : start + 200].max()
        for start, struck in zip(one.starts, one.struck, strict=True)
        for channel in np.flatnonzero(struck)
    ]
    assert strength / 5 < np.median(peaks) < strength


def test_soft_crackle_has_its_energy_where_surfaces_have_theirs():
    one = crackled(music(), RATE, per_second=50, strength=2, route="as it is", seed=3,
                   grains=SOFT_GRAINS)  # fmt: skip
    power = np.sum(np.abs(np.fft.rfft(one.audio - one.clean, axis=1)) ** 2, axis=0)
    share = np.cumsum(power) / np.sum(power)
    hz = np.fft.rfftfreq(one.audio.shape[1], 1.0 / RATE)
    assert hz[np.searchsorted(share, 0.5)] < 4e3
    assert 4e3 < hz[np.searchsorted(share, 0.95)] < 13e3
