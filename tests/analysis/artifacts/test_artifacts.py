"""Artifacts: nothing changed is nothing found; what is lost is found where it was; never by the partition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import istft, lfilter, stft
from wavemend.analysis.artifacts.artifacts import Artifact, ArtifactFinder, find_artifacts, worst_moments
from wavemend.analysis.artifacts.windows import Windows
from wavemend.errors import AudioValueError

RATE = 16_000


def noise(seconds, level, seed=0, channels=1):
    return level * np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))


def notes(seconds, seed=1):
    """Return notes of half a second that begin at once and fade, at changing pitches."""
    draw = np.random.default_rng(seed)
    out = np.zeros(round(seconds * RATE))
    for start in range(0, out.size, RATE // 2):
        at = np.arange(min(RATE // 2, out.size - start)) / RATE
        pitch = draw.uniform(200, 900)
        out[start : start + at.size] = sum(
            np.sin(2 * np.pi * k * pitch * at) / k for k in (1, 2, 3)
        ) * np.exp(-4 * at)
    return 0.2 * out[np.newaxis]


def found(before, after, block=None):
    block = block or before.shape[1]
    pairs = ((before[:, i : i + block], after[:, i : i + block]) for i in range(0, before.shape[1], block))
    return list(find_artifacts(pairs, RATE, len(before)))


def overlap(artifacts, start_s, stop_s, kinds):
    return [
        a for a in artifacts if a.kind in kinds and a.position < stop_s * RATE and a.stop > start_s * RATE
    ]


LOST = ("lost program", "hollow")


def test_nothing_changed_is_nothing_found():
    audio = notes(6) + noise(6, 1e-3)
    assert found(audio, audio.copy()) == []


def test_noise_that_only_got_quieter_is_no_artifact():
    program, hiss = notes(6), noise(6, 3e-3)
    assert found(program + hiss, program + 0.2 * hiss) == []


def test_a_note_that_was_taken_is_found_where_it_was_in_its_channel():
    audio = np.concatenate([notes(8), notes(8, seed=2)]) + noise(8, 1e-3, channels=2)
    after = audio.copy()
    after[1, 4 * RATE : 5 * RATE] -= 0.9 * notes(8, seed=2)[0, 4 * RATE : 5 * RATE]
    artifacts = found(audio, after)
    assert {a.channel for a in artifacts if a.kind in LOST} == {1}
    assert overlap(artifacts, 4, 5, LOST) and not overlap(artifacts, 0, 3.4, LOST)
    assert not overlap(artifacts, 5.6, 8, LOST)


def test_all_bands_that_go_leave_a_hollow():
    voice = lfilter([1], [1, -0.9], noise(8, 0.05, seed=3))
    voice *= np.repeat(np.tile([0.0, 1.0], 8), RATE // 2)
    audio = voice + noise(8, 1e-4, seed=4)
    after = audio.copy()
    after[:, 3 * RATE : 4 * RATE] *= 0.1
    assert overlap(found(audio, after), 3, 4, ("hollow",))


def test_clicks_that_are_taken_are_none_and_strokes_are():
    rng = np.random.default_rng(5)
    bed = noise(8, 0.02, seed=5)
    clicked = bed.copy()
    for at in rng.integers(RATE, 7 * RATE, 12):
        clicked[0, at : at + 6] += rng.uniform(-0.8, 0.8, 6)
    assert found(clicked, bed) == []
    quiet = noise(8, 1e-4, seed=6)
    stroke = quiet.copy()
    at = 4 * RATE + 1000
    stroke[0, at : at + RATE // 4] += (
        0.3 * rng.standard_normal(RATE // 4) * np.exp(-np.arange(RATE // 4) / 1500)
    )
    after = stroke.copy()
    after[0, at : at + 30] = quiet[0, at : at + 30]
    assert overlap(found(stroke, after), 4, 4.6, ("lost transient",))


def test_spectral_subtraction_twitters():
    audio = noise(8, 0.01, seed=7)
    spectra = stft(audio, RATE, nperseg=768, noverlap=576)[2]
    power = np.abs(spectra) ** 2
    gains = np.sqrt(np.maximum(1 - 3 * power.mean(axis=-1, keepdims=True) / power, 1e-3))
    after = istft(spectra * gains, RATE, nperseg=768, noverlap=576)[1][:, : audio.shape[1]]
    assert overlap(found(audio, after), 2, 6, ("musical noise",))


def test_a_gate_pumps():
    audio = noise(8, 0.01, seed=8)
    gain = np.where((np.arange(audio.shape[1]) // (RATE // 5)) % 2, 1.0, 0.01)
    assert overlap(found(audio, gain * audio), 1, 7, ("pumping",))


@settings(max_examples=4, deadline=None)
@given(blocks=st.lists(st.integers(1, 30_000), min_size=1, max_size=12))
def test_the_partition_never_counts(blocks):
    audio = notes(3) + noise(3, 1e-3)
    after = 0.3 * audio
    finder, at, artifacts = ArtifactFinder(RATE, 1), 0, []
    for block in [*blocks, audio.shape[1]]:
        artifacts += finder.push(audio[:, at : at + block], after[:, at : at + block])
        at += block
    assert [*artifacts, *finder.finish()] == found(audio, after)


@pytest.mark.parametrize("scale", [0.25, 2.0])
def test_levels_do_not_count(scale):
    audio = notes(5) + noise(5, 1e-3)
    assert [a.kind for a in found(scale * audio, scale * 0.3 * audio)] == [
        a.kind for a in found(audio, 0.3 * audio)
    ]


@pytest.mark.parametrize("frames", [0, 1, 700, 9000])
@pytest.mark.parametrize("rate", [8000, 44_100, 192_000])
def test_short_recordings_at_any_rate(frames, rate):
    audio = np.random.default_rng(0).standard_normal((2, frames))
    artifacts = list(find_artifacts([(audio, 0.1 * audio)], rate, 2))
    assert all(0 <= a.position < a.stop <= frames and 0 <= a.severity <= 1 for a in artifacts)


def test_silence_is_no_floor_to_fall_from():
    audio = noise(6, 0.01, seed=9)
    audio[:, 3 * RATE :] = 0
    assert found(audio, 0.25 * audio) == []


def test_what_is_no_audio_is_refused():
    with pytest.raises(AudioValueError):
        ArtifactFinder(RATE, 1).push(np.full((1, 4), np.nan), np.zeros((1, 4)))


def test_windows_lie_on_one_grid_and_cover_all():
    grid = Windows(RATE, 1)
    audio = noise(5.3, 0.1)
    windows = [*grid.push(audio, audio), *grid.finish()]
    assert [one.position for one in windows] == [grid.length * i for i in range(len(windows))]
    assert (len(windows) - 1) * grid.length < audio.shape[1] <= len(windows) * grid.length
    inside = windows[3].before[:, 2 * grid.hop : -2 * grid.hop]
    assert np.array_equal(inside, audio[:, 3 * grid.length : 4 * grid.length])
    steady = windows[4]
    assert steady.power_before.sum(axis=2).mean() == pytest.approx(0.01, rel=0.1)
    assert steady.floor[0, 5:-5].mean() == pytest.approx(steady.power_before[0, :, 5:-5].mean(), rel=0.35)


def test_the_worst_moments_are_apart():
    def at(position, severity, channel=0):
        return Artifact("lost program", position, 100, channel, severity, position)

    worst = worst_moments([at(0, 0.5), at(50, 0.9, 1), at(200, 0.2), at(400, 0.3)], 3)
    assert [(one.position, one.severity) for one in worst] == [(50, 0.9), (400, 0.3), (200, 0.2)]
