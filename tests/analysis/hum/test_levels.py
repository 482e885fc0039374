"""Steps of a hum's level are those that all of its lines take."""

import numpy as np
import pytest
from wavemend.analysis.hum.levels import LevelStep

FRAMES, LINES = 150, 12
AMPLITUDE = np.exp(1j * np.arange(LINES)) / np.arange(1, LINES + 1)
WALK = 1.4e-4 * np.abs(AMPLITUDE) ** 2


def search(change, noise=0.02):
    draw = np.random.default_rng(3)
    level = np.ones((FRAMES, LINES), complex) * AMPLITUDE
    level[80:] = change(AMPLITUDE)
    variance = np.full(level.shape, noise) * np.abs(AMPLITUDE) ** 2
    shape = level.shape
    y = level + np.sqrt(variance / 2) * (draw.standard_normal(shape) + 1j * draw.standard_normal(shape))
    steps = LevelStep(y, variance, WALK, AMPLITUDE.copy(), 0.01 * np.abs(AMPLITUDE) ** 2)
    return steps, steps.search(50)


@pytest.mark.parametrize("gain", [0.4, 0.7, 1.5, 2.5])
def test_a_common_gain_is_a_step(gain):
    steps, found = search(lambda a: gain * a)
    assert found is not None
    row, about, confidence = found
    assert abs(row - 80) <= 1
    assert steps.gain(80, 2, about) == pytest.approx(gain, rel=0.05)
    assert 0.5 <= confidence <= 1.0


def test_nothing_is_no_step():
    assert search(lambda a: a)[1] is None


def test_one_line_is_no_step():
    assert search(lambda a: np.where(np.arange(LINES) == 0, 2 * a, a))[1] is None


def test_too_few_frames_tell_nothing():
    steps, _ = search(lambda a: 2 * a)
    assert steps.search(FRAMES - 30) is None
