"""What comes back with a turn names its speed; what comes back with nothing names none."""

import json

import numpy as np
import pytest
from scipy.signal import butter, sosfilt
from wavemend.analysis.medium.surface import Surface, SurfaceAnalyser
from wavemend.errors import FindingsError

from tests.analysis.sounds import heard

RATE = 16_000


def analyse(audio, rate=RATE):
    audio = np.atleast_2d(audio)
    return heard(SurfaceAnalyser(rate, len(audio)), audio)


def noise(seconds, rate=RATE, seed=0):
    return 0.01 * np.random.default_rng(seed).standard_normal(round(seconds * rate))


def turning(rpm, seconds, rate=RATE, depth_db=3.0):
    turns = rpm / 60 * np.arange(round(seconds * rate)) / rate
    return 10 ** (depth_db * (np.sin(2 * np.pi * turns) + 0.5 * np.sin(4 * np.pi * turns + 1)) / 40)


def words(seconds, rate=RATE, seed=3):
    """Bursts of a buzz with pauses, at no regular times."""
    draw = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    spoken = np.zeros(t.size)
    at = 0.2
    while at < seconds:
        lasts = draw.uniform(0.15, 0.6)
        inside = (t > at) & (t < at + lasts)
        spoken[inside] = np.sum([np.sin(2 * np.pi * 130 * h * t[inside]) / h for h in range(1, 25)], axis=0)
        at += lasts + draw.uniform(0.1, 0.5)
    return 0.1 * spoken


@pytest.mark.parametrize("rpm", [33.33, 45.0, 71.0, 78.26, 160.0, 150.0])
def test_noise_that_swishes_names_the_speed(rpm):
    audio = words(14) + noise(14) * turning(rpm, 14)
    found = analyse(audio)
    assert found.rpm == pytest.approx(rpm, rel=0.02)
    assert found.swish_nats > found.comb_nats and "surface noise" in found.describe()


@pytest.mark.parametrize("rpm", [78.26, 160.0])
def test_a_comb_below_the_music_names_the_speed_beside_a_pulse(rpm):
    """A cylinder's comb stood 20 dB out, and nothing was said of it."""
    t = np.arange(14 * RATE) / RATE
    comb = sum(np.sin(2 * np.pi * rpm / 60 * h * t + h) for h in range(1, 16))
    low = sosfilt(butter(2, (4, 40), "bandpass", fs=RATE, output="sos"), noise(14, seed=5))
    found = analyse(words(14) + 2e-3 * comb + low + noise(14) * turning(rpm, 14, depth_db=1.5))
    assert found.rpm == pytest.approx(rpm, rel=0.02)
    assert found.comb_nats > 8


def low_noise(seconds=60.0, seed=0):
    sections = butter(2, (8.0, 30.0), "bandpass", fs=4000, output="sos")
    return 10 * sosfilt(sections, noise(seconds, 4000, seed))


@pytest.mark.parametrize("rpm", [33.33, 45.0, 78.26])
def test_rumble_that_pulses_once_a_revolution_names_it(rpm):
    t = np.arange(60 * 4000) / 4000
    found = analyse(low_noise() * (1 + 0.5 * np.sin(2 * np.pi * rpm / 60 * t)), 4000)
    assert found.rpm == pytest.approx(rpm, rel=0.01)
    assert not analyse(low_noise(), 4000).found


@pytest.mark.parametrize("hz", [0.75, 1.3, 2.667])
def test_one_line_is_no_turn(hz):
    """A shortwave station was a disc at 45 rpm for one line of its rumble."""
    t = np.arange(12 * RATE) / RATE
    assert not analyse(words(12) + noise(12) + 0.05 * np.sin(2 * np.pi * hz * t)).found


def test_what_does_not_turn_names_no_speed():
    for audio in (noise(12), words(12), words(12) + noise(12), np.zeros(12 * RATE), noise(0.5), noise(0)):
        assert analyse(audio).rpm == 0.0


def test_a_gated_start_hides_no_turn():
    audio = words(14) + noise(14) * turning(78.26, 14)
    audio[: 3 * RATE] = 0.0
    assert analyse(audio).rpm == pytest.approx(78.26, rel=0.02)


def test_floors_lie_under_the_program_where_the_noise_is():
    found = analyse(words(10) + noise(10))
    octave = 0.01**2 * found.octave_hz[3] / np.sqrt(2) / (RATE / 2)
    assert found.floor_dbfs[3] == pytest.approx(10 * np.log10(octave), abs=1.5)
    assert (found.loud_dbfs >= found.usual_dbfs).all() and (found.usual_dbfs >= found.floor_dbfs).all()
    assert found.loud_dbfs[1] - found.floor_dbfs[1] > 15


def test_a_click_in_silence_is_no_floor():
    audio = np.zeros((1, 6 * RATE))
    audio[:, 3 * RATE : 3 * RATE + 40] = 0.3
    assert not analyse(audio).octave_hz.size


def test_json_and_description():
    found = analyse(words(12) + noise(12) * turning(78.26, 12))
    assert Surface.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert found.describe().startswith("turned at 7")
    none = analyse(np.zeros(1000))
    assert Surface.from_json(json.loads(json.dumps(none.to_json()))) == none and not none.found


@pytest.mark.parametrize(
    "damage",
    [{"rpm": -1.0}, {"rpm": 2000.0}, {"floor_dbfs": [0.0]}, {"octave_hz": [5.0, 4.0]}, {"confidence": 2.0}],
)
def test_damaged_findings_are_refused(damage):
    with pytest.raises(FindingsError):
        Surface.from_json(analyse(noise(2)).to_json() | damage)
