"""Overlapping frames add up to what they were cut from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.kernels.spectra.stft import (
    OVERLAP,
    band_levels,
    forward,
    hann,
    hop_length,
    inverse,
    mean_and_product,
    overlap_add,
)


def resynthesise(audio, hop):
    window = hann(OVERLAP * hop)
    before = (OVERLAP - 1) * hop
    padded = np.pad(audio, ((0, 0), (before, before)))
    frames = inverse(forward(padded, window, hop), window)
    samples, _ = overlap_add(frames, np.zeros((len(audio), before)))
    return samples[:, before:]


@given(st.integers(2, 40), st.integers(1, 6), st.integers(1, 3), st.integers(0, 2**32))
def test_unchanged_spectra_give_the_input_back(hop, hops, channels, seed):
    audio = np.random.default_rng(seed).standard_normal((channels, hop * hops))
    np.testing.assert_allclose(resynthesise(audio, hop)[:, : hop * hops], audio, atol=1e-12)


@given(st.integers(1, 7))
def test_frames_added_in_two_lots_are_those_added_at_once(split):
    hop, count = 8, 8
    frames = np.random.default_rng(split).standard_normal((2, count, OVERLAP * hop))
    nothing = np.zeros((2, (OVERLAP - 1) * hop))
    first, tail = overlap_add(frames[:, :split], nothing)
    second, tail = overlap_add(frames[:, split:], tail)
    whole, whole_tail = overlap_add(frames, nothing)
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, atol=1e-14)
    np.testing.assert_allclose(tail, whole_tail, atol=1e-14)


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 22050, 44100, 48000, 96000, 192000, 768000])
def test_a_frame_lasts_as_long_at_any_rate(rate):
    seconds = OVERLAP * hop_length(rate, 0.05) / rate
    assert 0.05 <= seconds < 0.0525


def test_a_sine_in_the_middle_of_a_bin_lies_in_three_bins():
    window = hann(64)
    sine = np.cos(2 * np.pi * 8 * np.arange(64) / 64)[np.newaxis]
    power = np.abs(forward(sine, window, 16)[0, 0]) ** 2
    assert np.flatnonzero(power > 1e-20 * power.max()).tolist() == [7, 8, 9]


def test_mean_and_product_of_powers():
    draw = np.random.default_rng(0)
    spectra = draw.standard_normal((2, 4, 9)) + 1j * draw.standard_normal((2, 4, 9))
    mean, product = mean_and_product(spectra, 0.5, 1e-3)
    power = 0.5 * np.abs(spectra) ** 2 + 1e-3
    np.testing.assert_allclose(mean, power.mean(axis=1))
    np.testing.assert_allclose(product, power.prod(axis=1))


def test_frames_of_a_view_are_those_of_its_copy():
    audio = np.random.default_rng(0).standard_normal((3, 400))
    view = audio[1:, 30:].T.copy().T
    assert np.array_equal(forward(view, hann(64), 16), forward(np.ascontiguousarray(view), hann(64), 16))


def test_band_levels_are_means_and_mean_logarithms_over_bands():
    draw = np.random.default_rng(5)
    spectra = draw.standard_normal((2, 3, 40)) + 1j * draw.standard_normal((2, 3, 40))
    edges = np.array([2, 6, 17])
    mean, logarithm = band_levels(spectra, edges, 0.5, 1e-20)
    power = 0.5 * np.abs(spectra) ** 2 + 1e-20
    for band, (start, stop) in enumerate([(2, 6), (6, 17), (17, 40)]):
        np.testing.assert_allclose(mean[..., band], power[..., start:stop].mean(axis=-1))
        np.testing.assert_allclose(logarithm[..., band], np.log(power[..., start:stop]).mean(axis=-1))
