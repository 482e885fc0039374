"""Prints from ranges: the noise that is there, whatever sounds elsewhere, in any blocks."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.analysis.noise.ranges import PrintRangesAnalyser
from wavemend.errors import FindingsError

RATE = 44_100
LEVELS_DBFS_HZ = (-110.0, -104.0)  # of the first and the second half


def recording(seconds: int = 8) -> np.ndarray:
    """White noise that is 6 dB louder in the second half, under a chord that pauses twice."""
    rng = np.random.default_rng(1)
    time = np.arange(seconds * RATE) / RATE
    density = np.where(time < seconds / 2, *LEVELS_DBFS_HZ)
    noise = rng.standard_normal((2, time.size)) * np.sqrt(10 ** (density / 10) * RATE / 2)
    pause = ((time > 1) & (time < 2)) | ((time > 6) & (time < 7))
    chord = 0.2 * sum(np.sin(2 * np.pi * f * time) for f in (220, 331, 447))
    return noise + np.where(pause, 0.0, chord)


def heard(audio: np.ndarray, ranges: list[tuple[int, int]], block: int = 10**9):
    analyser = PrintRangesAnalyser(RATE, audio.shape[0], ranges)
    for at in range(0, audio.shape[1], block):
        analyser.push(audio[:, at : at + block])
    return analyser.result()


RANGES = [(round(6.1 * RATE), round(6.9 * RATE)), (round(1.1 * RATE), round(1.9 * RATE))]


def test_each_range_gives_the_print_of_its_noise() -> None:
    found = heard(recording(), RANGES)
    assert found.start_s.tolist() == [0.0, 4.0]
    assert found.end_s.tolist() == [4.0, 8.0]
    middle = (found.frequency_hz > 200) & (found.frequency_hz < 20_000)
    for density, level in zip(found.density_dbfs_hz, LEVELS_DBFS_HZ, strict=True):
        assert np.abs(np.mean(density[:, middle], axis=1) - level).max() < 0.5
        assert np.abs(density[:, middle] - level).max() < 3.0


def test_findings_are_the_same_in_any_blocks() -> None:
    assert heard(recording(), RANGES) == heard(recording(), RANGES, block=3_001)


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ([(1000, 2000)], "0.023 s long"),
        ([(0, 20_000), (19_000, 40_000)], "overlap at 0.431 s"),
        ([(8 * RATE, 9 * RATE)], "beyond the end"),
    ],
)
def test_unusable_ranges_are_refused(ranges: list[tuple[int, int]], message: str) -> None:
    with pytest.raises(FindingsError, match=message):
        heard(recording(), ranges)
