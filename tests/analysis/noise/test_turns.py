"""Noise that turns with its disc: found with its speed, lowered at every phase; rhythms are none."""

import numpy as np
import pytest
from wavemend import Denoise
from wavemend.analysis.noise import turns
from wavemend.analysis.noise.segments import NoiseSegmentsAnalyser

RATE = 22_050


def analyse(audio, block=None):
    analyser = NoiseSegmentsAnalyser(RATE, len(audio))
    for at in range(0, audio.shape[1], block or audio.shape[1]):
        analyser.push(audio[:, at : at + (block or audio.shape[1])])
    return analyser.result()


def turns_a_minute(found):
    return 60 / found.course.turn_s if found.course.turn_s else 0.0


def swell(seconds, rpm, width=0.0, at=0.3):
    """Return a swish's power over time: smooth, or in a sector of the turn alone."""
    phase = np.arange(round(seconds * RATE)) / RATE * rpm / 60
    if not width:
        return 0.5 + 0.5 * np.cos(2 * np.pi * (phase - at))
    return np.clip((width / 2 - np.abs((phase - at + 0.5) % 1 - 0.5)) / 0.03 + 0.5, 0, 1)


def surface(seconds, rpm, *, width=0.0, swing_db=8.0, channels=1, seed=0):
    draw = np.random.default_rng(seed)
    gain = 10 ** (swing_db / 20 * swell(seconds, rpm, width))
    return 0.003 * gain * draw.standard_normal((channels, gain.size))


def melody(seconds, every_s=0.4, seed=1):
    draw = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    sound = np.zeros(t.size)
    for at in np.arange(0, seconds, every_s):
        since, hz = t - at, draw.choice([220.0, 261.6, 329.6, 392.0, 440.0])
        here = (since >= 0) & (since < 1.5)
        partials = sum(np.sin(2 * np.pi * hz * h * since[here]) / h for h in range(1, 9))
        sound[here] += 0.1 * np.exp(-3 * since[here]) * partials
    return sound[np.newaxis]


def drums(seconds, beats_a_minute, seed=2):
    """Return noise that is struck on every beat and dies away: what is nearest to a swish, and is none."""
    draw = np.random.default_rng(seed)
    n = round(seconds * RATE)
    since = (np.arange(n) / RATE) % (60 / beats_a_minute)
    return (0.2 * np.exp(-since / 0.06) * draw.standard_normal(n))[np.newaxis]


@pytest.mark.parametrize(
    ("rpm", "width"), [(33.9, 0.0), (33.33, 0.3), (45.4, 0.4), (78.26, 0.0), (71.3, 0.3), (162.0, 0.0)]
)
def test_the_speed_of_a_surface_under_music_is_found(rpm, width):
    found = analyse(melody(12) + surface(12, rpm, width=width))
    assert turns_a_minute(found) == pytest.approx(rpm, rel=0.004)
    assert found.found
    assert found.confidence > 0.3
    assert "turns" in found.describe()


@pytest.mark.parametrize("width", [0.0, 0.25])
def test_noise_is_lowered_alike_at_every_phase(width):
    noise, clean = surface(14, 33.7, width=width), melody(14)
    stage = Denoise()
    out = stage.process(clean + noise, RATE)
    inside = slice(RATE, -RATE)
    power = swell(14, 33.7, width)[inside]
    errors, before = ((one - clean)[0, inside] ** 2 for one in (out, clean + noise))
    falls = [10 * np.log10(np.sum(before[at]) / np.sum(errors[at])) for at in (power > 0.7, power < 0.3)]
    assert min(falls) > 7.0
    assert max(falls) - min(falls) < 2.5


def test_the_print_and_its_course_say_what_the_noise_is():
    found = analyse(melody(16) + surface(16, 78.26))
    hz = found.frequency_hz
    inside = (hz > 3000) & (hz < 9000)
    time_s = np.linspace(2.0, 14.0, 500)
    course = found.course
    gains = 10 * np.log10(course.held(course.bin_gains(hz[inside]), time_s))
    level = (gains + found.density_dbfs_hz[0, 0, inside]).mean(axis=1)
    density = 20 * np.log10(0.003) - 10 * np.log10(RATE / 2)
    expected = density + 8.0 * (0.5 + 0.5 * np.cos(2 * np.pi * (time_s * 78.26 / 60 - 0.3)))
    assert np.sqrt(np.mean((level - expected) ** 2)) < 0.7


def test_stretches_of_a_long_side_are_laid_over_each_other(monkeypatch):
    monkeypatch.setattr(turns, "STRETCH_S", 12.0)
    noise = surface(40, 33.33)
    found = analyse(noise)
    assert found.course_s.size > 4
    assert turns_a_minute(found) == pytest.approx(33.33, rel=0.002)
    time_s = np.linspace(1, 39, 800)
    gains = found.course.held(found.course.bin_gains(np.array([5000.0])), time_s)[:, 0]
    expected = swell(40, 33.33)[(time_s * RATE).astype(int)]
    assert np.corrcoef(np.log(gains), expected)[0, 1] > 0.97


@pytest.mark.parametrize("beats", [33.33, 66.66, 78.26, 80.0, 133.3, 160.0])
def test_a_rhythm_is_no_turn(beats):
    for audio in (
        drums(12, beats),
        melody(12, every_s=60 / beats) + drums(12, beats),
        melody(12, every_s=60 / beats) + drums(12, beats) + surface(12, 78.0, swing_db=0.0),
    ):
        found = analyse(audio)
        assert not found.course.moves


def test_steady_noise_and_silence_do_not_turn():
    for audio in (surface(12, 78.0, swing_db=0.0), np.zeros((1, 12 * RATE)), melody(12)):
        assert not analyse(audio).course.moves


def test_one_stretch_of_many_says_nothing_for_all(monkeypatch):
    monkeypatch.setattr(turns, "STRETCH_S", 8.0)
    noise = surface(44, 78.26, swing_db=0.0)
    here = slice(16 * RATE, 24 * RATE)
    noise[:, here] = surface(8, 78.26)
    assert analyse(noise[:, here]).course.moves
    assert not analyse(noise).course.moves


def test_a_channel_that_is_silent_has_no_noise_and_blocks_do_not_matter():
    audio = np.concatenate([melody(10) + surface(10, 78.26), np.zeros((1, 10 * RATE))])
    found = analyse(audio)
    assert found.print_of(0).noisy.tolist() == [True, False]
    assert found == analyse(audio, block=7_777)
