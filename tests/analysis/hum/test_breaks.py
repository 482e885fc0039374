"""A line that ends again and again is a note; hum with anything on top is not."""

import numpy as np
import pytest
from wavemend.analysis.hum.breaks import breaks_off, grows

RATE = 2600.0
WINDOW = 975
SECONDS = np.arange(round(20 * RATE)) / RATE
LINES = np.array([50.0, 100.0, 150.0]) / RATE
HUM = sum(0.1 / h * np.sin(2 * np.pi * 50 * h * SECONDS + h) for h in (1, 2, 3))
LEVEL = 20 * np.log10(np.array([[0.1, 0.05, 0.1 / 3]]) / np.sqrt(2))


@pytest.mark.parametrize("pause", [0.4, 0.6, 1.0])
def test_a_struck_note_breaks_off(pause):
    since = SECONDS % 2.5
    held = since < 2.5 - pause
    assert breaks_off((HUM * held)[np.newaxis], WINDOW, LINES, LEVEL)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.5])
def test_hum_under_noise_does_not(noise):
    audio = HUM + noise * np.random.default_rng(1).standard_normal(HUM.size)
    assert not breaks_off(audio[np.newaxis], WINDOW, LINES, LEVEL)


def test_digital_silence_at_both_ends_says_nothing():
    audio = np.pad(HUM, (round(5 * RATE), round(5 * RATE)))
    assert not breaks_off(audio[np.newaxis], WINDOW, LINES, LEVEL)
    assert not breaks_off(np.zeros((1, HUM.size)), WINDOW, LINES, LEVEL)


def test_what_is_taken_from_a_note_that_pauses_grows_there_and_hum_does_not():
    """The mean of a struck note goes on where the note does not; two hums that beat are as they are."""
    held = SECONDS % 1.0 < 0.5
    taken = 0.6 * HUM
    assert grows((HUM * held)[np.newaxis], (HUM * held - taken)[np.newaxis], WINDOW, LINES, LEVEL)
    other = sum(0.1 / h * np.sin(2 * np.pi * 50.8 * h * SECONDS) for h in (1, 2, 3))
    noise = 1e-3 * np.random.default_rng(0).standard_normal((1, HUM.size))
    assert not grows((HUM + other)[np.newaxis] + noise, noise, WINDOW, LINES, LEVEL)
    assert not grows(noise, noise, WINDOW, LINES[:0], LEVEL[:, :0])
