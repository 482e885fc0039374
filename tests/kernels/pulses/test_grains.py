"""Grains are found again in an excitation, with the low notes that it says nothing of; noise is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend.kernels.prediction.voids import band_filter
from wavemend.kernels.pulses.grains import PLAYED, estimate_grain, grains_at, limited, responses

RATE = 44_100.0
MODEL = np.poly([0.97 * np.exp(0.1j), 0.97 * np.exp(-0.1j), 0.9 * np.exp(0.9j), 0.9 * np.exp(-0.9j)]).real
AT = 300


def estimated(grain: np.ndarray, peak: int, height: float, seed: int = 0) -> tuple[np.ndarray, float]:
    """Put a grain that peaks at `peak` into noise, and return what is found of it on its own samples."""
    grains = grains_at(RATE)
    e = np.random.default_rng(seed).standard_normal(1_000)
    driven = lfilter(MODEL, [1.0], np.pad(grain, (0, 8)))
    e[AT - peak : AT - peak + driven.size] += driven
    room = np.zeros(grains.rows.shape[1] + 2 * grains.shift)
    length, evidence, _ = estimate_grain(e, AT, height, grains, responses(grains, MODEL, True), True, room)
    found = np.zeros(1_000)
    begin = AT - grains.peak - grains.shift
    found[begin : begin + length] = room[:length]
    return found[AT - peak : AT - peak + grain.size], evidence


@pytest.mark.parametrize("family", range(PLAYED))
def test_a_grain_of_any_family_is_found_again(family: int) -> None:
    grains = grains_at(RATE)
    rows = grains.rows[grains.family[family] : grains.family[family + 1]]
    grain = 60.0 * rows[0] / np.abs(rows[0]).max()
    peak = int(np.argmax(np.abs(grain)))
    found, evidence = estimated(grain, peak, 60.0)
    assert evidence > 50.0
    assert np.sum((found - grain) ** 2) < 0.05 * np.sum(grain**2)


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_grain(seed: int) -> None:
    assert estimated(np.zeros(100), 50, 3.0, seed)[1] < 5.0


def test_within_a_band_grains_have_nothing_above_it() -> None:
    grains = grains_at(RATE)
    within = limited(grains, band_filter(0.5, 24))
    assert within.peak == grains.peak + 24
    for rows, most in ((grains.rows, 1.0), (within.rows, 1e-3)):
        power = np.abs(np.fft.rfft(rows, 1_024, axis=1)) ** 2
        assert power[:, 350:].sum() < most * power.sum()
