"""Ends of the program and dropouts are found in time; pauses and fades are no dropouts."""

import numpy as np
import pytest
from wavemend.analysis.carrier.silences import Silences, SilencesAnalyser
from wavemend.errors import FindingsError

from tests.analysis.sounds import RATE, heard, music


def analyse(audio, rate=RATE):
    audio = np.atleast_2d(audio)
    return heard(SilencesAnalyser(rate, len(audio)), audio)


@pytest.mark.parametrize(
    "damage",
    [
        {"start_s": 9.0},
        {"end_s": -1.0},
        {"duration_s": 0.0},
        {"gaps": -1},
        {"gap_s": [1.0]},
        {"threshold_dbfs": 1e9},
        {"digital_end_s": 1e9},
        {"gap_start_s": [1.0], "gap_s": [1.0], "gap_channel": [99], "gaps": 1},
        {"confidence": 1.5},
        {"confidence": float("nan")},
        {"confidence": "high"},
        {"stranger": 1},
    ],
)
def test_hostile_data_is_refused(damage):
    with pytest.raises(FindingsError):
        Silences.from_json(analyse(music(2, channels=2)).to_json() | damage)


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
@pytest.mark.parametrize("floor", [0.0, 1e-5, 3e-4])
def test_ends_of_the_program_are_found(rate, floor):
    audio = np.pad(music(3, rate), ((0, 0), (2 * rate, 2 * rate)))
    found = analyse(audio + floor * np.random.default_rng(1).standard_normal(audio.shape), rate)
    assert found.start_s == pytest.approx(2.0, abs=0.1)
    assert found.end_s == pytest.approx(5.0, abs=0.3)
    assert found.trim_s(0.5) == (pytest.approx(1.5, abs=0.1), pytest.approx(5.5, abs=0.3))
    if not floor:
        assert found.digital_start_s == pytest.approx(2.0, abs=0.01)
        assert found.digital_end_s == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("milliseconds", [2, 20, 300])
def test_dropouts_are_found_where_they_are(milliseconds):
    audio = music(6, channels=2)
    for start in (1.003, 3.3, 4.4):
        audio[1, round(start * RATE) : round(start * RATE) + milliseconds * RATE // 1000] = 0.0
    found = analyse(audio)
    assert found.gaps == 3
    np.testing.assert_allclose(found.gap_start_s, [1.003, 3.3, 4.4], atol=2e-4)
    np.testing.assert_allclose(found.gap_s, milliseconds / 1000, atol=2e-4)
    assert (found.gap_channel == 1).all()


def test_pauses_that_fade_are_no_dropouts():
    t = np.arange(4 * RATE) / RATE
    beats = np.sin(2 * np.pi * 300 * t) * np.exp(-30 * (t % 0.5))
    assert analyse(np.round(beats * 32768) / 32768).gaps == 0
    assert analyse(music(5)).gaps == 0


def test_a_program_that_fills_the_recording_is_left_whole():
    found = analyse(music(5))
    assert (found.start_s, found.end_s) == (0.0, 5.0)


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 44100])
@pytest.mark.parametrize("samples", [1, 2, 3, 7])
def test_silent_ends_of_a_few_samples_are_no_longer_than_the_recording(rate, samples):
    audio = np.zeros(samples)
    for sound in ((), (0,), (-1,)):
        audio[list(sound)] = 0.5
        found = analyse(audio, rate)
        assert max(found.digital_start_s, found.digital_end_s) <= found.duration_s
