"""What tells a filled hole from its surroundings, on cases whose answer is known."""

import numpy as np
import pytest
from bench.measuring.seams import flux_db, jump, repetition, step_db, swing_db, thirds_db

RATE = 44100


def hiss(seconds=2.0, channels=2, seed=0):
    return np.random.default_rng(seed).standard_normal((channels, int(seconds * RATE)))


def test_a_gain_shows_in_every_third():
    assert thirds_db(0.5 * hiss(), RATE) - thirds_db(hiss(), RATE) == pytest.approx(-6.02, abs=0.01)


def test_a_step_and_its_flux():
    x = hiss()
    before = flux_db(x, RATE, RATE)
    x[:, RATE:] *= 10 ** (6 / 20)
    assert step_db(x, RATE, RATE) == pytest.approx(6, abs=0.7)
    assert flux_db(x, RATE, RATE) > before + 1


def test_a_jump_stands_out():
    x = hiss()
    assert jump(x, RATE, RATE) < 5
    x[:, RATE:] += 30
    assert jump(x, RATE, RATE) > 10


def test_what_repeats_is_told():
    x = hiss(0.5)
    assert repetition(np.tile(x, 6), RATE) > 0.9
    assert repetition(hiss(3.0), RATE) < 0.05


def test_swing_is_the_levels():
    x = hiss(4.0)
    assert swing_db(x, RATE) < 0.2
    assert swing_db(x * 10 ** (3 * np.sign(np.sin(np.arange(4 * RATE) / RATE * np.pi * 2.5)) / 20), RATE) == (
        pytest.approx(3, abs=0.5)
    )
