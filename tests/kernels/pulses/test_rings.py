"""A damped oscillation of known poles is recovered from what it does to an excitation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from wavemend.kernels.pulses.rings import (
    RingSearch,
    _match_ring,
    _match_rings,
    fit_ring,
    ring_error,
    ring_merit,
    ring_poles,
    ring_response,
)

RATE = 44_100
POLES = np.array([0.98 * np.exp(0.2j), 0.9 * np.exp(1.1j)])
MODEL = np.poly(np.concatenate([POLES, POLES.conj()])).real
WHITE = np.ones(1)  # the model of a sound that is white
SLOWEST = float(np.exp(-np.log(1000.0) / 530))
STARTS = 6
SEARCH = RingSearch(STARTS, ring_poles(RATE, SLOWEST), SLOWEST)

decays = st.floats(0.5, 0.995)
angles = st.floats(0.0, np.pi)


def ring(pole: complex, c: complex, size: int) -> np.ndarray:
    return (c * pole ** np.arange(size)).real


def pole_of(hertz: float, decay_s: float) -> complex:
    return complex(np.exp((-1.0 / decay_s + 2j * np.pi * hertz) / RATE))


def excitation(pole: complex, c: complex, start: int = 0, size: int = 600) -> np.ndarray:
    """What a ring that begins at `start` does to the excitation."""
    return np.concatenate([np.zeros(start), lfilter(MODEL, [1.0], ring(pole, c, size - start))])


@settings(max_examples=40)
@given(decays, angles, st.integers(0, 50))
def test_a_response_is_the_model_driven_by_the_ring(decay: float, angle: float, size: int) -> None:
    pole = complex(decay * np.exp(1j * angle))
    re, im = np.empty(size), np.empty(size)
    ring_response(pole, MODEL, re, im)
    powers = pole ** np.arange(size)
    if size:
        np.testing.assert_allclose(re, lfilter(MODEL, [1.0], powers.real), atol=1e-10)
        np.testing.assert_allclose(im, lfilter(MODEL, [1.0], -powers.imag), atol=1e-10)


@pytest.mark.parametrize("start", range(STARTS))
@pytest.mark.parametrize(("hertz", "decay_s"), [(250.0, 1.4e-3), (800.0, 1.2e-3), (2_500.0, 0.3e-3)])
def test_a_known_ring_is_recovered_where_it_begins(start: int, hertz: float, decay_s: float) -> None:
    pole, c = pole_of(hertz, decay_s), complex(-30.0 + 18.0j)
    e = excitation(pole, c, start)
    gain, begin, found, amplitude = fit_ring(e, MODEL, SEARCH)
    added = np.concatenate([np.zeros(start), ring(pole, c, e.size - start)])
    estimate = np.concatenate([np.zeros(begin), ring(found, amplitude, e.size - begin)])
    assert begin == start
    assert gain == pytest.approx(np.sum(e**2), rel=1e-3)
    assert abs(np.log(found / pole)) < 0.05 * abs(np.log(pole))
    assert np.sum((estimate - added) ** 2) < 2e-3 * np.sum(added**2)


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_the_gain_is_the_energy_that_the_fit_takes_away(seed: int) -> None:
    draw = np.random.default_rng(seed)
    pole = pole_of(draw.uniform(100, 4_000), draw.uniform(0.2e-3, 1.4e-3))
    e = excitation(pole, 20.0 * np.exp(1j * draw.uniform(0, 6)), int(draw.integers(STARTS)))
    e += draw.standard_normal(e.size)
    gain, start, found, c = fit_ring(e, MODEL, SEARCH)
    rest = e - excitation(found, c, start, e.size)
    assert 0.0 < gain < np.sum(e**2)
    assert np.sum(e**2) - np.sum(rest**2) == pytest.approx(gain, rel=1e-5)
    assert abs(found) <= SLOWEST and 0 <= start < STARTS


def test_the_same_ring_upside_down() -> None:
    e = excitation(pole_of(800.0, 1.2e-3), 20.0 + 5.0j, 2) + np.random.default_rng(0).standard_normal(600)
    gain, start, pole, c = fit_ring(e, MODEL, SEARCH)
    assert fit_ring(-e, MODEL, SEARCH) == (gain, start, pole, -c)
    assert fit_ring(e, MODEL, SEARCH) == (gain, start, pole, c)


def test_a_ring_slower_than_the_slowest_is_fitted_by_none_that_is_slower() -> None:
    e = excitation(pole_of(300.0, 20e-3), 30.0, size=2_000)
    _, _, pole, _ = fit_ring(e, MODEL, SEARCH)
    assert abs(pole) <= SLOWEST


def test_of_noise_no_more_is_explained_than_chance_gives() -> None:
    gains = [
        fit_ring(np.random.default_rng(seed).standard_normal(400), WHITE, SEARCH)[0] for seed in range(5)
    ]
    assert max(gains) < 40.0


def test_nothing_fits_nothing() -> None:
    assert fit_ring(np.zeros(100), MODEL, SEARCH)[0] == 0.0
    assert fit_ring(np.ones(100), MODEL, SEARCH._replace(poles=np.empty(0, complex)))[0] == 0.0
    assert fit_ring(np.ones(STARTS), MODEL, SEARCH)[0] == 0.0  # no samples beyond where it may begin


@pytest.mark.parametrize("size", [STARTS + 1, STARTS + 2, STARTS + 5])
def test_an_excitation_shorter_than_the_model(size: int) -> None:
    long = np.concatenate([MODEL, np.zeros(30)])
    e = 10.0 * np.random.default_rng(0).standard_normal(size)
    gain, start, pole, c = fit_ring(e, long, SEARCH)
    assert 0.0 < gain <= np.sum(e**2) * (1 + 1e-9)
    assert np.isfinite([pole, c]).all() and 0 <= start < STARTS


@settings(max_examples=30)
@given(decays, angles, st.floats(1.0, 1e4), st.floats(0.1, 100.0))
def test_merit_is_half_the_gain_less_the_log_of_the_rings_energy(
    decay: float, angle: float, gain: float, height: float
) -> None:
    pole, c = complex(decay * np.exp(1j * angle)), complex(height * np.exp(0.7j))
    energy = np.sum(np.abs(c * pole ** np.arange(6_000)) ** 2)
    assert ring_merit(gain, pole, c) == pytest.approx(0.5 * gain - np.log(energy), rel=1e-9, abs=1e-9)
    assert np.isfinite(ring_merit(gain, pole, 0j))


def test_the_error_is_that_of_many_fits() -> None:
    """Laplace's approximation holds where a ring is high over its noise."""
    pole, c = pole_of(700.0, 1.0e-3), complex(40.0 - 25.0j)
    search = RingSearch(1, np.array([pole]), SLOWEST)
    whole, errors = excitation(pole, c, size=401), []
    for seed in range(60):
        e = whole + np.random.default_rng(seed).standard_normal(whole.size)
        _, _, found, amplitude = fit_ring(e, MODEL, search)
        errors.append(np.sum((ring(found, amplitude, 2_000) - ring(pole, c, 2_000)) ** 2))
    assert ring_error(whole.size, MODEL, pole, c) == pytest.approx(np.mean(errors), rel=0.3)


