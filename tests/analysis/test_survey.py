"""What every finder keeps, whatever it looks for."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.analysis.finders import FINDERS
from wavemend.analysis.survey import Survey
from wavemend.errors import AudioValueError, FindingsError

from .sounds import RATE, heard, music

EVERY = pytest.mark.parametrize("kind", FINDERS.values(), ids=FINDERS)
MUSIC = music(7, channels=2)


def analyse(kind, audio, rate=RATE, sizes=()):
    return heard(kind(rate, len(audio)), audio, sizes)


@EVERY
def test_blocks_do_not_matter(kind):
    whole = analyse(kind, MUSIC).to_json()

    @settings(max_examples=4)
    @given(sizes=st.lists(st.integers(1, 40_000), min_size=1, max_size=6))
    def check(sizes):
        assert analyse(kind, MUSIC, sizes=sizes).to_json() == whole

    check()


@EVERY
@pytest.mark.parametrize("rate", [4000, 44100, 192000, 768000])
@pytest.mark.parametrize("samples", [0, 1, 700])
def test_short_recordings_of_any_rate_are_heard(kind, rate, samples):
    findings = analyse(kind, 0.1 * np.random.default_rng(0).standard_normal((3, samples)), rate)
    assert type(findings).from_json(json.loads(json.dumps(findings.to_json()))) == findings
    assert findings.describe()


@EVERY
@pytest.mark.parametrize("rate", [1, 10, 100, 3999, 768_001])
def test_rates_that_no_stage_takes_are_refused(kind, rate):
    with pytest.raises(AudioValueError, match="must be 4000 to 768000 Hz"):
        kind(rate, 2)


@pytest.mark.parametrize("rate", [-1, 0, 1, 3999, float("nan"), float("inf")])
def test_a_survey_refuses_them_first(rate):
    with pytest.raises(AudioValueError, match="must be 4000 to 768000 Hz"):
        Survey(rate, 2)


@EVERY
@pytest.mark.parametrize("peak", [5e-324, 1e-160, 1e160, 1e300])
def test_no_level_is_too_high_or_too_low(kind, peak):
    rng = np.random.default_rng(0)
    for audio in (rng.uniform(-peak, peak, (2, RATE)), np.full((1, 5000), peak), peak * np.eye(1, RATE)):
        findings = analyse(kind, audio)
        assert type(findings).from_json(json.loads(json.dumps(findings.to_json()))) == findings


@EVERY
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_nothing_is_wrong_with_silence(kind, channels):
    findings = analyse(kind, np.zeros((channels, RATE)))
    assert findings.describe()
    silent_channels = kind is FINDERS["stereo"] and channels > 1  # those are worth a word
    assert findings.found == silent_channels


@EVERY
def test_json_there_and_back_and_nothing_else(kind):
    data = json.loads(json.dumps(analyse(kind, MUSIC).to_json()))
    findings_type = type(analyse(kind, MUSIC))
    assert findings_type.from_json(data).to_json() == data
    for name in data:
        for junk in ("x", {}, [["a"]], float("nan")):
            with pytest.raises(FindingsError):
                findings_type.from_json({**data, name: junk})
        with pytest.raises(FindingsError):
            findings_type.from_json({key: value for key, value in data.items() if key != name})


@EVERY
def test_a_block_that_others_hear_too_is_not_written_to(kind):
    for audio in (MUSIC, MUSIC[:1], 1e12 * MUSIC[:1]):
        block = np.array(audio)
        analyser = kind(RATE, len(block))
        analyser.hear(block)
        analyser.result()
        assert np.array_equal(block, audio)


def test_a_survey_refuses_what_its_finders_refuse():
    survey = Survey(RATE, 2)
    survey.push(np.zeros((2, 10)))
    with pytest.raises(AudioValueError, match="sample 13 of channel 2"):
        survey.push(np.pad([[0.0], [np.nan]], ((0, 0), (3, 0))))


def test_a_survey_finds_what_its_finders_find():
    survey = Survey(RATE, 2)
    survey.push(MUSIC[:, :100_000])
    survey.push(MUSIC[:, 100_000:])
    together = survey.result()
    assert {name: analyse(kind, MUSIC) for name, kind in FINDERS.items()} == together
