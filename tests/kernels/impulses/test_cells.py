"""Cells are scored by what stands beside them on both sides, whichever way that is computed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.kernels.impulses.cells import GUARD, SIDE, Cells, Extent, describe_cells, recurs, score_cells

THRESHOLDS = np.array([14.0, 4.0, 60.0, 5.0])
CELL, COUNT = 8, 120
FLOOR = 1e-6


def struck(seed, impulses=30):
    draw = np.random.default_rng(seed)
    e = draw.standard_normal(COUNT * CELL)
    e[draw.integers(0, e.size, impulses)] += 100 * draw.standard_normal(impulses)
    held = Cells(*np.zeros((2, COUNT)), np.zeros(COUNT, np.int64))
    describe_cells(e, 0, COUNT, CELL, held)
    return e, held


def test_cells_are_described():
    e, held = struck(0)
    magnitude = np.abs(e).reshape(COUNT, CELL)
    assert np.array_equal(held.median, np.median(magnitude, axis=1))
    assert np.array_equal(held.peak, magnitude.max(axis=1))
    assert np.array_equal(held.place, magnitude.argmax(axis=1) + CELL * np.arange(COUNT))


def beside(cells, k, low, high):
    """Robust scale, upper quartile and maximum of the peaks, on the side of cell k where each is larger."""
    left = slice(max(k - GUARD - SIDE + 1, low), max(k - GUARD + 1, low))
    right = slice(k + GUARD, min(k + GUARD + SIDE, high))
    sides = [side for side in (left, right) if side.stop - side.start >= 2]
    scale = max((1.4826 * np.median(cells.median[side]) for side in sides), default=0.0)
    ranked = [np.sort(cells.peak[side]) for side in sides]
    quartile = max((one[3 * one.size // 4] for one in ranked), default=0.0)
    return scale, quartile, max((one[-1] for one in ranked), default=0.0)


def wanted(cells, low, high, least):
    """Score and scale of each cell, each computed by itself."""
    score, scale = np.zeros((2, COUNT))
    for k in range(low, high):
        own = cells.peak[k]
        if own <= least * THRESHOLDS[0] * max(cells.median[k], FLOOR):
            continue
        if (k > low and cells.peak[k - 1] > own) or (k + 1 < high and cells.peak[k + 1] >= own):
            continue
        base, quartile, highest = beside(cells, k, low, high)
        base = max(base, FLOOR)
        alone = min(own / (THRESHOLDS[0] * base), own / (THRESHOLDS[1] * max(highest, base)))
        among = min(own / (THRESHOLDS[2] * base), own / (THRESHOLDS[3] * max(quartile, base)))
        if among > alone and recurs(cells, k, low, high):
            among = 0.0
        if max(alone, among) >= least:
            score[k], scale[k] = max(alone, among), max(4.0 * base, 1.2 * quartile)
    return score, scale


@settings(max_examples=30)
@given(st.integers(0, 99), st.sampled_from([0.15, 0.25, 1.0]), st.integers(0, 60), st.integers(0, 60))
def test_a_score_is_what_stands_out_of_both_sides_to_the_bit(seed, least, low, above):
    _, held = struck(seed)
    high = COUNT - above
    score, scale = np.zeros((2, COUNT))
    score_cells(held, Extent(low, high, low, high), THRESHOLDS, least, FLOOR, score, scale)
    assert np.array_equal((score, scale), wanted(held, low, high, least))


@pytest.mark.parametrize("cut", [31, 60, 77])
def test_scores_do_not_depend_on_how_many_cells_are_scored_at_once(cut):
    _, held = struck(1)
    whole, parts = np.zeros((2, 2, COUNT))
    score_cells(held, Extent(0, COUNT, 0, COUNT), THRESHOLDS, 0.25, FLOOR, *whole)
    for first, last in ((0, cut), (cut, COUNT)):
        score_cells(held, Extent(first, last, 0, COUNT), THRESHOLDS, 0.25, FLOOR, *parts)
    assert whole[0].any() and np.array_equal(whole, parts)
