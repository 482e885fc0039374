"""A ring that has passed a band limit is known as well as one that has not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import firwin
from wavemend.kernels.prediction.models import covariance_model, excitation_of
from wavemend.kernels.pulses.dull_ring import dull_ring, low_pass
from wavemend.kernels.pulses.rings import RingSearch

from tests.kernels.pulses.test_clicks import AT, SEARCH, SIZE, pop, sound

EDGE, SPREAD, ORDER = 0.5, 20, 32
THROUGH = firwin(255, EDGE, window=("kaiser", 9.0))


def limited(x: np.ndarray) -> np.ndarray:
    return np.convolve(x, THROUGH, "same")


@pytest.mark.parametrize("hertz", [1_200.0, 1_500.0])
def test_a_ring_through_a_band_limit_is_found_as_it_came_through(hertz: float) -> None:
    clean = limited(sound())
    ring = np.zeros(SIZE)
    ring[AT : AT + 400] = 5.0 * np.std(clean) * pop(hertz)
    ring = limited(ring)
    noise = 10.0 ** (-60 / 20) * np.std(clean)
    a = np.empty(ORDER + 1)
    variance = covariance_model(clean, 500, AT - SPREAD, np.zeros(SIZE, np.bool_), 1e-10, noise**2, a)
    e = excitation_of(clean + ring, AT - SPREAD, AT + 400, a) / np.sqrt(variance)
    search = RingSearch(SEARCH.starts + 2 * SPREAD, SEARCH.poles, SEARCH.slowest, 0, EDGE)
    pulse = np.empty(300)
    assert dull_ring(e, a, search, pulse) > 100.0
    left = ring[AT - SPREAD :][:300] - np.sqrt(variance) * pulse
    assert np.sum(left**2) < 0.1 * np.sum(ring**2)


def test_without_a_ring_there_is_none() -> None:
    search = RingSearch(SEARCH.starts, SEARCH.poles, SEARCH.slowest, 0, EDGE)
    pulse = np.full(100, np.nan)
    assert dull_ring(np.zeros(400), np.array([1.0, -0.9]), search, pulse) == 0.0
    assert not pulse.any()


@pytest.mark.parametrize("edge", [0.2, 0.5, 0.9])
def test_a_low_pass_passes_what_is_under_its_edge(edge: float) -> None:
    gain = np.abs(np.fft.rfft(low_pass(edge, 40), 2_000))
    frequency = np.linspace(0.0, 1.0, gain.size)
    assert np.allclose(gain[frequency < edge - 0.05], 1.0, atol=0.02)
    assert np.all(gain[frequency > edge + 0.05] < 0.02)
