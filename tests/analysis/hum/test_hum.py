"""Hum is what stays: found at any rate and level, in any channel; notes, noise and silence are none."""

import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.analysis.hum.found import Hum
from wavemend.analysis.hum.hum import HumAnalyser
from wavemend.contract.findings import NO_LEVEL
from wavemend.errors import FindingsError

RATE = 8000
DRAW = np.random.default_rng(7)
HISS = 1e-4 * DRAW.standard_normal((2, 30 * RATE))


def analyse(audio, rate=RATE, block=None):
    audio = np.atleast_2d(audio)
    analyser = HumAnalyser(rate, len(audio))
    for start in range(0, audio.shape[1], block or max(audio.shape[1], 1)):
        analyser.push(audio[:, start : start + (block or audio.shape[1])])
    return analyser.result()


def comb(hz, seconds=12.0, rate=RATE, heights=(1.0, 0.5, 0.33, 0.25, 0.2), level=0.01):
    t = np.arange(round(seconds * rate)) / rate
    lines = [a * np.sin(2 * np.pi * hz * h * t + h) for h, a in enumerate(heights, 1) if hz * h < rate / 2]
    return level * np.sum(lines, axis=0)


@cache
def tone(hz, seconds):
    return comb(hz, seconds, heights=1 / np.arange(1.0, 13.0), level=0.1)


def note(hz, start, length, seconds=25.0):
    t = np.arange(round(seconds * RATE)) / RATE
    envelope = np.clip((t - start) / 0.05, 0, 1) * np.clip((start + length - t) / 0.2, 0, 1)
    return envelope * tone(hz, seconds)


@pytest.mark.parametrize("rate", [4000, 8000, 44100, 192000])
@pytest.mark.parametrize("hz", [49.97, 60.02])
def test_hum_is_found_at_any_rate(rate, hz):
    found = analyse(comb(hz, seconds=8.0, rate=rate), rate)
    assert found.found
    assert found.kind == "hum"
    assert found.frequency_hz == pytest.approx(hz, abs=0.005)
    assert found.wander_hz < 0.01
    assert set(range(1, 6)) <= set(found.harmonic.tolist())


@pytest.mark.parametrize("hz", [43.3, 50.0, 66.7, 400.0])
def test_other_fundamentals_are_found(hz):
    found = analyse(comb(hz, heights=1 / np.arange(1.0, 11.0)))
    assert found.frequency_hz == pytest.approx(hz, abs=0.02)


def test_levels_are_those_of_each_channel_and_harmonic():
    hum = comb(50.0, 20.0)
    found = analyse(np.stack([hum, 0.1 * hum, 0 * hum]) + HISS[0, : hum.size])
    expected = 20 * np.log10(0.01 * np.array([1.0, 0.5, 0.33, 0.25, 0.2]) / np.sqrt(2))
    np.testing.assert_allclose(found.level_dbfs[0, :5], expected, atol=0.5)
    np.testing.assert_allclose(found.level_dbfs[1, :3], expected[:3] - 20, atol=1.5)
    assert (found.level_dbfs[2] == NO_LEVEL).all()
    assert found.hum_dbfs[0] == pytest.approx(10 * np.log10(np.mean(hum**2)), abs=0.5)


def test_everything_scales_with_the_level():
    quiet, loud = (analyse(comb(60.0, level=level)) for level in (0.001, 0.1))
    np.testing.assert_allclose(loud.level_dbfs[:, :5] - quiet.level_dbfs[:, :5], 40.0, atol=0.02)
    assert loud.frequency_hz == pytest.approx(quiet.frequency_hz, abs=1e-4)


def test_buzz_reaches_high_and_is_named():
    heights = [h**-0.5 * (1.0 if h % 2 else 0.3) for h in range(1, 60)]
    found = analyse(comb(50.0, 15.0, heights=heights))
    assert found.kind == "buzz"
    assert np.count_nonzero(found.harmonic > 20) > 15


