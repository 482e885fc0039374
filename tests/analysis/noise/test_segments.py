"""A noise print for each part of a recording whose noise shifts, one print where it does not."""

import json

import numpy as np
import pytest
from wavemend.analysis.noise import segments as noise_segments
from wavemend.analysis.noise.noise_print import NoisePrint, NoisePrintAnalyser
from wavemend.analysis.noise.segments import WINDOW_SECONDS, NoiseSegments, NoiseSegmentsAnalyser
from wavemend.errors import FindingsError

RATE = 8000


def analyse(audio, rate=RATE, block=None):
    audio = np.atleast_2d(audio)
    analyser = NoiseSegmentsAnalyser(rate, len(audio))
    for start in range(0, audio.shape[1], block or max(audio.shape[1], 1)):
        analyser.push(audio[:, start : start + (block or audio.shape[1])])
    return analyser.result()


def noise(seconds, level_db=-50.0, channels=1, seed=0):
    draw = np.random.default_rng(seed)
    return 10 ** (level_db / 20) * draw.standard_normal((channels, round(seconds * RATE)))


def notes(seconds, pause_every=8.0):
    t = np.arange(round(seconds * RATE)) / RATE
    sound = np.sin(2 * np.pi * 440 * t) * (1 + np.sin(2 * np.pi * 1.7 * t))
    return 0.1 * sound * (t % pause_every > 0.6)


def density(found, segment):
    inside = (found.frequency_hz > 1000) & (found.frequency_hz < 3500)
    return found.density_dbfs_hz[segment][:, inside].mean(axis=1)


EXPECTED = -50 - 10 * np.log10(RATE / 2)


def test_steady_noise_has_one_print_and_it_is_the_whole_recordings():
    audio = noise(100) + notes(100)
    found = analyse(audio)
    assert not found.shifts
    assert (found.start_s[0], found.end_s[-1]) == (0, 100)
    np.testing.assert_allclose(density(found, 0), EXPECTED, atol=0.5)
    alone = NoisePrintAnalyser(RATE, 1)
    alone.push(audio)
    assert found == NoiseSegments.of(alone.result(), end_s=100.0)


def test_the_one_print_of_noise_that_shifts_is_known_too():
    audio = noise(80)
    audio[:, 40 * RATE :] *= 2
    both, alone = NoiseSegmentsAnalyser(RATE, 1), NoisePrintAnalyser(RATE, 1)
    both.push(audio)
    alone.push(audio)
    assert both.result().shifts
    assert both.noise_print() == alone.result()


def test_a_drift_is_followed():
    audio = noise(240)
    drift_db = np.linspace(-3, 3, audio.shape[1])
    found = analyse(audio * 10 ** (drift_db / 20) + notes(240))
    assert found.shifts
    times = np.arange(5.0, 235.0)
    place = found.place(times)
    levels = np.interp(place, np.arange(found.start_s.size), found.density_dbfs_hz[:, 0, 100:].mean(axis=1))
    assert np.abs(levels - EXPECTED - 6 * (times / 240 - 0.5)).max() < 1.5


def test_prints_fade_into_each_other_at_their_boundaries():
    found = analyse(np.concatenate([noise(90), noise(60, level_db=-44.0), noise(30, level_db=-50.0)], axis=1))
    np.testing.assert_allclose(found.start_s, [0, 90, 150], atol=0.2)
    place = found.place(np.array([0.0, 74.0, 90.0, 106.0, 134.0, 166.0, 500.0]))
    np.testing.assert_allclose(place, [0, 0, 0.5, 1, 1, 2, 2], atol=0.02)
    assert (np.diff(found.place(np.linspace(0, 200, 1000))) >= 0).all()


def test_a_noise_print_serves_a_whole_recording():
    analyser = NoisePrintAnalyser(RATE, 2)
    analyser.push(noise(3, channels=2))
    print_ = analyser.result()
    whole = NoiseSegments.from_json(json.loads(json.dumps(print_.to_json())))
    assert whole == NoiseSegments.of(print_)
    assert not whole.shifts
    assert np.array_equal(whole.print_of(0).density_dbfs_hz, print_.density_dbfs_hz)


