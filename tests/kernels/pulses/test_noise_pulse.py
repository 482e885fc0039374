"""Pulses under an excitation: what was added is recovered, and the evidence knows which model made it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.special import binom
from wavemend.kernels.prediction.models import prediction_error
from wavemend.kernels.pulses.noise_pulse import ring_pulse, sparse_pulse
from wavemend.kernels.pulses.rings import RingSearch, ring_poles

POLES = np.array([0.985 * np.exp(0.1j), 0.97 * np.exp(0.4j), 0.9 * np.exp(1.1j)])
MODEL = np.poly(np.concatenate([POLES, POLES.conj()])).real
AT = 500


def excitation(added: np.ndarray, seed: int = 0) -> np.ndarray:
    """Excitation, of variance 1, of resonant noise with `added` from sample `AT` on."""
    x = lfilter([1.0], MODEL, np.random.default_rng(seed).standard_normal(1_000))
    x[AT : AT + added.size] += added
    e = np.zeros(x.size)
    prediction_error(x, 0, x.size, MODEL, e)
    return e


@pytest.mark.parametrize("order", [8, 16, 24, 32, 48])
@pytest.mark.parametrize(("size", "span"), [(30, 30), (60, 30), (100, 40)])
def test_a_model_too_sharp_for_arithmetic_has_no_pulse_rather_than_an_error(
    order: int, size: int, span: int
) -> None:
    """All zeros at 0 Hz, as of very smooth sound at a high rate: what it leaves is lost in rounding."""
    model = (-1.0) ** np.arange(order + 1) * binom(order, np.arange(order + 1))
    e = np.random.default_rng(0).standard_normal(size)
    e[:5] += 1e6
    pulse = np.full(span, np.nan)
    evidence = sparse_pulse(e, model, pulse)
    assert np.isfinite(pulse).all() and (evidence > -np.inf or not pulse.any())


def test_no_ring_is_likelier_than_all_that_there_is_to_explain() -> None:
    """A few samples that are off, under a resonance: what is taken off a doubtful ring counts once."""
    pole, dull, slowest = 0.985 * np.exp(0.39j), np.full(3, -0.8), float(np.exp(-np.log(1000.0) / 530))
    model = np.convolve(np.poly([pole, pole.conjugate()]).real, np.poly(dull))
    search = RingSearch(50, ring_poles(44_100, slowest), slowest)
    for seed in range(8):
        draw = np.random.default_rng(seed)
        e = draw.standard_normal(60 + model.size)
        off = np.zeros(e.size)
        off[25:29] = 3_000.0 * np.array([1.0, -0.4, 0.5, -0.2]) * draw.uniform(0.2, 1.0, 4)
        e += lfilter(model, [1.0], off)
        assert ring_pulse(e, model, search, np.zeros(900), 45)[1] <= 0.5 * np.sum(e**2)
