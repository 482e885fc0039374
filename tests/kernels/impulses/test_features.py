"""What shows a click: whitened rows of unit scale, loudness left out, pops found by their whole ring."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import lfilter
from wavemend.kernels.impulses.candidates import (
    APART,
    FAR,
    FAR_ROWS,
    NEAR,
    NEAR_ROWS,
    RING,
    RING_ROWS,
    candidates,
    look,
    other_channel,
)
from wavemend.kernels.impulses.features import (
    BLOCK,
    CELL,
    CELL_ROWS,
    FILTERS,
    ORDER,
    PADDING,
    RINGS_HZ,
    STEP,
    Shown,
    compressed,
    impulse_rows,
)

BLOCKS = 20
RATE = 44_100.0
MIDDLE = BLOCKS * BLOCK // 2 + 100

Array = npt.NDArray[np.float64]


def sound(seed: int = 0) -> Array:
    noise = np.random.default_rng(seed).standard_normal(BLOCKS * BLOCK + 2 * PADDING)
    return lfilter([1.0], [1.0, -1.7, 0.9], 0.003 * noise)


def rows_of(x: Array) -> tuple[npt.NDArray[np.float32], ...]:
    cells = BLOCKS * BLOCK // CELL
    rows = np.empty((3, BLOCKS * BLOCK), np.float32)
    rings = np.empty((len(RINGS_HZ), BLOCKS * BLOCK // STEP), np.float32)
    far = np.empty((CELL_ROWS, cells), np.float32)
    models, deviation = np.empty((BLOCKS + 2, ORDER + 1)), np.empty(BLOCKS + 2)
    scale = np.empty((1 + len(RINGS_HZ), cells))
    impulse_rows(x, FILTERS, models, deviation, Shown(rows, rings, far, scale))
    return rows, rings, far, scale


def places_of(x: Array, error: float = 6.0, ring: float = 7.0) -> list[int]:
    rows, rings, *_ = rows_of(x)
    places = np.empty(BLOCKS * BLOCK // STEP + 1, np.int64)
    first, last = 2 * STEP * APART, BLOCKS * BLOCK - 2 * STEP * APART
    count = candidates(rows, rings, first, last, compressed(error), compressed(ring), places)
    return places[:count].tolist()


def test_rows_of_noise_have_unit_scale() -> None:
    rows, rings, *_ = rows_of(sound())
    assert np.median(np.abs(rows[1:])) == pytest.approx(compressed(1 / 1.4826), rel=0.05)
    assert np.median(rings) == pytest.approx(compressed(1.1774), rel=0.05)


def test_loudness_changes_nothing_but_the_levels() -> None:
    soft, loud = rows_of(sound()), rows_of(4.0 * sound())
    assert np.allclose(soft[0], loud[0], atol=1e-4)
    assert np.allclose(soft[1], loud[1], atol=1e-3)
    assert np.allclose(soft[2][:3] + 2.0, loud[2][:3], atol=1e-2)


def test_noise_has_no_candidate_and_a_click_is_one() -> None:
    x = sound()
    assert not places_of(x)
    x[PADDING + MIDDLE] += 0.04
    (place,) = places_of(x)
    assert abs(place - MIDDLE) <= 2  # the error of a lone sample is the model itself, which peaks later


def test_a_pop_too_soft_for_any_sample_of_the_error_is_a_candidate_by_its_ring() -> None:
    x = sound()
    t = np.arange(200)
    swell = (1.0 - np.exp(-t / 10.0)) * np.exp(-t / 22.0)  # no corner that an error would show
    x[PADDING + MIDDLE :][:200] += 0.08 * swell * np.sin(2 * np.pi * 600.0 / RATE * t)
    assert not places_of(x, ring=1e9)
    (place,) = places_of(x, error=1e9, ring=6.0)
    assert abs(place - MIDDLE) <= 6 * STEP


def test_a_look_has_the_candidate_in_its_middle_and_sees_the_other_channel() -> None:
    x = np.stack([sound(0), sound(1)])
    x[0, PADDING + MIDDLE] += 0.3
    parts = [rows_of(channel) for channel in x]
    rows, rings, cells, scale = (np.stack(part) for part in zip(*parts, strict=True))
    error_scale = np.ascontiguousarray(scale[:, 0])
    near, ring = np.empty((NEAR_ROWS, 2 * NEAR), np.float32), np.empty((RING_ROWS, 2 * RING), np.float32)
    far = np.empty((FAR_ROWS, 2 * FAR), np.float32)
    look(Shown(rows, rings, cells, error_scale), 0, MIDDLE, near, ring, far)
    assert abs(int(np.argmax(np.abs(near[1]))) - NEAR) <= 2
    assert np.argmax(far[1]) == FAR
    assert np.array_equal(near[3:], rows[1, 1:, MIDDLE - NEAR : MIDDLE + NEAR])
    assert other_channel(rows, 0, MIDDLE) == 1
    look(Shown(rows[:1], rings[:1], cells[:1], error_scale[:1]), 0, MIDDLE, near, ring, far)
    assert other_channel(rows[:1], 0, MIDDLE) == -1
    assert not near[3:].any()
    assert not ring[-1].any()
    assert not far[5:].any()