def test_a_channel_without_a_print_carries_on():
    audio = noise(60, channels=2)
    audio[:, 30 * RATE :] *= 2
    audio[1, 30 * RATE :] = np.sin(np.arange(30 * RATE) / 10)  # no noise to be heard
    found = analyse(audio)
    assert found.start_s.size == 2
    np.testing.assert_allclose(density(found, 0)[1], density(found, 1)[1])


@pytest.mark.parametrize("step_db", [-6.0, 6.0])
def test_a_step_is_found_within_one_window(step_db):
    audio = noise(150)
    audio[:, 70 * RATE :] *= 10 ** (step_db / 20)
    found = analyse(audio + notes(150))
    assert found.shifts
    assert abs(found.start_s[1] - 70) <= WINDOW_SECONDS
    np.testing.assert_allclose(density(found, 0), EXPECTED, atol=0.7)
    np.testing.assert_allclose(density(found, -1), EXPECTED + step_db, atol=0.7)
    assert "shifts" in found.describe()


def test_a_step_in_one_channel_counts():
    audio = noise(90, channels=2)
    audio[1, 60 * RATE :] *= 2
    assert analyse(audio).start_s.size == 2


def test_where_nothing_is_heard_the_print_before_goes_on():
    found = analyse(np.concatenate([noise(35), np.zeros((1, 65 * RATE))], axis=1))
    assert found.end_s.tolist() == [100]
    assert not found.shifts


def test_prints_serve_a_stage():
    found = analyse(noise(40, channels=2))
    print_ = found.print_of(0)
    assert isinstance(print_, NoisePrint)
    assert print_.noisy.all()
    np.testing.assert_allclose(print_.level_dbfs, -50, atol=0.5)


def test_any_partition_gives_the_same_bits():
    audio = noise(40) + notes(40)
    whole = analyse(audio)
    assert all(analyse(audio, block=block) == whole for block in (3333, 100_000))


def test_parts_are_bounded(monkeypatch):
    monkeypatch.setattr(noise_segments, "_MAX_SEGMENTS", 4)
    draw = np.random.default_rng(0)
    levels = [-20, -40, -21, -60, -41, -30, -62, -50]
    parts = [10 ** (level / 20) * draw.standard_normal((1, 30 * 4000)) for level in levels]
    found = analyse(np.concatenate(parts, axis=1), 4000)
    assert found.start_s.size == 4
    assert found.end_s[-1] == 240


@pytest.mark.parametrize("rate", [4000, 44100, 768_000])
@pytest.mark.parametrize("length", [0, 1, 2000])
def test_no_noise_nothing_found(rate, length):
    for audio in (np.zeros((8, length)), np.full((8, length), 0.5)):
        found = analyse(audio, rate)
        assert not found.found
        assert found.confidence == 0
        assert found.describe() == "no steady noise"
        assert found == NoiseSegments.from_json(json.loads(json.dumps(found.to_json())))


def test_findings_survive_json():
    found = analyse(noise(10, channels=2))
    assert found.found
    assert found == NoiseSegments.from_json(json.loads(json.dumps(found.to_json())))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("start_s", [5.0, 1.0]),
        ("end_s", [-1.0]),
        ("frequency_hz", []),
        ("density_dbfs_hz", []),
        ("density_dbfs_hz", [[[0.0]]]),
        ("print_confidence", [2.0]),
        ("pauses_s", [-1.0]),
        ("pauses_s", [1.0, 2.0]),
        ("confidence", 1.5),
    ],
)
def test_damaged_findings_are_refused(field, value):
    good = analyse(noise(3)).to_json()
    with pytest.raises(FindingsError):
        NoiseSegments.from_json({**good, field: value})
