"""Distances, hidden and coinciding impulses agree with their definitions; a known revolution is found."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.kernels.impulses.counting import SCORE, START
from wavemend.kernels.impulses.point_process import (
    LEAST_DEVIATIONS,
    coincidences,
    count_lags,
    distinct_scores,
    reach_of,
    returning_period,
    undo_blindness,
)

WIDTH = 1e-3
PERIODS = (1.8, 60 / 45, 60 / 78.26)
BINS = reach_of(PERIODS[0], WIDTH)

moments = st.lists(st.integers(0, 100), max_size=40, unique=True).map(
    lambda steps: np.array(sorted(steps)) / 32  # distances are exact
)


def lags_of(times: np.ndarray, bins: int = BINS) -> np.ndarray:
    counts = np.zeros(bins)
    count_lags(np.sort(times), 0, WIDTH, counts)
    return counts


def turning(period: float, spots: int, turns: int, jitter_s: float = 1e-3, seed: int = 0) -> np.ndarray:
    """Times of scratches that are met once a turn, each met most of the time, among as many by chance."""
    draw = np.random.default_rng(seed)
    spot = draw.uniform(0.0, period, spots)
    times = (spot + period * np.arange(turns)[:, np.newaxis]).ravel()
    times = times[draw.uniform(size=times.size) < 0.8] + 0.0
    times += jitter_s * draw.uniform(-1, 1, times.size)
    return np.concatenate([times, draw.uniform(0.0, period * turns, times.size)])


@settings(max_examples=30)
@given(moments, st.integers(0, 40), st.sampled_from([0.25, 0.125]), st.integers(1, 12))
def test_lags_are_the_histogram_of_all_distances(
    times: np.ndarray, fresh: int, width: float, bins: int
) -> None:
    counts = np.zeros(bins)
    count_lags(times, fresh, width, counts)
    apart = [times[i] - times[j] for i in range(fresh, times.size) for j in range(i)]
    assert np.array_equal(
        counts, np.histogram([d for d in apart if d < bins * width], bins, (0, bins * width))[0]
    )


@settings(max_examples=20)
@given(moments, st.lists(st.integers(0, 40), max_size=4))
def test_times_that_come_later_are_counted_as_if_all_came_at_once(times: np.ndarray, cuts: list[int]) -> None:
    ends = sorted({0, times.size, *(min(cut, times.size) for cut in cuts)})
    counts, whole = np.zeros(50), np.zeros(50)
    for start, stop in itertools.pairwise(ends):
        count_lags(times[:stop], start, 0.1, counts)
    count_lags(times, 0, 0.1, whole)
    assert np.array_equal(counts, whole)


@pytest.mark.parametrize("rate", [1.0, 40.0, 400.0])
def test_blindness_is_undone_at_the_rate_that_the_theory_shows(rate: float) -> None:
    blind, seconds = 2e-3, 100.0
    shown = (1 - np.exp(-rate * blind)) / blind * seconds
    assert undo_blindness(np.array([shown]), blind, seconds, 0.95)[0] == pytest.approx(rate * seconds)


def test_blindness_of_poisson_times_of_which_only_the_highest_nearby_shows() -> None:
    draw = np.random.default_rng(0)
    rate, seconds, blind = 200.0, 8.0, 3e-3
    times = np.sort(draw.uniform(0.0, seconds, draw.poisson(rate * seconds)))
    height = draw.uniform(size=times.size)
    # hidden by a higher one at up to half a window to either side: a window of `blind` around each
    near = np.abs(times[:, np.newaxis] - times) < blind / 2
    shown = np.sum(np.max(np.where(near, height, 0.0), axis=1) == height)
    undone = undo_blindness(np.array([shown]), blind, seconds, 0.95)[0]
    assert shown < 0.8 * times.size
    assert undone == pytest.approx(times.size, rel=0.05)


def test_undone_counts_grow_with_those_shown_up_to_what_is_believed() -> None:
    shown = np.arange(0, 2_000, 10)
    undone = undo_blindness(shown, 1e-3, 1.0, 0.9)
    assert undone[0] == 0.0 and np.isfinite(undone).all()
    assert (np.diff(undone) > 0).all() and (undone >= shown).all()
    factor = -np.log(0.1) / 0.9
    np.testing.assert_allclose(undone[90:] / shown[90:], factor, rtol=1e-12)
    assert np.array_equal(undo_blindness(shown, 0.0, 1.0, 0.9), shown)


def test_coincidences_are_impulses_in_several_channels() -> None:
    left, right = np.array([1.0, 2.0, 3.0]), np.array([1.0005, 2.5, 3.002])
    assert coincidences([left, right], 1e-3) == (1, 5)
    assert coincidences([left, left], 1e-3) == (3, 3)
    assert coincidences([left, left], 1e-3, apart_s=0.1) == (0, 6)
    assert coincidences([left, left + 0.1, left + 0.2], 1e-3, apart_s=-0.1) == (3, 3)
    assert coincidences([left], 1e-3) == (0, 3)
    assert coincidences([left, np.empty(0)], 1e-3) == (0, 3)
    assert coincidences([np.empty(0), np.empty(0)], 1e-3) == (0, 0)


@settings(max_examples=30)
@given(st.lists(moments, min_size=1, max_size=3), st.floats(0.0, 0.5))
def test_coincidences_are_counted_as_one_impulse_after_the_other(
    times: list[np.ndarray], within: float
) -> None:
    groups: list[set[int]] = []
    last = -np.inf
    for time, channel in sorted((t, c) for c, one in enumerate(times) for t in one.tolist()):
        if time - last > within:
            groups.append(set())
        groups[-1].add(channel)
        last = time
    assert coincidences(times, within) == (sum(len(group) > 1 for group in groups), len(groups))
    assert coincidences(times[::-1], within) == coincidences(times, within)


def rows(*pairs: tuple[float, float]) -> np.ndarray:
    picked = np.zeros((len(pairs), 5))
    for row, (start, score) in zip(picked, pairs, strict=True):
        row[START], row[SCORE] = start, score
    return picked


def test_a_distinct_impulse_has_its_highest_score() -> None:
    picked = rows((5.0, 2.0), (1.0, 3.0), (1.0005, 7.0), (1.0012, 4.0), (9.0, 1.0))
    assert distinct_scores(picked, 1e-3).tolist() == [7.0, 2.0, 1.0]
    assert distinct_scores(picked[::-1], 1e-3).tolist() == [7.0, 2.0, 1.0]
    assert distinct_scores(picked, 1e-4).tolist() == [3.0, 7.0, 4.0, 2.0, 1.0]
    assert distinct_scores(rows((1.0, 3.0)), 1e-3).tolist() == [3.0]
    assert distinct_scores(rows(), 1e-3).shape == (0,)


@pytest.mark.parametrize("which", range(len(PERIODS)))
@pytest.mark.parametrize("off", [-0.0075, -0.002, 0.0, 0.006])
def test_a_revolution_is_found_though_the_machine_is_off_speed(which: int, off: float) -> None:
    period = PERIODS[which] * (1 + off)
    found, measured, deviations = returning_period(lags_of(turning(period, 12, 25)), WIDTH, PERIODS)
    assert found == which
    assert abs(3 * (measured - period)) <= 10 * WIDTH  # what jitter is granted, over three turns
    assert deviations > LEAST_DEVIATIONS


@pytest.mark.parametrize("seed", range(4))
def test_points_by_chance_return_with_nothing(seed: int) -> None:
    times = np.random.default_rng(seed).uniform(0.0, 60.0, 600)
    assert returning_period(lags_of(times), WIDTH, PERIODS) == (-1, 0.0, 0.0)


def test_a_beat_whose_multiple_is_a_revolution_is_no_revolution() -> None:
    """Strokes every 0.45 s return after 1.8 s as well."""
    strokes = 0.45 * np.arange(120) + 1e-3 * np.random.default_rng(0).uniform(-1, 1, 120)
    assert returning_period(lags_of(strokes), WIDTH, PERIODS) == (-1, 0.0, 0.0)


def test_a_period_that_is_none_of_the_nominal_ones() -> None:
    assert returning_period(lags_of(turning(1.5, 12, 25)), WIDTH, PERIODS)[0] == -1
    assert returning_period(lags_of(turning(1.8 * 1.02, 12, 25)), WIDTH, (1.8,))[0] == -1


def test_nothing_returns_where_there_is_nothing() -> None:
    for times in (np.empty(0), np.zeros(1), np.array([0.0, 1.8])):
        assert returning_period(lags_of(times), WIDTH, PERIODS) == (-1, 0.0, 0.0)
    assert returning_period(np.zeros(BINS), WIDTH, ()) == (-1, 0.0, 0.0)


def test_more_of_the_same_stands_out_more() -> None:
    lags = lags_of(turning(1.8, 12, 25))
    one, two = (returning_period(lags * factor, WIDTH, PERIODS) for factor in (1.0, 4.0))
    assert one[:2] == two[:2]
    assert 1.5 * one[2] < two[2] < 2.5 * one[2]
