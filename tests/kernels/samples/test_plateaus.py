"""Flat tops that a wave reaches at full speed are found where they are; smooth crests are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.kernels.samples.plateaus import LEAST_RUN, measure, plateaus

STEP = 2.0**-15
TOLERANCE = 1.01 * STEP
RAIL = 0.5


def tone(samples: int = 2_000, peak: float = 1.0) -> np.ndarray:
    return peak * np.sin(2 * np.pi * np.arange(samples) / 97.3)


def rounded(x: np.ndarray) -> np.ndarray:
    return np.round(x / STEP) * STEP


def tops(x: np.ndarray, sign: float = 1.0, first: int = 0, peak: float | None = None) -> np.ndarray:
    """Rows of (start, samples, level, jump)."""
    runs = np.empty((256, 4))
    peak = float((sign * x).max()) if peak is None else peak
    return runs[: plateaus(x, first, sign, peak, TOLERANCE, runs)]


def flats(x: np.ndarray) -> np.ndarray:
    """Start and length of each stretch at the upper rail that does not touch an end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], x >= RAIL, [False]]).astype(int)))
    rows = edges.reshape(-1, 2)
    rows = rows[(rows[:, 0] > 0) & (rows[:, 1] < x.size)]
    return np.column_stack([rows[:, 0], rows[:, 1] - rows[:, 0]])


def test_the_tops_of_a_clipped_wave() -> None:
    x = rounded(np.clip(tone(), -RAIL, RAIL))
    found = tops(x)
    assert len(found) > 15
    assert np.array_equal(found[:, :2], flats(x))
    assert (found[:, 2] == RAIL).all() and not found[:, 3].any()


def test_lower_tops_are_the_upper_ones_of_the_wave_upside_down() -> None:
    x = rounded(np.clip(tone(), -RAIL, 0.8))
    assert len(tops(x, -1.0)) > 15
    assert np.array_equal(tops(x, -1.0), tops(-x, 1.0))


@pytest.mark.parametrize("period", [40.0, 97.3, 700.0, 3_000.0])
@pytest.mark.parametrize("peak", [0.01, 0.5, 1.0])
def test_a_smooth_crest_is_none_though_rounding_makes_it_flat(period: float, peak: float) -> None:
    x = rounded(peak * np.sin(2 * np.pi * np.arange(9_000) / period))
    assert not len(tops(x)) and not len(tops(x, -1.0))


def test_a_square_wave_jumps() -> None:
    x = RAIL * np.sign(np.sin(2 * np.pi * (np.arange(500) + 0.5) / 50))
    found = tops(x)
    assert found[:, 1].tolist() == [25.0] * 9  # the first touches the beginning
    assert found[:, 3].all()


@pytest.mark.parametrize(("samples", "counts"), [(1, False), (2, False), (LEAST_RUN, True), (9, True)])
def test_the_shortest_that_counts(samples: int, counts: bool) -> None:
    x = np.concatenate([np.linspace(0.0, 0.8, 20), np.full(samples, 1.0), np.linspace(0.8, 0.0, 20)])
    assert tops(x).tolist() == ([[20, samples, 1.0, 0.0]] if counts else [])


def test_dither_within_the_tolerance_is_flat_and_beyond_it_is_not() -> None:
    x = np.clip(tone(), -RAIL, RAIL)
    top = np.flatnonzero(x == RAIL)
    fine, coarse = x.copy(), x.copy()
    fine[top[::2]] -= STEP
    coarse[top[::2]] -= 3 * STEP
    assert len(tops(fine)) == len(tops(x))
    assert not len(tops(coarse))


def test_a_plateau_far_below_the_peak_is_no_extreme() -> None:
    x = np.concatenate([tone(1_000, 0.9), np.clip(tone(), -RAIL, RAIL)])
    assert not len(tops(x))
    assert len(tops(x, peak=RAIL)) > 10


@pytest.mark.parametrize("place", ["beginning", "end"])
def test_what_touches_an_end_is_not_known_whole(place: str) -> None:
    x = np.concatenate([np.full(10, 0.5), np.linspace(0.4, -0.4, 30)])
    assert not len(tops(x if place == "beginning" else x[::-1].copy()))


