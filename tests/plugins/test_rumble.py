"""The high-pass meets the Butterworth formula: 3 dB at the cut-off, its slope below, nothing above."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.plugins.rumble import Rumble

ORDERS = {"12": 2, "18": 3, "24": 4, "36": 6, "48": 8}
RATES = [8_000.0, 44_100.0, 96_000.0, 192_000.0]


def response_db(stage: Rumble, rate: float, frequencies: np.ndarray) -> np.ndarray:
    """Gain in dB at `frequencies`, from the response to an impulse (the first sample is left in peace)."""
    samples = int(rate * 60 / stage.cutoff_hz)  # by then an 8th-order response is under -200 dB
    impulse = np.zeros((1, samples))
    impulse[0, 1] = 1.0
    response = stage.process(impulse, rate)[0]
    time = np.arange(samples) / rate
    return np.array([20 * np.log10(abs(response @ np.exp(-2j * np.pi * f * time))) for f in frequencies])


def butterworth_db(order: int, cutoff: float, rate: float, frequencies: np.ndarray) -> np.ndarray:
    """Butterworth, 1930: |H|^2 = 1 / (1 + (fc / f)^2n), on the bilinear transform's frequency scale."""
    warped = np.tan(np.pi * cutoff / rate) / np.tan(np.pi * frequencies / rate)
    return -10 * np.log10(1 + warped ** (2 * order))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("slope", ORDERS)
@pytest.mark.parametrize("cutoff", [20.0, 80.0, 300.0])
def test_response(slope: str, cutoff: float, rate: float) -> None:
    stage = Rumble(cutoff_hz=cutoff, slope_db_per_octave=slope)
    frequencies = cutoff * np.array([0.25, 0.5, 1.0, 2.0, 4.0])
    found = response_db(stage, rate, frequencies)
    assert found == pytest.approx(butterworth_db(ORDERS[slope], cutoff, rate, frequencies), abs=1e-3)
    assert found[2] == pytest.approx(-3.0103, abs=1e-3), "3 dB at the cut-off"
    # From one octave below the cut-off to two: the slope, less what the knee still holds (n = 2: 0.25 dB).
    assert found[1] - found[0] == pytest.approx(float(slope), abs=0.3)
    assert found[4] == pytest.approx(0.0, abs=0.02)


def test_lowest_cutoff_at_the_highest_rate_is_still_exact() -> None:
    """5 Hz at 192 kHz, 8th order: poles within 2e-4 of the unit circle's 1."""
    stage = Rumble(cutoff_hz=5.0, slope_db_per_octave="48")
    frequencies = np.array([2.5, 5.0, 10.0])
    expected = butterworth_db(8, 5.0, 192_000.0, frequencies)
    assert response_db(stage, 192_000.0, frequencies) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("slope", ORDERS)
def test_no_thump_at_the_start(slope: str, rate: float) -> None:
    """A recording that starts off zero starts as if it had always been there."""
    offset = np.full((2, 30_000), 0.5) * [[1.0], [-0.7]]
    for cutoff in (5.0, 20.0, 300.0):
        out = Rumble(cutoff_hz=cutoff, slope_db_per_octave=slope).process(offset, rate)
        assert np.abs(out).max() < 1e-6, "-120 dBFS"
        assert np.abs(Rumble(cutoff_hz=cutoff).process(np.zeros((1, 3000)), rate)).max() == 0


def test_music_keeps_its_level() -> None:
    time = np.arange(88_200) / 44_100
    tone = 0.5 * np.sin(2 * np.pi * 1000 * time)[np.newaxis]
    out = Rumble().process(tone, 44_100)
    assert np.abs(out[0, 44_100:]).max() == pytest.approx(0.5, rel=1e-3)


def test_rumble_goes_and_the_voice_stays() -> None:
    time = np.arange(3 * 44_100) / 44_100
    rumble = 0.2 * np.sin(2 * np.pi * 5 * time)[np.newaxis]
    voice = 0.2 * np.sin(2 * np.pi * 200 * time)[np.newaxis]
    out = Rumble().process(rumble + voice, 44_100)[0, 2 * 44_100 :]
    spectrum = 2 * np.abs(np.fft.rfft(out)) / out.size  # bins of 1 Hz
    assert spectrum[5] < 0.2 * 10 ** (-47 / 20), "two octaves at 24 dB, less the knee"
    assert spectrum[200] == pytest.approx(0.2, rel=1e-3)


def test_it_is_linear() -> None:
    random = np.random.default_rng(5)
    one, other = random.standard_normal((2, 2, 20_000))
    stage = Rumble()
    together = stage.process(one + 0.5 * other, 44_100)
    apart = stage.process(one, 44_100) + 0.5 * stage.process(other, 44_100)
    # 1e-10 and not 1e-15: poles within 0.003 of 1 amplify the rounding of every sample.
    assert together == pytest.approx(apart, abs=1e-10)


def test_channels_do_not_touch() -> None:
    audio = np.random.default_rng(6).standard_normal((3, 5000))
    alone = [Rumble().process(audio[channel], 44_100) for channel in range(3)]
    assert np.array_equal(Rumble().process(audio, 44_100), alone)
