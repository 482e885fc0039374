"""Offset, speed and polarity of one recording in another are found as they were made."""

import numpy as np
import pytest
from scipy import signal
from wavemend.host.comparison.alignment import align

RATE = 44_100


class Array:
    """A recording in memory."""

    sample_rate = RATE

    def __init__(self, audio):
        self.audio, self.channels, self.frames = audio, audio.shape[0], audio.shape[1]

    def read(self, start, count):
        return self.audio[:, start : start + count]


@pytest.fixture(scope="module")
def music():
    """Thirty seconds of notes that are never twice the same, under noise that swells with them."""
    rng = np.random.default_rng(0)
    audio = np.zeros(30 * RATE)
    time = np.arange(RATE) / RATE
    for start in np.sort(rng.integers(0, 29 * RATE, 150)):
        note = np.sin(2 * np.pi * rng.uniform(80, 4000) * time) + 0.3 * rng.standard_normal(RATE)
        audio[start : start + RATE] += rng.uniform(0.02, 0.1) * note * np.exp(-6 * time)
    return np.tile(audio, (2, 1))


def faster(audio, ppm):
    at = np.arange(0, audio.shape[1] - 2, 1 + ppm / 1e6)
    return np.stack([np.interp(at, np.arange(channel.size), channel) for channel in audio])


@pytest.mark.parametrize("shift", [0, 1, 12_345, -54_321])
def test_an_offset_is_found_to_a_fraction_of_a_sample(music, shift):
    other = np.pad(music, ((0, 0), (shift, 0))) if shift >= 0 else music[:, -shift:]
    other = other + 0.003 * np.random.default_rng(1).standard_normal(other.shape)
    found = align(Array(music), Array(other))
    assert found.exact and found.offset == pytest.approx(shift, abs=0.02)
    assert abs(found.speed_ppm) < 0.1 and found.alike > 0.5


def test_opposite_polarity_and_another_level_are_told(music):
    found = align(Array(music), Array(-0.2 * music))
    assert found.offset == pytest.approx(0, abs=1e-3) and found.alike < -0.99


def test_a_fraction_of_a_sample_is_seen(music):
    half = np.fft.irfft(
        np.fft.rfft(music) * np.exp(-1j * np.pi * np.fft.rfftfreq(music.shape[1])), music.shape[1]
    )
    assert align(Array(music), Array(half)).offset == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize("ppm", [10.0, 2000.0, -3000.0])
def test_another_speed_is_found(music, ppm):
    found = align(Array(music), Array(faster(music, ppm)))
    assert found.speed_ppm == pytest.approx(-ppm, rel=0.15, abs=1)
    assert found.exact == (abs(ppm) < 100)


def test_a_repaired_recording_lies_on_its_original(music):
    clicked = music.copy()
    clicked[:, 5000::4410] += 0.5
    low = signal.sosfiltfilt(signal.butter(2, 8000, fs=RATE, output="sos"), music)
    assert align(Array(clicked), Array(low)).offset == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("length", [0, 10, 20_000])
def test_short_recordings_are_found_or_refused(music, length):
    found = align(Array(music[:, :length]), Array(music[:, :length]))
    assert found is None or abs(found.offset) < 0.01
    assert (found is None) == (length < 2000)


def test_nothing_in_common_is_not_found(music):
    rng = np.random.default_rng(3)
    noise = [Array(rng.normal(0, 0.1, (2, 10 * RATE))) for _ in range(2)]
    assert align(*noise) is None
    assert align(Array(music), noise[0]) is None
    assert align(Array(music), Array(0 * music)) is None
