"""Clicks that are no single ring: what was added is recovered, whatever drove it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import firwin, lfilter
from scipy.special import binom
from wavemend.kernels.prediction.models import span_equations
from wavemend.kernels.pulses.driven_pulse import ROUNDS, driven_pulse, smoothed
from wavemend.kernels.pulses.noise_pulse import pulse_mean, sparse_pulse

from tests.kernels.pulses.test_noise_pulse import AT, MODEL, excitation

SIZE = 120
T = np.arange(SIZE)


def estimated(e: np.ndarray, model: np.ndarray, power: np.ndarray, poles: int, pulse: np.ndarray) -> float:
    """Estimate a pulse of which only its power is known, and return the evidence for it."""
    return driven_pulse(e, model, power.copy(), np.eye(1, poles + 1)[0], 4, ROUNDS, -np.inf, pulse)


def envelope(rise: float, fall: float) -> np.ndarray:
    return np.minimum(T / rise, 1.0) * np.exp(-np.maximum(T - rise, 0.0) / fall)


def shapes() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(3)
    struck = np.exp(-T / 15.0) * (np.cos(0.9 * T) + 0.7 * np.cos(1.9 * T + 1.0))
    group = np.zeros(SIZE)
    for at, height in ((5, 1.0), (31, -0.6), (58, 0.9)):
        group[at:] += height * (np.exp(-T / 4.0) * np.cos(1.3 * T))[: SIZE - at]
    return {
        "a soft onset": envelope(12.0, 10.0) * np.cos(1.1 * T),
        "noise that decays": np.exp(-T / 20.0) * draw.standard_normal(SIZE),
        "noise that swells and fades": np.hanning(SIZE) * draw.standard_normal(SIZE),
        "two modes": struck,
        "several clicks in a row": group,
        "a limited band": np.convolve(np.pad(struck, (30, 0)), firwin(31, 0.5), "same")[:SIZE],
    }


@pytest.mark.parametrize("shape", shapes())
def test_what_drives_it_and_its_colour_need_not_be_known(shape: str) -> None:
    """No more is left than 5 dB over what is left when the variance of every sample is known."""
    added = 100.0 * shapes()[shape]
    e = excitation(added)[AT:]
    evidence, best = -np.inf, np.empty(SIZE)
    for poles in (0, 4):
        estimate = np.empty(SIZE)
        own = estimated(e, MODEL, added**2, poles, estimate)
        evidence, best = max((evidence, best), (own, estimate), key=lambda pair: pair[0])
    known = np.empty(SIZE)
    precision, g = span_equations(MODEL, e, np.arange(SIZE), e.size - 1)
    pulse_mean(precision, g, smoothed(added**2, 2) + 1e-6, known)
    assert evidence > 100.0
    assert np.sum((best - added) ** 2) < 3.2 * np.sum((known - added) ** 2)


def test_the_evidence_tells_it_from_samples_that_are_off() -> None:
    off = np.zeros(SIZE)
    off[[0, 17, 41]] = 30.0, -50.0, 20.0
    for added, is_driven in ((100.0 * shapes()["a soft onset"], True), (off, False)):
        e = excitation(added)[AT:]
        estimate = np.empty(SIZE)
        driven = estimated(e, MODEL, added**2 + 1.0, 4, estimate)
        assert (driven > sparse_pulse(e, MODEL, estimate)) == is_driven


def test_nothing_added_is_no_evidence() -> None:
    for seed in range(5):
        estimate = np.empty(SIZE)
        assert estimated(excitation(np.zeros(1), seed)[AT:], MODEL, np.ones(SIZE), 4, estimate) < 0.0
        assert np.sum(estimate**2) < 0.01 * np.sum(lfilter([1.0], MODEL, np.ones(SIZE)) ** 2)


@pytest.mark.parametrize("order", [8, 32])
@pytest.mark.parametrize("size", [1, 3, 60])
def test_a_model_too_sharp_for_arithmetic_has_no_pulse_rather_than_an_error(order: int, size: int) -> None:
    model = (-1.0) ** np.arange(order + 1) * binom(order, np.arange(order + 1))
    e = np.random.default_rng(0).standard_normal(size + order)
    e[:5] += 1e6
    pulse = np.full(size, np.nan)
    evidence = estimated(e, model, np.zeros(size), 4, pulse)
    assert np.isfinite(pulse).all() and (evidence > -np.inf or not pulse.any())


def test_what_is_known_of_variance_and_colour_is_found_in_fewer_rounds() -> None:
    added = 100.0 * shapes()["two modes"]
    e = excitation(added)[AT:]
    variance, colour = added**2, np.eye(1, 5)[0]
    settled = driven_pulse(e, MODEL, variance, colour, 4, 2 * ROUNDS, -np.inf, np.empty(SIZE))
    again = driven_pulse(e, MODEL, variance.copy(), colour.copy(), 4, 2, -np.inf, np.empty(SIZE))
    anew = estimated(e, MODEL, added**2, 4, np.empty(SIZE))
    assert colour.any() and abs(again - settled) < abs(anew - settled) + 1.0


def test_what_plainly_cannot_win_is_given_up_and_what_may_is_not() -> None:
    added = 100.0 * shapes()["two modes"]
    e = excitation(added)[AT:]
    alone, beside = np.empty(SIZE), np.empty(SIZE)
    evidence = estimated(e, MODEL, added**2, 4, alone)

    def against(rival: float) -> float:
        return driven_pulse(e, MODEL, added**2, np.eye(1, 5)[0], 4, ROUNDS, rival, beside)

    assert against(evidence + 5.0) == evidence and np.array_equal(alone, beside)
    assert against(1e3 * evidence) < evidence and not np.array_equal(alone, beside)


def test_a_mean_stays_a_mean_at_the_ends() -> None:
    assert np.allclose(smoothed(np.full(9, 3.0), 4), 3.0)
    peak = np.zeros(31)
    peak[15] = 16.0
    assert np.allclose(smoothed(peak, 3)[12:19], [1, 2, 3, 4, 3, 2, 1])
