"""Noise that two channels share is told from what else they share, and becomes noise that they do not."""

import numpy as np
import pytest
from wavemend.kernels.spectra.noise_correlation import correlated, decorrelated, noise_correlation


def noise(correlation, frames=400, seed=0):
    """Spectra of two channels of noise of power 1 with this correlation."""
    draw = np.random.default_rng(seed)
    one, other = (draw.standard_normal((2, frames, 100, 2)) / np.sqrt(2)) @ [1, 1j]
    return np.stack([one, correlation * one + np.sqrt(1 - correlation**2) * other])


def last_of(spectra):
    return noise_correlation(spectra, np.zeros(2), 0.99)[-1]


@pytest.mark.parametrize("sign", [-1, 1])
def test_shared_noise_is_seen_with_its_sign(sign):
    assert last_of(noise(sign * 1.0)) == pytest.approx(sign * 0.95)
    assert sign * last_of(noise(sign * 0.7)) == pytest.approx(0.65, abs=0.1)


def test_independent_noise_is_left_as_it_is():
    spectra = noise(0.0)
    correlation = noise_correlation(spectra, np.zeros(2), 0.99)
    assert (correlation[20:] == 0).all()
    assert np.array_equal(decorrelated(spectra, np.zeros(400)), spectra)


def test_a_loud_sound_in_the_middle_is_not_taken_for_shared_noise():
    spectra = noise(0.0)
    spectra[:, :, ::3] += 30.0
    assert last_of(spectra) == 0.0


def test_silence_shares_nothing():
    assert (noise_correlation(np.zeros((2, 5, 10), np.complex128), np.zeros(2), 0.99) == 0).all()


@pytest.mark.parametrize("correlation", [-0.9, 0.3, 0.95])
def test_decorrelated_noise_is_independent_and_of_power_1(correlation):
    mixed = decorrelated(noise(correlation), np.full(400, correlation))
    np.testing.assert_allclose(np.mean(np.abs(mixed) ** 2, axis=(1, 2)), 1.0, atol=0.03)
    assert abs(np.mean(mixed[0] * mixed[1].conj())) < 0.02


def test_there_and_back_is_the_same():
    spectra, correlation = noise(0.5), np.linspace(-0.95, 0.95, 400)
    np.testing.assert_allclose(
        correlated(decorrelated(spectra, correlation), correlation), spectra, atol=1e-12
    )


def test_any_grouping_of_frames_gives_the_same_bits():
    spectra, sums = noise(0.8), np.zeros(2)
    parts = [noise_correlation(spectra[:, at : at + 48], sums, 0.99) for at in range(0, 400, 48)]
    assert np.array_equal(np.concatenate(parts), noise_correlation(spectra, np.zeros(2), 0.99))
