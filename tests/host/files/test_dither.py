"""Dither: only where a sample left the grid, triangular, and the same however a recording is cut."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.host.files.audio_format import AudioFormat
from wavemend.host.files.audio_writer import AudioWriter

from .sound_files import RATE, random_audio


def test_samples_on_the_grid_are_left_alone_among_others(tmp_path: Path) -> None:
    audio = random_audio("PCM_16", (2, 5000))
    moved = audio.copy()
    moved[0, 1000:1100] *= 0.77
    with AudioWriter(tmp_path / "a.wav", AudioFormat("WAV", "PCM_16", RATE, 2)) as writer:
        held = writer.write(moved)
    assert np.array_equal(np.delete(held, np.s_[1000:1100], 1), np.delete(audio, np.s_[1000:1100], 1))
    assert np.abs(held - moved).max() <= 1.5 / 2**15


@settings(max_examples=30, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 4999), max_size=5),
    bits=st.sampled_from([16, 24]),
    channels=st.integers(1, 3),
)
def test_dither_does_not_depend_on_the_partition(
    folder: Path, cuts: list[int], bits: int, channels: int
) -> None:
    audio = np.random.default_rng(bits).uniform(-1, 1, (channels, 5000))
    form = AudioFormat("WAV", f"PCM_{bits}", RATE, channels)
    with AudioWriter(folder / "whole.wav", form, dither_seed=7) as writer:
        writer.write(audio)
    with AudioWriter(folder / "cut.wav", form, dither_seed=7) as writer:
        for start, stop in itertools.pairwise([0, *sorted(cuts), 5000]):
            writer.write(audio[:, start:stop])
    assert (folder / "whole.wav").read_bytes() == (folder / "cut.wav").read_bytes()


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5, 0.9])
def test_dither_is_triangular(tmp_path: Path, fraction: float) -> None:
    # Triangular dither makes mean and variance of the whole error independent of the signal: 0 and 1/4 of a
    # step squared. Lipshitz, Wannamaker & Vanderkooy, Quantization and dither: a theoretical survey, 1992.
    frames = 200_000
    audio = np.full((2, frames), (1000 + fraction) / 2**15)
    audio[1] = np.nextafter(audio[0], 1.0)
    errors = []
    for seed in (0, 1):
        with AudioWriter(
            tmp_path / "a.wav", AudioFormat("WAV", "PCM_16", RATE, 2), dither_seed=seed
        ) as writer:
            errors.append((writer.write(audio) - audio) * 2**15)
    each = np.concatenate(errors)
    assert np.abs(each.mean(axis=1)).max() < 5 * 0.5 / frames**0.5
    assert np.abs(each.var(axis=1) - 0.25).max() < 0.005
    # Channels that differ by the least, seeds and neighbouring samples know nothing of each other.
    assert np.abs(np.corrcoef(each) - np.eye(4)).max() < 5 / frames**0.5
    assert abs(np.corrcoef(each[0, 1:], each[0, :-1])[0, 1]) < 5 / frames**0.5


@pytest.mark.parametrize("bits", [16, 24])
def test_channels_that_are_equal_to_the_bit_stay_equal(tmp_path: Path, bits: int) -> None:
    one = np.random.default_rng(1).uniform(-0.9, 0.9, 5000)
    audio = np.stack([one, one, -one])
    with AudioWriter(tmp_path / "a.wav", AudioFormat("WAV", f"PCM_{bits}", RATE, 3), gain=0.7) as writer:
        held = writer.write(audio)
    assert np.array_equal(held[0], held[1])
    errors = held - 0.7 * audio
    assert abs(np.corrcoef(errors[0], errors[2])[0, 1]) < 5 / 5000**0.5  # opposite is not equal
