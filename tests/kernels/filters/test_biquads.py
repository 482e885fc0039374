"""Energy after two second-order sections is that of scipy's, hop by hop, however the hops are fed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfilt, sosfreqz
from wavemend.kernels.filters.biquads import filtered_energy, peaking_cuts

RATE = 48_000
HIGH_PASS = butter(4, 60.0, "high", fs=RATE, output="sos")
LEAST_STATE = 1e-200  # what is smaller is on its way to denormal numbers

poles = st.tuples(st.floats(0.0, 0.999), st.floats(0.0, np.pi))
zeros = st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))


def five(sos: np.ndarray) -> np.ndarray:
    """The kernel's coefficients of scipy's sections: b0, b1, b2, a1, a2."""
    return np.ascontiguousarray(sos[:, [0, 1, 2, 4, 5]])


def noise(channels: int, samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((channels, samples))


def energy_of(audio: np.ndarray, hop: int, sos: np.ndarray = HIGH_PASS) -> tuple[np.ndarray, np.ndarray]:
    """Energy of each hop, and the state that is left."""
    state = np.zeros((audio.shape[0], 2, 2))
    return filtered_energy(audio, five(sos), state, hop), state


@settings(max_examples=30)
@given(
    st.lists(st.tuples(zeros, poles), min_size=2, max_size=2),
    st.integers(1, 3),
    st.integers(1, 5),
    st.integers(1, 40),
)
def test_energy_and_state_are_those_of_sosfilt(
    sections: list[tuple[tuple[float, ...], tuple[float, float]]], channels: int, hops: int, hop: int
) -> None:
    sos = np.array([[*b, 1.0, -2 * r * np.cos(angle), r * r] for b, (r, angle) in sections])
    audio = noise(channels, hops * hop)
    filtered, left = sosfilt(sos, audio, zi=np.zeros((2, channels, 2)))
    energy, state = energy_of(audio, hop, sos)
    assert energy.shape == (channels, hops)
    reference = np.sum(filtered.reshape(channels, hops, hop) ** 2, axis=2)
    scale = 1e-9 * max(np.abs(filtered).max(initial=1.0), np.abs(left).max())
    np.testing.assert_allclose(energy, reference, rtol=1e-9, atol=scale**2)
    np.testing.assert_allclose(state, left.transpose(1, 0, 2), rtol=1e-9, atol=scale)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_hops_fed_in_any_blocks_have_the_same_bits(blocks: list[int]) -> None:
    hop = 16
    audio = noise(2, sum(blocks) * hop)
    whole, left = energy_of(audio, hop)
    state = np.zeros((2, 2, 2))
    ends = np.cumsum(blocks)[:-1] * hop
    parts = [
        filtered_energy(np.ascontiguousarray(part), five(HIGH_PASS), state, hop)
        for part in np.split(audio, ends, axis=1)
    ]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    assert np.array_equal(state, left)


def test_channels_do_not_hear_each_other() -> None:
    audio = noise(3, 400)
    together, left = energy_of(audio, 40)
    for channel in range(3):
        alone, own = energy_of(audio[channel : channel + 1].copy(), 40)
        assert np.array_equal(alone[0], together[channel])
        assert np.array_equal(own[0], left[channel])


def test_half_the_level_is_a_quarter_of_the_energy_to_the_bit() -> None:
    audio = noise(1, 400)
    assert np.array_equal(4.0 * energy_of(0.5 * audio, 40)[0], energy_of(audio, 40)[0])
    assert np.array_equal(energy_of(-audio, 40)[0], energy_of(audio, 40)[0])


def test_a_longer_hop_holds_the_energy_of_the_shorter_ones() -> None:
    audio = noise(2, 480)
    short = energy_of(audio, 40)[0]
    np.testing.assert_allclose(energy_of(audio, 120)[0], short.reshape(2, 4, 3).sum(axis=2), rtol=1e-12)


def test_a_sine_has_the_gain_of_the_response() -> None:
    """Settled: 60 Hz is where a Butterworth filter halves the power, 6 kHz is passed."""
    t = np.arange(RATE) / RATE
    tones = np.stack([np.sin(2 * np.pi * 60.0 * t), np.sin(2 * np.pi * 6_000.0 * t)])
    half, whole = energy_of(tones, RATE // 2)[0][:, 1] / (RATE // 4)
    np.testing.assert_allclose([half, whole], [0.5, 1.0], rtol=1e-3)


def test_silence_and_what_dies_away_end_in_plain_zeros() -> None:
    assert not energy_of(np.zeros((2, 100)), 10)[0].any()
    audio = np.zeros((1, 200_000))
    audio[0, 0] = 1.0
    state = np.zeros((1, 2, 2))
    for part in np.split(audio, 20, axis=1):
        energy = filtered_energy(np.ascontiguousarray(part), five(HIGH_PASS), state, 100)
        assert ((state == 0.0) | (np.abs(state) >= LEAST_STATE)).all()
    assert not state.any() and not energy[:, -1].any()


def test_less_than_a_hop_leaves_the_state_alone() -> None:
    state = noise(2, 4).reshape(2, 2, 2)
    before = state.copy()
    for samples in (0, 1, 9):
        assert filtered_energy(noise(2, samples), five(HIGH_PASS), state, 10).shape == (2, 0)
        assert np.array_equal(state, before)


def test_a_hop_of_one_sample_and_an_impulse_at_the_end() -> None:
    audio = np.zeros((1, 20))
    audio[0, -1] = 1.0
    energy = energy_of(audio, 1)[0][0]
    assert not energy[:-1].any()
    np.testing.assert_allclose(energy[-1], (HIGH_PASS[0, 0] * HIGH_PASS[1, 0]) ** 2, rtol=1e-12)


def test_cuts_are_as_deep_as_asked_where_they_are_and_nothing_far_off() -> None:
    cuts = np.array([40.0, 6.0])
    for cut_db, section in zip(cuts, peaking_cuts(np.array([0.1, 0.1]), cuts, 30.0), strict=True):
        _, response = sosfreqz(section[np.newaxis], np.array([0.1, 1.0]))
        np.testing.assert_allclose(20 * np.log10(np.abs(response)), [-cut_db, 0.0], atol=0.05)
