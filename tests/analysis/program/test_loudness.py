"""Loudness after ITU-R BS.1770-4, EBU Tech 3341 and 3342: the standards' signals, and pyloudnorm."""

import json

import numpy as np
import pyloudnorm
import pytest
from wavemend.analysis.program.loudness import (
    NO_LEVEL,
    Loudness,
    LoudnessAnalyser,
    k_weighting,
    momentary_lufs,
)
from wavemend.errors import FindingsError

RATE = 48000


def analyse(audio, rate=RATE, block=None):
    audio = np.atleast_2d(audio)
    analyser = LoudnessAnalyser(rate, len(audio))
    for start in range(0, audio.shape[1], block or max(audio.shape[1], 1)):
        analyser.push(audio[:, start : start + (block or audio.shape[1])])
    return analyser.result()


def sine(level_db, seconds, rate=RATE, hz=997.0, channels=2, phase=0.0):
    t = np.arange(round(seconds * rate)) / rate
    return np.tile(10 ** (level_db / 20) * np.sin(2 * np.pi * hz * t + phase), (channels, 1))


def steps(*parts):
    return np.concatenate([sine(level, seconds, hz=1000.0) for level, seconds in parts], axis=1)


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000, 192000])
def test_997_hz_in_one_channel_at_full_scale_reads_minus_3_01(rate):
    assert analyse(sine(0.0, 3, rate, channels=1), rate).integrated_lufs == pytest.approx(-3.01, abs=0.03)


def test_sections_at_48_khz_are_the_standards_tables():
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621]
    np.testing.assert_allclose(k_weighting(48000), [shelf, high_pass], atol=1e-9)


@pytest.mark.parametrize(
    ("audio", "expected"),
    [
        (sine(-23.0, 20, hz=1000.0), -23.0),
        (sine(-33.0, 20, hz=1000.0), -33.0),
        (steps((-36, 10), (-23, 60), (-36, 10)), -23.0),
        (steps((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23.0),
        (steps((-26, 20), (-20, 20.1), (-26, 20)), -23.0),
    ],
    ids=["tech-3341-1", "tech-3341-2", "tech-3341-3", "tech-3341-4", "tech-3341-5"],
)
def test_integrated_loudness_of_the_standards_signals(audio, expected):
    assert analyse(audio).integrated_lufs == pytest.approx(expected, abs=0.1)


def test_surround_channels_weigh_more_and_the_lfe_nothing():
    levels = np.array([-28, -28, -24, -3, -30, -30])  # Tech 3341, case 6, and an LFE
    audio = sine(0.0, 20, hz=1000.0, channels=6) * 10 ** (levels[:, np.newaxis] / 20)
    assert analyse(audio).integrated_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [((-20, -30), 10.0), ((-20, -15), 5.0), ((-40, -20), 20.0), ((-50, -35, -20, -35, -50), 15.0)],
)
def test_loudness_range_of_the_standards_signals(levels, expected):
    assert analyse(steps(*((level, 20) for level in levels))).range_lu == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize("fraction", [4, 6, 8, 16])
def test_true_peak_of_sines_between_samples(fraction):
    """Tech 3341, cases 15 to 19: at most 0.2 dB over, 0.4 dB under."""
    audio = sine(-6.0, 0.5, hz=RATE / fraction, phase=np.pi / fraction)
    found = analyse(audio * np.hanning(audio.shape[1]))
    assert -0.4 <= found.true_peak_dbtp[0] + 6.0 <= 0.2
    assert (found.true_peak_dbtp >= found.sample_peak_dbfs).all()


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 96000])
def test_loudness_is_pyloudnorms(rate):
    draw = np.random.default_rng(1)
    swell = 10 ** (draw.uniform(-50, 0, 12) / 20).repeat(rate)
    audio = 0.2 * draw.standard_normal((2, 12 * rate)) * swell
    loudness = analyse(audio, rate).integrated_lufs
    same_filters = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(audio.T)
    assert loudness == pytest.approx(same_filters, abs=0.02)
    if rate > 8000:  # its default shelf is another one, and off by 0.2 dB where it nears half the rate
        assert loudness == pytest.approx(pyloudnorm.Meter(rate).integrated_loudness(audio.T), abs=0.1)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_momentary_loudness_is_that_of_0_4_s_alone(rate):
    audio = steps((-20, 1), (-40, 1)) if rate == RATE else sine(-20, 2, rate)
    along = momentary_lufs(audio, rate)
    assert along.shape == (17,)
    assert along[2] == pytest.approx(-20.0, abs=0.05)
    if rate == RATE:
        assert along[-1] == pytest.approx(-40.0, abs=0.05) and (np.diff(along[6:12]) < 0).all()
        block = audio[:, : round(0.4 * rate)]
        alone = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(block.T)
        assert along[0] == pytest.approx(alone, abs=0.01)
    assert momentary_lufs(audio[:, : rate // 4], rate).size == 0


def test_levels_of_a_sine():
    found = analyse(sine(-20.0, 1))
    np.testing.assert_allclose(found.rms_dbfs, -23.01, atol=0.01)
    np.testing.assert_allclose(found.crest_db, 3.01, atol=0.01)


def test_any_partition_gives_the_same_bits():
    audio = np.random.default_rng(2).standard_normal((3, 31_111)) * 0.1
    whole = analyse(audio)
    assert all(analyse(audio, block=block) == whole for block in (1999, 4800, 17))


def test_gain_moves_every_level_alike():
    audio = 0.1 * np.random.default_rng(3).standard_normal((2, 5 * RATE))
    loud, soft = analyse(audio), analyse(audio / 10)
    assert loud.integrated_lufs - soft.integrated_lufs == pytest.approx(20.0, abs=0.02)
    np.testing.assert_allclose(loud.true_peak_dbtp - soft.true_peak_dbtp, 20.0, atol=1e-5)


@pytest.mark.parametrize("rate", [4000, 11025, 768000])
@pytest.mark.parametrize("length", [0, 1, 999])
def test_short_recordings_have_no_loudness_but_levels(rate, length):
    found = analyse(np.full((8, length), 0.5), rate)
    assert found.integrated_lufs is None
    assert found.confidence == 0
    assert found.found == (length > 0)
    assert found == Loudness.from_json(json.loads(json.dumps(found.to_json())))


def test_silence_and_hostile_samples():
    silence = analyse(np.zeros((2, 2 * RATE)))
    assert not silence.found
    assert (silence.true_peak_dbtp == NO_LEVEL).all()
    assert silence.describe() == "digital silence"
    loud = analyse(np.full((1, RATE), 1e300))
    assert np.isfinite(loud.true_peak_dbtp).all()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rms_dbfs", [1e5]),
        ("rms_dbfs", [[1.0]]),
        ("rms_dbfs", []),
        ("true_peak_dbtp", [0.0, 0.0]),
        ("integrated_lufs", 1e9),
        ("range_lu", -1.0),
        ("confidence", 2.0),
        ("confidence", None),
    ],
)
def test_damaged_findings_are_refused(field, value):
    good = analyse(sine(-20.0, 4, channels=1)).to_json()
    with pytest.raises(FindingsError):
        Loudness.from_json({**good, field: value})
