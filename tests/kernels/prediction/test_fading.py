"""How far a level fell is found under the model of the sound, and what was there is put back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend.kernels.prediction.fading import Heard, fade_cost, fade_gain, fill, fit_fade, knot_weights

MODEL = np.array([1.0, -1.6, 0.9, -0.2, 0.1])
START, SIZE = 400, 300


def sound(seed: int) -> np.ndarray:
    return np.asarray(lfilter([1.0], MODEL, np.random.default_rng(seed).standard_normal(1200)))


def heard(y: np.ndarray, noise: float = 0.0) -> Heard:
    return Heard(y, START, START + SIZE, MODEL, 1.0, noise, 0.02, 30.0)


def test_knots_are_smooth_and_vanish_at_the_ends() -> None:
    weights = knot_weights(SIZE, 8)
    assert weights.shape == (8, SIZE)
    assert np.abs(weights[:, [0, -1]]).max() < 1e-3
    assert np.allclose(weights.sum(axis=0)[SIZE // 3 : -SIZE // 3], 1.0)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_gradient_is_that_of_the_cost(noise: float) -> None:
    """What is found cannot be bettered by a small step along any knot."""
    draw = np.random.default_rng(0)
    weights, missing = knot_weights(SIZE, 6), np.full(6, 0.5)
    gain, _ = fade_gain(weights, 0.8 * np.hanning(8)[1:-1], 0.02)
    y = sound(1)
    y[START : START + SIZE] *= gain
    y += noise * draw.standard_normal(y.size)
    one = heard(y, noise)._replace(bend=0.0)
    fit_fade(one, weights, missing)
    cost, _ = fade_cost(one, fade_gain(weights, missing, 0.02)[0])
    for k in range(6):
        for step in (-0.02, 0.02):
            moved = missing.copy()
            moved[k] += step
            assert fade_cost(one, fade_gain(weights, moved, 0.02)[0])[0] > cost - 0.1


@pytest.mark.parametrize("depth", [0.5, 0.9])
def test_a_fall_is_found(depth: float) -> None:
    errors = []
    for seed in range(8):
        weights, missing = knot_weights(SIZE, 6), np.full(6, 0.3)
        gain, _ = fade_gain(weights, depth * np.hanning(8)[1:-1], 0.02)
        y = sound(seed)
        y[START : START + SIZE] *= gain
        _, found = fit_fade(heard(y), weights, missing)
        errors.append(np.sqrt(np.mean((found - gain) ** 2)))
    assert np.median(errors) < 0.06


def test_a_fill_agrees_with_a_target_as_far_as_it_is_believed() -> None:
    x = sound(2)
    whole = x.copy()
    x[START : START + 20] = 0.0
    blind, told = x.copy(), x.copy()
    assert fill(blind, START, START + 20, MODEL, np.zeros(20), np.zeros(20), 100.0)
    assert fill(told, START, START + 20, MODEL, np.full(20, 1e6), whole[START : START + 20], 100.0)
    assert np.abs(told - whole).max() < 1e-3
    assert np.sum((blind - whole) ** 2) < np.sum((x - whole) ** 2)
    assert np.array_equal(
        np.delete(blind, np.s_[START : START + 20]), np.delete(x, np.s_[START : START + 20])
    )


def test_what_is_not_believed_stays() -> None:
    x = sound(3)
    kept = x.copy()
    assert not fill(x, START, START + 20, MODEL, np.zeros(20), np.zeros(20), 1e-3)
    assert np.array_equal(x, kept)
