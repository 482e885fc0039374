"""Pulses under an excitation: what was added is recovered, and the evidence knows which model made it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.special import binom
from wavemend.kernels.prediction.models import prediction_error
from wavemend.kernels.pulses.noise_pulse import sparse_pulse

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
