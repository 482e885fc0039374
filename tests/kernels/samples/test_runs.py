"""Runs are found where they are: of equal samples, however these are fed, and of what stands out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from wavemend.kernels.samples.runs import equal_runs, run_end, still_runs

WINDOW = 50.0

few_values = st.lists(st.sampled_from([0.0, 0.5, -0.5]), max_size=60).map(np.array)


def fed(x: np.ndarray, cuts: list[int], least: int = 3, most: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Rows of (position, length, mean square before) of all calls, and the state that is left."""
    state, found = np.zeros(4), []
    ends = sorted({0, x.size, *(min(cut, x.size) for cut in cuts)})
    for start, stop in itertools.pairwise([*ends, x.size]):
        runs = np.empty((most, 3))
        count = still_runs(x[start:stop], start, state, least, WINDOW, runs)
        found.append(runs[:count])
    return np.concatenate(found), state


def encoded(x: np.ndarray, least: int) -> list[tuple[int, int]]:
    """Start and length of each run that ends; what comes before the first sample counts as 0."""
    changes = np.flatnonzero(np.diff(np.concatenate([[0.0], x])) != 0)
    begins = np.concatenate([[0], changes])
    rows = zip(begins[:-1].tolist(), np.diff(begins).tolist(), strict=True)
    return [(start, length) for start, length in rows if length >= least]


@settings(max_examples=40)
@given(few_values, st.integers(1, 5))
def test_runs_are_those_of_a_run_length_encoding(x: np.ndarray, least: int) -> None:
    x = x.astype(np.float64)
    found, _ = fed(x, [], least)
    assert [(int(start), int(length)) for start, length, _ in found] == encoded(x, least)


@settings(max_examples=40)
@given(few_values, st.lists(st.integers(0, 60), max_size=6))
def test_fed_in_any_blocks_they_have_the_same_bits(x: np.ndarray, cuts: list[int]) -> None:
    x = x.astype(np.float64)
    found, state = fed(x, cuts)
    whole, left = fed(x, [])
    assert np.array_equal(found, whole)
    assert np.array_equal(state, left)


def test_the_level_before_is_that_of_the_sound_until_the_run_begins() -> None:
    x = np.random.default_rng(0).standard_normal(400)
    x[200:260] = x[199]
    found, state = fed(x, [])
    assert found[:, :2].tolist() == [[199, 61]]
    power = lfilter([1 / WINDOW], [1.0, 1 / WINDOW - 1], x * x)
    np.testing.assert_allclose(found[0, 2], power[198], rtol=1e-12)
    np.testing.assert_allclose(state[2], power[-1], rtol=1e-12)


def test_level_scales_with_the_square_and_places_do_not_move() -> None:
    x = np.random.default_rng(0).standard_normal(300)
    x[100:120] = 0.25
    found, scaled = fed(x, [])[0], fed(-2.0 * x, [])[0]
    assert np.array_equal(scaled, found * [1.0, 1.0, 4.0])


@pytest.mark.parametrize("level", [0.0, 0.3, -1.0])
def test_the_shortest_that_counts(level: float) -> None:
    x = np.random.default_rng(1).standard_normal(100)
    x[40:48] = level
    assert fed(x, [], least=8)[0][:, :2].tolist() == [[40, 8]]
    assert not fed(x, [], least=9)[0].size


def test_a_run_is_told_when_it_ends_even_calls_later() -> None:
    x = np.concatenate([[1.0], np.zeros(30), [1.0]])
    state, runs = np.zeros(4), np.empty((4, 3))
    assert still_runs(x[:20], 0, state, 3, WINDOW, runs) == 0
    assert still_runs(x[20:31], 20, state, 3, WINDOW, runs) == 0
    assert still_runs(x[31:], 31, state, 3, WINDOW, runs) == 1
    assert runs[0, :2].tolist() == [1, 30]


def test_silence_before_the_first_sound_is_a_run_and_what_never_ends_is_none() -> None:
    assert fed(np.concatenate([np.zeros(10), [0.5]]), [])[0].tolist() == [[0, 10, 0]]
    for constant in (0.0, 0.5):
        assert not fed(np.full(100, constant), [])[0].size
    assert not fed(np.concatenate([[0.5], np.zeros(10)]), [])[0].size


def test_nothing_and_one_sample() -> None:
    state = np.array([0.5, 7.0, 0.1, 0.2])
    before = state.copy()
    assert still_runs(np.empty(0), 9, state, 1, WINDOW, np.empty((4, 3))) == 0
    assert np.array_equal(state, before)
    runs = np.empty((4, 3))
    assert still_runs(np.array([1.0]), 9, state, 2, WINDOW, runs) == 1
    assert runs[0].tolist() == [7, 2, 0.2]


def test_more_runs_than_there_is_room_for_are_left_out() -> None:
    x = np.repeat(np.arange(1.0, 11.0), 4)
    runs = np.full((3, 3), np.nan)
    assert still_runs(x, 0, np.zeros(4), 4, WINDOW, runs[:2]) == 2
    assert runs[:2, 0].tolist() == [0, 4] and np.isnan(runs[2]).all()


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 9), st.booleans())
def test_what_stands_out_is_one_run_over_pauses_that_are_short(out: list[bool], pause: int, up: bool) -> None:
    x = np.where(out, 2.0 if up else -2.0, 0.5)
    places = [0, *(place for place, one in enumerate(out) if one and place)]
    last = next((one for one, other in itertools.pairwise(places) if other - one > pause), places[-1])
    assert run_end(x, 0, x.size, 1.0, pause) == last + 1
    assert run_end(np.append(x, 2.0), 0, x.size, 1.0, pause) == last + 1


@settings(max_examples=40)
@given(few_values, st.integers(1, 20), st.integers(1, 4), st.integers(4, 8))
def test_equal_runs_are_those_of_the_whole_that_begin_in_the_zone(
    x: np.ndarray, first: int, least: int, longest: int
) -> None:
    last = first + 20
    edges = np.flatnonzero(np.concatenate([[True], np.diff(x) != 0, [True]])) if x.size else np.array([0])
    expected = [
        [start, stop]
        for start, stop in itertools.pairwise(edges.tolist())
        if max(first, 1) <= start < last and stop < x.size and least <= stop - start <= longest
    ]
    assert equal_runs(x, first, min(last, x.size), x.size, least, longest).tolist() == expected
