"""A gain that all lines share: estimated, and how likely it is."""

import numpy as np
import pytest
from wavemend.kernels.harmonics.fades import foreseen, shared_gain
from wavemend.kernels.harmonics.kalman import Walks

LINES = np.array([1.0, 0.5j, -0.4 + 0.3j])
GAINS = np.linspace(0.2, 1.0, 60)


def material():
    draw = np.random.default_rng(1).standard_normal((2, 60, 3))
    y = np.outer(GAINS, LINES) + 0.03 * (draw[0] + 1j * draw[1])
    power = np.abs(LINES) ** 2
    return y, np.full(y.shape, 2 * 0.03**2), Walks(1e-4 * power, power, LINES.copy(), 1e-4 * power)


def test_a_gain_is_estimated_from_known_lines():
    y, noise, lines = material()
    gains = np.ones(60)
    shared_gain(y, noise, lines, 1e-3, False, gains)
    assert gains[10:] == pytest.approx(GAINS[10:], abs=0.06)  # it is 1 before the first


def test_a_gain_and_unknown_lines_are_estimated_together():
    """Only their product is known: the loudest counts as 1."""
    y, noise, lines = material()
    gains = np.ones(60)
    unknown = lines._replace(mean=np.zeros(3, np.complex128), variance=np.full(3, 8.0))
    shared_gain(y, noise, unknown, 1e-3, True, gains)
    assert gains == pytest.approx(GAINS / np.quantile(GAINS, 0.9), abs=0.08)


def test_the_gain_that_is_true_is_likelier_and_lines_stay_as_they_were():
    y, noise, lines = material()
    lines = lines._replace(mean=LINES.copy())
    assert (foreseen(y, noise, lines, GAINS) > foreseen(y, noise, lines, np.ones(60))).all()
    assert np.array_equal(lines.mean, LINES)
