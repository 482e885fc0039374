"""A dip is a fall of all bands at once, back to what it was, and no other is beside it."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.kernels.spectra.dips import LEAST, DipSearch, band_power, dip_ends, find_dips

HOW = DipSearch(
    lengths=np.array([8, 14, 24, 40]), side=20, near=100, apart=20, depth_db=5.0, shallowest_db=-0.5,
    uneven_db=16.0, lone_db=2.0, floor_db=-85.0, range_db=50.0,
)  # fmt: skip
FRAMES, BANDS, MIDDLE = 600, 5, 300


def levels(seed: int = 1) -> np.ndarray:
    """Bands of -30 to -50 dB that move by a decibel."""
    draw = np.random.default_rng(seed)
    return np.linspace(-30.0, -50.0, BANDS) + draw.standard_normal((FRAMES, BANDS))


def found(level_db: np.ndarray, bounds: tuple[int, int] = (0, FRAMES)) -> np.ndarray:
    power = 10 ** (level_db / 10)
    dips = np.empty((16, 4))
    return dips[: find_dips(power, level_db, (150, 450), bounds, HOW, dips)]


def dipped(length: int, depth_db: float = 20.0, middle: int = MIDDLE) -> np.ndarray:
    level_db = levels()
    fall = np.clip(1.2 - np.abs(np.arange(FRAMES) - middle) / (length / 2), 0.0, 1.0)
    return np.asarray(level_db - depth_db * fall[:, np.newaxis])


@pytest.mark.parametrize("length", [8, 20, 36])
def test_a_dip_is_found_where_it_is_as_deep_as_it_is(length: int) -> None:
    level_db = dipped(length)
    ((frame, tried, depth, lone),) = found(level_db)
    assert abs(frame - MIDDLE) <= length / 4
    assert -22 < depth < -14
    assert lone > 10
    ends = dip_ends(10 ** (level_db / 10), level_db, int(frame), int(tried), 50, HOW, (0, FRAMES))
    assert abs(ends[0] - (MIDDLE - 0.6 * length)) < 6
    assert abs(ends[1] - (MIDDLE + 0.6 * length)) < 6


def test_steady_sound_has_none() -> None:
    assert not found(levels()).size


def test_one_band_that_goes_on_is_enough_to_be_none() -> None:
    level_db = dipped(20)
    level_db[:, 2] = levels()[:, 2] + 3
    assert not found(level_db).size


def test_one_of_many_is_none() -> None:
    level_db = sum((dipped(20, middle=m) - levels() for m in range(100, 600, 50)), levels())
    assert not found(level_db).size


def test_a_fall_that_does_not_come_back_is_none() -> None:
    level_db = levels()
    level_db[MIDDLE:] -= 25
    assert not found(level_db).size


def test_nothing_is_found_where_one_side_is_not_of_the_recording() -> None:
    assert not found(dipped(20), (MIDDLE - 15, FRAMES)).size
    assert not found(dipped(20), (0, MIDDLE + 15)).size


def test_power_of_bands_is_the_sum_over_their_bins() -> None:
    draw = np.random.default_rng(2)
    spectra = draw.standard_normal((2, 3, 9)) + 1j * draw.standard_normal((2, 3, 9))
    power = np.empty((2, 3, 2))
    band_power(spectra, np.array([1, 4, 8]), power)
    expected = np.stack(
        [(np.abs(spectra[:, :, 1:4]) ** 2).sum(2), (np.abs(spectra[:, :, 4:8]) ** 2).sum(2)], 2
    )
    np.testing.assert_allclose(power, expected)
    band_power(0 * spectra, np.array([1, 4, 8]), power)
    assert (power == LEAST).all()
