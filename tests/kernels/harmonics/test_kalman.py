"""The smoothers find what was put in, weigh what is improbable down, and tell how sure they are."""

import numpy as np
import pytest
from wavemend.kernels.harmonics.kalman import (
    Drift,
    Estimates,
    Followed,
    Phase,
    Smoothed,
    Walks,
    filter_both_ways,
    follow_phase,
    smooth_amplitudes,
    smooth_phase,
)

FRAMES, LINES = 200, 12


def smoothed(y, noise, walk=1e-5, rounds=3, mean=0.0, variance=1.0, keep=0):
    lines = y.shape[1]
    means, variances = np.full(lines, mean, complex), np.full(lines, variance)
    out = Smoothed(np.empty_like(y), np.empty(y.shape), np.empty(y.shape))
    walks = Walks(np.full(lines, walk), np.full(lines, 0.01), means, variances)
    smooth_amplitudes(y, noise, walks, rounds, 4, keep, out)
    return *out, means


def gaussian(draw, variance, shape):
    return np.sqrt(variance / 2) * (draw.standard_normal(shape) + 1j * draw.standard_normal(shape))


def test_the_error_is_as_large_as_it_says():
    draw = np.random.default_rng(0)
    walk, r = 1e-4, 0.1
    truth = 1.0 + np.cumsum(gaussian(draw, walk, (FRAMES, 400)), axis=0)
    out, error, _, _ = smoothed(
        truth + gaussian(draw, r, truth.shape), np.full(truth.shape, r), walk, rounds=1
    )
    inside = slice(30, -30)
    assert np.mean(np.abs(out - truth)[inside] ** 2) == pytest.approx(np.mean(error[inside]), rel=0.1)


def test_a_note_ten_times_as_high_hardly_moves_it():
    draw = np.random.default_rng(1)
    y = 1.0 + gaussian(draw, 1e-4, (FRAMES, 1))
    y[60:120] += 10.0
    noise = np.full(y.shape, 1e-3)
    robust, *_ = smoothed(y, noise)
    assert np.abs(robust - 1.0).max() < 0.3


def test_the_filter_goes_on_where_it_was_kept():
    draw = np.random.default_rng(2)
    y = 1.0 + gaussian(draw, 0.1, (FRAMES, 3))
    noise = np.full(y.shape, 0.1)
    whole, *_ = smoothed(y, noise, rounds=1)
    _, _, _, means = smoothed(y, noise, rounds=1, keep=80)
    first, *_ = smoothed(y[:80], noise[:80], rounds=1)
    np.testing.assert_allclose(means, first[-1])
    assert np.abs(whole[-1] - 1.0).max() < 0.3


def comb(phase, seed=3, r=0.02):
    """Lines at 1/h that hang on one phase, with noise."""
    draw = np.random.default_rng(seed)
    number = np.arange(1.0, LINES + 1)
    amplitude = np.exp(1j * draw.uniform(0, 6, LINES)) / number
    y = amplitude * np.exp(1j * np.outer(phase, number))
    return number, amplitude, y + gaussian(draw, r, y.shape)


def test_the_phase_is_followed_and_smoothed():
    frames = np.arange(FRAMES)
    phase = 0.5 * np.sin(frames / 30)
    number, amplitude, y = comb(phase)
    noise = np.full(y.shape, 0.02)
    state, spread = np.array([0.0, 0.5 / 30]), np.diag([1e-4, 1e-4])
    lines = Followed(amplitude.copy(), np.full(LINES, 1e-4), np.ones(LINES))
    followed = np.empty(FRAMES)
    for k in range(FRAMES):
        follow_phase(
            y[k], noise[k], number, np.full(LINES, 1e-8), Drift(1e-5, 1.0), lines, Phase(state, spread)
        )
        followed[k] = state[0]
    assert np.abs(followed - phase).max() < 0.25
    smooth = followed.copy()
    known = Estimates(np.tile(amplitude, (FRAMES, 1)), np.full(y.shape, 1e-6))
    start = Phase(np.array([0.0, 0.5 / 30]), np.diag([1e-4, 1e-4]))
    for _ in range(2):
        errors = smooth_phase(y, noise, number, known, Drift(1e-6, 1.0), np.zeros(FRAMES), start, smooth)
    off = np.sqrt(np.mean((smooth - phase) ** 2))
    assert off < np.sqrt(np.mean((followed - phase) ** 2))
    assert off < 0.05
    assert (errors > 0).all()


def test_what_comes_from_before_and_from_behind_meets_in_the_smoother():
    draw = np.random.default_rng(7)
    walk, r = np.full(2, 1e-3), 0.1
    y = 1.0 + gaussian(draw, r, (60, 2))
    noise = np.full(y.shape, r)
    past, future = np.empty_like(y), np.empty_like(y)
    before, behind = np.empty(y.shape), np.empty(y.shape)
    views = Estimates(past, before), Estimates(future, behind)
    filter_both_ways(y, noise, walk, np.zeros(2, complex), np.ones(2), *views)
    smooth, error, _, _ = smoothed(y, noise, 1e-3, rounds=1)
    joined = 1.0 / (1.0 / before + 1.0 / behind)
    assert np.allclose(error, joined)
    assert np.allclose(smooth, joined * (past / before + future / behind), atol=0.02)