def test_a_wandering_fundamental_is_followed():
    t = np.arange(20 * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(50.0 + 0.1 * np.sin(2 * np.pi * t / 10)) / RATE
    found = analyse(0.01 * sum(np.sin(h * phase) / h for h in range(1, 8)))
    assert found.frequency_hz == pytest.approx(50.0, abs=0.02)
    assert found.wander_hz == pytest.approx(0.07, abs=0.03)


def test_three_seconds_of_hum_alone_are_enough():
    """The program that follows is 35 dB louder, and hides the hum wherever it sounds."""
    draw = np.random.default_rng(1)
    program = np.pad(0.2 * draw.standard_normal(20 * RATE), (3 * RATE, 0))
    hum = comb(50.0, 23.0, heights=1 / np.arange(1.0, 13.0), level=0.01)
    assert analyse(hum + program).frequency_hz == pytest.approx(50.0, abs=0.02)
    assert not analyse(program).found


@pytest.mark.parametrize("hz", [50.0, 60.0, 100.0, 120.0, 55.0, 41.2])
@pytest.mark.parametrize(("start", "length"), [(3.0, 10.0), (8.0, 4.0), (0.0, 10.0)])
def test_a_held_note_is_no_hum(hz, start, length):
    assert not analyse(note(hz, start, length) + HISS[0, : 25 * RATE]).found


@pytest.mark.parametrize("hz", [50.0, 55.0, 60.0])
@pytest.mark.parametrize("every", [1.5, 2.5, 5.0])
def test_a_note_struck_again_and_again_is_no_hum(hz, every):
    notes = sum(note(hz, start, every - 0.6) for start in np.arange(0.0, 25.0, every))
    assert not analyse(notes + HISS[0, : 25 * RATE]).found


def test_hum_that_never_stands_free_is_found():
    draw = np.random.default_rng(4)
    program = 0.1 * draw.standard_normal((2, 30 * RATE))
    hum = comb(50.03, 30.0, heights=1 / np.arange(1.0, 9.0), level=0.008)
    found = analyse(program + hum)
    assert found.frequency_hz == pytest.approx(50.03, abs=0.05)
    assert 1 in found.harmonic
    np.testing.assert_allclose(found.level_dbfs[:, 0], 20 * np.log10(0.008 / np.sqrt(2)), atol=3.0)
    assert not analyse(program).found


def test_hum_under_a_held_note_is_found():
    audio = note(55.0, 2, 9) + comb(50.0, 25.0, level=0.002) + HISS[0, : 25 * RATE]
    assert analyse(audio).frequency_hz == pytest.approx(50.0, abs=0.02)


@pytest.mark.parametrize(("start", "stop"), [(40, 60), (0, 20), (17, 38)])
def test_hum_in_a_part_is_found_at_its_own_level(start, stop):
    audio = comb(50.0, 60.0)
    audio[: start * RATE] = audio[stop * RATE :] = 0.0
    found = analyse(audio + 1e-4 * np.random.default_rng(2).standard_normal(audio.size))
    assert found.frequency_hz == pytest.approx(50.0, abs=0.02)
    assert found.level_dbfs[0, 0] == pytest.approx(20 * np.log10(0.01 / np.sqrt(2)), abs=0.5)
    assert 0.2 < found.share < 0.4


@pytest.mark.parametrize("hz", [50.0, 60.0, 100.0, 120.0])
@pytest.mark.parametrize("chord", [(1.0,), (1.0, 1.25, 1.5), (1.0, 2.0, 3.0)])
def test_a_chord_that_begins_part_way_is_no_hum(hz, chord):
    """As an organ holds it, for 12 s of a minute."""
    audio = 1e-4 * np.random.default_rng(1).standard_normal(60 * RATE)
    assert not analyse(audio + sum(note(hz * ratio, 25.0, 12.0, 60.0) for ratio in chord)).found


@pytest.mark.parametrize("samples", [0, 1, 1000, 10 * RATE])
def test_silence_has_none(samples):
    assert not analyse(np.zeros((2, samples))).found


@pytest.mark.parametrize("seed", range(4))
def test_noise_has_none(seed):
    draw = np.random.default_rng(seed)
    assert not analyse(0.1 * draw.standard_normal((2, 20 * RATE))).found


def test_an_offset_is_none():
    assert not analyse(np.full((1, 10 * RATE), 0.3) + HISS[:1, : 10 * RATE]).found


@settings(max_examples=5)
@given(block=st.integers(500, 40000))
def test_blocks_do_not_matter(block):
    audio = np.stack([comb(50.0, 6.0), comb(60.0, 6.0)]) + HISS[:, : 6 * RATE]
    assert analyse(audio, block=block) == analyse(audio)


def test_long_recordings_are_one_recording():
    audio = comb(50.03, 100.0, rate=4000)
    found = analyse(audio, 4000)
    assert found.share == 1.0
    assert found.frequency_hz == pytest.approx(50.03, abs=0.005)


def test_many_channels():
    audio = np.tile(HISS[0, : 8 * RATE], (8, 1))
    audio[5] += comb(50.0, 8.0)
    found = analyse(audio)
    assert np.flatnonzero((found.level_dbfs > NO_LEVEL).any(axis=1)).tolist() == [5]


def test_json_and_description():
    found = analyse(comb(50.0))
    assert Hum.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert found.describe().startswith("hum at 50.00 Hz")
    none = Hum.nothing(2)
    assert Hum.from_json(json.loads(json.dumps(none.to_json()))) == none
    assert (none.describe(), none.kind, none.found) == ("no hum", "", False)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("frequency_hz", -1.0, "must be 0 to 100000"),
        ("frequency_hz", 0.0, "or neither"),
        ("wander_hz", 1e9, "must be 0 to 10"),
        ("share", 2.0, "must be 0 to 1"),
        ("confidence", 1.5, "must be 0 to 1"),
        ("harmonic", [2, 1, 3, 4, 5], "must ascend"),
        ("harmonic", [0, 1, 2, 3, 4], "must be 1 to 240, not 0"),
        ("harmonic", [1, 2, 3, 4, 1000], "must be 1 to 240, not 1000"),
        ("harmonic", [], "level_dbfs has 5 harmonics, but harmonic has 0"),
        ("level_dbfs", [[-40.0] * 4 + [1e9]], "must be -200 to 200"),
        ("level_dbfs", [[-40.0] * 4 + [float("nan")]], "damaged"),
        ("level_dbfs", [], "one value for each of 1 to 64 channels and 0 to 240 harmonics"),
    ],
)
def test_damaged_findings_are_refused(field, value, message):
    good = Hum(50.0, 0.01, np.arange(1, 6), np.full((1, 5), -40.0), 1.0, 0.9).to_json()
    with pytest.raises(FindingsError, match=message):
        Hum.from_json({**good, field: value})


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("hz", [50.0, 56.4, 59.35])
def test_hum_is_found_where_the_transfer_fades(hz, backwards):
    """In or out within 4 s, program and hum and noise together; at the mains' frequency, and off speed."""
    t = np.arange(24 * RATE) / RATE
    pluck = 0.1 * np.exp(-4 * (t % 0.7)) * np.sin(2 * np.pi * 330 * (t % 0.7))
    audio = pluck + comb(hz, 24.0, heights=1 / np.arange(1.0, 11.0)) + HISS[0, : t.size]
    fade = np.minimum(t / 4.0, 1.0) ** 2
    found = analyse(audio * (fade[::-1] if backwards else fade))
    assert found.frequency_hz == pytest.approx(hz, abs=0.02)
    assert {1, 2, 3, 4, 5} <= set(found.harmonic.tolist())


