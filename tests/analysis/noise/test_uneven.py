"""Noise that crackles or swells is found where a program pauses for long; a program is not taken for it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, lfilter, sosfilt
from wavemend.analysis.noise.noise_print import NoisePrintAnalyser

RATE = 22050
PAUSE_S = 1.2


def analyse(audio):
    analyser = NoisePrintAnalyser(RATE, len(audio))
    analyser.push(audio)
    return analyser.result()


def crackle(seconds, channels=2, seed=0):
    """Dense impulses over some hiss; mean square about 1e-6."""
    draw = np.random.default_rng(seed)
    shape = channels, round(seconds * RATE)
    impulses = (draw.random(shape) < 200 / RATE) * draw.standard_normal(shape)
    surface = lfilter([1.0], [1.0, -0.5], impulses)
    return 1e-3 * (surface / surface.std() + 0.2 * draw.standard_normal(shape))


def rumble(seconds, seed=0):
    """Low noise that swells twice a second, and a little hiss."""
    draw = np.random.default_rng(seed)
    shape = 2, round(seconds * RATE)
    low = sosfilt(butter(1, 80, fs=RATE, output="sos"), draw.standard_normal(shape))
    swell = 10 ** (0.35 * np.sin(4 * np.pi * np.arange(shape[1]) / RATE))
    return 1e-3 * (low / low.std() * swell + 0.01 * draw.standard_normal(shape))


def program(seconds, level=0.03):
    """Chords of eight partials, another each half second."""
    draw = np.random.default_rng(1)
    t = np.arange(RATE // 2) / RATE
    chords = []
    for _ in range(int(2 * seconds)):
        pitch = 220 * 2 ** (draw.integers(0, 24) / 12)
        chord = np.sum([np.sin(2 * np.pi * pitch * h * t) / h for h in range(1, 9)], axis=0)
        chords.append(chord * np.exp(-2 * t))
    return level * np.tile(np.concatenate(chords), (2, 1))


def between_pauses(sound):
    pause = np.zeros((2, round(PAUSE_S * RATE)))
    return np.concatenate([pause, sound, pause], axis=1)


@pytest.mark.parametrize("surface", [crackle, rumble])
def test_the_mean_of_uneven_noise_is_found_in_long_pauses(surface):
    sound = between_pauses(program(6))
    added = surface(sound.shape[1] / RATE)
    found = analyse(sound + added)
    assert found.noisy.all()
    assert found.confidence <= 0.7
    np.testing.assert_allclose(found.level_dbfs, 10 * np.log10(np.mean(added**2, axis=1)), atol=3)
    end = sound.shape[1] / RATE - PAUSE_S
    assert ((found.end_s < PAUSE_S + 0.1) | (found.start_s > end)).all()


def test_one_long_pause_is_enough():
    sound = between_pauses(program(6))[:, : round((PAUSE_S + 6) * RATE)]
    added = crackle(sound.shape[1] / RATE)
    found = analyse(sound + added)
    assert found.noisy.all()
    np.testing.assert_allclose(found.level_dbfs, 10 * np.log10(np.mean(added**2, axis=1)), atol=3)


def buzz(seconds, seed=0):
    """A room's: lines through half of the bands, over some hiss."""
    time = np.arange(round(seconds * RATE)) / RATE
    lines = sum(np.sin(2 * np.pi * 50 * h * time + h * h) / np.sqrt(h) for h in range(1, 60))
    return 1e-3 * (0.3 * lines + np.random.default_rng(seed).standard_normal((2, time.size)))


def test_noise_with_lines_in_it_is_found():
    sound = between_pauses(program(6))
    added = buzz(sound.shape[1] / RATE)
    found = analyse(sound + added)
    assert found.noisy.all()
    np.testing.assert_allclose(found.level_dbfs, 10 * np.log10(np.mean(added**2, axis=1)), atol=3)


