"""A voice in a room is told from one that is not, and from what is no voice."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.analysis.program.reverberation import Reverberation, ReverberationAnalyser

from tests.plugins.dereverb.spoken import in_a_room, voice

RATE = 8_000


def analysed(audio: np.ndarray, rate: int = RATE) -> Reverberation:
    analyser = ReverberationAnalyser(rate, len(audio))
    analyser.push(audio)
    return analyser.result()


def found(voices: list[float], shares: list[float], falls: float = 100.0) -> Reverberation:
    size = len(voices)
    return Reverberation(
        8.0, np.array(shares), np.array(voices), np.ones(size, np.bool_), np.full(size, falls)
    )


@pytest.mark.parametrize("level", [0.03, 1.0])
def test_a_voice_in_a_room(level: float) -> None:
    dry = voice(9.0, RATE)
    room = analysed(level * in_a_room(dry, RATE, 0.8))
    assert room.found and "a voice in a room" in room.describe()
    known = room.decay_s()
    assert known is not None and known[1] <= 0.8 <= known[2]
    assert not analysed(level * dry).found


def test_two_channels_and_another_rate() -> None:
    assert analysed(in_a_room(voice(9.0, 22_050), 22_050, channels=2), 22_050).found


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0])
def test_too_little_to_tell(seconds: float) -> None:
    heard = analysed(np.ones((2, round(seconds * RATE))))
    assert not heard.found and heard.describe()


def test_digital_silence_and_noise_are_no_voice() -> None:
    assert analysed(np.zeros((1, 9 * RATE))).describe() == "nothing heard"
    assert not analysed(0.01 * np.random.default_rng(0).standard_normal((1, 9 * RATE))).found


def test_any_blocks_give_the_same() -> None:
    audio = in_a_room(voice(10.0, RATE), RATE)
    analyser = ReverberationAnalyser(RATE, 1)
    for start in range(0, audio.shape[1], 3_001):
        analyser.push(audio[:, start : start + 3_001])
    assert analyser.result() == analysed(audio)


def test_what_is_like_music_is_left_alone_and_told() -> None:
    music = found([-0.6, -0.6], [0.2, 0.2])
    assert not music.found and music.rooms(voices=False).all()
    assert music.describe() == "music in a room"
    assert not found([0.1], [0.2], falls=20.0).found  # it rings on for longer than a voice's rooms


def test_a_block_is_judged_with_those_beside_it() -> None:
    assert found([0.5, -0.5, 0.5], [0.1, 0.1, 0.1]).rooms().all()
    assert found([0.5] * 5, [0.0, 0.0, 0.0, 0.2, 0.2]).rooms().tolist() == [False, False, True, True, True]


def test_findings_go_there_and_back() -> None:
    room = found([0.5], [0.1])
    assert Reverberation.from_json(room.to_json()) == room
