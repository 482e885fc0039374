"""Offsets: found, taken away to the last bit, and left alone where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.errors import FindingsError
from wavemend.plugins.dc_offset import DcOffset, Offset

RATE = 44_100.0


def noise(seconds: float = 2.0, channels: int = 1, rate: float = RATE) -> np.ndarray[Any, Any]:
    return 0.05 * np.random.default_rng(3).standard_normal((channels, round(seconds * rate)))


@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_the_mean_is_what_is_subtracted(one: float, other: float) -> None:
    offsets = np.array([[one], [other]])
    audio = noise(channels=2) + offsets
    mean = audio.mean(axis=1)
    found = DcOffset().analyse(audio, RATE)
    assert found.mean == pytest.approx(mean, abs=1e-15)
    out = DcOffset().process(audio, RATE)
    for channel in range(2):
        removed = abs(mean[channel]) > max(1e-4, 4 * found.uncertainty[channel])
        assert np.array_equal(out[channel], audio[channel] - found.mean[channel] * removed)


def test_a_constant_shifts_nothing_else() -> None:
    audio = noise(channels=2)
    out = DcOffset().process(audio + 0.03, RATE)
    assert np.abs(out.mean(axis=1)).max() < 1e-15
    spectrum = np.abs(np.fft.rfft(out - audio, axis=1))
    assert spectrum[:, 1:].max() < 1e-10, "only the bin of 0 Hz may differ"


@pytest.mark.parametrize("rate", [8_000.0, 22_050.0, 44_100.0, 96_000.0, 192_000.0])
def test_uncertainty_is_the_standard_error(rate: float) -> None:
    """Of white noise it is sigma / sqrt(n); the scatter of k block means tells it within 1 / sqrt(2k)."""
    seconds = 20.0
    audio = noise(seconds, 1, rate)
    found = DcOffset().analyse(audio, rate)
    expected = 0.05 / np.sqrt(audio.shape[1])
    assert found.uncertainty[0] == pytest.approx(expected, rel=4 / np.sqrt(2 * seconds / 0.1))


def test_chance_is_left_alone() -> None:
    """The mean of noise is never zero; it is not an offset."""
    for seed in range(20):
        audio = 0.3 * np.random.default_rng(seed).standard_normal((1, 44_100))
        assert abs(audio.mean()) > 1e-5
        assert np.array_equal(DcOffset(threshold_db=-120).process(audio, RATE), audio)


@pytest.mark.parametrize(("level_db", "removed"), [(-79.0, True), (-81.0, False)])
def test_threshold(level_db: float, removed: bool) -> None:
    time = np.arange(88_200) / RATE
    audio = 0.1 * np.sin(2 * np.pi * 100 * time)[np.newaxis] + 10 ** (level_db / 20)
    changed = not np.array_equal(DcOffset(threshold_db=-80).process(audio, RATE), audio)
    assert changed is removed


def test_channels_are_judged_on_their_own() -> None:
    audio = noise(channels=3)
    audio -= audio.mean(axis=1, keepdims=True)
    audio[1] += 0.1
    out = DcOffset().process(audio, RATE)
    assert np.array_equal(out[[0, 2]], audio[[0, 2]])
    assert abs(out[1].mean()) < 1e-15


def test_too_short_to_tell() -> None:
    """Less than two blocks of 0.1 s: a slow wave would look the same."""
    audio = np.full((1, round(0.19 * RATE)), 0.2)
    assert np.array_equal(DcOffset().process(audio, RATE), audio)


def test_scaling_is_linear() -> None:
    audio = noise() + 0.1
    assert np.array_equal(DcOffset().process(audio / 2, RATE), DcOffset().process(audio, RATE) / 2)


def test_findings_describe_themselves() -> None:
    found = DcOffset().analyse(np.full((2, 44_100), 0.1), RATE)
    assert found.found
    assert found.describe() == "offset -20 dBFS"


@pytest.mark.parametrize(
    ("mean", "uncertainty", "message"),
    [
        ([0.0, 0.0], [0.0], "uncertainty has 1 channels, but mean has 2"),
        ([[0.0]], [[0.0]], "one value for each of 1 to 64 channels"),
        ([np.nan], [0.0], "finite"),
        ([0.0], [np.inf], "finite"),
        ([0.0], [-1.0], "must be 0 or more, not -1"),
    ],
)
def test_impossible_findings(mean: Any, uncertainty: Any, message: str) -> None:
    with pytest.raises(FindingsError, match=message):
        Offset(mean=np.array(mean), uncertainty=np.array(uncertainty))


def test_findings_of_another_width_are_refused() -> None:
    stage = DcOffset()
    stage.learn(noise(channels=2), RATE)
    with pytest.raises(FindingsError, match="an offset of 2 channels cannot serve 1 channels"):
        stage.process(noise(), RATE)


def hits(seconds: float = 10.0, level: float = 0.3) -> np.ndarray[Any, Any]:
    """Drum hits that swing to one side and decay, over silence: no offset, though their mean is none of 0."""
    time = np.arange(round(seconds * RATE)) / RATE
    since = time % 0.5
    return (level * np.exp(-since / 0.04) * (1 - np.cos(2 * np.pi * 60 * since)) / 2)[np.newaxis]


@pytest.mark.parametrize("rate", [8_000.0, 44_100.0, 96_000.0])
@pytest.mark.parametrize("start", [0, 1, 700, 1023, 5_000])
@pytest.mark.parametrize("length", [960, 1500, 30_001])
def test_digital_silence_stays_silent_to_the_bit(rate: float, start: int, length: int) -> None:
    audio = noise(6.0, 2, rate) + 0.02
    gap = slice(start + 20_000, start + 20_000 + length)
    audio[0, gap] = 0.0
    audio[:, :start] = 0.0
    audio[:, -length:] = 0.0
    out = DcOffset().process(audio, rate)
    assert not out[0, gap].any()
    assert not out[:, -length:].any()
    sounds = audio != 0.0
    assert np.array_equal(out[sounds], (audio - DcOffset().analyse(audio, rate).mean[:, np.newaxis])[sounds])


def test_the_offset_is_that_of_what_sounds() -> None:
    """Not the mean over silence and sound, which leaves some in one and puts the rest into the other."""
    audio = noise(4.0) + 0.02
    long = np.concatenate([np.zeros((1, 200_000)), audio, np.zeros((1, 300_001))], axis=1)
    assert DcOffset().analyse(long, RATE).mean[0] == pytest.approx(audio.mean(), abs=1e-4)


def test_a_zero_within_a_sound_is_no_silence() -> None:
    audio = np.round((noise(4.0) + 0.02) * 100) / 100
    assert (audio == 0.0).any()
    out = DcOffset().process(audio, RATE)
    assert np.allclose(out, audio - audio.mean(), atol=2e-6)


@pytest.mark.parametrize("floor", [0.0, 1e-5, 1e-3])
def test_one_sided_hits_are_no_offset(floor: float) -> None:
    audio = hits() + floor * np.random.default_rng(1).standard_normal((1, round(10 * RATE)))
    assert audio.mean() > 0.005
    assert np.array_equal(DcOffset().process(audio, RATE), audio)


@pytest.mark.parametrize("level_db", [-30.0, -40.0, -50.0])
def test_an_offset_under_one_sided_hits_is_found_between_them(level_db: float) -> None:
    offset = 10 ** (level_db / 20)
    audio = hits() + 1e-5 * np.random.default_rng(1).standard_normal((1, round(10 * RATE))) + offset
    found = DcOffset().analyse(audio, RATE)
    assert found.significant(-80.0)[0] == pytest.approx(offset, rel=0.1, abs=3e-5)


def test_a_tone_that_rides_on_one_side_only_while_it_sounds_is_no_offset() -> None:
    """Held one-sided notes with pauses, which last as long as they do."""
    time = np.arange(round(12 * RATE)) / RATE
    audio = (0.1 * (1 - np.cos(2 * np.pi * 220 * time)) * (time % 2.0 < 1.0))[np.newaxis]
    audio += 1e-4 * np.random.default_rng(2).standard_normal(audio.shape)
    assert np.array_equal(DcOffset().process(audio, RATE), audio)
