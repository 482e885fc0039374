"""A pulse of 1.5 to 5 kHz is told from the sound that it adds to; the sound alone has none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend.kernels.pulses.mouth_pulse import estimate_mouth_click, mouth_model

RATE, START, STOP, SIZE = 44_100, 2000, 2250, 4500


def sound(seed: int) -> np.ndarray:
    """A resonance at 300 Hz, and noise 40 dB under it."""
    draw = np.random.default_rng(seed)
    radius, turn = 0.995, 2 * np.pi * 300 / RATE
    ring = lfilter([1.0], [1.0, -2 * radius * np.cos(turn), radius**2], draw.standard_normal(SIZE))
    return np.asarray(0.1 * ring / np.std(ring) + 1e-3 * draw.standard_normal(SIZE))


def pulse(seed: int, peak: float) -> np.ndarray:
    """Two bursts within 4 ms."""
    draw = np.random.default_rng(seed)
    added = np.zeros(SIZE)
    time = np.arange(100) / RATE
    for start in (START + 20, START + 100):
        burst = np.exp(-time / 0.3e-3) * np.sin(2 * np.pi * draw.uniform(1500, 5000) * time)
        added[start : start + time.size] += peak * burst / np.max(np.abs(burst))
    return added


def estimate(x: np.ndarray) -> tuple[np.ndarray, float]:
    damaged = np.zeros(x.size, np.bool_)
    damaged[START:STOP] = True
    click = np.empty(STOP - START)
    bounds = np.array([0, x.size])
    evidence = estimate_mouth_click(x, START, STOP, bounds, damaged, mouth_model(RATE), click)
    return click, evidence


@pytest.mark.parametrize(("peak", "least"), [(0.03, 12.0), (0.1, 15.0), (0.5, 20.0)])
def test_a_pulse_is_taken_from_under_a_louder_sound(peak: float, least: float) -> None:
    gains = []
    for seed in range(6):
        added = pulse(seed, peak)
        click, evidence = estimate(sound(seed) + added)
        assert evidence > 12.0
        left = added[START:STOP] - click
        gains.append(10 * np.log10(np.sum(added**2) / np.sum(left**2)))
    assert np.median(gains) > least


def test_a_louder_recording_has_a_louder_click_of_the_same_shape_and_evidence() -> None:
    x = sound(1) + pulse(1, 0.1)
    click, evidence = estimate(x)
    louder, same = estimate(8.0 * x)
    np.testing.assert_allclose(louder, 8.0 * click, rtol=1e-6, atol=1e-9)
    assert same == pytest.approx(evidence)


def test_a_sound_alone_has_next_to_nothing_taken() -> None:
    for seed in range(6):
        click, evidence = estimate(sound(seed))
        assert evidence < 12.0
        assert np.sum(click**2) < 1e-2 * np.sum(sound(seed)[START:STOP] ** 2)


def test_silence_has_no_click() -> None:
    click, evidence = estimate(np.zeros(SIZE))
    assert evidence == -np.inf
    assert not click.any()
