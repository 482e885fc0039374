"""Lines of a turn stand out of chance; half and twice the speed do not, nor does a single line."""

import numpy as np
from wavemend.analysis.medium.turns import TurnSpectrum, evidence, floor_level, onsets

RATE = 50.0
SPEEDS_HZ = np.array([0.65, 1.3, 2.6])


def spectrum(values):
    heard = TurnSpectrum(RATE, 1)
    heard.hear(values[np.newaxis])
    heard.conclude()
    return heard


def repeating(hz, seconds=30.0):
    """Three harmonics in noise."""
    t = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(0).standard_normal(t.size)
    return noise + sum(np.sin(2 * np.pi * hz * h * t + h) for h in (1, 2, 3, 4))


def test_a_turn_has_the_evidence_and_neither_half_nor_twice_its_speed():
    nats = evidence(spectrum(repeating(1.3)).lines(), SPEEDS_HZ, 9.0, (1, 2, 4), 12.0)
    assert nats.argmax() == 1 and nats[1] > 20


def test_chance_has_none():
    nats = evidence(
        spectrum(np.random.default_rng(1).standard_normal(1500)).lines(), SPEEDS_HZ, 9.0, (1, 2, 4), 12.0
    )
    assert (nats < 6).all()
    assert (evidence(TurnSpectrum(RATE, 1).lines(), SPEEDS_HZ, 9.0, (1, 2, 4), 12.0) < 1.1).all()


def test_what_is_missing_costs_little():
    values = repeating(1.3)
    values[::3] = np.nan
    nats = evidence(spectrum(values).lines(), SPEEDS_HZ, 9.0, (1, 2, 4), 12.0)
    assert nats.argmax() == 1 and nats[1] > 10


def test_the_floor_leaves_the_program_and_the_gate_out():
    level = np.full((2, 200), -60.0)
    level[:, :40] = -120.0
    level[:, 100:140] = -20.0
    level[:, 150:] += 1.0
    floor = floor_level(level, -120.0)
    assert np.isnan(floor[:40]).all() and np.isnan(floor[100:140]).all()
    assert (floor[150:] - floor[50] == 1.0).all()


def test_a_rise_is_an_onset_and_a_click_is_none():
    level = np.full((3, 200), -60.0)
    level[:, 100:] = -40.0
    level[:, 50] = 0.0
    assert np.flatnonzero(onsets(level)).tolist() == [100]
