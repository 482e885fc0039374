"""Thumps: a low ring after a click goes, low notes stay, and a thump that may not be taken whole is left."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.kernels.pulses.thumps import group_search, remove_thump, thump_search

RATE = 44_100
SEARCH = thump_search(RATE, 12.0)
STOP = SEARCH.past + 500
SIZE = STOP + SEARCH.longest + 500
ANY = 0.0, np.inf
BOUNDS = np.array([0, SIZE])
FREE = 0, SIZE
NONE = STOP, STOP


def music(seed: int = 0) -> np.ndarray:
    """Low notes with a little noise, whose RMS is about 0.1."""
    draw = np.random.default_rng(seed)
    t = np.arange(SIZE) / RATE
    notes = sum(np.sin(2 * np.pi * f * t + draw.uniform(0, 6)) for f in (55.0, 110.0, 165.0, 440.0))
    return 0.07 * notes + 0.003 * draw.standard_normal(SIZE)


def thump(frequency: float, decay_ms: float) -> np.ndarray:
    t = np.arange(SIZE - STOP) / RATE
    return np.exp(-t / (1e-3 * decay_ms)) * np.sin(2 * np.pi * frequency * t)


@pytest.mark.parametrize("frequency", [30.0, 60.0, 90.0])
@pytest.mark.parametrize("decay_ms", [9.0, 17.0])
def test_a_thump_goes_and_the_notes_stay(frequency: float, decay_ms: float) -> None:
    clean = music()
    added = np.zeros(SIZE)
    added[STOP:] = 0.3 * thump(frequency, decay_ms)
    x = clean + added
    first, last = remove_thump(x, STOP - 150, STOP, STOP, BOUNDS, FREE, ANY, SEARCH)
    assert STOP + 3 * decay_ms * 44 < last <= SIZE
    assert np.sum((x - clean) ** 2) < 0.02 * np.sum(added**2)
    assert STOP - 100 < first < STOP + 100
    assert np.array_equal(x[:first], (clean + added)[:first])
    assert np.array_equal(x[last:], (clean + added)[last:])


@pytest.mark.parametrize("rate", [8_000.0, 48_000.0, 192_000.0])
def test_at_any_rate_it_looks_as_far(rate: float) -> None:
    search = thump_search(rate, 12.0)
    assert search.past / rate == pytest.approx(SEARCH.past / RATE, rel=0.1)
    assert search.longest / rate == pytest.approx(SEARCH.longest / RATE, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_no_thump_no_change(seed: int) -> None:
    x = music(seed)
    assert remove_thump(x, STOP - 150, STOP, STOP, BOUNDS, FREE, ANY, SEARCH) == NONE
    assert np.array_equal(x, music(seed))


def test_what_swings_higher_than_a_tonearm_is_no_thump() -> None:
    x = music()
    x[STOP:] += 0.3 * thump(520.0, 11.0)
    before = x.copy()
    assert remove_thump(x, STOP - 150, STOP, STOP, BOUNDS, FREE, ANY, SEARCH) == NONE
    assert np.array_equal(x, before)


def test_a_thump_that_reaches_what_must_not_change_stays_whole() -> None:
    x = music()
    x[STOP:] += 0.3 * thump(60.0, 12.0)
    before = x.copy()
    assert remove_thump(x, STOP - 150, STOP, STOP, BOUNDS, (0, STOP + 500), ANY, SEARCH) == NONE
    assert np.array_equal(x, before)


def test_what_begins_in_a_group_no_louder_than_the_low_notes_is_their_own() -> None:
    search, inside = group_search(SEARCH), (1e-3, np.inf)
    for height, goes in ((0.06, False), (0.3, True)):
        x = music()
        x[STOP:] += height * thump(60.0, 12.0)
        first, last = remove_thump(x.copy(), STOP - 150, STOP - 150, STOP, BOUNDS, FREE, inside, search)
        assert (last > first) == goes
        assert remove_thump(x, STOP - 150, STOP - 150, STOP, BOUNDS, FREE, ANY, search) != NONE


def test_a_thump_that_begins_before_its_click_says_so_and_stays_where_it_must_not() -> None:
    for begin in range(STOP - 60, STOP - 20, 4):
        x = music()
        x[begin:] += 0.3 * np.append(thump(60.0, 12.0), np.zeros(STOP - begin))
        before = x.copy()
        first, last = remove_thump(x, STOP - 20, STOP - 20, STOP, BOUNDS, FREE, ANY, group_search(SEARCH))
        assert np.array_equal(x[:first], before[:first]) and np.array_equal(x[last:], before[last:])
        if first < STOP - 20:
            x = before.copy()
            limits = STOP - 20, SIZE
            search = group_search(SEARCH)
            assert remove_thump(x, STOP - 20, STOP - 20, STOP, BOUNDS, limits, ANY, search) == NONE
            assert np.array_equal(x, before)
            return
    raise AssertionError("no thump began before its click")


def test_too_little_before_it_to_know_the_notes() -> None:
    x = music()
    x[STOP:] += 0.3 * thump(60.0, 12.0)
    before = x.copy()
    assert remove_thump(x, STOP - 150, STOP, STOP, np.array([STOP - 2_000, SIZE]), FREE, ANY, SEARCH) == NONE
    assert np.array_equal(x, before)


def test_what_rings_higher_is_no_thump_of_a_group_nor_what_is_lower_than_asked() -> None:
    for frequency, least in ((110.0, 0.05), (40.0, 0.9)):
        x = music()
        x[STOP:] += 0.3 * thump(frequency, 9.0)
        before = x.copy()
        assert (
            remove_thump(x, STOP - 30, STOP - 30, STOP, BOUNDS, FREE, (least, np.inf), group_search(SEARCH))
            == NONE
        )
        assert np.array_equal(x, before)


def test_what_fades_as_fast_as_noise_or_swings_higher_is_no_thump_of_a_group() -> None:
    for decay_ms, most in ((3.0, 1.0), (12.0, 0.15)):
        x = music()
        x[STOP:] += 0.3 * thump(60.0, decay_ms)
        before = x.copy()
        heights = 0.0, most
        assert (
            remove_thump(x, STOP - 30, STOP - 30, STOP, BOUNDS, FREE, heights, group_search(SEARCH)) == NONE
        )
        assert np.array_equal(x, before)


def test_a_thump_that_begins_in_a_click_goes_whole() -> None:
    clean = music()
    added = np.zeros(SIZE)
    added[STOP - 120 : SIZE - 120] = 0.3 * thump(50.0, 12.0)
    x = clean + added
    assert remove_thump(x, STOP - 200, STOP - 200, STOP, BOUNDS, FREE, ANY, SEARCH)[1] > STOP
    assert np.sum((x - clean) ** 2) < 0.05 * np.sum(added**2)
