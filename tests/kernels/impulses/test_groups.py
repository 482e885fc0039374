"""Groups: clicks that are each other's neighbours are found together, what recurs or stays is none."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.kernels.impulses.cells import Cells, Extent, describe_cells
from wavemend.kernels.impulses.groups import find_groups, group_spans

CELL, CELLS, LONGEST = 64, 100, 11
SIZE = CELL * CELLS
AT = 50 * CELL + 7
BOUNDS = np.array([0, SIZE])
EVERY = Extent(0, CELLS, 0, CELLS)


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(SIZE)


def groups_in(e: np.ndarray, extent: Extent = EVERY) -> np.ndarray:
    cells = Cells(np.zeros(CELLS), np.zeros(CELLS), np.zeros(CELLS, np.int64))
    describe_cells(e, 0, CELLS, CELL, cells)
    rows = np.empty((CELLS, 4))
    return rows[: find_groups(cells, extent, LONGEST, np.array([10.0, 2.0]), 1e-9, rows)]


def with_impulses(places: list[int], heights: list[float]) -> np.ndarray:
    e = noise()
    e[AT + np.array(places)] += heights
    return e


@pytest.mark.parametrize("places", [[0], [0, 210], [0, 130, 260, 390, 520], [0, 610]])
def test_impulses_that_are_near_each_other_are_one_group(places: list[int]) -> None:
    heights = [60.0 - 20.0 * (k % 2) for k in range(len(places))]
    e = with_impulses(places, heights)
    found = groups_in(e)
    assert len(found) == 1
    assert found[0, 0] * CELL <= AT <= AT + places[-1] < found[0, 1] * CELL
    assert found[0, 2] > 1.0
    spans = np.empty((CELLS, 2))
    spans = spans[: group_spans(e, found[0], CELL, BOUNDS, 11, spans)]
    assert len(spans) == len(places)
    for (start, stop), place in zip(spans, places, strict=True):
        assert start <= AT + place < stop <= AT + place + 12


def test_noise_that_swells_and_fades_is_one_span() -> None:
    e = noise()
    e[AT : AT + 220] *= 1.0 + 40.0 * np.hanning(220)
    found = groups_in(e)
    assert len(found) == 1
    spans = np.empty((CELLS, 2))
    assert group_spans(e, found[0], CELL, BOUNDS, 11, spans) <= 2
    assert AT <= spans[0, 0] < AT + 60
    assert spans[0, 1] > AT + 160


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_no_group(seed: int) -> None:
    assert not len(groups_in(noise(seed)))


def test_what_stays_or_recurs_is_no_group() -> None:
    attack = noise()
    attack[AT:] *= 40.0
    train = noise()
    train[100::500] += 60.0
    assert not len(groups_in(attack))
    assert not len(groups_in(train))


def test_what_lies_outside_the_recording_does_not_count() -> None:
    e = with_impulses([0, 130], [40.0, 30.0])
    before = AT // CELL
    assert not len(groups_in(e, Extent(0, CELLS, before - 5, CELLS)))
    assert not len(groups_in(e, Extent(0, CELLS, 0, before + 8)))
    assert not len(groups_in(e, Extent(before + 4, CELLS, 0, CELLS)))


def test_scale_says_nothing() -> None:
    e = with_impulses([0, 130, 300], [40.0, 30.0, 25.0])
    assert np.array_equal(groups_in(e)[:, :3], groups_in(8.0 * e)[:, :3])