def test_the_fewer_samples_the_greater_the_error() -> None:
    pole, c = pole_of(700.0, 1.0e-3), complex(40.0 - 25.0j)
    errors = [ring_error(size, MODEL, pole, c) for size in (10, 20, 40, 80, 160, 320)]
    assert (np.diff(errors) < 0).all()
    assert ring_error(0, MODEL, pole, c) == np.inf


def test_a_sound_that_resonates_alike_hides_a_ring() -> None:
    like, unlike = complex(0.981 * np.exp(0.2j)), complex(0.981 * np.exp(0.6j))
    assert ring_error(300, MODEL, like, 30.0 + 0j) > 30.0 * ring_error(300, MODEL, unlike, 30.0 + 0j)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000, 192_000])
def test_poles_to_begin_at_cover_decays_and_frequencies(rate: int) -> None:
    slowest = float(np.exp(-1.0 / (1e-3 * rate)))
    poles = ring_poles(rate, slowest)
    decay_s = -1.0 / (np.log(np.abs(poles)) * rate)
    hertz = np.angle(poles) * rate / (2 * np.pi)
    assert (np.abs(poles) <= slowest).all()
    assert (np.diff(decay_s) > -1e-12).all()
    octaves = np.unique(np.round(np.log2(decay_s / 0.03e-3), 6))
    assert octaves.tolist() == [0, 1, 2, 3, 4, 5]
    for octave in octaves:
        own = hertz[np.abs(np.log2(decay_s / 0.03e-3) - octave) < 1e-3]
        assert own[0] == 0.0
        width = 1.0 / (2 * np.pi * 0.03e-3 * 2**octave)  # half the width at half the power
        np.testing.assert_allclose(np.diff(own), 0.6 * width, rtol=1e-6)
        highest = min(11_000.0, 2.0 / (0.03e-3 * 2**octave), 0.45 * rate)
        assert highest - 0.6 * width <= own[-1] < highest


def test_where_every_ring_is_too_slow_there_is_no_pole() -> None:
    assert ring_poles(RATE, 0.1).shape == (0,)


def test_poles_that_are_matched_in_one_pass_give_the_same_bits_as_one_by_one() -> None:
    e = np.random.default_rng(0).standard_normal(200)
    few = SEARCH.poles[20 : 20 + 11]
    gains, begins, amplitudes = np.empty(16), np.empty(16, np.int64), np.empty(16, np.complex128)
    _match_rings(e, MODEL, few, STARTS, gains, begins, amplitudes)
    for k, pole in enumerate(few):
        assert (gains[k], begins[k], amplitudes[k]) == _match_ring(e, MODEL, pole, STARTS, e.size - STARTS)
