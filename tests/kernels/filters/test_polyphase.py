"""Windowed sincs in polyphase form are the filters of scipy; peaks between samples are all that there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import freqz, upfirdn
from scipy.signal.windows import kaiser
from wavemend.kernels.filters.polyphase import decimate, decimator, interpolate, interpolator, peak_between

FACTOR, TAPS = 4, 12


def noise(channels: int, samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((channels, samples))


def between(x: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """All that lies between the samples of one channel, shape (phases, outputs)."""
    count = max(x.size - phases.shape[1] + 1, 0)
    return np.array([np.correlate(x, phase, "valid")[:count] if count else [] for phase in phases])


@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("taps", [2, 12, 48])
def test_an_interpolator_is_a_kaiser_windowed_sinc(factor: int, taps: int) -> None:
    middle = factor * taps // 2
    whole = np.sinc((np.arange(2 * middle + 1) - middle) / factor) * kaiser(2 * middle + 1, 6.0)
    phases = interpolator(factor, taps)
    assert phases.shape == (factor - 1, taps)
    for p, phase in enumerate(phases, 1):
        own = whole[p::factor][:taps][::-1]
        np.testing.assert_allclose(phase, own / own.sum(), atol=1e-12)
        np.testing.assert_allclose(phase, phases[factor - 1 - p][::-1], atol=1e-12)


def test_without_oversampling_nothing_lies_between() -> None:
    phases = interpolator(1, TAPS)
    assert phases.shape == (0, TAPS)
    assert peak_between(noise(2, 100), phases, np.array([0.1, 0.2])).tolist() == [0.1, 0.2]


@pytest.mark.parametrize("frequency", [0.0, 0.1, 0.25, 0.35])
def test_a_sine_comes_out_where_it_lies(frequency: float) -> None:
    t = np.arange(300.0)
    phases = interpolator(FACTOR, 48)
    found = between(np.cos(2 * np.pi * frequency * t + 0.4), phases)
    at = np.arange(found.shape[1]) + 23 + np.arange(1, FACTOR)[:, np.newaxis] / FACTOR
    np.testing.assert_allclose(found, np.cos(2 * np.pi * frequency * at + 0.4), atol=2e-3)


def test_the_true_peak_of_a_sine_whose_samples_miss_it() -> None:
    """A quarter of the rate, an eighth of a turn off: samples are 3 dB below the wave (ITU-R BS.1770-4)."""
    x = np.sin(np.pi / 2 * np.arange(400) + np.pi / 4)[np.newaxis]
    assert np.abs(x).max() == pytest.approx(0.5**0.5)
    peak = peak_between(x[:, :-20], interpolator(FACTOR, TAPS), np.zeros(1))
    assert 20 * np.log10(peak[0]) == pytest.approx(0.0, abs=0.1)


def test_a_stretch_is_not_passed_over_whose_samples_alone_are_below_the_peak_so_far() -> None:
    x = np.sin(np.pi / 2 * np.arange(200) + np.pi / 4)[np.newaxis]
    assert peak_between(x, interpolator(FACTOR, TAPS), np.array([0.9]))[0] > 0.99


@settings(max_examples=40)
@given(
    st.integers(1, 3),
    st.integers(0, 400),
    st.sampled_from([2, 3, 4]),
    st.sampled_from([2, 6, 12]),
    st.floats(0.0, 2.0),
    st.integers(0, 99),
)
def test_the_peak_is_that_of_every_phase_though_quiet_stretches_are_passed_over(
    channels: int, samples: int, factor: int, taps: int, least: float, seed: int
) -> None:
    audio = noise(channels, samples, seed)
    audio *= np.random.default_rng(seed).choice([1e-3, 0.3, 1.0], samples // 50 + 1).repeat(50)[:samples]
    phases = interpolator(factor, taps)
    peaks = peak_between(audio, phases, np.full(channels, least))
    for x, peak in zip(audio, peaks, strict=True):
        assert peak == pytest.approx(max(np.abs(between(x, phases)).max(initial=0.0), least), rel=1e-12)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 150), min_size=1, max_size=6))
def test_peaks_fed_in_any_blocks_have_the_same_bits(blocks: list[int]) -> None:
    audio = noise(2, TAPS - 1 + sum(blocks))
    phases = interpolator(FACTOR, TAPS)
    peaks, at = np.zeros(2), 0
    for block in blocks:
        peaks = peak_between(audio[:, at : at + TAPS - 1 + block].copy(), phases, peaks)
        at += block
    assert np.array_equal(peaks, peak_between(audio, phases, np.zeros(2)))


@pytest.mark.parametrize("at", [0, 5, 63, 64, 74, 75, 127, 138])
def test_a_lone_impulse_shows_its_greatest_tap_wherever_it_lies(at: int) -> None:
    x = np.zeros((1, 139))
    x[0, at] = -1.0
    phases = interpolator(FACTOR, TAPS)
    first, last = max(TAPS - 1 - (138 - at), 0), min(at, TAPS - 1)  # the taps that meet it
    assert peak_between(x, phases, np.zeros(1))[0] == np.abs(phases[:, first : last + 1]).max()


def test_peaks_scale_and_never_fall() -> None:
    audio = noise(2, 300)
    phases = interpolator(FACTOR, TAPS)
    least = np.array([0.0, 50.0])
    before = least.copy()
    peaks = peak_between(audio, phases, least)
    assert peaks[1] == 50.0 and peaks[0] > 1.0
    assert np.array_equal(least, before)
    assert peak_between(-0.25 * audio, phases, least)[0] == 0.25 * peaks[0]
    assert not peak_between(np.zeros((2, 300)), phases, np.zeros(2)).any()


@pytest.mark.parametrize(("factor", "taps"), [(1, 8), (2, 8), (5, 8), (7, 12)])
def test_a_decimator_passes_what_the_new_rate_holds_and_stops_the_rest(factor: int, taps: int) -> None:
    low_pass = decimator(factor, taps)
    assert low_pass.shape == (taps, factor)
    response = low_pass.ravel()
    assert response.sum() == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(response, response[::-1], atol=1e-15)
    half = np.pi / factor
    cut_off, *beyond = np.abs(freqz(response, worN=np.r_[0.8 * half, np.linspace(1.3 * half, np.pi, 50)])[1])
    assert cut_off == pytest.approx(0.5, abs=0.02)
    assert factor == 1 or max(beyond) < 10 ** (-40 / 20)


@settings(max_examples=30)
@given(st.integers(1, 3), st.integers(0, 30), st.integers(1, 6), st.integers(1, 9))
def test_decimation_is_the_filter_and_one_sample_of_each_group(
    channels: int, outputs: int, factor: int, taps: int
) -> None:
    audio = noise(channels, (taps - 1 + outputs) * factor)
    low_pass = noise(taps, factor, seed=1)
    out = decimate(audio, low_pass)
    assert out.shape == (channels, outputs)
    for x, own in zip(audio, out, strict=True):
        if outputs:
            filtered = upfirdn(low_pass.ravel()[::-1], x)[taps * factor - 1 :: factor][:outputs]
            np.testing.assert_allclose(own, filtered, atol=1e-12)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_decimated_in_any_blocks_it_has_the_same_bits(blocks: list[int]) -> None:
    factor, taps = 5, 8
    audio = noise(2, (taps - 1 + sum(blocks)) * factor)
    low_pass = decimator(factor, taps)
    parts, at = [], 0
    for block in blocks:
        parts.append(decimate(audio[:, at * factor : (at + taps - 1 + block) * factor].copy(), low_pass))
        at += block
    assert np.array_equal(np.concatenate(parts, axis=1), decimate(audio, low_pass))


def test_decimation_is_linear_and_keeps_a_constant() -> None:
    low_pass = decimator(5, 8)
    one, other = noise(1, 200), noise(1, 200, seed=1)
    np.testing.assert_allclose(
        decimate(2.0 * one - 3.0 * other, low_pass),
        2.0 * decimate(one, low_pass) - 3.0 * decimate(other, low_pass),
        atol=1e-12,
    )
    np.testing.assert_allclose(decimate(np.full((1, 200), 0.7), low_pass), 0.7, rtol=1e-12)
    assert not decimate(np.zeros((1, 200)), low_pass).any()


@pytest.mark.parametrize("factor", [2, 4])
def test_what_was_decimated_is_put_back_where_it_lay(factor: int) -> None:
    taps, groups = 24, 400
    low_pass = decimator(factor, taps)
    time = np.arange(factor * groups)
    audio = np.array([np.sin(2 * np.pi * part * time / (2 * factor)) for part in (0.05, 0.3, 0.6)])
    kept = decimate(np.pad(audio, ((0, 0), ((taps - 1) * factor, (taps - 1) * factor))), low_pass)
    back = interpolate(kept, low_pass)
    assert back.shape == audio.shape
    inside = slice(taps * factor, -taps * factor)
    np.testing.assert_allclose(back[:, inside], audio[:, inside], atol=0.02)


def test_nothing_changes_without_decimation() -> None:
    audio = noise(2, 50)
    np.testing.assert_array_equal(interpolate(decimate(audio, np.ones((1, 1))), np.ones((1, 1))), audio)
