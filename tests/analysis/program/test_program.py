"""Speech or music: clear cases are told apart, whatever the rate, the band and the level."""

import json

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt
from wavemend.analysis.program import program
from wavemend.analysis.program.features import NAMES
from wavemend.analysis.program.program import KINDS, Program, ProgramAnalyser, probabilities
from wavemend.analysis.program.weights import BIAS, MEAN, SCALE, WEIGHTS
from wavemend.errors import FindingsError

RATE = 22050


def analyse(audio, rate=RATE, block=None):
    audio = np.atleast_2d(audio)
    analyser = ProgramAnalyser(rate, len(audio))
    for start in range(0, audio.shape[1], block or max(audio.shape[1], 1)):
        analyser.push(audio[:, start : start + (block or audio.shape[1])])
    return analyser.result()


def music(seconds, rate=RATE, seed=0):
    """Chords of eight partials on a steady beat."""
    draw = np.random.default_rng(seed)
    t = np.arange(round(0.4 * rate)) / rate
    parts = []
    for _ in range(int(np.ceil(seconds / 0.4))):
        root = 220 * 2 ** (draw.integers(0, 12) / 12)
        chord = [root * 2 ** (step / 12) for step in (0, 4, 7)]
        tones = [np.sin(2 * np.pi * f * h * t) / h for f in chord for h in range(1, 9) if f * h < 0.45 * rate]
        parts.append(np.sum(tones, axis=0) * np.exp(-1.5 * t) * np.minimum(t / 0.01, 1))
    return 0.05 * np.concatenate(parts)[: round(seconds * rate)]


def speech(seconds, rate=RATE, seed=0):
    """Syllables: a gliding pulse train through moving formants, hissing consonants, and pauses."""
    draw = np.random.default_rng(seed)
    parts = []
    while sum(map(len, parts)) < seconds * rate:
        n = round(draw.uniform(0.12, 0.28) * rate)
        pitch = draw.uniform(90, 150) * 2 ** (draw.uniform(-0.4, 0.4) * np.arange(n) / n)
        pulses = np.diff(np.floor(np.cumsum(pitch) / rate), prepend=0.0)
        vowel = pulses
        for hz in (draw.uniform(300, 800), draw.uniform(900, 2200), 2600.0):
            radius = np.exp(-np.pi * 90 / rate)
            vowel = lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * hz / rate), radius**2], vowel)
        vowel *= np.sin(np.pi * np.arange(n) / n) / (np.std(vowel) + 1e-9)
        consonant = draw.standard_normal(round(draw.uniform(0.04, 0.1) * rate))
        consonant = 0.3 * lfilter([1, -0.9], [1], consonant)
        parts += [vowel, consonant, np.zeros(round(draw.choice([0.02, 0.05, 0.4]) * rate))]
    return 0.1 * np.concatenate(parts)[: round(seconds * rate)]


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 96000])
def test_clear_cases_at_any_rate(rate):
    for make, kind in ((music, "music"), (speech, "speech")):
        found = analyse(make(9, rate), rate)
        assert found.share(kind) > 0.6, kind
        assert found.found


@pytest.mark.parametrize("make", [music, speech])
def test_level_polarity_and_channels_change_nothing(make):
    audio = make(6)
    alone = analyse(audio)
    for other in (0.125 * audio, np.stack([audio, -audio]), np.stack([audio, 0 * audio])):
        np.testing.assert_allclose(analyse(other).speech_probability, alone.speech_probability, atol=2e-3)


@pytest.mark.parametrize("make", [music, speech])
def test_a_telephone_band_and_hiss_change_little(make):
    audio = make(9)
    telephone = sosfilt(butter(4, [300, 3400], "band", fs=RATE, output="sos"), audio)
    hiss = audio + 0.1 * np.std(audio) * np.random.default_rng(1).standard_normal(audio.size)
    for other in (telephone, hiss):
        assert analyse(other).share(make.__name__) > 0.6


def test_segments_follow_the_program():
    found = analyse(np.concatenate([music(12), np.zeros(6 * RATE), speech(12)]))
    assert [KINDS[k] for k in found.kind[:2]] == ["music", "neither"]
    assert found.end_s[0] == pytest.approx(12, abs=0.1)
    assert found.start_s[2] == pytest.approx(18, abs=0.1)
    assert found.end_s[-1] == pytest.approx(30, abs=0.01)
    assert (found.start_s[1:] == found.end_s[:-1]).all()


def test_any_partition_gives_the_same_bits():
    audio = np.stack([music(5), speech(5)])
    whole = analyse(audio)
    assert all(analyse(audio, block=block) == whole for block in (977, 8820, 30_000))


@pytest.mark.parametrize("rate", [4000, 44100, 768_000])
@pytest.mark.parametrize("length", [0, 1, 1000])
def test_too_short_to_tell(rate, length):
    found = analyse(np.full((8, length), 0.5), rate)
    assert not found.found
    assert found.confidence == 0
    assert found.describe() == "neither speech nor music"
    assert found == Program.from_json(json.loads(json.dumps(found.to_json())))


def test_silence_is_neither():
    found = analyse(np.zeros((2, 7 * RATE)))
    assert not found.found
    assert found.share("neither") == 1.0


def test_hostile_samples():
    for audio in (np.full((1, 4 * RATE), 1e300), np.eye(1, 4 * RATE)):
        assert np.isfinite(analyse(audio).confidence)


def test_segments_are_bounded(monkeypatch):
    monkeypatch.setattr(program, "_MAX_SEGMENTS", 6)
    parts = [np.zeros(3 * 8000) if number % 2 else music(3, 8000, number) for number in range(20)]
    found = analyse(np.concatenate(parts), 8000)
    assert 3 <= found.kind.size <= 6
    assert found.start_s[0] == 0
    assert found.end_s[-1] == 60
    assert (found.start_s[1:] == found.end_s[:-1]).all()


def test_weights_belong_to_the_features():
    assert MEAN.shape == SCALE.shape == (len(NAMES),)
    assert WEIGHTS.shape == (len(KINDS), len(NAMES))
    np.testing.assert_allclose(probabilities(MEAN), np.exp(BIAS) / np.exp(BIAS).sum())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", [7]),
        ("kind", [1.5]),
        ("start_s", [-1.0]),
        ("end_s", []),
        ("end_s", [1e12]),
        ("speech_probability", [1.2]),
        ("confidence", 7.0),
    ],
)
def test_damaged_findings_are_refused(field, value):
    good = analyse(music(3)).to_json()
    assert len(good["kind"]) == 1
    with pytest.raises(FindingsError):
        Program.from_json({**good, field: value})
