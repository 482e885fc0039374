"""What the network of VoiceDenoise sees does not depend on levels, and its bands cover every bin."""

from __future__ import annotations

import numpy as np
from wavemend.analysis.noise.voice_gains import BANDS, BINS, CHANNELS, features_of, spreading


def power(frames: int = 100) -> np.ndarray:
    return np.random.default_rng(0).exponential(size=(frames, BINS))


def test_levels_do_not_matter() -> None:
    one, other = features_of(power()), features_of(1e-6 * power())
    assert one is not None
    assert one.shape == (CHANNELS, 100, BANDS)
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_digital_silence_has_no_features_and_does_not_lower_the_floor() -> None:
    assert features_of(np.zeros((100, BINS))) is None
    begun = np.concatenate([np.zeros((40, BINS)), power()])
    found, alone = features_of(begun), features_of(power())
    assert found is not None
    assert alone is not None
    assert np.abs(found[1, 0] - alone[1, 0]).max() < 0.2


def test_bands_cover_every_bin() -> None:
    weights = spreading()
    assert weights.shape == (BANDS, BINS)
    np.testing.assert_allclose(weights.sum(axis=0), 1.0)
