"""What a click's frequency is worth."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.kernels.pulses.clicks import Tilt, tilt_gain

PIVOT = 0.3


def ring(frequency: float) -> np.ndarray:
    t = np.arange(2_000)
    return np.exp(-t / 300.0) * np.sin(frequency * t)


@pytest.mark.parametrize(("octaves", "gain"), [(-3, 0.5), (-1, 2**-0.5), (0, 1.0), (1, 2**0.5), (3, 2.0)])
def test_an_octave_is_worth_what_the_tilt_says_up_to_two(octaves: int, gain: float) -> None:
    assert tilt_gain(ring(PIVOT * 2.0**octaves), Tilt(0.5, PIVOT)) == pytest.approx(gain, rel=0.05)
    assert tilt_gain(ring(PIVOT * 2.0**octaves), Tilt(-0.5, PIVOT)) == pytest.approx(1 / gain, rel=0.05)


def test_without_a_tilt_every_click_is_worth_the_same() -> None:
    assert tilt_gain(ring(0.01), Tilt(0.0, PIVOT)) == tilt_gain(ring(1.0), Tilt(0.0, PIVOT)) == 1.0
