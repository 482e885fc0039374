"""Bursts of noise: what begins and ends at once is found, what dies away is not; the noise, not the sound."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend.kernels.impulses.bursts import Runs, describe_level, find_bursts, score_runs
from wavemend.kernels.impulses.cells import Extent
from wavemend.kernels.prediction.models import prediction_error
from wavemend.kernels.pulses.burst_pulse import burst_pulse, own_evidence

POLES = np.array([0.985 * np.exp(0.1j), 0.97 * np.exp(0.4j), 0.9 * np.exp(1.1j)])
MODEL = np.poly(np.concatenate([POLES, POLES.conj()])).real
AT = 500
CELL = 32
CELLS = 100


def excitation(drive: np.ndarray, added: np.ndarray) -> np.ndarray:
    """Excitation of what `drive` makes resound, with `added` from sample `AT` on."""
    x = lfilter([1.0], MODEL, drive)
    x[AT : AT + added.size] += added
    e = np.zeros(x.size)
    prediction_error(x, 0, x.size, MODEL, e)
    return e


def noise(size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size)


def runs(envelope: np.ndarray) -> np.ndarray:
    """Rows of (start, stop, score) found in noise of that envelope."""
    e = (envelope * noise(CELLS * CELL))[np.newaxis]
    every = Runs(*np.zeros((3, 1, CELLS)))
    one = Runs(*(held[0] for held in every))
    describe_level(e[0], 0, CELLS, CELL, one.level)
    score_runs(one, Extent(0, CELLS, 0, CELLS), 10, 3.0, 1e-9)
    spans = np.empty((CELLS, 3))
    count = find_bursts(e, 0, every, CELL, Extent(0, CELLS, 0, e.shape[1]), spans)
    return spans[:count]


@pytest.mark.parametrize("length", [130, 180, 260])
@pytest.mark.parametrize("start", [1_600, 1_617])
def test_a_burst_is_found_where_it_is(start: int, length: int) -> None:
    envelope = np.ones(CELLS * CELL)
    envelope[start : start + length] = 30.0
    found = runs(envelope)
    assert len(found) == 1
    assert 0 <= start - found[0, 0] <= 2 * CELL
    assert 0 <= found[0, 1] - (start + length) + CELL <= 3 * CELL
    assert found[0, 2] > 1.0


@pytest.mark.parametrize("envelope", ["steady", "attack", "stroke"])
def test_what_stays_or_dies_away_is_no_burst(envelope: str) -> None:
    t = np.arange(CELLS * CELL) - 1_600
    shapes = {
        "steady": np.ones(t.size),
        "attack": np.where(t < 0, 1.0, 30.0),
        "stroke": np.where(t < 0, 1.0, 1.0 + 30.0 * np.exp(-np.maximum(t, 0) / 300.0)),
    }
    assert not len(runs(shapes[envelope]))


def test_an_impulse_is_no_burst() -> None:
    e = noise(CELLS * CELL)
    e[1_600] = 1e4
    level = np.zeros(CELLS)
    describe_level(e, 0, CELLS, CELL, level)
    assert level[50] < 2.0


def test_added_noise_is_recovered_without_its_span_or_variance() -> None:
    added = 40.0 * noise(160, seed=3)
    estimate = np.empty(220)
    length, evidence = burst_pulse(excitation(noise(1_000), np.pad(added, (20, 0)))[AT:], MODEL, estimate)
    assert evidence > 100.0
    assert abs(length - 180) <= 2
    assert not estimate[:18].any()
    assert np.sum((estimate[20:180] - added) ** 2) < 0.15 * np.sum(added**2)


def test_what_the_sound_does_itself_is_not_added() -> None:
    """A stroke drives the sound: its excitation is louder, and white."""
    drive = noise(1_000)
    drive[AT : AT + 160] *= 30.0
    e = excitation(drive, np.zeros(1))
    estimate = np.empty(220)
    assert burst_pulse(e[AT:], MODEL, estimate) == (0, -np.inf)
    assert not estimate.any()
    assert own_evidence(e[AT:]) > 1_000.0


def test_nothing_is_no_burst() -> None:
    assert burst_pulse(excitation(noise(1_000), np.zeros(1))[AT:], MODEL, np.empty(220))[0] == 0