@pytest.mark.parametrize("block", [1, 50, 333])
def test_overlapping_frames_tell_each_top_once_wherever_they_are_cut(block: int) -> None:
    carry = 60
    for lag in range(98):  # all of a period
        x = rounded(np.clip(tone(carry + 600 + lag)[lag:], -RAIL, RAIL))
        found = []
        for at in range(carry, x.size, block):
            rows = tops(x[at - carry : at + block], first=carry, peak=RAIL)
            found += [(at - carry + start, samples) for start, samples in rows[:, :2].tolist()]
        assert found == [tuple(row) for row in tops(x, first=carry, peak=RAIL)[:, :2].tolist()]


def test_twice_the_level_twice_the_tolerance_the_same_tops() -> None:
    x = np.clip(tone(), -RAIL, RAIL)
    runs = np.empty((256, 4))
    count = plateaus(2.0 * x, 0, 1.0, 2.0 * RAIL, 2.0 * TOLERANCE, runs)
    assert np.array_equal(runs[:count], tops(x) * [1.0, 1.0, 2.0, 1.0])


def test_more_tops_than_there_is_room_for_are_left_out() -> None:
    x = np.clip(tone(), -RAIL, RAIL)
    runs = np.full((4, 4), np.nan)
    assert plateaus(x, 0, 1.0, RAIL, TOLERANCE, runs[:3]) == 3
    assert np.array_equal(runs[:3], tops(x)[:3]) and np.isnan(runs[3]).all()


@pytest.mark.parametrize("x", [np.empty(0), np.ones(1), np.ones(2), np.zeros(50), np.full(50, 0.3)])
def test_nothing_silence_and_constants_have_no_tops(x: np.ndarray) -> None:
    peak = float(np.abs(x).max(initial=0.0))
    assert not len(tops(x, 1.0, peak=peak)) and not len(tops(x, -1.0, peak=peak))


def measured(x: np.ndarray, first: int = 0, bins: int = 120) -> tuple[tuple[float, ...], np.ndarray]:
    """What `measure` returns, and its counts of both halves, shape (2, bins)."""
    counts = np.zeros((2, bins), np.int64)
    return measure(x, first, 0.01, 100.0, counts[0], counts[1]), counts


@settings(max_examples=40)
@given(st.integers(0, 200), st.integers(0, 200), st.floats(0.001, 1.0), st.integers(0, 99))
def test_a_frame_is_measured_as_numpy_does(size: int, first: int, level: float, seed: int) -> None:
    x = level * np.random.default_rng(seed).standard_normal(size)
    (high, low, smallest, power), counts = measured(x, first)
    steps = np.abs(np.diff(x))
    fresh = x[first:]
    assert (high, low) == (x.max(initial=0.0), x.min(initial=0.0))
    assert smallest == min(steps[steps >= 0.01], default=0.01)
    assert power == pytest.approx(np.mean(fresh**2) if fresh.size else 0.0, rel=1e-12)
    places = np.minimum(np.abs(fresh) * 100.0, 119).astype(int)
    assert np.array_equal(counts[0], np.bincount(places[fresh >= 0], minlength=120))
    assert np.array_equal(counts[1], np.bincount(places[fresh < 0], minlength=120))


def test_what_an_earlier_frame_counted_is_not_counted_again() -> None:
    x = np.random.default_rng(0).standard_normal(300)
    counts = np.zeros((2, 120), np.int64)
    for start, stop, first in ((0, 100, 0), (80, 220, 20), (200, 300, 20)):
        measure(x[start:stop], first, 0.01, 100.0, counts[0], counts[1])
    assert np.array_equal(counts, measured(x)[1])


def test_zeros_lie_in_the_upper_half() -> None:
    (high, low, smallest, power), counts = measured(np.zeros(7))
    assert (high, low, smallest, power) == (0.0, 0.0, 0.01, 0.0)
    assert counts[0, 0] == counts.sum() == 7
