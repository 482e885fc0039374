"""Dereverb takes a room's tail from a voice and leaves all else alone."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend import Dereverb
from wavemend.analysis.program.reverberation import Reverberation

from .spoken import in_a_room, voice

RATE = 8_000


def room(seconds: float, *, of_voice: float = 0.8) -> Reverberation:
    blocks = int(np.ceil(seconds / 8.0))
    return Reverberation(
        8.0,
        np.full(blocks, 0.15),
        np.full(blocks, of_voice),
        np.ones(blocks, np.bool_),
        np.full(blocks, 90.0),
    )


def stage(seconds: float = 9.0, of_voice: float = 0.8, **values: object) -> Dereverb:
    made = Dereverb(**values)
    made.findings = room(seconds, of_voice=of_voice)
    return made


def level_db(audio: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(audio**2) + 1e-20))


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_tail_is_lowered(channels: int) -> None:
    dry = voice(9.0, RATE)
    wet = in_a_room(dry, RATE, channels=channels)
    out = stage().process(wet, RATE)
    for before, after in zip(wet, out, strict=True):
        assert level_db(after - dry[0]) < level_db(before - dry[0]) - 2


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_rates_agree(rate: int) -> None:
    dry = voice(7.0, rate)
    wet = in_a_room(dry, rate)
    out = stage(7.0).process(wet, rate)
    assert -6 < level_db(out - dry) - level_db(wet - dry) < -2


def test_a_dry_voice_and_music_come_back_to_the_bit() -> None:
    dry = voice(9.0, RATE)
    assert np.array_equal(Dereverb().process(dry, RATE), dry)
    wet = in_a_room(dry, RATE)
    assert np.array_equal(stage(of_voice=-0.8).process(wet, RATE), wet)
    assert not np.array_equal(stage(of_voice=-0.8, program="all").process(wet, RATE), wet)


def test_one_voice_in_two_channels_stays_in_the_middle() -> None:
    wet = np.repeat(in_a_room(voice(7.0, RATE), RATE), 2, axis=0)
    both = stage(7.0).process(wet, RATE)
    assert np.array_equal(both[0], both[1])
    assert np.array_equal(both[:1], stage(7.0).process(wet[:1], RATE))


def test_the_level_does_not_matter() -> None:
    wet = in_a_room(voice(7.0, RATE), RATE)
    quiet = stage(7.0).process(2.0**-12 * wet, RATE)
    assert np.allclose(quiet, 2.0**-12 * stage(7.0).process(wet, RATE), atol=1e-9)


def test_half_the_strength_takes_half() -> None:
    wet = in_a_room(voice(7.0, RATE), RATE)
    whole, half, none = (stage(7.0, strength=share).process(wet, RATE) for share in (1.0, 0.5, 0.0))
    assert np.allclose(wet - half, 0.5 * (wet - whole), atol=1e-12)
    assert np.array_equal(none, wet)


def test_where_there_is_no_room_samples_keep_their_bits() -> None:
    wet = in_a_room(voice(40.0, RATE), RATE)
    made = Dereverb()
    falls = np.full(5, 90.0)
    shares = np.array([0.0, 0.0, 0.0, 0.2, 0.2])
    made.findings = Reverberation(8.0, shares, np.full(5, 0.8), np.ones(5, np.bool_), falls)
    out = made.process(wet, RATE)
    assert np.array_equal(out[:, : 15 * RATE], wet[:, : 15 * RATE])
    assert not np.array_equal(out[:, 18 * RATE :], wet[:, 18 * RATE :])


def test_silence_and_an_offset_stay() -> None:
    flat = np.full((2, 7 * RATE), 0.1)
    flat[:, : 3 * RATE] = 0.0
    out = stage(7.0).process(0.0 * flat, RATE)
    assert not out.any()
    assert np.isfinite(stage(7.0).process(flat, RATE)).all()


@pytest.mark.parametrize("samples", [0, 1, 100, 8_000])
def test_very_short_recordings(samples: int) -> None:
    wet = in_a_room(voice(7.0, RATE), RATE)[:, :samples]
    assert stage(1.0).process(wet, RATE).shape == wet.shape
    assert np.array_equal(Dereverb().process(wet, RATE), wet)
