"""Gates, notches and normalising are found; music that has none of it is left in peace."""

import numpy as np
import pytest
from scipy.signal import iirnotch, lfilter
from wavemend.analysis.carrier.processed import Processed, ProcessedAnalyser
from wavemend.errors import FindingsError

from tests.analysis.sounds import RATE, heard, music


def analyse(audio, rate=RATE):
    audio = np.atleast_2d(audio)
    return heard(ProcessedAnalyser(rate, len(audio)), audio)


@pytest.mark.parametrize(
    "damage",
    [
        {"notch_hz": 55.0},
        {"gates": -1},
        {"notches": 99},
        {"peak_dbfs": -1e9},
        {"gated_s": -1.0},
        {"confidence": 1.5},
        {"confidence": float("nan")},
        {"confidence": "high"},
        {"stranger": 1},
    ],
)
def test_hostile_data_is_refused(damage):
    with pytest.raises(FindingsError):
        Processed.from_json(analyse(music(2, channels=2)).to_json() | damage)


def test_untouched_music_is_left_in_peace():
    assert not analyse(music(12)).found


@pytest.mark.parametrize("mains", [50.0, 60.0])
@pytest.mark.parametrize("rate", [16000, 44100])
def test_notches_are_found(mains, rate):
    audio = music(15, rate) + 0.01 * np.random.default_rng(4).standard_normal((1, 15 * rate))
    for harmonic in range(1, 11):
        audio = lfilter(*iirnotch(harmonic * mains, 30, fs=rate), audio, axis=1)
    found = analyse(audio, rate)
    assert found.notch_hz == mains
    assert found.notches >= 5


@pytest.mark.parametrize("level", [0.0, -0.1, -0.3, -1.0])
def test_a_round_peak_is_normalised(level):
    audio = music(3) / np.abs(music(3)).max() * 10 ** (level / 20)
    found = analyse(np.clip(np.round(audio * 32768), -32768, 32767) / 32768)
    assert found.normalised
    assert found.peak_dbfs == pytest.approx(level, abs=0.003)
    assert not analyse(np.clip(3 * audio, -(10 ** (level / 20)), 10 ** (level / 20))).normalised
    assert not analyse(audio * 0.93).normalised


def test_gated_pauses_are_counted():
    audio = music(6, channels=2)
    for start in (1.0, 2.0, 4.0):
        audio[:, round(start * RATE) : round((start + 0.3) * RATE)] = 0.0
    found = analyse(audio)
    assert found.gates == 3
    assert found.gated_s == pytest.approx(0.9, abs=0.01)
    one = music(6, channels=2)
    one[0, RATE : 2 * RATE] = 0.0
    assert analyse(one).gates == 0
