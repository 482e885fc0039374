"""Levels of a hum whose fundamental is given: as they are, however it comes, and none where none is."""

import numpy as np
import pytest
from wavemend.analysis.hum.comb import NO_LEVEL
from wavemend.analysis.hum.found import Hum
from wavemend.analysis.hum.given import LEAST_TOLERANCE_HZ, TOLERANCE, GivenHumAnalyser
from wavemend.analysis.hum.hum import HumAnalyser

RATE = 4000
SECONDS = np.arange(8 * RATE) / RATE


def analysed(audio, hz=50.0, sizes=()):
    analyser = GivenHumAnalyser(RATE, audio.shape[0], hz)
    for part in np.split(audio, np.cumsum(sizes), axis=1) if sizes else [audio]:
        analyser.push(part)
    return analyser.result()


def hum(hz=50.0, level=0.01, channels=2):
    lines = sum(level / h * np.sin(2 * np.pi * hz * h * SECONDS + h) for h in (1, 2, 4))
    noise = 1e-4 * np.random.default_rng(0).standard_normal((channels, SECONDS.size))
    return lines + noise


@pytest.mark.parametrize("hz", [50.0, 60.0, 100.0])
def test_levels_are_as_they_are(hz):
    found = analysed(hum(hz), hz)
    expected = 20 * np.log10(0.01 / np.sqrt(2) / np.array([1, 2, 4]))
    level = dict(zip(found.harmonic.tolist(), found.level_dbfs[0], strict=True))
    assert [level[h] for h in (1, 2, 4)] == pytest.approx(expected, abs=1.0)


def test_the_frequency_is_set_right():
    assert analysed(hum(50.04)).frequency_hz == pytest.approx(50.04, abs=0.01)


def test_a_channel_without_hum_has_none():
    audio = hum()
    audio[1] = 1e-4 * np.random.default_rng(1).standard_normal(SECONDS.size)
    level = analysed(audio).level_dbfs
    assert level[0].max() > -50.0
    assert np.all(level[1] <= max(NO_LEVEL, -80.0))


def test_a_note_that_pauses_is_no_hum():
    audio = hum(channels=1) * (SECONDS % 2.0 < 1.0) + 1e-4 * np.random.default_rng(2).standard_normal(
        (1, SECONDS.size)
    )
    found = analysed(audio)
    assert not found.found or found.level_dbfs.max() < -60.0


@pytest.mark.parametrize("audio", [np.zeros((1, 8 * RATE)), np.zeros((1, 10))], ids=["silence", "too short"])
def test_nothing_where_nothing_is(audio):
    assert not analysed(audio).found


@pytest.mark.parametrize("sizes", [(1,) * 50, (441,) * 30, (8192, 0, 8193)])
def test_any_partition_gives_the_same(sizes):
    assert analysed(hum(), sizes=sizes) == analysed(hum())


def test_a_bass_line_beside_what_is_named_does_not_draw_it_away():
    """Notes at 58.3 Hz, 12 dB over the hum at 60, again and again."""
    notes = (SECONDS % 1.0 < 0.8) * sum(0.04 / h * np.sin(2 * np.pi * 58.3 * h * SECONDS) for h in (1, 2, 3))
    assert analysed(hum(60.02) + notes, 60.0).frequency_hz == pytest.approx(60.02, abs=0.02)


@pytest.mark.parametrize(("hz", "named"), [(58.3, 60.0), (61.0, 60.0), (17.2, 16.7), (420.0, 412.0)])
def test_what_is_named_is_never_moved_further_than_said(hz, named):
    found = analysed(hum(hz), named)
    assert (
        not found.found
        or abs(found.frequency_hz - named) <= max(TOLERANCE * named, LEAST_TOLERANCE_HZ) + 1e-9
    )


def test_a_name_tells_no_less_than_is_found_without_it():
    """Of a buzz, that is every line up to 8 kHz and not the first thirty alone."""
    rate = 16_000
    seconds = np.arange(8 * rate) / rate
    lines = sum(0.01 / h**0.5 * np.sin(2 * np.pi * 50.02 * h * seconds + h) for h in range(1, 120))
    audio = (lines + 1e-4 * np.random.default_rng(3).standard_normal(seconds.size))[np.newaxis]
    unnamed, named = HumAnalyser(rate, 1), GivenHumAnalyser(rate, 1, 50.0)
    for analyser in (unnamed, named):
        analyser.push(audio)
    found, given = unnamed.result(), named.result()
    assert given.frequency_hz == found.frequency_hz
    np.testing.assert_array_equal(given.harmonic, found.harmonic)
    assert given.harmonic[-1] > 100


def test_why_nothing_is_done_about_what_was_named_is_said():
    noise = 0.01 * np.random.default_rng(3).standard_normal((1, SECONDS.size))
    nothing = analysed(noise, 60.0)
    assert (nothing.found, nothing.answers, nothing.nearest_hz) == (False, True, 60.0)
    assert nothing.describe().startswith("no hum (60 Hz was named: ")
    assert nothing.nearest_over_db < nothing.nearest_least_db
    assert Hum.from_json(nothing.to_json()) == nothing


def test_lines_that_are_too_faint_are_told_as_such():
    faint = 1e-6 * np.sin(2 * np.pi * 50.0 * SECONDS)[np.newaxis]
    assert (
        "fainter than"
        in analysed(faint + 1e-9 * np.random.default_rng(5).standard_normal(faint.shape)).describe()
    )


def test_a_note_close_by_is_told_as_the_reason():
    note = 0.1 * np.sin(2 * np.pi * 52.0 * SECONDS)[np.newaxis]
    told = analysed(note + 1e-4 * np.random.default_rng(4).standard_normal(note.shape), 50.0)
    assert not told.found
    assert "was named" in told.describe()


_LATER = ("nearest_over_db", "nearest_least_db")


def test_findings_from_before_the_reason_was_told_are_read():
    before = {key: value for key, value in analysed(hum()).to_json().items() if key not in _LATER}
    assert Hum.from_json(before).nearest_least_db == 0.0
