"""A noise print for each part of a recording whose noise shifts, one print where it does not."""

import json

import numpy as np
import pytest
from wavemend.analysis import noise_segments
from wavemend.analysis.findings import FindingsError
from wavemend.analysis.noise_print import NoisePrint, NoisePrintAnalyser
from wavemend.analysis.noise_segments import WINDOW_SECONDS, NoiseSegments, NoiseSegmentsAnalyser

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
    np.testing.assert_allclose(alone.result().density_dbfs_hz, found.density_dbfs_hz[0], atol=3)


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
        ("confidence", 1.5),
    ],
)
def test_damaged_findings_are_refused(field, value):
    good = analyse(noise(3)).to_json()
    with pytest.raises(FindingsError):
        NoiseSegments.from_json({**good, field: value})
