"""A mono disc on two walls is known for one, its walls are measured, and true stereo is not taken for it."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.analysis.carrier.walls import BANDS_HZ, Walls, WallsAnalyser, on_bands

from tests.plugins.groove_walls.test_stage import RATE, disc, music, pops


def walls(audio: np.ndarray, rate: float = RATE) -> Walls:
    analyser = WallsAnalyser(rate, audio.shape[0])
    analyser.push(audio)
    return analyser.result()


def later(signal: np.ndarray, samples: float) -> np.ndarray:
    """Delay by a part of a sample, round the ends."""
    omega = 2 * np.pi * np.fft.rfftfreq(signal.size)
    return np.fft.irfft(np.fft.rfft(signal) * np.exp(-1j * omega * samples), signal.size)


@pytest.mark.parametrize("peak", [0.0, 0.1, 0.7])
@pytest.mark.parametrize("gain_db", [-2.0, 0.5])
def test_gain_is_measured_whatever_clicks_there_are(gain_db: float, peak: float) -> None:
    audio = disc(gain_db=gain_db)
    found = walls(audio + pops(audio.shape[1], peak)[0])
    assert found.mono
    assert found.found
    held = (BANDS_HZ > 200) & (BANDS_HZ < 3000)  # where there are notes
    assert found.gain_db[held] == pytest.approx(gain_db, abs=0.1)


@pytest.mark.parametrize("samples", [-0.8, 0.3, 1.0])
def test_delay_is_measured(samples: float) -> None:
    audio = disc()
    audio[1] = later(audio[1], samples)
    assert walls(audio).delay_ms == pytest.approx(1e3 * samples / RATE, abs=2e-3)


def test_the_difference_of_stereo_follows_the_music_however_narrow_it_is() -> None:
    left, right = music(1), music(2)
    for width in (1.0, 0.3, 0.1):
        found = walls(
            np.stack([left + (right - left) * (1 - width) / 2, right + (left - right) * (1 - width) / 2])
        )
        assert not found.mono
        assert found.follows > 0.5
    assert walls(disc()).follows < 0.1


def test_nothing_is_said_of_silence_one_channel_and_moments() -> None:
    for audio in (np.zeros((2, 2 * RATE)), disc()[:1], disc()[:, : RATE // 2]):
        found = walls(audio)
        assert not found.found
        assert found.describe() == "no mono disc in stereo"


def test_a_long_recording_is_kept_in_constant_memory() -> None:
    analyser = WallsAnalyser(8_000.0, 2)
    minute = np.tile(np.random.default_rng(1).standard_normal(60 * 8_000) * 0.1, (2, 1))
    for _ in range(4):
        analyser.push(minute)
    assert len(analyser._blocks) <= 2048
    assert not analyser.result().mono, "both alike to the bit: nothing to blend"


def test_a_relation_is_a_gain_and_a_delay() -> None:
    found = walls(disc(gain_db=1.0))
    hz = np.array([500.0, 1000.0])
    assert np.abs(found.relation(hz)) == pytest.approx(10 ** (on_bands(found.gain_db, hz) / 20))
    assert np.angle(found.relation(hz)) == pytest.approx(-2e-3 * np.pi * hz * found.delay_ms, abs=1e-9)
