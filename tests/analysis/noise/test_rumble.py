"""Rumble is steady noise below the music; notes, hum, hiss and an offset are none."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfilt
from wavemend.analysis.noise.rumble import NO_LEVEL, RumbleAnalyser, RumbleFindings
from wavemend.errors import FindingsError

RATE = 4000


def analyse(audio, rate=RATE, block=None):
    audio = np.atleast_2d(audio)
    analyser = RumbleAnalyser(rate, len(audio))
    for start in range(0, audio.shape[1], block or max(audio.shape[1], 1)):
        analyser.push(audio[:, start : start + (block or audio.shape[1])])
    return analyser.result()


def rumble(seconds=30.0, rate=RATE, level_db=-50.0, seed=0, band=(8.0, 30.0)):
    sections = butter(2, band, "bandpass", fs=rate, output="sos")
    noise = sosfilt(sections, np.random.default_rng(seed).standard_normal(round(seconds * rate)))
    return noise * 10 ** (level_db / 20) / np.sqrt(np.mean(noise**2))


def hiss(seconds=30.0, level_db=-60.0, seed=5):
    return 10 ** (level_db / 20) * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def notes(seconds=30.0, hz=41.2, on=7.0, every=10.0, level=0.1):
    t = np.arange(round(seconds * RATE)) / RATE
    since = t % every
    return level * (since < on) * np.minimum(since / 0.05, 1) * np.sin(2 * np.pi * hz * t)


@pytest.mark.parametrize("rate", [4000, 11025, 44100, 192000])
def test_level_and_band_are_found_at_any_rate(rate):
    found = analyse(rumble(30, rate), rate)
    assert found.level_dbfs[0] == pytest.approx(-50.0, abs=2.0)
    assert 5 < found.low_hz < 13
    assert 22 < found.high_hz < 55


@pytest.mark.parametrize("level_db", [-70.0, -40.0, -20.0])
def test_the_level_scales(level_db):
    assert analyse(rumble(level_db=level_db)).level_dbfs[0] == pytest.approx(level_db, abs=1.5)


@pytest.mark.parametrize(
    ("other", "share"), [(rumble(), 1.0), (-rumble(), 0.0), (rumble(seed=1), 0.5)], ids=["in", "out", "own"]
)
def test_lateral_or_vertical(other, share):
    found = analyse(np.stack([rumble(), other]))
    assert found.lateral_share == pytest.approx(share, abs=0.12)


def test_each_channel_has_its_own():
    found = analyse(np.stack([rumble(), hiss(level_db=-80), rumble(level_db=-40, seed=2)]))
    assert (found.level_dbfs > NO_LEVEL).tolist() == [True, False, True]
    assert found.lateral_share is None


def test_rumble_between_notes_is_found():
    found = analyse(notes() + rumble() + hiss())
    assert found.level_dbfs[0] == pytest.approx(-50.0, abs=2.0)


def test_rumble_under_music_that_never_pauses_is_found():
    """Notes that swell from 60 to 160 Hz leave no floor there to stand out of."""
    sections = butter(4, (60.0, 160.0), "bandpass", fs=RATE, output="sos")
    draw = np.random.default_rng(2)
    swell = 1.0 + 0.9 * np.sin(2 * np.pi * np.arange(30 * RATE) / RATE / 6.0)
    music = 0.2 * swell * sosfilt(sections, draw.standard_normal(30 * RATE))
    program_db = 10 * np.log10(np.mean(music**2))
    found = analyse(music + rumble(level_db=program_db - 25))
    assert found.level_dbfs[0] == pytest.approx(program_db - 25, abs=2.5)
    assert not analyse(music + hiss()).found


@pytest.mark.parametrize("hz", [30.9, 41.2, 55.0])
def test_notes_are_none(hz):
    assert not analyse(notes(hz=hz) + hiss()).found


@pytest.mark.parametrize("level_db", [-40.0, -60.0, -100.0])
def test_hiss_that_reaches_down_is_none(level_db):
    assert not analyse(hiss(level_db=level_db)).found


def test_an_offset_and_hum_are_none():
    t = np.arange(30 * RATE) / RATE
    assert not analyse(0.2 + hiss()).found
    assert not analyse(0.01 * np.sin(2 * np.pi * 50 * t) + hiss()).found


@pytest.mark.parametrize("samples", [0, 1, 1000, 10 * RATE])
def test_silence_has_none(samples):
    assert not analyse(np.zeros((2, samples))).found


@settings(max_examples=5)
@given(block=st.integers(500, 40000))
def test_blocks_do_not_matter(block):
    audio = np.stack([rumble(8), rumble(8, seed=1)])
    assert analyse(audio, block=block) == analyse(audio)


def test_json_and_description():
    found = analyse(np.stack([rumble(), rumble()]))
    assert RumbleFindings.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert found.describe().startswith("rumble of -50 dBFS")
    none = RumbleFindings.nothing(2)
    assert RumbleFindings.from_json(json.loads(json.dumps(none.to_json()))) == none
    assert (none.describe(), none.found) == ("no rumble", False)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("level_dbfs", [], "1 to 64 channels"),
        ("level_dbfs", [[-40.0]], "1 to 64 channels"),
        ("level_dbfs", [1e9], "must be -200 to 200"),
        ("low_hz", -1.0, "must be 0 to 1000"),
        ("low_hz", 90.0, "lies above"),
        ("lateral_share", 1.5, "must be 0 to 1"),
        ("confidence", 2.0, "must be 0 to 1"),
        ("confidence", None, "damaged"),
    ],
)
def test_damaged_findings_are_refused(field, value, message):
    good = RumbleFindings(np.array([-50.0]), 8.0, 35.0, None, 0.9).to_json()
    with pytest.raises(FindingsError, match=message):
        RumbleFindings.from_json({**good, field: value})