@pytest.mark.parametrize("hz", [16.7, 25.0])
def test_railways_hum_is_found_at_its_own_base(hz):
    found = analyse(comb(hz, 20.0, heights=1 / np.arange(1.0, 13.0)) + HISS[0, : 20 * RATE])
    assert found.frequency_hz == pytest.approx(hz, abs=0.01)
    assert not found.other_hz.size


@pytest.mark.parametrize("hz", [50.0, 60.0])
def test_mains_are_no_railways_hum(hz):
    found = analyse(comb(hz, 20.0, heights=1 / np.arange(1.0, 13.0)) + HISS[0, : 20 * RATE])
    assert found.frequency_hz == pytest.approx(hz, abs=0.01)
    assert not found.other_hz.size


def test_a_rhythm_of_sixteen_strokes_a_second_is_no_railways_hum():
    t = np.arange(25 * RATE) / RATE
    strokes = np.sin(2 * np.pi * 180 * t) * np.exp(-30 * (t % (1 / 16.43)))
    found = analyse(0.1 * strokes + HISS[0, : t.size])
    assert all(hum.frequency_hz > 40.0 for hum in found.each())


def test_how_far_the_mains_wander_is_not_how_badly_they_are_heard():
    """A steady hum under notes at its own harmonics that come and go: each window is off by itself."""
    t = np.arange(25 * RATE) / RATE
    hum = comb(50.0, 25.0, heights=1 / np.arange(1.0, 11.0))
    draw = np.random.default_rng(3)
    pitch = 50.0 * (1 + np.arange(50) % 5) * (1 + draw.uniform(-0.004, 0.004, 50))
    notes = 0.005 * np.exp(-3 * (t % 0.5)) * np.sin(2 * np.pi * pitch[(2 * t).astype(int)] * (t % 0.5))
    found = analyse(hum + notes + HISS[0, : t.size])
    assert found.frequency_hz == pytest.approx(50.0, abs=0.01)
    assert found.wander_hz < 0.004