def test_noise_that_steps_in_the_one_pause_that_a_recording_begins_with_is_found():
    sound = between_pauses(program(6))[:, : round((PAUSE_S + 6) * RATE)]
    added = buzz(sound.shape[1] / RATE)
    loud = np.arange(added.shape[1]) / RATE % 1.2 < 0.6
    added[:, loud] *= 10 ** (8 / 20)
    found = analyse(sound + added)
    assert found.noisy.all()
    np.testing.assert_allclose(found.level_dbfs, 10 * np.log10(np.mean(added**2, axis=1)), atol=4)


def test_an_echo_that_a_recording_begins_with_is_no_noise():
    time = np.arange(round(1.2 * RATE)) / RATE
    echo = 0.003 * np.exp(-2 * time) * np.random.default_rng(3).standard_normal((2, time.size))
    assert not analyse(np.concatenate([echo, program(6)], axis=1)).found


@pytest.mark.parametrize(
    "course",
    [lambda t: np.exp(-2 * t), lambda t: np.exp(2 * t), lambda t: 1 + 1.5 * np.sin(np.pi * t / 1.2) ** 2],
    ids=["echo", "roll", "wave"],
)
def test_what_swells_or_dies_evenly_before_drums_is_no_noise(course):
    """No noise that bursts does so, and drums fall no lower to say it."""
    draw, time = np.random.default_rng(9), np.arange(round(6 * RATE)) / RATE
    drums = 0.1 * np.exp(-2 * (5 * time % 1)) * draw.standard_normal((2, time.size))
    lead = 0.001 * course(time[: round(1.2 * RATE)]) * draw.standard_normal((2, round(1.2 * RATE)))
    assert not analyse(np.concatenate([lead, drums], axis=1)).found


def test_a_tone_in_a_long_pause_is_not_in_its_print():
    """The bands beside tell how much of it is noise."""
    sound = between_pauses(program(6))[:, : round((PAUSE_S + 6) * RATE)]
    added = crackle(sound.shape[1] / RATE)
    time = np.arange(sound.shape[1]) / RATE
    tone = 0.003 * np.sin(2 * np.pi * 1000 * time) * (time < PAUSE_S)
    found = analyse(sound + added + tone)
    alone = analyse(sound + added)
    near = (alone.frequency_hz > 900) & (alone.frequency_hz < 1100)
    assert found.found
    assert found.density_dbfs_hz[0, near].max() < alone.density_dbfs_hz[0, near].max() + 3
    assert found.density_dbfs_hz[0, near].max() > alone.density_dbfs_hz[0, near].max() - 6


def test_nothing_but_the_noise_is_found_where_the_program_is_hardly_louder():
    sound = between_pauses(program(6, level=0.001))
    added = crackle(sound.shape[1] / RATE)
    found = analyse(sound + added)
    assert not found.found or (found.level_dbfs < 10 * np.log10(np.mean(added**2, axis=1)) + 1).all()


def test_a_small_pop_in_a_pause_hardly_counts():
    sound = between_pauses(program(6))
    noise = crackle(sound.shape[1] / RATE)
    alone = analyse(sound + noise)
    noise[:, RATE // 2] += 0.02
    with_pop = analyse(sound + noise)
    assert np.abs(with_pop.level_dbfs - alone.level_dbfs).max() < 1.5


def test_drums_and_an_echo_s_tail_are_no_noise():
    draw = np.random.default_rng(2)
    time = np.arange(RATE // 4) / RATE
    drums = np.concatenate([np.exp(-30 * time) * draw.standard_normal(time.size) for _ in range(16)])
    tail = np.exp(-4 * np.arange(2 * RATE) / RATE) * draw.standard_normal(2 * RATE)
    sound = np.concatenate([0.01 * drums, program(6)[0], 0.1 * tail])
    assert not analyse(np.tile(sound, (2, 1))).found


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=5))
def test_findings_do_not_depend_on_the_partition(sizes):
    sound = between_pauses(program(3))
    audio = sound + crackle(sound.shape[1] / RATE)
    expected = analyse(audio)
    analyser, position = NoisePrintAnalyser(RATE, 2), 0
    while position < audio.shape[1]:
        for size in sizes:
            analyser.push(audio[:, position : position + size])
            position += size
    assert expected.found
    assert analyser.result() == expected
