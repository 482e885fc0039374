"""Clicks go however narrow the band is and whatever the rate: they passed it with the sound."""

import numpy as np
import pytest
from scipy.signal import firwin, lfilter, oaconvolve, resample_poly
from wavemend import Declick
from wavemend.audio.arrays import Audio

RATE = 44_100
AT = np.arange(6_000, 80_000, 7_000)


def sound() -> Audio:
    """Noise that falls by 6 dB an octave from 300 Hz on, at -20 dBFS."""
    x = lfilter([1.0], [1.0, -0.96], np.random.default_rng(0).standard_normal(84_000))
    return np.asarray(0.1 * x / np.std(x))[None]


def ticks() -> Audio:
    t = np.arange(40) / RATE
    one = np.exp(-t / 0.12e-3) * np.cos(2 * np.pi * 4_500 * t)
    x = np.zeros((1, 84_000))
    for k, at in enumerate(AT):
        x[0, at : at + one.size] += (-1) ** k * one
    return x


def narrowed(highest_hz: float) -> Audio:
    taps = firwin(401, highest_hz, fs=RATE, window=("kaiser", 12.0))
    return np.stack([oaconvolve(x[0], taps, mode="same") for x in (sound(), ticks())])


def median_gone_db(clean: Audio, clicks: Audio, rate: float) -> float:
    damaged = (clean + clicks)[None]
    left = Declick().process(damaged, rate)[0] - clean
    gone = []
    for at in AT * rate / RATE:
        here = slice(int(at - 2e-3 * rate), int(at + 5e-3 * rate))
        gone.append(10 * np.log10(np.sum(clicks[here] ** 2) / np.sum(left[here] ** 2)))
    return float(np.median(gone))


@pytest.mark.parametrize("highest_hz", [18_000, 16_000, 12_000])
def test_through_a_low_pass(highest_hz: float) -> None:
    assert median_gone_db(*narrowed(highest_hz), RATE) > 10.0


@pytest.mark.parametrize(("up", "down"), [(160, 147), (320, 147), (640, 147)])
def test_after_a_resampler(up: int, down: int) -> None:
    clean, clicks = (resample_poly(x[0], up, down) for x in (sound(), ticks()))
    assert median_gone_db(clean, clicks, RATE * up / down) > 8.0


def test_at_full_band() -> None:
    assert median_gone_db(sound()[0], ticks()[0], RATE) > 14.0