@pytest.mark.parametrize("gone", ["gated", "faded", "begins"])
@pytest.mark.parametrize("seconds", [8, 10])
def test_a_short_transfer_that_is_hum_to_its_end_alone_is_found(gone, seconds):
    """Digital silence of 3 s before it, a fade of 4 s, or hum that is switched on: what is left is enough."""
    draw = np.random.default_rng(3)
    time = np.arange(seconds * RATE) / RATE
    program = 1e-3 * draw.standard_normal(time.size)
    hum = comb(50.02, seconds, level=0.01)
    gain = {"gated": time > 3.0, "faded": np.clip(time / 4.0, 0, 1) ** 2, "begins": time > 4.0}[gone]
    found = analyse(gain * hum + (program if gone == "begins" else gain * program))
    assert found.frequency_hz == pytest.approx(50.02, abs=0.02)


@pytest.mark.parametrize("start", [0.0, 3.0])
@pytest.mark.parametrize("hz", [50.0, 60.0, 100.0])
def test_a_note_that_ends_within_a_short_take_is_no_hum(hz, start):
    assert not analyse(note(hz, start, 4.5)[: 10 * RATE] + HISS[0, : 10 * RATE]).found


@pytest.mark.parametrize("second", [58.1, 62.6])
def test_a_second_hum_that_shows_in_few_lines_is_told(second):
    draw = np.random.default_rng(5)
    heights = np.array([1.0, 0.7, 0.5, 0.0, 0.03])
    audio = comb(60.0, 10.0, heights=1 / np.arange(1.0, 13.0), level=0.01)
    audio = audio + comb(second, 10.0, heights=heights, level=0.005)
    found = analyse(audio + 1e-3 * draw.standard_normal(audio.size))
    assert found.frequency_hz == pytest.approx(60.0, abs=0.02)
    np.testing.assert_allclose(found.other_hz, [second], atol=0.03)


@pytest.mark.parametrize("hz", [48.9, 56.4, 62.4])
def test_faint_hum_of_a_transfer_off_its_speed_is_found(hz):
    """Two lines of it show, 17 dB under the program; a bass as loud as what plays with it is none."""
    time = np.arange(10 * RATE) / RATE
    program = (time % 5.0 < 2.0) * np.random.default_rng(7).standard_normal(time.size)
    faint = comb(hz, 10.0, heights=(1.0, 0.3, 0.0, 0.0, 0.04)) + HISS[0, : time.size]
    assert analyse(faint + 0.1 * program).frequency_hz == pytest.approx(hz, abs=0.05)
    assert not analyse(faint + 0.01 * program).found


@pytest.mark.parametrize(("hz", "heights"), [(130.81, (1.0, 0.5, 0.33)), (220.0, (1.0, 0.5, 0.3, 0.2))])
def test_what_a_loud_note_spills_beside_itself_is_no_faint_hum(hz, heights):
    assert not analyse(comb(hz, 10.0, heights=heights, level=0.1)).found


def test_what_was_looked_at_is_said_where_nothing_is_found():
    noise = 0.1 * np.random.default_rng(1).standard_normal(12 * RATE)
    hidden = analyse(noise + comb(57.0, level=0.004))
    assert not hidden.found
    assert (0.0 < hidden.nearest_share < 1.0, hidden.nearest_lacks) == (True, "evidence")
    assert hidden.describe().startswith(f"no hum (the likeliest, at {hidden.nearest_hz:.1f} Hz, shows ")
    struck = sum(note(50.0, start, 0.9) for start in np.arange(0.0, 25.0, 1.5)) + HISS[0, : 25 * RATE]
    assert "breaks off, as notes do" in analyse(struck).describe()
    assert analyse(np.zeros((1, 5 * RATE))).describe() == "no hum"
    before = {name: value for name, value in hidden.to_json().items() if not name.startswith("nearest_")}
    assert Hum.from_json(before) == Hum.nothing(1)
