"""A recording's background: what it sounds like, what channels share of it, and where it begins and ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from wavemend.analysis.noise.background import Background, BackgroundAnalyser
from wavemend.errors import FindingsError

from tests.plugins.room_tone.test_stage import HOLES, RATE, SECONDS, gated, level_db, muted, room, speech


def heard(audio: np.ndarray, ranges: list[tuple[int, int]] | None = None) -> Background:
    analyser = BackgroundAnalyser(RATE, len(audio), ranges)
    analyser.push(audio)
    return analyser.result()


@pytest.mark.parametrize("holes", [[], HOLES, [(at + 0.45, at + 0.85) for at in (2, 5, 8)]])
def test_level_and_coherence_are_the_rooms_whatever_is_muted(holes: list[tuple[float, float]]) -> None:
    found = heard(muted(room() + speech(), holes))
    assert np.abs(found.noise_print.level_dbfs - level_db(room())).max() < 0.6
    high = found.band_hz > 1000
    assert abs(found.shared_real[high, 0, 1].mean() - 0.5) < 0.06
    assert np.abs(found.shared_imaginary[high, 0, 1]).mean() < 0.1


def test_the_rooms_level_is_heard_though_a_gate_is_often_shut() -> None:
    found = heard(gated(room() + speech()))
    assert np.abs(found.noise_print.level_dbfs - level_db(room())).max() < 0.6


def test_two_pauses_of_which_one_is_louder() -> None:
    """No stretch of noise is near the middle of an even number of them; one of them counts then."""
    time = np.arange(RATE) / RATE
    voice = (
        0.01 * sum(np.sin(2 * np.pi * 140 * k * time * (1 + 0.02 * time)) for k in range(1, 40))[np.newaxis]
    )
    pauses = room(1, seconds=0.6, seed=3), 10 ** (1.7 / 20) * room(1, seconds=0.6, seed=4)
    heard(np.concatenate([pauses[0], voice, pauses[1], voice], axis=1))


def test_ranges_are_taken_at_their_word() -> None:
    audio = room() + speech()
    audio[:, 4 * RATE : 5 * RATE] = 4 * room(seconds=1.0, seed=9)
    found = heard(audio, [(4 * RATE, 5 * RATE)])
    assert np.abs(found.noise_print.level_dbfs - level_db(4 * room())).max() < 0.5
    assert found.heard_s == 1.0
    with pytest.raises(FindingsError, match="at least"):
        heard(audio, [(0, 100)])


def test_ends_are_where_sound_and_background_end() -> None:
    audio = muted(room() + speech(), [(0.0, 0.5), HOLES[0], (11.2, SECONDS)])
    found = heard(audio)
    assert found.sound_end_s.tolist() == [round(11.2 * RATE) / RATE] * 2
    assert np.abs(found.sound_start_s - 0.5).max() < 0.11
    assert found.duration_s == SECONDS
    faded = room() + speech()
    faded[:, -2 * RATE :] *= np.linspace(1.0, 0.0, 2 * RATE) ** 2
    assert np.abs(heard(faded).sound_end_s - (SECONDS - 1.4)).max() < 0.4


def test_a_channel_that_never_sounds_has_no_background() -> None:
    audio = room() + speech()
    audio[1] = 0.0
    assert heard(audio).noise_print.noisy.tolist() == [True, False]


def test_what_it_says() -> None:
    assert "heard alone" in heard(room() + speech()).describe()
    assert "nothing can be filled" in heard(np.zeros((1, RATE))).describe()


def choppy(pause: float, seconds: float = 10.0) -> np.ndarray:
    """A voice that pauses for so many seconds, every 0.9 s."""
    time = np.arange(round(seconds * RATE)) / RATE
    voice = sum(np.sin(2 * np.pi * 140 * k * time + k) / k for k in range(1, 20))
    return 0.05 * voice[np.newaxis] * (time % 0.9 > pause)


@pytest.mark.parametrize("pause", [0.2, 0.3])
def test_short_pauses_are_enough(pause: float) -> None:
    audio = choppy(pause) + room(1, seconds=10.0)
    audio[:, 4 * RATE : round(4.2 * RATE)] = 0.0
    assert np.abs(heard(audio).noise_print.level_dbfs - level_db(room(1))).max() < 0.6


def test_a_program_that_never_pauses_is_no_background() -> None:
    time = np.arange(8 * RATE) / RATE
    swell = 10 ** ((-30 + 25 * np.sin(2 * np.pi * time / 3)) / 20)
    notes = sum(np.sin(2 * np.pi * hz * time) for hz in (220, 277, 330, 440, 880, 1320, 2640))
    assert not heard((0.1 * swell * notes)[np.newaxis]).found


def test_a_background_of_no_bands_is_refused() -> None:
    """Its bins would be mixed by what is no part of it."""
    none, no_bands = np.empty(0), np.empty((0, 1, 1))
    with pytest.raises(FindingsError, match="band"):
        replace(heard(room(1)), band_hz=none, shared_real=no_bands, shared_imaginary=no_bands)
