"""Channels: what was planted between them is found; of channels without a common source nothing is said."""

import json

import numpy as np
import pytest
from scipy.signal import butter, lfilter
from wavemend.analysis.carrier.stereo import NO_DIFFERENCE_DB, Stereo, StereoAnalyser
from wavemend.errors import FindingsError

RATE = 44100


def analyse(audio, rate=RATE, block=None):
    audio = np.atleast_2d(audio)
    analyser = StereoAnalyser(rate, len(audio))
    for start in range(0, audio.shape[1], block or max(audio.shape[1], 1)):
        analyser.push(audio[:, start : start + (block or audio.shape[1])])
    return analyser.result()


def source(seconds=4, rate=RATE, seed=0):
    """Coloured noise that comes and goes: like a program, with energy from bass to treble."""
    n = round(seconds * rate)
    white = np.random.default_rng(seed).standard_normal(n)
    return 0.1 * lfilter([1.0], [1.0, -0.9], white) * (0.2 + np.abs(np.sin(np.arange(n) * 6 / rate)))


def shifted(audio, samples):
    length = 2 * audio.size
    turn = np.exp(-2j * np.pi * np.arange(audio.size + 1) * samples / length)
    return np.fft.irfft(np.fft.rfft(audio, length) * turn, length)[: audio.size]


@pytest.mark.parametrize("rate", [4000, 8000, 44100, 192000, 768000])
@pytest.mark.parametrize("delay_ms", [0.0, 0.0115, -0.17, 2.27, -4.9])
def test_delay_and_polarity_are_found_at_any_rate(rate, delay_ms):
    mono = source(2 if rate < 400_000 else 0.7, rate)
    found = analyse(np.stack([mono, -0.5 * shifted(mono, delay_ms * rate / 1e3)]), rate)
    assert found.related[0]
    assert found.inverted[0]
    assert found.mono[0]
    assert abs(found.delay_ms[0] - delay_ms) * rate / 1e3 < 0.1
    assert found.late[0] == (delay_ms != 0)
    assert found.balance_db[0] == pytest.approx(-6.02, abs=0.3)
    assert found.confidence > 0.8


def test_identical_channels():
    mono = source()
    found = analyse(np.stack([mono, mono]))
    assert found.difference_db[0] == NO_DIFFERENCE_DB
    assert found.mono[0]
    assert not found.late[0]
    assert found.correlation[0] == pytest.approx(1)
    assert "identical" in found.describe()


def test_sixteen_bits_dithered_apart_are_mono_still():
    mono, draw = source(), np.random.default_rng(1)
    found = analyse(np.round(np.stack([mono, mono]) * 2**15 + draw.random((2, mono.size))) / 2**15)
    assert found.mono[0]
    assert -90 < found.difference_db[0] < -60


def test_mono_under_separate_hiss_is_mono():
    mono = source()
    hiss = 0.05 * np.std(mono) * np.random.default_rng(2).standard_normal((2, mono.size))
    found = analyse(np.stack([mono, shifted(mono, 3.3)]) + hiss)
    assert found.mono[0]
    assert found.delay_ms[0] * RATE / 1e3 == pytest.approx(3.3, abs=0.1)


def test_nothing_is_claimed_of_channels_without_a_common_source():
    for seed in range(8):
        found = analyse(np.stack([source(seed=seed), source(seed=seed + 100)]))
        assert not found.related[0]
        assert not found.found
        assert found.describe() == "channels in order"


def test_panned_sources_are_stereo_in_order():
    places = np.array([[0.9, 0.7, 0.3], [0.4, 0.7, 0.9]])
    found = analyse(places @ np.stack([source(seed=seed) for seed in (1, 2, 3)]))
    assert not found.found


def test_loud_notes_of_one_instrument_do_not_outweigh_the_rest():
    """A few partials far above everything else come late; all that is common comes at once."""
    common = source(6)
    t = np.arange(common.size) / RATE
    notes = sum(np.sin(2 * np.pi * 300.3 * k * t) for k in range(1, 12)) * (0.2 + np.abs(np.sin(9 * t)))
    notes *= 5 * np.std(common) / np.std(notes)
    apart = 0.3 * source(6, seed=7), 0.3 * source(6, seed=8)
    found = analyse(
        np.stack([common + notes + apart[0], shifted(common, 2.3) + shifted(notes, 9.0) + apart[1]])
    )
    assert found.related[0]
    assert found.delay_ms[0] * RATE / 1e3 == pytest.approx(2.3, abs=0.1)


def test_the_error_tells_of_bands_that_disagree():
    low, high = (lfilter(*butter(6, 3000, kind, fs=RATE), source(6)) for kind in ("low", "high"))
    one = analyse(np.stack([low + 9 * high, shifted(low + 9 * high, 1.0)]))
    two = analyse(np.stack([low + 9 * high, shifted(low, 1.4) + shifted(9 * high, 1.0)]))
    assert two.delay_error_ms[0] > 5 * one.delay_error_ms[0]


def test_a_silent_channel():
    mono = source()
    found = analyse(np.stack([mono, 0 * mono, mono]))
    assert found.silent.tolist() == [False, True, False]
    assert found.mono.tolist() == [False, True]
    assert found.balance_db[0] == 0
    assert "channel 2 is silent" in found.describe()


def test_gain_changes_nothing():
    mono = source()
    audio = np.stack([mono, shifted(mono, 0.4) + 0.3 * source(seed=9)])
    assert analyse(audio) == analyse(audio * 0.125)


def test_any_partition_gives_the_same_bits():
    mono = source(1)
    audio = np.stack([mono, shifted(mono, 2.5), source(1, seed=5)])
    whole = analyse(audio)
    assert all(analyse(audio, block=block) == whole for block in (1, 1985, 4096)[1:])


@pytest.mark.parametrize("channels", [1, 2, 8])
@pytest.mark.parametrize("length", [0, 1, 700])
def test_short_recordings_and_silence(channels, length):
    for audio in (np.zeros((channels, length)), np.full((channels, length), 0.5)):
        found = analyse(audio)
        assert found.silent.shape == (channels,)
        assert not found.related.any()
        assert found.confidence == 0
        assert found == Stereo.from_json(json.loads(json.dumps(found.to_json())))
    assert not analyse(np.zeros((channels, RATE))).silent.any()


def test_hostile_samples():
    assert np.isfinite(analyse(np.full((2, RATE), 1e300)).balance_db).all()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("silent", [True]),
        ("silent", [0.0, 1.0]),
        ("delay_ms", [1e9]),
        ("delay_error_ms", [-1.0]),
        ("correlation", [1.5]),
        ("balance_db", [1.0, 2.0]),
        ("balance_db", [[1.0]]),
        ("related", []),
        ("confidence", -0.1),
    ],
)
def test_damaged_findings_are_refused(field, value):
    good = analyse(np.stack([source(1), source(1)])).to_json()
    with pytest.raises(FindingsError):
        Stereo.from_json({**good, field: value})
