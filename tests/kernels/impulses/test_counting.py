"""Impulses are picked as for repair, cheaper; counts of dense ones hold for Poisson times."""

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend.kernels.impulses.cells import Cells
from wavemend.kernels.impulses.counting import (
    SCORE,
    START,
    STOP,
    Outlined,
    excursion_rates,
    merge_impulses,
    outline_cells,
)
from wavemend.kernels.impulses.whitening import Blocks, whiten

CELL = 64


def outlined(e, cell=CELL):
    cells = e.size // cell
    held = Cells(*np.zeros((2, cells)), np.zeros(cells, np.int64))
    outline_cells(e, 0, cells, cell, held)
    return held


@pytest.mark.parametrize("cell", [8, 16, 17, 64, 70])
def test_cells_are_outlined(cell):
    e = np.random.default_rng(0).standard_normal(40 * cell)
    median, peak, place = outlined(e, cell)
    magnitude = np.abs(e).reshape(40, cell)
    assert np.array_equal(peak, magnitude.max(axis=1))
    assert np.array_equal(place, magnitude.argmax(axis=1) + cell * np.arange(40))
    few = 16 if cell >= 16 else 8
    assert np.array_equal(median, np.median(magnitude[:, :: cell // few][:, :few], axis=1))


def test_excitation_of_a_resonance_is_what_drives_it():
    draw = np.random.default_rng(2)
    drive = draw.standard_normal(16384)
    drive[9000] = 60.0
    x = lfilter([1.0], [1.0, -1.8, 0.95], drive)
    e = np.zeros(x.size)
    whiten(x, 0, x.size, np.array([0, x.size]), Blocks(2048, 15, 200), e)
    assert np.corrcoef(e[15:], drive[15:])[0, 1] > 0.99
    assert not e[:15].any()


@pytest.mark.parametrize("per_second", [100, 400, 1000, 2000])
def test_dense_impulses_are_counted_at_their_rate(per_second):
    draw = np.random.default_rng(3)
    rate, size = 44100, 44100 * 4 // CELL * CELL
    e = draw.standard_normal(size)
    for start in draw.integers(0, size - 20, draw.poisson(per_second * size / rate)):
        e[start : start + 20] += draw.uniform(30, 100) * 0.8 ** np.arange(20)  # many overlap
    rates = np.zeros(3)
    scales = np.array([12.0, 6.0])
    held = Outlined(e, CELL, outlined(e))
    excursion_rates(held, 0, size // CELL, scales, 75 / rate, 1e-6, 11, rates)
    assert rates[2] * rate == pytest.approx(per_second, rel=0.1)


def test_noise_has_no_excursions():
    e = np.random.default_rng(4).standard_normal(400 * CELL)
    rates = np.zeros(3)
    excursion_rates(Outlined(e, CELL, outlined(e)), 0, 400, np.array([12.0, 6.0]), 1e-3, 1e-6, 11, rates)
    assert not rates.any()


def test_two_bands_impulses_are_merged():
    one, other, merged = np.zeros((2, 5)), np.zeros((3, 5)), np.zeros((5, 5))
    one[:, START], one[:, STOP], one[:, SCORE] = [100, 900], [110, 905], [0.5, 2.0]
    other[:, START], other[:, STOP], other[:, SCORE] = [50, 118, 1500], [60, 150, 1540], [0.2, 1.0, 0.7]
    count = merge_impulses(one, other, 20.0, 0.3, merged)
    assert merged[:count, START].tolist() == [100, 900, 1500]
    assert merged[:count, SCORE].tolist() == [1.0, 2.0, 0.7]
