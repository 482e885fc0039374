"""The network's gains, whatever it says: bounded, alike at every level, dependent on their context alone."""

import numpy as np
from wavemend.analysis.noise.gains import CONTEXT, FEATURES, MODEL, features_of, noise_gains, turned
from wavemend.inference.packaged import model

FREQUENCY = np.arange(0, 8001, 20.0)


def noise(frames=60, seed=0):
    return np.random.default_rng(seed).exponential(size=(frames, FREQUENCY.size))


def gains(snr, shared=0.0):
    return noise_gains(model(MODEL), snr, FREQUENCY, shared)


def test_noise_is_taken_and_what_is_far_over_it_is_kept():
    snr = noise()
    snr[:, 100:104] = 1e6
    heard = gains(snr)
    assert heard.shape == (60 - 2 * CONTEXT, FREQUENCY.size)
    assert (heard >= 0).all()
    assert (heard <= 1).all()
    assert np.median(heard[:, 200:]) < 0.2
    assert (heard[:, 100:104] > 0.9999).all()


def test_a_recording_without_noise_is_not_touched():
    assert np.abs(gains(np.full((60, FREQUENCY.size), 1e30)) - 1).max() < 1e-15


def test_gains_depend_on_their_context_alone():
    snr = noise()
    other = snr.copy()
    other[: 30 - CONTEXT] = 7.0
    other[31 + CONTEXT :] = 0.0
    # sums over other frames round in other ways
    np.testing.assert_allclose(gains(snr)[30 - CONTEXT], gains(other)[30 - CONTEXT], atol=1e-5)


def test_features_are_finite_and_of_order_one():
    for snr in (noise(), np.zeros((30, FREQUENCY.size)), np.full((30, FREQUENCY.size), 1e200)):
        features = features_of(snr, FREQUENCY, 1.0)
        assert features.shape == (FEATURES, len(snr) - 2 * CONTEXT, FREQUENCY.size)
        assert np.isfinite(features).all()
        assert np.abs(features).max() < 5


def test_what_two_channels_share_is_turned_into_one():
    draw = np.random.default_rng(2)
    source = draw.standard_normal((30, 50)) + 1j * draw.standard_normal((30, 50))
    shared, rest = turned(np.stack([0.5 * source, 2.0 * source]))[0]
    assert np.abs(rest).max() < 1e-6 * np.abs(shared).max()
