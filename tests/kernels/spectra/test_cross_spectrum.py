"""Sums of products are those of scipy's cross-spectra, and a delay is found to a fraction of a sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import fft, signal
from wavemend.kernels.spectra import cross_spectrum as cs

SIZE = 256
WINDOW = np.hanning(SIZE + 1)[:-1]
BINS = SIZE // 2 + 1


def noise(channels: int, samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((channels, samples))


def frames_of(audio: np.ndarray) -> list[np.ndarray]:
    """Spectra of half-overlapping windowed frames."""
    starts = range(0, audio.shape[1] - SIZE + 1, SIZE // 2)
    return [fft.rfft(audio[:, at : at + SIZE] * WINDOW).astype(np.complex64) for at in starts]


def summed(audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    power = np.zeros((len(audio), BINS))
    cross = np.zeros((len(audio) - 1, BINS), np.complex128)
    for spectra in frames_of(audio):
        cs.add_products(spectra, power, cross)
    return power, cross


def levelled(audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    power = np.zeros((len(audio) - 1, 2, BINS))
    cross = np.zeros((len(audio) - 1, BINS), np.complex128)
    for spectra in frames_of(audio):
        cs.add_levelled_products(spectra, power, cross)
    return power, cross


def delayed(cross_bins: int, samples: float, sign: float = 1.0) -> np.ndarray:
    """Cross-spectrum of a channel that comes `samples` later."""
    return sign * np.exp(-1j * np.pi * np.arange(cross_bins) / (cross_bins - 1) * samples)


@settings(max_examples=30)
@given(st.integers(1, 4), st.integers(0, 60), st.integers(0, 99))
def test_sums_of_a_frame_are_those_of_numpy_and_are_added(channels: int, samples: int, seed: int) -> None:
    frame = noise(channels, samples, seed)
    energy, product, apart = np.ones(channels), np.full(channels - 1, 2.0), np.full(channels - 1, 3.0)
    cs.add_samples(frame, energy, product, apart)
    np.testing.assert_allclose(energy, 1.0 + np.sum(frame**2, axis=1), rtol=1e-12)
    np.testing.assert_allclose(product, 2.0 + frame[1:] @ frame[0], atol=1e-12)
    np.testing.assert_allclose(apart, 3.0 + np.sum((frame[1:] - frame[0]) ** 2, axis=1), rtol=1e-12)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 90), max_size=5))
def test_frames_cut_anywhere_sum_up_to_the_whole(cuts: list[int]) -> None:
    audio = noise(3, 90)
    parts, whole = [[np.zeros(3), np.zeros(2), np.zeros(2)] for _ in range(2)]
    for frame in np.split(audio, sorted(cuts), axis=1):
        cs.add_samples(np.ascontiguousarray(frame), *parts)
    cs.add_samples(audio, *whole)
    for part, one in zip(parts, whole, strict=True):
        np.testing.assert_allclose(part, one, rtol=1e-12, atol=1e-12)


def test_identical_channels_do_not_differ_at_all() -> None:
    frame = np.repeat(noise(1, 100), 2, axis=0)
    energy, product, apart = np.zeros(2), np.zeros(1), np.zeros(1)
    cs.add_samples(frame, energy, product, apart)
    assert energy[0] == energy[1] == product[0] and apart[0] == 0.0


def test_products_are_the_cross_spectral_densities_of_scipy() -> None:
    audio = noise(3, 4_096)
    audio[1] += 2.0 * np.roll(audio[0], 3)
    power, cross = summed(audio)
    settings_of = {"window": WINDOW, "noverlap": SIZE // 2, "detrend": False, "return_onesided": True}
    scale = len(frames_of(audio)) * np.sum(WINDOW**2) / np.r_[1.0, np.full(BINS - 2, 2.0), 1.0]
    for channel in range(3):
        density = signal.csd(audio[0], audio[channel], **settings_of)[1] * scale
        own = signal.welch(audio[channel], **settings_of)[1] * scale
        np.testing.assert_allclose(power[channel], own, rtol=1e-5)
        if channel:
            np.testing.assert_allclose(cross[channel - 1], density, rtol=1e-5, atol=1e-5 * own.max())


def test_levelled_products_divide_each_frame_by_the_mean_magnitude() -> None:
    audio = noise(3, 2_048)
    power, cross = levelled(audio)
    spectra = np.array(frames_of(audio), np.complex128)
    for other in (1, 2):
        one, two = spectra[:, 0], spectra[:, other]
        mean = np.sqrt(np.abs(one) * np.abs(two))
        np.testing.assert_allclose(cross[other - 1], np.sum(one.conj() * two / mean, axis=0), rtol=1e-9)
        np.testing.assert_allclose(power[other - 1, 0], np.sum(np.abs(one) ** 2 / mean, axis=0), rtol=1e-9)
        np.testing.assert_allclose(power[other - 1, 1], np.sum(np.abs(two) ** 2 / mean, axis=0), rtol=1e-9)


def test_one_loud_frame_weighs_less_where_products_are_levelled() -> None:
    audio = noise(2, 2_048)
    loud = audio.copy()
    loud[:, :SIZE] *= 100.0
    grown = np.abs(summed(loud)[0]).sum() / np.abs(summed(audio)[0]).sum()
    grown_levelled = levelled(loud)[0].sum() / levelled(audio)[0].sum()
    assert grown > 500.0 and grown_levelled < 20.0


@pytest.mark.parametrize("sums", [summed, levelled])
def test_gain_scales_and_silence_adds_nothing(sums) -> None:
    audio = noise(2, 1_024)
    power, cross = sums(audio)
    degree = 2 if sums is summed else 1
    for one, other in zip(sums(4.0 * audio), (power, cross), strict=True):
        np.testing.assert_allclose(one, 4.0**degree * other, rtol=1e-9)
    silent = sums(np.zeros((2, 1_024)))
    assert not silent[0].any() and not silent[1].any()
    half = audio.copy()
    half[1] = 0.0
    assert np.isfinite(sums(half)[0]).all() and not sums(half)[1].any()
    assert not sums(noise(1, 1_024))[1].size


def test_coherence_is_that_of_scipy_less_what_chance_shows() -> None:
    audio = noise(2, 8_192)
    audio[1] += signal.lfilter([1.0], [1.0, -0.7], audio[0])
    power, cross = summed(audio)
    frames = len(frames_of(audio))
    raw = signal.coherence(*audio, window=WINDOW, noverlap=SIZE // 2, detrend=False)[1]
    expected = np.clip((raw - 1 / frames) / (1 - 1 / frames), 0.0, 1.0)
    np.testing.assert_allclose(cs.coherence(cross[0], power[0] * power[1], frames), expected, atol=1e-5)


def test_coherence_of_one_source_of_two_and_of_none() -> None:
    audio = noise(2, 32_768)
    audio = np.stack([audio[0], -3.0 * audio[0], audio[1]])
    power, cross = summed(audio)
    frames = 0.9 * len(frames_of(audio))
    same, other = (cs.coherence(cross[k], power[0] * power[k + 1], frames) for k in range(2))
    np.testing.assert_allclose(same, 1.0, atol=1e-5)
    assert other.mean() < 1.5 / frames and other.max() < 0.1
    assert not cs.coherence(np.zeros(BINS, complex), np.zeros(BINS), frames).any()


@settings(max_examples=40)
@given(st.floats(-30.0, 30.0), st.sampled_from([1.0, -1.0]))
def test_a_pure_delay_is_found_to_a_millionth_of_a_sample(samples: float, sign: float) -> None:
    found = cs.delay(delayed(BINS, samples, sign), np.full(BINS, 0.9), 40)
    assert found.samples == pytest.approx(samples, abs=1e-6)
    assert found.sign == sign
    assert found.error < 1e-6
    assert found.linearity == pytest.approx(1.0, abs=1e-6)
    assert found.significance == pytest.approx(np.sqrt(2 * BINS), rel=1e-6)


@pytest.mark.parametrize("samples", [-7, 0, 1, 12])
@pytest.mark.parametrize("gain", [0.5, -2.0])
def test_the_delay_of_noise_under_noise(samples: int, gain: float) -> None:
    source = noise(1, 40_000)[0]
    audio = np.stack([source, gain * np.roll(source, samples)]) + 0.3 * noise(2, 40_000, seed=1)
    power, cross = levelled(audio)
    coherent = cs.coherence(cross[0], power[0, 0] * power[0, 1], 0.9 * len(frames_of(audio)))
    found = cs.delay(cross[0], coherent, 20)
    assert found.sign == np.sign(gain)
    assert abs(found.samples - samples) < 5 * found.error < 0.05
    assert found.linearity > 0.9 and found.significance > 10.0


def test_channels_the_other_way_round_are_early() -> None:
    cross = delayed(BINS, 5.3) + 0.2 * noise(2, BINS).T.copy().view(complex)[:, 0]
    coherent = np.linspace(0.9, 0.1, BINS)
    one, other = cs.delay(cross, coherent, 20), cs.delay(cross.conj(), coherent, 20)
    assert other.samples == pytest.approx(-one.samples, abs=1e-9)
    assert other.error == pytest.approx(one.error, rel=1e-6)
    assert (other.sign, other.linearity) == (one.sign, pytest.approx(one.linearity))


def test_gain_does_not_move_a_delay() -> None:
    cross = delayed(BINS, 2.7) * np.random.default_rng(0).uniform(0.5, 2.0, BINS)
    coherent = np.full(BINS, 0.8)
    assert cs.delay(8.0 * cross, coherent, 20) == cs.delay(cross, coherent, 20)


@pytest.mark.parametrize("farthest", [0, 1, 5])
def test_no_delay_is_found_far_past_the_farthest(farthest: int) -> None:
    found = cs.delay(delayed(BINS, 60.0), np.full(BINS, 0.9), farthest)
    assert abs(found.samples) <= farthest + 1
    assert found.linearity < 0.2


def test_unrelated_channels_have_a_delay_of_no_significance() -> None:
    power, cross = levelled(noise(2, 60_000))
    coherent = cs.coherence(cross[0], power[0, 0] * power[0, 1], 400.0)
    assert cs.delay(cross[0], coherent, 20).significance < 6.0


def test_bins_that_are_left_out_do_not_count() -> None:
    cross, coherent = delayed(BINS, 4.25), np.zeros(BINS)
    coherent[20:60] = 0.9
    cross[:20], cross[60:] = -1.0, 1j
    found = cs.delay(cross, coherent, 20)
    assert found.samples == pytest.approx(4.25, abs=1e-6) and found.sign == 1.0


def test_nothing_in_common_is_no_delay() -> None:
    found = cs.delay(np.zeros(BINS, complex), np.zeros(BINS), 20)
    assert found.error == np.inf
    assert found.linearity == 0.0 and found.significance == 0.0
