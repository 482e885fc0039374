"""Noise that is drawn by place: normal, mixed as asked, the same from wherever it is begun."""

from __future__ import annotations

import numpy as np
from wavemend.kernels.spectra.tone_spectra import add_band_products, tone_spectra

BINS = 40
BAND = np.arange(BINS) // 20
EDGES = np.array([0, 20, 40])


def drawn(first: int, frames: int, shared: float = 0.0, key: int = 5) -> np.ndarray:
    one, other = np.sqrt([(1 + shared) / 2, (1 - shared) / 2])
    mixing = np.array([[[1, 0], [0, 1]], [[one, other], [one, -other]]], np.complex128)
    return tone_spectra(np.uint64(key), first, frames, mixing, BAND, np.full((2, BINS), 2.0))


def test_any_frame_is_the_same_from_wherever_it_is_drawn() -> None:
    assert np.array_equal(drawn(-3, 10)[:, 4:6], drawn(1, 2))
    assert not np.isclose(drawn(0, 1), drawn(1, 1)).any()
    assert not np.isclose(drawn(0, 1), drawn(0, 1, key=6)).any()


def test_numbers_are_normal_and_of_the_amplitude() -> None:
    values = drawn(0, 2000).ravel() / 2.0
    parts = np.concatenate([values.real, values.imag]) * np.sqrt(2)
    assert abs(parts.mean()) < 0.01
    assert abs(parts.std() - 1) < 0.01
    assert abs(np.mean(parts**4) - 3) < 0.1
    assert abs(np.mean(np.exp(1j * np.angle(values)))) < 0.01


def test_channels_share_what_is_asked_in_each_band() -> None:
    spectra = drawn(0, 2000, shared=0.6)
    products = np.zeros((2, 2, 2), np.complex128)
    add_band_products(spectra, EDGES, products)
    expected = np.array(
        [np.einsum("cfk,dfk->cd", part, part.conj()) for part in (spectra[..., :20], spectra[..., 20:])]
    )
    np.testing.assert_allclose(products, expected, rtol=1e-9)
    coherence = products[:, 0, 1] / np.sqrt((products[:, 0, 0] * products[:, 1, 1]).real)
    assert np.abs(coherence - [0.0, 0.6]).max() < 0.02
