"""Gates, notches and normalising are found; music that has none of it is left in peace."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import iirnotch, lfilter
from wavemend.analysis.findings import FindingsError
from wavemend.analysis.processed import Processed, ProcessedAnalyser

RATE = 44100


def analyse(audio, rate=RATE, sizes=None):
    audio = np.atleast_2d(audio)
    analyser = ProcessedAnalyser(rate, len(audio))
    at = 0
    for size in sizes or [audio.shape[1]]:
        analyser.push(audio[:, at : at + size])
        at += size
    analyser.push(audio[:, at:])
    return analyser.result()


def music(seconds, rate=RATE, channels=1, seed=0):
    """Notes that decay, with noise: levels that vary, and a spectrum up to the end."""
    draw = np.random.default_rng(seed)
    count = round(seconds * rate)
    t = np.arange(count) / rate
    audio = 0.02 * draw.standard_normal((channels, count)) * (0.2 + np.abs(np.sin(2 * t)))
    for start in np.arange(0.0, seconds, 0.21):
        after = np.maximum(t - start, 0.0)
        pitch = 110 * 2 ** (draw.integers(0, 30) / 12)
        note = np.sin(2 * np.pi * pitch * after) + 0.4 * np.sin(6 * np.pi * pitch * after)
        audio += draw.uniform(0.05, 0.3) * np.exp(-4 * after) * note
    return audio


AUDIO_FOR_BLOCKS = music(7, channels=2)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 40_000), max_size=6))
def test_blocks_do_not_matter(sizes):
    audio = AUDIO_FOR_BLOCKS
    assert analyse(audio, sizes=sizes).to_json() == analyse(audio).to_json()


@pytest.mark.parametrize("rate", [4000, 44100, 192000, 768000])
@pytest.mark.parametrize("samples", [0, 1, 700])
def test_short_recordings_of_any_rate_are_heard(rate, samples):
    findings = analyse(0.1 * np.random.default_rng(0).standard_normal((3, samples)), rate)
    assert type(findings).from_json(json.loads(json.dumps(findings.to_json()))) == findings
    assert findings.describe()


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_silence_is_nothing(channels):
    findings = analyse(np.zeros((channels, RATE)))
    assert not findings.found
    assert findings.confidence <= 0.5
    assert findings.describe()


def test_json_there_and_back():
    findings = analyse(AUDIO_FOR_BLOCKS)
    assert Processed.from_json(json.loads(json.dumps(findings.to_json()))) == findings


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
        Processed.from_json(analyse(AUDIO_FOR_BLOCKS).to_json() | damage)


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
