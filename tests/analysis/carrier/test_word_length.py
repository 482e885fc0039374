"""Bits and rates are named right whatever file they come in; gain leaves its trace."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample
from wavemend.analysis.carrier.word_length import WordLength, WordLengthAnalyser
from wavemend.errors import FindingsError

from tests.analysis.sounds import RATE, heard, music


def analyse(audio, rate=RATE):
    audio = np.atleast_2d(audio)
    return heard(WordLengthAnalyser(rate, len(audio)), audio)


@pytest.mark.parametrize(
    "damage",
    [
        {"bits": 99},
        {"nominal_bits": -1},
        {"rate_hz": 0.0},
        {"nominal_rate_hz": 1e12},
        {"step": 2.0},
        {"rate_confidence": 3.0},
        {"confidence": 1.5},
        {"confidence": float("nan")},
        {"confidence": "high"},
        {"stranger": 1},
    ],
)
def test_hostile_data_is_refused(damage):
    with pytest.raises(FindingsError):
        WordLength.from_json(analyse(music(2, channels=2)).to_json() | damage)


def named(audio, nominal, rate=RATE):
    analyser = WordLengthAnalyser(rate, len(audio), nominal)
    analyser.push(audio)
    return analyser.result()


@settings(max_examples=12, deadline=None)
@given(st.integers(6, 24))
def test_bits_that_are_used_are_counted(bits):
    audio = np.round(music(1) * 2 ** (bits - 1)) / 2 ** (bits - 1)
    found = named(audio, 24)
    assert found.bits == bits
    assert found.padded == (bits < 24)


def test_floating_point_has_no_grid():
    assert named(music(2), 0).bits == 0
    assert not named(music(2), 0).padded


@pytest.mark.parametrize("gain_db", [-4.7, -1.0, 3.0])
@pytest.mark.parametrize("bits", [24, 0])
def test_a_scaled_grid_is_found_under_a_finer_one(gain_db, bits):
    gain = 10 ** (gain_db / 20)
    audio = np.round(music(3) * 32768) / 32768 * gain
    found = named(np.round(audio * 2**23) / 2**23 if bits else audio, bits)
    assert found.padded
    assert found.effective_bits == pytest.approx(16 - np.log2(gain), abs=0.05)


@pytest.mark.parametrize("gain_db", [1.0, 5.0])
def test_missing_codes_show_a_gain(gain_db):
    gain = 10 ** (gain_db / 20)
    found = named(np.round(np.round(music(6) * 20000) * gain) / 32768, 16)
    assert found.effective_bits == pytest.approx(16 - np.log2(gain), abs=0.05)


@pytest.mark.parametrize(("older", "rate"), [(22050, 44100), (44100, 96000), (48000, 192000)])
def test_an_older_rate_is_found(older, rate):
    source = music(5, older) + 1e-3 * np.random.default_rng(0).standard_normal((1, 5 * older))
    found = named(np.round(resample(source, 5 * rate, axis=1) * 2**23) / 2**23, 24, rate)
    assert found.rate_hz == older
    assert found.upsampled
    assert not named(source, 24, older).upsampled
