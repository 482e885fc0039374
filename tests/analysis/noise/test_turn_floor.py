"""The floor under a program, and how it moves, from levels made to be known."""

import numpy as np
from wavemend.analysis.noise.floor import Bands
from wavemend.analysis.noise.turn_floor import BandLevels, beaten, moving_floor

BANDS = Bands(500)
WIDE = (np.arange(BANDS.widths.size) > 8).astype(np.intp)
TURNS = np.arange(600) * 0.025 / 1.8


def heard(course_db, program, seed=0):
    """Return levels of noise at -60 dB that moves with a course, and in some frames lies under a program."""
    draw = np.random.default_rng(seed)
    bins = 10 ** (course_db[:, np.newaxis] / 10 - 6) * draw.exponential(size=(course_db.size, 500))
    bins *= 10 ** (program[:, np.newaxis] / 10)
    power = BANDS.mean(bins)
    return BandLevels.of(power, np.log(power) - BANDS.mean(np.log(bins)), BANDS, WIDE)


def columns():
    return np.stack([np.cos(2 * np.pi * TURNS), np.sin(2 * np.pi * TURNS)], axis=1)


def program(seed=3):
    draw = np.random.default_rng(seed)
    return np.repeat(draw.uniform(5.0, 30.0, 60) * (draw.random(60) < 0.5), 10)


def test_the_floor_and_its_course_are_found_under_a_program():
    levels = heard(4.0 * np.cos(2 * np.pi * TURNS), program())
    moving = moving_floor(levels, columns(), np.zeros((2, 2)))
    np.testing.assert_allclose(moving.gains, [[4.0, 0.0]] * 2, atol=0.5)
    # of a mean of few powers the logarithm lies lower
    np.testing.assert_allclose(moving.level_db, -60.0, atol=1.2)
    assert np.all(moving.alone[program() > 0].mean(axis=0) < 0.15)


def test_a_floor_that_moves_is_likelier_than_one_that_stays_under_a_beat():
    still = moving_floor(
        levels := heard(4.0 * np.cos(2 * np.pi * TURNS), program()), np.empty((600, 0)), np.eye(0)
    )
    moving = moving_floor(levels, columns(), np.zeros((2, 2)))
    assert np.all((moving.likelihood - beaten(levels, still, TURNS))[10:] > 50.0)


def test_a_beat_is_likelier_than_a_floor_that_moves():
    beat = 25.0 * (TURNS % 1.0 < 0.3)
    levels = heard(np.zeros(600), beat)
    still = moving_floor(levels, np.empty((600, 0)), np.eye(0))
    moving = moving_floor(levels, columns(), np.zeros((2, 2)))
    assert np.all(moving.likelihood < beaten(levels, still, TURNS))


def test_a_tone_is_not_flat():
    draw = np.random.default_rng(0)
    bins = draw.exponential(size=(50, 500))
    bins[:, 300] += 1e4
    power = BANDS.mean(bins)
    levels = BandLevels.of(power, np.log(power) - BANDS.mean(np.log(bins)), BANDS, WIDE)
    tonal = np.searchsorted(BANDS.edges, 300, side="right") - 1
    assert levels.flat[:, tonal].max() < 1e-3
    assert np.delete(levels.flat, tonal, axis=1).mean() > 0.6
    assert levels.only(np.arange(WIDE.size) < 3).db.shape == (50, 3)
