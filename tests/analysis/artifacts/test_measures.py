"""What windows are measured by: bands, bursts, lost program, and what is left of the noise."""

import numpy as np
import pytest
from wavemend.analysis.artifacts.bands import band_edges, decibels, in_bands
from wavemend.analysis.artifacts.bursts import find_bursts
from wavemend.analysis.artifacts.losses import lost_program
from wavemend.analysis.artifacts.residue import NOTHING, measure_residue
from wavemend.analysis.artifacts.windows import Windows

RATE = 16_000


def middle(before, after):
    grid = Windows(RATE, 1)
    windows = [*grid.push(before, after), *grid.finish()]
    return windows[len(windows) // 2], grid


def none_of(window):
    return np.zeros(window.before.shape[1], bool)


def hiss(level=0.01, seconds=6):
    return level * np.random.default_rng(0).standard_normal((1, seconds * RATE))


@pytest.mark.parametrize("rate", [8000, 44_100, 192_000])
def test_bands_are_as_wide_as_those_of_hearing_and_take_every_bin_once(rate):
    bins = 1025
    edges = band_edges(rate, bins)
    assert (np.diff(edges) >= 2).all() and edges[-1] < bins
    assert in_bands(np.ones((3, bins)), edges).sum() == 3 * (edges[-1] - edges[0])
    middle_hz = (edges[:-1] + edges[1:]) / 2 * rate / 2 / (bins - 1)
    width_hz = np.diff(edges) * rate / 2 / (bins - 1)
    wide = middle_hz > 1500
    assert (width_hz[wide] < 0.3 * middle_hz[wide]).all()


def test_nothing_is_a_level_too():
    assert decibels(0.0) == -200 and decibels(np.array([1.0, 0.1])).tolist() == [0.0, -10.0]


def test_a_click_is_a_click():
    before = hiss()
    window, grid = middle(before, before)
    at = window.position + grid.length // 2
    before[0, at : at + 4] += [0.5, -0.5, 0.4, -0.3]
    bursts = find_bursts(middle(before, hiss())[0], 0, none_of(window))
    assert 1 <= np.count_nonzero(bursts.clicks) <= 2 and bursts.faint_db == -200
    assert bursts.rise_db < 5
    assert not find_bursts(middle(hiss(), 0.5 * hiss())[0], 0, none_of(window)).impulsive.any()


def test_noise_is_no_program_and_a_tone_that_came_is():
    edges = band_edges(RATE, middle(hiss(), hiss())[1].hop + 1)
    window, grid = middle(hiss(), 0.1 * hiss())
    none = np.zeros(window.power_before.shape[1], bool)
    assert lost_program(window, 0, none, edges)[0] < -11
    tone = np.zeros_like(hiss())
    place = slice(window.position, window.position + grid.length)
    tone[0, place] = 0.2 * np.sin(2 * np.pi * 1000 * np.arange(grid.length) / RATE)
    window = middle(hiss() + tone, hiss())[0]
    lost_db, share = lost_program(window, 0, none, edges)
    assert -1 < lost_db <= 0 and 0 < share < 0.6
    assert lost_program(window, 0, ~none, edges) == (-200.0, 0.0)


def test_noise_that_was_scaled_neither_twitters_nor_swings():
    window, grid = middle(hiss(), 0.1 * hiss())
    edges = band_edges(RATE, grid.hop + 1)
    residue = measure_residue(window, 0, np.zeros(window.power_before.shape[1], bool), edges)
    assert residue.counts and abs(residue.twitter) < 1e-9 and residue.swing_db < 1e-9
    silence = middle(np.zeros((1, 3 * RATE)), np.zeros((1, 3 * RATE)))[0]
    assert measure_residue(silence, 0, np.zeros(window.power_before.shape[1], bool), edges) == NOTHING
