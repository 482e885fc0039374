"""Flat tops are found at their level; loud, square, steady and limited waves are not taken for them."""

import numpy as np
import pytest
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from wavemend.analysis.carrier.clipping import NO_LEVEL, Clipping, ClippingAnalyser
from wavemend.errors import FindingsError

from tests.analysis.sounds import RATE, heard, music


def analyse(audio, rate=RATE):
    audio = np.atleast_2d(audio)
    return heard(ClippingAnalyser(rate, len(audio)), audio)


@pytest.mark.parametrize(
    "damage",
    [
        {"events": [1]},
        {"events": [-1, 0]},
        {"upper_dbfs": [500.0, 0.0]},
        {"channel": [7], "start_s": [0.0]},
        {"start_s": [0.0] * 65, "channel": [0] * 65},
        {"start_s": [-1.0], "channel": [0]},
        {"crowding_confidence": -0.1},
        {"confidence": 1.5},
        {"confidence": float("nan")},
        {"confidence": "high"},
        {"stranger": 1},
    ],
)
def test_hostile_data_is_refused(damage):
    with pytest.raises(FindingsError):
        Clipping.from_json(analyse(music(2, channels=2)).to_json() | damage)


def sixteen(audio):
    return np.clip(np.round(audio * 32768), -32768, 32767) / 32768


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
@pytest.mark.parametrize("gain", [1.0, 0.25, 0.03])
def test_level_and_time_of_flat_tops_are_found(rate, gain):
    audio = music(4, rate)
    level = np.quantile(np.abs(audio), 0.998)
    cut = sixteen(np.clip(audio, -level, level) / level * gain)
    found = analyse(cut, rate)
    assert found.digital
    assert max(found.upper_dbfs[0], found.lower_dbfs[0]) == pytest.approx(20 * np.log10(gain), abs=0.1)
    flat = np.abs(cut[0]) >= np.abs(cut).max() - 2.5 / 32768
    # tops of one and two samples are not told from crests
    assert 0.2 * np.count_nonzero(flat) < found.samples[0] <= 1.05 * np.count_nonzero(flat)
    at = (found.start_s * rate).round().astype(int)
    assert flat[at].mean() > 0.95


def test_one_side_and_one_channel():
    audio = music(4, channels=2)
    audio[1] = np.minimum(audio[1], 0.5 * audio[1].max())
    found = analyse(sixteen(audio))
    assert found.upper_dbfs[0] == found.lower_dbfs[0] == found.lower_dbfs[1] == NO_LEVEL
    assert found.upper_dbfs[1] == pytest.approx(20 * np.log10(audio[1].max()), abs=0.1)
    assert set(found.channel) == {1}


T = np.arange(3 * RATE) / RATE


@pytest.mark.parametrize(
    "wave",
    [
        0.5 * np.sign(np.sin(2 * np.pi * 220.3 * T)),
        0.7 * sum(np.sin(2 * np.pi * 220 * h * T) / h for h in range(1, 80, 2)),
        sixteen(np.sin(2 * np.pi * 50 * T)),
        sixteen(0.01 * np.sin(2 * np.pi * 50 * T)),
        sixteen(np.sin(2 * np.pi * 1000 * T)),
        np.abs((110 * T) % 1 - 0.5),
        sixteen(music(4) / np.abs(music(4)).max()),
        np.round(100 * music(4)) / 128,
    ],
    ids=["square", "square-limited", "bass", "faint-bass", "sine", "triangle", "normalised", "8-bit"],
)
def test_hard_negatives(wave):
    assert not analyse(wave).found


def test_a_square_wave_is_named():
    found = analyse(0.5 * np.sign(np.sin(2 * np.pi * 220.3 * T)))
    assert found.square
    assert "square" in found.describe()


def test_saturation_under_noise_crowds():
    audio = music(6) / 0.3
    noise = 1e-3 * np.random.default_rng(1).standard_normal(audio.shape)
    found = analyse(0.5 * np.clip(4 * audio, -1, 1) + noise)
    assert found.soft
    assert found.crowding_dbfs[0] == pytest.approx(-6.0, abs=0.3)
    assert not analyse(0.2 * audio + noise).found


def test_soft_saturation_crowds_and_a_limiter_does_not():
    """Tanh takes samples to its ceiling; a gain that follows the peaks leaves their distribution alone."""
    audio = music(8) / 0.5
    noise = 1e-3 * np.random.default_rng(1).standard_normal(audio.shape)
    saturated = analyse(0.7 * np.tanh(6 * audio) + noise)
    assert saturated.soft
    assert saturated.crowding_dbfs[0] == pytest.approx(20 * np.log10(0.7), abs=0.5)
    reduction = np.minimum(1, 0.5 / maximum_filter1d(np.abs(audio), 4410))
    assert not analyse(uniform_filter1d(reduction, 2205) * audio + noise).found
