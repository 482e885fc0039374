"""Clicks are counted, measured and timed; a turn is named; blocks do not matter; music is left alone."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.analysis.clicks.bands import SCORES
from wavemend.analysis.clicks.clicks import NO_STRENGTH, Clicks, ClicksAnalyser
from wavemend.analysis.clicks.rates import Timeline
from wavemend.analysis.speeds import DISCS
from wavemend.errors import FindingsError

RATE = 44100


def analyse(audio, rate=RATE, sizes=None):
    audio = np.atleast_2d(audio)
    analyser = ClicksAnalyser(rate, len(audio))
    at = 0
    for size in sizes or [audio.shape[1]]:
        analyser.push(audio[:, at : at + size])
        at += size
    analyser.push(audio[:, at:])
    return analyser.result()


def music(seconds, rate=RATE, channels=1, seed=0):
    """Notes that decay, and noise under them."""
    draw = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    audio = 0.003 * draw.standard_normal((channels, t.size))
    for start in np.arange(0.0, seconds, 0.37):
        begun = np.searchsorted(t, start)
        after = t[begun:] - start
        pitch = 110 * 2 ** (draw.integers(0, 30) / 12)
        rise = 0.15 * np.minimum(after / 0.005, 1)
        audio[:, begun:] += rise * np.exp(-3 * after) * np.sin(2 * np.pi * pitch * after)
    return audio


def clicked(audio, times_s, height, channels=slice(None), rate=RATE):
    audio = audio.copy()
    for number, start in enumerate(np.round(np.asarray(times_s) * rate).astype(int)):
        audio[channels, start : start + 3] += height * np.array([1.0, -0.6, 0.2]) * (-1) ** number
    return audio


STEREO = clicked(music(3.0, channels=2), np.arange(0.3, 2.8, 0.31), 0.5)


MUSIC = music(20.0)


@settings(max_examples=8)
@given(st.lists(st.integers(1, 40_000), max_size=6))
def test_blocks_do_not_matter(sizes):
    assert analyse(STEREO, sizes=sizes).to_json() == analyse(STEREO).to_json()


@pytest.mark.parametrize("rate", [4000, 8000, 44100, 96000, 768000])
@pytest.mark.parametrize("samples", [0, 1, 700, 5000])
def test_short_recordings_of_any_rate_are_heard(rate, samples):
    findings = analyse(0.1 * np.random.default_rng(0).standard_normal((3, samples)), rate)
    assert Clicks.from_json(json.loads(json.dumps(findings.to_json()))) == findings
    assert not findings.found
    assert findings.describe()


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_silence_and_huge_steady_sound_have_no_clicks(channels):
    assert not analyse(np.zeros((channels, RATE))).found
    loud = 1e150 * np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE)
    analyse(np.tile(loud, (channels, 1))).describe()


def test_music_has_no_clicks():
    findings = analyse(music(10.0, channels=2))
    assert not findings.found
    assert findings.confidence == 0.0
    assert findings.strength_db == NO_STRENGTH
    assert findings.describe() == "no clicks"


# At 8 kHz a pulse of three samples lasts as long as a drum's stroke: single ones are not plain enough.
@pytest.mark.parametrize(
    ("rate", "per_minute"),
    [(8000, 120), (8000, 600), (22050, 6), (22050, 120), (44100, 6), (44100, 600), (96000, 6), (96000, 600)],
)
def test_clicks_a_minute(rate, per_minute):
    times = np.random.default_rng(1).uniform(0.2, 9.8, per_minute // 6)
    findings = analyse(clicked(music(10.0, rate), times, 0.4, rate=rate), rate)
    there = findings.clicks_per_minute + findings.crackle_per_minute
    assert there == pytest.approx([per_minute], rel=0.15)
    assert findings.found


@pytest.mark.parametrize("per_second", [50, 200, 800])
def test_crackle_a_minute(per_second):
    draw = np.random.default_rng(2)
    times = draw.uniform(0.1, 9.8, round(9.7 * per_second))
    findings = analyse(clicked(0.01 * draw.standard_normal((1, 10 * RATE)), times, 1.0))
    there = findings.clicks_per_minute + findings.crackle_per_minute
    assert there == pytest.approx([60 * per_second], rel=0.15)


@pytest.mark.parametrize(("ratio", "kind"), [(0.8, "crackle"), (4.0, "clicks")])
def test_strength_tells_crackle_from_clicks(ratio, kind):
    t = np.arange(10 * RATE) / RATE
    tone = 0.2 * np.sin(2 * np.pi * 220 * t) + 1e-4 * np.random.default_rng(0).standard_normal(t.size)
    times = np.random.default_rng(3).uniform(0.1, 9.8, 60)
    findings = analyse(clicked(tone[None], times, ratio * 0.2 / np.sqrt(2)))
    assert findings.strength_db == pytest.approx(20 * np.log10(ratio), abs=1.0)
    rates = {"clicks": findings.clicks_per_minute[0], "crackle": findings.crackle_per_minute[0]}
    assert rates[kind] > 0.9 * sum(rates.values())
    assert kind[:5] in findings.describe()


def test_findings_scale_with_nothing():
    there, quieter = analyse(STEREO), analyse(0.25 * STEREO)
    assert quieter.to_json() == there.to_json()


def test_clicks_in_both_channels_are_told_from_those_in_one():
    audio, times = music(10.0, channels=2), np.random.default_rng(4).uniform(0.2, 9.8, 40)
    assert analyse(clicked(audio, times, 0.5)).shared_share > 0.95
    apart = clicked(clicked(audio, times[:20], 0.5, 0), times[20:], 0.5, 1)
    assert analyse(apart).shared_share < 0.05
    one = analyse(clicked(audio, times, 0.5, 1))
    assert one.clicks_per_minute[0] == 0 < one.clicks_per_minute[1]
    assert analyse(clicked(audio[:1], times, 0.5)).shared_share is None


@pytest.mark.parametrize("rpm", [speed.rpm for speed in DISCS])
def test_a_turn_is_named(rpm):
    draw = np.random.default_rng(5)
    times = np.arange(0.5, 19.5, 60 / rpm)
    times += draw.uniform(-0.004, 0.004, times.size)
    random = draw.uniform(0.2, 19.8, 15)
    findings = analyse(clicked(MUSIC, np.sort(np.r_[times, random]), 0.5))
    assert findings.revolution_rpm == rpm
    assert findings.revolution_s == pytest.approx(60 / rpm, rel=0.009)
    assert findings.revolution_confidence >= 0.5


@pytest.mark.parametrize("period_s", [None, 0.6, 0.9])
def test_no_turn_is_named_without_one(period_s):
    times = np.arange(0.5, 19.5, period_s) if period_s else np.random.default_rng(6).uniform(0.2, 19.8, 60)
    assert analyse(clicked(MUSIC, times, 0.5)).revolution_rpm == 0.0


def test_the_worst_stretch_comes_first():
    times = np.r_[np.random.default_rng(7).uniform(10.2, 19.8, 40), 3.0, 5.0]
    findings = analyse(clicked(MUSIC, times, 0.5))
    assert findings.worst_start_s[0] == 10.0
    assert findings.worst_per_minute[0] == pytest.approx(240, rel=0.15)
    assert (np.diff(findings.worst_per_minute) <= 0).all()


def test_the_density_over_time_matches_the_rate_that_is_told():
    times = np.r_[np.random.default_rng(7).uniform(10.2, 14.8, 40), 3.0, 5.0]
    findings = analyse(clicked(MUSIC, times, 0.5))
    assert findings.column_s == 1.0 and findings.density_per_minute.size == np.ceil(MUSIC.shape[1] / RATE)
    rate = findings.clicks_per_minute + findings.crackle_per_minute
    assert findings.density_per_minute.mean() == pytest.approx(rate.max(), rel=0.15)
    dense = findings.density_per_minute[10:15].sum() / findings.density_per_minute.sum()
    assert dense > 0.9


def test_columns_double_with_length_and_keep_every_impulse():
    timeline = Timeline()
    counts = np.zeros(SCORES.size)
    counts[:3] = 1.0
    for second in range(0, 3000, 7):
        timeline.add(second + 0.5, counts)
    density = timeline.per_minute(2, 3000 / 60)
    assert timeline.column_s == 8.0 and density.size == 375
    assert density.sum() * 8.0 / 60 == pytest.approx(len(range(0, 3000, 7)))
    assert not timeline.per_minute(3, 3000 / 60).any()


def test_memory_does_not_grow():
    analyser = ClicksAnalyser(RATE, 1)
    sizes = []
    for _ in range(2):
        for block in range(12):
            times = np.arange(0.05, 0.95, 0.1)
            analyser.push(clicked(music(1.0, seed=block), times, 0.5))
        sizes.append(analyser._revolutions._times.size + sum(map(len, analyser._tally._worst)))
    assert sizes[1] <= sizes[0] + 20


@pytest.mark.parametrize(
    "damage",
    [
        {"clicks_per_minute": [1.0]},
        {"clicks_per_minute": [-1.0, 0.0]},
        {"clicks_per_minute": [float("nan"), 0.0]},
        {"crackle_per_minute": [1e9, 0.0]},
        {"clicks_per_minute": [], "crackle_per_minute": []},
        {"clicks_per_minute": [[1.0, 2.0]]},
        {"shared_share": 1.5},
        {"shared_share": "all"},
        {"strength_db": 1e6},
        {"revolution_rpm": 16.0},
        {"revolution_s": -1.0},
        {"revolution_confidence": 2.0},
        {"worst_start_s": [0.0]},
        {"worst_start_s": [0.0] * 9, "worst_per_minute": [1.0] * 9},
        {"worst_start_s": [-1.0], "worst_per_minute": [1.0]},
        {"column_s": -1.0},
        {"density_per_minute": [-1.0]},
        {"density_per_minute": [1.0] * 513},
        {"confidence": -0.1},
        {"extra": 1},
    ],
)
def test_damaged_findings_are_refused(damage):
    good = analyse(STEREO).to_json() | {"worst_start_s": [], "worst_per_minute": []}
    assert Clicks.from_json(json.loads(json.dumps(good)))
    with pytest.raises(FindingsError):
        Clicks.from_json(good | damage)
