"""What a person shows as noise is learned as it is, or refused with the reason; never nothing unsaid."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend import Denoise
from wavemend.analysis.noise.shown import shown_noise
from wavemend.errors import FindingsError

RATE = 22_050


def static(seconds, seed=0):
    """Impulses of all heights over a little hiss: no stretch of it scatters as Gaussian noise does."""
    draw = np.random.default_rng(seed)
    shape = 2, round(seconds * RATE)
    impulses = (draw.random(shape) < 100 / RATE) * draw.standard_normal(shape)
    grains = lfilter([1.0], [1.0, -0.5], impulses)
    return 1e-2 * (grains / grains.std() + 0.1 * draw.standard_normal(shape))


def hum_and_hiss(seconds, seed=0):
    """A room with a buzz in half of its bands."""
    draw = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * 100 * h * time + h) / np.sqrt(h) for h in range(1, 40))
    return 1e-3 * (buzz + 0.5 * draw.standard_normal((2, time.size)))


def swelling(seconds, seed=0):
    """Hiss that swells by 12 dB three times a second."""
    time = np.arange(round(seconds * RATE)) / RATE
    swell = 10 ** (0.3 * np.sin(2 * np.pi * 3 * time))
    return 1e-3 * swell * np.random.default_rng(seed).standard_normal((2, time.size))


def in_holes(seconds, seed=0):
    """Hiss half of whose bins are gone in every frame, as a coder of few bits leaves it."""
    draw = np.random.default_rng(seed)
    frames = draw.standard_normal((2, round(seconds * RATE) // 512, 257)) * (draw.random((257,)) < 2)
    frames = frames * (draw.random(frames.shape) < 0.5)
    return 1e-2 * np.fft.irfft(frames, 512, axis=2).reshape(2, -1)


def melody(seconds):
    """Notes of eight partials, one each 0.2 s."""
    time = np.arange(round(0.2 * RATE)) / RATE
    draw = np.random.default_rng(1)
    notes = []
    for _ in range(int(np.ceil(seconds / 0.2))):
        pitch = 200 * 2 ** (draw.integers(0, 24) / 12)
        notes.append(sum(np.sin(2 * np.pi * pitch * h * time) / h for h in range(1, 9)) * np.exp(-6 * time))
    return np.tile(0.1 * np.concatenate(notes)[: round(seconds * RATE)], (2, 1))


@pytest.mark.parametrize("made", [static, hum_and_hiss, swelling, in_holes])
@pytest.mark.parametrize("seconds", [0.3, 0.5, 1.0])
def test_any_noise_that_is_shown_is_learned_at_its_level(made, seconds):
    noise = made(seconds)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = Denoise().learn(noise, RATE)
    assert found.found
    assert found.confidence == 1
    level = 10 * np.log10(np.mean(noise**2, axis=1))
    np.testing.assert_allclose(found.print_of(0).level_dbfs, level, atol=3.0)


def test_what_is_learned_lowers_the_noise_it_was_learned_from():
    stage = Denoise()
    noise = static(4)
    stage.learn(noise[:, : RATE // 2], RATE)
    left = stage.process(noise, RATE)
    assert np.mean(left**2) < 0.4 * np.mean(noise**2)


def test_each_channel_that_sounds_is_learned():
    steady = 1e-3 * np.random.default_rng(0).standard_normal((1, RATE))
    audio = np.concatenate([steady, static(1)[:1]])
    heard = Denoise().analyse(audio, RATE)
    assert not heard.print_of(0).noisy.all()
    found = shown_noise(audio, RATE, heard)
    assert found.print_of(0).noisy.all()


def test_of_a_recording_with_pauses_the_pauses_are_learned():
    hiss = 1e-4 * np.random.default_rng(0).standard_normal((2, 4 * RATE))
    audio = hiss + np.pad(melody(2), ((0, 0), (RATE, RATE)))
    found = Denoise().learn(audio, RATE)
    assert found == Denoise().analyse(audio, RATE)
    np.testing.assert_allclose(found.print_of(0).level_dbfs, -80, atol=1.0)


def test_a_program_that_is_shown_as_noise_is_warned_of():
    with pytest.warns(UserWarning, match="looks like a program"):
        found = Denoise().learn(melody(1), RATE)
    assert found.found


def test_a_recording_that_nothing_is_learned_from_is_said_so():
    with pytest.warns(UserWarning, match="nothing was learned"):
        assert not Denoise().learn(melody(6), RATE).found


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (static(0.1), "0.100 s were shown as noise; a noise print needs at least 0.2 s"),
        (np.zeros((2, RATE)), "silent"),
        (1e-7 * static(1), "silent"),
    ],
)
def test_what_no_print_can_be_made_from_is_refused_with_the_reason(audio, message):
    stage = Denoise()
    with pytest.raises(FindingsError, match=message):
        stage.learn(audio, RATE)
    assert stage.findings is None
