"""Impulses added to a known sound are found and measured; in a sound alone there are none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend.kernels.pulses.sparse_impulses import local_scale, sparse_impulses

MODEL = np.poly([0.97 * np.exp(0.1j), 0.97 * np.exp(-0.1j), 0.9 * np.exp(0.9j), 0.9 * np.exp(-0.9j)]).real


def excited(places: list[int], heights: list[float], samples: int = 2_000) -> np.ndarray:
    """White excitation of unit variance, and what impulses of these heights add to it."""
    added = np.zeros(samples)
    added[places] = heights
    return np.random.default_rng(0).standard_normal(samples) + lfilter(MODEL, [1.0], added)


def estimate(e: np.ndarray, earlier: np.ndarray | None = None, alone: float = 16.0) -> np.ndarray:
    n = np.zeros(e.size) if earlier is None else earlier.copy()
    rest = e - lfilter(MODEL, [1.0], n)
    sparse_impulses(e, rest, MODEL, 10, e.size - MODEL.size, alone, n)
    return n


def test_impulses_are_found_and_measured() -> None:
    places, heights = [100, 103, 500, 900, 1_500], [20.0, -15.0, 8.0, -30.0, 12.0]
    n = estimate(excited(places, heights))
    assert set(places) <= set(np.flatnonzero(n))
    assert np.count_nonzero(n) <= len(places) + 2
    assert np.abs(n[places] - heights).max() < 1.5


def test_neighbours_are_estimated_together() -> None:
    places, heights = [500, 503, 504, 520, 521], [30.0, -20.0, 25.0, 15.0, -40.0]
    n = estimate(excited(places, heights))
    assert set(places) <= set(np.flatnonzero(n))
    assert np.sum((n[places] - heights) ** 2) < 0.02 * np.sum(np.square(heights))


def test_white_excitation_holds_no_impulses() -> None:
    assert not estimate(excited([], [])).any()


def test_an_earlier_turn_is_a_start_and_no_verdict() -> None:
    e = excited([500, 900], [20.0, -20.0])
    cold = estimate(e)
    wrong = np.zeros(e.size)
    wrong[[200, 500]] = 9.0, 25.0
    warm = estimate(e, wrong)
    assert np.array_equal(np.flatnonzero(warm), np.flatnonzero(cold))
    assert np.allclose(warm, cold, atol=1e-3)


@pytest.mark.parametrize("alone", [9.0, 36.0])
def test_alone_is_how_far_an_impulse_must_stand_out(alone: float) -> None:
    power = np.sqrt(np.sum(MODEL**2))
    heights = np.array([0.5, 1.8]) * np.sqrt(alone) / power
    n = estimate(excited([500, 1_200], heights.tolist()), alone=alone)
    assert n[500] == 0.0
    assert n[1_200] != 0.0


def test_the_scale_follows_the_excitation_and_not_its_impulses() -> None:
    e = np.random.default_rng(1).standard_normal(4_096)
    e[2_048:] *= 10.0
    e[::50] += 300.0
    scale = np.empty(e.size)
    whole = local_scale(e, 0, 64, 0.0, scale)
    assert 0.8 < scale[:1_400].mean() < 1.2
    assert 8.0 < scale[2_700:].mean() < 12.0
    assert 1.0 < whole < 10.0


def test_the_scale_has_a_floor() -> None:
    scale = np.empty(1_024)
    assert local_scale(np.zeros(1_024), 32, 64, 0.25, scale) == 0.25
    assert np.array_equal(scale, np.full(1_024, 0.25))
