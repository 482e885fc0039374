"""Silence between sound is found though its edges ring; a wave's passage through zero is none."""

import numpy as np
import pytest
from scipy.signal import firwin, oaconvolve
from wavemend.kernels.samples.blurred import BLUR_S, blurred_spans

RATES = [44_100, 96_000]


def sound(rate: int) -> np.ndarray:
    draw = np.random.default_rng(4)
    time = np.arange(int(0.4 * rate)) / rate
    hz, phases = draw.uniform(150.0, 5000.0, 12), draw.uniform(0.0, 2 * np.pi, 12)
    return 0.05 * np.sin(2 * np.pi * hz[:, np.newaxis] * time + phases[:, np.newaxis]).sum(axis=0)


@pytest.mark.parametrize("seconds", [0.6e-3, 3e-3, 20e-3])
@pytest.mark.parametrize("rate", RATES)
def test_silence_that_rings_is_found_with_its_edges(rate: int, seconds: float) -> None:
    x = sound(rate)
    start, stop = int(0.2 * rate), int((0.2 + seconds) * rate)
    x[start:stop] = 0.0
    x = oaconvolve(x, firwin(801, 16_000, fs=rate), mode="same")
    zone = int(0.15 * rate), int(0.25 * rate)
    spans = blurred_spans(x, zone, (0, x.size), rate, int(25e-3 * rate))
    assert len(spans) == 1
    assert np.abs(spans[0] - (start, stop)).max() <= 1.5 * BLUR_S * rate


def test_sound_and_what_is_no_longer_than_a_wave_are_left() -> None:
    x = sound(44_100)
    for audio in (x, np.zeros_like(x), np.where(np.arange(x.size) < 9000, x, 0.0)):
        assert not len(blurred_spans(audio, (6000, 12_000), (0, x.size), 44_100, 1100))
