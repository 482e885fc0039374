"""Waveforms, spectrograms and spectra as the page draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile
from wavemend.host.preview.peaks import Peaks
from wavemend.host.preview.recordings import Recording
from wavemend.host.preview.spectra import long_term
from wavemend.host.preview.tiles import CEILING_DB, COLUMNS, FLOOR_DB, ROWS, Scale, row_edges, tile

RATE = 8000


@pytest.fixture
def recording_of(tmp_path: Path) -> Iterator[Callable[[np.ndarray], Recording]]:
    with ExitStack() as opened:

        def made(audio: np.ndarray) -> Recording:
            soundfile.write(tmp_path / "side.wav", audio.T, RATE, subtype="FLOAT")
            return opened.enter_context(Recording(tmp_path / "side.wav"))

        yield made


def test_columns_are_the_lowest_and_highest_samples_at_every_zoom(
    recording_of: Callable[[np.ndarray], Recording],
) -> None:
    audio = np.random.default_rng(0).uniform(-1, 1, (2, 40 * 4096)).astype(np.float32).astype(np.float64)
    recording = recording_of(audio)
    peaks = Peaks(recording)
    for start in range(0, recording.frames, 10_000):
        peaks.push(recording.read(start, start + 10_000))
    peaks.finish()
    near, exact = peaks.columns(1000, 2000, 100)
    assert exact
    np.testing.assert_array_equal(near[1, 7], [audio[1, 1070:1080].min(), audio[1, 1070:1080].max()])
    far, exact = peaks.columns(0, recording.frames, 4)
    assert exact
    np.testing.assert_array_equal(far[0, 2], [audio[0, 81920:122880].min(), audio[0, 81920:122880].max()])


def test_a_recording_that_was_not_heard_yet_is_glanced_at_and_says_so(
    recording_of: Callable[[np.ndarray], Recording],
) -> None:
    recording = recording_of(np.full((1, 600 * 4096), 0.25))
    columns, exact = Peaks(recording).columns(0, recording.frames, 30)
    assert not exact
    np.testing.assert_array_equal(columns, np.full((1, 30, 2), 0.25, np.float32))


@pytest.mark.parametrize("scale", ["linear", "log", "mel"])
@pytest.mark.parametrize("level", [5, 8, 14])
def test_a_sine_is_a_line_at_its_frequency_and_level(scale: Scale, level: int) -> None:
    frames = COLUMNS << level

    def read(start: int, stop: int) -> np.ndarray:
        return 0.1 * np.sin(2 * np.pi * 1000 / RATE * np.arange(start, stop))[np.newaxis]

    levels = tile(read, RATE, frames, scale=scale, level=level, index=0)
    assert levels.shape == (ROWS, COLUMNS)
    column = levels[:, COLUMNS // 2][::-1]
    at = int(column.argmax())
    edges = row_edges(scale, RATE)
    width = RATE / 512 + (edges[at + 1] - edges[at])
    assert edges[at] - width <= 1000 <= edges[at + 1] + width
    loudest = FLOOR_DB + column[at] * (CEILING_DB - FLOOR_DB) / 255
    assert loudest == pytest.approx(-20, abs=2.0)


def test_a_spectrum_has_the_power_of_what_it_is_of() -> None:
    audio = 0.1 * np.random.default_rng(0).standard_normal((1, 60 * RATE))
    found = long_term(lambda start, stop: audio[:, start:stop], RATE, audio.shape[1])
    power = np.sum(10 ** (np.array(found["level_db"]) / 10))
    assert 10 * np.log10(power) == pytest.approx(-20, abs=0.5)
