"""The log-spectral amplitude gain is Ephraim and Malah's, and the two passes find signal in noise."""

import numpy as np
import pytest
from scipy.special import exp1
from wavemend.kernels.spectra.spectral_gain import (
    LEAST_A_PRIORI_SNR,
    a_posteriori_snr,
    first_pass,
    log_spectral_amplitude_gain,
    print_correction,
    second_pass,
)


@pytest.mark.parametrize("xi_db", [-25, -15, -5, 0, 5, 15, 40, 120])
def test_gain_is_equation_20_of_ephraim_and_malah(xi_db):
    xi = 10 ** (xi_db / 10)
    gamma = 10 ** (np.linspace(-80, 60, 501) / 10)
    v = xi / (1 + xi) * gamma
    expected = np.minimum(xi / (1 + xi) * np.exp(exp1(v) / 2), 1)
    gain = [log_spectral_amplitude_gain(xi, g) for g in gamma]
    np.testing.assert_allclose(gain, expected, rtol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 1e-300, 1.0, 1e12])
def test_gain_is_a_number_from_0_to_1_whatever_is_heard(gamma):
    for xi in (LEAST_A_PRIORI_SNR, 1.0, 1e12):
        assert 0 < log_spectral_amplitude_gain(xi, gamma) <= 1


def noise_powers(shape, seed=0):
    return np.random.default_rng(seed).exponential(size=shape)


def gains_of(snr, weight=0.97, span=5, floor=0.0):
    clean = first_pass(snr, np.zeros((snr.shape[0], snr.shape[2])), weight)
    return second_pass(snr, clean, np.full(span, 1 / span), floor)


def test_snr_is_power_over_noise_and_never_overflows():
    spectra = np.array([[[3 + 4j, 1e200 + 0j, 0j]]])
    snr = a_posteriori_snr(spectra, np.array([[[5.0, 1e-30, 1e-30]]]))
    assert snr[0, 0].tolist() == [5.0, 1e12, 0.0]


def test_noise_alone_is_taken_down_and_steady():
    gains = gains_of(noise_powers((1, 400, 100)))[50:]
    assert 20 * np.log10(np.mean(gains)) < -15
    assert np.mean(gains > 0.5) < 0.05  # without overlap frames are independent, which is harder


def test_a_loud_tone_passes():
    snr = noise_powers((1, 100, 20))
    snr[:, :, 10] = 1e4
    gains = gains_of(snr)
    # what is heard now, which bounds gains, is a mean over eleven bins: 29 dB over the noise here
    assert (gains[10:, 10] > 0.998).all()


def test_the_floor_holds_everywhere():
    assert gains_of(noise_powers((1, 50, 30)), floor=0.25).min() == 0.25


def test_gains_at_an_onset_open_before_it_and_not_after():
    snr = noise_powers((1, 40, 30))
    snr[:, 20:] += 1e4
    gains = gains_of(snr)  # gains[0] belongs to frame 2
    assert (gains[18:] > 0.99).all()
    assert (gains[:16] < 0.6).mean() > 0.95  # two frames of look-ahead, no more


def test_a_tone_in_one_channel_is_kept_in_all():
    snr = np.ascontiguousarray(np.broadcast_to(noise_powers((1, 60, 20)), (3, 60, 20)))
    snr[1, :, 7] = 1e4
    assert (gains_of(snr)[10:, 7] > 0.99).all()


def test_in_two_lots_the_first_pass_is_the_same():
    snr = noise_powers((2, 30, 10))
    whole = first_pass(snr, np.zeros((2, 10)), 0.97)
    previous = np.zeros((2, 10))
    lots = [first_pass(np.ascontiguousarray(lot), previous, 0.97) for lot in (snr[:, :11], snr[:, 11:])]
    assert np.array_equal(np.concatenate(lots, axis=1), whole)


def corrections(level, *, shift=1.0, channels=2):
    """What is made of noise that is `level` times its print, 500 frames, and what is on top of it."""
    return print_correction(level / shift * noise_powers((channels, 500, 200)), shift, np.zeros(3))


@pytest.mark.parametrize(("level_db", "expected_db"), [(0, 0), (0.8, 0), (-0.8, 0), (3, 2), (8, 2), (-4, -1)])
def test_a_print_is_corrected_within_bounds(level_db, expected_db):
    last_db = 10 * np.log10(corrections(10 ** (level_db / 10))[-1])
    assert last_db == pytest.approx(expected_db, abs=0.15)


def test_a_correction_rises_slowly():
    correction_db = 10 * np.log10(corrections(4.0))
    assert correction_db[0] < 0.02
    assert np.diff(correction_db).max() < 0.0126


def test_what_the_threshold_shifts_is_not_corrected():
    np.testing.assert_allclose(corrections(2.0, shift=2.0), corrections(2.0), rtol=1e-9)


def test_a_program_in_half_of_the_bins_is_not_taken_for_noise():
    snr = noise_powers((1, 500, 200))
    snr[:, :, ::2] *= 100.0
    assert print_correction(snr, 1.0, np.zeros(3))[-1] == pytest.approx(1.0, abs=0.05)


def test_silence_raises_nothing():
    assert (print_correction(np.zeros((1, 100, 20)), 1.0, np.zeros(3)) <= 1.0).all()
