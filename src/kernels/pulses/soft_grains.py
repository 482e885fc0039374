"""Soft grains: crackle without a sharp beginning, as worn surfaces have most of, as `Grains`.

They have no shape of their own: noise of a smooth envelope and an end of its band is a Gaussian prior of full
covariance, under which no shape is ruled out.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.linalg import toeplitz

from ..prediction.models import Matrix
from .grains import Grains, factored, gathered

# tuned: bench.material.tuning.crackle with SOFT_GRAINS, tuning set, 2026-11-30, by hand
# Rise and fall in seconds, and up to where they sound in Hz; as many as `PLAYED`
_SWELLS = ((0.02e-3, 0.03e-3, 11e3), (0.04e-3, 0.08e-3, 11e3), (0.05e-3, 0.1e-3, 5e3), (0.1e-3, 0.2e-3, 6e3))
_LOWEST_HZ = 200.0
_SHIFT = 4.0  # samples at 44.1 kHz by which a swell's middle may lie beside its highest sample
_RANK = 28  # figures that a grain of a family is known by, at most,
_LEFT = 1e-4  # and part of their energy that these leave

_LEAD_S = 0.5e-3  # derived: five rises of the slowest
_FALLS = 7.0  # derived: what is left then is a thousandth
_SPECTRUM = 4096  # derived: lines finer than any swell is long


@lru_cache(maxsize=8)
def soft_grains_at(sample_rate: float) -> Grains:
    """Return the families of grains without a sharp beginning at a sample rate in Hz."""
    lead = round(_LEAD_S * sample_rate)
    factors = [factored(_swell(*each, lead, sample_rate), _RANK, _LEFT) for each in _SWELLS]
    return gathered(factors, lead, _SHIFT * sample_rate / 44_100)


def _swell(rise_s: float, fall_s: float, band_hz: float, lead: int, sample_rate: float) -> Matrix:
    """Return the covariance of noise that swells and fades, and sounds up to a frequency; shape (m, m)."""
    t = np.arange(-lead, round(_FALLS * fall_s * sample_rate)) / sample_rate
    envelope = np.exp(-np.where(t < 0.0, 0.5 * (t / rise_s) ** 2, t / fall_s))
    f = np.fft.rfftfreq(_SPECTRUM, 1.0 / sample_rate)
    low = (f / _LOWEST_HZ) ** 2
    lags = np.fft.irfft(low / (1.0 + low) / (1.0 + (f / band_hz) ** 6))[: t.size]
    covariance: Matrix = np.outer(envelope, envelope) * toeplitz(lags / lags[0])
    return covariance
