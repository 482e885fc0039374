"""What the clean take calls an artifact: where the error grew, and nowhere else."""

import numpy as np
from bench.measuring.artifacts import Signals, true_artifacts

RATE, HOP, LENGTH = 16_000, 384, 7680


def take():
    at = np.arange(8 * LENGTH) / RATE
    clean = 0.2 * np.sin(2 * np.pi * 440 * at) + 0.1 * np.sin(2 * np.pi * 2000 * at)
    return clean, clean + 1e-3 * np.random.default_rng(0).standard_normal(at.size)


def kinds(before, after, clicks=False):
    return true_artifacts(Signals(take()[0], before, after, RATE), HOP, LENGTH, clicks)


def test_a_repair_that_repairs_is_none():
    clean, before = take()
    assert kinds(before, clean) == [set()] * 8
    assert kinds(before, before) == [set()] * 8


def test_program_that_is_lost_is_one_where_it_is_lost():
    before = take()[1]
    after = before.copy()
    place = slice(3 * LENGTH, 4 * LENGTH)
    after[place] -= 0.08 * np.sin(2 * np.pi * 2000 * np.arange(place.start, place.stop) / RATE)
    found = kinds(before, after)
    assert "lost program" in found[3] and not found[1] and not found[6]


def test_what_a_click_hid_is_not_counted():
    before = take()[1]
    at = 4 * LENGTH + 2000
    clicked, after = before.copy(), before.copy()
    clicked[at : at + 10] += 0.9
    after[at : at + 10] = 0.0
    assert kinds(clicked, after, clicks=True) == [set()] * 8
