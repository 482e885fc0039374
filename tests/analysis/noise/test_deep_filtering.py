"""What DeepFilterNet hears: its bands, and levels that follow the recording."""

from __future__ import annotations

import numpy as np
from wavemend.analysis.noise.deep_filtering import BINS, Shown, band_widths, window


def test_bands_have_two_bins_at_the_least_and_cover_all() -> None:
    widths = band_widths()
    assert widths.min() == 2
    assert widths.sum() == BINS


def test_windows_add_up() -> None:
    both = window(480) ** 2
    np.testing.assert_allclose(both[:480] + both[480:], 1.0)


def test_levels_follow_and_blocks_do_not_matter() -> None:
    draw = np.random.default_rng(0)
    spectra = 1e-3 * (draw.standard_normal((300, BINS)) + 1j * draw.standard_normal((300, BINS)))
    bands, deep = Shown().hear(spectra)
    assert abs(bands[-50:].mean()) < 0.1
    parts = Shown()
    again = [parts.hear(spectra[at : at + 100]) for at in (0, 100, 200)]
    np.testing.assert_array_equal(np.concatenate([one for one, _ in again]), bands)
    np.testing.assert_array_equal(np.concatenate([other for _, other in again]), deep)
