"""Turned onto its axis, a sound panned anywhere is in one channel; turned back, nothing has changed."""

import numpy as np
import pytest
from wavemend.kernels.spectra.principal_axes import principal_axes, rotate


def spectra(channels):
    draw = np.random.default_rng(1)
    return draw.standard_normal((channels, 9, 30)) + 1j * draw.standard_normal((channels, 9, 30))


@pytest.mark.parametrize("pan", [(1.0, 0.0), (0.0, 1.0), (0.6, 0.8), (0.6, -0.8), (-0.7, -0.7)])
def test_a_panned_sound_is_turned_into_the_first_channel(pan):
    source = spectra(1)
    both = np.array(pan)[:, None, None] * source
    turned = rotate(both[:, 2:-2], principal_axes(both, 2, 1))
    assert np.abs(turned[1]).max() < 1e-7
    np.testing.assert_allclose(np.abs(turned[0]), np.hypot(*pan) * np.abs(source[0, 2:-2]), rtol=1e-6)


def test_turned_there_and_back_is_the_same():
    both = spectra(2)
    axes = principal_axes(both, 2, 1)
    np.testing.assert_allclose(rotate(rotate(both[:, 2:-2], axes), axes.conj()), both[:, 2:-2], atol=1e-12)
    np.testing.assert_allclose(np.abs(axes), 1.0, rtol=1e-12)


def test_silence_has_an_axis():
    silence = np.zeros((2, 9, 30), np.complex128)
    assert (principal_axes(silence, 2, 1) == 1.0).all()
