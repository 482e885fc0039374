"""A grain without a sharp beginning is found again whole; noise is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend.kernels.pulses.grains import PLAYED, estimate_grain, responses
from wavemend.kernels.pulses.soft_grains import soft_grains_at

from tests.kernels.pulses.test_grains import MODEL, RATE

AT = 400


def swell(hz: float, rise_ms: float) -> np.ndarray:
    t = np.arange(-150, 151) / RATE
    return np.exp(-0.5 * (t / (1e-3 * rise_ms)) ** 2) * np.cos(2.0 * np.pi * hz * t)


def estimated(grain: np.ndarray, height: float, seed: int = 0) -> tuple[np.ndarray, float]:
    grains = soft_grains_at(RATE)
    e = np.random.default_rng(seed).standard_normal(1_000)
    e[AT - 150 : AT + 151 + 8] += lfilter(MODEL, [1.0], np.pad(height * grain, (0, 8)))
    room = np.zeros(grains.rows.shape[1] + 2 * grains.shift)
    length, evidence, _ = estimate_grain(e, AT, height, grains, responses(grains, MODEL, False), False, room)
    found = np.zeros(1_000)
    begin = AT - grains.peak - grains.shift
    found[begin : begin + length] = room[:length]
    return found[AT - 150 : AT + 151], evidence


@pytest.mark.parametrize("rise_ms", [0.04, 0.07])
@pytest.mark.parametrize("hz", [1500.0, 4000.0])
def test_a_soft_grain_is_found_again_whole(hz: float, rise_ms: float) -> None:
    grain = swell(hz, rise_ms)
    found, evidence = estimated(grain, 200.0)
    assert evidence > 30.0
    assert np.sum((found - 200.0 * grain) ** 2) < 0.1 * np.sum((200.0 * grain) ** 2)


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_soft_grain(seed: int) -> None:
    assert estimated(np.zeros(301), 3.0, seed)[1] < 5.0


@pytest.mark.parametrize("rate", [8_000.0, 48_000.0, 96_000.0, 192_000.0])
def test_soft_grains_last_as_long_at_every_rate(rate: float) -> None:
    grains = soft_grains_at(rate)
    assert grains.sizes.size == PLAYED
    assert grains.peak / rate == pytest.approx(0.5e-3, rel=0.1)
