"""Frames of MP3, AAC and Vorbis are seen in decoded sound; uncoded sound shows none."""

import numpy as np
import pytest
from wavemend.analysis.carrier.codec import CodecAnalyser, LossyHistory
from wavemend.errors import FindingsError
from wavemend.kernels.spectra.lapped_transform import (
    kaiser_bessel_window,
    layer_3_filters,
    mdct_filters,
    vorbis_window,
)

from tests.analysis.sounds import RATE, heard, music


def analyse(audio, rate=RATE):
    audio = np.atleast_2d(audio)
    return heard(CodecAnalyser(rate, len(audio)), audio)


@pytest.mark.parametrize(
    "damage",
    [
        {"codec": "WMA"},
        {"frame_start": -1},
        {"contrast": [1.0]},
        {"dip_db": -1.0},
        {"heard_s": -1.0},
        {"confidence": 1.5},
        {"confidence": float("nan")},
        {"confidence": "high"},
        {"stranger": 1},
    ],
)
def test_hostile_data_is_refused(damage):
    with pytest.raises(FindingsError):
        LossyHistory.from_json(analyse(music(2, channels=2)).to_json() | damage)


def coarsened(audio, window, offset=0, keep=0.05):
    """Set small MDCT coefficients to zero, frame by frame, as a coder does; a perfect transform otherwise."""
    half = window.size // 2
    filters = window * np.cos(
        np.pi / half * (np.arange(window.size) + 0.5 + half / 2) * (np.arange(half)[:, np.newaxis] + 0.5)
    )
    frames = np.lib.stride_tricks.sliding_window_view(audio, window.size)[offset::half]
    lines = frames @ filters.T * np.sqrt(2 / half)
    step = keep * np.sqrt(np.mean(lines**2, axis=1, keepdims=True)) * 4
    coarse = np.round(lines / step) * step @ filters * np.sqrt(2 / half)
    output = np.zeros_like(audio)
    for start, frame in zip(range(offset, audio.size, half), coarse, strict=False):
        output[start : start + window.size] += frame
    return np.round(output * 32768) / 32768


@pytest.mark.parametrize(
    "window", [kaiser_bessel_window(2048), vorbis_window(2048)], ids=["kaiser", "vorbis"]
)
@pytest.mark.parametrize("offset", [0, 301])
def test_frames_are_found_where_they_lie(window, offset):
    audio = music(5)[0] + 0.05 * np.random.default_rng(1).standard_normal(5 * RATE)
    found = analyse(coarsened(audio, window, offset))
    assert found.codec in ("AAC", "Vorbis")
    assert found.frame_start == offset
    assert found.confidence > 0.6


def test_gain_does_not_hide_them():
    coded = coarsened(music(5)[0], vorbis_window(2048))
    assert analyse(0.37 * coded).found


@pytest.mark.parametrize(
    "audio",
    [
        music(6),
        0.1 * np.random.default_rng(0).standard_normal((1, 6 * RATE)),
        np.round(music(6) * 128) / 128,
        np.sin(2 * np.pi * 1000 * np.arange(6 * RATE) / RATE)[np.newaxis],
        np.eye(1, 6 * RATE, 30000),
        np.tile(np.eye(1, 576, 100), 300),
    ],
    ids=["music", "noise", "8-bit", "sine", "click", "buzz-of-576"],
)
def test_uncoded_sound_shows_none(audio):
    assert not analyse(audio).found


def test_filters_have_unit_energy_and_are_apart():
    for filters in (layer_3_filters(np.arange(100, 140)), mdct_filters(vorbis_window(2048), np.arange(40))):
        products = filters @ filters.T
        np.testing.assert_allclose(np.diag(products), 1.0)
        assert np.abs(products - np.eye(40)).max() < 0.05


def test_a_long_recording_costs_little_more_than_a_short_one():
    """Segments follow each other closely at first, then ever less often, sixteen at most."""
    five_seconds = music(5)
    heard_s = [analyse(np.tile(five_seconds, times)).heard_s for times in (2, 8, 40)]
    assert 3.0 < heard_s[0] < heard_s[1] < heard_s[2] <= 16 * 16384 / RATE
