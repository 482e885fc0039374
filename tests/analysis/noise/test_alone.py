"""The mean of noise that is heard alone: of its usual level, without what sounds in a band of it."""

from __future__ import annotations

import numpy as np
from wavemend.analysis.noise.alone import Alone
from wavemend.analysis.noise.floor import STRETCH_BLOCKS, Bands, QuietStretch, decibels

BANDS = Bands(500)


def alone(levels_db: np.ndarray, voiced: float = 0.0) -> np.ndarray:
    """Hear stretches of flat noise at these levels, a share of them with a voice in one band."""
    draw, one = np.random.default_rng(1), Alone(BANDS)
    for number, level in enumerate(levels_db):
        density = 10 ** (level / 10) * draw.gamma(12.0, 1 / 12.0, 500)
        if draw.random() < voiced:
            density[20:24] *= 100.0
        mean = float(decibels(BANDS.mean(density)).mean())
        one.hear(QuietStretch(mean, number * STRETCH_BLOCKS, density))
    return one.density_dbfs_hz()


def test_steady_noise_has_its_own_level_and_not_that_of_its_quietest_moments() -> None:
    levels = np.random.default_rng(2).normal(-100.0, 0.3, 400)
    assert abs(np.mean(alone(levels)) - -100.0) < 0.15


def test_where_the_level_wanders_it_is_the_usual_one() -> None:
    """The quietest of 400 stretches lie 9 dB under the mean."""
    levels = np.random.default_rng(2).normal(-100.0, 3.0, 400)
    assert abs(np.mean(alone(levels)) - -100.0) < 1.5


def test_a_voice_in_a_band_of_some_stretches_counts_for_nothing() -> None:
    levels = np.full(200, -100.0)
    with_voice, without = alone(levels, voiced=0.3), alone(levels)
    assert np.abs(with_voice - without).max() < 1.0


def test_louder_noise_that_is_rare_counts_for_nothing() -> None:
    """Breaths and sibilants are noise too."""
    levels = np.concatenate([np.full(60, -100.0), np.full(8, -92.0)])
    assert abs(np.mean(alone(levels)) - -100.0) < 0.3


def test_where_noise_is_faded_out_its_level_is_still_the_usual_one() -> None:
    """More levels than are kept: all of them lie under the one that it mostly has."""
    for levels in (fade := np.concatenate([np.full(40, -80.0), np.arange(-80.0, -130.0, -1.5)])), fade[::-1]:
        assert abs(np.mean(alone(levels)) - -80.0) < 0.5
