"""The training's noises have the densities that their prints are drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from models.training.denoise.examples import expected_power
from models.training.denoise.noises import RATE, density, noise, print_of
from wavemend.kernels.spectra.stft import forward, hann

COUNT = 8 * RATE
FREQUENCY = np.fft.rfftfreq(COUNT, 1 / RATE)


@pytest.mark.parametrize("seed", range(6))
def test_a_noise_has_its_density(seed: int) -> None:
    draw = np.random.default_rng(seed)
    power = density(FREQUENCY, draw)
    assert power.shape == FREQUENCY.shape
    assert (power > 0).all()
    assert power.max() == pytest.approx(1.0, rel=1e-6)
    window = hann(2048)
    heard = np.mean(np.abs(forward(noise(1, COUNT, power, draw), window, 512)) ** 2, axis=(0, 1))
    apart_db = 10 * np.log10(heard / expected_power(power, window))
    # 680 frames of a window: 0.3 dB of scatter, more where surfaces are grainy or pulse
    assert np.sqrt(np.mean(apart_db**2)) < 0.6


def test_expected_power_of_white_noise_is_that_of_the_window() -> None:
    window = hann(512)
    expected = expected_power(np.ones(5001), window)
    np.testing.assert_allclose(expected, np.sum(window**2), rtol=1e-9)


def test_prints_are_off_by_few_decibels() -> None:
    frequency = np.linspace(0.0, 22050.0, 1000)
    draw = np.random.default_rng(0)
    off_db = np.array([10 * np.log10(print_of(np.ones(1000), frequency, draw)) for _ in range(300)])
    offset_db = np.mean(off_db[:, 300:], axis=1)
    assert np.abs(offset_db).max() < 6.0  # 3 dB, and a tilt
    assert 1.0 < offset_db.std() < 2.5
    assert abs(offset_db.mean()) < 0.4
